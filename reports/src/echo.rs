//! An array as its file says it, with everything that was left to defaults.

use serde::{Deserialize, Serialize};
use sim_core::spec::{ArraySpec, Pairs, Pe};

/// The echo of an array and its fingerprint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArrayEcho {
    array: ArrayKeys,
    pe: PeKeys,
    blake3: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct ArrayKeys {
    rows: usize,
    cols: usize,
    dataflow: String,
    clock_mhz: u32,
    tiles: String,
    batch: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct PeKeys {
    pipeline_depth: u8,
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    threads: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    policy: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    window: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rounding: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    overflow: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pairs: Option<bool>,
}

impl ArrayEcho {
    /// Of a spec.
    pub fn of(spec: &ArraySpec) -> Self {
        let array = ArrayKeys {
            rows: spec.rows(),
            cols: spec.cols(),
            dataflow: "output-stationary".to_owned(),
            clock_mhz: spec.clock().0,
            tiles: spec.tiles().name().to_owned(),
            batch: spec.batch().name().to_owned(),
        };
        let pe = pe_keys(spec);
        let text = crate::json::text(&(&array, &pe));
        Self {
            array,
            pe,
            blake3: blake3::hash(text.as_bytes()).to_hex().to_string(),
        }
    }
}

fn pe_keys(spec: &ArraySpec) -> PeKeys {
    let plain = PeKeys {
        pipeline_depth: spec.pipeline_depth(),
        kind: spec.pe().kind_name().to_owned(),
        threads: None,
        policy: None,
        window: None,
        rounding: None,
        overflow: None,
        pairs: None,
    };
    match spec.pe() {
        Pe::Conventional => plain,
        Pe::NbSmt(rules) => PeKeys {
            threads: Some(rules.threads.count()),
            policy: Some(rules.policy.name().to_owned()),
            rounding: Some(rules.rounding.name().to_owned()),
            overflow: Some(rules.overflow.name().to_owned()),
            ..plain
        },
        Pe::Sparq(rules) | Pe::SparqStc(rules) => PeKeys {
            window: Some(rules.window.name().to_owned()),
            rounding: Some(rules.rounding.name().to_owned()),
            pairs: Some(rules.pairs == Pairs::On),
            ..plain
        },
    }
}
