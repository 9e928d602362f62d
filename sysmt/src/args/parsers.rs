//! Values on the command line, by the names that configuration files use.

use clap::builder::{PossibleValuesParser, RangedU64ValueParser, TypedValueParser};
use sim_array::lockstep::Truth;
use sim_config::keys::FileKind;
use sim_core::preprocessing::{Channels, Layout, ResizeMode};
use sim_core::prune::PruneScope;
use sim_core::quantization::{Bias, Divisor, EdgeLayer, LayerSelection, SignedInputs, WeightScales};
use sim_core::range::{Percentile, RangeMethod};
use sim_core::recalibration::RecalibrationMode;
use sim_core::record::EngineKind;
use sim_core::reorder::Reorder;
use sim_core::spec::Threads;

use super::Throttle;

/// A parser of the names of `all`.
pub(super) fn named<T: Copy + Send + Sync + 'static>(
    all: &'static [T],
    name: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(all.iter().map(|value| name(*value))).try_map(move |text| {
        all.iter()
            .copied()
            .find(|value| name(*value) == text)
            .ok_or("no such value")
    })
}

macro_rules! parsers {
    ($($function:ident = $name:ty),+ $(,)?) => {$(
        pub(super) fn $function() -> impl TypedValueParser<Value = $name> {
            named(<$name>::ALL, <$name>::name)
        }
    )+};
}

parsers!(
    divisor = Divisor,
    bias = Bias,
    signed_inputs = SignedInputs,
    weight_scales = WeightScales,
    range_method = RangeMethod,
    prune_scope = PruneScope,
    recalibration_mode = RecalibrationMode,
    reorder = Reorder,
    layer_selection = LayerSelection,
    edge_layer = EdgeLayer,
    layout = Layout,
    channels = Channels,
    resize_mode = ResizeMode,
);

pub(super) fn file_kind() -> impl TypedValueParser<Value = FileKind> {
    named(&FileKind::ALL, FileKind::name)
}

/// The engine that others are held to.
pub(super) fn truth() -> impl TypedValueParser<Value = Truth> {
    named(&Truth::ALL, Truth::name)
}

pub(super) fn engine() -> impl TypedValueParser<Value = EngineKind> {
    named(&EngineKind::ALL, EngineKind::name)
}

pub(super) fn jobs() -> RangedU64ValueParser {
    clap::value_parser!(u64).range(1..=1024)
}

pub(super) fn count() -> RangedU64ValueParser {
    clap::value_parser!(u64).range(1..=1_000_000_000)
}

/// `99.9`.
pub(super) fn percentile(text: &str) -> Result<Percentile, String> {
    let number = text
        .parse()
        .map_err(|_| format!("`{text}` is not a number, such as 99.9"))?;
    Percentile::new(number).map_err(|error| error.to_string())
}

/// `224x224`, or `224,224`.
pub(super) fn sides(text: &str) -> Result<[usize; 2], String> {
    let wanted = || format!("`{text}` is not ROWSxCOLS, such as 224x224");
    let (rows, cols) = text.split_once(['x', ',']).ok_or_else(wanted)?;
    match (rows.parse(), cols.parse()) {
        (Ok(rows), Ok(cols)) => Ok([rows, cols]),
        (Ok(_) | Err(_), _) => Err(wanted()),
    }
}

/// `auto`, or `LAYER=THREADS`. Names of layers may hold equals signs, numbers of threads do not.
pub(super) fn throttle(text: &str) -> Result<Throttle, String> {
    if text == "auto" {
        return Ok(Throttle::Auto);
    }
    let remedy = "write auto, or a layer and 1, 2 or 4 threads, as in /block1/conv1/Conv=1";
    let Some((layer, threads)) = text.rsplit_once('=').filter(|(layer, _)| !layer.is_empty()) else {
        return Err(format!("no layer with threads; {remedy}"));
    };
    threads
        .parse()
        .ok()
        .and_then(Threads::from_count)
        .map(|threads| Throttle::Layer(layer.to_owned(), threads))
        .ok_or_else(|| format!("`{threads}` threads cannot be; {remedy}"))
}
