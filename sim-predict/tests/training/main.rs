//! Training of predictors as a caller sees it.

use std::sync::atomic::AtomicBool;

use sim_core::parallel_map::Unfinished;
use sim_core::prediction::Counts;
use sim_predict::mask::MaskType;
use sim_predict::predictor::{Predictor, Threshold};
use sim_predict::train::{LearningRate, Trainer};

/// Nobody asks to stop.
static GO: AtomicBool = AtomicBool::new(false);

/// Numbers from 0 to below 1, the same every time.
struct Numbers(u32);

impl Numbers {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [high, low, ..] = self.0.to_be_bytes();
        f32::from(u16::from_be_bytes([high, low])) / 65536.0
    }
}

/// Outputs that are large in blobs and 0 elsewhere: noise, blurred thrice, less what half of it is.
fn blobs(numbers: &mut Numbers, [channels, rows, columns]: [usize; 3]) -> Vec<f32> {
    let mut x = Vec::new();
    for _ in 0..channels {
        let mut map: Vec<f32> = (0..rows * columns).map(|_| numbers.next() - 0.5).collect();
        for _ in 0..3 {
            let near = |at: usize, end: usize| at.saturating_sub(1)..(at + 2).min(end);
            let blurred = |pixel: usize| {
                let (row, column) = (pixel / columns, pixel % columns);
                let pixels =
                    near(row, rows).flat_map(|row| near(column, columns).map(move |column| (row, column)));
                pixels
                    .map(|(row, column)| map[row * columns + column])
                    .sum::<f32>()
                    / 9.0
            };
            map = (0..map.len()).map(blurred).collect();
        }
        x.extend(map.iter().map(|value| (10.0 * value).max(0.0)));
    }
    x
}

const SHAPE: [usize; 3] = [5, 14, 12];

/// A predictor of blobs, and the losses of its steps.
fn trained(mask: u8, n_steps: usize, n_jobs: usize) -> (Predictor, Vec<f64>) {
    let mask = MaskType::new(mask.into()).expect("a type");
    let mut numbers = Numbers(1);
    let mut trainer = Trainer::new(mask, SHAPE[0], 0, "conv", LearningRate::ZAP);
    let step = |_| {
        let maps: Vec<Vec<f32>> = (0..16).map(|_| blobs(&mut numbers, SHAPE)).collect();
        let maps: Vec<&[f32]> = maps.iter().map(Vec::as_slice).collect();
        trainer.step(&maps, SHAPE, n_jobs, &GO).expect("a batch")
    };
    let losses = (0..n_steps).map(step).collect();
    (trainer.predictor(), losses)
}

#[test]
fn a_rule_is_learned() {
    for (mask, want) in [(3, 0.06), (5, 0.03), (7, 0.02)] {
        let (predictor, losses) = trained(mask, 200, 1);
        let (before, after) = (losses[0], losses[190..].iter().sum::<f64>() / 10.0);
        assert!(
            after < want && want < before / 2.0,
            "mask {mask}: {before} becomes {after}"
        );
        // Images that it has not seen.
        let mut numbers = Numbers(99);
        let mut counts = Counts::default();
        for _ in 0..20 {
            let x = blobs(&mut numbers, SHAPE);
            let scores = predictor.scores(&x, SHAPE);
            let gate = predictor.gate(&scores, SHAPE, Threshold::new(0.5).expect("finite"));
            counts.add(&gate.counts(&x));
        }
        let n_wrong = counts.miss_value + counts.miss_work;
        assert!(8 * n_wrong < counts.free, "mask {mask}: {counts:?}");
        assert!(counts.lost() < 0.03, "mask {mask}: {}", counts.lost());
    }
}

