//! TOML files read with places: every complaint says on which line, what is wrong, and what to do.
//!
//! A file is a [`source`], its tables are read by a [`reader::TableReader`], which knows the keys that nobody asked for, and
//! what is wrong with it is collected as [`complaint::Complaints`]: reading never stops at the first. What keys mean is the
//! reader's user's to know.
//!
//! ```
//! use sim_toml::complaint::Complaints;
//! use sim_toml::reader::TableReader;
//!
//! let table = sim_toml::source::tables("rows = 4\ncolz = 4", "[section] headers").unwrap();
//! let complaints = Complaints::default();
//! let top = TableReader::top(&table, &complaints);
//! assert_eq!(top.whole("rows", 1..=16), Some(4));
//! assert_eq!(top.whole("cols", 1..=16), None);
//! top.finish();
//! let error = complaints.check("a.toml".as_ref(), "rows = 4\ncolz = 4").unwrap_err();
//! assert_eq!(error.to_string(), "a.toml:2: unknown key `colz`");
//! assert_eq!(error.remedy(), "did you mean `cols`? allowed here: rows, cols");
//! ```

pub mod complaint;
pub mod error;
pub mod nearest;
pub mod reader;
pub mod source;
mod text;
pub mod value;
