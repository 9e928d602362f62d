//! What is computed of the outputs at a place.

/// Which outputs of a place are computed, for one image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    /// By pixel, row-major: computed without asking, the same for all channels.
    first: Vec<bool>,
    /// By channel and pixel: computed at all.
    kept: Vec<bool>,
}

/// Outputs that no gate has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GateFault {
    /// Channels of another size.
    #[error("{kept} outputs are not channels of {first} pixels")]
    Lengths {
        /// Pixels.
        first: usize,
        /// Outputs.
        kept: usize,
    },
    /// A pixel that is computed first and not at all.
    #[error("output {output} is not kept, although its pixel is computed first")]
    FirstNotKept {
        /// Place of the output among all of them.
        output: usize,
    },
}

impl Gate {
    /// A gate with `first` by pixel and `kept` by channel and pixel.
    ///
    /// - Errors: channels of another number of pixels, and first pixels that are not kept.
    pub fn new(first: Vec<bool>, kept: Vec<bool>) -> Result<Self, GateFault> {
        if first.is_empty() || !kept.len().is_multiple_of(first.len()) {
            return Err(GateFault::Lengths {
                first: first.len(),
                kept: kept.len(),
            });
        }
        let firsts = first.iter().cycle().zip(&kept);
        match firsts.enumerate().find(|(_, (first, kept))| **first && !**kept) {
            Some((output, _)) => Err(GateFault::FirstNotKept { output }),
            None => Ok(Self { first, kept }),
        }
    }

    /// A gate that keeps `first` pixels, and of the others the outputs of which `is_kept` says so.
    pub(crate) fn of_free(first: Vec<bool>, n_channels: usize, is_kept: impl Fn(usize) -> bool) -> Self {
        let firsts = first.iter().cycle().take(first.len() * n_channels);
        let kept = firsts
            .enumerate()
            .map(|(output, &first)| first || is_kept(output));
        Self {
            kept: kept.collect(),
            first,
        }
    }

    /// By pixel: whether it is computed without asking.
    pub fn first(&self) -> &[bool] {
        &self.first
    }

    /// By channel and pixel: whether an output is computed.
    pub fn kept(&self) -> &[bool] {
        &self.kept
    }

    /// Compute a pixel in all channels. It stays one that was asked for.
    pub fn keep(&mut self, pixel: usize) {
        for channel in self.kept.chunks_mut(self.first.len()) {
            channel[pixel] = true;
        }
    }

    /// Whether each output is computed first, by channel and pixel.
    pub(crate) fn firsts(&self) -> impl Iterator<Item = bool> {
        self.first.iter().copied().cycle().take(self.kept.len())
    }

    /// Make outputs that are skipped +0.
    pub fn apply(&self, outputs: &mut [f32]) {
        for (output, &kept) in outputs.iter_mut().zip(&self.kept) {
            if !kept {
                *output = 0.0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_first_is_kept() {
        let first = vec![true, false];
        let gate = Gate::new(first.clone(), vec![true, false, true, true]).expect("a gate");
        let mut outputs = [1.0, 2.0, -3.0, f32::NAN];
        gate.apply(&mut outputs);
        assert_eq!(outputs[..3], [1.0, 0.0, -3.0]);
        assert!(outputs[3].is_nan());
        let fault = |kept| {
            Gate::new(first.clone(), kept)
                .expect_err("is not a gate")
                .to_string()
        };
        assert_eq!(
            fault(vec![true, false, false, true]),
            "output 2 is not kept, although its pixel is computed first"
        );
        assert_eq!(fault(vec![true; 3]), "3 outputs are not channels of 2 pixels");
    }
}
