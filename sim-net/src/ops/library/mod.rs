//! Operators that a library computes: `rten`, one node as a model of its own.

mod convert;
mod rules;
mod shapes;
mod table;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use prost::Message;
use rten::{Model, ModelOptions, NodeId, RunOptions, ThreadPool, ValueOrView};
use sim_onnx::proto::{GraphProto, ModelProto, NodeProto, OperatorSetIdProto, ValueInfoProto};
use sim_onnx::value::{IntKind, Value};

use crate::graph::layer::InputSign;
use crate::ops::args::{Args, Operands};
use crate::ops::attributes::Attributes;
use crate::ops::fault::Fault;
use crate::ops::library::rules::{OutputKind, OutputSign};
use crate::ops::library::table::Entry;
use crate::ops::{Operation, Signs, axes, non_negative_if};

thread_local! {
    /// The operators of the library, which are listed once for all nodes.
    static OPTIONS: ModelOptions = {
        let mut options = ModelOptions::with_all_ops();
        options.enable_optimization(false);
        options
    };

    /// The library runs each operator on one thread of its own: which terms it adds in which order must not depend on the
    /// computer, and several operators run side by side already.
    static POOL: Arc<ThreadPool> = Arc::new(ThreadPool::with_num_threads(1));
}

/// A node that the library runs.
pub(super) struct Library {
    entry: &'static Entry,
    model: Model,
    /// By input; `None` where an optional one is left out.
    inputs: Vec<Option<NodeId>>,
    /// Those that the node names, by their position among all.
    outputs: Vec<(usize, NodeId)>,
    n_outputs: usize,
}

impl Library {
    /// The operation of a node; `None` if the library does not have it.
    ///
    /// - Errors: attributes that the library does not take.
    pub(super) fn parse(operator: &str, attributes: &Attributes<'_>) -> Result<Option<Self>, Fault> {
        let Some(entry) = table::entry(operator) else {
            return Ok(None);
        };
        let node = standalone(attributes);
        let model = OPTIONS
            .with(ModelOptions::clone)
            .load(model_of(&node, attributes.opset).encode_to_vec())
            .map_err(|error| library_fault(&error))?;
        let id = |name: &String| model.node_id(name).map_err(|error| library_fault(&error));
        let optional = |name: &String| (!name.is_empty()).then(|| id(name)).transpose();
        let inputs = node.input.iter().map(optional).collect::<Result<_, _>>()?;
        let named = node
            .output
            .iter()
            .enumerate()
            .filter(|(_, name)| !name.is_empty());
        let outputs = named.map(|(index, name)| Ok((index, id(name)?)));
        Ok(Some(Self {
            entry,
            inputs,
            outputs: outputs.collect::<Result<_, Fault>>()?,
            n_outputs: node.output.len(),
            model,
        }))
    }

    /// An input as the library takes it.
    fn given<'a>(&self, index: usize, inputs: &'a Args) -> Result<ValueOrView<'a>, Fault> {
        match (inputs.value(index)?, inputs.value(0)?) {
            // A power of a float by an integer, which the library does not have.
            (Value::Int(exponent), Value::Float(_)) if self.entry.name == "Pow" => {
                Ok(convert::to_floats(exponent))
            }
            (value, _) => convert::to_library(index, value),
        }
    }

    fn run_library(&self, inputs: &Args) -> Result<Vec<rten::Value>, Fault> {
        let mut given = Vec::with_capacity(self.inputs.len());
        for (index, id) in self.inputs.iter().enumerate() {
            if let Some(id) = *id {
                given.push((id, self.given(index, inputs)?));
            }
        }
        let ids: Vec<NodeId> = self.outputs.iter().map(|&(_, id)| id).collect();
        let options = RunOptions::default().with_thread_pool(Some(POOL.with(Arc::clone)));
        let run = AssertUnwindSafe(|| self.model.run(given, &ids, Some(options)));
        match catch_unwind(run) {
            Ok(result) => result.map_err(|error| library_fault(&error)),
            Err(_) => Err(Fault::Library {
                message: "it ended in a panic".to_owned(),
            }),
        }
    }

    /// What integers of an output are in ONNX; the library has 32 bits for all.
    fn output_kind(&self, output: usize, inputs: &Operands<'_>) -> Option<IntKind> {
        let of_input = |index: usize| inputs.0.get(index).copied().flatten()?.kind;
        match self.entry.kind {
            OutputKind::Bool => Some(IntKind::Bool),
            OutputKind::Int64 => Some(IntKind::Int64),
            OutputKind::Positions if 0 < output => Some(IntKind::Int64),
            OutputKind::Positions => of_input(0),
            OutputKind::Input(index) => of_input(index),
        }
    }
}

