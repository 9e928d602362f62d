//! `[prediction]`: which outputs behind ReLUs are predicted to be zero, and what the array does with it.

use std::path::{Path, PathBuf};

use sim_core::named;
use sim_core::prediction::{ArrayPrediction, Diagonal, FillUp, OutputRules, PredictorLanes, Shortcuts};
use sim_predict::cross_neuron::{CrossNeuron, WindowSize, ZeroUpTo};
use sim_predict::predictor::Threshold;

use crate::keys::{self, Key, Section};
use crate::reader::KeyReader;

/// A checked `[prediction]`.
#[derive(Clone, Debug, PartialEq)]
pub struct PredictionSpec {
    /// What predicts.
    pub method: MethodSource,
    /// What the array does with it.
    pub array: ArrayPrediction,
    /// What the multiply-adds of predictors cost; `None`: what the technology table says.
    pub price: Option<PredictorPrice>,
}

/// Where the method comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum MethodSource {
    /// The file says it.
    Given(MethodSpec),
    /// The trace says it; what the file says must be the same.
    Trace(MethodClaim),
}

named! {
    /// A way to predict.
    pub enum MethodKind {
        /// Trained predictors look at some pixels.
        Zap = "zap",
        /// The diagonals of windows decide.
        CrossNeuron = "cross-neuron",
    }
}

/// What predicts, with what it needs.
#[derive(Clone, Debug, PartialEq)]
pub enum MethodSpec {
    /// Trained predictors.
    Zap(ZapSpec),
    /// Windows; the same at all places.
    CrossNeuron(CrossNeuron),
}

/// Trained predictors and their thresholds.
#[derive(Clone, Debug, PartialEq)]
pub struct ZapSpec {
    /// The predictor file.
    pub predictors: PathBuf,
    /// Where thresholds come from.
    pub thresholds: ThresholdSource,
    /// What recalibration does with the predictors' batch norms.
    pub batch_norms: PredictorBatchNorms,
}

/// Where the thresholds of places come from whose `[[layer]]` does not say them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ThresholdSource {
    /// One for all.
    Given(Threshold),
    /// The cheapest that lose no more than this.
    Within(MaxError, ThresholdSearch),
}

/// ε, the largest sum of all places' errors: at least 0, and finite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MaxError(f64);

/// A number that is not a limit of errors.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("{found} is not a limit of errors; it is a finite number from 0 on")]
pub struct MaxErrorError {
    /// The number.
    pub found: f64,
}

impl MaxError {
    /// `value` as a limit.
    ///
    /// - Errors: negative numbers, and those that are not finite.
    pub fn new(value: f64) -> Result<Self, MaxErrorError> {
        if value.is_finite() && 0.0 <= value {
            Ok(Self(value))
        } else {
            Err(MaxErrorError { found: value })
        }
    }

    /// Its value.
    pub const fn get(self) -> f64 {
        self.0
    }
}

named! {
    /// How thresholds are found that keep a limit.
    #[derive(Default)]
    pub enum ThresholdSearch {
        /// Among those of the curves, exactly.
        #[default]
        Grid = "grid",
        /// Among −1.00 to 1.00, by sigmoids that are fitted to the curves.
        Sigmoid = "sigmoid",
    }
}

/// What `--recalibrate-bn` does with the batch norms of predictors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PredictorBatchNorms {
    /// They stay as trained.
    #[default]
    Kept,
    /// They take the statistics of the calibration images too.
    Recalibrated,
}

/// What a run file says of a prediction that a trace holds; `None`: nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MethodClaim {
    /// The method.
    pub method: Option<MethodKind>,
    /// The threshold of all places.
    pub threshold: Option<Threshold>,
    /// Rows and columns of windows.
    pub window: Option<WindowSize>,
    /// What windows compute first.
    pub diagonal: Option<Diagonal>,
    /// What counts as zero.
    pub zero_up_to: Option<ZeroUpTo>,
}

/// What a place does apart from the others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PlaceRule {
    /// All its outputs are computed.
    LeftOut,
    /// It has this threshold.
    Pinned(Threshold),
}

named! {
    /// What a prediction costs where the technology table has no price.
    pub enum PredictorPrice {
        /// Nothing; a warning says so.
        None = "none",
    }
}

impl PredictionSpec {
    /// A method, with the defaults of all other keys.
    pub fn of(method: MethodSpec) -> Self {
        Self {
            method: MethodSource::Given(method),
            array: ArrayPrediction::default(),
            price: None,
        }
    }
}

const ZAP_KEYS: [&Key; 6] = [
    &keys::PREDICTORS,
    &keys::MAX_ERROR,
    &keys::THRESHOLD,
    &keys::THRESHOLDS,
    &keys::PREDICTOR_LANES,
    &keys::RECALIBRATE_PREDICTORS,
];
const CROSS_NEURON_KEYS: [&Key; 3] = [&keys::PREDICTION_WINDOW, &keys::DIAGONAL, &keys::ZERO_UP_TO];
/// What a trace has done already.
const NOT_ON_TRACES: [&Key; 4] = [
    &keys::PREDICTORS,
    &keys::MAX_ERROR,
    &keys::THRESHOLDS,
    &keys::RECALIBRATE_PREDICTORS,
];
/// Keys of which one excludes the other.
const LIMITS: [&Key; 2] = [&keys::MAX_ERROR, &keys::THRESHOLD];

