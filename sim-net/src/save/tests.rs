//! What changes in a file, and what must not.

use sim_onnx::proto::{TensorProto, ValueInfoProto};
use sim_onnx::rewrite::float_input;
use sim_onnx::wire::{fields, push};

use super::*;
use crate::graph::model_builder::{Builder, tensor};
use crate::network::NoHooks;

/// Numbers of fields, as `onnx.proto` gives them.
mod number {
    pub(super) const MODEL_GRAPH: u64 = 7;
    pub(super) const GRAPH_NODE: u64 = 1;
    pub(super) const GRAPH_INITIALIZER: u64 = 5;
}

fn model() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/fashion-resnet8.onnx")
}

/// Statistics unlike those that a network stores.
fn other(network: &Network) -> Vec<Statistics> {
    let change = |list: &[f32], step: f32| list.iter().map(|x| x * 1.5 + step).collect();
    let batch_norms = network.batch_norms().iter();
    batch_norms
        .map(|batch_norm| Statistics {
            mean: change(&batch_norm.statistics.mean, -0.25),
            variance: change(&batch_norm.statistics.variance, 0.125),
        })
        .collect()
}

fn stored(network: &Network) -> Vec<Statistics> {
    let batch_norms = network.batch_norms().iter();
    batch_norms
        .map(|batch_norm| batch_norm.statistics.clone())
        .collect()
}

/// A batch norm of two channels after `input`, which reads mean and variance by these names.
fn batch_norm(builder: Builder, input: &str, output: &str, [mean, variance]: [&str; 2]) -> Builder {
    let inputs = [input, "scale", "shift", mean, variance];
    builder.node("BatchNormalization", &inputs, output, &[])
}

fn builder() -> Builder {
    Builder::new(&[0, 2])
        .floats("scale", &[2], &[2.0, 1.0])
        .floats("shift", &[2], &[0.0, 1.0])
        .floats("mean", &[2], &[1.0, 0.0])
        .floats("variance", &[2], &[4.0, 1.0])
}

fn little_endian(elements: &[f32]) -> Vec<u8> {
    elements.iter().copied().flat_map(f32::to_le_bytes).collect()
}

#[track_caller]
fn saved(bytes: &[u8], statistics: &[Statistics]) -> (ModelProto, Network) {
    let bytes = with_statistics(bytes, statistics).expect("saves");
    let network = Network::from_bytes(&bytes).expect("a network");
    assert_eq!(stored(&network), statistics);
    (ModelProto::decode(&bytes[..]).expect("a model"), network)
}

fn initializers(model: &ModelProto) -> Vec<&str> {
    let graph = model.graph.as_ref().expect("a graph");
    graph.initializer.iter().map(TensorProto::name).collect()
}

#[test]
fn a_saved_network_is_one_with_its_statistics_set() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("new.onnx");
    let mut network = Network::load(model()).expect("loads");
    let statistics = other(&network);
    save_statistics(&model(), &out, &statistics).expect("saves");
    let read = Network::load(&out).expect("loads");
    let images = tensor(&[2, 1, 28, 28], &[0.5, -0.75, 1.25, 0.0].repeat(2 * 14 * 14));
    let before = network.run(&images, &mut NoHooks).expect("outputs");
    for (index, statistics) in statistics.iter().enumerate() {
        network.set_statistics(index, statistics.clone()).expect("fits");
    }
    assert_eq!(read.layers(), network.layers());
    assert_eq!(read.batch_norms(), network.batch_norms());
    let outputs = read.run(&images, &mut NoHooks).expect("outputs");
    assert_eq!(outputs, network.run(&images, &mut NoHooks).expect("outputs"));
    assert_ne!(outputs, before);

    // Over itself, and back: the file is what it was, and nothing else is left in the folder.
    save_statistics(&out, &out, &stored(&Network::load(model()).expect("loads"))).expect("saves");
    let [found, want] = [&out, &model()].map(|path| std::fs::read(path).expect("reads"));
    assert!(found == want, "the files differ");
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
}

#[test]
fn all_but_the_statistics_stays_byte_for_byte() {
    let bytes = std::fs::read(model()).expect("reads");
    let network = Network::from_bytes(&bytes).expect("a network");
    let statistics = other(&network);
    let new = with_statistics(&bytes, &statistics).expect("saves");
    assert_eq!(new.len(), bytes.len());
    let n_changed = bytes.iter().zip(&new).filter(|(old, new)| old != new).count();
    let n_elements: usize = statistics
        .iter()
        .map(|one| one.mean.len() + one.variance.len())
        .sum();
    assert!((1..=4 * n_elements).contains(&n_changed), "{n_changed} bytes");
}

/// `message` with a field of each form that no reader knows, behind all others.
fn with_unknown(mut message: Vec<u8>) -> Vec<u8> {
    message.extend([0xb8, 0x3e, 7]); // Field 999, a number.
    push(&mut message, 1000, b"unknown");
    message
}

