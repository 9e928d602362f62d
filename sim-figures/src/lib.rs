//! Figures of stored results, and the folders and pages that hold them.
//!
//! Figures are specs as data, built over tables, written as files. Input is what `reports` has made of records or read
//! back, so that nothing here simulates or derives a measure. Equal results give equal bytes.

pub mod build;
pub mod evaluation;
pub(crate) mod file_names;
pub mod files;
pub mod folder;
pub mod page;
pub mod set;
pub mod spec;
pub mod study;
