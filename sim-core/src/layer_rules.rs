//! What one layer does apart from the array that it runs on.

use crate::policy::{Policy, Threads};

/// Threads and policy of one layer on an NB-SMT array; `None`: as the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LayerRules {
    /// At most the array's.
    pub threads: Option<Threads>,
    /// In place of the array's.
    pub policy: Option<Policy>,
}
