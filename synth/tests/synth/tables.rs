//! The tables that come with the project.

use std::path::{Path, PathBuf};

use sim_cost::key::PeKey;
use sim_cost::table::Table;
use sim_synth::netlist::Module;
use sim_synth::{designs, document};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn table(name: &str) -> Table {
    let path = root().join(format!("configs/tech/{name}.toml"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Table::parse(name, &text).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn tables_were_made_from_these_sources() {
    for name in ["osu018", "sky130hd-area"] {
        let table = table(name);
        let rtl = &table.provenance().unwrap().rtl;
        assert_eq!(
            *rtl,
            sim_rtl::fingerprint(),
            "configs/tech/{name}.toml was measured on other SystemVerilog than rtl/ has now: run `cargo xtask synth`"
        );
    }
}

#[test]
fn every_design_has_its_rows() {
    for (name, has_timing) in [("osu018", true), ("sky130hd-area", false)] {
        let table = table(name);
        for subject in designs::all() {
            let pe = PeKey::of(&subject.array);
            let area = table.area_of(&pe, subject.part()).unwrap();
            assert!(0.0 < area.value);
            assert!(table.gate_equivalents_of(&pe, subject.part()).is_some());
            if subject.module == Module::Pe {
                assert_eq!(
                    table.critical_path_of(&pe).is_some(),
                    has_timing,
                    "{}",
                    subject.name()
                );
                assert!(
                    sim_cost::area(&table, &subject.array).is_ok() || subject.array.pipeline_depth() == 2
                );
            }
        }
    }
}

#[test]
fn the_document_is_that_of_the_tables() {
    let text = std::fs::read_to_string(root().join("docs/synthesis.md")).unwrap();
    assert!(
        text == document::text(&table("osu018"), &table("sky130hd-area")),
        "docs/synthesis.md is not what the tables say: run `cargo xtask synth`"
    );
}

#[test]
fn every_table_of_the_folder_loads() {
    let mut n_tables = 0;
    for entry in std::fs::read_dir(root().join("configs/tech")).unwrap() {
        let path = entry.unwrap().path();
        table(&path.file_stem().unwrap().to_string_lossy());
        n_tables += 1;
    }
    assert!(3 <= n_tables);
}
