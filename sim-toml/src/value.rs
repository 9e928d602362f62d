//! Single values: their type, and whether they are among those that are allowed.

use toml::de::DeValue;

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// Found and wanted.
    Type(&'static str, &'static str),
    /// Found, and what may have been meant.
    Value(String, Option<String>),
}

/// A noun with its article.
pub fn article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'i']) { "an" } else { "a" };
    format!("{article} {noun}")
}

/// A whole number.
///
/// - Errors: another type, or a number that is not allowed.
pub fn whole(value: &DeValue<'_>, is_allowed: impl FnOnce(i64) -> bool) -> Result<i64, Wrong> {
    let Some(number) = value.as_integer() else {
        return Err(Wrong::Type(value.type_str(), "a whole number"));
    };
    match i64::from_str_radix(number.as_str(), number.radix()) {
        Ok(parsed) if is_allowed(parsed) => Ok(parsed),
        Ok(_) | Err(_) => Err(Wrong::Value(number.to_string(), None)),
    }
}

/// A float or a decimal integer, of what is written; `wanted` says what was expected.
///
/// - Errors: another type, or a number that `parse` does not take.
pub fn number<T>(
    value: &DeValue<'_>,
    wanted: &'static str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, Wrong> {
    let text = match (value.as_float(), value.as_integer()) {
        (Some(float), _) => float.as_str(),
        (None, Some(integer)) if integer.radix() == 10 => integer.as_str(),
        (None, _) => return Err(Wrong::Type(value.type_str(), wanted)),
    };
    parse(text).ok_or_else(|| Wrong::Value(text.to_owned(), None))
}

/// A text that is not empty; `wanted` says what was expected.
///
/// - Errors: another type, or an empty text.
pub fn text<'a>(value: &'a DeValue<'_>, wanted: &'static str) -> Result<&'a str, Wrong> {
    match value.as_str() {
        None => Err(Wrong::Type(value.type_str(), wanted)),
        Some("") => Err(Wrong::Value("\"\"".to_owned(), None)),
        Some(text) => Ok(text),
    }
}

/// `true` or `false`.
///
/// - Errors: another type.
pub fn flag(value: &DeValue<'_>) -> Result<bool, Wrong> {
    value
        .as_bool()
        .ok_or(Wrong::Type(value.type_str(), "true or false"))
}
