//! Bars over layers: legend, then the value axis's title, then the plot, then layer numbers.

use sim_core::shape::widen;
use sim_core::units::count_as_f64;

use super::Figure;
use super::axis::Axis;
use super::canvas::{Canvas, EM, HEIGHT, Side, WIDTH};
use super::glyphs;
use super::style::{GRID, INK, PAPER};

const MARGIN: f64 = 24.0;
const LINE: f64 = 1.35 * EM;
/// Hair lines: half a point.
const HAIR: f64 = 4.0;
/// White between the parts of a bar.
const GAP: f64 = 3.0;
/// No bar is wider.
const WIDEST_STEP: f64 = 320.0;

/// The rectangle within the axes.
struct Plot {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

impl Plot {
    fn y(&self, fraction: f64) -> f64 {
        self.bottom - fraction * (self.bottom - self.top)
    }
}

pub(crate) fn draw(canvas: &mut dyn Canvas, figure: &Figure) -> Result<(), String> {
    let heights: Vec<f64> = (0..figure.layers.len())
        .map(|layer| figure.series.iter().map(|series| series.values[layer]).sum())
        .collect();
    let all: Vec<f64> = heights.iter().copied().chain(figure.reference).collect();
    let axis = Axis::new(figure.scale, &all);
    let mut top = MARGIN + LINE / 2.0;
    if 1 < figure.series.len() {
        top = legend(canvas, figure, top)?;
    }
    canvas.text(&figure.title, (MARGIN, top), Side::Left, INK)?;
    top += LINE * 0.95;
    let mut label_width = 0.0_f64;
    for tick in &axis.ticks {
        label_width = label_width.max(glyphs::width(&tick.label));
    }
    let plot = Plot {
        left: MARGIN + label_width + 30.0,
        right: WIDTH - MARGIN,
        top,
        bottom: HEIGHT - MARGIN - 2.15 * LINE,
    };
    grid(canvas, &plot, &axis)?;
    bars(canvas, &plot, &axis, figure)?;
    if let Some(reference) = figure.reference {
        let y = plot.y(axis.fraction(reference));
        canvas.line([(plot.left, y), (plot.right, y)], HAIR, INK)?;
    }
    canvas.line([(plot.left, plot.top), (plot.left, plot.bottom)], HAIR, INK)?;
    canvas.line([(plot.left, plot.bottom), (plot.right, plot.bottom)], HAIR, INK)?;
    layer_axis(canvas, &plot, figure.layers.len())
}

/// Colour samples and names, in as many lines as they need. Gives the y of the next line.
fn legend(canvas: &mut dyn Canvas, figure: &Figure, top: f64) -> Result<f64, String> {
    let (mut x, mut y) = (MARGIN, top);
    for series in &figure.series {
        let width = 1.1 * EM + glyphs::width(&series.name);
        if WIDTH - MARGIN < x + width && MARGIN < x {
            (x, y) = (MARGIN, y + LINE);
        }
        let (half, side) = (0.36 * EM, 0.72 * EM);
        canvas.rectangle([(x, y - half), (x + side, y + half)], series.colour)?;
        canvas.text(&series.name, (x + 1.0 * EM, y), Side::Left, INK)?;
        x += width + 0.7 * EM;
    }
    Ok(y + 1.15 * LINE)
}

fn grid(canvas: &mut dyn Canvas, plot: &Plot, axis: &Axis) -> Result<(), String> {
    for tick in &axis.ticks {
        let y = plot.y(axis.fraction(tick.value));
        canvas.line([(plot.left, y), (plot.right, y)], HAIR - 1.0, GRID)?;
        canvas.line([(plot.left - 12.0, y), (plot.left, y)], HAIR, INK)?;
        canvas.text(&tick.label, (plot.left - 24.0, y), Side::Right, INK)?;
    }
    Ok(())
}

/// Left edge and width of the space of a layer.
fn slot(plot: &Plot, n_layers: usize, layer: usize) -> (f64, f64) {
    let n = float(n_layers).max(1.0);
    let step = ((plot.right - plot.left) / n).min(WIDEST_STEP);
    let first = f64::midpoint(plot.left, plot.right) - step * n / 2.0;
    (first + step * float(layer), step)
}

fn bars(canvas: &mut dyn Canvas, plot: &Plot, axis: &Axis, figure: &Figure) -> Result<(), String> {
    for layer in 0..figure.layers.len() {
        let (start, step) = slot(plot, figure.layers.len(), layer);
        let (left, right) = (start + 0.12 * step, start + 0.88 * step);
        let mut sum = 0.0;
        // Nothing is drawn of nothing.
        for series in figure.series.iter().filter(|series| 0.0 < series.values[layer]) {
            // Bars of a logarithmic axis are never stacked: the first starts at the axis.
            let low = plot.y(axis.fraction(sum));
            sum += series.values[layer];
            let high = plot.y(axis.fraction(sum));
            canvas.rectangle([(left, high), (right, low)], series.colour)?;
            if 4.0 * GAP < low - high && 1 < figure.series.len() {
                canvas.line([(left, high), (right, high)], GAP, PAPER)?;
            }
        }
    }
    Ok(())
}

fn layer_axis(canvas: &mut dyn Canvas, plot: &Plot, n_layers: usize) -> Result<(), String> {
    let widest = glyphs::width(&n_layers.to_string());
    let (_, step) = slot(plot, n_layers, 0);
    let stride = [1, 2, 5, 10, 20, 50, 100, 200, 500]
        .into_iter()
        .find(|&stride| widest + 0.8 * EM < step * float(stride))
        .unwrap_or(1000);
    let y = plot.bottom + 0.75 * LINE;
    for layer in 0..n_layers {
        // The first layer, then multiples.
        if layer == 0 || (layer + 1) % stride == 0 {
            let (start, step) = slot(plot, n_layers, layer);
            let x = start + step / 2.0;
            canvas.line([(x, plot.bottom), (x, plot.bottom + 12.0)], HAIR, INK)?;
            canvas.text(&(layer + 1).to_string(), (x, y), Side::Middle, INK)?;
        }
    }
    let middle = f64::midpoint(plot.left, plot.right);
    canvas.text(
        "Layer (number in layers.csv)",
        (middle, y + 1.0 * LINE),
        Side::Middle,
        INK,
    )
}

fn float(count: usize) -> f64 {
    count_as_f64(widen(count))
}
