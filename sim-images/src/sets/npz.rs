//! Images, labels and arrays for other inputs in an `.npz` archive.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use sim_core::preprocessing::ImageValues;
use zip::ZipArchive;
use zip::result::ZipError;

use super::array::{ArrayImages, image_shape, n_bytes, read_exactly};
use super::{ImageError, ImageFault, OpenOptions, Pixels, Values};
use crate::npy::{self, Header, HeaderError, Scalar};

/// The array of images.
const IMAGES: &str = "images";
/// The array of labels.
const LABELS: &str = "labels";

/// The arrays of an archive, read when they are asked for.
#[derive(Debug)]
pub(super) struct Archive {
    path: PathBuf,
    /// Without images and labels.
    names: Vec<String>,
    /// Along the first axis of every array.
    n_stored: usize,
    /// Those that the set takes.
    n_taken: usize,
}

/// An array of an archive for an input of a network: one value for each image.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedArray {
    /// Sizes of the axes of one value.
    pub shape: Vec<usize>,
    /// Those of all images, one after the other.
    values: Values,
}

impl NamedArray {
    /// That of an image.
    pub fn of(&self, image: usize) -> Values {
        let size: usize = self.shape.iter().product();
        self.values.slice(image * size..(image + 1) * size)
    }
}

impl Archive {
    /// Names of the arrays for inputs, sorted.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// The array of that name, which is one of [`Self::names`].
    ///
    /// - Errors: an array of another number of images, of a type that no input has, or that is damaged; a float that is
    ///   not finite.
    pub(super) fn read(&self, name: &str) -> Result<NamedArray, ImageError> {
        self.read_array(name)
            .map_err(|fault| ImageError::new(&self.path, fault))
    }

    fn read_array(&self, name: &str) -> Result<NamedArray, ImageFault> {
        let mut archive = open_archive(&self.path)?;
        let mut member = archive.by_name(&file_name(name)).map_err(ImageFault::Zip)?;
        let header = read_header(&mut member, name)?;
        let Some((&n_stored, shape)) = header.shape.split_first() else {
            return Err(ImageFault::Shape {
                array: name.to_owned(),
                found: header.shape,
                want: "one value for each image: images × …",
            });
        };
        if n_stored != self.n_stored {
            return Err(ImageFault::FirstAxis {
                array: name.to_owned(),
                found: n_stored,
                want: self.n_stored,
            });
        }
        let values = Values::read(member, name, &header, self.n_taken)?.ok_or_else(|| ImageFault::Type {
            array: name.to_owned(),
            found: header.descr.clone(),
            want: "float32, int64, int32, int8, uint8 or bool",
        })?;
        let shape = shape.to_vec();
        if let Values::Float32(values) = &values
            && let Some(position) = values.iter().position(|value| !value.is_finite())
        {
            let size: usize = shape.iter().product();
            return Err(ImageFault::NotFinite {
                index: position / size.max(1),
                position: position % size.max(1),
                value: values[position],
            });
        }
        Ok(NamedArray { shape, values })
    }
}

pub(super) fn open(
    path: &Path,
    options: OpenOptions<'_>,
) -> Result<(ArrayImages, Option<Vec<usize>>), ImageError> {
    read(path, options).map_err(|fault| ImageError::new(path, fault))
}

fn read(path: &Path, options: OpenOptions<'_>) -> Result<(ArrayImages, Option<Vec<usize>>), ImageFault> {
    let mut archive = open_archive(path)?;
    let mut found = members(&archive);
    let array = array_of_images(&found, options.input)?;
    let member = archive.by_name(&file_name(array)).map_err(ImageFault::Zip)?;
    let (n_stored, images) = read_images(path, member, array, options.limit)?;
    let labels = match archive.by_name(&file_name(LABELS)) {
        Ok(member) => Some(read_labels(member, n_stored, images.len())?),
        Err(ZipError::FileNotFound) => None,
        Err(error) => return Err(ImageFault::Zip(error)),
    };
    found.retain(|name| ![IMAGES, LABELS].contains(&name.as_str()));
    let archive = Archive {
        path: path.to_owned(),
        names: found,
        n_stored,
        n_taken: images.len(),
    };
    Ok((images.with_archive(archive), labels))
}

/// Names of the arrays for inputs, `images` among them.
pub(super) fn array_names(path: &Path) -> Result<Vec<String>, ImageError> {
    let archive = open_archive(path).map_err(|fault| ImageError::new(path, fault))?;
    let mut names = members(&archive);
    names.retain(|name| name != LABELS);
    Ok(names)
}

/// Names of all arrays, sorted.
fn members(archive: &ZipArchive<BufReader<File>>) -> Vec<String> {
    let names = archive.file_names();
    let mut found: Vec<String> = names
        .filter_map(|name| Some(name.ok()?.strip_suffix(".npy")?.to_owned()))
        .collect();
    found.sort();
    found
}

