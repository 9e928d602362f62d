//! Objects, tables and texts made from records, and read back.
//!
//! Input is what was counted, never an engine; output depends on nothing else, so equal records give equal bytes.

pub mod accuracy;
pub mod costs;
pub mod coverage;
pub mod echo;
pub mod export;
pub mod frame;
pub mod json;
pub mod markdown;
pub mod metrics;
pub mod pe_map;
pub mod place;
pub mod prediction;
pub mod pruning;
pub mod ratio;
pub mod result;
pub mod run;
pub mod stored;
pub mod summary;
pub mod text;
pub mod totals;
pub mod warning;
pub mod whole;
