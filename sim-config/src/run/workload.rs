//! The workload of a run file, and the keys that only some workloads have.

use std::path::Path;

use sim_core::preprocessing::Preprocessing;
use sim_core::prune::{PruneScope, PruneSpec};
use sim_core::quantization::{CodeBits, Divisor, Levels, QuantizationSpec, SelectionSpec};
use sim_core::range::{ActivationRange, RangeMethod};
use sim_core::synthetic::ActivationZeros;

use super::{ModelWorkload, NeedOfWorkload, Unreadable, Unsupported, Workload};
use crate::keys::{self, Key, Section};
use crate::preprocessing::{self, Override};
use crate::reader::KeyReader;
use crate::value::size;

/// What a trace fixes already, or what a network needs.
pub(crate) const MODEL_KEYS: [&Key; 9] = [
    &keys::MODEL,
    &keys::IMAGES,
    &keys::CALIBRATION,
    &keys::CLASSES,
    &keys::N_IMAGES,
    &keys::N_CALIBRATION,
    &keys::INPUTS,
    &keys::OUTPUT,
    &keys::PARTIAL,
];
const SELECTION_KEYS: [&Key; 3] = [&keys::LAYERS, &keys::FIRST, &keys::LAST];

/// What [workload] says.
pub(super) struct Read {
    /// `None` after a complaint.
    pub(super) workload: Option<Workload>,
    pub(super) pruning: Option<PruneSpec>,
    pub(super) activation_zeros: Option<ActivationZeros>,
}

pub(super) fn read(top: &KeyReader<'_>, layers: &KeyReader<'_>, folder: &Path, need: NeedOfWorkload) -> Read {
    let section = top.section(&[Section::Workload]);
    Read {
        pruning: read_pruning(&section),
        activation_zeros: (section.optional_activation_zeros(&keys::ACTIVATION_ZEROS))
            .filter(|zeros| !zeros.is_none()),
        workload: read_workload(top, &section, layers, folder, need),
    }
}

fn read_workload(
    top: &KeyReader<'_>,
    workload: &KeyReader<'_>,
    layers: &KeyReader<'_>,
    folder: &Path,
    need: NeedOfWorkload,
) -> Option<Workload> {
    let trace = workload.optional_path(&keys::TRACE);
    let model = read_model(workload, folder);
    workload.finish(None);
    let preprocessing = top.section(&[Section::Preprocessing]);
    let given = preprocessing::read(&preprocessing);
    preprocessing.finish(None);
    let quantization = top.section(&[Section::Quantization]);
    let quantization_spec = read_quantization(&quantization);
    quantization.finish(None);
    let selection = read_selection(layers);

    if workload.span_of(&keys::TRACE).is_some() {
        refuse(workload, &MODEL_KEYS, "a trace holds its own images");
        refuse(layers, &SELECTION_KEYS, "a trace holds its layers");
        for (section, name, what) in [
            (
                &preprocessing,
                "preprocessing",
                "a trace holds preprocessed images",
            ),
            (&quantization, "quantization", "a trace is quantized already"),
        ] {
            if section.table.is_given() {
                section.table.complain(
                    format!("[{name}] cannot be used with `workload.trace`: {what}"),
                    "take the section out, or name a `model` instead of a `trace`",
                );
            }
        }
        return trace.map(|trace| Workload::Trace(folder.join(trace)));
    }
    check_preprocessing(&preprocessing, &given);
    if need == NeedOfWorkload::Optional && !workload.table.is_given() {
        return None;
    }
    if !check_model_keys(workload) {
        return None;
    }
    model.map(|model| {
        Workload::Model(Box::new(ModelWorkload {
            preprocessing: given,
            selection,
            quantization: quantization_spec,
            ..model
        }))
    })
}

fn read_model(workload: &KeyReader<'_>, folder: &Path) -> Option<ModelWorkload> {
    let model = workload.optional_path(&keys::MODEL);
    let images = workload.optional_path(&keys::IMAGES);
    let calibration = workload.optional_path(&keys::CALIBRATION);
    let classes = workload.optional_path(&keys::CLASSES);
    let n_images = workload.optional_integer(&keys::N_IMAGES).map(size);
    let n_calibration = workload.optional_integer(&keys::N_CALIBRATION).map(size);
    let inputs = workload.constants(&keys::INPUTS);
    let output = workload.name(&keys::OUTPUT);
    let unsupported = if workload.flag(&keys::PARTIAL) {
        Unsupported::LeftOut
    } else {
        Unsupported::Refused
    };
    Some(ModelWorkload {
        model: folder.join(model?),
        images: folder.join(images?),
        calibration: calibration.map(|path| folder.join(path)),
        classes: classes.map(|path| folder.join(path)),
        n_images,
        n_calibration,
        unreadable: Unreadable::Refused,
        inputs,
        output,
        unsupported,
        preprocessing: Override::default(),
        selection: SelectionSpec::default(),
        quantization: QuantizationSpec::default(),
    })
}

