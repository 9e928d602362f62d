//! `sysmt plot`.

use std::path::Path;

use reports::frame::Frame;
use reports::stored::{Stored, StoredKind};
use sim_draw::figure::Figure;
use sim_draw::look::Look;
use sim_figures::build::{self, Only, Trouble};
use sim_figures::files::{self, FilesError};
use sim_figures::folder::{self, PLOTS, Unlisted};
use sim_figures::spec::Table;
use sim_figures::{set, spec};
use sim_sweep::figures;
use sim_toml::complaint::Complaint;
use sim_toml::error::ConfigError;
use sim_toml::nearest::did_you_mean;
use sim_toml::source;

use crate::args::PlotArgs;
use crate::failure::Failure;
use crate::{folders, output, targets};

/// Draw figures of stored results.
pub(crate) fn execute(args: &PlotArgs) -> Result<(), Failure> {
    let look = &args.look;
    let look = Look::new(look.style, look.width, look.palette, look.title)
        .map_err(|error| Failure::User(format!("--width: {error}")))?;
    let stored = folders::stored(&args.folder)?.over_seeds();
    if args.columns {
        return output::print(&columns(&stored));
    }
    let only = only(args, &stored)?;
    let mut figures = Vec::new();
    if args.figures.is_none() && args.kind.is_empty() {
        figures.extend(of_sweep(&stored, &only)?);
    }
    if args.figures.is_none() || !args.kind.is_empty() {
        let mut known = builtin(args, &stored, &only)?;
        // A sweep's own figure stands for the built-in one of its name.
        known.retain(|figure| {
            figures
                .iter()
                .all(|own: &Figure| own.picture.name() != figure.picture.name())
        });
        figures.extend(known);
    }
    if let Some(path) = &args.figures {
        figures.extend(own(path, &stored, &only)?);
    }
    let files =
        files::draw(&figures, &stored.provenance, &look, &args.format).map_err(|error| match error {
            error @ (FilesError::Twice { .. } | FilesError::Io { .. }) => Failure::user(&error),
            FilesError::Figure(error) => Failure::Ours(error.to_string()),
        })?;
    let names: String = files.iter().map(|(name, _)| format!("{name}\n")).collect();
    let plots = args.folder.join(PLOTS);
    let out = args.out.as_ref().unwrap_or(&plots);
    let replace = args.force.replace();
    let records = folders::records(&args.folder);
    let is_record = |name: &&String| {
        records
            .iter()
            .any(|record| targets::is_same(record, &out.join(name)))
    };
    if let Some(name) = files.iter().map(|(name, _)| name).find(is_record) {
        return Err(Failure::User(format!(
            "{}: results are read from it, so no figure is written to it; choose another folder with --out",
            out.join(name).display()
        )));
    }
    if targets::is_same(out, &plots) {
        // Figures are the folder's own files.
        let files: Vec<_> = (files.into_iter())
            .map(|(name, bytes)| (format!("{PLOTS}/{name}"), bytes))
            .collect();
        folder::add(&args.folder, &files, Unlisted::Results, replace)?;
    } else {
        folder::add(out, &files, Unlisted::Foreign, replace)?;
    }
    output::note(&format!("{} figures are in {}", figures.len(), out.display()));
    output::print(&names)
}

/// Every column of every table that there is, with its unit.
fn columns(stored: &Stored) -> String {
    let tables = [
        (Table::Points, Some(&stored.points)),
        (Table::Layers, Some(&stored.layers)),
        (Table::Throttling, stored.throttling.as_ref()),
        (Table::PeMap, stored.pe_map.as_ref()),
        (Table::Curves, stored.curves.as_ref()),
    ];
    let mut text = String::new();
    for (table, frame) in tables {
        for column in frame.into_iter().flat_map(Frame::columns) {
            text.push_str(&format!("{}\t{}\t{}\n", table.name(), column.name, column.unit));
        }
    }
    text
}