/// The fields of `message`, those of `number` through `change`.
fn map(message: &[u8], number: u64, change: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let mut mapped = Vec::new();
    for field in fields(message).expect("fields") {
        match field.content {
            Some(content) if field.number == number => push(&mut mapped, number, &change(content)),
            _ => mapped.extend_from_slice(field.whole),
        }
    }
    mapped
}

#[test]
fn unknown_fields_survive_at_every_level() {
    // One batch norm whose tensors change in place, and one that gets new ones.
    let builder = batch_norm(builder(), "x", "n", ["mean", "variance"]).floats("both", &[2], &[3.0, 5.0]);
    let bytes = batch_norm(builder, "n", "m", ["both", "both"]).bytes("m");
    let graph = |graph: &[u8]| {
        let graph = map(graph, number::GRAPH_NODE, |node| with_unknown(node.to_vec()));
        let graph = map(&graph, number::GRAPH_INITIALIZER, |tensor| {
            with_unknown(tensor.to_vec())
        });
        with_unknown(graph)
    };
    let marked = with_unknown(map(&bytes, number::MODEL_GRAPH, graph));
    let statistics = other(&Network::from_bytes(&marked).expect("a network"));
    let new = with_statistics(&marked, &statistics).expect("saves");
    assert_eq!(stored(&Network::from_bytes(&new).expect("a network")), statistics);
    let count = |bytes: &[u8]| {
        bytes
            .windows(9)
            .filter(|window| window.ends_with(b"unknown"))
            .count()
    };
    // A model, a graph, two nodes and five initializers.
    assert_eq!((count(&marked), count(&new)), (9, 9));
    let number = |bytes: &[u8]| {
        bytes
            .windows(3)
            .filter(|window| *window == [0xb8, 0x3e, 7])
            .count()
    };
    assert_eq!((number(&marked), number(&new)), (9, 9));
}

#[test]
fn elements_change_in_the_form_that_they_have() {
    let raw = TensorProto {
        dims: vec![2],
        data_type: Some(1),
        raw_data: Some(little_endian(&[1.0, 0.0])),
        name: Some("raw".to_owned()),
        ..TensorProto::default()
    };
    let builder = batch_norm(builder().stored(raw), "x", "n", ["raw", "variance"]);
    let bytes = builder.bytes("n");
    let old = ModelProto::decode(&bytes[..]).expect("a model");
    let statistics = other(&Network::from_bytes(&bytes).expect("a network"));
    let (new, _) = saved(&bytes, &statistics);
    let mut want = old.clone();
    for tensor in &mut want.graph.as_mut().expect("a graph").initializer {
        match tensor.name() {
            "raw" => tensor.raw_data = Some(little_endian(&statistics[0].mean)),
            "variance" => tensor.float_data.clone_from(&statistics[0].variance),
            _ => {}
        }
    }
    assert_eq!(new, want);
    assert_ne!(new, old);
}

#[test]
fn a_tensor_with_other_readers_is_left_to_them() {
    // Two batch norms, an addition and an output read `mean`; `mean.recalibrated` is taken.
    let builder = batch_norm(builder(), "x", "n", ["mean", "variance"])
        .floats("mean.recalibrated", &[2], &[0.0; 2])
        .node("Add", &["m", "mean"], "a", &[])
        .node("Add", &["a", "mean.recalibrated"], "y", &[]);
    let bytes = batch_norm(builder, "n", "m", ["mean", "mean"]).bytes("y");
    let network = Network::from_bytes(&bytes).expect("a network");
    let mut statistics = other(&network);
    statistics[1].mean = vec![9.0, 8.0];
    let (model, read) = saved(&bytes, &statistics);
    assert_eq!(
        initializers(&model)[4..],
        [
            "mean.recalibrated",
            "mean.recalibrated.2",
            "mean.recalibrated.3",
            "mean.recalibrated.4"
        ]
    );
    let mut want = network;
    for (index, statistics) in statistics.into_iter().enumerate() {
        want.set_statistics(index, statistics).expect("fits");
    }
    let x = tensor(&[1, 2], &[3.0, -1.0]);
    assert_eq!(
        read.run(&x, &mut NoHooks).expect("outputs"),
        want.run(&x, &mut NoHooks).expect("outputs")
    );
}

#[test]
fn statistics_that_nodes_compute_become_stored_ones() {
    let builder = batch_norm(builder(), "x", "n", ["computed", "variance"]).node(
        "Identity",
        &["mean"],
        "computed",
        &[],
    );
    let bytes = builder.bytes("n");
    let statistics = other(&Network::from_bytes(&bytes).expect("a network"));
    let (model, _) = saved(&bytes, &statistics);
    assert_eq!(initializers(&model)[4..], ["computed.recalibrated"]);
    let nodes = &model.graph.as_ref().expect("a graph").node;
    assert_eq!(nodes[0].input[3], "computed.recalibrated");
    assert_eq!(nodes[1].input, ["mean"]);
}