#[test]
fn training_repeats_to_the_bit_whatever_the_threads() {
    let bits = |(predictor, losses): (Predictor, Vec<f64>)| {
        let lists = predictor.stages.into_iter().flat_map(|stage| {
            [
                stage.weight,
                stage.bias,
                stage.scale,
                stage.shift,
                stage.mean,
                stage.variance,
            ]
            .concat()
        });
        let lists: Vec<u32> = lists.map(f32::to_bits).collect();
        (lists, losses.into_iter().map(f64::to_bits).collect::<Vec<_>>())
    };
    let want = bits(trained(5, 12, 1));
    for n_jobs in [1, 2, 3, 64] {
        assert_eq!(bits(trained(5, 12, n_jobs)), want, "{n_jobs} threads");
    }
}

#[test]
fn channels_and_places_do_not_depend_on_each_other() {
    let mask = MaskType::new(4).expect("a type");
    let [_, rows, columns] = SHAPE;
    let new = |n_channels, place| Trainer::new(mask, n_channels, 7, place, LearningRate::ZAP);
    let (mut many, mut few) = (new(3, "a"), new(2, "a"));
    let x = blobs(&mut Numbers(5), [3, rows, columns]);
    many.step(&[&x], [3, rows, columns], 1, &GO).expect("a batch");
    few.step(&[&x[..2 * rows * columns]], [2, rows, columns], 1, &GO)
        .expect("a batch");
    let [many, few] = [many, few].map(|trainer| trainer.predictor().stages[1].mean.clone());
    assert_eq!(many[..2], few[..]);
    let weights = |place| new(2, place).predictor().stages[0].weight.clone();
    assert_ne!(weights("a"), weights("b"));
}

#[test]
fn a_batch_that_teaches_nothing_is_an_error_and_changes_nothing() {
    let mask = MaskType::new(5).expect("a type");
    let mut trainer = Trainer::new(mask, 2, 0, "conv", LearningRate::ZAP);
    let before = trainer.predictor();
    let good = [1.0; 8];
    let mut check = |maps: &[&[f32]], shape, want: &str| {
        let Err(Unfinished::Failed(fault)) = trainer.step(maps, shape, 1, &GO) else {
            panic!("{want}");
        };
        assert_eq!(fault.to_string(), want);
        assert_eq!(trainer.predictor(), before, "{want}");
    };
    check(
        &[],
        [2, 2, 2],
        "a batch of 0 images with 2 maps of 2×2 has no pixel to learn from",
    );
    check(
        &[&[]],
        [2, 0, 2],
        "a batch of 1 images with 2 maps of 0×2 has no pixel to learn from",
    );
    check(
        &[&good],
        [4, 2, 1],
        "the maps have 4 channels, the predictor has 2",
    );
    check(
        &[&good, &good[1..]],
        [2, 2, 2],
        "image 1 of the batch has 7 values, its shape asks for 8",
    );
    check(
        &[&good],
        [2, usize::MAX, 2],
        &format!(
            "image 0 of the batch has 8 values, its shape asks for {}",
            usize::MAX
        ),
    );
    for wrong in [f32::NAN, f32::INFINITY, 3e38] {
        let mut bad = good;
        // The second channel; the pixel is a first one.
        bad[7] = wrong;
        let want = "activations of channel 1 are NaN, infinite or too large to be squared";
        check(&[&good, &bad], [2, 2, 2], want);
    }
    // A single value has no variance, and is no error.
    let loss = trainer.step(&[&[0.5, 0.0]], [2, 1, 1], 1, &GO).expect("a batch");
    assert!(loss.total_cmp(&0.0).is_eq(), "{loss}");
    assert_eq!(trainer.predictor().stages[0].variance, [1.0, 1.0]);
}

#[test]
fn a_step_that_is_stopped_changes_nothing() {
    let mask = MaskType::new(5).expect("a type");
    let mut trainer = Trainer::new(mask, 2, 0, "conv", LearningRate::ZAP);
    let before = trainer.predictor();
    let result = trainer.step(&[&[1.0; 8]], [2, 2, 2], 2, &AtomicBool::new(true));
    assert!(matches!(result, Err(Unfinished::Stopped)), "{result:?}");
    assert_eq!(trainer.predictor(), before);
}
