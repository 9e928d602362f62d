//! The channels of an image, one plane each.

use image::imageops::{FilterType, resize};
use image::{ImageBuffer, Luma};
use sim_core::preprocessing::{
    Channels, DEFAULT_PADDING, Layout, Preprocessing, Resize, ResizeFilter, ResizeMode,
};

use super::MAX_SIDE;

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
    /// To the declared size. `Shorter` is that of torchvision's `Resize`: the longer side is rounded down.
    pub(super) fn resized(self, resize: Resize, declared: &Preprocessing) -> Result<Self, [usize; 2]> {
        let filter = declared.resize_filter;
        match (resize, declared.resize_mode) {
            (Resize::Shorter(side), _) => {
                let longer = |long: usize, short: usize| (side * long / short).max(1);
                let size = if self.rows <= self.columns {
                    [side, longer(self.columns, self.rows)]
                } else {
                    [longer(self.rows, self.columns), side]
                };
                self.scaled(size, filter)
            }
            (Resize::Sides(size), ResizeMode::Stretch) => self.scaled(size, filter),
            (Resize::Sides(size), ResizeMode::Cover) => {
                let full = self.covering(size);
                let [top, left] = [0, 1].map(|axis| (full[axis] - size[axis]) / 2);
                Ok(self.scaled(full, filter)?.cut([top, left], size))
            }
            (Resize::Sides(size), ResizeMode::Letterbox) => {
                let inner = self.fitting(size);
                let padding = declared.padding.unwrap_or(DEFAULT_PADDING);
                Ok(self.scaled(inner, filter)?.padded(size, padding))
            }
        }
    }

    /// The side that needs the larger factor fits exactly, the other one sticks out.
    const fn covering(&self, [rows, columns]: [usize; 2]) -> [usize; 2] {
        if rows * self.columns < columns * self.rows {
            let full = rounded_quotient(self.rows * columns, self.columns);
            [if full < rows { rows } else { full }, columns]
        } else {
            let full = rounded_quotient(self.columns * rows, self.rows);
            [rows, if full < columns { columns } else { full }]
        }
    }

    /// The side that needs the smaller factor fits exactly, the other one leaves room.
    fn fitting(&self, [rows, columns]: [usize; 2]) -> [usize; 2] {
        if rows * self.columns < columns * self.rows {
            [rows, half_even_quotient(self.columns * rows, self.rows).max(1)]
        } else {
            [
                half_even_quotient(self.rows * columns, self.columns).max(1),
                columns,
            ]
        }
    }

    /// To exactly this size; the size, where that cannot be.
    fn scaled(self, [rows, columns]: [usize; 2], filter: ResizeFilter) -> Result<Self, [usize; 2]> {
        if ![rows, columns].iter().all(|side| (1..=MAX_SIDE).contains(side)) {
            return Err([rows, columns]);
        }
        let filter = match filter {
            ResizeFilter::Bilinear => FilterType::Triangle,
            ResizeFilter::Bicubic => FilterType::CatmullRom,
        };
        let side = |size: usize| u32::try_from(size).unwrap_or(u32::MAX);
        let scale = |plane: Vec<u8>| {
            let plane: Option<ImageBuffer<Luma<u8>, Vec<u8>>> =
                ImageBuffer::from_raw(side(self.columns), side(self.rows), plane);
            resize(&plane.unwrap_or_default(), side(columns), side(rows), filter).into_raw()
        };
        Ok(Self {
            rows,
            columns,
            planes: self.planes.into_iter().map(scale).collect(),
        })
    }

    /// The middle. Its place is that of torchvision's `CenterCrop`: half a pixel is rounded to the even side.
    pub(super) fn cropped(self, size: [usize; 2]) -> Result<Self, [usize; 2]> {
        let found = [self.rows, self.columns];
        if found[0] < size[0] || found[1] < size[1] {
            return Err(found);
        }
        let place = [0, 1].map(|axis| half_even_quotient(found[axis] - size[axis], 2));
        Ok(self.cut(place, size))
    }

    fn cut(self, [top, left]: [usize; 2], [rows, columns]: [usize; 2]) -> Self {
        let cut = |plane: Vec<u8>| {
            let lines = plane.chunks(self.columns).skip(top).take(rows);
            lines
                .flat_map(|line| &line[left..left + columns])
                .copied()
                .collect()
        };
        Self {
            rows,
            columns,
            planes: self.planes.into_iter().map(cut).collect(),
        }
    }

    /// In the middle of pixels of `value`; an odd one out goes below or to the right.
    fn padded(self, [rows, columns]: [usize; 2], value: u8) -> Self {
        let [top, left] = [(rows - self.rows) / 2, (columns - self.columns) / 2];
        let pad = |plane: Vec<u8>| {
            let mut padded = vec![value; rows * columns];
            let lines = padded.chunks_mut(columns).skip(top);
            for (line, given) in lines.zip(plane.chunks(self.columns)) {
                line[left..left + self.columns].copy_from_slice(given);
            }
            padded
        };
        Self {
            rows,
            columns,
            planes: self.planes.into_iter().map(pad).collect(),
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

/// A half goes to the even number.
const fn half_even_quotient(dividend: usize, divisor: usize) -> usize {
    let (quotient, twice) = (dividend / divisor, dividend % divisor * 2);
    if divisor < twice || (divisor == twice && quotient % 2 == 1) {
        quotient + 1
    } else {
        quotient
    }
}

/// 0.299 r + 0.587 g + 0.114 b in sixteenths of a thousandth; the factors add up to 2¹⁶.
fn luma([red, green, blue]: [u8; 3]) -> u8 {
    let sum = u32::from(red) * 19_595 + u32::from(green) * 38_470 + u32::from(blue) * 7_471;
    u8::try_from((sum + 0x8000) >> 16).unwrap_or(u8::MAX)
}
