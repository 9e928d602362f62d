//! Which sections a page has.

use super::figure::Shown;
use super::points_are;
use super::table::{self, Table};
use reports::stored::{Stored, StoredKind};
use sim_core::named;

named! {
    /// A section, in the order of the page; its name is where links lead to.
    pub(super) enum Section {
        Summary = "summary",
        Figures = "figures",
        Points = "points",
        Layers = "layers",
        Throttling = "throttling",
        Scope = "scope",
        Configuration = "configuration",
        Provenance = "provenance",
    }
}

impl Section {
    /// Those that have something in them.
    pub(super) fn of(stored: &Stored, figures: &[Shown<'_>], tables: &[Table<'_>]) -> Vec<Self> {
        let has_table = |id| tables.iter().any(|table| table.id() == id);
        let is_there = |section: &Self| match section {
            Self::Summary | Self::Scope | Self::Provenance => true,
            Self::Figures => !figures.is_empty(),
            Self::Points => has_table(table::POINTS),
            Self::Layers => has_table(table::LAYERS),
            Self::Throttling => has_table(table::THROTTLING),
            Self::Configuration => !stored.configuration.is_empty(),
        };
        Self::ALL.into_iter().filter(is_there).collect()
    }

    /// What stands above it.
    pub(super) const fn heading(self, kind: StoredKind) -> &'static str {
        match self {
            Self::Summary => "Summary",
            Self::Figures => "Figures",
            Self::Points => points_are(kind),
            Self::Layers => "Layers",
            Self::Throttling => "Throttling",
            Self::Scope => "What is and is not modelled",
            Self::Configuration => "Configuration",
            Self::Provenance => "Provenance",
        }
    }
}
