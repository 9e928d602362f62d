//! What is modelled, what is not, and how good the numbers are: the facts of docs/model.md.

use std::collections::BTreeSet;

use maud::{Markup, html};
use sim_core::named::Named as _;
use sim_core::record::UnsimulatedLayer;
use sim_core::spec::{PeKind, RuleSet};

use reports::frame::{Frame, Value};
use reports::stored::Stored;
use reports::text::grouped;

/// Layers that are listed.
const MAX_LAYERS: usize = 400;

pub(super) fn render(stored: &Stored) -> Markup {
    html! {
        div.scope {
            div {
                h3 { "Modelled" }
                ul {
                    li { "Every value: what each PE makes of its operands, and every accumulator, to the bit." }
                    li { "Every cycle of an output-stationary array: skewed operands, tiles one after another or overlapped, edge tiles, draining, the depth of the PEs." }
                    li { "Every PE-cycle once: filling, steps by active threads, PEs without an output, stalls, draining." }
                    li { "Speed-up in cycles, over the same products on the baseline array, whatever the clocks." }
                    li { "Activity of operands and products as bits that toggle, operand pairs by width, results that move: the energies follow it." }
                }
            }
            div {
                h3 { "Not modelled" }
                ul {
                    li { "Memory and its bandwidth, neither its time nor its energy." }
                    li { "Loading of the edge registers, control logic, back-pressure of any kind." }
                    li { "Energy of skew registers, of drains and of window logic at the edges." }
                    li { "Wires, voltage and temperature; cells are neither placed nor routed." }
                    li { "Layers that stay FP32, such as fully connected ones unless asked for: they add no cycles and no energy." }
                }
            }
        }
        (energies(stored))
        @if stored.points.rows().iter().any(|row| is_sparq(&stored.points, row)) {
            p { "For SPARQ kinds, utilization counts pairs with a non-zero activation: it is not comparable with that of threads." }
        }
        @if !stored.unsimulated.is_empty() {
            h3 { "Layers that were not simulated" }
            div.scroll tabindex="0" role="region" aria-label="Layers that were not simulated" {
                table {
                    thead { tr { th scope="col" { "layer" } th scope="col" { "why" } th.number scope="col" { "MACs" } } }
                    tbody {
                        @for UnsimulatedLayer { name, reason, macs } in stored.unsimulated.iter().take(MAX_LAYERS) {
                            tr { th scope="row" { (name) } td { (reason) } td.number { (macs.map(grouped).unwrap_or_default()) } }
                        }
                    }
                }
            }
            @if MAX_LAYERS < stored.unsimulated.len() {
                p.hint { (MAX_LAYERS) " of " (stored.unsimulated.len()) " layers; result.json has all." }
            }
        }
    }
}

fn energies(stored: &Stored) -> Markup {
    let tables = texts(&stored.points, "cost_table");
    let delays = texts(&stored.points, "delay_model");
    let uncertainty = stored
        .points
        .rows()
        .iter()
        .filter_map(|row| stored.points.value(row, "energy_uncertainty_percent").number());
    let largest = uncertainty.fold(None, |most: Option<f64>, next| {
        Some(most.map_or(next, |most| most.max(next)))
    });
    html! {
        h3 { "Energy and area" }
        @if tables.is_empty() {
            p { "No technology table prices these PEs, so there are no energies and no areas. A missing price is never a zero." }
        } @else {
            p {
                "Energies are counts times prices of the technology table " (list(&tables)) ", areas are those of its PEs. "
                @if delays.is_empty() {
                    "It has no energies for them. "
                } @else {
                    "Prices were measured under the delay model " (list(&delays))
                    @if let Some(largest) = largest { ", uncertain by " (sim_draw::text::significant(largest)) " %" }
                    ". Under zero delay nothing glitches; glitches change energies two to three times, so compare only figures of one table and one delay model. "
                }
                "The energy of the clock and leakage stand apart in " code { "energy_pj" } " and are in the totals. A missing price is never a zero: what needs it is left out."
            }
        }
    }
}

/// The words of a column, each once, in order.
fn texts(frame: &Frame, column: &str) -> BTreeSet<String> {
    let values = frame.rows().iter().map(|row| frame.value(row, column));
    let texts = values.filter_map(|value| match value {
        Value::Text(text) => Some(text.clone()),
        Value::Null | Value::Count(_) | Value::Real(_) | Value::Flag(_) => None,
    });
    texts.collect()
}

fn list(words: &BTreeSet<String>) -> Markup {
    html! {
        @for (place, word) in words.iter().enumerate() {
            @if place != 0 { ", " }
            code { (word) }
        }
    }
}

fn is_sparq(frame: &Frame, row: &[Value]) -> bool {
    let kind = PeKind::from_name(&frame.value(row, "pe.kind").text());
    kind.is_some_and(|kind| kind.rules() == RuleSet::Windows)
}
