//! The designs that are measured.

use sim_core::spec::{ArraySpec, NbSmt, OutOfRange, Pe, Policy, Sparq, Threads, Window};
use sim_cost::key::Part;
use sim_rtl::{Design, HoldBit};

use crate::error::SynthError;
use crate::netlist::{ClockTarget, Module};

/// The clock that logic is mapped for. Every PE with one stage meets it in 180 nm, so that all are mapped under the same
/// pressure.
pub const CLOCK: ClockTarget = ClockTarget { picoseconds: 10_000 };

/// Rows and columns of the arrays that are measured whole.
pub const ARRAY_SIDE: usize = 4;

/// A module to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The machine, on an array of the side that is measured whole.
    pub array: ArraySpec,
    /// What its PEs have.
    pub hold_bit: HoldBit,
    /// What of it.
    pub module: Module,
}

impl Subject {
    /// The design.
    pub const fn design(&self) -> Design {
        Design::of(&self.array).with_hold_bit(self.hold_bit)
    }

    /// What of it, in technology tables.
    pub const fn part(&self) -> Part {
        match self.module {
            Module::Pe => match self.hold_bit {
                HoldBit::Absent => Part::Pe,
                HoldBit::Present => Part::PeWithHoldBit,
            },
            Module::WindowLogic => Part::WindowLogic,
            Module::Array { .. } => Part::Array4x4,
        }
    }

    /// A name for people: that of the design, and what of it where it is not the PE.
    pub fn name(&self) -> String {
        let design = self.design().name();
        match self.module {
            Module::Pe => design,
            Module::WindowLogic => format!("{design} window-logic"),
            Module::Array { rows, cols } => format!("{design} array-{rows}x{cols}"),
        }
    }
}

/// Threads with a policy, and otherwise the rules that a configuration has by default.
pub const fn nb_smt(threads: Threads, policy: Policy) -> Pe {
    Pe::NbSmt(NbSmt::new(threads, policy))
}

/// Every module that is measured: PEs by machine, rules and depth, then window logic, arrays, and PEs with a hold bit.
pub fn all() -> Vec<Subject> {
    let mut shallow = vec![Pe::Conventional, nb_smt(Threads::One, Policy::SA)];
    for threads in [Threads::Two, Threads::Four] {
        shallow.extend(NbSmt::every(threads).into_iter().map(Pe::NbSmt));
    }
    shallow.extend(Pe::with_windows(&Sparq::every()));
    let deep = Pe::compared(&[Policy::SA]);
    let whole = [
        Pe::Conventional,
        nb_smt(Threads::Two, Policy::SA),
        nb_smt(Threads::Four, Policy::SA),
        Pe::Sparq(Sparq::new(Window::Opt5)),
    ];
    let array = Module::Array {
        rows: ARRAY_SIDE,
        cols: ARRAY_SIDE,
    };
    // Window logic is the same whatever stands behind it; a table finds it by the PE.
    let edges = Sparq::every().into_iter().map(|rules| (rules, 1));
    let deep_edges = Window::ALL.map(Sparq::new).map(|rules| (rules, 2));
    let held = that_hold();
    let pes = shallow.into_iter().map(|pe| (pe, 1, Module::Pe));
    let deep = deep.into_iter().map(|pe| (pe, 2, Module::Pe));
    let edges = edges
        .chain(deep_edges)
        .map(|(rules, depth)| (Pe::Sparq(rules), depth, Module::WindowLogic));
    let arrays = whole.into_iter().map(|pe| (pe, 1, array));
    let subject = |hold_bit| {
        move |(pe, depth, module)| {
            let array = spec(pe, depth).ok()?;
            Some(Subject {
                array,
                hold_bit,
                module,
            })
        }
    };
    let without = pes.chain(deep).chain(edges).chain(arrays);
    let held = held.into_iter().map(|(pe, depth)| (pe, depth, Module::Pe));
    without
        .filter_map(subject(HoldBit::Absent))
        .chain(held.filter_map(subject(HoldBit::Present)))
        .collect()
}

/// PEs that are measured with a hold bit too, and their pipeline stages: every policy, and two stages for the default one.
pub fn that_hold() -> Vec<(Pe, u8)> {
    let several = [Threads::Two, Threads::Four];
    let mut pes = vec![(Pe::Conventional, 1)];
    for threads in several {
        pes.extend(Policy::ALL.map(|policy| (nb_smt(threads, policy), 1)));
    }
    pes.push((Pe::Conventional, 2));
    pes.extend(several.map(|threads| (nb_smt(threads, Policy::SA), 2)));
    pes
}

/// A machine on an array of the side that is measured whole.
///
/// - Errors: a depth that no PE has.
pub fn spec(pe: Pe, depth: u8) -> Result<ArraySpec, OutOfRange> {
    ArraySpec::new(ARRAY_SIDE, ARRAY_SIDE, pe)?.with_pipeline_depth(depth)
}

/// The modules of the designs of these names; without names, every one.
///
/// - Errors: a name that no design has.
pub fn named(names: &[String]) -> Result<Vec<Subject>, SynthError> {
    let all = all();
    for name in names {
        if !all.iter().any(|subject| subject.design().name() == *name) {
            let some = [0, 2, 6].map(|n| all.get(n).map(Subject::name).unwrap_or_default());
            return Err(SynthError::UnknownDesign {
                name: name.clone(),
                examples: some.join(", "),
            });
        }
    }
    Ok(all
        .into_iter()
        .filter(|subject| names.is_empty() || names.contains(&subject.design().name()))
        .collect())
}
