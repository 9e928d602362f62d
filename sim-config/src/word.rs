//! Enums that a configuration file writes as words.

use sim_core::fixed::{Overflow, Rounding};
use sim_core::preprocessing::{Channels, Layout, ResizeMode};
use sim_core::prune::PruneScope;
use sim_core::quantization::{Bias, EdgeLayer, LayerSelection, SignedInputs, WeightScales};
use sim_core::range::RangeMethod;
use sim_core::reorder::Reorder;
use sim_core::spec::{Batch, Dataflow, Policy, Tiles, Window, WindowRounding};

/// An enum with a name for each value.
pub(crate) trait Word: Copy + 'static {
    /// Every value.
    fn all() -> &'static [Self];

    /// The name in configuration files.
    fn word(self) -> &'static str;
}

/// The names of all values of `T`.
pub(crate) fn words<T: Word>() -> Vec<&'static str> {
    T::all().iter().map(|value| value.word()).collect()
}

macro_rules! word {
    ($($name:ident),+ $(,)?) => {$(
        impl Word for $name {
            fn all() -> &'static [Self] {
                &Self::ALL
            }

            fn word(self) -> &'static str {
                self.name()
            }
        }
    )+};
}

word!(
    Batch,
    Overflow,
    Policy,
    Rounding,
    Tiles,
    Window,
    WindowRounding,
    Kind,
    Dataflow
);
word!(
    Bias,
    Channels,
    EdgeLayer,
    Layout,
    LayerSelection,
    PruneScope,
    RangeMethod,
    Reorder,
    ResizeMode,
    SignedInputs,
    WeightScales
);

/// `kind` of a PE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Conventional,
    NbSmt,
    Sparq,
    SparqStc,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Conventional, Self::NbSmt, Self::Sparq, Self::SparqStc];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Conventional => "conventional",
            Self::NbSmt => "nb-smt",
            Self::Sparq => "sparq",
            Self::SparqStc => "sparq-stc",
        }
    }
}
