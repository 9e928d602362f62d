//! Tables, figures and result folders made from records.
//!
//! Input is what was counted, never an engine; output depends on nothing else, so equal records give equal bytes.

pub mod accuracy;
pub mod costs;
pub mod echo;
pub mod export;
pub mod figures;
pub mod folder;
pub mod frame;
pub mod json;
pub mod markdown;
mod metrics;
pub mod page;
pub mod pe_map;
pub mod pruning;
pub mod ratio;
pub mod result;
pub mod run;
pub mod stored;
pub mod study;
pub mod summary;
pub mod text;
pub mod totals;
pub mod warning;
pub mod whole;
