//! Activations of a lowered convolution, made a few rows at a time.

use std::ops::Range;

use sim_array::engine::ActivationRows;
use sim_core::spec::KOrder;
use sim_trace::trace::Geometry;

use super::Lowering;
use super::patch::{Axis, Patches};
use super::transpose::{BLOCK, Pixel, Source};
use crate::reorder::ColumnOrder;

/// A patch may be this many times larger than what is read from it: a window that is spread wide reads little of what
/// it spans.
const MAX_SPREAD: usize = 8;

/// A of one group over some images, `[images · M, K]`, of which only the rows asked for are made.
#[derive(Debug)]
pub struct LoweredActivations<'a> {
    lowering: Lowering,
    images: &'a [u8],
    zero_point: u8,
    group: usize,
    order: KOrder,
    patches: Patches,
    rows_in_memory: RowsInMemory,
    columns: Option<Columns>,
}

/// Columns of K that were put in another order.
#[derive(Debug)]
struct Columns {
    /// Channel, kernel row and kernel column of each; any where it is empty.
    taps: Vec<[usize; 3]>,
    empty: Vec<usize>,
}

/// Whether rows of A are bytes of the input, one behind the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RowsInMemory {
    /// They have to be gathered.
    None,
    /// Each one, at a distance of an image.
    Each,
    /// All of them.
    All,
}

/// Output pixels of one image: columns of rows.
#[derive(Clone, Debug)]
struct Window {
    image: usize,
    rows: Range<usize>,
    columns: Range<usize>,
}

impl<'a> LoweredActivations<'a> {
    pub(super) fn new(
        lowering: &Lowering,
        images: &'a [u8],
        zero_point: u8,
        group: usize,
        order: KOrder,
    ) -> Self {
        let Lowering {
            input: [_, rows, columns],
            weight: [_, per_group, kernel_rows, kernel_columns],
            geometry:
                Geometry {
                    stride,
                    padding,
                    dilation,
                    ..
                },
            ..
        } = *lowering;
        Self {
            lowering: lowering.flattened(),
            images,
            zero_point,
            group,
            order,
            patches: Patches {
                n_channels: per_group,
                rows: Axis::new(kernel_rows, dilation[0], stride[0], padding[0], rows),
                columns: Axis::new(kernel_columns, dilation[1], stride[1], padding[1], columns),
            },
            rows_in_memory: rows_in_memory(lowering, order),
            columns: None,
        }
    }

    /// The same with the columns of K in another order: `[images · M, padded K]`. Empty columns hold 0.
    ///
    /// # Panics
    /// Where the order is one of fewer columns than K, or of more.
    #[must_use]
    pub fn reordered(mut self, order: &ColumnOrder) -> Self {
        let mut in_order = Vec::with_capacity(self.lowering.k());
        self.lowering.each_tap(self.order, |channel, row, column| {
            in_order.push([channel, row, column]);
        });
        assert_eq!(in_order.len(), order.k(), "an order of another K");
        let places = order.columns().iter();
        self.columns = Some(Columns {
            taps: places.map(|place| in_order[place.unwrap_or(0)]).collect(),
            empty: (0..order.padded_k())
                .filter(|&place| order.columns()[place].is_none())
                .collect(),
        });
        self.rows_in_memory = RowsInMemory::None;
        self
    }

    /// Columns of the matrix: K, with empty columns where it was reordered.
    pub fn k(&self) -> usize {
        self.columns
            .as_ref()
            .map_or(self.lowering.k(), |columns| columns.taps.len())
    }

    /// Channel, kernel row and kernel column of each column.
    fn each_tap(&self, mut tap: impl FnMut(usize, usize, usize)) {
        match &self.columns {
            None => self.lowering.each_tap(self.order, tap),
            Some(columns) => {
                for &[channel, row, column] in &columns.taps {
                    tap(channel, row, column);
                }
            }
        }
    }

    /// The whole matrix.
    pub fn to_vec(&self) -> Vec<u8> {
        let n_rows = self.images.len() / self.lowering.input_len() * self.lowering.m();
        self.rows(0..n_rows, &mut Vec::new()).to_vec()
    }

