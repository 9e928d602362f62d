//! What figures share: the rectangle within the axes, grids, ticks and titles.

use crate::axis::Axis;
use crate::canvas::{Canvas, EM, Side};
use crate::glyphs;
use crate::style::{Colour, GRID, INK};

pub(crate) const MARGIN: f64 = 24.0;
/// From line to line of text.
pub(crate) const LINE: f64 = 1.35 * EM;
/// Hair lines: half a point.
pub(crate) const HAIR: f64 = 4.0;
/// How far ticks reach out.
const TICK: f64 = 12.0;

/// The rectangle within the axes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Frame {
    pub(crate) left: f64,
    pub(crate) right: f64,
    pub(crate) top: f64,
    pub(crate) bottom: f64,
    /// How far inside the axes 0 and 1 lie, across and up.
    pub(crate) inset: (f64, f64),
}

impl Frame {
    /// A frame below `top`, with room for the labels of its axis and for two lines of text below.
    pub(crate) fn new(top: f64, width: f64, height: f64, axis: &Axis) -> Self {
        Self {
            left: MARGIN + axis.label_width() + 30.0,
            right: width - MARGIN,
            top,
            bottom: height - MARGIN - 2.15 * LINE,
            inset: (0.0, 0.0),
        }
    }

    pub(crate) fn x(&self, fraction: f64) -> f64 {
        let (left, right) = (self.left + self.inset.0, self.right - self.inset.0);
        left + fraction * (right - left)
    }

    pub(crate) fn y(&self, fraction: f64) -> f64 {
        let (top, bottom) = (self.top + self.inset.1, self.bottom - self.inset.1);
        bottom - fraction * (bottom - top)
    }

    /// Lines and labels of the axis at the left.
    pub(crate) fn y_grid(&self, canvas: &mut dyn Canvas, axis: &Axis) -> Result<(), String> {
        for tick in &axis.ticks {
            let y = self.y(axis.fraction(tick.value));
            canvas.line([(self.left, y), (self.right, y)], HAIR - 1.0, GRID)?;
            canvas.line([(self.left - TICK, y), (self.left, y)], HAIR, INK)?;
            canvas.text(&tick.label, (self.left - 2.0 * TICK, y), Side::Right, INK)?;
        }
        Ok(())
    }

    /// Lines of the axis at the bottom, and as many labels as stand side by side.
    pub(crate) fn x_grid(&self, canvas: &mut dyn Canvas, axis: &Axis) -> Result<(), String> {
        let ticks: Vec<(f64, &str)> = axis
            .ticks
            .iter()
            .map(|tick| (self.x(axis.fraction(tick.value)), tick.label.as_str()))
            .collect();
        let fit = |stride: usize| {
            let shown: Vec<&(f64, &str)> = ticks.iter().step_by(stride).collect();
            shown.windows(2).all(|pair| {
                let widths = glyphs::width(pair[0].1) + glyphs::width(pair[1].1);
                widths / 2.0 + 0.5 * EM < pair[1].0 - pair[0].0
            })
        };
        let stride = (1..ticks.len())
            .find(|&stride| fit(stride))
            .unwrap_or(ticks.len().max(1));
        for (index, &(x, label)) in ticks.iter().enumerate() {
            canvas.line([(x, self.top), (x, self.bottom)], HAIR - 1.0, GRID)?;
            if index % stride == 0 {
                self.x_tick(canvas, x, label)?;
            }
        }
        Ok(())
    }

    /// A tick and a label at the bottom.
    pub(crate) fn x_tick(&self, canvas: &mut dyn Canvas, x: f64, label: &str) -> Result<(), String> {
        canvas.line([(x, self.bottom), (x, self.bottom + TICK)], HAIR, INK)?;
        canvas.text(label, (x, self.bottom + 0.75 * LINE), Side::Middle, INK)
    }

    /// Both axes, and what the one at the bottom is.
    pub(crate) fn axes(&self, canvas: &mut dyn Canvas, x_title: &str) -> Result<(), String> {
        canvas.line([(self.left, self.top), (self.left, self.bottom)], HAIR, INK)?;
        canvas.line([(self.left, self.bottom), (self.right, self.bottom)], HAIR, INK)?;
        let x_title = fitted(x_title, self.right - self.left);
        let middle = f64::midpoint(self.left, self.right);
        canvas.text(&x_title, (middle, self.bottom + 1.75 * LINE), Side::Middle, INK)
    }
}

/// A line of text across the figure at its left edge; gives the top of a frame below it.
pub(crate) fn title(canvas: &mut dyn Canvas, text: &str, y: f64) -> Result<f64, String> {
    let room = canvas.page().width - 2.0 * MARGIN;
    canvas.text(&fitted(text, room), (MARGIN, y), Side::Left, INK)?;
    Ok(y + 0.95 * LINE)
}

/// A text no wider than this: of a longer one, the beginning and an ellipsis.
pub(crate) fn fitted(text: &str, width: f64) -> String {
    if glyphs::width(text) <= width {
        return text.to_owned();
    }
    let mut kept = text.to_owned();
    while kept.pop().is_some() {
        let cut = format!("{}…", kept.trim_end());
        if glyphs::width(&cut) <= width {
            return cut;
        }
    }
    String::new()
}

/// Strokes and gaps of a rule, in dots; none: it is whole.
pub(crate) type Dashes = Option<[f64; 2]>;

/// A straight line, in pieces.
pub(crate) fn rule(
    canvas: &mut dyn Canvas,
    ends: [(f64, f64); 2],
    style: (Dashes, Colour),
) -> Result<(), String> {
    polyline(canvas, &ends, style)
}

/// Straight lines from point to point, in pieces that go on around corners.
pub(crate) fn polyline(
    canvas: &mut dyn Canvas,
    points: &[(f64, f64)],
    (dashes, colour): (Dashes, Colour),
) -> Result<(), String> {
    // How far into a stroke and its gap the line is.
    let mut phase = 0.0;
    for ends in points.windows(2) {
        let (from, to) = (ends[0], ends[1]);
        let Some([stroke, gap]) = dashes else {
            canvas.line([from, to], HAIR + 1.0, colour)?;
            continue;
        };
        let length = (to.0 - from.0).hypot(to.1 - from.1);
        let at = |along: f64| {
            let share = (along / length).clamp(0.0, 1.0);
            (from.0 + share * (to.0 - from.0), from.1 + share * (to.1 - from.1))
        };
        let mut start = -phase;
        while start < length {
            let (from, to) = (start.max(0.0), (start + stroke).min(length));
            if from < to {
                canvas.line([at(from), at(to)], HAIR + 1.0, colour)?;
            }
            start += stroke + gap;
        }
        phase = (length - start + stroke + gap).max(0.0);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut() {
        assert_eq!(fitted("short", 1000.0), "short");
        let cut = fitted("a name of many words", 300.0);
        assert!(cut.ends_with('…') && glyphs::width(&cut) <= 300.0, "{cut}");
        assert_eq!(fitted("x", 1.0), "");
    }
}
