//! The books: every PE-cycle into one bucket, and what the steps did.

use sim_core::counters::Counters;
use sim_core::spec::ArraySpec;
use sim_pe::lanes::{Lanes, MAX_TALLIED_STEPS};
use sim_pe::mutant::{self, Mutant};

use super::registers::{Registers, control};

/// PEs whose byte counts are added up before they are widened; below 256 / 4 so that four per PE fit a byte.
const CHUNK: usize = 32;

/// Counters as the clock runs.
pub(super) struct Books {
    counters: Counters,
    n_threads: usize,
    /// Cycles since each PE's last step, or since the start; into which bucket they go is known at its next step.
    idle: Vec<u64>,
    /// Whether each PE has had a step (serial: of this tile).
    has_stepped: Vec<bool>,
    /// 1 where this cycle is a step of a real output.
    is_real: Vec<u8>,
    /// Cycles since the lanes' tallies were taken.
    n_tallied: usize,
}

impl Books {
    pub(super) fn new(array: &ArraySpec) -> Self {
        let n_pes = array.rows() * array.cols();
        let n_threads = array.pe().max_active();
        Self {
            counters: Counters::zero(n_threads),
            n_threads,
            idle: vec![0; n_pes],
            has_stepped: vec![false; n_pes],
            is_real: vec![0; n_pes],
            n_tallied: 0,
        }
    }

    /// One cycle of every PE.
    #[inline(always)]
    pub(super) fn count(&mut self, registers: &Registers, steps: &mut Lanes) {
        let mut all = u8::MAX;
        let mut any = 0;
        for &word in &registers.control {
            all &= word;
            any |= word;
        }
        if any & control::FIRST != 0 {
            self.begin_tiles(&registers.control);
        }
        if all & control::VALID == 0 {
            self.count_idle(&registers.control);
        }
        if any & control::VALID != 0 {
            self.count_steps(registers, steps);
        }
    }

    /// What was idle before a first step was fill, or the stall between two tiles.
    fn begin_tiles(&mut self, controls: &[u8]) {
        for ((word, idle), has_stepped) in controls.iter().zip(&mut self.idle).zip(&mut self.has_stepped) {
            if word & control::FIRST != 0 {
                let bucket = if *has_stepped {
                    &mut self.counters.pe_cycles.stall
                } else {
                    &mut self.counters.pe_cycles.fill
                };
                *bucket += std::mem::take(idle);
                *has_stepped = true;
            }
        }
    }

    #[inline(always)]
    fn count_idle(&mut self, controls: &[u8]) {
        for (word, idle) in controls.iter().zip(&mut self.idle) {
            *idle += u64::from(word & control::VALID == 0);
        }
    }

    #[inline(always)]
    fn count_steps(&mut self, registers: &Registers, steps: &mut Lanes) {
        let unmasked = mutant::is_on(Mutant::EdgeMaskMissing);
        let mut n_valid = 0;
        let planes = registers
            .control
            .iter()
            .zip(&registers.col_is_real)
            .zip(&mut self.is_real);
        for ((&word, &col_is_real), is_real) in planes {
            let row_is_real = u8::from(word & control::ROW_IS_REAL != 0) | u8::from(unmasked);
            *is_real = word & row_is_real & (col_is_real | u8::from(unmasked)) & control::VALID;
            n_valid += u64::from(word & control::VALID);
        }
        let n_real = sum_where(&self.is_real, &self.is_real);
        self.counters.pe_cycles.masked += n_valid - n_real;
        for n in 0..=self.n_threads {
            let wanted = u8::try_from(n).unwrap_or(u8::MAX);
            let n_steps = count_equal(&steps.n_active, wanted, &self.is_real);
            self.counters.pe_cycles.active.add(n, n_steps);
        }
        self.n_tallied += 1;
        if self.n_tallied == MAX_TALLIED_STEPS {
            self.take_tallies(steps);
        }
    }

    /// Bubbles and PEs without an output hold a zero operand, so nothing of theirs was tallied.
    fn take_tallies(&mut self, steps: &mut Lanes) {
        let (reduced, widths) = steps.take_tallies();
        self.counters.reduced += reduced;
        self.counters.operand_widths += widths;
        self.n_tallied = 0;
    }

    /// A serial tile has left: what is idle was its drain, and what comes is the next one's fill.
    pub(super) fn close_tile(&mut self) {
        for (idle, has_stepped) in self.idle.iter_mut().zip(&mut self.has_stepped) {
            self.counters.pe_cycles.drain += std::mem::take(idle);
            *has_stepped = false;
        }
    }

    /// The last result has left.
    pub(super) fn close(mut self, steps: &mut Lanes) -> Counters {
        self.take_tallies(steps);
        self.close_tile();
        if mutant::is_on(Mutant::StallTwice) {
            self.counters.pe_cycles.drain += self.counters.pe_cycles.stall;
        }
        self.counters
    }
}

/// Σ of `values` where `is_real` is 1; values are at most 4.
#[inline(always)]
fn sum_where(values: &[u8], is_real: &[u8]) -> u64 {
    let chunks = values.chunks(CHUNK).zip(is_real.chunks(CHUNK));
    chunks
        .map(|(values, is_real)| {
            let sum = values
                .iter()
                .zip(is_real)
                .fold(0_u8, |sum, (&value, &is_real)| sum + value * is_real);
            u64::from(sum)
        })
        .sum()
}

/// How many of `values` equal `wanted` where `is_real` is 1.
#[inline(always)]
fn count_equal(values: &[u8], wanted: u8, is_real: &[u8]) -> u64 {
    let chunks = values.chunks(CHUNK).zip(is_real.chunks(CHUNK));
    chunks
        .map(|(values, is_real)| {
            let planes = values.iter().zip(is_real);
            u64::from(planes.fold(0_u8, |n, (&value, &is_real)| {
                n + (u8::from(value == wanted) & is_real)
            }))
        })
        .sum()
}
