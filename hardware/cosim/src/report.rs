//! What was compared, as a table.

use std::fmt;

use crate::divergence::Divergence;
use crate::lockstep::LockstepCounts;
use crate::random::{Census, PlannedCensus};

/// A machine that never diverged.
#[derive(Clone, Copy)]
pub(crate) struct Compared {
    pub(crate) census: Census,
    pub(crate) random: LockstepCounts,
    /// Where the layer ran.
    pub(crate) layer: Option<LockstepCounts>,
}

impl Compared {
    fn all(&self) -> LockstepCounts {
        let mut all = self.random;
        all += self.layer.unwrap_or_default();
        all
    }
}

/// The result of one task.
pub(crate) enum Line {
    /// Multipliers against the rules.
    Variants { n_products: u64 },
    /// The design as it was written.
    Machine { name: String, compared: Compared },
    /// The netlist of a PE in place of each PE.
    Gates {
        name: String,
        n_cells: u64,
        compared: Compared,
    },
    /// Wrong hardware, and where it was caught.
    Mutant { name: &'static str, caught: Divergence },
}

/// All results.
pub(crate) struct Report(pub(crate) Vec<Line>);

impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            census,
            random,
            layer,
        } = self;
        write!(
            f,
            "{} products ({} with edge tiles, {} with S < R, {} of several tiles): {} cycles, {} registers, {} outputs",
            random.products,
            census.edge_tiles,
            census.fewer_steps_than_rows,
            census.several_tiles,
            random.cycles,
            random.registers,
            random.outputs
        )?;
        if let Some(PlannedCensus {
            two_phases,
            held,
            released,
            seized,
        }) = census.planned
        {
            write!(
                f,
                "; planned: {two_phases} of two phases, {held} tiles of PEs held, {seized} after a computed one, {released} \
                 before one"
            )?;
        }
        if let Some(layer) = layer {
            write!(
                f,
                "; real layer: {} cycles, {} registers, {} outputs",
                layer.cycles, layer.registers, layer.outputs
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for LockstepCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} products, {} cycles, {} register comparisons, {} outputs",
            self.products, self.cycles, self.registers, self.outputs
        )
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut design, mut netlists) = (LockstepCounts::default(), LockstepCounts::default());
        let mut n_mutants = 0;
        for line in &self.0 {
            match line {
                Line::Variants { n_products } => {
                    writeln!(
                        f,
                        "multipliers and windows: {n_products} products equal to sim-pe"
                    )?;
                }
                Line::Machine { name, compared } => {
                    design += compared.all();
                    writeln!(f, "{name:32} {compared}")?;
                }
                Line::Gates {
                    name,
                    n_cells,
                    compared,
                } => {
                    netlists += compared.all();
                    writeln!(f, "gates: {name:25} {n_cells} cells a PE; {compared}")?;
                }
                Line::Mutant { name, caught } => {
                    n_mutants += 1;
                    writeln!(f, "caught: {name}: {caught}")?;
                }
            }
        }
        writeln!(
            f,
            "lockstep: {design}; gates: {netlists}; no divergence; {n_mutants} mutants, all caught"
        )
    }
}
