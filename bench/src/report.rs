//! The report: JSON to compare with later, Markdown to read.

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

use crate::facts::Facts;
use crate::peaks;
use crate::row::{Goal, Row, Sense, Verdict};

/// Of the JSON file; grows with every change that an older reader would misread.
const VERSION: u32 = 2;

/// A finished run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Report {
    version: u32,
    /// Smaller work than the goals are about.
    pub(crate) is_quick: bool,
    pub(crate) rounds: u32,
    pub(crate) facts: Facts,
    pub(crate) rows: Vec<Row>,
}

impl Report {
    pub(crate) const fn new(is_quick: bool, rounds: u32, facts: Facts, rows: Vec<Row>) -> Self {
        Self {
            version: VERSION,
            is_quick,
            rounds,
            facts,
            rows,
        }
    }

    /// Read what [`Self::json`] wrote.
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let Versioned { version } =
            serde_json::from_str(text).context("not a report of `cargo xtask bench`")?;
        if version != VERSION {
            bail!("version {version} of the report, this program reads {VERSION}; measure again");
        }
        Ok(serde_json::from_str(text)?)
    }

    pub(crate) fn json(&self) -> anyhow::Result<String> {
        Ok(format!("{}\n", serde_json::to_string_pretty(self)?))
    }

    /// Machine, table, roofline.
    pub(crate) fn markdown(&self) -> String {
        let Facts {
            cpu,
            cores,
            simd,
            rustc,
            native,
            scalesim,
            commit,
        } = &self.facts;
        let mut text = format!(
            "{cpu}, {cores} cores, {}; commit {commit}; {rustc}; Python {}, NumPy {} ({}), ONNX Runtime {}; SCALE-Sim \
             {scalesim}. Everything on one thread unless a row says so; least of {} rounds taken in turn.\n",
            simd.join(" "),
            native.python,
            native.numpy,
            native.openblas,
            native.onnxruntime,
            self.rounds
        );
        if self.is_quick {
            text.push_str("\nSmaller work than the goals are about (`--quick`): nothing is judged.\n");
        }
        text.push_str("\n| work | figure | beside | ratio | target / accepted | verdict | peak memory |\n");
        text.push_str("|---|---|---|---|---|---|---|\n");
        for row in &self.rows {
            text.push_str(&line(row));
        }
        text.push_str(&format!("\n{}\n", self.tally()));
        text.push_str(&self.roofline());
        text
    }

    /// How many rows have each verdict.
    pub(crate) fn tally(&self) -> String {
        let counts = Verdict::ALL.map(|verdict| {
            let n_rows = self.rows.iter().filter(|row| row.verdict == verdict).count();
            format!("{n_rows} {}", verdict.name())
        });
        format!("{} rows: {}.", self.rows.len(), counts.join(", "))
    }

    /// Each product beside what the core can do.
    fn roofline(&self) -> String {
        let peak = |name: &str| {
            let row = self.rows.iter().find(|row| row.name == name)?;
            row.figure
        };
        let (Some(madd), Some(fma)) = (peak(peaks::MADD), peak(peaks::FMA)) else {
            return String::new();
        };
        let mut text = format!(
            "\nOf the peak of one core, {madd:.0} GMAC/s with `vpmaddwd` and {fma:.0} with FP32 `vfmadd`:\n\n\
             | product | GMAC/s | of `vpmaddwd` | NumPy of `vfmadd` |\n|---|---|---|---|\n"
        );
        for row in &self.rows {
            let Some(figure) = row.figure else { continue };
            if !(row.name.starts_with("product/") || row.name.starts_with("pruned/")) {
                continue;
            }
            let native = row
                .native
                .as_ref()
                .filter(|native| native.what.starts_with("NumPy"))
                .map_or("–".to_owned(), |native| percent(native.figure / fma));
            text.push_str(&format!(
                "| {} | {figure:.1} | {} | {native} |\n",
                row.name,
                percent(figure / madd)
            ));
        }
        text
    }
}

/// The same text with `inner` between the markers.
pub(crate) fn between_markers(text: &str, inner: &str) -> anyhow::Result<String> {
    const BEGIN: &str = "<!-- figures: written by `cargo xtask bench --write-docs` -->\n";
    const END: &str = "<!-- end of figures -->";
    let parts = text
        .split_once(BEGIN)
        .and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let Some((before, after)) = parts else {
        bail!(
            "no `{}` … `{END}` in it; put both on lines of their own",
            BEGIN.trim()
        );
    };
    Ok(format!("{before}{BEGIN}\n{inner}\n{END}{after}"))
}

