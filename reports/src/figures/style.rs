//! Colours that differ in hue for the colour-blind and in luminance on a grey printer.

/// Red, green, blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Colour(pub(crate) u8, pub(crate) u8, pub(crate) u8);

pub(crate) const INK: Colour = Colour(0x1a, 0x1a, 0x1a);
pub(crate) const GRID: Colour = Colour(0xdd, 0xdd, 0xdd);
pub(crate) const PAPER: Colour = Colour(0xff, 0xff, 0xff);
/// Bars of a figure with one series.
pub(crate) const SINGLE: Colour = Colour(0x00, 0x72, 0xb2);

pub(crate) const FILL: Colour = Colour(0x56, 0xb4, 0xe9);
pub(crate) const MASKED: Colour = Colour(0xcc, 0x79, 0xa7);
pub(crate) const STALL: Colour = Colour(0xc8, 0xe6, 0xd8);
pub(crate) const DRAIN: Colour = Colour(0x00, 0x72, 0xb2);

/// Light to dark with the number of active threads; none is grey.
const ACTIVE: [Colour; 5] = [
    Colour(0xc4, 0xc4, 0xc4),
    Colour(0xf0, 0xe4, 0x42),
    Colour(0xe6, 0x9f, 0x00),
    Colour(0xb8, 0x4a, 0x00),
    Colour(0x3d, 0x14, 0x00),
];

/// Colour of a number of active threads.
pub(crate) fn active(n_active: usize) -> Colour {
    ACTIVE[n_active.min(ACTIVE.len() - 1)]
}
