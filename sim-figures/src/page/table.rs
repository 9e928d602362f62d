//! Tables that a reader sorts and filters: their rows as JSON, and what stands about them.

use std::collections::BTreeMap;

use maud::{Markup, html};
use serde_json::{Map, Value as Json, json};
use sim_core::shape::widen;

use super::{in_script, points_are};
use reports::frame::{Column, ColumnType, Frame, Value};
use reports::metrics;
use reports::stored::{Stored, StoredKind};
use reports::text;

pub(super) const POINTS: &str = "points";
pub(super) const LAYERS: &str = "layers";
pub(super) const THROTTLING: &str = "throttling-steps";

/// More rows are not read in a page.
const MAX_ROWS: usize = 10_000;
/// Larger counts are not exact as numbers of a script.
const LARGEST_EXACT: u64 = 1 << 53;

/// Columns that are shown at first, where their values are not all the same.
const POINT_DEFAULTS: [&str; 13] = [
    "status",
    metrics::ERROR,
    "cycles",
    "speedup",
    "utilization",
    "total_energy_per_mac_pj",
    "area_um2",
    "relative_mse",
    "top1",
    "top1_change",
    "p_value",
    "agreement",
    "design",
];
const LAYER_DEFAULTS: [&str; 12] = [
    "layer",
    "name",
    "m",
    "n",
    "k",
    "threads",
    "policy",
    "cycles",
    "speedup",
    "utilization",
    "total_energy_per_mac_pj",
    "relative_mse",
];

/// A table of the page.
#[derive(Debug)]
pub(super) struct Table<'a> {
    plan: TablePlan<'a>,
    n_rows: usize,
    digits: Digits,
    pub(super) json: String,
}

/// How exact measures are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Digits {
    /// To the last digit.
    All,
    /// Rounded, so that more rows find room.
    Seven,
}

/// What is known of a table before its rows are counted.
#[derive(Debug)]
struct TablePlan<'a> {
    id: &'static str,
    /// What its rows are.
    name: &'static str,
    frame: &'a Frame,
    /// Where all rows are.
    file: &'static str,
    /// Columns that are shown at first.
    defaults: Vec<&'a str>,
    /// The column that names a row.
    head: &'a str,
}

/// The tables of `stored`, in no more than so many bytes.
pub(super) fn of(stored: &Stored, n_bytes: usize) -> Vec<Table<'_>> {
    let axes = || stored.axes.iter().map(String::as_str);
    let mut plans = Vec::new();
    if let Some(frame) = &stored.throttling {
        plans.push(TablePlan {
            id: THROTTLING,
            name: "steps",
            frame,
            file: "result.json",
            defaults: frame
                .columns()
                .iter()
                .map(|column| column.name.as_str())
                .collect(),
            head: "step",
        });
    }
    let is_one_design = stored.kind != StoredKind::Sweep && stored.points.rows().len() < 2;
    if !is_one_design {
        plans.push(TablePlan {
            id: POINTS,
            name: points_are(stored.kind),
            frame: &stored.points,
            file: match stored.kind {
                StoredKind::Run | StoredKind::Evaluation => "arrays.csv",
                StoredKind::Sweep => "`sysmt export --table points`",
            },
            defaults: axes().chain(POINT_DEFAULTS).collect(),
            head: stored.axes.first().map_or("", String::as_str),
        });
    }
    if !stored.layers.rows().is_empty() {
        plans.push(TablePlan {
            id: LAYERS,
            name: "layers",
            frame: &stored.layers,
            file: match stored.kind {
                StoredKind::Run | StoredKind::Evaluation => "layers.csv",
                StoredKind::Sweep => "`sysmt export --table layers`",
            },
            defaults: axes().chain(LAYER_DEFAULTS).collect(),
            head: "name",
        });
    }
    let mut left = n_bytes;
    let mut tables = Vec::with_capacity(plans.len());
    for plan in plans {
        let table = plan.fitted(left);
        left = left.saturating_sub(table.json.len());
        tables.push(table);
    }
    tables
}

