//! Tensors stored in a file.

use sim_core::tensor::{Tensor, n_elements};

use crate::error::TensorFault;
use crate::proto::TensorProto;
use crate::value::{IntKind, IntTensor, Value};

/// `TensorProto.DataType` of the supported types.
const FLOAT: i32 = 1;
const INT32: i32 = 6;
const INT64: i32 = 7;
const BOOL: i32 = 9;

/// `TensorProto.DataLocation`: the elements are in another file.
const EXTERNAL: i32 = 1;

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
    /// Integers and truth values.
    Int(IntKind),
}

impl DataType {
    /// From the number that ONNX has for it.
    ///
    /// - Errors: a type that is not supported.
    pub fn from_onnx(number: i32) -> Result<Self, TensorFault> {
        match number {
            FLOAT => Ok(Self::Float),
            INT32 => Ok(Self::Int(IntKind::Int32)),
            INT64 => Ok(Self::Int(IntKind::Int64)),
            BOOL => Ok(Self::Int(IntKind::Bool)),
            _ => {
                let name = usize::try_from(number).ok().and_then(|index| NAMES.get(index));
                Err(TensorFault::DataType {
                    found: name.map_or_else(|| format!("number {number}"), |&name| name.to_owned()),
                })
            }
        }
    }
}

/// The elements of `tensor`.
///
/// - Errors: elements in another file, of a type that is not supported, or not as many as the shape has.
pub fn value(tensor: &TensorProto) -> Result<Value, TensorFault> {
    if tensor.data_location == Some(EXTERNAL) {
        return Err(TensorFault::External);
    }
    let data_type = DataType::from_onnx(tensor.data_type.unwrap_or_default())?;
    let shape = shape(&tensor.dims)?;
    let raw = tensor.raw_data.as_deref();
    match data_type {
        DataType::Float => {
            let data = match raw {
                Some(raw) => elements(raw, f32::from_le_bytes)?,
                None => tensor.float_data.clone(),
            };
            Ok(Tensor::new(shape, data)?.into())
        }
        DataType::Int(kind) => {
            let data = match (raw, kind) {
                (Some(raw), IntKind::Int64) => elements(raw, i64::from_le_bytes)?,
                (Some(raw), IntKind::Int32) => elements(raw, |bytes| i64::from(i32::from_le_bytes(bytes)))?,
                (Some(raw), IntKind::Bool) => raw.iter().map(|&byte| i64::from(byte != 0)).collect(),
                (None, IntKind::Int64) => tensor.int64_data.clone(),
                (None, IntKind::Int32) => tensor.int32_data.iter().copied().map(i64::from).collect(),
                (None, IntKind::Bool) => tensor
                    .int32_data
                    .iter()
                    .map(|&truth| i64::from(truth != 0))
                    .collect(),
            };
            Ok(IntTensor::new(shape, data, kind)?.into())
        }
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
