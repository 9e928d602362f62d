//! Figures of stored results: what is drawn is what the CSV says, whatever the kind, style and palette.

use std::collections::BTreeMap;

use reports::stored::Stored;
use sim_draw::figure::Figure;
use sim_draw::figure::Format;
use sim_draw::figure::Mark;
use sim_draw::look::{Look, Style, Titles};
use sim_draw::palette::Palette;
use sim_figures::files::{self, FilesError};
use sim_figures::set;

use crate::csv_text;
use crate::stored_data::{THREADS, ZEROS, evaluation, run, sweep};
use crate::svg::{Polygon, Ticks, assert_inside_the_page, placed_texts, polygons, rectangles, texts};

fn all(stored: &Stored) -> Vec<Figure> {
    let of = |kind: String| set::of_kind(stored, &kind, &[]).unwrap_or_default();
    set::kinds().into_iter().flat_map(of).collect()
}

pub(crate) fn one(stored: &Stored, kind: &str) -> Figure {
    let mut found = set::of_kind(stored, kind, &[]).unwrap();
    assert_eq!(found.len(), 1, "{kind}");
    found.remove(0)
}

fn svg(figure: &Figure) -> String {
    figure.picture.svg_as(&Look::default(), None).unwrap()
}

/// Rows of the figure's CSV by column.
pub(crate) fn rows(figure: &Figure) -> Vec<BTreeMap<String, String>> {
    let (header, rows) = csv_text::read(&figure.picture.csv());
    let of = |row: Vec<String>| header.iter().cloned().zip(row).collect();
    rows.into_iter().map(of).collect()
}

fn number(row: &BTreeMap<String, String>, column: &str) -> f64 {
    row[column].parse().unwrap()
}

pub(crate) fn names(figures: &[Figure]) -> Vec<&str> {
    figures.iter().map(|figure| figure.picture.name()).collect()
}

#[test]
fn every_kind_is_drawn_of_some_results() {
    assert_eq!(
        names(&all(&run())),
        [
            "speedup",
            "utilization",
            "utilization-by-sparsity",
            "pe-cycles",
            "active-threads",
            "energy",
            "mse",
            "accuracy",
            "roofline",
            "pe-map"
        ]
    );
    assert!(names(&all(&evaluation())).contains(&"throttling"));
    assert_eq!(
        names(&all(&sweep())),
        [
            "speedup-by-sparsity",
            "utilization-by-sparsity",
            "energy-by-sparsity",
            "threads-by-sparsity-speedup-S+A",
            "threads-by-sparsity-speedup-A",
            "threads-by-sparsity-utilization-S+A",
            "threads-by-sparsity-utilization-A",
            "threads-by-sparsity-energy-S+A",
            "threads-by-sparsity-energy-A",
            "accuracy",
            "energy-area"
        ]
    );
}

/// Marks of points that are not in the legend, without their white outlines.
fn marks(svg: &str) -> Vec<(f64, f64)> {
    let above = placed_texts(svg)
        .into_iter()
        .filter(|text| text.anchor == "start")
        .map(|text| text.y)
        .fold(0.0, f64::max);
    let is_mark = |polygon: &&Polygon| polygon.fill != "#FFFFFF" && above < polygon.middle().1;
    polygons(svg)
        .iter()
        .filter(is_mark)
        .map(Polygon::middle)
        .collect()
}

#[test]
fn marks_lie_where_the_points_are() {
    let figures = [run(), evaluation(), sweep()]
        .iter()
        .flat_map(all)
        .collect::<Vec<_>>();
    let mut n_points = 0;
    for figure in figures {
        if !matches!(figure.mark, Mark::Scatter | Mark::Line) {
            continue;
        }
        let svg = svg(&figure);
        let (x, y) = (Ticks::x(&svg), Ticks::y(&svg));
        let marks = marks(&svg);
        let rows = rows(&figure);
        let points: Vec<_> = rows.iter().filter(|row| row["kind"] == "point").collect();
        for row in &points {
            let (at, up) = (number(row, "x"), number(row, "y"));
            let is_there = marks
                .iter()
                .any(|mark| x.shows(mark.0, at) && y.shows(mark.1, up));
            assert!(is_there, "{}: {at}, {up}", figure.picture.name());
        }
        // Crosses have two pieces, stars three.
        assert!(points.len() <= marks.len() && marks.len() <= 3 * points.len());
        n_points += points.len();
    }
    assert!(100 < n_points);
}

