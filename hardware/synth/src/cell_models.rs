//! Cells as Verilog that can be simulated, from what their Liberty file says they do: values, no delays.

use std::fmt::Write as _;
use std::path::Path;

use crate::error::SynthError;
use crate::liberty::{Cell, Direction, Function};
use crate::library::Library;

/// A module for each of `names`: outputs by their functions, flip-flops at rising edges.
///
/// - Errors: a cell that the library does not have, or whose file does not say what it does in a way that is known here.
pub fn verilog<'a>(
    library: &Library,
    names: impl IntoIterator<Item = &'a str>,
) -> Result<String, SynthError> {
    let mut text = String::new();
    for name in names {
        let fail = |why: &str| {
            let why = format!("cell {name} cannot be simulated: {why}");
            SynthError::content(Path::new(library.file()), why)
        };
        let Some(cell) = library.liberty().cell(name) else {
            return Err(fail("it is not there"));
        };
        let mut ports = Vec::new();
        let mut body = state(&cell)?.map_err(fail)?;
        for pin in cell.pins()? {
            match pin.direction() {
                Direction::Input => ports.push(format!("input {}", pin.name())),
                Direction::Output => {
                    ports.push(format!("output {}", pin.name()));
                    let Some(function) = pin.parsed_function()? else {
                        return Err(fail("an output has no function"));
                    };
                    // Writing to a string cannot fail.
                    let _ = writeln!(body, "    assign {} = {};", pin.name(), expression(&function));
                }
                Direction::Inout => return Err(fail("a pin is input and output")),
                Direction::Internal => {}
            }
        }
        let _ = writeln!(text, "module {name}({});\n{body}endmodule", ports.join(", "));
    }
    Ok(text)
}

/// What a flip-flop holds, under the names that functions of its outputs use. Nothing for other cells.
fn state(cell: &Cell<'_>) -> Result<Result<String, &'static str>, SynthError> {
    let Some(flip_flop) = cell.flip_flop() else {
        return Ok(if cell.is_sequential() {
            Err("it stores something and is not a flip-flop")
        } else {
            Ok(String::new())
        });
    };
    let is_plain = flip_flop.is_plain(cell)?;
    let (Some(clock), Some(next), [state, inverse], true) = (
        flip_flop.clocked_on(),
        flip_flop.next_state(),
        flip_flop.group().arguments(),
        is_plain,
    ) else {
        return Ok(Err(
            "it does more than take D at rising edges; leave it out of the library",
        ));
    };
    Ok(Ok(format!(
        "    reg {state};\n    wire {inverse} = ~{state};\n    always @(posedge {clock}) {state} <= {next};\n"
    )))
}

/// A function in Verilog, with every operation in parentheses.
fn expression(function: &Function) -> String {
    match function {
        Function::Constant(false) => "1'b0".to_owned(),
        Function::Constant(true) => "1'b1".to_owned(),
        Function::Pin(name) => name.clone(),
        Function::Not(of) => format!("~{}", expression(of)),
        Function::And(a, b) => format!("({} & {})", expression(a), expression(b)),
        Function::Xor(a, b) => format!("({} ^ {})", expression(a), expression(b)),
        Function::Or(a, b) => format!("({} | {})", expression(a), expression(b)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIBRARY: &str = r#"library(tiny) {
        cell(INV) { area : 1; pin(A) { direction : input; } pin(Y) { direction : output; function : "!A"; } }
        cell(BUF) { area : 1; pin(A) { direction : input; } pin(Y) { direction : output; function : "A"; } }
        cell(NAND) { area : 1; pin(A, B) { direction : input; }
            pin(Y) { direction : output; function : "(A B)'"; } }
        cell(SUM) { area : 1; pin(A, B, C) { direction : input; }
            pin(Y) { direction : output; function : "A ^ B + C 1"; } }
        cell(DFF) { area : 1; ff(IQ, IQN) { next_state : "D"; clocked_on : "CK"; }
            pin(CK, D) { direction : input; }
            pin(Q) { direction : output; function : "IQ"; } pin(QN) { direction : output; function : "IQN"; } }
        cell(FALLING) { area : 1; ff(IQ, IQN) { next_state : "D"; clocked_on : "!CK"; }
            pin(CK, D) { direction : input; } pin(Q) { direction : output; function : "IQ"; } }
        cell(LATCH) { area : 1; latch(IQ, IQN) { data_in : "D"; enable : "G"; }
            pin(G, D) { direction : input; } pin(Q) { direction : output; function : "IQ"; } }
        cell(MUTE) { area : 1; pin(A) { direction : input; } pin(Y) { direction : output; } }
        cell(PAD) { area : 1; pin(A) { direction : inout; } }
    }"#;

    fn of(names: &[&str]) -> Result<String, String> {
        let library = Library::parse("tiny.lib", LIBRARY.to_owned()).map_err(|error| error.to_string())?;
        verilog(&library, names.iter().copied()).map_err(|error| error.to_string())
    }

    #[test]
    fn functions_become_assignments() {
        let text = of(&["NAND", "SUM"]).expect("both have functions");
        assert_eq!(
            text,
            "module NAND(input A, input B, output Y);\n    assign Y = ~(A & B);\nendmodule\n\
             module SUM(input A, input B, input C, output Y);\n    assign Y = ((A ^ B) | (C & 1'b1));\nendmodule\n"
        );
    }

    #[test]
    fn a_flip_flop_has_a_register_and_its_inverse() {
        let text = of(&["DFF"]).expect("a flip-flop");
        assert_eq!(
            text,
            "module DFF(input CK, input D, output Q, output QN);\n    reg IQ;\n    wire IQN = ~IQ;\n    \
             always @(posedge CK) IQ <= D;\n    assign Q = IQ;\n    assign QN = IQN;\nendmodule\n"
        );
    }

    #[test]
    fn a_cell_without_a_model_is_named() {
        for (name, why) in [
            ("GONE", "it is not there"),
            (
                "FALLING",
                "it does more than take D at rising edges; leave it out of the library",
            ),
            ("LATCH", "it stores something and is not a flip-flop"),
            ("MUTE", "an output has no function"),
            ("PAD", "a pin is input and output"),
        ] {
            let message = format!("tiny.lib: cell {name} cannot be simulated: {why}");
            assert_eq!(of(&[name]), Err(message));
        }
    }
}
