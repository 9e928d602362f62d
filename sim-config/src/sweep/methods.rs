//! What is done to a point that no run file says.

use sim_core::recalibration::RecalibrationMode;
use toml::de::DeValue;

use crate::keys::{self, Key};

/// Words of [`keys::RECALIBRATE_BN`] and [`keys::THROTTLE`] for what is not done.
const OFF: &str = "off";
const CURVE: &str = "curve";

/// What is done to a point that no run file says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Methods {
    /// How batch norms get new statistics on the array; `None`: they keep theirs.
    pub recalibration: Option<RecalibrationMode>,
    /// Whether the point is one design, or a curve of them.
    pub throttling: Throttling,
}

/// Whether a point is one design, or a curve of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Throttling {
    /// It is the array as it is.
    #[default]
    Off,
    /// It is every step of automatic throttling, down to one thread in every layer.
    Curve,
}

/// Values of `recalibrate-bn`.
pub(crate) fn recalibrations() -> Vec<&'static str> {
    let modes = RecalibrationMode::ALL.iter().map(|mode| mode.name());
    std::iter::once(OFF).chain(modes).collect()
}

/// Values of `throttle`.
pub(crate) fn throttlings() -> Vec<&'static str> {
    vec![OFF, CURVE]
}

impl Methods {
    /// Take over a value of an axis, which was checked.
    pub(super) fn set(&mut self, key: &Key, value: &DeValue<'_>) {
        let word = value.as_str();
        if key.name == keys::THROTTLE.name {
            self.throttling = if word == Some(CURVE) {
                Throttling::Curve
            } else {
                Throttling::Off
            };
        } else {
            let mut modes = RecalibrationMode::ALL.iter().copied();
            self.recalibration = modes.find(|mode| Some(mode.name()) == word);
        }
    }

    /// The key that asks for something; `None`: none does.
    pub(super) fn asked(&self) -> Option<&'static Key> {
        let Self {
            recalibration,
            throttling,
        } = self;
        match (recalibration, throttling) {
            (_, Throttling::Curve) => Some(&keys::THROTTLE),
            (Some(_), Throttling::Off) => Some(&keys::RECALIBRATE_BN),
            (None, Throttling::Off) => None,
        }
    }
}
