//! A folder of JPEG and PNG files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use image::{DynamicImage, ImageReader};
use sim_core::preprocessing::Layout;

use super::{Image, ImageError, ImageFault, Pixels};

/// Longest side of an image.
const MAX_SIDE: u32 = 1 << 14;

/// Files in order; decoded one by one.
#[derive(Debug)]
pub(super) struct FolderImages {
    paths: Vec<PathBuf>,
}

type Opened = (FolderImages, Vec<String>, Option<Vec<usize>>);

impl FolderImages {
    pub(super) fn open(folder: &Path, limit: Option<usize>) -> Result<Opened, ImageError> {
        let (folders, files) = list(folder)?;
        let limit = limit.unwrap_or(usize::MAX);
        if folders.is_empty() {
            let (names, paths): (Vec<_>, Vec<_>) = files.into_iter().take(limit).unzip();
            return Self::new(folder, paths, names, None);
        }
        if let Some((_, path)) = files.first_key_value() {
            return Err(ImageError::new(path, ImageFault::Unlabelled));
        }
        let (mut paths, mut names, mut labels) = (Vec::new(), Vec::new(), Vec::new());
        for ((class_name, class_folder), class) in folders.iter().zip(class_indices(folders.keys())) {
            let (deeper, inside) = list(class_folder)?;
            if let Some((_, path)) = deeper.first_key_value() {
                return Err(ImageError::new(path, ImageFault::NotAnImage));
            }
            for (file, path) in inside.into_iter().take(limit - paths.len()) {
                paths.push(path);
                names.push(format!("{class_name}/{file}"));
                labels.push(class);
            }
        }
        Self::new(folder, paths, names, Some(labels))
    }

    fn new(
        folder: &Path,
        paths: Vec<PathBuf>,
        names: Vec<String>,
        labels: Option<Vec<usize>>,
    ) -> Result<Opened, ImageError> {
        if paths.is_empty() {
            return Err(ImageError::new(folder, ImageFault::Empty));
        }
        Ok((Self { paths }, names, labels))
    }

    /// Whether the file can be decoded.
    pub(super) fn check(&self, index: usize) -> Result<(), ImageFault> {
        decode(&self.paths[index]).map(drop)
    }

    /// The files at `indices`, in that order.
    pub(super) fn only(self, indices: &[usize]) -> Self {
        let paths = indices.iter().map(|&index| self.paths[index].clone()).collect();
        Self { paths }
    }

    pub(super) fn path(&self, index: usize) -> &Path {
        &self.paths[index]
    }

    pub(super) fn load(&self, index: usize, name: String) -> Result<Image, ImageError> {
        let path = &self.paths[index];
        let decoded = decode(path).map_err(|fault| ImageError::new(path, fault))?;
        let (width, height) = (decoded.width(), decoded.height());
        let [columns, rows] = [width, height].map(|side| usize::try_from(side).unwrap_or_default());
        let (channels, pixels) = if decoded.color().has_color() {
            (3, decoded.into_rgb8().into_raw())
        } else {
            (1, decoded.into_luma8().into_raw())
        };
        Ok(Image {
            name,
            shape: vec![rows, columns, channels],
            layout: Some(Layout::Nhwc),
            pixels: Pixels::Bytes(pixels),
        })
    }
}

/// The format is seen from the content: many a `.png` is a JPEG.
fn decode(path: &Path) -> Result<DynamicImage, ImageFault> {
    let mut reader = ImageReader::open(path)
        .and_then(ImageReader::with_guessed_format)
        .map_err(|error| ImageFault::Decode(error.into()))?;
    let mut limits = image::Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    reader.limits(limits);
    reader.decode().map_err(ImageFault::Decode)
}

type Listing = BTreeMap<String, PathBuf>;

/// Sub-folders and files by name, hidden ones left out; a file that is not an image by its name is an error.
fn list(folder: &Path) -> Result<(Listing, Listing), ImageError> {
    let unreadable = |error| ImageError::new(folder, ImageFault::Io(error));
    let (mut folders, mut files) = (Listing::new(), Listing::new());
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            return Err(ImageError::new(&path, ImageFault::Name));
        };
        let name = name.to_owned();
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            folders.insert(name, path);
            continue;
        }
        let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
        if !["jpg", "jpeg", "png"].iter().any(|&known| extension == *known) {
            return Err(ImageError::new(&path, ImageFault::NotAnImage));
        }
        files.insert(name, path);
    }
    Ok((folders, files))
}

/// Numbers stand for themselves, where all names are numbers; else sorted names are counted.
fn class_indices<'a>(names: impl ExactSizeIterator<Item = &'a String> + Clone) -> Vec<usize> {
    let numbers: Option<Vec<usize>> = names.clone().map(|name| name.parse().ok()).collect();
    numbers.unwrap_or_else(|| (0..names.len()).collect())
}
