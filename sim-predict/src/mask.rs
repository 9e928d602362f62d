//! Which pixels ZAP computes first.

use sim_core::mutant::{self, Mutant};

/// A pattern of pixels that repeats from pixel (0, 0) on and is cut off at the border of a map (ZAP; the authors' code has
/// types 0 to 10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MaskType(u8);

/// A number that is not a type of masks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found} is not a type of masks; they are 0 to {last}", last = MaskType::LAST)]
pub struct MaskTypeError {
    /// The number.
    pub found: i64,
}

/// One period of a pattern.
struct Period {
    size: usize,
    /// Row and column of the pixels that are not computed first.
    free: &'static [(usize, usize)],
}

/// Types 5 to 10; the types below are their complements.
const PERIODS: [Period; 6] = [
    Period {
        size: 2,
        free: &[(0, 1), (1, 0)],
    },
    Period {
        size: 5,
        free: &[
            (0, 2),
            (0, 4),
            (1, 1),
            (1, 3),
            (2, 0),
            (2, 2),
            (3, 1),
            (3, 4),
            (4, 0),
            (4, 3),
        ],
    },
    Period {
        size: 3,
        free: &[(0, 2), (1, 1), (2, 0)],
    },
    Period {
        size: 2,
        free: &[(1, 1)],
    },
    Period {
        size: 3,
        free: &[(1, 1), (2, 0)],
    },
    Period {
        size: 3,
        free: &[(1, 1)],
    },
];

/// The type that is its own complement but for the place of its pixels.
const HALF: u8 = 5;

impl MaskType {
    const LAST: u8 = 10;

    /// The type with this number.
    ///
    /// - Errors: numbers beyond 0 to 10.
    pub fn new(number: i64) -> Result<Self, MaskTypeError> {
        u8::try_from(number)
            .ok()
            .filter(|&number| number <= Self::LAST)
            .map(Self)
            .ok_or(MaskTypeError { found: number })
    }

    /// All, by number.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..=Self::LAST).map(Self)
    }

    /// Its number.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// Whether a pixel is computed first.
    pub fn is_first(self, row: usize, column: usize) -> bool {
        let is_complement = self.0 < HALF;
        let of = if is_complement {
            Self::LAST - self.0
        } else {
            self.0
        };
        let Period { size, free } = &PERIODS[usize::from(of - HALF)];
        let column = column + usize::from(mutant::is_on(Mutant::MaskAnchor));
        free.contains(&(row % size, column % size)) == is_complement
    }

    /// The pixels of a map, row-major; `true` is computed first.
    pub fn first(self, rows: usize, columns: usize) -> Vec<bool> {
        let row = |row: usize| (0..columns).map(move |column| self.is_first(row, column));
        (0..rows).flat_map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_large_maps_are_the_published_ones() {
        // Thirty rows and columns are whole periods of 2, 3 and 5.
        let shares = MaskType::all().map(|mask| {
            let first = mask.first(30, 30);
            first.iter().filter(|&&first| first).count()
        });
        let want = [100, 200, 225, 300, 360, 450, 540, 600, 675, 700, 800];
        assert_eq!(shares.collect::<Vec<_>>(), want);
        assert_eq!(
            MaskType::new(11).map_err(|error| error.to_string()),
            Err("11 is not a type of masks; they are 0 to 10".to_owned())
        );
        assert!(MaskType::new(-1).is_err());
    }

    #[test]
    fn a_small_map_may_have_no_first_pixel() {
        for mask in MaskType::all() {
            assert_eq!(mask.first(1, 1), [HALF <= mask.number()], "{mask:?}");
        }
    }
}
