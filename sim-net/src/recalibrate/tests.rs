//! New statistics, by hand, by naive sums and by what must be true of recalibrated networks.

use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::graph::model_builder::{Builder, tensor};
use crate::network::NoHooks;

const MOMENTUM_PARTS: (f64, usize) = (0.5, 2);

fn momentum((rate, batch_size): (f64, usize)) -> Recalibration {
    Recalibration::Momentum(Momentum::new(rate, batch_size).expect("in range"))
}

/// `x` of one channel, then a batch norm `n` of scale 2 and shift 1 that stores mean 10 and variance 3.
fn one_batch_norm(sizes: &[i64]) -> Builder {
    batch_norm(Builder::new(sizes), "x", "n", [2.0, 1.0, 10.0, 3.0])
}

/// A batch norm of one channel: scale, shift, mean, variance.
fn batch_norm(builder: Builder, input: &str, output: &str, parameters: [f32; 4]) -> Builder {
    let name = |parameter: &str| format!("{output}.{parameter}");
    let names = ["scale", "shift", "mean", "variance"].map(name);
    let mut inputs = vec![input];
    inputs.extend(names.iter().map(String::as_str));
    let builder = builder.node("BatchNormalization", &inputs, output, &[]);
    names
        .iter()
        .zip(parameters)
        .fold(builder, |builder, (name, value)| {
            builder.floats(name, &[1], &[value])
        })
}

#[track_caller]
fn assert_close(found: &[f32], want: &[f64]) {
    assert_eq!(found.len(), want.len());
    for (&found, &want) in found.iter().zip(want) {
        let difference = (f64::from(found) - want).abs();
        assert!(
            difference <= 1e-5 * want.abs().max(1.0),
            "{found} instead of {want}"
        );
    }
}

#[test]
fn exact_statistics_are_those_of_all_images_together() {
    let network = batch_norm(one_batch_norm(&[0, 1, 1, 2]), "n", "m", [1.0, 0.0, 7.0, 9.0]).network("m");
    let images = tensor(&[2, 1, 1, 2], &[1.0, 3.0, 5.0, 7.0]);
    let found = recalibrate(&network, &images, Recalibration::Exact, &mut NoHooks).expect("statistics");
    // Mean 4; squares of -3, -1, 1 and 3. The second batch norm reads what the new first one gives.
    assert_close(&found[0].mean, &[4.0]);
    assert_close(&found[0].variance, &[5.0]);
    assert_close(&found[1].mean, &[1.0]);
    assert_close(&found[1].variance, &[4.0 * 5.0 / (5.0 + 1e-5)]);
    // The network is as it was.
    assert_eq!(network.batch_norms()[0].statistics.mean, [10.0]);
}

#[test]
fn seventeen_batches_leave_a_sixth_of_the_old_statistics() {
    let network = one_batch_norm(&[0, 1]).network("n");
    // Each batch is 0 and 2: mean 1, unbiased variance 2.
    let images = tensor(&[34, 1], &[0.0, 2.0].repeat(17));
    let found = recalibrate(&network, &images, momentum((0.1, 2)), &mut NoHooks).expect("statistics");
    let old = 0.9_f64.powi(17);
    assert!((old - 0.1668).abs() < 1e-4);
    assert_close(&found[0].mean, &[10.0 * old + (1.0 - old)]);
    assert_close(&found[0].variance, &[3.0 * old + 2.0 * (1.0 - old)]);
}

