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

use crate::array::threads;
use crate::keys::{self, Key, Section};
use crate::layer_names;
use crate::reader::KeyReader;

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
    at: Range<usize>,
}

/// Equal layers are equal wherever they stand.
impl PartialEq for NamedLayers {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
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
    pub(super) fn read(path: &Path, text: &str, top: &KeyReader<'_>, array: Option<&ArraySpec>) -> Self {
        let mut layers: Vec<NamedLayer> = Vec::new();
        for table in top.sections(&[Section::Layer]) {
            let Some(layer) = read_layer(&table, array) else {
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

    /// Name and rules of each, in the order of the file; no name comes twice.
    pub fn iter(&self) -> impl Iterator<Item = (&str, LayerRules)> {
        self.layers.iter().map(|layer| (layer.name.as_str(), layer.rules))
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

/// One `[[layer]]`; `None` after a complaint about its name.
fn read_layer(table: &KeyReader<'_>, array: Option<&ArraySpec>) -> Option<NamedLayer> {
    let name = table.name(&keys::LAYER_NAME);
    let threads = table.optional_integer(&keys::LAYER_THREADS).map(threads);
    let policy = table.optional_word(&keys::LAYER_POLICY);
    table.finish(None);
    let is_given = |key: &Key| table.span_of(key).is_some();
    if !is_given(&keys::LAYER_THREADS) && !is_given(&keys::LAYER_POLICY) {
        table.complain(
            &keys::LAYER_NAME,
            "this [[layer]] has neither `threads` nor `policy`",
            "say what the layer does apart from the others, or take it out",
        );
    }
    if let Some(pe) = array.map(|array| array.pe()) {
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
        at: table.span_of(&keys::LAYER_NAME)?,
    })
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