#[test]
fn bars_are_as_high_as_the_values() {
    for figure in [run(), evaluation(), sweep()].iter().flat_map(all) {
        if !matches!(figure.mark, Mark::Bar | Mark::Stacked) {
            continue;
        }
        let name = figure.picture.name();
        let svg = svg(&figure);
        let y = Ticks::y(&svg);
        let mut rows = rows(&figure);
        rows.retain(|row| !row["index"].is_empty());
        let series: Vec<&str> = {
            let mut series: Vec<&str> = rows.iter().map(|row| row["series"].as_str()).collect();
            let mut seen = Vec::new();
            series.retain(|name| {
                !seen.contains(name) && {
                    seen.push(name);
                    true
                }
            });
            series
        };
        let n_samples = if series.len() == 1 { 0 } else { series.len() };
        let bars = &rectangles(&svg)[n_samples..];
        let mut bars_left = bars.iter();
        let mut sums: BTreeMap<&str, f64> = BTreeMap::new();
        let by_place = rows.chunk_by(|one, other| one["index"] == other["index"]);
        for row in by_place.flatten() {
            let value = number(row, "value");
            if value <= 0.0 {
                continue;
            }
            let bar = bars_left
                .next()
                .unwrap_or_else(|| panic!("{name}: a bar is missing"));
            let top = match figure.mark {
                Mark::Stacked => {
                    let sum = sums.entry(&row["index"]).or_default();
                    *sum += value;
                    *sum
                }
                Mark::Bar | Mark::Scatter | Mark::Line | Mark::HeatMap => value,
            };
            assert!(
                y.shows(bar.y, top),
                "{name}: {} at {}, not {top}",
                y.value(bar.y),
                bar.y
            );
        }
        assert_eq!(bars_left.count(), 0, "{name}: more bars than values");
    }
}

#[test]
fn cells_of_a_heat_map_say_and_show_their_values() {
    let sweep = sweep();
    let figures = set::of_kind(&sweep, "threads-by-sparsity-speedup", &[]).unwrap();
    for figure in &figures {
        let svg = svg(figure);
        let rows = rows(figure);
        let is_whole = figure.picture.name().ends_with("S+A");
        assert_eq!(rows.len(), THREADS.len() * ZEROS.len() - usize::from(!is_whole));
        // And 64 of the scale.
        assert_eq!(rectangles(&svg).len(), rows.len() + 64);
        let words = texts(&svg);
        for row in &rows {
            let word = sim_draw::text::significant(number(row, "value"));
            assert!(words.contains(&word), "{word} is missing in {words:?}");
        }
        // A failed point is not a zero.
        assert_eq!(words.contains(&"–".to_owned()), !is_whole);
        // More threads are faster: each row has one colour, and the rows differ.
        let cells = &rectangles(&svg)[..rows.len()];
        let colours: std::collections::BTreeSet<&str> = cells.iter().map(|cell| cell.fill.as_str()).collect();
        assert_eq!(colours.len(), THREADS.len());
    }
}

#[test]
fn the_first_row_of_an_array_is_on_top_and_the_first_threads_below() {
    let figure = one(&run(), "pe-map");
    let svg = svg(&figure);
    let place = |words: &str| {
        let texts = placed_texts(&svg);
        let found = texts
            .iter()
            .find(|text| text.words == words && text.anchor == "end");
        found.unwrap().y
    };
    assert!(place("0") < place("10"));
    assert_eq!(rectangles(&svg).len(), 256 + 64);
    let figures = set::of_kind(&sweep(), "threads-by-sparsity-speedup", &[]).unwrap();
    let svg = self::svg(&figures[0]);
    let texts = placed_texts(&svg);
    let row = |words: &str| {
        texts
            .iter()
            .find(|text| text.words == words && text.anchor == "end")
            .unwrap()
            .y
    };
    assert!(row("4") < row("1"));
}

