//! Matrix products.

use sim_core::tensor::Tensor;
use sim_onnx::value::Value;

use crate::ops::args::{Args, Operands};
use crate::ops::attributes::Attributes;
use crate::ops::fault::Fault;
use crate::ops::{Operation, axes};
use sim_simd::sgemm::{Matrix, multiply};

/// Which way round a matrix is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stored {
    AsIs,
    Transposed,
}

impl Stored {
    /// The other way round.
    pub(crate) const fn flipped(self) -> Self {
        match self {
            Self::AsIs => Self::Transposed,
            Self::Transposed => Self::AsIs,
        }
    }
}

/// `alpha · A · B + beta · C`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gemm {
    pub(crate) alpha: f32,
    pub(crate) beta: f32,
    pub(crate) a: Stored,
    pub(crate) b: Stored,
}

impl Gemm {
    pub(crate) fn parse(attributes: &Attributes<'_>) -> Self {
        let stored = |name| {
            if attributes.flag(name) {
                Stored::Transposed
            } else {
                Stored::AsIs
            }
        };
        Self {
            alpha: attributes.float_or("alpha", 1.0),
            beta: attributes.float_or("beta", 1.0),
            a: stored("transA"),
            b: stored("transB"),
        }
    }

    /// M, K and N.
    fn sizes(&self, a: &[usize], b: &[usize]) -> Result<(usize, usize, usize), Fault> {
        let matrix = |index: usize, shape: &[usize], stored: Stored| match (shape, stored) {
            (&[rows, columns], Stored::AsIs) | (&[columns, rows], Stored::Transposed) => Ok((rows, columns)),
            _ => Err(Fault::shape(index, shape, "two axes")),
        };
        let (m, k) = matrix(0, a, self.a)?;
        let (same_k, n) = matrix(1, b, self.b)?;
        if k == same_k {
            Ok((m, k, n))
        } else {
            Err(Fault::shapes(a, b))
        }
    }
}

impl Operation for Gemm {
    fn shapes(&self, inputs: &Operands<'_>) -> Result<Vec<Vec<usize>>, Fault> {
        let (m, _, n) = self.sizes(inputs.shape(0)?, inputs.shape(1)?)?;
        Ok(vec![vec![m, n]])
    }

    fn run(&self, inputs: Args) -> Result<Vec<Value>, Fault> {
        let (a, b) = (inputs.float(0)?, inputs.float(1)?);
        let (m, k, n) = self.sizes(&a.shape, &b.shape)?;
        let mut data = vec![0.0; axes::n_elements(&[m, n])?];
        let matrix = |tensor: &'_ Tensor, stored| {
            // The last axis is contiguous whatever it stands for.
            let n_columns = tensor.shape[1];
            match stored {
                Stored::AsIs => (n_columns, 1),
                Stored::Transposed => (1, n_columns),
            }
        };
        let (row_stride, column_stride) = matrix(a, self.a);
        let left = Matrix {
            data: &a.data,
            row_stride,
            column_stride,
        };
        let (row_stride, column_stride) = matrix(b, self.b);
        let right = Matrix {
            data: &b.data,
            row_stride,
            column_stride,
        };
        multiply((m, k, n), left, right, 0.0, &mut data, n);
        let Some(c) = inputs.optional_float(2)? else {
            data.iter_mut().for_each(|x| *x *= self.alpha);
            return Ok(vec![Tensor::new(vec![m, n], data)?.into()]);
        };
        if axes::broadcast(&c.shape, &[m, n])? != [m, n] {
            return Err(Fault::shapes(&c.shape, &[m, n]));
        }
        let strides: Vec<isize> = axes::broadcast_strides(&c.shape, &[m, n])
            .into_iter()
            .map(usize::cast_signed)
            .collect();
        for (x, offset) in data.iter_mut().zip(axes::offsets(&[m, n], &strides, 0)) {
            *x = self.alpha * *x + self.beta * c.data[offset];
        }
        Ok(vec![Tensor::new(vec![m, n], data)?.into()])
    }
}

