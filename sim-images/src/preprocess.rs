//! From stored images to the input of a network, as declared.

use image::imageops::{FilterType, crop_imm, resize};
use image::{ImageBuffer, Luma};
use sim_core::preprocessing::{Channels, Layout, Preprocessing, ResizeMode};
use sim_core::tensor::Tensor;

use crate::sets::{Image, Pixels};

/// Longest side after resizing.
const MAX_SIDE: usize = 1 << 14;

/// An image that cannot be preprocessed as declared.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PreprocessError {
    /// Images of one batch with different shapes.
    #[error(
        "image `{image}` becomes {found:?}, but `{first}` {want:?}: declare `resize`, so that all images have one size"
    )]
    Shapes {
        /// The image.
        image: String,
        /// Its shape.
        found: [usize; 3],
        /// The first image of the batch.
        first: String,
        /// Its shape.
        want: [usize; 3],
    },
    /// Channels that cannot be converted.
    #[error(
        "image `{image}` has {found} channels; they become `{want}` only from 1 (gray) or 3 (red, green, blue): leave `channels` undeclared, or check `layout`"
    )]
    Channels {
        /// The image.
        image: String,
        /// Its channels.
        found: usize,
        /// Channels that are declared.
        want: &'static str,
    },
    /// Not one mean or std for every channel.
    #[error(
        "`{key}` has {found} values, image `{image}` has {channels} channels: give one value, or one for each"
    )]
    PerChannel {
        /// `mean` or `std`.
        key: &'static str,
        /// Its values.
        found: usize,
        /// The image.
        image: String,
        /// Its channels.
        channels: usize,
    },
    /// A number that makes no input.
    #[error("`{key}` is {value}; it must be finite{}", if *key == "std" { " and not 0" } else { "" })]
    Value {
        /// `scale`, `mean` or `std`.
        key: &'static str,
        /// Its value.
        value: f32,
    },
    /// A size that no network takes.
    #[error("`resize` to {rows}×{columns}: both must be in 1..={max}")]
    Resize {
        /// Rows.
        rows: usize,
        /// Columns.
        columns: usize,
        /// Most.
        max: usize,
    },
}

/// The batch that the network reads: `[images, channels, rows, columns]`, or as `preprocessing.model_layout` says.
///
/// Bytes are resized (bilinear over the area that becomes one pixel), their channels converted, then
/// `(pixel · scale − mean[c]) / std[c]` in FP32. Gray from colour is ITU-R 601 luma, in the integers that the Python
/// imaging library uses. Floats are the input as they stand: their axes stay where they are.
///
/// - Errors: images that end up with different shapes, and declarations that do not fit the images.
pub fn batch(preprocessing: &Preprocessing, images: &[Image]) -> Result<Tensor, PreprocessError> {
    check_numbers(preprocessing)?;
    let mut values = Vec::new();
    let mut first: Option<(&str, [usize; 3])> = None;
    for image in images {
        let (shape, mut one) = match &image.pixels {
            Pixels::Floats(floats) => (float_shape(image, preprocessing), floats.clone()),
            Pixels::Bytes(bytes) => preprocess(preprocessing, image, bytes)?,
        };
        let &mut (first, want) = first.get_or_insert((&image.name, shape));
        if shape != want {
            return Err(PreprocessError::Shapes {
                image: image.name.clone(),
                found: shape,
                first: first.to_owned(),
                want,
            });
        }
        values.append(&mut one);
    }
    let [a, b, c] = first.map_or([0; 3], |(_, shape)| shape);
    Ok(Tensor {
        shape: vec![images.len(), a, b, c],
        data: values,
    })
}

fn check_numbers(preprocessing: &Preprocessing) -> Result<(), PreprocessError> {
    let all = [
        ("scale", std::slice::from_ref(&preprocessing.scale)),
        ("mean", preprocessing.mean.as_slice()),
        ("std", preprocessing.std.as_slice()),
    ];
    for (key, values) in all {
        for &value in values {
            if !value.is_finite() || (key == "std" && value == 0.0) {
                return Err(PreprocessError::Value { key, value });
            }
        }
    }
    match preprocessing.resize {
        Some([rows, columns]) if !(1..=MAX_SIDE).contains(&rows) || !(1..=MAX_SIDE).contains(&columns) => {
            Err(PreprocessError::Resize {
                rows,
                columns,
                max: MAX_SIDE,
            })
        }
        Some(_) | None => Ok(()),
    }
}

/// Images of three axes have one channel, which goes where the network has its channels.
fn float_shape(image: &Image, preprocessing: &Preprocessing) -> [usize; 3] {
    match (image.shape, image.layout, preprocessing.model_layout) {
        ([1, rows, columns], Layout::Nchw, Layout::Nhwc) => [rows, columns, 1],
        (shape, _, _) => shape,
    }
}

fn preprocess(
    preprocessing: &Preprocessing,
    image: &Image,
    bytes: &[u8],
) -> Result<([usize; 3], Vec<f32>), PreprocessError> {
    let mut planes = Planes::of(image, bytes);
    if let Some(size) = preprocessing.resize {
        planes = planes.resized(size, preprocessing.resize_mode);
    }
    planes
        .convert(preprocessing.channels)
        .map_err(|want| PreprocessError::Channels {
            image: image.name.clone(),
            found: planes.planes.len(),
            want,
        })?;
    let channels = planes.planes.len();
    let per_channel = |key, values: &[f32]| match *values {
        [value] => Ok(vec![value; channels]),
        _ if values.len() == channels => Ok(values.to_vec()),
        _ => Err(PreprocessError::PerChannel {
            key,
            found: values.len(),
            image: image.name.clone(),
            channels,
        }),
    };
    let mean = per_channel("mean", &preprocessing.mean)?;
    let std = per_channel("std", &preprocessing.std)?;
    let normalized =
        |channel: usize, pixel: u8| (f32::from(pixel) * preprocessing.scale - mean[channel]) / std[channel];
    let n_pixels = planes.rows * planes.columns;
    Ok(match preprocessing.model_layout {
        Layout::Nchw => (
            [channels, planes.rows, planes.columns],
            (0..channels)
                .flat_map(|c| planes.planes[c].iter().map(move |&pixel| (c, pixel)))
                .map(|(c, pixel)| normalized(c, pixel))
                .collect(),
        ),
        Layout::Nhwc => (
            [planes.rows, planes.columns, channels],
            (0..n_pixels)
                .flat_map(|at| (0..channels).map(move |c| (c, at)))
                .map(|(c, at)| normalized(c, planes.planes[c][at]))
                .collect(),
        ),
    })
}

/// One plane of pixels per channel.
struct Planes {
    rows: usize,
    columns: usize,
    planes: Vec<Vec<u8>>,
}

impl Planes {
    fn of(image: &Image, bytes: &[u8]) -> Self {
        let [a, b, c] = image.shape;
        match image.layout {
            Layout::Nchw => Self {
                rows: b,
                columns: c,
                planes: bytes.chunks(b * c).map(<[u8]>::to_vec).collect(),
            },
            Layout::Nhwc => Self {
                rows: a,
                columns: b,
                planes: (0..c)
                    .map(|channel| bytes.iter().skip(channel).step_by(c).copied().collect())
                    .collect(),
            },
        }
    }

    fn resized(self, [rows, columns]: [usize; 2], mode: ResizeMode) -> Self {
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
    fn convert(&mut self, channels: Option<Channels>) -> Result<(), &'static str> {
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
