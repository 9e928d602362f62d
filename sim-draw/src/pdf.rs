//! PDF of a figure: the same coordinates as on every other surface, with the embedded font's glyphs inside.

use std::collections::BTreeMap;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Content, Filter, Finish as _, Name, Pdf, Rect, Ref, Str, TextStr};
use subsetter::GlyphRemapper;

use crate::canvas::{Canvas, DROP, EM_DOTS, Side, dot, single};
use crate::look::{Look, Page};
use crate::style::{Colour, PAPER};
use crate::{Drawing, Made, glyphs};

/// Points of an inch.
const POINTS_PER_INCH: f64 = 72.0;
/// What the page calls its font.
const FONT: Name<'_> = Name(b"F");
/// How thick upright strokes are, which a reader needs only where it takes another font.
const STEM: f32 = 80.0;
/// Glyphs are named by their numbers alone.
const SYSTEM: SystemInfo<'_> = SystemInfo {
    registry: Str(b"Adobe"),
    ordering: Str(b"Identity"),
    supplement: 0,
};

/// The figure on a page of its size.
pub(crate) fn of(drawing: &dyn Drawing, look: &Look, made: Option<&Made>) -> Result<Vec<u8>, String> {
    let page = look.page();
    let (width, height) = dot((page.width, drawing.height(page)));
    let [width, height] = [width, height].map(f64::from);
    let [points_wide, points_high] = [width, height].map(|dots| single(look.inches(dots) * POINTS_PER_INCH));
    let scale = points_wide / single(width);

    let mut surface = Surface {
        page,
        content: Content::new(),
        fill: None,
        stroke: None,
        glyphs: GlyphRemapper::new(),
        characters: BTreeMap::new(),
    };
    // Dots from the upper left corner downwards.
    surface
        .content
        .transform([scale, 0.0, 0.0, -scale, 0.0, points_high]);
    surface.rectangle([(0.0, 0.0), (width, height)], PAPER)?;
    drawing.draw(&mut surface)?;

    let mut next = Ref::new(1);
    let [catalog, pages, page, figure, info, font] = std::array::from_fn(|_| next.bump());
    let mut pdf = Pdf::new();
    pdf.catalog(catalog).pages(pages);
    pdf.pages(pages).kids([page]).count(1);
    let mut sheet = pdf.page(page);
    sheet.media_box(Rect::new(0.0, 0.0, points_wide, points_high));
    sheet.parent(pages);
    sheet.contents(figure);
    sheet.resources().fonts().pair(FONT, font);
    sheet.finish();
    stream(&mut pdf, figure, &surface.content.finish())?;
    embed(&mut pdf, &mut next, font, &surface.glyphs, &surface.characters)?;
    if let Some(made) = made {
        let sentence = made.sentence();
        let mut about = pdf.document_info(info);
        about.title(TextStr(&made.title));
        about.subject(TextStr(&sentence));
        about.creator(TextStr(&made.software));
        about.producer(TextStr(&made.software));
    }
    Ok(pdf.finish())
}

struct Surface {
    page: Page,
    content: Content,
    /// The colours that hold where the content ends.
    fill: Option<Colour>,
    stroke: Option<Colour>,
    /// Glyphs of the figure, by their numbers in it.
    glyphs: GlyphRemapper,
    /// What each of these numbers stands for.
    characters: BTreeMap<u16, char>,
}

impl Canvas for Surface {
    fn page(&self) -> Page {
        self.page
    }

    fn rectangle(&mut self, [from, to]: [(f64, f64); 2], colour: Colour) -> Result<(), String> {
        let [(left, top), (right, bottom)] = [from, to].map(place);
        self.fill(colour);
        self.content.rect(left, top, right - left, bottom - top);
        self.content.fill_nonzero();
        Ok(())
    }

    fn polygon(&mut self, corners: &[(f64, f64)], colour: Colour) -> Result<(), String> {
        let Some((&first, others)) = corners.split_first() else {
            return Ok(());
        };
        self.fill(colour);
        let (x, y) = place(first);
        self.content.move_to(x, y);
        for &corner in others {
            let (x, y) = place(corner);
            self.content.line_to(x, y);
        }
        self.content.close_path();
        self.content.fill_nonzero();
        Ok(())
    }

    fn line(&mut self, ends: [(f64, f64); 2], width: f64, colour: Colour) -> Result<(), String> {
        let [from, to] = ends.map(place);
        if self.stroke != Some(colour) {
            let [red, green, blue] = shares(colour);
            self.content.set_stroke_rgb(red, green, blue);
            self.stroke = Some(colour);
        }
        self.content.set_line_width(place((width, 0.0)).0.max(1.0));
        self.content.move_to(from.0, from.1);
        self.content.line_to(to.0, to.1);
        self.content.stroke();
        Ok(())
    }

