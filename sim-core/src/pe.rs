//! Processing elements: their kinds, the rules of each, and what follows from them.

use crate::fixed::{Overflow, Rounding};
use crate::named;
use crate::policy::{Policy, Sparsity, Threads};

named! {
    /// Which bits of an activation a SPARQ window may keep.
    pub enum Window {
        /// Four bits at shifts 4 to 0.
        Opt5 = "5opt",
        /// Four bits at shifts 4, 2, 0.
        Opt3 = "3opt",
        /// Four bits at shifts 4, 0.
        Opt2 = "2opt",
        /// Three bits at shifts 5 to 0.
        Opt6 = "6opt",
        /// Two bits at shifts 6 to 0.
        Opt7 = "7opt",
    }
}

named! {
    /// What happens to the bits below a SPARQ window.
    pub enum WindowRounding {
        /// Rounded half to even, saturating within the window.
        Round = "round",
        /// Dropped.
        Trim = "trim",
    }
}

/// Whether an activation may use the bits of a zero partner (vSPARQ).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pairs {
    /// A zero partner's bits are used.
    On,
    /// Every activation is windowed by itself.
    Off,
}

impl Pairs {
    /// Both.
    pub const ALL: [Self; 2] = [Self::On, Self::Off];
}

/// The rules of an NB-SMT PE.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NbSmt {
    /// Threads that share the multiplier.
    pub threads: Threads,
    /// What a collision reduces.
    pub policy: Policy,
    /// How a reduced operand is rounded.
    pub rounding: Rounding,
    /// What happens to a nibble that rounding overflowed.
    pub overflow: Overflow,
}

impl NbSmt {
    /// Threads with a policy, rounded half to even and saturating, as a configuration has it by default.
    pub const fn new(threads: Threads, policy: Policy) -> Self {
        Self {
            threads,
            policy,
            rounding: Rounding::HalfEven,
            overflow: Overflow::Saturate,
        }
    }

    /// Every set of rules of so many threads.
    pub fn every(threads: Threads) -> Vec<Self> {
        let mut all = Vec::new();
        for policy in Policy::ALL {
            for rounding in Rounding::ALL {
                all.extend(Overflow::ALL.map(|overflow| Self {
                    threads,
                    policy,
                    rounding,
                    overflow,
                }));
            }
        }
        all
    }
}

/// The rules of a SPARQ PE.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sparq {
    /// Bits that an activation may keep.
    pub window: Window,
    /// What happens to the bits below.
    pub rounding: WindowRounding,
    /// Whether a zero partner's bits are used.
    pub pairs: Pairs,
}

impl Sparq {
    /// A window that rounds, over pairs, as a configuration has it by default.
    pub const fn new(window: Window) -> Self {
        Self {
            window,
            rounding: WindowRounding::Round,
            pairs: Pairs::On,
        }
    }

    /// Every set of rules.
    pub fn every() -> Vec<Self> {
        let mut all = Vec::new();
        for window in Window::ALL {
            for rounding in WindowRounding::ALL {
                all.extend(Pairs::ALL.map(|pairs| Self {
                    window,
                    rounding,
                    pairs,
                }));
            }
        }
        all
    }
}

named! {
    /// The kinds of processing elements.
    pub enum PeKind {
        /// One exact 8b×8b product a cycle.
        Conventional = "conventional",
        /// Non-blocking simultaneous multithreading.
        NbSmt = "nb-smt",
        /// Two activations a cycle, windowed at the array's edge.
        Sparq = "sparq",
        /// Two of four activations a cycle, selected by 2:4 sparse weights.
        SparqStc = "sparq-stc",
    }
}

impl PeKind {
    /// Which rules a PE of this kind has.
    pub const fn rules(self) -> RuleSet {
        match self {
            Self::Conventional => RuleSet::Plain,
            Self::NbSmt => RuleSet::Threads,
            Self::Sparq | Self::SparqStc => RuleSet::Windows,
        }
    }