/// Whether the keys of a model are complete; complains where not.
fn check_model_keys(workload: &KeyReader<'_>) -> bool {
    let is_given = |key: &Key| workload.span_of(key).is_some();
    let remedy = "name a `trace`, or a `model` and its `images`";
    match (is_given(&keys::MODEL), is_given(&keys::IMAGES)) {
        (true, true) => {}
        (true, false) => {
            workload.table.complain("`workload.images` is missing", remedy);
            return false;
        }
        (false, true) => {
            workload.table.complain("`workload.model` is missing", remedy);
            return false;
        }
        (false, false) => {
            workload.table.complain("the run has no workload", remedy);
            return false;
        }
    }
    if is_given(&keys::N_CALIBRATION) && !is_given(&keys::CALIBRATION) {
        workload.complain(
            &keys::N_CALIBRATION,
            "`workload.n-calibration` needs `workload.calibration`",
            "add `calibration`; without it the images calibrate themselves, and `n-images` limits them",
        );
    }
    true
}

fn check_preprocessing(preprocessing: &KeyReader<'_>, given: &Override) {
    if preprocessing.table.is_given()
        && let Err(error) = given.apply(Preprocessing::default())
    {
        preprocessing::complain(preprocessing, &error);
    }
}

fn read_pruning(workload: &KeyReader<'_>) -> Option<PruneSpec> {
    let scope: PruneScope = workload.word(&keys::PRUNE_SCOPE);
    let pruning = workload.optional_pruning(&keys::PRUNE);
    if workload.span_of(&keys::PRUNE_SCOPE).is_none() {
        return pruning;
    }
    if workload.span_of(&keys::PRUNE).is_none() {
        workload.complain(
            &keys::PRUNE_SCOPE,
            "`workload.prune-scope` needs `workload.prune`",
            "add `prune`, or take `prune-scope` out",
        );
    }
    let scoped = pruning?.with_scope(scope);
    if scoped.is_none() {
        workload.complain(
            &keys::PRUNE_SCOPE,
            "`workload.prune-scope` cannot be used with `prune = \"2:4\"`, which looks at four weights at a time",
            "take `prune-scope` out, or prune a fraction",
        );
    }
    scoped
}

fn read_range(quantization: &KeyReader<'_>) -> ActivationRange {
    let method: RangeMethod = quantization.word(&keys::RANGE);
    let percentile = quantization.percentile(&keys::PERCENTILE);
    if quantization.span_of(&keys::PERCENTILE).is_some() && method != RangeMethod::Percentile {
        quantization.complain(
            &keys::PERCENTILE,
            format!(
                "`quantization.percentile` cannot be used with `range = \"{}\"`, which takes no percentile",
                method.name()
            ),
            "write `range = \"percentile\"`, or take `percentile` out",
        );
    }
    ActivationRange::new(method, percentile)
}

fn read_quantization(quantization: &KeyReader<'_>) -> QuantizationSpec {
    QuantizationSpec {
        divisor: match quantization.integer(&keys::DIVISOR) {
            255 => Divisor::D255,
            _ => Divisor::D256,
        },
        bias: quantization.word(&keys::BIAS),
        signed_inputs: quantization.word(&keys::SIGNED_INPUTS),
        weights: quantization.word(&keys::WEIGHTS),
        range: read_range(quantization),
        weight_bits: read_bits(quantization, &keys::WEIGHT_BITS),
        activation_bits: read_bits(quantization, &keys::ACTIVATION_BITS),
        weight_step: quantization.word(&keys::WEIGHT_STEP),
        step_scale: quantization.step_scale(&keys::STEP_SCALE),
        levels: read_levels(quantization),
    }
}

fn read_bits(quantization: &KeyReader<'_>, key: &'static Key) -> CodeBits {
    // Other numbers are complained about.
    let bits = u8::try_from(quantization.integer(key)).ok();
    bits.and_then(|bits| bits.try_into().ok()).unwrap_or_default()
}

fn read_levels(quantization: &KeyReader<'_>) -> Levels {
    let levels = quantization.word(&keys::LEVELS);
    if levels == Levels::MidRise && read_bits(quantization, &keys::WEIGHT_BITS) == CodeBits::EIGHT {
        quantization.complain(
            &keys::LEVELS,
            "codes of `levels = \"mid-rise\"` are odd numbers, and eight bits of them do not fit an 8-bit multiplier",
            "write `weight-bits` from 2 to 7, or take `levels` out",
        );
    }
    levels
}

fn read_selection(layers: &KeyReader<'_>) -> SelectionSpec {
    SelectionSpec {
        layers: layers.word(&keys::LAYERS),
        first: layers.word(&keys::FIRST),
        last: layers.word(&keys::LAST),
    }
}

/// Complain about those of `keys` that are given beside a trace.
fn refuse(reader: &KeyReader<'_>, refused: &[&Key], why: &str) {
    for key in refused {
        if reader.span_of(key).is_some() {
            reader.complain(
                key,
                format!("`{}` cannot be used with `workload.trace`: {why}", key.path()),
                format!("take `{}` out, or name a `model` instead of a `trace`", key.name),
            );
        }
    }
}
