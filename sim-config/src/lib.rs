//! Configuration files: strict TOML to checked specs, and their explanation.
//!
//! One table of keys ([`keys::ALL`]) drives the parser, the JSON Schema and `sysmt explain`: a key that is not in
//! it cannot be read, and a default that is not in it does not exist.

pub mod array;
mod defaults;
pub mod explain;
pub mod keys;
pub mod layer_names;
pub mod preprocessing;
mod reader;
pub mod resolved;
pub mod run;
pub mod schema;
pub mod sweep;
mod value;
