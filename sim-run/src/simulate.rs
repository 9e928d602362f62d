//! A trace on an array: its counts, and what is reported of them.

use std::collections::BTreeMap;

use reports::coverage::unsimulated_macs;
use reports::json;
use reports::pruning::Pruning;
use reports::result::Synthetic;
use reports::run::{InputFile, Report, RunRecord, Spec};
use reports::stored::point::PointObject;
use reports::warning::Warning;
use serde_json::{Value, json};
use sim_array::engine::Measures;
use sim_array::lockstep::Truth;
use sim_config::resolved;
use sim_config::run::RunSpec;
use sim_core::busy::PeMap;
use sim_core::record::{EngineKind, LayerRecord, QuantizedRecord, UnsimulatedLayer};
use sim_cost::table::Table;
use sim_layers::check::{CheckOptions, TraceDivergence, check};
use sim_layers::machines::LayerMachines;
use sim_layers::predicted::PredictedLayers;
use sim_layers::simulate::{SimulateOptions, simulate};

use crate::design::{Design, LayerNames};
use crate::error::RunError;
use crate::inputs::workload_file;
use crate::memory::{self, Held};
use crate::trace::PreparedTrace;
use crate::workers::Workers;

impl PreparedTrace {
    /// Run every product on the array of `spec`: one record for each layer.
    ///
    /// - Errors: layers of the run file that are not simulated, by line; too little memory; products that the array's
    ///   PEs cannot run; a stop.
    pub fn simulate(
        &self,
        spec: &RunSpec,
        kind: EngineKind,
        pe_map: PeMap,
        workers: &Workers<'_>,
    ) -> Result<Vec<LayerRecord>, RunError> {
        let held = match kind {
            EngineKind::Algebraic => Held::Streamed,
            EngineKind::Stepped | EngineKind::Clock => Held::Whole,
        };
        let predicted = self.predicted_layers(spec);
        let options = SimulateOptions {
            machines: &self.machines(spec, held, workers)?,
            reorder: spec.design.reorder,
            prediction: predicted.as_ref(),
            baseline: spec.design.baseline,
            engine: workers.engines.of(kind),
            measures: Measures {
                mse: spec.mse,
                pe_map,
            },
            jobs: workers.jobs,
            stop: workers.stop,
        };
        let mut records = simulate(&self.trace, &options, workers.progress)
            .map_err(|error| RunError::simulate(workload_file(&spec.workload), &error))?;
        if let Some(quantization) = &self.trace.origin.quantization {
            for record in &mut records {
                let kurtosis = self.kurtosis.get(&record.name).copied();
                record.quantized = Some(QuantizedRecord::of(quantization, kurtosis));
            }
        }
        Ok(records)
    }

    /// Run every product on engines that are held to `truth`; the first difference, if there is one.
    ///
    /// - Errors: as [`Self::simulate`].
    pub fn check(
        &self,
        spec: &RunSpec,
        truth: Truth,
        workers: &Workers<'_>,
    ) -> Result<Option<TraceDivergence>, RunError> {
        let predicted = self.predicted_layers(spec);
        let options = CheckOptions {
            machines: &self.machines(spec, Held::ByBothEngines, workers)?,
            engines: workers.engines,
            truth,
            reorder: spec.design.reorder,
            prediction: predicted.as_ref(),
            jobs: workers.jobs,
            stop: workers.stop,
        };
        check(&self.trace, &options, workers.progress)
            .map_err(|error| RunError::simulate(workload_file(&spec.workload), &error))
    }

    /// What the array does with predicted outputs, in the order of the channels that the network has.
    fn predicted_layers(&self, spec: &RunSpec) -> Option<PredictedLayers> {
        let array = spec.design.prediction.as_ref()?.array;
        let densities = self.prediction.as_ref();
        Some(PredictedLayers {
            array,
            densities: densities.map_or_else(BTreeMap::new, |found| found.layers.densities.clone()),
        })
    }

