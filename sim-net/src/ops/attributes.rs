//! Attributes of a node, read by name.

use sim_onnx::proto::{AttributeProto, NodeProto, TensorProto};

use crate::ops::fault::Fault;

/// The attributes of one node, and the operator set that says what they mean.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attributes<'a> {
    node: &'a NodeProto,
    pub(crate) opset: i64,
}

impl<'a> Attributes<'a> {
    pub(crate) fn new(node: &'a NodeProto, opset: i64) -> Self {
        Self { node, opset }
    }

    /// The node as it is stored.
    pub(crate) fn node(&self) -> &'a NodeProto {
        self.node
    }

    fn get(&self, name: &str) -> Option<&'a AttributeProto> {
        self.node
            .attribute
            .iter()
            .find(|attribute| attribute.name.as_deref() == Some(name))
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Outputs that the node names.
    pub(crate) fn n_outputs(&self) -> usize {
        self.node.output.len()
    }

    /// Whether the node names output `index`; an empty name leaves it out.
    pub(crate) fn has_output(&self, index: usize) -> bool {
        self.node.output.get(index).is_some_and(|name| !name.is_empty())
    }

    pub(crate) fn int(&self, name: &'static str) -> Option<i64> {
        // Writers leave out a value that is the default of its type.
        self.get(name).map(|attribute| attribute.i.unwrap_or_default())
    }

    pub(crate) fn int_or(&self, name: &'static str, default: i64) -> i64 {
        self.int(name).unwrap_or(default)
    }

    /// 0 or 1.
    pub(crate) fn flag(&self, name: &'static str) -> bool {
        self.int_or(name, 0) != 0
    }

    /// A size, which cannot be negative.
    pub(crate) fn size_or(&self, name: &'static str, default: usize) -> Result<usize, Fault> {
        match self.int(name) {
            None => Ok(default),
            Some(value) => size(name, value),
        }
    }

    pub(crate) fn float_or(&self, name: &'static str, default: f32) -> f32 {
        self.get(name)
            .map_or(default, |attribute| attribute.f.unwrap_or_default())
    }

    pub(crate) fn ints(&self, name: &'static str) -> Option<&'a [i64]> {
        self.get(name).map(|attribute| attribute.ints.as_slice())
    }

    pub(crate) fn floats(&self, name: &'static str) -> Option<&'a [f32]> {
        self.get(name).map(|attribute| attribute.floats.as_slice())
    }

    /// Sizes, none of which can be negative.
    pub(crate) fn sizes(&self, name: &'static str) -> Result<Option<Vec<usize>>, Fault> {
        let Some(values) = self.ints(name) else {
            return Ok(None);
        };
        values
            .iter()
            .map(|&value| size(name, value))
            .collect::<Result<_, _>>()
            .map(Some)
    }

    pub(crate) fn text(&self, name: &'static str) -> Option<String> {
        let bytes = self.get(name)?.s.as_deref().unwrap_or_default();
        Some(String::from_utf8_lossy(bytes).into_owned())
    }

    pub(crate) fn tensor(&self, name: &'static str) -> Option<&'a TensorProto> {
        self.get(name)?.t.as_ref()
    }
}

/// A size, which cannot be negative.
pub(crate) fn size(name: &'static str, value: i64) -> Result<usize, Fault> {
    usize::try_from(value).map_err(|_| Fault::attribute(name, value))
}
