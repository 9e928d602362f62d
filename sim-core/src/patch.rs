//! A padded piece of an image in which every tap of a convolution, whatever its stride, reads a run of values.
//!
//! With a stride of two, a tap reads every second column. A patch keeps the even columns apart from the odd ones, so
//! that what one tap reads for neighbouring pixels lies together. Rows are split in the same way, and what no tap reads
//! is left out.

use std::ops::Range;

/// One axis of the patches of a convolution.
#[derive(Debug)]
pub struct Axis {
    /// Coordinates modulo the stride that a tap reads, ascending.
    phases: Vec<usize>,
    /// Of each tap, which of the phases it reads and how far from the first.
    taps: Vec<(usize, usize)>,
    /// The largest of these distances.
    reach: usize,
    stride: usize,
    /// Padding before the image.
    padding: usize,
    /// Coordinates of the image.
    size: usize,
}

impl Axis {
    /// The axis of a kernel of `n_taps`, `dilation` apart, over `size` coordinates behind `padding`.
    pub fn new(n_taps: usize, dilation: usize, stride: usize, padding: usize, size: usize) -> Self {
        let taps = || (0..n_taps).map(|tap| tap * dilation);
        let mut phases: Vec<usize> = taps().map(|tap| tap % stride).collect();
        phases.sort_unstable();
        phases.dedup();
        let place = |tap| {
            (
                phases.partition_point(|&phase| phase < tap % stride),
                tap / stride,
            )
        };
        Self {
            taps: taps().map(place).collect(),
            reach: taps().next_back().unwrap_or(0) / stride,
            phases,
            stride,
            padding,
            size,
        }
    }

    /// What a patch below output coordinates `output` has of each phase.
    fn cut(&self, output: &Range<usize>) -> Range<usize> {
        output.start..output.end + self.reach
    }

    /// The coordinates of a phase in a cut that are not padding, from the cut's first, and where the first of them is in
    /// the image.
    fn inside(&self, phase: usize, cut: &Range<usize>) -> Inside {
        let begin = self.padding.saturating_sub(phase).div_ceil(self.stride);
        let end = (self.padding + self.size)
            .saturating_sub(phase)
            .div_ceil(self.stride);
        let (begin, end) = (begin.max(cut.start), end.min(cut.end));
        if end <= begin {
            return Inside { to: 0..0, from: 0 };
        }
        Inside {
            to: begin - cut.start..end - cut.start,
            from: begin * self.stride + phase - self.padding,
        }
    }

    fn insides(&self, cut: &Range<usize>) -> Vec<Inside> {
        self.phases.iter().map(|&phase| self.inside(phase, cut)).collect()
    }
}

/// Coordinates that are in the image.
struct Inside {
    /// In the patch.
    to: Range<usize>,
    /// Of the first of them, in the image.
    from: usize,
}

/// The patches of a convolution.
#[derive(Debug)]
pub struct Patches {
    /// Channels of the image that a patch has.
    pub n_channels: usize,
    /// Their rows.
    pub rows: Axis,
    /// Their columns.
    pub columns: Axis,
}

/// A piece of an image: `[channels, row phases, column phases, rows, columns]`.
#[derive(Debug)]
pub struct Patch<'a> {
    patches: &'a Patches,
    rows: Range<usize>,
    columns: Range<usize>,
}

impl Patches {
    /// The patch below the output pixels of some rows and columns.
    pub fn patch(&self, rows: &Range<usize>, columns: &Range<usize>) -> Patch<'_> {
        Patch {
            patches: self,
            rows: self.rows.cut(rows),
            columns: self.columns.cut(columns),
        }
    }
}

impl Patch<'_> {
    /// Values of the patch; `None` where they leave `usize`.
    pub fn size(&self) -> Option<usize> {
        crate::shape::checked_product(&[
            self.patches.n_channels,
            self.patches.rows.phases.len(),
            self.patches.columns.phases.len(),
            self.rows.len(),
            self.columns.len(),
        ])
    }

    /// From one row of pixels to the next.
    pub fn pitch(&self) -> usize {
        self.columns.len()
    }

    /// Where a tap of the first pixel reads.
    pub fn place(&self, channel: usize, row: usize, column: usize) -> usize {
        let Patches { rows, columns, .. } = self.patches;
        let ((row_phase, row), (column_phase, column)) = (rows.taps[row], columns.taps[column]);
        let plane = (channel * rows.phases.len() + row_phase) * columns.phases.len() + column_phase;
        (plane * self.rows.len() + row) * self.columns.len() + column
    }

    /// Copy the piece of the first channels of `image`, `[channels, rows, columns]`, into `patch`; padding is `zero`.
    pub fn fill<T: Copy + Default>(&self, image: &[T], zero: T, patch: &mut [T]) {
        patch.fill(zero);
        self.fill_inside(image, patch);
    }

    /// The same with the padding left as it is.
    pub fn fill_inside<T: Copy + Default>(&self, image: &[T], patch: &mut [T]) {
        let Patches {
            n_channels,
            rows,
            columns,
        } = self.patches;
        let (row_insides, column_insides) = (rows.insides(&self.rows), columns.insides(&self.columns));
        let pitch = self.pitch();
        let mut plane = 0;
        for channel in 0..*n_channels {
            for inside in &row_insides {
                let lines = inside.to.clone().map(|line| plane + line * pitch);
                let first = channel * rows.size + inside.from;
                for (line, row) in lines.zip((first..).step_by(rows.stride)) {
                    for (phase, inside) in column_insides.iter().enumerate() {
                        let line = line + phase * self.rows.len() * pitch;
                        take_every(
                            columns.stride,
                            &image[row * columns.size + inside.from..],
                            &mut patch[line + inside.to.start..line + inside.to.end],
                        );
                    }
                }
                plane += column_insides.len() * self.rows.len() * pitch;
            }
        }
    }
}

/// Every `stride`-th value of `from`, as many as `to` holds.
fn take_every<T: Copy + Default>(stride: usize, from: &[T], to: &mut [T]) {
    match stride {
        1 => to.copy_from_slice(&from[..to.len()]),
        2 if HALF <= to.len() && 2 * to.len() <= from.len() => {
            let last = to.len() - HALF;
            // The last values go over some of those before, so that all pieces are whole.
            for first in (0..to.len()).step_by(HALF).map(|first| first.min(last)) {
                to[first..first + HALF].copy_from_slice(&even(&from[2 * first..]));
            }
        }
        _ => {
            for (to, from) in to.iter_mut().zip(from.iter().step_by(stride)) {
                *to = *from;
            }
        }
    }
}

const HALF: usize = 8;

/// The values at even places; `from` holds at least twice as many.
#[inline]
fn even<T: Copy + Default>(from: &[T]) -> [T; HALF] {
    let mut even = [T::default(); HALF];
    for (to, from) in even.iter_mut().zip(from[..2 * HALF].as_chunks::<2>().0) {
        *to = from[0];
    }
    even
}
