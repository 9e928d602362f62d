//! `summary.md`: what a person reads first.

use sim_core::counters::{ActiveSteps, Reduced};
use sim_core::record::UnsimulatedLayer;
use sim_core::reorder::Reorder;
use sim_core::shape::Gemm;
use sim_core::spec::ArraySpec;

use crate::json::{EnergyObject, LayerObject, policy};
use crate::markdown::{Align, list, table};
use crate::run::Report;
use crate::text::{array as describe, grouped, time_unit};
use crate::warning::Warning;
use crate::{metrics, ratio};
use sim_draw::text::significant;

/// Measures of layers that stand side by side.
pub(crate) const TIMES: [&str; 3] = ["cycles", "speedup", "utilization"];
pub(crate) const ERRORS: [&str; 2] = ["mse", "snr_db"];

/// The text of `summary.md`.
pub fn text(report: &Report) -> String {
    let record = report.record();
    let mut text = format!(
        "# {}\n\n- array: {}\n- baseline: {}\n- engine: {}, seed {}, sysmt {}\n",
        record.workload,
        describe(&record.array),
        describe(&record.baseline),
        record.engine.name(),
        record.seed,
        record.simulator_version
    );
    match record.reorder {
        Reorder::Off => {}
        mode @ (Reorder::Calibration | Reorder::Oracle | Reorder::Weights) => {
            text.push_str(&format!("- K reordered: {}\n", mode.name()));
        }
    }
    for input in &record.inputs {
        text.push_str(&input.line());
    }
    if let Some(pruning) = &report.result().pruning {
        text.push_str(&format!("- pruning: {}\n", pruning.line()));
    }
    if let Some(bits) = code_bits(&report.result().layers) {
        text.push_str(&format!("- codes: {bits}\n"));
    }
    text.push_str(&format!(
        "- simulated: {}\n",
        report.result().totals.coverage.sentence()
    ));
    text.push('\n');
    text.push_str(&layer_table(report));
    text.push_str(&notes(report));
    text.push_str(&caveats(&record.unsimulated, report.warnings()));
    text
}

/// How many bits codes have, where any have fewer than eight.
pub(crate) fn code_bits(layers: &[LayerObject]) -> Option<String> {
    let bits = |layer: &LayerObject| Some((layer.weight_bits?, layer.activation_bits?));
    match layers.iter().find_map(bits) {
        None | Some((8, 8)) => None,
        Some((weights, activations)) => {
            Some(format!("{weights} bits of weights, {activations} of activations"))
        }
    }
}

/// What was left out, and what a reader has to know.
pub(crate) fn caveats(unsimulated: &[UnsimulatedLayer], warnings: &[Warning]) -> String {
    let layers = unsimulated.iter().map(|layer| match layer.macs {
        Some(macs) => format!("{}: {} ({} MACs)", layer.name, layer.reason, grouped(macs)),
        None => format!("{}: {}", layer.name, layer.reason),
    });
    list("Layers that were not simulated", layers) + &list("Warnings", warnings)
}

/// The size of a layer's products.
pub(crate) fn shape(shape: Gemm) -> String {
    format!("{}×{}×{}", shape.m(), shape.n(), shape.k())
}

fn layer_table(report: &Report) -> String {
    let record = report.record();
    let totals = &report.result().totals;
    let histogram = format!("0..{} active %", record.array.pe().max_active());
    let unit = time_unit(totals.time_us);
    let time = format!("time {}", unit.name);
    let mut header = vec![
        ("#".to_owned(), Align::Right),
        ("layer".to_owned(), Align::Left),
        ("M×N×K".to_owned(), Align::Left),
        ("products".to_owned(), Align::Right),
        ("threads".to_owned(), Align::Right),
    ];
    header.extend(metrics::heads(&TIMES));
    header.extend([
        (histogram, Align::Right),
        ("reduced a/w %".to_owned(), Align::Right),
    ]);
    header.extend(metrics::heads(&ERRORS));
    header.extend([(metrics::head("energy_pj"), Align::Right), (time, Align::Right)]);
    let clock = record.array.clock();
    let mut rows = Vec::new();
    for (index, (layer, source)) in report.result().layers.iter().zip(&record.layers).enumerate() {
        let product = &layer.product;
        let cells = |names: &[&str]| metrics::layer_cells(names, layer, &report.result().array);
        let mut row = vec![
            (index + 1).to_string(),
            layer.name.clone(),
            shape(product.shape),
            source.product.n_products.to_string(),
            threads(layer, &record.array),
        ];
        row.extend(cells(&TIMES));
        row.extend([
            shares(&product.active_threads),
            reduced(product.counters.reduced, product.macs),
        ]);
        row.extend(cells(&ERRORS));
        row.extend(cells(&["energy_pj"]));
        row.push(significant(clock.microseconds(source.product.cycles) / unit.size));
        rows.push(row);
    }
    rows.push(vec![
        String::new(),
        "simulated layers".to_owned(),
        String::new(),
        record
            .layers
            .iter()
            .map(|layer| layer.product.n_products)
            .sum::<u64>()
            .to_string(),
        String::new(),
        metrics::cell("cycles", totals.cycles.0),
        metrics::cell("speedup", totals.speedup),
        metrics::cell("utilization", totals.utilization),
        shares(&totals.counters.pe_cycles.active),
        reduced(totals.counters.reduced, totals.macs),
        String::new(),
        String::new(),
        metrics::cell("energy_pj", totals.energy_pj.as_ref().map(|energy| energy.value)),
        significant(totals.time_us / unit.size),
    ]);
    if let Some(speedup) = totals.coverage.speedup_network {
        let mut row = ["", "network", "", "", "", ""].map(str::to_owned).to_vec();
        row.push(metrics::cell("speedup_network", speedup));
        rows.push(row);
    }
    table(&header, &rows)
}

