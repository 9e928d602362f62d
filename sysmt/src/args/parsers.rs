//! Values on the command line, by the names that configuration files use.

use clap::builder::{PossibleValuesParser, RangedU64ValueParser, TypedValueParser};
use sim_core::named::Named;
use sim_core::preprocessing::Resize;
use sim_core::quantization::{CodeBits, StepScale};
use sim_core::range::Percentile;
use sim_core::spec::Threads;
use sim_predict::mask::MaskType;
use sim_predict::train::LearningRate;

use super::Throttle;

/// A parser of the names of `T`.
pub(super) fn named<T: Named>() -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(T::names()).try_map(|text| T::from_name(&text).ok_or("no such value"))
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

/// `4`.
pub(super) fn bits(text: &str) -> Result<CodeBits, String> {
    let bits = text
        .parse::<u8>()
        .map_err(|_| format!("`{text}` is not a whole number from 2 to 8"))?;
    CodeBits::try_from(bits).map_err(|error| error.to_string())
}

/// `0.9`.
pub(super) fn step_scale(text: &str) -> Result<StepScale, String> {
    let factor = text
        .parse::<f32>()
        .map_err(|_| format!("`{text}` is not a number, such as 0.9"))?;
    StepScale::try_from(factor).map_err(|error| error.to_string())
}

/// `224x224`, or `224,224`, or `256`.
pub(super) fn sides(text: &str) -> Result<Resize, String> {
    let number = |text: &str| text.parse().ok();
    let sides = match text.split_once(['x', ',']) {
        None => number(text).map(Resize::Shorter),
        Some((rows, cols)) => number(rows)
            .zip(number(cols))
            .map(|(rows, cols)| Resize::Sides([rows, cols])),
    };
    sides.ok_or_else(|| format!("`{text}` is not ROWSxCOLS, such as 224x224, and not one number"))
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

/// `5`.
pub(super) fn mask(text: &str) -> Result<MaskType, String> {
    let number = text
        .parse()
        .map_err(|_| format!("`{text}` is not a type of masks; they are 0 to 10"))?;
    MaskType::new(number).map_err(|error| error.to_string())
}

/// `0.01`.
pub(super) fn rate(text: &str) -> Result<LearningRate, String> {
    let number = text
        .parse()
        .map_err(|_| format!("`{text}` is not a learning rate, such as 0.01"))?;
    LearningRate::new(number).map_err(|error| error.to_string())
}
