//! What all designs share: the opened network, its ranges, its quantized layers, and what methods learn from.

use std::cell::{OnceCell, RefCell};
use std::path::Path;
use std::sync::Arc;

use reports::stored::point::OperandCodes;
use sim_config::run::ModelWorkload;
use sim_config::run::prediction::PredictorBatchNorms;
use sim_core::evaluation::Evaluation;
use sim_core::prune::PruneSpec;
use sim_core::recalibration::Recalibration;
use sim_core::record::UnsimulatedLayer;
use sim_core::reorder::Reorder;
use sim_core::shape::widen;
use sim_core::tensor::Tensor;
use sim_images::preprocess::batch;
use sim_images::sets::ImageSet;
use sim_layers::evaluate::{Adapted, EvaluateOptions, Machine, Products, SimulatedLayers, evaluate};
use sim_net::network::{Macs, Network};
use sim_net::recalibrate::{End, recalibrate, recalibrate_up_to};
use sim_quant::calibrate::{Calibration, calibrate};
use sim_quant::coverage;
use sim_quant::feed::Feed;
use sim_quant::prediction::{Gating, PlaceMethods, RecalibratingGates};
use sim_quant::quantized::QuantizedNetwork;
use sim_quant::selection::Choice;
use sim_quant::wide_operands::{CountedImages, wide_operands};

use crate::design::{Design, LayerNames};
use crate::error::RunError;
use crate::open::{self, Opened, Purpose, check_alike};
use crate::prediction::{Chosen, Prediction, PredictionAsk};
use crate::training::{self, LearnedFrom, Training, TrainingSet};
use crate::workers::Workers;

/// What is evaluated beside machines, FP32 and exact 8-bit.
#[derive(Clone, Copy, Default)]
pub(crate) struct Beside<'a> {
    /// The network before it was pruned.
    pub(crate) unpruned: Option<&'a Network>,
    /// Exact 8-bit with predicted zeros.
    pub(crate) predicted: Option<&'a Adapted>,
}

/// Counts of wide operands by layer, `[groups, k]`.
type Counts = Vec<Option<Vec<u64>>>;

/// A network with everything that designs share.
#[derive(Debug)]
pub struct PreparedNetwork {
    workload: ModelWorkload,
    pruning: Option<PruneSpec>,
    opened: Opened,
    /// The network before it was pruned, where it was.
    unpruned: Option<Network>,
    calibration: Calibration,
    /// MACs of each layer for one image.
    macs: Macs,
    quantized: QuantizedNetwork,
    training: OnceCell<Training>,
    training_batch: OnceCell<Tensor>,
    /// By mode of reordering, in the order of [`Reorder::ALL`].
    counts: [OnceCell<Counts>; Reorder::ALL.len()],
    /// The last one that was asked for: throttling builds one design many times.
    prediction: RefCell<Option<(PredictionAsk, Arc<Prediction>)>>,
    pub(crate) operands: OnceCell<Vec<OperandCodes>>,
}

impl PreparedNetwork {
    /// Read, prune, calibrate and quantize a network.
    ///
    /// - Errors: files that cannot be read or are not what they should be, a network that cannot be run on its images,
    ///   and one without layers.
    pub fn new(
        workload: ModelWorkload,
        pruning: Option<PruneSpec>,
        workers: &Workers<'_>,
    ) -> Result<Self, RunError> {
        let opened = Opened::new(&workload, pruning, Purpose::Answers, workers)?;
        let unpruned = pruning.map(|_| {
            let mut network = open::load(&workload, opened.shapes.clone())?;
            open::want(
                &mut network,
                &workload,
                Purpose::Answers,
                opened.output.as_deref(),
            )?;
            Ok::<_, RunError>(network)
        });
        let unpruned = unpruned.transpose()?;
        let options = opened.capture_options(&workload, workers)?;
        let failed = |error| RunError::capture(&workload.model, error);
        let images = opened.calibration_images();
        let calibration = calibrate(&opened.network, images, &options, workers.progress).map_err(failed)?;
        let macs = coverage::macs(&opened.network, &opened.images, &options).map_err(failed)?;
        let quantized =
            QuantizedNetwork::new(&opened.network, &calibration, &workload.quantization).map_err(failed)?;
        Ok(Self {
            workload,
            pruning,
            opened,
            unpruned,
            calibration,
            macs,
            quantized,
            training: OnceCell::new(),
            training_batch: OnceCell::new(),
            counts: std::array::from_fn(|_| OnceCell::new()),
            prediction: RefCell::new(None),
            operands: OnceCell::new(),
        })
    }

    /// What was asked for.
    pub const fn workload(&self) -> &ModelWorkload {
        &self.workload
    }

    /// What pruned it.
    pub const fn pruning(&self) -> Option<PruneSpec> {
        self.pruning
    }

    /// The network, its images and preprocessing.
    pub const fn opened(&self) -> &Opened {
        &self.opened
    }

    /// The simulated layers in 8 bits.
    pub const fn quantized(&self) -> &QuantizedNetwork {
        &self.quantized
    }

