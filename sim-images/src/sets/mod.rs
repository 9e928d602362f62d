//! Sets of images: an `.npz`, an IDX pair, or a folder.

mod array;
mod error;
mod folder;
mod idx;
mod npz;
mod readable;

use std::io::Read;
use std::ops::Range;
use std::path::Path;

use sim_core::preprocessing::Layout;

use self::array::ArrayImages;
pub use self::error::{ImageError, ImageFault};
use self::folder::FolderImages;

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
    /// Sizes of the axes: channels, rows, columns, or as `layout` says.
    pub shape: [usize; 3],
    /// Order of the axes.
    pub layout: Layout,
    /// Row-major values.
    pub pixels: Pixels,
}

/// How a set is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenOptions {
    /// Axes of four-dimensional arrays.
    pub layout: Layout,
    /// Take only the first images; `None`: all.
    pub limit: Option<usize>,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            layout: Layout::Nchw,
            limit: None,
        }
    }
}

/// Images with names, and labels where the set has them.
///
/// Arrays are held as stored (one or four bytes per value); the files of a folder are decoded when loaded.
#[derive(Debug)]
pub struct ImageSet {
    names: Vec<String>,
    labels: Option<Vec<usize>>,
    source: Source,
}

#[derive(Debug)]
enum Source {
    Array(ArrayImages),
    Folder(FolderImages),
}

impl ImageSet {
    /// Open the set at `path`, whose form is seen from what is there, not from its name.
    ///
    /// - `.npz`: `images` (`uint8` or `float32`; N×C×H×W or N×H×W×C as `options.layout` says, or N×H×W) and optional
    ///   integer `labels`.
    /// - IDX file of images, plain or `.gz`, with its labels in the file of the matching name beside it.
    /// - Folder: JPEG and PNG files, in order of their names; with sub-folders their names are labels (all of them
    ///   numbers: the number, else the place among the sorted names).
    ///
    /// - Errors: nothing at `path`, a set without images, and anything in it that is not what it claims to be; the
    ///   message names the file and the remedy.
    pub fn open(path: &Path, options: OpenOptions) -> Result<Self, ImageError> {
        if path.is_dir() {
            let (images, names, labels) = FolderImages::open(path, options.limit)?;
            return Ok(Self {
                names,
                labels,
                source: Source::Folder(images),
            });
        }
        let (images, labels) = match magic(path)? {
            [b'P', b'K', ..] => npz::open(path, options)?,
            [0x1f, 0x8b, ..] | [0, 0, ..] => idx::open(path, options)?,
            _ => return Err(ImageError::new(path, ImageFault::UnknownForm)),
        };
        let file_name = path.file_name().unwrap_or_default().to_string_lossy();
        let names = (0..images.len())
            .map(|index| format!("{file_name}[{index}]"))
            .collect();
        Ok(Self {
            names,
            labels,
            source: Source::Array(images),
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
