//! Plots against their points, in both formats, whatever the names and numbers.

use sim_draw::look::Look;
use sim_draw::plot::{Plot, PlotAxis, PlotLine, PlotPoint, PlotReference, PlotSeries};
use sim_draw::{Made, Picture as _, Scale};

use crate::csv_text::read;
use crate::svg::{Polygon, assert_inside_the_paper, height, polygons, texts};

/// Accuracies of so many designs over their speed-ups.
pub(crate) fn accuracies(n_series: u8) -> Plot {
    let series = (0..n_series).map(|index| PlotSeries {
        name: format!("design number {index} of ten"),
        points: vec![PlotPoint {
            x: 1.0 + f64::from(index) / 3.0,
            y: 91.0 - f64::from(index) / 5.0,
            interval: Some([90.1 - f64::from(index) / 5.0, 91.7 - f64::from(index) / 5.0]),
        }],
        line: PlotLine::None,
    });
    Plot {
        series: series.collect(),
        references: vec![
            PlotReference {
                name: "FP32".to_owned(),
                y: 91.4,
            },
            PlotReference {
                name: "exact 8-bit".to_owned(),
                y: 91.4,
            },
        ],
        ..Plot::new(
            "accuracy",
            PlotAxis::new("Speed-up (×)", Scale::Linear),
            PlotAxis::new("Top-1 (%)", Scale::Tight),
        )
    }
}

#[test]
fn a_plot_shows_every_series_and_is_drawn_in_both_formats() {
    for n_series in [0, 1, 2, 10, 25] {
        let plot = accuracies(n_series);
        let svg = plot.svg().unwrap();
        assert_inside_the_paper(&svg);
        let texts = texts(&svg);
        for series in &plot.series {
            assert!(texts.contains(&series.name), "{} is missing", series.name);
        }
        for text in ["FP32", "exact 8-bit", "Top-1 (%)", "Speed-up (×)"] {
            assert!(texts.iter().any(|found| found == text), "{text} is missing");
        }
        assert!(plot.png().unwrap().starts_with(b"\x89PNG"));
    }
}

#[test]
fn the_legend_never_covers_a_point() {
    for n_series in [1, 2, 10, 25] {
        let svg = accuracies(n_series).svg().unwrap();
        let marks = polygons(&svg);
        // Marks of the legend are higher than its last line, those of points lower than the title below it.
        let title = marks.iter().map(Polygon::bottom).fold(0.0, f64::max);
        assert!(title < height(&svg) - 100.0, "a mark lies on the axis");
        let line_of_title = svg_y_of(&svg, "Top-1 (%)");
        let crossed = marks
            .iter()
            .filter(|mark| mark.top() < line_of_title && line_of_title < mark.bottom());
        assert_eq!(crossed.count(), 0);
        for text in ["FP32", "exact 8-bit"] {
            assert!(svg_y_of(&svg, text) < line_of_title, "{text}");
        }
    }
    assert!(height(&accuracies(2).svg().unwrap()) < height(&accuracies(25).svg().unwrap()));
}

fn svg_y_of(svg: &str, text: &str) -> f64 {
    crate::svg::placed_texts(svg)
        .into_iter()
        .find(|placed| placed.words == text)
        .unwrap()
        .y
}

#[test]
fn high_values_that_differ_little_are_readable() {
    let texts = texts(&accuracies(10).svg().unwrap());
    for tick in ["88", "89", "90", "91", "92"] {
        assert!(texts.iter().any(|text| text == tick), "{tick} of {texts:?}");
    }
}

#[test]
fn points_without_a_place_are_left_out_and_the_csv_has_them() {
    let plot = Plot {
        series: vec![PlotSeries {
            name: "a name, with a comma".to_owned(),
            points: [(1e4, 1e-5), (0.0, 1e-4), (1e6, f64::NAN), (1e8, 1e-2)]
                .map(PlotPoint::from)
                .to_vec(),
            line: PlotLine::Joined,
        }],
        ..Plot::new(
            "growth",
            PlotAxis::new("Products", Scale::Log),
            PlotAxis::new("Seconds", Scale::Log),
        )
    };
    let svg = plot.svg().unwrap();
    let texts = texts(&svg);
    for text in ["Seconds", "Products", "10⁸", "10⁻²"] {
        assert!(texts.iter().any(|found| found == text), "{text} is missing");
    }
    // A halo and a mark of each of two points, and of the legend's.
    assert_eq!(polygons(&svg).len(), 6);
    let (header, rows) = read(&plot.csv());
    assert_eq!(
        header,
        ["series", "x", "y", "y_low", "y_high", "x_axis", "y_axis", "kind"]
    );
    assert_eq!(rows.len(), 4);
    assert_eq!(rows[0][..4], ["a name, with a comma", "10000", "0.00001", ""]);
    let (_, rows) = read(&accuracies(1).csv());
    assert_eq!(rows[1][..4], ["FP32", "", "91.4", ""]);
}

#[test]
fn names_that_no_line_holds_are_cut() {
    let mut plot = accuracies(1);
    plot.series[0].name = "a name without an end ".repeat(20);
    plot.x.title = "a title without an end ".repeat(20);
    let svg = plot.svg().unwrap();
    assert_eq!(texts(&svg).iter().filter(|text| text.ends_with('…')).count(), 2);
}

#[test]
fn every_scale_takes_every_number() {
    let numbers = [0.0, -1.0, 1.0, 1e300, -1e300, 1e-300, f64::NAN, f64::INFINITY];
    for x in Scale::ALL {
        for y in Scale::ALL {
            let mut plot = accuracies(0);
            (plot.x.scale, plot.y.scale) = (x, y);
            for value in numbers {
                plot.series = vec![PlotSeries {
                    name: "n".to_owned(),
                    points: vec![(value, value).into(), (1.0, 1.0).into()],
                    line: PlotLine::Joined,
                }];
                let svg = plot.svg().unwrap();
                assert!(texts(&svg).contains(&"Top-1 (%)".to_owned()) && !svg.contains("NaN"));
            }
        }
    }
}

#[test]
fn metadata_is_escaped() {
    let made = Made {
        title: "a < b & c".to_owned(),
        command: "sysmt run".to_owned(),
        software: "sysmt".to_owned(),
        blake3: String::new(),
    };
    let svg = accuracies(1).svg_as(&Look::default(), Some(&made)).unwrap();
    assert!(svg.contains("<title>a &lt; b &amp; c</title>"));
}
