//! Bars over places: legend, then the value axis's title, then the frame, then the places.

use crate::axis::Axis;
use crate::canvas::{Canvas, EM, Side};
use crate::frame::{self, Frame};
use crate::head::Head;
use crate::legend::{Legend, Sample};
use crate::look::Page;
use crate::palette::Tone;
use crate::plot::{PlotReference, RULES, draw_levels};
use crate::style::{INK, PAPER};
use crate::text::{self, float};
use crate::{Drawing, Scale, glyphs, spots};

/// White between the parts of a bar.
const GAP: f64 = 3.0;
/// No bar is wider.
const WIDEST_STEP: f64 = 320.0;

/// How the values of a place stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrangement {
    /// On each other, as parts of a whole.
    Stacked,
    /// Side by side, in the order of the legend.
    Grouped,
}

/// Values of all places, in one colour.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// In the legend.
    pub name: String,
    /// Its colour, whatever the palette.
    pub tone: Tone,
    /// One for each place; none where there is no point.
    pub values: Vec<Option<f64>>,
}

/// Where bars stand.
#[derive(Clone, Debug, PartialEq)]
pub enum Places {
    /// In order, from 1; names are in the CSV alone.
    Numbered(Vec<String>),
    /// By their names.
    Named(Vec<String>),
}

impl Places {
    /// What stands there.
    pub fn names(&self) -> &[String] {
        let (Self::Numbered(names) | Self::Named(names)) = self;
        names
    }
}

/// The points of a figure of bars and how they are drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Bars {
    /// File name without its ending.
    pub name: String,
    /// Above everything.
    pub head: Head,
    /// The value axis.
    pub title: String,
    /// Of the values, in the CSV.
    pub unit: String,
    /// Of the value axis.
    pub scale: Scale,
    /// How the values of a place stand.
    pub arrangement: Arrangement,
    /// Level lines.
    pub references: Vec<PlotReference>,
    /// The axis at the bottom.
    pub x_title: String,
    /// Where bars stand.
    pub places: Places,
    /// In the order of the legend.
    pub series: Vec<Series>,
}

impl Bars {
    fn n_places(&self) -> usize {
        self.places.names().len()
    }

    /// How high the bars of a place are.
    fn heights(&self, place: usize) -> Vec<f64> {
        let values = self.series.iter().filter_map(|series| series.values[place]);
        match self.arrangement {
            Arrangement::Stacked => vec![values.sum()],
            Arrangement::Grouped => values.collect(),
        }
    }

    fn axis(&self) -> Axis {
        let heights = (0..self.n_places()).flat_map(|place| self.heights(place));
        Axis::new(
            self.scale,
            heights.chain(self.references.iter().map(|reference| reference.y)),
        )
    }

    /// Whether all names stand under their bars.
    fn names_fit(&self, page: Page) -> bool {
        let axis = self.axis();
        let frame = Frame::new(0.0, page.width, page.least_height, &axis);
        let (_, step) = slot(&frame, self.n_places(), 0);
        glyphs::widest(self.places.names()) + 0.4 * EM < step
    }

    /// Of the series, where there is more than one; of the references; and of names that do not fit.
    fn legend(&self, page: Page) -> Legend {
        let series = self.series.iter().filter(|_| 1 < self.series.len());
        let series = series.map(|series| (Sample::Area(series.tone), series.name.clone()));
        let references = self.references.iter().zip(RULES.iter().cycle());
        let references = references
            .filter(|(reference, _)| !reference.name.is_empty())
            .map(|(reference, &(dashes, tone))| (Sample::Rule(dashes, tone), reference.name.clone()));
        let names: Vec<(Sample, String)> = match &self.places {
            Places::Named(names) if !self.names_fit(page) => (1..)
                .zip(names)
                .map(|(number, name)| (Sample::Number(number), name.clone()))
                .collect(),
            Places::Named(_) | Places::Numbered(_) => Vec::new(),
        };
        Legend::new(page, series.chain(references).chain(names))
    }

    fn draw_bars(&self, canvas: &mut dyn Canvas, frame: &Frame, axis: &Axis) -> Result<(), String> {
        let palette = canvas.page().palette;
        for place in 0..self.n_places() {
            let (start, step) = slot(frame, self.n_places(), place);
            let (left, right) = (start + 0.12 * step, start + 0.88 * step);
            if self.series.iter().all(|series| series.values[place].is_none()) {
                // What is not known is not zero.
                let at = (start + step / 2.0, frame.bottom - 0.5 * EM);
                canvas.text("–", at, Side::Middle, INK)?;
            }
            match self.arrangement {
                Arrangement::Stacked => {}
                Arrangement::Grouped => {
                    self.draw_group(canvas, [left, right], place, |value| {
                        frame.y(axis.fraction(value))
                    })?;
                    continue;
                }
            }
            let mut sum = 0.0;
            for series in &self.series {
                // Nothing is drawn of nothing.
                let Some(value) = series.values[place].filter(|&value| 0.0 < value) else {
                    continue;
                };
                // Bars of a logarithmic axis are never stacked: the first starts at the axis.
                let low = frame.y(axis.fraction(sum));
                sum += value;
                let high = frame.y(axis.fraction(sum));
                let corners = [(left, high), (right, low)];
                canvas.rectangle(corners, palette.colour(series.tone))?;
                canvas.spot(corners, &self.label(place, series, value));
                if 4.0 * GAP < low - high && 1 < self.series.len() {
                    canvas.line([(left, high), (right, high)], GAP, PAPER)?;
                }
            }
        }
        Ok(())
    }

