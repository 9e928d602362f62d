//! The JSON objects of products and layers: names and order of keys are a contract.

use serde::{Deserialize, Serialize};
use sim_core::convolution::LayerKind;
use sim_core::counters::{ActiveSteps, Counters};
use sim_core::quantization::WeightStep;
use sim_core::record::{LayerRecord, PlaceRecord, ProductRecord};
use sim_core::shape::Gemm;
use sim_core::spec::{ArraySpec, Policy, Threads};
use sim_cost::table::Table;
use sim_cost::{Energy, MissingRow};

use crate::prediction::OutputsObject;
use crate::warning::{Warning, Warnings};
use crate::{costs, ratio};

/// Version of the objects.
pub const VERSION: u32 = 1;

/// One product, as `sysmt gemm --json` prints it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProductObject {
    /// Version of the object.
    pub version: u32,
    /// The shape of one product.
    pub shape: Gemm,
    /// The engine's name.
    pub engine: String,
    /// Cycles of the array clock.
    pub cycles: u64,
    /// Cycles on the baseline.
    pub baseline_cycles: u64,
    /// Baseline cycles per cycle.
    pub speedup: f64,
    /// M·N·K, zeros included.
    pub macs: u64,
    /// PE-steps by active threads.
    pub active_threads: ActiveSteps,
    /// All counters.
    #[serde(flatten)]
    pub counters: Counters,
    /// PE-steps with an active thread, of all PE-cycles.
    pub utilization: f64,
    /// Mean squared error in accumulator units; null where not measured.
    pub mse: Option<f64>,
    /// Signal to noise in dB; null where not measured or without error.
    pub snr_db: Option<f64>,
    /// Energy; null where the table lacks a row.
    pub energy_pj: Option<EnergyObject>,
    /// Area of the whole array; null where the table lacks a row.
    pub area_um2: Option<AreaObject>,
    /// Where outputs are predicted, what was predicted and what the array did; null elsewhere.
    #[serde(default)]
    pub prediction: Option<OutputsObject>,
}

/// An energy and where it comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnergyObject {
    /// In pJ: the sum over modes. Clock and leakage are not in it.
    pub value: f64,
    /// The technology table.
    pub table: String,
    /// How signal delays were simulated where the table was measured.
    pub delay_model: String,
    /// Of the value, in per cent.
    pub uncertainty_percent: f64,
    /// The addends.
    pub modes: Vec<ModeObject>,
    /// Energy of the clock over all cycles, in pJ; null where the table does not have it apart.
    pub clock: Option<f64>,
    /// Leakage over all cycles at the array's clock, in pJ; null where the table does not have it.
    pub leakage: Option<f64>,
}

/// The energy of one mode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModeObject {
    /// The mode's name in technology tables.
    pub mode: String,
    /// In pJ.
    pub value: f64,
}

impl ProductObject {
    /// MSE over the mean square of the exact output; `None` where it was not measured, or the exact output is zero and the
    /// error is not.
    pub fn relative_error(&self) -> Option<f64> {
        match self.snr_db {
            Some(snr) => Some(ratio::relative_error_of(snr)),
            None => self.mse.filter(|&mse| mse == 0.0),
        }
    }
}

impl EnergyObject {
    fn new(energy: Energy, table: &Table) -> Self {
        Self {
            value: energy.picojoules,
            table: table.name().to_owned(),
            delay_model: energy.delay_model,
            uncertainty_percent: energy.uncertainty,
            modes: energy
                .parts
                .iter()
                .map(|part| ModeObject {
                    mode: part.mode.to_string(),
                    value: part.picojoules,
                })
                .collect(),
            clock: energy.clock,
            leakage: energy.leakage,
        }
    }

    /// Logic, clock and leakage together, where both are known.
    pub fn with_clock_and_leakage(&self) -> Option<f64> {
        Some(self.value + self.clock? + self.leakage?)
    }

    /// The sum of two.
    pub(crate) fn plus(mut self, other: &Self) -> Self {
        let sum = self.value + other.value;
        let uncertain = self.value * self.uncertainty_percent + other.value * other.uncertainty_percent;
        self.uncertainty_percent = if 0.0 < sum { uncertain / sum } else { 0.0 };
        self.value = sum;
        // One table and one array as built: the modes are the same.
        for (mode, other) in self.modes.iter_mut().zip(&other.modes) {
            mode.value += other.value;
        }
        self.clock = self.clock.zip(other.clock).map(|(one, other)| one + other);
        self.leakage = self.leakage.zip(other.leakage).map(|(one, other)| one + other);
        self
    }
}

/// An area and where it comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AreaObject {
    /// In µm².
    pub value: f64,
    /// The technology table.
    pub table: String,
}