    /// What stays FP32, with its reason: layers in the network's order, behind them products that are not layers. MACs are
    /// those of so many images.
    pub fn unsimulated(&self, n_images: usize) -> Vec<UnsimulatedLayer> {
        let of_images = |macs: Option<u64>| macs.map(|macs| macs * widen(n_images));
        let others = self.opened.network.others().iter().zip(&self.macs.others);
        let others = others.map(|(other, &macs)| UnsimulatedLayer {
            name: other.name.clone(),
            reason: other.reason.clone(),
            macs: of_images(macs),
        });
        self.layers()
            .zip(&self.macs.layers)
            .filter_map(|((name, choice), macs)| match choice {
                Choice::Simulated(_) => None,
                Choice::Unsimulated(reason) => Some(UnsimulatedLayer {
                    name: name.to_owned(),
                    reason: reason.clone(),
                    macs: of_images(*macs),
                }),
            })
            .chain(others)
            .collect()
    }

    /// Names of the layers that are simulated, in the network's order.
    pub fn simulated(&self) -> Vec<&str> {
        self.layers()
            .filter(|(_, choice)| matches!(choice, Choice::Simulated(_)))
            .map(|(name, _)| name)
            .collect()
    }

    fn layers(&self) -> impl Iterator<Item = (&str, &Choice)> {
        let layers = self.opened.network.layers().iter();
        layers
            .map(|layer| layer.name.as_str())
            .zip(&self.calibration.choices)
    }

    /// The designs in the order given, each with its orders of K and its statistics.
    ///
    /// - Errors: layers that are not there or cannot run as asked, reordering of an array without threads, and batch
    ///   norms that cannot be recalibrated.
    pub fn build(&self, designs: &[Design], workers: &Workers<'_>) -> Result<Vec<Machine>, RunError> {
        designs
            .iter()
            .map(|design| self.build_one(design, workers))
            .collect()
    }

    fn build_one(&self, design: &Design, workers: &Workers<'_>) -> Result<Machine, RunError> {
        let n_layers = self.opened.network.layers().len();
        let machines = design.machines(&self.layer_names())?;
        let machine = Machine::new(&design.name, machines, *design.baseline(), n_layers)
            .with_mse(design.mse)
            .reordered(self.counts(design.reorder(), workers)?.clone());
        let prediction = design.prediction.as_ref();
        let prediction = prediction.map(|ask| self.prediction(ask, workers)).transpose()?;
        let adapted = self.adapted(Products::Array(&machine), design, prediction.as_deref(), workers)?;
        let machine = machine.with_adapted(adapted);
        Ok(match prediction {
            Some(prediction) => machine.with_predicted(&self.opened.network, prediction.layers.clone()),
            None => machine,
        })
    }

    /// A method at each place, as asked for.
    ///
    /// - Errors: as [`PredictionAsk`] and the network do not fit.
    pub(crate) fn prediction(
        &self,
        ask: &PredictionAsk,
        workers: &Workers<'_>,
    ) -> Result<Arc<Prediction>, RunError> {
        if let Some((known, prediction)) = &*self.prediction.borrow()
            && known == ask
        {
            return Ok(Arc::clone(prediction));
        }
        let chosen = Chosen {
            opened: &self.opened,
            choices: &self.calibration.choices,
            macs: &self.macs.layers,
        };
        let options = self.opened.capture_options(&self.workload, workers)?;
        let prediction = Arc::new(ask.resolve(chosen, &options, workers)?);
        *self.prediction.borrow_mut() = Some((ask.clone(), Arc::clone(&prediction)));
        Ok(prediction)
    }

