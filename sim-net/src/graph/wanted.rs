//! What of a graph has to run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use crate::graph::error::{MissingOperator, ModelError};
use crate::graph::products;
use crate::graph::{Graph, Node, producers};
use crate::ops::fault::Fault;

/// The name of the array of images.
const IMAGES: &str = "images";

/// What is wanted of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// What these layers read, by position among the layers.
    Layers(Vec<usize>),
    /// The same, and what ReLUs make at the places of these layers.
    LayersAndPlaces(Vec<usize>),
    /// The values with these names: outputs, or what any node makes.
    Outputs(Vec<String>),
    /// What ReLUs make at places.
    Places,
}

impl Graph {
    /// From now on run what `wanted` needs, and nothing else.
    ///
    /// - Errors: names that no value has, and nodes that are needed and cannot run: all of them at once.
    pub fn want(&mut self, wanted: &Wanted) -> Result<(), ModelError> {
        match wanted {
            Wanted::Layers(layers) => {
                let points = self.nodes_of(layers);
                self.outputs = Vec::new();
                self.need(&points);
            }
            Wanted::LayersAndPlaces(layers) => {
                let mut points = self.nodes_of(layers);
                let places = self.places.iter().filter(|place| layers.contains(&place.layer));
                points.extend(places.map(|place| place.node));
                self.outputs = Vec::new();
                self.need(&points);
            }
            Wanted::Places => {
                let nodes: Vec<usize> = self.places.iter().map(|place| place.node).collect();
                self.outputs = Vec::new();
                self.need(&nodes);
            }
            Wanted::Outputs(names) => {
                let outputs = names
                    .iter()
                    .map(|name| self.value(name))
                    .collect::<Result<_, _>>()?;
                self.need_outputs(outputs);
            }
        }
        self.check_needed()
    }

    /// The nodes that are these layers.
    fn nodes_of(&self, layers: &[usize]) -> Vec<usize> {
        let nodes = self.nodes.iter().enumerate().filter(|(_, node)| {
            let layer = node.action.layer();
            layer.is_some_and(|layer| layers.contains(&layer))
        });
        nodes.map(|(position, _)| position).collect()
    }

    /// From now on run what these values need.
    pub(super) fn need_outputs(&mut self, outputs: Vec<usize>) {
        let producers = producers(self.names.len(), &self.nodes);
        let nodes: Vec<usize> = outputs.iter().filter_map(|&value| producers[value]).collect();
        self.outputs = outputs;
        self.need(&nodes);
    }

    fn need(&mut self, nodes: &[usize]) {
        self.needed = self.ancestors(nodes);
        self.find_last_readers();
        self.fed = self.needed_inputs();
        self.images = self.image_input(&self.fed);
        self.batch_node = OnceLock::new();
    }

    /// The place among `inputs`, which are positions among all, of the one that is the images: the one with their name,
    /// else the first that has no array of its own. Where no array is called as images are, it is the first that has one.
    pub(crate) fn image_input(&self, inputs: &[usize]) -> usize {
        let (images, arrays) = (IMAGES.to_owned(), &self.arrays);
        let place = |is_it: &dyn Fn(&String) -> bool| {
            let mut names = inputs.iter().map(|&position| &self.inputs[position].name);
            names.position(is_it)
        };
        let place = if arrays.is_empty() {
            None
        } else if arrays.contains(&images) {
            place(&|name| *name == images).or_else(|| place(&|name| !arrays.contains(name)))
        } else {
            place(&|name| arrays.contains(name))
        };
        place.unwrap_or(0)
    }

    /// The value with this name.
    fn value(&self, name: &str) -> Result<usize, ModelError> {
        let is_there = |value: &usize| {
            let is_made = self.nodes.iter().any(|node| node.outputs.contains(&Some(*value)));
            is_made || self.input_values.contains(value) || self.constants[*value].is_some()
        };
        let value = self.names.iter().position(|other| other == name).filter(is_there);
        value.ok_or_else(|| ModelError::NoValue {
            name: name.to_owned(),
            outputs: self.declared_outputs.clone(),
        })
    }

    /// By node: whether it is one of `nodes` or they depend on it.
    fn ancestors(&self, nodes: &[usize]) -> Vec<bool> {
        let producers = producers(self.names.len(), &self.nodes);
        let mut needed = vec![false; self.nodes.len()];
        let mut waiting = nodes.to_vec();
        while let Some(position) = waiting.pop() {
            if std::mem::replace(&mut needed[position], true) {
                continue;
            }
            let inputs = self.nodes[position].inputs.iter().flatten();
            waiting.extend(inputs.filter_map(|&value| producers[value]));
        }
        needed
    }

    /// Whether all nodes that are needed can run.
    ///
    /// - Errors: all that cannot, by operator, with the layers that they cut off.
    pub fn check_needed(&self) -> Result<(), ModelError> {
        self.check(|position, _| self.needed[position])
    }

    /// Whether every convolution and product can be read, whether it is wanted or not.
    ///
    /// - Errors: all that cannot.
    pub(crate) fn check_products(&self) -> Result<(), ModelError> {
        self.check(|_, node| products::operands(&node.operator).is_some() || 0 < node.n_inner_products)
    }

