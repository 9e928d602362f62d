//! What was compared, as a table.

use std::fmt;

use crate::lockstep::{Divergence, Tally};
use crate::random::Census;

/// The result of one task.
pub(crate) enum Line {
    /// Multipliers against the rules.
    Variants { n_products: u64 },
    /// A machine that never diverged.
    Machine {
        name: String,
        census: Census,
        random: Tally,
        layer: Tally,
    },
    /// Wrong hardware, and where it was caught.
    Mutant { name: &'static str, caught: Divergence },
}

/// All results.
pub(crate) struct Report {
    lines: Vec<Line>,
}

impl Report {
    pub(crate) const fn new(lines: Vec<Line>) -> Self {
        Self { lines }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut sum = Tally::default();
        let mut n_mutants = 0;
        for line in &self.lines {
            match line {
                Line::Variants { n_products } => {
                    writeln!(
                        f,
                        "multipliers and windows: {n_products} products equal to sim-pe"
                    )?;
                }
                Line::Machine {
                    name,
                    census,
                    random,
                    layer,
                } => {
                    sum += *random;
                    sum += *layer;
                    writeln!(
                        f,
                        "{name:32} {} products ({} with edge tiles, {} with S < R, {} of several tiles): {} cycles, {} \
                         registers, {} outputs; real layer: {} cycles, {} registers, {} outputs",
                        random.products,
                        census.edge_tiles,
                        census.fewer_steps_than_rows,
                        census.several_tiles,
                        random.cycles,
                        random.registers,
                        random.outputs,
                        layer.cycles,
                        layer.registers,
                        layer.outputs
                    )?;
                }
                Line::Mutant { name, caught } => {
                    n_mutants += 1;
                    writeln!(f, "caught: {name}: {caught}")?;
                }
            }
        }
        writeln!(
            f,
            "lockstep: {} products, {} cycles, {} register comparisons, {} outputs, no divergence; {n_mutants} mutants, all \
             caught",
            sum.products, sum.cycles, sum.registers, sum.outputs
        )
    }
}
