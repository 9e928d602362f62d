//! Small ONNX models, written field by field.

/// A protocol buffer message under construction.
#[derive(Clone, Default)]
pub(crate) struct Message(Vec<u8>);

impl Message {
    fn varint(mut self, mut value: u64) -> Self {
        while 127 < value {
            self.0.push(u8::try_from(value & 127).unwrap_or(0) | 128);
            value >>= 7;
        }
        self.0.push(u8::try_from(value).unwrap_or(0));
        self
    }

    fn int(self, field: u64, value: u64) -> Self {
        self.varint(field << 3).varint(value)
    }

    fn bytes(self, field: u64, bytes: &[u8]) -> Self {
        let length = u64::try_from(bytes.len()).unwrap_or(0);
        let mut message = self.varint(field << 3 | 2).varint(length);
        message.0.extend(bytes);
        message
    }

    fn text(self, field: u64, text: &str) -> Self {
        self.bytes(field, text.as_bytes())
    }

    fn message(self, field: u64, message: Self) -> Self {
        self.bytes(field, &message.0)
    }
}

/// A tensor of floats.
pub(crate) fn floats(name: &str, shape: &[u64], value: impl Fn(usize) -> f32) -> Message {
    let n: u64 = shape.iter().product();
    let raw: Vec<u8> = (0..usize::try_from(n).unwrap_or(0))
        .flat_map(|index| value(index).to_le_bytes())
        .collect();
    shape
        .iter()
        .fold(Message::default(), |tensor, &size| tensor.int(1, size))
        .int(2, 1)
        .text(8, name)
        .bytes(9, &raw)
}

/// A node with lists of integers as attributes.
pub(crate) fn node(op: &str, inputs: &[&str], output: &str, attributes: &[(&str, &[u64])]) -> Message {
    let node = inputs
        .iter()
        .fold(Message::default(), |node, input| node.text(1, input));
    let node = node.text(2, output).text(3, output).text(4, op);
    attributes.iter().fold(node, |node, (name, values)| {
        let attribute = values
            .iter()
            .fold(Message::default().text(1, name), |attribute, &value| {
                attribute.int(8, value)
            });
        node.message(5, attribute.int(20, 7))
    })
}

fn value(name: &str, shape: &[u64]) -> Message {
    let shape = shape.iter().fold(Message::default(), |shape, &size| {
        shape.message(1, Message::default().int(1, size))
    });
    let tensor = Message::default().int(1, 1).message(2, shape);
    Message::default()
        .text(1, name)
        .message(2, Message::default().message(1, tensor))
}

/// The bytes of a model from `x` of 1×8×8 images to `y`.
pub(crate) fn model(nodes: &[Message], weights: &[Message]) -> Vec<u8> {
    let graph = nodes
        .iter()
        .fold(Message::default(), |graph, node| graph.message(1, node.clone()));
    let graph = weights
        .iter()
        .fold(graph.text(2, "g"), |graph, tensor| {
            graph.message(5, tensor.clone())
        })
        .message(11, value("x", &[1, 1, 8, 8]))
        .message(12, value("y", &[1, 4]));
    let opset = Message::default().text(1, "").int(2, 13);
    Message::default().int(1, 7).message(7, graph).message(8, opset).0
}

/// A weight that is neither regular nor all of one sign.
pub(crate) fn wave(index: usize) -> f32 {
    f32::from(u8::try_from(index * 37 % 101).unwrap_or(0)) / 50.0 - 1.0
}

const PADS: (&str, &[u64]) = ("pads", &[1, 1, 1, 1]);

/// Two convolutions with ReLU, pooling, flattening.
pub(crate) fn nodes() -> Vec<Message> {
    vec![
        node("Conv", &["x", "w0"], "c0", &[PADS]),
        node("Relu", &["c0"], "r0", &[]),
        node("Conv", &["r0", "w1"], "c1", &[PADS]),
        node("Relu", &["c1"], "r1", &[]),
        node("GlobalAveragePool", &["r1"], "p", &[]),
        node("Flatten", &["p"], "y", &[]),
    ]
}

/// Their weights.
pub(crate) fn weights() -> Vec<Message> {
    vec![
        floats("w0", &[4, 1, 3, 3], wave),
        floats("w1", &[4, 4, 3, 3], wave),
    ]
}

/// A model of one convolution, which is also the first.
pub(crate) fn one_convolution() -> Vec<u8> {
    let nodes = [
        node("Conv", &["x", "w0"], "c0", &[PADS]),
        node("GlobalAveragePool", &["c0"], "p", &[]),
        node("Flatten", &["p"], "y", &[]),
    ];
    model(&nodes, &weights()[..1])
}

/// A small good model.
pub(crate) fn tiny() -> Vec<u8> {
    model(&nodes(), &weights())
}
