//! Bars over layers: legend, then the value axis's title, then the frame, then layer numbers.

use sim_core::shape::widen;
use sim_core::units::count_as_f64;

use super::axis::Axis;
use super::canvas::{Canvas, EM};
use super::frame::{self, Frame, HAIR};
use super::glyphs;
use super::legend::{Legend, Sample};
use super::style::{INK, PAPER};
use super::{Arrangement, Figure, Series, spots};

/// White between the parts of a bar.
const GAP: f64 = 3.0;
/// No bar is wider.
const WIDEST_STEP: f64 = 320.0;

pub(crate) fn draw(canvas: &mut dyn Canvas, figure: &Figure) -> Result<(), String> {
    let heights = (0..figure.layers.len()).flat_map(|layer| heights(figure, layer));
    let axis = Axis::new(figure.scale, heights.chain(figure.reference));
    let legend = legend(figure);
    let below = legend.draw(canvas)?;
    let top = frame::title(canvas, &figure.title, below)?;
    let frame = Frame::new(top, legend.figure_height(), &axis);
    frame.y_grid(canvas, &axis)?;
    bars(canvas, &frame, &axis, figure)?;
    if let Some(reference) = figure.reference {
        let y = frame.y(axis.fraction(reference));
        canvas.line([(frame.left, y), (frame.right, y)], HAIR, INK)?;
    }
    frame.axes(canvas, "Layer (number in layers.csv)")?;
    layer_axis(canvas, &frame, figure.layers.len())
}

/// How high the bars of a layer are.
fn heights(figure: &Figure, layer: usize) -> Vec<f64> {
    let values = figure.series.iter().map(|series| series.values[layer]);
    match figure.arrangement {
        Arrangement::Stacked => vec![values.sum()],
        Arrangement::Grouped => values.collect(),
    }
}

/// Of the series, where there is more than one.
pub(crate) fn legend(figure: &Figure) -> Legend {
    let series = figure.series.iter().filter(|_| 1 < figure.series.len());
    Legend::new(series.map(|series| (Sample::Area(series.colour), series.name.clone())))
}

/// Left edge and width of the space of a layer.
fn slot(frame: &Frame, n_layers: usize, layer: usize) -> (f64, f64) {
    let n = float(n_layers).max(1.0);
    let step = ((frame.right - frame.left) / n).min(WIDEST_STEP);
    let first = f64::midpoint(frame.left, frame.right) - step * n / 2.0;
    (first + step * float(layer), step)
}

fn bars(canvas: &mut dyn Canvas, frame: &Frame, axis: &Axis, figure: &Figure) -> Result<(), String> {
    for layer in 0..figure.layers.len() {
        let (start, step) = slot(frame, figure.layers.len(), layer);
        let (left, right) = (start + 0.12 * step, start + 0.88 * step);
        match figure.arrangement {
            Arrangement::Stacked => {}
            Arrangement::Grouped => {
                group(canvas, [left, right], figure, layer, |value| {
                    frame.y(axis.fraction(value))
                })?;
                continue;
            }
        }
        let mut sum = 0.0;
        // Nothing is drawn of nothing.
        for series in figure.series.iter().filter(|series| 0.0 < series.values[layer]) {
            // Bars of a logarithmic axis are never stacked: the first starts at the axis.
            let low = frame.y(axis.fraction(sum));
            sum += series.values[layer];
            let high = frame.y(axis.fraction(sum));
            canvas.rectangle([(left, high), (right, low)], series.colour)?;
            canvas.spot([(left, high), (right, low)], &label(figure, layer, series));
            if 4.0 * GAP < low - high && 1 < figure.series.len() {
                canvas.line([(left, high), (right, high)], GAP, PAPER)?;
            }
        }
    }
    Ok(())
}

/// Bars side by side.
fn group(
    canvas: &mut dyn Canvas,
    [left, right]: [f64; 2],
    figure: &Figure,
    layer: usize,
    y: impl Fn(f64) -> f64,
) -> Result<(), String> {
    let step = (right - left) / float(figure.series.len());
    let gap = if 6.0 * GAP < step { GAP } else { 0.0 };
    for (index, series) in figure.series.iter().enumerate() {
        let value = series.values[layer];
        if 0.0 < value {
            let start = left + step * float(index);
            let corners = [(start, y(value)), (start + step - gap, y(0.0))];
            canvas.rectangle(corners, series.colour)?;
            canvas.spot(corners, &label(figure, layer, series));
        }
    }
    Ok(())
}

fn label(figure: &Figure, layer: usize, series: &Series) -> String {
    let series_name = if 1 < figure.series.len() { &series.name } else { "" };
    spots::label(
        &figure.layers[layer],
        series_name,
        series.values[layer],
        &figure.unit,
    )
}

fn layer_axis(canvas: &mut dyn Canvas, frame: &Frame, n_layers: usize) -> Result<(), String> {
    let widest = glyphs::width(&n_layers.to_string());
    let (_, step) = slot(frame, n_layers, 0);
    let stride = [1, 2, 5, 10, 20, 50, 100, 200, 500]
        .into_iter()
        .find(|&stride| widest + 0.8 * EM < step * float(stride))
        .unwrap_or(1000);
    for layer in 0..n_layers {
        // The first layer, then multiples.
        if layer == 0 || (layer + 1) % stride == 0 {
            let (start, step) = slot(frame, n_layers, layer);
            frame.x_tick(canvas, start + step / 2.0, &(layer + 1).to_string())?;
        }
    }
    Ok(())
}

fn float(count: usize) -> f64 {
    count_as_f64(widen(count))
}
