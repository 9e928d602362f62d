//! Products of FP32 matrices, on one thread: the same bits on any number of them.

/// A matrix in memory: element `(row, column)` is at `row · row_stride + column · column_stride`.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a> {
    /// Where its elements are.
    pub data: &'a [f32],
    /// Elements from a row to the next.
    pub row_stride: usize,
    /// Elements from a column to the next.
    pub column_stride: usize,
}

impl<'a> Matrix<'a> {
    /// Rows of `n_columns` elements, one after the other.
    pub fn row_major(data: &'a [f32], n_columns: usize) -> Self {
        Self {
            data,
            row_stride: n_columns,
            column_stride: 1,
        }
    }

    /// The same elements with rows and columns exchanged.
    pub fn transposed(self) -> Self {
        Self {
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }

    /// Whether all elements of a matrix of this size are in `data`.
    fn holds(self, n_rows: usize, n_columns: usize) -> bool {
        last(n_rows, self.row_stride, n_columns, self.column_stride)
            .is_some_and(|last| last < self.data.len())
    }
}

/// Where the last element of a matrix is; `None` where there is none or it is out of reach.
fn last(n_rows: usize, row_stride: usize, n_columns: usize, column_stride: usize) -> Option<usize> {
    let down = n_rows.checked_sub(1)?.checked_mul(row_stride)?;
    down.checked_add(n_columns.checked_sub(1)?.checked_mul(column_stride)?)
}

/// `out[m, n] = a[m, k] · b[k, n] + initial · out`, where rows of `out` are `out_stride` apart.
///
/// Panics where a matrix is not inside of its slice; that is a mistake of the caller.
pub fn multiply(
    (m, k, n): (usize, usize, usize),
    a: Matrix<'_>,
    b: Matrix<'_>,
    initial: f32,
    out: &mut [f32],
    out_stride: usize,
) {
    if m == 0 || n == 0 {
        return;
    }
    assert!(
        last(m, out_stride, n, 1).is_some_and(|last| last < out.len()),
        "output too short"
    );
    assert!(n <= out_stride || m == 1, "rows of the output overlap");
    if k == 0 {
        for row in out.chunks_mut(out_stride.max(n)).take(m) {
            row[..n].iter_mut().for_each(|x| *x *= initial);
        }
        return;
    }
    assert!(a.holds(m, k) && b.holds(k, n), "operand too short");
    #[expect(
        unsafe_code,
        reason = "the library takes pointers; the assertions above are its conditions"
    )]
    // SAFETY: every element of the three matrices is inside of its slice, `out` is borrowed exclusively and
    // its elements do not overlap.
    unsafe {
        matrixmultiply::sgemm(
            m,
            k,
            n,
            1.0,
            a.data.as_ptr(),
            a.row_stride.cast_signed(),
            a.column_stride.cast_signed(),
            b.data.as_ptr(),
            b.row_stride.cast_signed(),
            b.column_stride.cast_signed(),
            initial,
            out.as_mut_ptr(),
            out_stride.cast_signed(),
            1,
        );
    }
}
