//! Waveforms, read back.

mod every_cycle;
mod support;
