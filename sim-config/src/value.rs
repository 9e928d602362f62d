//! Single values of a configuration file: their type and range.

use sim_core::prune::PruneSpec;
use sim_core::range::Percentile;
use sim_core::synthetic::ActivationZeros;
use sim_toml::value::{Wrong, article, number_text, whole};
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
        | Values::Numbers(_)
        | Values::Name
        | Values::Percentile
        | Values::Pruning
        | Values::Probability
        | Values::Path
        | Values::ArrayFileOrTables => true,
    })
}

/// A percentile.
pub(crate) fn percentile(value: &DeValue<'_>) -> Result<Percentile, Wrong> {
    let text = number_text(value, "a number")?;
    let parsed = text.parse().ok();
    parsed
        .and_then(|number| Percentile::new(number).ok())
        .ok_or_else(|| Wrong::Value(text.to_owned(), None))
}

/// What to prune: a fraction of each layer, or 2:4.
pub(crate) fn pruning(value: &DeValue<'_>) -> Result<PruneSpec, Wrong> {
    if let Some(text) = value.as_str() {
        let guess = match text.parse() {
            Ok(PruneSpec::TwoOfFour) => return Ok(PruneSpec::TwoOfFour),
            Ok(PruneSpec::Magnitude { .. }) => Some("a fraction stands without quotes;".to_owned()),
            Err(_) => None,
        };
        return Err(Wrong::Value(format!("\"{text}\""), guess));
    }
    let text = number_text(value, "a fraction or \"2:4\"")?;
    text.parse().map_err(|_| Wrong::Value(text.to_owned(), None))
}

/// How many activations become zero.
pub(crate) fn activation_zeros(value: &DeValue<'_>) -> Result<ActivationZeros, Wrong> {
    let text = number_text(value, "a probability")?;
    let parsed = text.parse().ok();
    parsed
        .and_then(|number| ActivationZeros::new(number).ok())
        .ok_or_else(|| Wrong::Value(text.to_owned(), None))
}

/// A finite number that `key` allows; `wanted` says what was expected.
pub(crate) fn number(key: &Key, value: &DeValue<'_>, wanted: &'static str) -> Result<f32, Wrong> {
    let text = number_text(value, wanted)?;
    let not_allowed = || Wrong::Value(text.to_owned(), None);
    let parsed: f32 = text.parse().map_err(|_| not_allowed())?;
    let is_zero_forbidden = matches!(
        key.values,
        Values::Number(Zero::Forbidden) | Values::Numbers(Zero::Forbidden)
    );
    if !parsed.is_finite() || (is_zero_forbidden && parsed == 0.0) {
        return Err(not_allowed());
    }
    Ok(parsed)
}
