//! Training beside the definition in double precision, and gradients beside numeric differences of it.

use std::collections::BTreeSet;

use super::*;
use crate::predictor::SIZE;

/// Parameters of a channel: by stage weights, bias, scale, shift.
type Parameters = [[f64; TAPS + 3]; 2];

/// Nobody asks to stop.
static GO: AtomicBool = AtomicBool::new(false);

const BIAS: usize = TAPS;
const SCALE: usize = TAPS + 1;
const SHIFT: usize = TAPS + 2;

/// A batch of one channel, by the definition: pixel by pixel, everything in double precision.
struct Definition<'a> {
    mask: MaskType,
    /// By image.
    maps: &'a [Vec<f32>],
    rows: usize,
    columns: usize,
}

/// What the definition says of a batch.
struct Said {
    /// Sum of squared differences.
    loss: f64,
    moments: [Moments; 2],
    reached: BTreeSet<&'static str>,
}

impl Definition<'_> {
    fn is_first(&self, pixel: usize) -> bool {
        self.mask.is_first(pixel / self.columns, pixel % self.columns)
    }

    fn filtered(&self, map: &[f64], parameters: &[f64]) -> Vec<f64> {
        let at = |row: usize, column: usize| {
            let taps = (0..TAPS).filter_map(|tap| {
                let from_row = (row + tap / SIZE).checked_sub(1).filter(|&row| row < self.rows)?;
                let from = (column + tap % SIZE)
                    .checked_sub(1)
                    .filter(|&column| column < self.columns)?;
                Some(parameters[tap] * map[from_row * self.columns + from])
            });
            parameters[BIAS] + taps.sum::<f64>()
        };
        let pixels = (0..map.len()).map(|pixel| at(pixel / self.columns, pixel % self.columns));
        pixels.collect()
    }

    fn stage(&self, maps: &[Vec<f64>], parameters: &[f64]) -> (Vec<Vec<f64>>, Moments) {
        let mut maps: Vec<Vec<f64>> = maps.iter().map(|map| self.filtered(map, parameters)).collect();
        let n = f64::from(u32::try_from(maps.len() * self.rows * self.columns).expect("small"));
        let mean = maps.iter().flatten().sum::<f64>() / n;
        let variance = maps
            .iter()
            .flatten()
            .map(|value| (value - mean).powi(2))
            .sum::<f64>()
            / n;
        let moments = Moments { mean, variance };
        maps.iter_mut()
            .for_each(|map| normalise(map, moments, parameters));
        (maps, moments)
    }

    /// Scores of a map with moments from elsewhere.
    fn scores(&self, map: &[f32], parameters: &Parameters, [first, second]: [Moments; 2]) -> Vec<f64> {
        let mut between = self.filtered(&self.seen(map), &parameters[0]);
        normalise(&mut between, first, &parameters[0]);
        between.iter_mut().for_each(|value| *value = value.max(0.0));
        let mut scores = self.filtered(&between, &parameters[1]);
        normalise(&mut scores, second, &parameters[1]);
        scores
    }

    fn seen(&self, map: &[f32]) -> Vec<f64> {
        let pixels = map.iter().enumerate();
        let seen = pixels.map(|(pixel, &x)| if self.is_first(pixel) { f64::from(x) } else { 0.0 });
        seen.collect()
    }

    fn say(&self, parameters: &Parameters) -> Said {
        let mut reached = BTreeSet::new();
        let seen: Vec<Vec<f64>> = self.maps.iter().map(|map| self.seen(map)).collect();
        let (mut between, first_moments) = self.stage(&seen, &parameters[0]);
        for value in between.iter_mut().flatten() {
            reached.insert(if *value < 0.0 { "ReLU closed" } else { "ReLU open" });
            *value = value.max(0.0);
        }
        let (scores, second_moments) = self.stage(&between, &parameters[1]);
        let mut loss = 0.0;
        for (x, y) in self.maps.iter().zip(&scores) {
            for (pixel, (&x, &y)) in x.iter().zip(y).enumerate() {
                let is_first = self.is_first(pixel);
                let p = if is_first { 1.0 } else { y.clamp(0.0, 1.0) };
                let q = if is_first || 0.0 < x { 1.0 } else { 0.0 };
                loss += (p - q) * (p - q);
                reached.insert(match (is_first, y) {
                    (true, _) => "first",
                    (false, ..0.0) => "clamped low",
                    (false, 1.0..) => "clamped high",
                    (false, _) => "between",
                });
                let [row, column] = [pixel / self.columns, pixel % self.columns];
                if row == 0 || column == 0 || row + 1 == self.rows || column + 1 == self.columns {
                    reached.insert("border");
                } else {
                    reached.insert("no border");
                }
            }
        }
        Said {
            loss,
            moments: [first_moments, second_moments],
            reached,
        }
    }

    /// By how much the loss changes with each parameter.
    fn differences(&self, parameters: &Parameters) -> Parameters {
        const STEP: f64 = 1e-6;
        let mut differences = [[0.0; TAPS + 3]; 2];
        for (stage, differences) in differences.iter_mut().enumerate() {
            for (index, difference) in differences.iter_mut().enumerate() {
                let loss = |step: f64| {
                    let mut parameters = *parameters;
                    parameters[stage][index] += step;
                    self.say(&parameters).loss
                };
                *difference = (loss(STEP) - loss(-STEP)) / (2.0 * STEP);
            }
        }
        differences
    }
}

