//! Operators that multiply integer codes: their sums are exact, as those of ONNX Runtime are.

pub(crate) mod requantize;
pub(crate) mod sums;

use sim_core::tensor::Tensor;
use sim_onnx::value::{IntKind, IntTensor, Value};

use crate::ops::args::{Args, Operands, ints_of};
use crate::ops::attributes::Attributes;
use crate::ops::conv::Conv;
use crate::ops::fault::Fault;
use crate::ops::integer::requantize::Requantized;
use crate::ops::integer::sums::Sums;
use crate::ops::matmul::{Gemm, MatMul, Stored};
use crate::ops::number::float_of_int;
use crate::ops::{Operation, axes};

/// An operator on codes, and which of its inputs is what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Places {
    /// The product that it makes.
    pub(crate) product: Product,
    /// How matrices are stored.
    pub(crate) stored: [Stored; 2],
    /// Codes of activations.
    pub(crate) left: usize,
    pub(crate) left_zero: usize,
    /// Codes of weights.
    pub(crate) right: usize,
    pub(crate) right_zero: usize,
    /// Where sums become codes again.
    pub(crate) scales: Option<Scales>,
}

/// Which product is made of the codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Product {
    Convolution,
    Matrices,
}

/// Inputs of an operator whose output is codes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scales {
    pub(crate) left: usize,
    pub(crate) right: usize,
    pub(crate) output: usize,
    pub(crate) output_zero: usize,
    pub(crate) bias: Option<usize>,
}

/// The operators that multiply codes: those of the standard, and one of ONNX Runtime.
const OPERATORS: [(&str, Places); 5] = [
    ("ConvInteger", sums_of(Product::Convolution)),
    ("MatMulInteger", sums_of(Product::Matrices)),
    ("QLinearConv", codes_of(Product::Convolution, [6, 7], Some(8))),
    ("QLinearMatMul", codes_of(Product::Matrices, [6, 7], None)),
    (
        "com.microsoft.QGemm",
        codes_of(Product::Matrices, [7, 8], Some(6)),
    ),
];

const fn sums_of(product: Product) -> Places {
    Places {
        product,
        stored: [Stored::AsIs; 2],
        left: 0,
        left_zero: 2,
        right: 1,
        right_zero: 3,
        scales: None,
    }
}

const fn codes_of(product: Product, [output, output_zero]: [usize; 2], bias: Option<usize>) -> Places {
    Places {
        product,
        stored: [Stored::AsIs; 2],
        left: 0,
        left_zero: 2,
        right: 3,
        right_zero: 5,
        scales: Some(Scales {
            left: 1,
            right: 4,
            output,
            output_zero,
            bias,
        }),
    }
}

/// What the inputs of `operator` are, matrices as they are; `None` of one that does not multiply codes.
pub(crate) fn places(operator: &str) -> Option<Places> {
    let found = OPERATORS.iter().find(|(name, _)| *name == operator);
    found.map(|(_, places)| *places)
}

/// As [`places`], with what the attributes say.
pub(crate) fn parse_places(operator: &str, attributes: &Attributes<'_>) -> Result<Option<Places>, Fault> {
    let Some(places) = places(operator) else {
        return Ok(None);
    };
    // Only one of the operators has attributes of such names.
    let Gemm { alpha, a, b, .. } = Gemm::parse(attributes);
    if alpha != 1.0 {
        return Err(Fault::attribute("alpha", alpha));
    }
    Ok(Some(Places {
        stored: [a, b],
        ..places
    }))
}

/// A product of codes less their zero points.
#[derive(Debug)]
pub(super) struct IntegerProduct {
    places: Places,
    floats: Box<dyn Operation>,
}

impl IntegerProduct {
    /// `None` of an operator that is not on codes.
    pub(super) fn parse(operator: &str, attributes: &Attributes<'_>) -> Result<Option<Self>, Fault> {
        let Some(places) = parse_places(operator, attributes)? else {
            return Ok(None);
        };
        let floats: Box<dyn Operation> = match (places.product, places.stored) {
            (Product::Convolution, _) => Box::new(Conv::parse(attributes)?),
            (Product::Matrices, [Stored::AsIs, Stored::AsIs]) => Box::new(MatMul),
            (Product::Matrices, _) => Box::new(Gemm::parse(attributes)),
        };
        Ok(Some(Self { places, floats }))
    }
}

/// Which operand of a product a parameter belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

impl Places {
    /// The axis of the weights that counts filters.
    pub(crate) fn filter_axis(&self, rank: usize) -> usize {
        match (self.product, self.stored[1]) {
            (Product::Convolution, _) => 0,
            (Product::Matrices, Stored::AsIs) => rank.saturating_sub(1),
            (Product::Matrices, Stored::Transposed) => rank.saturating_sub(2),
        }
    }

    /// The axis of an operand that counts rows or filters, among `rank` axes.
    fn own_axis(&self, side: Side, rank: usize) -> usize {
        match (side, self.stored[0]) {
            (Side::Right, _) => self.filter_axis(rank),
            (Side::Left, Stored::AsIs) => rank.saturating_sub(2),
            (Side::Left, Stored::Transposed) => rank.saturating_sub(1),
        }
    }

    /// The axis of the output that counts rows or filters, among `rank` axes.
    fn output_axis(&self, side: Side, rank: usize) -> usize {
        match (self.product, side) {
            (Product::Convolution, _) => 1,
            (Product::Matrices, Side::Left) => rank.saturating_sub(2),
            (Product::Matrices, Side::Right) => rank.saturating_sub(1),
        }
    }

