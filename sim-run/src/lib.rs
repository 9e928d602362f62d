//! Experiments: one description in, one record out.
//!
//! What is run is a [`product`](product::Product) of two matrices, a [`trace`](trace::PreparedTrace), or a
//! [`network`](network::PreparedNetwork) with images. Each goes the same way: it is read and prepared once, then run on
//! any number of arrays, and what comes out is a record of `reports`, from which objects, tables and figures are made.
//!
//! - Units: cycles of the array clock; energy in pJ and area in µm² from a technology table.
//! - Errors: [`RunError`](error::RunError), which says whose fault it is, where, what, and what to do.
//! - Nothing belongs to the process: threads, engines, a flag to stop, and who is told of progress are
//!   [`Workers`](workers::Workers), and warnings are values of the records.
//!
//! Two experiments in one process:
//!
//! ```
//! use std::path::Path;
//! use std::sync::atomic::AtomicBool;
//!
//! use sim_array::engine::Mse;
//! use sim_core::record::EngineKind;
//! use sim_core::shape::Gemm;
//! use sim_run::product::Product;
//! use sim_run::trace::PreparedTrace;
//! use sim_run::workers::{Engines, Workers};
//!
//! let engines = Engines::default();
//! let configs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs");
//! // A is [M, K], W is [N, K], C is [M, N].
//! let product = Product::new(Gemm::new(1, 2, 3)?, vec![1, 0, 200], vec![2, 3, 4, 5, 6, 7])?;
//! for (name, want) in [("os-1t", vec![802, 1405]), ("sysmt-2t", vec![770, 1349])] {
//!     let array = sim_config::array::load(&configs.join(format!("arrays/{name}.toml")))?;
//!     let outcome = product.run(&array, engines.algebraic(), Mse::Measure)?;
//!     assert_eq!(outcome.product, want);
//!     let _cycles = outcome.record.cycles;
//! }
//!
//! let workers = Workers {
//!     jobs: 2,
//!     engines: &engines,
//!     stop: &AtomicBool::new(false),
//!     progress: &sim_core::progress::Silent,
//! };
//! let spec = sim_config::run::load(&configs.join("runs/quickstart.toml"))?;
//! let prepared = PreparedTrace::of_run(&spec, &workers)?;
//! let layers = prepared.simulate(&spec, EngineKind::Algebraic, spec.pe_map, &workers)?;
//! assert!(layers.iter().all(|layer| layer.product.cycles <= layer.product.baseline_cycles));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod costs;
pub mod design;
pub mod error;
pub mod evaluate;
mod features;
pub mod inputs;
mod matrix;
mod memory;
pub mod network;
pub mod open;
mod operands;
pub mod planned;
mod predicted_trace;
pub mod prediction;
pub mod predictors;
pub mod product;
pub mod simulate;
mod stand_in;
pub mod throttle;
pub mod trace;
pub mod training;
pub mod workers;
pub mod zap;
