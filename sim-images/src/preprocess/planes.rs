//! The channels of an image, one plane each.

use image::imageops::{FilterType, crop_imm, resize};
use image::{ImageBuffer, Luma};
use sim_core::preprocessing::{Channels, Layout, ResizeMode};

/// One plane of values per channel.
pub(super) struct Planes<T> {
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) planes: Vec<Vec<T>>,
}

impl<T: Copy> Planes<T> {
    /// Of an image of two axes, which has one channel, or of three as `layout` says; `None`: of any other number of axes.
    pub(super) fn of(shape: &[usize], layout: Layout, values: &[T]) -> Option<Self> {
        let (rows, columns, planes) = match (shape, layout) {
            (&[rows, columns], _) => (rows, columns, vec![values.to_vec()]),
            (&[_, rows, columns], Layout::Nchw) => {
                let planes = values.chunks(rows * columns).map(<[T]>::to_vec);
                (rows, columns, planes.collect())
            }
            (&[rows, columns, channels], Layout::Nhwc) => {
                let plane = |channel| values.iter().skip(channel).step_by(channels).copied().collect();
                (rows, columns, (0..channels).map(plane).collect())
            }
            _ => return None,
        };
        Some(Self {
            rows,
            columns,
            planes,
        })
    }

    /// Shape and values in the order of a network's input.
    pub(super) fn into_input(self, layout: Layout) -> (Vec<usize>, Vec<T>) {
        let Self {
            rows,
            columns,
            planes,
        } = self;
        match layout {
            Layout::Nchw => (vec![planes.len(), rows, columns], planes.concat()),
            Layout::Nhwc => {
                let values = (0..rows * columns).flat_map(|at| planes.iter().map(move |plane| plane[at]));
                (vec![rows, columns, planes.len()], values.collect())
            }
        }
    }
}

impl Planes<u8> {
    pub(super) fn resized(self, [rows, columns]: [usize; 2], mode: ResizeMode) -> Self {
        // What the resized image must be before its edges are cut off.
        let (full_rows, full_columns) = match mode {
            ResizeMode::Stretch => (rows, columns),
            // The side that needs the larger factor fits exactly, the other one sticks out.
            ResizeMode::Cover if rows * self.columns < columns * self.rows => (
                rounded_quotient(self.rows * columns, self.columns).max(rows),
                columns,
            ),
            ResizeMode::Cover => (
                rows,
                rounded_quotient(self.columns * rows, self.rows).max(columns),
            ),
        };
        let side = |size: usize| u32::try_from(size).unwrap_or(u32::MAX);
        let resize_plane = |plane: Vec<u8>| {
            let plane: Option<ImageBuffer<Luma<u8>, Vec<u8>>> =
                ImageBuffer::from_raw(side(self.columns), side(self.rows), plane);
            let full = resize(
                &plane.unwrap_or_default(),
                side(full_columns),
                side(full_rows),
                FilterType::Triangle,
            );
            let (left, top) = ((full_columns - columns) / 2, (full_rows - rows) / 2);
            crop_imm(&full, side(left), side(top), side(columns), side(rows))
                .to_image()
                .into_raw()
        };
        Self {
            rows,
            columns,
            planes: self.planes.into_iter().map(resize_plane).collect(),
        }
    }

    /// To the declared channels, or the name of those that cannot be reached.
    pub(super) fn convert(&mut self, channels: Option<Channels>) -> Result<(), &'static str> {
        let Some(channels) = channels else {
            return Ok(());
        };
        match (channels, self.planes.as_slice()) {
            (Channels::Gray, [_]) | (Channels::Rgb, [_, _, _]) => {}
            (Channels::Gray, [red, green, blue]) => {
                let luma = red
                    .iter()
                    .zip(green)
                    .zip(blue)
                    .map(|((&r, &g), &b)| luma([r, g, b]))
                    .collect();
                self.planes = vec![luma];
            }
            (Channels::Bgr, [_, _, _]) => self.planes.reverse(),
            (Channels::Rgb | Channels::Bgr, [gray]) => self.planes = vec![gray.clone(); 3],
            (channels, _) => return Err(channels.name()),
        }
        Ok(())
    }
}

const fn rounded_quotient(dividend: usize, divisor: usize) -> usize {
    (dividend + divisor / 2) / divisor
}

/// 0.299 r + 0.587 g + 0.114 b in sixteenths of a thousandth; the factors add up to 2¹⁶.
fn luma([red, green, blue]: [u8; 3]) -> u8 {
    let sum = u32::from(red) * 19_595 + u32::from(green) * 38_470 + u32::from(blue) * 7_471;
    u8::try_from((sum + 0x8000) >> 16).unwrap_or(u8::MAX)
}