    /// How many consecutive or segmented K values one step consumes: T threads, a pair, or a group of four. `threads` are
    /// of a kind that has them.
    pub const fn k_per_step(self, threads: Threads) -> usize {
        match self {
            Self::Conventional => 1,
            Self::NbSmt => threads.count(),
            Self::Sparq => 2,
            Self::SparqStc => 4,
        }
    }
}

/// Which rules a kind of PE has, and so which keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleSet {
    /// None.
    Plain,
    /// Those of threads that share a multiplier, [`NbSmt`].
    Threads,
    /// Those of windows, [`Sparq`].
    Windows,
}

/// Where windows stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowPlace {
    /// At the array's left edge, once a row: what moves has been windowed.
    Edge,
    /// In every PE: what moves is as it was given.
    Pe,
}

/// Which weights a PE takes, and how it holds those of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeightPattern {
    /// Any, one of each lane.
    Any,
    /// At most two of each four along K that are not zero; those two, and where they stood. They select their
    /// activations.
    TwoOfFour,
}

/// How K is dealt to the lanes of a step; a lane is a thread, or a place in a pair or in a group of four.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KSplit {
    /// Each lane has a contiguous segment of K.
    Segments,
    /// The lanes of a step are neighbours in K.
    Neighbours,
}

/// A processing element: a kind with its rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pe {
    /// [`PeKind::Conventional`].
    Conventional,
    /// [`PeKind::NbSmt`].
    NbSmt(NbSmt),
    /// [`PeKind::Sparq`].
    Sparq(Sparq),
    /// [`PeKind::SparqStc`].
    SparqStc(Sparq),
}

impl Pe {
    /// The kind.
    pub const fn kind(self) -> PeKind {
        match self {
            Self::Conventional => PeKind::Conventional,
            Self::NbSmt(_) => PeKind::NbSmt,
            Self::Sparq(_) => PeKind::Sparq,
            Self::SparqStc(_) => PeKind::SparqStc,
        }
    }

    /// The rules of threads that share a multiplier; `None` for kinds that do not split K among threads.
    pub const fn nb_smt(self) -> Option<NbSmt> {
        match self {
            Self::NbSmt(rules) => Some(rules),
            Self::Conventional | Self::Sparq(_) | Self::SparqStc(_) => None,
        }
    }

    /// The rules of windows, and where they stand; `None` for kinds without.
    pub const fn windows(self) -> Option<(WindowPlace, Sparq)> {
        match self {
            Self::Sparq(rules) => Some((WindowPlace::Edge, rules)),
            Self::SparqStc(rules) => Some((WindowPlace::Pe, rules)),
            Self::Conventional | Self::NbSmt(_) => None,
        }
    }

    /// The rules of windows at the array's edge; `None` for kinds whose activations move as they were given.
    pub const fn edge_window(self) -> Option<Sparq> {
        match self.windows() {
            Some((WindowPlace::Edge, rules)) => Some(rules),
            Some((WindowPlace::Pe, _)) | None => None,
        }
    }

    /// Every kind that has windows, with each of these rules; a kind after the other.
    pub fn with_windows(rules: &[Sparq]) -> Vec<Self> {
        let kind = |kind: PeKind| -> Option<fn(Sparq) -> Self> {
            match kind {
                PeKind::Sparq => Some(Self::Sparq),
                PeKind::SparqStc => Some(Self::SparqStc),
                PeKind::Conventional | PeKind::NbSmt => None,
            }
        };
        let kinds = PeKind::ALL.into_iter().filter_map(kind);
        kinds.flat_map(|of| rules.iter().copied().map(of)).collect()
    }

