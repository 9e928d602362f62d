//! A LaTeX table to paste into a paper: `tabular` with the rules of booktabs, rounded as summaries are.

mod cells;
mod escape;

use std::collections::BTreeSet;
use std::io::{BufWriter, Write};

use self::cells::Cells;
use self::escape::comment;
use super::Origin;
use super::error::ExportError;
use super::selection::{Selection, Silent};
use crate::frame::{Column, ColumnType, Value};

/// The longest table. It is held before it is written, since rows to come decide units and which columns say anything.
pub const MAX_ROWS: usize = 1_000;

/// Columns that matter in a paper, in their order; of those in one line, the first that has values.
const MAIN: &[&[&str]] = &[
    &["name"],
    &["threads"],
    &["cycles"],
    &["int8_top1"],
    &["top1"],
    &["top1_change"],
    &["speedup"],
    &["share"],
    &["speedup_network"],
    &["utilization"],
    &["relative_mse"],
    &["snr_db"],
    &["total_energy_per_mac_pj", "energy_pj"],
];

/// Axes and what matters; what turns out to say nothing is left out.
pub(super) fn usual_columns(columns: &[Column], axes: &[String]) -> Selection {
    let main = MAIN.iter().flat_map(|line| line.iter().copied());
    let mut places = Vec::new();
    for name in axes.iter().map(String::as_str).chain(main) {
        let place = columns.iter().position(|column| column.name == name);
        places.extend(place.filter(|place| !places.contains(place)));
    }
    Selection::of(columns, places, Silent::Goes)
}

pub(super) fn write<E: std::error::Error + 'static>(
    selection: &Selection,
    origin: &Origin<'_>,
    rows: impl Iterator<Item = Result<Vec<Value>, ExportError<E>>>,
    out: impl Write,
) -> Result<(), ExportError<E>> {
    let mut held = Vec::new();
    for row in rows {
        if held.len() == MAX_ROWS {
            return Err(ExportError::TooLong);
        }
        held.push(row?);
    }
    let columns = selection.columns();
    let (places, constants) = match selection.silent() {
        Silent::Stays => ((0..columns.len()).collect(), Vec::new()),
        Silent::Goes => telling(columns, origin.axes, &held),
    };
    let mut out = BufWriter::new(out);
    head(&mut out, origin, &constants)?;
    let cells: Vec<Cells> = places
        .iter()
        .map(|&place| Cells::new(&columns[place], held.iter().map(|row| &row[place])))
        .collect();
    let align = |&place: &usize| match columns[place].kind {
        ColumnType::Text | ColumnType::Flag => 'l',
        ColumnType::Count | ColumnType::Real => 'r',
    };
    writeln!(
        out,
        "\\begin{{tabular}}{{{}}}\n\\toprule",
        places.iter().map(align).collect::<String>()
    )?;
    line(&mut out, cells.iter().map(|cells| cells.head().to_owned()))?;
    writeln!(out, "\\midrule")?;
    for row in &held {
        line(
            &mut out,
            cells
                .iter()
                .zip(&places)
                .map(|(cells, &place)| cells.cell(&row[place])),
        )?;
    }
    writeln!(out, "\\bottomrule\n\\end{{tabular}}")?;
    out.flush()?;
    Ok(())
}

/// What no reader of the paper sees.
fn head(out: &mut impl Write, origin: &Origin<'_>, constants: &[String]) -> std::io::Result<()> {
    let provenance = origin.provenance;
    writeln!(
        out,
        "% {}; sysmt {}; BLAKE3 {}",
        comment(&provenance.command),
        comment(&provenance.sysmt_version),
        comment(&provenance.blake3)
    )?;
    if origin.synthetic {
        writeln!(out, "% some operands are synthetic: zeros that no image has")?;
    }
    for warning in origin.warnings {
        writeln!(out, "% warning: {}", comment(&warning.to_string()))?;
    }
    for constant in constants {
        writeln!(out, "% all rows: {}", comment(constant))?;
    }
    writeln!(out, "% in the preamble: \\usepackage{{booktabs}}")
}

fn line(out: &mut impl Write, cells: impl Iterator<Item = String>) -> std::io::Result<()> {
    writeln!(out, "{} \\\\", cells.collect::<Vec<_>>().join(" & "))
}

/// The columns that say something, and, as `name = value`, axes that say the same in every one of several rows.
fn telling(columns: &[Column], axes: &[String], rows: &[Vec<Value>]) -> (Vec<usize>, Vec<String>) {
    let has_values = |place: usize| rows.iter().any(|row| row[place] != Value::Null);
    let mut written = BTreeSet::new();
    let mut places = Vec::new();
    let mut constants = Vec::new();
    for (place, column) in columns.iter().enumerate().filter(|(place, _)| has_values(*place)) {
        let same = rows.iter().all(|row| row[place] == rows[0][place]);
        if axes.contains(&column.name) {
            if same && 1 < rows.len() {
                constants.push(format!("{} = {}", column.name, rows[0][place].text()));
                continue;
            }
        } else if let Some(of) = MAIN
            .iter()
            .position(|names| names.contains(&column.name.as_str()))
            && !written.insert(of)
        {
            continue;
        }
        places.push(place);
    }
    if places.is_empty() {
        // A table without columns is none.
        places = (0..columns.len()).collect();
        constants.clear();
    }
    (places, constants)
}
