//! Designs on a network: answers and counts of several, in one pass over its images.

use std::sync::Arc;

use reports::accuracy::images::{LearnedObject, Learner, SetRole, SkippedObject, SkippedSet};
use reports::accuracy::object::EvaluationRecord;
use reports::pruning::Pruning;
use reports::run::InputFile;
use reports::stored::point::FeatureError;
use reports::warning::Warning;
use sim_config::run::Unreadable;
use sim_config::run::prediction::PredictorBatchNorms;
use sim_core::evaluation::Evaluation;
use sim_core::spec::Batch;
use sim_core::throttle::{MaxDrop, Throttling};
use sim_cost::table::Table;
use sim_layers::evaluate::{Adapted, Machine, Products};
use sim_net::network::Statistics;

use crate::design::Design;
use crate::error::RunError;
use crate::inputs;
use crate::network::PreparedNetwork;
use crate::prediction::{Prediction, filling};
use crate::throttle::{at_step, throttle};
use crate::training::LearnedFrom;
use crate::workers::Workers;

/// What designs made of a network's images.
#[derive(Debug)]
pub struct Evaluated {
    /// The designs as they were run, in the order given.
    pub designs: Vec<Design>,
    /// How the threads of the first design's layers were found; `None`: nobody looked for them.
    pub throttling: Option<Throttling>,
    /// Answers and counts.
    pub evaluation: Evaluation,
    machines: Vec<Machine>,
    prediction: Option<Arc<Prediction>>,
    learned_from: Option<LearnedObject>,
}

impl PreparedNetwork {
    /// Run designs on the images together. The first is throttled before, where `max_drop` says how far it may fall.
    ///
    /// Work that was stopped after the first images gives what they gave: the evaluation is partial.
    ///
    /// - Errors: layers that are not there or cannot run as asked, by line where a file lists them; batch norms that
    ///   cannot be recalibrated; what cannot be throttled; answers that are none; a stop before the first images.
    pub fn run(
        &self,
        designs: &[Design],
        max_drop: Option<MaxDrop>,
        workers: &Workers<'_>,
    ) -> Result<Evaluated, RunError> {
        let names = self.layer_names();
        for design in designs {
            design.check_names(&names)?;
        }
        let mut designs = designs.to_vec();
        let throttling = match (max_drop, designs.first_mut()) {
            (Some(max_drop), Some(first)) => {
                let throttling = throttle(self, first, Some(max_drop), workers)?;
                if let Some(last) = throttling.steps.last() {
                    *first = at_step(first, last);
                }
                Some(throttling)
            }
            (None, _) | (_, None) => None,
        };
        let prediction = self.same_prediction(&designs, workers)?;
        let machines = self.build(&designs, workers)?;
        let predicted = designs
            .first()
            .map(|first| self.predicted_exactly(first, workers));
        let predicted = predicted.transpose()?.flatten();
        let evaluation = self.evaluate(&machines, predicted.as_ref(), workers)?;
        let learned_from = self.learned_from(&designs, throttling.as_ref(), workers)?;
        Ok(Evaluated {
            designs,
            throttling,
            evaluation,
            machines,
            prediction,
            learned_from,
        })
    }

    /// What is other in the network where exact 8-bit predicts as a design does; `None`: nothing is predicted.
    ///
    /// - Errors: as [`Self::run`].
    pub(crate) fn predicted_exactly(
        &self,
        design: &Design,
        workers: &Workers<'_>,
    ) -> Result<Option<Adapted>, RunError> {
        let Some(ask) = &design.prediction else {
            return Ok(None);
        };
        let prediction = self.prediction(ask, workers)?;
        let exact = design.array().default_baseline();
        self.adapted(Products::Exact(&exact), design, Some(&prediction), workers)
            .map(Some)
    }

    /// What is predicted, by all designs alike.
    fn same_prediction(
        &self,
        designs: &[Design],
        workers: &Workers<'_>,
    ) -> Result<Option<Arc<Prediction>>, RunError> {
        let Some(first) = designs.first() else {
            return Ok(None);
        };
        if let Some(other) = designs.iter().find(|other| other.prediction != first.prediction) {
            return Err(other.error(&format!(
                "predicts zeros in another way than {}; an evaluation predicts in one way",
                first.origin
            )));
        }
        let Some(ask) = &first.prediction else {
            return Ok(None);
        };
        for design in designs {
            if design.recalibration != first.recalibration {
                return Err(design.error(&format!(
                    "recalibrates batch norms in another way than {}; an evaluation predicts in one way",
                    first.origin
                )));
            }
            match design.array().batch() {
                Batch::Separate => {}
                Batch::Folded => {
                    return Err(design.error(
                        &"an evaluation runs images one by one, and with `batch = \"folded\"` the tiles of predicted outputs \
                          hold pixels of several images; take `batch = \"separate\"`, or count it with `sysmt run`",
                    ));
                }
            }
        }
        let filled = |design: &Design| filling(design.array(), &ask.spec.array);
        if let Some(other) = designs.iter().find(|other| filled(other) != filled(first)) {
            return Err(other.error(&format!(
                "has {} rows and {} has {}, and `fill-up = true` computes other outputs with other rows; evaluate them one by \
                 one, or take `fill-up` out",
                other.array().rows(),
                first.origin,
                first.array().rows()
            )));
        }
        self.prediction(ask, workers).map(Some)
    }

