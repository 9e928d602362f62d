//! Activations of a lowered convolution, made a few rows at a time.

use std::ops::Range;
use std::sync::OnceLock;

use sim_array::engine::ActivationRows;
use sim_core::convolution::Geometry;
use sim_core::patch::{Axis, Patches};
use sim_core::shape::checked_product;
use sim_core::spec::KOrder;

use super::Lowering;
use super::rectangle::{Rectangle, write_rectangle};
use super::transpose::{BLOCK, Source, Taps};
use crate::reorder::ColumnOrder;

/// A patch may be this many times larger than what is read from it: a window that is spread wide reads little of what
/// it spans.
const MAX_SPREAD: usize = 8;
/// Most bytes of patches of whole images.
const MAX_WHOLE: usize = 1 << 20;

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
    /// Made when the first rows are asked for; none where they have to be cut to size.
    whole: OnceLock<Option<Whole>>,
}

/// Patches of whole images, of which every row reads.
#[derive(Debug)]
struct Whole {
    /// One behind the other.
    patches: Vec<u8>,
    /// Bytes of each.
    size: usize,
    /// From one row of pixels to the next.
    pitch: usize,
    taps: Taps,
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
            whole: OnceLock::new(),
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
        self.whole = OnceLock::new();
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

    /// Patches of all images, where rows read little else and memory is not much.
    fn whole(&self) -> Option<&Whole> {
        let make = || {
            if self.lowering.is_dense() {
                return None;
            }
            let [n_rows, n_columns] = self.lowering.output;
            let patch = self.patches.patch(&(0..n_rows), &(0..n_columns));
            let n_images = self.images.len() / self.lowering.input_len();
            let most = checked_product(&[n_rows, n_columns, self.k(), MAX_SPREAD]).unwrap_or(usize::MAX);
            let most = most.min(MAX_WHOLE / n_images.max(1));
            let size = patch.size().filter(|&size| 0 < size && size <= most)?;
            let mut patches = vec![self.zero_point; n_images * size];
            for (image, patch_of_image) in patches.chunks_exact_mut(size).enumerate() {
                patch.fill_inside(self.image(image), patch_of_image);
            }
            let mut places = Vec::with_capacity(self.k());
            self.each_tap(|channel, row, column| places.push(patch.place(channel, row, column)));
            Some(Whole {
                patches,
                size,
                pitch: patch.pitch(),
                taps: Taps::new(places),
            })
        };
        self.whole.get_or_init(make).as_ref()
    }

    /// `rows` by images and rectangles of their pixels, in order.
    fn rectangles(&self, rows: Range<usize>) -> impl Iterator<Item = Rectangle> {
        let [n_rows, n_columns] = self.lowering.output;
        let mut next = rows.start;
        std::iter::from_fn(move || {
            let n_left = rows.end.checked_sub(next).filter(|&n_left| 0 < n_left)?;
            let (image, pixel) = (next / (n_rows * n_columns), next % (n_rows * n_columns));
            let (row, column) = (pixel / n_columns, pixel % n_columns);
            let rectangle = if 0 < column || n_left < n_columns {
                Rectangle {
                    image,
                    rows: row..row + 1,
                    columns: column..n_columns.min(column + n_left),
                }
            } else {
                Rectangle {
                    image,
                    rows: row..n_rows.min(row + n_left / n_columns),
                    columns: 0..n_columns,
                }
            };
            next += rectangle.rows.len() * rectangle.columns.len();
            Some(rectangle)
        })
    }

    /// Write the rows of a rectangle at `to` in `buffer`, which has room for them and a block more; what is behind the room
    /// is for patches.
    fn write(
        &self,
        rectangle: &Rectangle,
        to: usize,
        room: usize,
        taps: &mut Vec<usize>,
        buffer: &mut Vec<u8>,
    ) {
        let Lowering {
            input: [_, rows, columns],
            geometry: Geometry { dilation, .. },
            ..
        } = self.lowering;
        if let Some(whole) = self.whole() {
            let source = Source {
                bytes: &whole.patches[rectangle.image * whole.size..],
                taps: &whole.taps,
            };
            return write_rectangle(
                source,
                rectangle,
                whole.pitch,
                rectangle.first(whole.pitch),
                &mut buffer[to..room],
            );
        }
        let image = self.image(rectangle.image);
        let k = self.k();
        taps.clear();
        if self.lowering.is_dense() {
            self.each_tap(|channel, row, column| {
                taps.push((channel * rows + row * dilation[0]) * columns + column * dilation[1]);
            });
            let own = Taps::new(std::mem::take(taps));
            let source = Source {
                bytes: image,
                taps: &own,
            };
            write_rectangle(
                source,
                rectangle,
                columns,
                rectangle.first(columns),
                &mut buffer[to..room],
            );
            *taps = own.into_places();
            return;
        }
        let patch = self.patches.patch(&rectangle.rows, &rectangle.columns);
        let most = rectangle.rows.len() * rectangle.columns.len() * k * MAX_SPREAD;
        let Some(size) = patch.size().filter(|&size| size <= most) else {
            return self.write_by_definition(rectangle, &mut buffer[to..room]);
        };
        if buffer.len() < room + size {
            buffer.resize(room + size, 0);
        }
        let (lowered, spare) = buffer.split_at_mut(room);
        patch.fill(image, self.zero_point, &mut spare[..size]);
        self.each_tap(|channel, row, column| {
            taps.push(patch.place(channel, row, column));
        });
        let own = Taps::new(std::mem::take(taps));
        let source = Source {
            bytes: &spare[..size],
            taps: &own,
        };
        write_rectangle(source, rectangle, patch.pitch(), 0, &mut lowered[to..]);
        *taps = own.into_places();
    }

    /// Pixel by pixel and tap by tap.
    fn write_by_definition(&self, rectangle: &Rectangle, lowered: &mut [u8]) {
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
        let image = self.image(rectangle.image);
        let mut codes = lowered.iter_mut();
        for out_row in rectangle.rows.clone() {
            for out_column in rectangle.columns.clone() {
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
        for rectangle in self.rectangles(rows) {
            self.write(&rectangle, to, room, &mut taps, buffer);
            to += rectangle.rows.len() * rectangle.columns.len() * k;
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
