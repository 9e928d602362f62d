//! The table of configuration keys: what each means, its unit, default and allowed values.

mod table;

use sim_core::named;
use sim_core::quantization::StepScale;
use sim_core::spec::{PeKind, RuleSet};

pub use table::ALL;
pub(crate) use table::*;

named! {
    /// A file that `sysmt` reads.
    pub enum FileKind {
        /// An array, as `--array` takes it.
        Array = "array",
        /// A run, as `sysmt run` takes it.
        Run = "run",
        /// The preprocessing of a model's images: `MODEL.toml` beside `MODEL.onnx`.
        Model = "model",
        /// A sweep, as `sysmt sweep` takes it.
        Sweep = "sweep",
    }
}

impl FileKind {
    /// The sections of such a file, in order.
    pub const fn sections(self) -> &'static [Section] {
        match self {
            Self::Array => &[Section::Array, Section::Pe],
            Self::Run => &[
                Section::Array,
                Section::Pe,
                Section::Workload,
                Section::Preprocessing,
                Section::Layers,
                Section::Layer,
                Section::Quantization,
                Section::Prediction,
                Section::Costs,
                Section::Measure,
            ],
            Self::Model => &[],
            Self::Sweep => &[Section::Axes, Section::SweepMeasure],
        }
    }

    /// Whether a key stands in such a file.
    pub fn has(self, key: &Key) -> bool {
        let above = match self {
            Self::Array => &[Section::Top][..],
            Self::Run => &[Section::Top, Section::Run],
            Self::Model => &[Section::Top, Section::Preprocessing],
            Self::Sweep => &[Section::Top, Section::Sweep],
        };
        above.contains(&key.section) || self.sections().contains(&key.section)
    }
}

/// A table of a configuration file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// Above all tables, in every file.
    Top,
    /// Above all tables of a run file.
    Run,
    /// `[array]`.
    Array,
    /// `[pe]`.
    Pe,
    /// `[workload]`.
    Workload,
    /// `[preprocessing]`; in a model's file its keys stand above all tables.
    Preprocessing,
    /// `[layers]`.
    Layers,
    /// `[[layer]]`, once for each layer.
    Layer,
    /// `[quantization]`.
    Quantization,
    /// `[prediction]`.
    Prediction,
    /// `[costs]`.
    Costs,
    /// `[measure]`.
    Measure,
    /// Above all tables of a sweep file.
    Sweep,
    /// `[axes]`, for what no run file says.
    Axes,
    /// `[measure]` of a sweep file.
    SweepMeasure,
}

impl Section {
    /// The name in brackets; empty above all tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Top | Self::Run | Self::Sweep => "",
            Self::Array => "array",
            Self::Pe => "pe",
            Self::Workload => "workload",
            Self::Preprocessing => "preprocessing",
            Self::Layers => "layers",
            Self::Layer => "layer",
            Self::Quantization => "quantization",
            Self::Prediction => "prediction",
            Self::Costs => "costs",
            Self::Axes => "axes",
            Self::Measure | Self::SweepMeasure => "measure",
        }
    }

    /// The line that it begins with; empty above all tables.
    pub fn header(self) -> String {
        match self.name() {
            "" => String::new(),
            name if self == Self::Layer => format!("[[{name}]]"),
            name => format!("[{name}]"),
        }
    }
}

/// Whether a number may be zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zero {
    /// It may.
    Allowed,
    /// It may not.
    Forbidden,
}

