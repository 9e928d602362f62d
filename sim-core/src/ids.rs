//! Indices as types: a row can never be used as a column.

macro_rules! index {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub usize);

        impl $name {
            /// The plain index.
            pub const fn idx(self) -> usize {
                self.0
            }
        }
    )+};
}

index!(
    /// A row of PEs, 0 at the top.
    Row,
    /// A column of PEs, 0 at the left.
    Col,
    /// A thread of a PE.
    ThreadId,
    /// A tile of a product, in the order in which the array computes them.
    TileId,
    /// A layer's place among the layers of a trace.
    LayerId,
);
