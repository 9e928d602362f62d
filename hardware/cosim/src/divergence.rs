//! Where hardware and the stepped engine part.

use std::fmt;

use sim_core::ids::{Col, Row};
use sim_core::units::Cycles;

use crate::registers::Register;

/// The first place where hardware and the stepped engine part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Divergence {
    /// A register.
    Register {
        cycle: Cycles,
        row: Row,
        col: Col,
        register: Register,
        hardware: i32,
        engine: i32,
    },
    /// An output: its value, or the cycle in which it leaves.
    Output {
        m: usize,
        n: usize,
        hardware: Option<(Cycles, i32)>,
        engine: Option<(Cycles, i32)>,
    },
    /// Hardware still lets results out when the product is complete.
    Surplus { cycle: Cycles, col: Col },
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let output = |output: &Option<(Cycles, i32)>| match output {
            Some((cycle, value)) => format!("{value} in cycle {}", cycle.0),
            None => "nothing".to_owned(),
        };
        match self {
            Self::Register {
                cycle,
                row,
                col,
                register,
                hardware,
                engine,
            } => write!(
                f,
                "cycle {}, PE ({}, {}), {}: hardware {hardware}, stepped engine {engine}",
                cycle.0,
                row.idx(),
                col.idx(),
                register.name()
            ),
            Self::Output {
                m,
                n,
                hardware,
                engine,
            } => write!(
                f,
                "output ({m}, {n}): hardware {}, stepped engine {}",
                output(hardware),
                output(engine)
            ),
            Self::Surplus { cycle, col } => write!(
                f,
                "cycle {}, column {}: hardware lets a result out after the last one",
                cycle.0,
                col.idx()
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_divergence_says_where_and_what_both_sides_hold() {
        let register = Divergence::Register {
            cycle: Cycles(22),
            row: Row(0),
            col: Col(1),
            register: Register::StageProduct(2),
            hardware: -7,
            engine: 9,
        };
        assert_eq!(
            register.to_string(),
            "cycle 22, PE (0, 1), stage_2_product: hardware -7, stepped engine 9"
        );
        let output = Divergence::Output {
            m: 3,
            n: 4,
            hardware: None,
            engine: Some((Cycles(31), 12)),
        };
        assert_eq!(
            output.to_string(),
            "output (3, 4): hardware nothing, stepped engine 12 in cycle 31"
        );
        let surplus = Divergence::Surplus {
            cycle: Cycles(40),
            col: Col(2),
        };
        assert_eq!(
            surplus.to_string(),
            "cycle 40, column 2: hardware lets a result out after the last one"
        );
    }
}
