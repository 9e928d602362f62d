//! From SystemVerilog to a library that can be loaded: Verilator, then the C++ compiler.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, bail};
use sim_rtl::Source;

use crate::ports::{Port, glue};

/// What is compiled and how: this file, and the C++ that stands beside a model.
const RECIPE: [&str; 2] = [include_str!("build.rs"), include_str!("ports.rs")];

/// A file to compile.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) name: &'static str,
    pub(crate) text: Cow<'static, str>,
}

impl From<Source> for File {
    fn from(Source { name, text }: Source) -> Self {
        Self {
            name,
            text: text.into(),
        }
    }
}

/// A top to compile.
#[derive(Debug)]
pub(crate) struct Top {
    /// The module.
    pub(crate) name: &'static str,
    /// The design and the top itself.
    pub(crate) files: Vec<File>,
    /// Its parameters, those that set the widths of ports aside.
    pub(crate) parameters: Vec<(String, usize)>,
    /// Its ports.
    pub(crate) ports: Vec<Port>,
    /// Macros.
    pub(crate) defines: Vec<&'static str>,
    /// A module that is compiled apart.
    pub(crate) block: Option<Block>,
    /// What it is built for.
    pub(crate) purpose: Purpose,
}

/// A module that is compiled once, however many of it the top has.
#[derive(Debug)]
pub(crate) struct Block {
    /// The module.
    pub(crate) name: &'static str,
    /// All of its design.
    pub(crate) files: Vec<File>,
    /// Its parameters.
    pub(crate) parameters: Vec<(String, usize)>,
}

/// What a model is built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To show that the design is right: every warning of Verilator's that has no waiver is an error.
    Proof,
    /// To run what no one wrote by hand, a netlist or the shell around a block: nothing to warn of.
    Generated,
    /// To be caught: the design is wrong on purpose, and runs for some cycles only.
    Hunt,
}

/// Compile `top` in `folder` and return the library's path. The folder is made anew, unless it holds what the same
/// sources, parameters and tools gave before.
///
/// - Errors: a missing tool, by the package that has it; whatever the tools say.
pub(crate) fn build(top: &Top, folder: &Path) -> anyhow::Result<PathBuf> {
    let key = blake3::hash(format!("{RECIPE:?} {} {top:?}", versions()?).as_bytes()).to_hex();
    let (library, stamp) = (folder.join("model.so"), folder.join("key"));
    if library.exists() && std::fs::read_to_string(&stamp).is_ok_and(|there| there == key.as_str()) {
        forget_waveforms(folder)?;
        return Ok(library);
    }
    if folder.exists() {
        std::fs::remove_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    let mut verilator = verilator(top.name, top.purpose, folder, &top.files)?;
    let widths = top.ports.iter().filter_map(Port::parameter);
    set(&mut verilator, top.parameters.iter().cloned().chain(widths));
    verilator.args(top.defines.iter().map(|define| format!("-D{define}")));
    let mut parts = vec![folder.join(CPP)];
    if let Some(block) = &top.block {
        let within = folder.join("block");
        let mut apart = self::verilator(block.name, top.purpose, &within, &block.files)?;
        set(&mut apart, block.parameters.iter().cloned());
        apart.args(["--lib-create", block.name]);
        run(&mut apart)?;
        parts.push(within.join(CPP));
        // The shell that stands for the block among the modules of the top.
        verilator.arg(within.join(CPP).join(format!("{}.sv", block.name)));
    }
    run(&mut verilator)?;
    std::fs::write(folder.join(CPP).join("glue.cpp"), glue(top.name, &top.ports))?;
    compile(&parts, top.purpose, folder, &library)?;
    // Last: a folder with a key is whole.
    std::fs::write(stamp, key.as_str())?;
    Ok(library)
}

/// Remove what an earlier run saw: a waveform that is there was written by this one.
fn forget_waveforms(folder: &Path) -> anyhow::Result<()> {
    for path in files_in(folder, "vcd")? {
        std::fs::remove_file(&path).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

/// The files of a folder with this ending, in the order of their names.
fn files_in(folder: &Path, ending: &str) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        files.push(entry?.path());
    }
    files.retain(|path| path.extension().is_some_and(|extension| extension == ending));
    files.sort();
    Ok(files)
}

/// What the tools say they are, asked once.
fn versions() -> anyhow::Result<&'static str> {
    static VERSIONS: OnceLock<String> = OnceLock::new();
    if let Some(versions) = VERSIONS.get() {
        return Ok(versions);
    }
    let mut versions = String::new();
    for tool in ["verilator", "g++"] {
        versions += &run(Command::new(tool).arg("--version"))?;
    }
    Ok(VERSIONS.get_or_init(|| versions))
}

