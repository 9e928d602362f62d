//! The cycles before a divergence, both sides of every register, as a VCD.

use std::collections::VecDeque;
use std::io::Write;
use std::path::Path;

use anyhow::Context;
use sim_core::units::Cycles;
use vcd::{IdCode, TimescaleUnit, Value, VarType, Writer};

use crate::registers::Layout;

/// Cycles that are kept.
const N_CYCLES: usize = 64;

/// One cycle of both sides.
struct Frame {
    cycle: Cycles,
    engine: Vec<i32>,
    hardware: Vec<i32>,
}

/// The last cycles.
#[derive(Default)]
pub(crate) struct History {
    frames: VecDeque<Frame>,
}

impl History {
    /// Note a cycle; the oldest one beyond the limit is forgotten.
    pub(crate) fn note(&mut self, cycle: Cycles, engine: &[i32], hardware: &[i32]) {
        let mut frame = if self.frames.len() < N_CYCLES {
            None
        } else {
            self.frames.pop_front()
        }
        .unwrap_or_else(|| Frame {
            cycle,
            engine: Vec::new(),
            hardware: Vec::new(),
        });
        frame.cycle = cycle;
        frame.engine.clear();
        frame.engine.extend_from_slice(engine);
        frame.hardware.clear();
        frame.hardware.extend_from_slice(hardware);
        self.frames.push_back(frame);
    }

    /// Write a VCD: per PE a scope `pe_r_c` with scopes `engine` and `hardware` of the same registers; one cycle is
    /// one nanosecond.
    pub(crate) fn write(&self, path: &Path, layout: &Layout, n_cols: usize) -> anyhow::Result<()> {
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut file =
            tempfile::NamedTempFile::new_in(folder).with_context(|| folder.display().to_string())?;
        self.render(&mut file, layout, n_cols)?;
        file.persist(path).with_context(|| path.display().to_string())?;
        Ok(())
    }

    fn render(&self, file: &mut impl Write, layout: &Layout, n_cols: usize) -> std::io::Result<()> {
        let mut writer = Writer::new(std::io::BufWriter::new(file));
        writer.timescale(1, TimescaleUnit::NS)?;
        writer.add_module("array")?;
        // In the order of the values: registers outside, PEs inside.
        let n_values = layout.registers().len() * layout.n_pes();
        let mut ids: [Vec<IdCode>; 2] = [vec![IdCode::FIRST; n_values], vec![IdCode::FIRST; n_values]];
        for pe in 0..layout.n_pes() {
            writer.add_module(&format!("pe_{}_{}", pe / n_cols, pe % n_cols))?;
            for (side, ids) in ["engine", "hardware"].iter().zip(&mut ids) {
                writer.add_module(side)?;
                for (index, register) in layout.registers().iter().enumerate() {
                    ids[index * layout.n_pes() + pe] =
                        writer.add_var(VarType::Wire, 32, &register.name(), None)?;
                }
                writer.upscope()?;
            }
            writer.upscope()?;
        }
        writer.upscope()?;
        writer.enddefinitions()?;
        let mut shown: [Vec<Option<i32>>; 2] = [vec![None; n_values], vec![None; n_values]];
        for frame in &self.frames {
            writer.timestamp(frame.cycle.0)?;
            for ((values, shown), ids) in [&frame.engine, &frame.hardware].iter().zip(&mut shown).zip(&ids) {
                for ((&value, shown), &id) in values.iter().zip(shown).zip(ids) {
                    if *shown != Some(value) {
                        *shown = Some(value);
                        let bits = (0..32).rev().map(|bit| Value::from(value >> bit & 1 != 0));
                        writer.change_vector(id, bits)?;
                    }
                }
            }
        }
        writer.flush()
    }
}
