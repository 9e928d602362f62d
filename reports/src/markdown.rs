//! Tables in Markdown that are also readable as plain text.

use std::fmt::Display;

/// How the cells of a column stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// At the left end.
    Left,
    /// At the right end, as numbers do.
    Right,
}

/// A table: its header, then its rows. Short rows are filled with empty cells.
pub fn table<S: AsRef<str>>(header: &[(S, Align)], rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| row.iter().map(|cell| escape(cell)).collect())
        .collect();
    let widths: Vec<usize> = header
        .iter()
        .enumerate()
        .map(|(column, (name, _))| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells
                .map(|cell| width(cell))
                .fold(width(name.as_ref()).max(3), usize::max)
        })
        .collect();
    let mut text = line(header, &widths, |column| header[column].0.as_ref());
    text.push('|');
    for ((_, align), &width) in header.iter().zip(&widths) {
        match align {
            Align::Left => text.push_str(&format!(" {} |", "-".repeat(width))),
            Align::Right => text.push_str(&format!(" {}: |", "-".repeat(width - 1))),
        }
    }
    text.push('\n');
    for row in &rows {
        text.push_str(&line(header, &widths, |column| {
            row.get(column).map_or("", String::as_str)
        }));
    }
    text
}

/// A list under a heading; nothing without items.
pub(crate) fn list<T: Display>(heading: &str, items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| format!("- {item}\n")).collect();
    if items.is_empty() {
        return String::new();
    }
    format!("\n## {heading}\n\n{}", items.concat())
}

fn line<'a, S>(header: &[(S, Align)], widths: &[usize], cell: impl Fn(usize) -> &'a str) -> String {
    let mut text = "|".to_owned();
    for (column, ((_, align), &wanted)) in header.iter().zip(widths).enumerate() {
        let cell = cell(column);
        let fill = " ".repeat(wanted - width(cell));
        match align {
            Align::Left => text.push_str(&format!(" {cell}{fill} |")),
            Align::Right => text.push_str(&format!(" {fill}{cell} |")),
        }
    }
    text.push('\n');
    text
}

fn width(cell: &str) -> usize {
    cell.chars().count()
}

fn escape(cell: &str) -> String {
    cell.replace('|', "\\|").replace(['\n', '\r'], " ")
}