/// Where Verilator writes C++.
const CPP: &str = "cpp";

/// Verilator on `files`, which are written to `folder`.
fn verilator(module: &str, purpose: Purpose, folder: &Path, files: &[File]) -> anyhow::Result<Command> {
    std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    for file in files {
        std::fs::write(folder.join(file.name), file.text.as_bytes())?;
    }
    let lint = match purpose {
        Purpose::Proof => "-Wall",
        Purpose::Generated | Purpose::Hunt => "-Wno-lint",
    };
    let prefix = format!("V{module}");
    let mut verilator = Command::new("verilator");
    verilator
        .args([lint, "--cc", "-sv", "-O3"])
        .args(["--x-assign", "unique", "--x-initial", "unique"])
        .args(["--top-module", module, "--prefix", &prefix, "--Mdir"])
        .arg(folder.join(CPP))
        .arg(format!("-I{}", folder.display()));
    // Waivers first, headers not at all: modules include them.
    for kind in [".vlt", ".sv", ".v"] {
        let names = files.iter().map(|file| file.name);
        verilator.args(
            names
                .filter(|name| name.ends_with(kind))
                .map(|name| folder.join(name)),
        );
    }
    Ok(verilator)
}

fn set(verilator: &mut Command, parameters: impl Iterator<Item = (String, usize)>) {
    verilator.args(parameters.map(|(name, value)| format!("-G{name}={value}")));
}

/// All C++ of `parts` as one library.
fn compile(parts: &[PathBuf], purpose: Purpose, folder: &Path, library: &Path) -> anyhow::Result<()> {
    // One unit: the headers take longer to read than the rest to compile.
    let mut unit = String::new();
    for part in parts {
        let part = part.canonicalize().with_context(|| part.display().to_string())?;
        for name in files_in(&part, "cpp")? {
            // Writing to a string cannot fail.
            let _ = writeln!(unit, "#include \"{}\"", name.display());
        }
    }
    let whole = folder.join("model.cpp");
    std::fs::write(&whole, unit)?;
    let optimization = match purpose {
        Purpose::Proof => "-O1",
        // Compiling takes longer than the run.
        Purpose::Generated | Purpose::Hunt => "-O0",
    };
    let include = include_folder()?;
    let mut compiler = Command::new("g++");
    compiler
        .args(["-shared", "-fPIC", "-std=c++17", "-w", optimization])
        .args(["-DVM_COVERAGE=0", "-DVM_SC=0", "-DVM_TRACE=0"])
        .arg(format!("-I{}", include.display()))
        .arg(format!("-I{}", include.join("vltstd").display()))
        .args(parts.iter().map(|part| format!("-I{}", part.display())))
        .arg(&whole)
        .args(runtime(&include, folder)?)
        .arg("-o")
        .arg(library);
    run(&mut compiler)?;
    Ok(())
}

/// Verilator's own runtime, compiled once for all models of a folder.
fn runtime(include: &Path, folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let shared = folder.parent().unwrap_or(folder);
    let tools = blake3::hash(versions()?.as_bytes()).to_hex();
    let mut objects = Vec::new();
    for part in ["verilated", "verilated_dpi", "verilated_threads"] {
        let object = shared.join(format!("{part}-{}.o", &tools[..16]));
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
                .arg(format!("-I{}", include.join("vltstd").display()))
                .arg(include.join(format!("{part}.cpp")))
                .arg("-o")
                .arg(&unfinished);
            run(&mut compiler)?;
            unfinished.persist(&object)?;
        }
        objects.push(object);
    }
    Ok(objects)
}

fn include_folder() -> anyhow::Result<PathBuf> {
    let root = run(Command::new("verilator").args(["--getenv", "VERILATOR_ROOT"]))?;
    Ok(Path::new(root.trim()).join("include"))
}

/// What a command prints.
fn run(command: &mut Command) -> anyhow::Result<String> {
    let tool = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| {
        format!(
            "cannot start {tool}: as root, apt-get install -y --no-install-recommends verilator g++ make yosys"
        )
    })?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        bail!(
            "{tool} failed ({}):\n{said}{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(said)
}
