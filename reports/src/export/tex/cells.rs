//! The head and the cells of a column in a paper.

use super::escape::escape;
use crate::frame::{Column, Value};
use sim_draw::text::significant;

use crate::text::{Unit, energy_unit, grouped};

/// How numbers of a column are rounded; as summaries do it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Rounding {
    /// Counts in groups of three digits, measures to three digits.
    Plain,
    /// Multiplied, and so many decimals.
    Fixed { factor: f64, decimals: usize },
    /// The same with a sign, as differences have one.
    Signed { factor: f64, decimals: usize },
    /// Picojoules in the unit that fits the largest.
    Energy,
}

const PERCENT: f64 = 100.0;

/// Heads of columns that papers have; others are headed by their names.
const HEADS: &[(&str, &str, Rounding)] = &[
    ("design", "Design", Rounding::Plain),
    ("name", "Layer", Rounding::Plain),
    ("layer", "#", Rounding::Plain),
    ("threads", "Layer threads", Rounding::Plain),
    ("pe.kind", "PE", Rounding::Plain),
    ("pe.threads", "Threads", Rounding::Plain),
    ("pe.policy", "Policy", Rounding::Plain),
    ("pe.window", "Window", Rounding::Plain),
    ("array.rows", "Rows", Rounding::Plain),
    ("array.cols", "Columns", Rounding::Plain),
    ("policy", "Layer policy", Rounding::Plain),
    ("m", "M", Rounding::Plain),
    ("n", "N", Rounding::Plain),
    ("k", "K", Rounding::Plain),
    ("images", "Images", Rounding::Plain),
    ("macs", "MACs", Rounding::Plain),
    ("cycles", "Cycles", Rounding::Plain),
    ("baseline_cycles", "Baseline cycles", Rounding::Plain),
    ("speedup", "Speed-up", fixed(1.0, 3)),
    ("utilization", "Utilization (%)", fixed(PERCENT, 1)),
    ("zero_macs", "Zero MACs (%)", fixed(PERCENT, 1)),
    ("mse", "MSE", Rounding::Plain),
    ("relative_mse", "Relative MSE", Rounding::Plain),
    ("snr_db", "SNR (dB)", fixed(1.0, 1)),
    ("energy_pj", "Energy", Rounding::Energy),
    ("total_energy_pj", "Total energy", Rounding::Energy),
    ("clock_pj", "Clock energy", Rounding::Energy),
    ("leakage_pj", "Leakage", Rounding::Energy),
    ("total_energy_per_mac_pj", "Energy per MAC (pJ)", Rounding::Plain),
    ("area_um2", "Area (mm²)", fixed(1e-6, 4)),
    ("evaluated_images", "Images", Rounding::Plain),
    ("fp32_unpruned_top1", "FP32 unpruned top-1 (%)", fixed(PERCENT, 2)),
    ("fp32_top1", "FP32 top-1 (%)", fixed(PERCENT, 2)),
    ("int8_top1", "8-bit top-1 (%)", fixed(PERCENT, 2)),
    ("top1", "Top-1 (%)", fixed(PERCENT, 2)),
    ("top1_low", "Top-1 low (%)", fixed(PERCENT, 2)),
    ("top1_high", "Top-1 high (%)", fixed(PERCENT, 2)),
    ("fp32_top5", "FP32 top-5 (%)", fixed(PERCENT, 2)),
    ("top5", "Top-5 (%)", fixed(PERCENT, 2)),
    ("top1_change", "Change (points)", signed(PERCENT, 2)),
    ("top1_change_low", "Change low (points)", signed(PERCENT, 2)),
    ("top1_change_high", "Change high (points)", signed(PERCENT, 2)),
    ("agreement", "As 8-bit (%)", fixed(PERCENT, 2)),
    ("output_error", "Output error", Rounding::Plain),
    ("p_value", "p", Rounding::Plain),
];

const fn fixed(factor: f64, decimals: usize) -> Rounding {
    Rounding::Fixed { factor, decimals }
}

const fn signed(factor: f64, decimals: usize) -> Rounding {
    Rounding::Signed { factor, decimals }
}

/// A column whose values are known, so that its unit is.
pub(super) struct Cells {
    head: String,
    rounding: Rounding,
    unit: Unit,
}