/// What `--where` asks for; of columns that some table has.
fn only(args: &PlotArgs, stored: &Stored) -> Result<Vec<Only>, Failure> {
    let tables = [&stored.points, &stored.layers];
    let columns = || {
        tables
            .iter()
            .flat_map(|table| table.columns())
            .map(|column| column.name.as_str())
    };
    for wanted in &args.only {
        if columns().all(|name| name != wanted.column) {
            let guess = did_you_mean(&wanted.column, columns())
                .unwrap_or_else(|| format!("the axes of these results are {}", stored.axes.join(", ")));
            return Err(Failure::User(format!(
                "--where: there is no column `{}`; {guess}",
                wanted.column
            )));
        }
    }
    let only = args.only.iter().map(|wanted| Only {
        column: wanted.column.clone(),
        values: wanted.values.clone(),
    });
    Ok(only.collect())
}

/// Built-in figures: those that were asked for, or all that there are points for.
fn builtin(args: &PlotArgs, stored: &Stored, only: &[Only]) -> Result<Vec<Figure>, Failure> {
    let kinds = set::kinds();
    let mut figures = Vec::new();
    if args.kind.is_empty() {
        let mut left_out: Vec<&str> = Vec::new();
        for kind in &kinds {
            match set::of_kind(stored, kind, only) {
                Ok(found) => figures.extend(found),
                Err(_) => left_out.push(kind),
            }
        }
        if figures.is_empty() {
            let remedy = if only.is_empty() {
                "simulate at least one layer"
            } else {
                "take --where out, or name other values"
            };
            return Err(Failure::User(format!(
                "{}: no figure can be drawn of these results; {remedy}",
                args.folder.display()
            )));
        }
        if !left_out.is_empty() {
            output::note(&format!(
                "not drawn: {} (--kind NAME says why)",
                left_out.join(", ")
            ));
        }
        return Ok(figures);
    }
    for kind in &args.kind {
        if !kinds.contains(kind) {
            let guess = did_you_mean(kind, kinds.iter().map(String::as_str));
            return Err(Failure::User(format!(
                "--kind: there is no figure `{kind}`; {}figures are {}",
                guess.map_or_else(String::new, |guess| format!("{guess} ")),
                kinds.join(", ")
            )));
        }
        let found = set::of_kind(stored, kind, only).map_err(|trouble| {
            Failure::User(format!(
                "{}: these results have no figure {kind}: {}",
                args.folder.display(),
                trouble.reason()
            ))
        })?;
        figures.extend(found);
    }
    Ok(figures)
}

/// The figures of a file.
fn own(path: &Path, stored: &Stored, only: &[Only]) -> Result<Vec<Figure>, Failure> {
    let text = source::read(path)?;
    let specs = spec::read(&text)
        .or_else(|complaints| ConfigError::check(path, &text, complaints).map(|()| Vec::new()))?;
    let mut found = Vec::new();
    for spec in specs {
        let built = build::build(stored, &spec, only).map_err(|trouble| {
            let complaint = match trouble {
                Trouble::Wrong(complaint) => complaint,
                Trouble::NoPoints(reason) => Complaint::new(
                    spec.at.clone(),
                    format!("figure `{}` has no points: {reason}", spec.name),
                    "take it out, or draw it of other results",
                ),
            };
            ConfigError::of(path, &text, complaint)
        })?;
        found.extend(built);
    }
    Ok(found)
}

/// The figures that the file of a sweep asks for, as far as there are points for them.
fn of_sweep(stored: &Stored, only: &[Only]) -> Result<Vec<Figure>, Failure> {
    let Some(file) = stored
        .configuration
        .first()
        .filter(|_| stored.kind == StoredKind::Sweep)
    else {
        return Ok(Vec::new());
    };
    let compared = stored.clone().over_conventional();
    let specs = figures::of(stored)?;
    let mut found = Vec::new();
    for spec in &specs {
        match build::build(&compared, spec, only) {
            Ok(built) => found.extend(built),
            Err(Trouble::NoPoints(_)) => {}
            Err(Trouble::Wrong(complaint)) => {
                return Err(ConfigError::of(Path::new(&file.name), &file.text, complaint).into());
            }
        }
    }
    Ok(found)
}
