//! A Verilated model, loaded: its clock and its ports.
#![expect(
    unsafe_code,
    reason = "calls into a library that was compiled a moment ago from `ports::glue`, whose signatures are these"
)]

use std::ffi::c_void;
use std::path::Path;
use std::ptr::NonNull;

use anyhow::{Context, bail};
use libloading::Library;

use crate::ports::Port;

type Handle = NonNull<c_void>;

/// A model with its registers; not shared between threads.
pub(crate) struct Model {
    handle: Handle,
    evaluate: unsafe extern "C" fn(Handle),
    clock: unsafe extern "C" fn(Handle),
    free: unsafe extern "C" fn(Handle),
    ports: Vec<(NonNull<u32>, usize)>,
    // Dropped last: the functions above live in it.
    _library: Library,
}

impl Model {
    /// Load a library that [`crate::build::build`] made for `ports`. Registers without a reset start with values that
    /// `seed` decides.
    pub(crate) fn load(library: &Path, ports: &[Port], seed: u32) -> anyhow::Result<Self> {
        let path = library.display().to_string();
        // SAFETY: the library was generated and compiled by this crate; its only initialisers are Verilator's.
        let library = unsafe { Library::new(library) }.with_context(|| path.clone())?;
        // SAFETY: `glue` defines these functions with these signatures.
        let (new, port, evaluate, clock, free) = unsafe {
            (
                *library.get::<unsafe extern "C" fn(u32) -> Option<Handle>>("model_new")?,
                *library.get::<unsafe extern "C" fn(Handle, u32) -> Option<NonNull<u32>>>("model_port")?,
                *library.get::<unsafe extern "C" fn(Handle)>("model_evaluate")?,
                *library.get::<unsafe extern "C" fn(Handle)>("model_clock")?,
                *library.get::<unsafe extern "C" fn(Handle)>("model_free")?,
            )
        };
        // SAFETY: the function allocates a model and takes any number.
        let Some(handle) = (unsafe { new(seed) }) else {
            bail!("{path}: no model");
        };
        let mut model = Self {
            handle,
            evaluate,
            clock,
            free,
            ports: Vec::with_capacity(ports.len()),
            _library: library,
        };
        for (index, Port { name, n_words, .. }) in (0..).zip(ports) {
            // SAFETY: the handle is alive, and an unknown number gives null.
            let Some(words) = (unsafe { port(handle, index) }) else {
                bail!("{path}: no port {name}");
            };
            model.ports.push((words, *n_words));
        }
        Ok(model)
    }

    /// Settle what follows from the inputs without a clock edge.
    pub(crate) fn evaluate(&mut self) {
        // SAFETY: the handle lives as long as `self`.
        unsafe { (self.evaluate)(self.handle) }
    }

    /// One clock edge with the inputs as they are.
    pub(crate) fn clock(&mut self) {
        // SAFETY: the handle lives as long as `self`.
        unsafe { (self.clock)(self.handle) }
    }

    /// The words of a port, by its place in the list that the model was loaded with.
    pub(crate) fn port(&self, index: usize) -> &[u32] {
        let (words, n_words) = self.ports[index];
        // SAFETY: the port has that many words (`Port::parameter` set its width) and stays where it is while the model
        // lives; nothing writes while `self` is borrowed.
        unsafe { std::slice::from_raw_parts(words.as_ptr(), n_words) }
    }

    /// The words of an input.
    pub(crate) fn port_mut(&mut self, index: usize) -> &mut [u32] {
        let (words, n_words) = self.ports[index];
        // SAFETY: as for `port`, and `self` is borrowed exclusively.
        unsafe { std::slice::from_raw_parts_mut(words.as_ptr(), n_words) }
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        // SAFETY: the handle came from `model_new` and is freed once.
        unsafe { (self.free)(self.handle) }
    }
}
