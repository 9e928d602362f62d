//! Engines on the same product, and the first place where they part.

mod registers;

use std::fmt;

use sim_core::busy::BusyMap;
use sim_core::ids::{Col, Row, TileId};
use sim_core::named;
use sim_core::record::EngineKind;
use sim_core::spec::ArraySpec;
use sim_core::units::Cycles;

use crate::engine::{Engine, EngineError, Measures, Operands, Outcome};
use crate::phases::place_of;
use crate::stepped::Stepped;
use crate::stepped::probe::ExitOf;
use registers::held_to_clock;
pub use registers::{RegisterDivergence, check_registers};

named! {
    /// The engine that others are held to.
    pub enum Truth {
        /// The fast clock: the algebraic engine gives its outcome.
        Stepped = "stepped",
        /// The reference clock: the fast clock holds its registers in every cycle, and both others give its outcome.
        Clock = "clock",
    }
}

impl Truth {
    /// The engine.
    pub const fn engine(self) -> EngineKind {
        match self {
            Self::Stepped => EngineKind::Stepped,
            Self::Clock => EngineKind::Clock,
        }
    }
}

/// What an engine says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said<T> {
    /// The engine.
    pub engine: EngineKind,
    /// What it says.
    pub value: T,
}

impl<T: fmt::Display> fmt::Display for Said<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.engine.name(), self.value)
    }
}

/// The first place in which two engines part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Divergence {
    /// An output.
    Value(Box<ValueDivergence>),
    /// A register.
    Register(Box<RegisterDivergence>),
    /// Anything else.
    Field {
        /// The field, such as `drain`: a counter goes by its own name.
        field: &'static str,
        /// What each says; the first is held to be true.
        said: Box<[Said<String>; 2]>,
    },
}

/// An output in which two outcomes differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueDivergence {
    /// Row of C.
    pub m: usize,
    /// Column of C.
    pub n: usize,
    /// The tile and the PE that compute it; `None` where no tile has it.
    pub place: Option<(TileId, Row, Col)>,
    /// The cycle in which the stepped engine lets it out, where it does.
    pub cycle: Option<Cycles>,
    /// What each says; the first is held to be true.
    pub said: [Said<i32>; 2],
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field { field, said } => {
                let [truth, other] = said.as_ref();
                write!(f, "{field}: {truth}, {other}")
            }
            Self::Register(register) => register.fmt(f),
            Self::Value(value) => {
                let ValueDivergence {
                    m,
                    n,
                    place,
                    cycle,
                    said: [truth, other],
                } = value.as_ref();
                write!(f, "product[{m}, {n}]: {truth}, {other}; ")?;
                if let Some((tile, row, col)) = place {
                    write!(f, "PE ({}, {}), tile {}, ", row.idx(), col.idx(), tile.idx())?;
                }
                match cycle {
                    Some(cycle) => write!(f, "leaves in cycle {}", cycle.0),
                    None => write!(f, "never leaves"),
                }
            }
        }
    }
}

/// Hold the fast clock and `other` to `truth` and compare whole outcomes; `None` where they are equal to the bit.
///
/// - Errors: those of [`Engine::run`], where all engines refuse alike.
pub fn check(
    array: &ArraySpec,
    operands: &Operands<'_>,
    truth: Truth,
    stepped: Stepped,
    other: &dyn Engine,
) -> Result<Option<Divergence>, EngineError> {
    let outcome = match truth {
        Truth::Stepped => stepped.run(array, operands, Measures::ALL),
        Truth::Clock => match held_to_clock(array, operands, stepped)? {
            Ok(outcome) => Ok(outcome),
            Err(divergence) => return Ok(Some(divergence)),
        },
    };
    let others = other.run(array, operands, Measures::ALL);
    let engines = [EngineKind::Stepped, other.kind()];
    compare(array, operands, engines, [&outcome, &others])
}

/// Compare what two engines made of a product; the first is held to be right.
fn compare(
    array: &ArraySpec,
    operands: &Operands<'_>,
    engines: [EngineKind; 2],
    verdicts: [&Result<Outcome, EngineError>; 2],
) -> Result<Option<Divergence>, EngineError> {
    let outcomes = match verdicts {
        [Ok(truth), Ok(other)] => [truth, other],
        [Err(truth), Err(other)] if truth == other => return Err(truth.clone()),
        _ => {
            let words = verdicts.map(|verdict| match verdict {
                Ok(_) => "runs it".to_owned(),
                Err(error) => error.to_string(),
            });
            return Ok(Some(Divergence::Field {
                field: "verdict",
                said: Box::new(said(engines, words)),
            }));
        }
    };
    let mut divergence = first_divergence(array, operands, engines, outcomes);
    if let Some(Divergence::Value(value)) = &mut divergence {
        let mut exit = ExitOf::new(value.m, value.n);
        Stepped::default().run_probed(array, operands, Measures::NONE, &mut exit)?;
        value.cycle = exit.cycle();
    }
    Ok(divergence)
}

