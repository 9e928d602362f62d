//! Grids as points: every combination of values, in order.

use anyhow::{Context, bail};
use toml::{Table, Value};

/// One combination of a grid.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Combination {
    /// Keys of the grid with this point's values, in the order of the keys.
    pub(crate) axes: Vec<(String, Value)>,
}

/// Every combination of a grid's values; the last key changes fastest.
pub(crate) fn combinations(grid: &Table) -> anyhow::Result<Vec<Combination>> {
    let mut all = vec![Combination { axes: Vec::new() }];
    for (key, values) in grid {
        let values = match values {
            Value::Array(values) if values.is_empty() => bail!("grid: `{key}` has no values"),
            Value::Array(values) => values.clone(),
            one @ (Value::String(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Boolean(_)
            | Value::Datetime(_)) => vec![one.clone()],
            Value::Table(_) => bail!("grid: `{key}` is a table; write its keys with dots, in quotes"),
        };
        all = all
            .iter()
            .flat_map(|point| {
                values.iter().map(|value| {
                    let mut point = point.clone();
                    point.axes.push((key.clone(), value.clone()));
                    point
                })
            })
            .collect();
    }
    Ok(all)
}

/// Put `value` at a dotted key of a run file.
pub(crate) fn set(run: &mut Table, key: &str, value: Value) -> anyhow::Result<()> {
    let mut table = run;
    let mut rest = key;
    while let Some((section, inner)) = rest.split_once('.') {
        table = table
            .entry(section)
            .or_insert_with(|| Value::Table(Table::new()))
            .as_table_mut()
            .with_context(|| format!("`{key}`: `{section}` is no section in [base]"))?;
        rest = inner;
    }
    table.insert(rest.to_owned(), value);
    Ok(())
}

/// A value as a person reads it.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Integer(_)
        | Value::Float(_)
        | Value::Boolean(_)
        | Value::Datetime(_)
        | Value::Array(_)
        | Value::Table(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_combination_is_a_point() {
        let grid: Table =
            toml::from_str("\"pe.threads\" = [2, 4]\n\"pe.policy\" = [\"S\", \"S+A\"]\nonce = true").unwrap();
        let points = combinations(&grid).unwrap();
        let shown: Vec<String> = points
            .iter()
            .map(|point| {
                let values: Vec<String> = point.axes.iter().map(|(_, value)| shown(value)).collect();
                values.join(" ")
            })
            .collect();
        assert_eq!(shown, ["true S 2", "true S 4", "true S+A 2", "true S+A 4"]);
        let empty: Table = toml::from_str("x = []").unwrap();
        assert!(combinations(&empty).is_err());
    }

    #[test]
    fn dotted_keys_make_sections() {
        let mut run: Table = toml::from_str("[pe]\nkind = \"nb-smt\"\n[array]\nrows = 8").unwrap();
        set(&mut run, "pe.threads", Value::Integer(2)).unwrap();
        set(&mut run, "layers.reorder", Value::String("off".to_owned())).unwrap();
        assert_eq!(run["pe"]["threads"].as_integer(), Some(2));
        assert_eq!(run["pe"]["kind"].as_str(), Some("nb-smt"));
        assert_eq!(run["layers"]["reorder"].as_str(), Some("off"));
        assert!(set(&mut run, "array.rows.x", Value::Integer(1)).is_err());
    }
}
