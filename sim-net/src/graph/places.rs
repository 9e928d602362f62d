//! Places of a network: outputs of ReLUs behind convolutions, some of which a prediction may skip.

use std::collections::BTreeSet;

use sim_core::convolution::LayerKind;

use crate::graph::{Action, Graph, Node, producers, readers};

/// The output of a ReLU that follows a convolution: directly, behind its batch norm, or behind the sum that ends a
/// residual block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Position of the convolution among the layers.
    pub layer: usize,
    /// Position of the ReLU in execution order.
    pub(crate) node: usize,
    /// The strided 1×1 convolution whose only reader is the sum before the ReLU, among the layers.
    pub shortcut: Option<usize>,
}

/// All places, in the order of their ReLUs. The first convolution of the network has none.
pub(super) fn places(graph: &Graph) -> Vec<Place> {
    let search = Search {
        graph,
        readers: readers(graph),
        producers: producers(graph.names.len(), &graph.nodes),
    };
    let convolutions = graph.nodes.iter().enumerate().filter_map(|(position, node)| {
        let layer = convolution(graph, node)?;
        Some((position, layer))
    });
    let found = convolutions.skip(1).filter_map(|(position, layer)| {
        let (node, shortcut) = search.place_of(position)?;
        Some(Place {
            layer,
            node,
            shortcut,
        })
    });
    let mut places: Vec<Place> = found.collect();
    places.sort_by_key(|place| place.node);
    places
}

/// The layer of a node that is a convolution.
fn convolution(graph: &Graph, node: &Node) -> Option<usize> {
    let layer = node.action.layer()?;
    (graph.layers[layer].kind == LayerKind::Convolution).then_some(layer)
}

struct Search<'a> {
    graph: &'a Graph,
    /// By value.
    readers: Vec<Vec<usize>>,
    producers: Vec<Option<usize>>,
}