#[test]
fn momentum_normalizes_each_batch_with_its_own_statistics() {
    let network = batch_norm(one_batch_norm(&[0, 1, 1, 2]), "n", "m", [1.0, 0.0, 0.0, 1.0]).network("m");
    // Batches of two images, the last of one.
    let images = [0.0, 2.0, 0.0, 2.0, 4.0, 8.0, 8.0, 4.0, -3.0, 3.0];
    let images = tensor(&[5, 1, 1, 2], &images);
    let found = recalibrate(&network, &images, momentum(MOMENTUM_PARTS), &mut NoHooks).expect("statistics");
    let halfway =
        |start: f64, batches: [f64; 3]| batches.iter().fold(start, |old, new| 0.5 * old + 0.5 * new);
    // Means 1, 6, 0; population variances 1, 4, 9 of 4, 4 and 2 values.
    assert_close(&found[0].mean, &[halfway(10.0, [1.0, 6.0, 0.0])]);
    assert_close(&found[0].variance, &[halfway(3.0, [4.0 / 3.0, 16.0 / 3.0, 18.0])]);
    // Whatever a batch was, it leaves the first batch norm with mean 1 and variance 4.
    assert_close(&found[1].mean, &[halfway(0.0, [1.0; 3])]);
    let left = |variance: f64| 4.0 * variance / (variance + 1e-5);
    let batches = [left(1.0) * 4.0 / 3.0, left(4.0) * 4.0 / 3.0, left(9.0) * 2.0];
    assert_close(&found[1].variance, &[halfway(1.0, batches)]);
}

/// Doubles what layer 0 reads in place of computing it, and counts calls.
#[derive(Default)]
struct Doubling {
    layers: Vec<usize>,
}

impl Hooks for Doubling {
    fn weighted(&mut self, call: &WeightedCall<'_>) -> Result<Option<Tensor>, HookError> {
        self.layers.push(call.index);
        let mut output = call.input.clone();
        output.data.iter_mut().for_each(|x| *x *= 2.0);
        Ok(Some(output))
    }

    fn batch_norm(&mut self, _: &BatchNormCall<'_>) -> Result<Option<Statistics>, HookError> {
        Err("statistics come from the recalibration".into())
    }
}

/// A convolution by 100, a batch norm, and a convolution that has none.
fn convolutions() -> Network {
    let builder = Builder::new(&[0, 1, 1, 2])
        .floats("w", &[1, 1, 1, 1], &[100.0])
        .node("Conv", &["x", "w"], "c", &[])
        .node("Conv", &["n", "w"], "y", &[]);
    batch_norm(builder, "c", "n", [2.0, 1.0, 10.0, 3.0]).network("y")
}

#[test]
fn layers_are_computed_by_the_hooks_up_to_the_last_batch_norm() {
    let images = tensor(&[2, 1, 1, 2], &[1.0, 3.0, 5.0, 7.0]);
    for (how, variance, n_runs) in [
        (Recalibration::Exact, 20.0, 1),
        // (3 + 4 / 1) / 2 and again.
        (momentum((0.5, 1)), (0.5 * (3.0 + 8.0) + 8.0) / 2.0, 2),
    ] {
        let mut hooks = Doubling::default();
        let found = recalibrate(&convolutions(), &images, how, &mut hooks).expect("statistics");
        assert_close(&found[0].variance, &[variance]);
        assert_eq!(hooks.layers, vec![0; n_runs]);
    }
}

#[test]
fn a_run_may_go_on_to_the_outputs() {
    let images = tensor(&[2, 1, 1, 2], &[1.0, 3.0, 5.0, 7.0]);
    for (how, n_runs) in [(Recalibration::Exact, 1), (momentum((0.5, 1)), 2)] {
        let want = recalibrate(&convolutions(), &images, how, &mut Doubling::default());
        let mut hooks = Doubling::default();
        let found = recalibrate_up_to(End::Outputs, &convolutions(), &images, how, &mut hooks);
        assert_eq!(found.expect("statistics"), want.expect("statistics"));
        assert_eq!(hooks.layers, [0, 1].repeat(n_runs));
    }
}

#[test]
fn recalibrated_hooks_do_what_stored_statistics_do() {
    let images = tensor(&[2, 1, 1, 2], &[1.0, 3.0, 5.0, 7.0]);
    let mut network = convolutions();
    let statistics = recalibrate(&network, &images, Recalibration::Exact, &mut NoHooks).expect("statistics");
    let before = network.run(&images, &mut NoHooks).expect("outputs");
    let mut hooks = Recalibrated {
        statistics: &statistics,
        hooks: &mut NoHooks,
    };
    let hooked = network.run(&images, &mut hooks).expect("outputs");
    hooks.statistics = &[];
    let error = network.run(&images, &mut hooks).expect_err("too few");
    assert_eq!(
        error.to_string(),
        "layer `n`: there are statistics for 0 batch norms, none for this one: were they made for another network?"
    );
    network
        .set_statistics(0, statistics[0].clone())
        .expect("one channel");
    assert_eq!(network.run(&images, &mut NoHooks).expect("outputs"), hooked);
    assert_ne!(before, hooked);
}