impl MethodKind {
    /// The keys that it has and the other has not.
    pub(crate) const fn keys(self) -> &'static [&'static Key] {
        match self {
            Self::Zap => &ZAP_KEYS,
            Self::CrossNeuron => &CROSS_NEURON_KEYS,
        }
    }

    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Zap => Self::CrossNeuron,
            Self::CrossNeuron => Self::Zap,
        }
    }
}

/// The keys that cannot stand beside `key` once it is `value`: an axis of a sweep takes them out of its base.
pub(crate) fn excluded_by(key: &Key, value: Option<&str>) -> Vec<&'static Key> {
    if std::ptr::eq(key, &raw const keys::METHOD) {
        let method = value.and_then(<MethodKind as sim_core::named::Named>::from_name);
        return method.map_or_else(Vec::new, |method| method.other().keys().to_vec());
    }
    let Some(place) = LIMITS.iter().position(|limit| std::ptr::eq(*limit, key)) else {
        return Vec::new();
    };
    let mut excluded = vec![LIMITS[1 - place]];
    if std::ptr::eq(key, &raw const keys::THRESHOLD) {
        excluded.push(&keys::THRESHOLDS);
    }
    excluded
}

/// Whether the workload of the file is a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum On {
    Trace,
    Network,
}

/// What [[layer]] tables may say of places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PlaceKeys {
    /// Nothing: nothing is predicted.
    Absent,
    /// A threshold, or that nothing is predicted.
    All,
    /// That nothing is predicted.
    WithoutThreshold,
    /// The threshold that the trace has.
    OfTrace,
}

/// `[prediction]`; `None` where it is absent or wrong, after complaints.
pub(super) fn read(top: &KeyReader<'_>, folder: &Path, on: On) -> (Option<PredictionSpec>, PlaceKeys) {
    let section = top.section(&[Section::Prediction]);
    if !section.table.is_given() {
        return (None, PlaceKeys::Absent);
    }
    let kind: Option<MethodKind> = section.optional_word(&keys::METHOD);
    let values = Values::read(&section, folder);
    let array = read_array(&section, values.lanes);
    section.finish(None);
    if let Some(kind) = kind {
        check_keys_of(&section, kind);
    }
    check_limits(&section);
    let (method, of_layers) = match on {
        On::Trace => {
            for key in NOT_ON_TRACES {
                if section.span_of(key).is_some() {
                    section.complain(
                        key,
                        format!(
                            "`{}` cannot be used with `workload.trace`: a trace holds what was predicted",
                            key.path()
                        ),
                        format!("take `{}` out, or name a `model` instead of a `trace`", key.name),
                    );
                }
            }
            (Some(MethodSource::Trace(values.claim(kind))), PlaceKeys::OfTrace)
        }
        On::Network => {
            let of_layers = match kind {
                Some(MethodKind::CrossNeuron) => PlaceKeys::WithoutThreshold,
                Some(MethodKind::Zap) | None => PlaceKeys::All,
            };
            (values.method(&section, kind).map(MethodSource::Given), of_layers)
        }
    };
    let spec = method.map(|method| PredictionSpec {
        method,
        array,
        price: None,
    });
    (spec, of_layers)
}

/// The values of the keys of all methods.
struct Values {
    predictors: Option<PathBuf>,
    max_error: Option<MaxError>,
    threshold: Option<Threshold>,
    search: Option<ThresholdSearch>,
    batch_norms: PredictorBatchNorms,
    window: Option<WindowSize>,
    diagonal: Option<Diagonal>,
    zero_up_to: Option<ZeroUpTo>,
    lanes: PredictorLanes,
}

impl Values {
    fn read(section: &KeyReader<'_>, folder: &Path) -> Self {
        let lanes = u32::try_from(section.integer(&keys::PREDICTOR_LANES)).unwrap_or_default();
        let zero_up_to = section.given(&keys::ZERO_UP_TO, KeyReader::optional_number);
        let window = section.given(&keys::PREDICTION_WINDOW, KeyReader::optional_integer);
        Self {
            predictors: section
                .optional_path(&keys::PREDICTORS)
                .map(|path| folder.join(path)),
            max_error: section
                .optional_real(&keys::MAX_ERROR)
                .and_then(|value| MaxError::new(value).ok()),
            threshold: read_threshold(section, &keys::THRESHOLD),
            search: section.given(&keys::THRESHOLDS, KeyReader::optional_word),
            batch_norms: if section.flag(&keys::RECALIBRATE_PREDICTORS) {
                PredictorBatchNorms::Recalibrated
            } else {
                PredictorBatchNorms::Kept
            },
            window: window.and_then(|size| WindowSize::new(size).ok()),
            diagonal: section.given(&keys::DIAGONAL, KeyReader::optional_word),
            zero_up_to: zero_up_to.and_then(|value| ZeroUpTo::new(value).ok()),
            lanes: PredictorLanes(lanes),
        }
    }

