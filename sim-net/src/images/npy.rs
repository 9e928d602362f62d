//! Headers of npy arrays, read without trust in what they claim.

use std::io::Read;

use super::ImageFault;
use super::array::read_exactly;

/// Longest header; numpy writes 118 bytes for any array that can be used here.
const MAX_HEADER: usize = 4096;

/// Type of an array's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scalar {
    U8,
    I8,
    /// Two to eight bytes.
    Integer {
        n_bytes: usize,
        sign: Sign,
    },
    F32,
    /// Any other; nothing reads its values.
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    Signed,
    Unsigned,
}

impl Scalar {
    pub(super) const fn n_bytes(self) -> usize {
        match self {
            Self::U8 | Self::I8 | Self::Other => 1,
            Self::Integer { n_bytes, .. } => n_bytes,
            Self::F32 => 4,
        }
    }
}

/// Order of the bytes of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ByteOrder {
    Little,
    Big,
}

impl ByteOrder {
    pub(super) const fn f32(self, bytes: [u8; 4]) -> f32 {
        match self {
            Self::Little => f32::from_le_bytes(bytes),
            Self::Big => f32::from_be_bytes(bytes),
        }
    }

    /// At most eight bytes; an unsigned value beyond `i64` comes out negative, which is no label either.
    pub(super) fn integer(self, bytes: &[u8], scalar: Scalar) -> i64 {
        let push = |value: u64, &byte: &u8| value << 8 | u64::from(byte);
        let value = match self {
            Self::Little => bytes.iter().rev().fold(0, push),
            Self::Big => bytes.iter().fold(0, push),
        }
        .cast_signed();
        match scalar {
            Scalar::I8
            | Scalar::Integer {
                sign: Sign::Signed, ..
            } => {
                let n_unused = 64_usize.saturating_sub(8 * bytes.len());
                value << n_unused >> n_unused
            }
            Scalar::U8
            | Scalar::Integer {
                sign: Sign::Unsigned, ..
            }
            | Scalar::F32
            | Scalar::Other => value,
        }
    }
}

/// What an array claims to be; in row-major order.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) descr: String,
    pub(super) scalar: Scalar,
    pub(super) order: ByteOrder,
    pub(super) shape: Vec<usize>,
}

/// Read up to the first value of the array.
pub(super) fn read_header(reader: &mut dyn Read, array: &'static str) -> Result<Header, ImageFault> {
    let broken = |why: String| ImageFault::Header { array, why };
    let start = read_exactly(&mut *reader, array, 8)?;
    let n_length_bytes = match start.as_slice() {
        [0x93, b'N', b'U', b'M', b'P', b'Y', 1, 0] => 2,
        [0x93, b'N', b'U', b'M', b'P', b'Y', 2 | 3, 0] => 4,
        _ => return Err(broken("not an npy array of version 1, 2 or 3".to_owned())),
    };
    let length = read_exactly(&mut *reader, array, n_length_bytes)?;
    let length = length.iter().rev().try_fold(0_usize, |length, &byte| {
        length.checked_mul(256)?.checked_add(usize::from(byte))
    });
    let Some(length) = length.filter(|&length| length <= MAX_HEADER) else {
        return Err(broken(format!("its header is longer than {MAX_HEADER} bytes")));
    };
    let text = read_exactly(&mut *reader, array, length)?;
    let text = String::from_utf8(text).map_err(|_| broken("its header is not text".to_owned()))?;
    let mut fields = Fields::default();
    let mut rest = Text(text.trim());
    parse(&mut rest, &mut fields).ok_or_else(|| {
        broken(format!(
            "its header `{}` does not describe a plain array",
            text.trim()
        ))
    })?;
    let (Some(descr), Some(is_fortran), Some(shape)) = (fields.descr, fields.is_fortran, fields.shape) else {
        return Err(broken(format!("its header `{}` lacks a key", text.trim())));
    };
    // A one-axis array is in both orders.
    if is_fortran && 1 < shape.len() {
        return Err(ImageFault::FortranOrder { array });
    }
    let (order, scalar) = scalar(&descr);
    Ok(Header {
        descr,
        scalar,
        order,
        shape,
    })
}

fn scalar(descr: &str) -> (ByteOrder, Scalar) {
    let order = if descr.starts_with('>') {
        ByteOrder::Big
    } else {
        ByteOrder::Little
    };
    let integer = |n_bytes, sign| Scalar::Integer { n_bytes, sign };
    let scalar = match descr.trim_start_matches(['<', '>', '|', '=']) {
        "u1" => Scalar::U8,
        "i1" => Scalar::I8,
        "u2" => integer(2, Sign::Unsigned),
        "i2" => integer(2, Sign::Signed),
        "u4" => integer(4, Sign::Unsigned),
        "i4" => integer(4, Sign::Signed),
        "u8" => integer(8, Sign::Unsigned),
        "i8" => integer(8, Sign::Signed),
        "f4" => Scalar::F32,
        _ => Scalar::Other,
    };
    (order, scalar)
}

#[derive(Default)]
struct Fields {
    descr: Option<String>,
    is_fortran: Option<bool>,
    shape: Option<Vec<usize>>,
}

/// `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`, in any order.
fn parse(text: &mut Text<'_>, fields: &mut Fields) -> Option<()> {
    text.take("{")?;
    while text.take("}").is_none() {
        let key = text.string()?;
        text.take(":")?;
        match key {
            "descr" => fields.descr = Some(text.string()?.to_owned()),
            "fortran_order" => fields.is_fortran = Some(text.boolean()?),
            "shape" => fields.shape = Some(text.tuple()?),
            _ => return None,
        }
        if text.take(",").is_none() {
            text.take("}")?;
            break;
        }
    }
    text.0.is_empty().then_some(())
}

/// What is left to parse.
struct Text<'a>(&'a str);

impl<'a> Text<'a> {
    fn take(&mut self, token: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(token)?.trim_start();
        Some(())
    }

    fn string(&mut self) -> Option<&'a str> {
        let quote = self.0.chars().next().filter(|c| ['\'', '"'].contains(c))?;
        let (string, rest) = self.0[1..].split_once(quote)?;
        self.0 = rest.trim_start();
        Some(string)
    }

    fn boolean(&mut self) -> Option<bool> {
        match self.take("True") {
            Some(()) => Some(true),
            None => self.take("False").map(|()| false),
        }
    }

    fn tuple(&mut self) -> Option<Vec<usize>> {
        self.take("(")?;
        let (inside, rest) = self.0.split_once(')')?;
        self.0 = rest.trim_start();
        let inside = inside.trim().trim_end_matches(',');
        if inside.is_empty() {
            return Some(Vec::new());
        }
        // Old writers mark long integers.
        inside
            .split(',')
            .map(|size| size.trim().trim_end_matches('L').parse().ok())
            .collect()
    }
}
