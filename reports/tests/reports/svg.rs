//! What an SVG of the figures shows, read back.

/// A line of text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Placed {
    pub(crate) words: String,
    pub(crate) y: f64,
    /// Left and right end, estimated.
    pub(crate) ends: (f64, f64),
}

/// Corners of a polygon.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Polygon(Vec<f64>);

impl Polygon {
    /// Its highest corner.
    pub(crate) fn top(&self) -> f64 {
        self.0.iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// Its lowest corner.
    pub(crate) fn bottom(&self) -> f64 {
        self.0.iter().copied().fold(0.0, f64::max)
    }
}

fn attribute<'a>(tag: &'a str, name: &str) -> &'a str {
    let start = tag.split_once(&format!(" {name}=\"")).unwrap().1;
    start.split_once('"').unwrap().0
}

fn tags<'a>(svg: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let name = format!("{name} ");
    svg.split('<').filter(move |tag| tag.starts_with(&name))
}

/// Dots from top to bottom.
pub(crate) fn height(svg: &str) -> f64 {
    let view = attribute(tags(svg, "svg").next().unwrap(), "viewBox");
    view.split(' ').next_back().unwrap().parse().unwrap()
}

/// All polygons.
pub(crate) fn polygons(svg: &str) -> Vec<Polygon> {
    let corners = |tag| attribute(tag, "points").split_whitespace().map(str::to_owned);
    tags(svg, "polygon")
        .map(|tag| {
            Polygon(
                corners(tag)
                    .map(|corner: String| corner.split_once(',').unwrap().1.parse().unwrap())
                    .collect(),
            )
        })
        .collect()
}

/// All texts with their places.
pub(crate) fn placed_texts(svg: &str) -> Vec<Placed> {
    tags(svg, "text")
        .map(|tag| {
            let (x, y): (f64, f64) = (
                attribute(tag, "x").parse().unwrap(),
                attribute(tag, "y").parse().unwrap(),
            );
            // 7 points at 600 dots an inch; the backend rounds sizes.
            let size: f64 = attribute(tag, "font-size").parse().unwrap();
            assert!(58.0 < size, "{size}");
            let words = tag.split_once('>').unwrap().1.trim();
            // No character of the font is wider than an em; most are narrower than 0.65.
            let width = 0.65 * size * f64::from(u32::try_from(words.chars().count()).unwrap());
            let ends = match attribute(tag, "text-anchor") {
                "start" => (x, x + width),
                "middle" => (x - width / 2.0, x + width / 2.0),
                "end" => (x - width, x),
                other => panic!("{other}"),
            };
            Placed {
                words: words.to_owned(),
                y,
                ends,
            }
        })
        .collect()
}

/// All texts.
pub(crate) fn texts(svg: &str) -> Vec<String> {
    placed_texts(svg).into_iter().map(|placed| placed.words).collect()
}

/// Text is text, and no end of it is outside.
#[track_caller]
pub(crate) fn assert_inside_the_paper(svg: &str) {
    let height = height(svg);
    let inches = height / 600.0;
    let start = format!("<svg width=\"3.4in\" height=\"{inches}in\" viewBox=\"0 0 2040 {height}\"");
    assert!(svg.starts_with(&start), "{start}");
    assert!(svg.contains("font-family=\"DejaVu Sans, Verdana, sans-serif\""));
    for Placed { words, y, ends } in placed_texts(svg) {
        assert!(0.0 <= ends.0 && ends.1 <= 2040.0, "{words}: {ends:?}");
        assert!(30.0 <= y && y + 30.0 <= height, "{words}: {y}");
    }
}
