//! `[[figure]]` tables to specs.

use sim_toml::complaint::{Complaint, Complaints};
use sim_toml::reader::{Entry, TableReader, Text, text};
use sim_toml::source::tables;
use sim_toml::value;
use toml::de::{DeTable, DeValue};

use super::{
    Aggregate, BUILTIN, Best, By, Curves, Designs, FigureSpec, Level, Named, Part, Reference, Share, Table,
};
use sim_draw::Scale;
use sim_draw::figure::Mark;

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
    let table = parse(text)?;
    let top = TableReader::top(&table, &complaints);
    let specs = match top.take("figure") {
        Some(value) => figures(&top, value, &complaints),
        None => {
            complaints.add(
                0..0,
                "there is no figure",
                "write [[figure]] on a line of its own and its keys below",
            );
            Vec::new()
        }
    };
    top.finish();
    into_result(specs, complaints)
}

/// The figures of a TOML text that says other things too; it may have none.
///
/// - Errors: everything that is wrong with them.
pub fn read_beside(text: &str) -> Result<Vec<FigureSpec>, Vec<Complaint>> {
    let complaints = Complaints::default();
    let table = parse(text)?;
    let top = TableReader::top(&table, &complaints);
    let specs = (top.take("figure")).map_or_else(Vec::new, |value| figures(&top, value, &complaints));
    into_result(specs, complaints)
}

fn parse(text: &str) -> Result<DeTable<'_>, Vec<Complaint>> {
    tables(text, "[[figure]]").map_err(|complaint| vec![complaint])
}

fn figures<'a>(top: &TableReader<'a>, value: Entry<'a>, complaints: &'a Complaints) -> Vec<FigureSpec> {
    let mut specs = Vec::new();
    for entry in one_or_more(value) {
        if let DeValue::Table(table) = entry.get_ref() {
            let reader = TableReader::of(entry.span(), Some(table), complaints);
            specs.extend(figure(&reader));
        } else {
            let wanted = "[[figure]] on a line of its own and its keys below";
            top.wrong("figure", entry, wanted);
        }
    }
    specs
}

fn into_result(specs: Vec<FigureSpec>, complaints: Complaints) -> Result<Vec<FigureSpec>, Vec<Complaint>> {
    let complaints = complaints.into_vec();
    if complaints.is_empty() {
        Ok(specs)
    } else {
        Err(complaints)
    }
}

/// `None` where something is missing that was complained about.
fn figure(reader: &TableReader<'_>) -> Option<FigureSpec> {
    let name = reader.text("name");
    let mark = reader.word("mark", &Mark::ALL, Mark::name);
    let x = by(reader, "x");
    let y = parts(reader);
    let spec = FigureSpec {
        name: String::new(),
        title: string(reader, "title"),
        table: reader
            .word("table", &Table::ALL, Table::name)
            .unwrap_or(Table::Points),
        mark: mark.unwrap_or(Mark::Scatter),
        x,
        y,
        value: reader.text("value").map(Named::from),
        series: by(reader, "series"),
        each: by(reader, "each"),
        only: only(reader),
        x_scale: reader.word("x-scale", &Scale::ALL, Scale::name),
        y_scale: reader.word("y-scale", &Scale::ALL, Scale::name),
        x_title: string(reader, "x-title"),
        y_title: string(reader, "y-title"),
        references: references(reader),
        curves: reader.word("curves", &Curves::ALL, Curves::name),
        pareto: pareto(reader),
        interval: pair(
            reader,
            "interval",
            "the columns of both ends, as in [\"top1_low\", \"top1_high\"]",
        )
        .map(|ends| ends.map(Named::from)),
        aggregate: reader
            .word("aggregate", &Aggregate::ALL, Aggregate::name)
            .unwrap_or(Aggregate::Error),
        share: share(reader),
        designs: reader
            .word("designs", &Designs::ALL, Designs::name)
            .unwrap_or(Designs::Any),
        at: reader.span(),
    };
    reader.finish();
    check(reader, &spec);
    let name = match name {
        Some(name) => checked_name(reader, name.into())?,
        None => default_name(&spec),
    };
    Some(FigureSpec { name, ..spec })
}

/// A name may become that of a file.
fn checked_name(reader: &TableReader<'_>, name: Named) -> Option<String> {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_.+".contains(character);
    if name.name.chars().all(is_plain) && !name.name.starts_with('.') && name.name.len() <= 80 {
        return Some(name.name);
    }
    reader.complaints().add(
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
fn check(reader: &TableReader<'_>, spec: &FigureSpec) {
    let complain = |why: String, remedy: &str| reader.complaints().add(spec.at.clone(), why, remedy);
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
            "x = \"axes\" names designs, which are not numbers".to_owned(),
            "name a column, or write mark = \"bar\"",
        );
    }
}

