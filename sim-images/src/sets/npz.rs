//! Images and labels in an `.npz` archive.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use zip::ZipArchive;
use zip::result::ZipError;

use super::array::{ArrayImages, image_shape, n_bytes, read_exactly};
use super::{ImageError, ImageFault, OpenOptions, Pixels};
use crate::npy::{self, Header, HeaderError, Order, Scalar};

pub(super) fn open(
    path: &Path,
    options: OpenOptions,
) -> Result<(ArrayImages, Option<Vec<usize>>), ImageError> {
    open_archive(path, options).map_err(|fault| ImageError::new(path, fault))
}

fn open_archive(path: &Path, options: OpenOptions) -> Result<(ArrayImages, Option<Vec<usize>>), ImageFault> {
    let file = BufReader::new(File::open(path).map_err(ImageFault::Io)?);
    let mut archive = ZipArchive::new(file).map_err(ImageFault::Zip)?;
    let found: Vec<String> = archive
        .file_names()
        .filter_map(|name| Some(name.ok()?.trim_end_matches(".npy").to_owned()))
        .collect();
    let member = match archive.by_name("images.npy") {
        Ok(member) => member,
        Err(ZipError::FileNotFound) => {
            return Err(ImageFault::NoImages {
                found: found.join(", "),
            });
        }
        Err(error) => return Err(ImageFault::Zip(error)),
    };
    let (n_images, images) = read_images(path, member, options)?;
    let labels = match archive.by_name("labels.npy") {
        Ok(member) => Some(read_labels(member, n_images, images.len())?),
        Err(ZipError::FileNotFound) => None,
        Err(error) => return Err(ImageFault::Zip(error)),
    };
    Ok((images, labels))
}

/// A header of an array in row-major order.
fn read_header(member: &mut impl Read, array: &'static str) -> Result<Header, ImageFault> {
    let header = npy::read_header(member).map_err(|error| match error {
        HeaderError::Io(error) => ImageFault::Damaged { error },
        HeaderError::Broken(why) => ImageFault::Header { array, why },
    })?;
    // A one-axis array is in both orders.
    if header.order == Order::ColumnMajor && 1 < header.shape.len() {
        return Err(ImageFault::FortranOrder { array });
    }
    Ok(header)
}

fn read_images(
    path: &Path,
    mut member: impl Read,
    options: OpenOptions,
) -> Result<(usize, ArrayImages), ImageFault> {
    const ARRAY: &str = "images";
    let mut header = read_header(&mut member, ARRAY)?;
    let (n_images, image) = image_shape(ARRAY, &header.shape, options.layout)?;
    let n_taken = n_images.min(options.limit.unwrap_or(n_images));
    if n_taken == 0 {
        return Err(ImageFault::Empty);
    }
    header.shape[0] = n_taken;
    let want = n_bytes(ARRAY, &header.shape, header.scalar.n_bytes())?;
    let pixels = match header.scalar {
        Scalar::Unsigned(1) => Pixels::Bytes(read_exactly(member, ARRAY, want)?),
        Scalar::F32 => {
            let bytes = read_exactly(member, ARRAY, want)?;
            let (values, _) = bytes.as_chunks();
            Pixels::Floats(values.iter().map(|&value| header.bytes.f32(value)).collect())
        }
        Scalar::Unsigned(_) | Scalar::Signed(_) | Scalar::Other => {
            return Err(ImageFault::Type {
                array: ARRAY,
                found: header.descr,
                want: "uint8 (pixels) or float32 (a network's input)",
            });
        }
    };
    Ok((n_images, ArrayImages::new(path, n_taken, image, pixels)))
}

fn read_labels(mut member: impl Read, n_images: usize, n_taken: usize) -> Result<Vec<usize>, ImageFault> {
    const ARRAY: &str = "labels";
    let header = read_header(&mut member, ARRAY)?;
    let &[n_labels] = header.shape.as_slice() else {
        return Err(ImageFault::Shape {
            array: ARRAY,
            found: header.shape,
            want: "of one axis",
        });
    };
    if n_labels != n_images {
        return Err(ImageFault::Labels {
            labels: n_labels,
            images: n_images,
        });
    }
    let n_label_bytes = header.scalar.n_bytes();
    if matches!(header.scalar, Scalar::F32 | Scalar::Other) {
        return Err(ImageFault::Type {
            array: ARRAY,
            found: header.descr,
            want: "an integer type",
        });
    }
    let want = n_bytes(ARRAY, &[n_taken], n_label_bytes)?;
    let bytes = read_exactly(member, ARRAY, want)?;
    (0..)
        .zip(bytes.chunks(n_label_bytes))
        .map(|(index, bytes)| {
            let value = header.bytes.integer(bytes, header.scalar);
            usize::try_from(value).map_err(|_| ImageFault::Label { index, value })
        })
        .collect()
}
