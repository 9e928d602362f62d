//! Products, what their waveforms must show, and a reader.

pub(crate) mod case;
pub(crate) mod expected;
pub(crate) mod read;
