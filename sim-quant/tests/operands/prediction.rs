//! Outputs that are skipped in a running network, and what thresholds would skip.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use sim_core::prediction::{Diagonal, PixelOrder};
use sim_core::progress::{Progress, Silent};
use sim_core::recalibration::{Momentum, Recalibration};
use sim_core::tensor::Tensor;
use sim_net::network::{HookError, Hooks, Network, PlaceCall, Value, WeightedCall};
use sim_predict::cross_neuron::{CrossNeuron, WindowSize, ZeroUpTo};
use sim_predict::curve::THRESHOLDS;
use sim_predict::file::PredictorFile;
use sim_predict::mask::MaskType;
use sim_predict::method::Method;
use sim_predict::predictor::{Predictor, Stage, Threshold};
use sim_predict::train::LearningRate;
use sim_quant::capture::{CaptureError, CaptureOptions, ModelFile};
use sim_quant::feed::Feed;
use sim_quant::prediction::training::{Trained, TrainingError, TrainingSpec, train};
use sim_quant::prediction::{
    Filling, Gating, PlaceMethods, RecalibratingGates, counts_by_place, curves, densities,
};

use crate::capture::{images, network, options};

/// What layers read, and what ReLUs made at places.
#[derive(Default)]
struct Seen {
    inputs: Vec<(String, Tensor)>,
    places: Vec<Tensor>,
}

impl Hooks for Seen {
    fn weighted(&mut self, call: &WeightedCall<'_>) -> Result<Option<Tensor>, HookError> {
        self.inputs.push((call.layer.name.clone(), call.input.clone()));
        Ok(None)
    }

    fn place(&mut self, call: &PlaceCall<'_>) -> Result<Option<Tensor>, HookError> {
        self.places.push(call.output.clone());
        Ok(None)
    }
}

/// A predictor of made-up weights for a place of so many channels.
fn predictor(n_channels: usize) -> Predictor {
    let stage = |phase: f32| {
        let weight = |index: usize| (f32::from(u16::try_from(index % 997).expect("is small")) + phase).sin();
        Stage {
            weight: (0..n_channels * 9).map(weight).collect(),
            bias: vec![0.1; n_channels],
            scale: vec![1.0; n_channels],
            shift: vec![0.0; n_channels],
            mean: vec![0.2; n_channels],
            variance: vec![0.5; n_channels],
        }
    };
    Predictor {
        mask: MaskType::new(5).expect("a type"),
        stages: [stage(0.0), stage(1.0)],
    }
}

/// Channels of each place.
fn channels(network: &Network) -> Vec<usize> {
    let layers = network
        .places()
        .iter()
        .map(|place| &network.layers()[place.layer]);
    layers.map(|layer| layer.weight_shape()[0]).collect()
}

fn run(network: &Network, hooks: &mut dyn Hooks) {
    let (images, options) = (images(1, 28), options());
    let feed = Feed::new(network, &images, &options.preprocessing).expect("images");
    let inputs = feed.of(0..1).expect("an image");
    network.run_values(inputs, hooks).expect("outputs");
}

#[test]
fn skipped_outputs_are_zero_for_everything_that_reads_them() {
    let network = network();
    let windows = Method::CrossNeuron(CrossNeuron {
        window: WindowSize::TWO,
        diagonal: Diagonal::Main,
        zero_up_to: ZeroUpTo::default(),
    });
    let zap = |n_channels| Method::Zap {
        predictor: Box::new(predictor(n_channels)),
        threshold: Threshold::new(0.3).expect("is finite"),
    };
    let channels = channels(&network);
    for methods in [
        vec![Some(windows); channels.len()],
        channels.iter().map(|&channels| Some(zap(channels))).collect(),
    ] {
        let mut seen = Seen::default();
        let methods = PlaceMethods {
            methods,
            filling: None,
        };
        let mut gating = Gating::remembering(&methods, &mut seen);
        run(&network, &mut gating);
        let counts = counts_by_place(&gating.into_gates(), channels.len());
        // The first place is read by the second convolution of its block, the second by both branches of the next one.
        let readers: [&[&str]; 2] = [
            &["/block1/conv2/Conv"],
            &["/block2/conv1/Conv", "/block2/shortcut/shortcut.0/Conv"],
        ];
        for (place, readers) in readers.iter().enumerate() {
            let x = &seen.places[place];
            let [_, channels, rows, columns] = x.shape[..] else {
                panic!("{:?}", x.shape)
            };
            let gate = methods.methods[place]
                .as_ref()
                .expect("a method")
                .gate(&x.data, [channels, rows, columns]);
            let mut want = x.data.clone();
            gate.apply(&mut want);
            assert_ne!(want, x.data, "something is skipped");
            for name in *readers {
                let input = seen.inputs.iter().find(|(reader, _)| reader == name);
                assert_eq!(input.expect(name).1.data, want, "{name}");
            }
        }
        for (place, counts) in counts.iter().enumerate() {
            let n_outputs = u64::try_from(seen.places[place].data.len()).expect("fits");
            assert_eq!(counts.outputs, n_outputs, "place {place}");
            assert_eq!(counts.free, counts.kept + counts.skipped);
        }
    }
}

