//! Reader of the operator tests of the onnx package: what a test needs of its messages, read apart from the importer
//! under test.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use prost::Message;
use sim_core::tensor::Tensor;
use sim_onnx::value::{IntKind, IntTensor, Value};

/// A model, as far as tests read it.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Model {
    /// Its graph.
    #[prost(message, optional, tag = "7")]
    pub(crate) graph: Option<Graph>,
}

/// A graph.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Graph {
    /// Its nodes.
    #[prost(message, repeated, tag = "1")]
    pub(crate) nodes: Vec<Node>,
    /// Constants.
    #[prost(message, repeated, tag = "5")]
    pub(crate) initializers: Vec<StoredTensor>,
    /// Inputs, constants among them in old files.
    #[prost(message, repeated, tag = "11")]
    pub(crate) inputs: Vec<Named>,
}

/// An operator in use.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Node {
    /// The operator.
    #[prost(string, tag = "4")]
    pub(crate) operator: String,
    /// Who defines it; empty is ONNX itself.
    #[prost(string, tag = "7")]
    pub(crate) domain: String,
}

/// An input; its type is not read.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Named {
    /// Its name.
    #[prost(string, tag = "1")]
    pub(crate) name: String,
}

/// A tensor with its elements.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct StoredTensor {
    /// Its shape.
    #[prost(int64, repeated, packed = "false", tag = "1")]
    pub(crate) dims: Vec<i64>,
    /// The number that ONNX has for its type.
    #[prost(int32, tag = "2")]
    pub(crate) data_type: i32,
    /// Elements where they are stored as numbers.
    #[prost(float, repeated, tag = "4")]
    pub(crate) floats: Vec<f32>,
    /// Its name.
    #[prost(string, tag = "8")]
    pub(crate) name: String,
    /// Elements where they are stored as bytes.
    #[prost(bytes = "vec", tag = "9")]
    pub(crate) raw: Vec<u8>,
}

impl StoredTensor {
    /// As a value, `None` for a type that networks here do not have.
    ///
    /// # Panics
    /// Where the elements do not fill the shape.
    pub(crate) fn value(&self) -> Option<Value> {
        let shape: Vec<usize> = self
            .dims
            .iter()
            .map(|&size| usize::try_from(size).expect("a size"))
            .collect();
        let ints = |data, kind| {
            Some(
                IntTensor::new(shape.clone(), data, kind)
                    .expect("elements of an array")
                    .into(),
            )
        };
        match self.data_type {
            1 if self.raw.is_empty() => {
                Some(Tensor::new(shape, self.floats.clone()).expect("an array").into())
            }
            1 => Some(
                Tensor::new(shape, elements(&self.raw, f32::from_le_bytes))
                    .expect("an array")
                    .into(),
            ),
            6 => ints(
                elements(&self.raw, |bytes| i64::from(i32::from_le_bytes(bytes))),
                IntKind::Int32,
            ),
            2 => ints(self.raw.iter().copied().map(i64::from).collect(), IntKind::Uint8),
            3 => ints(
                elements(&self.raw, |bytes| i64::from(i8::from_le_bytes(bytes))),
                IntKind::Int8,
            ),
            4 => ints(
                elements(&self.raw, |bytes| i64::from(u16::from_le_bytes(bytes))),
                IntKind::Uint16,
            ),
            5 => ints(
                elements(&self.raw, |bytes| i64::from(i16::from_le_bytes(bytes))),
                IntKind::Int16,
            ),
            12 => ints(
                elements(&self.raw, |bytes| i64::from(u32::from_le_bytes(bytes))),
                IntKind::Uint32,
            ),
            11 => Some(
                Tensor::new(
                    shape,
                    elements(&self.raw, f64::from_le_bytes)
                        .into_iter()
                        .map(rounded)
                        .collect(),
                )
                .expect("an array")
                .into(),
            ),
            7 => ints(elements(&self.raw, i64::from_le_bytes), IntKind::Int64),
            9 => ints(
                self.raw.iter().map(|&truth| i64::from(truth)).collect(),
                IntKind::Bool,
            ),
            _ => None,
        }
    }
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "networks here compute in FP32"
)]
fn rounded(value: f64) -> f32 {
    value as f32
}

