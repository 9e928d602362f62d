//! Figures: bars, plots, heat maps and matrices of counts, each as SVG, PNG, PDF, CSV and a Python script.
//!
//! What is drawn are points with titles and units; where they come from, nothing here knows. Equal points give equal bytes.

mod axis;
pub mod bars;
mod canvas;
pub mod curve;
pub mod figure;
mod frame;
mod glyphs;
pub mod head;
pub mod heat;
mod legend;
pub mod look;
mod marks;
pub mod matrix;
mod metadata;
pub mod palette;
mod pdf;
mod pixels;
pub mod plot;
mod python;
mod spots;
mod style;
pub mod text;

use canvas::Canvas;
use look::{Look, Page};

pub use axis::Scale;
pub use metadata::Made;
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

/// A figure as files.
pub trait Picture {
    /// File name without its ending.
    fn name(&self) -> &str;

    /// The points.
    fn csv(&self) -> String;

    /// As SVG that looks and says where it comes from so.
    ///
    /// - Errors: what the drawing library refuses.
    fn svg_as(&self, look: &Look, made: Option<&Made>) -> Result<String, FigureError>;

    /// As PNG that looks and says where it comes from so.
    ///
    /// - Errors: what the drawing library refuses.
    fn png_as(&self, look: &Look, made: Option<&Made>) -> Result<Vec<u8>, FigureError>;

    /// As PDF that looks and says where it comes from so.
    ///
    /// - Errors: what the drawing library refuses.
    fn pdf_as(&self, look: &Look, made: Option<&Made>) -> Result<Vec<u8>, FigureError>;

    /// As SVG for a column of a paper.
    ///
    /// - Errors: what the drawing library refuses.
    fn svg(&self) -> Result<String, FigureError> {
        self.svg_as(&Look::default(), None)
    }

    /// As PNG for a column of a paper.
    ///
    /// - Errors: what the drawing library refuses.
    fn png(&self) -> Result<Vec<u8>, FigureError> {
        self.png_as(&Look::default(), None)
    }

    /// Where the values of the SVG are.
    ///
    /// - Errors: what the drawing library refuses.
    fn spots(&self, look: &Look) -> Result<Vec<Spot>, FigureError>;
}

/// What a picture is made of.
pub(crate) trait Drawing {
    /// File name without its ending.
    fn name(&self) -> &str;
    /// The points.
    fn csv(&self) -> String;
    /// Height in dots.
    fn height(&self, page: Page) -> f64;
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

    fn svg_as(&self, look: &Look, made: Option<&Made>) -> Result<String, FigureError> {
        let svg = drawn(self, canvas::svg(self, look))?;
        Ok(made.map_or(svg.clone(), |made| made.in_svg(&svg)))
    }

    fn pdf_as(&self, look: &Look, made: Option<&Made>) -> Result<Vec<u8>, FigureError> {
        drawn(self, pdf::of(self, look, made))
    }

    fn png_as(&self, look: &Look, made: Option<&Made>) -> Result<Vec<u8>, FigureError> {
        let texts = made.map_or_else(Vec::new, Made::png_texts);
        drawn(self, canvas::png(self, look, &texts))
    }

    fn spots(&self, look: &Look) -> Result<Vec<Spot>, FigureError> {
        drawn(self, spots::of(self, look))
    }
}

/// The same with the figure's name in its error.
fn drawn<T>(drawing: &dyn Drawing, result: Result<T, String>) -> Result<T, FigureError> {
    result.map_err(|message| FigureError {
        figure: drawing.name().to_owned(),
        message,
    })
}
