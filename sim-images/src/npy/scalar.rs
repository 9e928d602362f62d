//! Types of values, and values out of bytes.

/// Type of an array's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalar {
    /// One, two, four or eight bytes.
    Unsigned(usize),
    /// One, two, four or eight bytes.
    Signed(usize),
    /// A floating-point number of two, four or eight bytes.
    Float(usize),
    /// One byte, 0 or 1.
    Bool,
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
            "f2" => Self::Float(2),
            "f4" => Self::Float(4),
            "f8" => Self::Float(8),
            "b1" => Self::Bool,
            _ => Self::Other,
        }
    }

    /// At least one.
    pub(crate) const fn n_bytes(self) -> usize {
        match self {
            Self::Unsigned(n_bytes) | Self::Signed(n_bytes) | Self::Float(n_bytes) => n_bytes,
            Self::Bool | Self::Other => 1,
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

    /// The nearest FP32 number.
    #[expect(clippy::as_conversions, reason = "std has no other conversion that rounds")]
    #[expect(clippy::cast_possible_truncation, reason = "rounding is meant")]
    pub(crate) const fn f32_of_f64(self, bytes: [u8; 8]) -> f32 {
        match self {
            Self::Little => f64::from_le_bytes(bytes) as f32,
            Self::Big => f64::from_be_bytes(bytes) as f32,
        }
    }

    /// The same number: FP32 has all of FP16.
    pub(crate) fn f32_of_f16(self, bytes: [u8; 2]) -> f32 {
        let bits = match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        };
        let (exponent, mantissa) = (bits >> 10 & 0x1f, bits & 0x3ff);
        let magnitude = match (exponent, mantissa) {
            (0, _) => f32::from(mantissa) * 2.0_f32.powi(-24),
            (0x1f, 0) => f32::INFINITY,
            (0x1f, _) => f32::NAN,
            _ => f32::from(mantissa | 0x400) * 2.0_f32.powi(i32::from(exponent) - 25),
        };
        if bits >> 15 == 0 { magnitude } else { -magnitude }
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
            Scalar::Unsigned(_) | Scalar::Float(_) | Scalar::Bool | Scalar::Other => value,
        }
    }
}
