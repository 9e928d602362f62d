//! Co-simulation: the stepped engine and the SystemVerilog, every register, every cycle.
#![expect(
    clippy::print_stdout,
    reason = "a program that reports to the person who runs it"
)]

mod bits;
mod build;
mod divergence;
mod gates;
mod layer;
mod lockstep;
mod machines;
mod model;
mod mutants;
mod ports;
mod random;
mod registers;
mod report;
mod top;
mod variants;
mod waveform;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Parser;
use sim_core::spec::{Pe, Policy, Threads};
use sim_rtl::HoldBit;
use sim_synth::designs::nb_smt;
use sim_synth::progress;

use crate::lockstep::LockstepCounts;
use crate::machines::Machine;
use crate::model::Model;
use crate::report::{Compared, Line, Report};
use crate::top::{Visibility, design, open_pe, top, top_of_blocks};

/// Run the hardware beside the stepped engine and compare every register in every cycle.
#[derive(Parser)]
struct Options {
    /// Also 16×16 arrays of 1, 2 and 4 threads.
    #[arg(long)]
    large: bool,
    /// Random products per machine and order of tiles.
    #[arg(long, default_value_t = 40)]
    cases: usize,
    /// Where models are built and waveforms written.
    #[arg(long, default_value = "target/cosim")]
    folder: PathBuf,
    /// What alone to run, by its name in the report; `gates: NAME` and `mutant: NAME` for netlists and mutants.
    #[arg(long)]
    only: Vec<String>,
}

/// Something to build and to compare.
enum Task {
    Variants,
    Machine(Machine),
    /// An array so large that its PEs are compiled apart.
    Large(Machine),
    /// The netlist of each PE in place of the PE.
    Gates(Machine),
    Mutant(mutants::Mutant),
    GateMutant(gates::GateMutant),
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    std::fs::create_dir_all(&options.folder).with_context(|| options.folder.display().to_string())?;
    let mut tasks = vec![Task::Variants];
    tasks.extend(machines::all(4, 4)?.into_iter().map(Task::Machine));
    // Rows and columns must not be mixed up anywhere.
    tasks.push(Task::Machine(Machine::new(
        3,
        5,
        nb_smt(Threads::Two, Policy::SA),
        1,
    )?));
    tasks.push(Task::Machine(Machine::new(5, 2, Pe::Conventional, 2)?));
    tasks.extend(machines::that_hold()?.into_iter().map(Task::Machine));
    if options.large {
        tasks.push(Task::Large(Machine::new(16, 16, Pe::Conventional, 1)?));
        for threads in [Threads::Two, Threads::Four] {
            let machine = Machine::new(16, 16, nb_smt(threads, Policy::SA), 1)?;
            tasks.push(Task::Large(machine));
        }
    }
    tasks.extend(gates::all()?.into_iter().map(Task::Gates));
    tasks.extend(mutants::all().into_iter().map(Task::Mutant));
    tasks.extend(gates::mutants().into_iter().map(Task::GateMutant));
    if !options.only.is_empty() {
        tasks.retain(|task| options.only.contains(&name(task)));
        if tasks.is_empty() {
            bail!(
                "nothing to run is called {}; names are those of the report",
                options.only.join(" or ")
            );
        }
    }
    let lines = progress::each(
        &tasks,
        None,
        |_| 0,
        name,
        |task| run(task, &options).with_context(|| name(task)),
    )?;
    print!("{}", Report(lines));
    Ok(())
}

fn name(task: &Task) -> String {
    match task {
        Task::Variants => "every rule and window".to_owned(),
        Task::Machine(machine) | Task::Large(machine) => machine.name(),
        Task::Gates(machine) => format!("gates: {}", machine.design().name()),
        Task::Mutant(mutant) => format!("mutant: {}", mutant.name),
        Task::GateMutant(mutant) => format!("mutant: {}", mutant.name),
    }
}

fn run(task: &Task, options: &Options) -> anyhow::Result<Line> {
    // A policy's name has characters that a path of the C++ compiler need not carry.
    let folder = options.folder.join(name(task).replace([' ', '+', ':'], "_"));
    match task {
        Task::Variants => {
            let n_products = variants::run(&folder, 100_000)?;
            Ok(Line::Variants { n_products })
        }
        Task::Machine(machine) => {
            let seen = (Visibility::Everything, Layer::Run);
            let compared = compare(machine, &top(machine, design()), &folder, seen, options)?;
            compared.census.check()?;
            Ok(Line::Machine {
                name: machine.name(),
                compared,
            })
        }
        Task::Large(machine) => {
            // Random products are smaller than the array; the layer has several tiles on it.
            let top = top_of_blocks(machine, open_pe(), Visibility::Everything);
            let seen = (Visibility::Everything, Layer::Run);
            Ok(Line::Machine {
                name: machine.name(),
                compared: compare(machine, &top, &folder, seen, options)?,
            })
        }
        Task::Gates(machine) => {
            let gates = gates::Gates::of(machine, &options.folder)?;
            let n_cells = gates.n_cells;
            let seen = (Visibility::Boundary, layer_on_gates(machine));
            let compared = compare(machine, &gates.top(machine), &folder, seen, options)?;
            compared.census.check()?;
            Ok(Line::Gates {
                name: machine.design().name(),
                n_cells,
                compared,
            })
        }
        Task::Mutant(mutant) => Ok(Line::Mutant {
            name: mutant.name,
            caught: mutant.hunt(&folder, options.cases)?,
        }),
        Task::GateMutant(mutant) => Ok(Line::Mutant {
            name: mutant.name,
            caught: mutant.hunt(&folder, options.cases)?,
        }),
    }
}

/// Whether the real layer runs after the random products.
#[derive(Clone, Copy)]
enum Layer {
    Run,
    Skip,
}

/// The layer runs on three netlists: it takes longer than all random products.
fn layer_on_gates(machine: &Machine) -> Layer {
    let Machine { array, hold_bit } = machine;
    let with_layer = [
        Pe::Conventional,
        nb_smt(Threads::Two, Policy::SA),
        nb_smt(Threads::Four, Policy::SA),
    ];
    if *hold_bit == HoldBit::Absent && array.pipeline_depth() == 1 && with_layer.contains(&array.pe()) {
        Layer::Run
    } else {
        Layer::Skip
    }
}

/// Random products and a real layer on `top` and on the stepped engine.
///
/// - Errors: what does not build, and the first divergence, with the waveform that shows it.
fn compare(
    machine: &Machine,
    top: &build::Top,
    folder: &Path,
    (visibility, layer): (Visibility, Layer),
    options: &Options,
) -> anyhow::Result<Compared> {
    let library = build::build(top, folder)?;
    let mut model = Model::load(&library, &top.ports, 3)?;
    let waveform = folder.join("divergence.vcd");
    let part = |found: Result<LockstepCounts, divergence::Divergence>| match found {
        Ok(tally) => Ok(tally),
        Err(divergence) => bail!("{divergence}; the cycles before it are in {}", waveform.display()),
    };
    let (census, random) = random::campaign(&mut model, machine, visibility, options.cases, &waveform)?;
    let random = part(random)?;
    let layer = match layer {
        Layer::Run => Some(part(layer::layer(&mut model, machine, visibility, &waveform)?)?),
        Layer::Skip => None,
    };
    Ok(Compared {
        census,
        random,
        layer,
    })
}
