//! The machines that are checked.

use sim_core::fixed::{Overflow, Rounding};
use sim_core::spec::{
    ArraySpec, NbSmt, Pairs, Pe, Policy, Sparq, Threads, Window, WindowPlace, WindowRounding,
};
use sim_rtl::{Design, HoldBit};
use sim_synth::designs::nb_smt;

/// An array and what its PEs are built of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Machine {
    pub(crate) array: ArraySpec,
    /// With hold bits, some outputs of a product are skipped.
    pub(crate) hold_bit: HoldBit,
}

impl Machine {
    /// With pipelined tiles, and without hold bits.
    pub(crate) fn new(rows: usize, cols: usize, pe: Pe, depth: u8) -> anyhow::Result<Self> {
        Ok(Self {
            array: ArraySpec::new(rows, cols, pe)?.with_pipeline_depth(depth)?,
            hold_bit: HoldBit::Absent,
        })
    }

    /// The same with hold bits.
    pub(crate) const fn that_holds(self) -> Self {
        Self {
            hold_bit: HoldBit::Present,
            ..self
        }
    }

    /// The PE.
    pub(crate) const fn design(&self) -> Design {
        Design::of(&self.array).with_hold_bit(self.hold_bit)
    }

    /// A name for people and for files.
    pub(crate) fn name(&self) -> String {
        format!(
            "{}-{}x{}",
            self.design().name(),
            self.array.rows(),
            self.array.cols()
        )
    }
}

/// Every kind of PE with one stage, every policy and window that the papers build; windows inside PEs are the same logic, and
/// two of them are enough.
pub(crate) fn compared() -> Vec<Pe> {
    let mut machines = Pe::compared(&[Policy::SA, Policy::SAw, Policy::SW, Policy::S]);
    machines.retain(|pe| match pe.windows() {
        Some((WindowPlace::Pe, rules)) => [Window::Opt5, Window::Opt7].contains(&rules.window),
        Some((WindowPlace::Edge, _)) | None => true,
    });
    machines
}

/// Those, every option at least once.
pub(crate) fn all(rows: usize, cols: usize) -> anyhow::Result<Vec<Machine>> {
    let mut machines: Vec<(Pe, u8)> = compared().into_iter().map(|pe| (pe, 1)).collect();
    // Options of the rules.
    machines.push((
        Pe::NbSmt(NbSmt {
            threads: Threads::Four,
            policy: Policy::AW,
            rounding: Rounding::HalfEven,
            overflow: Overflow::Extend,
        }),
        1,
    ));
    machines.push((
        Pe::Sparq(Sparq {
            window: Window::Opt3,
            rounding: WindowRounding::Trim,
            pairs: Pairs::Off,
        }),
        1,
    ));
    // Deeper pipelines.
    machines.push((Pe::Conventional, 3));
    machines.push((nb_smt(Threads::Two, Policy::SA), 2));
    machines.push((nb_smt(Threads::Four, Policy::SA), 4));
    machines.push((Pe::SparqStc(Sparq::new(Window::Opt3)), 2));
    machines
        .into_iter()
        .map(|(pe, depth)| Machine::new(rows, cols, pe, depth))
        .collect()
}

/// Machines whose PEs hold where an output is skipped; not square, for bits of rows and columns must not be mixed up.
pub(crate) fn that_hold() -> anyhow::Result<Vec<Machine>> {
    let pes = [
        Pe::Conventional,
        nb_smt(Threads::Two, Policy::SA),
        nb_smt(Threads::Four, Policy::SA),
    ];
    let deep = pes.into_iter().flat_map(|pe| [1, 2].map(|depth| (pe, depth)));
    deep.map(|(pe, depth)| Ok(Machine::new(3, 2, pe, depth)?.that_holds()))
        .collect()
}