/// One layer: the sums over its groups and images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerObject {
    /// The layer's name in its network.
    pub name: String,
    /// Groups of the convolution.
    pub groups: usize,
    /// Maps that it read: the images of the workload, or as many times more as it reads maps of an image.
    pub images: usize,
    /// Threads the layer ran with; null for the sparq kinds.
    pub threads: Option<usize>,
    /// The sums.
    #[serde(flatten)]
    pub product: ProductObject,
    /// Policy the layer ran with; null for kinds without one.
    #[serde(default)]
    pub policy: Option<String>,
    /// What it is in its network; null in results of versions that did not say.
    #[serde(default)]
    pub kind: Option<LayerKind>,
    /// Kurtosis of its FP32 weights; null where there is none, and as the following where only codes are known.
    #[serde(default)]
    pub kurtosis: Option<f64>,
    /// Bits of the codes of its weights.
    #[serde(default)]
    pub weight_bits: Option<u8>,
    /// Bits of those of its activations.
    #[serde(default)]
    pub activation_bits: Option<u8>,
    /// How the step of its weights was found.
    #[serde(default)]
    pub weight_step: Option<WeightStep>,
}

/// The object of one product on the array of its record, and what to warn of beside it.
pub fn product(record: &ProductRecord, table: &Table) -> (ProductObject, Vec<Warning>) {
    let mut warnings = Warnings::default();
    let object = product_object(record, None, &record.array, table, &mut warnings);
    warnings.extend(costs::clock_warning(&record.array, table));
    (object, warnings.into_vec())
}

/// Pretty JSON with a final newline.
///
/// # Panics
/// Where `value` cannot be JSON, such as a map with keys that are not strings; no object of this crate is.
pub fn text(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("objects of this crate are JSON");
    text.push('\n');
    text
}

fn layer(record: &LayerRecord, array: &ArraySpec, table: &Table, warnings: &mut Warnings) -> LayerObject {
    LayerObject {
        name: record.name.clone(),
        groups: record.groups,
        images: record.images,
        threads: record.threads.map(Threads::count),
        product: product_object(&record.product, record.place.as_ref(), array, table, warnings),
        policy: policy(&record.product.array).map(|policy| policy.name().to_owned()),
        kind: Some(record.kind),
        kurtosis: record.quantized.and_then(|quantized| quantized.kurtosis),
        weight_bits: record.quantized.map(|quantized| quantized.weight_bits.get()),
        activation_bits: record.quantized.map(|quantized| quantized.activation_bits.get()),
        weight_step: record.quantized.map(|quantized| quantized.weight_step),
    }
}

/// The policy of an array, where its PEs have one.
pub(crate) fn policy(array: &ArraySpec) -> Option<Policy> {
    array.pe().nb_smt().map(|rules| rules.policy)
}

/// The objects of all layers on `array`, which is the array as built, in order; and what to warn of beside them.
pub fn layers(records: &[LayerRecord], array: &ArraySpec, table: &Table) -> (Vec<LayerObject>, Vec<Warning>) {
    let mut warnings = Warnings::default();
    let layer = |record| layer(record, array, table, &mut warnings);
    let objects = records.iter().map(layer).collect();
    warnings.extend(costs::clock_warning(array, table));
    (objects, warnings.into_vec())
}

fn product_object(
    record: &ProductRecord,
    place: Option<&PlaceRecord>,
    array: &ArraySpec,
    table: &Table,
    warnings: &mut Warnings,
) -> ProductObject {
    let energy = costs::or_warn(costs::energy(record, array, table), costs::no_energy, warnings);
    if let Some(energy) = &energy {
        warnings.extend(costs::prediction_warnings(record, energy, table));
    }
    let no_area = |missing: &MissingRow| Warning::NoArea(missing.to_string());
    let area = costs::or_warn(costs::area(array, table), no_area, warnings);
    ProductObject {
        version: VERSION,
        shape: record.shape,
        engine: record.engine.name().to_owned(),
        cycles: record.cycles.0,
        baseline_cycles: record.baseline_cycles.0,
        speedup: ratio::speedup(record.baseline_cycles, record.cycles),
        macs: record.macs(),
        active_threads: record.counters.pe_cycles.active,
        counters: record.counters,
        utilization: ratio::utilization(&record.counters.pe_cycles),
        mse: record.error.map(|error| ratio::mse(&error, record.n_computed())),
        snr_db: record.error.and_then(|error| ratio::snr_db(&error)),
        energy_pj: energy.map(|energy| EnergyObject::new(energy, table)),
        area_um2: area.map(|area| AreaObject {
            value: area.square_micrometres,
            table: table.name().to_owned(),
        }),
        prediction: record
            .predicted
            .map(|predicted| OutputsObject::of(record, &predicted, place)),
    }
}
