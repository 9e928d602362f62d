//! Sets of images: an `.npz`, an IDX pair, or a folder.

mod array;
mod error;
mod folder;
mod idx;
mod npz;
mod readable;
mod values;

use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};

use sim_core::preprocessing::{ImageValues, Layout};

use self::array::ArrayImages;
pub use self::error::{ImageError, ImageFault, Names};
use self::folder::FolderImages;
pub use self::npz::NamedArray;
pub use self::values::Values;
use crate::classes::ClassList;

/// The pixels of one image.
#[derive(Clone, Debug, PartialEq)]
pub enum Pixels {
    /// 8-bit pixels, to be preprocessed.
    Bytes(Vec<u8>),
    /// A network's input as it stands.
    Floats(Vec<f32>),
}

/// One image, as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    /// Name, unique in its set.
    pub name: String,
    /// Sizes of the axes.
    pub shape: Vec<usize>,
    /// Order of three axes; `None`: as declared.
    pub layout: Option<Layout>,
    /// Row-major values.
    pub pixels: Pixels,
}

/// How a set is opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenOptions<'a> {
    /// Take only the first images; `None`: all.
    pub limit: Option<usize>,
    /// Name of the network's input: an array of that name stands for `images`.
    pub input: Option<&'a str>,
}

/// Images with names, and labels where the set has them.
///
/// Arrays are held as stored (one or four bytes per value); the files of a folder are decoded when loaded.
#[derive(Debug)]
pub struct ImageSet {
    names: Vec<String>,
    labels: Option<Vec<usize>>,
    numbering: Numbering,
    source: Source,
}

/// What the labels of a set are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbering {
    /// Class numbers, as stored or as folders are called.
    Classes,
    /// Places of so many folders, sorted by name.
    Folders(usize),
    /// Places of the folders' names in a list of so many.
    Listed(usize),
}

#[derive(Debug)]
enum Source {
    Array(Box<ArrayImages>),
    Folder(FolderImages),
}

impl ImageSet {
    /// Open the set at `path`, whose form is seen from what is there, not from its name.
    ///
    /// - `.npz`: `images` (pixels or floats, of any number of axes behind the first, in any order), optional integer
    ///   `labels`, and arrays for other inputs.
    /// - IDX file of images, plain or `.gz`, with its labels in the file of the matching name beside it.
    /// - Folder: JPEG and PNG files by extension, in order of their names; with sub-folders their names are labels (all
    ///   of them numbers: the number, else the place among the sorted names).
    ///
    /// - Errors: nothing at `path`, a set without images, and anything in it that is not what it claims to be; the
    ///   message names the file and the remedy.
    pub fn open(path: &Path, options: OpenOptions<'_>) -> Result<Self, ImageError> {
        let metadata =
            std::fs::metadata(path).map_err(|error| ImageError::new(path, ImageFault::Io(error)))?;
        if metadata.is_dir() {
            let (images, names, labels) = FolderImages::open(path, options.limit)?;
            let (labels, numbering) = match labels {
                Some((labels, numbering)) => (Some(labels), numbering),
                None => (None, Numbering::Classes),
            };
            return Ok(Self {
                names,
                labels,
                numbering,
                source: Source::Folder(images),
            });
        }
        // Reading a pipe may never end.
        if !metadata.is_file() {
            return Err(ImageError::new(path, ImageFault::NotAFile));
        }
        let (images, labels) = match magic(path)? {
            [b'P', b'K', ..] => npz::open(path, options)?,
            [0x1f, 0x8b, ..] | [0, 0, ..] => idx::open(path, options.limit)?,
            _ => return Err(ImageError::new(path, ImageFault::UnknownForm)),
        };
        let file_name = path.file_name().unwrap_or_default().to_string_lossy();
        let names = (0..images.len())
            .map(|index| format!("{file_name}[{index}]"))
            .collect();
        Ok(Self {
            names,
            labels,
            numbering: Numbering::Classes,
            source: Source::Array(Box::new(images)),
        })
    }

    /// Number of images, at least one.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Never: a set without images cannot be opened.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Names, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Class indices, one per image.
    pub fn labels(&self) -> Option<&[usize]> {
        self.labels.as_deref()
    }

