//! The embedded font: how wide a text is, and its dots.

use std::sync::LazyLock;

use ab_glyph::{Font as _, FontRef, Glyph, GlyphId, PxScale, PxScaleFont, ScaleFont as _, point};
use ttf_parser::name_id::POST_SCRIPT_NAME;

use crate::canvas::EM_DOTS;

/// The file of the font.
pub(crate) const FONT_FILE: &[u8] = include_bytes!("../fonts/DejaVuSans.ttf");

static FONT: LazyLock<FontRef<'static>> = LazyLock::new(|| {
    FontRef::try_from_slice(FONT_FILE).expect("the embedded font is read by every test of a figure")
});

/// A dot of a text, partly covered at its edges.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Dot {
    pub(crate) at: (i32, i32),
    /// 0 to 1.
    pub(crate) coverage: f64,
}

/// Width of a text in dots.
pub(crate) fn width(text: &str) -> f64 {
    f64::from(lay_out(text, 1.0).1)
}

/// Width of the widest of some texts in dots; 0 of none.
pub(crate) fn widest<'a>(texts: impl IntoIterator<Item = &'a String>) -> f64 {
    texts.into_iter().map(|text| width(text)).fold(0.0, f64::max)
}

/// A glyph on the base line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Placed {
    /// Its number in the font.
    pub(crate) glyph: u16,
    pub(crate) character: char,
    /// Where it starts, in dots.
    pub(crate) x: f32,
}

/// The glyphs of a text from a base line that starts at 0.
pub(crate) fn placed(text: &str) -> impl Iterator<Item = Placed> {
    let (glyphs, _) = lay_out(text, 1.0);
    text.chars().zip(glyphs).map(|(character, glyph)| Placed {
        glyph: glyph.id.0,
        character,
        x: glyph.position.x,
    })
}

/// How far a glyph moves the next one, in ems.
pub(crate) fn advance(glyph: u16) -> f32 {
    per_em(FONT.h_advance_unscaled(GlyphId(glyph)))
}

/// What a document says of an embedded font, in thousandths of an em.
pub(crate) struct Face {
    pub(crate) name: String,
    /// Left, bottom, right and top of all its glyphs on one another.
    pub(crate) bounds: [f32; 4],
    pub(crate) ascent: f32,
    pub(crate) descent: f32,
    pub(crate) cap_height: f32,
}

/// The font as it describes itself.
pub(crate) fn face() -> Result<Face, String> {
    let face = ttf_parser::Face::parse(FONT_FILE, 0).map_err(|error| error.to_string())?;
    let names = face.names().into_iter();
    let name = names
        .filter(|name| name.name_id == POST_SCRIPT_NAME)
        .find_map(|name| name.to_string());
    let thousandths = |units: i16| per_em(f32::from(units)) * 1000.0;
    let bounds = face.global_bounding_box();
    Ok(Face {
        name: name.ok_or("the embedded font has no name")?,
        bounds: [bounds.x_min, bounds.y_min, bounds.x_max, bounds.y_max].map(thousandths),
        ascent: thousandths(face.ascender()),
        descent: thousandths(face.descender()),
        // A font of before OS/2's second version does not say; its capitals are then as high as it rises.
        cap_height: thousandths(face.capital_height().unwrap_or(face.ascender())),
    })
}

/// The pixels of a text whose base line starts at the pixel `start`, with so many pixels for each dot.
pub(crate) fn dots(text: &str, start: (i32, i32), pixels_per_dot: f32) -> Vec<Dot> {
    let mut dots = Vec::new();
    for glyph in lay_out(text, pixels_per_dot).0 {
        let Some(outline) = FONT.outline_glyph(glyph) else {
            continue; // A space.
        };
        let corner = whole(outline.px_bounds().min);
        outline.draw(|x, y, coverage| {
            // The rasterizer may leave 0 to 1 by a rounding.
            let coverage = f64::from(coverage).clamp(0.0, 1.0);
            if let (Ok(x), Ok(y)) = (i32::try_from(x), i32::try_from(y))
                && 0.0 < coverage
            {
                dots.push(Dot {
                    at: (start.0 + corner.0 + x, start.1 + corner.1 + y),
                    coverage,
                });
            }
        });
    }
    dots
}

/// Glyphs from a base line that starts at (0, 0), and where it ends.
fn lay_out(text: &str, pixels_per_dot: f32) -> (Vec<Glyph>, f32) {
    let font = scaled(pixels_per_dot);
    let mut x = 0.0;
    let mut glyphs: Vec<Glyph> = Vec::new();
    for character in text.chars() {
        let id = font.glyph_id(character);
        if let Some(before) = glyphs.last() {
            x += font.kern(before.id, id);
        }
        glyphs.push(id.with_scale_and_position(font.scale(), point(x, 0.0)));
        x += font.h_advance(id);
    }
    (glyphs, x)
}

fn scaled(pixels_per_dot: f32) -> PxScaleFont<&'static FontRef<'static>> {
    // The library's scale is the height of a line, not of an em.
    let line_per_em = FONT
        .units_per_em()
        .map_or(1.0, |units| FONT.height_unscaled() / units);
    FONT.as_scaled(PxScale::from(EM_DOTS * pixels_per_dot * line_per_em))
}

fn per_em(units: f32) -> f32 {
    FONT.units_per_em().map_or(0.0, |per_em| units / per_em)
}

#[expect(
    clippy::as_conversions,
    reason = "bounds of a glyph are whole numbers within the canvas"
)]
fn whole(corner: ab_glyph::Point) -> (i32, i32) {
    (corner.x as i32, corner.y as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_as_wide_as_the_font_says() {
        // 1303 of 2048 units.
        assert!((width("0") - 0.636 * f64::from(EM_DOTS)).abs() < 0.1);
        assert!((width("00") - 2.0 * width("0")).abs() < 1e-3);
    }

    #[test]
    fn every_character_of_the_figures_is_in_the_font() {
        for character in "µ×⁰¹²³⁴⁵⁶⁷⁸⁹⁻".chars() {
            assert_ne!(FONT.glyph_id(character), ab_glyph::GlyphId(0), "{character}");
        }
    }
}