#[test]
fn the_front_is_marked() {
    let figure = one(&evaluation(), "accuracy");
    let rows = rows(&figure);
    let front: Vec<f64> = rows
        .iter()
        .filter(|row| row["kind"] == "front")
        .map(|row| number(row, "x"))
        .collect();
    // Each is faster and worse than the one before.
    assert_eq!(front, [0.97, 1.94, 3.88]);
    let svg = svg(&figure);
    for text in ["Pareto front", "FP32", "exact 8-bit", "Accuracy against speed-up"] {
        assert!(texts(&svg).iter().any(|found| found == text), "{text}");
    }
}

#[test]
fn models_are_drawn_beside_points() {
    let figure = one(&evaluation(), "utilization-by-sparsity");
    let rows_of = |kind: &str| -> Vec<BTreeMap<String, String>> {
        rows(&figure)
            .into_iter()
            .filter(|row| row["kind"] == kind)
            .collect()
    };
    let curve = rows_of("curve");
    for threads in [1, 2, 4] {
        let own: Vec<_> = curve
            .iter()
            .filter(|row| row["series"] == format!("{threads} independent"))
            .collect();
        assert!(60 < own.len());
        for row in own {
            let idle = (number(row, "x") / 100.0).powi(threads);
            assert!((number(row, "y") - 100.0 * (1.0 - idle)).abs() < 1e-9);
        }
    }
    let figure = one(&run(), "roofline");
    let peak = rows(&figure)
        .iter()
        .filter(|row| row["kind"] == "curve")
        .map(|row| number(row, "y"))
        .fold(0.0, f64::max);
    assert_eq!(peak, 512.0);
    let points_below = rows(&figure)
        .iter()
        .filter(|row| row["kind"] == "point")
        .all(|row| number(row, "y") <= (64.0 * number(row, "x")).min(512.0));
    assert!(!points_below, "some made-up layers are above the slope, as drawn");
}

#[test]
fn every_figure_is_inside_its_page_in_every_look() {
    for stored in [run(), evaluation(), sweep()] {
        for figure in all(&stored) {
            for style in Style::ALL {
                for title in Titles::ALL {
                    let look = Look::new(style, None, Palette::Viridis, title).unwrap();
                    let svg = figure.picture.svg_as(&look, None).unwrap();
                    assert_inside_the_page(&svg);
                    let has_title = texts(&svg).contains(&figure.title);
                    let fits = !texts(&svg).iter().any(|text| text.ends_with('…'));
                    if fits {
                        assert_eq!(has_title, title == Titles::Shown, "{}", figure.title);
                    }
                }
            }
        }
    }
    let narrow = Look::new(
        Style::Paper,
        Some("2in".parse().unwrap()),
        Palette::Grey,
        Titles::Shown,
    )
    .unwrap();
    for figure in all(&evaluation()) {
        let svg = figure.picture.svg_as(&narrow, None).unwrap();
        assert!(svg.starts_with("<svg width=\"2in\""), "{}", figure.title);
    }
}

#[test]
fn made_up_zeros_are_marked_in_every_figure() {
    for title in Titles::ALL {
        let look = Look::new(Style::Paper, None, Palette::OkabeIto, title).unwrap();
        for (stored, want) in [(sweep(), true), (run(), false)] {
            for figure in all(&stored) {
                let svg = figure.picture.svg_as(&look, None).unwrap();
                assert_eq!(texts(&svg).contains(&"synthetic zeros".to_owned()), want);
            }
        }
    }
}

