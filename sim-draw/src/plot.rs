//! Points over two value axes, joined or not, with level lines, curves and a front.

use crate::axis::Axis;
use crate::canvas::Canvas;
use crate::curve::Curve;
use crate::frame::{self, Dashes, Frame};
use crate::head::Head;
use crate::legend::{Legend, Sample};
use crate::look::Page;
use crate::marks::Mark;
use crate::palette::Tone;
use crate::style::Colour;
use crate::text;
use crate::{Drawing, Scale, glyphs};

/// Half of a mark's side, of few points and of many.
const MARK: f64 = 15.0;
const SMALL_MARK: f64 = 11.0;
/// More points are many.
const N_FEW: usize = 60;
const STROKE: f64 = 7.0;
/// From an interval to one that would lie on it.
const BESIDE: f64 = 14.0;
/// Intervals that find room at each side of another.
const N_BESIDE: u8 = 10;
/// From an axis that does not start at 0 to the outermost points.
const INSET: f64 = 30.0;

/// A figure of points. At most ten series differ in both mark and colour.
#[derive(Clone, Debug, PartialEq)]
pub struct Plot {
    /// File name without its ending.
    pub name: String,
    /// What stands above.
    pub head: Head,
    /// The axis at the bottom.
    pub x: PlotAxis,
    /// The axis at the left; its title stands above it.
    pub y: PlotAxis,
    /// In the order of the legend.
    pub series: Vec<PlotSeries>,
    /// Level lines.
    pub references: Vec<PlotReference>,
    /// Curves of formulas.
    pub curves: Vec<Curve>,
    /// Points that no other point surpasses, by x; empty where nobody asked.
    pub front: Vec<[f64; 2]>,
}

/// What a coordinate is and how it is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlotAxis {
    /// With its unit.
    pub title: String,
    /// How values become places.
    pub scale: Scale,
}

/// Points under one name.
#[derive(Clone, Debug, PartialEq)]
pub struct PlotSeries {
    /// In the legend.
    pub name: String,
    /// In the order in which they are joined; those that have no place on an axis are not drawn.
    pub points: Vec<PlotPoint>,
    /// Whether lines lead from point to point.
    pub line: PlotLine,
}

/// A point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlotPoint {
    /// Across.
    pub x: f64,
    /// Up.
    pub y: f64,
    /// Lower and upper end of where y may truly be; drawn as a bar.
    pub interval: Option<[f64; 2]>,
}

/// What leads from point to point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlotLine {
    /// Nothing.
    None,
    /// Straight lines.
    Joined,
}

/// A level line with its name in the legend.
#[derive(Clone, Debug, PartialEq)]
pub struct PlotReference {
    /// In the legend.
    pub name: String,
    /// Where it is.
    pub y: f64,
}

impl PlotAxis {
    /// An axis.
    pub fn new(title: impl Into<String>, scale: Scale) -> Self {
        Self {
            title: title.into(),
            scale,
        }
    }
}

impl From<(f64, f64)> for PlotPoint {
    /// x and y.
    fn from((x, y): (f64, f64)) -> Self {
        Self { x, y, interval: None }
    }
}

impl Plot {
    /// A figure without points.
    pub fn new(name: impl Into<String>, x: PlotAxis, y: PlotAxis) -> Self {
        Self {
            name: name.into(),
            head: Head::default(),
            x,
            y,
            series: Vec::new(),
            references: Vec::new(),
            curves: Vec::new(),
            front: Vec::new(),
        }
    }

    fn legend(&self, page: Page) -> Legend {
        // The title of the axis says what a single series of that name is.
        let is_named =
            |series: &PlotSeries| 1 < self.series.len() || !self.y.title.starts_with(series.name.as_str());
        let series = (0..)
            .zip(&self.series)
            .filter(|(_, series)| is_named(series))
            .map(|(index, series)| (Sample::Mark(Mark::of(index)), series.name.clone()));
        let lines = self.references.iter().map(|reference| &reference.name);
        let lines = lines.chain(self.curves.iter().map(|curve| &curve.name));
        let lines = lines.zip(RULES.iter().cycle());
        let lines = lines.map(|(name, &(dashes, tone))| (Sample::Rule(dashes, tone), name.clone()));
        let front = self.front.first().map(|_| {
            let (dashes, tone) = FRONT;
            (Sample::Rule(dashes, tone), "Pareto front".to_owned())
        });
        Legend::new(page, series.chain(lines).chain(front))
    }

    fn points(&self) -> impl Iterator<Item = &PlotPoint> {
        self.series.iter().flat_map(|series| &series.points)
    }

    fn is_placed(&self, point: &PlotPoint) -> bool {
        self.x.scale.places(point.x) && self.y.scale.places(point.y)
    }