    /// The array of each layer, once it is known that there is memory for their products.
    fn machines(&self, spec: &RunSpec, held: Held, workers: &Workers<'_>) -> Result<LayerMachines, RunError> {
        let names = LayerNames {
            simulated: self
                .trace
                .layers
                .iter()
                .map(|layer| layer.name.as_str())
                .collect(),
            unsimulated: self.unsimulated(),
        };
        let machines = Design::of("", "", &spec.design).machines(&names)?;
        let workload = workload_file(&spec.workload);
        memory::check_products(workload, &self.products(&spec.design.array), workers.jobs, held)?;
        Ok(machines)
    }

    /// All that `sysmt run` reports of a run of `spec`, whose run file is `text`.
    pub fn report(
        &self,
        spec: &RunSpec,
        text: String,
        engine: EngineKind,
        layers: Vec<LayerRecord>,
        (inputs, table): (Vec<InputFile>, Table),
    ) -> Report {
        let origin = &self.trace.origin;
        Report::new(RunRecord {
            simulator_version: env!("CARGO_PKG_VERSION").to_owned(),
            array: spec.design.array,
            baseline: spec.design.baseline,
            reorder: spec.design.reorder,
            engine,
            workload: format!(
                "{}, {} images",
                origin.model.as_deref().unwrap_or("unknown network"),
                origin.images.len()
            ),
            inputs,
            seed: spec.seed,
            table,
            synthetic: synthetic(spec),
            warnings: self.warnings(),
            layers,
            unsimulated: self.unsimulated(),
        })
        .with_spec(Spec {
            text,
            resolved: self.resolved(spec),
        })
        .with_pruning(Pruning::new(&origin.pruned, &self.pruned))
    }

    /// What whoever predicted has to say.
    fn warnings(&self) -> Vec<Warning> {
        let prediction = self.prediction.iter();
        let texts = prediction.flat_map(|prediction| prediction.warnings.iter().cloned());
        texts.map(Warning::Other).collect()
    }

    pub(crate) fn unsimulated(&self) -> Vec<UnsimulatedLayer> {
        let layers = self.trace.unsimulated.iter().map(|layer| UnsimulatedLayer {
            name: layer.name.clone(),
            reason: layer.reason.clone(),
            macs: layer.macs,
        });
        layers.collect()
    }

    /// The run file with every default filled in. Preprocessing, quantization and selection are those that the trace was
    /// made with, now or when it was captured; null where a trace does not say.
    fn resolved(&self, spec: &RunSpec) -> Value {
        let mut tables = resolved::run(spec);
        let origin = &self.trace.origin;
        tables["preprocessing"] = json!(origin.preprocessing.as_ref().map(resolved::preprocessing));
        tables["quantization"] = json!(origin.quantization.as_ref().map(resolved::quantization));
        for (key, value) in resolved::selection(&origin.selection.unwrap_or_default()) {
            tables["layers"][key] = if origin.selection.is_some() {
                value
            } else {
                Value::Null
            };
        }
        tables
    }
}

/// The counts of a run of `spec` on a trace as a sweep stores them.
pub fn point(spec: &RunSpec, prepared: &PreparedTrace, layers: &[LayerRecord], table: &Table) -> PointObject {
    let (objects, warnings) = json::layers(layers, &spec.design.array, table);
    let synthetic = synthetic(spec).as_ref().map(Synthetic::warning);
    let mut point = PointObject::new(
        (&spec.design.array, &spec.design.baseline),
        objects,
        unsimulated_macs(&prepared.unsimulated()),
        (synthetic.into_iter())
            .chain(prepared.warnings())
            .chain(warnings)
            .collect(),
    );
    point.warnings.extend(point.coverage().warning());
    point
}

fn synthetic(spec: &RunSpec) -> Option<Synthetic> {
    Some(Synthetic {
        activation_zeros: spec.activation_zeros?,
        seed: spec.seed,
    })
}
