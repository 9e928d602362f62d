//! Both engines on the same product, and the first place where they part.

use std::fmt;

use sim_core::busy::BusyMap;
use sim_core::ids::{Col, Row, TileId};
use sim_core::shape::Gemm;
use sim_core::spec::ArraySpec;
use sim_core::units::Cycles;

use crate::algebraic::Algebraic;
use crate::engine::{Engine, EngineError, Measures, Operands, Outcome};
use crate::mapping::Tiling;
use crate::stepped::Stepped;
use crate::stepped::probe::ExitOf;

/// The first field in which two outcomes differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Divergence {
    /// An output.
    Value(Box<ValueDivergence>),
    /// Anything else.
    Field {
        /// The field's path, such as `pe_cycles.drain`.
        field: &'static str,
        /// What the stepped engine says.
        stepped: String,
        /// What the algebraic engine says.
        algebraic: String,
    },
}

/// An output in which two outcomes differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueDivergence {
    /// Row of C.
    pub m: usize,
    /// Column of C.
    pub n: usize,
    /// The tile that computes it.
    pub tile: TileId,
    /// The PE that computes it.
    pub pe: (Row, Col),
    /// The cycle in which the stepped engine lets it out, where it does.
    pub cycle: Option<Cycles>,
    /// What the stepped engine says.
    pub stepped: i32,
    /// What the algebraic engine says.
    pub algebraic: i32,
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field {
                field,
                stepped,
                algebraic,
            } => {
                write!(f, "{field}: stepped {stepped}, algebraic {algebraic}")
            }
            Self::Value(value) => {
                let ValueDivergence {
                    m,
                    n,
                    tile,
                    pe: (row, col),
                    cycle,
                    stepped,
                    algebraic,
                } = value.as_ref();
                write!(
                    f,
                    "product[{m}, {n}]: stepped {stepped}, algebraic {algebraic}; PE ({}, {}), tile {}, ",
                    row.idx(),
                    col.idx(),
                    tile.idx()
                )?;
                match cycle {
                    Some(cycle) => write!(f, "leaves in cycle {}", cycle.0),
                    None => write!(f, "never leaves"),
                }
            }
        }
    }
}

/// Run both engines and compare whole outcomes; `None` where they are equal to the bit.
///
/// - Errors: those of [`Engine::run`], where both engines refuse alike.
pub fn check(array: &ArraySpec, operands: &Operands<'_>) -> Result<Option<Divergence>, EngineError> {
    let stepped = Stepped.run(array, operands, Measures::ALL);
    let algebraic = Algebraic.run(array, operands, Measures::ALL);
    let (stepped, algebraic) = match (stepped, algebraic) {
        (Ok(stepped), Ok(algebraic)) => (stepped, algebraic),
        (Err(stepped), Err(algebraic)) if stepped == algebraic => return Err(stepped),
        (stepped, algebraic) => {
            let verdict = |outcome: Result<Outcome, EngineError>| match outcome {
                Ok(_) => "runs it".to_owned(),
                Err(error) => error.to_string(),
            };
            return Ok(Some(Divergence::Field {
                field: "verdict",
                stepped: verdict(stepped),
                algebraic: verdict(algebraic),
            }));
        }
    };
    let mut divergence = first_divergence(array, operands.shape(), &stepped, &algebraic);
    if let Some(Divergence::Value(value)) = &mut divergence {
        let mut exit = ExitOf::new(value.m, value.n);
        Stepped.run_probed(array, operands, Measures::NONE, &mut exit)?;
        value.cycle = exit.cycle();
    }
    Ok(divergence)
}