    /// Both axes: with room for all points, level lines and what curves ask for.
    fn axes(&self) -> (Axis, Axis) {
        let placed = || self.points().filter(|point| self.is_placed(point));
        let x = Axis::new(self.x.scale, placed().map(|point| point.x));
        let ys = placed().flat_map(|point| [point.y].into_iter().chain(point.interval.into_iter().flatten()));
        let lines = self.references.iter().map(|reference| reference.y);
        let curves = self.curves.iter().filter_map(Curve::level);
        (x, Axis::new(self.y.scale, ys.chain(lines).chain(curves)))
    }
}

/// References in their order. Where two are the same, the strokes of the second are seen on the first.
pub(crate) const RULES: [(Dashes, Tone); 4] = [
    (None, Tone::Grey),
    (Some([16.0, 12.0]), Tone::Ink),
    (Some([5.0, 10.0]), Tone::Ink),
    (Some([30.0, 10.0]), Tone::Grey),
];
/// The line through the points of a front.
const FRONT: (Dashes, Tone) = (Some([22.0, 8.0]), Tone::Ink);

impl Drawing for Plot {
    fn name(&self) -> &str {
        &self.name
    }

    /// Points, then level lines, whose x is an empty field, then points of curves and of the front.
    fn csv(&self) -> String {
        let header = ["series", "x", "y", "y_low", "y_high", "x_axis", "y_axis", "kind"];
        let mut rows = Vec::new();
        let mut push = |kind: &str, name: &str, x: Option<f64>, y: f64, interval: Option<[f64; 2]>| {
            rows.push(vec![
                name.to_owned(),
                text::optional(x),
                y.to_string(),
                text::optional(interval.map(|[low, _]| low)),
                text::optional(interval.map(|[_, high]| high)),
                self.x.title.clone(),
                self.y.title.clone(),
                kind.to_owned(),
            ]);
        };
        for series in &self.series {
            for point in &series.points {
                push("point", &series.name, Some(point.x), point.y, point.interval);
            }
        }
        for reference in &self.references {
            push("level", &reference.name, None, reference.y, None);
        }
        let (x_axis, y_axis) = self.axes();
        for curve in &self.curves {
            for (x, y) in curve.points(&x_axis, &y_axis) {
                push("curve", &curve.name, Some(x), y, None);
            }
        }
        for &[x, y] in &self.front {
            push("front", "Pareto front", Some(x), y, None);
        }
        text::csv(header, &rows)
    }

    fn height(&self, page: Page) -> f64 {
        self.head.height(page) + self.legend(page).figure_height(page)
    }

    fn draw(&self, canvas: &mut dyn Canvas) -> Result<(), String> {
        let page = canvas.page();
        let (x_axis, y_axis) = self.axes();
        let legend = self.legend(page);
        let first = self.head.draw(canvas)?;
        let below = legend.draw(canvas, first)?;
        let top = frame::title(canvas, &self.y.title, below)?;
        let mut frame = Frame::new(top, page.width, self.height(page), &y_axis);
        let last_label = x_axis.ticks.last().map_or(0.0, |tick| glyphs::width(&tick.label));
        frame.inset = (inset(self.x.scale), inset(self.y.scale));
        frame.right -= (last_label / 2.0 - frame.inset.0).max(MARK);
        frame.y_grid(canvas, &y_axis)?;
        frame.x_grid(canvas, &x_axis)?;
        let place = Place {
            frame,
            x_axis,
            y_axis,
        };
        self.draw_lines(canvas, &place)?;
        frame.axes(canvas, &self.x.title)?;
        self.draw_series(canvas, &place)
    }
}

/// Frame and axes of a figure.
struct Place {
    frame: Frame,
    x_axis: Axis,
    y_axis: Axis,
}

impl Place {
    fn at(&self, x: f64, y: f64) -> (f64, f64) {
        (
            self.frame.x(self.x_axis.fraction(x)),
            self.frame.y(self.y_axis.fraction(y)),
        )
    }
}

impl Plot {
    /// Level lines, curves and the front.
    fn draw_lines(&self, canvas: &mut dyn Canvas, place: &Place) -> Result<(), String> {
        let palette = canvas.page().palette;
        draw_levels(canvas, &self.references, &place.frame, &place.y_axis)?;
        let rules = RULES.iter().cycle().skip(self.references.len());
        for (curve, &(dashes, tone)) in self.curves.iter().zip(rules) {
            let points = curve.points(&place.x_axis, &place.y_axis);
            let points: Vec<(f64, f64)> = points.iter().map(|&(x, y)| place.at(x, y)).collect();
            frame::polyline(canvas, &points, (dashes, palette.colour(tone)))?;
        }
        let front: Vec<(f64, f64)> = self.front.iter().map(|&[x, y]| place.at(x, y)).collect();
        let (dashes, tone) = FRONT;
        frame::polyline(canvas, &front, (dashes, palette.colour(tone)))
    }

    /// What a mark says to who points at it.
    fn label(&self, series: &PlotSeries, point: &PlotPoint) -> String {
        let interval = point.interval.map_or_else(String::new, |[low, high]| {
            format!(" ({} to {})", text::significant(low), text::significant(high))
        });
        let value = format!(
            "{} {}{interval}; {} {}",
            self.y.title,
            text::significant(point.y),
            self.x.title,
            text::significant(point.x)
        );
        if series.name.is_empty() {
            value
        } else {
            format!("{}: {value}", series.name)
        }
    }