#[track_caller]
fn check_error(network: &Network, images: &Tensor, how: Recalibration, want: &str) {
    let error = recalibrate(network, images, how, &mut NoHooks).expect_err("no statistics");
    assert_eq!(error.to_string(), want);
}

#[test]
fn what_cannot_be_recalibrated_is_said() {
    let exact = Recalibration::Exact;
    let network = one_batch_norm(&[0, 1]).network("n");
    let without = Builder::new(&[0, 1]).node("Relu", &["x"], "y", &[]).network("y");
    for how in [exact, momentum(MOMENTUM_PARTS)] {
        check_error(
            &without,
            &tensor(&[2, 1], &[1.0, 2.0]),
            how,
            "the network has no batch norm with stored statistics (an exporter may have folded them into \
             convolutions): run it without recalibration, or export it with its batch norms",
        );
        let none = "there are no calibration images to recalibrate batch norms with: give at least one";
        check_error(&network, &tensor(&[0, 1], &[]), how, none);
        check_error(&network, &tensor(&[], &[1.0]), how, none);
        let broken = Tensor {
            shape: vec![2, 1],
            data: vec![1.0],
        };
        check_error(
            &network,
            &broken,
            how,
            "calibration images: 1 elements do not fill the shape [2, 1]",
        );
        check_error(
            &network,
            &tensor(&[2, 1], &[1.0, f32::NAN]),
            how,
            "layer `n`: channel 0 has mean NaN over the calibration images; check the model, the images and their \
             preprocessing",
        );
        check_error(
            &network,
            &tensor(&[2, 1], &[f32::MAX, f32::MIN]),
            how,
            "layer `n`: channel 0 has variance inf over the calibration images; check the model, the images and \
             their preprocessing",
        );
        check_error(
            &network,
            &tensor(&[2, 3], &[1.0; 6]),
            how,
            "input `x` has shape [2, 3], but the model declares [?, 1]",
        );
    }
    // One value has no unbiased variance.
    check_error(
        &network,
        &tensor(&[3, 1], &[1.0, 2.0, 3.0]),
        momentum(MOMENTUM_PARTS),
        "layer `n`: a channel has a single value in a batch, of which momentum takes no variance; use larger batches, \
         another number of images, or exact recalibration",
    );
    // What is stored and not finite stays in a running mean.
    let broken = batch_norm(Builder::new(&[0, 1]), "x", "n", [2.0, 1.0, f32::INFINITY, 3.0]).network("n");
    check_error(
        &broken,
        &tensor(&[2, 1], &[1.0, 2.0]),
        momentum(MOMENTUM_PARTS),
        "layer `n`: channel 0 has mean inf over the calibration images; check the model, the images and their \
         preprocessing",
    );
}

#[test]
fn a_batch_norm_that_reads_no_maps_is_named() {
    let no_channels = batch_norm(Builder::new(&[0]), "x", "n", [1.0; 4]).network("n");
    check_error(
        &no_channels,
        &tensor(&[2], &[1.0, 2.0]),
        Recalibration::Exact,
        "layer `n`: shapes [2] and [1] do not fit together; a batch norm reads images, channels and maps",
    );
    let other_channels = batch_norm(Builder::new(&[0, 0]), "x", "n", [1.0; 4]).network("n");
    check_error(
        &other_channels,
        &tensor(&[2, 2], &[1.0; 4]),
        Recalibration::Exact,
        "layer `n`: shapes [2, 2] and [1] do not fit together; a batch norm reads images, channels and maps",
    );
}

