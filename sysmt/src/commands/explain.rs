//! `sysmt explain`.

use sim_config::{explain, schema};

use crate::args::ExplainArgs;
use crate::failure::Failure;
use crate::output;

/// Print keys, or the schema of a kind of file.
pub(crate) fn execute(args: &ExplainArgs) -> Result<(), Failure> {
    if let Some(file) = args.json_schema {
        return output::print(&format!("{:#}\n", schema::schema(file)));
    }
    match &args.key {
        None => output::print(&explain::all()),
        Some(key) => {
            let text = explain::one(key).map_err(|error| Failure::user(&error))?;
            output::print(&text)
        }
    }
}