    fn draw_series(&self, canvas: &mut dyn Canvas, place: &Place) -> Result<(), String> {
        let palette = canvas.page().palette;
        let placed = |series: &PlotSeries| -> Vec<PlotPoint> {
            let points = series.points.iter().filter(|point| self.is_placed(point));
            points.copied().collect()
        };
        let at = |point: &PlotPoint, y: f64| place.at(point.x, y);
        // Marks lie on everything else.
        let mut bars = Bars {
            frame_x: [place.frame.left, place.frame.right],
            placed: Vec::new(),
        };
        for (index, series) in (0..).zip(&self.series) {
            let (points, colour) = (placed(series), palette.colour(Mark::of(index).tone));
            match series.line {
                PlotLine::None => {}
                PlotLine::Joined => {
                    for ends in points.windows(2) {
                        let ends = [at(&ends[0], ends[0].y), at(&ends[1], ends[1].y)];
                        canvas.line(ends, STROKE, colour)?;
                    }
                }
            }
            for point in &points {
                if let Some(interval) = point.interval {
                    let ys = interval.map(|end| at(point, end).1);
                    let x = bars.place(at(point, point.y).0, ys);
                    bar(canvas, ys.map(|y| (x, y)), colour)?;
                }
            }
        }
        let size = if N_FEW < self.points().count() {
            SMALL_MARK
        } else {
            MARK
        };
        for (index, series) in (0..).zip(&self.series) {
            for point in placed(series) {
                let (x, y) = at(&point, point.y);
                Mark::of(index).draw(canvas, (x, y), size)?;
                let corners = [(x - size, y - size), (x + size, y + size)];
                canvas.spot(corners, &self.label(series, &point));
            }
        }
        Ok(())
    }
}

/// Level lines from end to end of a frame, where the axis has a place for them.
pub(crate) fn draw_levels(
    canvas: &mut dyn Canvas,
    references: &[PlotReference],
    frame: &Frame,
    axis: &Axis,
) -> Result<(), String> {
    for (reference, &(dashes, tone)) in references.iter().zip(RULES.iter().cycle()) {
        if axis.scale.places(reference.y) {
            let y = frame.y(axis.fraction(reference.y));
            let colour = canvas.page().palette.colour(tone);
            frame::rule(canvas, [(frame.left, y), (frame.right, y)], (dashes, colour))?;
        }
    }
    Ok(())
}

/// Intervals drawn so far.
struct Bars {
    /// Left and right end of the axis at the bottom.
    frame_x: [f64; 2],
    placed: Vec<(f64, [f64; 2])>,
}

impl Bars {
    /// The place nearest to `x`, right before left, where an interval lies on no other and inside the axes; `x` itself
    /// where all are taken.
    fn place(&mut self, x: f64, ys: [f64; 2]) -> f64 {
        let [left, right] = self.frame_x;
        let is_free = |x: f64| {
            let is_apart = |(other, [low, high]): &(f64, [f64; 2])| {
                BESIDE <= (other - x).abs() || ys[0] < *high || *low < ys[1]
            };
            left <= x && x <= right && self.placed.iter().all(is_apart)
        };
        let steps = (0..N_BESIDE).map(f64::from);
        let mut places = steps.flat_map(|step| [x + step * BESIDE, x - step * BESIDE]);
        let place = places.find(|&place| is_free(place)).unwrap_or(x);
        self.placed.push((place, ys));
        place
    }
}

/// An interval: a line with its ends crossed.
fn bar(canvas: &mut dyn Canvas, ends: [(f64, f64); 2], colour: Colour) -> Result<(), String> {
    canvas.line(ends, frame::HAIR + 1.0, colour)?;
    for (x, y) in ends {
        canvas.line([(x - MARK, y), (x + MARK, y)], frame::HAIR + 1.0, colour)?;
    }
    Ok(())
}

const fn inset(scale: Scale) -> f64 {
    match scale {
        Scale::Linear | Scale::Percent => 0.0,
        Scale::Tight | Scale::Log | Scale::TightLog => INSET,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_stand_beside_each_other_within_the_axes() {
        let mut bars = Bars {
            frame_x: [0.0, 100.0],
            placed: Vec::new(),
        };
        let span = [40.0, 20.0];
        let places: Vec<f64> = (0..4).map(|_| bars.place(100.0 - BESIDE, span)).collect();
        assert_eq!(places, [86.0, 100.0, 72.0, 58.0]);
        assert_eq!(bars.place(86.0, [90.0, 50.0]), 86.0, "below the others");
        let places: Vec<f64> = (0..3).map(|_| bars.place(0.0, span)).collect();
        assert_eq!(places, [0.0, 14.0, 28.0]);
    }
}
