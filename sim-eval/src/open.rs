//! A network with its images, from the files that a workload names.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use sim_config::preprocessing;
use sim_config::run::ModelWorkload;
use sim_core::preprocessing::Preprocessing;
use sim_core::prune::{LayerSparsity, PruneSpec};
use sim_net::capture::{CaptureOptions, ModelFile};
use sim_net::images::{ImageSet, OpenOptions};
use sim_net::network::{ModelError, Network};
use sim_net::prune::{prune_network, simulated};
use sim_net::selection::choose;

use crate::error::EvalError;

/// A network, pruned as asked for, with its images.
#[derive(Debug)]
pub struct Opened {
    /// The network, pruned.
    pub network: Network,
    /// Images that go through it.
    pub images: ImageSet,
    /// Images that set ranges; `None`: the images themselves.
    pub calibration: Option<ImageSet>,
    /// How pixels become input.
    pub preprocessing: Preprocessing,
    /// The layers that were pruned.
    pub pruned: Vec<LayerSparsity>,
}

impl Opened {
    /// Read a network, prune it, and open its images.
    ///
    /// - Errors: files that cannot be read or are not what they should be.
    pub fn new(workload: &ModelWorkload, pruning: Option<PruneSpec>) -> Result<Self, EvalError> {
        let declared = preprocessing::load_beside(&workload.model)?;
        let preprocessing = workload.preprocessing.apply(declared)?;
        let mut network = load(&workload.model)?;
        let pruned = pruning.map_or_else(Vec::new, |spec| {
            let choices = choose(network.layers(), &workload.selection, &workload.quantization);
            prune_network(&mut network, &simulated(&choices), spec)
        });
        let open = |path: &Path, limit| {
            let options = OpenOptions {
                layout: preprocessing.layout,
                limit,
            };
            ImageSet::open(path, options)
        };
        let images = open(&workload.images, workload.n_images)?;
        let calibration = workload
            .calibration
            .as_ref()
            .map(|path| open(path, workload.n_calibration))
            .transpose()?;
        Ok(Self {
            network,
            images,
            calibration,
            preprocessing,
            pruned,
        })
    }

    /// How the workload is captured.
    ///
    /// - Errors: the model cannot be read.
    pub fn capture_options<'a>(
        &self,
        workload: &ModelWorkload,
        jobs: usize,
        stop: &'a AtomicBool,
    ) -> Result<CaptureOptions<'a>, EvalError> {
        Ok(CaptureOptions {
            model: ModelFile::of(&workload.model)?,
            preprocessing: self.preprocessing.clone(),
            quantization: workload.quantization,
            selection: workload.selection,
            jobs,
            stop,
        })
    }

    /// Images that set ranges.
    pub fn calibration_images(&self) -> &ImageSet {
        self.calibration.as_ref().unwrap_or(&self.images)
    }
}

fn load(model: &Path) -> Result<Network, EvalError> {
    Network::load(model).map_err(|error| {
        if matches!(error, ModelError::Read { .. }) {
            EvalError::ModelFile(error)
        } else {
            // What is wrong inside a model does not say in which file.
            EvalError::Model {
                model: model.to_owned(),
                error,
            }
        }
    })
}
