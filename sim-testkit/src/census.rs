//! Which cases a run of random tests reached, so that a run that tests nothing shows.

use std::collections::BTreeSet;

use sim_array::engine::Outcome;
use sim_core::spec::{PeKind, Policy, RuleSet, Threads, Tiles, WeightPattern, Window, WindowRounding};

use crate::cases::Case;

/// The names of the cases reached.
#[derive(Clone, Debug, Default)]
pub struct Census {
    seen: BTreeSet<String>,
}

impl Census {
    /// Note what a case reached.
    pub fn note(&mut self, case: &Case, outcome: &Outcome) {
        let mut names = vec![format!("kind {}", case.array.pe().kind().name())];
        let n_steps = case.array.pe().n_steps(case.shape.k());
        let (rows, cols) = (case.array.rows(), case.array.cols());
        let (m, n, k) = (case.shape.m(), case.shape.n(), case.shape.k());
        let facts = [
            ("edge tile in rows", m % rows != 0),
            ("edge tile in columns", n % cols != 0),
            ("several tiles in rows", rows < m),
            ("several tiles in columns", cols < n),
            (
                "S < R with several tiles",
                n_steps < rows && (rows < m || cols < n),
            ),
            ("one row", rows == 1 && cols != 1),
            ("one column", cols == 1 && rows != 1),
            ("1×1 array", rows == 1 && cols == 1),
            ("1×1×1 product", (m, n, k) == (1, 1, 1)),
            (
                "serial tiles",
                case.array.tiles() == Tiles::Serial && (rows < m || cols < n),
            ),
            ("pipeline depth over 1", 1 < case.array.pipeline_depth()),
            (
                "serial tiles, depth over 1",
                case.array.tiles() == Tiles::Serial && 1 < case.array.pipeline_depth(),
            ),
            (
                "activation of 248 or more",
                case.activations.iter().any(|&x| 248 <= x),
            ),
            ("error", outcome.error.is_some_and(|sums| sums.squared_error != 0)),
        ];
        names.extend(
            facts
                .iter()
                .filter(|(_, holds)| *holds)
                .map(|(name, _)| (*name).to_owned()),
        );
        let pe = case.array.pe();
        if let Some(rules) = pe.nb_smt() {
            let t = rules.threads.count();
            names.push(format!("{t} threads, policy {}", rules.policy.name()));
            names.push(format!(
                "{t} threads, {}, {}",
                rules.rounding.name(),
                rules.overflow.name()
            ));
            for (active, &count) in outcome.counters.pe_cycles.active.counts().iter().enumerate() {
                if 0 < count {
                    names.push(format!("{t} threads, {active} active"));
                }
            }
            if !k.is_multiple_of(t) {
                names.push(format!("K not divisible by {t}"));
            }
            if k < t {
                names.push(format!("K below {t}"));
            }
        }
        if let Some((_, rules)) = pe.windows() {
            let kind = pe.kind().name();
            let (window, rounding) = (rules.window.name(), rules.rounding.name());
            names.push(format!("{kind} {window} {rounding} pairs {:?}", rules.pairs));
            for (active, &count) in outcome.counters.pe_cycles.active.counts().iter().enumerate() {
                if 0 < count {
                    names.push(format!("{kind}, {active} active"));
                }
            }
        }
        match pe.weight_pattern() {
            WeightPattern::Any => {}
            WeightPattern::TwoOfFour => {
                for group in case.weights.chunks(k).flat_map(|row| row.chunks(4)) {
                    names.push(format!(
                        "2:4 group with {}",
                        group.iter().filter(|&&w| w != 0).count()
                    ));
                }
            }
        }
        self.seen.extend(names);
    }

    /// The cases of the list that were not reached.
    pub fn missing(&self) -> Vec<String> {
        Self::wanted()
            .into_iter()
            .filter(|name| !self.seen.contains(name))
            .collect()
    }

    /// Every case that a run must reach.
    pub fn wanted() -> Vec<String> {
        let mut wanted: Vec<String> = [
            "edge tile in rows",
            "edge tile in columns",
            "several tiles in rows",
            "several tiles in columns",
            "S < R with several tiles",
            "one row",
            "one column",
            "1×1 array",
            "1×1×1 product",
            "serial tiles",
            "pipeline depth over 1",
            "serial tiles, depth over 1",
            "activation of 248 or more",
            "error",
            "K not divisible by 2",
            "K not divisible by 4",
            "K below 2",
            "K below 4",
            "2:4 group with 0",
            "2:4 group with 1",
            "2:4 group with 2",
        ]
        .map(str::to_owned)
        .to_vec();
        for threads in Threads::ALL.map(Threads::count) {
            wanted.extend((0..=threads).map(|active| format!("{threads} threads, {active} active")));
            wanted.extend(Policy::ALL.map(|policy| format!("{threads} threads, policy {}", policy.name())));
            for rounding in ["half-even", "floor"] {
                for overflow in ["saturate", "extend"] {
                    wanted.push(format!("{threads} threads, {rounding}, {overflow}"));
                }
            }
        }
        wanted.extend(PeKind::ALL.map(|kind| format!("kind {kind}")));
        let has_windows = |kind: &PeKind| kind.rules() == RuleSet::Windows;
        for kind in PeKind::ALL.into_iter().filter(has_windows) {
            wanted.extend((0..=2).map(|active| format!("{kind}, {active} active")));
            for window in Window::ALL {
                for rounding in WindowRounding::ALL {
                    for pairs in ["On", "Off"] {
                        wanted.push(format!(
                            "{kind} {} {} pairs {pairs}",
                            window.name(),
                            rounding.name()
                        ));
                    }
                }
            }
        }
        wanted
    }
}
