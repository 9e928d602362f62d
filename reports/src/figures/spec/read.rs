//! `[[figure]]` tables to specs.

use toml::de::{DeTable, DeValue};

use super::reader::{Complaints, Entry, Reader, named, number, scalar};
use super::{
    Aggregate, BUILTIN, Best, By, Complaint, Curves, Designs, FigureSpec, Level, Mark, Named, Part,
    Reference, Share, Table,
};
use crate::figures::Scale;

/// The built-in figures, in their order.
///
/// # Panics
/// Where their file is wrong; a test reads it.
pub fn builtin() -> Vec<FigureSpec> {
    read(BUILTIN).expect("a test reads the built-in figures")
}

/// The figures of a TOML text.
///
/// - Errors: everything that is wrong with it.
pub fn read(text: &str) -> Result<Vec<FigureSpec>, Vec<Complaint>> {
    let complaints = Complaints::default();
    let table = match DeTable::parse(text) {
        Ok(table) => table.into_inner(),
        Err(error) => {
            complaints.add(
                error.span().unwrap_or(0..0),
                format!("this is not TOML: {}", error.message()),
                "write `key = value` lines under [[figure]]; strings need quotes",
            );
            return Err(complaints.into_vec());
        }
    };
    let top = Reader::new(0..0, &table, &complaints);
    let mut specs = Vec::new();
    match top.entry("figure") {
        None => complaints.add(
            0..0,
            "there is no figure",
            "write [[figure]] on a line of its own and its keys below",
        ),
        Some(value) => {
            let tables = value.get_ref().as_array().map(|values| values.iter().collect());
            for entry in tables.unwrap_or_else(|| vec![value]) {
                if let DeValue::Table(table) = entry.get_ref() {
                    let reader = Reader::new(entry.span(), table, &complaints);
                    specs.extend(figure(&reader));
                } else {
                    let wanted = "[[figure]] on a line of its own and its keys below";
                    top.wrong("figure", entry, wanted);
                }
            }
        }
    }
    top.finish();
    let complaints = complaints.into_vec();
    if complaints.is_empty() {
        Ok(specs)
    } else {
        Err(complaints)
    }
}

/// `None` where something is missing that was complained about.
fn figure(reader: &Reader<'_>) -> Option<FigureSpec> {
    let name = reader.text("name");
    let mark = reader.word("mark", Mark::ALL, Mark::name);
    let x = by(reader, "x");
    let y = parts(reader);
    let spec = FigureSpec {
        name: String::new(),
        title: reader.text("title").map(|title| title.name),
        table: reader
            .word("table", Table::ALL, Table::name)
            .unwrap_or(Table::Points),
        mark: mark.unwrap_or(Mark::Scatter),
        x,
        y,
        value: reader.text("value"),
        series: by(reader, "series"),
        each: by(reader, "each"),
        only: only(reader),
        x_scale: reader.word("x-scale", &Scale::ALL, Scale::name),
        y_scale: reader.word("y-scale", &Scale::ALL, Scale::name),
        x_title: reader.text("x-title").map(|title| title.name),
        y_title: reader.text("y-title").map(|title| title.name),
        references: references(reader),
        curves: reader.word("curves", Curves::ALL, Curves::name),
        pareto: pareto(reader),
        interval: reader.pair(
            "interval",
            "the columns of both ends, as in [\"top1_low\", \"top1_high\"]",
        ),
        aggregate: reader
            .word("aggregate", Aggregate::ALL, Aggregate::name)
            .unwrap_or(Aggregate::Error),
        share: share(reader),
        designs: reader
            .word("designs", Designs::ALL, Designs::name)
            .unwrap_or(Designs::Any),
        at: reader.at.clone(),
    };
    reader.finish();
    check(reader, &spec);
    let name = match name {
        Some(name) => checked_name(reader, name)?,
        None => default_name(&spec),
    };
    Some(FigureSpec { name, ..spec })
}

