//! The observer of the engine that writes what it sees.

use std::fs::File;
use std::io::{BufReader, BufWriter, Seek as _, SeekFrom};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use fst_writer::FstWriteError;
use sim_array::engine::{EngineError, Operands};
use sim_array::stepped::Stepped;
use sim_array::stepped::probe::Probe;
use sim_array::stepped::registers::{Registers, control};
use sim_core::shape::widen;
use sim_core::spec::ArraySpec;
use sim_core::units::Cycles;
use sim_pe::step::Step;

use crate::fst::{Names, Recorder, assemble};
use crate::mode::{self, Mode};
use crate::signals::{ArraySignal, ColumnSignal, PeNow, PeSignal, bits};
use crate::tiles::Passage;
use crate::view::View;

/// Why there is no waveform.
#[derive(Debug, thiserror::Error)]
pub enum WaveError {
    /// The array refuses the product.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The file cannot be written.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// It was told to stop.
    #[error("stopped")]
    Stopped,
}

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Signals.
    pub n_signals: usize,
    /// Values that were written, one for each signal and one for each change.
    pub n_changes: u64,
}

/// Run a product on the fast clock as far as `view` goes, and write what it shows to a new file at `path`.
///
/// Memory does not depend on how many cycles are shown. The file's folder must have room for changes beside the file.
///
/// - Errors: those of the engine, before anything is written; a file that cannot be written; `stop` was set. A file may
///   then be there, and is not a waveform.
pub fn write(
    path: &Path,
    clock: Stepped,
    array: &ArraySpec,
    operands: &Operands<'_>,
    view: &View,
    stop: &AtomicBool,
) -> Result<Written, WaveError> {
    let signals = PeSignal::of(array);
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    };
    let mut names = Names::new(tempfile::tempfile_in(folder)?).map_err(into_io)?;
    declare(&mut names, array, view, &signals).map_err(into_io)?;
    let n_signals = names.n_signals();
    let (recorder, hierarchy) = names.finish().map_err(into_io)?;
    let mut watcher = Watcher {
        array: *array,
        view,
        stop,
        signals,
        passage: Passage::new(array, widen(view.n_tiles())),
        outputs: vec![Output::default(); array.cols()],
        recorder,
        now: None,
    };
    clock.watch(array, operands, &mut watcher)?;
    if stop.load(Ordering::Relaxed) {
        return Err(WaveError::Stopped);
    }
    watcher.end_cycle();
    let cycles = view.cycles();
    let (mut values, n_changes) = watcher.recorder.finish(cycles.end).map_err(into_io)?;
    values.seek(SeekFrom::Start(0))?;
    let out = &mut BufWriter::new(File::create(path)?);
    assemble(&mut BufReader::new(values), &hierarchy, cycles.start, out)?;
    Ok(Written { n_signals, n_changes })
}

fn into_io(error: FstWriteError) -> std::io::Error {
    match error {
        FstWriteError::Io(error) => error,
        other @ (FstWriteError::StringTooLong(..)
        | FstWriteError::TimeDecrease(..)
        | FstWriteError::InvalidSignalId(_)
        | FstWriteError::InvalidCharacter(_)) => std::io::Error::other(other),
    }
}

/// Every signal, in the order of [`Watcher`].
fn declare(
    names: &mut Names,
    array: &ArraySpec,
    view: &View,
    signals: &[PeSignal],
) -> Result<(), FstWriteError> {
    let (row_digits, col_digits) = (n_digits(array.rows()), n_digits(array.cols()));
    names.scope("array", |names| {
        for row in view.pes().rows.clone() {
            names.scope(&format!("row{row:0row_digits$}"), |names| {
                for col in view.pes().cols.clone() {
                    names.scope(&format!("pe{col:0col_digits$}"), |names| {
                        signals
                            .iter()
                            .try_for_each(|signal| names.signal(&signal.name(), signal.shape()))
                    })?;
                }
                Ok(())
            })?;
        }
        for signal in ArraySignal::ALL {
            names.signal(signal.name(), signal.shape())?;
        }
        for col in view.pes().cols.clone() {
            names.scope(&format!("col{col:0col_digits$}"), |names| {
                ColumnSignal::ALL
                    .iter()
                    .try_for_each(|signal| names.signal(signal.name(), signal.shape()))
            })?;
        }
        Ok(())
    })
}

