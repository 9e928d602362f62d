//! Typed values of arrays.

use super::ImageFault;
use super::array::{n_bytes, read_exactly};
use crate::npy::{ByteOrder, Header, Order, Scalar};
use std::io::Read;

/// Values of an array, row-major, of a type that the input of a network may have.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Floats; stored in two, four or eight bytes each.
    Float32(Vec<f32>),
    /// Integers.
    Int64(Vec<i64>),
    /// Integers.
    Int32(Vec<i32>),
    /// Integers.
    Int8(Vec<i8>),
    /// Pixels, and other bytes.
    Uint8(Vec<u8>),
    /// Truths.
    Bool(Vec<bool>),
}

impl Values {
    /// Read the values behind a header; of a row-major array only the first `n_taken` along its first axis.
    ///
    /// - Errors: `None` for a type that is none of the variants; an array that is too large, cut short or damaged.
    pub(super) fn read(
        reader: impl Read,
        array: &str,
        header: &Header,
        n_taken: usize,
    ) -> Result<Option<Self>, ImageFault> {
        let Some(parse) = Parse::of(header.scalar) else {
            return Ok(None);
        };
        let mut taken = header.shape.clone();
        taken[0] = n_taken;
        // The first image is not in one piece in column-major order.
        let stored = match header.order {
            Order::RowMajor => &taken,
            Order::ColumnMajor => &header.shape,
        };
        let want = n_bytes(array, stored, header.scalar.n_bytes())?;
        let bytes = read_exactly(reader, array, want)?;
        let n_values = taken.iter().product();
        Ok(Some(parse.values(&bytes, header, n_values)))
    }

    /// The values at `range`.
    pub fn slice(&self, range: std::ops::Range<usize>) -> Self {
        match self {
            Self::Float32(values) => Self::Float32(values[range].to_vec()),
            Self::Int64(values) => Self::Int64(values[range].to_vec()),
            Self::Int32(values) => Self::Int32(values[range].to_vec()),
            Self::Int8(values) => Self::Int8(values[range].to_vec()),
            Self::Uint8(values) => Self::Uint8(values[range].to_vec()),
            Self::Bool(values) => Self::Bool(values[range].to_vec()),
        }
    }
}

/// How stored values become those of a variant.
enum Parse {
    Float16,
    Float32,
    Float64,
    Int64,
    Int32,
    Int8,
    Uint8,
    Bool,
}

impl Parse {
    fn of(scalar: Scalar) -> Option<Self> {
        Some(match scalar {
            Scalar::Float(2) => Self::Float16,
            Scalar::Float(4) => Self::Float32,
            Scalar::Float(8) => Self::Float64,
            Scalar::Signed(8) => Self::Int64,
            Scalar::Signed(4) => Self::Int32,
            Scalar::Signed(1) => Self::Int8,
            Scalar::Unsigned(1) => Self::Uint8,
            Scalar::Bool => Self::Bool,
            Scalar::Float(_) | Scalar::Signed(_) | Scalar::Unsigned(_) | Scalar::Other => return None,
        })
    }

    fn values(self, bytes: &[u8], header: &Header, n_values: usize) -> Values {
        let order: ByteOrder = header.bytes;
        match self {
            Self::Float16 => Values::Float32(rows(bytes, header, n_values, |value| order.f32_of_f16(value))),
            Self::Float32 => Values::Float32(rows(bytes, header, n_values, |value| order.f32(value))),
            Self::Float64 => Values::Float32(rows(bytes, header, n_values, |value| order.f32_of_f64(value))),
            Self::Int64 => Values::Int64(rows(bytes, header, n_values, |value: [u8; 8]| {
                order.integer(&value, header.scalar)
            })),
            Self::Int32 => Values::Int32(rows(bytes, header, n_values, |value: [u8; 4]| match order {
                ByteOrder::Little => i32::from_le_bytes(value),
                ByteOrder::Big => i32::from_be_bytes(value),
            })),
            Self::Int8 => Values::Int8(rows(bytes, header, n_values, i8::from_ne_bytes)),
            Self::Uint8 => Values::Uint8(rows(bytes, header, n_values, |[value]| value)),
            Self::Bool => Values::Bool(rows(bytes, header, n_values, |[value]| value != 0)),
        }
    }
}

/// The first values in row-major order.
fn rows<T: Copy, const N: usize>(
    bytes: &[u8],
    header: &Header,
    n_values: usize,
    value: impl Fn([u8; N]) -> T,
) -> Vec<T> {
    let (values, _) = bytes.as_chunks();
    let values = values.iter().map(|&bytes| value(bytes)).collect();
    let mut values = header.order.row_major(values, &header.shape);
    values.truncate(n_values);
    values
}
