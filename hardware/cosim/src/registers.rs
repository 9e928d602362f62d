//! The registers that hardware and the stepped engine both have, laid out alike.

use sim_array::stepped::registers::{Registers, control};
use sim_core::spec::{Pairs, Sparq};
use sim_rtl::{Design, HoldBit, WindowCode};

use crate::bits;
use crate::machines::Machine;
use crate::model::Model;
use crate::top::{PortIndex, Visibility};

/// A register of every PE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Register {
    /// An activation moving right, by lane; for sparq as the value that the window left.
    Activation(usize),
    /// A weight moving down, by lane.
    Weight(usize),
    /// Where a 2:4 weight stood.
    Position(usize),
    /// Valid, first, last and parity, moving right.
    Control,
    /// The product at a stage between multiplier and accumulator.
    StageProduct(usize),
    /// The control word at such a stage.
    StageControl(usize),
    /// Whether the PE holds.
    HoldBit,
    /// The accumulator.
    Accumulator,
    /// The shadow register.
    Shadow,
    /// The shadow register's parity.
    ShadowParity,
}

impl Register {
    /// A name for people and for waveforms.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Activation(lane) => format!("activation_{lane}"),
            Self::Weight(lane) => format!("weight_{lane}"),
            Self::Position(lane) => format!("position_{lane}"),
            Self::Control => "control".to_owned(),
            Self::StageProduct(stage) => format!("stage_{stage}_product"),
            Self::StageControl(stage) => format!("stage_{stage}_control"),
            Self::HoldBit => "hold_bit".to_owned(),
            Self::Accumulator => "accumulator".to_owned(),
            Self::Shadow => "shadow".to_owned(),
            Self::ShadowParity => "shadow_parity".to_owned(),
        }
    }
}

/// The control word's bits that hardware has; whether a row has an output matters to cycle accounting alone.
const HARDWARE_CONTROL: u8 = control::VALID | control::FIRST | control::LAST | control::PARITY;

/// All registers of an array: register f of PE i is value `f · n_pes + i`.
pub(crate) struct Layout {
    design: Design,
    n_pes: usize,
    registers: Vec<Register>,
}

impl Layout {
    pub(crate) fn new(machine: &Machine, visibility: Visibility) -> Self {
        let (array, design) = (&machine.array, machine.design());
        let pe = array.pe();
        let mut registers = vec![Register::Control];
        registers.extend((0..pe.k_per_step()).map(Register::Activation));
        registers.extend((0..pe.n_weights()).map(Register::Weight));
        registers.extend((0..pe.n_positions()).map(Register::Position));
        match visibility {
            Visibility::Everything => {
                for stage in 0..usize::from(array.pipeline_depth()) - 1 {
                    registers.extend([Register::StageProduct(stage), Register::StageControl(stage)]);
                }
                match design.hold_bit() {
                    HoldBit::Absent => {}
                    HoldBit::Present => registers.push(Register::HoldBit),
                }
                registers.push(Register::Accumulator);
            }
            Visibility::Boundary => {}
        }
        registers.extend([Register::Shadow, Register::ShadowParity]);
        Self {
            design,
            n_pes: array.rows() * array.cols(),
            registers,
        }
    }

    /// The registers, in order.
    pub(crate) fn registers(&self) -> &[Register] {
        &self.registers
    }

    /// PEs of the array.
    pub(crate) const fn n_pes(&self) -> usize {
        self.n_pes
    }

    /// What the stepped engine holds.
    pub(crate) fn of_engine(&self, found: &Registers, values: &mut Vec<i32>) {
        values.clear();
        for &register in &self.registers {
            let value = |pe: usize| match register {
                Register::Activation(lane) => i32::from(found.activation(lane, pe)),
                Register::Weight(slot) => i32::from(found.weight(slot, pe)),
                Register::Position(slot) => i32::from(found.position(slot, pe)),
                Register::Control => hardware_control(found.control(pe)),
                Register::StageProduct(stage) => found.stage_product(stage, pe),
                Register::StageControl(stage) => hardware_control(found.stage_control(stage, pe)),
                Register::HoldBit => i32::from(found.holds(pe)),
                Register::Accumulator => found.accumulator(pe),
                Register::Shadow => found.shadow(pe),
                Register::ShadowParity => i32::from(found.shadow_parity(pe) != 0),
            };
            values.extend((0..self.n_pes).map(value));
        }
    }

