//! Title, banners and the way through the page.

use maud::{Markup, html};
use sim_core::shape::widen;

use super::section::Section;
use reports::stored::{Stored, StoredKind};
use reports::text;

pub(super) fn render(stored: &Stored, sections: &[Section]) -> Markup {
    let n_points = stored.points.rows().len();
    html! {
        header {
            p.kind { (kind(stored.kind, n_points)) }
            h1 { (stored.title) }
            @if stored.synthetic {
                p.banner role="note" {
                    strong { "Synthetic operands." }
                    " Some zeros in these operands are synthetic: no image has them. The numbers describe the machine, not a network."
                }
            }
            nav aria-label="Sections" {
                ul {
                    @for section in sections {
                        li { a href={ "#" (section.name()) } { (section.heading(stored.kind)) } }
                    }
                }
            }
        }
    }
}

fn kind(kind: StoredKind, n_points: usize) -> String {
    match kind {
        StoredKind::Run => "Simulation of a systolic array".to_owned(),
        StoredKind::Evaluation if n_points == 1 => "Accuracy of a network on a systolic array".to_owned(),
        StoredKind::Evaluation => format!("Accuracy of a network on {n_points} systolic arrays"),
        StoredKind::Sweep => format!("Sweep over {} points", text::grouped(widen(n_points))),
    }
}
