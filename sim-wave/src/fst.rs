//! FST files. Names, shapes and changes are written by the crate `fst-writer`; tables of names for the values of a signal,
//! which it does not know, and the first time, which it takes to be zero, are put in when the file is put together.

mod assemble;
mod names;
mod record;

pub(crate) use assemble::assemble;
pub(crate) use names::Names;
pub use names::is_waveform;
pub(crate) use record::Recorder;