    /// The codes at `index` less their zero points.
    fn less_zero(&self, inputs: &Args, side: Side, index: usize, zero: usize) -> Result<Tensor, Fault> {
        let codes = ints_of(index, inputs.value(index)?)?;
        if !matches!(codes.kind, IntKind::Uint8 | IntKind::Int8) {
            return Err(Fault::Type {
                index,
                found: codes.kind.name(),
                want: "uint8 or int8",
            });
        }
        let mut data: Vec<f32> = codes.data.iter().map(|&code| float_of_int(code)).collect();
        if inputs.has(zero) {
            let zeros = ints_of(zero, inputs.value(zero)?)?;
            let axis = self.own_axis(side, codes.shape.len());
            for (x, place) in data.iter_mut().zip(spread(&zeros.shape, axis, &codes.shape)?) {
                *x -= float_of_int(zeros.data[place]);
            }
        }
        Ok(Tensor::new(codes.shape.clone(), data)?)
    }

    /// Δ of the left operand times that of the right one, over that of the output, for each of the sums.
    fn multipliers(&self, inputs: &Args, scales: &Scales, sums: &Sums) -> Result<Vec<f32>, Fault> {
        let output = inputs
            .optional_scalar(scales.output)?
            .ok_or(Fault::Missing { index: scales.output })?;
        let (left, right) = (inputs.float(scales.left)?, inputs.float(scales.right)?);
        let place = |tensor: &Tensor, side| {
            let axis = self.output_axis(side, sums.shape.len());
            spread(&tensor.shape, axis, &sums.shape)
        };
        let pairs = place(left, Side::Left)?
            .into_iter()
            .zip(place(right, Side::Right)?);
        Ok(pairs
            .map(|(l, r)| left.data[l] * right.data[r] / output)
            .collect())
    }
}

/// Offsets of a parameter of `shape` for each element of an array of shape `to`; one with a single axis is along `axis`.
fn spread(shape: &[usize], axis: usize, to: &[usize]) -> Result<Vec<usize>, Fault> {
    let aligned = match shape {
        [] | [1] => Vec::new(),
        &[size] => {
            let mut aligned = vec![1; to.len() - axis];
            aligned[0] = size;
            aligned
        }
        _ => shape.to_vec(),
    };
    if axes::broadcast(&aligned, to)? != to {
        return Err(Fault::shapes(shape, to));
    }
    let strides = axes::broadcast_strides(&aligned, to);
    let strides: Vec<isize> = strides.into_iter().map(usize::cast_signed).collect();
    Ok(axes::offsets(to, &strides, 0).collect())
}

/// The largest sum of the magnitudes that one output is multiplied with; `axis` counts the filters.
fn largest_sum(right: &Tensor, axis: usize) -> f32 {
    if right.data.is_empty() || right.shape.is_empty() {
        return sums::magnitude(&right.data);
    }
    let (_, n_filters, run) = axes::around(&right.shape, axis);
    // Of stacks of matrices together, which is more than any of them.
    let mut sums = vec![0.0; n_filters];
    for (index, run) in right.data.chunks(run).enumerate() {
        sums[index % n_filters] += sums::magnitude(run);
    }
    sums.into_iter().fold(0.0, f32::max)
}

impl Operation for IntegerProduct {
    fn shapes(&self, inputs: &Operands<'_>) -> Result<Vec<Vec<usize>>, Fault> {
        let operand = |index: usize| inputs.0.get(index).copied().flatten();
        self.floats.shapes(&Operands(vec![
            operand(self.places.left),
            operand(self.places.right),
        ]))
    }

    fn run(&self, inputs: Args) -> Result<Vec<Value>, Fault> {
        let places = &self.places;
        let left = places.less_zero(&inputs, Side::Left, places.left, places.left_zero)?;
        let right = places.less_zero(&inputs, Side::Right, places.right, places.right_zero)?;
        let largest = largest_sum(&right, places.filter_axis(right.shape.len()));
        let right = std::sync::Arc::new(Value::from(right));
        let mut sums = sums::exact(&left, largest, |digit| {
            let digit = std::sync::Arc::new(Value::from(digit));
            let args = Args(vec![Some(digit), Some(std::sync::Arc::clone(&right))]);
            match self.floats.run(args)?.into_iter().next() {
                Some(Value::Float(tensor)) => Ok(tensor),
                Some(Value::Int(_)) | None => Err(Fault::NoOperator),
            }
        })?;
        let Some(scales) = &places.scales else {
            return Ok(vec![sums.into_int32()?.into()]);
        };
        if let Some(bias) = scales.bias.filter(|&bias| inputs.has(bias)) {
            let bias = ints_of(bias, inputs.value(bias)?)?;
            let axis = places.output_axis(Side::Right, sums.shape.len());
            let offsets = spread(&bias.shape, axis, &sums.shape)?;
            for (sum, offset) in sums.data.iter_mut().zip(offsets) {
                *sum += bias.data[offset];
            }
        }
        let zero = ints_of(scales.output_zero, inputs.value(scales.output_zero)?)?;
        let &[zero_point] = &zero.data[..] else {
            return Err(Fault::shape(scales.output_zero, &zero.shape, "one element"));
        };
        let output = Requantized {
            zero_point,
            kind: zero.kind,
        };
        let multipliers = places.multipliers(&inputs, scales, &sums)?;
        let codes = sums.data.iter().zip(multipliers);
        let codes = codes.map(|(&sum, multiplier)| output.code(sum, multiplier));
        Ok(vec![
            IntTensor::new(sums.shape, codes.collect(), zero.kind)?.into(),
        ])
    }

    fn kind(&self, inputs: &Operands<'_>) -> Option<IntKind> {
        match &self.places.scales {
            None => Some(IntKind::Int32),
            Some(scales) => inputs.0.get(scales.output_zero).copied().flatten()?.kind,
        }
    }
}
