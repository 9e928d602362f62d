//! Conversions between floats, sizes and integers.
#![expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "rounding is what these conversions are for; std has no other ones"
)]

/// A number of elements as a divisor.
pub(super) const fn float_of_size(size: usize) -> f32 {
    size as f32
}

/// The nearest float.
pub(crate) const fn float_of_int(value: i64) -> f32 {
    value as f32
}

/// Rounds once.
pub(crate) const fn float_of_double(value: f64) -> f32 {
    value as f32
}

/// A whole number; `None` of any other, and beyond 53 bits.
pub(crate) fn int_of_double(value: f64) -> Option<i64> {
    const LARGEST: f64 = 9_007_199_254_740_992.0;
    (value.fract() == 0.0 && value.abs() <= LARGEST).then_some(value as i64)
}

/// A number of elements as a divisor of sums.
pub(super) const fn double_of_size(size: usize) -> f64 {
    size as f64
}

/// Towards zero, saturating; NaN is 0.
pub(crate) const fn int64_of_float(value: f32) -> i64 {
    value as i64
}

/// A size as an element of an ONNX shape; sizes of stored arrays are far below the limit.
pub(super) fn int_of_size(size: usize) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}
