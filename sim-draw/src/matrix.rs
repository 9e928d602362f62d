//! Counts from class to class, as a table of shaded cells.

use std::collections::BTreeMap;

use crate::canvas::{Canvas, EM, Side};
use crate::frame::{HAIR, LINE, MARGIN, title};
use crate::look::Page;
use crate::palette::{Palette, Tone};
use crate::style::{Colour, GRID, INK, PAPER};
use crate::text::{self, float};
use crate::{Drawing, glyphs};

/// Classes that a table shows at most.
const MAX_CLASSES: usize = 20;
/// White about the text of a cell.
const PADDING: f64 = 0.35 * EM;
const CELL_HEIGHT: f64 = 1.15 * LINE;
/// No cell is wider.
const WIDEST: f64 = 3.2 * EM;

/// A count of what went from one class to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// The class of the row.
    pub from: usize,
    /// The class of the column.
    pub to: usize,
    /// How many.
    pub count: usize,
}

/// A square table of classes. Zeros are blank.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    /// File name without its ending.
    pub name: String,
    /// What is counted.
    pub title: String,
    /// What rows are.
    pub from: String,
    /// What columns are.
    pub to: String,
    /// Classes that there are, counted or not.
    pub n_classes: usize,
    /// Of different classes.
    pub counts: Vec<Count>,
}

/// The part of a table that is shown.
struct Part {
    /// In rising order.
    classes: Vec<usize>,
    cell_width: f64,
    label_width: f64,
    /// Counted, but in cells that are not shown.
    n_left_out: usize,
}

impl Matrix {
    /// All classes where they fit; else those that most went from or to.
    fn part(&self, page: Page) -> Part {
        let texts = self
            .counts
            .iter()
            .map(|count| glyphs::width(&count.count.to_string()));
        let label_width = glyphs::width(&self.n_classes.saturating_sub(1).to_string());
        let cell_width = texts.fold(label_width, f64::max) + PADDING;
        let room = page.width - 2.0 * MARGIN - label_width - 2.0 * PADDING - LINE;
        let n_fitting = (1..=MAX_CLASSES)
            .take_while(|&n| cell_width * float(n) <= room)
            .count();
        let classes: Vec<usize> = if self.n_classes <= n_fitting {
            (0..self.n_classes).collect()
        } else {
            let mut weights: BTreeMap<usize, usize> = BTreeMap::new();
            for Count { from, to, count } in &self.counts {
                *weights.entry(*from).or_default() += count;
                *weights.entry(*to).or_default() += count;
            }
            let mut classes: Vec<usize> = weights.keys().copied().collect();
            classes.sort_by_key(|class| (std::cmp::Reverse(weights[class]), *class));
            classes.truncate(n_fitting);
            classes.sort_unstable();
            classes
        };
        let is_shown = |count: &Count| classes.contains(&count.from) && classes.contains(&count.to);
        let n_left_out = self
            .counts
            .iter()
            .filter(|count| !is_shown(count))
            .map(|count| count.count);
        Part {
            n_left_out: n_left_out.sum(),
            cell_width: (room / float(classes.len().max(1))).min(WIDEST.max(cell_width)),
            label_width,
            classes,
        }
    }

    /// What is counted, and what is not shown, as lines.
    fn captions(&self, part: &Part) -> Vec<String> {
        let mut captions = vec![self.title.clone()];
        if part.n_left_out != 0 {
            captions.push(format!(
                "{} of them from or to classes that are not shown",
                part.n_left_out
            ));
        }
        captions
    }
}

impl Drawing for Matrix {
    fn name(&self) -> &str {
        &self.name
    }

    fn csv(&self) -> String {
        let row = |Count { from, to, count }: &Count| [from, to, count].map(usize::to_string).to_vec();
        let rows: Vec<Vec<String>> = self.counts.iter().map(row).collect();
        text::csv(["from", "to", "images"], &rows)
    }

    fn height(&self, page: Page) -> f64 {
        let part = self.part(page);
        let n_lines = self.captions(&part).len() + 2;
        2.0 * MARGIN + LINE * (float(n_lines) + 1.2) + CELL_HEIGHT * float(part.classes.len())
    }