#[test]
fn a_declared_number_of_images_matters_only_to_nodes_that_insist() {
    let images = tensor(&[2, 1, 1, 2], &[1.0, 3.0, 5.0, 7.0]);
    let fixed = one_batch_norm(&[1, 1, 1, 2]).network("n");
    let found = recalibrate(&fixed, &images, Recalibration::Exact, &mut NoHooks).expect("statistics");
    assert_close(&found[0].mean, &[4.0]);
    let outputs = fixed
        .run(&images, &mut NoHooks)
        .expect("nothing depends on the number");
    assert_eq!(outputs[0].1.shape, [2, 1, 1, 2]);

    let reshaped =
        Builder::new(&[1, 1, 1, 2])
            .ints("shape", &[1, 1, 1, 2])
            .node("Reshape", &["x", "shape"], "r", &[]);
    let reshaped = batch_norm(reshaped, "r", "n", [1.0; 4]).network("n");
    let error =
        recalibrate(&reshaped, &images, Recalibration::Exact, &mut NoHooks).expect_err("another number");
    let RecalibrateError::FixedBatch {
        declared: 1,
        found: 2,
        ..
    } = error
    else {
        panic!("{error}")
    };
    let error = reshaped
        .run(&images, &mut NoHooks)
        .expect_err("a node depends on the number");
    assert_eq!(
        error.to_string(),
        "the model declares a batch of 1, and node `r` (Reshape) depends on that number; export it with an open batch axis"
    );
    // Images that became channels.
    let channels =
        Builder::new(&[1, 1, 1, 2])
            .ints("shape", &[1, -1, 1, 2])
            .node("Reshape", &["x", "shape"], "r", &[]);
    check_error(
        &batch_norm(channels, "r", "n", [1.0; 4]).network("n"),
        &images,
        Recalibration::Exact,
        "the model declares 1 images a run and cannot be run on 2: layer `n`: shapes [1, 2, 1, 2] and [1] do not fit \
         together; a batch norm reads images, channels and maps; export it with an open batch axis",
    );
}

#[test]
fn errors_of_hooks_end_the_recalibration() {
    struct Failing;
    impl Hooks for Failing {
        fn weighted(&mut self, _: &WeightedCall<'_>) -> Result<Option<Tensor>, HookError> {
            Err("the array is on fire".into())
        }
    }
    let images = tensor(&[2, 1, 1, 2], &[1.0; 4]);
    for how in [Recalibration::Exact, momentum(MOMENTUM_PARTS)] {
        let error = recalibrate(&convolutions(), &images, how, &mut Failing).expect_err("fails");
        assert_eq!(error.to_string(), "layer `c`: the array is on fire");
    }
}

/// Checks that batch norms read what their statistics say, as naive sums have it.
struct Verify<'a> {
    statistics: &'a [Statistics],
    n_seen: usize,
}

impl Hooks for Verify<'_> {
    fn batch_norm(&mut self, call: &BatchNormCall<'_>) -> Result<Option<Statistics>, HookError> {
        let statistics = &self.statistics[call.index];
        let shape = &call.input.shape;
        let map: usize = shape[2..].iter().product();
        for channel in 0..shape[1] {
            let of_channel = |image: usize| &call.input.data[(image * shape[1] + channel) * map..][..map];
            let normalized: Vec<f64> = (0..shape[0])
                .flat_map(of_channel)
                .map(|&x| {
                    let deviation = f64::from(statistics.variance[channel] + call.batch_norm.epsilon).sqrt();
                    let standard = (f64::from(x) - f64::from(statistics.mean[channel])) / deviation;
                    standard * f64::from(call.batch_norm.scale[channel])
                        + f64::from(call.batch_norm.shift[channel])
                })
                .collect();
            let n = f64::from(u32::try_from(normalized.len()).expect("few"));
            let mean = normalized.iter().sum::<f64>() / n;
            let variance = normalized.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
            let (shift, scale) = (call.batch_norm.shift[channel], call.batch_norm.scale[channel]);
            let v = statistics.variance[channel];
            let want = f64::from(scale).powi(2) * f64::from(v) / f64::from(v + call.batch_norm.epsilon);
            let name = &call.batch_norm.name;
            assert!((mean - f64::from(shift)).abs() < 1e-4, "{name}: {mean} {shift}");
            assert!(
                (variance - want).abs() < 1e-4 * want.max(1.0),
                "{name}: {variance} {want}"
            );
        }
        self.n_seen += 1;
        Ok(None)
    }
}

