//! Figures against their points. How they look is for eyes; what they show is for tests.

use reports::run::Report;
use reports::stored;
use reports::warning::Warning;
use sim_core::spec::{Policy, Threads};
use sim_cost::table::Table;
use sim_draw::figure::Figure;
use sim_figures::set;

use crate::csv_text::read;
use crate::support::{nb_smt, report, run, sparq};
use crate::svg::{assert_inside_the_paper, texts};

/// The figures of a run.
fn all(report: &Report) -> Vec<Figure> {
    set::of_run(&stored::of_run(report.result(), String::new()))
}

/// The one of this name, if it is drawn.
fn one(report: &Report, name: &str) -> Option<Figure> {
    all(report)
        .into_iter()
        .find(|figure| figure.picture.name() == name)
}

/// Points of a figure: (layer index from 1, series, value).
fn points(figure: &Figure) -> Vec<(usize, String, f64)> {
    let (header, rows) = read(&figure.picture.csv());
    assert_eq!(header[..5], ["index", "layer", "series", "value", "unit"]);
    // Level lines have no place.
    rows.into_iter()
        .filter(|row| !row[0].is_empty())
        .map(|row| (row[0].parse().unwrap(), row[2].clone(), row[3].parse().unwrap()))
        .collect()
}

/// Rectangles of an SVG but for the paper.
fn n_rectangles(svg: &str) -> usize {
    svg.matches("<rect").count() - 1
}

#[test]
fn every_positive_point_is_a_bar() {
    for n_layers in [1, 9, 53] {
        let report = report(nb_smt(Threads::Four, Policy::SA), n_layers);
        let figures = all(&report);
        // A single layer of the made-up run has no error to show.
        assert_eq!(figures.len(), if n_layers == 1 { 5 } else { 6 });
        for figure in figures {
            let points = points(&figure);
            let layers = usize::try_from(n_layers).unwrap();
            let n_series = points.len() / layers;
            assert_eq!(points.len(), layers * n_series);
            let n_bars = points.iter().filter(|(_, _, value)| 0.0 < *value).count();
            let n_samples = if n_series == 1 { 0 } else { n_series };
            assert_eq!(
                n_rectangles(&figure.picture.svg().unwrap()),
                n_bars + n_samples,
                "{}",
                figure.picture.name()
            );
        }
    }
}

#[test]
fn parts_of_a_whole_add_up_to_a_hundred() {
    let report = report(nb_smt(Threads::Two, Policy::SA), 9);
    for kind in ["pe-cycles", "active-threads"] {
        let points = points(&one(&report, kind).unwrap());
        for layer in 1..=9 {
            let sum: f64 = points
                .iter()
                .filter(|(index, _, _)| *index == layer)
                .map(|(_, _, value)| value)
                .sum();
            assert!((sum - 100.0).abs() < 1e-9, "{kind:?}: {sum}");
        }
    }
}

#[test]
fn points_are_the_results() {
    let report = report(nb_smt(Threads::Two, Policy::SA), 9);
    for (layer, object) in report.result().layers.iter().enumerate() {
        let value = |kind: &str| points(&one(&report, kind).unwrap())[layer].2;
        let product = &object.product;
        assert_eq!(value("speedup").to_bits(), product.speedup.to_bits());
        assert_eq!(value("mse").to_bits(), product.mse.unwrap().to_bits());
        assert!((value("utilization") - 100.0 * product.utilization).abs() < 1e-9);
        let energy: f64 = points(&one(&report, "energy").unwrap())
            .iter()
            .filter(|(index, _, _)| *index == layer + 1)
            .map(|(_, _, value)| value)
            .sum();
        let picojoules = product.energy_pj.as_ref().unwrap().value;
        assert!(
            (1e3 * energy - picojoules).abs() < 1e-6,
            "nJ, as the unit column says"
        );
    }
}

