//! What an SVG of the figures shows, read back.

/// A line of text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Placed {
    pub(crate) words: String,
    pub(crate) anchor: String,
    pub(crate) x: f64,
    pub(crate) y: f64,
    /// Left and right end, estimated.
    pub(crate) ends: (f64, f64),
}

/// Corners of a polygon and its colour.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Polygon {
    corners: Vec<(f64, f64)>,
    pub(crate) fill: String,
}

impl Polygon {
    /// Its highest corner.
    pub(crate) fn top(&self) -> f64 {
        self.corners
            .iter()
            .map(|corner| corner.1)
            .fold(f64::INFINITY, f64::min)
    }

    /// Its lowest corner.
    pub(crate) fn bottom(&self) -> f64 {
        self.corners.iter().map(|corner| corner.1).fold(0.0, f64::max)
    }

    /// The mean of its corners.
    pub(crate) fn middle(&self) -> (f64, f64) {
        let n = f64::from(u32::try_from(self.corners.len()).unwrap());
        let sum = self
            .corners
            .iter()
            .fold((0.0, 0.0), |sum, corner| (sum.0 + corner.0, sum.1 + corner.1));
        (sum.0 / n, sum.1 / n)
    }
}

/// A rectangle and its colour.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rectangle {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) fill: String,
}

/// All rectangles but the paper.
pub(crate) fn rectangles(svg: &str) -> Vec<Rectangle> {
    let number = |tag, name| attribute(tag, name).parse().unwrap();
    let all = tags(svg, "rect").map(|tag| Rectangle {
        x: number(tag, "x"),
        y: number(tag, "y"),
        width: number(tag, "width"),
        height: number(tag, "height"),
        fill: attribute(tag, "fill").to_owned(),
    });
    all.skip(1).collect()
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
    let corner = |corner: &str| {
        let (x, y) = corner.split_once(',').unwrap();
        (x.parse().unwrap(), y.parse().unwrap())
    };
    tags(svg, "polygon")
        .map(|tag| Polygon {
            corners: attribute(tag, "points").split_whitespace().map(corner).collect(),
            fill: attribute(tag, "fill").to_owned(),
        })
        .collect()
}

/// From places to values, by the labels of an axis.
pub(crate) struct Ticks {
    /// Place and value, or exponent of ten.
    ticks: Vec<(f64, f64)>,
    is_log: bool,
}

impl Ticks {
    /// By labels that are numbers or powers of ten.
    fn of(labels: impl Iterator<Item = (f64, String)>) -> Self {
        let mut is_log = false;
        let ticks = labels.filter_map(|(place, words)| {
            let digits = |text: &str| -> Option<f64> {
                let plain: String = text
                    .chars()
                    .map(|c| match "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().position(|digit| digit == c) {
                        Some(digit) => char::from_digit(u32::try_from(digit).unwrap(), 10).unwrap(),
                        None if c == '⁻' => '-',
                        None => c,
                    })
                    .collect();
                plain.parse().ok()
            };
            if let Ok(number) = words.parse::<f64>() {
                return Some((place, number));
            }
            if let Some((factor, power)) = words.split_once("×10") {
                return Some((place, factor.parse::<f64>().ok()? * 10_f64.powf(digits(power)?)));
            }
            let exponent = digits(words.strip_prefix("10")?)?;
            is_log = true;
            Some((place, exponent))
        });
        let mut ticks: Vec<(f64, f64)> = ticks.collect();
        ticks.sort_by(|one, other| one.0.total_cmp(&other.0));
        ticks.dedup();
        // Numbers that are not evenly apart stand in decades.
        let slopes: Vec<f64> = ticks
            .windows(2)
            .map(|pair| (pair[1].1 - pair[0].1) / (pair[1].0 - pair[0].0))
            .collect();
        if !is_log
            && slopes
                .windows(2)
                .any(|pair| 0.05 < (pair[0] / pair[1] - 1.0).abs())
        {
            is_log = true;
            for tick in &mut ticks {
                tick.1 = tick.1.log10();
            }
        }
        Self { ticks, is_log }
    }

    /// Of the axis at the left.
    pub(crate) fn y(svg: &str) -> Self {
        let texts: Vec<Placed> = placed_texts(svg);
        let texts: Vec<&Placed> = texts.iter().filter(|text| text.anchor == "end").collect();
        // Numbers of a legend and notes end elsewhere.
        let n_at = |x: f64| texts.iter().filter(|text| text.x == x).count();
        let x = texts.iter().map(|text| text.x).max_by_key(|&x| n_at(x)).unwrap();
        let texts = texts.iter().filter(|text| text.x == x);
        // Base lines lie lower than what they are about.
        Self::of(texts.map(|text| (text.y - 4.0, text.words.clone())))
    }

    /// Of the axis at the bottom.
    pub(crate) fn x(svg: &str) -> Self {
        let texts = placed_texts(svg);
        let lowest = texts.iter().map(|text| text.y).fold(0.0, f64::max);
        let is_label = |text: &Placed| text.anchor == "middle" && text.y < lowest && lowest - 120.0 < text.y;
        let labels: Vec<Placed> = texts.into_iter().filter(is_label).collect();
        Self::of(labels.into_iter().map(|text| (text.x, text.words)))
    }

    /// The value at a place.
    pub(crate) fn value(&self, place: f64) -> f64 {
        let (first, last) = (self.ticks.first().unwrap(), self.ticks.last().unwrap());
        assert!(first.0 < last.0, "an axis has two ticks: {:?}", self.ticks);
        let value = first.1 + (place - first.0) / (last.0 - first.0) * (last.1 - first.1);
        if self.is_log { 10_f64.powf(value) } else { value }
    }

    /// Whether a place shows a value, but for two dots.
    pub(crate) fn shows(&self, place: f64, value: f64) -> bool {
        let ends = [self.value(place - 2.5), self.value(place + 2.5)];
        ends[0].min(ends[1]) <= value && value <= ends[0].max(ends[1])
    }
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
                anchor: attribute(tag, "text-anchor").to_owned(),
                x,
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
    assert_inside_the_page(svg);
}

/// The same on a page of any size.
#[track_caller]
pub(crate) fn assert_inside_the_page(svg: &str) {
    let view = attribute(tags(svg, "svg").next().unwrap(), "viewBox");
    let width: f64 = view.split(' ').nth(2).unwrap().parse().unwrap();
    let height = height(svg);
    assert!(svg.contains("font-family=\"DejaVu Sans, Verdana, sans-serif\""));
    for Placed { words, y, ends, .. } in placed_texts(svg) {
        assert!(0.0 <= ends.0 && ends.1 <= width, "{words}: {ends:?} of {width}");
        assert!(30.0 <= y && y + 30.0 <= height, "{words}: {y} of {height}");
    }
}