    /// What the hardware holds.
    pub(crate) fn of_hardware(&self, model: &Model, values: &mut Vec<i32>) {
        type Read = fn(u32, usize) -> i32;
        let (n_pes, weight_bits) = (self.n_pes, self.design.weight_bits());
        values.clear();
        for &register in &self.registers {
            // Where it is for the first PE, how far it is to the next, and how its bits are read.
            let (port, first, stride, n_bits, read): (_, _, _, _, Read) = match register {
                Register::Activation(lane) => {
                    self.activations(model, lane, values);
                    continue;
                }
                Register::Weight(lane) => (PortIndex::Weights, 8 * lane, weight_bits, 8, signed),
                Register::Position(lane) => (PortIndex::Weights, 16 + 2 * lane, weight_bits, 2, unsigned),
                Register::Control => (PortIndex::Controls, 0, 4, 4, unsigned),
                Register::StageProduct(stage) => (PortIndex::Stages, 32 * n_pes * stage, 32, 32, signed),
                Register::StageControl(stage) => {
                    (PortIndex::StageControls, 4 * n_pes * stage, 4, 4, unsigned)
                }
                Register::HoldBit => (PortIndex::Holds, 0, 1, 1, unsigned),
                Register::Accumulator => (PortIndex::Accumulators, 0, 32, 32, signed),
                Register::Shadow => (PortIndex::Shadows, 0, 32, 32, signed),
                Register::ShadowParity => (PortIndex::Parities, 0, 1, 1, unsigned),
            };
            let words = model.port(port.index());
            let of_pe = |pe| read(bits::get(words, first + pe * stride, n_bits), n_bits);
            values.extend((0..n_pes).map(of_pe));
        }
    }

    fn activations(&self, model: &Model, lane: usize, values: &mut Vec<i32>) {
        let (words, stride) = (
            model.port(PortIndex::Activations.index()),
            self.design.activation_bits(),
        );
        match self.design.pe().edge_window() {
            None => {
                values.extend(
                    (0..self.n_pes).map(|pe| unsigned(bits::get(words, pe * stride + 8 * lane, 8), 8)),
                );
            }
            Some(rules) => values.extend(
                (0..self.n_pes).map(|pe| windowed(&rules, bits::get(words, pe * stride, stride))[lane]),
            ),
        }
    }
}

fn hardware_control(word: u8) -> i32 {
    i32::from(word & HARDWARE_CONTROL)
}

fn unsigned(value: u32, _n_bits: usize) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

fn signed(value: u32, n_bits: usize) -> i32 {
    (value << (32 - n_bits)).cast_signed() >> (32 - n_bits)
}

/// The values of a windowed pair as it moves right: nibbles at their places, both to one activation where it has both.
fn windowed(rules: &Sparq, bus: u32) -> [i32; 2] {
    let code = WindowCode::of(rules.window);
    let half = code.bits + code.code_bits;
    let nibble_at = |index: usize| {
        let nibble = bits::get(&[bus], index * half, code.bits);
        let shift = bits::get(&[bus], index * half + code.bits, code.code_bits);
        unsigned(nibble, code.bits) << (usize::try_from(shift).unwrap_or(0) * code.step)
    };
    let both = match rules.pairs {
        Pairs::On => bits::get(&[bus], 2 * half, 2),
        Pairs::Off => 0,
    };
    let (first, second) = (nibble_at(0), nibble_at(1));
    match both {
        1 => [first + second, 0],
        2 => [0, first + second],
        _ => [first, second],
    }
}

#[cfg(test)]
mod tests {
    use sim_core::spec::Pe;
    use sim_pe::sparq::windowed_pair;

    use super::*;

    #[test]
    fn a_windowed_pair_comes_back_from_its_code() {
        for rules in Sparq::every() {
            let code = WindowCode::of(rules.window);
            for raw in 0..=u16::MAX {
                let pair = windowed_pair(raw.to_le_bytes(), &rules);
                let bus = code.encode(pair, rules.pairs);
                assert_eq!(
                    windowed(&rules, bus),
                    pair.map(i32::from),
                    "{rules:?}, pair {:?}, bus {bus:b}",
                    raw.to_le_bytes()
                );
            }
        }
    }

    #[test]
    fn only_the_boundary_of_a_netlist_is_laid_out() {
        let machine = Machine::new(2, 3, Pe::Conventional, 3)
            .expect("a small array")
            .that_holds();
        let names = |visibility| -> Vec<String> {
            let layout = Layout::new(&machine, visibility);
            assert_eq!(layout.n_pes(), 6);
            layout
                .registers()
                .iter()
                .map(|register| register.name())
                .collect()
        };
        assert_eq!(
            names(Visibility::Boundary),
            ["control", "activation_0", "weight_0", "shadow", "shadow_parity"]
        );
        assert_eq!(
            names(Visibility::Everything),
            [
                "control",
                "activation_0",
                "weight_0",
                "stage_0_product",
                "stage_0_control",
                "stage_1_product",
                "stage_1_control",
                "hold_bit",
                "accumulator",
                "shadow",
                "shadow_parity"
            ]
        );
    }
}
