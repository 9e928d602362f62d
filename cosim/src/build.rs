//! From SystemVerilog to a library that can be loaded: Verilator, then the C++ compiler.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use sim_rtl::Source;

use crate::ports::{Port, glue};

/// A top to compile.
pub(crate) struct Top<'a> {
    /// The module.
    pub(crate) name: &'a str,
    /// The design and the top itself.
    pub(crate) sources: Vec<Source>,
    /// Its parameters, those that set the widths of ports aside.
    pub(crate) parameters: Vec<(String, usize)>,
    /// Its ports.
    pub(crate) ports: Vec<Port>,
    /// Macros.
    pub(crate) defines: Vec<&'a str>,
    /// What it is built for.
    pub(crate) purpose: Purpose,
}

/// What a model is built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To show that the design is right: every warning of Verilator's that has no waiver is an error.
    Proof,
    /// To be caught: the design is wrong on purpose, and runs for some cycles only.
    Hunt,
}

/// Compile `top` in `folder`, which is made anew, and return the library's path.
///
/// - Errors: a missing tool, by the package that has it; whatever the tools say.
pub(crate) fn build(top: &Top<'_>, folder: &Path) -> anyhow::Result<PathBuf> {
    if folder.exists() {
        std::fs::remove_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    for source in &top.sources {
        std::fs::write(folder.join(source.name), source.text)?;
    }
    let cpp = folder.join("cpp");
    let (lint, optimization) = match top.purpose {
        Purpose::Proof => ("-Wall", "-O1"),
        // Compiling takes longer than the run.
        Purpose::Hunt => ("-Wno-lint", "-O0"),
    };
    let mut verilator = Command::new("verilator");
    verilator.arg(lint);
    verilator
        .args([
            "--cc",
            "-sv",
            "-O3",
            "--x-assign",
            "unique",
            "--x-initial",
            "unique",
        ])
        .args([
            "--top-module",
            top.name,
            "--prefix",
            &format!("V{}", top.name),
            "--Mdir",
        ])
        .arg(&cpp)
        .arg(format!("-I{}", folder.display()));
    let widths = top.ports.iter().filter_map(Port::parameter);
    for (name, value) in top.parameters.iter().cloned().chain(widths) {
        verilator.arg(format!("-G{name}={value}"));
    }
    verilator.args(top.defines.iter().map(|define| format!("-D{define}")));
    // Waivers first, headers not at all: modules include them.
    let of_kind = |kind: &str| {
        let names = top.sources.iter().map(|source| source.name);
        names
            .filter(|name| name.ends_with(kind))
            .map(|name| folder.join(name))
            .collect::<Vec<_>>()
    };
    verilator
        .args(of_kind(".vlt"))
        .args(of_kind(".sv"))
        .args(of_kind(".v"));
    run(&mut verilator, "verilator")?;

    std::fs::write(cpp.join("glue.cpp"), glue(top.name, &top.ports))?;
    let library = folder.join("model.so");
    let mut compiler = Command::new("g++");
    compiler
        .args([
            "-shared",
            "-fPIC",
            "-std=c++17",
            "-w",
            optimization,
            "-DVM_COVERAGE=0",
            "-DVM_SC=0",
            "-DVM_TRACE=0",
        ])
        .arg(format!("-I{}", cpp.display()));
    let include = include_folder()?;
    compiler
        .arg(format!("-I{}", include.display()))
        .arg(format!("-I{}", include.join("vltstd").display()));
    let mut files = Vec::new();
    for entry in std::fs::read_dir(&cpp)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "cpp") {
            files.push(path);
        }
    }
    files.sort();
    compiler
        .args(&files)
        .args(runtime(&include, folder)?)
        .arg("-o")
        .arg(&library);
    run(&mut compiler, "g++")?;
    Ok(library)
}

/// Verilator's own runtime, compiled once for all models of a folder.
fn runtime(include: &Path, folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let shared = folder.parent().unwrap_or(folder);
    let mut objects = Vec::new();
    for part in ["verilated", "verilated_threads"] {
        let object = shared.join(format!("{part}.o"));
        if !object.exists() {
            // Models may be built side by side: the object appears whole or not at all.
            let unfinished = tempfile::Builder::new()
                .suffix(".o")
                .tempfile_in(shared)?
                .into_temp_path();
            let mut compiler = Command::new("g++");
            compiler
                .args(["-c", "-fPIC", "-std=c++17", "-w", "-O1"])
                .arg(format!("-I{}", include.display()))
                .arg(include.join(format!("{part}.cpp")))
                .arg("-o")
                .arg(&unfinished);
            run(&mut compiler, "g++")?;
            unfinished.persist(&object)?;
        }
        objects.push(object);
    }
    Ok(objects)
}

fn include_folder() -> anyhow::Result<PathBuf> {
    let output = Command::new("verilator")
        .args(["--getenv", "VERILATOR_ROOT"])
        .output()
        .with_context(|| missing("verilator"))?;
    let root = String::from_utf8(output.stdout)?;
    Ok(Path::new(root.trim()).join("include"))
}

fn missing(tool: &str) -> String {
    format!(
        "cannot start {tool}: as root, apt-get install -y --no-install-recommends verilator g++ make yosys"
    )
}

fn run(command: &mut Command, tool: &str) -> anyhow::Result<()> {
    let output = command.output().with_context(|| missing(tool))?;
    if !output.status.success() {
        bail!(
            "{tool} failed ({}):\n{}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(())
}
