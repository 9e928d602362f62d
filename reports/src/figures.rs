//! Figures: one bar, stacked or not, per layer.

mod axis;
mod canvas;
mod chart;
mod energy;
mod frame;
mod glyphs;
mod kinds;
mod legend;
mod marks;
pub mod matrix;
mod pixels;
pub mod plot;
mod spots;
mod style;

use canvas::Canvas;

use crate::run::{Report, RunRecord};
use crate::text;

pub use axis::Scale;
pub(crate) use energy::energy_warning;
pub use kinds::Kind;
pub use spots::Spot;

/// A figure that was not drawn.
#[derive(Debug, thiserror::Error)]
#[error("figure {figure} cannot be drawn: {message}")]
pub struct FigureError {
    /// The figure's name.
    pub figure: String,
    /// What the drawing library says.
    pub message: String,
}

/// A figure as files, 3.4 inches wide.
pub trait Picture {
    /// File name without its ending.
    fn name(&self) -> &str;

    /// The points.
    fn csv(&self) -> String;

    /// As SVG.
    ///
    /// - Errors: what the drawing library refuses.
    fn svg(&self) -> Result<String, FigureError>;

    /// As PNG.
    ///
    /// - Errors: what the drawing library refuses.
    fn png(&self) -> Result<Vec<u8>, FigureError>;

    /// Where the values of the SVG are.
    ///
    /// - Errors: what the drawing library refuses.
    fn spots(&self) -> Result<Vec<Spot>, FigureError>;
}

/// What a picture is made of.
pub(crate) trait Drawing {
    /// File name without its ending.
    fn name(&self) -> &str;
    /// The points.
    fn csv(&self) -> String;
    /// Height in dots.
    fn height(&self) -> f64;
    /// Draw it, from the upper left corner.
    fn draw(&self, canvas: &mut dyn Canvas) -> Result<(), String>;
}

impl<D: Drawing> Picture for D {
    fn name(&self) -> &str {
        Drawing::name(self)
    }

    fn csv(&self) -> String {
        Drawing::csv(self)
    }

    fn svg(&self) -> Result<String, FigureError> {
        canvas::svg(self).map_err(|message| FigureError {
            figure: Drawing::name(self).to_owned(),
            message,
        })
    }

    fn png(&self) -> Result<Vec<u8>, FigureError> {
        canvas::png(self).map_err(|message| FigureError {
            figure: Drawing::name(self).to_owned(),
            message,
        })
    }

    fn spots(&self) -> Result<Vec<Spot>, FigureError> {
        spots::of(self).map_err(|message| FigureError {
            figure: Drawing::name(self).to_owned(),
            message,
        })
    }
}

/// How the values of a layer stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrangement {
    /// On each other, as parts of a whole.
    Stacked,
    /// Side by side, in the order of the legend.
    Grouped,
}

/// Values of all layers, in one colour.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) colour: style::Colour,
    pub(crate) values: Vec<f64>,
}

/// The points of a figure and how they are drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    name: &'static str,
    title: String,
    unit: String,
    scale: Scale,
    arrangement: Arrangement,
    reference: Option<f64>,
    layers: Vec<String>,
    series: Vec<Series>,
}

/// The figures that a report has points for.
pub fn all(report: &Report) -> Vec<Figure> {
    Kind::ALL
        .into_iter()
        .filter_map(|kind| Figure::new(kind, report))
        .collect()
}

impl Figure {
    /// A figure of a report; `None` where it has no points for it.
    pub fn new(kind: Kind, report: &Report) -> Option<Self> {
        kinds::figure(kind, report.record())
    }

    /// Relative squared errors of layers, by array.
    pub(crate) fn layer_errors(layers: Vec<String>, values: Vec<(String, Vec<f64>)>) -> Self {
        let series = (0..).zip(values).map(|(index, (name, values))| Series {
            name,
            colour: style::series(index),
            values,
        });
        Self {
            name: "layer-mse",
            title: "MSE / mean square of exact outputs (no bar: 0)".to_owned(),
            unit: "1".to_owned(),
            scale: Scale::Log,
            arrangement: Arrangement::Grouped,
            reference: None,
            layers,
            series: series.collect(),
        }
    }
}

impl Drawing for Figure {
    fn name(&self) -> &str {
        self.name
    }

    /// The points: one row per layer and series.
    fn csv(&self) -> String {
        let mut rows = vec![
            ["index", "layer", "series", "value", "unit"]
                .map(str::to_owned)
                .to_vec(),
        ];
        for (layer, name) in self.layers.iter().enumerate() {
            for series in &self.series {
                rows.push(vec![
                    (layer + 1).to_string(),
                    name.clone(),
                    series.name.clone(),
                    series.values[layer].to_string(),
                    self.unit.clone(),
                ]);
            }
        }
        text::csv(&rows)
    }
    fn height(&self) -> f64 {
        chart::legend(self).figure_height()
    }

    fn draw(&self, canvas: &mut dyn Canvas) -> Result<(), String> {
        chart::draw(canvas, self)
    }
}

/// Layers of a run by name.
fn layer_names(record: &RunRecord) -> Vec<String> {
    record.layers.iter().map(|layer| layer.name.clone()).collect()
}
