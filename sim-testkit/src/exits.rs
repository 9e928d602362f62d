//! A probe that notes when every output leaves the stepped engine.

use sim_array::stepped::probe::Probe;
use sim_array::stepped::registers::Registers;
use sim_core::units::Cycles;

/// The most cycles a test's product may take: a machine whose results never leave ends here.
const MAX_CYCLES: Cycles = Cycles(100_000);

/// The cycle in which each output left, `[m, n]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exits {
    n: usize,
    /// By output; `None` has not left.
    pub cycles: Vec<Option<Cycles>>,
}

impl Exits {
    /// For a product of `m` by `n` outputs.
    pub fn new(m: usize, n: usize) -> Self {
        Self {
            n,
            cycles: vec![None; m * n],
        }
    }
}

impl Probe for Exits {
    fn cycle(&mut self, cycle: Cycles, _registers: &Registers) {
        assert!(cycle < MAX_CYCLES, "the clock runs away");
    }

    fn output(&mut self, cycle: Cycles, m: usize, n: usize, _value: i32) {
        self.cycles[m * self.n + n] = Some(cycle);
    }
}
