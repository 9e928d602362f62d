//! PDF of a figure's SVG, with the embedded font's glyphs inside.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use pdf_writer::{Content, Finish as _, Name, Pdf, Rect, Ref, TextStr};
use svg2pdf::ConversionOptions;
use svg2pdf::usvg::fontdb::Database;
use svg2pdf::usvg::{self, Tree};

use super::{Made, glyphs};

/// PDF points per SVG pixel: an inch is 72 of the former and 96 of the latter.
const POINTS_PER_PIXEL: f32 = 0.75;

/// No font but the embedded one, so that nothing of this computer gets into a file.
static FONTS: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut fonts = Database::new();
    fonts.load_font_data(glyphs::FONT_FILE.to_vec());
    Arc::new(fonts)
});

/// The figure on a page of its size.
pub(super) fn of_svg(svg: &str, made: Option<&Made>) -> Result<Vec<u8>, String> {
    let options = usvg::Options {
        fontdb: Arc::clone(&FONTS),
        ..usvg::Options::default()
    };
    let tree = Tree::from_str(svg, &options).map_err(|error| error.to_string())?;
    let size = [tree.size().width(), tree.size().height()].map(|side| side * POINTS_PER_PIXEL);
    let (chunk, figure) =
        svg2pdf::to_chunk(&tree, ConversionOptions::default()).map_err(|error| error.to_string())?;

    let mut next = Ref::new(1);
    let (catalog, pages, page, content, info) =
        (next.bump(), next.bump(), next.bump(), next.bump(), next.bump());
    let mut numbers = HashMap::new();
    let chunk = chunk.renumber(|old| *numbers.entry(old).or_insert_with(|| next.bump()));
    let figure = numbers.get(&figure).copied().ok_or("the figure has no object")?;

    let mut pdf = Pdf::new();
    pdf.catalog(catalog).pages(pages);
    pdf.pages(pages).kids([page]).count(1);
    let name = Name(b"Figure");
    let mut page = pdf.page(page);
    page.media_box(Rect::new(0.0, 0.0, size[0], size[1]));
    page.parent(pages);
    page.contents(content);
    let mut resources = page.resources();
    resources.x_objects().pair(name, figure);
    resources.finish();
    page.finish();
    let mut drawing = Content::new();
    drawing.transform([size[0], 0.0, 0.0, size[1], 0.0, 0.0]);
    drawing.x_object(name);
    pdf.stream(content, &drawing.finish());
    pdf.extend(&chunk);
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
