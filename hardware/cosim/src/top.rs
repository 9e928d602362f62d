//! The array with its registers in the open, as a top for Verilator.

use sim_core::named;
use sim_rtl::{Design, SOURCES};

use crate::build::{Block, File, Purpose, Top};
use crate::machines::Machine;
use crate::ports::Port;

/// Which registers of a PE can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Visibility {
    /// All: the design is as it was written.
    Everything,
    /// Those at the PE's boundary: a netlist of gates keeps no names inside.
    Boundary,
}

named! {
    /// The ports of `lockstep_top`, in the order of [`ports`].
    pub(crate) enum PortIndex {
        Command = "command",
        NSteps = "n_steps",
        NTiles = "n_tiles",
        ActivationsIn = "activations_in",
        WeightsIn = "weights_in",
        SkipIn = "skip_in",
        Step = "step",
        Tile = "tile",
        Control = "control",
        Leaves = "leaves",
        Results = "results",
        Activations = "activations",
        Weights = "weights",
        Controls = "controls",
        Accumulators = "accumulators",
        Shadows = "shadows",
        Parities = "parities",
        Stages = "stages",
        StageControls = "stage_controls",
        Holds = "holds",
    }
}

impl PortIndex {
    /// The place in the list of ports.
    pub(crate) fn index(self) -> usize {
        let is_self = |other: &Self| *other == self;
        Self::ALL.iter().position(is_self).unwrap_or(usize::MAX)
    }
}

/// The ports of `lockstep_top` for a machine.
fn ports(machine: &Machine) -> Vec<Port> {
    let (array, design) = (&machine.array, machine.design());
    let (rows, cols) = (array.rows(), array.cols());
    let n_pes = rows * cols;
    let n_stages = usize::from(array.pipeline_depth()) - 1;
    let of = |port: PortIndex| {
        let wide = |n_bits| Port::wide(port.name(), n_bits);
        match port {
            PortIndex::Command | PortIndex::NSteps | PortIndex::NTiles => Port::word(port.name()),
            PortIndex::Step | PortIndex::Tile | PortIndex::Control => Port::word(port.name()),
            PortIndex::ActivationsIn => wide(rows * design.raw_bits()),
            PortIndex::WeightsIn => wide(cols * design.weight_bits()),
            PortIndex::SkipIn | PortIndex::Holds => wide(n_pes),
            PortIndex::Leaves => Port::sized(port.name(), "RESULTS_BITS", 32 * cols),
            PortIndex::Results => wide(32 * cols),
            PortIndex::Activations => wide(n_pes * design.activation_bits()),
            PortIndex::Weights => wide(n_pes * design.weight_bits()),
            PortIndex::Controls => wide(4 * n_pes),
            PortIndex::Accumulators => wide(32 * n_pes),
            PortIndex::Shadows => Port::sized(port.name(), "ACCUMULATORS_BITS", 32 * n_pes),
            PortIndex::Parities => wide(n_pes),
            PortIndex::Stages => wide(32 * n_pes * n_stages),
            PortIndex::StageControls => wide(4 * n_pes * n_stages),
        }
    };
    PortIndex::ALL.map(of).into()
}

/// The top of a machine, of files that hold its design.
pub(crate) fn top(machine: &Machine, design: Vec<File>) -> Top {
    let mut files = design;
    files.push(File {
        name: "lockstep_top.sv",
        text: include_str!("../hdl/lockstep_top.sv").into(),
    });
    files.push(waivers());
    let (array, design) = (&machine.array, machine.design());
    let mut parameters = vec![
        ("ROWS".to_owned(), array.rows()),
        ("COLS".to_owned(), array.cols()),
        ("RAW_BITS".to_owned(), design.raw_bits()),
    ];
    parameters.extend(parameters_of_pe(&design));
    Top {
        name: "lockstep_top",
        files,
        parameters,
        ports: ports(machine),
        defines: design.defines().to_vec(),
        block: None,
        purpose: Purpose::Proof,
    }
}

/// The module that stands for a PE where PEs are compiled apart.
pub(crate) const PE_BLOCK: &str = "pe_block";

/// The top of a machine whose PEs are one block: a netlist, of which only the boundary can be seen, or the design with its
/// accumulator in the open. Stages between multiplier and accumulator are out of sight.
pub(crate) fn top_of_blocks(machine: &Machine, files: Vec<File>, visibility: Visibility) -> Top {
    let mut around = design();
    around.retain(|file| file.name != "pe.sv");
    around.push(File {
        name: "pe.sv",
        text: include_str!("../hdl/pe_of_block.sv").into(),
    });
    let design = machine.design();
    let (mut defines, parameters) = match visibility {
        Visibility::Everything => (vec!["BLOCK"], parameters_of_pe(&design)),
        Visibility::Boundary => (vec!["BLOCK", "GATES"], Vec::new()),
    };
    defines.extend(design.defines());
    Top {
        block: Some(Block {
            name: PE_BLOCK,
            files,
            parameters,
        }),
        defines,
        purpose: Purpose::Generated,
        ..top(machine, around)
    }
}

/// The design of a PE as a block with its accumulator in the open.
pub(crate) fn open_pe() -> Vec<File> {
    let mut files = design();
    files.push(File {
        name: "pe_block.sv",
        text: include_str!("../hdl/pe_block.sv").into(),
    });
    files
}

fn parameters_of_pe(design: &Design) -> Vec<(String, usize)> {
    design
        .parameters()
        .into_iter()
        .map(|parameter| (parameter.name.to_owned(), parameter.value))
        .collect()
}

/// The design as it is in the repository.
pub(crate) fn design() -> Vec<File> {
    SOURCES.iter().copied().map(File::from).collect()
}

/// The lint waivers of the design, and those of the tops around it.
pub(crate) fn waivers() -> File {
    File {
        name: "lint.vlt",
        text: concat!(
            include_str!("../../rtl/lint.vlt"),
            include_str!("../hdl/tops.vlt")
        )
        .into(),
    }
}
