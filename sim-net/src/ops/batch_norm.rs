//! The operator `BatchNormalization`, in inference and in training mode.

use sim_core::tensor::Tensor;
use sim_onnx::value::Value;

use crate::graph::layer::{BatchNorm, Statistics};
use crate::ops::Operation;
use crate::ops::args::{Args, Operands};
use crate::ops::attributes::Attributes;
use crate::ops::fault::Fault;
use crate::ops::normalization::{normalize, statistics};

/// Which statistics are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// The stored ones.
    Inference,
    /// Those of the input; the stored ones are updated and become outputs.
    Training,
}

/// The attributes of a batch norm.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BatchNormalization {
    epsilon: f32,
    momentum: f32,
    mode: Mode,
}

impl BatchNormalization {
    pub(super) fn parse(attributes: &Attributes<'_>) -> Result<Self, Fault> {
        if attributes.int_or("spatial", 1) != 1 {
            return Err(Fault::attribute("spatial", 0));
        }
        let mode = if attributes.flag("training_mode") {
            Mode::Training
        } else {
            Mode::Inference
        };
        // Before operator set 14, outputs beside the first meant training.
        if mode == Mode::Inference && (1..attributes.n_outputs()).any(|index| attributes.has_output(index)) {
            return Err(Fault::attribute(
                "outputs",
                "statistics of training before operator set 14",
            ));
        }
        Ok(Self {
            epsilon: attributes.float_or("epsilon", 1e-5),
            momentum: attributes.float_or("momentum", 0.9),
            mode,
        })
    }
}

impl Operation for BatchNormalization {
    fn shapes(&self, inputs: &Operands<'_>) -> Result<Vec<Vec<usize>>, Fault> {
        let mut shapes = vec![inputs.shape(0)?.to_vec()];
        if self.mode == Mode::Training {
            shapes.extend([inputs.shape(3)?.to_vec(), inputs.shape(4)?.to_vec()]);
        }
        Ok(shapes)
    }

    fn run(&self, mut inputs: Args) -> Result<Vec<Value>, Fault> {
        let list = |index| inputs.float(index).map(|tensor| tensor.data.clone());
        let stored = Statistics {
            mean: list(3)?,
            variance: list(4)?,
        };
        let batch_norm = BatchNorm {
            name: String::new(),
            node: 0,
            scale: list(1)?,
            shift: list(2)?,
            statistics: stored,
            epsilon: self.epsilon,
        };
        let stored = &batch_norm.statistics;
        let mut input = inputs.take_float(0)?;
        if self.mode == Mode::Inference {
            normalize(&batch_norm, stored, &mut input)?;
            return Ok(vec![input.into()]);
        }
        let current = statistics(&input)?;
        normalize(&batch_norm, &current, &mut input)?;
        let update = |stored: &[f32], current: &[f32]| {
            let mix = |(&old, &new): (&f32, &f32)| old * self.momentum + new * (1.0 - self.momentum);
            let data: Vec<f32> = stored.iter().zip(current).map(mix).collect();
            Tensor::new(vec![data.len()], data)
        };
        let mean = update(&stored.mean, &current.mean)?;
        let variance = update(&stored.variance, &current.variance)?;
        Ok(vec![input.into(), mean.into(), variance.into()])
    }
}

impl BatchNormalization {
    /// The batch norm as other code sees it, if its statistics are stored ones; `parameters` are scale, shift, mean
    /// and variance.
    pub(crate) fn stored(
        attributes: &Attributes<'_>,
        parameters: [&Tensor; 4],
    ) -> Result<Option<BatchNorm>, Fault> {
        let this = Self::parse(attributes)?;
        let n_channels = parameters[0].data.len();
        if this.mode == Mode::Training {
            return Ok(None);
        }
        for (tensor, index) in parameters.iter().zip(1..) {
            if tensor.shape != [n_channels] {
                return Err(Fault::shape(index, &tensor.shape, "one element per channel"));
            }
        }
        let [scale, shift, mean, variance] = parameters.map(|tensor| tensor.data.clone());
        Ok(Some(BatchNorm {
            name: String::new(),
            node: 0,
            scale,
            shift,
            statistics: Statistics { mean, variance },
            epsilon: this.epsilon,
        }))
    }
}
