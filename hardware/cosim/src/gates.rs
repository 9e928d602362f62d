//! Netlists of PEs in place of the PEs that they were synthesized from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, bail};
use sim_core::spec::{Pe, Policy, Threads};
use sim_synth::cell_models;
use sim_synth::designs::{CLOCK, nb_smt};
use sim_synth::library::Library;
use sim_synth::netlist::{Module, synthesize};

use crate::build::{File, Purpose, Top};
use crate::divergence::Divergence;
use crate::machines::{Machine, compared};
use crate::mutants::hunt;
use crate::top::{PE_BLOCK, Visibility, top_of_blocks};

/// Every kind of PE.
pub(crate) fn all() -> anyhow::Result<Vec<Machine>> {
    // Of the PEs with one product a step the conventional one, with one stage and with two.
    let mut machines = vec![(Pe::Conventional, 1), (Pe::Conventional, 2)];
    let with_several = compared().into_iter().filter(|pe| 1 < pe.max_active());
    machines.extend(with_several.map(|pe| (pe, 1)));
    let mut machines = machines
        .into_iter()
        .map(|(pe, depth)| Machine::new(4, 4, pe, depth))
        .collect::<anyhow::Result<Vec<Machine>>>()?;
    machines.push(Machine::new(3, 2, nb_smt(Threads::Two, Policy::SA), 1)?.that_holds());
    Ok(machines)
}

/// The netlist of a machine's PE, mapped to the library whose areas the project ships.
pub(crate) struct Gates {
    /// In Verilog, as module [`PE_BLOCK`].
    netlist: String,
    /// Its cells as Verilog.
    cells: String,
    /// How many cells it has.
    pub(crate) n_cells: u64,
}

impl Gates {
    /// Netlists are kept in `folder`, one for each design.
    ///
    /// - Errors: a missing tool or library, by the package that has it; a cell without a function.
    pub(crate) fn of(machine: &Machine, folder: &Path) -> anyhow::Result<Self> {
        let library = Library::osu018()?;
        let design = machine.design();
        let folder = folder.join(NETLISTS).join(design.name().replace('+', "_"));
        // A mutant begins with the netlist that may just be in the making.
        let alone = lock_of(&folder);
        let _alone = alone.lock().unwrap_or_else(PoisonError::into_inner);
        std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        let netlist = synthesize(Module::Pe, &design, &library, CLOCK, &folder)?;
        let names = library.liberty().cells().map(|cell| cell.name());
        // Also cells that a mutant puts in place of those that are there.
        let wanted = |name: &&str| netlist.cells.contains_key(*name) || SPARE.contains(name);
        Ok(Self {
            cells: cell_models::verilog(&library, names.filter(wanted))?,
            n_cells: netlist.cells.values().sum(),
            netlist: netlist.renamed(PE_BLOCK)?,
        })
    }

    /// The array with the netlist in place of each PE.
    pub(crate) fn top(self, machine: &Machine) -> Top {
        let file = |name, text: String| File {
            name,
            text: text.into(),
        };
        let files = vec![file("pe_block.v", self.netlist), file("cells.v", self.cells)];
        top_of_blocks(machine, files, Visibility::Boundary)
    }
}

/// The folder of netlists.
const NETLISTS: &str = "netlists";

/// The lock of a folder.
fn lock_of(folder: &Path) -> Arc<Mutex<()>> {
    static LOCKS: Mutex<BTreeMap<PathBuf, Arc<Mutex<()>>>> = Mutex::new(BTreeMap::new());
    let mut locks = LOCKS.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(locks.entry(folder.to_owned()).or_default())
}

/// Cells that only mutants have.
const SPARE: [&str; 3] = ["NOR2X1", "OAI21X1", "XNOR2X1"];

/// One cell of a netlist, changed.
pub(crate) struct GateMutant {
    pub(crate) name: &'static str,
    pe: Pe,
    right: &'static str,
    wrong: &'static str,
    /// Which of the cells of that type, in the order of the netlist.
    which: usize,
}

/// All of them; a cell and the one in its place have the same pins.
pub(crate) fn mutants() -> Vec<GateMutant> {
    let mutant = |name, pe, right, wrong, which| GateMutant {
        name,
        pe,
        right,
        wrong,
        which,
    };
    vec![
        mutant(
            "the first NAND is a NOR",
            Pe::Conventional,
            "NAND2X1",
            "NOR2X1",
            0,
        ),
        mutant(
            "the 20th and-or-invert is an or-and-invert",
            nb_smt(Threads::Two, Policy::SA),
            "AOI21X1",
            "OAI21X1",
            19,
        ),
        mutant(
            "the 40th exclusive or is inverted",
            nb_smt(Threads::Four, Policy::SA),
            "XOR2X1",
            "XNOR2X1",
            39,
        ),
    ]
}

impl GateMutant {
    /// Build the wrong netlist and return where lockstep catches it.
    ///
    /// - Errors: a netlist without such a cell; what is wrong with tools; a mutant that lives.
    pub(crate) fn hunt(&self, folder: &Path, n_cases: usize) -> anyhow::Result<Divergence> {
        let machine = Machine::new(4, 4, self.pe, 1)?;
        let mut gates = Gates::of(&machine, folder.parent().unwrap_or(folder))?;
        // A cell begins a line of its own in what Yosys writes.
        let cell = format!("\n  {} ", self.right);
        let Some((at, _)) = gates.netlist.match_indices(&cell).nth(self.which) else {
            bail!(
                "mutant `{}`: the netlist has no {} cells of type {}; bring the mutant up to date",
                self.name,
                self.which + 1,
                self.right
            );
        };
        gates
            .netlist
            .replace_range(at..at + cell.len(), &format!("\n  {} ", self.wrong));
        let top = Top {
            purpose: Purpose::Hunt,
            ..gates.top(&machine)
        };
        hunt(self.name, &top, &machine, Visibility::Boundary, folder, n_cases).context("netlist")
    }
}
