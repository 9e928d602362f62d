//! IDX files, as MNIST and its successors ship them.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use sim_core::preprocessing::ImageValues;

use super::array::{ArrayImages, image_shape, n_bytes, read_exactly};
use super::{ImageError, ImageFault, Pixels};

/// Type code of unsigned bytes.
const UBYTE: u8 = 8;

pub(super) fn open(
    path: &Path,
    limit: Option<usize>,
) -> Result<(ArrayImages, Option<Vec<usize>>), ImageError> {
    let failed = |fault| ImageError::new(path, fault);
    let mut reader = reader(path).map_err(failed)?;
    let mut shape = read_shape(&mut reader, "0x08 as type and three or four axes").map_err(failed)?;
    let (n_images, image) = images_and_shape(&shape).map_err(failed)?;
    let n_taken = n_images.min(limit.unwrap_or(n_images));
    if n_taken == 0 {
        return Err(failed(ImageFault::Empty));
    }
    shape[0] = n_taken;
    let pixels = n_bytes("images", &shape, 1)
        .and_then(|want| read_exactly(reader, "images", want))
        .map_err(failed)?;
    let labels = match labels_path(path) {
        Some(path) => {
            Some(read_labels(&path, n_images, n_taken).map_err(|fault| ImageError::new(&path, fault))?)
        }
        None => None,
    };
    let images = ArrayImages::new(path, n_taken, image, ImageValues::Uint8, Pixels::Bytes(pixels));
    Ok((images, labels))
}

/// Labels have one axis, so that files of images have three or four.
fn images_and_shape(shape: &[usize]) -> Result<(usize, Vec<usize>), ImageFault> {
    if shape.len() < 3 {
        return Err(ImageFault::Shape {
            array: "images".to_owned(),
            found: shape.to_vec(),
            want: "images × rows × columns, or of four axes",
        });
    }
    image_shape("images", shape)
}

fn read_labels(path: &Path, n_images: usize, n_taken: usize) -> Result<Vec<usize>, ImageFault> {
    let mut reader = reader(path)?;
    let want = "0x08 as type; one of labels has one axis";
    let shape = read_shape(&mut reader, want)?;
    let &[n_labels] = shape.as_slice() else {
        return Err(ImageFault::Shape {
            array: "labels".to_owned(),
            found: shape,
            want: "of one axis",
        });
    };
    if n_labels != n_images {
        return Err(ImageFault::Labels {
            labels: n_labels,
            images: n_images,
        });
    }
    let labels = read_exactly(reader, "labels", n_taken)?;
    Ok(labels.into_iter().map(usize::from).collect())
}

/// The file of labels beside a file of images, compressed or not, if there is one.
pub(super) fn labels_path(images: &Path) -> Option<PathBuf> {
    let name = images.file_name()?.to_str()?;
    let labels = name
        .replacen("images", "labels", 1)
        .replacen("idx3", "idx1", 1)
        .replacen("idx4", "idx1", 1);
    if labels == name {
        return None;
    }
    let other = match labels.strip_suffix(".gz") {
        Some(plain) => plain.to_owned(),
        None => format!("{labels}.gz"),
    };
    [labels, other]
        .into_iter()
        .map(|name| images.with_file_name(name))
        .find(|path| path.is_file())
}

/// The file's content, decompressed where it is gzip.
fn reader(path: &Path) -> Result<Box<dyn Read>, ImageFault> {
    let is_gzip = super::magic(path)
        .map_err(|error| *error.fault)?
        .starts_with(&[0x1f, 0x8b]);
    let file = BufReader::new(File::open(path).map_err(ImageFault::Io)?);
    Ok(if is_gzip {
        Box::new(MultiGzDecoder::new(file))
    } else {
        Box::new(file)
    })
}

fn read_shape(reader: &mut dyn Read, want: &'static str) -> Result<Vec<usize>, ImageFault> {
    let start = read_exactly(&mut *reader, "header", 4)?;
    let &[0, 0, UBYTE, n_axes @ 1..=4] = start.as_slice() else {
        return Err(ImageFault::Idx {
            why: format!("its first bytes are {start:02x?}"),
            want,
        });
    };
    (0..n_axes)
        .map(|_| {
            let size = read_exactly(&mut *reader, "header", 4)?;
            let size = size.iter().fold(0_u32, |size, &byte| size << 8 | u32::from(byte));
            usize::try_from(size).map_err(|_| ImageFault::Idx {
                why: format!("an axis of {size}"),
                want,
            })
        })
        .collect()
}