impl Cells {
    pub(super) fn new<'v>(column: &Column, values: impl Iterator<Item = &'v Value>) -> Self {
        let largest = values.filter_map(Value::number).fold(0.0, f64::max);
        let unit = energy_unit(largest);
        let known = HEADS.iter().find(|(name, _, _)| *name == column.name);
        let (head, rounding) = match known {
            Some((_, head, Rounding::Energy)) => (format!("{head} ({})", unit.name), Rounding::Energy),
            Some((_, head, rounding)) => ((*head).to_owned(), *rounding),
            None if column.unit.is_empty() => (column.name.clone(), Rounding::Plain),
            None => (format!("{} ({})", column.name, column.unit), Rounding::Plain),
        };
        Self {
            head: escape(&head),
            rounding,
            unit,
        }
    }

    /// Ready to print.
    pub(super) fn head(&self) -> &str {
        &self.head
    }

    /// Ready to print; a dash where there is no value.
    pub(super) fn cell(&self, value: &Value) -> String {
        match value {
            Value::Null => "--".to_owned(),
            Value::Text(text) => escape(text),
            Value::Flag(flag) => flag.to_string(),
            Value::Count(count) => grouped(*count),
            Value::Real(real) => self.real(*real),
        }
    }

    fn real(&self, real: f64) -> String {
        match self.rounding {
            Rounding::Plain => number(&significant(real)),
            Rounding::Fixed { factor, decimals } => number(&rounded(real * factor, decimals)),
            Rounding::Signed { factor, decimals } => {
                let text = rounded(real * factor, decimals);
                let is_positive = text.contains(|digit: char| ('1'..='9').contains(&digit)) && 0.0 < real;
                if is_positive {
                    format!("$+{text}$")
                } else {
                    number(&text)
                }
            }
            Rounding::Energy => number(&rounded(real / self.unit.size, 3)),
        }
    }
}

/// With so many decimals; zero has no sign.
fn rounded(real: f64, decimals: usize) -> String {
    let text = format!("{real:.decimals$}");
    match text.strip_prefix('-') {
        Some(digits) if digits.chars().all(|digit| matches!(digit, '0' | '.')) => digits.to_owned(),
        Some(_) | None => text,
    }
}

/// Digits as LaTeX prints numbers: a minus, and powers of ten.
fn number(digits: &str) -> String {
    match digits.split_once('e') {
        Some((mantissa, exponent)) => format!("${mantissa}\\times10^{{{exponent}}}$"),
        None if digits == "inf" => "$\\infty$".to_owned(),
        None if digits == "-inf" => "$-\\infty$".to_owned(),
        None if digits.starts_with('-') => format!("${digits}$"),
        None => digits.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::ColumnType;

    #[test]
    fn cell_table() {
        #[track_caller]
        fn check(name: &str, value: impl Into<Value>, want: &str) {
            let (column, value) = (Column::new(name, ColumnType::Real), value.into());
            assert_eq!(
                Cells::new(&column, [&value].into_iter()).cell(&value),
                want,
                "{name}"
            );
        }
        check("speedup", 1.234_56, "1.235");
        check("utilization", 0.123_45, "12.3");
        check("top1", 0.912_345, "91.23");
        check("top1_change", 0.002, "$+0.20$");
        check("top1_change", -0.002, "$-0.20$");
        check("top1_change", -0.000_001, "0.00"); // Zero has no sign.
        check("top1_change", 0.000_001, "0.00");
        check("relative_mse", 0.000_012_34, "$1.23\\times10^{-5}$");
        check("relative_mse", 0.0, "0");
        check("energy_pj", 2_500_000.0, "2.500");
        check("area_um2", 123_456.0, "0.1235");
        check("macs", 1_234_567_u64, "1,234,567");
        check("other", f64::NAN, "NaN");
        check("other", f64::NEG_INFINITY, "$-\\infty$");
        check("other", None::<f64>, "--");
        check("other", -1.5, "$-1.50$");
    }

    #[test]
    fn heads_say_units() {
        #[track_caller]
        fn check(name: &str, unit: &str, largest: f64, want: &str) {
            let column = Column::new(name, ColumnType::Real).in_unit(unit);
            let value = Value::Real(largest);
            assert_eq!(Cells::new(&column, [&value].into_iter()).head(), want);
        }
        check("energy_pj", "pJ", 2.5e6, "Energy ($\\mu$J)");
        check("energy_a4w8_pj", "pJ", 1.0, "energy\\_a4w8\\_pj (pJ)");
        check("workload.prune", "", 0.4, "workload.prune");
        check("utilization", "", 0.4, "Utilization (\\%)");
    }
}
