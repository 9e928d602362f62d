//! Which outputs of a product are computed.

use sim_core::shape::{Gemm, checked_product, widen};

const WORD: usize = 64;

/// Which outputs of one product are computed: of one image and group, or of folded images.
///
/// Invariant: every output of a first pixel is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PredictedOutputs {
    shape: Gemm,
    /// By pixel.
    first: Vec<bool>,
    /// By pixel, a bit per channel, from the low bit of a word up; bits beyond N are 0.
    kept: Vec<u64>,
}

/// Outputs that are not those of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutputsError {
    /// Too few or too many values.
    #[error("`{array}` has {found} values, but {expected} are needed: {of}")]
    Length {
        /// `first` or `kept`.
        array: &'static str,
        /// What its values are of.
        of: &'static str,
        /// How many it has.
        found: usize,
        /// How many there must be.
        expected: usize,
    },
    /// A pixel that is neither first nor free.
    #[error("`first` is {value} at pixel {pixel}: it must be 0 or 1")]
    First {
        /// The pixel.
        pixel: usize,
        /// What was given.
        value: u8,
    },
    /// An output that is neither kept nor skipped.
    #[error("`kept` is {value} at pixel {pixel}, channel {channel}: it must be 0 or 1")]
    Kept {
        /// The pixel.
        pixel: usize,
        /// The channel.
        channel: usize,
        /// What was given.
        value: u8,
    },
    /// An output that must be computed and is skipped.
    #[error("pixel {pixel} is first, but its output in channel {channel} is skipped: `kept` must be 1 there")]
    SkippedFirst {
        /// The pixel.
        pixel: usize,
        /// The channel.
        channel: usize,
    },
}

impl PredictedOutputs {
    /// The outputs of a product, each given as 0 or 1.
    ///
    /// - Shapes: `first` \[M\], 1 where the pixel is computed without asking; `kept` \[M, N\], 1 where the output is computed.
    /// - Errors: another length, another value, or a first pixel with a skipped output; the first one that is found.
    pub fn new(shape: Gemm, first: &[u8], kept: &[u8]) -> Result<Self, OutputsError> {
        let (m, n) = (shape.m(), shape.n());
        for (array, of, found, expected) in [
            ("first", "one for each pixel", first.len(), m),
            (
                "kept",
                "one for each pixel and channel",
                kept.len(),
                // A slice is never as long as a product that leaves usize.
                checked_product(&[m, n]).unwrap_or(usize::MAX),
            ),
        ] {
            if found != expected {
                return Err(OutputsError::Length {
                    array,
                    of,
                    found,
                    expected,
                });
            }
        }
        let mut outputs = Self {
            shape,
            first: Vec::with_capacity(m),
            kept: vec![0; m * n.div_ceil(WORD)],
        };
        for ((pixel, &value), row) in first.iter().enumerate().zip(kept.chunks(n)) {
            let is_first = bit(value).ok_or(OutputsError::First { pixel, value })?;
            outputs.first.push(is_first);
            for (channel, &value) in row.iter().enumerate() {
                match bit(value) {
                    Some(true) => outputs.keep(pixel, channel),
                    Some(false) if is_first => return Err(OutputsError::SkippedFirst { pixel, channel }),
                    Some(false) => {}
                    None => {
                        return Err(OutputsError::Kept {
                            pixel,
                            channel,
                            value,
                        });
                    }
                }
            }
        }
        Ok(outputs)
    }

    /// The product's shape.
    pub const fn shape(&self) -> Gemm {
        self.shape
    }

    /// Whether a pixel is computed without asking.
    pub fn is_first(&self, pixel: usize) -> bool {
        self.first[pixel]
    }

    /// Whether an output is computed.
    pub fn is_kept(&self, pixel: usize, channel: usize) -> bool {
        holds(self.kept_channels(pixel), channel)
    }

    /// The kept channels of a pixel: ⌈N/64⌉ words, a bit per channel from the low bit up, 0 beyond N.
    pub fn kept_channels(&self, pixel: usize) -> &[u64] {
        let n_words = self.n_words();
        &self.kept[pixel * n_words..][..n_words]
    }

    /// Kept outputs of some pixels.
    pub fn n_kept(&self, pixels: &[usize]) -> u64 {
        pixels
            .iter()
            .flat_map(|&pixel| self.kept_channels(pixel))
            .map(|word| u64::from(word.count_ones()))
            .sum()
    }

    /// Kept outputs of free pixels, by channel: what a channel order by density counts.
    pub fn n_kept_free_by_channel(&self) -> Vec<u64> {
        self.n_kept_by_channel((0..self.shape.m()).filter(|&pixel| !self.is_first(pixel)))
    }

