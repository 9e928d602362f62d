//! The contract's objects, and `result.json`.

use reports::json::{self, LayerObject};
use reports::result::ResultFile;
use reports::run::{Report, Spec};
use sim_core::spec::{Policy, Threads};
use sim_cost::table::Table;

use crate::support::{array, nb_smt, product, prototype, report, run, sparq};

#[test]
fn a_product_has_the_keys_of_the_contract_in_order() {
    let record = product(array(nb_smt(Threads::Two, Policy::SA)), 3);
    let (object, warnings) = json::product(&record, &prototype());
    assert!(warnings.is_empty());
    insta::assert_snapshot!(serde_json::to_string(&object).unwrap(), @r#"{"version":1,"shape":{"m":4,"n":4,"k":158},"engine":"algebraic","cycles":85,"baseline_cycles":164,"speedup":1.9294117647058824,"macs":2528,"active_threads":[702,124,438],"reduced":{"activations":33,"weights":7},"operand_widths":{"a8w8":1,"a8w4":2,"a4w8":3,"a4w4":994},"switching":{"activation_bits":0,"weight_bits":0,"live_activation_bits":0,"live_weight_bits":0,"partial_product_bits":0,"lane_edges":0},"pe_cycles":{"fill":48,"active":[702,124,438],"masked":0,"stall":5,"drain":43,"skipped":0,"waiting":0},"utilization":0.41323529411764703,"mse":187.5,"snr_db":25.228787452803374,"energy_pj":{"value":1483.76,"table":"prototype-nangate45","delay_model":"zero","uncertainty_percent":24.921550655092467,"modes":[{"mode":"fill","value":29.28},{"mode":"active-0","value":428.21999999999997},{"mode":"active-1","value":248.0},{"mode":"active-2","value":748.98},{"mode":"masked","value":0.0},{"mode":"stall","value":3.05},{"mode":"drain","value":26.23}],"clock":null,"leakage":null},"area_um2":{"value":21283.68,"table":"prototype-nangate45"},"prediction":null}"#);
}

#[test]
fn ratios_are_made_from_the_counts() {
    let record = product(array(nb_smt(Threads::Two, Policy::SA)), 3);
    let (object, _) = json::product(&record, &prototype());
    assert_eq!(record.counters.pe_cycles.total(), 16 * 85);
    assert_eq!(object.utilization.to_bits(), (562.0_f64 / 1360.0).to_bits());
    assert_eq!(object.mse.unwrap().to_bits(), (3000.0_f64 / 16.0).to_bits());
    assert_eq!(object.speedup.to_bits(), (164.0_f64 / 85.0).to_bits());
}

#[test]
fn what_was_not_measured_is_null() {
    let mut record = product(array(nb_smt(Threads::Two, Policy::SA)), 3);
    record.error = None;
    let (object, warnings) = json::product(&record, &prototype());
    assert_eq!((object.mse, object.snr_db), (None, None));
    assert!(warnings.is_empty());
}

#[test]
fn a_missing_row_is_null_and_a_warning() {
    let (object, warnings) = json::product(&product(array(sparq()), 3), &prototype());
    let value = serde_json::to_value(&object).unwrap();
    assert!(value["energy_pj"].is_null());
    assert!(value["area_um2"].is_null());
    assert_eq!(warnings.len(), 2);
    assert!(warnings[0].to_string().contains(
        "window = \"5opt\", rounding = \"round\", pairs = true, pipeline-depth = 1, mode = \"fill\""
    ));
    assert!(warnings[1].to_string().contains("part = \"window-logic\""));
}

/// Two threads on a PE whose critical path is 2.1 ns; the array's clock of 500 MHz asks for 2 ns.
const SLOW_PE: &str = "version = 1
[[timing]]
kind = 'nb-smt'
threads = 2
pipeline-depth = 1
part = 'critical-path'
value = 2.1
unit = 'ns'
node = '45 nm'
source = 'a test'
delay-model = 'library tables'
uncertainty = 10
";

#[test]
fn a_clock_that_the_pe_does_not_reach_is_warned_of_once() {
    let want =
        "clock-mhz = 500 leaves 2.00 ns a cycle, but technology table `slow` has a critical path of 2.10 ns";
    let table = Table::parse("slow", SLOW_PE).unwrap();
    let (_, warnings) = json::product(&product(array(nb_smt(Threads::Two, Policy::SA)), 3), &table);
    assert!(
        warnings
            .iter()
            .any(|warning| warning.to_string().starts_with(want)),
        "{warnings:?}"
    );
    let mut record = run(nb_smt(Threads::Two, Policy::SA), 2);
    record.table = table;
    let report = Report::new(record);
    let told = report
        .warnings()
        .iter()
        .filter(|warning| warning.to_string().starts_with(want));
    assert_eq!(told.count(), 1);
}

#[test]
fn a_layer_adds_name_groups_images_and_threads() {
    let report = report(nb_smt(Threads::Four, Policy::SA), 1);
    let text = serde_json::to_string(&report.result().layers[0]).unwrap();
    assert!(text.starts_with(
        "{\"name\":\"stage0/conv, 0|x\",\"groups\":1,\"images\":1,\"threads\":4,\"version\":1,"
    ));
    let back: LayerObject = serde_json::from_str(&text).unwrap();
    assert_eq!(back, report.result().layers[0]);
    let sparq = crate::support::report(sparq(), 1);
    assert_eq!(sparq.result().layers[0].threads, None);
}

#[test]
fn a_throttled_layer_pays_for_the_array_as_built() {
    let built = nb_smt(Threads::Four, Policy::SA);
    let mut record = run(built, 1);
    let whole = record.layers[0].product.clone();
    record.layers[0].threads = Some(Threads::Two);
    record.layers[0].product.array = array(nb_smt(Threads::Two, Policy::SA));
    let report = Report::new(record);
    let layer = &report.result().layers[0];
    assert_eq!(layer.threads, Some(2));
    assert_eq!(layer.product.active_threads.counts().len(), 5);
    let (unthrottled, _) = json::product(&whole, &prototype());
    assert_eq!(layer.product.energy_pj, unthrottled.energy_pj);
    assert_eq!(layer.product.area_um2, unthrottled.area_um2);
}

#[test]
fn a_layer_shows_the_policy_it_ran_with() {
    let mut record = run(nb_smt(Threads::Two, Policy::SA), 2);
    record.layers[1].product.array = array(nb_smt(Threads::Two, Policy::S));
    let report = Report::new(record);
    let policies: Vec<_> = (report.result().layers.iter())
        .map(|layer| layer.policy.as_deref())
        .collect();
    assert_eq!(policies, [Some("S+A"), Some("S")]);
    let text = serde_json::to_string(&report.result().layers[1]).unwrap();
    assert!(
        text.contains(",\"policy\":\"S\",\"kind\":\"convolution\","),
        "{text}"
    );
    let sparq = crate::support::report(sparq(), 1);
    assert_eq!(sparq.result().layers[0].policy, None);
}

#[test]
fn totals_add_counts_and_then_divide() {
    let report = report(nb_smt(Threads::Two, Policy::SA), 9);
    let (layers, totals) = (&report.result().layers, &report.result().totals);
    let sum = |of: fn(&LayerObject) -> u64| layers.iter().map(of).sum::<u64>();
    assert_eq!(totals.cycles.0, sum(|layer| layer.product.cycles));
    assert_eq!(totals.macs, sum(|layer| layer.product.macs));
    assert_eq!(totals.counters.pe_cycles.total(), 16 * totals.cycles.0);
    assert_eq!(
        totals.counters.reduced.activations,
        sum(|layer| layer.product.counters.reduced.activations)
    );
    assert_eq!(
        totals.counters.operand_widths.total(),
        sum(|layer| layer.product.counters.operand_widths.total())
    );
    let energy: f64 = layers
        .iter()
        .filter_map(|layer| layer.product.energy_pj.as_ref())
        .map(|e| e.value)
        .sum();
    assert_eq!(
        totals.energy_pj.as_ref().unwrap().value.to_bits(),
        energy.to_bits()
    );
    let product: f64 = layers.iter().map(|layer| layer.product.speedup).product();
    assert!((totals.speedup_geometric_mean.unwrap() - product.powf(1.0 / 9.0)).abs() < 1e-12);
    // A mean of ratios would differ.
    let mean = layers.iter().map(|layer| layer.product.speedup).sum::<f64>() / 9.0;
    assert!(1e-4 < (totals.speedup.unwrap() - mean).abs());
}

#[test]
fn one_layer_without_energy_leaves_the_total_without() {
    let report = report(sparq(), 2);
    assert_eq!(report.result().totals.energy_pj, None);
    // Each reason once, not once per layer.
    assert_eq!(report.warnings().len(), 3);
}

#[test]
fn a_result_is_read_back_as_it_was_written() {
    let report = report(nb_smt(Threads::Four, Policy::SA), 9).with_spec(Spec {
        text: "version = 1\n".to_owned(),
        resolved: serde_json::json!({"version": 1, "seed": 1}),
    });
    let back: ResultFile = serde_json::from_str(&report.json()).unwrap();
    assert_eq!(&back, report.result());
    assert_eq!(back.spec.unwrap().text, "version = 1\n");
}