    pub(crate) fn layer_names(&self) -> LayerNames<'_> {
        LayerNames {
            simulated: self.simulated(),
            unsimulated: self.unsimulated(self.opened.images.len()),
        }
    }

    fn counts(&self, mode: Reorder, workers: &Workers<'_>) -> Result<&Counts, RunError> {
        let place = Reorder::ALL
            .iter()
            .position(|&other| other == mode)
            .unwrap_or_default();
        let cell = &self.counts[place];
        if let Some(counts) = cell.get() {
            return Ok(counts);
        }
        let options = self.opened.capture_options(&self.workload, workers)?;
        let counts = wide_operands(
            &self.opened.network,
            &self.quantized,
            &self.calibration,
            mode,
            CountedImages {
                calibration: self.opened.calibration_images(),
                workload: &self.opened.images,
            },
            &options,
            workers.progress,
        )
        .map_err(|error| RunError::capture(&self.workload.model, error))?;
        Ok(cell.get_or_init(|| counts))
    }

    /// What is other in the network than in its file where `products` are those of its layers and `design` is what they
    /// run on: predicted zeros, and new statistics of batch norms with them.
    ///
    /// - Errors: batch norms that cannot be recalibrated.
    pub(crate) fn adapted(
        &self,
        products: Products<'_>,
        design: &Design,
        prediction: Option<&Prediction>,
        workers: &Workers<'_>,
    ) -> Result<Adapted, RunError> {
        let (methods, batch_norms) = prediction.map_or(
            (PlaceMethods::default(), PredictorBatchNorms::Kept),
            |prediction| (prediction.methods_on(design.array()), prediction.batch_norms),
        );
        let Some(mode) = design.recalibration.map(Recalibration::from) else {
            return Ok(Adapted {
                methods,
                statistics: None,
            });
        };
        let batch = self.training_batch(workers)?;
        let network = &self.opened.network;
        let mut layers = SimulatedLayers::of_batches(
            products,
            &self.quantized,
            workers.engines.algebraic(),
            workers.jobs,
            workers.stop,
        );
        let (statistics, methods) = match batch_norms {
            PredictorBatchNorms::Kept => {
                let mut gates = Gating::new(&methods, &mut layers);
                (recalibrate(network, batch, mode, &mut gates), methods)
            }
            PredictorBatchNorms::Recalibrated => {
                let mut gates = RecalibratingGates::new(&methods, mode, &mut layers);
                // A place may stand behind the last batch norm.
                let statistics = recalibrate_up_to(End::Outputs, network, batch, mode, &mut gates);
                (statistics, gates.into_methods())
            }
        };
        let statistics = statistics.map_err(|error| RunError::at(&self.workload.model, &error))?;
        Ok(Adapted {
            methods,
            statistics: Some(statistics),
        })
    }

    /// All training images as one input.
    fn training_batch(&self, workers: &Workers<'_>) -> Result<&Tensor, RunError> {
        if let Some(batch) = self.training_batch.get() {
            return Ok(batch);
        }
        let set = self.training_images(workers)?;
        let images = set.load(0..set.len())?;
        let input = batch(
            &self.opened.preprocessing,
            &images,
            self.opened.image_input().rank(),
        )
        .map_err(|error| RunError::at(&self.workload.model, &error))?;
        Ok(self.training_batch.get_or_init(|| input))
    }

    /// What batch norms and throttling learn from: the calibration images where they are given, else the first
    /// [`training::DEFAULT_COUNT`] of the training set next to the images, else the images themselves.
    ///
    /// - Errors: a training set that cannot be opened.
    pub fn training_images(&self, workers: &Workers<'_>) -> Result<&ImageSet, RunError> {
        if self.training.get().is_none() {
            let found = match (&self.opened.calibration, training::beside(&self.workload.images)) {
                (None, Some(path)) => {
                    let input = &self.opened.image_input().name;
                    Training::Beside(TrainingSet::open(path, input, &self.workload, workers)?)
                }
                (Some(_), _) | (None, None) => Training::Calibration,
            };
            if let Training::Beside(set) = &found {
                check_alike(&set.path, &set.images, &self.workload.images, &self.opened.images)?;
            }
            self.training.get_or_init(|| found);
        }
        Ok(match self.training_set() {
            Some(set) => &set.images,
            None => self.opened.calibration_images(),
        })
    }

    /// The training set beside the images, where methods have learned from it.
    pub fn training_set(&self) -> Option<&TrainingSet> {
        match self.training.get()? {
            Training::Beside(set) => Some(set),
            Training::Calibration => None,
        }
    }

    /// Where [`Self::training_images`] come from, once they were asked for.
    pub fn training_name(&self) -> &Path {
        match self.training_set() {
            Some(set) => &set.path,
            None => self
                .workload
                .calibration
                .as_deref()
                .unwrap_or(&self.workload.images),
        }
    }

    /// Which images methods have learned from; `None`: from none.
    pub(crate) fn learners_images(&self) -> Option<LearnedFrom> {
        self.training.get().map(|training| match training {
            Training::Beside(_) => LearnedFrom::TrainingSet,
            Training::Calibration if self.workload.calibration.is_some() => LearnedFrom::Calibration,
            Training::Calibration => LearnedFrom::Images,
        })
    }

    /// Answers on the images of the workload, and what the machines count.
    ///
    /// - Errors: as [`evaluate`].
    pub fn evaluate(
        &self,
        machines: &[Machine],
        predicted: Option<&Adapted>,
        workers: &Workers<'_>,
    ) -> Result<Evaluation, RunError> {
        let beside = Beside {
            unpruned: self.unpruned.as_ref(),
            predicted,
        };
        self.evaluate_with(&self.opened.images, beside, machines, workers)
    }

    /// Evaluate machines on other images than those of the workload, too.
    pub(crate) fn evaluate_with(
        &self,
        images: &ImageSet,
        Beside { unpruned, predicted }: Beside<'_>,
        machines: &[Machine],
        workers: &Workers<'_>,
    ) -> Result<Evaluation, RunError> {
        let Some(first) = machines.first() else {
            return Err(RunError::user("", &"no design is given; name at least one array"));
        };
        let feed = Feed::new(&self.opened.network, images, &self.opened.preprocessing)
            .map_err(|error| RunError::capture(&self.workload.model, error))?;
        let options = EvaluateOptions {
            network: &self.opened.network,
            unpruned,
            quantized: &self.quantized,
            images,
            feed: &feed,
            exact: first.array().default_baseline(),
            predicted,
            engine: workers.engines.algebraic(),
            machines,
            jobs: workers.jobs,
            stop: workers.stop,
        };
        evaluate(&options, workers.progress).map_err(|error| RunError::evaluate(&self.workload.model, error))
    }
}
