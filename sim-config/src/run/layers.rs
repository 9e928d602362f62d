//! What layers do apart from the array: fewer threads, another policy, another order of K.

use std::ops::Range;
use std::path::{Path, PathBuf};

use sim_core::layer_rules::LayerRules;
use sim_core::quantization::DepthwiseThreads;
use sim_core::record::UnsimulatedLayer;
use sim_core::reorder::Reorder;
use sim_core::spec::{ArraySpec, Threads};
use sim_toml::complaint::Complaint;
use sim_toml::error::{ConfigError, line};
use sim_toml::nearest::did_you_mean;

use crate::array::threads;
use crate::keys::{self, Key, Section};
use crate::layer_names;
use crate::reader::KeyReader;
use crate::run::prediction::{PlaceKeys, PlaceRule, read_threshold};

/// The `[[layer]]` tables of a run file, with their place in it: whether the names are right is known once the network
/// is.
#[derive(Clone, Debug)]
pub struct NamedLayers {
    path: PathBuf,
    text: String,
    layers: Vec<NamedLayer>,
}

#[derive(Clone, Debug)]
struct NamedLayer {
    name: String,
    rules: LayerRules,
    place: Option<PlaceRule>,
    at: Range<usize>,
}

/// Equal layers are equal wherever they stand.
impl PartialEq for NamedLayers {
    fn eq(&self, other: &Self) -> bool {
        self.tables().eq(other.tables())
    }
}

impl NamedLayers {
    /// None, in the file at `path`.
    pub(super) fn none(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            text: String::new(),
            layers: Vec::new(),
        }
    }

    /// The tables of the run file at `path`; wrong ones are complained about.
    pub(super) fn read(
        path: &Path,
        text: &str,
        top: &KeyReader<'_>,
        (array, places): (Option<&ArraySpec>, PlaceKeys),
    ) -> Self {
        let mut layers: Vec<NamedLayer> = Vec::new();
        for table in top.sections(&[Section::Layer]) {
            let Some(layer) = read_layer(&table, array, places) else {
                continue;
            };
            match layers.iter().find(|earlier| earlier.name == layer.name) {
                Some(earlier) => table.complain(
                    &keys::LAYER_NAME,
                    format!(
                        "layer `{}` is listed a second time, first on line {}",
                        layer.name,
                        line(text, earlier.at.start)
                    ),
                    "say all about a layer in one [[layer]]",
                ),
                None => layers.push(layer),
            }
        }
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
            layers,
        }
    }

    /// Name and rules of each that has some on the array, in the order of the file; no name comes twice.
    pub fn iter(&self) -> impl Iterator<Item = (&str, LayerRules)> {
        let all = self.tables().map(|(name, rules, _)| (name, rules));
        all.filter(|(_, rules)| *rules != LayerRules::default())
    }

    /// What is predicted of each that differs in that.
    pub fn places(&self) -> impl Iterator<Item = (&str, PlaceRule)> {
        self.tables().filter_map(|(name, _, place)| Some((name, place?)))
    }

    /// All that is said of each, in the order of the file.
    pub(crate) fn tables(&self) -> impl Iterator<Item = (&str, LayerRules, Option<PlaceRule>)> {
        self.layers
            .iter()
            .map(|layer| (layer.name.as_str(), layer.rules, layer.place))
    }

    /// Compare the names with those of the `simulated` layers. `unsimulated` ones are known too, each with the reason.
    ///
    /// - Errors: every name that is not among the simulated ones, with its line and what may have been meant.
    pub fn check(
        &self,
        simulated: &[&str],
        unsimulated: &[UnsimulatedLayer],
    ) -> Result<(), Box<ConfigError>> {
        let complaint = |layer: &NamedLayer| {
            let unknown = layer_names::check(&layer.name, simulated, unsimulated, "this [[layer]]").err()?;
            Some(Complaint::new(layer.at.clone(), unknown.why, unknown.remedy))
        };
        let complaints = self.layers.iter().filter_map(complaint).collect();
        ConfigError::check(&self.path, &self.text, complaints)
    }
}

impl NamedLayers {
    /// Compare the names of layers that say something of predictions with those of the `places` of a network.
    ///
    /// - Errors: every name that is not among them, with its line and what may have been meant.
    pub fn check_places(&self, places: &[&str]) -> Result<(), Box<ConfigError>> {
        let is_missing =
            |layer: &&NamedLayer| layer.place.is_some() && !places.contains(&layer.name.as_str());
        let complaint = |layer: &NamedLayer| {
            let remedy = match did_you_mean(&layer.name, places.iter().copied()) {
                Some(guess) => format!("{guess} Names are matched exactly"),
                None => format!("there are {}", layer_names::listed(places)),
            };
            let why = format!("nothing is predicted behind a layer called `{}`", layer.name);
            Complaint::new(layer.at.clone(), why, remedy)
        };
        let complaints = self.layers.iter().filter(is_missing).map(complaint).collect();
        ConfigError::check(&self.path, &self.text, complaints)
    }

