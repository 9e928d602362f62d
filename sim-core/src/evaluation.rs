//! What networks answer on images, in FP32, in exact 8-bit and on arrays: counts. Ratios are made in reports.

use crate::prediction::Counts;
use crate::record::LayerRecord;
use crate::spec::ArraySpec;

/// What a network says about one image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The class with the largest output; of equal ones the lowest.
    pub class: usize,
    /// Classes that stand before the label, by output and, of equal ones, by index; `None` without a label.
    pub rank: Option<usize>,
}

impl Answer {
    /// The answer that these outputs are, one for each class; at least one.
    pub fn of(outputs: &[f32], label: Option<usize>) -> Self {
        let stands_before = |a: usize, b: usize| match outputs[a].total_cmp(&outputs[b]) {
            std::cmp::Ordering::Greater => true,
            std::cmp::Ordering::Equal => a < b,
            std::cmp::Ordering::Less => false,
        };
        let class = (0..outputs.len()).fold(
            0,
            |best, class| {
                if stands_before(class, best) { class } else { best }
            },
        );
        let rank = label.map(|label| {
            (0..outputs.len())
                .filter(|&class| stands_before(class, label))
                .count()
        });
        Self { class, rank }
    }

    /// Whether the label is among the first `n` classes; never without a label.
    pub fn is_in_top(self, n: usize) -> bool {
        self.rank.is_some_and(|rank| rank < n)
    }
}

/// All answers about one image.
#[derive(Clone, Debug, PartialEq)]
pub struct ImageRecord {
    /// Its class, where the set has labels.
    pub label: Option<usize>,
    /// The network before it was pruned, where it was.
    pub unpruned: Option<Answer>,
    /// The network as it is, pruned where it was.
    pub fp32: Answer,
    /// The simulated layers in 8 bits, with exact products.
    pub int8: Answer,
    /// The same with predicted zeros; `None` where nothing is predicted.
    pub int8_predicted: Option<Answer>,
    /// The simulated layers on each array.
    pub arrays: Vec<Answer>,
    /// Mean over classes of |output − FP32 output| of exact 8-bit, and of each array.
    pub output_errors: OutputErrors,
}

/// Mean distance of outputs from those in FP32.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OutputErrors {
    /// Of exact 8-bit.
    pub int8: f64,
    /// Of the same with predicted zeros; `None` where nothing is predicted.
    pub int8_predicted: Option<f64>,
    /// Of each array.
    pub arrays: Vec<f64>,
}

/// One array over all images.
#[derive(Clone, Debug, PartialEq)]
pub struct ArrayEvaluation {
    /// Its name, as a person gave it.
    pub name: String,
    /// The array as built.
    pub array: ArraySpec,
    /// The array that `speedup` compares with.
    pub baseline: ArraySpec,
    /// The simulated layers, summed over images and groups.
    pub layers: Vec<LayerRecord>,
    /// What was predicted, by place of the network; empty where nothing is.
    pub predicted: Vec<Counts>,
}

/// What the output of a network is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outputs {
    /// One value for each class.
    #[default]
    Classes,
    /// Anything else, such as a map: there are no classes, and no answer is right or wrong.
    Values,
}

/// Answers and counts over a set of images.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// What the output is.
    pub outputs: Outputs,
    /// Values of the output.
    pub n_classes: usize,
    /// How many images were asked for; there are fewer records where the work was stopped.
    pub n_asked: usize,
    /// In order of the images.
    pub images: Vec<ImageRecord>,
    /// In order of the arrays.
    pub arrays: Vec<ArrayEvaluation>,
    /// What was predicted in exact 8-bit, by place of the network; empty where nothing is.
    pub predicted: Vec<Counts>,
}

impl Evaluation {
    /// Whether the work was stopped before the last image.
    pub fn is_partial(&self) -> bool {
        self.images.len() < self.n_asked
    }

    /// Whether answers are right or wrong: outputs are classes, and images have labels.
    pub fn is_labelled(&self) -> bool {
        self.outputs == Outputs::Classes && self.images.iter().all(|image| image.label.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_output_is_the_answer_and_the_lowest_class_of_equal_ones() {
        #[track_caller]
        fn check(outputs: &[f32], label: usize, class: usize, rank: usize) {
            let rank = Some(rank);
            assert_eq!(Answer::of(outputs, Some(label)), Answer { class, rank });
        }
        check(&[0.0, 2.0, 1.0], 1, 1, 0);
        check(&[0.0, 2.0, 1.0], 0, 1, 2);
        check(&[3.0, 3.0, 3.0], 0, 0, 0);
        check(&[3.0, 3.0, 3.0], 2, 0, 2);
        check(&[-1.0], 0, 0, 0);
        let unlabelled = Answer::of(&[1.0, 2.0], None);
        assert_eq!((unlabelled.class, unlabelled.is_in_top(5)), (1, false));
        let fifth = Answer::of(&[6.0, 5.0, 4.0, 3.0, 2.0, 1.0], Some(4));
        assert!(fifth.is_in_top(5) && !fifth.is_in_top(4));
    }
}
