//! Names of figures' files: plain, and different on every file system.

use std::collections::BTreeSet;

/// A label with nothing in it that a file system or a shell takes amiss.
pub(crate) fn plain(label: &str) -> String {
    let is_plain = |character: char| character.is_alphanumeric() || "-_.+".contains(character);
    label.replace(|character: char| !is_plain(character), "-")
}

/// The name, with a number behind it where a known one is spelt alike but for capitals (`S+Aw` and `S+aW`): there are
/// file systems on which they are one.
pub(crate) fn unlike(known: &mut BTreeSet<String>, name: &str) -> String {
    let mut unlike = name.to_owned();
    let mut number = 2_u32;
    while !known.insert(unlike.to_lowercase()) {
        unlike = format!("{name}-{number}");
        number += 1;
    }
    unlike
}

/// The value without what all values share, as the folder of a model is.
pub(crate) fn brief(value: &str) -> &str {
    let name = value.rsplit_once('/').map_or(value, |(_, name)| name);
    let known = [".onnx", ".zap.safetensors"];
    known
        .iter()
        .find_map(|ending| name.strip_suffix(ending))
        .unwrap_or(value)
}
