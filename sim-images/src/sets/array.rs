//! Images in one array in memory.

use std::io::Read;
use std::path::{Path, PathBuf};

use sim_core::preprocessing::Layout;
use sim_core::shape::checked_product;

use super::{Image, ImageError, ImageFault, Pixels};
use crate::npy::read_up_to;

/// Most bytes of an array that is held in memory.
const MAX_BYTES: usize = 1 << 34;

/// Values of all images, one after the other.
#[derive(Debug)]
pub(super) struct ArrayImages {
    path: PathBuf,
    n_images: usize,
    shape: [usize; 3],
    layout: Layout,
    values: Pixels,
}

impl ArrayImages {
    /// From the values of `n_images` images of `shape` each; the caller has read exactly as many.
    pub(super) fn new(
        path: &Path,
        n_images: usize,
        (shape, layout): ([usize; 3], Layout),
        values: Pixels,
    ) -> Self {
        Self {
            path: path.to_owned(),
            n_images,
            shape,
            layout,
            values,
        }
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
            shape: self.shape,
            layout: self.layout,
            pixels,
        })
    }
}

/// Split the shape of an array of images into their number and the shape of one; three axes are one channel each.
pub(super) fn image_shape(
    array: &'static str,
    shape: &[usize],
    layout: Layout,
) -> Result<(usize, ([usize; 3], Layout)), ImageFault> {
    let (n_images, image) = match *shape {
        [n, rows, columns] => (n, ([1, rows, columns], Layout::Nchw)),
        [n, a, b, c] => (n, ([a, b, c], layout)),
        _ => {
            return Err(ImageFault::Shape {
                array,
                found: shape.to_vec(),
                want: "images × channels × rows × columns, images × rows × columns × channels, or images × rows × columns",
            });
        }
    };
    if n_images == 0 {
        return Err(ImageFault::Empty);
    }
    if image.0.contains(&0) {
        return Err(ImageFault::Shape {
            array,
            found: shape.to_vec(),
            want: "without a zero",
        });
    }
    Ok((n_images, image))
}

/// Bytes of an array of `shape` with `n_value_bytes` each, where memory may hold them.
pub(super) fn n_bytes(
    array: &'static str,
    shape: &[usize],
    n_value_bytes: usize,
) -> Result<usize, ImageFault> {
    checked_product(shape)
        .and_then(|n_values| n_values.checked_mul(n_value_bytes))
        .filter(|&n_bytes| n_bytes <= MAX_BYTES)
        .ok_or_else(|| ImageFault::TooLarge {
            array,
            found: shape.to_vec(),
            max: MAX_BYTES,
        })
}

/// Exactly `want` bytes.
pub(super) fn read_exactly(
    reader: impl Read,
    array: &'static str,
    want: usize,
) -> Result<Vec<u8>, ImageFault> {
    let bytes = read_up_to(reader, want).map_err(|error| ImageFault::Damaged { error })?;
    if bytes.len() == want {
        Ok(bytes)
    } else {
        let found = bytes.len();
        Err(ImageFault::Truncated { array, want, found })
    }
}
