//! What every group of rows works with: options, the native side, and the rows so far.

use std::path::{Path, PathBuf};

use anyhow::Context;
use sim_config::array;
use sim_core::spec::ArraySpec;

use crate::native::Native;
use crate::row::Row;

/// How much work each row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    /// The work that goals are about.
    Full,
    /// Smaller shapes, to see that the harness works; nothing is judged.
    Quick,
}

/// A run of the harness.
pub(crate) struct Bench {
    pub(crate) n_rounds: u32,
    pub(crate) size: Size,
    /// Where the report and all working files go.
    pub(crate) out: PathBuf,
    /// Parts of names of rows; all of them if empty.
    pub(crate) only: Vec<String>,
    pub(crate) native: Native,
    pub(crate) rows: Vec<Row>,
}

impl Bench {
    /// Whether a row was asked for.
    pub(crate) fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|part| name.contains(part.as_str()))
    }

    /// Add a row and tell the person who waits.
    #[expect(clippy::print_stderr, reason = "a person waits for minutes")]
    pub(crate) fn add(&mut self, row: Row) {
        let row = match self.size {
            Size::Full => row.judged(),
            Size::Quick => row,
        };
        match (row.figure, row.ratio) {
            (Some(figure), Some(ratio)) => {
                eprintln!("  {}: {figure:.3} {}, ratio {ratio:.3}", row.name, row.unit);
            }
            (Some(figure), None) => eprintln!("  {}: {figure:.3} {}", row.name, row.unit),
            (None, _) => eprintln!("  {}: not run: {}", row.name, row.note),
        }
        self.rows.push(row);
    }

    /// An array file of `configs/arrays`, or one with another policy: `sysmt-2t S+Aw`.
    pub(crate) fn array_file(&self, machine: &str) -> anyhow::Result<PathBuf> {
        let shipped = |name: &str| Path::new("configs/arrays").join(format!("{name}.toml"));
        let Some((base, policy)) = machine.split_once(' ') else {
            return Ok(shipped(machine));
        };
        let path = shipped(base);
        let text =
            std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let text = text.replace("policy = \"S+A\"", &format!("policy = \"{policy}\""));
        let folder = self.out.join("arrays");
        std::fs::create_dir_all(&folder)?;
        let file = folder.join(format!("{base}-{policy}.toml"));
        std::fs::write(&file, text)?;
        Ok(file)
    }

    /// The same, read.
    pub(crate) fn array(&self, machine: &str) -> anyhow::Result<ArraySpec> {
        let file = self.array_file(machine)?;
        let array = array::load(&file).map_err(|error| anyhow::anyhow!("{}: {error}", file.display()))?;
        Ok(array)
    }
}

/// A file's name as an argument.
pub(crate) fn text(path: &Path) -> String {
    path.display().to_string()
}
