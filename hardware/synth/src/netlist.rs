//! A design as a netlist of cells.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sim_core::shape::widen;
use sim_core::units::count_as_f64;
use sim_rtl::{Design, Parameter, SOURCES};

use crate::error::SynthError;
use crate::library::Library;
use crate::tools::Tool;

/// What of a design becomes a netlist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Module {
    /// One PE.
    Pe,
    /// SPARQ's window logic of one array row, alone.
    WindowLogic,
    /// An array of so many rows and columns.
    Array {
        /// R.
        rows: usize,
        /// C.
        cols: usize,
    },
}

impl Module {
    /// Its name in SystemVerilog.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pe => "pe",
            Self::WindowLogic => "sparq_window",
            Self::Array { .. } => "systolic_array",
        }
    }

    fn parameters(self, design: &Design) -> Vec<Parameter> {
        let of_window = ["BITS", "STEP", "LAST", "CODE_BITS", "ROUND", "PAIRS"];
        let mut parameters = design.parameters();
        match self {
            Self::Pe => {}
            Self::WindowLogic => parameters.retain(|parameter| of_window.contains(&parameter.name)),
            Self::Array { rows, cols } => {
                for (name, value) in [("ROWS", rows), ("COLS", cols), ("RAW_BITS", design.raw_bits())] {
                    parameters.push(Parameter { name, value });
                }
            }
        }
        parameters
    }
}

/// A clock period in whole picoseconds, which logic is mapped for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockTarget {
    /// The period.
    pub picoseconds: u32,
}

impl ClockTarget {
    /// The period in nanoseconds.
    pub fn nanoseconds(self) -> f64 {
        f64::from(self.picoseconds) / 1000.0
    }
}

/// A mapped module, in the folder that it was made in.
#[derive(Clone, Debug, PartialEq)]
pub struct Netlist {
    /// What it is, for messages.
    pub what: String,
    /// The module's name.
    pub module: &'static str,
    /// The netlist in Verilog.
    pub verilog: PathBuf,
    /// The netlist in Yosys's JSON.
    pub json: PathBuf,
    /// The library's text, beside it.
    pub liberty: PathBuf,
    /// Area of all cells, in the library's unit.
    pub area: f64,
    /// Cells by type.
    pub cells: BTreeMap<String, u64>,
    /// How many of them are flip-flops.
    pub n_flip_flops: u64,
}

impl Netlist {
    /// The netlist in Verilog with another name for its module.
    ///
    /// - Errors: a failing tool, files of the netlist that are gone.
    pub fn renamed(&self, module: &str) -> Result<String, SynthError> {
        let folder = self.json.parent().unwrap_or(Path::new("."));
        let script = format!(
            "read_json {JSON}; rename {} {module}; write_verilog -noattr {RENAMED}",
            self.module
        );
        Tool::Yosys.run(folder, &["-q", "-p", &script], &self.what)?;
        let path = folder.join(RENAMED);
        std::fs::read_to_string(&path).map_err(|error| SynthError::io(&path, error))
    }
}

/// Names of files in the folder of a netlist.
const LIBERTY: &str = "cells.lib";
const CONSTRAINTS: &str = "cells.constr";
const SCRIPT: &str = "synth.ys";
const VERILOG: &str = "netlist.v";
const JSON: &str = "netlist.json";
const RENAMED: &str = "renamed.v";
/// Says what the netlist was made of.
const KEY: &str = "netlist.key";

