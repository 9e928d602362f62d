//! A drawing surface of one size for SVG and bitmaps, with one font.

use plotters::backend::{BitMapBackend, DrawingBackend, SVGBackend};
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea as _};
use plotters::element::{PathElement, Polygon, Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, FontFamily, IntoFont as _, RGBColor, ShapeStyle, TextStyle};

use super::style::{Colour, PAPER};
use super::{Drawing, glyphs, pixels};

/// Dots per inch of both formats.
const DPI: f64 = 600.0;
/// Width in dots: 3.4 inches, one column.
pub(crate) const WIDTH: f64 = 2040.0;
/// Least height in dots: 2.1 inches.
pub(crate) const HEIGHT: f64 = 1260.0;
/// Text in dots: 7 points.
pub(crate) const EM: f64 = 59.0;
/// The same for the font library.
pub(crate) const EM_DOTS: f32 = 59.0;

/// Fonts of SVG files, whose viewers may not have the first one.
const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";
/// What the SVG backend divides sizes by.
const SVG_SIZE_PER_EM: f64 = 1.24;
/// How far below its point the SVG backend puts the base line of centred text: half an x-height.
const SVG_DROP: f64 = 0.27 * EM;
/// How far below its point the base line of text belongs: capitals and digits are then centred.
const DROP: f64 = 0.34 * EM;

/// Where text stands about its point, horizontally; vertically it is centred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Middle,
    Right,
}

/// Draws in dots from the upper left corner.
pub(crate) trait Canvas {
    /// A filled rectangle.
    fn rectangle(&mut self, corners: [(f64, f64); 2], colour: Colour) -> Result<(), String>;
    /// A filled convex polygon.
    fn polygon(&mut self, corners: &[(f64, f64)], colour: Colour) -> Result<(), String>;
    /// A line.
    fn line(&mut self, ends: [(f64, f64); 2], width: f64, colour: Colour) -> Result<(), String>;
    /// Text.
    fn text(&mut self, text: &str, at: (f64, f64), side: Side, colour: Colour) -> Result<(), String>;
    /// A value was drawn here: nothing to be seen, but to be pointed at.
    fn spot(&mut self, _corners: [(f64, f64); 2], _label: &str) {}
}

/// How text gets on a surface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lettering {
    /// As text, which a viewer sets.
    Text,
    /// As dots of the embedded font.
    Dots,
}

struct Surface<DB: DrawingBackend> {
    area: DrawingArea<DB, Shift>,
    lettering: Lettering,
}

impl<DB: DrawingBackend> Canvas for Surface<DB> {
    fn rectangle(&mut self, corners: [(f64, f64); 2], colour: Colour) -> Result<(), String> {
        let style = ShapeStyle {
            color: rgb(colour).to_rgba(),
            filled: true,
            stroke_width: 0,
        };
        self.area
            .draw(&Rectangle::new(corners.map(dot), style))
            .map_err(|error| error.to_string())
    }

    fn polygon(&mut self, corners: &[(f64, f64)], colour: Colour) -> Result<(), String> {
        let corners: Vec<(i32, i32)> = corners.iter().copied().map(dot).collect();
        self.area
            .draw(&Polygon::new(corners, rgb(colour).filled()))
            .map_err(|error| error.to_string())
    }

    fn line(&mut self, ends: [(f64, f64); 2], width: f64, colour: Colour) -> Result<(), String> {
        let style = ShapeStyle {
            color: rgb(colour).to_rgba(),
            filled: false,
            stroke_width: u32::try_from(dot((width, 0.0)).0).unwrap_or(1),
        };
        self.area
            .draw(&PathElement::new(ends.map(dot).to_vec(), style))
            .map_err(|error| error.to_string())
    }

    fn text(&mut self, text: &str, at: (f64, f64), side: Side, colour: Colour) -> Result<(), String> {
        match self.lettering {
            Lettering::Text => self.set(text, at, side, colour),
            Lettering::Dots => self.paint(text, at, side, colour),
        }
    }
}

impl<DB: DrawingBackend> Surface<DB> {
    fn set(&mut self, text: &str, (x, y): (f64, f64), side: Side, colour: Colour) -> Result<(), String> {
        let h_pos = match side {
            Side::Left => HPos::Left,
            Side::Middle => HPos::Center,
            Side::Right => HPos::Right,
        };
        let ink = rgb(colour);
        let style = TextStyle::from((FontFamily::Name(FAMILY), EM * SVG_SIZE_PER_EM).into_font())
            .color(&ink)
            .pos(Pos::new(h_pos, VPos::Center));
        self.area
            .draw(&Text::new(text, dot((x, y + DROP - SVG_DROP)), style))
            .map_err(|error| error.to_string())
    }

    fn paint(&mut self, text: &str, (x, y): (f64, f64), side: Side, colour: Colour) -> Result<(), String> {
        let left = match side {
            Side::Left => x,
            Side::Middle => x - glyphs::width(text) / 2.0,
            Side::Right => x - glyphs::width(text),
        };
        for glyphs::Dot { at, coverage } in glyphs::dots(text, dot((left, y + DROP))) {
            self.area
                .draw_pixel(at, &rgb(colour).mix(coverage))
                .map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}

/// Draw to SVG text.
pub(crate) fn svg(drawing: &dyn Drawing) -> Result<String, String> {
    let mut text = String::new();
    let (width, height) = pixels_of(drawing);
    paint(
        SVGBackend::with_string(&mut text, (width, height)),
        Lettering::Text,
        drawing,
    )?;
    // Sizes in inches, so that a document takes it at its size; the view box keeps the dots.
    Ok(text.replacen(
        &format!("width=\"{width}\" height=\"{height}\""),
        &format!(
            "width=\"{}in\" height=\"{}in\"",
            f64::from(width) / DPI,
            f64::from(height) / DPI
        ),
        1,
    ))
}

/// Draw to the bytes of a PNG file.
pub(crate) fn png(drawing: &dyn Drawing) -> Result<Vec<u8>, String> {
    let (width, height) = pixels_of(drawing);
    let n_bytes = usize::try_from(width * height * 3).map_err(|error| error.to_string())?;
    let mut dots = vec![0_u8; n_bytes];
    paint(
        BitMapBackend::with_buffer(&mut dots, (width, height)),
        Lettering::Dots,
        drawing,
    )?;
    pixels::png(&dots, [width, height]).map_err(|error| error.to_string())
}

fn paint<DB: DrawingBackend>(backend: DB, lettering: Lettering, drawing: &dyn Drawing) -> Result<(), String> {
    let mut surface = Surface {
        area: backend.into_drawing_area(),
        lettering,
    };
    surface.rectangle([(0.0, 0.0), (WIDTH, drawing.height())], PAPER)?;
    drawing.draw(&mut surface)?;
    surface.area.present().map_err(|error| error.to_string())
}

/// Width and height in dots.
fn pixels_of(drawing: &dyn Drawing) -> (u32, u32) {
    let (width, height) = dot((WIDTH, drawing.height()));
    (width.unsigned_abs(), height.unsigned_abs())
}

const fn rgb(colour: Colour) -> RGBColor {
    RGBColor(colour.0, colour.1, colour.2)
}

#[expect(
    clippy::as_conversions,
    reason = "coordinates are within the canvas; the cast saturates elsewhere"
)]
fn dot((x, y): (f64, f64)) -> (i32, i32) {
    (x.round() as i32, y.round() as i32)
}
