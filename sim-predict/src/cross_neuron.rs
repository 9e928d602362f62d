//! Prediction from the diagonal of a window of neighbours.

use sim_core::prediction::Diagonal;

use crate::gate::Gate;

/// Rows and columns of a window: 2 to 255.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WindowSize(u8);

/// A number of rows and columns that no window has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found} is not the size of a window; it is 2 to 255")]
pub struct WindowSizeError {
    /// The number.
    pub found: i64,
}

impl WindowSize {
    /// The size of the published figures.
    pub const TWO: Self = Self(2);

    /// A window of `size` rows and columns.
    ///
    /// - Errors: a size beyond 2 to 255.
    pub fn new(size: i64) -> Result<Self, WindowSizeError> {
        u8::try_from(size)
            .ok()
            .filter(|&size| 2 <= size)
            .map(Self)
            .ok_or(WindowSizeError { found: size })
    }

    /// Rows, and columns.
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// The largest value that counts as zero: at least 0, and finite.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ZeroUpTo(f32);

/// A value that is not a limit of zeros.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("{found} is not a limit up to which values count as zero; it is a number from 0 on")]
pub struct ZeroUpToError {
    /// The value.
    pub found: f32,
}

impl ZeroUpTo {
    /// `value`, τ of the definition.
    ///
    /// - Errors: a negative value, one that is not finite.
    pub fn new(value: f32) -> Result<Self, ZeroUpToError> {
        if value.is_finite() && 0.0 <= value {
            Ok(Self(value))
        } else {
            Err(ZeroUpToError { found: value })
        }
    }

    /// τ.
    pub const fn get(self) -> f32 {
        self.0
    }
}

/// The outputs of a window are kept unless all of its diagonal count as zero (cross-neuron prediction; the rule of
/// windows is this project's).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CrossNeuron {
    /// Windows from pixel (0, 0) on.
    pub window: WindowSize,
    /// What is computed first, beside every pixel of a window that the border cuts.
    pub diagonal: Diagonal,
    /// What counts as zero.
    pub zero_up_to: ZeroUpTo,
}

impl CrossNeuron {
    /// The column of the diagonal in a row of the window.
    fn diagonal_column(&self, row: usize) -> usize {
        match self.diagonal {
            Diagonal::Main => row,
            Diagonal::Anti => usize::from(self.window.get()) - 1 - row,
        }
    }

    /// The window of a pixel, if the border does not cut it.
    fn whole_window(&self, row: usize, column: usize, [rows, columns]: [usize; 2]) -> Option<[usize; 2]> {
        let size = usize::from(self.window.get());
        let [top, left] = [row / size * size, column / size * size];
        (top + size <= rows && left + size <= columns).then_some([top, left])
    }

    /// What is computed of `x`, channels, rows and columns behind the ReLU.
    pub fn gate(&self, x: &[f32], [channels, rows, columns]: [usize; 3]) -> Gate {
        let size = usize::from(self.window.get());
        let is_first = |row: usize, column: usize| {
            let window = self.whole_window(row, column, [rows, columns]);
            window.is_none_or(|_| column % size == self.diagonal_column(row % size))
        };
        let first = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
        let first = first.map(|(row, column)| is_first(row, column)).collect();
        let is_kept = |output: usize| {
            let (channel, pixel) = (output / (rows * columns), output % (rows * columns));
            let Some([top, left]) = self.whole_window(pixel / columns, pixel % columns, [rows, columns])
            else {
                return true;
            };
            let place =
                |row: usize| (channel * rows + top + row) * columns + left + self.diagonal_column(row);
            // NaN does not count as zero.
            !(0..size).all(|row| x[place(row)] <= self.zero_up_to.0)
        };
        Gate::of_free(first, channels, is_kept)
    }
}
