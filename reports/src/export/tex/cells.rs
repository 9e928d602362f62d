//! The head and the cells of a column in a paper.

use super::escape::escape;
use crate::frame::{Column, Value};
use sim_draw::text::significant;

use crate::metrics::{self, Form};
use crate::text::{Unit, energy_unit, grouped};

/// A column whose values are known, so that its unit is.
pub(super) struct Cells {
    head: String,
    form: Form,
    unit: Unit,
}

impl Cells {
    pub(super) fn new<'v>(column: &Column, values: impl Iterator<Item = &'v Value>) -> Self {
        let largest = values.filter_map(Value::number).fold(0.0, f64::max);
        let unit = energy_unit(largest);
        let about = metrics::about(&column.name);
        let label = about.map_or(column.name.as_str(), |about| about.label);
        let form = about.map_or(Form::Plain, |about| about.form);
        let in_head = match form {
            Form::Energy => unit.name,
            // It stands behind each value, where it does.
            Form::Times => "",
            Form::Plain | Form::Decimals(_) | Form::Percent(_) | Form::Points | Form::SquareMillimetres => {
                form.unit().unwrap_or(&column.unit)
            }
        };
        let head = if in_head.is_empty() {
            label.to_owned()
        } else {
            format!("{label} ({in_head})")
        };
        Self {
            head: escape(&head),
            form,
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
        let Some(decimals) = self.form.decimals() else {
            return number(&significant(real));
        };
        let text = rounded(real * self.form.factor(), decimals);
        match self.form {
            Form::Energy => number(&rounded(real / self.unit.size, decimals)),
            Form::Points if text.contains(|digit: char| ('1'..='9').contains(&digit)) && 0.0 < real => {
                format!("$+{text}$")
            }
            Form::Plain
            | Form::Decimals(_)
            | Form::Times
            | Form::Percent(_)
            | Form::Points
            | Form::SquareMillimetres => number(&text),
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
