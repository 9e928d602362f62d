//! What people read: the printed table, and `docs/synthesis.md`.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, Table as Sheet, presets};
use sim_core::shape::widen;
use sim_core::spec::{ArraySpec, Pe, Policy, Sparq, Threads, Window};
use sim_core::units::count_as_f64;
use sim_cost::key::{Part, PeKey};
use sim_cost::table::Table;

use crate::designs::{self, Subject};

/// The first line of a generated document.
const HEAD: &str = "<!-- Written by `cargo xtask synth`; do not edit. -->";

/// Every subject with area, ratio to the conventional PE or array, gate equivalents and critical path.
pub fn sheet(table: &Table, subjects: &[Subject]) -> String {
    let mut sheet = Sheet::new();
    sheet.load_style(presets::NOTHING);
    sheet.set_header([
        "design",
        "area µm²",
        "ratio",
        "gate equivalents",
        "critical path ns",
    ]);
    for subject in subjects {
        let (pe, part) = (PeKey::of(&subject.array), subject.part());
        let area = table.area_of(&pe, part).ok().map(|area| area.value);
        let path = match part {
            Part::Pe => table.critical_path_of(&pe).map(|path| path.value),
            Part::PeWithHoldBit | Part::WindowLogic | Part::Array4x4 => None,
        };
        sheet.add_row([
            subject.name(),
            number(area, 1),
            number(ratio(table, &subject.array, part), 2),
            number(table.gate_equivalents_of(&pe, part), 0),
            number(path, 2),
        ]);
    }
    for column in sheet.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    format!("{}\n{sheet}\n", table.name())
}

/// The document about two tables: one with delays, one with areas only.
pub fn text(with_delays: &Table, areas_only: &Table) -> String {
    let tables = [with_delays, areas_only];
    let mut text = format!(
        "{HEAD}\n# Area and timing from synthesis\n\n\
         `cargo xtask synth` maps the SystemVerilog of `hardware/rtl/` to standard cells with Yosys and abc and times it \
         with OpenSTA. The results are technology tables: `configs/tech/{}.toml` (areas and critical paths) and \
         `configs/tech/{}.toml` (areas alone: that library comes without delays). `cargo xtask synth --liberty FILE` \
         writes a table for another library.\n",
        with_delays.name(),
        areas_only.name()
    );
    for table in tables {
        if let Some(provenance) = table.provenance() {
            let tools: Vec<String> = provenance
                .tools
                .iter()
                .map(|(tool, version)| format!("{tool} {version}"))
                .collect();
            let _ = write!(
                text,
                "\n- `{}`: {}, {}, logic mapped for {}.",
                table.name(),
                provenance.liberty.name,
                tools.join(", "),
                provenance.clock_ns.map_or_else(
                    || "the least area".to_owned(),
                    |clock| format!("a clock of {clock} ns")
                )
            );
        }
    }
    text.push_str(
        "\n\n## Ratios\n\nArea over that of the conventional machine, default rules, one pipeline stage.\n\n",
    );
    text.push_str(&ratios(with_delays, areas_only));
    text.push_str(WHY);
    text.push_str(HOLD_BIT);
    text.push_str(&hold_bits(with_delays, areas_only));
    for table in tables {
        let _ = write!(text, "\n## {}\n\n{}", table.name(), defaults(table));
    }
    text
}

/// Why the ratios differ, and what they leave out.
const WHY: &str = "
Tables have a row for every policy, rounding and overflow of two and four threads and for every window, rounding and \
pairing of both SPARQ machines, with one pipeline stage; with two stages for the default rules.

**Why ours are closer to 1.** Every PE, of whatever kind, carries a 32-bit accumulator and a 32-bit shadow register \
through which results leave while the next tile runs, with the multiplexer that loads, moves or holds it and a parity \
bit. All kinds share these, so they pull every ratio towards 1: the shadow register is about 23 % of the conventional \
PE in OSU018, and without it four threads take 2.4 times a conventional PE there instead of 2.1. What threads add is \
operand registers and the multiplier: two threads split it into two halves of 4b×8b, four threads into four parts of \
4b×4b, with a shifter each and the logic that decides what a collision reduces. The hierarchy is dissolved, so Yosys \
simplifies across these parts. The earlier prototype had a smaller PE for all kinds; the published figures are of \
other PEs in another library.

**How exact they are.** Take the order and the size of the steps from these ratios, not the second decimal. abc works \
with heuristics, and a small change of a design moves its area by up to 10 % in either direction: some PEs that round \
down come out larger than those that round to even, which do more. At four threads with sparsity off, the policies \
that reduce are one circuit.

**What is not in them.** Placement, wires, buffers for wires, the clock tree, scan chains, memories and their ports. \
Critical paths are between registers of one PE, at the one corner that the library has, without wires: a placed PE is \
slower. SPARQ's PE is without its window logic, which stands at the array's left edge once a row (part \
`window-logic`, and in the 4×4 arrays); the PE of sparq-stc holds selection and window logic.
";

/// What the hold bit is. Cells by hand, for the differences of netlists are smaller than what the mapper scatters.
const HOLD_BIT: &str = "
## The hold bit

Where outputs may be predicted to be zero, the design is read with the macro `HOLD`. PEs then have an input `skip`, read \
with the first step of a tile, and a register `holds_q`. While it is set the multiplier's operands are zero. Without the \
macro netlists are, to the byte, those of a design that has no such bit. The bit is a flip-flop, a multiplexer, an inverter or buffers, and an AND gate for each bit that is held: 8 of \
the weight in a conventional PE, 32 with two threads, 64 with four. That is some 1 %, 3 % and 3 % of a PE in OSU018. It is \
less than a change of the input scatters abc's areas, so single netlists also come out smaller with the bit than without. \
Means over the policies, area with the bit over area without:

