//! How far long work is.

/// Told how far work is; called from several threads.
pub trait Progress: Sync {
    /// Work of `n_steps` begins; `what` is it, such as `calibrating`. It replaces what was going on before.
    fn begin(&self, what: &str, n_steps: usize);

    /// One step is done, at a layer or image of this name.
    fn advance(&self, at: &str);

    /// Something that a person should know, and that does not end the work.
    fn note(&self, text: &str) {
        let _ = text;
    }
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _what: &str, _n_steps: usize) {}

    fn advance(&self, _at: &str) {}
}
