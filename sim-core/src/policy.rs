//! Threads of an NB-SMT PE and the papers' policies.

use crate::named;

/// How many threads share the multiplier of an NB-SMT PE.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Threads {
    /// One: exact, like a conventional PE.
    One,
    /// Two.
    Two,
    /// Four.
    Four,
}

impl Threads {
    /// Every thread count.
    pub const ALL: [Self; 3] = [Self::One, Self::Two, Self::Four];

    /// The number.
    pub const fn count(self) -> usize {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Four => 4,
        }
    }

    /// One step down; `None` from one.
    pub const fn fewer(self) -> Option<Self> {
        match self {
            Self::One => None,
            Self::Two => Some(Self::One),
            Self::Four => Some(Self::Two),
        }
    }

    /// From the number.
    pub const fn from_count(count: usize) -> Option<Self> {
        match count {
            1 => Some(Self::One),
            2 => Some(Self::Two),
            4 => Some(Self::Four),
            _ => None,
        }
    }
}

/// What a collision of two threads reduces to four bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BasePolicy {
    /// The activation, always, narrow ones too.
    A0,
    /// The activation where it is wide.
    A,
    /// The activation where it and its weight are wide.
    Aw,
    /// The weight where it is wide.
    W,
    /// The weight where it and its activation are wide.
    AW,
}

/// Whether zeros free the multiplier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sparsity {
    /// A thread with a zero operand does not collide.
    On,
    /// Every step is a full collision.
    Off,
}

named! {
    /// The papers' policies.
    pub enum Policy {
        /// `S`: reduce every activation in a collision.
        S = "S",
        /// `A`: reduce wide activations, zeros ignored.
        A = "A",
        /// `W`: reduce wide weights, zeros ignored.
        W = "W",
        /// `Aw`: reduce activations where both operands are wide, zeros ignored.
        Aw = "Aw",
        /// `aW`: reduce weights where both operands are wide, zeros ignored.
        AW = "aW",
        /// `S+A`.
        SA = "S+A",
        /// `S+W`.
        SW = "S+W",
        /// `S+Aw`.
        SAw = "S+Aw",
        /// `S+aW`.
        SAW = "S+aW",
    }
}

impl Policy {
    /// What a collision reduces.
    pub const fn base(self) -> BasePolicy {
        match self {
            Self::S => BasePolicy::A0,
            Self::A | Self::SA => BasePolicy::A,
            Self::W | Self::SW => BasePolicy::W,
            Self::Aw | Self::SAw => BasePolicy::Aw,
            Self::AW | Self::SAW => BasePolicy::AW,
        }
    }

    /// Whether zeros free the multiplier.
    pub const fn sparsity(self) -> Sparsity {
        match self {
            Self::S | Self::SA | Self::SW | Self::SAw | Self::SAW => Sparsity::On,
            Self::A | Self::W | Self::Aw | Self::AW => Sparsity::Off,
        }
    }
}
