//! How the columns of results are shown: titles with units, scales, names of values.

use crate::file_names::brief;
use sim_draw::Scale;
use sim_draw::palette::Tone;

use reports::frame::{Frame, Value};
use reports::metrics::{self, Form};
use reports::text;

/// A column on an axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shown {
    /// Without its unit.
    pub(super) title: String,
    /// Of shown values; empty where there is none.
    pub(super) unit: String,
    /// From stored to shown values.
    pub(super) factor: f64,
    pub(super) scale: Scale,
}

impl Shown {
    /// Title and unit.
    pub(super) fn heading(&self) -> String {
        if self.unit.is_empty() {
            self.title.clone()
        } else {
            format!("{} ({})", self.title, self.unit)
        }
    }

    /// The same under another title, of which a unit in brackets is the reader's own.
    pub(super) fn titled(self, title: Option<&String>) -> Self {
        match title {
            Some(title) if title.ends_with(')') => Self {
                title: title.clone(),
                unit: String::new(),
                ..self
            },
            Some(title) => Self {
                title: title.clone(),
                ..self
            },
            None => self,
        }
    }
}

/// How a column is shown, whose largest stored value this is.
pub(super) fn shown(frame: &Frame, name: &str, largest: f64) -> Shown {
    let column = frame.columns().iter().find(|column| column.name == name);
    let stored = column.map_or("", |column| column.unit.as_str());
    let about = metrics::about(name);
    let form = about.map_or(Form::Plain, |about| about.form);
    let (unit, factor) = match stored {
        "pJ" => energy(largest),
        _ => (form.unit().unwrap_or(stored), form.factor()),
    };
    Shown {
        title: about.map_or(name, |about| about.title).to_owned(),
        unit: unit.to_owned(),
        factor,
        scale: about.map_or(Scale::Linear, |about| about.scale),
    }
}

/// A unit in which the largest energy has few digits, and what picojoules are in it.
fn energy(largest: f64) -> (&'static str, f64) {
    if 0.0 < largest && largest < 0.5 {
        return ("fJ", 1e3);
    }
    let unit = text::energy_unit(largest);
    (unit.name, 1.0 / unit.size)
}

/// A stored value as a number, where it is one; words of axes such as 0.4 are.
pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Text(text) => text.parse().ok().filter(|number: &f64| number.is_finite()),
        Value::Null | Value::Count(_) | Value::Real(_) | Value::Flag(_) => {
            value.number().filter(|number| number.is_finite())
        }
    }
}

/// What tells a value of a column from others, in few words.
pub(super) fn label(name: &str, value: &Value) -> String {
    let text = match value {
        Value::Null => return "–".to_owned(),
        Value::Text(_) | Value::Count(_) | Value::Real(_) | Value::Flag(_) => value.text(),
    };
    let key = name.rsplit('.').next().unwrap_or(name);
    match key {
        "recalibrate-bn" if text == "off" => "–".to_owned(),
        "model" | "predictors" => brief(&text).to_owned(),
        "threads" => format!("{text}T"),
        // A window of a PE is a word, one of a prediction a number of pixels.
        "window" if name.starts_with("prediction") => format!("window {text}"),
        "design" | "policy" | "window" | "kind" | "name" => text,
        "activation-zeros" => format!("{text} zeros"),
        "weight-zeros" => format!("{text} weight zeros"),
        "prune" => format!("pruned {text}"),
        key => format!("{key} {text}"),
    }
}

/// A value beside an axis that says what it is.
pub(super) fn tick(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::Text(_) | Value::Count(_) | Value::Real(_) | Value::Flag(_) => value.text(),
    }
}

/// What a part is called where it has no name of its own.
pub(super) fn part_name(column: &str) -> String {
    let plain = column
        .strip_prefix("energy_")
        .and_then(|rest| rest.strip_suffix("_pj"))
        .unwrap_or(column);
    match plain
        .strip_prefix("active_")
        .or_else(|| plain.strip_prefix("active-"))
    {
        Some(n) => format!("{n} active"),
        None => plain.to_owned(),
    }
}

/// The tone of a part; of others, that of their number.
pub(super) fn tone(part: &str, index: usize) -> Tone {
    match part {
        "fill" | "idle" => Tone::Beside(0),
        "masked" | "operands" => Tone::Beside(1),
        "stall" | "results" => Tone::Beside(2),
        "drain" | "clock" => Tone::Beside(3),
        "multiplier" => Tone::Series(2),
        "leakage" => Tone::Grey,
        other => other
            .strip_suffix(" active")
            .and_then(|n| n.parse().ok())
            .map_or(Tone::Series(index), Tone::Graded),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn part_table() {
        assert_eq!(part_name("active_2"), "2 active");
        assert_eq!(part_name("energy_active-2_pj"), "2 active");
        assert_eq!(part_name("energy_live-weight-bit_pj"), "live-weight-bit");
        assert_eq!(part_name("drain"), "drain");
        assert_eq!(tone("2 active", 7), Tone::Graded(2));
        assert_eq!(tone("something", 7), Tone::Series(7));
    }

    #[test]
    fn energies_have_few_digits() {
        assert_eq!(energy(0.1), ("fJ", 1e3));
        assert_eq!(energy(2.0), ("pJ", 1.0));
        assert_eq!(energy(3e6).0, "µJ");
    }
}
