//! What an experiment needs of its caller: threads, engines, a flag that ends it, somebody to tell.

use std::sync::atomic::AtomicBool;

use sim_core::progress::Progress;
pub use sim_layers::engines::Engines;

/// Who works with what, who is told, and who may end it.
#[derive(Clone, Copy)]
pub struct Workers<'a> {
    /// Threads of this computer; at least one is used. Results do not depend on it.
    pub jobs: usize,
    /// The engines. Results do not depend on their instructions.
    pub engines: &'a Engines,
    /// Set from elsewhere to end early.
    pub stop: &'a AtomicBool,
    /// Told how far work is.
    pub progress: &'a dyn Progress,
}