fn elements<T, const SIZE: usize>(raw: &[u8], from: impl Fn([u8; SIZE]) -> T) -> Vec<T> {
    let (chunks, rest) = raw.as_chunks::<SIZE>();
    assert!(rest.is_empty(), "a broken element");
    chunks.iter().copied().map(from).collect()
}

/// An operator test: a model, and inputs with the outputs they give.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// Its folder.
    pub(crate) folder: PathBuf,
    /// Name of its folder.
    pub(crate) name: String,
    /// The model.
    pub(crate) graph: Graph,
}

impl Case {
    /// The operators in use, with their domain unless it is ONNX itself.
    pub(crate) fn operators(&self) -> BTreeSet<String> {
        let name = |node: &Node| match node.domain.as_str() {
            "" | "ai.onnx" => node.operator.clone(),
            domain => format!("{domain}.{}", node.operator),
        };
        self.graph.nodes.iter().map(name).collect()
    }

    /// The model file.
    ///
    /// # Panics
    /// Where it cannot be read.
    pub(crate) fn model(&self) -> Vec<u8> {
        read(&self.folder.join("model.onnx"))
    }

    /// Folders with inputs and outputs.
    ///
    /// # Panics
    /// Where the folder cannot be listed or has none.
    pub(crate) fn data_sets(&self) -> Vec<PathBuf> {
        let sets: Vec<PathBuf> = list(&self.folder)
            .into_iter()
            .filter(|path| path.is_dir())
            .collect();
        assert!(!sets.is_empty(), "{}: no data", self.name);
        sets
    }

    /// Inputs of a data set; those that have no value in the folder are constants of the model.
    ///
    /// # Panics
    /// Where a file is not what the package wrote, and where there are more or fewer than the model declares.
    pub(crate) fn inputs(&self, data: &Path) -> Vec<StoredTensor> {
        let constants: BTreeSet<&str> = self
            .graph
            .initializers
            .iter()
            .map(|tensor| tensor.name.as_str())
            .collect();
        let declared = &self.graph.inputs;
        let n_open = declared
            .iter()
            .filter(|input| !constants.contains(input.name.as_str()))
            .count();
        let inputs = tensors(data, "input");
        assert_eq!(inputs.len(), n_open, "{}: inputs", self.name);
        inputs
    }

    /// Outputs of a data set.
    ///
    /// # Panics
    /// Where a file is not what the package wrote, and where there is none.
    pub(crate) fn outputs(&self, data: &Path) -> Vec<StoredTensor> {
        let outputs = tensors(data, "output");
        assert!(!outputs.is_empty(), "{}: no outputs", self.name);
        outputs
    }
}

/// All operator tests below `root`, a folder per kind.
///
/// # Panics
/// Where the folder is not there or is not what the script wrote.
pub(crate) fn cases(root: &Path) -> Vec<Case> {
    assert!(
        root.is_dir(),
        "{} is missing: cargo xtask outside",
        root.display()
    );
    let folders = list(root).into_iter().flat_map(|kind| list(&kind));
    folders
        .map(|folder| {
            let model = Model::decode(read(&folder.join("model.onnx")).as_slice()).expect("a model");
            Case {
                name: folder.file_name().expect("a name").to_string_lossy().into_owned(),
                graph: model.graph.expect("a graph"),
                folder,
            }
        })
        .collect()
}

fn tensors(data: &Path, kind: &str) -> Vec<StoredTensor> {
    (0..)
        .map(|number| data.join(format!("{kind}_{number}.pb")))
        .take_while(|path| path.exists())
        .map(|path| StoredTensor::decode(read(&path).as_slice()).expect("a tensor"))
        .collect()
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn list(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}
