//! The machine, the versions and the commit that figures belong to.

use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::native::Versions;

/// Instructions that kernels may use, as Linux names them.
const FLAGS: [&str; 8] = [
    "sse4_2",
    "avx",
    "avx2",
    "fma",
    "avx_vnni",
    "avx512f",
    "avx512bw",
    "avx512_vnni",
];

/// Where and of what figures are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Facts {
    pub(crate) cpu: String,
    pub(crate) cores: usize,
    pub(crate) simd: Vec<String>,
    pub(crate) rustc: String,
    pub(crate) native: Versions,
    pub(crate) scalesim: String,
    pub(crate) commit: String,
}

impl Facts {
    pub(crate) fn gather(native: Versions) -> Self {
        let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        Self {
            cpu: field(&cpuinfo, "model name")
                .unwrap_or("unknown processor")
                .to_owned(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            simd: simd(field(&cpuinfo, "flags").unwrap_or_default()),
            rustc: first_line("rustc", &["--version"]),
            native,
            scalesim: first_line("target/scalesim/bin/python", &["-c", SCALESIM_VERSIONS]),
            commit: commit(),
        }
    }
}

const SCALESIM_VERSIONS: &str = "from importlib.metadata import version as v; \
                                 print(v('scalesim') + ' with numpy ' + v('numpy'))";

fn commit() -> String {
    let commit = first_line("git", &["rev-parse", "--short", "HEAD"]);
    match first_line("git", &["status", "--porcelain", "--untracked-files=no"]).as_str() {
        "" => commit,
        _ => format!("{commit} with changes"),
    }
}

/// What a command says first; empty where it says nothing, and a word where it is not there.
fn first_line(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    match output {
        Ok(output) if output.status.success() => {
            let text = String::from_utf8_lossy(&output.stdout);
            text.lines().next().unwrap_or_default().to_owned()
        }
        Ok(_) | Err(_) => "not there".to_owned(),
    }
}

fn field<'a>(cpuinfo: &'a str, name: &str) -> Option<&'a str> {
    let line = cpuinfo
        .lines()
        .find(|line| line.split(':').next().is_some_and(|key| key.trim() == name))?;
    line.split_once(':').map(|(_, value)| value.trim())
}

fn simd(flags: &str) -> Vec<String> {
    let flags: Vec<&str> = flags.split_whitespace().collect();
    let known = FLAGS.iter().filter(|flag| flags.contains(flag));
    known.map(|&flag| flag.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processors_are_read() {
        let cpuinfo =
            "processor\t: 0\nmodel name\t: AMD EPYC\nflags\t\t: fpu avx2 avx fma\n\nprocessor\t: 1\n";
        assert_eq!(field(cpuinfo, "model name"), Some("AMD EPYC"));
        assert_eq!(simd(field(cpuinfo, "flags").unwrap()), ["avx", "avx2", "fma"]);
        assert_eq!(field(cpuinfo, "bugs"), None);
    }
}
