//! Numbers as a person reads them, and points as CSV.

/// Three significant digits; powers of ten outside 0.001 to a million.
pub fn significant(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let magnitude = value.abs();
    if !(1e-3..999_500.0).contains(&magnitude) {
        return format!("{value:.2e}");
    }
    let decimals = [(99.95, 0), (9.995, 1), (0.9995, 2), (0.09995, 3), (0.009_995, 4)]
        .into_iter()
        .find(|(least, _)| *least <= magnitude)
        .map_or(5, |(_, decimals)| decimals);
    format!("{value:.decimals$}")
}

/// A field of a CSV; of nothing, an empty one.
pub fn optional<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

/// Rows under their heads as CSV.
///
/// # Panics
/// Where a row is longer or shorter than its heads.
pub fn csv<H: AsRef<[u8]>>(heads: impl IntoIterator<Item = H>, rows: &[Vec<String>]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(heads).expect("memory does not fail");
    for row in rows {
        writer.write_record(row).expect("a row is as long as its heads");
    }
    let bytes = writer.into_inner().expect("memory does not fail");
    String::from_utf8(bytes).expect("strings are UTF-8")
}

/// A count as a place or a share.
#[expect(clippy::as_conversions, reason = "counts of what is drawn are below 2^53")]
pub(crate) fn float(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn significant_table() {
        #[track_caller]
        fn check(value: f64, want: &str) {
            assert_eq!(significant(value), want);
        }
        check(0.0, "0");
        check(0.001, "0.00100");
        check(0.0009, "9.00e-4");
        check(0.01234, "0.0123");
        check(0.9996, "1.00"); // Rounds into the next decade.
        check(9.996, "10.0");
        check(99.96, "100");
        check(123_456.0, "123456");
        check(999_600.0, "1.00e6");
        check(-2.5, "-2.50");
    }
}
