//! A folder of JPEG and PNG files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use image::{DynamicImage, ImageReader};
use sim_core::preprocessing::Layout;

use super::error::Names;
use super::{Image, ImageError, ImageFault, Numbering, Pixels};

/// Longest side of an image.
const MAX_SIDE: u32 = 1 << 14;

/// How the names of pictures end, in any case.
const EXTENSIONS: [&str; 3] = ["jpg", "jpeg", "png"];

/// What archives from a Mac hold beside each file.
const MAC_FOLDER: &str = "__MACOSX";

/// Files in order; decoded one by one.
#[derive(Debug)]
pub(super) struct FolderImages {
    paths: Vec<PathBuf>,
    /// Names of what is not a picture.
    strays: Vec<String>,
}

type Opened = (FolderImages, Vec<String>, Option<Labels>);

/// Labels, and what they are.
type Labels = (Vec<usize>, Numbering);

impl FolderImages {
    pub(super) fn open(folder: &Path, limit: Option<usize>) -> Result<Opened, ImageError> {
        let Listing {
            folders,
            pictures,
            mut strays,
        } = list(folder)?;
        let limit = limit.unwrap_or(usize::MAX);
        if folders.is_empty() {
            let (names, paths): (Vec<_>, Vec<_>) = pictures.into_iter().take(limit).unzip();
            return Self::new(folder, paths, strays, names, None);
        }
        if let Some((_, path)) = pictures.first_key_value() {
            return Err(ImageError::new(
                path,
                ImageFault::Unlabelled {
                    folders: folders.keys().cloned().collect(),
                },
            ));
        }
        let (classes, numbering) = class_indices(folders.keys());
        let listings = (folders.iter())
            .map(|(name, path)| Ok((name, list(path)?)))
            .collect::<Result<Vec<_>, ImageError>>()?;
        check_depth(folder, &listings)?;
        let (mut paths, mut names, mut labels) = (Vec::new(), Vec::new(), Vec::new());
        for ((class_name, inside), class) in listings.into_iter().zip(classes) {
            strays.extend(inside.strays.iter().map(|stray| format!("{class_name}/{stray}")));
            for (file, path) in inside.pictures.into_iter().take(limit - paths.len()) {
                paths.push(path);
                names.push(format!("{class_name}/{file}"));
                labels.push(class);
            }
        }
        Self::new(folder, paths, strays, names, Some((labels, numbering)))
    }

    fn new(
        folder: &Path,
        paths: Vec<PathBuf>,
        strays: Vec<String>,
        names: Vec<String>,
        labels: Option<Labels>,
    ) -> Result<Opened, ImageError> {
        match (paths.first(), strays.as_slice()) {
            (Some(_), _) => Ok((Self { paths, strays }, names, labels)),
            (None, []) => Err(ImageError::new(folder, ImageFault::Empty)),
            (None, strays) => Err(ImageError::new(
                folder,
                ImageFault::NoPictures {
                    found: Names(strays.to_vec()),
                },
            )),
        }
    }

    /// Names of what is not a picture, sorted by folder.
    pub(super) fn strays(&self) -> &[String] {
        &self.strays
    }

    /// Whether the file can be decoded.
    pub(super) fn check(&self, index: usize) -> Result<(), ImageFault> {
        decode(&self.paths[index]).map(drop)
    }

    /// The files at `indices`, in that order.
    pub(super) fn only(self, indices: &[usize]) -> Self {
        let paths = indices.iter().map(|&index| self.paths[index].clone()).collect();
        Self { paths, ..self }
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

/// What a folder holds, by name.
#[derive(Default)]
struct Listing {
    folders: BTreeMap<String, PathBuf>,
    pictures: BTreeMap<String, PathBuf>,
    /// Sorted.
    strays: Vec<String>,
}

/// A folder's sub-folders, its pictures (by extension), and all else. Hidden files are not pictures.
fn list(folder: &Path) -> Result<Listing, ImageError> {
    let unreadable = |error| ImageError::new(folder, ImageFault::Io(error));
    let mut listing = Listing::default();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        // A link that leads nowhere is told when it is decoded.
        let metadata = std::fs::metadata(&path).ok();
        let is_folder = metadata.as_ref().is_some_and(std::fs::Metadata::is_dir);
        let is_special = metadata.is_some_and(|metadata| !metadata.is_dir() && !metadata.is_file());
        let lossy = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
        let is_picture = EXTENSIONS.iter().any(|&known| extension == *known);
        if lossy.starts_with('.') || lossy == MAC_FOLDER || is_special || !(is_folder || is_picture) {
            listing.strays.push(lossy);
            continue;
        }
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            return Err(ImageError::new(&path, ImageFault::Name));
        };
        let found = if is_folder {
            &mut listing.folders
        } else {
            &mut listing.pictures
        };
        found.insert(name.to_owned(), path);
    }
    listing.strays.sort();
    Ok(listing)
}

/// Folders of labels hold pictures, and no folders.
fn check_depth(folder: &Path, listings: &[(&String, Listing)]) -> Result<(), ImageError> {
    for (name, inside) in listings {
        if let (Some((deeper, _)), false) = (inside.folders.first_key_value(), inside.pictures.is_empty()) {
            return Err(ImageError::new(
                &folder.join(name),
                ImageFault::Mixed {
                    deeper: deeper.clone(),
                },
            ));
        }
    }
    let holds_folders = |(_, inside): &&(&String, Listing)| !inside.folders.is_empty();
    let Some((first, _)) = listings.iter().find(holds_folders) else {
        return Ok(());
    };
    let parts = listings.iter().filter(holds_folders);
    Err(ImageError::new(
        &folder.join(first),
        ImageFault::NotImages {
            parts: parts
                .map(|(name, _)| folder.join(name).display().to_string())
                .collect(),
        },
    ))
}

/// Numbers stand for themselves, where all names are numbers; else sorted names are counted.
fn class_indices<'a>(names: impl ExactSizeIterator<Item = &'a String> + Clone) -> Labels {
    let numbers: Option<Vec<usize>> = names.clone().map(|name| name.parse().ok()).collect();
    match numbers {
        Some(numbers) => (numbers, Numbering::Classes),
        None => ((0..names.len()).collect(), Numbering::Folders(names.len())),
    }
}
