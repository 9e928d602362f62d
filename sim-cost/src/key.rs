//! What a row of a technology table is about.

use sim_core::named;
use std::fmt;

use sim_core::pe_keys::PeKeys;
use sim_core::spec::ArraySpec;

/// A PE, or the PEs that a row was measured for.
///
/// Of a PE every rule is given. A row that leaves a rule out holds whatever its value; kind, threads, window and depth
/// are always equal, so nothing is taken from a similar PE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeKey(pub PeKeys);

impl PeKey {
    /// The keys, as they are written in a table.
    pub(crate) const NAMES: [&str; 8] = [
        "kind",
        "threads",
        "window",
        "policy",
        "rounding",
        "overflow",
        "pairs",
        "pipeline-depth",
    ];

    /// The PE of an array.
    pub fn of(array: &ArraySpec) -> Self {
        let mut keys = PeKeys::of(array);
        // A thread that never collides reduces nothing.
        if keys.threads == Some(1) {
            (keys.policy, keys.rounding, keys.overflow) = (None, None, None);
        }
        Self(keys)
    }

    /// Whether a row with this key holds for `pe`.
    pub fn covers(&self, pe: &Self) -> bool {
        let is_covered = |(asked, given): (Option<&str>, Option<&str>)| asked.is_none() || asked == given;
        self.is_same_machine(pe) && self.rules().into_iter().zip(pe.rules()).all(is_covered)
    }

    /// Whether some PE is covered by both.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        let agree =
            |(one, other): (Option<&str>, Option<&str>)| one.is_none() || other.is_none() || one == other;
        self.is_same_machine(other) && self.rules().into_iter().zip(other.rules()).all(agree)
    }

    /// How many rules are given: a row with more of them is more exact.
    pub(crate) fn n_rules(&self) -> usize {
        self.rules().into_iter().flatten().count()
    }

    fn is_same_machine(&self, other: &Self) -> bool {
        self.0.kind == other.0.kind
            && self.0.threads == other.0.threads
            && self.0.window == other.0.window
            && self.0.pipeline_depth == other.0.pipeline_depth
    }

    /// The optional rules.
    fn rules(&self) -> [Option<&str>; 4] {
        [
            self.0.policy.as_deref(),
            self.0.rounding.as_deref(),
            self.0.overflow.as_deref(),
            self.0.pairs.map(|pairs| if pairs { "true" } else { "false" }),
        ]
    }

    /// The keys as lines of a table.
    pub(crate) fn lines(&self) -> Vec<String> {
        let quoted = |name: &str, value: &Option<String>| value.as_ref().map(|v| format!("{name} = \"{v}\""));
        [
            Some(format!("kind = \"{}\"", self.0.kind)),
            self.0.threads.map(|threads| format!("threads = {threads}")),
            quoted("window", &self.0.window),
            quoted("policy", &self.0.policy),
            quoted("rounding", &self.0.rounding),
            quoted("overflow", &self.0.overflow),
            self.0.pairs.map(|pairs| format!("pairs = {pairs}")),
            Some(format!("pipeline-depth = {}", self.0.pipeline_depth)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

impl fmt::Display for PeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines().join(", "))
    }
}

named! {
    /// What takes area.
    pub enum Part {
        /// One PE.
        Pe = "pe",
        /// One PE that can hold still for an output that is predicted to be zero.
        PeWithHoldBit = "pe-with-hold-bit",
        /// Window logic: of one array row for sparq; of one PE for sparq-stc, where the `pe` row does not hold it already.
        WindowLogic = "window-logic",
        /// A whole array of 4 × 4 PEs with skew registers, sequencer, drains and window logic.
        Array4x4 = "array-4x4",
    }
}

/// A row that a figure needs and the table lacks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "technology table `{table}` has no [[{section}]] row with {row}; add the row with its source to a table of your \
     own, and name that in the run file's [costs]"
)]
pub struct MissingRow {
    /// The table's name.
    pub table: String,
    /// `energy`, `area` or `timing`.
    pub section: &'static str,
    /// Keys and values of the row.
    pub row: String,
}
