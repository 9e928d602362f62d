//! Places to write in, looked at before long work.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What new files may take the place of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replace {
    /// What this program wrote.
    Own,
    /// Whatever is there.
    Any,
}

impl Replace {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Own, Self::Any];
}

/// A place that nothing can be written to.
#[derive(Debug, thiserror::Error)]
#[error("{}: cannot be written: {fault}", .path.display())]
pub struct PlaceError {
    /// The place.
    pub path: PathBuf,
    /// Why not.
    #[source]
    pub fault: PlaceFault,
}

/// Why nothing can be written to a place.
#[derive(Debug, thiserror::Error)]
pub enum PlaceFault {
    /// There is no folder for the file.
    #[error("there is no folder {}; make it, or choose another path", .0.display())]
    NoFolder(PathBuf),
    /// What should be a folder is something else.
    #[error("{} is not a folder; choose another path", .0.display())]
    NotFolder(PathBuf),
    /// A file stands where the folder should be.
    #[error("it is a file; name a folder")]
    IsFile,
    /// A folder stands where the file should be.
    #[error("it is a folder; name a file in it")]
    IsFolder,
    /// A device or the like.
    #[error("it is not a regular file; choose another path")]
    NotFile,
    /// A path such as `/` and `..`.
    #[error("the path ends without a name; end it with one")]
    Nameless,
    /// A link to what is not there.
    #[error("it is a link to nothing; remove it, or choose another path")]
    Dangling,
    /// The file system refuses.
    #[error("{0}; check the path, its permissions and free space")]
    Io(#[source] io::Error),
}

/// The file that is written when `path` is: `path` itself, or what it links to.
///
/// - Errors: no folder to write it in, or something else in its place.
pub fn file(path: &Path) -> Result<PathBuf, PlaceError> {
    let fail = |fault| at(path, fault);
    let found = look(path)?;
    // A name that ends as that of a folder is none of a file.
    let is_for_folder = path.as_os_str().as_encoded_bytes().ends_with(b"/");
    match &found {
        None if is_for_folder || path.file_name().is_none() => return Err(fail(PlaceFault::Nameless)),
        Some(found) if found.is_dir() => return Err(fail(PlaceFault::IsFolder)),
        Some(found) if !found.is_file() => return Err(fail(PlaceFault::NotFile)),
        Some(_) | None => {}
    }
    let path_of_file = match found {
        Some(_) => fs::canonicalize(path).map_err(|error| fail(PlaceFault::Io(error)))?,
        None => path.to_owned(),
    };
    let folder = parent(&path_of_file);
    match look(folder)? {
        None => return Err(fail(PlaceFault::NoFolder(folder.to_owned()))),
        Some(found) if !found.is_dir() => return Err(fail(PlaceFault::NotFolder(folder.to_owned()))),
        Some(_) => {}
    }
    probe(folder).map_err(fail)?;
    Ok(path_of_file)
}

/// The folder that is filled when `path` is: `path` itself, or what it links to. It and those above it may not be there
/// yet.
///
/// - Errors: something else in its place, or in that of one above it.
pub fn folder(path: &Path) -> Result<PathBuf, PlaceError> {
    let fail = |fault| at(path, fault);
    if path.file_name().is_none() {
        return Err(fail(PlaceFault::Nameless));
    }
    for above in path.ancestors().filter(|above| !above.as_os_str().is_empty()) {
        match look(above)? {
            None => {}
            Some(found) if !found.is_dir() && above == path => return Err(fail(PlaceFault::IsFile)),
            Some(found) if !found.is_dir() => return Err(fail(PlaceFault::NotFolder(above.to_owned()))),
            Some(_) => {
                probe(above).map_err(fail)?;
                return if above == path {
                    fs::canonicalize(path).map_err(|error| fail(PlaceFault::Io(error)))
                } else {
                    Ok(path.to_owned())
                };
            }
        }
    }
    probe(Path::new(".")).map_err(fail)?;
    Ok(path.to_owned())
}

/// The folder that a file is in.
pub fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    }
}

/// What is there, behind links; `None` where nothing is.
fn look(path: &Path) -> Result<Option<fs::Metadata>, PlaceError> {
    match fs::metadata(path) {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound && fs::symlink_metadata(path).is_ok() => {
            Err(at(path, PlaceFault::Dangling))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        // The folder above says so itself.
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(None),
        Err(error) => Err(at(path, PlaceFault::Io(error))),
    }
}

/// Whether a file can be made in a folder; it is gone at once.
fn probe(folder: &Path) -> Result<(), PlaceFault> {
    match tempfile::Builder::new().prefix(".sysmt-").tempfile_in(folder) {
        Ok(_) => Ok(()),
        // Its error names a file that nobody asked for.
        Err(error) => Err(PlaceFault::Io(error.kind().into())),
    }
}

fn at(path: &Path, fault: PlaceFault) -> PlaceError {
    PlaceError {
        path: path.to_owned(),
        fault,
    }
}
