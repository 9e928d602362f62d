//! Figures of stored results: specs as data, built over tables, written as files.

pub mod build;
mod energy;
pub(crate) mod file_names;
pub mod files;
pub mod set;
pub mod spec;

pub(crate) use energy::energy_warning;
