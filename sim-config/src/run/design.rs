//! The array of a run file with the methods around it, which an evaluation takes without the rest of the file.

use std::path::{Path, PathBuf};

use sim_core::quantization::DepthwiseThreads;
use sim_core::reorder::Reorder;
use sim_core::spec::ArraySpec;
use sim_toml::complaint::Complaints;
use sim_toml::error::ConfigError;
use sim_toml::source;
use toml::de::DeTable;

use super::prediction::PredictionSpec;
use super::{Described, NamedLayers, NeedOfWorkload};
use crate::array;
use crate::keys::{self, FileKind, Key, Section};
use crate::reader::KeyReader;

/// An array and the methods around it, as an array file or a run file says it.
///
/// Invariant: the baseline has the array's batch option; on kinds other than nb-smt `depthwise_threads` is `None`, no
/// layer is named and K is not reordered; no layer has more threads than the array.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct DesignSpec {
    /// The simulated array.
    pub array: ArraySpec,
    /// The array that `speedup` compares with.
    pub baseline: ArraySpec,
    /// Threads of depthwise convolutions.
    pub depthwise_threads: DepthwiseThreads,
    /// How K is reordered.
    pub reorder: Reorder,
    /// Layers that differ from the others.
    pub layers: NamedLayers,
    /// Which outputs are predicted to be zero; `None`: none.
    pub prediction: Option<PredictionSpec>,
    /// The file that the array came from; `None`: the file itself.
    pub array_file: Option<PathBuf>,
    /// The file that the baseline came from; `None`: it is the default.
    pub baseline_file: Option<PathBuf>,
}

impl DesignSpec {
    /// Without methods; `path` is the file that says so.
    pub(super) fn new(path: &Path, array: Named, baseline: Option<Named>) -> Self {
        let (baseline, baseline_file) = match baseline {
            Some(Named { spec, file }) => (spec, file),
            None => (array.spec.default_baseline(), None),
        };
        Self {
            array: array.spec,
            baseline: baseline.with_batch(array.spec.batch()),
            depthwise_threads: None,
            reorder: Reorder::Off,
            layers: NamedLayers::none(path),
            prediction: None,
            array_file: array.file,
            baseline_file,
        }
    }
}

/// Read an array file, or of a run file what is about the array; its workload may be left out and is not looked for.
///
/// - Errors: as those of [`array::load`] and [`super::load`].
pub fn load(path: &Path) -> Result<DesignSpec, Box<ConfigError>> {
    let text = source::read(path)?;
    let table = source::parse(path, &text)?;
    if is_run(&table) {
        return Ok(
            match super::read(path, &text, &table, NeedOfWorkload::Optional)? {
                Described::Run(run) => run.design,
                Described::Design(design) => design,
            },
        );
    }
    let array = Named {
        spec: array::parse(path, &text)?,
        file: None,
    };
    Ok(DesignSpec::new(path, array, None))
}

/// Whether a file says anything that only run files say.
fn is_run(table: &DeTable<'_>) -> bool {
    let sections = FileKind::Run.sections().iter();
    let of_runs_alone = sections.filter(|section| !FileKind::Array.sections().contains(section));
    let mut names =
        (of_runs_alone.map(|section| section.name())).chain([keys::BASELINE.name, keys::SEED.name]);
    let array = table.get(keys::ARRAY.name);
    array.is_some_and(|array| !array.get_ref().is_table()) || names.any(|name| table.get(name).is_some())
}

/// An array, and the file that it came from.
pub(super) struct Named {
    pub(super) spec: ArraySpec,
    file: Option<PathBuf>,
}

/// The array, from a file or in place; `None` after a complaint.
pub(super) fn read_array(
    top: &KeyReader<'_>,
    complaints: &Complaints,
    folder: &Path,
) -> Result<Option<Named>, Box<ConfigError>> {
    let n_before = complaints.count();
    if top.holds_table(&keys::ARRAY) {
        let spec = array::read(top, complaints);
        return Ok(spec
            .ok()
            .filter(|_| complaints.count() == n_before)
            .map(|spec| Named { spec, file: None }));
    }
    let file = top.optional_path(&keys::ARRAY);
    let pe = top.section(&[Section::Pe]);
    if pe.table.is_given() {
        pe.table.complain(
            "[pe] cannot be used with `array`, which names a file that has its own",
            "take [pe] out, or write [array] and [pe] in this file",
        );
    }
    file.map_or(Ok(None), |file| load_named(top, &keys::ARRAY, folder, &file))
}

pub(super) fn read_baseline(top: &KeyReader<'_>, folder: &Path) -> Result<Option<Named>, Box<ConfigError>> {
    let file = top.optional_path(&keys::BASELINE);
    file.map_or(Ok(None), |file| load_named(top, &keys::BASELINE, folder, &file))
}

/// An array file that `key` names. One that cannot be read is a complaint about `key`.
fn load_named(
    top: &KeyReader<'_>,
    key: &Key,
    folder: &Path,
    file: &Path,
) -> Result<Option<Named>, Box<ConfigError>> {
    let path = folder.join(file);
    match source::read(&path) {
        Ok(text) => Ok(Some(Named {
            spec: array::parse(&path, &text)?,
            file: Some(path),
        })),
        Err(error) => {
            top.complain(
                key,
                error.to_string(),
                "paths are relative to this file, or absolute",
            );
            Ok(None)
        }
    }
}