    /// Every file that its results depend on, but for those of designs.
    ///
    /// - Errors: what cannot be read.
    pub fn inputs(&self) -> Result<Vec<InputFile>, RunError> {
        let mut files = inputs::of_model(self.workload());
        files.extend(self.training_set().map(|set| ("training", set.path.clone())));
        files
            .iter()
            .map(|(role, path)| inputs::input(role, path))
            .collect()
    }

    /// What was left out; `None` where that was not asked for.
    pub fn skipped(&self) -> Option<SkippedObject> {
        let opened = self.opened();
        match self.workload().unreadable {
            Unreadable::Refused => None,
            Unreadable::Skipped => Some(SkippedObject {
                evaluated: SkippedSet::of(&opened.skipped),
                calibration: SkippedSet::of(&opened.skipped_calibration),
                training: SkippedSet::of(self.training_set().map_or(&[], |set| &set.skipped)),
            }),
        }
    }

    /// What methods learned from, if any did.
    fn learned_from(
        &self,
        designs: &[Design],
        throttling: Option<&Throttling>,
        workers: &Workers<'_>,
    ) -> Result<Option<LearnedObject>, RunError> {
        let Some(from) = self.learners_images() else {
            return Ok(None);
        };
        let recalibrates = |design: &&Design| design.recalibration.is_some();
        let learners = [
            designs.iter().find(recalibrates).map(|_| Learner::BatchNorms),
            throttling.map(|_| Learner::Throttling),
        ];
        Ok(Some(LearnedObject {
            learners: learners.into_iter().flatten().collect(),
            role: match from {
                LearnedFrom::Calibration => SetRole::Calibration,
                LearnedFrom::TrainingSet => SetRole::Training,
                LearnedFrom::Images => SetRole::Images,
            },
            file: self.training_name().display().to_string(),
            images: self.training_images(workers)?.len(),
        }))
    }
}

impl Evaluated {
    /// The same, where it is that of all images.
    ///
    /// - Errors: work that was stopped before the last.
    pub fn whole(self) -> Result<Self, RunError> {
        if self.evaluation.is_partial() {
            return Err(RunError::stopped());
        }
        Ok(self)
    }

    /// How far the input of the network's last layer is from that in FP32, for each design.
    ///
    /// - Errors: a network whose last layer reads zeros alone.
    pub fn feature_errors(
        &self,
        network: &PreparedNetwork,
        workers: &Workers<'_>,
    ) -> Result<Vec<FeatureError>, RunError> {
        network.feature_errors(&self.machines, workers)
    }

    /// The record from which results are made. `inputs` are the files that went in, `spec` is what was asked for.
    pub fn record(
        &self,
        network: &PreparedNetwork,
        table: Table,
        inputs: Vec<InputFile>,
        spec: serde_json::Value,
    ) -> EvaluationRecord {
        EvaluationRecord {
            simulator_version: env!("CARGO_PKG_VERSION").to_owned(),
            evaluation: self.evaluation.clone(),
            throttling: self.throttling.clone(),
            pruning: Pruning::new(network.pruning().as_slice(), &network.opened().pruned),
            skipped: network.skipped(),
            learned_from: self.learned_from.clone(),
            unsimulated: network.unsimulated(self.evaluation.images.len()),
            inputs,
            spec,
            table,
            prediction: self.prediction.as_ref().map(|prediction| prediction.echo.clone()),
            warnings: self.warnings(),
        }
    }

    /// New statistics of batch norms of the first design, where it recalibrates them.
    pub fn statistics(&self) -> Option<&[Statistics]> {
        self.machines.first()?.adapted().statistics.as_deref()
    }

    /// What a reader of predicted zeros has to know.
    fn warnings(&self) -> Vec<Warning> {
        let Some(prediction) = &self.prediction else {
            return Vec::new();
        };
        let mut warnings = prediction.warnings.clone();
        let is_idle = prediction.batch_norms == PredictorBatchNorms::Recalibrated
            && self.designs.iter().all(|design| design.recalibration.is_none());
        if is_idle {
            warnings.push(
                "recalibrate-predictors: no batch norm is recalibrated, so those of predictors are not either; add \
                 --recalibrate-bn"
                    .to_owned(),
            );
        }
        warnings.into_iter().map(Warning::Other).collect()
    }
}