fn open_archive(path: &Path) -> Result<ZipArchive<BufReader<File>>, ImageFault> {
    let file = BufReader::new(File::open(path).map_err(ImageFault::Io)?);
    ZipArchive::new(file).map_err(ImageFault::Zip)
}

fn file_name(array: &str) -> String {
    format!("{array}.npy")
}

/// `images`, or the array that is called as the network's input.
fn array_of_images<'a>(found: &[String], input: Option<&'a str>) -> Result<&'a str, ImageFault> {
    let holds = |name: &str| found.iter().any(|found| found == name);
    match (
        holds(IMAGES),
        input.filter(|&input| input != IMAGES && holds(input)),
    ) {
        (true, None) => Ok(IMAGES),
        (false, Some(input)) => Ok(input),
        (true, Some(input)) => Err(ImageFault::TwoInputs {
            input: input.to_owned(),
        }),
        (false, None) => Err(ImageFault::NoImages {
            found: found.join(", "),
        }),
    }
}

fn read_header(member: &mut impl Read, array: &str) -> Result<Header, ImageFault> {
    npy::read_header(member).map_err(|error| match error {
        HeaderError::Io(error) => ImageFault::Damaged { error },
        HeaderError::Broken(why) => ImageFault::Header {
            array: array.to_owned(),
            why,
        },
    })
}

fn read_images(
    path: &Path,
    mut member: impl Read,
    array: &str,
    limit: Option<usize>,
) -> Result<(usize, ArrayImages), ImageFault> {
    let header = read_header(&mut member, array)?;
    let (n_images, image) = image_shape(array, &header.shape)?;
    let n_taken = n_images.min(limit.unwrap_or(n_images));
    if n_taken == 0 {
        return Err(ImageFault::Empty);
    }
    let values = match header.scalar {
        Scalar::Unsigned(1) => Some(ImageValues::Uint8),
        Scalar::Float(2) => Some(ImageValues::Float16),
        Scalar::Float(4) => Some(ImageValues::Float32),
        Scalar::Float(8) => Some(ImageValues::Float64),
        Scalar::Signed(4 | 8) => Some(ImageValues::Integers),
        Scalar::Float(_) | Scalar::Unsigned(_) | Scalar::Signed(_) | Scalar::Bool | Scalar::Other => None,
    };
    let read = match values {
        Some(values) => Values::read(member, array, &header, n_taken)?.map(|read| (values, read)),
        None => None,
    };
    let (values, pixels) = match read {
        Some((values, Values::Uint8(bytes))) => (values, Pixels::Bytes(bytes)),
        Some((values, Values::Float32(floats))) => (values, Pixels::Floats(floats)),
        Some((values, Values::Int64(numbers))) => (values, Pixels::Floats(whole(array, numbers)?)),
        Some((values, Values::Int32(numbers))) => {
            let numbers = numbers.into_iter().map(i64::from).collect();
            (values, Pixels::Floats(whole(array, numbers)?))
        }
        Some((_, Values::Int8(_) | Values::Bool(_))) | None => {
            return Err(ImageFault::Type {
                array: array.to_owned(),
                found: header.descr,
                want: "uint8 (pixels) or float32 (a network's input)",
            });
        }
    };
    Ok((n_images, ArrayImages::new(path, n_taken, image, values, pixels)))
}

/// Whole numbers as floats, where each is one.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "numbers in this range are not rounded; std has no other conversion"
)]
fn whole(array: &str, numbers: Vec<i64>) -> Result<Vec<f32>, ImageFault> {
    const LARGEST: i64 = 1 << 24;
    if numbers
        .iter()
        .any(|number| !(-LARGEST..=LARGEST).contains(number))
    {
        return Err(ImageFault::Type {
            array: array.to_owned(),
            found: "integers beyond 2²⁴".to_owned(),
            want: "whole numbers from −2²⁴ to 2²⁴",
        });
    }
    Ok(numbers.into_iter().map(|number| number as f32).collect())
}

fn read_labels(mut member: impl Read, n_images: usize, n_taken: usize) -> Result<Vec<usize>, ImageFault> {
    let header = read_header(&mut member, LABELS)?;
    let &[n_labels] = header.shape.as_slice() else {
        return Err(ImageFault::Shape {
            array: LABELS.to_owned(),
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
    if !matches!(header.scalar, Scalar::Unsigned(_) | Scalar::Signed(_)) {
        return Err(ImageFault::Type {
            array: LABELS.to_owned(),
            found: header.descr,
            want: "an integer type",
        });
    }
    let want = n_bytes(LABELS, &[n_taken], n_label_bytes)?;
    let bytes = read_exactly(member, LABELS, want)?;
    (0..)
        .zip(bytes.chunks(n_label_bytes))
        .map(|(index, bytes)| {
            let value = header.bytes.integer(bytes, header.scalar);
            usize::try_from(value).map_err(|_| ImageFault::Label { index, value })
        })
        .collect()
}
