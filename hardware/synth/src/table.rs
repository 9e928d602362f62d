//! Measurements to a technology table.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use sim_core::spec::WindowPlace;
use sim_cost::file::{AreaRow, HashedFile, Provenance, TableFile, TimingRow};
use sim_cost::key::PeKey;
use sim_cost::table::Quantity;
use sim_rtl::HoldBit;

use crate::error::SynthError;
use crate::library::Library;
use crate::measure::Measured;
use crate::netlist::{ClockTarget, Module};

/// Of an area, in per cent: what the mapper's heuristics change between designs that are nearly the same.
const AREA_UNCERTAINTY: f64 = 10.0;
/// Of a critical path, in per cent: wires are left out, and would lengthen it.
const PATH_UNCERTAINTY: f64 = 25.0;

/// How a library is called in a table, and how the table came about.
#[derive(Clone, Debug, PartialEq)]
pub struct Origin {
    /// Technology node.
    pub node: String,
    /// The command that writes the table.
    pub command: String,
    /// Tools and their versions.
    pub tools: BTreeMap<String, String>,
    /// The clock that logic was mapped for.
    pub clock: ClockTarget,
}

/// The table of everything in `measured`, in its order.
pub fn table(measured: &[Measured], library: &Library, origin: &Origin) -> TableFile {
    let liberty = library.liberty().name();
    let mut areas = Vec::new();
    let mut timings = Vec::new();
    for one in measured {
        let pe = PeKey::of(&one.subject.array);
        let part = one.subject.part();
        let quantity = |value: f64, source: String, delay_model: &str, uncertainty: f64| Quantity {
            value,
            node: origin.node.clone(),
            source,
            delay_model: delay_model.to_owned(),
            uncertainty,
        };
        let source = format!(
            "measured: cells of {liberty} after synthesis with Yosys and abc, not placed{}",
            remark(one)
        );
        areas.push(AreaRow {
            pe: pe.clone(),
            part,
            quantity: quantity(rounded(one.area, 4), source, "none", AREA_UNCERTAINTY),
            gate_equivalents: library.nand2_area().map(|nand2| rounded(one.area / nand2, 1)),
        });
        if let Some(path) = one.critical_path_ns {
            let source = format!(
                "measured: longest path between registers in {liberty}, OpenSTA after synthesis, no wires"
            );
            timings.push(TimingRow {
                pe,
                quantity: quantity(
                    rounded(path, 3),
                    source,
                    "library tables without wires",
                    PATH_UNCERTAINTY,
                ),
            });
        }
    }
    TableFile {
        note: note(library),
        provenance: Some(Provenance {
            command: origin.command.clone(),
            clock_ns: library.has_timing().then(|| origin.clock.nanoseconds()),
            rtl: sim_rtl::fingerprint(),
            tools: origin.tools.clone(),
            liberty: HashedFile {
                name: file_name(library.file()),
                blake3: library.fingerprint(),
            },
        }),
        energy: Vec::new(),
        area: areas,
        timing: timings,
        leakage: Vec::new(),
    }
}

/// Write `text` to `path` whole or not at all.
pub fn write(path: &Path, text: &str) -> Result<(), SynthError> {
    let error = |error| SynthError::io(path, error);
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(error)?;
    let mut file = tempfile::Builder::new()
        .permissions(readable())
        .tempfile_in(folder)
        .map_err(error)?;
    file.write_all(text.as_bytes()).map_err(error)?;
    file.as_file().sync_all().map_err(error)?;
    file.persist(path).map_err(|failed| error(failed.error))?;
    Ok(())
}

/// Temporary files are private, tables are for everyone.
fn readable() -> std::fs::Permissions {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::Permissions::from_mode(0o666)
}

fn remark(one: &Measured) -> &'static str {
    match (one.subject.module, one.subject.array.pe().windows()) {
        (Module::Pe, Some((WindowPlace::Edge, _))) => {
            "; the window logic stands at the edge of the array and is not in it"
        }
        (Module::Pe, Some((WindowPlace::Pe, _))) => "; selection and window logic are in it",
        (Module::Pe, None) => match one.subject.hold_bit {
            HoldBit::Absent => "",
            HoldBit::Present => "; with a hold bit",
        },
        (Module::WindowLogic, _) => "; of one array row",
        (Module::Array { .. }, _) => "; 16 PEs, skew registers, sequencer, drains, window logic of sparq",
    }
}

fn note(library: &Library) -> String {
    let liberty = library.liberty().name();
    let cells = "synthesised cells, neither placed nor routed, no wires, no clock tree";
    if library.has_timing() {
        format!("areas and critical paths in {liberty}: {cells}; no energies")
    } else {
        format!("areas in {liberty}: {cells}; the library has neither delays nor energies")
    }
}

fn file_name(path: &str) -> String {
    Path::new(path)
        .file_name()
        .map_or_else(|| path.to_owned(), |name| name.to_string_lossy().into_owned())
}

/// To so many decimals: sums of areas end in noise, and simulated charges have four.
pub fn rounded(value: f64, n_decimals: i32) -> f64 {
    let scale = 10_f64.powi(n_decimals);
    (value * scale).round() / scale
}
