//! What can be wrong with a set of images, and what to do about it.

use std::path::{Path, PathBuf};

/// A set of images that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {fault}", path.display())]
pub struct ImageError {
    /// The file or folder.
    pub path: PathBuf,
    /// What is wrong.
    #[source]
    pub fault: Box<ImageFault>,
}

impl ImageError {
    pub(super) fn new(path: &Path, fault: ImageFault) -> Self {
        Self {
            path: path.to_owned(),
            fault: Box::new(fault),
        }
    }
}

/// Most names that a message lists.
const MAX_LISTED: usize = 4;

/// Names, of which a message lists the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names(pub Vec<String>);

impl Names {
    /// `a, b or c`.
    fn one_of(&self) -> String {
        match self.0.as_slice() {
            [] => String::new(),
            [one] => one.clone(),
            [first @ .., last] if first.len() < MAX_LISTED => format!("{} or {last}", first.join(", ")),
            [first, ..] => format!("one of {} folders, such as {first}", self.0.len()),
        }
    }
}

impl FromIterator<String> for Names {
    fn from_iter<T: IntoIterator<Item = String>>(names: T) -> Self {
        Self(names.into_iter().collect())
    }
}

/// `a, b, c, d and 3 more`.
impl std::fmt::Display for Names {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let listed = &self.0[..self.0.len().min(MAX_LISTED)];
        f.write_str(&listed.join(", "))?;
        match self.0.len() - listed.len() {
            0 => Ok(()),
            n_more => write!(f, " and {n_more} more"),
        }
    }
}

/// What is wrong with a set of images.
#[derive(Debug, thiserror::Error)]
pub enum ImageFault {
    /// The file system said no.
    #[error("cannot read: {0}")]
    Io(#[source] std::io::Error),
    /// A pipe, a socket or a device.
    #[error("neither a file nor a folder; save the images in a file, and give that")]
    NotAFile,
    /// None of the three forms.
    #[error(
        "not a set of images; give an `.npz` with `images`, an IDX file of images (plain or .gz), or a folder of JPEG and PNG files"
    )]
    UnknownForm,
    /// A file that cannot be decoded.
    #[error("cannot decode this image: {0}; replace it by a good copy")]
    Decode(#[source] image::ImageError),
    /// A folder in which no file can be decoded.
    #[error("the first of {n_files} images, of which none can be decoded: {why}")]
    NoneReadable {
        /// Files of the set.
        n_files: usize,
        /// What is wrong with the first.
        why: String,
    },
    /// No image.
    #[error("holds no image; give a set with at least one, and a limit of at least one")]
    Empty,
    /// A folder without JPEG and PNG.
    #[error(
        "holds no image (JPEG or PNG), only: {found}; convert the pictures, or name the folder that holds them"
    )]
    NoPictures {
        /// What it holds.
        found: Names,
    },
    /// A folder with images beside its sub-folders.
    #[error(
        "lies beside the folders {folders}, which are labels, and has none; name a folder that holds images alone, or folders \
         alone"
    )]
    Unlabelled {
        /// The folders.
        folders: Names,
    },
    /// A folder of a label that holds images and folders.
    #[error(
        "holds images and a folder `{deeper}`; the folder of a label holds images alone: name a folder of such folders"
    )]
    Mixed {
        /// Its first folder.
        deeper: String,
    },
    /// The root of a data set.
    #[error("holds folders, not images; name {}", parts.one_of())]
    NotImages {
        /// Folders that hold folders.
        parts: Names,
    },
    /// A list of class names for a set without folders of classes.
    #[error("names folders, but the images do not lie in folders of their classes; leave the list out")]
    NoFolders,
    /// A folder that is not in the list of class names.
    #[error("`{name}` is not in {}; write the name into the list, or call the folder as the list does", list.display())]
    Unlisted {
        /// The folder.
        name: String,
        /// The list.
        list: PathBuf,
    },
    /// A name that other systems could not read back.
    #[error("its name is not UTF-8; rename it")]
    Name,
    /// A zip archive that cannot be read.
    #[error("not a readable .npz archive: {0}; write it again with numpy.savez")]
    Zip(#[source] zip::result::ZipError),
    /// No `images` in the archive.
    #[error("holds no array `images`, only: {found}; save it with numpy.savez(file, images=...)")]
    NoImages {
        /// Names that it holds.
        found: String,
    },
    /// Two arrays that may be the images.
    #[error("holds both `images` and `{input}`, the network's input; leave one of the two out")]
    TwoInputs {
        /// The network's input.
        input: String,
    },
    /// An array for another number of images.
    #[error(
        "array `{array}` has {found} along its first axis, but there are {want} images; give one value for each image"
    )]
    FirstAxis {
        /// The array.
        array: String,
        /// Its first axis.
        found: usize,
        /// Images.
        want: usize,
    },
    /// An array with a header that is not an npy header.
    #[error("array `{array}`: {why}; write it again with numpy.savez")]
    Header {
        /// The array.
        array: String,
        /// How it is broken.
        why: String,
    },
    /// An array of a type that cannot be used.
    #[error("array `{array}` has type `{found}`, it must be {want}; convert it with `.astype`")]
    Type {
        /// The array.
        array: String,
        /// Its type.
        found: String,
        /// Types that can be used.
        want: &'static str,
    },
    /// An array of a shape that cannot be used.
    #[error("array `{array}` has shape {found:?}, it must be {want}")]
    Shape {
        /// The array.
        array: String,
        /// Its shape.
        found: Vec<usize>,
        /// Shapes that can be used.
        want: &'static str,
    },
    /// An array too large to hold.
    #[error(
        "array `{array}` claims {found:?} values, more than {max} bytes; limit the number of images, or give a folder"
    )]
    TooLarge {
        /// The array.
        array: String,
        /// Its shape.
        found: Vec<usize>,
        /// Most bytes.
        max: usize,
    },
    /// Less data than the header promises.
    #[error("cut short: `{array}` should hold {want} bytes, it ends after {found}; get the file again")]
    Truncated {
        /// The array.
        array: String,
        /// Bytes that the header promises.
        want: usize,
        /// Bytes that are there.
        found: usize,
    },
    /// Data that cannot be decompressed.
    #[error("damaged: {error}; get the file again")]
    Damaged {
        /// What the decoder says.
        #[source]
        error: std::io::Error,
    },
    /// An IDX file of something else.
    #[error("{why}; an IDX file of images has {want}")]
    Idx {
        /// How.
        why: String,
        /// What it should be.
        want: &'static str,
    },
    /// Not one label per image.
    #[error("{labels} labels for {images} images; there must be one for each")]
    Labels {
        /// Labels.
        labels: usize,
        /// Images.
        images: usize,
    },
    /// A label that is not a class index.
    #[error("label {index} is {value}; labels are class indices from 0")]
    Label {
        /// Which.
        index: usize,
        /// Its value.
        value: i64,
    },
    /// A float that is not finite.
    #[error("image {index} holds {value} at position {position}; inputs must be finite")]
    NotFinite {
        /// Which image.
        index: usize,
        /// Where in it.
        position: usize,
        /// The value.
        value: f32,
    },
}
