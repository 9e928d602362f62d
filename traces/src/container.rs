//! The safetensors container: a header that is checked against the file before anything is allocated.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use safetensors::tensor::{Metadata, TensorInfo};

use crate::error::Fault;

/// Bytes of the header length in front of the header.
const PREFIX: u64 = 8;
/// Longest header; the Python package refuses more.
const MAX_HEADER: u64 = 100_000_000;

/// An open file whose header fits its length.
pub(crate) struct Container {
    file: File,
    header: Metadata,
    data_start: u64,
}

impl Container {
    pub(crate) fn open(path: &Path) -> Result<Self, Fault> {
        let mut file = File::open(path).map_err(|error| Fault::Io {
            action: "open the trace",
            error,
        })?;
        let length = file.metadata().map_err(unreadable)?.len();
        let mut prefix = [0; 8];
        if length < PREFIX {
            return Err(broken(format!("it has {length} bytes")));
        }
        file.read_exact(&mut prefix).map_err(unreadable)?;
        let header_length = u64::from_le_bytes(prefix);
        if length - PREFIX < header_length || MAX_HEADER < header_length {
            return Err(broken(format!(
                "its header claims {header_length} bytes, the file has {length}"
            )));
        }
        let header = read_bytes(&mut file, header_length)?;
        // Parsing checks that the tensors follow one another from offset 0 and are as long as shape and type say.
        let header: Metadata =
            serde_json::from_slice(&header).map_err(|error| broken(format!("its header: {error}")))?;
        let data_start = PREFIX + header_length;
        let n_found = length - data_start;
        if usize::try_from(n_found).ok() != Some(header.data_len()) {
            return Err(broken(format!(
                "its tensors need {} bytes, the file has {n_found}",
                header.data_len()
            )));
        }
        Ok(Self {
            file,
            header,
            data_start,
        })
    }

    /// The text under a metadata key.
    pub(crate) fn metadata(&self, key: &str) -> Option<&str> {
        self.header.metadata().as_ref()?.get(key).map(String::as_str)
    }

    /// Names of all tensors, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.header.tensors().into_keys().collect();
        names.sort();
        names
    }

    /// Type and shape of a tensor.
    pub(crate) fn info(&self, name: &str) -> Option<&TensorInfo> {
        self.header.info(name)
    }

    /// The bytes of a tensor that [`Self::info`] knows; none for another.
    pub(crate) fn bytes(&mut self, name: &str) -> Result<Vec<u8>, Fault> {
        let Some(info) = self.header.info(name) else {
            return Ok(Vec::new());
        };
        let (start, end) = info.data_offsets;
        let start = self.data_start + sim_core::shape::widen(start);
        let length = sim_core::shape::widen(end) + self.data_start - start;
        self.file.seek(SeekFrom::Start(start)).map_err(unreadable)?;
        read_bytes(&mut self.file, length)
    }
}

/// Exactly `length` bytes; allocates no more than the file gives.
fn read_bytes(file: &mut File, length: u64) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes).map_err(unreadable)?;
    if sim_core::shape::widen(bytes.len()) < length {
        return Err(broken("it became shorter while it was read".to_owned()));
    }
    Ok(bytes)
}

fn unreadable(error: std::io::Error) -> Fault {
    Fault::Io {
        action: "read the trace",
        error,
    }
}

const fn broken(why: String) -> Fault {
    Fault::Container { why }
}
