//! What was asked for, and where results come from.

use maud::{Markup, html};

use reports::stored::{Configuration, Stored};

/// Bytes of all configurations together.
const MAX_BYTES: usize = 120_000;
/// Input files that are listed.
const MAX_INPUTS: usize = 300;
/// A longer text is closed at first.
const OPEN_LINES: usize = 40;

pub(super) fn render(stored: &Stored) -> Markup {
    let room = MAX_BYTES / stored.configuration.len().max(1);
    html! {
        @for Configuration { name, text } in &stored.configuration {
            @let shown = start(text, room);
            details open[text.lines().count() <= OPEN_LINES] {
                summary { (name) }
                pre tabindex="0" { code { (shown) } }
                @if shown.len() < text.len() {
                    p.hint { "The rest of it is too long for this page; the results folder has all of it." }
                }
            }
        }
    }
}

/// As much as there is room for, to the end of a letter.
fn start(text: &str, n_bytes: usize) -> &str {
    &text[..text.floor_char_boundary(n_bytes)]
}

pub(super) fn provenance(stored: &Stored) -> Markup {
    let provenance = &stored.provenance;
    let n_inputs = provenance.inputs.len();
    html! {
        dl.facts {
            dt { "Command" } dd { code { (provenance.command) } }
            dt { "Version" } dd { "sysmt " (provenance.sysmt_version) }
            dt { "BLAKE3 of the results" } dd { code.hash { (provenance.blake3) } }
        }
        @if n_inputs != 0 {
            h3 { "Files that went in" }
            div.scroll tabindex="0" role="region" aria-label="Files that went in" {
                table {
                    thead { tr { th scope="col" { "as" } th scope="col" { "file" } th scope="col" { "BLAKE3" } } }
                    tbody {
                        @for input in provenance.inputs.iter().take(MAX_INPUTS) {
                            tr { td { (input.role) } th scope="row" { (input.name) } td { code.hash { (input.blake3) } } }
                        }
                    }
                }
            }
            @if MAX_INPUTS < n_inputs {
                p.hint { (MAX_INPUTS) " of " (n_inputs) " files; result.json has all." }
            }
        }
        p.hint { "Equal input gives equal results and an equal page, to the byte: neither holds a date or anything of the machine that made it." }
    }
}
