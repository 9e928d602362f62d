//! What holds for every predictor file, in memory too.

use std::collections::BTreeSet;

use crate::curve::Curve;
use crate::file::{
    BY_CHANNEL, End, FileFault, PlacePredictor, PredictorFile, Provenance, by_channel, tensor_name,
};
use crate::predictor::TAPS;

/// What a number must be.
struct Rule {
    holds: fn(f64) -> bool,
    want: &'static str,
}

const FINITE: Rule = Rule {
    holds: f64::is_finite,
    want: "finite",
};
const VARIANCE: Rule = Rule {
    holds: |value| value.is_finite() && 0.0 <= value,
    want: "finite and at least 0",
};
const PART: Rule = Rule {
    holds: |value| (0.0..=1.0).contains(&value),
    want: "from 0 to 1",
};

/// Hexadecimal digits of a BLAKE3 hash.
const HASH_DIGITS: usize = 64;

impl PredictorFile {
    /// Whether it may be written, or was read.
    pub(super) fn check(&self) -> Result<(), FileFault> {
        let Provenance { model_hash, .. } = &self.provenance;
        let is_hash = |text: &&String| {
            text.len() == HASH_DIGITS && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        };
        if let Some(found) = model_hash.as_ref().filter(|text| !is_hash(text)) {
            return Err(FileFault::Hash { found: found.clone() });
        }
        if self.places.is_empty() {
            return Err(FileFault::Empty);
        }
        let mut names = BTreeSet::new();
        for place in &self.places {
            if !names.insert(&place.name) {
                return Err(FileFault::Twice {
                    place: place.name.clone(),
                });
            }
            place.check(&self.provenance)?;
        }
        Ok(())
    }
}

impl PlacePredictor {
    fn check(&self, provenance: &Provenance) -> Result<(), FileFault> {
        let Self {
            name: place,
            predictor,
            curve,
            losses,
        } = self;
        let n_channels = predictor.n_channels();
        if n_channels == 0 {
            return Err(FileFault::Shape {
                place: place.clone(),
                tensor: tensor_name(place, "b1"),
                found: vec![0],
                want: "of at least one channel".to_owned(),
            });
        }
        for (stage, number) in predictor.stages.iter().zip(["1", "2"]) {
            self.check_tensor(&format!("w{number}"), &stage.weight, n_channels * TAPS, &FINITE)?;
            let rules = [&FINITE, &FINITE, &FINITE, &FINITE, &VARIANCE];
            for ((tensor, list), rule) in BY_CHANNEL.iter().zip(by_channel(stage)).zip(rules) {
                self.check_tensor(&format!("{tensor}{number}"), list, n_channels, rule)?;
            }
        }
        if let Some(Curve { share, error }) = curve {
            self.check_values(&tensor_name(place, "share"), share, &PART)?;
            self.check_values(&tensor_name(place, "error"), error, &PART)?;
        }
        self.check_values("losses", losses, &FINITE)?;
        let (found, epochs) = (losses.len(), provenance.epochs);
        let n_epochs = usize::try_from(epochs).unwrap_or(usize::MAX);
        let fits = match provenance.end {
            End::Complete => found == n_epochs,
            End::Early => found <= n_epochs,
        };
        if losses.is_empty() || fits {
            return Ok(());
        }
        Err(FileFault::Losses {
            place: place.clone(),
            found,
            epochs,
        })
    }

    fn check_tensor(&self, tensor: &str, values: &[f32], want: usize, rule: &Rule) -> Result<(), FileFault> {
        let tensor = tensor_name(&self.name, tensor);
        if values.len() != want {
            return Err(FileFault::Shape {
                place: self.name.clone(),
                tensor,
                found: vec![values.len()],
                want: format!("{want} values, as `{}` says", tensor_name(&self.name, "b1")),
            });
        }
        let values: Vec<f64> = values.iter().map(|&value| value.into()).collect();
        self.check_values(&tensor, &values, rule)
    }

    fn check_values(&self, list: &str, values: &[f64], rule: &Rule) -> Result<(), FileFault> {
        let mut values = values.iter().enumerate();
        match values.find(|(_, value)| !(rule.holds)(**value)) {
            Some((index, &value)) => Err(FileFault::Value {
                place: self.name.clone(),
                list: list.to_owned(),
                index,
                value,
                want: rule.want,
            }),
            None => Ok(()),
        }
    }
}
