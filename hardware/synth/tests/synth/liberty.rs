//! Reading Liberty files.

use sim_synth::liberty::{Direction, Function, Liberty, LookupTable};

const TEXT: &str = r#"/* A comment
over two lines */
library(tiny) {
  nom_voltage : 1.8;
  capacitive_load_unit (2,pf);
  time_unit : "1ns"
  lu_table_template(pair) { index_1 ("1000, 1001"); }
  cell (INV) { // the smallest
    area : 2.5;
    cell_leakage_power : 0.25;
    pin(A) { direction : input; capacitance : 0.01; }
    pin("Y") {
      direction : output; function : "(!A)";
      internal_power() {
        related_pin : "A";
        rise_power(pair) { index_1 ("0.1, 0.2"); values ( \
          "1.5, \
           -2"); }
      }
      timing() { related_pin : "A"; cell_rise(pair) { index_1 ("0.1, 0.2"); values ("1, 2, 3"); } }
    }
  }
  cell(DFF) {
    area : 8;
    ff(IQ, IQN) { clocked_on : "CK"; next_state : "D"; }
    pin(D, CK) { direction : input; clock : true; }
    pin(Q) { direction : output; function : "IQ"; }
  }
}
"#;

fn liberty() -> Liberty {
    Liberty::parse("tiny.lib", TEXT).unwrap()
}

#[test]
fn cells_say_what_the_file_says() {
    let liberty = liberty();
    assert_eq!(liberty.name(), "tiny");
    assert_eq!(liberty.nominal_voltage(), Ok(Some(1.8)));
    assert_eq!(liberty.farads(), Ok(Some(2e-12)));
    assert_eq!(liberty.root().text("time_unit"), Some("1ns"));
    let names: Vec<&str> = liberty.cells().map(|cell| cell.name()).collect();
    assert_eq!(names, ["INV", "DFF"]);
    let inverter = liberty.cell("INV").unwrap();
    assert_eq!(inverter.area(), Ok(Some(2.5)));
    assert_eq!(inverter.leakage(), Ok(Some(0.25)));
    assert_eq!(inverter.truth_table(), Ok(Some((1, 0b01))));
    assert!(inverter.flip_flop().is_none());
    assert_eq!(inverter.group().line(), 8);
    let pins = inverter.pins().unwrap();
    assert_eq!(pins[0].direction(), Direction::Input);
    assert_eq!(pins[0].capacitance(), Ok(Some(0.01)));
    assert_eq!(pins[1].name(), "Y");
    let flip_flop = liberty.cell("DFF").unwrap();
    assert!(flip_flop.flip_flop().unwrap().is_plain(&flip_flop).unwrap());
    assert_eq!(flip_flop.truth_table(), Ok(None));
    let names: Vec<(&str, bool)> = flip_flop
        .pins()
        .unwrap()
        .iter()
        .map(|pin| (pin.name(), pin.is_clock()))
        .collect();
    assert_eq!(names, [("D", true), ("CK", true), ("Q", false)]);
}

#[test]
fn tables_are_read_when_asked_for() {
    let liberty = liberty();
    let pin = liberty.cell("INV").unwrap().pins().unwrap()[1];
    let tables = pin.power_tables("rise_power").unwrap();
    assert_eq!(tables.len(), 1);
    assert_eq!(tables[0].0, Some("A"));
    assert_eq!(tables[0].1.template, "pair");
    assert_eq!(tables[0].1.indices, [[0.1, 0.2]]);
    assert_eq!(tables[0].1.values, [1.5, -2.0]);
    let rise = pin
        .timing()
        .next()
        .unwrap()
        .groups_named("cell_rise")
        .next()
        .unwrap();
    let error = LookupTable::of(rise).unwrap_err();
    assert_eq!(
        error.to_string(),
        "tiny.lib, line 20: `cell_rise` has 3 values where its indices make 2 places"
    );
}