#[test]
fn an_output_of_the_network_keeps_its_value() {
    let mut builder = batch_norm(builder(), "x", "n", ["mean", "variance"]);
    builder.graph.output.push(ValueInfoProto {
        name: Some("mean".to_owned()),
        r#type: None,
    });
    let bytes = builder.bytes("n");
    let statistics = other(&Network::from_bytes(&bytes).expect("a network"));
    let (_, read) = saved(&bytes, &statistics);
    let outputs = read
        .run(&tensor(&[1, 2], &[1.0, 2.0]), &mut NoHooks)
        .expect("outputs");
    assert_eq!(outputs[0], ("mean".to_owned(), tensor(&[2], &[1.0, 0.0])));
}

#[test]
fn new_initializers_are_inputs_where_the_version_of_the_format_wants_it() {
    for (ir_version, want) in [(None, 2), (Some(3), 2), (Some(4), 1), (Some(10), 1)] {
        let builder = batch_norm(builder(), "x", "n", ["computed", "variance"]);
        let builder = builder.node("Identity", &["mean"], "computed", &[]);
        let mut model = ModelProto::decode(&builder.bytes("n")[..]).expect("a model");
        model.ir_version = ir_version;
        let bytes = model.encode_to_vec();
        let statistics = other(&Network::from_bytes(&bytes).expect("a network"));
        let (model, _) = saved(&bytes, &statistics);
        let inputs = &model.graph.as_ref().expect("a graph").input;
        assert_eq!(inputs.len(), want, "version {ir_version:?}");
        if let Some(input) = inputs.get(1) {
            assert_eq!(*input, float_input("computed.recalibrated", 2));
        }
    }
}

#[test]
fn a_graph_in_two_parts_is_one() {
    let builder = batch_norm(builder(), "x", "n", ["mean", "variance"]);
    let first = builder.bytes("n");
    // The parts are joined: this adds a node that reads what both have.
    let mut second = Builder::new(&[0, 2]);
    second.graph.input.clear();
    second = batch_norm(second, "n", "m", ["mean", "mean"]);
    let second = second.graph.encode_to_vec();
    let mut bytes = first;
    push(&mut bytes, number::MODEL_GRAPH, &second);
    let network = Network::from_bytes(&bytes).expect("a network");
    assert_eq!(network.batch_norms().len(), 2);
    saved(&bytes, &other(&network));
}

#[test]
fn statistics_that_do_not_fit_are_refused() {
    #[track_caller]
    fn check(statistics: &[Statistics], want: &str) {
        let folder = tempfile::tempdir().expect("a folder");
        let [source, out] = ["a.onnx", "b.onnx"].map(|name| folder.path().join(name));
        let bytes = batch_norm(builder(), "x", "n", ["mean", "variance"]).bytes("n");
        std::fs::write(&source, bytes).expect("writes");
        let error = save_statistics(&source, &out, statistics).expect_err("refused");
        assert_eq!(error.to_string(), format!("{}: {want}", source.display()));
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }
    let of = |mean: &[f32], variance: &[f32]| {
        vec![Statistics {
            mean: mean.to_vec(),
            variance: variance.to_vec(),
        }]
    };
    check(
        &[],
        "it has 1 batch norms, but there are statistics for 0: were they made for another network?",
    );
    check(
        &of(&[0.0], &[1.0; 2]),
        "batch norm `n` has 2 channels, but its new mean has 1",
    );
    check(
        &of(&[0.0; 2], &[1.0; 3]),
        "batch norm `n` has 2 channels, but its new variance has 3",
    );
    let rule = "means are finite, variances finite and not negative";
    check(
        &of(&[0.0, f32::NAN], &[1.0; 2]),
        &format!("batch norm `n`: the new mean of channel 1 is NaN; {rule}"),
    );
    check(
        &of(&[0.0; 2], &[-0.5, 1.0]),
        &format!("batch norm `n`: the new variance of channel 0 is -0.5; {rule}"),
    );
}

#[test]
fn files_that_cannot_be_read_or_written_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let [missing, broken, deep] =
        ["no.onnx", "broken.onnx", "no/b.onnx"].map(|name| folder.path().join(name));
    std::fs::write(&broken, [0x3a, 0x05]).expect("writes");
    let check = |source: &Path, out: &Path, statistics: &[Statistics], path: &Path, want: &str| {
        let error = save_statistics(source, out, statistics).expect_err("fails");
        let text = error.to_string();
        assert_eq!(error.path, path);
        assert!(text.starts_with(&format!("{}: {want}", path.display())), "{text}");
    };
    check(&missing, &deep, &[], &missing, "cannot read the model: ");
    check(&broken, &deep, &[], &broken, "not an ONNX model, or cut off: ");
    let statistics = stored(&Network::load(model()).expect("loads"));
    check(&model(), &deep, &statistics, &deep, "cannot write the model: ");
}
