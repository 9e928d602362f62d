//! The programs that do the work: where they come from, which version they are, how they are run.

use sim_core::named;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::error::SynthError;

named! {
    /// A program.
    pub enum Tool {
        /// Reads SystemVerilog, and makes logic of it.
        Yosys = "yosys",
        /// Maps logic to cells; Yosys starts it.
        Abc = "abc",
        /// Static timing analysis.
        OpenSta = "opensta",
    }
}

impl Tool {
    /// What is run.
    pub const fn program(self) -> &'static str {
        match self {
            Self::Yosys => "yosys",
            Self::Abc => "yosys-abc",
            Self::OpenSta => "sta",
        }
    }

    /// The Debian package that has it.
    pub const fn package(self) -> &'static str {
        match self {
            Self::Yosys | Self::Abc => "yosys",
            Self::OpenSta => "opensta",
        }
    }

    /// The version it says it is.
    ///
    /// - Errors: a program that is missing, or does not say.
    pub fn version(self) -> Result<String, SynthError> {
        let arguments: &[&str] = match self {
            Self::Yosys => &["-V"],
            Self::Abc => &["-c", "version"],
            Self::OpenSta => &["-version"],
        };
        let printed = self.run(Path::new("."), arguments, "its version")?;
        let mut words = printed.split_whitespace();
        let version = match self {
            // Yosys 0.23 (git sha1 …)
            Self::Yosys => words.nth(1),
            // UC Berkeley, ABC 1.01 (compiled …)
            Self::Abc => words.find(|word| *word == "Berkeley,").and_then(|_| words.nth(1)),
            // 2.0.17
            Self::OpenSta => words.next(),
        };
        match version {
            Some(version) if version.starts_with(|c: char| c.is_ascii_digit()) => Ok(version.to_owned()),
            Some(_) | None => Err(SynthError::Unexpected {
                tool: self,
                what: "its version".to_owned(),
                wanted: "version",
                says: tail(&printed),
            }),
        }
    }

    /// Run it in `folder`; what it prints on both streams. `what` names the work in messages.
    pub fn run(self, folder: &Path, arguments: &[&str], what: &str) -> Result<String, SynthError> {
        let output = Command::new(self.program())
            .args(arguments)
            .current_dir(folder)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| {
                if error.kind() == ErrorKind::NotFound {
                    SynthError::MissingTool(self)
                } else {
                    SynthError::io(Path::new(self.program()), error)
                }
            })?;
        let printed = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        if output.status.success() {
            Ok(printed.into_owned())
        } else {
            Err(SynthError::Failed {
                tool: self,
                what: what.to_owned(),
                status: output.status.to_string(),
                says: tail(&printed),
            })
        }
    }
}

/// Every program with its version.
///
/// - Errors: one that is missing.
pub fn versions() -> Result<BTreeMap<String, String>, SynthError> {
    Tool::ALL
        .into_iter()
        .map(|tool| Ok((tool.name().to_owned(), tool.version()?)))
        .collect()
}

/// The last lines, where programs say what went wrong.
pub(crate) fn tail(printed: &str) -> String {
    let lines: Vec<&str> = printed.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(5)..].join("; ")
}
