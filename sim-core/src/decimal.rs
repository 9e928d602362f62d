//! Decimal fractions that are counted with exactly: 0.29 of 100 is 29, whatever the nearest float is.

use crate::shape::widen;

/// Units of one.
const ONE: u32 = 1_000_000;

/// A number from 0 on in whole millionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Millionths(u32);

impl Millionths {
    /// `value` whole millionths; for constants.
    pub(crate) const fn from_millionths(value: u32) -> Self {
        Self(value)
    }

    /// The number that `value` is written as, shortest; `None` where that is negative, not finite, larger than 4294 or
    /// has more than six decimals.
    pub(crate) fn from_f64(value: f64) -> Option<Self> {
        let text = value.abs().to_string();
        let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
        if value < 0.0 || 6 < decimals.len() {
            return None;
        }
        let whole: u32 = whole.parse().ok()?;
        let decimals: u32 = format!("{decimals:0<6}").parse().ok()?;
        whole.checked_mul(ONE)?.checked_add(decimals).map(Self)
    }

    /// The nearest float.
    pub(crate) fn to_f64(self) -> f64 {
        f64::from(self.0) / f64::from(ONE)
    }

    /// Whether `draw`, as a fraction of 2⁶⁴, is below this.
    pub(crate) fn is_above(self, draw: u64) -> bool {
        (u128::from(draw) * u128::from(ONE)) >> 64 < u128::from(self.0)
    }

    /// ⌊self · count⌋.
    pub(crate) fn floor_of(self, count: usize) -> usize {
        narrow(self.millionths_of(count) / u128::from(ONE))
    }

    /// ⌈self / 100 · count⌉.
    pub(crate) fn percent_ceil_of(self, count: usize) -> usize {
        narrow(self.millionths_of(count).div_ceil(100 * u128::from(ONE)))
    }

    /// ⌊self / 100 · count⌋.
    pub(crate) fn percent_floor_of(self, count: usize) -> usize {
        narrow(self.millionths_of(count) / (100 * u128::from(ONE)))
    }

    fn millionths_of(self, count: usize) -> u128 {
        u128::from(self.0) * u128::from(widen(count))
    }
}

fn narrow(count: u128) -> usize {
    usize::try_from(count).expect("a part of a count is one")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_that_were_written() {
        #[track_caller]
        fn check(value: f64, want: Option<u32>) {
            assert_eq!(Millionths::from_f64(value), want.map(Millionths), "{value}");
        }
        check(0.0, Some(0));
        check(-0.0, Some(0));
        check(0.29, Some(290_000));
        check(99.9, Some(99_900_000));
        check(1e-6, Some(1));
        check(1e-7, None); // Seven decimals.
        check(0.1 + 0.2, None); // 0.30000000000000004.
        check(-0.5, None);
        check(4294.967295, Some(u32::MAX));
        check(4294.967296, None);
        check(1e300, None);
        check(f64::NAN, None);
        check(f64::INFINITY, None);
        for millionths in [0, 1, 290_000, 99_900_000, 99_999_999] {
            check(Millionths(millionths).to_f64(), Some(millionths));
        }
    }

    #[test]
    fn parts_are_exact() {
        let of = |value: f64| Millionths::from_f64(value).expect("is a decimal");
        assert_eq!(of(0.29).floor_of(100), 29); // In floats 28.999….
        assert_eq!(of(0.999_999).floor_of(1_000_000), 999_999);
        assert_eq!(of(0.5).floor_of(3), 1);
        assert_eq!(of(0.5).floor_of(usize::MAX), usize::MAX / 2);
        assert_eq!(of(99.9).percent_ceil_of(1000), 999);
        assert_eq!(of(99.9).percent_ceil_of(1001), 1000);
        assert_eq!(of(100.0).percent_ceil_of(7), 7);
        assert_eq!(of(0.000_001).percent_ceil_of(7), 1);
    }
}