    /// The PEs to compare, with the rules that a configuration has by default: conventional, one thread, two and four threads
    /// with these policies, and every kind with windows in every window.
    pub fn compared(policies: &[Policy]) -> Vec<Self> {
        let nb_smt = |threads, policy| Self::NbSmt(NbSmt::new(threads, policy));
        let mut all = vec![Self::Conventional, nb_smt(Threads::One, Policy::SA)];
        for threads in [Threads::Two, Threads::Four] {
            all.extend(policies.iter().map(|&policy| nb_smt(threads, policy)));
        }
        all.extend(Self::with_windows(&Window::ALL.map(Sparq::new)));
        all
    }

    /// Which weights it takes.
    pub const fn weight_pattern(self) -> WeightPattern {
        match self {
            Self::Conventional | Self::NbSmt(_) | Self::Sparq(_) => WeightPattern::Any,
            Self::SparqStc(_) => WeightPattern::TwoOfFour,
        }
    }

    /// The weights of a step that it holds.
    pub const fn n_weights(self) -> usize {
        match self.weight_pattern() {
            WeightPattern::Any => self.k_per_step(),
            WeightPattern::TwoOfFour => 2,
        }
    }

    /// Of how many of those weights it holds where they stood.
    pub const fn n_positions(self) -> usize {
        match self.weight_pattern() {
            WeightPattern::Any => 0,
            WeightPattern::TwoOfFour => 2,
        }
    }

    /// The threads that every step costs, where zeros free nothing.
    pub fn full_collision(self) -> Option<usize> {
        let rules = self.nb_smt()?;
        match rules.policy.sparsity() {
            Sparsity::Off => Some(rules.threads.count()),
            Sparsity::On => None,
        }
    }

    /// The lanes of a step: how many K values it consumes, as [`PeKind::k_per_step`] says.
    pub const fn k_per_step(self) -> usize {
        let threads = match self.nb_smt() {
            Some(rules) => rules.threads,
            None => Threads::One,
        };
        self.kind().k_per_step(threads)
    }

    /// S, the steps of a tile for `k` terms.
    pub const fn n_steps(self, k: usize) -> usize {
        k.div_ceil(self.k_per_step())
    }

    /// The most products a step can use: T threads, or 2 of a pair.
    pub const fn max_active(self) -> usize {
        match self {
            Self::Conventional => 1,
            Self::NbSmt(rules) => rules.threads.count(),
            Self::Sparq(_) | Self::SparqStc(_) => 2,
        }
    }

    /// The threads that a result names: one for conventional, none for SPARQ.
    pub const fn threads(self) -> Option<Threads> {
        match self {
            Self::Conventional => Some(Threads::One),
            Self::NbSmt(rules) => Some(rules.threads),
            Self::Sparq(_) | Self::SparqStc(_) => None,
        }
    }

    /// How K is dealt to the lanes of a step.
    pub const fn k_split(self) -> KSplit {
        match self {
            Self::Conventional | Self::NbSmt(_) => KSplit::Segments,
            Self::Sparq(_) | Self::SparqStc(_) => KSplit::Neighbours,
        }
    }

    /// How K is laid out when a convolution is lowered: neighbours in K are neighbouring channels.
    pub const fn k_order(self) -> KOrder {
        match self.k_split() {
            KSplit::Segments => KOrder::ChannelMajor,
            KSplit::Neighbours => KOrder::ChannelFastest,
        }
    }

    /// The largest K whose every product fits a 32-bit accumulator.
    pub const fn max_k(self) -> usize {
        match self {
            // An extended activation reaches 256: K·256·128 must stay below 2^31.
            Self::NbSmt(NbSmt {
                overflow: Overflow::Extend,
                ..
            }) => 65_535,
            // K·255·128 must stay below 2^31.
            Self::Conventional | Self::NbSmt(_) | Self::Sparq(_) | Self::SparqStc(_) => 65_793,
        }
    }
}

/// How the K of a convolution is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KOrder {
    /// `(c, kh, kw)`.
    ChannelMajor,
    /// `(kh, kw, c)`.
    ChannelFastest,
}