/// A name may become that of a file.
fn checked_name(reader: &Reader<'_>, name: Named) -> Option<String> {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_.+".contains(character);
    if name.name.chars().all(is_plain) && !name.name.starts_with('.') && name.name.len() <= 80 {
        return Some(name.name);
    }
    reader.complaints.add(
        name.at,
        format!("a figure cannot be called \"{}\"", name.name),
        "it becomes the name of a file: write at most 80 letters, digits and -_.+",
    );
    None
}

fn default_name(spec: &FigureSpec) -> String {
    let word = |names: &[Named]| names.first().map_or("axes", |named| &named.name).to_owned();
    let y = spec
        .y
        .first()
        .map_or_else(String::new, |part| word(&part.columns));
    let name = format!("{y}-over-{}", word(spec.x.columns()));
    name.replace(
        |character: char| !character.is_ascii_alphanumeric() && character != '_',
        "-",
    )
}

/// What the mark needs, and what it has no use for.
fn check(reader: &Reader<'_>, spec: &FigureSpec) {
    let complain = |why: String, remedy: &str| reader.complaints.add(spec.at.clone(), why, remedy);
    let mark = spec.mark.name();
    if spec.x == By::Nothing {
        complain(
            "`x` is missing".to_owned(),
            "name the column across: x = \"speedup\"",
        );
    }
    if spec.y.is_empty() {
        complain("`y` is missing".to_owned(), "name the column up: y = \"top1\"");
    }
    let is_heat_map = spec.mark == Mark::HeatMap;
    if is_heat_map && spec.value.is_none() {
        complain(
            "a heat map has no `value`".to_owned(),
            "name the column that colours its cells: value = \"speedup\"",
        );
    }
    if !is_heat_map && spec.value.is_some() {
        complain(
            format!("`value` is for heat maps, and mark is \"{mark}\""),
            "take it out, or write mark = \"heat-map\"",
        );
    }
    let has_points = match spec.mark {
        Mark::Scatter | Mark::Line => true,
        Mark::Bar | Mark::Stacked | Mark::HeatMap => false,
    };
    let is_for_points = [
        ("pareto", spec.pareto.is_some()),
        ("curves", spec.curves.is_some()),
        ("interval", spec.interval.is_some()),
        ("x-scale", spec.x_scale.is_some()),
    ];
    for (key, _) in is_for_points.iter().filter(|(_, given)| *given && !has_points) {
        complain(
            format!("`{key}` is for scatter and line, and mark is \"{mark}\""),
            "take it out, or change mark",
        );
    }
    if spec.share == Share::Percent && spec.mark != Mark::Stacked {
        complain(
            format!("`share` is for stacked bars, and mark is \"{mark}\""),
            "take it out, or write mark = \"stacked\"",
        );
    }
    if is_heat_map && (spec.series != By::Nothing || !spec.references.is_empty()) {
        complain(
            "a heat map has neither series nor reference lines".to_owned(),
            "take them out; `each` draws a map for each value",
        );
    }
    if has_points && matches!(&spec.x, By::Columns(columns) if 1 < columns.len())
        || is_heat_map && 1 < spec.y.len()
    {
        complain(
            format!("a figure of mark \"{mark}\" has one column for an axis"),
            "name one column",
        );
    }
    if has_points && spec.x == By::Axes {
        complain(
            "x = \"axes\" names designs, which are no numbers".to_owned(),
            "name a column, or write mark = \"bar\"",
        );
    }
}

/// Columns, or the word for all axes.
fn by(reader: &Reader<'_>, key: &'static str) -> By {
    match reader.texts(key) {
        None => By::Nothing,
        Some(texts) if texts.iter().any(|text| text.name == "axes") && texts.len() == 1 => By::Axes,
        Some(texts) => By::Columns(texts),
    }
}

fn parts(reader: &Reader<'_>) -> Vec<Part> {
    let Some(value) = reader.entry("y") else {
        return Vec::new();
    };
    let values: Vec<Entry<'_>> = value
        .get_ref()
        .as_array()
        .map_or_else(|| vec![value], |values| values.iter().collect());
    values
        .into_iter()
        .filter_map(|value| part(reader, value))
        .collect()
}