    /// Bars side by side.
    fn draw_group(
        &self,
        canvas: &mut dyn Canvas,
        [left, right]: [f64; 2],
        place: usize,
        y: impl Fn(f64) -> f64,
    ) -> Result<(), String> {
        let palette = canvas.page().palette;
        let step = (right - left) / float(self.series.len());
        let gap = if 6.0 * GAP < step { GAP } else { 0.0 };
        for (index, series) in self.series.iter().enumerate() {
            if let Some(value) =
                series.values[place].filter(|&value| value != 0.0 && self.scale.places(value))
            {
                let start = left + step * float(index);
                let (one, other) = (y(value), y(0.0));
                let corners = [(start, one.min(other)), (start + step - gap, one.max(other))];
                canvas.rectangle(corners, palette.colour(series.tone))?;
                canvas.spot(corners, &self.label(place, series, value));
            }
        }
        Ok(())
    }

    fn label(&self, place: usize, series: &Series, value: f64) -> String {
        let series_name = if 1 < self.series.len() { &series.name } else { "" };
        spots::label(&self.places.names()[place], series_name, value, &self.unit)
    }

    fn draw_places(&self, canvas: &mut dyn Canvas, frame: &Frame) -> Result<(), String> {
        let n_places = self.n_places();
        let (_, step) = slot(frame, n_places, 0);
        let names = match &self.places {
            Places::Named(names) if self.names_fit(canvas.page()) => Some(names),
            Places::Named(_) | Places::Numbered(_) => None,
        };
        let widest = glyphs::width(&n_places.to_string());
        let stride = match names {
            Some(_) => 1,
            None => stride(widest + 0.8 * EM, step),
        };
        for place in 0..n_places {
            // The first, then multiples.
            if place == 0 || (place + 1) % stride == 0 {
                let (start, step) = slot(frame, n_places, place);
                let number = (place + 1).to_string();
                let label = names.map_or(&number, |names| &names[place]);
                frame.x_tick(canvas, start + step / 2.0, label)?;
            }
        }
        Ok(())
    }
}

/// Of places `step` apart, every how many have room for labels `room` wide.
pub(crate) fn stride(room: f64, step: f64) -> usize {
    [1, 2, 5, 10, 20, 50, 100, 200, 500]
        .into_iter()
        .find(|&stride| room < step * float(stride))
        .unwrap_or(1000)
}

impl Drawing for Bars {
    fn name(&self) -> &str {
        &self.name
    }

    /// One row per place and series, then level lines, which have no place.
    fn csv(&self) -> String {
        let header = ["index", "layer", "series", "value", "unit", "x_axis", "y_axis"];
        let mut rows = Vec::new();
        for (place, name) in self.places.names().iter().enumerate() {
            for series in &self.series {
                let Some(value) = series.values[place] else {
                    continue;
                };
                rows.push(vec![
                    (place + 1).to_string(),
                    name.clone(),
                    series.name.clone(),
                    value.to_string(),
                    self.unit.clone(),
                    self.x_title.clone(),
                    self.title.clone(),
                ]);
            }
        }
        for PlotReference { name, y } in &self.references {
            rows.push(vec![
                String::new(),
                String::new(),
                name.clone(),
                y.to_string(),
                self.unit.clone(),
                self.x_title.clone(),
                self.title.clone(),
            ]);
        }
        text::csv(header, &rows)
    }

    fn height(&self, page: Page) -> f64 {
        self.head.height(page) + self.legend(page).figure_height(page)
    }

    fn draw(&self, canvas: &mut dyn Canvas) -> Result<(), String> {
        let page = canvas.page();
        let axis = self.axis();
        let legend = self.legend(page);
        let first = self.head.draw(canvas)?;
        let below = legend.draw(canvas, first)?;
        let top = frame::title(canvas, &self.title, below)?;
        let frame = Frame::new(top, page.width, self.height(page), &axis);
        frame.y_grid(canvas, &axis)?;
        self.draw_bars(canvas, &frame, &axis)?;
        draw_levels(canvas, &self.references, &frame, &axis)?;
        frame.axes(canvas, &self.x_title)?;
        self.draw_places(canvas, &frame)
    }
}

/// Left edge and width of the space of a place.
fn slot(frame: &Frame, n_places: usize, place: usize) -> (f64, f64) {
    let n = float(n_places).max(1.0);
    let step = ((frame.right - frame.left) / n).min(WIDEST_STEP);
    let first = f64::midpoint(frame.left, frame.right) - step * n / 2.0;
    (first + step * float(place), step)
}
