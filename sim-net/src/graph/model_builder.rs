//! Small models, built by tests.

use prost::Message;
use sim_core::tensor::Tensor;
use sim_onnx::proto::tensor_shape_proto::{Dimension, dimension};
use sim_onnx::proto::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto, TensorShapeProto,
    TypeProto, ValueInfoProto, type_proto,
};

use crate::network::{Network, Wanted};

/// A model under construction with the input `x`.
pub(crate) struct Builder {
    pub(crate) graph: GraphProto,
    opset: i64,
}

impl Builder {
    /// `sizes` are those of the input; 0 leaves one open.
    pub(crate) fn new(sizes: &[i64]) -> Self {
        let dim = sizes.iter().map(|&size| Dimension {
            value: Some(dimension::Value::DimValue(size)),
        });
        let tensor = type_proto::Tensor {
            elem_type: Some(1),
            shape: Some(TensorShapeProto { dim: dim.collect() }),
        };
        let input = ValueInfoProto {
            name: Some("x".to_owned()),
            r#type: Some(TypeProto {
                value: Some(type_proto::Value::TensorType(tensor)),
            }),
        };
        let graph = GraphProto {
            input: vec![input],
            ..GraphProto::default()
        };
        Self { graph, opset: 13 }
    }

    /// A node named as its output.
    pub(crate) fn node(
        mut self,
        operator: &str,
        inputs: &[&str],
        output: &str,
        ints: &[(&str, &[i64])],
    ) -> Self {
        let attribute = ints.iter().map(|(name, values)| AttributeProto {
            name: Some((*name).to_owned()),
            i: values.first().copied(),
            ints: values.to_vec(),
            ..AttributeProto::default()
        });
        self.graph.node.push(NodeProto {
            input: inputs.iter().map(|&name| name.to_owned()).collect(),
            output: vec![output.to_owned()],
            name: None,
            op_type: Some(operator.to_owned()),
            domain: None,
            attribute: attribute.collect(),
        });
        self
    }

    pub(crate) fn floats(self, name: &str, dims: &[i64], data: &[f32]) -> Self {
        self.stored(TensorProto {
            dims: dims.to_vec(),
            data_type: Some(1),
            float_data: data.to_vec(),
            name: Some(name.to_owned()),
            ..TensorProto::default()
        })
    }

    pub(crate) fn ints(self, name: &str, data: &[i64]) -> Self {
        self.stored(TensorProto {
            dims: vec![i64::try_from(data.len()).expect("a short list")],
            data_type: Some(7),
            int64_data: data.to_vec(),
            name: Some(name.to_owned()),
            ..TensorProto::default()
        })
    }

    pub(crate) fn stored(mut self, tensor: TensorProto) -> Self {
        self.graph.initializer.push(tensor);
        self
    }

    pub(crate) fn opset(mut self, opset: i64) -> Self {
        self.opset = opset;
        self
    }

    pub(crate) fn bytes(mut self, output: &str) -> Vec<u8> {
        self.graph.output.push(ValueInfoProto {
            name: Some(output.to_owned()),
            r#type: None,
        });
        let opset = OperatorSetIdProto {
            domain: None,
            version: Some(self.opset),
        };
        let model = ModelProto {
            opset_import: vec![opset],
            graph: Some(self.graph),
            ..ModelProto::default()
        };
        model.encode_to_vec()
    }

    pub(crate) fn network(self, output: &str) -> Network {
        Network::from_bytes(&self.bytes(output)).expect("a network")
    }

    #[track_caller]
    pub(crate) fn check_error(self, output: &str, want: &str) {
        let wanted = Wanted::Outputs(vec![output.to_owned()]);
        let network = Network::from_bytes(&self.bytes(output));
        let error = network
            .and_then(|mut network| network.want(&wanted))
            .expect_err("it cannot run");
        assert_eq!(error.to_string(), want);
    }
}

pub(crate) fn tensor(shape: &[usize], data: &[f32]) -> Tensor {
    Tensor::new(shape.to_vec(), data.to_vec()).expect("a tensor")
}
