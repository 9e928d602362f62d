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
        if self.frames.len() == N_CYCLES {
            self.frames.pop_front();
        }
        self.frames.push_back(Frame {
            cycle,
            engine: engine.to_vec(),
            hardware: hardware.to_vec(),
        });
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

#[cfg(test)]
mod tests {
    use sim_core::spec::Pe;
    use vcd::{Command, Parser};

    use super::*;
    use crate::machines::Machine;
    use crate::top::Visibility;

    #[test]
    fn the_last_cycles_come_back_from_the_file() {
        let machine = Machine::new(1, 2, Pe::Conventional, 1).expect("a small array");
        let layout = Layout::new(&machine, Visibility::Boundary);
        let n_values = layout.registers().len() * layout.n_pes();
        let mut history = History::default();
        for cycle in 0..70 {
            let engine = vec![-1; n_values];
            let mut hardware = engine.clone();
            // The shadow register of PE (0, 1), which parts in the last cycle.
            hardware[3 * 2 + 1] = if cycle == 69 { 5 } else { -1 };
            history.note(Cycles(cycle), &engine, &hardware);
        }
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("divergence.vcd");
        history
            .write(&path, &layout, machine.array.cols())
            .expect("a waveform");

        let text = std::fs::read(&path).expect("the file");
        let mut parser = Parser::new(text.as_slice());
        let header = parser.parse_header().expect("a header");
        let code = |side| {
            header
                .find_var(&["array", "pe_0_1", side, "shadow"])
                .expect("the register")
                .code
        };
        let (engine, hardware) = (code("engine"), code("hardware"));
        let mut now = None;
        let mut changes = Vec::new();
        for command in &mut parser {
            let command = command.expect("a command");
            if let Command::Timestamp(time) = command {
                now = Some(time);
            }
            if let Command::ChangeVector(id, value) = command
                && (id == engine || id == hardware)
            {
                let side = if id == engine { "engine" } else { "hardware" };
                changes.push((now, side, value.to_string()));
            }
        }
        let ones = "1".repeat(32);
        let five = format!("{}101", "0".repeat(29));
        // 64 cycles are kept, and a value is written when it changes.
        assert_eq!(
            changes,
            [
                (Some(6), "engine", ones.clone()),
                (Some(6), "hardware", ones),
                (Some(69), "hardware", five),
            ]
        );
    }
}