    /// Whether all nodes that `is_asked` names can run.
    fn check(&self, is_asked: impl Fn(usize, &Node) -> bool) -> Result<(), ModelError> {
        let nodes = self.nodes.iter().enumerate();
        let refused: Vec<usize> = nodes
            .filter(|&(position, node)| is_asked(position, node) && node.refusal().is_some())
            .map(|(position, _)| position)
            .collect();
        if refused.is_empty() {
            return Ok(());
        }
        let cut_off = self.layers.iter().filter(|layer| !layer.missing.is_empty());
        Err(ModelError::Missing {
            operators: self.operators(&refused),
            cut_off: cut_off.map(|layer| layer.name.clone()).collect(),
            n_layers: self.layers.len(),
        })
    }

    /// These nodes, which cannot run, by operator and reason, in the order of the graph.
    fn operators(&self, refused: &[usize]) -> Vec<MissingOperator> {
        let mut operators: Vec<MissingOperator> = Vec::new();
        for &position in refused {
            let node = &self.nodes[position];
            let why = match node.refusal() {
                Some(Fault::NoOperator) | None => None,
                Some(fault) => Some(fault.to_string()),
            };
            let same = operators
                .iter_mut()
                .find(|other| other.operator == node.operator && other.why == why);
            match same {
                Some(other) => other.n_nodes += 1,
                None => operators.push(MissingOperator {
                    operator: node.operator.clone(),
                    n_nodes: 1,
                    first: node.name.clone(),
                    why,
                }),
            }
        }
        operators
    }

    /// Tell each layer which operators it depends on and that cannot run.
    pub(super) fn find_missing(&mut self) {
        // By value: the nodes before it that cannot run.
        let mut missing: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for (position, node) in self.nodes.iter().enumerate() {
            let inputs = node
                .inputs
                .iter()
                .flatten()
                .filter_map(|value| missing.get(value));
            let mut before: BTreeSet<usize> = inputs.flatten().copied().collect();
            if let Some(layer) = node.action.layer() {
                let names = before
                    .iter()
                    .map(|&position| self.nodes[position].operator.clone());
                self.layers[layer].missing = names.collect::<BTreeSet<_>>().into_iter().collect();
            }
            if node.refusal().is_some() {
                before.insert(position);
            }
            if !before.is_empty() {
                for &value in node.outputs.iter().flatten() {
                    missing.insert(value, before.clone());
                }
            }
        }
    }

    /// The last needed reader of every value, which may overwrite it.
    pub(super) fn find_last_readers(&mut self) {
        let mut last_reader = vec![None; self.names.len()];
        for (position, (node, _)) in self
            .nodes
            .iter()
            .zip(&self.needed)
            .enumerate()
            .filter(|(_, (_, needed))| **needed)
        {
            for &value in node.inputs.iter().flatten() {
                last_reader[value] = Some(position);
            }
        }
        for &value in &self.outputs {
            last_reader[value] = None;
        }
        self.last_reader = last_reader;
    }

    /// Inputs that a run reads, by position among all.
    fn needed_inputs(&self) -> Vec<usize> {
        let nodes = self.nodes.iter().zip(&self.needed).filter(|(_, needed)| **needed);
        let mut read: BTreeSet<usize> = nodes
            .flat_map(|(node, _)| node.inputs.iter().flatten().copied())
            .collect();
        read.extend(&self.outputs);
        let inputs = self.input_values.iter().enumerate();
        inputs
            .filter(|(_, value)| read.contains(value))
            .map(|(position, _)| position)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use prost::Message;
    use sim_onnx::proto::ModelProto;

    use super::*;
    use crate::graph::given::Given;
    use crate::graph::model_builder::Builder;

    /// Which input of the sum of `names` is the images, where these arrays come with them.
    #[track_caller]
    fn check(names: [&str; 2], arrays: &[&str], want: usize) {
        let mut builder = Builder::new(&[0, 2]).node("Add", &names, "y", &[]);
        let mut second = builder.graph.input[0].clone();
        builder.graph.input[0].name = Some(names[0].to_owned());
        second.name = Some(names[1].to_owned());
        builder.graph.input.push(second);
        let model = ModelProto::decode(&builder.bytes("y")[..]).expect("a model");
        let given = Given {
            arrays: arrays.iter().map(|&name| name.to_owned()).collect(),
            ..Given::default()
        };
        let mut graph = Graph::from_model(&model, &given).expect("a graph");
        assert_eq!(graph.images, want, "{names:?} with {arrays:?}");
        graph
            .want(&Wanted::Outputs(vec!["y".to_owned()]))
            .expect("an output");
        assert_eq!(graph.images, want, "{names:?} with {arrays:?}, wanted anew");
    }

    #[test]
    fn images_go_to_the_input_with_their_name_or_to_the_first_without_an_array() {
        check(["x", "mask"], &[], 0);
        check(["x", "mask"], &["images", "mask"], 0);
        check(["mask", "x"], &["images", "mask"], 1);
        check(["mask", "images"], &["images", "mask"], 1);
        check(["mask", "images"], &["images"], 1);
        check(["mask", "x"], &["x"], 1);
        check(["mask", "x"], &["mask", "x"], 0);
    }
}
