//! What the library does not say of an operator: the sign, shape and type of what it makes.

/// The sign of the first output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OutputSign {
    /// It may be negative.
    Any,
    /// It is never negative.
    NonNegative,
    /// It is not negative if the first input is not.
    First,
    /// It is not negative if no input is.
    All,
    /// It is not negative if one of the inputs is not.
    AnyOf,
    /// It is not negative if these two inputs are not.
    Both(usize, usize),
}

/// The shape of the outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OutputShape {
    /// That of the first input.
    First,
    /// The inputs are broadcast.
    Broadcast,
    /// The first input is broadcast with the sizes in the second.
    Expanded,
    /// The first input, repeated as often as the second says.
    Tiled,
    /// As many numbers as lie between two inputs.
    Range,
    /// It follows from shapes and integers; the library is asked.
    Asked,
    /// It depends on the elements.
    OfElements,
}

/// What integers of the outputs are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OutputKind {
    /// Truth values.
    Bool,
    /// `int64`.
    Int64,
    /// The first output is as the first input, others are positions: `int64`.
    Positions,
    /// As this input.
    Input(usize),
}
