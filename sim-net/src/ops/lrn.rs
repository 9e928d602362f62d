//! Local response normalization, between channels.

use sim_core::tensor::Tensor;
use sim_onnx::value::Value;

use crate::graph::layer::InputSign;
use crate::ops::args::{Args, Operands};
use crate::ops::attributes::Attributes;
use crate::ops::fault::Fault;
use crate::ops::number::float_of_size;
use crate::ops::{Operation, Signs};

/// `x / (bias + alpha / size · Σ x²) ^ beta`, the sum over `size` channels around that of x.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lrn {
    alpha: f32,
    beta: f32,
    bias: f32,
    size: usize,
}

impl Lrn {
    pub(super) fn parse(attributes: &Attributes<'_>) -> Result<Self, Fault> {
        let size = attributes.size_or("size", 0)?;
        if size == 0 {
            return Err(Fault::MissingAttribute { name: "size" });
        }
        Ok(Self {
            alpha: attributes.float_or("alpha", 1e-4),
            beta: attributes.float_or("beta", 0.75),
            bias: attributes.float_or("bias", 1.0),
            size,
        })
    }
}

impl Operation for Lrn {
    fn shapes(&self, inputs: &Operands<'_>) -> Result<Vec<Vec<usize>>, Fault> {
        Ok(vec![inputs.shape(0)?.to_vec()])
    }

    fn run(&self, inputs: Args) -> Result<Vec<Value>, Fault> {
        let input = inputs.float(0)?;
        let [_, channels, map @ ..] = &input.shape[..] else {
            return Err(Fault::shape(
                0,
                &input.shape,
                "images, channels and axes of a map",
            ));
        };
        let n_pixels: usize = map.iter().product();
        let mut data = Vec::with_capacity(input.data.len());
        let mut sums = vec![0.0_f32; n_pixels];
        for image in input.data.chunks_exact((channels * n_pixels).max(1)) {
            for channel in 0..*channels {
                let first = channel.saturating_sub((self.size - 1) / 2);
                let end = channel
                    .saturating_add(self.size / 2)
                    .saturating_add(1)
                    .min(*channels);
                sums.fill(0.0);
                for map in image[first * n_pixels..end * n_pixels].chunks_exact(n_pixels) {
                    sums.iter_mut().zip(map).for_each(|(sum, &x)| *sum += x * x);
                }
                let factor = self.alpha / float_of_size(self.size);
                let map = &image[channel * n_pixels..][..n_pixels];
                data.extend(
                    map.iter()
                        .zip(&sums)
                        .map(|(&x, &sum)| x / (self.bias + factor * sum).powf(self.beta)),
                );
            }
        }
        Ok(vec![Tensor::new(input.shape.clone(), data)?.into()])
    }

    fn sign(&self, inputs: &Signs) -> InputSign {
        // A power is never negative.
        inputs.first()
    }
}
