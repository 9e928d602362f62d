//! `layers.csv` read back.

use reports::run::Report;
use reports::{export, stored};
use sim_core::spec::{Policy, Threads};

use crate::csv_text::read;
use crate::support::{nb_smt, report, sparq};

fn layers(report: &Report) -> (Vec<String>, Vec<Vec<String>>) {
    let stored = stored::of_run(report.result(), String::new());
    read(&export::csv_text(&stored.layers))
}

#[test]
fn every_field_of_every_layer_comes_back() {
    let report = report(nb_smt(Threads::Four, Policy::SA), 9);
    let (header, rows) = layers(&report);
    assert_eq!(rows.len(), 9);
    for (index, (row, layer)) in rows.iter().zip(&report.result().layers).enumerate() {
        let field = |name: &str| {
            let column = header.iter().position(|column| column == name);
            row[column.unwrap_or_else(|| panic!("no column {name}"))].as_str()
        };
        let count = |name: &str| field(name).parse::<u64>().unwrap();
        let ratio = |name: &str| field(name).parse::<f64>().unwrap();
        let product = &layer.product;
        assert_eq!(field("layer"), (index + 1).to_string());
        assert_eq!(field("name"), layer.name);
        assert_eq!(field("threads"), "4");
        assert_eq!(field("engine"), "algebraic");
        assert_eq!((count("m"), count("n")), (4, 4));
        assert_eq!(count("cycles"), product.cycles);
        assert_eq!(count("macs"), product.macs);
        for (n, &steps) in product.active_threads.counts().iter().enumerate() {
            assert_eq!(count(&format!("active_{n}")), steps);
        }
        let buckets = [
            "fill", "active_0", "active_1", "active_2", "active_3", "active_4", "masked", "stall", "drain",
        ];
        assert_eq!(buckets.map(count).iter().sum::<u64>(), 16 * product.cycles);
        assert_eq!(
            count("a8w8") + count("a8w4") + count("a4w8") + count("a4w4"),
            product.counters.operand_widths.total()
        );
        assert_eq!(ratio("speedup").to_bits(), product.speedup.to_bits());
        assert_eq!(ratio("mse").to_bits(), product.mse.unwrap().to_bits());
        assert_eq!(
            ratio("energy_pj").to_bits(),
            product.energy_pj.as_ref().unwrap().value.to_bits()
        );
        assert_eq!(field("delay_model"), "zero");
        // 500 MHz: two nanoseconds a cycle.
        assert!((ratio("time_us") - 0.002 * ratio("cycles")).abs() < 1e-9);
    }
}

#[test]
fn null_is_an_empty_field() {
    let report = report(sparq(), 1);
    let (header, rows) = layers(&report);
    for name in ["threads", "energy_pj", "delay_model", "area_um2", "snr_db"] {
        let column = header.iter().position(|column| column == name).unwrap();
        assert_eq!(rows[0][column], "", "{name}");
    }
}
