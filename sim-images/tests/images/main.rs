//! From files to the input of a network.

mod preprocessing;
mod sets;