#[test]
fn nothing_is_predicted_where_there_is_no_method() {
    let network = network();
    let n_places = network.places().len();
    let mut seen = Seen::default();
    let methods = PlaceMethods {
        methods: vec![None; n_places],
        filling: None,
    };
    let mut gating = Gating::remembering(&methods, &mut seen);
    run(&network, &mut gating);
    assert!(gating.into_gates().is_empty());
    let (predicted, mut plain) = (seen.inputs, Seen::default());
    run(&network, &mut plain);
    assert_eq!(predicted, plain.inputs);
}

/// Windows that skip whatever is free.
fn skipping_all(network: &Network) -> PlaceMethods {
    let windows = Method::CrossNeuron(CrossNeuron {
        window: WindowSize::TWO,
        diagonal: Diagonal::Main,
        zero_up_to: ZeroUpTo::new(1e30).expect("is finite"),
    });
    PlaceMethods {
        methods: vec![Some(windows); network.places().len()],
        filling: None,
    }
}

#[test]
fn rows_that_first_pixels_leave_empty_take_the_next_free_pixels() {
    let network = network();
    let gates = |filling| {
        let methods = PlaceMethods {
            filling,
            ..skipping_all(&network)
        };
        let mut seen = Seen::default();
        let mut gating = Gating::remembering(&methods, &mut seen);
        run(&network, &mut gating);
        gating.into_gates()
    };
    let plain = gates(None);
    let filled = gates(Some(Filling {
        rows: 48,
        pixels: PixelOrder::Raster,
    }));
    assert_eq!(plain.len(), network.places().len());
    for (plain, filled) in plain.iter().zip(&filled) {
        let (plain, filled) = (&plain.gate, &filled.gate);
        let first = plain.first();
        assert_eq!(first, filled.first(), "what a predictor sees stays");
        let n_first = first.iter().filter(|&&first| first).count();
        let n_free = first.len() - n_first;
        let mut left = (n_first.next_multiple_of(48) - n_first).min(n_free);
        let channels = plain
            .kept()
            .chunks(first.len())
            .zip(filled.kept().chunks(first.len()));
        let want: Vec<bool> = (plain.kept()[..first.len()].iter())
            .map(|&kept| {
                let fills = !kept && 0 < left;
                left -= usize::from(fills);
                kept || fills
            })
            .collect();
        for (channel, (plain, filled)) in channels.enumerate() {
            assert_eq!(plain, first, "channel {channel}");
            assert_eq!(filled, want, "channel {channel}");
        }
    }
    // 392 first pixels of 28×28, of which 144 = 3·48 are 40 short of a whole tile.
    let kept = filled[0].gate.kept()[..784].iter().filter(|&&kept| kept).count();
    assert_eq!(kept, 432);
}

#[test]
fn densities_are_what_predictions_keep_of_free_pixels() {
    let network = network();
    let (images, options) = (images(3, 28), options());
    let zap = |n_channels| Method::Zap {
        predictor: Box::new(predictor(n_channels)),
        threshold: Threshold::new(0.3).expect("is finite"),
    };
    let mut methods: Vec<Option<Method>> = channels(&network).into_iter().map(|n| Some(zap(n))).collect();
    methods[1] = None;
    let methods = PlaceMethods {
        methods,
        filling: None,
    };
    let found = densities(&network, &images, &methods, &options, &Silent).expect("densities");
    let feed = Feed::new(&network, &images, &options.preprocessing).expect("images");
    let mut n_kept = vec![0; network.places().len()];
    for image in 0..3 {
        let mut seen = Seen::default();
        let mut gating = Gating::remembering(&methods, &mut seen);
        let inputs = feed.of(image..image + 1).expect("an image");
        network.run_values(inputs, &mut gating).expect("outputs");
        for gate in gating.into_gates() {
            n_kept[gate.place] += gate.counts.kept;
        }
    }
    let sums: Vec<u64> = found.iter().map(|channels| channels.iter().sum()).collect();
    assert_eq!(sums, n_kept);
    assert!(found[1].is_empty() && found[0].len() == 16);
    assert!(found[0].iter().any(|&kept| kept != found[0][0]), "{found:?}");
}