";

/// PEs with a hold bit over those without, by machine: mean, least and largest over what is measured.
fn hold_bits(with_delays: &Table, areas_only: &Table) -> String {
    let mut text = "| | 1T | 2T | 4T |\n|---|---|---|---|\n".to_owned();
    for table in [with_delays, areas_only] {
        let _ = write!(text, "| {}", table.name());
        for n_threads in [1, 2, 4] {
            let pes = designs::that_hold().into_iter();
            let of = pes.filter(|(pe, _)| pe.max_active() == n_threads);
            let ratios: Vec<f64> = of
                .filter_map(|(pe, depth)| {
                    let key = PeKey::of(&designs::spec(pe, depth).ok()?);
                    let area = |part| table.area_of(&key, part).ok().map(|area| area.value);
                    Some(area(Part::PeWithHoldBit)? / area(Part::Pe)?)
                })
                .collect();
            let mean = ratios.iter().sum::<f64>() / count_as_f64(widen(ratios.len()));
            let (least, largest) = ratios
                .iter()
                .fold((f64::MAX, 0.0_f64), |(least, largest), &ratio| {
                    (least.min(ratio), largest.max(ratio))
                });
            let _ = write!(text, " | {mean:.2} ({least:.2} to {largest:.2})");
        }
        text.push_str(" |\n");
    }
    text
}

fn ratios(with_delays: &Table, areas_only: &Table) -> String {
    let columns = [
        designs::nb_smt(Threads::Two, Policy::SA),
        designs::nb_smt(Threads::Four, Policy::SA),
        Pe::Sparq(Sparq::new(Window::Opt5)),
        Pe::Sparq(Sparq::new(Window::Opt3)),
        Pe::Sparq(Sparq::new(Window::Opt2)),
    ];
    let mut text =
        "| | level | 1T | 2T | 4T | SPARQ 5opt | 3opt | 2opt |\n|---|---|---|---|---|---|---|---|\n"
            .to_owned();
    for table in [with_delays, areas_only] {
        for (level, part) in [("PE", Part::Pe), ("4×4 array", Part::Array4x4)] {
            let _ = write!(text, "| {} | {level} | 1", table.name());
            for pe in columns {
                let ratio = designs::spec(pe, 1)
                    .ok()
                    .and_then(|array| ratio(table, &array, part));
                let _ = write!(text, " | {}", number(ratio, 2));
            }
            text.push_str(" |\n");
        }
    }
    text.push_str(
        "| published, SySMT abstract | array | 1 | 1.4 | 2.5 | – | – | – |\n\
         | an earlier prototype, OSU018 | PE | 1 | 1.47 | 2.38 | 1.38 | 1.34 | 1.24 |\n\
         | an earlier prototype, sky130 | PE | 1 | 1.35 | 2.22 | 1.33 | 1.28 | 1.23 |\n",
    );
    text
}

/// Machines with their default rules, at every depth that was measured, and arrays by the PE.
fn defaults(table: &Table) -> String {
    let mut text = "| design | part | area µm² | ratio | gate equivalents | critical path ns |\n|---|---|---|---|---|---|\n"
        .to_owned();
    let machines = Pe::compared(&[Policy::SA]);
    let n_pes = f64::from(16_u8);
    let parts = [
        (Part::Pe, 1.0),
        (Part::WindowLogic, 1.0),
        (Part::Array4x4, n_pes),
        (Part::PeWithHoldBit, 1.0),
    ];
    for (part, share) in parts {
        for array in machines
            .iter()
            .flat_map(|&pe| [1, 2].map(|depth| designs::spec(pe, depth)))
            .flatten()
        {
            let key = PeKey::of(&array);
            let Ok(area) = table.area_of(&key, part) else {
                continue;
            };
            let (label, path) = match part {
                Part::Pe => ("PE", table.critical_path_of(&key)),
                Part::PeWithHoldBit => ("PE with a hold bit", None),
                Part::WindowLogic => ("window logic", None),
                Part::Array4x4 => ("4×4 array, per PE", None),
            };
            let _ = writeln!(
                text,
                "| {} | {label} | {} | {} | {} | {} |",
                sim_rtl::Design::of(&array).name(),
                number(Some(area.value / share), 1),
                number(ratio(table, &array, part), 2),
                number(
                    table.gate_equivalents_of(&key, part).map(|gates| gates / share),
                    0
                ),
                number(path.map(|path| path.value), 2)
            );
        }
    }
    text
}

/// Area over that of the conventional machine with one stage: its array for arrays, its PE for everything else.
fn ratio(table: &Table, array: &ArraySpec, part: Part) -> Option<f64> {
    let base = match part {
        Part::Pe | Part::PeWithHoldBit | Part::WindowLogic => Part::Pe,
        Part::Array4x4 => Part::Array4x4,
    };
    let conventional = designs::spec(Pe::Conventional, 1).ok()?;
    let area = table.area_of(&PeKey::of(array), part).ok()?.value;
    let of = table.area_of(&PeKey::of(&conventional), base).ok()?.value;
    Some(area / of)
}

fn number(value: Option<f64>, n_decimals: usize) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.n_decimals$}"))
}
