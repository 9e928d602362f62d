//! Which images an evaluation used: those that were left out, and those that methods learned from.

use serde::{Deserialize, Serialize};
use sim_core::shape::widen;

use crate::text::grouped;
use crate::warning::Warning;

/// Names that are listed; further ones are counted.
const MAX_LISTED: usize = 20;

/// Images that were left out because they cannot be decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedObject {
    /// Of the images that were to be evaluated.
    #[serde(flatten)]
    pub evaluated: SkippedSet,
    /// Of the calibration images.
    pub calibration: SkippedSet,
    /// Of the training set next to the images.
    pub training: SkippedSet,
}

/// Images of one set that were left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedSet {
    /// How many.
    pub count: usize,
    /// Names of the first twenty.
    pub images: Vec<String>,
}

impl SkippedSet {
    /// Of all names, in order.
    pub fn of(names: &[String]) -> Self {
        Self {
            count: names.len(),
            images: names.iter().take(MAX_LISTED).cloned().collect(),
        }
    }

    /// One sentence about a set that is called `what`; `None` where nothing is missing.
    pub fn sentence(&self, what: &str) -> Option<String> {
        let n_more = self.count - self.images.len().min(self.count);
        let more = if n_more == 0 {
            String::new()
        } else {
            format!(" and {} more", grouped(widen(n_more)))
        };
        (0 < self.count).then(|| {
            format!(
                "{what}: {} could not be decoded and {} left out: {}{more}",
                grouped(widen(self.count)),
                if self.count == 1 { "was" } else { "were" },
                self.images.join(", ")
            )
        })
    }
}

impl SkippedObject {
    /// One for each set that misses something.
    pub fn warnings(&self) -> Vec<Warning> {
        [
            self.evaluated.sentence("images"),
            self.calibration.sentence("calibration images"),
            self.training.sentence("training images"),
        ]
        .into_iter()
        .flatten()
        .map(Warning::Undecoded)
        .collect()
    }
}

/// A set of images by its part in an evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SetRole {
    /// Calibration images that were given.
    Calibration,
    /// The training set beside the images.
    Training,
    /// The images that are evaluated.
    Images,
}

/// What changed the first array by looking at images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Learner {
    /// Batch norms with new statistics.
    BatchNorms,
    /// Automatic throttling.
    Throttling,
}

impl Learner {
    const fn text(self) -> &'static str {
        match self {
            Self::BatchNorms => "batch norms",
            Self::Throttling => "throttling",
        }
    }
}

/// The images that methods learned from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LearnedObject {
    /// What learned.
    pub learners: Vec<Learner>,
    /// Which images they are.
    pub role: SetRole,
    /// Their file or folder.
    pub file: String,
    /// How many there are.
    pub images: usize,
}

impl LearnedObject {
    fn learners(&self) -> String {
        let learners: Vec<&str> = self.learners.iter().map(|learner| learner.text()).collect();
        learners.join(" and ")
    }

    /// One line for a person.
    pub(crate) fn line(&self) -> String {
        let role = match self.role {
            SetRole::Calibration => "the calibration images",
            SetRole::Training => "the training set next to the images",
            SetRole::Images => "the evaluated images themselves",
        };
        format!(
            "{} learned from {} images of {role}, {}",
            self.learners(),
            grouped(widen(self.images)),
            self.file
        )
    }

    /// What a reader has to know of accuracies on images that were learned from.
    pub(crate) fn warning(&self) -> Option<Warning> {
        match self.role {
            SetRole::Calibration | SetRole::Training => None,
            SetRole::Images => Some(Warning::SeenTestImages(format!(
                "{} have seen the test images: no training set lies beside {}, and no --calibration was given; accuracies \
                 of arrays may be too good",
                self.learners(),
                self.file
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skipped_images_are_counted_and_the_first_are_named() {
        let names: Vec<String> = (0..23).map(|index| format!("{index}.png")).collect();
        let set = SkippedSet::of(&names);
        assert_eq!((set.count, set.images.len()), (23, 20));
        let sentence = set.sentence("images").unwrap_or_default();
        assert!(
            sentence.starts_with("images: 23 could not be decoded and were left out: 0.png, "),
            "{sentence}"
        );
        assert!(sentence.ends_with("19.png and 3 more"), "{sentence}");
        let one = SkippedSet::of(&names[..1]).sentence("images");
        assert_eq!(
            one.as_deref(),
            Some("images: 1 could not be decoded and was left out: 0.png")
        );
        assert_eq!(SkippedSet::of(&[]).sentence("images"), None);
    }
}
