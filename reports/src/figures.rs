//! Figures: one bar, stacked or not, per layer.

mod axis;
mod canvas;
mod chart;
pub mod curves;
mod energy;
mod glyphs;
mod kinds;
mod pixels;
mod style;

use crate::run::{Report, RunRecord};
use crate::text;

pub(crate) use energy::energy_warning;
pub use kinds::Kind;

/// A figure that was not drawn.
#[derive(Debug, thiserror::Error)]
#[error("figure {figure} cannot be drawn: {message}")]
pub struct FigureError {
    /// The figure's name.
    pub figure: &'static str,
    /// What the drawing library says.
    pub message: String,
}

/// How values become heights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scale {
    /// From 0 to a round number above the highest bar.
    Linear,
    /// From 0 to 100.
    Percent,
    /// Decades; zeros have no bar.
    Log,
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
    kind: Kind,
    title: String,
    scale: Scale,
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

    /// File name without its ending.
    pub const fn name(&self) -> &'static str {
        self.kind.name()
    }

    /// The points: one row per layer and series.
    pub fn csv(&self) -> String {
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
                    self.kind.unit(self).to_owned(),
                ]);
            }
        }
        text::csv(&rows)
    }

    /// As SVG, 3.4 inches wide.
    ///
    /// - Errors: what the drawing library refuses.
    pub fn svg(&self) -> Result<String, FigureError> {
        canvas::svg(|canvas| chart::draw(canvas, self)).map_err(|message| self.error(message))
    }

    /// As PNG, 3.4 inches wide.
    ///
    /// - Errors: what the drawing library refuses.
    pub fn png(&self) -> Result<Vec<u8>, FigureError> {
        canvas::png(|canvas| chart::draw(canvas, self)).map_err(|message| self.error(message))
    }

    fn error(&self, message: String) -> FigureError {
        FigureError {
            figure: self.name(),
            message,
        }
    }
}

/// Layers of a run by name.
fn layer_names(record: &RunRecord) -> Vec<String> {
    record.layers.iter().map(|layer| layer.name.clone()).collect()
}
