//! Area and timing of the SystemVerilog from logic synthesis.
//!
//! Yosys with abc maps a design onto the cells of a Liberty file, OpenSTA finds its critical path. The results are
//! technology tables for `sim-cost`.

pub mod cell_models;
pub mod liberty;
pub mod library;
pub mod netlist;
pub mod timing;
pub mod tools;

mod error;

pub use error::SynthError;
pub mod designs;
pub mod document;
pub mod measure;
pub mod progress;
pub mod sky130;
pub mod table;