#[test]
fn files_say_where_they_come_from() {
    let stored = run();
    let figures = vec![one(&stored, "speedup")];
    let files = files::draw(&figures, &stored.provenance, &Look::default(), &Format::ALL).unwrap();
    let (names, all): (Vec<String>, Vec<Vec<u8>>) = files.into_iter().unzip();
    assert_eq!(
        names,
        [
            "speedup.svg",
            "speedup.png",
            "speedup.pdf",
            "speedup.csv",
            "speedup.py"
        ]
    );
    let hash = &stored.provenance.blake3;
    let bytes = |ending: &str| {
        let at = names.iter().position(|name| name.ends_with(ending));
        all[at.unwrap()].clone()
    };
    let text = |ending: &str| String::from_utf8(bytes(ending)).unwrap();
    let svg = text("svg");
    assert!(svg.contains("<title>Speed-up by layer</title>"));
    assert!(svg.contains("<desc>Made by sysmt 0.1.0 from results of `sysmt sweep made-up &amp; more.toml`"));
    assert!(svg.contains(&format!("<sysmt:blake3>{hash}</sysmt:blake3>")));
    let png = bytes("png");
    let reader = png::Decoder::new(std::io::Cursor::new(&png)).read_info().unwrap();
    let texts: BTreeMap<&str, &str> = reader
        .info()
        .uncompressed_latin1_text
        .iter()
        .map(|chunk| (chunk.keyword.as_str(), chunk.text.as_str()))
        .collect();
    assert_eq!(texts["Source"], "sysmt sweep made-up & more.toml");
    assert_eq!(texts["Software"], "sysmt 0.1.0");
    assert_eq!(texts["Comment"], format!("BLAKE3 {hash}"));
    let pdf = String::from_utf8_lossy(&bytes("pdf")).into_owned();
    assert!(pdf.contains(&format!("BLAKE3 {hash}")));
    assert!(text("py").contains(hash.as_str()));
}

#[test]
fn equal_results_give_equal_files() {
    let draw = || {
        let stored = evaluation();
        let figures = vec![
            one(&stored, "accuracy"),
            one(&stored, "pe-map"),
            one(&stored, "energy"),
        ];
        files::draw(&figures, &stored.provenance, &Look::default(), &Format::ALL).unwrap()
    };
    assert!(draw() == draw());
}

#[test]
fn two_figures_of_one_name_are_refused() {
    let stored = run();
    let figures = vec![one(&stored, "speedup"), one(&stored, "speedup")];
    let error = files::draw(&figures, &stored.provenance, &Look::default(), &[Format::Svg]);
    assert!(matches!(error, Err(FilesError::Twice { .. })));
}

#[track_caller]
/// A picture in characters, a dozen dots each: dark is dense.
fn sketch(figure: &Figure) -> String {
    let bytes = figure.picture.png_as(&Look::default(), None).unwrap();
    let mut decoder = png::Decoder::new(std::io::Cursor::new(&bytes));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let width = usize::try_from(reader.info().width).unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    let (cell_width, cell_height) = (34, 68);
    let lines: Vec<&[u8]> = pixels.chunks(3 * width).collect();
    let sketched = lines.chunks(cell_height).map(|lines| {
        let line: String = (0..width / cell_width)
            .map(|column| {
                // Every third line is enough.
                let cells = lines
                    .iter()
                    .step_by(3)
                    .flat_map(|line| &line[3 * cell_width * column..3 * cell_width * (column + 1)]);
                let (sum, n) = cells.fold((0_u64, 0_u64), |(sum, n), &byte| (sum + u64::from(byte), n + 1));
                let dark = (255 * n - sum) * 10 / (256 * n);
                char::from(b" .:-=+*#%@"[usize::try_from(dark).unwrap()])
            })
            .collect();
        line.trim_end().to_owned()
    });
    sketched.collect::<Vec<_>>().join("\n")
}

#[test]
fn figures_look_as_they_did() {
    for (name, stored) in [("run", run()), ("evaluation", evaluation()), ("sweep", sweep())] {
        let sketches: Vec<String> = all(&stored)
            .iter()
            .map(|figure| format!("{}\n{}", figure.picture.name(), sketch(figure)))
            .collect();
        insta::assert_snapshot!(format!("sketch-{name}"), sketches.join("\n\n"));
    }
}
