//! Sets of images in temporary folders.

use std::path::{Path, PathBuf};

use sim_images::sets::{ImageSet, OpenOptions, Pixels};
use tempfile::TempDir;

pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

pub(crate) fn put(folder: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::create_dir_all(path.parent().expect("has a folder")).expect("makes a folder");
    std::fs::write(&path, bytes).expect("writes");
    path
}

pub(crate) fn open(path: &Path) -> ImageSet {
    ImageSet::open(path, OpenOptions::default()).expect("opens")
}

pub(crate) fn bytes_of(set: &ImageSet, index: usize) -> Vec<u8> {
    match set.load(index..index + 1).expect("loads").remove(0).pixels {
        Pixels::Bytes(bytes) => bytes,
        Pixels::Floats(floats) => panic!("floats: {floats:?}"),
    }
}

/// The message names the file and says what `want` says.
#[track_caller]
pub(crate) fn check_error(path: &Path, file: &str, want: &str) {
    let opened = ImageSet::open(path, OpenOptions::default());
    let error = match opened.and_then(|set| set.load(0..set.len())) {
        Err(error) => error.to_string(),
        Ok(images) => panic!("{} images, not {want:?}", images.len()),
    };
    assert!(
        error.contains(file) && error.contains(want),
        "{error:?} does not say {file:?} and {want:?}"
    );
}