/// Columns, or the word for all axes.
fn by(reader: &TableReader<'_>, key: &'static str) -> By {
    match reader.texts(key) {
        None => By::Nothing,
        Some(texts) if matches!(texts.as_slice(), [text] if *text.get_ref() == "axes") => By::Axes,
        Some(texts) => By::Columns(columns(texts)),
    }
}

fn columns(texts: Vec<Text<'_>>) -> Vec<Named> {
    texts.into_iter().map(Named::from).collect()
}

fn string(reader: &TableReader<'_>, key: &'static str) -> Option<String> {
    reader.text(key).map(|text| text.into_inner().to_owned())
}

/// Exactly two texts.
fn pair<'a>(reader: &TableReader<'a>, key: &'static str, wanted: &str) -> Option<[Text<'a>; 2]> {
    reader.read(key, wanted, |value| {
        let texts: Option<Vec<Text<'a>>> = value.get_ref().as_array()?.iter().map(text).collect();
        texts?.try_into().ok()
    })
}

/// A text, a number or a flag as tables write it.
fn scalar(value: &DeValue<'_>) -> Option<String> {
    if let Some(text) = value.as_str() {
        return Some(text.to_owned());
    }
    if let Some(flag) = value.as_bool() {
        return Some(flag.to_string());
    }
    number(value).map(|number| number.to_string())
}

/// A finite number.
fn number(value: &DeValue<'_>) -> Option<f64> {
    let finite = |text: &str| text.parse().ok().filter(|number: &f64| number.is_finite());
    value::number(value, "a number", finite).ok()
}

fn parts(reader: &TableReader<'_>) -> Vec<Part> {
    let values = reader.take("y").map_or_else(Vec::new, one_or_more);
    values
        .into_iter()
        .filter_map(|value| part(reader, value))
        .collect()
}

/// The values of a list; what is not a list is the only one.
fn one_or_more<'a>(value: Entry<'a>) -> Vec<Entry<'a>> {
    let values = value.get_ref().as_array();
    values.map_or_else(|| vec![value], |values| values.iter().collect())
}

fn part(reader: &TableReader<'_>, value: Entry<'_>) -> Option<Part> {
    if let Some(column) = text(value) {
        return Some(Part {
            name: None,
            columns: vec![column.into()],
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
    let inner = TableReader::of(value.span(), Some(table), reader.complaints());
    let name = string(&inner, "name");
    let sum = inner.texts("sum").map(columns);
    inner.finish();
    if sum.is_none() {
        inner.wrong("y", value, "`sum`, the columns that it adds up");
    }
    Some(Part { name, columns: sum? })
}

fn only(reader: &TableReader<'_>) -> Vec<(Named, Vec<String>)> {
    let Some(value) = reader.take("where") else {
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
            None if value.get_ref().is_table() => reader.complaints().add(
                column.span(),
                format!("`{}` in `where` is a table", column.get_ref()),
                "names with dots stand in quotes, as in { \"pe.threads\" = 2 }",
            ),
            None => reader.wrong(column.get_ref(), value, wanted),
        }
    }
    only
}

fn references(reader: &TableReader<'_>) -> Vec<Reference> {
    let values = reader.take("reference").map_or_else(Vec::new, one_or_more);
    values
        .into_iter()
        .filter_map(|value| {
            let wanted = "a table: name, and y, a number, or column";
            let Some(table) = value.get_ref().as_table() else {
                reader.wrong("reference", value, wanted);
                return None;
            };
            let inner = TableReader::of(value.span(), Some(table), reader.complaints());
            let name = string(&inner, "name").unwrap_or_default();
            let y = inner.take("y");
            let column = inner.text("column").map(Named::from);
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

fn pareto(reader: &TableReader<'_>) -> Option<[Best; 2]> {
    let [x, y] = pair(
        reader,
        "pareto",
        "what is best in x and in y, as in [\"most\", \"most\"] or [\"least\", \"least\"]",
    )?;
    let best = |text: &Text<'_>| reader.word_of("pareto", text, &Best::ALL, Best::name);
    Some([best(&x)?, best(&y)?])
}

fn share(reader: &TableReader<'_>) -> Share {
    match reader.flag("share") {
        Some(true) => Share::Percent,
        Some(false) | None => Share::Off,
    }
}
