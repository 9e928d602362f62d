//! Which part of a network the simulated layers are, and what their speed-up is worth to all of it.

use serde::{Deserialize, Serialize};
use sim_core::record::UnsimulatedLayer;
use sim_core::units::count_as_f64;

use crate::text::grouped;
use crate::warning::Warning;

/// Below this share, figures say little about the network.
const SMALL_SHARE: f64 = 0.5;

/// The part of a network that totals speak for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    /// M·N·K of all convolutions and fully connected layers of the network; null where a layer's is not known.
    #[serde(default)]
    pub network_macs: Option<u64>,
    /// Simulated MACs over those of the network; null where these are not known.
    #[serde(default)]
    pub share: Option<f64>,
    /// Speed-up of the network, of which the other layers take as many cycles for each MAC as the simulated ones do on the
    /// baseline; null where the share is not known.
    #[serde(default)]
    pub speedup_network: Option<f64>,
}

impl Coverage {
    /// Of so many simulated MACs with their speed-up.
    pub fn new(simulated: u64, unsimulated: Option<u64>, speedup: Option<f64>) -> Self {
        let network_macs = unsimulated.map(|macs| simulated + macs);
        let share = network_macs
            .filter(|&macs| macs != 0)
            .map(|macs| count_as_f64(simulated) / count_as_f64(macs));
        Self {
            network_macs,
            share,
            speedup_network: share.map(|share| match speedup {
                // (cycles + rest) to (baseline + rest), with rest = baseline·(1 − share)/share.
                Some(speedup) => 1.0 / (share / speedup + (1.0 - share)),
                None => 1.0,
            }),
        }
    }

    /// What a reader has to know.
    pub fn warning(&self) -> Option<Warning> {
        match (self.share, self.network_macs) {
            (Some(share), Some(macs)) if share < SMALL_SHARE => Some(Warning::SmallShare(format!(
                "the simulated layers are {} of the network's {} MACs; cycles, energy and speed-up are theirs alone",
                percent(share),
                grouped(macs)
            ))),
            (Some(_) | None, _) => None,
        }
    }

    /// For a person.
    pub fn sentence(&self) -> String {
        match (self.share, self.network_macs) {
            (Some(share), Some(macs)) => {
                format!("{} of the network's {} MACs", percent(share), grouped(macs))
            }
            (Some(_) | None, _) => {
                "a share of the network that is not known, since the sizes of its other layers are not stored"
                    .to_owned()
            }
        }
    }
}

/// MACs of layers that were not simulated; `None` where those of one are not known.
pub fn unsimulated_macs(layers: &[UnsimulatedLayer]) -> Option<u64> {
    layers.iter().map(|layer| layer.macs).sum()
}

/// With as many digits as it takes to be more than nothing, and never a hundred that is not all.
fn percent(share: f64) -> String {
    if share == 0.0 {
        return "0 %".to_owned();
    }
    let percent = 100.0 * share;
    let digits = if percent < 1.0 { 4 } else { 1 };
    let text = format!("{percent:.digits$}");
    match share < 1.0 && text == "100.0" {
        true => "more than 99.9 %".to_owned(),
        false => format!("{text} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_speedup_of_a_network_is_that_of_its_cycles() {
        #[track_caller]
        fn check(simulated: u64, rest: u64, [baseline, cycles]: [f64; 2]) {
            let coverage = Coverage::new(simulated, Some(rest), Some(baseline / cycles));
            // The definition: the rest at the baseline's cycles for each MAC.
            let rest = count_as_f64(rest) * baseline / count_as_f64(simulated);
            let want = (baseline + rest) / (cycles + rest);
            let found = coverage.speedup_network.unwrap();
            assert!((found - want).abs() < 1e-12 * want, "{found}, not {want}");
        }
        check(100, 0, [300.0, 150.0]);
        check(100, 100, [300.0, 150.0]);
        check(1, 999_999, [300.0, 10.0]);
        check(70, 30, [100.0, 125.0]); // A slow-down.
        let nothing = Coverage::new(0, Some(7), None);
        assert_eq!((nothing.share, nothing.speedup_network), (Some(0.0), Some(1.0)));
        assert_eq!(Coverage::new(5, None, Some(2.0)), Coverage::default());
    }

    #[test]
    fn a_small_share_is_warned_of() {
        let text = |simulated, rest| {
            let warning = Coverage::new(simulated, Some(rest), Some(2.0)).warning();
            warning.map(|warning| warning.to_string()).unwrap_or_default()
        };
        assert!(text(32, 792_576).contains("are 0.0040 % of the network's 792,608 MACs"));
        assert!(text(1, 3).contains("are 25.0 % of the network's 4 "));
        assert_eq!(text(1, 1), "");
        assert!(text(0, 9).contains("are 0 % of the network's 9"));
        let nearly = Coverage::new(999_999, Some(1), Some(2.0)).sentence();
        assert!(nearly.starts_with("more than 99.9 %"), "{nearly}");
    }
}