/// The first field in which the outcomes of one product differ: values first, then time, then counters.
pub fn first_divergence(
    array: &ArraySpec,
    operands: &Operands<'_>,
    engines: [EngineKind; 2],
    outcomes: [&Outcome; 2],
) -> Option<Divergence> {
    let products = outcomes.map(|outcome| &outcome.product);
    let mut values = products[0].iter().zip(products[1]).enumerate();
    if let Some((index, (&truth, &other))) = values.find(|(_, (truth, other))| truth != other) {
        let n_cols = operands.shape().n();
        let (m, n) = (index / n_cols, index % n_cols);
        return Some(Divergence::Value(Box::new(ValueDivergence {
            m,
            n,
            place: place_of(array, operands, m, n),
            cycle: None,
            said: said(engines, [truth, other]),
        })));
    }
    let [truth, other] = outcomes.map(fields);
    let mut pairs = truth.into_iter().zip(other);
    pairs
        .find(|((_, truth), (_, other))| truth != other)
        .map(|((field, truth), (_, other))| Divergence::Field {
            field,
            said: Box::new(said(engines, [truth, other])),
        })
        .or_else(|| busy_divergence(engines, outcomes.map(|outcome| outcome.busy.as_ref())))
}

fn said<T>(engines: [EngineKind; 2], values: [T; 2]) -> [Said<T>; 2] {
    let [truth, other] = values;
    let of = |engine, value| Said { engine, value };
    [of(engines[0], truth), of(engines[1], other)]
}

/// Everything of an outcome but its values and its map, in the order in which it is compared.
fn fields(outcome: &Outcome) -> Vec<(&'static str, String)> {
    let Outcome {
        product,
        cycles,
        counters,
        error,
        busy: _,
    } = outcome;
    let mut fields = vec![
        ("product.len", product.len().to_string()),
        ("cycles", cycles.0.to_string()),
    ];
    let words = |count: Option<u64>| count.map_or_else(|| "nothing".to_owned(), |count| count.to_string());
    fields.extend(counters.named().map(|(name, count)| (name, words(count))));
    fields.push(("mse", format!("{error:?}")));
    fields
}

/// The first PE whose busy steps differ; a whole map is too much to read.
fn busy_divergence(engines: [EngineKind; 2], maps: [Option<&BusyMap>; 2]) -> Option<Divergence> {
    if maps[0] == maps[1] {
        return None;
    }
    let [truth, other]: [Vec<_>; 2] = maps.map(|map| map.map(|map| map.iter().collect()).unwrap_or_default());
    let differ = truth.iter().zip(&other).find(|(truth, other)| truth != other);
    let (field, words) = match differ {
        Some((truth, other)) => {
            let at = |(row, col, n_steps): &(Row, Col, u64)| {
                format!("{n_steps} at PE ({}, {})", row.idx(), col.idx())
            };
            ("busy", [at(truth), at(other)])
        }
        None => ("busy.len", [truth.len().to_string(), other.len().to_string()]),
    };
    Some(Divergence::Field {
        field,
        said: Box::new(said(engines, words)),
    })
}

#[cfg(test)]
mod tests {
    use sim_core::spec::Pe;

    use sim_core::shape::Gemm;

    use super::*;

    #[test]
    fn a_map_that_parts_is_told_by_its_first_pe() {
        let array = ArraySpec::new(2, 2, Pe::Conventional).expect("in range");
        let shape = Gemm::new(2, 2, 1).expect("not empty");
        let operands = Operands::new(shape, &[3, 4], &[5, 0]).expect("as long as the shape says");
        let right = Stepped::default()
            .run(&array, &operands, Measures::ALL)
            .expect("runs");
        let mut wrong = right.clone();
        if let Some(map) = &mut wrong.busy {
            map.add(Row(1), Col(0), 2);
        }
        let told = |other: &Outcome| {
            first_divergence(
                &array,
                &operands,
                [EngineKind::Stepped, EngineKind::Algebraic],
                [&right, other],
            )
            .map(|divergence| divergence.to_string())
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
