//! Groups of rows, one file each.

pub(crate) mod evaluation;
pub(crate) mod growth;
pub(crate) mod memory;
pub(crate) mod network;
pub(crate) mod predicted;
pub(crate) mod products;
pub(crate) mod pruned;
pub(crate) mod scalesim;
pub(crate) mod statistics;
pub(crate) mod stepped;
pub(crate) mod sweep;
