//! Headers of `.npy` arrays, read without trust in what they claim, and written.
//!
//! The values are the caller's, who knows how many there may be.

mod dict;
mod scalar;

use std::io::{self, Read};

use sim_core::shape::widen;

pub use scalar::{ByteOrder, Scalar};

/// Longest text of a header; numpy writes 118 bytes for any array that can be used here.
const MAX_HEADER: usize = 4096;

/// What an array claims to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Type of the values, as written.
    pub descr: String,
    /// Type of the values.
    pub scalar: Scalar,
    /// Order of the bytes of a value.
    pub bytes: ByteOrder,
    /// Order of the values.
    pub order: Order,
    /// Sizes of the axes; their product may be larger than any memory, or than a number.
    pub shape: Vec<usize>,
}

/// Which axis is contiguous.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The last one.
    RowMajor,
    /// The first one.
    ColumnMajor,
}

impl Order {
    /// The values of an array of `shape`, whose last axis becomes the contiguous one.
    pub fn row_major<T: Copy>(self, values: Vec<T>, shape: &[usize]) -> Vec<T> {
        let (Self::ColumnMajor, Some((&n_last, outer))) = (self, shape.split_last()) else {
            return values;
        };
        let n_rows: usize = outer.iter().product();
        (0..n_rows)
            .flat_map(|row| {
                let row = values[column_major(row, outer)..].iter();
                row.step_by(n_rows).take(n_last).copied()
            })
            .collect()
    }
}

/// Where the value is in column-major order that is at `index` in row-major order.
fn column_major(mut index: usize, shape: &[usize]) -> usize {
    let mut stride: usize = shape.iter().product();
    let mut place = 0;
    for &size in shape.iter().rev() {
        stride /= size;
        place += index % size * stride;
        index /= size;
    }
    place
}

/// A header that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum HeaderError {
    /// The source of the bytes says no.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Why it is not the header of a plain array.
    #[error("{0}")]
    Broken(String),
}

/// Read up to the first value of an array.
///
/// - Errors: what is not an array, is cut short, or is of a type that has parts; what `reader` refuses.
pub fn read_header(mut reader: impl Read) -> Result<Header, HeaderError> {
    let broken = |why: &str| HeaderError::Broken(why.to_owned());
    let start = read_up_to(&mut reader, 8)?;
    let n_length_bytes = match start.strip_prefix(b"\x93NUMPY") {
        None => return Err(broken("this is not a .npy file")),
        Some([1, 0]) => 2,
        Some([2 | 3, 0]) => 4,
        Some(&[major, minor]) => {
            return Err(HeaderError::Broken(format!(
                "version {major}.{minor} of the format is not known"
            )));
        }
        Some(_) => return Err(broken("the header is cut short")),
    };
    let length = read_up_to(&mut reader, n_length_bytes)?;
    if length.len() < n_length_bytes {
        return Err(broken("the header is cut short"));
    }
    let push = |length: u32, &byte: &u8| length << 8 | u32::from(byte);
    let length = usize::try_from(length.iter().rev().fold(0, push)).unwrap_or(usize::MAX);
    let text = read_up_to(&mut reader, length.min(MAX_HEADER))?;
    if text.len() < length.min(MAX_HEADER) {
        return Err(broken("the header is longer than the file"));
    }
    if MAX_HEADER < length {
        return Err(HeaderError::Broken(format!(
            "the header is longer than {MAX_HEADER} bytes"
        )));
    }
    // A message shows it, so it must not steer a terminal.
    let text = std::str::from_utf8(&text)
        .map(str::trim)
        .ok()
        .filter(|text| !text.contains(char::is_control))
        .ok_or_else(|| broken("the header is not text"))?;
    let fields = dict::parse(text)
        .ok_or_else(|| HeaderError::Broken(format!("the header `{text}` does not describe a plain array")))?;
    let (Some(descr), Some(order), Some(shape)) = (fields.descr, fields.order, fields.shape) else {
        return Err(HeaderError::Broken(format!("the header `{text}` lacks a key")));
    };
    Ok(Header {
        scalar: Scalar::of(&descr),
        bytes: ByteOrder::of(&descr),
        descr,
        order,
        shape,
    })
}

/// The bytes before the values of a row-major `int32` matrix, padded as numpy does.
pub fn int32_header([rows, cols]: [usize; 2]) -> Vec<u8> {
    const ALIGNMENT: usize = 64;
    let mut text = format!("{{'descr': '<i4', 'fortran_order': False, 'shape': ({rows}, {cols}), }}");
    let n_before = 10;
    while !(n_before + text.len() + 1).is_multiple_of(ALIGNMENT) {
        text.push(' ');
    }
    text.push('\n');
    // Two sizes of at most 20 digits keep the text far below 64 KiB.
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX).to_le_bytes();
    [b"\x93NUMPY\x01\x00", length.as_slice(), text.as_bytes()].concat()
}

/// The next bytes, fewer where there are no more; allocates as they come, so that a size that lies costs nothing.
pub(crate) fn read_up_to(reader: impl Read, n_bytes: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match reader.take(widen(n_bytes)).read_to_end(&mut bytes) {
        // A decoder whose input is cut short.
        Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => Err(error),
        Ok(_) | Err(_) => Ok(bytes),
    }
}

#[cfg(test)]
mod tests;
