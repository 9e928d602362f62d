//! Curves over decades: both axes are logarithmic, a mark at every point.

use super::axis::Axis;
use super::canvas::{self, Canvas, EM, HEIGHT, Side, WIDTH};
use super::glyphs;
use super::style::{self, Colour, GRID, INK};
use super::{FigureError, Scale};

const NAME: &str = "curves";
const MARGIN: f64 = 24.0;
const LINE: f64 = 1.35 * EM;
const HAIR: f64 = 4.0;
const STROKE: f64 = 8.0;
/// Half of a mark's side.
const MARK: f64 = 11.0;

/// A named line through points with positive coordinates.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// In the legend.
    pub name: String,
    /// x and y, in order.
    pub points: Vec<(f64, f64)>,
}

/// A figure of several curves.
#[derive(Clone, Debug, PartialEq)]
pub struct Curves {
    /// What y is, with its unit.
    pub title: String,
    /// What x is.
    pub x_title: String,
    /// At most five of them have colours of their own.
    pub curves: Vec<Curve>,
}

impl Curves {
    /// As SVG, 3.4 inches wide.
    ///
    /// - Errors: what the drawing library refuses.
    pub fn svg(&self) -> Result<String, FigureError> {
        canvas::svg(|canvas| self.draw(canvas)).map_err(error)
    }

    /// As PNG, 3.4 inches wide.
    ///
    /// - Errors: what the drawing library refuses.
    pub fn png(&self) -> Result<Vec<u8>, FigureError> {
        canvas::png(|canvas| self.draw(canvas)).map_err(error)
    }

    fn axis(&self, coordinate: fn(&(f64, f64)) -> f64) -> Axis {
        let points = self.curves.iter().flat_map(|curve| &curve.points);
        let values: Vec<f64> = points.map(coordinate).collect();
        Axis::new(Scale::Log, &values)
    }

    fn draw(&self, canvas: &mut dyn Canvas) -> Result<(), String> {
        let (x_axis, y_axis) = (self.axis(|point| point.0), self.axis(|point| point.1));
        let top = self.legend(canvas)?;
        canvas.text(&self.title, (MARGIN, top), Side::Left, INK)?;
        let mut label_width = 0.0_f64;
        for tick in &y_axis.ticks {
            label_width = label_width.max(glyphs::width(&tick.label));
        }
        let (left, right) = (MARGIN + label_width + 30.0, WIDTH - MARGIN - EM);
        let (top, bottom) = (top + LINE * 0.95, HEIGHT - MARGIN - 2.15 * LINE);
        let x = |value| left + x_axis.fraction(value) * (right - left);
        let y = |value| bottom - y_axis.fraction(value) * (bottom - top);
        for tick in &y_axis.ticks {
            let y = y(tick.value);
            canvas.line([(left, y), (right, y)], HAIR - 1.0, GRID)?;
            canvas.line([(left - 12.0, y), (left, y)], HAIR, INK)?;
            canvas.text(&tick.label, (left - 24.0, y), Side::Right, INK)?;
        }
        for tick in &x_axis.ticks {
            let x = x(tick.value);
            canvas.line([(x, top), (x, bottom)], HAIR - 1.0, GRID)?;
            canvas.line([(x, bottom), (x, bottom + 12.0)], HAIR, INK)?;
            canvas.text(&tick.label, (x, bottom + 0.75 * LINE), Side::Middle, INK)?;
        }
        canvas.line([(left, top), (left, bottom)], HAIR, INK)?;
        canvas.line([(left, bottom), (right, bottom)], HAIR, INK)?;
        let middle = f64::midpoint(left, right);
        canvas.text(&self.x_title, (middle, bottom + 1.75 * LINE), Side::Middle, INK)?;
        for (index, curve) in self.curves.iter().enumerate() {
            let at: Vec<(f64, f64)> = curve
                .points
                .iter()
                .map(|point| (x(point.0), y(point.1)))
                .collect();
            for ends in at.windows(2) {
                canvas.line([ends[0], ends[1]], STROKE, colour(index))?;
            }
            for (x, y) in at {
                canvas.rectangle([(x - MARK, y - MARK), (x + MARK, y + MARK)], colour(index))?;
            }
        }
        Ok(())
    }

    /// Colour samples and names on one line. Gives the y of the next line.
    fn legend(&self, canvas: &mut dyn Canvas) -> Result<f64, String> {
        let (mut x, y) = (MARGIN, MARGIN + LINE / 2.0);
        for (index, curve) in self.curves.iter().enumerate() {
            let (half, side) = (0.36 * EM, 0.72 * EM);
            canvas.rectangle([(x, y - half), (x + side, y + half)], colour(index))?;
            canvas.text(&curve.name, (x + EM, y), Side::Left, INK)?;
            x += 1.8 * EM + glyphs::width(&curve.name);
        }
        Ok(y + 1.15 * LINE)
    }
}

/// Dark enough for a line on white, and apart in grey.
const fn colour(index: usize) -> Colour {
    const COLOURS: [Colour; 5] = [
        style::DRAIN,
        Colour(0xc8, 0x6a, 0x00),
        style::FILL,
        style::INK,
        Colour(0x9a, 0x38, 0x00),
    ];
    COLOURS[if index < COLOURS.len() { index } else { 0 }]
}

fn error(message: String) -> FigureError {
    FigureError {
        figure: NAME,
        message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_are_drawn_in_both_formats() {
        let curves = Curves {
            title: "Seconds".to_owned(),
            x_title: "Products".to_owned(),
            curves: vec![Curve {
                name: "M alone".to_owned(),
                points: vec![(1e4, 1e-5), (1e6, 1e-4), (1e8, 1e-2)],
            }],
        };
        let svg = curves.svg().unwrap();
        for text in ["Seconds", "Products", "M alone", "10⁸", "10⁻²"] {
            assert!(svg.contains(text), "{text} is missing");
        }
        assert!(curves.png().unwrap().starts_with(b"\x89PNG"));
    }
}
