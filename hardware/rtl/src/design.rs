//! A machine's PE as parameters of the module `pe`.

use sim_core::fixed::{Overflow, Rounding};
use sim_core::spec::{
    ArraySpec, BasePolicy, NbSmt, Pairs, Pe, PeKind, Sparq, Sparsity, Threads, Window, WindowRounding,
};

/// A parameter of the modules `pe` and `systolic_array`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// The name in SystemVerilog.
    pub name: &'static str,
    /// The value.
    pub value: usize,
}

/// How a windowed activation is carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowCode {
    /// Bits that a window keeps.
    pub bits: usize,
    /// Distance of two allowed shifts.
    pub step: usize,
    /// The largest allowed shift.
    pub last: usize,
    /// Bits of the shift, counted in steps.
    pub code_bits: usize,
}

impl WindowCode {
    /// The code of a window.
    pub const fn of(window: Window) -> Self {
        let (bits, step, code_bits) = match window {
            Window::Opt5 => (4, 1, 3),
            Window::Opt3 => (4, 2, 2),
            Window::Opt2 => (4, 4, 1),
            Window::Opt6 => (3, 1, 3),
            Window::Opt7 => (2, 1, 3),
        };
        Self {
            bits,
            step,
            last: 8 - bits,
            code_bits,
        }
    }

    /// A windowed pair as it moves right: nibble and code of each, then which activation has both nibbles.
    pub fn encode(self, pair: [u8; 2], pairs: Pairs) -> u32 {
        let [first, second] = pair.map(u32::from);
        let half = |nibble: u32, shift: usize| nibble | narrow(shift / self.step) << self.bits;
        let is_alone = first == 0 || second == 0;
        let halves = match pairs {
            Pairs::On if is_alone => {
                // Twice the bits: the high nibble stands above the low one.
                let alone = first | second;
                let shift = place(alone, 2 * self.bits, 1, 8 - 2 * self.bits);
                let kept = alone >> shift;
                [
                    half(kept >> self.bits, shift + self.bits),
                    half(kept & ((1 << self.bits) - 1), shift),
                ]
            }
            Pairs::On | Pairs::Off => [first, second].map(|value| {
                let shift = place(value, self.bits, self.step, self.last);
                half(value >> shift, shift)
            }),
        };
        let width = self.bits + self.code_bits;
        let both = match pairs {
            Pairs::On if is_alone && second != 0 => 2,
            Pairs::On if is_alone => 1,
            Pairs::On | Pairs::Off => 0,
        };
        halves[0] | halves[1] << width | both << (2 * width)
    }
}

/// The smallest allowed shift whose window covers `value`.
fn place(value: u32, bits: usize, step: usize, last: usize) -> usize {
    (0..=last)
        .step_by(step)
        .find(|shift| value >> shift < 1 << bits)
        .unwrap_or(last)
}

fn narrow(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// Whether a PE can hold still for an output that is predicted to be zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldBit {
    /// It computes whatever comes.
    Absent,
    /// It has a bit that says so.
    Present,
}

/// A PE in hardware: what it computes, how deep its pipeline is, and whether it can hold still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Design {
    pe: Pe,
    depth: u8,
    hold_bit: HoldBit,
}

impl Design {
    /// The PE of an array where nothing is predicted.
    pub const fn of(array: &ArraySpec) -> Self {
        Self {
            pe: array.pe(),
            depth: array.pipeline_depth(),
            hold_bit: HoldBit::Absent,
        }
    }

    /// The same PE with a hold bit or without.
    pub const fn with_hold_bit(self, hold_bit: HoldBit) -> Self {
        Self { hold_bit, ..self }
    }

    /// The machine.
    pub const fn pe(&self) -> Pe {
        self.pe
    }

    /// p, the pipeline stages.
    pub const fn depth(&self) -> u8 {
        self.depth
    }

    /// Whether it has a hold bit.
    pub const fn hold_bit(&self) -> HoldBit {
        self.hold_bit
    }

    /// A name for people and for files; what is default is left out.
    pub fn name(&self) -> String {
        let mut name = match self.pe {
            Pe::Conventional => self.pe.kind().to_string(),
            Pe::NbSmt(rules) => nbsmt_name(self.pe.kind(), &rules),
            Pe::Sparq(rules) | Pe::SparqStc(rules) => sparq_name(self.pe.kind(), &rules),
        };
        if self.depth != 1 {
            name += &format!("-depth{}", self.depth);
        }
        match self.hold_bit {
            HoldBit::Absent => {}
            HoldBit::Present => name += "-hold",
        }
        name
    }

