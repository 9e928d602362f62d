//! What stands above a figure: its title, and what a reader must know of its data.

use crate::canvas::{Canvas, EM, Side};
use crate::frame::{LINE, MARGIN, fitted};
use crate::glyphs;
use crate::look::{Page, Titles};
use crate::style::{INK, WARNING};

/// Title and note of a figure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Of the whole figure; styles may leave it out.
    pub title: Option<String>,
    /// What must not be overlooked; always shown.
    pub note: Option<String>,
}

impl Head {
    fn title_on(&self, page: Page) -> Option<&str> {
        match page.titles {
            Titles::Shown => self.title.as_deref(),
            Titles::None => None,
        }
    }

    /// How much higher it makes a figure.
    pub(crate) fn height(&self, page: Page) -> f64 {
        match (self.title_on(page), &self.note) {
            (None, None) => 0.0,
            (Some(_), _) | (_, Some(_)) => 1.2 * LINE,
        }
    }

    /// Draw it; gives the middle of the line below.
    pub(crate) fn draw(&self, canvas: &mut dyn Canvas) -> Result<f64, String> {
        let page = canvas.page();
        let y = MARGIN + LINE / 2.0;
        let right = page.width - MARGIN;
        let mut room = right - MARGIN;
        if let Some(note) = &self.note {
            let note = fitted(note, room);
            canvas.text(&note, (right, y), Side::Right, WARNING)?;
            room -= glyphs::width(&note) + EM;
        }
        if let Some(title) = self.title_on(page) {
            canvas.text(&fitted(title, room), (MARGIN, y), Side::Left, INK)?;
        }
        Ok(y + self.height(page))
    }
}
