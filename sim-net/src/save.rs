//! A copy of an ONNX file with other statistics in its batch norms.

use std::io::Write;
use std::path::{Path, PathBuf};

use prost::Message;
use sim_onnx::proto::ModelProto;
use sim_onnx::rewrite::{NewInput, with_inputs};
use sim_onnx::wire::WireFault;

use crate::network::{ModelError, Network, Statistics};

/// Inputs of the node `BatchNormalization`.
const MEAN: usize = 3;
const VARIANCE: usize = 4;

/// A file that cannot be copied with other statistics.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {fault}", path = path.display())]
pub struct SaveError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong.
    #[source]
    pub fault: SaveFault,
}

/// What keeps statistics from being saved.
#[derive(Debug, thiserror::Error)]
pub enum SaveFault {
    /// Nodes of branches took the place of nodes of the file.
    #[error(
        "the model chooses between branches (If), and batch norms of a branch cannot be replaced; export it without"
    )]
    Branches,
    /// A file that cannot be read or written.
    #[error("cannot {action} the model: {error}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// Why not.
        error: std::io::Error,
    },
    /// A file that is not a network.
    #[error(transparent)]
    Model(#[from] Box<ModelError>),
    /// Bytes that cannot be taken apart.
    #[error("not an ONNX model: {0}")]
    Wire(#[from] WireFault),
    /// Statistics of another network.
    #[error(
        "it has {want} batch norms, but there are statistics for {found}: were they made for another network?"
    )]
    Count {
        /// Statistics given.
        found: usize,
        /// Batch norms of the file.
        want: usize,
    },
    /// Statistics of another batch norm.
    #[error("batch norm `{batch_norm}` has {want} channels, but its new {statistic} has {found}")]
    Channels {
        /// Its name.
        batch_norm: String,
        /// `mean` or `variance`.
        statistic: &'static str,
        /// Channels of what is given.
        found: usize,
        /// Channels that it has.
        want: usize,
    },
    /// A value that a batch norm cannot use.
    #[error(
        "batch norm `{batch_norm}`: the new {statistic} of channel {channel} is {value}; means are finite, variances \
         finite and not negative"
    )]
    Value {
        /// Its name.
        batch_norm: String,
        /// `mean` or `variance`.
        statistic: &'static str,
        /// The channel.
        channel: usize,
        /// Its value.
        value: f32,
    },
}

/// Write a copy of the model at `source` to `out` in which the batch norms have these `statistics`, one for each in the
/// order of [`Network::batch_norms`].
///
/// Only the stored means and variances change; every other field of the file stays as it is, byte for byte, also those
/// that nothing here knows. A tensor that something else reads too, and one that nodes compute, is left alone: the batch
/// norm then reads a new initializer. `out` appears whole or not at all, and may be `source`.
///
/// - Errors: a source that is not a network, statistics that do not fit its batch norms or are not finite, a folder that
///   cannot be written.
pub fn save_statistics(source: &Path, out: &Path, statistics: &[Statistics]) -> Result<(), SaveError> {
    let fail = |path: &Path, fault| SaveError {
        path: path.to_owned(),
        fault,
    };
    let io = |action| move |error| SaveFault::Io { action, error };
    let bytes = std::fs::read(source).map_err(|error| fail(source, io("read")(error)))?;
    let bytes = with_statistics(&bytes, statistics).map_err(|fault| fail(source, fault))?;
    write(out, &bytes).map_err(|error| fail(out, io("write")(error)))
}

/// As [`save_statistics`], from memory to memory.
///
/// - Errors: as [`save_statistics`].
pub fn with_statistics(bytes: &[u8], statistics: &[Statistics]) -> Result<Vec<u8>, SaveFault> {
    let network = Network::from_bytes(bytes).map_err(Box::new)?;
    if network.has_inlined_branches() {
        return Err(SaveFault::Branches);
    }
    check(&network, statistics)?;
    let file = ModelProto::decode(bytes).map_err(|error| Box::new(ModelError::from(error)))?;
    let inputs: Vec<NewInput<'_>> = network
        .batch_norms()
        .iter()
        .zip(statistics)
        .flat_map(|(batch_norm, statistics)| {
            [(MEAN, &statistics.mean), (VARIANCE, &statistics.variance)].map(|(index, elements)| NewInput {
                node: batch_norm.node,
                index,
                elements,
            })
        })
        .collect();
    Ok(with_inputs(bytes, &file, &inputs, "recalibrated")?)
}

fn check(network: &Network, statistics: &[Statistics]) -> Result<(), SaveFault> {
    let batch_norms = network.batch_norms();
    if batch_norms.len() != statistics.len() {
        return Err(SaveFault::Count {
            found: statistics.len(),
            want: batch_norms.len(),
        });
    }
    for (batch_norm, statistics) in batch_norms.iter().zip(statistics) {
        let is_mean = |x: f32| x.is_finite();
        let is_variance = |x: f32| x.is_finite() && 0.0 <= x;
        let lists: [(_, _, &dyn Fn(f32) -> bool); 2] = [
            ("mean", &statistics.mean, &is_mean),
            ("variance", &statistics.variance, &is_variance),
        ];
        for (statistic, list, is_good) in lists {
            if list.len() != batch_norm.scale.len() {
                return Err(SaveFault::Channels {
                    batch_norm: batch_norm.name.clone(),
                    statistic,
                    found: list.len(),
                    want: batch_norm.scale.len(),
                });
            }
            if let Some((channel, &value)) = list.iter().enumerate().find(|&(_, &value)| !is_good(value)) {
                return Err(SaveFault::Value {
                    batch_norm: batch_norm.name.clone(),
                    statistic,
                    channel,
                    value,
                });
            }
        }
    }
    Ok(())
}

/// The file appears whole or not at all.
fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    };
    // A file in a temporary folder gets the permissions that other files get.
    let work = tempfile::Builder::new().prefix(".sysmt-").tempdir_in(folder)?;
    let new = work.path().join("model.onnx");
    let mut file = std::fs::File::create(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&new, path)
}

#[cfg(test)]
mod tests;
