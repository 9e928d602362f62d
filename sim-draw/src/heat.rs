//! A value for each pair of places, as a table of shaded cells with a scale at the right.

use crate::axis::Axis;
use crate::bars::stride;
use crate::canvas::{Canvas, EM, Side};
use crate::frame::{HAIR, LINE, MARGIN, fitted, title};
use crate::head::Head;
use crate::look::Page;
use crate::style::INK;
use crate::text::{self, float};
use crate::{Drawing, Scale, glyphs, spots};

/// Width of the scale.
const BAR: f64 = 1.0 * EM;
/// Steps of the scale.
const N_STEPS: u8 = 64;
/// The highest cell.
const HIGHEST: f64 = 8.0 * EM;

/// In which order rows stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowOrder {
    /// As values of an axis: the first at the bottom.
    Upward,
    /// As rows of a matrix: the first at the top.
    Downward,
}

/// A heat map.
#[derive(Clone, Debug, PartialEq)]
pub struct HeatMap {
    /// File name without its ending.
    pub name: String,
    /// Above everything.
    pub head: Head,
    /// What is shown.
    pub title: String,
    /// Of the values, in the CSV.
    pub unit: String,
    /// Of the colours.
    pub scale: Scale,
    /// Below the columns.
    pub x_title: String,
    /// Beside the rows.
    pub y_title: String,
    /// Names of columns.
    pub columns: Vec<String>,
    /// Names of rows.
    pub rows: Vec<String>,
    /// In which order rows stand.
    pub row_order: RowOrder,
    /// By row, then column; none where there is no point.
    pub values: Vec<Vec<Option<f64>>>,
}

/// Where cells lie.
struct Grid {
    left: f64,
    top: f64,
    cell: (f64, f64),
    order: RowOrder,
    n_rows: usize,
}

impl Grid {
    /// Corners of a cell.
    fn corners(&self, row: usize, column: usize) -> [(f64, f64); 2] {
        let row = match self.order {
            RowOrder::Upward => self.n_rows - 1 - row,
            RowOrder::Downward => row,
        };
        let at = |row: usize, column: usize| {
            (
                self.left + self.cell.0 * float(column),
                self.top + self.cell.1 * float(row),
            )
        };
        [at(row, column), at(row + 1, column + 1)]
    }
}

impl HeatMap {
    fn axis(&self) -> Axis {
        Axis::new(self.scale, self.values.iter().flatten().copied().flatten())
    }

    fn grid(&self, page: Page, top: f64) -> Grid {
        let left = MARGIN + glyphs::widest(&self.rows) + 0.5 * EM;
        let right = page.width - MARGIN - self.axis().label_width() - BAR - 1.3 * EM;
        let below = 2.15 * LINE + MARGIN;
        let least = page.least_height - below - (MARGIN + 2.5 * LINE);
        let (n_rows, n_columns) = (self.rows.len(), self.columns.len());
        let width = (right - left) / float(n_columns.max(1));
        // Cells of many rows are squares, those of few are as high as the figure lets them.
        let height = (least / float(n_rows.max(1)))
            .max(width.min(1.25 * LINE))
            .min(HIGHEST.max(width));
        Grid {
            left,
            top,
            cell: (width, height),
            order: self.row_order,
            n_rows,
        }
    }

    /// What the cells say where all have room for it.
    fn words(&self, grid: &Grid) -> Option<Vec<Vec<String>>> {
        let words: Vec<Vec<String>> = self
            .values
            .iter()
            .map(|row| {
                let of = |value: &Option<f64>| value.map_or_else(|| "–".to_owned(), text::significant);
                row.iter().map(of).collect()
            })
            .collect();
        let widest = glyphs::widest(words.iter().flatten());
        let fits = widest + 0.4 * EM < grid.cell.0 && 1.05 * EM < grid.cell.1;
        fits.then_some(words)
    }

    fn draw_cells(&self, canvas: &mut dyn Canvas, grid: &Grid, axis: &Axis) -> Result<(), String> {
        let palette = canvas.page().palette;
        let words = self.words(grid);
        for (row, values) in self.values.iter().enumerate() {
            for (column, value) in values.iter().enumerate() {
                let corners = grid.corners(row, column);
                if let Some(value) = value {
                    let place = format!(
                        "{} {}, {} {}",
                        self.y_title, self.rows[row], self.x_title, self.columns[column]
                    );
                    canvas.spot(corners, &spots::label(&place, "", *value, &self.unit));
                }
                let ink = match value.filter(|&value| self.scale.places(value)) {
                    Some(value) => {
                        let colour = palette.ramp(axis.fraction(value));
                        canvas.rectangle(corners, colour)?;
                        colour.contrast()
                    }
                    None => INK,
                };
                if let Some(words) = &words {
                    let [(left, top), (right, bottom)] = corners;
                    let middle = (f64::midpoint(left, right), f64::midpoint(top, bottom));
                    canvas.text(&words[row][column], middle, Side::Middle, ink)?;
                }
            }
        }
        Ok(())
    }

