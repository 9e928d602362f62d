//! Cycle accounting: every PE-cycle into one bucket, and what the steps did. It watches; no register depends on it.

use sim_core::busy::{BusyMap, PeMap};
use sim_core::counters::{Counters, OperandWidths, Switching};
use sim_core::ids::{Col, Row};
use sim_core::spec::ArraySpec;
use sim_pe::operand::Operand as _;
use sim_pe::step::Step;

use super::array::Wires;
use super::pe::{MAX_LANES, Registers};

/// The operands of a step, lane by lane, as they move.
type Lanes = [(u8, i8); MAX_LANES];

/// A PE's account.
#[derive(Clone, Copy, Debug, Default)]
struct Account {
    /// Cycles without a step since the last one. What they were is known when the next step comes, or none does.
    n_idle: u64,
    /// Whether the PE has had a step (serial: of this tile).
    has_stepped: bool,
    /// The operands of its last step.
    last: Lanes,
}

/// Counters as the clock runs.
pub(super) struct Accounting {
    array: ArraySpec,
    counters: Counters,
    accounts: Vec<Account>,
    busy: Option<BusyMap>,
}

impl Accounting {
    pub(super) fn new(array: &ArraySpec, pe_map: PeMap) -> Self {
        Self {
            array: *array,
            counters: Counters::zero(array.pe().max_active()),
            accounts: vec![Account::default(); array.rows() * array.cols()],
            busy: pe_map.empty(array.rows(), array.cols()),
        }
    }

    /// A cycle of every PE.
    pub(super) fn count(&mut self, pes: &[Registers], wires: &Wires) {
        let of_pes = pes.iter().zip(&wires.handshakes).zip(&wires.steps);
        for (pe, ((registers, handshake), step)) in of_pes.enumerate() {
            if handshake.fires {
                self.step(pe, registers, step);
            } else {
                self.accounts[pe].n_idle += 1;
            }
        }
    }

    fn step(&mut self, pe: usize, registers: &Registers, step: &Step) {
        let account = &mut self.accounts[pe];
        let idle = if account.has_stepped {
            &mut self.counters.pe_cycles.stall
        } else {
            &mut self.counters.pe_cycles.fill
        };
        *idle += std::mem::take(&mut account.n_idle);
        account.has_stepped = true;
        let control = registers.activation.control;
        let weights = registers.weights_by_lane(self.array.pe());
        let lanes: Lanes = std::array::from_fn(|lane| (registers.activation.lanes[lane], weights[lane]));
        let before = std::mem::replace(&mut account.last, lanes);
        if !control.row_is_real || !registers.weight.col_is_real {
            self.counters.pe_cycles.masked += 1;
            return;
        }
        if registers.holds {
            self.counters.pe_cycles.skipped += 1;
            if !control.first {
                // Operands pass through; nothing meets.
                let mut passing = Switching::default();
                for (before, now) in before.into_iter().zip(lanes) {
                    count_changes(&mut passing, before, now);
                }
                self.counters.switching += Switching {
                    activation_bits: passing.activation_bits,
                    weight_bits: passing.weight_bits,
                    ..Switching::default()
                };
            }
            return;
        }
        let Step {
            product: _,
            n_active,
            reduced_activations,
            reduced_weights,
        } = *step;
        self.counters.pe_cycles.active.add(n_active, 1);
        self.counters.reduced.activations += u64::from(reduced_activations);
        self.counters.reduced.weights += u64::from(reduced_weights);
        for (x, w) in registers.activation.given.into_iter().zip(weights) {
            count_width(&mut self.counters.operand_widths, x, w);
        }
        if !control.first {
            for (before, now) in before.into_iter().zip(lanes) {
                count_changes(&mut self.counters.switching, before, now);
            }
        }
        if let Some(busy) = &mut self.busy {
            let (row, col) = (pe / self.array.cols(), pe % self.array.cols());
            busy.add(Row(row), Col(col), u64::from(0 < n_active));
        }
    }

    /// A serial tile has left: what is idle was its drain, and what comes is the next one's fill.
    pub(super) fn close_tile(&mut self) {
        for account in &mut self.accounts {
            self.counters.pe_cycles.drain += std::mem::take(&mut account.n_idle);
            account.has_stepped = false;
        }
    }

    /// The last result has left.
    pub(super) fn close(mut self) -> (Counters, Option<BusyMap>) {
        self.close_tile();
        (self.counters, self.busy)
    }
}

fn count_width(widths: &mut OperandWidths, x: u8, w: i8) {
    if x == 0 || w == 0 {
        return;
    }
    *match (x.is_narrow(), w.is_narrow()) {
        (false, false) => &mut widths.a8w8,
        (false, true) => &mut widths.a8w4,
        (true, false) => &mut widths.a4w8,
        (true, true) => &mut widths.a4w4,
    } += 1;
}

/// What changes in a lane from one step to the next, as `Switching` defines it.
fn count_changes(switching: &mut Switching, before: (u8, i8), now: (u8, i8)) {
    let ones = |byte: u8| u64::from(byte.count_ones());
    let (x, w) = ([before.0, now.0], [before.1, now.1].map(i8::cast_unsigned));
    let (changed_x, changed_w) = (ones(x[0] ^ x[1]), ones(w[0] ^ w[1]));
    switching.activation_bits += changed_x;
    switching.weight_bits += changed_w;
    if w != [0, 0] {
        switching.live_activation_bits += changed_x;
    }
    if x != [0, 0] {
        switching.live_weight_bits += changed_w;
    }
    // A bit of one and a bit of the other are both set before, now, or at both times.
    let both = ones(x[0] & x[1]) * ones(w[0] & w[1]);
    switching.partial_product_bits += ones(x[0]) * ones(w[0]) + ones(x[1]) * ones(w[1]) - 2 * both;
    let is_live = |time: usize| x[time] != 0 && w[time] != 0;
    switching.lane_edges += u64::from(is_live(0) != is_live(1));
}
