//! Cycle accounting: every PE-cycle into one bucket, and what the steps did.

use sim_core::counters::Counters;
use sim_core::mutant::{self, Mutant};
use sim_core::spec::ArraySpec;
use sim_core::units::Cycles;
use sim_pe::lanes::Tallies;

use super::registers::{Registers, control, diagonal};

/// A PE's account.
#[derive(Clone, Copy, Debug, Default)]
struct Account {
    /// Cycles until here are in a bucket; what came after is a tile's steps, or idle.
    until: Cycles,
    /// Whether the PE has had a step (serial: of this tile).
    has_stepped: bool,
}

/// Counters as the clock runs. The steps of a tile follow one another without a gap, so the first and the last say all.
pub(super) struct Accounting {
    counters: Counters,
    accounts: Vec<Account>,
    /// Steps of real outputs.
    n_real: u64,
}

impl Accounting {
    pub(super) fn new(array: &ArraySpec) -> Self {
        Self {
            counters: Counters::zero(array.pe().max_active()),
            accounts: vec![Account::default(); array.rows() * array.cols()],
            n_real: 0,
        }
    }

    /// A cycle in which a tile may begin or end somewhere.
    pub(super) fn count(&mut self, now: Cycles, registers: &Registers) {
        for (number, &word) in registers.diagonals(0).iter().enumerate() {
            if word & control::FIRST != 0 {
                self.begin(now, registers, number);
            }
            if word & control::LAST != 0 {
                self.end(now + Cycles(1), registers, number);
            }
        }
    }

    /// What was idle before a first step was fill, or the stall between two tiles.
    fn begin(&mut self, now: Cycles, registers: &Registers, number: usize) {
        for (row, col) in diagonal(&registers.layout, number) {
            let account = &mut self.accounts[row * registers.cols() + col];
            let bucket = if account.has_stepped {
                &mut self.counters.pe_cycles.stall
            } else {
                &mut self.counters.pe_cycles.fill
            };
            *bucket += now.0 - account.until.0;
            account.until = now;
            account.has_stepped = true;
        }
    }

    /// The steps of a tile, the last of them in the cycle before `end`.
    fn end(&mut self, end: Cycles, registers: &Registers, number: usize) {
        let unmasked = mutant::is_on(Mutant::EdgeMaskMissing);
        for (row, col) in diagonal(&registers.layout, number) {
            let pe = row * registers.cols() + col;
            let row_is_real = registers.control(pe) & control::ROW_IS_REAL != 0;
            let account = &mut self.accounts[pe];
            let bucket = if registers.holds(pe) && !mutant::is_on(Mutant::SkippedMasked) {
                &mut self.counters.pe_cycles.skipped
            } else if (row_is_real && registers.col_is_real(pe) && !registers.holds(pe)) || unmasked {
                &mut self.n_real
            } else {
                &mut self.counters.pe_cycles.masked
            };
            *bucket += end.0 - account.until.0;
            account.until = end;
        }
    }

    /// A serial tile has left before cycle `now`: what is idle was its drain, and what comes is the next one's fill.
    pub(super) fn close_tile(&mut self, now: Cycles) {
        for account in &mut self.accounts {
            self.counters.pe_cycles.drain += now.0 - account.until.0;
            *account = Account {
                until: now,
                has_stepped: false,
            };
        }
    }

    /// The last result has left before cycle `now`.
    pub(super) fn close(mut self, now: Cycles, tallies: &Tallies) -> Counters {
        self.close_tile(now);
        self.counters.reduced = tallies.reduced;
        self.counters.operand_widths = tallies.widths;
        let active = &mut self.counters.pe_cycles.active;
        // A bubble or a PE without an output has no active thread either, so these steps are what is left.
        active.add(0, self.n_real - tallies.active.iter().sum::<u64>());
        for (n, &n_steps) in (1..).zip(&tallies.active[..active.counts().len() - 1]) {
            active.add(n, n_steps);
        }
        if mutant::is_on(Mutant::StallTwice) {
            self.counters.pe_cycles.drain += self.counters.pe_cycles.stall;
        }
        self.counters
    }
}
