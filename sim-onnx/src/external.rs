//! Tensors whose elements are in files beside the model.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Component, Path, PathBuf};

use memchr::memmem::Finder;
use prost::Message;

use crate::proto::{GraphProto, ModelProto, TensorProto};
use crate::stored::EXTERNAL;

/// A tensor whose file does not give its elements.
#[derive(Debug, thiserror::Error)]
#[error("tensor `{tensor}`: {fault}")]
pub struct ExternalError {
    /// The tensor.
    pub tensor: String,
    /// What is wrong.
    #[source]
    pub fault: ExternalFault,
}

/// Why a file does not give the elements of a tensor.
#[derive(Debug, thiserror::Error)]
pub enum ExternalFault {
    /// The tensor does not name a file.
    #[error("its data is in another file, but the model does not say in which; export the model again")]
    NoLocation,
    /// An offset or a length that is not a number.
    #[error("the {key} of its data is `{value}`, which is not a number; export the model again")]
    Number {
        /// `offset` or `length`.
        key: &'static str,
        /// What is there.
        value: String,
    },
    /// A file outside of the folder of the model.
    #[error(
        "its data is in `{location}`, which is not in the folder of the model; data of a model is only read from its folder: \
         put the file there and export the model again"
    )]
    Outside {
        /// Where the model says that it is.
        location: String,
    },
    /// A file that cannot be read.
    #[error("its data is in {}, which cannot be read: {error}; put that file beside the model", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A file that is too short.
    #[error(
        "its data is {length} bytes from byte {offset} of {}, which has {found}; the file is cut off or belongs to another \
         model", path.display()
    )]
    CutOff {
        /// The file.
        path: PathBuf,
        /// First byte of the elements.
        offset: u64,
        /// Their bytes.
        length: u64,
        /// Bytes of the file.
        found: u64,
    },
}

/// Read all elements that are in files beside the model at `path` into the model; the files.
///
/// - Errors: files that are not in the folder of the model, cannot be read or are too short.
pub fn load(model: &mut ModelProto, path: &Path) -> Result<Vec<PathBuf>, ExternalError> {
    let mut files = Files {
        path,
        open: BTreeMap::new(),
    };
    if let Some(graph) = &mut model.graph {
        files.fill(graph)?;
    }
    Ok(files.open.into_keys().collect())
}

/// The key whose value names a file of elements.
const LOCATION: &str = "location";

/// Bytes of a model that are searched at a time.
const CHUNK: usize = 1 << 20;

/// The files beside the model at `path` that hold elements, those that are there, each once; none where it cannot be
/// read.
pub fn files(path: &Path) -> Vec<PathBuf> {
    // Most models have none, and to understand one costs several times its size.
    if !names_files(path).unwrap_or(false) {
        return Vec::new();
    }
    let Ok(bytes) = std::fs::read(path) else {
        return Vec::new();
    };
    let model = ModelProto::decode(&bytes[..]);
    model.map(|model| files_of(&model, path)).unwrap_or_default()
}

/// Whether the key stands anywhere in a file.
fn names_files(path: &Path) -> std::io::Result<bool> {
    let finder = Finder::new(LOCATION);
    let mut file = File::open(path)?;
    let mut chunk = Vec::with_capacity(CHUNK + LOCATION.len());
    loop {
        let kept = chunk.len().min(LOCATION.len() - 1);
        chunk.drain(..chunk.len() - kept);
        let n_bytes = u64::try_from(CHUNK).unwrap_or(u64::MAX);
        if (&mut file).take(n_bytes).read_to_end(&mut chunk)? == 0 {
            return Ok(false);
        }
        if finder.find(&chunk).is_some() {
            return Ok(true);
        }
    }
}

fn files_of(model: &ModelProto, path: &Path) -> Vec<PathBuf> {
    let mut locations = BTreeSet::new();
    if let Some(graph) = &model.graph {
        add_locations(graph, &mut locations);
    }
    let files = Files {
        path,
        open: BTreeMap::new(),
    };
    locations
        .iter()
        .filter_map(|location| files.find(location).ok())
        .collect()
}

fn add_locations(graph: &GraphProto, locations: &mut BTreeSet<String>) {
    let attributes = || graph.node.iter().flat_map(|node| &node.attribute);
    let tensors = graph
        .initializer
        .iter()
        .chain(attributes().filter_map(|attribute| attribute.t.as_ref()));
    let external = tensors.filter(|tensor| tensor.data_location == Some(EXTERNAL));
    let entries = external.flat_map(|tensor| &tensor.external_data);
    let entries = entries.filter(|entry| entry.key.as_deref() == Some(LOCATION));
    locations.extend(entries.filter_map(|entry| entry.value.clone()));
    for graph in attributes().filter_map(|attribute| attribute.g.as_ref()) {
        add_locations(graph, locations);
    }
}

