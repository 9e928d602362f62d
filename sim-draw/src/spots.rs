//! Places of a figure that have a value, for pages in which a reader points at them.

use crate::Drawing;
use crate::canvas::{Canvas, Side};
use crate::look::{Look, Page};
use crate::style::Colour;
use crate::text;

/// A place that has a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Spot {
    /// Upper left and lower right corner, in the units of the SVG's view box.
    pub corners: [(f64, f64); 2],
    /// What is there, in words and with its value.
    pub label: String,
}

/// The places of a drawing, in the order in which they are drawn.
pub(crate) fn of(drawing: &dyn Drawing, look: &Look) -> Result<Vec<Spot>, String> {
    let mut recorder = Recorder {
        page: look.page(),
        spots: Vec::new(),
    };
    drawing.draw(&mut recorder)?;
    Ok(recorder.spots)
}

/// A value of a place under a series.
pub(crate) fn label(place: &str, series: &str, value: f64, unit: &str) -> String {
    let unit = if unit == "1" { "" } else { unit };
    let value = text::significant(value);
    let words = [place, series].into_iter().filter(|word| !word.is_empty());
    let words = words.collect::<Vec<_>>().join(", ");
    format!("{words}: {value} {unit}").trim_end().to_owned()
}

/// Draws nothing.
struct Recorder {
    page: Page,
    spots: Vec<Spot>,
}

impl Canvas for Recorder {
    fn page(&self) -> Page {
        self.page
    }

    fn rectangle(&mut self, _corners: [(f64, f64); 2], _colour: Colour) -> Result<(), String> {
        Ok(())
    }

    fn polygon(&mut self, _corners: &[(f64, f64)], _colour: Colour) -> Result<(), String> {
        Ok(())
    }

    fn line(&mut self, _ends: [(f64, f64); 2], _width: f64, _colour: Colour) -> Result<(), String> {
        Ok(())
    }

    fn text(&mut self, _text: &str, _at: (f64, f64), _side: Side, _colour: Colour) -> Result<(), String> {
        Ok(())
    }

    fn spot(&mut self, [(x0, y0), (x1, y1)]: [(f64, f64); 2], label: &str) {
        self.spots.push(Spot {
            corners: [(x0.min(x1), y0.min(y1)), (x0.max(x1), y0.max(y1))],
            label: label.to_owned(),
        });
    }
}
