//! Numbers and specs as a person reads them.

use sim_core::spec::{ArraySpec, Batch, Pairs};

/// An array in words.
pub(crate) fn array(spec: &ArraySpec) -> String {
    let mut pe = String::new();
    if let Some(rules) = spec.pe().nb_smt() {
        pe += &format!(
            ", {} thread{}, policy {}, {}, {}",
            rules.threads.count(),
            if rules.threads.count() == 1 { "" } else { "s" },
            rules.policy.name(),
            rules.rounding.name(),
            rules.overflow.name()
        );
    }
    if let Some((_, rules)) = spec.pe().windows() {
        pe += &format!(
            ", window {}, {}, {}",
            rules.window.name(),
            rules.rounding.name(),
            match rules.pairs {
                Pairs::On => "pairs",
                Pairs::Off => "no pairs",
            }
        );
    }
    let batch = match spec.batch() {
        Batch::Separate => "",
        Batch::Folded => ", images folded",
    };
    format!(
        "{}×{} {}{pe}; {} tiles{batch}, PE depth {}, {} MHz",
        spec.rows(),
        spec.cols(),
        spec.pe().kind().name(),
        spec.tiles().name(),
        spec.pipeline_depth(),
        spec.clock().0
    )
}

/// A count in groups of three digits.
pub fn grouped(count: u64) -> String {
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

/// A unit for values up to some size, and how many base units it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unit {
    /// As it is written.
    pub name: &'static str,
    /// Base units.
    pub size: f64,
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
pub fn energy_unit(largest: f64) -> Unit {
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

#[cfg(test)]
mod tests {
    use super::*;

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
