//! What is done to a point that no run file says.

use sim_core::named;
use sim_core::named::Named;
use sim_core::recalibration::RecalibrationMode;
use toml::de::DeValue;

use crate::keys::{self, Key};

/// What is done to a point that no run file says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Methods {
    /// How batch norms get new statistics on the array; `None`: they keep theirs.
    pub recalibration: Option<RecalibrationMode>,
    /// Whether the point is one design, or a curve of them.
    pub throttling: Throttling,
}

named! {
    /// Whether a point is one design, or a curve of them.
    #[derive(Default)]
    pub enum Throttling {
        /// It is the array as it is.
        #[default]
        Off = "off",
        /// It is every step of automatic throttling, down to one thread in every layer.
        Curve = "curve",
    }
}

/// Values of `recalibrate-bn`: what is not done, and the modes.
pub(crate) fn recalibrations() -> Vec<&'static str> {
    std::iter::once("off").chain(RecalibrationMode::names()).collect()
}

impl Methods {
    /// Take over a value of an axis, which was checked.
    pub(super) fn set(&mut self, key: &Key, value: &DeValue<'_>) {
        let word = value.as_str().unwrap_or_default();
        if key.name == keys::THROTTLE.name {
            self.throttling = Throttling::from_name(word).unwrap_or_default();
        } else {
            self.recalibration = RecalibrationMode::from_name(word);
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