fn normalise(map: &mut [f64], Moments { mean, variance }: Moments, parameters: &[f64]) {
    for value in map {
        *value = (*value - mean) / (variance + 1e-5).sqrt() * parameters[SCALE] + parameters[SHIFT];
    }
}

/// Parameters with scale and shift as training finds them, not as it begins.
fn with_drawn_norms(trainer: &mut Trainer, seed: u64) {
    let draws = Draws::new(seed, "norms");
    for (channel, halves) in (0..).zip(&mut trainer.channels) {
        for (stage, half) in (0..).zip(halves) {
            let drawn = |index: u64| draws.weight(channel, 2 * stage + index);
            half.trained.scale = Parameter::new(1.0 + 2.0 * drawn(0));
            half.trained.shift = Parameter::new(1.5 * drawn(1));
        }
    }
}

fn parameters(halves: &[Half; 2]) -> Parameters {
    let half = |half: &Half| {
        let Trained { weight, scale, shift } = half.rounded();
        let mut list = [0.0; TAPS + 3];
        for (to, from) in list
            .iter_mut()
            .zip(weight.into_iter().chain([half.bias, scale, shift]))
        {
            *to = from.into();
        }
        list
    };
    [half(&halves[0]), half(&halves[1])]
}

/// Images of which a third is above 0, as behind a ReLU.
fn drawn_maps(draws: Draws, images: usize, n: usize) -> Vec<Vec<f32>> {
    let value = |image: usize, index: usize| (3.0 * draws.weight(widen(image), widen(index)) - 0.3).max(0.0);
    let map = |image: usize| (0..n).map(|index| value(image, index)).collect();
    (0..images).map(map).collect()
}

#[track_caller]
fn near(found: f64, want: f64, size: f64, what: &str) {
    assert!(
        (found - want).abs() <= 2e-5 * size,
        "{what}: {found}, by definition {want}"
    );
}

