//! Strict reading of technology tables.

use sim_core::fixed::{Overflow, Rounding};
use sim_core::named::Named;
use sim_core::pe_keys::PeKeys;
use sim_core::spec::{PeKind, Policy, RuleSet, Threads, Window, WindowRounding};
use sim_toml::complaint::{Complaint, Complaints};
use sim_toml::error::line;
use sim_toml::reader::{Entry, Name, TableReader};
use sim_toml::source::tables;
use sim_toml::value::whole;

use crate::file::{AreaRow, EnergyRow, HashedFile, LeakageRow, Provenance, TableFile, TimingRow, unit};
use crate::key::{Part, PeKey};
use crate::mode::Mode;
use crate::table::{Quantity, Table};

/// A technology table that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("technology table `{table}`, line {line}: {message}")]
pub struct TableError {
    /// The table's name.
    pub table: String,
    /// Line of the key or row, from 1.
    pub line: usize,
    /// What is wrong, and what is allowed.
    pub message: String,
}

/// Read and check a table.
pub(crate) fn table(name: &str, text: &str) -> Result<Table, TableError> {
    let error = |complaint: &Complaint| TableError {
        table: name.to_owned(),
        line: line(text, complaint.at.start),
        message: format!("{}; {}", complaint.why, complaint.advice()),
    };
    let tables = tables(text, "[[section]] headers").map_err(|complaint| error(&complaint))?;
    let complaints = Complaints::default();
    let file = read(&TableReader::top(&tables, &complaints));
    let complaints = complaints.into_vec();
    // A key that is misspelt is missing, too; that it is misspelt says more.
    let misspelt = complaints.iter().find(|complaint| complaint.unknown.is_some());
    match misspelt.or(complaints.first()) {
        Some(complaint) => Err(error(complaint)),
        None => Ok(Table {
            name: name.to_owned(),
            file,
            predictor: crate::table::PredictorPricing::default(),
        }),
    }
}

/// The table, without the rows that were complained about.
fn read(top: &TableReader<'_>) -> TableFile {
    let version = top.read("version", "1", |value| {
        Some((value.span(), whole(value.get_ref(), |_| true).ok()?))
    });
    if let Some((at, version)) = needed(top, "version", version).filter(|(_, version)| *version != 1) {
        let why = format!("version = {version} is unknown");
        top.complaints().add(at, why, "write version = 1");
    }
    let provenance = top.table("provenance");
    let file = TableFile {
        note: top.read("note", "a text in quotes", string).unwrap_or_default(),
        provenance: provenance
            .is_given()
            .then(|| read_provenance(&provenance))
            .flatten(),
        energy: rows(top, "energy", energy_row, |reader, row, others| {
            let same = others.iter().filter(|other| other.mode == row.mode);
            let about = format!("mode = \"{}\"", row.mode);
            one_is_more_exact(reader, &row.pe, same.map(|other| &other.pe), &about);
            delay_models_agree(reader, row, others);
        }),
        area: rows(top, "area", area_row, |reader, row, others| {
            let same = others.iter().filter(|other| other.part == row.part);
            let about = format!("part = \"{}\"", row.part.name());
            one_is_more_exact(reader, &row.pe, same.map(|other| &other.pe), &about);
        }),
        timing: rows(top, "timing", timing_row, |reader, row, others| {
            let about = format!("part = \"{CRITICAL_PATH}\"");
            one_is_more_exact(reader, &row.pe, others.iter().map(|other| &other.pe), &about);
        }),
        leakage: rows(top, "leakage", leakage_row, |reader, row, others| {
            one_is_more_exact(reader, &row.pe, others.iter().map(|other| &other.pe), "leakage");
        }),
    };
    top.finish_with(unknown);
    file
}

