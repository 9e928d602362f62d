//! Strict reading of technology tables.

use serde::Deserialize;
use sim_core::fixed::{Overflow, Rounding};
use sim_core::spec::{Policy, Threads, Window, WindowRounding};
use toml::Spanned;

use crate::file::{AreaLine, EnergyLine, LeakageLine, Provenance, TimingLine};
use crate::key::{Part, PeKey};
use crate::mode::Mode;
use crate::table::{AreaRow, EnergyRow, LeakageRow, Quantity, Table, TimingRow};

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
    provenance: Option<Spanned<Provenance>>,
    #[serde(default)]
    energy: Vec<Spanned<EnergyLine>>,
    #[serde(default)]
    area: Vec<Spanned<AreaLine>>,
    #[serde(default)]
    timing: Vec<Spanned<TimingLine>>,
    #[serde(default)]
    leakage: Vec<Spanned<LeakageLine>>,
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
    if let Some(provenance) = &raw.provenance {
        check_provenance(provenance.as_ref())
            .map_err(|message| error(Some(provenance.span().start), message))?;
    }
    let mut table = Table {
        name: name.to_owned(),
        note: raw.note,
        provenance: raw.provenance.map(Spanned::into_inner),
        energy: Vec::with_capacity(raw.energy.len()),
        area: Vec::with_capacity(raw.area.len()),
        timing: Vec::with_capacity(raw.timing.len()),
        leakage: Vec::with_capacity(raw.leakage.len()),
    };
    for row in raw.energy {
        let start = row.span().start;
        let row = energy_row(row.as_ref()).map_err(|message| error(Some(start), message))?;
        let others = table.energy.iter().filter(|other| other.mode == row.mode);
        let about = format!("mode = \"{}\"", row.mode);
        one_is_more_exact(&row.pe, others.map(|other| &other.pe), &about)
            .and_then(|()| delay_models_agree(&row, &table.energy))
            .map_err(|message| error(Some(start), message))?;
        table.energy.push(row);
    }
    for row in raw.area {
        let start = row.span().start;
        let row = area_row(row.as_ref()).map_err(|message| error(Some(start), message))?;
        let others = table.area.iter().filter(|other| other.part == row.part);
        let about = format!("part = \"{}\"", row.part.name());
        one_is_more_exact(&row.pe, others.map(|other| &other.pe), &about)
            .map_err(|message| error(Some(start), message))?;
        table.area.push(row);
    }
    for row in raw.timing {
        let start = row.span().start;
        let row = timing_row(row.as_ref()).map_err(|message| error(Some(start), message))?;
        let others = table.timing.iter().map(|other| &other.pe);
        one_is_more_exact(&row.pe, others, &format!("part = \"{CRITICAL_PATH}\""))
            .map_err(|message| error(Some(start), message))?;
        table.timing.push(row);
    }
    for row in raw.leakage {
        let start = row.span().start;
        let row = leakage_row(row.as_ref()).map_err(|message| error(Some(start), message))?;
        let others = table.leakage.iter().map(|other| &other.pe);
        one_is_more_exact(&row.pe, others, "leakage").map_err(|message| error(Some(start), message))?;
        table.leakage.push(row);
    }
    Ok(table)
}

/// The only part of a PE that has a time.
pub(crate) const CRITICAL_PATH: &str = "critical-path";

fn energy_row(line: &EnergyLine) -> Result<EnergyRow, String> {
    let pe = checked_key(line.pe())?;
    let mode = Mode::from_name(&line.mode).ok_or_else(|| {
        format!(
            "mode = \"{}\" is unknown; allowed: {}",
            line.mode,
            Mode::all()
                .iter()
                .map(Mode::to_string)
                .collect::<Vec<_>>()
                .join(", ")
        )
    })?;
    check_unit(&line.unit, EnergyLine::UNIT)?;
    let quantity = checked_quantity(line.quantity())?;
    Ok(EnergyRow { pe, mode, quantity })
}

fn area_row(line: &AreaLine) -> Result<AreaRow, String> {
    let pe = checked_key(line.pe())?;
    let part = Part::from_name(&line.part).ok_or_else(|| {
        let allowed = Part::ALL.map(Part::name).join(", ");
        format!("part = \"{}\" is unknown; allowed: {allowed}", line.part)
    })?;
    check_unit(&line.unit, AreaLine::UNIT)?;
    let quantity = checked_quantity(line.quantity())?;
    if let Some(equivalents) = line.gate_equivalents {
        check_number("gate-equivalents", equivalents)?;
    }
    Ok(AreaRow {
        pe,
        part,
        quantity,
        gate_equivalents: line.gate_equivalents,
    })
}

fn timing_row(line: &TimingLine) -> Result<TimingRow, String> {
    let pe = checked_key(line.pe())?;
    if line.part != CRITICAL_PATH {
        return Err(format!(
            "part = \"{}\" is unknown; allowed: {CRITICAL_PATH}",
            line.part
        ));
    }
    check_unit(&line.unit, TimingLine::UNIT)?;
    let quantity = checked_quantity(line.quantity())?;
    Ok(TimingRow { pe, quantity })
}