    fn text(&mut self, text: &str, (x, y): (f64, f64), side: Side, colour: Colour) -> Result<(), String> {
        if text.is_empty() {
            return Ok(());
        }
        let left = side.left(x, glyphs::width(text));
        self.fill(colour);
        self.content.begin_text();
        self.content.set_font(FONT, EM_DOTS);
        // Upright again.
        self.content
            .set_text_matrix([1.0, 0.0, 0.0, -1.0, single(left), single(y + DROP)]);
        let mut shown = self.content.show_positioned();
        let mut items = shown.items();
        let mut end = 0.0;
        for glyphs::Placed { glyph, character, x } in glyphs::placed(text) {
            // Thousandths of an em, to the left.
            let closer = (end - x) / EM_DOTS * 1000.0;
            if 0.5 < closer.abs() {
                items.adjust(closer);
            }
            end = x + glyphs::advance(glyph) * EM_DOTS;
            let number = self.glyphs.remap(glyph);
            self.characters.entry(number).or_insert(character);
            items.show(Str(&number.to_be_bytes()));
        }
        items.finish();
        shown.finish();
        self.content.end_text();
        Ok(())
    }
}

impl Surface {
    fn fill(&mut self, colour: Colour) {
        if self.fill != Some(colour) {
            let [red, green, blue] = shares(colour);
            self.content.set_fill_rgb(red, green, blue);
            self.fill = Some(colour);
        }
    }
}

/// Put the glyphs of the figure and what they stand for into the file.
fn embed(
    pdf: &mut Pdf,
    next: &mut Ref,
    font: Ref,
    glyphs: &GlyphRemapper,
    characters: &BTreeMap<u16, char>,
) -> Result<(), String> {
    let face = glyphs::face()?;
    let subset = subsetter::subset(glyphs::FONT_FILE, 0, glyphs).map_err(|error| error.to_string())?;
    let [descendant, descriptor, file, map] = std::array::from_fn(|_| next.bump());
    let name = format!("{}+{}", tag(&subset), face.name);
    let name = Name(name.as_bytes());

    pdf.type0_font(font)
        .base_font(name)
        .encoding_predefined(Name(b"Identity-H"))
        .descendant_font(descendant)
        .to_unicode(map);
    let mut cid = pdf.cid_font(descendant);
    cid.subtype(CidFontType::Type2)
        .base_font(name)
        .system_info(SYSTEM)
        .font_descriptor(descriptor)
        .cid_to_gid_map_predefined(Name(b"Identity"));
    let widths = glyphs
        .remapped_gids()
        .map(|glyph| glyphs::advance(glyph) * 1000.0);
    cid.widths().consecutive(0, widths);
    cid.finish();
    let [left, bottom, right, top] = face.bounds;
    pdf.font_descriptor(descriptor)
        .name(name)
        .flags(FontFlags::NON_SYMBOLIC)
        .bbox(Rect::new(left, bottom, right, top))
        .italic_angle(0.0)
        .ascent(face.ascent)
        .descent(face.descent)
        .cap_height(face.cap_height)
        .stem_v(STEM)
        .font_file2(file);
    stream(pdf, file, &subset)?;
    let mut unicode = UnicodeCmap::new(Name(b"sysmt"), SYSTEM);
    for (&number, &character) in characters {
        unicode.pair(number, character);
    }
    stream(pdf, map, &unicode.finish())
}

/// Six letters that say which glyphs a subset has.
fn tag(subset: &[u8]) -> String {
    let hash = blake3::hash(subset);
    let letters = hash.as_bytes().iter().take(6);
    letters.map(|byte| char::from(b'A' + byte % 26)).collect()
}

fn stream(pdf: &mut Pdf, id: Ref, bytes: &[u8]) -> Result<(), String> {
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::best());
    let packed = packed
        .write_all(bytes)
        .and_then(|()| packed.finish())
        .map_err(|error| error.to_string())?;
    pdf.stream(id, &packed).filter(Filter::FlateDecode);
    Ok(())
}

fn place(at: (f64, f64)) -> (f32, f32) {
    let (x, y) = dot(at);
    (single(f64::from(x)), single(f64::from(y)))
}

fn shares(colour: Colour) -> [f32; 3] {
    [colour.0, colour.1, colour.2].map(|part| f32::from(part) / 255.0)
}