/// Files beside a model.
struct Files<'a> {
    path: &'a Path,
    open: BTreeMap<PathBuf, (File, u64)>,
}

impl Files<'_> {
    fn fill(&mut self, graph: &mut GraphProto) -> Result<(), ExternalError> {
        for tensor in &mut graph.initializer {
            self.fill_tensor(tensor)?;
        }
        let attributes = graph.node.iter_mut().flat_map(|node| &mut node.attribute);
        for attribute in attributes {
            if let Some(tensor) = &mut attribute.t {
                self.fill_tensor(tensor)?;
            }
            if let Some(graph) = &mut attribute.g {
                self.fill(graph)?;
            }
        }
        Ok(())
    }

    fn fill_tensor(&mut self, tensor: &mut TensorProto) -> Result<(), ExternalError> {
        if tensor.data_location != Some(EXTERNAL) {
            return Ok(());
        }
        let elements = self.elements(tensor).map_err(|fault| ExternalError {
            tensor: tensor.name.clone().unwrap_or_default(),
            fault,
        })?;
        tensor.raw_data = Some(elements);
        tensor.data_location = None;
        tensor.external_data = Vec::new();
        Ok(())
    }

    fn elements(&mut self, tensor: &TensorProto) -> Result<Vec<u8>, ExternalFault> {
        let entry = |key: &str| {
            let entries = tensor.external_data.iter();
            let mut entries = entries.filter(|entry| entry.key.as_deref() == Some(key));
            entries.find_map(|entry| entry.value.as_deref())
        };
        let number = |key: &'static str| {
            let parse = |value: &str| {
                value.trim().parse::<u64>().map_err(|_| ExternalFault::Number {
                    key,
                    value: value.to_owned(),
                })
            };
            entry(key).map(parse).transpose()
        };
        let location = entry(LOCATION).ok_or(ExternalFault::NoLocation)?;
        let path = self.find(location)?;
        let read = |error| ExternalFault::Read {
            path: path.clone(),
            error,
        };
        if !self.open.contains_key(&path) {
            let file = File::open(&path).map_err(read)?;
            let n_bytes = file.metadata().map_err(read)?.len();
            self.open.insert(path.clone(), (file, n_bytes));
        }
        let Some((file, found)) = self.open.get_mut(&path) else {
            return Err(ExternalFault::NoLocation);
        };
        let found = *found;
        let offset = number("offset")?.unwrap_or(0);
        let length = number("length")?.unwrap_or_else(|| found.saturating_sub(offset));
        if offset.checked_add(length).is_none_or(|end| found < end) {
            return Err(ExternalFault::CutOff {
                path,
                offset,
                length,
                found,
            });
        }
        file.seek(SeekFrom::Start(offset)).map_err(read)?;
        let mut elements = Vec::new();
        file.take(length).read_to_end(&mut elements).map_err(read)?;
        Ok(elements)
    }

    /// The file at `location`, which has to be in the folder of the model once links are resolved. A cache that links
    /// every file to a store of contents has the model and its data in one store.
    fn find(&self, location: &str) -> Result<PathBuf, ExternalFault> {
        let outside = || ExternalFault::Outside {
            location: location.to_owned(),
        };
        let relative = Path::new(location);
        let is_plain = |component| matches!(component, Component::Normal(_) | Component::CurDir);
        if !relative.components().all(is_plain) {
            return Err(outside());
        }
        let beside = folder_of(self.path).join(relative);
        let read = |error| ExternalFault::Read {
            path: beside.clone(),
            error,
        };
        let resolved = beside.canonicalize().map_err(read)?;
        if !resolved.is_file() {
            return Err(read(io::ErrorKind::InvalidInput.into()));
        }
        let folders = [
            folder_of(self.path).canonicalize().map_err(read)?,
            folder_of(&self.path.canonicalize().map_err(read)?).to_owned(),
        ];
        if folders.iter().any(|folder| resolved.starts_with(folder)) {
            Ok(beside)
        } else {
            Err(outside())
        }
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_found_wherever_it_stands() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("m.onnx");
        let is_found = |before: usize, key: &str| {
            let bytes = [vec![b'l'; before], key.as_bytes().to_vec(), vec![0; 9]].concat();
            std::fs::write(&path, bytes).expect("a file");
            names_files(&path).expect("is readable")
        };
        for before in [0, CHUNK - LOCATION.len(), CHUNK - 3, CHUNK, 3 * CHUNK - 1] {
            assert!(is_found(before, LOCATION), "behind {before} bytes");
        }
        assert!(!is_found(CHUNK - 3, "lo cation"));
        assert!(!is_found(0, ""));
        assert!(files(&folder.path().join("nothing.onnx")).is_empty());
    }
}