#[test]
fn gradients_are_numeric_differences_of_the_definition() {
    const SHAPES: [[usize; 4]; 7] = [
        // Images, channels, rows, columns.
        [3, 2, 5, 4],
        [2, 1, 7, 7],
        [4, 3, 3, 6],
        [5, 1, 2, 2],
        [9, 1, 1, 1],
        [3, 1, 1, 8],
        [1, 1, 9, 3],
    ];
    let mut reached = BTreeSet::new();
    let mut n_compared = 0;
    for (seed, shape) in (0..4).flat_map(|seed| SHAPES.map(|shape| (seed, shape))) {
        let [images, channels, rows, columns] = shape;
        for mask in MaskType::all() {
            let name = format!("seed {seed}, {shape:?}, mask {}", mask.number());
            let draws = Draws::new(seed, &name);
            let n = channels * rows * columns;
            let maps = drawn_maps(draws, images, n);
            let slices: Vec<&[f32]> = maps.iter().map(Vec::as_slice).collect();
            let mut trainer = Trainer::new(mask, channels, seed, &name, LearningRate::ZAP);
            with_drawn_norms(&mut trainer, seed);
            let passes = trainer
                .passes(&slices, [channels, rows, columns], 1, &GO)
                .expect("a batch");
            for (channel, (pass, halves)) in passes.iter().zip(&trainer.channels).enumerate() {
                let own = |map: &Vec<f32>| map[channel * rows * columns..][..rows * columns].to_vec();
                let definition = Definition {
                    mask,
                    maps: &maps.iter().map(own).collect::<Vec<_>>(),
                    rows,
                    columns,
                };
                let parameters = parameters(halves);
                let said = definition.say(&parameters);
                reached.extend(said.reached);
                near(pass.loss, said.loss, 1.0 + said.loss, &name);
                let differences = definition.differences(&parameters);
                let gradients = pass.gradients(1.0);
                for stage in 0..2 {
                    let (found, want) = (pass.moments[stage], said.moments[stage]);
                    let bias = parameters[stage][BIAS];
                    near(
                        found.mean + bias,
                        want.mean,
                        1.0,
                        &format!("{name}: mean {stage}"),
                    );
                    near(
                        found.variance,
                        want.variance,
                        1.0,
                        &format!("{name}: variance {stage}"),
                    );
                    let Trained { weight, scale, shift } = gradients[stage];
                    let found = weight.into_iter().chain([0.0, scale, shift]);
                    let largest = differences[stage]
                        .iter()
                        .fold(1.0, |most: f64, one| most.max(one.abs()));
                    // Roundings of FP32 grow with what normalises.
                    let factor = |moments: &Moments| 1.0 / (moments.variance + 1e-5).sqrt();
                    let size = said.moments.iter().map(factor).fold(1.0, f64::max) * largest;
                    for (index, (found, want)) in found.zip(differences[stage]).enumerate() {
                        near(
                            found,
                            want,
                            size,
                            &format!("{name}: stage {stage}, parameter {index}"),
                        );
                        n_compared += 1;
                    }
                }
            }
        }
    }
    for case in [
        "clamped low",
        "clamped high",
        "between",
        "first",
        "ReLU closed",
        "ReLU open",
        "border",
        "no border",
    ] {
        assert!(reached.contains(case), "{reached:?}");
    }
    assert_eq!(n_compared, 4 * 10 * 11 * 2 * (TAPS + 3));
}

#[test]
fn running_statistics_and_scores_are_those_of_the_definition() {
    const SHAPE: [usize; 3] = [2, 5, 6];
    const IMAGES: usize = 3;
    let [channels, rows, columns] = SHAPE;
    let n_values = f64::from(u32::try_from(IMAGES * rows * columns).expect("small"));
    for mask in MaskType::all() {
        let mut trainer = Trainer::new(mask, channels, 3, "conv", LearningRate::ZAP);
        let mut running = vec![
            [Moments {
                mean: 0.0,
                variance: 1.0
            }; 2];
            channels
        ];
        let mut last = Vec::new();
        for step in 0..4 {
            last = drawn_maps(Draws::new(step, "maps"), IMAGES, channels * rows * columns);
            let mut loss = 0.0;
            for (channel, running) in running.iter_mut().enumerate() {
                let own = |map: &Vec<f32>| map[channel * rows * columns..][..rows * columns].to_vec();
                let maps: Vec<Vec<f32>> = last.iter().map(own).collect();
                let definition = Definition {
                    mask,
                    maps: &maps,
                    rows,
                    columns,
                };
                let said = definition.say(&parameters(&trainer.channels[channel]));
                loss += said.loss / n_values / 2.0;
                for (running, seen) in running.iter_mut().zip(said.moments) {
                    running.mean = 0.9 * running.mean + 0.1 * seen.mean;
                    running.variance =
                        0.9 * running.variance + 0.1 * seen.variance * n_values / (n_values - 1.0);
                }
            }
            let slices: Vec<&[f32]> = last.iter().map(Vec::as_slice).collect();
            near(
                trainer.step(&slices, SHAPE, 1, &GO).expect("a batch"),
                loss,
                1.0,
                "loss",
            );
        }
        let predictor = trainer.predictor();
        let scores = predictor.scores(&last[0], SHAPE);
        for (channel, &moments) in running.iter().enumerate() {
            let at = channel * rows * columns..(channel + 1) * rows * columns;
            let definition = Definition {
                mask,
                maps: &[],
                rows,
                columns,
            };
            let parameters = parameters(&trainer.channels[channel]);
            let want = definition.scores(&last[0][at.clone()], &parameters, moments);
            for (&found, want) in scores[at].iter().zip(want) {
                near(found.into(), want, 1.0, &format!("mask {}: score", mask.number()));
            }
        }
    }
}
