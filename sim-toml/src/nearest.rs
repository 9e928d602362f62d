//! The names that a misspelled one may have meant.

/// The nearest of the names within a third of `name`'s length in edits, at most three.
fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let most = (name.chars().count() / 3).max(1);
    let name = name.to_lowercase();
    let mut found: Vec<(usize, &str)> = candidates
        .into_iter()
        .map(|candidate| {
            (
                strsim::damerau_levenshtein(&name, &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(distance, _)| *distance <= most)
        .collect();
    found.sort_unstable();
    found.dedup();
    let least = found.first().map(|(distance, _)| *distance);
    found.retain(|(distance, _)| Some(*distance) == least);
    found.truncate(3);
    found.into_iter().map(|(_, candidate)| candidate).collect()
}

/// "did you mean …?", where something is near.
pub fn did_you_mean<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let names = nearest(name, candidates);
    if names.is_empty() {
        return None;
    }
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    Some(format!("did you mean {}?", quoted.join(" or ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_table() {
        #[track_caller]
        fn check(name: &str, want: &[&str]) {
            assert_eq!(nearest(name, ["rows", "cols", "tiles", "batch"]), want, "{name}");
        }
        check("colz", &["cols"]); // One letter wrong.
        check("tile", &["tiles"]); // One letter missing.
        check("Rows", &["rows"]); // Case is not a distance.
        check("orws", &["rows"]); // Two letters swapped.
        check("frequency", &[]); // Nothing near.
    }
}
