//! Single values of a configuration file: their type and range.

use sim_core::prune::PruneSpec;
use sim_core::range::Percentile;
use sim_core::synthetic::ActivationZeros;
use toml::de::DeValue;

use crate::keys::{Key, Values, Zero};

/// What is wrong with a value.
pub(crate) enum Wrong {
    /// Found and wanted.
    Type(&'static str, &'static str),
    /// Found, and what may have been meant.
    Value(String, Option<String>),
}

impl Wrong {
    /// Reason and remedy.
    pub(crate) fn explain(self, key: &Key) -> (String, String) {
        let allowed = format!("allowed values: {}", key.values.describe());
        match self {
            Self::Type(found, wanted) => (
                format!("`{}` is {}, not {wanted}", key.path(), article(found)),
                allowed,
            ),
            Self::Value(found, guess) => (
                format!("{} = {found} is not allowed", key.path()),
                guess.map_or(allowed.clone(), |guess| format!("{guess} {allowed}")),
            ),
        }
    }
}

/// A checked size as `usize`; what is out of range was complained about.
pub(crate) fn size(value: i64) -> usize {
    usize::try_from(value).unwrap_or(1)
}

/// A noun with its article.
pub(crate) fn article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'i']) { "an" } else { "a" };
    format!("{article} {noun}")
}

/// A whole number that `key` allows.
pub(crate) fn integer(key: &Key, value: &DeValue<'_>) -> Result<i64, Wrong> {
    let Some(number) = value.as_integer() else {
        return Err(Wrong::Type(value.type_str(), "a whole number"));
    };
    let not_allowed = || Wrong::Value(number.to_string(), None);
    let parsed = i64::from_str_radix(number.as_str(), number.radix()).map_err(|_| not_allowed())?;
    let is_allowed = match key.values {
        Values::Integer { min, max } => (min..=max).contains(&parsed),
        Values::Integers(allowed) => allowed.contains(&parsed),
        Values::Sides { max } | Values::Accuracy { max } => (1..=max).contains(&parsed),
        Values::Seeds { max } => (0..=max).contains(&parsed),
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
    };
    if is_allowed {
        Ok(parsed)
    } else {
        Err(not_allowed())
    }
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

/// A float or a decimal integer, as written.
fn number_text<'a>(value: &'a DeValue<'_>, wanted: &'static str) -> Result<&'a str, Wrong> {
    match (value.as_float(), value.as_integer()) {
        (Some(float), _) => Ok(float.as_str()),
        (None, Some(integer)) if integer.radix() == 10 => Ok(integer.as_str()),
        (None, _) => Err(Wrong::Type(value.type_str(), wanted)),
    }
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
