//! Figures in the page, and values under the pointer.

use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

use maud::{Markup, PreEscaped, html};

use sim_draw::look::Look;
use sim_draw::{FigureError, Picture, Spot};

/// A figure of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageFigure {
    /// As its files are called.
    pub name: String,
    /// Above it.
    pub title: String,
    /// The drawing.
    pub svg: String,
    /// The points.
    pub csv: String,
}

impl PageFigure {
    /// Draw a picture so that its values can be pointed at.
    ///
    /// - Errors: what the drawing library refuses.
    pub fn draw(picture: &dyn Picture, title: impl Into<String>) -> Result<Self, FigureError> {
        let look = Look::captioned();
        Ok(Self {
            name: picture.name().to_owned(),
            title: title.into(),
            svg: with_spots(&picture.svg_as(&look, None)?, &picture.spots(&look)?),
            csv: picture.csv(),
        })
    }
}

/// The figures that a results folder has in `plots`, by name.
///
/// - Errors: files that cannot be read; a folder without figures is none.
pub fn plots_of(folder: &Path) -> io::Result<Vec<PageFigure>> {
    let plots = folder.join("plots");
    if !plots.is_dir() {
        return Ok(Vec::new());
    }
    let mut figures = Vec::new();
    for entry in fs::read_dir(&plots)? {
        let path = entry?.path();
        if path.extension().is_none_or(|ending| ending != "svg") {
            continue;
        }
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let csv = path.with_extension("csv");
        figures.push(PageFigure {
            title: title(&name),
            name,
            svg: fs::read_to_string(&path)?,
            csv: if csv.is_file() {
                fs::read_to_string(csv)?
            } else {
                String::new()
            },
        });
    }
    figures.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(figures)
}

/// `pe-cycles` as `PE cycles`.
fn title(name: &str) -> String {
    let word = |(place, word): (usize, &str)| match word {
        "mse" | "pe" => word.to_uppercase(),
        word if place == 0 => {
            let (first, rest) = word.split_at(word.ceil_char_boundary(1));
            format!("{}{rest}", first.to_uppercase())
        }
        word => word.to_owned(),
    };
    let words: Vec<String> = name.split('-').enumerate().map(word).collect();
    words.join(" ")
}

/// The drawing with an invisible area over each value, which says it.
fn with_spots(svg: &str, spots: &[Spot]) -> String {
    let Some(end) = svg.rfind("</svg>") else {
        return svg.to_owned();
    };
    let mut text = svg[..end].to_owned();
    text.push_str("<g class=\"spots\">");
    for Spot { corners, label } in spots {
        let [(left, top), (right, bottom)] = corners.map(|(x, y)| (x.round(), y.round()));
        let label = html! { (label) }.into_string();
        // Memory can be written to.
        let _ = write!(
            text,
            "<rect class=\"spot\" x=\"{left}\" y=\"{top}\" width=\"{}\" height=\"{}\" fill-opacity=\"0\"><title>{label}</title></rect>",
            right - left,
            bottom - top
        );
    }
    text.push_str("</g>");
    text.push_str(&svg[end..]);
    text
}

/// How much of a figure a page has room for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shown<'a> {
    /// All of it.
    Whole(&'a PageFigure),
    /// Without the points.
    Drawing(&'a PageFigure),
    /// Its name.
    Named(&'a PageFigure),
}

impl<'a> Shown<'a> {
    const fn figure(self) -> &'a PageFigure {
        match self {
            Self::Whole(figure) | Self::Drawing(figure) | Self::Named(figure) => figure,
        }
    }

    pub(super) fn name(&self) -> &'a str {
        &self.figure().name
    }

    /// The points, where they are shown.
    pub(super) fn csv(&self) -> Option<&'a str> {
        match *self {
            Self::Whole(figure) => Some(&figure.csv)
                .filter(|csv| !csv.is_empty())
                .map(String::as_str),
            Self::Drawing(_) | Self::Named(_) => None,
        }
    }

    /// Bytes that it takes.
    pub(super) fn n_bytes(&self) -> usize {
        match self {
            Self::Whole(figure) => drawing_bytes(figure) + csv_bytes(figure),
            Self::Drawing(figure) => drawing_bytes(figure),
            Self::Named(_) => 500,
        }
    }
}

fn drawing_bytes(figure: &PageFigure) -> usize {
    figure.svg.len() + figure.title.len() + 500
}

/// Ends of lines, quotes and `<` take more bytes in JSON.
fn csv_bytes(figure: &PageFigure) -> usize {
    let more = figure.csv.bytes().map(|byte| match byte {
        b'<' => 5,
        b'"' | b'\n' | b'\r' | b'\\' | b'\t' => 1,
        _ => 0,
    });
    figure.csv.len() + more.sum::<usize>()
}

/// As much of each figure as there is room for.
pub(super) fn fitting(figures: &[PageFigure], n_bytes: usize) -> Vec<Shown<'_>> {
    let mut left = n_bytes;
    let mut shown = Vec::with_capacity(figures.len());
    for figure in figures {
        let choices = [Shown::Whole(figure), Shown::Drawing(figure)];
        let choice = choices.into_iter().find(|choice| choice.n_bytes() <= left);
        let choice = choice.unwrap_or(Shown::Named(figure));
        left = left.saturating_sub(choice.n_bytes());
        shown.push(choice);
    }
    shown
}

pub(super) fn render(figures: &[Shown<'_>]) -> Markup {
    html! {
        p.hint.controls {
            "Point at a mark or bar for its value; with the keyboard, the arrow keys go from value to value of a figure."
        }
        div.figures {
            @for figure in figures {
                (of(*figure))
            }
        }
    }
}

fn of(shown: Shown<'_>) -> Markup {
    let figure = shown.figure();
    html! {
        figure id={ "figure-" (figure.name) } data-name=(figure.name) {
            figcaption { (figure.title) }
            @match shown {
                Shown::Whole(figure) | Shown::Drawing(figure) => {
                    div.drawing { (PreEscaped(&figure.svg)) }
                    @if shown.csv().is_some() {
                        details.values.controls { summary { "Values" } }
                    } @else if !figure.csv.is_empty() {
                        p.hint { "Its values are too many for this page: " code { "sysmt plot" } " writes them to " (figure.name) ".csv." }
                    }
                }
                Shown::Named(figure) => {
                    p.hint { "This figure is too large for this page: " code { "sysmt plot" } " draws it as " (figure.name) ".svg." }
                }
            }
        }
    }
}
