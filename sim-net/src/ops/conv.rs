//! Convolutions over one or two axes.

use sim_core::convolution::Geometry;
use sim_core::tensor::Tensor;
use sim_onnx::value::Value;

use crate::ops::args::{Args, Operands};
use crate::ops::attributes::Attributes;
use crate::ops::conv_kernel::convolve;
use crate::ops::fault::Fault;
use crate::ops::window::{KernelWindow, WindowAttributes};
use crate::ops::{Operation, axes};

/// The attributes of a convolution.
#[derive(Clone, Debug)]
pub(crate) struct Conv {
    window: WindowAttributes,
    pub(crate) groups: usize,
}

impl Conv {
    /// Whether it leaves out pixels between its outputs.
    pub(crate) fn is_strided(&self) -> bool {
        self.window.is_strided()
    }
}

/// A convolution for one shape of its input.
#[derive(Clone, Debug)]
pub(crate) struct ConvPlan {
    pub(crate) window: KernelWindow,
    pub(crate) groups: usize,
    /// Channels of the input.
    pub(crate) channels: usize,
    /// Channels of the output.
    pub(crate) n_filters: usize,
    /// Shape of the output, with one or two axes of the map as the input has.
    pub(crate) output: Vec<usize>,
}

impl Conv {
    pub(crate) fn parse(attributes: &Attributes<'_>) -> Result<Self, Fault> {
        let groups = attributes.size_or("group", 1)?;
        if groups == 0 {
            return Err(Fault::attribute("group", groups));
        }
        Ok(Self {
            window: WindowAttributes::parse(attributes)?,
            groups,
        })
    }

    /// The convolution of an input of shape `input` with weights of shape `weight`.
    pub(crate) fn plan(&self, input: &[usize], weight: &[usize]) -> Result<ConvPlan, Fault> {
        if !(3..=4).contains(&input.len()) {
            return Err(Fault::shape(0, input, "images, channels and one or two axes"));
        }
        if input[2..].contains(&0) {
            return Err(Fault::shape(0, input, "maps that are not empty"));
        }
        if weight.len() != input.len() || weight[2..].contains(&0) {
            return Err(Fault::shape(1, weight, "filters of as many axes as the input"));
        }
        let is_grouped =
            weight[1].checked_mul(self.groups) == Some(input[1]) && weight[0].is_multiple_of(self.groups);
        if !is_grouped {
            return Err(Fault::shapes(input, weight));
        }
        if let Some(kernel) = &self.window.kernel
            && !kernel.is_empty()
            && kernel[..] != weight[2..]
        {
            return Err(Fault::attribute(
                "kernel_shape",
                format!("{kernel:?} for these weights"),
            ));
        }
        let window = self.window.over(&input[2..], &weight[2..])?;
        let mut output = vec![input[0], weight[0]];
        output.extend(&window.output[4 - input.len()..]);
        Ok(ConvPlan {
            window,
            groups: self.groups,
            channels: input[1],
            n_filters: weight[0],
            output,
        })
    }
}

impl ConvPlan {
    /// Strides and so on, padding resolved.
    pub(crate) fn geometry(&self) -> Geometry {
        let KernelWindow {
            stride,
            dilation,
            before,
            after,
            ..
        } = self.window;
        Geometry {
            stride,
            padding: [before[0], before[1], after[0], after[1]],
            dilation,
            groups: self.groups,
        }
    }

    /// The output for this input.
    pub(crate) fn run(&self, input: &[f32], weight: &[f32], bias: Option<&[f32]>) -> Result<Tensor, Fault> {
        let n_elements = axes::n_elements(&self.output)?;
        // At least one row of the output is lowered at a time.
        let [rows, columns] = self.window.kernel;
        let per_group = self.channels / self.groups;
        axes::n_elements(&[per_group, rows, columns, self.window.output[1]])?;
        Ok(Tensor::new(
            self.output.clone(),
            convolve(self, input, weight, bias, n_elements),
        )?)
    }
}

/// The bias of `n_filters` filters.
pub(crate) fn check_bias(bias: Option<&Tensor>, n_filters: usize) -> Result<Option<&[f32]>, Fault> {
    match bias {
        Some(bias) if bias.shape != [n_filters] => {
            Err(Fault::shape(2, &bias.shape, "one element per filter"))
        }
        _ => Ok(bias.map(Tensor::data)),
    }
}

impl Operation for Conv {
    fn shapes(&self, inputs: &Operands<'_>) -> Result<Vec<Vec<usize>>, Fault> {
        Ok(vec![self.plan(inputs.shape(0)?, inputs.shape(1)?)?.output])
    }

    fn run(&self, inputs: Args) -> Result<Vec<Value>, Fault> {
        let (input, weight) = (inputs.float(0)?, inputs.float(1)?);
        let plan = self.plan(&input.shape, &weight.shape)?;
        let bias = check_bias(inputs.optional_float(2)?, plan.n_filters)?;
        Ok(vec![plan.run(&input.data, &weight.data, bias)?.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_onnx::proto::{AttributeProto, NodeProto};

    #[track_caller]
    fn check(attribute: &str, values: &[i64], weight: &[usize], want: &str) {
        let node = NodeProto {
            attribute: vec![AttributeProto {
                name: Some(attribute.to_owned()),
                ints: values.to_vec(),
                ..AttributeProto::default()
            }],
            ..NodeProto::default()
        };
        let conv = Conv::parse(&Attributes::new(&node, 13)).expect("has sizes");
        let weights = vec![1.0; weight.iter().product()];
        let run = |plan: ConvPlan| plan.run(&[1.0; 2], &weights, None);
        let fault = conv
            .plan(&[1, 2, 1, 1], weight)
            .and_then(run)
            .expect_err("is refused");
        assert_eq!(fault.to_string(), want);
    }

    #[test]
    fn what_is_refused() {
        check(
            "kernel_shape",
            &[3, 3],
            &[1, 2, 1, 1],
            "kernel_shape = [3, 3] for these weights is not supported",
        );
        // Small arrays whose patches would take 8 GiB.
        check(
            "pads",
            &[0, 0, 0, 1 << 20],
            &[1, 2, 1, 1 << 10],
            "shape [2, 1, 1024, 1047554] has more than 268435456 elements",
        );
        check(
            "pads",
            &[0; 4],
            &[1, 2, 2, 2],
            "a window of 2 does not fit an input of 1 elements with its padding",
        );
    }
}
