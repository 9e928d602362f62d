//! Values as they change.

use std::fs::File;
use std::io::BufWriter;

use fst_writer::{FstBodyWriter, FstSignalId, FstWriteError};
use sim_core::units::Cycles;

/// Bytes of changes that are kept before they are packed and written.
const N_BYTES_KEPT: usize = 4 << 20;
/// Bits of the widest signal.
const MAX_WIDTH: usize = 64;

/// Takes the values of all signals in every cycle, and writes those that changed.
pub(crate) struct Recorder {
    body: FstBodyWriter<BufWriter<File>>,
    /// Identities and widths.
    signals: Vec<(FstSignalId, usize)>,
    /// Values as last written; before the first cycle, none.
    values: Vec<Option<u64>>,
    is_first_cycle: bool,
    /// The signal whose value comes next.
    next: usize,
    /// What `fst-writer` keeps for signals that never change.
    n_bytes_empty: usize,
    n_changes: u64,
    /// What went wrong first; nothing is written any more.
    error: Option<FstWriteError>,
}

impl Recorder {
    pub(super) fn new(body: FstBodyWriter<BufWriter<File>>, signals: Vec<(FstSignalId, usize)>) -> Self {
        Self {
            n_bytes_empty: body.size(),
            body,
            values: vec![None; signals.len()],
            next: signals.len(),
            signals,
            is_first_cycle: true,
            n_changes: 0,
            error: None,
        }
    }

    /// Whether it has failed: [`finish`](Self::finish) says how.
    pub(crate) const fn has_failed(&self) -> bool {
        self.error.is_some()
    }

    /// A cycle whose values follow; the first of them are those that the file begins with.
    pub(crate) fn begin(&mut self, cycle: Cycles) {
        debug_assert_eq!(self.next, self.signals.len(), "a value for every signal");
        self.is_first_cycle = self.n_changes == 0;
        self.next = 0;
        if !self.is_first_cycle {
            let done = self.move_to(cycle);
            self.note(done);
        }
    }

    /// The value of the next signal; `None` is not known.
    #[inline]
    pub(crate) fn put(&mut self, value: Option<u64>) {
        let place = self.next;
        self.next += 1;
        if self.values[place] == value && !self.is_first_cycle {
            return;
        }
        self.values[place] = value;
        self.n_changes += 1;
        if self.error.is_none() {
            let (id, width) = self.signals[place];
            let mut digits = [b'x'; MAX_WIDTH];
            let digits = &mut digits[..width];
            if let Some(value) = value {
                for (bit, digit) in digits.iter_mut().rev().enumerate() {
                    *digit = if value >> bit & 1 == 0 { b'0' } else { b'1' };
                }
            }
            let done = self.body.signal_change(id, digits);
            self.note(done);
        }
    }

    /// The file lasts until the beginning of cycle `end`. How many changes there were, initial values included.
    pub(crate) fn finish(mut self, end: Cycles) -> Result<(File, u64), FstWriteError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        self.move_to(end)?;
        let file = self.body.finish()?;
        Ok((
            file.into_inner().map_err(std::io::IntoInnerError::into_error)?,
            self.n_changes,
        ))
    }

    fn move_to(&mut self, cycle: Cycles) -> Result<(), FstWriteError> {
        // Only here, right before a new time, may `fst-writer` write what it keeps.
        if N_BYTES_KEPT < self.body.size() - self.n_bytes_empty {
            self.body.flush()?;
        }
        self.body.time_change(cycle.0)
    }

    fn note(&mut self, done: Result<(), FstWriteError>) {
        if let Err(error) = done {
            self.error.get_or_insert(error);
        }
    }
}