    fn draw(&self, canvas: &mut dyn Canvas) -> Result<(), String> {
        let palette = canvas.page().palette;
        let part = self.part(canvas.page());
        let mut y = MARGIN + LINE / 2.0;
        for caption in self.captions(&part) {
            title(canvas, &caption, y)?;
            y += LINE;
        }
        title(canvas, &format!("Rows: {}", self.from), y)?;
        y += LINE;
        let left = MARGIN + part.label_width + 2.0 * PADDING;
        let top = y + 1.65 * LINE;
        let side = |index: usize| {
            (
                left + part.cell_width * float(index),
                top + CELL_HEIGHT * float(index),
            )
        };
        let (right, bottom) = side(part.classes.len());
        title(canvas, &format!("Columns: {}", self.to), y)?;
        let most = self.counts.iter().map(|count| count.count).max().unwrap_or(0);
        for (index, class) in part.classes.iter().enumerate() {
            let (x, y) = side(index);
            let middle = (x + part.cell_width / 2.0, y + CELL_HEIGHT / 2.0);
            canvas.text(
                &class.to_string(),
                (middle.0, top - 0.55 * LINE),
                Side::Middle,
                INK,
            )?;
            canvas.text(&class.to_string(), (left - PADDING, middle.1), Side::Right, INK)?;
            canvas.rectangle([(x, y), (x + part.cell_width, y + CELL_HEIGHT)], GRID)?;
        }
        for Count { from, to, count } in &self.counts {
            let place = |class| part.classes.iter().position(|shown| shown == class);
            let (Some(row), Some(column)) = (place(from), place(to)) else {
                continue;
            };
            let ((x, _), (_, y)) = (side(column), side(row));
            let corners = [(x, y), (x + part.cell_width, y + CELL_HEIGHT)];
            canvas.rectangle(corners, shade(palette, *count, most))?;
            let ink = if most < 2 * count { PAPER } else { INK };
            let middle = (x + part.cell_width / 2.0, y + CELL_HEIGHT / 2.0);
            canvas.text(&count.to_string(), middle, Side::Middle, ink)?;
            canvas.spot(corners, &format!("from {from} to {to}: {count}"));
        }
        for index in 0..=part.classes.len() {
            let (x, y) = side(index);
            canvas.line([(x, top), (x, bottom)], HAIR - 1.0, GRID)?;
            canvas.line([(left, y), (right, y)], HAIR - 1.0, GRID)?;
        }
        Ok(())
    }
}

/// From light to dark, with the count; dark enough for white text above half of the most.
fn shade(palette: Palette, count: usize, most: usize) -> Colour {
    let dark = palette.colour(Tone::Beside(3));
    let light = dark.mixed(PAPER, 0.86);
    light.mixed(dark, float(count) / float(most.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::look::Look;

    fn page() -> Page {
        Look::default().page()
    }

    fn matrix(n_classes: usize, counts: &[(usize, usize, usize)]) -> Matrix {
        let counts = counts.iter().map(|&(from, to, count)| Count { from, to, count });
        Matrix {
            name: "flips".to_owned(),
            title: "Images".to_owned(),
            from: "before".to_owned(),
            to: "after".to_owned(),
            n_classes,
            counts: counts.collect(),
        }
    }

    #[test]
    fn few_classes_are_all_shown_and_of_many_those_that_changed() {
        #[track_caller]
        fn check(matrix: &Matrix, classes: &[usize], n_left_out: usize) {
            let part = matrix.part(page());
            assert_eq!((part.classes.as_slice(), part.n_left_out), (classes, n_left_out));
        }
        check(&matrix(3, &[(0, 2, 5)]), &[0, 1, 2], 0);
        check(&matrix(1000, &[(7, 999, 1)]), &[7, 999], 0);
        // Class 500 has the most, then the lowest ones.
        let many: Vec<_> = (0..40).map(|class| (class, 500, 1)).collect();
        let part = matrix(1000, &many).part(page());
        let n = part.classes.len();
        assert!(10 < n && n <= MAX_CLASSES);
        let mut want: Vec<usize> = (0..n - 1).collect();
        want.push(500);
        check(&matrix(1000, &many), &want, 40 - (n - 1));
    }

    #[test]
    fn every_cell_has_room_for_its_count() {
        for most in [1, 99, 12_345, 1_000_000_000] {
            let counts: Vec<_> = (0..30).map(|class| (class, (class + 1) % 30, most)).collect();
            for n_classes in [30, 50_000] {
                let part = matrix(n_classes, &counts).part(page());
                assert!(glyphs::width(&most.to_string()) < part.cell_width, "{most}");
                let right = MARGIN + part.label_width + part.cell_width * float(part.classes.len());
                assert!(
                    !part.classes.is_empty() && right < page().width - MARGIN,
                    "{most}"
                );
            }
        }
    }
}