fn part(reader: &Reader<'_>, value: Entry<'_>) -> Option<Part> {
    if let Some(column) = named(value) {
        return Some(Part {
            name: None,
            columns: vec![column],
        });
    }
    let Some(table) = value.get_ref().as_table() else {
        reader.wrong(
            "y",
            value,
            "a column in quotes, or { name = \"idle\", sum = [\"fill\", \"drain\"] }",
        );
        return None;
    };
    let inner = Reader::new(value.span(), table, reader.complaints);
    let name = inner.text("name");
    let columns = inner.texts("sum");
    inner.finish();
    if columns.is_none() {
        inner.wrong("y", value, "`sum`, the columns that it adds up");
    }
    Some(Part {
        name: name.map(|name| name.name),
        columns: columns?,
    })
}

fn only(reader: &Reader<'_>) -> Vec<(Named, Vec<String>)> {
    let Some(value) = reader.entry("where") else {
        return Vec::new();
    };
    let wanted = "a value or a list of values for each column, as in { \"pe.threads\" = [2, 4] }";
    let Some(table) = value.get_ref().as_table() else {
        reader.wrong("where", value, wanted);
        return Vec::new();
    };
    let mut only = Vec::new();
    for (column, value) in table {
        let values: Option<Vec<String>> = match value.get_ref().as_array() {
            Some(values) => values.iter().map(|value| scalar(value.get_ref())).collect(),
            None => scalar(value.get_ref()).map(|one| vec![one]),
        };
        match values {
            Some(values) => only.push((
                Named {
                    name: column.get_ref().to_string(),
                    at: column.span(),
                },
                values,
            )),
            None if value.get_ref().is_table() => reader.complaints.add(
                column.span(),
                format!("`{}` in `where` is a table", column.get_ref()),
                "names with dots stand in quotes, as in { \"pe.threads\" = 2 }",
            ),
            None => reader.wrong(column.get_ref(), value, wanted),
        }
    }
    only
}

fn references(reader: &Reader<'_>) -> Vec<Reference> {
    let Some(value) = reader.entry("reference") else {
        return Vec::new();
    };
    let values: Vec<Entry<'_>> = value
        .get_ref()
        .as_array()
        .map_or_else(|| vec![value], |values| values.iter().collect());
    values
        .into_iter()
        .filter_map(|value| {
            let wanted = "a table: name, and y, a number, or column";
            let Some(table) = value.get_ref().as_table() else {
                reader.wrong("reference", value, wanted);
                return None;
            };
            let inner = Reader::new(value.span(), table, reader.complaints);
            let name = inner.text("name").map_or_else(String::new, |name| name.name);
            let y = inner.entry("y");
            let column = inner.text("column");
            inner.finish();
            let level = match (y.and_then(|y| number(y.get_ref())), column) {
                (Some(y), None) => Level::At(y),
                (None, Some(column)) if y.is_none() => Level::Column(column),
                (_, _) => {
                    reader.wrong("reference", value, wanted);
                    return None;
                }
            };
            Some(Reference { name, level })
        })
        .collect()
}

fn pareto(reader: &Reader<'_>) -> Option<[Best; 2]> {
    let [x, y] = reader.pair(
        "pareto",
        "what is best in x and in y, as in [\"most\", \"most\"] or [\"least\", \"least\"]",
    )?;
    let best = |text: &Named| reader.word_of("pareto", text, Best::ALL, Best::name);
    Some([best(&x)?, best(&y)?])
}

fn share(reader: &Reader<'_>) -> Share {
    let Some(value) = reader.entry("share") else {
        return Share::Off;
    };
    match value.get_ref().as_bool() {
        Some(true) => Share::Percent,
        Some(false) => Share::Off,
        None => {
            reader.wrong("share", value, "true or false");
            Share::Off
        }
    }
}
