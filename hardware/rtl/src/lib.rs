//! The SystemVerilog beside this crate: its sources, and the parameters that make it one machine.
//!
//! ```
//! use sim_core::spec::{ArraySpec, Pe};
//!
//! let array = ArraySpec::new(4, 4, Pe::Conventional).unwrap();
//! let design = sim_rtl::Design::of(&array);
//! assert_eq!(design.name(), "conventional");
//! assert_eq!((design.activation_bits(), design.weight_bits()), (8, 8));
//! ```

mod design;
mod sources;

pub use design::{Design, HoldBit, Parameter, WindowCode};
pub use sources::{SOURCES, Source, fingerprint};