    /// What its folder holds beside pictures.
    pub fn strays(&self) -> &[String] {
        match &self.source {
            Source::Array(_) => &[],
            Source::Folder(images) => images.strays(),
        }
    }

    /// What the set holds.
    pub const fn values(&self) -> ImageValues {
        match &self.source {
            Source::Array(images) => images.stored(),
            Source::Folder(_) => ImageValues::Uint8,
        }
    }

    /// Names of the arrays that it has for inputs of a network, sorted.
    pub fn array_names(&self) -> &[String] {
        match &self.source {
            Source::Array(images) => images.archive().map_or(&[], |archive| archive.names()),
            Source::Folder(_) => &[],
        }
    }

    /// The array that it has for the input `name`, read from its file; `None`: it has none.
    ///
    /// - Errors: an array that is not one value for each image, or not what it claims to be.
    pub fn array(&self, name: &str) -> Result<Option<NamedArray>, ImageError> {
        match &self.source {
            Source::Array(images) => (images.archive())
                .filter(|archive| archive.names().iter().any(|found| found == name))
                .map(|archive| archive.read(name))
                .transpose(),
            Source::Folder(_) => Ok(None),
        }
    }

    /// What the labels are.
    pub const fn numbering(&self) -> Numbering {
        self.numbering
    }

    /// The same with labels by the names of its folders in a list. Folders that are numbers, none of which is a name of
    /// the list, stay class numbers.
    ///
    /// - Errors: a set whose labels are not folders, and a folder that is not in the list.
    pub fn listed(self, list: &ClassList) -> Result<Self, ImageError> {
        let (Source::Folder(images), Some(_)) = (&self.source, &self.labels) else {
            return Err(ImageError::new(list.path(), ImageFault::NoFolders));
        };
        let folders = || {
            self.names
                .iter()
                .filter_map(|name| name.split_once('/'))
                .map(|(folder, _)| folder)
        };
        if self.numbering == Numbering::Classes && folders().all(|folder| list.class(folder).is_none()) {
            return Ok(Self {
                numbering: Numbering::Listed(list.len()),
                ..self
            });
        }
        let labels = folders().enumerate().map(|(index, folder)| {
            list.class(folder).ok_or_else(|| {
                ImageError::new(
                    images.path(index).parent().unwrap_or(images.path(index)),
                    ImageFault::Unlisted {
                        name: folder.to_owned(),
                        list: list.path().to_owned(),
                    },
                )
            })
        });
        Ok(Self {
            labels: Some(labels.collect::<Result<_, _>>()?),
            numbering: Numbering::Listed(list.len()),
            ..self
        })
    }

    /// The images of `range`; what of it lies beyond the set is left out.
    ///
    /// - Errors: a file of a folder that cannot be decoded; a float that is not finite.
    pub fn load(&self, range: Range<usize>) -> Result<Vec<Image>, ImageError> {
        let end = range.end.min(self.len());
        (range.start..end)
            .map(|index| match &self.source {
                Source::Array(images) => images.load(index, self.names[index].clone()),
                Source::Folder(images) => images.load(index, self.names[index].clone()),
            })
            .collect()
    }
}

/// Names of the arrays for inputs of a network in the set at `path`, `images` among them, sorted; a set that is not an
/// `.npz` has none.
///
/// - Errors: a path that cannot be read, and an archive that is damaged.
pub fn array_names(path: &Path) -> Result<Vec<String>, ImageError> {
    let is_file = std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
    if !is_file || !magic(path)?.starts_with(b"PK") {
        return Ok(Vec::new());
    }
    npz::array_names(path)
}

/// The file of labels that is read with the set at `path`; other sets than IDX files hold theirs.
pub fn labels_beside(path: &Path) -> Option<PathBuf> {
    let is_idx = path.is_file() && magic(path).is_ok_and(|magic| !magic.starts_with(b"PK"));
    is_idx.then(|| idx::labels_path(path)).flatten()
}

/// The first four bytes; zeros at the end of a shorter file make it unknown or broken, never good.
fn magic(path: &Path) -> Result<[u8; 4], ImageError> {
    let unreadable = |error| ImageError::new(path, ImageFault::Io(error));
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut start = Vec::new();
    file.take(4).read_to_end(&mut start).map_err(unreadable)?;
    start
        .try_into()
        .map_err(|_| ImageError::new(path, ImageFault::UnknownForm))
}
