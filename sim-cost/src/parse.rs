//! Strict reading of technology tables.

use serde::Deserialize;
use sim_core::spec::{Threads, Window};
use toml::Spanned;

use crate::key::{Mode, Part, PeKey};
use crate::table::{AreaRow, EnergyRow, Quantity, Table};

/// A technology table that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("technology table `{table}`{}: {message}", place(*line))]
pub struct TableError {
    /// The table's name.
    pub table: String,
    /// Line of the key or row, from 1.
    pub line: Option<usize>,
    /// What is wrong, and what is allowed.
    pub message: String,
}

fn place(line: Option<usize>) -> String {
    line.map_or_else(String::new, |line| format!(", line {line}"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTable {
    version: Spanned<u32>,
    #[serde(default)]
    note: String,
    #[serde(default)]
    energy: Vec<Spanned<RawEnergy>>,
    #[serde(default)]
    area: Vec<Spanned<RawArea>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawEnergy {
    kind: String,
    threads: Option<usize>,
    window: Option<String>,
    pipeline_depth: u8,
    mode: String,
    value: f64,
    unit: String,
    node: String,
    source: String,
    delay_model: String,
    uncertainty: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawArea {
    kind: String,
    threads: Option<usize>,
    window: Option<String>,
    pipeline_depth: u8,
    part: String,
    value: f64,
    unit: String,
    node: String,
    source: String,
    delay_model: String,
    uncertainty: f64,
}

/// Read and check a table.
pub(crate) fn table(name: &str, text: &str) -> Result<Table, TableError> {
    let error = |offset: Option<usize>, message: String| TableError {
        table: name.to_owned(),
        line: offset.map(|offset| line_of(text, offset)),
        message,
    };
    let raw: RawTable =
        toml::from_str(text).map_err(|e| error(e.span().map(|span| span.start), e.message().to_owned()))?;
    if *raw.version.as_ref() != 1 {
        let message = format!("version = {} is unknown; write version = 1", raw.version.as_ref());
        return Err(error(Some(raw.version.span().start), message));
    }
    let mut table = Table {
        name: name.to_owned(),
        note: raw.note,
        energy: Vec::with_capacity(raw.energy.len()),
        area: Vec::with_capacity(raw.area.len()),
    };
    for row in raw.energy {
        let start = row.span().start;
        let row = energy_row(row.into_inner()).map_err(|message| error(Some(start), message))?;
        clashes(&table.energy, &row).map_err(|message| error(Some(start), message))?;
        table.energy.push(row);
    }
    for row in raw.area {
        let start = row.span().start;
        let row = area_row(row.into_inner()).map_err(|message| error(Some(start), message))?;
        if table
            .area
            .iter()
            .any(|other| other.pe == row.pe && other.part == row.part)
        {
            let message = format!(
                "a second row with {}, part = \"{}\"; keep one",
                row.pe,
                row.part.name()
            );
            return Err(error(Some(start), message));
        }
        table.area.push(row);
    }
    Ok(table)
}

fn energy_row(raw: RawEnergy) -> Result<EnergyRow, String> {
    let pe = pe_key(raw.kind, raw.threads, raw.window, raw.pipeline_depth)?;
    let mode = Mode::from_name(&raw.mode).ok_or_else(|| {
        format!(
            "mode = \"{}\" is unknown; allowed: fill, active-0 to active-4, masked, stall, drain",
            raw.mode
        )
    })?;
    check_unit(&raw.unit, "pJ")?;
    let quantity = Quantity {
        value: raw.value,
        node: raw.node,
        source: raw.source,
        delay_model: raw.delay_model,
        uncertainty: raw.uncertainty,
    };
    check_quantity(&quantity)?;
    Ok(EnergyRow { pe, mode, quantity })
}

fn area_row(raw: RawArea) -> Result<AreaRow, String> {
    let pe = pe_key(raw.kind, raw.threads, raw.window, raw.pipeline_depth)?;
    let part = Part::from_name(&raw.part)
        .ok_or_else(|| format!("part = \"{}\" is unknown; allowed: pe, window-logic", raw.part))?;
    check_unit(&raw.unit, "um2")?;
    let quantity = Quantity {
        value: raw.value,
        node: raw.node,
        source: raw.source,
        delay_model: raw.delay_model,
        uncertainty: raw.uncertainty,
    };
    check_quantity(&quantity)?;
    Ok(AreaRow { pe, part, quantity })
}

fn pe_key(
    kind: String,
    threads: Option<usize>,
    window: Option<String>,
    pipeline_depth: u8,
) -> Result<PeKey, String> {
    let fits = match kind.as_str() {
        "conventional" => threads.is_none() && window.is_none(),
        "nb-smt" => threads.is_some_and(|t| Threads::from_count(t).is_some()) && window.is_none(),
        "sparq" | "sparq-stc" => {
            threads.is_none()
                && window
                    .as_ref()
                    .is_some_and(|name| Window::ALL.iter().any(|window| window.name() == name))
        }
        _ => {
            return Err(format!(
                "kind = \"{kind}\" is unknown; allowed: conventional, nb-smt, sparq, sparq-stc"
            ));
        }
    };
    let key = PeKey {
        kind,
        threads,
        window,
        pipeline_depth,
    };
    if !fits || pipeline_depth == 0 {
        return Err(format!(
            "there is no PE with {key}; conventional takes neither threads nor window, nb-smt threads = 1, 2 or 4, \
             both sparq kinds window = \"5opt\", \"3opt\", \"2opt\", \"6opt\" or \"7opt\", and the depth is at least 1"
        ));
    }
    Ok(key)
}

fn check_unit(unit: &str, wanted: &str) -> Result<(), String> {
    if unit == wanted {
        Ok(())
    } else {
        Err(format!("unit = \"{unit}\" is not converted; write \"{wanted}\""))
    }
}

fn check_quantity(quantity: &Quantity) -> Result<(), String> {
    for (key, value) in [("value", quantity.value), ("uncertainty", quantity.uncertainty)] {
        if !(value.is_finite() && 0.0 <= value) {
            return Err(format!("{key} = {value} is not a number of at least 0"));
        }
    }
    for (key, text) in [
        ("node", &quantity.node),
        ("source", &quantity.source),
        ("delay-model", &quantity.delay_model),
    ] {
        if text.trim().is_empty() {
            return Err(format!("{key} is empty; say where the value comes from"));
        }
    }
    Ok(())
}

fn clashes(rows: &[EnergyRow], row: &EnergyRow) -> Result<(), String> {
    for other in rows.iter().filter(|other| other.pe == row.pe) {
        if other.mode == row.mode {
            return Err(format!(
                "a second row with {}, mode = \"{}\"; keep one",
                row.pe, row.mode
            ));
        }
        if other.quantity.delay_model != row.quantity.delay_model {
            return Err(format!(
                "delay-model = \"{}\" differs from the \"{}\" of another mode of the same PE; their sum would mean \
                 nothing",
                row.quantity.delay_model, other.quantity.delay_model
            ));
        }
    }
    Ok(())
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|&byte| byte == b'\n').count()
}
