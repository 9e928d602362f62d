//! Palettes: what is drawn has a tone, and a palette has its colour.

use crate::style::{Colour, GREY, INK};
use sim_core::named;

/// What a colour stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// The only series.
    Single,
    /// The series of this number, from 0.
    Series(usize),
    /// The part of this degree, from 0: the higher, the darker.
    Graded(usize),
    /// A part that stands beside graded ones, by its number from 0.
    Beside(usize),
    /// Text and axes.
    Ink,
    /// What stands behind.
    Grey,
}

named! {
    /// Colours of a figure.
    #[derive(Default)]
    pub enum Palette {
        /// Hues of Okabe and Ito, shifted so that parts that touch differ in grey too.
        #[default]
        OkabeIto = "okabe-ito",
        /// From dark violet over green to yellow.
        Viridis = "viridis",
        /// Greys alone.
        Grey = "grey",
    }
}

const OKABE_ITO: Colours = Colours {
    single: Colour(0x00, 0x72, 0xb2),
    series: [
        Colour(0x00, 0x56, 0x8f),
        Colour(0xc8, 0x6a, 0x00),
        Colour(0x00, 0x9e, 0x73),
        INK,
        Colour(0xb8, 0x4c, 0x8c),
        Colour(0x56, 0xb4, 0xe9),
        Colour(0x9a, 0x38, 0x00),
        Colour(0x6a, 0x4c, 0xb0),
        Colour(0x7a, 0x8a, 0x00),
        Colour(0xd8, 0x30, 0x30),
    ],
    graded: [
        Colour(0xe4, 0xe4, 0xe4),
        Colour(0xf2, 0xc9, 0x2e),
        Colour(0xc8, 0x6a, 0x00),
        Colour(0x9a, 0x38, 0x00),
        Colour(0x4a, 0x17, 0x00),
    ],
    beside: [
        Colour(0x56, 0xb4, 0xe9),
        Colour(0xd4, 0x8f, 0xb8),
        Colour(0xd6, 0xef, 0xe2),
        Colour(0x00, 0x56, 0x8f),
    ],
    ramp: &[
        Colour(0xe4, 0xef, 0xf8),
        Colour(0x5b, 0x9f, 0xcf),
        Colour(0x00, 0x46, 0x7a),
    ],
};

const VIRIDIS: Colours = Colours {
    single: Colour(0x2a, 0x78, 0x8e),
    series: [
        Colour(0x44, 0x01, 0x54),
        Colour(0x22, 0xa8, 0x84),
        Colour(0x35, 0x5f, 0x8d),
        Colour(0x8c, 0xb8, 0x1e),
        Colour(0x80, 0x5a, 0x9e),
        Colour(0x2a, 0x78, 0x8e),
        Colour(0x44, 0xbf, 0x70),
        Colour(0x48, 0x24, 0x75),
        Colour(0x1a, 0x6b, 0x52),
        Colour(0xc9, 0xb4, 0x00),
    ],
    graded: [
        Colour(0xe4, 0xe4, 0xe4),
        Colour(0x8a, 0xd4, 0x4a),
        Colour(0x21, 0x9b, 0x88),
        Colour(0x35, 0x5f, 0x8d),
        Colour(0x44, 0x01, 0x54),
    ],
    beside: [
        Colour(0xb8, 0xa4, 0xd6),
        Colour(0xd4, 0x8f, 0xb8),
        Colour(0xf4, 0xee, 0xfa),
        Colour(0x55, 0x45, 0x70),
    ],
    ramp: &[
        Colour(0x44, 0x01, 0x54),
        Colour(0x41, 0x44, 0x87),
        Colour(0x2a, 0x78, 0x8e),
        Colour(0x22, 0xa8, 0x84),
        Colour(0x7a, 0xd1, 0x51),
        Colour(0xfd, 0xe7, 0x25),
    ],
};