impl Search<'_> {
    /// The ReLU behind the convolution at `position`, by way of values that nothing else reads, and the shortcut that a sum
    /// before it adds.
    fn place_of(&self, position: usize) -> Option<(usize, Option<usize>)> {
        let (mut last, mut at) = (position, self.only_reader(position)?);
        while self.is_passed(at) {
            (last, at) = (at, self.only_reader(at)?);
        }
        let sum = match self.addends(at) {
            None => return self.is_relu(at).then_some((at, None)),
            Some(addends) => addends,
        };
        let [own, others] = self.convolutions_apart(position, sum)?;
        let mut behind = self.only_reader(at)?;
        while self.graph.nodes[behind].operator == "Identity" {
            behind = self.only_reader(behind)?;
        }
        let is_place = others < own && self.is_relu(behind);
        let other = sum.into_iter().find(|&value| self.producers[value] != Some(last));
        is_place.then(|| (behind, other.and_then(|value| self.shortcut(value, at))))
    }

    /// The strided 1×1 convolution that makes `value` for the sum at `reader` alone.
    fn shortcut(&self, value: usize, reader: usize) -> Option<usize> {
        let (mut position, mut reader) = (self.producers[value]?, reader);
        loop {
            if self.only_reader(position) != Some(reader) {
                return None;
            }
            let node = &self.graph.nodes[position];
            if let Action::Conv { conv, layer } = &node.action {
                let [.., rows, columns] = self.graph.layers[*layer].weight_shape();
                return ([rows, columns] == [1, 1] && conv.is_strided()).then_some(*layer);
            }
            if !self.is_passed(position) {
                return None;
            }
            (position, reader) = (self.producers[node.input(0)?]?, position);
        }
    }

    /// The node that alone reads the output of the node at `position`.
    fn only_reader(&self, position: usize) -> Option<usize> {
        let value = self.graph.nodes[position].outputs.first().copied().flatten()?;
        match self.readers[value][..] {
            [reader] if !self.graph.outputs.contains(&value) => Some(reader),
            _ => None,
        }
    }

    /// Whether a node may stand between a convolution and its ReLU or sum.
    fn is_passed(&self, position: usize) -> bool {
        let node = &self.graph.nodes[position];
        matches!(node.action, Action::BatchNorm { .. }) || node.operator == "Identity"
    }

    /// What a node is that adds two values of the network.
    fn addends(&self, position: usize) -> Option<[usize; 2]> {
        let node = &self.graph.nodes[position];
        match (node.operator.as_str(), &node.inputs[..]) {
            ("Add" | "Sum", &[Some(one), Some(other)])
                if [one, other]
                    .iter()
                    .all(|&value| self.graph.constants[value].is_none()) =>
            {
                Some([one, other])
            }
            _ => None,
        }
    }

    /// Whether a node makes 0 of what is below, and leaves what is between 0 and a limit.
    fn is_relu(&self, position: usize) -> bool {
        let node = &self.graph.nodes[position];
        let Action::Plain(operation) = &node.action else {
            return false;
        };
        match node.operator.as_str() {
            "Relu" => true,
            "Clip" => {
                let limits = operation.limits().unwrap_or_else(|| {
                    [
                        self.limit(node, 1, f32::NEG_INFINITY),
                        self.limit(node, 2, f32::INFINITY),
                    ]
                });
                limits[0] == 0.0 && 0.0 < limits[1]
            }
            _ => false,
        }
    }

    /// The number that input `index` of a node is; NaN of one that is computed, which is no limit.
    fn limit(&self, node: &Node, index: usize, left_out: f32) -> f32 {
        if node.input(index).is_none() {
            return left_out;
        }
        let constant = self.graph.float_constant(node, index);
        constant
            .and_then(|tensor| tensor.data.first().copied())
            .unwrap_or(f32::NAN)
    }

    /// Convolutions that lead to one value of a sum and not to the other: first of that with the convolution at `position`.
    fn convolutions_apart(&self, position: usize, [one, other]: [usize; 2]) -> Option<[usize; 2]> {
        let (before_one, before_other) = (self.before(one), self.before(other));
        let apart = |these: &BTreeSet<usize>, those: &BTreeSet<usize>| {
            let nodes = these.difference(those);
            nodes
                .filter(|&&node| convolution(self.graph, &self.graph.nodes[node]).is_some())
                .count()
        };
        let counts = [
            apart(&before_one, &before_other),
            apart(&before_other, &before_one),
        ];
        match (before_one.contains(&position), before_other.contains(&position)) {
            (true, false) => Some(counts),
            (false, true) => Some([counts[1], counts[0]]),
            // Both branches have it: it stands before they part.
            (true, true) | (false, false) => None,
        }
    }

    /// The nodes that a value depends on.
    fn before(&self, value: usize) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let mut waiting: Vec<usize> = self.producers[value].into_iter().collect();
        while let Some(position) = waiting.pop() {
            if found.insert(position) {
                let inputs = self.graph.nodes[position].inputs.iter().flatten();
                waiting.extend(inputs.filter_map(|&value| self.producers[value]));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use sim_core::tensor::Tensor;

    use crate::execute::hooks::{HookError, Hooks, PlaceCall};
    use crate::graph::model_builder::{Builder, tensor};
    use crate::network::Network;

    /// Names of the convolutions with a place, in the order of the places.
    fn names(network: &Network) -> Vec<&str> {
        let places = network.places().iter();
        places
            .map(|place| network.layers()[place.layer].name.as_str())
            .collect()
    }

    /// The stem `s` with a ReLU, whose output is `r`.
    fn stem() -> Builder {
        Builder::new(&[1, 1, 4, 4])
            .floats("w", &[1, 1, 1, 1], &[1.0])
            .floats("w3", &[1, 1, 3, 3], &[0.5; 9])
            .node("Conv", &["x", "w"], "s", &[])
            .node("Relu", &["s"], "r", &[])
    }

    fn conv(builder: Builder, input: &str, output: &str) -> Builder {
        builder.node("Conv", &[input, "w3"], output, &[("pads", &[1, 1, 1, 1])])
    }

    #[track_caller]
    fn check(builder: Builder, want: &[&str]) {
        assert_eq!(names(&builder.network("y")), want);
    }

    #[test]
    fn default_networks_have_a_place_for_every_convolution_of_a_main_branch() {
        let network = |name: &str| {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models").join(name);
            Network::load(path).expect("a network")
        };
        let small = network("fashion-resnet8.onnx");
        let block = |number: u8| (1..=2).map(move |conv| format!("/block{number}/conv{conv}/Conv"));
        assert_eq!(names(&small), (1..=3).flat_map(block).collect::<Vec<_>>());
        assert_eq!(network("fashion-resnet20.onnx").places().len(), 18);
        // The first block keeps its size, and adds what it read.
        let shortcuts: Vec<Option<&str>> = (small.places().iter())
            .map(|place| Some(small.layers()[place.shortcut?].name.as_str()))
            .collect();
        let second = Some("/block2/shortcut/shortcut.0/Conv");
        let third = Some("/block3/shortcut/shortcut.0/Conv");
        assert_eq!(shortcuts, [None, None, None, second, None, third]);
    }

    #[test]
    fn a_shortcut_is_a_strided_convolution_that_the_sum_alone_reads() {
        let block = |strides: i64, also: &str| {
            let stride = [("strides", &[strides, strides][..])];
            conv(stem(), "r", "c")
                .node("Relu", &["c"], "d", &[])
                .node("Conv", &["d", "w3"], "e", &[("pads", &[1, 1, 1, 1]), stride[0]])
                .node("Conv", &["r", "w"], "f", &stride)
                .node("Add", &["e", "f"], "g", &[])
                .node("Relu", &["g"], "y", &[])
                .node("Relu", &[also], "z", &[])
        };
        let shortcut = |builder: Builder| {
            let network = builder.network("y");
            let place = *network.places().last().expect("a place");
            place.shortcut.map(|layer| network.layers()[layer].name.clone())
        };
        assert_eq!(shortcut(block(2, "y")).as_deref(), Some("f"));
        assert_eq!(shortcut(block(1, "y")), None);
        assert_eq!(shortcut(block(2, "f")), None);
    }

    #[test]
    fn a_relu_directly_or_behind_a_batch_norm_is_a_place() {
        let norm = |builder: Builder| {
            builder
                .floats("one", &[1], &[1.0])
                .floats("zero", &[1], &[0.0])
                .node(
                    "BatchNormalization",
                    &["c", "one", "zero", "zero", "one"],
                    "n",
                    &[],
                )
        };
        check(conv(stem(), "r", "c").node("Relu", &["c"], "y", &[]), &["c"]);
        check(
            norm(conv(stem(), "r", "c")).node("Relu", &["n"], "y", &[]),
            &["c"],
        );
        let limits = |least| {
            conv(stem(), "r", "c")
                .floats("least", &[], &[least])
                .floats("most", &[], &[6.0])
                .node("Clip", &["c", "least", "most"], "y", &[])
        };
        check(limits(0.0), &["c"]);
        check(limits(-1.0), &[]);
        check(conv(stem(), "r", "c").node("Sigmoid", &["c"], "y", &[]), &[]);
        check(conv(stem(), "r", "c").node("LeakyRelu", &["c"], "y", &[]), &[]);
        // The first convolution of the network has none.
        check(stem().node("Identity", &["r"], "y", &[]), &[]);
    }

    #[test]
    fn what_something_else_reads_is_no_place() {
        let two = conv(stem(), "r", "c").node("Relu", &["c"], "d", &[]);
        check(two.node("Add", &["d", "c"], "y", &[]), &[]);
        let network = conv(stem(), "r", "c").node("Relu", &["c"], "d", &[]);
        assert_eq!(names(&network.network("c")), [""; 0]);
    }

    #[test]
    fn the_branch_with_more_convolutions_is_the_main_one() {
        let sum = |builder: Builder, values: [&str; 2]| {
            builder
                .node("Add", &values, "a", &[])
                .node("Relu", &["a"], "y", &[])
        };
        let main = |builder: Builder| {
            let builder = conv(builder, "r", "c1").node("Relu", &["c1"], "m", &[]);
            conv(builder, "m", "c2")
        };
        let other = |builder: Builder| builder.node("Conv", &["r", "w"], "o", &[]);
        check(sum(main(stem()), ["c2", "r"]), &["c1", "c2"]);
        check(sum(main(stem()), ["r", "c2"]), &["c1", "c2"]);
        check(sum(other(main(stem())), ["c2", "o"]), &["c1", "c2"]);
        check(sum(other(main(stem())), ["o", "c2"]), &["c1", "c2"]);
        // One each.
        check(sum(other(conv(stem(), "r", "c1")), ["c1", "o"]), &[]);
    }

    /// Makes every output of a place 2, and remembers which.
    struct Twos(Vec<(usize, Vec<usize>)>);

    impl Hooks for Twos {
        fn place(&mut self, call: &PlaceCall<'_>) -> Result<Option<Tensor>, HookError> {
            self.0.push((call.index, call.output.shape.clone()));
            let data = vec![2.0; call.output.data.len()];
            Ok(Some(Tensor::new(call.output.shape.clone(), data)?))
        }
    }

    #[test]
    fn what_a_hook_makes_of_a_place_is_read_by_all_behind_it() {
        let network = conv(stem(), "r", "c")
            .node("Relu", &["c"], "d", &[])
            .node("Add", &["d", "r"], "y", &[])
            .network("y");
        let mut hooks = Twos(Vec::new());
        let input = tensor(&[1, 1, 4, 4], &[-1.0; 16]);
        let outputs = network.run(&input, &mut hooks).expect("an output");
        assert_eq!(outputs[0].1.data, [2.0; 16]);
        assert_eq!(hooks.0, [(0, vec![1, 1, 4, 4])]);
    }
}
