//! Tensors stored in a file.

use sim_core::tensor::{Tensor, n_elements};

use crate::error::TensorFault;
use crate::proto::TensorProto;
use crate::value::{IntKind, IntTensor, Value};

/// `TensorProto.DataLocation`: the elements are in another file.
pub(crate) const EXTERNAL: i32 = 1;

/// Names of `TensorProto.DataType`, from 0.
const NAMES: [&str; 17] = [
    "undefined",
    "float32",
    "uint8",
    "int8",
    "uint16",
    "int16",
    "int32",
    "int64",
    "string",
    "bool",
    "float16",
    "float64",
    "uint32",
    "uint64",
    "complex64",
    "complex128",
    "bfloat16",
];

/// A type of elements that is supported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataType {
    /// `float32`.
    Float,
    /// Floats of another width, which become `float32`.
    Widened(FloatKind),
    /// Integers and truth values.
    Int(IntKind),
}

/// Floats that are stored in another width than 32 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FloatKind {
    /// `float16`; `float32` holds all its numbers.
    Half,
    /// `bfloat16`; `float32` holds all its numbers.
    Brain,
    /// `float64`, which is rounded.
    Double,
}

impl FloatKind {
    /// The name that ONNX has for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Half => "float16",
            Self::Brain => "bfloat16",
            Self::Double => "float64",
        }
    }
}

impl DataType {
    /// From the number that ONNX has for it.
    ///
    /// - Errors: a type that is not supported.
    pub fn from_onnx(number: i32) -> Result<Self, TensorFault> {
        Ok(match number {
            1 => Self::Float,
            2 => Self::Int(IntKind::Uint8),
            3 => Self::Int(IntKind::Int8),
            4 => Self::Int(IntKind::Uint16),
            5 => Self::Int(IntKind::Int16),
            6 => Self::Int(IntKind::Int32),
            7 => Self::Int(IntKind::Int64),
            9 => Self::Int(IntKind::Bool),
            10 => Self::Widened(FloatKind::Half),
            11 => Self::Widened(FloatKind::Double),
            12 => Self::Int(IntKind::Uint32),
            16 => Self::Widened(FloatKind::Brain),
            _ => {
                let name = usize::try_from(number).ok().and_then(|index| NAMES.get(index));
                return Err(TensorFault::DataType {
                    found: name.map_or_else(|| format!("number {number}"), |&name| name.to_owned()),
                });
            }
        })
    }
}

/// The elements of `tensor`, floats as FP32.
///
/// - Errors: elements in another file, of a type that is not supported, or not as many as the shape has.
pub fn value(tensor: &TensorProto) -> Result<Value, TensorFault> {
    if tensor.data_location == Some(EXTERNAL) {
        return Err(TensorFault::External);
    }
    let data_type = DataType::from_onnx(tensor.data_type.unwrap_or_default())?;
    let shape = shape(&tensor.dims)?;
    let raw = tensor.raw_data.as_deref();
    Ok(match data_type {
        DataType::Float => {
            let data = match raw {
                Some(raw) => elements(raw, f32::from_le_bytes)?,
                None => tensor.float_data.clone(),
            };
            Tensor::new(shape, data)?.into()
        }
        DataType::Widened(kind) => Tensor::new(shape, floats(tensor, kind)?)?.into(),
        DataType::Int(kind) => IntTensor::new(shape, integers(tensor, kind)?, kind)?.into(),
    })
}

fn floats(tensor: &TensorProto, kind: FloatKind) -> Result<Vec<f32>, TensorFault> {
    // Sixteen bits lie in the low half of a number of 32.
    let bits = tensor.int32_data.iter().map(|number| {
        let [low, high, ..] = number.to_le_bytes();
        [low, high]
    });
    let raw = tensor.raw_data.as_deref();
    Ok(match (raw, kind) {
        (Some(raw), FloatKind::Half) => elements(raw, |bytes| half::f16::from_le_bytes(bytes).to_f32())?,
        (Some(raw), FloatKind::Brain) => elements(raw, |bytes| half::bf16::from_le_bytes(bytes).to_f32())?,
        (Some(raw), FloatKind::Double) => elements(raw, |bytes| rounded(f64::from_le_bytes(bytes)))?,
        (None, FloatKind::Half) => bits
            .map(|bytes| half::f16::from_le_bytes(bytes).to_f32())
            .collect(),
        (None, FloatKind::Brain) => bits
            .map(|bytes| half::bf16::from_le_bytes(bytes).to_f32())
            .collect(),
        (None, FloatKind::Double) => tensor.double_data.iter().copied().map(rounded).collect(),
    })
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "rounding is what is wanted; std has no other conversion"
)]
const fn rounded(value: f64) -> f32 {
    value as f32
}

fn integers(tensor: &TensorProto, kind: IntKind) -> Result<Vec<i64>, TensorFault> {
    let Some(raw) = tensor.raw_data.as_deref() else {
        return Ok(match kind {
            IntKind::Int64 => tensor.int64_data.clone(),
            IntKind::Uint32 => {
                let wrap = |&number: &u64| kind.wrap(number.cast_signed());
                tensor.uint64_data.iter().map(wrap).collect()
            }
            IntKind::Int32
            | IntKind::Int16
            | IntKind::Int8
            | IntKind::Uint16
            | IntKind::Uint8
            | IntKind::Bool => {
                let wrap = |&number: &i32| kind.wrap(i64::from(number));
                tensor.int32_data.iter().map(wrap).collect()
            }
        });
    };
    match kind {
        IntKind::Int64 => elements(raw, i64::from_le_bytes),
        IntKind::Int32 => elements(raw, |bytes| i64::from(i32::from_le_bytes(bytes))),
        IntKind::Int16 => elements(raw, |bytes| i64::from(i16::from_le_bytes(bytes))),
        IntKind::Int8 => elements(raw, |bytes| i64::from(i8::from_le_bytes(bytes))),
        IntKind::Uint32 => elements(raw, |bytes| i64::from(u32::from_le_bytes(bytes))),
        IntKind::Uint16 => elements(raw, |bytes| i64::from(u16::from_le_bytes(bytes))),
        IntKind::Uint8 => Ok(raw.iter().copied().map(i64::from).collect()),
        IntKind::Bool => Ok(raw.iter().map(|&byte| kind.wrap(i64::from(byte))).collect()),
    }
}

fn shape(dims: &[i64]) -> Result<Vec<usize>, TensorFault> {
    let size = |(axis, &size)| usize::try_from(size).map_err(|_| TensorFault::NegativeSize { axis, size });
    let shape: Vec<usize> = dims.iter().enumerate().map(size).collect::<Result<_, _>>()?;
    if n_elements(&shape).is_some() {
        return Ok(shape);
    }
    Err(TensorFault::TooLarge { shape })
}

fn elements<T, const SIZE: usize>(raw: &[u8], from: impl Fn([u8; SIZE]) -> T) -> Result<Vec<T>, TensorFault> {
    let (chunks, rest) = raw.as_chunks::<SIZE>();
    if !rest.is_empty() {
        return Err(TensorFault::RawBytes {
            found: raw.len(),
            size: SIZE,
        });
    }
    Ok(chunks.iter().copied().map(from).collect())
}
