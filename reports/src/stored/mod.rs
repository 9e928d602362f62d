//! What a results or sweep folder holds, as tables: one row per design, one row per design and layer.
//!
//! Figures, pages and exports are made from this alone, so that none of them simulates.

mod conventional;
pub mod curves;
mod layout;
pub mod point;
mod read;
mod seeds;

pub use layout::{Extra, Layout};
pub use read::{StoredError, of_evaluation, of_run, read};
pub use seeds::SEED;

use crate::frame::Frame;
use crate::run::InputFile;
use crate::warning::Warning;
use sim_core::record::UnsimulatedLayer;
use sim_draw::Made;

/// What kind of folder it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoredKind {
    /// Of `sysmt run`: one design.
    Run,
    /// Of `sysmt eval`: one or more designs, with answers.
    Evaluation,
    /// Of `sysmt sweep`: a design for each point.
    Sweep,
}

/// Where results come from; the same for every figure and page made of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provenance {
    /// The command that made them, without what does not change results.
    pub command: String,
    /// Version of the program that made them.
    pub sysmt_version: String,
    /// BLAKE3 of what is stored.
    pub blake3: String,
    /// Files that went in.
    pub inputs: Vec<InputFile>,
}

impl Provenance {
    /// Of a figure of these results.
    pub fn made(&self, title: impl Into<String>) -> Made {
        Made {
            title: title.into(),
            command: self.command.clone(),
            software: format!("sysmt {}", self.sysmt_version),
            blake3: self.blake3.clone(),
        }
    }
}

/// A configuration file as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// What it is, for a heading.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// What a folder holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// What kind of folder it is.
    pub kind: StoredKind,
    /// What was simulated, for a person.
    pub title: String,
    /// Columns of `points` that tell points apart: the axes of a sweep, or the names of designs.
    pub axes: Vec<String>,
    /// One row per design: who it is, machine, counts, answers.
    pub points: Frame,
    /// One row per design and simulated layer.
    pub layers: Frame,
    /// Whether any operand was made up: zeros that no image gave. Every figure says so.
    pub synthetic: bool,
    /// How many seeds the rows are means of, at most; `None`: none is.
    pub mean_of: Option<usize>,
    /// Steps of automatic throttling, where there was any: `step`, `speedup`, `top1`, `lowered`.
    pub throttling: Option<Frame>,
    /// Utilization of every PE, where it was measured: `row`, `col`, `utilization`.
    pub pe_map: Option<Frame>,
    /// What thresholds of trained predictors keep and lose, where points have such: what tells predictors apart, and
    /// [`curves::columns`].
    pub curves: Option<Frame>,
    /// Layers that were not simulated, with reasons.
    pub unsimulated: Vec<UnsimulatedLayer>,
    /// What a reader has to know before using the numbers.
    pub warnings: Vec<Warning>,
    /// What was asked for.
    pub configuration: Vec<Configuration>,
    /// Where it comes from.
    pub provenance: Provenance,
}
