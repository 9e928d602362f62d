//! A PE as the keys and values of configuration files and results.

use serde::{Deserialize, Serialize};

use crate::spec::{ArraySpec, Pairs, Pe};

/// The keys of a PE; `None` where its kind does not have one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PeKeys {
    /// Pipeline stages.
    pub pipeline_depth: u8,
    /// The name of its kind.
    pub kind: String,
    /// Threads that share the multiplier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threads: Option<usize>,
    /// What a collision reduces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// Bits that an activation may keep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<String>,
    /// How a reduced operand, or the bits below a window, are rounded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rounding: Option<String>,
    /// What happens to a nibble that rounding overflowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overflow: Option<String>,
    /// Whether a zero partner's bits are used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pairs: Option<bool>,
}

impl PeKeys {
    /// Those of an array's PEs.
    pub fn of(array: &ArraySpec) -> Self {
        let pe = array.pe();
        let plain = Self {
            pipeline_depth: array.pipeline_depth(),
            kind: pe.kind().to_string(),
            threads: None,
            policy: None,
            window: None,
            rounding: None,
            overflow: None,
            pairs: None,
        };
        match pe {
            Pe::Conventional => plain,
            Pe::NbSmt(rules) => Self {
                threads: Some(rules.threads.count()),
                policy: Some(rules.policy.to_string()),
                rounding: Some(rules.rounding.to_string()),
                overflow: Some(rules.overflow.to_string()),
                ..plain
            },
            Pe::Sparq(rules) | Pe::SparqStc(rules) => Self {
                window: Some(rules.window.to_string()),
                rounding: Some(rules.rounding.to_string()),
                pairs: Some(rules.pairs == Pairs::On),
                ..plain
            },
        }
    }
}
