//! Marks of points: each series has a shape and a colour of its own, so that either alone tells them apart.

use crate::canvas::Canvas;
use crate::palette::Tone;
use crate::style::PAPER;

/// Colours of series that differ.
const N_TONES: usize = 10;

/// The shape of a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Circle,
    Square,
    Triangle,
    Diamond,
    Cross,
    Ring,
    Plus,
    Fallen,
    Frame,
    Star,
}

impl Shape {
    const ALL: [Self; 10] = [
        Self::Circle,
        Self::Square,
        Self::Triangle,
        Self::Diamond,
        Self::Cross,
        Self::Ring,
        Self::Plus,
        Self::Fallen,
        Self::Frame,
        Self::Star,
    ];

    /// Convex pieces about (0, 0), as far from it as looks equally large.
    fn pieces(self) -> Vec<Vec<(f64, f64)>> {
        match self {
            Self::Circle | Self::Ring => vec![regular(24, 1.08, 0.0)],
            Self::Square | Self::Frame => vec![bar(0.94, 0.94, 0.0)],
            Self::Triangle => vec![regular(3, 1.3, -0.25)],
            Self::Fallen => vec![regular(3, 1.3, 0.25)],
            Self::Diamond => vec![regular(4, 1.36, -0.25)],
            Self::Cross => vec![bar(1.35, 0.38, 0.125), bar(0.38, 1.35, 0.125)],
            Self::Plus => vec![bar(1.25, 0.38, 0.0), bar(0.38, 1.25, 0.0)],
            Self::Star => (0..3_u8)
                .map(|arm| bar(1.35, 0.26, f64::from(arm) / 6.0 + 0.25))
                .collect(),
        }
    }

    /// Whether the middle is left white.
    const fn is_hollow(self) -> bool {
        match self {
            Self::Ring | Self::Frame => true,
            Self::Circle
            | Self::Square
            | Self::Triangle
            | Self::Diamond
            | Self::Cross
            | Self::Plus
            | Self::Fallen
            | Self::Star => false,
        }
    }
}

/// How the points of a series look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    shape: Shape,
    pub(crate) tone: Tone,
}

impl Mark {
    /// The mark of the series of this number, from 0; after ten, shapes come back in other colours.
    pub(crate) fn of(index: usize) -> Self {
        let n = Shape::ALL.len();
        Self {
            shape: Shape::ALL[index % n],
            tone: Tone::Series((index + index / n) % N_TONES),
        }
    }

    /// Draw it about a point; `half` is half of its side in dots. Marks that lie on each other keep their outlines.
    pub(crate) fn draw(self, canvas: &mut dyn Canvas, at: (f64, f64), half: f64) -> Result<(), String> {
        let pieces = self.shape.pieces();
        let colour = canvas.page().palette.colour(self.tone);
        for piece in &pieces {
            canvas.polygon(&placed(piece, at, half + 4.0), PAPER)?;
        }
        for piece in &pieces {
            canvas.polygon(&placed(piece, at, half), colour)?;
        }
        if self.shape.is_hollow() {
            for piece in &pieces {
                canvas.polygon(&placed(piece, at, 0.5 * half), PAPER)?;
            }
        }
        Ok(())
    }
}

fn placed(piece: &[(f64, f64)], (x, y): (f64, f64), size: f64) -> Vec<(f64, f64)> {
    piece
        .iter()
        .map(|(dx, dy)| (x + size * dx, y + size * dy))
        .collect()
}

/// A regular polygon; `turn` is where its first corner is, in turns from the right, downwards.
fn regular(n_corners: u8, radius: f64, turn: f64) -> Vec<(f64, f64)> {
    (0..n_corners)
        .map(|corner| {
            let angle = (f64::from(corner) / f64::from(n_corners) + turn) * std::f64::consts::TAU;
            (radius * angle.cos(), radius * angle.sin())
        })
        .collect()
}

/// A rectangle of half this width and height each way, turned.
fn bar(width: f64, height: f64, turn: f64) -> Vec<(f64, f64)> {
    let (sin, cos) = (turn * std::f64::consts::TAU).sin_cos();
    [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)]
        .into_iter()
        .map(|(x, y)| (x * width, y * height))
        .map(|(x, y)| (x * cos - y * sin, x * sin + y * cos))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_series_look_different_and_ten_differ_in_both() {
        let marks: Vec<Mark> = (0..100).map(Mark::of).collect();
        for (index, mark) in marks.iter().enumerate() {
            for (other, before) in marks.iter().enumerate().take(index) {
                assert_ne!(mark, before, "{index} and {other}");
                if index < Shape::ALL.len() {
                    assert!(mark.shape != before.shape && mark.tone != before.tone);
                }
            }
        }
    }
}
