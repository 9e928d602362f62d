//! Colours.

/// Red, green, blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Colour(pub(crate) u8, pub(crate) u8, pub(crate) u8);

pub(crate) const INK: Colour = Colour::of(0x1a1a1a);
pub(crate) const GRID: Colour = Colour::of(0xdddddd);
pub(crate) const GREY: Colour = Colour::of(0x8c8c8c);
pub(crate) const PAPER: Colour = Colour::of(0xffffff);
/// What a reader must not overlook.
pub(crate) const WARNING: Colour = Colour::of(0xb02020);

impl Colour {
    /// Of its bytes: 0xRRGGBB.
    pub(crate) const fn of(rgb: u32) -> Self {
        let [_, red, green, blue] = rgb.to_be_bytes();
        Self(red, green, blue)
    }

    /// CIE lightness, 0 to 100.
    pub(crate) fn lightness(self) -> f64 {
        let linear = |channel: u8| {
            let c = f64::from(channel) / 255.0;
            if c <= 0.04045 {
                c / 12.92
            } else {
                ((c + 0.055) / 1.055).powf(2.4)
            }
        };
        let Self(red, green, blue) = self;
        116.0 * (0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)).cbrt() - 16.0
    }

    /// So much of the way to another.
    pub(crate) fn mixed(self, other: Self, share: f64) -> Self {
        let mix = |from: u8, to: u8| {
            let mixed = f64::from(from) + share * (f64::from(to) - f64::from(from));
            channel(mixed)
        };
        Self(mix(self.0, other.0), mix(self.1, other.1), mix(self.2, other.2))
    }

    /// Ink or paper, whichever is read on it.
    pub(crate) fn contrast(self) -> Self {
        if self.lightness() < 60.0 { PAPER } else { INK }
    }
}

#[expect(
    clippy::as_conversions,
    reason = "a mix of two bytes is a byte; the cast saturates"
)]
fn channel(value: f64) -> u8 {
    value.round() as u8
}