fn notes(report: &Report) -> String {
    let record = report.record();
    let totals = &report.result().totals;
    let mut text = String::from(
        "\nThe row `simulated layers` sums counts over layers and makes its ratios from the sums. In `network`, the other layers \
         take as many cycles for each MAC as these do on the baseline. Reduced operands are in per cent of \
         the multiplications, zeros included. MSE is in squared accumulator units, which differ between layers and are not summed; – is \
         not measured, or without error.\n",
    );
    if let (Some(mean), Some(whole)) = (totals.speedup_geometric_mean, totals.speedup) {
        text.push_str(&format!(
            "\nGeometric mean of the layers' speed-ups: {mean:.3}; speed-up of all simulated cycles together: {whole:.3}.\n"
        ));
    }
    if let Some(prediction) = &totals.prediction {
        text.push_str(&format!("\n{}\n", prediction.lines()));
    }
    match &totals.energy_pj {
        Some(energy) => text.push_str(&format!(
            "\nCost table: {} (delay model of its energies: {})",
            record.table.name(),
            energy.delay_model
        )),
        None => text.push_str(&format!("\nCost table: {}", record.table.name())),
    }
    if !record.table.note().is_empty() {
        text.push_str(&format!("; {}", record.table.note()));
    }
    text.push_str(".\n");
    if let Some(energy) = &totals.energy_pj {
        text.push_str(&energy_note(energy));
    }
    if let Some(area) = &totals.area_um2 {
        let area = metrics::cell("area_um2", area.value);
        text.push_str(&format!("Area of the array: {area} mm².\n"));
    }
    if record.array.pe().windows().is_some() {
        text.push_str(
            "\nOn sparq kinds utilization and the active histogram count pairs by their non-zero activations; they are \
             not comparable with those of nb-smt.\n",
        );
    }
    text
}

/// Threads of a layer, and its policy where that is not the array's.
fn threads(layer: &LayerObject, array: &ArraySpec) -> String {
    let Some(threads) = layer.threads else {
        return "–".to_owned();
    };
    match &layer.policy {
        Some(own) if policy(array).is_none_or(|built| built.name() != own) => format!("{threads} ({own})"),
        Some(_) | None => threads.to_string(),
    }
}

/// What stands in the energy column and what does not.
fn energy_note(energy: &EnergyObject) -> String {
    let amount = |value: f64| metrics::cell("energy_pj", value);
    let mut text = format!(
        "\nThe energy column is that of the PEs' logic, ± {:.0} %",
        energy.uncertainty_percent
    );
    match (energy.clock, energy.leakage, energy.with_clock_and_leakage()) {
        (Some(clock), Some(leakage), Some(all)) => text.push_str(&format!(
            "; the clock of their registers adds {}, leakage {}, together {}",
            amount(clock),
            amount(leakage),
            amount(all)
        )),
        (Some(_) | None, Some(_) | None, Some(_) | None) => {
            text.push_str("; the table has no clock and leakage apart");
        }
    }
    text.push_str(". Memories (SRAM, DRAM), wires, and the array's edges are not in it.\n");
    text
}

fn shares(active: &ActiveSteps) -> String {
    let shares: Vec<String> = active
        .counts()
        .iter()
        .map(|&count| format!("{:.1}", percent(count, active.total())))
        .collect();
    shares.join(" / ")
}

fn reduced(reduced: Reduced, macs: u64) -> String {
    format!(
        "{:.2} / {:.2}",
        percent(reduced.activations, macs),
        percent(reduced.weights, macs)
    )
}

fn percent(part: u64, whole: u64) -> f64 {
    ratio::percent(part, whole).unwrap_or(0.0)
}