#[test]
fn curves_are_those_of_the_maps_and_do_not_depend_on_jobs() {
    let network = network();
    let images = images(3, 28);
    let channels = channels(&network);
    let mut predictors: Vec<Option<Predictor>> = channels
        .iter()
        .map(|&channels| Some(predictor(channels)))
        .collect();
    predictors[1] = None;
    let options = options();
    let made = |jobs| {
        let options = CaptureOptions {
            jobs,
            ..options.clone()
        };
        curves(&network, (&images, 3), &predictors, &options, &Silent).expect("curves")
    };
    let found = made(1);
    assert_eq!(found, made(5));
    assert_eq!(found[1], None);
    // By hand, from what a run without a prediction shows.
    let feed = Feed::new(&network, &images, &options.preprocessing).expect("images");
    let mut kept = [0_u32; 2];
    let (mut n_outputs, at) = (0_u32, 17);
    for image in 0..3 {
        let mut seen = Seen::default();
        let inputs = feed.of(image..image + 1).expect("an image");
        network.run_values(inputs, &mut seen).expect("outputs");
        let x = &seen.places[0];
        let (shape, columns) = ([x.shape[1], x.shape[2], x.shape[3]], x.shape[3]);
        let predictor = predictors[0].as_ref().expect("a predictor");
        for (index, score) in predictor.scores(&x.data, shape).into_iter().enumerate() {
            let pixel = index % (shape[1] * columns);
            let is_first = predictor.mask.is_first(pixel / columns, pixel % columns);
            n_outputs += 1;
            kept[0] += u32::from(is_first || THRESHOLDS[at] < score);
            kept[1] += u32::from(is_first);
        }
    }
    let curve = found[0].as_ref().expect("a curve");
    assert_eq!(curve.share[at], f64::from(kept[0]) / f64::from(n_outputs));
    assert!(
        kept[1] < kept[0] && kept[0] < n_outputs,
        "{kept:?} of {n_outputs}"
    );
}

/// A short training of every place.
fn training(network: &Network) -> TrainingSpec {
    TrainingSpec {
        masks: vec![MaskType::new(5).expect("a type"); network.places().len()],
        n_epochs: 3,
        batch_size: 4,
        rate: LearningRate::ZAP,
        seed: 1,
    }
}

#[test]
fn training_lowers_the_losses_and_does_not_depend_on_jobs() {
    let network = network();
    let images = images(10, 28);
    let options = options();
    let trained = |jobs, seed| {
        let options = CaptureOptions {
            jobs,
            ..options.clone()
        };
        let spec = TrainingSpec {
            seed,
            ..training(&network)
        };
        train(&network, &images, &spec, &options, &Silent).expect("predictors")
    };
    let Trained { predictors, losses } = trained(1, 1);
    assert_eq!(
        Trained {
            predictors: predictors.clone(),
            losses: losses.clone()
        },
        trained(3, 1)
    );
    assert_ne!(predictors, trained(2, 2).predictors);
    assert_eq!((predictors.len(), losses.len()), (network.places().len(), 3));
    for (place, (first, last)) in losses[0].iter().zip(&losses[2]).enumerate() {
        assert!(last < first, "place {place}: {last} after {first}");
    }
}

/// Stops once so many epochs have begun.
struct StopAfter<'a> {
    stop: &'a AtomicBool,
    n_epochs: AtomicUsize,
    last: usize,
}

impl Progress for StopAfter<'_> {
    fn begin(&self, _: &str, _: usize) {
        if self.n_epochs.fetch_add(1, Ordering::Relaxed) == self.last {
            self.stop.store(true, Ordering::Relaxed);
        }
    }

    fn advance(&self, _: &str) {}
}

#[test]
fn training_that_is_stopped_gives_what_whole_epochs_made() {
    let network = network();
    let images = images(6, 28);
    let stopped = |last| {
        let stop = AtomicBool::new(false);
        let options = CaptureOptions {
            stop: &stop,
            ..options()
        };
        let progress = StopAfter {
            stop: &stop,
            n_epochs: AtomicUsize::new(0),
            last,
        };
        train(&network, &images, &training(&network), &options, &progress)
    };
    let part = stopped(2).expect("two epochs");
    let whole = TrainingSpec {
        n_epochs: 2,
        ..training(&network)
    };
    let whole = train(&network, &images, &whole, &options(), &Silent).expect("two epochs");
    assert_eq!(part, whole);
    assert!(matches!(
        stopped(0),
        Err(TrainingError::Run(CaptureError::Stopped))
    ));
}