const GREYS: Colours = Colours {
    single: Colour(0x5e, 0x5e, 0x5e),
    series: [
        Colour(0x1b, 0x1b, 0x1b),
        Colour(0x7a, 0x7a, 0x7a),
        Colour(0xb0, 0xb0, 0xb0),
        Colour(0x4a, 0x4a, 0x4a),
        Colour(0x96, 0x96, 0x96),
        Colour(0xc2, 0xc2, 0xc2),
        Colour(0x30, 0x30, 0x30),
        Colour(0x68, 0x68, 0x68),
        Colour(0xa3, 0xa3, 0xa3),
        Colour(0x58, 0x58, 0x58),
    ],
    graded: [
        Colour(0xe7, 0xe7, 0xe7),
        Colour(0xb9, 0xb9, 0xb9),
        Colour(0x8b, 0x8b, 0x8b),
        Colour(0x5e, 0x5e, 0x5e),
        Colour(0x33, 0x33, 0x33),
    ],
    beside: [
        Colour(0xa1, 0xa1, 0xa1),
        Colour(0xd6, 0xd6, 0xd6),
        Colour(0xf8, 0xf8, 0xf8),
        Colour(0x14, 0x14, 0x14),
    ],
    ramp: &[Colour(0xf2, 0xf2, 0xf2), Colour(0x26, 0x26, 0x26)],
};

/// The colours of a palette.
struct Colours {
    single: Colour,
    /// Dark enough for a line on white; after ten they come back.
    series: [Colour; 10],
    /// Light to dark.
    graded: [Colour; 5],
    /// What touches stays apart, in grey too.
    beside: [Colour; 4],
    /// From low to high.
    ramp: &'static [Colour],
}

impl Palette {
    const fn colours(self) -> &'static Colours {
        match self {
            Self::OkabeIto => &OKABE_ITO,
            Self::Viridis => &VIRIDIS,
            Self::Grey => &GREYS,
        }
    }

    /// The colour of a tone.
    pub(crate) fn colour(self, tone: Tone) -> Colour {
        let colours = self.colours();
        match tone {
            Tone::Single => colours.single,
            Tone::Series(index) => colours.series[index % colours.series.len()],
            Tone::Graded(n) => colours.graded[n.min(colours.graded.len() - 1)],
            Tone::Beside(n) => colours.beside[n % colours.beside.len()],
            Tone::Ink => INK,
            Tone::Grey => GREY,
        }
    }

    /// The colour of a share of a range, 0 to 1.
    pub(crate) fn ramp(self, share: f64) -> Colour {
        let ramp = self.colours().ramp;
        let n_steps = ramp.len() - 1;
        let place = share.clamp(0.0, 1.0) * f64::from(u32::try_from(n_steps).unwrap_or(1));
        let below = (0..n_steps)
            .rev()
            .find(|&step| f64::from(u32::try_from(step).unwrap_or(0)) <= place)
            .unwrap_or(0);
        let part = place - f64::from(u32::try_from(below).unwrap_or(0));
        ramp[below].mixed(ramp[below + 1], part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parts that may touch, whatever is zero between them after the steps, differ when printed in grey.
    #[test]
    fn neighbouring_parts_differ_in_grey() {
        for palette in Palette::ALL {
            for last in [1, 2, 4] {
                let (graded, beside) = (Tone::Graded, Tone::Beside);
                let mut pairs = vec![
                    (beside(0), graded(0)),
                    (beside(1), beside(2)),
                    (beside(1), beside(3)),
                    (beside(2), beside(3)),
                ];
                pairs.extend((0..last).map(|n| (graded(n), graded(n + 1))));
                pairs.extend([beside(1), beside(2), beside(3)].map(|after| (graded(last), after)));
                for (lower, upper) in pairs {
                    let [one, other] = [lower, upper].map(|tone| palette.colour(tone).lightness());
                    let difference = (one - other).abs();
                    assert!(
                        8.0 < difference,
                        "{palette:?}: {lower:?} and {upper:?} differ by {difference}"
                    );
                }
            }
        }
    }

    #[test]
    fn ramps_go_one_way_in_grey() {
        for palette in Palette::ALL {
            let lightness: Vec<f64> = (0..=20_u8)
                .map(|step| palette.ramp(f64::from(step) / 20.0).lightness())
                .collect();
            let rises = lightness.windows(2).all(|pair| pair[0] < pair[1]);
            let falls = lightness.windows(2).all(|pair| pair[1] < pair[0]);
            assert!(rises || falls, "{palette:?}: {lightness:?}");
        }
    }
}