    /// One image's channels of the group, and what follows them.
    fn image(&self, image: usize) -> &'a [u8] {
        let lowering = &self.lowering;
        let first = image * lowering.input_len() + self.group * lowering.group_len();
        &self.images[first..]
    }

    /// `rows` by images and rectangles of their pixels, in order.
    fn windows(&self, rows: Range<usize>) -> impl Iterator<Item = Window> {
        let [n_rows, n_columns] = self.lowering.output;
        let mut next = rows.start;
        std::iter::from_fn(move || {
            let n_left = rows.end.checked_sub(next).filter(|&n_left| 0 < n_left)?;
            let (image, pixel) = (next / (n_rows * n_columns), next % (n_rows * n_columns));
            let (row, column) = (pixel / n_columns, pixel % n_columns);
            let window = if 0 < column || n_left < n_columns {
                Window {
                    image,
                    rows: row..row + 1,
                    columns: column..n_columns.min(column + n_left),
                }
            } else {
                Window {
                    image,
                    rows: row..n_rows.min(row + n_left / n_columns),
                    columns: 0..n_columns,
                }
            };
            next += window.rows.len() * window.columns.len();
            Some(window)
        })
    }

    /// Write the rows of a window at `to` in `buffer`, which has room for them and a block more; what is behind the room
    /// is for patches.
    fn write(&self, window: &Window, to: usize, room: usize, taps: &mut Vec<usize>, buffer: &mut Vec<u8>) {
        let Lowering {
            input: [_, rows, columns],
            geometry: Geometry { dilation, .. },
            ..
        } = self.lowering;
        let image = self.image(window.image);
        let k = self.k();
        taps.clear();
        if self.lowering.is_dense() {
            let first = window.rows.start * columns + window.columns.start;
            self.each_tap(|channel, row, column| {
                taps.push((channel * rows + row * dilation[0]) * columns + column * dilation[1] + first);
            });
            let source = Source::new(image, taps);
            return write_window(&source, window, columns, &mut buffer[to..room]);
        }
        let patch = self.patches.patch(&window.rows, &window.columns);
        let most = window.rows.len() * window.columns.len() * k * MAX_SPREAD;
        let Some(size) = patch.size().filter(|&size| size <= most) else {
            return self.write_by_definition(window, &mut buffer[to..room]);
        };
        if buffer.len() < room + size {
            buffer.resize(room + size, 0);
        }
        let (lowered, spare) = buffer.split_at_mut(room);
        patch.fill(image, self.zero_point, &mut spare[..size]);
        self.each_tap(|channel, row, column| {
            taps.push(patch.place(channel, row, column));
        });
        let source = Source::new(&spare[..size], taps);
        write_window(&source, window, patch.pitch(), &mut lowered[to..]);
    }

    /// Pixel by pixel and tap by tap.
    fn write_by_definition(&self, window: &Window, lowered: &mut [u8]) {
        let Lowering {
            input: [_, rows, columns],
            geometry:
                Geometry {
                    stride,
                    padding,
                    dilation,
                    ..
                },
            ..
        } = self.lowering;
        let image = self.image(window.image);
        let mut codes = lowered.iter_mut();
        for out_row in window.rows.clone() {
            for out_column in window.columns.clone() {
                self.each_tap(|channel, row, column| {
                    // Coordinates in the padded input; what underflows lies in the padding at the top or left.
                    let row = (out_row * stride[0] + row * dilation[0]).wrapping_sub(padding[0]);
                    let column = (out_column * stride[1] + column * dilation[1]).wrapping_sub(padding[1]);
                    if let Some(code) = codes.next() {
                        *code = if row < rows && column < columns {
                            image[(channel * rows + row) * columns + column]
                        } else {
                            self.zero_point
                        };
                    }
                });
            }
        }
    }
}

impl ActivationRows for LoweredActivations<'_> {
    fn rows<'b>(&'b self, rows: Range<usize>, buffer: &'b mut Vec<u8>) -> &'b [u8] {
        let k = self.k();
        let length = rows.len() * k;
        let is_in_memory = match self.rows_in_memory {
            RowsInMemory::None => false,
            RowsInMemory::Each => rows.len() == 1,
            RowsInMemory::All => true,
        };
        if is_in_memory {
            return &self.image(rows.start)[..length];
        }
        let room = length + BLOCK;
        // What is there already is written over; clearing it would cost as much as a quarter of the work.
        if buffer.len() < room {
            buffer.resize(room, 0);
        }
        let mut taps = Vec::new();
        let mut to = 0;
        for window in self.windows(rows) {
            self.write(&window, to, room, &mut taps, buffer);
            to += window.rows.len() * window.columns.len() * k;
        }
        if let Some(columns) = &self.columns {
            for row in buffer[..length].chunks_mut(k) {
                columns.empty.iter().for_each(|&column| row[column] = 0);
            }
        }
        &buffer[..length]
    }
}

/// A fully connected layer, or a kernel as large as its input: one pixel, whose K are the input.
fn rows_in_memory(lowering: &Lowering, order: KOrder) -> RowsInMemory {
    let [_, rows, columns] = lowering.input;
    let [_, _, kernel_rows, kernel_columns] = lowering.weight;
    let is_whole_input =
        lowering.geometry.padding == [0; 4] && [kernel_rows, kernel_columns] == [rows, columns];
    if !is_whole_input || !lowering.is_in_order(order) {
        RowsInMemory::None
    } else if 1 < lowering.groups() {
        RowsInMemory::Each
    } else {
        RowsInMemory::All
    }
}

/// Write the pixels of a window whose rows are `pitch` bytes apart, a block at a time.
///
/// Blocks run on over the ends of rows: what lies between two rows is read with them and left out.
fn write_window(source: &Source<'_>, window: &Window, pitch: usize, lowered: &mut [u8]) {
    let (n_rows, n_columns) = (window.rows.len(), window.columns.len());
    let mut pixels = [Pixel { lane: 0, to: 0 }; BLOCK];
    let (mut row, mut column) = (0, 0);
    let mut to = 0;
    while row < n_rows {
        if n_columns <= column {
            (row, column) = (row + 1, 0);
            continue;
        }
        let first = row * pitch + column;
        let mut n_pixels = 0;
        for lane in 0..BLOCK {
            if row < n_rows && column < n_columns {
                pixels[n_pixels] = Pixel { lane, to };
                n_pixels += 1;
                to += source.k();
            }
            column += 1;
            if column == pitch {
                (row, column) = (row + 1, 0);
            }
        }
        source.write(first, &pixels[..n_pixels], lowered);
    }
}
