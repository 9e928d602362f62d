//! Legends: samples and names above the frame, in as many lines as they need.

use super::canvas::{Canvas, EM, HEIGHT, Side, WIDTH};
use super::frame::{self, Dashes, LINE, MARGIN};
use super::glyphs;
use super::marks::Mark;
use super::style::{Colour, INK};

/// From the start of a sample to its name, and from a name to the next sample.
const NAME: f64 = 1.0 * EM;
const APART: f64 = 0.8 * EM;
/// Lines for which a figure has room; with more it grows.
const N_LINES_INSIDE: u8 = 2;

/// What stands before a name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Sample {
    /// Of bars and their parts.
    Area(Colour),
    /// Of points.
    Mark(Mark),
    /// Of a level line.
    Rule(Dashes, Colour),
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
    pub(crate) fn new(samples: impl IntoIterator<Item = (Sample, String)>) -> Self {
        let mut entries = Vec::new();
        let (mut x, mut line) = (MARGIN, 0_u8);
        for (sample, name) in samples {
            let name = frame::fitted(&name, WIDTH - 2.0 * MARGIN - NAME);
            let width = NAME + glyphs::width(&name);
            if WIDTH - MARGIN < x + width && MARGIN < x {
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
    pub(crate) fn figure_height(&self) -> f64 {
        HEIGHT + LINE * f64::from(self.n_lines.saturating_sub(N_LINES_INSIDE))
    }

    /// Draw it at the top of the figure; gives the middle of the line below.
    pub(crate) fn draw(&self, canvas: &mut dyn Canvas) -> Result<f64, String> {
        let first = MARGIN + LINE / 2.0;
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
                Sample::Area(colour) => canvas.rectangle([(*x, y - half), (x + side, y + half)], colour)?,
                Sample::Mark(mark) => mark.draw(canvas, (x + half, y), 0.3 * EM)?,
                Sample::Rule(dashes, colour) => frame::rule(canvas, [*x, x + side], y, (dashes, colour))?,
            }
            canvas.text(name, (x + NAME, y), Side::Left, INK)?;
        }
        Ok(match self.n_lines {
            0 => first,
            n_lines => first + LINE * (f64::from(n_lines) + 0.15),
        })
    }
}
