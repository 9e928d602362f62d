//! A figure with all that its files need.

use crate::look::Look;
use crate::{FigureError, Made, Picture, Scale, python};

/// A format of figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// Scalable Vector Graphics.
    Svg,
    /// A bitmap.
    Png,
    /// Portable Document Format, with the font inside.
    Pdf,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 3] = [Self::Svg, Self::Png, Self::Pdf];

    /// The name on the command line and at the end of files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Svg => "svg",
            Self::Png => "png",
            Self::Pdf => "pdf",
        }
    }
}

/// How points are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Marks.
    Scatter,
    /// Marks joined by lines.
    Line,
    /// Bars, side by side.
    Bar,
    /// Bars of parts.
    Stacked,
    /// Shaded cells.
    HeatMap,
}

impl Mark {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Scatter, Self::Line, Self::Bar, Self::Stacked, Self::HeatMap];

    /// The name in figure files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scatter => "scatter",
            Self::Line => "line",
            Self::Bar => "bar",
            Self::Stacked => "stacked",
            Self::HeatMap => "heat-map",
        }
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
        let Self { picture, .. } = self;
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
        files.push((format!("{name}.py"), python::script(self, made).into_bytes()));
        Ok(files)
    }
}