    /// Bits of raw activations that one row takes per step.
    pub const fn raw_bits(&self) -> usize {
        8 * self.pe.k_per_step()
    }

    /// Bits that move right from PE to PE, without the control word.
    pub const fn activation_bits(&self) -> usize {
        match self.pe.edge_window() {
            None => self.raw_bits(),
            Some(rules) => {
                let code = WindowCode::of(rules.window);
                let both = match rules.pairs {
                    Pairs::On => 2,
                    Pairs::Off => 0,
                };
                2 * (code.bits + code.code_bits) + both
            }
        }
    }

    /// Bits that move down from PE to PE.
    pub const fn weight_bits(&self) -> usize {
        // Weights, and where they stood among four.
        8 * self.pe.n_weights() + 2 * self.pe.n_positions()
    }

    /// The macros with which its sources are read.
    pub const fn defines(&self) -> &'static [&'static str] {
        match self.hold_bit {
            HoldBit::Absent => &[],
            HoldBit::Present => &["HOLD"],
        }
    }

    /// The parameters of `pe`.
    pub fn parameters(&self) -> Vec<Parameter> {
        let mut all: Vec<(&'static str, usize)> = match self.pe {
            Pe::Conventional => vec![("KIND", 0)],
            Pe::NbSmt(rules) => vec![
                ("KIND", 1),
                ("THREADS", rules.threads.count()),
                ("BASE", base(rules.policy.base())),
                ("SPARSITY", sparsity(rules.policy.sparsity())),
                ("FLOOR", floor(rules.rounding)),
                ("EXTEND", extend(rules.overflow)),
            ],
            Pe::Sparq(rules) => window(2, &rules),
            Pe::SparqStc(rules) => window(3, &rules),
        };
        all.push(("DEPTH", usize::from(self.depth)));
        all.push(("A_BITS", self.activation_bits()));
        all.push(("W_BITS", self.weight_bits()));
        all.into_iter()
            .map(|(name, value)| Parameter { name, value })
            .collect()
    }
}

fn nbsmt_name(kind: PeKind, rules: &NbSmt) -> String {
    let mut name = format!("{kind}-{}t", rules.threads.count());
    match rules.threads {
        Threads::One => return name,
        Threads::Two | Threads::Four => {}
    }
    name += &format!("-{}", rules.policy.name());
    match rules.rounding {
        Rounding::HalfEven => {}
        Rounding::Floor => name += "-floor",
    }
    match rules.overflow {
        Overflow::Saturate => {}
        Overflow::Extend => name += "-extend",
    }
    name
}

fn sparq_name(kind: PeKind, rules: &Sparq) -> String {
    let mut name = format!("{kind}-{}", rules.window.name());
    match rules.rounding {
        WindowRounding::Round => {}
        WindowRounding::Trim => name += "-trim",
    }
    match rules.pairs {
        Pairs::On => {}
        Pairs::Off => name += "-alone",
    }
    name
}

const fn base(base: BasePolicy) -> usize {
    match base {
        BasePolicy::A0 => 0,
        BasePolicy::A => 1,
        BasePolicy::Aw => 2,
        BasePolicy::W => 3,
        BasePolicy::AW => 4,
    }
}

const fn sparsity(sparsity: Sparsity) -> usize {
    match sparsity {
        Sparsity::On => 1,
        Sparsity::Off => 0,
    }
}

const fn floor(rounding: Rounding) -> usize {
    match rounding {
        Rounding::HalfEven => 0,
        Rounding::Floor => 1,
    }
}

const fn extend(overflow: Overflow) -> usize {
    match overflow {
        Overflow::Saturate => 0,
        Overflow::Extend => 1,
    }
}

fn window(kind: usize, rules: &Sparq) -> Vec<(&'static str, usize)> {
    let code = WindowCode::of(rules.window);
    let round = match rules.rounding {
        WindowRounding::Round => 1,
        WindowRounding::Trim => 0,
    };
    let pairs = match rules.pairs {
        Pairs::On => 1,
        Pairs::Off => 0,
    };
    vec![
        ("KIND", kind),
        ("BITS", code.bits),
        ("STEP", code.step),
        ("LAST", code.last),
        ("CODE_BITS", code.code_bits),
        ("ROUND", round),
        ("PAIRS", pairs),
    ]
}