#[test]
fn where_events_are_priced_the_bars_hold_them_clock_and_leakage() {
    let mut record = run(nb_smt(Threads::Two, Policy::SA), 9);
    record.table = Table::builtin();
    let report = Report::new(record);
    let figure = one(&report, "energy").unwrap();
    for (layer, object) in report.result().layers.iter().enumerate() {
        let energy = object.product.energy_pj.as_ref().unwrap();
        let modes: f64 = energy.modes.iter().map(|mode| mode.value).sum();
        assert!((modes - energy.value).abs() < 1e-6 * energy.value);
        let bars: f64 = points(&figure)
            .iter()
            .filter(|(index, _, _)| *index == layer + 1)
            .map(|(_, _, value)| 1e3 * value)
            .sum();
        let wanted = energy.value + energy.clock.unwrap() + energy.leakage.unwrap();
        assert!((bars - wanted).abs() < 1e-6 * wanted, "{bars} is not {wanted}");
    }
}

#[test]
fn energy_without_rows_has_no_figure_but_a_warning() {
    let report = report(sparq(), 9);
    assert!(one(&report, "energy").is_none());
    assert!(
        report
            .warnings()
            .iter()
            .any(|warning| matches!(warning, Warning::NoEnergyFigure(_)))
    );
    assert!(
        all(&report)
            .iter()
            .all(|figure| figure.picture.name() != "energy")
    );
}

#[test]
fn what_was_not_measured_has_a_dash_and_no_point() {
    let mut record = run(nb_smt(Threads::Two, Policy::SA), 9);
    record.layers[4].product.error = None;
    let figure = one(&Report::new(record.clone()), "mse").unwrap();
    assert!(points(&figure).iter().all(|(index, _, _)| *index != 5));
    assert_eq!(points(&figure).len(), 8);
    assert_eq!(
        texts(&figure.picture.svg().unwrap())
            .iter()
            .filter(|text| *text == "–")
            .count(),
        1
    );
    for layer in &mut record.layers {
        layer.product.error = None;
    }
    assert!(one(&Report::new(record), "mse").is_none());
}

#[test]
fn nothing_simulated_has_no_figures() {
    assert!(all(&report(nb_smt(Threads::Two, Policy::SA), 0)).is_empty());
}

#[test]
fn svg_text_is_text_and_inside_the_paper() {
    let report = report(nb_smt(Threads::Four, Policy::SA), 53);
    for figure in all(&report) {
        assert_inside_the_paper(&figure.picture.svg().unwrap());
    }
}

#[test]
fn png_has_its_size_in_dots_and_inches() {
    let report = report(nb_smt(Threads::Two, Policy::SA), 9);
    for figure in all(&report) {
        let bytes = figure.picture.png().unwrap();
        let mut decoder = png::Decoder::new(std::io::Cursor::new(&bytes));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let info = reader.info();
        // A line for the title.
        assert_eq!((info.width, info.height), (2040, 1356));
        assert_eq!(info.pixel_dims.unwrap().xppu, 23_622);
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        // Nothing touches the border, so nothing is cut off.
        let row = 2040 * 3;
        let white = |bytes: &[u8]| bytes.iter().all(|&byte| byte == 255);
        assert!(white(&pixels[..row]) && white(&pixels[pixels.len() - row..]));
        assert!(
            pixels
                .chunks(row)
                .all(|line| white(&line[..3]) && white(&line[row - 3..])),
            "{}",
            figure.picture.name()
        );
    }
}

#[test]
fn equal_records_give_equal_bytes() {
    let draw = || {
        let report = report(nb_smt(Threads::Four, Policy::SA), 9);
        let figures = all(&report);
        let drawn: Vec<_> = figures
            .iter()
            .map(|f| {
                (
                    f.picture.svg().unwrap(),
                    f.picture.png().unwrap(),
                    f.picture.csv(),
                )
            })
            .collect();
        (report.json(), drawn)
    };
    assert!(draw() == draw());
}
