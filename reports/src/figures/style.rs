//! Colours that differ in hue for the colour-blind and in luminance on a grey printer.

/// Red, green, blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Colour(pub(crate) u8, pub(crate) u8, pub(crate) u8);

pub(crate) const INK: Colour = Colour(0x1a, 0x1a, 0x1a);
pub(crate) const GRID: Colour = Colour(0xdd, 0xdd, 0xdd);
pub(crate) const GREY: Colour = Colour(0x8c, 0x8c, 0x8c);
pub(crate) const PAPER: Colour = Colour(0xff, 0xff, 0xff);
/// Bars of a figure with one series.
pub(crate) const SINGLE: Colour = Colour(0x00, 0x72, 0xb2);

pub(crate) const FILL: Colour = Colour(0x56, 0xb4, 0xe9);
pub(crate) const MASKED: Colour = Colour(0xd4, 0x8f, 0xb8);
pub(crate) const STALL: Colour = Colour(0xd6, 0xef, 0xe2);
pub(crate) const DRAIN: Colour = Colour(0x00, 0x56, 0x8f);

/// Light to dark with the number of active threads.
const ACTIVE: [Colour; 5] = [
    Colour(0xe4, 0xe4, 0xe4),
    Colour(0xf2, 0xc9, 0x2e),
    Colour(0xc8, 0x6a, 0x00),
    Colour(0x9a, 0x38, 0x00),
    Colour(0x4a, 0x17, 0x00),
];

/// Colour of a number of active threads.
pub(crate) fn active(n_active: usize) -> Colour {
    ACTIVE[n_active.min(ACTIVE.len() - 1)]
}

/// Colours of series, dark enough for a line on white.
const SERIES: [Colour; 10] = [
    DRAIN,
    Colour(0xc8, 0x6a, 0x00),
    Colour(0x00, 0x9e, 0x73),
    INK,
    Colour(0xb8, 0x4c, 0x8c),
    FILL,
    Colour(0x9a, 0x38, 0x00),
    Colour(0x6a, 0x4c, 0xb0),
    Colour(0x7a, 0x8a, 0x00),
    Colour(0xd8, 0x30, 0x30),
];

/// Colour of the series of a number, from 0; after ten they come back.
pub(crate) fn series(index: usize) -> Colour {
    SERIES[index % SERIES.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CIE lightness, 0 to 100.
    fn lightness(Colour(red, green, blue): Colour) -> f64 {
        let linear = |channel: u8| {
            let c = f64::from(channel) / 255.0;
            if c <= 0.04045 {
                c / 12.92
            } else {
                ((c + 0.055) / 1.055).powf(2.4)
            }
        };
        116.0 * (0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)).cbrt() - 16.0
    }

    /// Parts that may touch, whatever is zero between them after the steps, differ when printed in grey.
    #[test]
    fn neighbouring_parts_differ_in_grey() {
        for threads in [1, 2, 4] {
            let mut pairs = vec![
                (FILL, active(0)),
                (MASKED, STALL),
                (MASKED, DRAIN),
                (STALL, DRAIN),
            ];
            pairs.extend((0..threads).map(|n| (active(n), active(n + 1))));
            pairs.extend([MASKED, STALL, DRAIN].map(|after| (active(threads), after)));
            for (lower, upper) in pairs {
                let difference = (lightness(lower) - lightness(upper)).abs();
                assert!(8.0 < difference, "{lower:?} and {upper:?} differ by {difference}");
            }
        }
    }
}