fn line(row: &Row) -> String {
    let mut work = row.work.clone();
    if !row.note.is_empty() && row.figure.is_some() {
        work.push_str(&format!(" ({})", row.note));
    }
    let figure = match row.figure {
        Some(figure) => format!("{} {}", short(figure), row.unit),
        None => format!("not run: {}", row.note),
    };
    let native = row.native.as_ref().map_or("–".to_owned(), |native| {
        format!("{}: {}", native.what, short(native.figure))
    });
    let ratio = row.ratio.map_or("–".to_owned(), short);
    let goal = row.goal.map_or("–".to_owned(), bounds);
    let peak = row
        .peak_mib
        .map_or("–".to_owned(), |peak| format!("{peak:.0} MiB"));
    let verdict = row.verdict.name();
    format!("| {work} | {figure} | {native} | {ratio} | {goal} | {verdict} | {peak} |\n")
}

fn bounds(goal: Goal) -> String {
    let sign = match goal.sense {
        Sense::AtLeast => '≥',
        Sense::AtMost => '≤',
    };
    format!("{sign} {} / {}", goal.target, goal.accept)
}

/// Three digits, more for large numbers.
fn short(value: f64) -> String {
    match value.abs() {
        size if 100.0 <= size => format!("{value:.0}"),
        size if 10.0 <= size => format!("{value:.1}"),
        size if 0.1 <= size => format!("{value:.2}"),
        0.0 => "0".to_owned(),
        _ => format!("{value:.2e}"),
    }
}

fn percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::native::Versions;
    use crate::row::Better;

    /// A report of these rows.
    pub(crate) fn report(rows: Vec<Row>) -> Report {
        let facts = Facts {
            cpu: "CPU".to_owned(),
            cores: 2,
            simd: vec!["avx2".to_owned(), "fma".to_owned()],
            rustc: "rustc 1".to_owned(),
            native: Versions {
                python: "3".to_owned(),
                numpy: "2".to_owned(),
                openblas: "OpenBLAS 0".to_owned(),
                onnxruntime: "1".to_owned(),
            },
            scalesim: "3".to_owned(),
            commit: "abc".to_owned(),
        };
        Report::new(false, 5, facts, rows)
    }

    fn rows() -> Vec<Row> {
        let peak = |name, figure| Row::new(name, name.to_owned(), figure, "GMAC/s", Better::Neither);
        vec![
            peak(peaks::MADD, 100.0),
            peak(peaks::FMA, 50.0),
            Row::new("product/a", "a product".to_owned(), 30.0, "GMAC/s", Better::More)
                .beside("NumPy FP32", 40.0)
                .goal(Goal::ratio_at_least(1.5, 0.7))
                .peak(123.4)
                .judged(),
            Row::not_run("statistics/a", "statistics".to_owned(), "no call for it"),
        ]
    }

    #[test]
    fn markdown() {
        insta::assert_snapshot!(report(rows()).markdown(), @r"
        CPU, 2 cores, avx2 fma; commit abc; rustc 1; Python 3, NumPy 2 (OpenBLAS 0), ONNX Runtime 1; SCALE-Sim 3. Everything on one thread unless a row says so; least of 5 rounds taken in turn.

        | work | figure | beside | ratio | target / accepted | verdict | peak memory |
        |---|---|---|---|---|---|---|
        | peak/vpmaddwd | 100 GMAC/s | – | – | – | not judged | – |
        | peak/fma | 50.0 GMAC/s | – | – | – | not judged | – |
        | a product | 30.0 GMAC/s | NumPy FP32: 40.0 | 0.75 | ≥ 1.5 / 0.7 | accepted | 123 MiB |
        | statistics | not run: no call for it | – | – | – | not run | – |

        4 rows: 0 reached, 1 accepted, 0 MISSED, 2 not judged, 1 not run.

        Of the peak of one core, 100 GMAC/s with `vpmaddwd` and 50 with FP32 `vfmadd`:

        | product | GMAC/s | of `vpmaddwd` | NumPy of `vfmadd` |
        |---|---|---|---|
        | product/a | 30.0 | 30 % | 80 % |
        ");
    }

    #[test]
    fn a_report_reads_back() {
        let written = report(rows());
        assert_eq!(Report::parse(&written.json().unwrap()).unwrap(), written);
        let older = r#"{"version": 1, "machine": "CPU", "rows": []}"#;
        let error = Report::parse(older).unwrap_err().to_string();
        assert_eq!(
            error,
            "version 1 of the report, this program reads 2; measure again"
        );
    }

    #[test]
    fn figures_replace_figures() {
        let page = "# Speed\n<!-- figures: written by `cargo xtask bench --write-docs` -->\nold\n\
                    <!-- end of figures -->\nprose\n";
        let new = between_markers(page, "new\n").unwrap();
        assert_eq!(
            new,
            "# Speed\n<!-- figures: written by `cargo xtask bench --write-docs` -->\n\nnew\n\n\
             <!-- end of figures -->\nprose\n"
        );
        assert!(between_markers("# Speed\n", "new").is_err());
    }
}
