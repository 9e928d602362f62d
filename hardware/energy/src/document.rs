//! What was measured, for people: `docs/energy.md`.

use std::fmt::Write as _;

use sim_core::spec::ArraySpec;
use sim_cost::mode::Mode;
use sim_rtl::Design;

use crate::fit::STRETCH;
use crate::means::Means;
use crate::measure::Measured;
use crate::streams::Use;
use crate::testbench::{Delays, PERIOD_NS};

/// Streams whose error is above this, in per cent, are listed.
pub(crate) const LIMIT: f64 = 10.0;

/// The page.
pub(crate) fn text(measured: &[Measured], command: &str) -> String {
    let mut text = format!(
        "<!-- Written by `{command}`; do not edit. -->\n# Energy from gates\n\n\
         Each PE is synthesized, and its netlist is simulated in Icarus Verilog with the operands, control words and \
         results that one PE of a 4×4 array sees in the stepped engine. Every toggle of every net costs its load times \
         V²/2 (pins of the library, no wires) and the energy that the library's internal-power tables name for the cells \
         at both ends, at the net's load and slew. Changes to or from an unknown value cost nothing. The clock's net and \
         pins are summed apart, leakage is the sum over cells.\n\n\
         Under `zero` delay every net changes at most once a cycle. Under `library` delay each cell has the delay of the \
         liberty under its load (OpenSTA writes an SDF, Icarus annotates it; no wires), so glitches are there. A period is \
         {PERIOD_NS} ns, longer than every path: energies per cycle do not depend on it.\n\n\
         Prices are fitted, none of them negative, to stretches of {STRETCH} cycles of the streams marked *fit*, and checked \
         on the others: other layers, other pixels, other sparsities. An error is the table's energy over the gates', less \
         1.\n"
    );
    text.push_str(&worst(measured));
    for delays in Delays::ALL {
        let of = || measured.iter().filter(move |one| one.delays == delays);
        let _ = write!(
            text,
            "\n## With {} delays\n\n### Mean energy of a cycle, pJ\n\n",
            delays.name()
        );
        text.push_str(
            "Logic alone, over all streams; not what tables price, but what a step costs on average.\n\n",
        );
        row(&mut text, "PE", Means::names().into_iter().map(str::to_owned));
        rule(&mut text, Means::names().len());
        for one in of() {
            row(
                &mut text,
                &name(&one.array),
                one.means.values().into_iter().map(amount),
            );
        }
        text.push_str("\n### Prices, pJ\n\n");
        text.push_str(
            "Of a PE-cycle by mode, and of an event; `clock` and leakage (nW) of every PE-cycle.\n\n",
        );
        let modes: Vec<Mode> = Mode::all()
            .into_iter()
            .filter(|mode| match mode {
                Mode::Fill
                | Mode::Drain
                | Mode::Skipped
                | Mode::Waiting
                | Mode::PredictorMac
                | Mode::Clock => false,
                Mode::Active(_) | Mode::Masked | Mode::Stall | Mode::Event(_) => true,
            })
            .collect();
        let heads = modes.iter().map(|mode| {
            if *mode == Mode::Stall {
                "bubble".to_owned()
            } else {
                mode.to_string()
            }
        });
        row(
            &mut text,
            "PE",
            heads.chain(["clock".to_owned(), "leakage nW".to_owned()]),
        );
        rule(&mut text, modes.len() + 2);
        for one in of() {
            let prices = modes.iter().map(|mode| {
                let found = one.prices.iter().find(|(other, _)| other == mode);
                amount(found.and_then(|&(_, price)| price))
            });
            let rest = [amount(Some(one.clock)), format!("{:.1}", one.leakage)];
            row(&mut text, &name(&one.array), prices.chain(rest));
        }
        text.push_str("\n### Every stream: pJ per cycle by gates, error of the table\n\n");
        if let Some(first) = of().next() {
            let heads = first.streams.iter().map(|stream| match stream.stream.purpose {
                Use::Fit => format!("{} *fit*", stream.stream.name()),
                Use::HeldOut => stream.stream.name(),
            });
            row(&mut text, "PE", heads);
            rule(&mut text, first.streams.len());
        }
        for one in of() {
            let cells = one
                .streams
                .iter()
                .map(|stream| format!("{:.2} {:+.1} %", stream.gates, stream.error()));
            row(&mut text, &name(&one.array), cells);
        }
    }
    text
}

/// How well held-out streams are met.
fn worst(measured: &[Measured]) -> String {
    let mut text = String::from("\n## How good the tables are\n\n");
    for delays in Delays::ALL {
        let of = || measured.iter().filter(move |one| one.delays == delays);
        let held_out = || {
            of().flat_map(|one| {
                let streams = one
                    .streams
                    .iter()
                    .filter(|stream| stream.stream.purpose == Use::HeldOut);
                streams.map(|stream| (name(&one.array), stream.stream.name(), stream.error()))
            })
        };
        let above: Vec<String> = held_out()
            .filter(|(_, _, error)| LIMIT < error.abs())
            .map(|(pe, stream, error)| format!("{pe} on {stream} ({error:+.1} %)"))
            .collect();
        let largest = held_out().map(|(_, _, error)| error.abs()).fold(0.0, f64::max);
        let _ = writeln!(
            text,
            "- `{}`: {} of {} held-out streams of {} PEs within {LIMIT} % of the gates, largest error {largest:.1} %{}.",
            delays.name(),
            held_out().count() - above.len(),
            held_out().count(),
            of().count(),
            if above.is_empty() {
                String::new()
            } else {
                format!("; above: {}", above.join(", "))
            }
        );
    }
    text
}

fn name(array: &ArraySpec) -> String {
    Design::of(array).name()
}

fn amount(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.2}"))
}

fn row(text: &mut String, head: &str, cells: impl Iterator<Item = String>) {
    let cells: Vec<String> = cells.collect();
    let _ = writeln!(text, "| {head} | {} |", cells.join(" | "));
}

fn rule(text: &mut String, n_cells: usize) {
    let _ = writeln!(text, "|---|{}", "---|".repeat(n_cells));
}