/// Map a module of `design` to the cells of `library`, for a clock, in `folder`, which exists and is kept. A netlist that
/// the same sources, library and programs made there before is taken as it is.
///
/// With a library that knows delays, abc buffers and sizes for the clock; without, it takes the smallest cells. The
/// hierarchy is dissolved.
///
/// - Errors: a missing or failing tool, a folder that cannot be written, logic that no cell of the library implements.
pub fn synthesize(
    module: Module,
    design: &Design,
    library: &Library,
    clock: ClockTarget,
    folder: &Path,
) -> Result<Netlist, SynthError> {
    let what = format!("{} of {}", module.name(), design.name());
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(|error| SynthError::io(&path, error))
    };
    let mut made_of = vec![
        Tool::Yosys.version()?,
        Tool::Abc.version()?,
        library.text().to_owned(),
    ];
    for source in SOURCES {
        write(source.name, source.text)?;
        made_of.extend([source.name.to_owned(), source.text.to_owned()]);
    }
    write(LIBERTY, library.text())?;
    let mut abc = format!("abc -liberty {LIBERTY}");
    if library.has_timing() {
        let constraints = constraints(library)?;
        write(CONSTRAINTS, &constraints)?;
        made_of.push(constraints);
        // Writing to a string cannot fail.
        let _ = write!(abc, " -D {} -constr {CONSTRAINTS}", clock.picoseconds);
    }
    let script = script(module, design, &abc);
    write(SCRIPT, &script)?;
    made_of.push(script);
    let key = blake3::hash(format!("{made_of:?}").as_bytes()).to_hex();
    let (key_file, json) = (folder.join(KEY), folder.join(JSON));
    if !std::fs::read_to_string(&key_file).is_ok_and(|there| there == key.as_str()) {
        Tool::Yosys.run(folder, &["-q", "-s", SCRIPT], &what)?;
        // Last: a netlist with a key is whole. One without is made anew.
        write(KEY, &key)?;
    }
    let mut cells = BTreeMap::new();
    for cell in YosysModule::read(&json, module.name())?.cells.into_values() {
        *cells.entry(cell.r#type).or_insert(widen(0)) += 1;
    }
    let mut area = 0.0;
    let mut n_flip_flops = 0;
    for (cell, &count) in &cells {
        let Some(one) = library.area_of(cell) else {
            return Err(SynthError::Unmapped {
                what,
                cell: cell.clone(),
                library: library.file().to_owned(),
            });
        };
        area += count_as_f64(count) * one;
        let is_flip_flop = library
            .liberty()
            .cell(cell)
            .is_some_and(|cell| cell.flip_flop().is_some());
        n_flip_flops += if is_flip_flop { count } else { 0 };
    }
    Ok(Netlist {
        what,
        module: module.name(),
        verilog: folder.join(VERILOG),
        json,
        liberty: folder.join(LIBERTY),
        area,
        cells,
        n_flip_flops,
    })
}

/// What drives the inputs and loads the outputs, for abc.
fn constraints(library: &Library) -> Result<String, SynthError> {
    let driver = library.inverter().map_or("", |inverter| inverter.name());
    let load = library.fan_out_of_four()?.unwrap_or_default();
    Ok(format!("set_driving_cell {driver}\nset_load {load:.3}\n"))
}

fn script(module: Module, design: &Design, abc: &str) -> String {
    let top = module.name();
    let sources: Vec<&str> = SOURCES
        .iter()
        .map(|source| source.name)
        .filter(|name| name.ends_with(".sv"))
        .collect();
    let defines: String = design
        .defines()
        .iter()
        .map(|define| format!(" -D{define}"))
        .collect();
    let mut parameters = String::new();
    for parameter in module.parameters(design) {
        let _ = write!(parameters, " -set {} {}", parameter.name, parameter.value);
    }
    format!(
        "read_verilog -sv{defines} {}\n\
         chparam{parameters} {top}\n\
         hierarchy -top {top}\n\
         synth -flatten -top {top}\n\
         rename -top {top}\n\
         dfflibmap -liberty {LIBERTY}\n\
         {abc}\n\
         opt_clean -purge\n\
         rename -enumerate\n\
         write_verilog -noattr {VERILOG}\n\
         write_json {JSON}\n",
        sources.join(" ")
    )
}

#[derive(Deserialize)]
struct YosysJson {
    modules: BTreeMap<String, YosysModule>,
}

/// A module in Yosys's JSON.
#[derive(Clone, Debug, Deserialize)]
pub struct YosysModule {
    /// Cells by the name of the instance.
    pub cells: BTreeMap<String, YosysCell>,
    /// Named signals.
    pub netnames: BTreeMap<String, YosysSignal>,
}

/// A cell of a module.
#[derive(Clone, Debug, Deserialize)]
pub struct YosysCell {
    /// The library's name for it.
    pub r#type: String,
    /// Bits at each of its pins, lowest first; a number is a net, a text is a constant.
    pub connections: BTreeMap<String, Vec<serde_json::Value>>,
}

/// A signal of a module.
#[derive(Clone, Debug, Deserialize)]
pub struct YosysSignal {
    /// Its bits, as at pins.
    pub bits: Vec<serde_json::Value>,
}

impl YosysModule {
    /// Read the module of a name from a netlist in Yosys's JSON.
    ///
    /// - Errors: a file that cannot be read, or that is not a netlist with this module.
    pub fn read(json: &Path, name: &str) -> Result<Self, SynthError> {
        let text = std::fs::read_to_string(json).map_err(|error| SynthError::io(json, error))?;
        let mut netlist: YosysJson =
            serde_json::from_str(&text).map_err(|error| SynthError::content(json, error.to_string()))?;
        netlist
            .modules
            .remove(name)
            .ok_or_else(|| SynthError::content(json, format!("no module `{name}`")))
    }
}
