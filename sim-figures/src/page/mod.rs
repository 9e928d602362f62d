//! One HTML page of what is stored: summary, figures, tables, what is modelled, configuration, provenance.
//!
//! It needs nothing but itself: no network, no other file. Equal results give equal bytes.

mod configuration;
mod figure;
mod head;
mod scope;
mod section;
mod summary;
mod table;

pub use figure::{PageFigure, plots_of};

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use reports::stored::{Stored, StoredKind};
use section::Section;

/// Bytes that a page has at most. Tables and figures that do not fit are cut, and the page says so.
pub const MAX_BYTES: usize = 3_000_000;
/// Bytes of figures; tables take what is left.
const FIGURE_BYTES: usize = 1_400_000;
/// Bytes that the page has beside figures and tables, with room to spare.
const OTHER_BYTES: usize = 400_000;

const STYLE: &str = include_str!("page.css");
const SCRIPT: [&str; 4] = [
    include_str!("page.js"),
    include_str!("filter.js"),
    include_str!("table.js"),
    include_str!("figures.js"),
];

/// How the title of every page ends.
const OF_TITLE: &str = " – sysmt";
/// Bytes in which a page has its title.
const HEAD_BYTES: u64 = 64 * 1024;

/// Whether a file is such a page.
///
/// - Errors: it cannot be read.
pub fn is_page(path: &Path) -> io::Result<bool> {
    let mut head = Vec::new();
    File::open(path)?.take(HEAD_BYTES).read_to_end(&mut head)?;
    let head = String::from_utf8_lossy(&head);
    Ok(head.starts_with("<!DOCTYPE html>") && head.contains(&format!("{OF_TITLE}</title>")))
}

/// The page of `stored`, with `figures` in this order.
pub fn render(stored: &Stored, figures: &[PageFigure]) -> String {
    let figures = figure::fitting(figures, FIGURE_BYTES);
    let used: usize = figures.iter().map(figure::Shown::n_bytes).sum();
    let tables = table::of(stored, MAX_BYTES - OTHER_BYTES - used);
    let data = data(&tables, &figures);
    // Nobody who names a layer knows the hash of everything that is stored: only this page's own script has it.
    let nonce = blake3::hash(data.as_bytes()).to_hex().as_str()[..32].to_owned();
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'"
    );
    let sections = Section::of(stored, &figures, &tables);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (stored.title) (OF_TITLE) }
                style nonce=(nonce) { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#summary" { "Skip to the summary" }
                (head::render(stored, &sections))
                main {
                    @for section in &sections {
                        section id=(section.name()) aria-labelledby={ (section.name()) "-heading" } {
                            h2 id={ (section.name()) "-heading" } { (section.heading(stored.kind)) }
                            (body(*section, stored, &figures, &tables))
                        }
                    }
                }
                script type="application/json" id="data" { (PreEscaped(&data)) }
                script nonce=(nonce) { @for part in SCRIPT { (PreEscaped(part)) } }
            }
        }
    };
    page.into_string()
}

fn body(
    section: Section,
    stored: &Stored,
    figures: &[figure::Shown<'_>],
    tables: &[table::Table<'_>],
) -> Markup {
    let table = |id: &str| {
        let table = tables.iter().find(|table| table.id() == id);
        table.map_or_else(|| html! {}, table::Table::render)
    };
    match section {
        Section::Summary => summary::render(stored),
        Section::Figures => figure::render(figures),
        Section::Points => table(table::POINTS),
        Section::Layers => table(table::LAYERS),
        Section::Throttling => table(table::THROTTLING),
        Section::Scope => scope::render(stored),
        Section::Configuration => configuration::render(stored),
        Section::Provenance => configuration::provenance(stored),
    }
}

/// What scripts read, as JSON in which nothing looks like the end of a script.
fn data(tables: &[table::Table<'_>], figures: &[figure::Shown<'_>]) -> String {
    let figures: Vec<serde_json::Value> = figures
        .iter()
        .filter_map(|figure| Some((figure.name(), figure.csv()?)))
        .map(|(name, csv)| serde_json::json!({"name": name, "csv": csv}))
        .collect();
    let tables: Vec<&str> = tables.iter().map(|table| table.json.as_str()).collect();
    let figures = in_script(&serde_json::Value::Array(figures));
    format!("{{\"tables\":[{}],\"figures\":{figures}}}", tables.join(","))
}

/// As JSON for the inside of a script element.
fn in_script(json: &serde_json::Value) -> String {
    json.to_string().replace('<', "\\u003c")
}

/// What rows are called.
const fn points_are(kind: StoredKind) -> &'static str {
    match kind {
        StoredKind::Run | StoredKind::Evaluation => "Designs",
        StoredKind::Sweep => "Points",
    }
}