    const fn claim(&self, method: Option<MethodKind>) -> MethodClaim {
        MethodClaim {
            method,
            threshold: self.threshold,
            window: self.window,
            diagonal: self.diagonal,
            zero_up_to: self.zero_up_to,
        }
    }

    /// `None` after a complaint.
    fn method(self, section: &KeyReader<'_>, kind: Option<MethodKind>) -> Option<MethodSpec> {
        let Some(kind) = kind else {
            if section.span_of(&keys::METHOD).is_none() {
                section.complain(
                    &keys::METHOD,
                    format!("`{}` is missing", keys::METHOD.path()),
                    format!("allowed values: {}", keys::METHOD.values.describe()),
                );
            }
            return None;
        };
        match kind {
            MethodKind::CrossNeuron => Some(MethodSpec::CrossNeuron(CrossNeuron {
                window: self.window.unwrap_or(WindowSize::TWO),
                diagonal: self.diagonal.unwrap_or(Diagonal::Main),
                zero_up_to: self.zero_up_to.unwrap_or_default(),
            })),
            MethodKind::Zap => {
                if section.span_of(&keys::PREDICTORS).is_none() {
                    section.complain(
                        &keys::PREDICTORS,
                        "`prediction.predictors` is missing",
                        "name a predictor file, which `sysmt train zap` writes",
                    );
                }
                if LIMITS.iter().all(|key| section.span_of(key).is_none()) {
                    section.table.complain(
                        "method \"zap\" has neither `max-error` nor `threshold`",
                        "say with `max-error` how much all places may lose together, or give them one `threshold`",
                    );
                }
                let thresholds = match (self.threshold, self.max_error) {
                    (Some(threshold), _) => ThresholdSource::Given(threshold),
                    (None, max_error) => ThresholdSource::Within(max_error?, self.search.unwrap_or_default()),
                };
                Some(MethodSpec::Zap(ZapSpec {
                    predictors: self.predictors?,
                    thresholds,
                    batch_norms: self.batch_norms,
                }))
            }
        }
    }
}

/// A threshold that may be left out.
pub(super) fn read_threshold(table: &KeyReader<'_>, key: &'static Key) -> Option<Threshold> {
    let value = table.optional_number(key)?;
    Threshold::new(value.into()).ok()
}

/// What the array does.
fn read_array(section: &KeyReader<'_>, predictor_lanes: PredictorLanes) -> ArrayPrediction {
    let rules = OutputRules {
        schedule: section.word(&keys::OUTPUT_SCHEDULE),
        fill_up: if section.flag(&keys::FILL_UP) {
            FillUp::On
        } else {
            FillUp::Off
        },
        predictor_lanes,
    };
    let pixels = section.optional_word(&keys::PIXEL_ORDER);
    ArrayPrediction {
        rules,
        pixels: pixels.unwrap_or(rules.schedule.default_pixels()),
        channels: section.word(&keys::CHANNEL_ORDER),
        shortcuts: if section.flag(&keys::SHORTCUTS) {
            Shortcuts::Predicted
        } else {
            Shortcuts::Computed
        },
    }
}

/// Complain about keys of the other method.
fn check_keys_of(section: &KeyReader<'_>, kind: MethodKind) {
    for key in kind.other().keys() {
        if section.span_of(key).is_some() {
            section.complain(
                key,
                format!("method \"{kind}\" has no key `{}`", key.name),
                format!(
                    "`{}` belongs to \"{}\": take the line out or change `method`",
                    key.name,
                    kind.other()
                ),
            );
        }
    }
}

fn check_limits(section: &KeyReader<'_>) {
    if LIMITS.iter().all(|key| section.span_of(key).is_some()) {
        section.complain(
            &keys::THRESHOLD,
            "`prediction.threshold` and `prediction.max-error` exclude each other: thresholds are given, or found",
            "take one of them out",
        );
    } else if section.span_of(&keys::THRESHOLDS).is_some() && section.span_of(&keys::MAX_ERROR).is_none() {
        section.complain(
            &keys::THRESHOLDS,
            "`prediction.thresholds` needs `prediction.max-error`: it says how thresholds are found that keep it",
            "add `max-error`, or take `thresholds` out",
        );
    }
}

/// `price-predictor`, where anything is predicted.
pub(super) fn read_price(costs: &KeyReader<'_>, places: PlaceKeys) -> Option<PredictorPrice> {
    let key = &keys::PRICE_PREDICTOR;
    let price = costs.optional_word(key);
    match places {
        PlaceKeys::Absent if costs.span_of(key).is_some() => costs.complain(
            key,
            "`costs.price-predictor` needs [prediction]",
            "add [prediction], or take the line out",
        ),
        PlaceKeys::Absent | PlaceKeys::All | PlaceKeys::WithoutThreshold | PlaceKeys::OfTrace => {}
    }
    price
}