/// As many images of 28×28 as asked for, of waves that differ.
fn waves(n_images: u16) -> Tensor {
    let pixel = |image: u16, y: u16, x: u16| {
        let phase = f32::from(image + 1) * 0.37;
        (f32::from(x) * phase + f32::from(y)).sin() * 1.5 + (f32::from(y) * phase).cos()
    };
    let rows = (0..n_images).flat_map(|image| (0..28).map(move |y| (image, y)));
    let pixels = rows.flat_map(|(image, y)| (0..28).map(move |x| pixel(image, y, x)));
    Tensor::new(vec![usize::from(n_images), 1, 28, 28], pixels.collect()).expect("images")
}

fn resnet() -> Network {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/fashion-resnet8.onnx");
    Network::load(path).expect("loads")
}

#[test]
fn recalibrated_batch_norms_give_their_shift_and_scale() {
    let mut network = resnet();
    let images = waves(6);
    let statistics = recalibrate(&network, &images, Recalibration::Exact, &mut NoHooks).expect("statistics");
    for (index, statistics) in statistics.iter().enumerate() {
        assert_ne!(&network.batch_norms()[index].statistics, statistics);
        network.set_statistics(index, statistics.clone()).expect("fits");
    }
    let mut verify = Verify {
        statistics: &statistics,
        n_seen: 0,
    };
    network.run(&images, &mut verify).expect("outputs");
    assert_eq!(verify.n_seen, network.batch_norms().len());
    // What is recalibrated stays when it is done again.
    let again = recalibrate(&network, &images, Recalibration::Exact, &mut NoHooks).expect("statistics");
    assert_eq!(again, statistics);
}

#[test]
fn the_order_of_images_matters_only_to_rounding() {
    let network = resnet();
    let images = waves(5);
    let backwards = images.data.chunks(28 * 28).rev().flatten().copied().collect();
    let backwards = Tensor::new(images.shape.clone(), backwards).expect("images");
    let statistics =
        |images| recalibrate(&network, images, Recalibration::Exact, &mut NoHooks).expect("statistics");
    for (forwards, backwards) in statistics(&images).iter().zip(&statistics(&backwards)) {
        let widen = |list: &[f32]| list.iter().copied().map(f64::from).collect::<Vec<f64>>();
        assert_close(&forwards.mean, &widen(&backwards.mean));
        assert_close(&forwards.variance, &widen(&backwards.variance));
    }
}

proptest! {
    #[test]
    fn statistics_are_naive_sums(
        values in (1_usize..5, 1_usize..6).prop_flat_map(|(images, pixels)| {
            prop::collection::vec(prop::collection::vec(-9.0_f32..9.0, pixels * 2), images)
        }),
    ) {
        let (n_images, pixels) = (values.len(), values[0].len() / 2);
        let size = i64::try_from(pixels).expect("few");
        let builder = Builder::new(&[0, 2, size]);
        let names = ["scale", "shift", "mean", "variance"];
        let builder = names.iter().fold(builder, |builder, name| builder.floats(name, &[2], &[1.0, 2.0]));
        let network = builder
            .node("BatchNormalization", &["x", "scale", "shift", "mean", "variance"], "n", &[])
            .network("n");
        let images = tensor(&[n_images, 2, pixels], &values.concat());
        let found = recalibrate(&network, &images, Recalibration::Exact, &mut NoHooks).expect("statistics");
        for channel in 0..2 {
            let all: Vec<f64> = values
                .iter()
                .flat_map(|image| &image[channel * pixels..(channel + 1) * pixels])
                .map(|&x| f64::from(x))
                .collect();
            let n = f64::from(u32::try_from(all.len()).expect("few"));
            let mean = all.iter().sum::<f64>() / n;
            let variance = all.iter().map(|x| x * x).sum::<f64>() / n - mean * mean;
            prop_assert!((f64::from(found[0].mean[channel]) - mean).abs() < 1e-5);
            prop_assert!((f64::from(found[0].variance[channel]) - variance).abs() < 1e-4);
        }
    }
}
