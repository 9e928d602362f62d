//! A figure with all that its files need.

use crate::look::Look;
use crate::{FigureError, Made, Picture, Scale, python};
use sim_core::named;

named! {
    /// A format of figures.
    #[derive(PartialOrd, Ord)]
    pub enum Format {
        /// Scalable Vector Graphics.
        Svg = "svg",
        /// A bitmap.
        Png = "png",
        /// Portable Document Format, with the font inside.
        Pdf = "pdf",
    }
}

named! {
    /// How points are drawn.
    pub enum Mark {
        /// Marks.
        Scatter = "scatter",
        /// Marks joined by lines.
        Line = "line",
        /// Bars, side by side.
        Bar = "bar",
        /// Bars of parts.
        Stacked = "stacked",
        /// Shaded cells.
        HeatMap = "heat-map",
    }
}

/// A figure that can be drawn.
pub struct Figure {
    /// What draws it.
    pub picture: Box<dyn Picture>,
    /// What it is, for its files.
    pub title: String,
    /// How its points are drawn.
    pub mark: Mark,
    /// Of x and y.
    pub scales: [Scale; 2],
}

impl Figure {
    /// Its files by name: one of each format, its points and its script.
    ///
    /// - Errors: what the drawing library refuses.
    pub fn files(
        &self,
        look: &Look,
        made: &Made,
        formats: impl IntoIterator<Item = Format>,
    ) -> Result<Vec<(String, Vec<u8>)>, FigureError> {
        let mut files = files(self.picture.as_ref(), look, made, formats)?;
        let script = format!("{}.py", self.picture.name());
        files.push((script, python::script(self, made).into_bytes()));
        Ok(files)
    }
}

/// The files of a picture by name: one of each format, and its points.
///
/// - Errors: what the drawing library refuses.
pub fn files(
    picture: &dyn Picture,
    look: &Look,
    made: &Made,
    formats: impl IntoIterator<Item = Format>,
) -> Result<Vec<(String, Vec<u8>)>, FigureError> {
    let name = picture.name();
    let mut files = Vec::new();
    for format in formats {
        let bytes = match format {
            Format::Svg => picture.svg_as(look, Some(made))?.into_bytes(),
            Format::Png => picture.png_as(look, Some(made))?,
            Format::Pdf => picture.pdf_as(look, Some(made))?,
        };
        files.push((format!("{name}.{}", format.name()), bytes));
    }
    files.push((format!("{name}.csv"), picture.csv().into_bytes()));
    Ok(files)
}
