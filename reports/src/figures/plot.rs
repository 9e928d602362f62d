//! Points over two value axes, joined or not, with level reference lines.

use super::axis::Axis;
use super::canvas::Canvas;
use super::frame::{self, Dashes, Frame};
use super::legend::{Legend, Sample};
use super::marks::Mark;
use super::style::{Colour, GREY, INK};
use super::{Drawing, Scale, glyphs};
use crate::text;

/// Half of a mark's side.
const MARK: f64 = 15.0;
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
    /// The axis at the bottom.
    pub x: PlotAxis,
    /// The axis at the left; its title stands above it.
    pub y: PlotAxis,
    /// In the order of the legend.
    pub series: Vec<PlotSeries>,
    /// Level lines.
    pub references: Vec<PlotReference>,
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
    fn legend(&self) -> Legend {
        let series = (0..)
            .zip(&self.series)
            .map(|(index, series)| (Sample::Mark(Mark::of(index)), series.name.clone()));
        let references = self.references.iter().zip(RULES.iter().cycle());
        Legend::new(
            series.chain(references.map(|(reference, &(dashes, colour))| {
                (Sample::Rule(dashes, colour), reference.name.clone())
            })),
        )
    }

    fn label(&self, series: &PlotSeries, point: &PlotPoint) -> String {
        let interval = point.interval.map_or_else(String::new, |[low, high]| {
            format!(" ({} to {})", text::significant(low), text::significant(high))
        });
        format!(
            "{}: {} {}{interval}; {} {}",
            series.name,
            self.y.title,
            text::significant(point.y),
            self.x.title,
            text::significant(point.x)
        )
    }

    fn points(&self) -> impl Iterator<Item = &PlotPoint> {
        self.series.iter().flat_map(|series| &series.points)
    }

    fn is_placed(&self, point: &PlotPoint) -> bool {
        self.x.scale.places(point.x) && self.y.scale.places(point.y)
    }
}

/// References in their order. Where two are the same, the strokes of the second are seen on the first.
const RULES: [(Dashes, Colour); 4] = [
    (None, GREY),
    (Some([16.0, 12.0]), INK),
    (Some([5.0, 10.0]), INK),
    (Some([30.0, 10.0]), GREY),
];

impl Drawing for Plot {
    fn name(&self) -> &str {
        &self.name
    }

    /// Points, then references, whose x is an empty field.
    fn csv(&self) -> String {
        let header = ["series", "x", "y", "y_low", "y_high", "x_axis", "y_axis"];
        let mut rows = vec![header.map(str::to_owned).to_vec()];
        let mut push = |name: &str, x: Option<f64>, y: f64, interval: Option<[f64; 2]>| {
            rows.push(vec![
                name.to_owned(),
                text::optional(x),
                y.to_string(),
                text::optional(interval.map(|[low, _]| low)),
                text::optional(interval.map(|[_, high]| high)),
                self.x.title.clone(),
                self.y.title.clone(),
            ]);
        };
        for series in &self.series {
            for point in &series.points {
                push(&series.name, Some(point.x), point.y, point.interval);
            }
        }
        for reference in &self.references {
            push(&reference.name, None, reference.y, None);
        }
        text::csv(&rows)
    }
    fn height(&self) -> f64 {
        self.legend().figure_height()
    }

    fn draw(&self, canvas: &mut dyn Canvas) -> Result<(), String> {
        let placed: Vec<&PlotPoint> = self.points().filter(|point| self.is_placed(point)).collect();
        let x_axis = Axis::new(self.x.scale, placed.iter().map(|point| point.x));
        let y_axis = Axis::new(
            self.y.scale,
            placed
                .iter()
                .flat_map(|point| [point.y].into_iter().chain(point.interval.into_iter().flatten()))
                .chain(self.references.iter().map(|reference| reference.y)),
        );
        let legend = self.legend();
        let below = legend.draw(canvas)?;
        let top = frame::title(canvas, &self.y.title, below)?;
        let mut frame = Frame::new(top, legend.figure_height(), &y_axis);
        let last_label = x_axis.ticks.last().map_or(0.0, |tick| glyphs::width(&tick.label));
        frame.inset = (inset(self.x.scale), inset(self.y.scale));
        frame.right -= (last_label / 2.0 - frame.inset.0).max(MARK);
        frame.y_grid(canvas, &y_axis)?;
        frame.x_grid(canvas, &x_axis)?;
        for (reference, &style) in self.references.iter().zip(RULES.iter().cycle()) {
            if self.y.scale.places(reference.y) {
                let y = frame.y(y_axis.fraction(reference.y));
                frame::rule(canvas, [frame.left, frame.right], y, style)?;
            }
        }
        frame.axes(canvas, &self.x.title)?;
        let at = |point: &PlotPoint, y: f64| (frame.x(x_axis.fraction(point.x)), frame.y(y_axis.fraction(y)));
        let placed = |series: &PlotSeries| -> Vec<PlotPoint> {
            let points = series.points.iter().filter(|point| self.is_placed(point));
            points.copied().collect()
        };
        // Marks lie on everything else.
        let mut bars = Bars {
            frame_x: [frame.left, frame.right],
            placed: Vec::new(),
        };
        for (index, series) in (0..).zip(&self.series) {
            let (points, colour) = (placed(series), Mark::of(index).colour);
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
        for (index, series) in (0..).zip(&self.series) {
            for point in placed(series) {
                let (x, y) = at(&point, point.y);
                Mark::of(index).draw(canvas, (x, y), MARK)?;
                let corners = [(x - MARK, y - MARK), (x + MARK, y + MARK)];
                canvas.spot(corners, &self.label(series, &point));
            }
        }
        Ok(())
    }
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
        Scale::Tight | Scale::Log => INSET,
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
