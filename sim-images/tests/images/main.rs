//! From files to the input of a network.

mod common;
mod folders;
mod preprocessing;
mod resizing;
mod sets;
