//! Axes as the store has them: values as JSON, and the type of each axis.

use serde_json::Value;
use sim_config::sweep::AxisValue;

use crate::plan::Plan;

/// The values of a point, one for each axis.
pub(super) fn axes_json(values: &[AxisValue]) -> Value {
    values
        .iter()
        .map(|value| match value {
            AxisValue::Absent => Value::Null,
            AxisValue::Integer(number) => Value::from(*number),
            AxisValue::Real(number) => Value::from(*number),
            AxisValue::Flag(flag) => Value::from(*flag),
            AxisValue::Text(text) => Value::from(text.as_str()),
        })
        .collect()
}

/// What the values of each axis are, together.
pub(super) fn column_types(plan: &Plan<'_>) -> Vec<&'static str> {
    let of_axis = |values: Vec<&AxisValue>| {
        let mut types = values.into_iter().filter_map(|value| match value {
            AxisValue::Absent => None,
            AxisValue::Integer(number) if 0 <= *number => Some("count"),
            AxisValue::Integer(_) | AxisValue::Real(_) => Some("real"),
            AxisValue::Flag(_) => Some("flag"),
            AxisValue::Text(_) => Some("text"),
        });
        let first = types.next().unwrap_or("text");
        types.fold(first, |all, one| match (all, one) {
            (all, one) if all == one => all,
            ("count" | "real", "count" | "real") => "real",
            _ => "text",
        })
    };
    let names = plan.spec().axis_names();
    let types = plan.spec().axis_values().into_iter().map(of_axis);
    // Seeds come last and are counts.
    types
        .chain(std::iter::repeat("count"))
        .take(names.len())
        .collect()
}