/// What a key takes.
#[derive(Clone, Copy, Debug)]
pub enum Values {
    /// A whole number from `min` to `max`.
    Integer {
        /// Least.
        min: i64,
        /// Most.
        max: i64,
    },
    /// One of these whole numbers.
    Integers(&'static [i64]),
    /// One of these words; case matters.
    Words(fn() -> Vec<&'static str>),
    /// `true` or `false`.
    Flag,
    /// A finite number.
    Number(Zero),
    /// A finite number, 0 or more.
    FromZero,
    /// What a step is multiplied by.
    StepScale,
    /// A finite number, or an array of one per channel.
    Numbers(Zero),
    /// Rows and columns of an image, or one number, each from 1 to `max`.
    Sides {
        /// Most.
        max: i64,
    },
    /// A name, exactly as something else has it.
    Name,
    /// A list of `"NAME=VALUE"`, constants for inputs of a network.
    Constants,
    /// A percentile, above 0 and at most 100.
    Percentile,
    /// A fraction from 0 to below 1, or `"2:4"`.
    Pruning,
    /// A probability from 0 to below 1.
    Probability,
    /// A list of seeds, from 0 to `max`, none of them twice.
    Seeds {
        /// Largest.
        max: i64,
    },
    /// A table `{ images = N }`, N from 1 to `max`.
    Accuracy {
        /// Most images.
        max: i64,
    },
    /// A path, absolute or relative to the file that holds it.
    Path,
    /// An array file, or the tables of one in place.
    ArrayFileOrTables,
}

/// What holds where a key is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fallback {
    /// It may not be left out.
    Required,
    /// This value, as TOML writes it.
    Value(&'static str),
    /// No value; what that does.
    Absent(&'static str),
}

/// One configuration key.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Where it stands.
    pub section: Section,
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub meaning: &'static str,
    /// Unit of its values; empty where they have none.
    pub unit: &'static str,
    /// What it takes.
    pub values: Values,
    /// What holds where it is left out.
    pub fallback: Fallback,
    /// The kinds of PE that have it are those with these rules; empty: all.
    pub rules: &'static [RuleSet],
}

impl Key {
    /// Section and name, such as `pe.threads`; the name alone of what is an axis and nothing else.
    pub fn path(&self) -> String {
        match self.section.name() {
            "" => self.name.to_owned(),
            _ if self.section == Section::Axes => self.name.to_owned(),
            section => format!("{section}.{}", self.name),
        }
    }

    /// The names of the kinds of PE that alone have this key; none where all have it.
    pub fn kinds(&self) -> impl Iterator<Item = &'static str> {
        PeKind::ALL
            .into_iter()
            .filter(|kind| self.rules.contains(&kind.rules()))
            .map(PeKind::name)
    }

    /// Whether a PE of `kind` has this key.
    pub fn is_of_kind(&self, kind: &str) -> bool {
        self.rules.is_empty() || self.kinds().any(|own| own == kind)
    }
}

impl Values {
    /// The allowed values, for a person.
    pub fn describe(&self) -> String {
        match *self {
            Self::Integer { min, max } => format!("whole numbers from {min} to {max}"),
            Self::Integers(values) => {
                let values: Vec<String> = values.iter().map(i64::to_string).collect();
                values.join(", ")
            }
            Self::Words(words) => {
                let words: Vec<String> = words().iter().map(|word| format!("\"{word}\"")).collect();
                words.join(", ")
            }
            Self::Flag => "true, false".to_owned(),
            Self::Number(Zero::Allowed) => "a finite number".to_owned(),
            Self::Number(Zero::Forbidden) => "a finite number other than 0".to_owned(),
            Self::FromZero => "a finite number, at least 0".to_owned(),
            Self::StepScale => format!("a number above 0, at most {}", StepScale::MAX),
            Self::Numbers(Zero::Allowed) => "a finite number, or an array of one per channel".to_owned(),
            Self::Numbers(Zero::Forbidden) => {
                "a finite number other than 0, or an array of one per channel".to_owned()
            }
            Self::Sides { max } => format!("[rows, columns] or one number, each from 1 to {max}"),
            Self::Name => "a name in quotes".to_owned(),
            Self::Constants => {
                "a list such as [\"sr=16000\"], each with a number, true, false, or numbers with commas \
                                between them"
                    .to_owned()
            }
            Self::Percentile => {
                "a number above 0 and at most 100, with at most six decimals, such as 99.9".to_owned()
            }
            Self::Pruning => {
                "a fraction from 0 to below 1, with at most six decimals, such as 0.4; or \"2:4\"".to_owned()
            }
            Self::Probability => "from 0 to below 1, with at most six decimals, such as 0.5".to_owned(),
            Self::Seeds { max } => format!("a list of whole numbers from 0 to {max}, none of them twice"),
            Self::Accuracy { max } => format!("{{ images = N }} with N from 1 to {max}"),
            Self::Path => "a path, absolute or relative to this file".to_owned(),
            Self::ArrayFileOrTables => {
                "the path of an array file, or the tables [array] and [pe] in this file".to_owned()
            }
        }
    }

    /// Allowed values as TOML writes them: all of a short list, else the extremes.
    pub fn examples(&self) -> Vec<String> {
        match *self {
            Self::Integer { min, max } => vec![min.to_string(), max.to_string()],
            Self::Integers(values) => values.iter().map(i64::to_string).collect(),
            Self::Words(words) => words().iter().map(|word| format!("\"{word}\"")).collect(),
            Self::Flag => vec!["true".to_owned(), "false".to_owned()],
            Self::Number(_) => vec!["0.5".to_owned(), "-2".to_owned()],
            Self::FromZero => vec!["0".to_owned(), "0.1".to_owned()],
            Self::StepScale => vec!["0.7".to_owned(), "2".to_owned()],
            Self::Numbers(_) => vec!["0.5".to_owned(), "[0.5]".to_owned(), "[0.1, 0.2, 3]".to_owned()],
            Self::Sides { max } => vec!["[224, 224]".to_owned(), format!("[1, {max}]"), "256".to_owned()],
            Self::Name => vec!["\"/block1/conv1/Conv\"".to_owned()],
            Self::Constants => vec!["[\"sr=16000\"]".to_owned(), "[\"a=0\", \"b=1,2\"]".to_owned()],
            Self::Percentile => vec!["99.9".to_owned(), "100".to_owned(), "0.5".to_owned()],
            Self::Pruning => vec!["0".to_owned(), "0.4".to_owned(), "\"2:4\"".to_owned()],
            Self::Probability => vec!["0".to_owned(), "0.5".to_owned(), "0.999999".to_owned()],
            Self::Seeds { max } => vec!["[1, 2, 3]".to_owned(), format!("[{max}]")],
            Self::Accuracy { max } => vec!["{ images = 1 }".to_owned(), format!("{{ images = {max} }}")],
            Self::Path => vec!["\"a.bin\"".to_owned()],
            Self::ArrayFileOrTables => vec!["\"array.toml\"".to_owned()],
        }
    }
}
