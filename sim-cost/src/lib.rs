//! Energy and area from counters and technology tables.
//!
//! ```
//! use sim_core::counters::{ActiveSteps, PeCycles};
//! use sim_core::spec::{ArraySpec, Pe};
//! use sim_cost::table::Table;
//!
//! let array = ArraySpec::new(16, 16, Pe::Conventional).unwrap();
//! let pe_cycles = PeCycles {
//!     active: ActiveSteps::from_counts(&[0, 100]),
//!     ..PeCycles::zero(1)
//! };
//! let work = sim_cost::Work {
//!     pe_cycles,
//!     operand_widths: Default::default(),
//!     switching: Default::default(),
//!     n_tiles: 1,
//!     predictor_macs: 0,
//! };
//! let energy = sim_cost::energy(&Table::builtin(), &array, &work).unwrap();
//! assert!(0.0 < energy.picojoules && energy.clock.is_some());
//! assert_eq!(energy.delay_model, "library");
//! ```

mod area;
mod energy;
pub mod file;
pub mod key;
pub mod mode;
mod parse;
pub mod table;
mod timing;

pub use area::{Area, area};
pub use energy::{Energy, ModeEnergy, Work, energy, energy_as_run};
pub use key::MissingRow;
pub use timing::{ClockTooFast, clock_too_fast};