#[test]
fn errors_say_the_line() {
    #[track_caller]
    fn check(from: &str, to: &str, want: &str) {
        let text = TEXT.replacen(from, to, 1);
        assert_ne!(text, TEXT);
        let error = Liberty::parse("bad.lib", &text).unwrap_err().to_string();
        assert!(error.starts_with(want), "{error}");
    }
    // The last brace is that of the library.
    let open = TEXT.trim_end().strip_suffix('}').unwrap();
    let error = Liberty::parse("bad.lib", open).unwrap_err().to_string();
    assert_eq!(
        error,
        "bad.lib, line 3: the group `library` that starts here has no `}`"
    );
    check(
        "two lines */",
        "two lines",
        "bad.lib, line 1: a comment that starts here has no end",
    );
    check("(!A)\";", "(!A);", "bad.lib, line ");
    check(
        "\"IQ\"; }",
        "\"IQ; }",
        "bad.lib, line 27: a string that starts here has no end",
    );
    check(
        "area : 2.5;",
        "area = 2.5;",
        "bad.lib, line 9: `=` after `area`; `:` or `(` belongs there",
    );
    check(
        "library(tiny)",
        "cell(tiny)",
        "bad.lib, line 3: a Liberty file is one group `library (…) { … }`",
    );
    check(
        "cell (INV) {",
        "cell (INV {",
        "bad.lib, line 8: `{` where `)` belongs",
    );
    check(
        "\n}\n",
        "\n}}\n",
        "bad.lib, line 29: `}` after the end of the library",
    );
    assert_eq!(
        Liberty::parse("bad.lib", "").unwrap_err().to_string(),
        "bad.lib, line 1: the file ends where a group or an attribute belongs; this line opened it"
    );
}

#[test]
fn bad_numbers_say_the_line_when_asked_for() {
    let text = TEXT.replacen("2.5", "2.5um", 1).replacen("-2", "nan", 1);
    let liberty = Liberty::parse("bad.lib", &text).unwrap();
    let cell = liberty.cell("INV").unwrap();
    assert_eq!(
        cell.area().unwrap_err().to_string(),
        "bad.lib, line 9: `area` of cell(INV) is `2.5um`; a number belongs there"
    );
    let error = cell.pins().unwrap()[1].power_tables("rise_power").unwrap_err();
    assert_eq!(
        error.to_string(),
        "bad.lib, line 16: `values` of rise_power(pair) is `nan`; a number belongs there"
    );
}

#[test]
fn nesting_has_an_end() {
    let deep = format!(
        "library(a) {{ {} {} }}",
        "g(b) {".repeat(10_000),
        "}".repeat(10_000)
    );
    let error = Liberty::parse("deep.lib", &deep).unwrap_err();
    assert_eq!(error.message, "more than 64 groups inside each other");
    let error = Function::parse(&"(".repeat(500)).unwrap_err();
    assert_eq!(error.why, "has too many parentheses inside each other");
    assert!(Function::parse(&"!".repeat(100_000)).is_err());
}

#[test]
fn functions_in_every_notation() {
    #[track_caller]
    fn check(text: &str, want: u64) {
        let function = Function::parse(text).unwrap();
        assert_eq!(function.truth_table(&["A", "B", "C"]), Some(want), "{text}");
    }
    check("(!(A B))", 0b0111_0111);
    check("A' + B'", 0b0111_0111);
    check("!A | !B", 0b0111_0111);
    check("A*B ^ C", 0b0111_1000);
    check("(A ^ B) ^ C", 0b1001_0110);
    check("A B+C", 0b1111_1000);
    check("!A&B|C&1", 0b1111_0100);
    check("(A | B)' C", 0b0001_0000);
    check("0", 0);
    for text in ["", "A +", "(A", "A )", "A & & B", "!"] {
        assert!(Function::parse(text).is_err(), "{text}");
    }
    let seven = ["A", "B", "C", "D", "E", "F", "G"];
    assert_eq!(Function::parse("A").unwrap().truth_table(&seven), None);
}