impl<'a> TablePlan<'a> {
    /// With as many rows as there is room for.
    fn fitted(self, n_bytes: usize) -> Table<'a> {
        let mut n_rows = self.frame.rows().len().min(MAX_ROWS);
        let mut digits = Digits::All;
        let json = loop {
            let json = self.json(n_rows, digits);
            if json.len() <= n_bytes || n_rows == 0 {
                break json;
            }
            if digits == Digits::All {
                digits = Digits::Seven;
                continue;
            }
            let fitting = n_rows.saturating_mul(n_bytes) / json.len();
            n_rows = fitting.min(n_rows - 1);
        };
        Table {
            plan: self,
            n_rows,
            digits,
            json,
        }
    }

    fn json(&self, n_rows: usize, digits: Digits) -> String {
        let rows = &self.frame.rows()[..n_rows];
        let columns = self.frame.columns().iter().enumerate();
        let columns: Vec<Json> = columns
            .filter_map(|(place, column)| self.column(column, rows, place, digits))
            .collect();
        in_script(&json!({"id": self.id, "n": n_rows, "columns": columns}))
    }

    /// A column with its values; `None` where there are none.
    fn column(&self, column: &Column, rows: &[Vec<Value>], place: usize, digits: Digits) -> Option<Json> {
        let values = || rows.iter().map(|row| &row[place]);
        if values().all(|value| *value == Value::Null) {
            return None;
        }
        let is_same = 1 < rows.len() && values().all(|value| *value == rows[0][place]);
        let mut object = Map::new();
        let mut set = |key: &str, value: Json| object.insert(key.to_owned(), value);
        set("name", column.name.as_str().into());
        set("unit", column.unit.as_str().into());
        set(
            "hint",
            metrics::about(&column.name).map_or("", |about| about.hint).into(),
        );
        set("kind", column.kind.name().into());
        set("head", (column.name == self.head).into());
        let is_default = self.defaults.contains(&column.name.as_str());
        set("shown", (is_default && !is_same).into());
        if is_same {
            set("same", cell(&rows[0][place], digits));
        } else if column.kind == ColumnType::Text {
            // Words come again and again.
            let mut words: BTreeMap<&str, usize> = BTreeMap::new();
            let mut list = Vec::new();
            let mut at = Vec::with_capacity(rows.len());
            for value in values() {
                let Value::Text(text) = value else {
                    at.push(Json::Null);
                    continue;
                };
                let place = *words.entry(text).or_insert_with(|| {
                    list.push(text.as_str());
                    list.len() - 1
                });
                at.push(place.into());
            }
            set("words", list.into());
            set("at", at.into());
        } else {
            set("values", values().map(|value| cell(value, digits)).collect());
        }
        Some(Json::Object(object))
    }
}

fn cell(value: &Value, digits: Digits) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Text(text) => text.as_str().into(),
        Value::Count(count) if LARGEST_EXACT < *count => count.to_string().into(),
        Value::Count(count) => (*count).into(),
        Value::Real(real) => match digits {
            Digits::All => (*real).into(),
            Digits::Seven => format!("{real:.6e}").parse().unwrap_or(*real).into(),
        },
        Value::Flag(flag) => (*flag).into(),
    }
}

fn grouped(count: usize) -> String {
    text::grouped(widen(count))
}

impl Table<'_> {
    pub(super) const fn id(&self) -> &'static str {
        self.plan.id
    }

    pub(super) fn render(&self) -> Markup {
        let TablePlan {
            id,
            name,
            frame,
            file,
            ..
        } = self.plan;
        let n_rows = frame.rows().len();
        let filter = format!("{id}-filter");
        let help = format!("{id}-help");
        html! {
            div.data data-table=(id) {
                @if self.n_rows < n_rows {
                    p.banner role="note" {
                        "The first " (grouped(self.n_rows)) " of " (grouped(n_rows)) " rows are on this page, as many as it has room for; "
                        (file) " has all of them, with all digits."
                    }
                } @else if self.digits == Digits::Seven {
                    p.hint { "Measures are rounded to seven digits on this page; " (file) " has all digits." }
                }
                div.bar.controls {
                    label for=(filter) { "Filter" }
                    input.filter id=(filter) type="search" autocomplete="off" spellcheck="false"
                        placeholder="words, or speedup>1.5" aria-describedby=(help);
                    button.download type="button" { "Save these rows as CSV" }
                    details.columns { summary { "Columns" } div.choices {} }
                }
                p.hint.controls id=(help) {
                    "Rows with all of the words in any column. Also comparisons of a column: " code { "speedup>1.5" }
                    ", " code { "cycles<=1e6" } ", " code { "name=conv1" } ", " code { "name!=conv1" }
                    ". Words with spaces go in quotes."
                }
                p.status role="status" aria-live="polite" {}
                p.same {}
                div.scroll tabindex="0" role="region" aria-label={ "Table of " (name.to_lowercase()) } {
                    table { thead {} tbody {} }
                }
                div.more.controls {}
                noscript { p.hint { "Tables need scripts; " (file) " has the same rows." } }
            }
        }
    }
}
