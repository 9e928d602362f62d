//! What tests and hardware checks share: golden operands, an oracle written from the definitions alone, random cases and
//! the census of what they reached.

pub mod cases;
pub mod cases_file;
pub mod census;
pub mod exits;
pub mod golden;
pub mod oracle;
pub mod predicted;
pub mod switching;
