//! What a reader has to know before using the numbers. Results store warnings as the texts that are made here.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A warning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Warning {
    /// Energies are null: the row that the technology table lacks.
    NoEnergy(String),
    /// Areas are null: the row that the technology table lacks.
    NoArea(String),
    /// There is no figure of energies: why.
    NoEnergyFigure(String),
    /// The PE does not reach the array's clock: by how much, and what to do.
    ClockTooFast(String),
    /// Energies hold something that the technology table has no price for, or leave it out: what.
    Priced(String),
    /// Zeros were made up among the activations: how.
    Synthetic(String),
    /// The work was stopped before the last image.
    Partial {
        /// Images that were evaluated.
        done: usize,
        /// Images that were asked for.
        asked: usize,
    },
    /// Throttling did not get as good as it was to.
    NotReached,
    /// Images were left out: how many and which.
    Undecoded(String),
    /// Methods learned from the images that are evaluated: which.
    SeenTestImages(String),
    /// Figures are those of a small part of the network: which.
    SmallShare(String),
    /// Points of a sweep failed.
    Failed {
        /// How many.
        n: u64,
        /// Of how many.
        of: usize,
    },
    /// Points of a sweep have not run.
    NotRun {
        /// How many.
        n: u64,
        /// Of how many.
        of: usize,
    },
    /// One that another version wrote.
    Other(String),
}

const NO_ENERGY: &str = "no energy: ";
const NO_AREA: &str = "no area: ";
const NO_ENERGY_FIGURE: &str = "the energy figure is left out: ";
const PRICED: &str = "energies: ";
const SYNTHETIC: &str = "synthetic sparsity: ";
const STOPPED: &str = "stopped after ";
const OF: &str = " of ";
const A_PART: &str = " images: the figures are those of a part";
const NOT_REACHED: &str = "throttling: even with one thread in every layer the array loses more than it may";

/// A kind of warning of its text.
type Kind = fn(String) -> Warning;

/// What tells texts apart that others make as a whole.
const WITHIN: [(&str, Kind); 4] = [
    (
        ": times assume a clock that this PE does not reach",
        Warning::ClockTooFast,
    ),
    (" could not be decoded and ", Warning::Undecoded),
    (" have seen the test images: ", Warning::SeenTestImages),
    ("the simulated layers are ", Warning::SmallShare),
];

impl Warning {
    /// Of a sweep over made-up zeros.
    pub fn synthetic_sweep() -> Self {
        Self::Synthetic(
            "activations became zero at random, as the axis says; this is not a workload".to_owned(),
        )
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoEnergy(row) => write!(f, "{NO_ENERGY}{row}"),
            Self::NoArea(row) => write!(f, "{NO_AREA}{row}"),
            Self::NoEnergyFigure(why) => write!(f, "{NO_ENERGY_FIGURE}{why}"),
            Self::Priced(what) => write!(f, "{PRICED}{what}"),
            Self::Synthetic(how) => write!(f, "{SYNTHETIC}{how}"),
            Self::Partial { done, asked } => write!(f, "{STOPPED}{done}{OF}{asked}{A_PART}"),
            Self::NotReached => f.write_str(NOT_REACHED),
            Self::Failed { n, of } => write!(f, "{n}{OF}{of} points failed"),
            Self::NotRun { n, of } => write!(f, "{n}{OF}{of} points have not run"),
            Self::ClockTooFast(text)
            | Self::Undecoded(text)
            | Self::SeenTestImages(text)
            | Self::SmallShare(text)
            | Self::Other(text) => f.write_str(text),
        }
    }
}

impl From<Warning> for String {
    fn from(warning: Warning) -> Self {
        warning.to_string()
    }
}

/// Of a stored text.
impl From<String> for Warning {
    fn from(text: String) -> Self {
        let begins =
            |beginning: &str, of: fn(String) -> Self| Some(of(text.strip_prefix(beginning)?.to_owned()));
        let part = || {
            let counts = text.strip_prefix(STOPPED)?.strip_suffix(A_PART)?;
            let (done, asked) = counts.split_once(OF)?;
            Some(Self::Partial {
                done: done.parse().ok()?,
                asked: asked.parse().ok()?,
            })
        };
        begins(NO_ENERGY, Self::NoEnergy)
            .or_else(|| begins(NO_AREA, Self::NoArea))
            .or_else(|| begins(NO_ENERGY_FIGURE, Self::NoEnergyFigure))
            .or_else(|| begins(PRICED, Self::Priced))
            .or_else(|| begins(SYNTHETIC, Self::Synthetic))
            .or_else(part)
            .or_else(|| (text == NOT_REACHED).then_some(Self::NotReached))
            .unwrap_or_else(|| {
                let known = WITHIN.iter().find(|(within, _)| text.contains(within));
                match known {
                    Some((_, kind)) => kind(text),
                    None => Self::Other(text),
                }
            })
    }
}

/// Warnings in order of appearance, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Warnings(Vec<Warning>);

impl Warnings {
    /// Add a warning that is not there yet.
    pub fn push(&mut self, warning: Warning) {
        if !self.0.contains(&warning) {
            self.0.push(warning);
        }
    }

    /// All of them.
    pub fn into_vec(self) -> Vec<Warning> {
        self.0
    }
}

impl Extend<Warning> for Warnings {
    fn extend<I: IntoIterator<Item = Warning>>(&mut self, warnings: I) {
        for warning in warnings {
            self.push(warning);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_texts_read_back_to_what_they_were() {
        let warnings = [
            Warning::NoEnergy("technology table `t` has no row".to_owned()),
            Warning::NoArea("technology table `t` has no row".to_owned()),
            Warning::NoEnergyFigure("technology table `t` lacks a row".to_owned()),
            Warning::Priced("skipped steps".to_owned()),
            Warning::Synthetic("this is not a workload".to_owned()),
            Warning::Partial { done: 3, asked: 30 },
            Warning::NotReached,
            Warning::Undecoded("images: 1 could not be decoded and was left out: 0.png".to_owned()),
            Warning::SeenTestImages("throttling have seen the test images: no set".to_owned()),
            Warning::SmallShare("the simulated layers are 1 % of the network".to_owned()),
            Warning::Other("something else".to_owned()),
        ];
        for warning in warnings {
            assert_eq!(Warning::from(warning.to_string()), warning);
        }
    }
}
