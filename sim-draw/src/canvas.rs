//! What figures are drawn on, and its surfaces for SVG and bitmaps, with one font.

use plotters::backend::{BitMapBackend, DrawingBackend, SVGBackend};
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea as _};
use plotters::element::{PathElement, Polygon, Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, FontFamily, IntoFont as _, RGBColor, ShapeStyle, TextStyle};

use crate::look::{Look, Page};
use crate::style::{Colour, PAPER};
use crate::{Drawing, glyphs, pixels};

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
pub(crate) const DROP: f64 = 0.34 * EM;

/// Where text stands about its point, horizontally; vertically it is centred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Middle,
    Right,
}

impl Side {
    /// Where a text of this width about `x` begins.
    pub(crate) fn left(self, x: f64, width: f64) -> f64 {
        match self {
            Self::Left => x,
            Self::Middle => x - width / 2.0,
            Self::Right => x - width,
        }
    }
}

/// Draws in dots from the upper left corner.
pub(crate) trait Canvas {
    /// What is drawn on.
    fn page(&self) -> Page;
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
    page: Page,
    pixels_per_dot: f64,
}

impl<DB: DrawingBackend> Canvas for Surface<DB> {
    fn page(&self) -> Page {
        self.page
    }

    fn rectangle(&mut self, corners: [(f64, f64); 2], colour: Colour) -> Result<(), String> {
        let style = ShapeStyle {
            color: rgb(colour).to_rgba(),
            filled: true,
            stroke_width: 0,
        };
        self.area
            .draw(&Rectangle::new(corners.map(|corner| self.pixel(corner)), style))
            .map_err(|error| error.to_string())
    }

    fn polygon(&mut self, corners: &[(f64, f64)], colour: Colour) -> Result<(), String> {
        let corners: Vec<(i32, i32)> = corners.iter().map(|&corner| self.pixel(corner)).collect();
        self.area
            .draw(&Polygon::new(corners, rgb(colour).filled()))
            .map_err(|error| error.to_string())
    }

    fn line(&mut self, ends: [(f64, f64); 2], width: f64, colour: Colour) -> Result<(), String> {
        let style = ShapeStyle {
            color: rgb(colour).to_rgba(),
            filled: false,
            stroke_width: u32::try_from(self.pixel((width, 0.0)).0).map_or(1, |width| width.max(1)),
        };
        self.area
            .draw(&PathElement::new(ends.map(|end| self.pixel(end)).to_vec(), style))
            .map_err(|error| error.to_string())
    }

    fn text(&mut self, text: &str, at: (f64, f64), side: Side, colour: Colour) -> Result<(), String> {
        if text.is_empty() {
            return Ok(());
        }
        match self.lettering {
            Lettering::Text => self.set(text, at, side, colour),
            Lettering::Dots => self.paint(text, at, side, colour),
        }
    }
}

impl<DB: DrawingBackend> Surface<DB> {
    fn pixel(&self, (x, y): (f64, f64)) -> (i32, i32) {
        dot((x * self.pixels_per_dot, y * self.pixels_per_dot))
    }

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
            .draw(&Text::new(text, self.pixel((x, y + DROP - SVG_DROP)), style))
            .map_err(|error| error.to_string())
    }

    fn paint(&mut self, text: &str, (x, y): (f64, f64), side: Side, colour: Colour) -> Result<(), String> {
        let left = side.left(x, glyphs::width(text));
        let start = self.pixel((left, y + DROP));
        for glyphs::Dot { at, coverage } in glyphs::dots(text, start, single(self.pixels_per_dot)) {
            self.area
                .draw_pixel(at, &rgb(colour).mix(coverage))
                .map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}

/// Draw to SVG text.
pub(crate) fn svg(drawing: &dyn Drawing, look: &Look) -> Result<String, String> {
    let mut text = String::new();
    let (width, height) = size(drawing, look, 1.0);
    paint(
        SVGBackend::with_string(&mut text, (width, height)),
        (Lettering::Text, 1.0),
        drawing,
        look,
    )?;
    // Sizes in inches, so that a document takes it at its size; the view box keeps the dots.
    Ok(text.replacen(
        &format!("width=\"{width}\" height=\"{height}\""),
        &format!(
            "width=\"{}in\" height=\"{}in\"",
            look.inches(f64::from(width)),
            look.inches(f64::from(height))
        ),
        1,
    ))
}

/// Draw to the bytes of a PNG file, with texts about it.
pub(crate) fn png(
    drawing: &dyn Drawing,
    look: &Look,
    texts: &[(&'static str, String)],
) -> Result<Vec<u8>, String> {
    let scale = look.pixels_per_dot();
    let (width, height) = size(drawing, look, scale);
    let n_bytes = usize::try_from(u64::from(width) * u64::from(height) * 3);
    let mut dots = vec![0_u8; n_bytes.map_err(|error| error.to_string())?];
    paint(
        BitMapBackend::with_buffer(&mut dots, (width, height)),
        (Lettering::Dots, scale),
        drawing,
        look,
    )?;
    let image = pixels::Image {
        size: [width, height],
        dpi: look.style().dpi(),
        texts,
    };
    pixels::png(&dots, &image).map_err(|error| error.to_string())
}

fn paint<DB: DrawingBackend>(
    backend: DB,
    (lettering, pixels_per_dot): (Lettering, f64),
    drawing: &dyn Drawing,
    look: &Look,
) -> Result<(), String> {
    let page = look.page();
    let mut surface = Surface {
        area: backend.into_drawing_area(),
        lettering,
        page,
        pixels_per_dot,
    };
    let beyond = match lettering {
        Lettering::Text => 0.0,
        // A bitmap may be a pixel larger than the page.
        Lettering::Dots => 1.0 / pixels_per_dot,
    };
    let corner = (page.width + beyond, drawing.height(page) + beyond);
    surface.rectangle([(0.0, 0.0), corner], PAPER)?;
    drawing.draw(&mut surface)?;
    surface.area.present().map_err(|error| error.to_string())
}

/// Width and height in pixels.
fn size(drawing: &dyn Drawing, look: &Look, pixels_per_dot: f64) -> (u32, u32) {
    let page = look.page();
    let (width, height) = dot((page.width * pixels_per_dot, drawing.height(page) * pixels_per_dot));
    (width.unsigned_abs(), height.unsigned_abs())
}

const fn rgb(colour: Colour) -> RGBColor {
    RGBColor(colour.0, colour.1, colour.2)
}

#[expect(
    clippy::as_conversions,
    reason = "coordinates are within the canvas; the cast saturates elsewhere"
)]
pub(crate) fn dot((x, y): (f64, f64)) -> (i32, i32) {
    (x.round() as i32, y.round() as i32)
}

#[expect(
    clippy::as_conversions,
    reason = "dots of a page and scales of a few units need no more digits"
)]
pub(crate) fn single(value: f64) -> f32 {
    value as f32
}
