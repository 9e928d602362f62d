//! Single values of a configuration file: their type and range.

use sim_core::input_constant::InputConstant;
use sim_core::prune::PruneSpec;
use sim_core::quantization::StepScale;
use sim_core::range::Percentile;
use sim_core::synthetic::ActivationZeros;
use sim_toml::value::{self, Wrong, article, whole};
use toml::de::DeValue;

use crate::keys::{Key, Values, Zero};

/// Reason and remedy.
pub(crate) fn explain(wrong: Wrong, key: &Key) -> (String, String) {
    let allowed = format!("allowed values: {}", key.values.describe());
    match wrong {
        Wrong::Type(found, wanted) => (
            format!("`{}` is {}, not {wanted}", key.path(), article(found)),
            allowed,
        ),
        Wrong::Value(found, guess) => (
            format!("{} = {found} is not allowed", key.path()),
            guess.map_or(allowed.clone(), |guess| format!("{guess} {allowed}")),
        ),
    }
}

/// A checked size as `usize`; what is out of range was complained about.
pub(crate) fn size(value: i64) -> usize {
    usize::try_from(value).unwrap_or(1)
}

/// A whole number that `key` allows.
pub(crate) fn integer(key: &Key, value: &DeValue<'_>) -> Result<i64, Wrong> {
    whole(value, |number| match key.values {
        Values::Integer { min, max } => (min..=max).contains(&number),
        Values::Integers(allowed) => allowed.contains(&number),
        Values::Sides { max } | Values::Accuracy { max } => (1..=max).contains(&number),
        Values::Seeds { max } => (0..=max).contains(&number),
        Values::Words(_)
        | Values::Flag
        | Values::Number(_)
        | Values::FromZero
        | Values::StepScale
        | Values::Numbers(_)
        | Values::Name
        | Values::Constants
        | Values::Percentile
        | Values::Pruning
        | Values::Probability
        | Values::Path
        | Values::ArrayFileOrTables => true,
    })
}

/// A percentile.
pub(crate) fn percentile(value: &DeValue<'_>) -> Result<Percentile, Wrong> {
    value::number(value, "a number", |text| Percentile::new(text.parse().ok()?).ok())
}

/// What to prune: a fraction of each layer, or 2:4.
pub(crate) fn pruning(value: &DeValue<'_>) -> Result<PruneSpec, Wrong> {
    if let Some(text) = value.as_str() {
        let guess = match text.parse() {
            Ok(PruneSpec::TwoOfFour) => return Ok(PruneSpec::TwoOfFour),
            Ok(PruneSpec::Magnitude { .. }) => Some("a fraction has no quotes;".to_owned()),
            Err(_) => None,
        };
        return Err(Wrong::Value(format!("\"{text}\""), guess));
    }
    value::number(value, "a fraction or \"2:4\"", |text| text.parse().ok())
}

/// Constants for inputs of a network; none of them twice.
pub(crate) fn constants(value: &DeValue<'_>) -> Result<Vec<InputConstant>, Wrong> {
    let Some(values) = value.as_array() else {
        return Err(Wrong::Type(value.type_str(), "a list of \"NAME=VALUE\""));
    };
    let mut constants: Vec<InputConstant> = Vec::with_capacity(values.len());
    for value in values {
        let text = value::text(value.get_ref(), "NAME=VALUE in quotes")?;
        let constant: InputConstant = text
            .parse()
            .map_err(|_| Wrong::Value(format!("\"{text}\""), None))?;
        if constants.iter().any(|other| other.name == constant.name) {
            return Err(Wrong::Value(format!("`{}` twice", constant.name), None));
        }
        constants.push(constant);
    }
    Ok(constants)
}

/// How many activations become zero.
pub(crate) fn activation_zeros(value: &DeValue<'_>) -> Result<ActivationZeros, Wrong> {
    value::number(value, "a probability", |text| {
        ActivationZeros::new(text.parse().ok()?).ok()
    })
}

/// What a step is multiplied by.
pub(crate) fn step_scale(value: &DeValue<'_>) -> Result<StepScale, Wrong> {
    value::number(value, "a number", |text| {
        StepScale::try_from(text.parse::<f32>().ok()?).ok()
    })
}

/// A finite number that `key` allows; `wanted` says what was expected.
pub(crate) fn number(key: &Key, value: &DeValue<'_>, wanted: &'static str) -> Result<f32, Wrong> {
    let is_zero_forbidden = matches!(
        key.values,
        Values::Number(Zero::Forbidden) | Values::Numbers(Zero::Forbidden)
    );
    let is_negative_forbidden = matches!(key.values, Values::FromZero);
    let is_allowed = |number: &f32| {
        number.is_finite()
            && !(is_zero_forbidden && *number == 0.0)
            && !(is_negative_forbidden && *number < 0.0)
    };
    value::number(value, wanted, |text| text.parse().ok().filter(is_allowed))
}

/// The same in double precision.
pub(crate) fn real(key: &Key, value: &DeValue<'_>) -> Result<f64, Wrong> {
    number(key, value, "a number")?;
    value::number(value, "a number", |text| text.parse().ok())
}

/// A list of whole numbers that `key` allows; `wanted` says what was expected.
pub(crate) fn integers(key: &Key, value: &DeValue<'_>, wanted: &'static str) -> Result<Vec<i64>, Wrong> {
    let values = value.as_array().ok_or(Wrong::Type(value.type_str(), wanted))?;
    values.iter().map(|value| integer(key, value.get_ref())).collect()
}