#[test]
fn predictors_that_are_shipped_belong_to_their_networks() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
    for name in ["fashion-resnet8", "fashion-resnet20"] {
        let model = folder.join(format!("{name}.onnx"));
        let network = Network::load(&model).expect("loads");
        let layers = network
            .places()
            .iter()
            .map(|place| &network.layers()[place.layer]);
        let want: Vec<(String, usize)> = layers
            .map(|layer| (layer.name.clone(), layer.weight_shape()[0]))
            .collect();
        let hash = ModelFile::of(&model).expect("hashes").hash;
        for mask in [3, 5, 6] {
            let path = folder.join(format!("{name}-mask{mask}.zap.safetensors"));
            let bytes = std::fs::read(&path).expect("is there");
            let file = PredictorFile::from_bytes(&bytes).expect("reads");
            let found = file.places.iter().map(|place| {
                assert_eq!(place.predictor.mask.number(), mask);
                assert!(place.curve.is_some());
                (place.name.clone(), place.predictor.n_channels())
            });
            assert_eq!(found.collect::<Vec<_>>(), want, "{name}, mask {mask}");
            assert_eq!(
                file.provenance.model_hash.as_ref(),
                Some(&hash),
                "{name}, mask {mask}"
            );
        }
    }
}

/// The images as one batch.
fn batch_of(network: &Network) -> Tensor {
    let (images, options) = (images(3, 28), options());
    let feed = Feed::new(network, &images, &options.preprocessing).expect("a feed");
    let mut batch = Tensor::default();
    for index in 0..3 {
        let mut inputs = feed.of(index..index + 1).expect("an image");
        let Value::Float(image) = inputs.remove(0) else {
            panic!("the network reads floats");
        };
        batch.shape = image.shape;
        batch.data.extend(image.data);
    }
    batch.shape[0] = 3;
    batch
}

#[test]
fn predictors_normalise_with_a_batch_and_keep_its_statistics() {
    let network = network();
    let batch = batch_of(&network);
    let predictors: Vec<Predictor> = channels(&network).into_iter().map(predictor).collect();
    let threshold = Threshold::new(0.1).expect("finite");
    let zap = |predictor: Predictor| {
        let predictor = Box::new(predictor);
        Some(Method::Zap { predictor, threshold })
    };
    let methods = PlaceMethods {
        methods: predictors.iter().cloned().map(zap).collect(),
        filling: None,
    };
    let momentum = Momentum::new(0.25, 3).expect("in range");
    for how in [Recalibration::Exact, Recalibration::Momentum(momentum)] {
        let mut seen = Seen::default();
        let mut gates = RecalibratingGates::new(&methods, how, &mut seen);
        network.run(&batch, &mut gates).expect("runs");
        let found = gates.into_methods();
        assert_eq!(seen.places.len(), predictors.len());
        let mut n_skipped = 0;
        for ((predictor, output), found) in predictors.iter().zip(&seen.places).zip(found.methods) {
            let [_, channels, rows, columns] = output.shape[..] else {
                panic!("{:?}", output.shape);
            };
            let shape = [channels, rows, columns];
            let maps: Vec<&[f32]> = output.data.chunks(channels * rows * columns).collect();
            let moments = predictor.moments_of(&maps, shape);
            let mut want = moments.stages.clone();
            if how != Recalibration::Exact {
                let unbiased = moments.n_values / (moments.n_values - 1.0);
                for (new, stored) in want.iter_mut().zip(predictor.stored_moments()) {
                    for (new, stored) in new.mean.iter_mut().zip(stored.mean) {
                        *new = 0.75 * stored + 0.25 * *new;
                    }
                    for (new, stored) in new.variance.iter_mut().zip(stored.variance) {
                        *new = 0.75 * stored + 0.25 * unbiased * *new;
                    }
                }
            }
            assert_eq!(found, zap(predictor.with_moments(&want)));
            let of_batch = predictor.with_moments(&moments.stages);
            let gate = |map: &&[f32]| of_batch.gate(&of_batch.scores(map, shape), shape, threshold);
            n_skipped += maps.iter().map(|map| gate(map).counts(map).skipped).sum::<u64>();
        }
        assert!(0 < n_skipped);
    }
}
