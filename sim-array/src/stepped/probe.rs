//! An observer of the stepped engine: waveforms, heat maps, the cycle in which a value leaves.

use sim_core::units::Cycles;

use super::registers::Registers;

/// When a probe looks at the registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Looks {
    /// In every cycle.
    EveryCycle,
    /// Never: the clock may keep to itself how cycles in which operands do nothing but move follow one another.
    Never,
}

/// Sees every cycle; costs nothing where it does nothing.
pub trait Probe {
    /// Whether it looks at the registers.
    const LOOKS: Looks = Looks::EveryCycle;

    /// The registers as they stand during `cycle`, before its clock edge.
    fn cycle(&mut self, _cycle: Cycles, _registers: &Registers) {}

    /// Output `(m, n)` leaves the array in `cycle`.
    fn output(&mut self, _cycle: Cycles, _m: usize, _n: usize, _value: i32) {}

    /// The first cycle that it must see. Of those before, it sees only those in which a tile begins, ends or drains, or
    /// may do so.
    fn looks_from(&self) -> Cycles {
        Cycles(0)
    }

    /// Whether the clock may stop, where the outcome is not asked for ([`Stepped::watch`](super::Stepped::watch)).
    fn has_seen_enough(&self) -> bool {
        false
    }
}

/// Sees nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoProbe;

impl Probe for NoProbe {
    const LOOKS: Looks = Looks::Never;
}

/// Notes the cycle in which one output leaves.
#[derive(Clone, Copy, Debug)]
pub struct ExitOf {
    m: usize,
    n: usize,
    cycle: Option<Cycles>,
}

impl ExitOf {
    /// Wait for output `(m, n)`.
    pub const fn new(m: usize, n: usize) -> Self {
        Self { m, n, cycle: None }
    }

    /// When it left.
    pub const fn cycle(&self) -> Option<Cycles> {
        self.cycle
    }
}

impl Probe for ExitOf {
    fn output(&mut self, cycle: Cycles, m: usize, n: usize, _value: i32) {
        if (m, n) == (self.m, self.n) {
            self.cycle = Some(cycle);
        }
    }
}
