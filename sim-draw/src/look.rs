//! How figures look: style, width, palette, titles.

use sim_core::named;
use std::str::FromStr;

use crate::palette::Palette;

/// Dots per inch of text that is not enlarged.
pub(crate) const DPI: f64 = 600.0;
/// Dots across below which labels do not find room.
const LEAST_WIDTH: f64 = 1200.0;
/// Inches across above which a bitmap does not fit into memory.
const GREATEST_WIDTH: f64 = 20.0;

named! {
    /// What a figure is drawn for.
    #[derive(Default)]
    pub enum Style {
        /// A column of a paper: text of 7 points, 600 dots per inch.
        #[default]
        Paper = "paper",
        /// A slide, 16:9: text of 16 points and strokes to match, 240 dots per inch.
        Slide = "slide",
    }
}

impl Style {
    /// The width where none is asked for.
    pub const fn default_width(self) -> Width {
        match self {
            Self::Paper => Width(3.4),
            Self::Slide => Width(10.0),
        }
    }

    /// How much larger than in a paper text and strokes are.
    const fn scale(self) -> f64 {
        match self {
            Self::Paper => 1.0,
            Self::Slide => 2.25,
        }
    }

    /// Dots per inch of bitmaps.
    pub(crate) const fn dpi(self) -> u32 {
        match self {
            Self::Paper => 600,
            Self::Slide => 240,
        }
    }

    /// Least height for a width, in dots.
    fn height(self, width: f64) -> f64 {
        match self {
            Self::Paper => (width * 21.0 / 34.0).clamp(1000.0, 1700.0),
            Self::Slide => (width * 9.0 / 16.0).max(1000.0),
        }
        .round()
    }
}

/// A width in inches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Width(f64);

impl Width {
    /// In inches.
    pub const fn inches(self) -> f64 {
        self.0
    }
}

impl FromStr for Width {
    type Err = String;

    /// `3.4in`, `86mm`, `8.6cm` or `245pt`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a width; write a number and in, cm, mm or pt, as in 3.4in");
        let units = [("in", 1.0), ("cm", 2.54), ("mm", 25.4), ("pt", 72.0)];
        let (number, per_inch) = units
            .into_iter()
            .find_map(|(unit, per_inch)| Some((text.strip_suffix(unit)?, per_inch)))
            .ok_or_else(wrong)?;
        let number: f64 = number.trim().parse().map_err(|_| wrong())?;
        if !number.is_finite() || number <= 0.0 {
            return Err(wrong());
        }
        Ok(Self(number / per_inch))
    }
}

named! {
    /// Whether figures have their titles.
    #[derive(Default)]
    pub enum Titles {
        /// They have.
        #[default]
        Shown = "shown",
        /// A caption says what they are.
        None = "none",
    }
}

/// How figures look.
///
/// Invariant: the width has room for labels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    style: Style,
    width: Width,
    palette: Palette,
    titles: Titles,
}

/// A width that has no room for labels, or none in memory.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("a {style} figure cannot be {width}in wide; from {least}in to {GREATEST_WIDTH}in it can")]
pub struct WidthError {
    style: &'static str,
    width: f64,
    least: f64,
}

impl Default for Look {
    fn default() -> Self {
        Self {
            style: Style::Paper,
            width: Style::Paper.default_width(),
            palette: Palette::default(),
            titles: Titles::Shown,
        }
    }
}

impl Look {
    /// A style at a width.
    ///
    /// - Errors: labels have no room at that width, or the figure has none in memory.
    pub fn new(
        style: Style,
        width: Option<Width>,
        palette: Palette,
        titles: Titles,
    ) -> Result<Self, WidthError> {
        let width = width.unwrap_or(style.default_width());
        let least = (LEAST_WIDTH / DPI * style.scale() * 10.0).ceil() / 10.0;
        if width.0 < least || GREATEST_WIDTH < width.0 {
            return Err(WidthError {
                style: style.name(),
                width: width.0,
                least,
            });
        }
        Ok(Self {
            style,
            width,
            palette,
            titles,
        })
    }

    /// For a column of a paper, where a caption has the title.
    pub fn captioned() -> Self {
        Self {
            titles: Titles::None,
            ..Self::default()
        }
    }

    /// Its style.
    pub(crate) const fn style(&self) -> Style {
        self.style
    }

    /// Inches of a length in dots.
    pub(crate) fn inches(&self, dots: f64) -> f64 {
        dots * self.style.scale() / DPI
    }

    /// Pixels of a bitmap for each dot.
    pub(crate) fn pixels_per_dot(&self) -> f64 {
        self.inches(f64::from(self.style.dpi()))
    }

    /// The page to draw on.
    pub(crate) fn page(&self) -> Page {
        let width = (self.width.0 * DPI / self.style.scale()).round();
        Page {
            width,
            least_height: self.style.height(width),
            palette: self.palette,
            titles: self.titles,
        }
    }
}

/// What is drawn on, in dots of which text always has equally many; enlarged afterwards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Page {
    pub(crate) width: f64,
    /// Figures that need more are higher.
    pub(crate) least_height: f64,
    pub(crate) palette: Palette,
    pub(crate) titles: Titles,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_table() {
        #[track_caller]
        fn check(text: &str, want: Option<f64>) {
            let found = text.parse::<Width>().ok().map(Width::inches);
            assert_eq!(found, want, "{text}");
        }
        check("3.4in", Some(3.4));
        check("25.4mm", Some(1.0));
        check("2.54 cm", Some(1.0));
        check("72pt", Some(1.0));
        check("3.4", None); // Inches or centimetres?
        check("-1in", None);
        check("NaNin", None);
        check("infin", None);
        check("in", None);
    }

    #[test]
    fn a_width_has_room_for_labels() {
        #[track_caller]
        fn check(style: Style, width: f64, is_wide_enough: bool) {
            let look = Look::new(style, Some(Width(width)), Palette::default(), Titles::Shown);
            assert_eq!(look.is_ok(), is_wide_enough, "{style:?} {width}");
        }
        check(Style::Paper, 2.0, true);
        check(Style::Paper, 1.99, false);
        check(Style::Slide, 3.4, false);
        check(Style::Slide, 4.5, true);
        check(Style::Paper, 20.0, true);
        check(Style::Paper, 20.1, false);
    }

    #[test]
    fn a_column_of_a_paper_is_as_it_was() {
        let page = Look::default().page();
        assert_eq!((page.width, page.least_height), (2040.0, 1260.0));
        assert_eq!(Look::default().pixels_per_dot(), 1.0);
    }
}
