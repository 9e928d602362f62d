//! Totals and the summary.

use reports::summary;
use sim_core::spec::{Policy, Threads};

use crate::support::{nb_smt, report, sparq};

#[test]
fn ratios_are_made_from_sums() {
    let report = report(nb_smt(Threads::Two, Policy::SA), 3);
    let (totals, layers) = (&report.result().totals, &report.result().layers);
    let cycles: u64 = layers.iter().map(|layer| layer.product.cycles).sum();
    let baseline: u64 = layers.iter().map(|layer| layer.product.baseline_cycles).sum();
    // Layers of 46, 60 and 74 cycles; their baselines take 86, 112 and 138.
    assert_eq!((cycles, baseline), (180, 336));
    assert_eq!((totals.cycles.0, totals.baseline_cycles.0), (cycles, baseline));
    assert_eq!(
        totals.speedup.map(f64::to_bits),
        Some((336.0_f64 / 180.0).to_bits())
    );
    let product = (86.0_f64 / 46.0) * (112.0 / 60.0) * (138.0 / 74.0);
    assert!((totals.speedup_geometric_mean.unwrap() - product.cbrt()).abs() < 1e-12);
    let busy: u64 = layers
        .iter()
        .flat_map(|layer| layer.product.active_threads.counts().iter().skip(1))
        .sum();
    let want = f64::from(u32::try_from(busy).unwrap()) / (16.0 * 180.0);
    assert!((totals.utilization.unwrap() - want).abs() < 1e-12);
    assert!((totals.time_us - 180.0 / 500.0).abs() < 1e-12);
    let energy: f64 = layers
        .iter()
        .filter_map(|layer| layer.product.energy_pj.as_ref().map(|energy| energy.value))
        .sum();
    let total = totals.energy_pj.as_ref().unwrap();
    assert!((total.value - energy).abs() < 1e-9);
    assert_eq!(total.delay_model, "zero");
}

#[test]
fn nothing_simulated_has_no_ratios() {
    let report = report(nb_smt(Threads::Two, Policy::SA), 0);
    let totals = &report.result().totals;
    assert_eq!((totals.speedup, totals.utilization), (None, None));
    assert_eq!(totals.speedup_geometric_mean, None);
    assert_eq!(totals.energy_pj, None);
    assert!(summary::text(&report).contains("| simulated layers"));
    assert!(report.json().contains("\"layers\": []"));
}

#[test]
fn the_summary_says_what_a_reader_has_to_know() {
    let text = summary::text(&report(nb_smt(Threads::Two, Policy::SA), 3));
    for part in [
        "Geometric mean of the layers' speed-ups",
        "prototype-nangate45",
        "delay model of its energies: zero",
        "prototype: ",
        "- fc: the last layer stays in full precision",
        r"stage0/conv, 2\|x",
    ] {
        assert!(text.contains(part), "no {part} in\n{text}");
    }
    assert!(!text.contains("not comparable"));
    assert!(!text.contains("## Warnings"));
}

#[test]
fn the_summary_of_sparq_warns() {
    let text = summary::text(&report(sparq(), 3));
    assert!(text.contains("not comparable with those of nb-smt"));
    assert!(text.contains("## Warnings\n\n- no energy: "));
}