/// Digits of the largest of `n` numbers from 0, at least two, so that names sort as numbers do.
fn n_digits(n: usize) -> usize {
    (n - 1).to_string().len().max(2)
}

/// An output that leaves, or left last.
#[derive(Clone, Copy, Debug, Default)]
struct Output {
    is_leaving: bool,
    value_m_n: Option<(i32, usize, usize)>,
}

/// Writes the values of every cycle that is shown.
struct Watcher<'a> {
    array: ArraySpec,
    view: &'a View,
    stop: &'a AtomicBool,
    signals: Vec<PeSignal>,
    passage: Passage,
    /// By column.
    outputs: Vec<Output>,
    recorder: Recorder,
    /// The cycle whose outputs are still to come, and what its registers said of the whole array.
    now: Option<ArrayNow>,
}

/// The whole array in a cycle.
struct ArrayNow {
    cycle: Cycles,
    passage: Passage,
}

impl Watcher<'_> {
    fn show(&mut self, cycle: Cycles, registers: &Registers) {
        self.recorder.begin(cycle);
        let cols = self.array.cols();
        for row in self.view.pes().rows.clone() {
            for col in self.view.pes().cols.clone() {
                let now = self.pe_now(registers, row, col, row * cols + col);
                for signal in &self.signals {
                    self.recorder.put(signal.value(registers, &now));
                }
            }
        }
    }

    fn pe_now(&self, registers: &Registers, row: usize, col: usize, pe: usize) -> PeNow {
        let word = registers.control(pe);
        let (mode, step) = if word & control::VALID == 0 {
            (self.passage.between(row, col), Step::default())
        } else {
            let step = mode::step(self.array.pe(), registers, pe);
            let has_output = word & control::ROW_IS_REAL != 0 && registers.col_is_real(pe);
            let mode = if has_output {
                Mode::of_active(step.n_active)
            } else {
                Mode::Masked
            };
            (mode, step)
        };
        PeNow {
            pe,
            mode,
            tile: self.passage.tile_at(row, col),
            step,
        }
    }

    /// What is known of a cycle when its outputs have left.
    fn end_cycle(&mut self) {
        let Some(ArrayNow { cycle, passage }) = self.now.take() else {
            return;
        };
        for signal in ArraySignal::ALL {
            self.recorder.put(match signal {
                ArraySignal::Cycle => Some(cycle.0),
                ArraySignal::ClockMhz => Some(self.array.clock().0.into()),
                ArraySignal::Tile => passage.entered(),
                ArraySignal::DrainingColumns => Some(widen(passage.n_draining())),
            });
        }
        for col in self.view.pes().cols.clone() {
            let (column, output) = (passage.column(col), &self.outputs[col]);
            for signal in ColumnSignal::ALL {
                self.recorder.put(match signal {
                    ColumnSignal::Draining => Some(column.is_draining().into()),
                    ColumnSignal::Tile => column.tile(),
                    ColumnSignal::OutputValid => Some(output.is_leaving.into()),
                    ColumnSignal::Output => output.value_m_n.map(|(value, ..)| bits(value)),
                    ColumnSignal::OutputM => output.value_m_n.map(|(_, m, _)| widen(m)),
                    ColumnSignal::OutputN => output.value_m_n.map(|(_, _, n)| widen(n)),
                });
            }
        }
    }
}

impl Probe for Watcher<'_> {
    fn cycle(&mut self, cycle: Cycles, registers: &Registers) {
        self.end_cycle();
        for output in &mut self.outputs {
            output.is_leaving = false;
        }
        self.passage.see(registers);
        if self.view.cycles().contains(&cycle) {
            self.show(cycle, registers);
            self.now = Some(ArrayNow {
                cycle,
                passage: self.passage.clone(),
            });
        }
        self.passage.pass(registers);
    }

    fn output(&mut self, _cycle: Cycles, m: usize, n: usize, value: i32) {
        self.outputs[n % self.array.cols()] = Output {
            is_leaving: true,
            value_m_n: Some((value, m, n)),
        };
    }

    fn looks_from(&self) -> Cycles {
        self.view.cycles().start
    }

    fn has_seen_enough(&self) -> bool {
        let is_last = |now: &ArrayNow| self.view.cycles().end <= now.cycle + Cycles(1);
        self.now.as_ref().is_some_and(is_last)
            || self.recorder.has_failed()
            || self.stop.load(Ordering::Relaxed)
    }
}