fn leakage_row(line: &LeakageLine) -> Result<LeakageRow, String> {
    let pe = checked_key(line.pe())?;
    check_unit(&line.unit, LeakageLine::UNIT)?;
    let quantity = checked_quantity(line.quantity())?;
    Ok(LeakageRow { pe, quantity })
}

fn checked_key(key: PeKey) -> Result<PeKey, String> {
    let has_collisions = key.threads.is_some_and(|threads| 1 < threads);
    let is_plain = key.policy.is_none() && key.rounding.is_none() && key.overflow.is_none();
    let fits = match key.kind.as_str() {
        "conventional" => key.threads.is_none() && key.window.is_none() && key.pairs.is_none() && is_plain,
        "nb-smt" => {
            key.threads.is_some_and(|t| Threads::from_count(t).is_some())
                && key.window.is_none()
                && key.pairs.is_none()
                && (has_collisions || is_plain)
        }
        "sparq" | "sparq-stc" => {
            key.threads.is_none()
                && key
                    .window
                    .as_ref()
                    .is_some_and(|name| Window::ALL.iter().any(|window| window.name() == name))
                && key.policy.is_none()
                && key.overflow.is_none()
        }
        kind => {
            return Err(format!(
                "kind = \"{kind}\" is unknown; allowed: conventional, nb-smt, sparq, sparq-stc"
            ));
        }
    };
    if !fits || key.pipeline_depth == 0 {
        return Err(format!(
            "there is no PE with {key}; conventional takes neither threads nor window, nb-smt threads = 1, 2 or 4 and \
             with more than one thread policy, rounding and overflow, both sparq kinds window = \"5opt\", \"3opt\", \
             \"2opt\", \"6opt\" or \"7opt\", rounding and pairs, and the depth is at least 1"
        ));
    }
    check_word("policy", key.policy.as_deref(), &Policy::ALL.map(Policy::name))?;
    check_word(
        "overflow",
        key.overflow.as_deref(),
        &Overflow::ALL.map(Overflow::name),
    )?;
    let rounding = key.rounding.as_deref();
    if key.window.is_some() {
        check_word(
            "rounding",
            rounding,
            &WindowRounding::ALL.map(WindowRounding::name),
        )?;
    } else {
        check_word("rounding", rounding, &Rounding::ALL.map(Rounding::name))?;
    }
    Ok(key)
}

fn check_word(key: &str, word: Option<&str>, allowed: &[&str]) -> Result<(), String> {
    match word {
        Some(word) if !allowed.contains(&word) => Err(format!(
            "{key} = \"{word}\" is unknown; allowed: {}",
            allowed.join(", ")
        )),
        Some(_) | None => Ok(()),
    }
}

fn check_provenance(provenance: &Provenance) -> Result<(), String> {
    if let Some(clock) = provenance.clock_ns {
        check_number("provenance.clock-ns", clock)?;
    }
    for (key, text) in [
        ("command", &provenance.command),
        ("rtl", &provenance.rtl),
        ("liberty.name", &provenance.liberty.name),
        ("liberty.blake3", &provenance.liberty.blake3),
    ] {
        if text.trim().is_empty() {
            return Err(format!("provenance.{key} is empty; say how the table was made"));
        }
    }
    Ok(())
}

fn check_unit(unit: &str, wanted: &str) -> Result<(), String> {
    if unit == wanted {
        Ok(())
    } else {
        Err(format!("unit = \"{unit}\" is not converted; write \"{wanted}\""))
    }
}

fn check_number(key: &str, value: f64) -> Result<(), String> {
    if value.is_finite() && 0.0 <= value {
        Ok(())
    } else {
        Err(format!("{key} = {value} is not a number of at least 0"))
    }
}

fn checked_quantity(quantity: Quantity) -> Result<Quantity, String> {
    check_number("value", quantity.value)?;
    check_number("uncertainty", quantity.uncertainty)?;
    for (key, text) in [
        ("node", &quantity.node),
        ("source", &quantity.source),
        ("delay-model", &quantity.delay_model),
    ] {
        if text.trim().is_empty() {
            return Err(format!("{key} is empty; say where the value comes from"));
        }
    }
    Ok(quantity)
}

/// Of rows about the same thing that hold for one PE, the one with more rules is meant; with as many, none is.
fn one_is_more_exact<'a>(
    key: &PeKey,
    mut others: impl Iterator<Item = &'a PeKey>,
    about: &str,
) -> Result<(), String> {
    let Some(other) = others.find(|other| other.overlaps(key) && other.n_rules() == key.n_rules()) else {
        return Ok(());
    };
    if other == key {
        Err(format!("a second row with {key}, {about}; keep one"))
    } else {
        Err(format!(
            "the row with {key}, {about} and the one with {other} hold for the same PE and neither is more exact; give \
             both the same rules, or one of them more"
        ))
    }
}

fn delay_models_agree(row: &EnergyRow, others: &[EnergyRow]) -> Result<(), String> {
    let differs = |other: &&EnergyRow| {
        other.pe.overlaps(&row.pe) && other.quantity.delay_model != row.quantity.delay_model
    };
    others.iter().find(differs).map_or(Ok(()), |other| {
        Err(format!(
            "delay-model = \"{}\" differs from the \"{}\" of another mode of the same PE; their sum would mean nothing",
            row.quantity.delay_model, other.quantity.delay_model
        ))
    })
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|&byte| byte == b'\n').count()
}