/// The first field in which the outcomes of one product differ: values first, then time, then counters.
pub fn first_divergence(
    array: &ArraySpec,
    shape: Gemm,
    stepped: &Outcome,
    algebraic: &Outcome,
) -> Option<Divergence> {
    if stepped.product.len() != algebraic.product.len() {
        return Some(field(
            "product.len",
            &stepped.product.len(),
            &algebraic.product.len(),
        ));
    }
    let values = stepped.product.iter().zip(&algebraic.product);
    if let Some((index, (&stepped, &algebraic))) = values.enumerate().find(|(_, (s, a))| s != a) {
        let (m, n) = (index / shape.n(), index % shape.n());
        let (tile, row, col) = Tiling::new(array, shape).place_of(m, n);
        let pe = (row, col);
        return Some(Divergence::Value(Box::new(ValueDivergence {
            m,
            n,
            tile,
            pe,
            cycle: None,
            stepped,
            algebraic,
        })));
    }
    let (s, a) = (stepped.counters, algebraic.counters);
    let differs = [
        (
            "cycles",
            stepped.cycles != algebraic.cycles,
            pair(&stepped.cycles.0, &algebraic.cycles.0),
        ),
        count("pe_cycles.fill", s.pe_cycles.fill, a.pe_cycles.fill),
        (
            "pe_cycles.active",
            s.pe_cycles.active != a.pe_cycles.active,
            pair(&s.pe_cycles.active.counts(), &a.pe_cycles.active.counts()),
        ),
        count("pe_cycles.masked", s.pe_cycles.masked, a.pe_cycles.masked),
        count("pe_cycles.stall", s.pe_cycles.stall, a.pe_cycles.stall),
        count("pe_cycles.drain", s.pe_cycles.drain, a.pe_cycles.drain),
        ("reduced", s.reduced != a.reduced, pair(&s.reduced, &a.reduced)),
        (
            "operand_widths",
            s.operand_widths != a.operand_widths,
            pair(&s.operand_widths, &a.operand_widths),
        ),
        (
            "switching",
            s.switching != a.switching,
            pair(&s.switching, &a.switching),
        ),
        (
            "mse",
            stepped.error != algebraic.error,
            pair(&stepped.error, &algebraic.error),
        ),
    ];
    differs
        .into_iter()
        .find(|(_, differs, _)| *differs)
        .map(|(field, _, (stepped, algebraic))| Divergence::Field {
            field,
            stepped,
            algebraic,
        })
        .or_else(|| busy_divergence(stepped.busy.as_ref(), algebraic.busy.as_ref()))
}

/// The first PE whose busy steps differ; a whole map is too much to read.
fn busy_divergence(stepped: Option<&BusyMap>, algebraic: Option<&BusyMap>) -> Option<Divergence> {
    if stepped == algebraic {
        return None;
    }
    let of = |map: Option<&BusyMap>| map.map(|map| map.iter().collect()).unwrap_or_default();
    let (stepped, algebraic): (Vec<_>, Vec<_>) = (of(stepped), of(algebraic));
    let differ = stepped.iter().zip(&algebraic).find(|(s, a)| s != a);
    Some(match differ {
        Some(((row, col, stepped), (_, _, algebraic))) => {
            let at = |n_steps: &u64| format!("{n_steps} at PE ({}, {})", row.idx(), col.idx());
            Divergence::Field {
                field: "busy",
                stepped: at(stepped),
                algebraic: at(algebraic),
            }
        }
        None => field("busy.len", &stepped.len(), &algebraic.len()),
    })
}

fn pair<T: fmt::Debug>(stepped: &T, algebraic: &T) -> (String, String) {
    (format!("{stepped:?}"), format!("{algebraic:?}"))
}

fn count(field: &'static str, stepped: u64, algebraic: u64) -> (&'static str, bool, (String, String)) {
    (field, stepped != algebraic, pair(&stepped, &algebraic))
}

fn field<T: fmt::Debug>(field: &'static str, stepped: &T, algebraic: &T) -> Divergence {
    let (stepped, algebraic) = pair(stepped, algebraic);
    Divergence::Field {
        field,
        stepped,
        algebraic,
    }
}

#[cfg(test)]
mod tests {
    use sim_core::spec::Pe;

    use super::*;

    #[test]
    fn a_map_that_parts_is_told_by_its_first_pe() {
        let array = ArraySpec::new(2, 2, Pe::Conventional).expect("in range");
        let shape = Gemm::new(2, 2, 1).expect("not empty");
        let operands = Operands::new(shape, &[3, 4], &[5, 0]).expect("as long as the shape says");
        let right = Stepped.run(&array, &operands, Measures::ALL).expect("runs");
        let mut wrong = right.clone();
        if let Some(map) = &mut wrong.busy {
            map.add(Row(1), Col(0), 2);
        }
        let told = |other: &Outcome| {
            first_divergence(&array, shape, &right, other).map(|divergence| divergence.to_string())
        };
        assert_eq!(told(&right), None);
        assert_eq!(
            told(&wrong).as_deref(),
            Some("busy: stepped 1 at PE (1, 0), algebraic 3 at PE (1, 0)")
        );
        wrong.busy = None;
        assert_eq!(told(&wrong).as_deref(), Some("busy.len: stepped 4, algebraic 0"));
    }
}
