//! What an experiment needs of its caller: threads, a flag that ends it, somebody to tell.

use std::sync::atomic::AtomicBool;

use sim_core::progress::Progress;

/// Who works, who is told, and who may end it.
#[derive(Clone, Copy)]
pub struct Workers<'a> {
    /// Threads of this computer; at least one is used. Results do not depend on it.
    pub jobs: usize,
    /// Set from elsewhere to end early.
    pub stop: &'a AtomicBool,
    /// Told how far work is.
    pub progress: &'a dyn Progress,
}