/// The rows of a section; `check` compares each with those before it.
fn rows<R>(
    top: &TableReader<'_>,
    section: &'static str,
    read: impl Fn(&TableReader<'_>) -> Option<R>,
    check: impl Fn(&TableReader<'_>, &R, &[R]),
) -> Vec<R> {
    let mut rows = Vec::new();
    for reader in top.tables(section) {
        let row = read(&reader);
        reader.finish_with(unknown);
        if let Some(row) = row {
            check(&reader, &row, &rows);
            rows.push(row);
        }
    }
    rows
}

fn unknown(name: Name<'_>, known: &[&'static str]) -> Complaint {
    let why = format!("unknown field `{}`", name.get_ref());
    let remedy = format!("allowed here: {}", known.join(", "));
    Complaint::new(name.span(), why, remedy).about(name.get_ref(), known)
}

/// What was found at a key that may not be left out.
fn needed<T>(reader: &TableReader<'_>, key: &str, found: Option<T>) -> Option<T> {
    if reader.entry(key).is_none() {
        reader.complain(format!("missing field `{key}`"), "add it");
    }
    found
}

fn string(value: Entry<'_>) -> Option<String> {
    value.get_ref().as_str().map(str::to_owned)
}

fn optional_text(reader: &TableReader<'_>, key: &'static str) -> Option<String> {
    reader.read(key, "a text in quotes", string)
}

fn text(reader: &TableReader<'_>, key: &'static str) -> Option<String> {
    needed(reader, key, optional_text(reader, key))
}

/// A text that says something; `name` is the key as messages have it.
fn statement(reader: &TableReader<'_>, key: &'static str, name: &str, remedy: &str) -> Option<String> {
    let text = text(reader, key)?;
    if text.trim().is_empty() {
        reader.complain(format!("{name} is empty"), remedy);
    }
    Some(text)
}

/// A number of at least 0 that may be left out.
fn optional_number(reader: &TableReader<'_>, key: &'static str, name: &str) -> Option<f64> {
    let value = reader.number(key)?;
    if !value.is_finite() || value < 0.0 {
        reader.complain(
            format!("{name} = {value} is not a number of at least 0"),
            "write one",
        );
    }
    Some(value)
}

/// The only part of a PE that has a time.
pub(crate) const CRITICAL_PATH: &str = "critical-path";

fn energy_row(reader: &TableReader<'_>) -> Option<EnergyRow> {
    let pe = key(reader);
    let mode = among(reader, "mode", Mode::all(), Mode::to_string);
    let quantity = quantity(reader, unit::ENERGY);
    Some(EnergyRow {
        pe: pe?,
        mode: mode?,
        quantity: quantity?,
    })
}

fn area_row(reader: &TableReader<'_>) -> Option<AreaRow> {
    let pe = key(reader);
    let part = among(reader, "part", Part::ALL.to_vec(), |part| part.name().to_owned());
    let quantity = quantity(reader, unit::AREA);
    let gate_equivalents = optional_number(reader, "gate-equivalents", "gate-equivalents");
    Some(AreaRow {
        pe: pe?,
        part: part?,
        quantity: quantity?,
        gate_equivalents,
    })
}

fn timing_row(reader: &TableReader<'_>) -> Option<TimingRow> {
    let pe = key(reader);
    among(reader, "part", vec![CRITICAL_PATH], |&part| part.to_owned());
    let quantity = quantity(reader, unit::TIMING);
    Some(TimingRow {
        pe: pe?,
        quantity: quantity?,
    })
}

fn leakage_row(reader: &TableReader<'_>) -> Option<LeakageRow> {
    let pe = key(reader);
    let quantity = quantity(reader, unit::LEAKAGE);
    Some(LeakageRow {
        pe: pe?,
        quantity: quantity?,
    })
}

/// That of `all` which a text names.
fn among<T>(
    reader: &TableReader<'_>,
    key: &'static str,
    all: Vec<T>,
    name: impl Fn(&T) -> String,
) -> Option<T> {
    let word = text(reader, key)?;
    let names: Vec<String> = all.iter().map(name).collect();
    let place = names.iter().position(|name| *name == word);
    if place.is_none() {
        not_among(reader, key, &word, &names.join(", "));
    }
    all.into_iter().nth(place?)
}

fn not_among(reader: &TableReader<'_>, key: &str, word: &str, allowed: &str) {
    reader.complain(
        format!("{key} = \"{word}\" is unknown"),
        format!("allowed: {allowed}"),
    );
}

fn key(reader: &TableReader<'_>) -> Option<PeKey> {
    let kind = text(reader, "kind");
    let threads = reader.whole("threads", 0..=i64::from(u16::MAX));
    let window = optional_text(reader, "window");
    let policy = optional_text(reader, "policy");
    let rounding = optional_text(reader, "rounding");
    let overflow = optional_text(reader, "overflow");
    let pairs = reader.flag("pairs");
    let depth = reader.whole("pipeline-depth", 0..=i64::from(u8::MAX));
    let key = PeKeys {
        kind: kind?,
        threads: threads.and_then(|threads| usize::try_from(threads).ok()),
        window,
        policy,
        rounding,
        overflow,
        pairs,
        pipeline_depth: u8::try_from(needed(reader, "pipeline-depth", depth)?).ok()?,
    };
    let key = PeKey(key);
    check_key(reader, &key);
    Some(key)
}

fn check_key(reader: &TableReader<'_>, pe: &PeKey) {
    let key = &pe.0;
    let has_collisions = key.threads.is_some_and(|threads| 1 < threads);
    let is_plain = key.policy.is_none() && key.rounding.is_none() && key.overflow.is_none();
    let fits = match PeKind::from_name(&key.kind).map(PeKind::rules) {
        Some(RuleSet::Plain) => {
            key.threads.is_none() && key.window.is_none() && key.pairs.is_none() && is_plain
        }
        Some(RuleSet::Threads) => {
            key.threads.is_some_and(|t| Threads::from_count(t).is_some())
                && key.window.is_none()
                && key.pairs.is_none()
                && (has_collisions || is_plain)
        }
        Some(RuleSet::Windows) => {
            key.threads.is_none()
                && key
                    .window
                    .as_ref()
                    .is_some_and(|name| Window::from_name(name).is_some())
                && key.policy.is_none()
                && key.overflow.is_none()
        }
        None => {
            return not_among(reader, "kind", &key.kind, &PeKind::names().join(", "));
        }
    };
    if !fits || key.pipeline_depth == 0 {
        return reader.complain(
            format!("there is no PE with {pe}"),
            "conventional takes neither threads nor window, nb-smt threads = 1, 2 or 4 and with more than one thread \
             policy, rounding and overflow, both sparq kinds window = \"5opt\", \"3opt\", \"2opt\", \"6opt\" or \"7opt\", \
             rounding and pairs, and the depth is at least 1",
        );
    }
    let check = |name: &str, word: &Option<String>, allowed: &[&str]| {
        if let Some(word) = word.as_deref().filter(|word| !allowed.contains(word)) {
            not_among(reader, name, word, &allowed.join(", "));
        }
    };
    check("policy", &key.policy, &Policy::ALL.map(Policy::name));
    check("overflow", &key.overflow, &Overflow::ALL.map(Overflow::name));
    if key.window.is_some() {
        let allowed = WindowRounding::ALL.map(WindowRounding::name);
        check("rounding", &key.rounding, &allowed);
    } else {
        check("rounding", &key.rounding, &Rounding::ALL.map(Rounding::name));
    }
}

fn read_provenance(reader: &TableReader<'_>) -> Option<Provenance> {
    let said = |reader: &TableReader<'_>, key: &'static str, name: &str| {
        statement(reader, key, name, "say how the table was made")
    };
    let command = said(reader, "command", "provenance.command");
    let clock_ns = optional_number(reader, "clock-ns", "provenance.clock-ns");
    let rtl = said(reader, "rtl", "provenance.rtl");
    let tools = reader.read("tools", "a table of tools and their versions", |value| {
        let tools = value.get_ref().as_table()?.iter();
        tools
            .map(|(tool, version)| Some((tool.get_ref().to_string(), string(version)?)))
            .collect()
    });
    let tools = needed(reader, "tools", tools);
    let liberty = reader.table("liberty");
    let liberty = needed(reader, "liberty", liberty.is_given().then_some(liberty)).and_then(|liberty| {
        let name = said(&liberty, "name", "provenance.liberty.name");
        let blake3 = said(&liberty, "blake3", "provenance.liberty.blake3");
        liberty.finish_with(unknown);
        Some(HashedFile {
            name: name?,
            blake3: blake3?,
        })
    });
    reader.finish_with(unknown);
    Some(Provenance {
        command: command?,
        clock_ns,
        rtl: rtl?,
        tools: tools?,
        liberty: liberty?,
    })
}

/// The value of a row in `unit`, with all that must be said about it.
fn quantity(reader: &TableReader<'_>, unit: &str) -> Option<Quantity> {
    let number = |key| needed(reader, key, optional_number(reader, key, key));
    let said = |key| statement(reader, key, key, "say where the value comes from");
    let value = number("value");
    if let Some(found) = text(reader, "unit").filter(|found| found != unit) {
        reader.complain(
            format!("unit = \"{found}\" is not converted"),
            format!("write \"{unit}\""),
        );
    }
    let node = said("node");
    let source = said("source");
    let delay_model = said("delay-model");
    let uncertainty = number("uncertainty");
    Some(Quantity {
        value: value?,
        node: node?,
        source: source?,
        delay_model: delay_model?,
        uncertainty: uncertainty?,
    })
}

/// Of rows about the same thing that hold for one PE, the one with more rules is meant; with as many, none is.
fn one_is_more_exact<'a>(
    reader: &TableReader<'_>,
    key: &PeKey,
    mut others: impl Iterator<Item = &'a PeKey>,
    about: &str,
) {
    match others.find(|other| other.overlaps(key) && other.n_rules() == key.n_rules()) {
        None => {}
        Some(other) if other == key => {
            reader.complain(format!("a second row with {key}, {about}"), "keep one");
        }
        Some(other) => reader.complain(
            format!(
                "the row with {key}, {about} and the one with {other} hold for the same PE and neither is more exact"
            ),
            "give both the same rules, or one of them more",
        ),
    }
}

fn delay_models_agree(reader: &TableReader<'_>, row: &EnergyRow, others: &[EnergyRow]) {
    let model = &row.quantity.delay_model;
    let differs = |other: &&EnergyRow| other.pe.overlaps(&row.pe) && other.quantity.delay_model != *model;
    if let Some(other) = others.iter().find(differs) {
        reader.complain(
            format!(
                "delay-model = \"{model}\" differs from the \"{}\" of another mode of the same PE",
                other.quantity.delay_model
            ),
            "their sum would mean nothing",
        );
    }
}
