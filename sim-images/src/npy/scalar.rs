//! Types of values, and values out of bytes.

/// Type of an array's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalar {
    /// One, two, four or eight bytes.
    Unsigned(usize),
    /// One, two, four or eight bytes.
    Signed(usize),
    /// Four bytes.
    F32,
    /// Any other; nothing reads its values.
    Other,
}

impl Scalar {
    pub(super) fn of(descr: &str) -> Self {
        match descr.strip_prefix(['<', '>', '|', '=']).unwrap_or(descr) {
            "u1" => Self::Unsigned(1),
            "u2" => Self::Unsigned(2),
            "u4" => Self::Unsigned(4),
            "u8" => Self::Unsigned(8),
            "i1" => Self::Signed(1),
            "i2" => Self::Signed(2),
            "i4" => Self::Signed(4),
            "i8" => Self::Signed(8),
            "f4" => Self::F32,
            _ => Self::Other,
        }
    }

    /// At least one.
    pub(crate) const fn n_bytes(self) -> usize {
        match self {
            Self::Unsigned(n_bytes) | Self::Signed(n_bytes) => n_bytes,
            Self::F32 => 4,
            Self::Other => 1,
        }
    }
}

/// Order of the bytes of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteOrder {
    /// The lowest first.
    Little,
    /// The highest first.
    Big,
}

impl ByteOrder {
    pub(super) fn of(descr: &str) -> Self {
        if descr.starts_with('>') {
            Self::Big
        } else {
            Self::Little
        }
    }

    pub(crate) const fn f32(self, bytes: [u8; 4]) -> f32 {
        match self {
            Self::Little => f32::from_le_bytes(bytes),
            Self::Big => f32::from_be_bytes(bytes),
        }
    }

    /// At most eight bytes; an unsigned value beyond `i64` comes out negative, which is not a label either.
    pub(crate) fn integer(self, bytes: &[u8], scalar: Scalar) -> i64 {
        let push = |value: u64, &byte: &u8| value << 8 | u64::from(byte);
        let value = match self {
            Self::Little => bytes.iter().rev().fold(0, push),
            Self::Big => bytes.iter().fold(0, push),
        }
        .cast_signed();
        match scalar {
            Scalar::Signed(_) => {
                let n_unused = 64_usize.saturating_sub(8 * bytes.len());
                value << n_unused >> n_unused
            }
            Scalar::Unsigned(_) | Scalar::F32 | Scalar::Other => value,
        }
    }
}
