//! The defaults of keys as values, each parsed once: a sweep reads them for every point.

use std::collections::HashMap;
use std::sync::LazyLock;

use toml::de::DeValue;

use crate::keys::{ALL, Fallback, Key};

type Parsed = Result<DeValue<'static>, String>;

/// By the address of the key, of which there is one.
static DEFAULTS: LazyLock<HashMap<usize, Parsed>> = LazyLock::new(|| {
    let parsed = |key: &&'static Key| {
        let text = match key.fallback {
            Fallback::Value(text) => text,
            Fallback::Required | Fallback::Absent(_) => return None,
        };
        let value = DeValue::parse(text).map(toml::Spanned::into_inner);
        Some((address(key), value.map_err(|error| error.to_string())))
    };
    ALL.iter().filter_map(parsed).collect()
});

static NONE: Parsed = Err(String::new());

fn address(key: &'static Key) -> usize {
    std::ptr::from_ref(key).addr()
}

/// The default of a key, or why its text is no TOML; an error for a key without one.
pub(crate) fn of(key: &'static Key) -> &'static Parsed {
    DEFAULTS.get(&address(key)).unwrap_or(&NONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_toml() {
        for key in ALL.iter().copied() {
            let has_default = matches!(key.fallback, Fallback::Value(_));
            assert_eq!(of(key).is_ok(), has_default, "{}", key.path());
        }
    }
}
