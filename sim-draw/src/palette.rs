//! Palettes: what is drawn has a tone, and a palette has its colour.

use crate::style::{Colour, GREY, INK};
use crate::text::float;
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
    single: 0x0072b2,
    series: [
        0x00568f, 0xc86a00, 0x009e73, 0x1a1a1a, 0xb84c8c, 0x56b4e9, 0x9a3800, 0x6a4cb0, 0x7a8a00, 0xd83030,
    ],
    graded: [0xe4e4e4, 0xf2c92e, 0xc86a00, 0x9a3800, 0x4a1700],
    beside: [0x56b4e9, 0xd48fb8, 0xd6efe2, 0x00568f],
    ramp: &[0xe4eff8, 0x5b9fcf, 0x00467a],
};

const VIRIDIS: Colours = Colours {
    single: 0x2a788e,
    series: [
        0x440154, 0x22a884, 0x355f8d, 0x8cb81e, 0x805a9e, 0x2a788e, 0x44bf70, 0x482475, 0x1a6b52, 0xc9b400,
    ],
    graded: [0xe4e4e4, 0x8ad44a, 0x219b88, 0x355f8d, 0x440154],
    beside: [0xb8a4d6, 0xd48fb8, 0xf4eefa, 0x554570],
    ramp: &[0x440154, 0x414487, 0x2a788e, 0x22a884, 0x7ad151, 0xfde725],
};

const GREYS: Colours = Colours {
    single: 0x5e5e5e,
    series: [
        0x1b1b1b, 0x7a7a7a, 0xb0b0b0, 0x4a4a4a, 0x969696, 0xc2c2c2, 0x303030, 0x686868, 0xa3a3a3, 0x585858,
    ],
    graded: [0xe7e7e7, 0xb9b9b9, 0x8b8b8b, 0x5e5e5e, 0x333333],
    beside: [0xa1a1a1, 0xd6d6d6, 0xf8f8f8, 0x141414],
    ramp: &[0xf2f2f2, 0x262626],
};

/// The colours of a palette, as red, green and blue bytes.
struct Colours {
    single: u32,
    /// Dark enough for a line on white; after ten they come back.
    series: [u32; 10],
    /// Light to dark.
    graded: [u32; 5],
    /// What touches stays apart, in grey too.
    beside: [u32; 4],
    /// From low to high.
    ramp: &'static [u32],
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
        Colour::of(match tone {
            Tone::Single => colours.single,
            Tone::Series(index) => colours.series[index % colours.series.len()],
            Tone::Graded(n) => colours.graded[n.min(colours.graded.len() - 1)],
            Tone::Beside(n) => colours.beside[n % colours.beside.len()],
            Tone::Ink => return INK,
            Tone::Grey => return GREY,
        })
    }

    /// The colour of a share of a range, 0 to 1.
    pub(crate) fn ramp(self, share: f64) -> Colour {
        let ramp = self.colours().ramp;
        let n_steps = ramp.len() - 1;
        let place = share.clamp(0.0, 1.0) * float(n_steps);
        let below = (0..n_steps).rev().find(|&step| float(step) <= place);
        let below = below.unwrap_or(0);
        Colour::of(ramp[below]).mixed(Colour::of(ramp[below + 1]), place - float(below))
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
