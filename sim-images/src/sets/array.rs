//! Images in one array in memory.

use std::io::Read;
use std::path::{Path, PathBuf};

use sim_core::preprocessing::ImageValues;
use sim_core::shape::checked_product;

use super::npz::Archive;
use super::{Image, ImageError, ImageFault, Pixels};
use crate::npy::read_up_to;

/// Most bytes of an array that is held in memory.
const MAX_BYTES: usize = 1 << 34;

/// Most axes of an array.
const MAX_AXES: usize = 6;

/// Values of all images, one after the other.
#[derive(Debug)]
pub(super) struct ArrayImages {
    path: PathBuf,
    n_images: usize,
    shape: Vec<usize>,
    stored: ImageValues,
    values: Pixels,
    archive: Option<Archive>,
}

impl ArrayImages {
    /// From the values of `n_images` images of `shape` each; the caller has read exactly as many.
    pub(super) fn new(
        path: &Path,
        n_images: usize,
        shape: Vec<usize>,
        stored: ImageValues,
        values: Pixels,
    ) -> Self {
        Self {
            path: path.to_owned(),
            n_images,
            shape,
            stored,
            values,
            archive: None,
        }
    }

    pub(super) fn with_archive(self, archive: Archive) -> Self {
        Self {
            archive: Some(archive),
            ..self
        }
    }

    /// The archive that they are from, if they are from one.
    pub(super) const fn archive(&self) -> Option<&Archive> {
        self.archive.as_ref()
    }

    /// What the file holds.
    pub(super) const fn stored(&self) -> ImageValues {
        self.stored
    }

    pub(super) const fn len(&self) -> usize {
        self.n_images
    }

    pub(super) fn load(&self, index: usize, name: String) -> Result<Image, ImageError> {
        let size = self.shape.iter().product::<usize>();
        let range = index * size..(index + 1) * size;
        let pixels = match &self.values {
            Pixels::Bytes(values) => Pixels::Bytes(values[range].to_vec()),
            Pixels::Floats(values) => {
                let values = values[range].to_vec();
                if let Some(position) = values.iter().position(|value| !value.is_finite()) {
                    return Err(ImageError::new(
                        &self.path,
                        ImageFault::NotFinite {
                            index,
                            position,
                            value: values[position],
                        },
                    ));
                }
                Pixels::Floats(values)
            }
        };
        Ok(Image {
            name,
            shape: self.shape.clone(),
            layout: None,
            pixels,
        })
    }
}

/// Split the shape of an array of images into their number and the shape of one.
pub(super) fn image_shape(array: &str, shape: &[usize]) -> Result<(usize, Vec<usize>), ImageFault> {
    let refused = |want| ImageFault::Shape {
        array: array.to_owned(),
        found: shape.to_vec(),
        want,
    };
    let (n_images, image) = match shape {
        [n_images, image @ ..] if !image.is_empty() && shape.len() <= MAX_AXES => (*n_images, image),
        _ => return Err(refused("images × …, of two to six axes")),
    };
    if n_images == 0 {
        return Err(ImageFault::Empty);
    }
    if image.contains(&0) {
        return Err(refused("without a zero"));
    }
    Ok((n_images, image.to_vec()))
}

/// Bytes of an array of `shape` with `n_value_bytes` each, where memory may hold them.
pub(super) fn n_bytes(array: &str, shape: &[usize], n_value_bytes: usize) -> Result<usize, ImageFault> {
    checked_product(shape)
        .and_then(|n_values| n_values.checked_mul(n_value_bytes))
        .filter(|&n_bytes| n_bytes <= MAX_BYTES)
        .ok_or_else(|| ImageFault::TooLarge {
            array: array.to_owned(),
            found: shape.to_vec(),
            max: MAX_BYTES,
        })
}

/// Exactly `want` bytes.
pub(super) fn read_exactly(reader: impl Read, array: &str, want: usize) -> Result<Vec<u8>, ImageFault> {
    let bytes = read_up_to(reader, want).map_err(|error| ImageFault::Damaged { error })?;
    if bytes.len() == want {
        Ok(bytes)
    } else {
        let found = bytes.len();
        Err(ImageFault::Truncated {
            array: array.to_owned(),
            want,
            found,
        })
    }
}
