//! The operators that the library computes.

use crate::ops::library::rules::{OutputKind, OutputShape, OutputSign};

/// An operator.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) name: &'static str,
    pub(super) sign: OutputSign,
    pub(super) shape: OutputShape,
    pub(super) kind: OutputKind,
}

/// What is known of `operator`; `None` if the library is not asked for it.
pub(super) fn entry(operator: &str) -> Option<&'static Entry> {
    ENTRIES.iter().find(|entry| entry.name == operator)
}

const fn entry_of(name: &'static str, sign: OutputSign, shape: OutputShape, kind: OutputKind) -> Entry {
    Entry {
        name,
        sign,
        shape,
        kind,
    }
}

/// One element in, one element out.
const fn unary(name: &'static str, sign: OutputSign) -> Entry {
    entry_of(name, sign, OutputShape::First, OutputKind::Input(0))
}

/// Truth values of elements.
const fn truth(name: &'static str) -> Entry {
    entry_of(
        name,
        OutputSign::NonNegative,
        OutputShape::Broadcast,
        OutputKind::Bool,
    )
}

/// Elements of the first input in other places.
const fn moved(name: &'static str, shape: OutputShape) -> Entry {
    entry_of(name, OutputSign::First, shape, OutputKind::Input(0))
}

const ENTRIES: &[Entry] = {
    use OutputKind::{Input, Int64, Positions};
    use OutputShape::{Asked, Broadcast, Expanded, First, OfElements, Range, Tiled};
    use OutputSign::{All, Any, AnyOf, Both, NonNegative};
    &[
        unary("Abs", NonNegative),
        unary("Acos", NonNegative),
        unary("Acosh", NonNegative),
        truth("And"),
        unary("Asin", OutputSign::First),
        unary("Asinh", OutputSign::First),
        unary("Atan", OutputSign::First),
        unary("Atanh", OutputSign::First),
        unary("Ceil", OutputSign::First),
        unary("Cos", Any),
        unary("Cosh", NonNegative),
        moved("CumSum", First),
        moved("DepthToSpace", Asked),
        entry_of("Einsum", All, Asked, Input(0)),
        unary("Elu", OutputSign::First),
        truth("Equal"),
        unary("Erf", OutputSign::First),
        unary("Exp", NonNegative),
        moved("Expand", Expanded),
        entry_of("EyeLike", NonNegative, First, Input(0)),
        unary("Floor", OutputSign::First),
        moved("GatherElements", Asked),
        moved("GatherND", Asked),
        unary("Gelu", OutputSign::First),
        truth("Greater"),
        truth("GreaterOrEqual"),
        moved("GridSample", Asked),
        entry_of("GRU", Any, Asked, Input(0)),
        entry_of("IsInf", NonNegative, First, OutputKind::Bool),
        entry_of("IsNaN", NonNegative, First, OutputKind::Bool),
        truth("Less"),
        truth("LessOrEqual"),
        unary("Log", Any),
        unary("LogSoftmax", Any),
        entry_of("LSTM", Any, Asked, Input(0)),
        entry_of("Max", AnyOf, Broadcast, Input(0)),
        entry_of("Mean", All, Broadcast, Input(0)),
        entry_of("Min", All, Broadcast, Input(0)),
        entry_of("Mod", Both(0, 1), Broadcast, Input(0)),
        unary("Neg", Any),
        entry_of("NonZero", NonNegative, OfElements, Int64),
        truth("Not"),
        truth("Or"),
        // A power of what is not negative is not negative.
        entry_of("Pow", OutputSign::First, Broadcast, Input(0)),
        entry_of("PRelu", OutputSign::First, First, Input(0)),
        entry_of("Range", Any, Range, Input(0)),
        unary("Reciprocal", OutputSign::First),
        moved("ReverseSequence", First),
        unary("Round", OutputSign::First),
        entry_of("ScatterElements", Both(0, 2), First, Input(0)),
        entry_of("ScatterND", Both(0, 2), First, Input(0)),
        unary("Sin", Any),
        unary("Sinh", OutputSign::First),
        unary("Softplus", NonNegative),
        unary("Softsign", OutputSign::First),
        unary("Sqrt", NonNegative),
        unary("Tan", Any),
        moved("Tile", Tiled),
        entry_of("TopK", OutputSign::First, Asked, Positions),
        moved("Trilu", First),
        entry_of("Where", Both(1, 2), Broadcast, Input(1)),
        truth("Xor"),
    ]
};
