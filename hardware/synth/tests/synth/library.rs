//! What a library must have.

use sim_synth::SynthError;
use sim_synth::library::Library;

fn gate(name: &str, area: f64, inputs: &str, function: &str) -> String {
    let inputs: String = inputs
        .chars()
        .map(|pin| format!("pin({pin}) {{ direction : input; }} "))
        .collect();
    format!(
        "cell({name}) {{ area : {area}; {inputs} pin(Y) {{ direction : output; function : \"{function}\"; }} }}\n"
    )
}

const FLIP_FLOP: &str = "cell(DFF) { area : 9; ff(IQ, IQN) { clocked_on : \"C\"; next_state : \"D\"; } \
                         pin(D) { direction : input; } pin(C) { direction : input; } \
                         pin(Q) { direction : output; function : \"IQ\"; } }\n";

fn library(cells: &[String]) -> Result<Library, SynthError> {
    Library::parse("own.lib", format!("library(own) {{\n{}}}\n", cells.concat()))
}

#[test]
fn the_smallest_nand_is_the_gate_to_count_in() {
    let library = library(&[
        gate("INVX2", 4.0, "A", "!A"),
        gate("INVX1", 2.0, "A", "A'"),
        gate("BUFX1", 3.0, "A", "A"),
        gate("NANDX2", 6.0, "AB", "!(A B)"),
        gate("NANDX1", 3.0, "AB", "A' + B'"),
        gate("NORX1", 1.0, "AB", "!(A+B)"),
        FLIP_FLOP.to_owned(),
    ])
    .unwrap();
    assert_eq!(library.nand2_area(), Some(3.0));
    assert_eq!(library.inverter().unwrap().name(), "INVX1");
    assert_eq!(library.area_of("NORX1"), Some(1.0));
    assert!(!library.has_timing());
}

#[test]
fn missing_cells_are_named() {
    #[track_caller]
    fn check(cells: &[String], want: &str) {
        let error = library(cells).unwrap_err();
        assert_eq!(error.to_string(), want);
        assert_eq!(error.exit_code(), 2);
    }
    let (inverter, buffer) = (gate("INV", 2.0, "A", "!A"), gate("BUF", 2.0, "A", "A"));
    let nor = gate("NOR", 2.0, "AB", "!(A+B)");
    let flip_flop = FLIP_FLOP.to_owned();
    check(
        &[],
        "own.lib has no inverter, no buffer, no 2-input NAND or NOR, no D flip-flop without set and reset; a design cannot be \
         made of its 0 cells",
    );
    check(
        &[
            inverter.clone(),
            buffer.clone(),
            gate("AND", 2.0, "AB", "A B"),
            flip_flop.clone(),
        ],
        "own.lib has no 2-input NAND or NOR; a design cannot be made of its 4 cells",
    );
    let with_reset = flip_flop.replacen("next_state", "clear : \"R\"; next_state", 1);
    check(
        &[inverter.clone(), buffer.clone(), nor.clone(), with_reset],
        "own.lib has no D flip-flop without set and reset; a design cannot be made of its 4 cells",
    );
    assert_eq!(
        library(&[inverter, buffer, nor, flip_flop]).unwrap().nand2_area(),
        None
    );
}
