//! Legends: samples and names above the frame, in as many lines as they need.

use crate::canvas::{Canvas, EM, Side};
use crate::frame::{self, Dashes, LINE, MARGIN};
use crate::glyphs;
use crate::look::Page;
use crate::marks::Mark;
use crate::palette::Tone;
use crate::style::INK;

/// From the start of a sample to its name, and from a name to the next sample.
const NAME: f64 = 1.0 * EM;
const APART: f64 = 0.8 * EM;
/// Lines for which a figure has room; with more it grows.
const N_LINES_INSIDE: u8 = 2;

/// What stands before a name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Sample {
    /// Of bars and their parts.
    Area(Tone),
    /// Of points.
    Mark(Mark),
    /// Of a level line.
    Rule(Dashes, Tone),
    /// What stands for the name at an axis.
    Number(usize),
}

impl Sample {
    /// From where it starts to its name.
    fn width(&self) -> f64 {
        match self {
            Self::Area(_) | Self::Mark(_) | Self::Rule(..) => NAME,
            Self::Number(number) => NAME.max(glyphs::width(&number.to_string()) + 0.35 * EM),
        }
    }
}

/// A sample, its name and where it starts.
#[derive(Clone, Debug, PartialEq)]
struct Entry {
    sample: Sample,
    name: String,
    x: f64,
    line: u8,
}

/// Samples and names, laid out.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Legend {
    entries: Vec<Entry>,
    n_lines: u8,
}

impl Legend {
    /// Samples with their names; names are cut where a line is too short for one.
    pub(crate) fn new(page: Page, samples: impl IntoIterator<Item = (Sample, String)>) -> Self {
        let right = page.width - MARGIN;
        let mut entries = Vec::new();
        let (mut x, mut line) = (MARGIN, 0_u8);
        for (sample, name) in samples {
            let before = sample.width();
            let name = frame::fitted(&name, right - MARGIN - before);
            let width = before + glyphs::width(&name);
            if right < x + width && MARGIN < x {
                (x, line) = (MARGIN, line.saturating_add(1));
            }
            entries.push(Entry {
                sample,
                name,
                x,
                line,
            });
            x += width + APART;
        }
        Self {
            n_lines: if entries.is_empty() {
                0
            } else {
                line.saturating_add(1)
            },
            entries,
        }
    }

    /// How high a figure with it is.
    pub(crate) fn figure_height(&self, page: Page) -> f64 {
        page.least_height + LINE * f64::from(self.n_lines.saturating_sub(N_LINES_INSIDE))
    }

    /// Draw it with its first line's middle at `first`; gives the middle of the line below.
    pub(crate) fn draw(&self, canvas: &mut dyn Canvas, first: f64) -> Result<f64, String> {
        let palette = canvas.page().palette;
        for Entry {
            sample,
            name,
            x,
            line,
        } in &self.entries
        {
            let y = first + LINE * f64::from(*line);
            let (half, side) = (0.36 * EM, 0.72 * EM);
            match *sample {
                Sample::Area(tone) => {
                    let corners = [(*x, y - half), (x + side, y + half)];
                    canvas.rectangle(corners, palette.colour(tone))?;
                }
                Sample::Mark(mark) => mark.draw(canvas, (x + half, y), 0.3 * EM)?,
                Sample::Rule(dashes, tone) => {
                    frame::rule(canvas, [(*x, y), (x + side, y)], (dashes, palette.colour(tone)))?;
                }
                Sample::Number(number) => {
                    let right = (x + sample.width() - 0.35 * EM, y);
                    canvas.text(&number.to_string(), right, Side::Right, INK)?;
                }
            }
            canvas.text(name, (x + sample.width(), y), Side::Left, INK)?;
        }
        Ok(match self.n_lines {
            0 => first,
            n_lines => first + LINE * (f64::from(n_lines) + 0.15),
        })
    }
}
