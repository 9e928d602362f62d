//! What can go wrong, and whose mistake it is.

use std::path::{Path, PathBuf};

use crate::liberty::LibertyError;
use crate::tools::Tool;

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub enum SynthError {
    /// A program that is not installed.
    #[error("`{}` is not installed: as root, apt-get install -y --no-install-recommends {}", .0.program(), .0.package())]
    MissingTool(Tool),
    /// A program that ran and failed.
    #[error("`{}` failed on {what} ({status}): {says}", .tool.program())]
    Failed {
        /// The program.
        tool: Tool,
        /// What it worked on.
        what: String,
        /// How it ended.
        status: String,
        /// The end of what it printed.
        says: String,
    },
    /// A program that printed something else than it should.
    #[error("`{}` printed no {wanted} for {what}: {says}", .tool.program())]
    Unexpected {
        /// The program.
        tool: Tool,
        /// What it worked on.
        what: String,
        /// What was looked for.
        wanted: &'static str,
        /// The end of what it printed.
        says: String,
    },
    /// A cell in a netlist that the library does not have: logic that was not mapped.
    #[error("the netlist of {what} has cells of type `{cell}`, which {library} does not have")]
    Unmapped {
        /// The design.
        what: String,
        /// The type.
        cell: String,
        /// The library's file.
        library: String,
    },
    /// A Liberty file that cannot be read.
    #[error(transparent)]
    Liberty(#[from] LibertyError),
    /// A Liberty file without cells that every design needs.
    #[error("{library} has no {}; a design cannot be made of its {n_cells} cells", .missing.join(", no "))]
    Incomplete {
        /// The library's file.
        library: String,
        /// The kinds of cells.
        missing: Vec<&'static str>,
        /// Cells that it has.
        n_cells: usize,
    },
    /// A name that no design has.
    #[error(
        "no design is called `{name}`; names are {examples} and so on: `cargo xtask synth` lists all of them"
    )]
    UnknownDesign {
        /// What was asked for.
        name: String,
        /// Some that exist.
        examples: String,
    },
    /// A table that only the command without options writes.
    #[error("`{0}` is the name of a table that comes with the project; choose another with --name")]
    ShippedTable(String),
    /// A name that would not be a file in the folder of tables.
    #[error("`{0}` is not a name for a table; use letters, digits, `-` and `_`, with --name")]
    TableName(String),
    /// Files that are not what they should be.
    #[error("{path}: {why}")]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to do.
        why: String,
    },
    /// A file that cannot be read or written.
    #[error("{path}: {error}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's words.
        error: std::io::Error,
    },
}

impl SynthError {
    /// An error of the file system at `path`.
    pub fn io(path: &Path, error: std::io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            error,
        }
    }

    /// A file at `path` that is not what it should be.
    pub fn content(path: &Path, why: impl Into<String>) -> Self {
        Self::Content {
            path: path.to_owned(),
            why: why.into(),
        }
    }

    /// 2 for a mistake of who called, 1 for ours.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::MissingTool(_)
            | Self::Liberty(_)
            | Self::Incomplete { .. }
            | Self::UnknownDesign { .. }
            | Self::ShippedTable(_)
            | Self::TableName(_)
            | Self::Content { .. }
            | Self::Io { .. } => 2,
            Self::Failed { .. } | Self::Unexpected { .. } | Self::Unmapped { .. } => 1,
        }
    }
}