/// `rows[m, k] · weightᵀ`, where `weight` is `[n, k]`, plus `bias`.
pub(crate) fn fully_connected(
    input: &Tensor,
    weight: &Tensor,
    bias: Option<&[f32]>,
) -> Result<Tensor, Fault> {
    let (&[m, k], &[n, same_k, ..]) = (&input.shape[..], &weight.shape[..]) else {
        return Err(Fault::shape(0, &input.shape, "two axes"));
    };
    if k != same_k {
        return Err(Fault::shapes(&input.shape, &weight.shape));
    }
    let mut data = vec![0.0; axes::n_elements(&[m, n])?];
    if let Some(bias) = bias {
        for row in data.chunks_exact_mut(n.max(1)) {
            row.copy_from_slice(bias);
        }
    }
    let weight = Matrix::row_major(&weight.data, k).transposed();
    multiply(
        (m, k, n),
        Matrix::row_major(&input.data, k),
        weight,
        1.0,
        &mut data,
        n,
    );
    Ok(Tensor::new(vec![m, n], data)?)
}

/// A product as NumPy defines it: stacks of matrices, and vectors.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MatMul;

/// The shapes of a product.
struct MatMulPlan {
    left: Vec<usize>,
    right: Vec<usize>,
    stack: Vec<usize>,
    sizes: (usize, usize, usize),
    output: Vec<usize>,
}

fn plan(left: &[usize], right: &[usize]) -> Result<MatMulPlan, Fault> {
    if left.is_empty() || right.is_empty() {
        return Err(Fault::shapes(left, right));
    }
    let (mut wide_left, mut wide_right) = (left.to_vec(), right.to_vec());
    if left.len() == 1 {
        wide_left.insert(0, 1);
    }
    if right.len() == 1 {
        wide_right.push(1);
    }
    let (left_stack, left_matrix) = wide_left.split_at(wide_left.len() - 2);
    let (right_stack, right_matrix) = wide_right.split_at(wide_right.len() - 2);
    if left_matrix[1] != right_matrix[0] {
        return Err(Fault::shapes(left, right));
    }
    let stack = axes::broadcast(left_stack, right_stack)?;
    let (m, n) = (left_matrix[0], right_matrix[1]);
    let mut output = stack.clone();
    output.extend((1 < left.len()).then_some(m));
    output.extend((1 < right.len()).then_some(n));
    Ok(MatMulPlan {
        stack,
        sizes: (m, left_matrix[1], n),
        output,
        left: wide_left,
        right: wide_right,
    })
}

impl Operation for MatMul {
    fn shapes(&self, inputs: &Operands<'_>) -> Result<Vec<Vec<usize>>, Fault> {
        Ok(vec![plan(inputs.shape(0)?, inputs.shape(1)?)?.output])
    }

    fn run(&self, inputs: Args) -> Result<Vec<Value>, Fault> {
        let (left, right) = (inputs.float(0)?, inputs.float(1)?);
        let MatMulPlan {
            left: left_shape,
            right: right_shape,
            stack,
            sizes,
            output,
        } = plan(&left.shape, &right.shape)?;
        let (m, k, n) = sizes;
        let mut data = vec![0.0; axes::n_elements(&output)?];
        let starts = |shape: &[usize], matrix: usize| -> Vec<usize> {
            let strides = axes::broadcast_strides(&shape[..shape.len() - 2], &stack);
            let strides: Vec<isize> = strides.into_iter().map(usize::cast_signed).collect();
            axes::offsets(&stack, &strides, 0)
                .map(|index| index * matrix)
                .collect()
        };
        let places = starts(&left_shape, m * k)
            .into_iter()
            .zip(starts(&right_shape, k * n));
        for (out, (from_left, from_right)) in data.chunks_exact_mut((m * n).max(1)).zip(places) {
            let a = Matrix::row_major(&left.data[from_left..], k);
            let b = Matrix::row_major(&right.data[from_right..], n);
            multiply((m, k, n), a, b, 0.0, out, n);
        }
        Ok(vec![Tensor::new(output, data)?.into()])
    }
}