impl Operation for Library {
    fn shapes(&self, inputs: &Operands<'_>) -> Result<Vec<Vec<usize>>, Fault> {
        if let Some(shape) = shapes::of(self.entry.shape, inputs)? {
            return Ok(vec![shape; self.n_outputs]);
        }
        // Which shape it is only the library knows: it is asked with zeros for floats that are not known.
        let outputs = self.run(shapes::zeros(self.entry.shape, inputs)?)?;
        Ok(outputs.iter().map(|output| output.shape().to_vec()).collect())
    }

    fn check(&self, inputs: &Operands<'_>) -> Result<(), Fault> {
        match shapes::of(self.entry.shape, inputs)? {
            Some(shape) => axes::n_elements(&shape).map(drop),
            None => Ok(()),
        }
    }

    fn run(&self, inputs: Args) -> Result<Vec<Value>, Fault> {
        let mut found = self
            .run_library(&inputs)?
            .into_iter()
            .zip(&self.outputs)
            .peekable();
        let operands = inputs.operands();
        let mut outputs = Vec::with_capacity(self.n_outputs);
        for index in 0..self.n_outputs {
            let output = found.next_if(|&(_, &(place, _))| place == index);
            outputs.push(match output {
                Some((value, _)) => convert::from_library(value, self.output_kind(index, &operands))?,
                // Nobody reads it.
                None => sim_core::tensor::Tensor::default().into(),
            });
        }
        Ok(outputs)
    }

    fn kind(&self, inputs: &Operands<'_>) -> Option<IntKind> {
        self.output_kind(0, inputs)
    }

    fn sign(&self, inputs: &Signs) -> InputSign {
        match self.entry.sign {
            OutputSign::Any => InputSign::Any,
            OutputSign::NonNegative => InputSign::NonNegative,
            OutputSign::First => inputs.first(),
            OutputSign::All => inputs.all(),
            OutputSign::AnyOf => {
                non_negative_if((0..inputs.0.len()).any(|index| inputs.is_non_negative(index)))
            }
            OutputSign::Both(left, right) => {
                non_negative_if(inputs.is_non_negative(left) && inputs.is_non_negative(right))
            }
        }
    }
}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Library")
            .field("entry", self.entry)
            .finish_non_exhaustive()
    }
}

fn library_fault(error: &impl fmt::Display) -> Fault {
    Fault::Library {
        message: error.to_string(),
    }
}

/// The node with names of its own for what it reads and makes.
fn standalone(attributes: &Attributes<'_>) -> NodeProto {
    let name = |kind: &str, index: usize, name: &String| {
        if name.is_empty() {
            String::new()
        } else {
            format!("{kind}{index}")
        }
    };
    let own = |kind: &'static str, names: &[String]| {
        let names = names.iter().enumerate();
        names.map(|(index, text)| name(kind, index, text)).collect()
    };
    let node = attributes.node();
    NodeProto {
        input: own("input", &node.input),
        output: own("output", &node.output),
        name: Some("node".to_owned()),
        ..node.clone()
    }
}

fn model_of(node: &NodeProto, opset: i64) -> ModelProto {
    let value = |name: &String| ValueInfoProto {
        name: Some(name.clone()),
        r#type: None,
    };
    let named = |names: &[String]| names.iter().filter(|name| !name.is_empty()).map(value).collect();
    ModelProto {
        ir_version: Some(10),
        opset_import: vec![OperatorSetIdProto {
            domain: None,
            version: Some(opset),
        }],
        producer_name: None,
        graph: Some(GraphProto {
            input: named(&node.input),
            output: named(&node.output),
            node: vec![node.clone()],
            ..GraphProto::default()
        }),
    }
}
