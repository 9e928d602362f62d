//! The page of `sysmt report` in a browser: what a reader does with it, on a file, in Chromium.

use std::path::{Path, PathBuf};
use std::process::Command;

use reports::frame::{Column, ColumnType, Frame, Value};
use reports::run::InputFile;
use reports::stored::{Configuration, Layout, Provenance, Stored, StoredKind};
use reports::warning::Warning;
use sim_core::record::UnsimulatedLayer;
use sim_draw::Scale;
use sim_draw::plot::{Plot, PlotAxis, PlotLine, PlotPoint, PlotReference, PlotSeries};
use sim_figures::page::{self, PageFigure};

const HOSTILE: [&str; 4] = [
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(2)>",
    "\"quoted\" 'name' & more",
    "plain/conv1/Conv",
];

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// Rows of values that differ from row to row; those of `given` are as given.
fn frame(columns: Vec<Column>, n_rows: usize, given: impl Fn(usize, &str) -> Option<Value>) -> Frame {
    let mut frame = Frame::new(columns.clone());
    for row in 0..n_rows {
        let values = columns.iter().enumerate().map(|(place, column)| {
            let number = u64::try_from((row * 7919 + place * 104_729) % 9973).expect("small");
            given(row, &column.name).unwrap_or_else(|| match column.kind {
                ColumnType::Text => Value::Null,
                ColumnType::Count => Value::Count(number * 103),
                ColumnType::Real => {
                    Value::Real(f64::from(u32::try_from(number).expect("small")) / 9973.0 + 0.5)
                }
                ColumnType::Flag => Value::Flag(number % 2 == 0),
            })
        });
        frame.push(values.collect());
    }
    frame
}

fn stored(kind: StoredKind, points: Frame, layers: Frame, axes: &[&str]) -> Stored {
    Stored {
        kind,
        title: format!("fashion-resnet8.onnx {}, 10000 images", HOSTILE[0]),
        axes: axes.iter().map(|&axis| axis.to_owned()).collect(),
        points,
        layers,
        synthetic: true,
        mean_of: None,
        throttling: None,
        pe_map: None,
        curves: None,
        unsimulated: vec![UnsimulatedLayer {
            name: HOSTILE[1].to_owned(),
            reason: "the first convolution stays FP32".to_owned(),
            macs: None,
        }],
        warnings: vec![Warning::Other(format!(
            "energy is left out: no row for {}",
            HOSTILE[0]
        ))],
        configuration: vec![Configuration {
            name: "run.toml".to_owned(),
            text: "version = 1\n# </code></pre><script>alert(3)</script>\n[pe]\nkind = \"nb-smt\"\n"
                .to_owned(),
        }],
        provenance: Provenance {
            command: "sysmt eval fashion-resnet8.onnx --images t10k-images-idx3-ubyte.gz".to_owned(),
            sysmt_version: "0.1.0".to_owned(),
            blake3: "5f".repeat(32),
            inputs: vec![InputFile {
                role: "model".to_owned(),
                name: "models/fashion-resnet8.onnx".to_owned(),
                blake3: "a7".repeat(32),
            }],
        },
    }
}

fn plot(name: &str, n_points: u16) -> PageFigure {
    let point = |series: u16| {
        move |point: u16| PlotPoint {
            x: 1.0 + f64::from(point) / f64::from(n_points),
            y: 80.0 + f64::from((point * 7 + series * 3) % 11),
            interval: Some([79.0, 92.0]),
        }
    };
    let series = (0..3).map(|series| PlotSeries {
        name: format!("{} {series}", HOSTILE[0]),
        points: (0..n_points).map(point(series)).collect(),
        line: PlotLine::Joined,
    });
    let plot = Plot {
        series: series.collect(),
        references: vec![PlotReference {
            name: "FP32".to_owned(),
            y: 91.0,
        }],
        ..Plot::new(
            name,
            PlotAxis::new("Speed-up (×)", Scale::Tight),
            PlotAxis::new("Top-1 (%)", Scale::Tight),
        )
    };
    PageFigure::draw(&plot, format!("Top-1 over speed-up, {name}")).expect("draws")
}

/// Three designs, with names that try to leave their places.
fn small() -> String {
    let layout = Layout::new(vec![Column::new("design", ColumnType::Text)], Vec::new());
    let word = |row: usize, column: &str| match column {
        "design" | "name" => Some(HOSTILE[row % HOSTILE.len()].into()),
        "pe.kind" => Some("nb-smt".into()),
        "cost_table" => Some("osu018".into()),
        "delay_model" => Some("library".into()),
        _ => None,
    };
    let points = frame(layout.point_columns(), 4, word);
    let layers = frame(layout.layer_columns(), 24, |row, column| match column {
        "design" => Some(HOSTILE[row / 8].into()),
        "layer" => Some((row % 8 + 1).into()),
        _ => word(row, column),
    });
    let stored = stored(StoredKind::Evaluation, points, layers, &["design"]);
    page::render(&stored, &[plot("accuracy", 6), plot("more-accuracy", 3)])
}

/// Many points, of which some failed.
fn large() -> String {
    let identity = vec![
        Column::new("array.rows", ColumnType::Count),
        Column::new("pe.policy", ColumnType::Text),
        Column::new("error", ColumnType::Text),
    ];
    let layout = Layout::new(identity, Vec::new());
    let points = frame(layout.point_columns(), 20_000, |row, column| {
        match (column, row % 150) {
            ("array.rows", _) => Some((row % 64 + 1).into()),
            ("pe.policy", _) => Some(["S", "S+A", "S+Aw"][row % 3].into()),
            ("error", 7) => Some("array.rows = 2048 is outside 1..=1024: an overflow of the array".into()),
            ("error", _) => Some(Value::Null),
            (_, 7) => Some(Value::Null),
            _ => None,
        }
    });
    let layers = Frame::new(layout.layer_columns());
    let stored = stored(StoredKind::Sweep, points, layers, &["array.rows", "pe.policy"]);
    page::render(&stored, &[plot("pareto", 40)])
}

#[test]
fn a_page_works_in_a_browser() {
    let pictures = repository("target/report-pages");
    std::fs::create_dir_all(&pictures).expect("a folder");
    let pages = [("small.html", small()), ("large.html", large())];
    let pages = pages.map(|(name, page)| {
        assert!(page.len() < page::MAX_BYTES, "{name} has {} bytes", page.len());
        let path = pictures.join(name);
        std::fs::write(&path, page).expect("writes");
        path
    });
    let python = repository("target/python/bin/python");
    for tool in [
        &python,
        Path::new("/usr/bin/chromium"),
        Path::new("/usr/bin/chromedriver"),
    ] {
        assert!(
            tool.exists(),
            "{} is missing: cargo xtask outside",
            tool.display()
        );
    }
    let status = Command::new(python)
        .args(["-B".into(), repository("tests/python/open_page.py")])
        .args(&pages)
        .arg(&pictures)
        .status()
        .expect("starts");
    assert!(status.success(), "the page fails in Chromium");
}
