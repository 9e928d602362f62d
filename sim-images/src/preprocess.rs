//! From stored images to the input of a network, as declared.

mod planes;

use sim_core::preprocessing::{Layout, Preprocessing};
use sim_core::tensor::Tensor;

use self::planes::Planes;

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
        found: Vec<usize>,
        /// The first image of the batch.
        first: String,
        /// Its shape.
        want: Vec<usize>,
    },
    /// Preprocessing of pictures for what is not one.
    #[error(
        "image `{image}` has the axes {found:?}, but `{key}` is for rows and columns, with channels before or behind them: \
         leave `{key}` out, or reshape the array"
    )]
    Axes {
        /// The image.
        image: String,
        /// Its shape.
        found: Vec<usize>,
        /// What cannot be done.
        key: &'static str,
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
    #[error("image `{image}` becomes {rows}×{columns} by `resize`: both must be in 1..={max}")]
    Resize {
        /// The image.
        image: String,
        /// Rows.
        rows: usize,
        /// Columns.
        columns: usize,
        /// Most.
        max: usize,
    },
    /// Less than what is to be left.
    #[error(
        "image `{image}` has {found:?} rows and columns where it is cropped to {want:?}: crop less, or resize to more"
    )]
    Crop {
        /// The image.
        image: String,
        /// What it has.
        found: [usize; 2],
        /// What is to be left.
        want: [usize; 2],
    },
}

/// The batch that the network reads: `[images, channels, rows, columns]`, or as `preprocessing.model_layout` says.
///
/// `rank`: axes of the network's input, images included; `None`: the network does not say. An image of two axes is one
/// channel, but where the input has three axes there is no axis for it. Values of any other number of axes keep them.
///
/// Bytes are resized (over the area that becomes one pixel), cropped, their channels converted, then
/// `(pixel · scale − mean[c]) / std[c]` in FP32. Gray from colour is ITU-R 601 luma, in the integers that the Python
/// imaging library uses. Floats are the input as they stand, in the order of axes that the network has.
///
/// - Errors: images that end up with different shapes, and declarations that do not fit the images.
pub fn batch(
    preprocessing: &Preprocessing,
    images: &[Image],
    rank: Option<usize>,
) -> Result<Tensor, PreprocessError> {
    check_numbers(preprocessing)?;
    let mut data = Vec::new();
    let mut first: Option<(&str, Vec<usize>)> = None;
    for image in images {
        let (mut shape, mut one) = match &image.pixels {
            Pixels::Floats(floats) => as_given(preprocessing, image, floats),
            Pixels::Bytes(bytes) => preprocess(preprocessing, image, bytes)?,
        };
        if rank == Some(3) {
            without_channel_axis(&mut shape, preprocessing.model_layout);
        }
        let (first, want) = first.get_or_insert_with(|| (&image.name, shape.clone()));
        if shape != *want {
            return Err(PreprocessError::Shapes {
                image: image.name.clone(),
                found: shape,
                first: (*first).to_owned(),
                want: want.clone(),
            });
        }
        data.append(&mut one);
    }
    let mut shape = first.map_or_else(|| vec![0; 3], |(_, shape)| shape);
    shape.insert(0, images.len());
    Ok(Tensor { shape, data })
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
    Ok(())
}

/// Take the axis of the channels away where there is just one.
fn without_channel_axis(shape: &mut Vec<usize>, layout: Layout) {
    let axis = match layout {
        Layout::Nchw => 0,
        Layout::Nhwc => 2,
    };
    if shape.len() == 3 && shape[axis] == 1 {
        shape.remove(axis);
    }
}

fn as_given(preprocessing: &Preprocessing, image: &Image, floats: &[f32]) -> (Vec<usize>, Vec<f32>) {
    let layout = image.layout.unwrap_or(preprocessing.layout);
    match Planes::of(&image.shape, layout, floats) {
        Some(planes) => planes.into_input(preprocessing.model_layout),
        None => (image.shape.clone(), floats.to_vec()),
    }
}

fn preprocess(
    preprocessing: &Preprocessing,
    image: &Image,
    bytes: &[u8],
) -> Result<(Vec<usize>, Vec<f32>), PreprocessError> {
    let layout = image.layout.unwrap_or(preprocessing.layout);
    let Some(mut planes) = Planes::of(&image.shape, layout, bytes) else {
        return flat(preprocessing, image, bytes);
    };
    if let Some(resize) = preprocessing.resize {
        planes =
            (planes.resized(resize, preprocessing)).map_err(|[rows, columns]| PreprocessError::Resize {
                image: image.name.clone(),
                rows,
                columns,
                max: MAX_SIDE,
            })?;
    }
    if let Some(want) = preprocessing.crop {
        planes = planes.cropped(want).map_err(|found| PreprocessError::Crop {
            image: image.name.clone(),
            found,
            want,
        })?;
    }
    planes
        .convert(preprocessing.channels)
        .map_err(|want| PreprocessError::Channels {
            image: image.name.clone(),
            found: planes.planes.len(),
            want,
        })?;
    let normalized = normalized(preprocessing, image, &planes.planes)?;
    let planes = Planes {
        planes: normalized,
        rows: planes.rows,
        columns: planes.columns,
    };
    Ok(planes.into_input(preprocessing.model_layout))
}

/// Values without rows and columns.
fn flat(
    preprocessing: &Preprocessing,
    image: &Image,
    bytes: &[u8],
) -> Result<(Vec<usize>, Vec<f32>), PreprocessError> {
    let not_flat = [
        ("resize", preprocessing.resize.is_some()),
        ("crop", preprocessing.crop.is_some()),
        ("channels", preprocessing.channels.is_some()),
    ];
    if let Some((key, _)) = not_flat.into_iter().find(|(_, is_given)| *is_given) {
        return Err(PreprocessError::Axes {
            image: image.name.clone(),
            found: image.shape.clone(),
            key,
        });
    }
    let normalized = normalized(preprocessing, image, &[bytes.to_vec()])?;
    Ok((image.shape.clone(), normalized.concat()))
}

/// `(pixel · scale − mean[c]) / std[c]`.
fn normalized(
    preprocessing: &Preprocessing,
    image: &Image,
    planes: &[Vec<u8>],
) -> Result<Vec<Vec<f32>>, PreprocessError> {
    let channels = planes.len();
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
    let scale = preprocessing.scale;
    let plane = |(plane, (mean, std)): (&Vec<u8>, (f32, f32))| {
        plane
            .iter()
            .map(|&pixel| (f32::from(pixel) * scale - mean) / std)
            .collect()
    };
    Ok(planes.iter().zip(mean.into_iter().zip(std)).map(plane).collect())
}