    fn draw_labels(&self, canvas: &mut dyn Canvas, grid: &Grid) -> Result<f64, String> {
        let (n_rows, n_columns) = (self.rows.len(), self.columns.len());
        let bottom = grid.top + grid.cell.1 * float(n_rows);
        let right = grid.left + grid.cell.0 * float(n_columns);
        let step = stride(glyphs::widest(&self.columns) + 0.5 * EM, grid.cell.0);
        for (column, name) in self.columns.iter().enumerate().step_by(step) {
            let [(left, _), (right, _)] = grid.corners(0, column);
            let at = (f64::midpoint(left, right), bottom + 0.75 * LINE);
            canvas.text(name, at, Side::Middle, INK)?;
        }
        let step = stride(1.1 * EM, grid.cell.1);
        for (row, name) in self.rows.iter().enumerate().step_by(step) {
            let [(left, top), (_, bottom)] = grid.corners(row, 0);
            let at = (left - 0.5 * EM, f64::midpoint(top, bottom));
            canvas.text(name, at, Side::Right, INK)?;
        }
        let x_title = fitted(&self.x_title, right - MARGIN);
        let middle = f64::midpoint(grid.left, right).max(MARGIN + glyphs::width(&x_title) / 2.0);
        canvas.text(&x_title, (middle, bottom + 1.75 * LINE), Side::Middle, INK)?;
        for (from, to) in [
            ((grid.left, grid.top), (right, grid.top)),
            ((grid.left, bottom), (right, bottom)),
            ((grid.left, grid.top), (grid.left, bottom)),
            ((right, grid.top), (right, bottom)),
        ] {
            canvas.line([from, to], HAIR, INK)?;
        }
        Ok(bottom)
    }

    /// The scale from low to high, beside the cells.
    fn draw_scale(
        &self,
        canvas: &mut dyn Canvas,
        [top, bottom]: [f64; 2],
        left: f64,
        axis: &Axis,
    ) -> Result<(), String> {
        let palette = canvas.page().palette;
        let step = (bottom - top) / f64::from(N_STEPS);
        for index in 0..N_STEPS {
            let share = (f64::from(index) + 0.5) / f64::from(N_STEPS);
            let high = bottom - step * f64::from(index + 1);
            let corners = [(left, high), (left + BAR, high + step)];
            canvas.rectangle(corners, palette.ramp(share))?;
        }
        for tick in &axis.ticks {
            let y = bottom - axis.fraction(tick.value) * (bottom - top);
            canvas.line([(left + BAR, y), (left + BAR + 12.0, y)], HAIR, INK)?;
            canvas.text(&tick.label, (left + BAR + 0.4 * EM, y), Side::Left, INK)?;
        }
        Ok(())
    }
}

impl Drawing for HeatMap {
    fn name(&self) -> &str {
        &self.name
    }

    /// One row per cell.
    fn csv(&self) -> String {
        let header = ["x", "y", "value", "unit", "x_axis", "y_axis", "value_axis"];
        let mut rows = Vec::new();
        for (row, values) in self.values.iter().enumerate() {
            for (column, value) in values.iter().enumerate() {
                let Some(value) = value else { continue };
                rows.push(vec![
                    self.columns[column].clone(),
                    self.rows[row].clone(),
                    value.to_string(),
                    self.unit.clone(),
                    self.x_title.clone(),
                    self.y_title.clone(),
                    self.title.clone(),
                ]);
            }
        }
        text::csv(header, &rows)
    }

    fn height(&self, page: Page) -> f64 {
        let top = self.head.height(page) + MARGIN + 2.5 * LINE;
        let grid = self.grid(page, top);
        top + grid.cell.1 * float(grid.n_rows) + 2.15 * LINE + MARGIN
    }

    fn draw(&self, canvas: &mut dyn Canvas) -> Result<(), String> {
        let page = canvas.page();
        let axis = self.axis();
        let mut y = self.head.draw(canvas)?;
        title(canvas, &self.title, y)?;
        y += LINE;
        title(canvas, &format!("Rows: {}", self.y_title), y)?;
        let grid = self.grid(page, y + 1.0 * LINE);
        self.draw_cells(canvas, &grid, &axis)?;
        let bottom = self.draw_labels(canvas, &grid)?;
        let right = grid.left + grid.cell.0 * float(self.columns.len());
        self.draw_scale(canvas, [grid.top, bottom], right + 0.6 * EM, &axis)
    }
}
