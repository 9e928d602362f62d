//! Numbers and specs as a person reads them.

use sim_core::spec::{ArraySpec, Batch, Pairs, Pe};

/// An array in words.
pub(crate) fn array(spec: &ArraySpec) -> String {
    let pe = match spec.pe() {
        Pe::Conventional => String::new(),
        Pe::NbSmt(rules) => format!(
            ", {} thread{}, policy {}, {}, {}",
            rules.threads.count(),
            if rules.threads.count() == 1 { "" } else { "s" },
            rules.policy.name(),
            rules.rounding.name(),
            rules.overflow.name()
        ),
        Pe::Sparq(rules) | Pe::SparqStc(rules) => format!(
            ", window {}, {}, {}",
            rules.window.name(),
            rules.rounding.name(),
            match rules.pairs {
                Pairs::On => "pairs",
                Pairs::Off => "no pairs",
            }
        ),
    };
    let batch = match spec.batch() {
        Batch::Separate => "",
        Batch::Folded => ", images folded",
    };
    format!(
        "{}×{} {}{pe}; {} tiles{batch}, PE depth {}, {} MHz",
        spec.rows(),
        spec.cols(),
        spec.pe().kind_name(),
        spec.tiles().name(),
        spec.pipeline_depth(),
        spec.clock().0
    )
}

/// A count in groups of three digits.
pub(crate) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place != 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

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

/// A unit for values up to some size, and how many base units it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Unit {
    pub(crate) name: &'static str,
    pub(crate) size: f64,
}

/// Of picojoules.
const ENERGY: [Unit; 5] = [
    unit("pJ", 1.0),
    unit("nJ", 1e3),
    unit("µJ", 1e6),
    unit("mJ", 1e9),
    unit("J", 1e12),
];
/// Of microseconds.
const TIME: [Unit; 3] = [unit("µs", 1.0), unit("ms", 1e3), unit("s", 1e6)];

const fn unit(name: &'static str, size: f64) -> Unit {
    Unit { name, size }
}

/// The unit in which energies up to `largest` pJ are read.
pub(crate) fn energy_unit(largest: f64) -> Unit {
    largest_fitting(&ENERGY, largest)
}

/// The unit in which times up to `largest` µs are read.
pub(crate) fn time_unit(largest: f64) -> Unit {
    largest_fitting(&TIME, largest)
}

fn largest_fitting(units: &[Unit], largest: f64) -> Unit {
    let fitting = units.iter().rev().find(|unit| unit.size <= largest);
    *fitting.unwrap_or(&units[0])
}

/// A field of a CSV; of nothing, an empty one.
pub fn optional<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

/// Rows as CSV.
pub fn csv(rows: &[Vec<String>]) -> String {
    let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
    for row in rows {
        writer
            .write_record(row)
            .expect("rows are equally long and memory does not fail");
    }
    let bytes = writer.into_inner().expect("memory does not fail");
    String::from_utf8(bytes).expect("strings are UTF-8")
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

    #[test]
    fn grouped_table() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_000), "1,000");
        assert_eq!(grouped(12_345_678), "12,345,678");
    }

    #[test]
    fn units_fit_the_largest_value() {
        assert_eq!(energy_unit(0.0).name, "pJ");
        assert_eq!(energy_unit(2.5e6).name, "µJ");
        assert_eq!(time_unit(999.0).name, "µs");
    }
}