    /// None, for what no file says.
    pub fn unnamed() -> Self {
        Self::none(Path::new(""))
    }
}

/// One `[[layer]]`; `None` after a complaint about its name.
fn read_layer(table: &KeyReader<'_>, array: Option<&ArraySpec>, places: PlaceKeys) -> Option<NamedLayer> {
    let name = table.name(&keys::LAYER_NAME);
    let threads = table.optional_integer(&keys::LAYER_THREADS).map(threads);
    let policy = table.optional_word(&keys::LAYER_POLICY);
    let place = read_place(table, places);
    table.finish(None);
    let is_given = |key: &Key| table.span_of(key).is_some();
    let has_rules = is_given(&keys::LAYER_THREADS) || is_given(&keys::LAYER_POLICY);
    if !has_rules && !is_given(&keys::LAYER_PREDICT) && !is_given(&keys::LAYER_THRESHOLD) {
        table.complain(
            &keys::LAYER_NAME,
            "this [[layer]] has none of `threads`, `policy`, `predict` and `threshold`",
            "say what the layer does apart from the others, or take it out",
        );
    }
    if let Some(pe) = array.map(|array| array.pe()).filter(|_| has_rules) {
        match pe.nb_smt() {
            Some(built) => check_threads(table, &keys::LAYER_THREADS, threads, built.threads),
            None => table.complain(
                &keys::LAYER_NAME,
                format!(
                    "an array of kind \"{}\" has neither threads nor a policy to choose",
                    pe.kind()
                ),
                "take this [[layer]] out, or name an nb-smt array",
            ),
        }
    }
    Some(NamedLayer {
        name: name?,
        rules: LayerRules { threads, policy },
        place,
        at: table.span_of(&keys::LAYER_NAME)?,
    })
}

/// What is predicted of a layer apart from the others.
fn read_place(table: &KeyReader<'_>, places: PlaceKeys) -> Option<PlaceRule> {
    let threshold = read_threshold(table, &keys::LAYER_THRESHOLD);
    let predicts = table.flag(&keys::LAYER_PREDICT);
    let (predict, pinned) = (&keys::LAYER_PREDICT, &keys::LAYER_THRESHOLD);
    let refuse = |key: &Key, why: &str, remedy: &str| {
        if table.span_of(key).is_some() {
            table.complain(key, format!("`{}` {why}", key.path()), remedy);
        }
    };
    match places {
        PlaceKeys::Absent => {
            let remedy = "add [prediction], or take the line out";
            refuse(predict, "needs [prediction]", remedy);
            refuse(pinned, "needs [prediction]", remedy);
        }
        PlaceKeys::All if !predicts => {
            refuse(
                pinned,
                "cannot be used with `predict = false`",
                "take one of the two lines out",
            );
        }
        PlaceKeys::All => {}
        PlaceKeys::WithoutThreshold => {
            refuse(
                pinned,
                "belongs to method \"zap\"",
                "take the line out or change `method`",
            );
        }
        PlaceKeys::OfTrace => refuse(
            predict,
            "cannot be used with `workload.trace`: a trace holds what was predicted",
            "take the line out, or capture again without a prediction of this layer",
        ),
    }
    if predicts {
        threshold.map(PlaceRule::Pinned)
    } else {
        Some(PlaceRule::LeftOut)
    }
}

/// Threads of depthwise convolutions, where the array can have them.
pub(super) fn read_depthwise_threads(layers: &KeyReader<'_>, array: Option<&ArraySpec>) -> DepthwiseThreads {
    let key = &keys::DEPTHWISE_THREADS;
    let depthwise = layers.optional_integer(key).map(threads)?;
    let pe = array?.pe();
    match pe.nb_smt() {
        Some(built) => check_threads(layers, key, Some(depthwise), built.threads),
        None => layers.complain(
            key,
            format!("an array of kind \"{}\" has no threads to choose", pe.kind()),
            "take `depthwise-threads` out, or name an nb-smt array",
        ),
    }
    Some(depthwise)
}

fn check_threads(table: &KeyReader<'_>, key: &Key, threads: Option<Threads>, most: Threads) {
    if let Some(threads) = threads.filter(|&threads| most < threads) {
        table.complain(
            key,
            format!(
                "{} = {} is more than the {} threads of the array",
                key.path(),
                threads.count(),
                most.count()
            ),
            "a layer may run with fewer threads than the array has, not with more",
        );
    }
}

/// How K is reordered, where the array splits it among threads.
pub(super) fn read_reorder(layers: &KeyReader<'_>, array: Option<&ArraySpec>) -> Reorder {
    let reorder = layers.word(&keys::REORDER);
    if let Some(pe) = array.map(|array| array.pe())
        && reorder != Reorder::Off
        && pe.nb_smt().is_none()
    {
        layers.complain(
            &keys::REORDER,
            format!(
                "an array of kind \"{}\" does not split K among threads: there is nothing to reorder",
                pe.kind()
            ),
            "take `reorder` out, or name an nb-smt array",
        );
    }
    reorder
}