    /// Kept outputs of some pixels, by channel.
    pub(super) fn n_kept_by_channel(&self, pixels: impl Iterator<Item = usize>) -> Vec<u64> {
        let mut counts = vec![0; self.shape.n()];
        for pixel in pixels {
            for (&word, counts) in self.kept_channels(pixel).iter().zip(counts.chunks_mut(WORD)) {
                let mut rest = word;
                while rest != 0 {
                    counts[bit_index(rest)] += 1;
                    rest &= rest - 1;
                }
            }
        }
        counts
    }

    /// The channels that any of some pixels keeps, as [`Self::kept_channels`].
    pub(super) fn kept_by_any(&self, pixels: &[usize]) -> Vec<u64> {
        let mut any = vec![0; self.n_words()];
        for &pixel in pixels {
            for (word, kept) in any.iter_mut().zip(self.kept_channels(pixel)) {
                *word |= kept;
            }
        }
        any
    }

    /// Some channels, as [`Self::kept_channels`].
    pub(super) fn set_of(&self, channels: &[usize]) -> Vec<u64> {
        let mut set = vec![0; self.n_words()];
        for &channel in channels {
            set[channel / WORD] |= 1 << (channel % WORD);
        }
        set
    }

    /// Whether a pixel keeps an output in a set of channels.
    pub(super) fn keeps_any(&self, pixel: usize, channels: &[u64]) -> bool {
        let mut words = self.kept_channels(pixel).iter().zip(channels);
        words.any(|(kept, wanted)| kept & wanted != 0)
    }

    /// Keep every output of a pixel.
    pub(super) fn keep_all(&mut self, pixel: usize) {
        for channel in 0..self.shape.n() {
            self.keep(pixel, channel);
        }
    }

    fn keep(&mut self, pixel: usize, channel: usize) {
        let word = pixel * self.n_words() + channel / WORD;
        self.kept[word] |= 1 << (channel % WORD);
    }

    fn n_words(&self) -> usize {
        self.shape.n().div_ceil(WORD)
    }

    /// Outputs of a number of pixels.
    pub(super) const fn n_outputs(&self, n_pixels: usize) -> u64 {
        widen(n_pixels) * widen(self.shape.n())
    }
}

/// Whether a set of channels, as [`PredictedOutputs::kept_channels`], holds one.
pub(super) fn holds(channels: &[u64], channel: usize) -> bool {
    channels[channel / WORD] >> (channel % WORD) & 1 == 1
}

const fn bit(value: u8) -> Option<bool> {
    match value {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }
}

/// The place of the lowest bit that is set.
fn bit_index(word: u64) -> usize {
    // At most 64.
    usize::try_from(word.trailing_zeros()).unwrap_or(WORD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_outputs_are_errors() {
        #[track_caller]
        fn check(first: &[u8], kept: &[u8], want: &str) {
            let shape = Gemm::new(2, 3, 1).expect("not empty");
            let error = PredictedOutputs::new(shape, first, kept).expect_err("bad outputs");
            assert_eq!(error.to_string(), want);
        }
        check(
            &[0],
            &[0; 6],
            "`first` has 1 values, but 2 are needed: one for each pixel",
        );
        check(
            &[0; 2],
            &[0; 5],
            "`kept` has 5 values, but 6 are needed: one for each pixel and channel",
        );
        check(&[0, 2], &[0; 6], "`first` is 2 at pixel 1: it must be 0 or 1");
        check(
            &[0; 2],
            &[0, 0, 0, 1, 255, 1],
            "`kept` is 255 at pixel 1, channel 1: it must be 0 or 1",
        );
        check(
            &[0, 1],
            &[0, 0, 0, 1, 1, 0],
            "pixel 1 is first, but its output in channel 2 is skipped: `kept` must be 1 there",
        );
    }

    /// Bits beyond one word, and counts by channel and by pixel.
    #[test]
    fn many_channels() {
        let n = 130;
        let shape = Gemm::new(3, n, 1).expect("not empty");
        let kept: Vec<u8> = (0..3 * n)
            .map(|index| u8::from(n <= index || index % 63 == 0))
            .collect();
        let outputs = PredictedOutputs::new(shape, &[0, 0, 1], &kept).expect("outputs");
        assert!(outputs.is_kept(0, 126) && !outputs.is_kept(0, 127) && outputs.is_kept(1, 129));
        assert_eq!(outputs.kept_channels(1), [u64::MAX, u64::MAX, 3]);
        assert_eq!((outputs.n_kept(&[0]), outputs.n_kept(&[0, 2])), (3, 133));
        let counts = outputs.n_kept_free_by_channel();
        assert_eq!(
            (counts.len(), counts[63], counts[64], counts[129]),
            (130, 2, 1, 1)
        );
    }
}
