//! What was measured, for people: `docs/energy.md`.

use std::fmt::Write as _;

use sim_core::shape::widen;
use sim_core::spec::ArraySpec;
use sim_core::units::count_as_f64;
use sim_cost::mode::Mode;
use sim_rtl::Design;

use crate::fit::STRETCH;
use crate::held::Held;
use crate::means::Means;
use crate::measure::{Measured, StreamResult};
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
    text.push_str(HELD);
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
                Mode::Fill | Mode::Drain | Mode::Waiting | Mode::PredictorMac | Mode::Clock => false,
                Mode::Active(_) | Mode::Masked | Mode::Stall | Mode::Skipped | Mode::Event(_) => true,
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
            let all = one.prices();
            let prices = modes.iter().map(|mode| {
                let found = all.iter().find(|(other, _)| other == mode);
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
        held(&mut text, of());
    }
    text
}

/// What is measured of skipped outputs.
const HELD: &str = "
Steps of outputs that are predicted to be zero (`skipped`) are measured on the netlist of the PE with a hold bit \
(`HOLD`), while about half of the outputs are skipped at random. Bits of operands that move are counted in these steps \
too, at the prices of a PE without the bit, where they reach the multiplier. With the bit they reach the operand registers \
alone. No price is negative, so where that of `skipped` is 0, the table charges such a step more than it takes; its row \
has the largest error as its uncertainty. The energy of all other steps is that of a PE without the bit.
";

/// Steps of skipped outputs by gates and by the table, where they are measured.
fn held<'a>(text: &mut String, measured: impl Iterator<Item = &'a Measured>) {
    text.push_str("\n### Steps of skipped outputs: pJ by gates and by the table\n\n");
    text.push_str("Logic alone, mean over all streams, results on their way out included.\n\n");
    let heads = ["gates", "table", "table's least error", "largest error"];
    row(text, "PE", heads.into_iter().map(str::to_owned));
    rule(text, heads.len());
    for one in measured {
        let Some(Held { price: _, streams }) = &one.held else {
            continue;
        };
        let mean = |value: fn(&StreamResult) -> f64| {
            let sum: f64 = streams.iter().map(value).sum();
            amount(Some(sum / count_as_f64(widen(streams.len()))))
        };
        let errors = || streams.iter().map(StreamResult::error);
        let cells = [
            mean(|stream| stream.gates),
            mean(|stream| stream.table),
            format!("{:+.0} %", errors().fold(f64::MAX, f64::min)),
            format!("{:+.0} %", errors().fold(f64::MIN, f64::max)),
        ];
        row(text, &name(&one.array), cells.into_iter());
    }
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
