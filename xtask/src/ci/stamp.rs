//! What a step depends on, as a hash; a step whose hash is that of its last success need not run again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::Context;

use super::Step;
use crate::command::output;

/// What decides whether a step passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Inputs {
    /// What is installed or built, which the step itself looks at: it always runs.
    Machine,
    /// Every file of the repository.
    Tree,
    /// A package with those of the workspace that it is built of, and data.
    Package(&'static str),
}

/// Folders that programs read when they run, and files that every build depends on.
const DATA: [&str; 11] = [
    "configs/",
    "models/",
    "traces/",
    "hardware/rtl/",
    "tests/",
    "xtask/",
    ".cargo/",
    ".ci/",
    "Cargo.toml",
    "Cargo.lock",
    "rust-toolchain.toml",
];

/// Hashes of the tree as it is.
pub(super) struct Stamps {
    /// Files by path, with the hash of their contents.
    files: BTreeMap<String, String>,
    /// Folders of each package of the workspace and of those that it depends on.
    packages: BTreeMap<String, BTreeSet<String>>,
    toolchain: String,
}

/// What says which programs a step finds: Debian's packages, Python's, data.
const INSTALLED: [&str; 3] = [
    "/var/lib/dpkg/status",
    "target/python/packages",
    "target/packages/stamp",
];

/// The programs of this machine and the instructions of its processor, as they are now: a step may have installed some.
fn machine() -> String {
    let hash = |file: &str| blake3::hash(&std::fs::read(file).unwrap_or_default()).to_string();
    let processor = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let instructions = processor.lines().find(|line| line.starts_with("flags"));
    format!("{:?} {instructions:?}", INSTALLED.map(hash))
}

impl Stamps {
    /// - Errors: git or cargo do not tell.
    pub(super) fn of_tree() -> anyhow::Result<Self> {
        let listed = output("git ls-files --cached --others --exclude-standard -z")?;
        let mut files = BTreeMap::new();
        for path in listed.split_terminator('\0') {
            // A file that was deleted is listed until that is committed.
            if let Ok(bytes) = std::fs::read(path) {
                files.insert(path.to_owned(), blake3::hash(&bytes).to_hex().to_string());
            }
        }
        Ok(Self {
            files,
            packages: packages()?,
            toolchain: output("rustc --version --verbose")?,
        })
    }

    /// The stamp that a step leaves when it passes on this machine.
    pub(super) fn stamp(&self, step: &Step) -> anyhow::Result<Stamp> {
        self.stamp_on(step, &machine())
    }

    fn stamp_on(&self, step: &Step, machine: &str) -> anyhow::Result<Stamp> {
        let mut hasher = blake3::Hasher::new();
        let mut take = |text: &str| {
            hasher.update(&text.len().to_le_bytes());
            hasher.update(text.as_bytes());
        };
        take(&self.toolchain);
        take(machine);
        step.commands.iter().for_each(|command| take(command));
        let folders = match step.inputs {
            Inputs::Machine => None,
            Inputs::Tree => Some(BTreeSet::from([String::new()])),
            Inputs::Package(name) => {
                let own = self.packages.get(name);
                let own = own.with_context(|| format!("{}: no package `{name}`", step.name))?;
                Some(own.iter().cloned().chain(DATA.map(str::to_owned)).collect())
            }
        };
        let is_input = |path: &str, folders: &BTreeSet<String>| {
            folders.iter().any(|folder| path.starts_with(folder.as_str()))
        };
        for (path, hash) in &self.files {
            if folders.as_ref().is_some_and(|folders| is_input(path, folders)) {
                take(path);
                take(hash);
            }
        }
        Ok(Stamp {
            file: step.file("stamp"),
            hash: folders.map(|_| hasher.finalize().to_hex().to_string()),
        })
    }
}

/// What a step leaves when it passes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    file: PathBuf,
    /// None where the step always runs.
    hash: Option<String>,
}

impl Stamp {
    /// Whether the step passed with the same inputs.
    pub(super) fn is_there(&self) -> bool {
        self.hash.is_some() && std::fs::read_to_string(&self.file).ok() == self.hash
    }

    pub(super) fn write(&self) -> anyhow::Result<()> {
        match &self.hash {
            Some(hash) => std::fs::write(&self.file, hash).with_context(|| self.file.display().to_string()),
            None => Ok(()),
        }
    }
}

/// Folders of packages with all that they are built of, tests' needs included.
fn packages() -> anyhow::Result<BTreeMap<String, BTreeSet<String>>> {
    let metadata = output("cargo metadata --no-deps --format-version 1 --offline")?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let root = format!("{}/", text(&metadata["workspace_root"]));
    let all = metadata["packages"]
        .as_array()
        .context("cargo metadata has no packages")?;
    let mut direct = BTreeMap::new();
    for package in all {
        let manifest = text(&package["manifest_path"]);
        let folder = manifest
            .trim_start_matches(&root)
            .trim_end_matches("Cargo.toml")
            .to_owned();
        let needs: Vec<String> = package["dependencies"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|dependency| text(&dependency["name"]))
            .collect();
        direct.insert(text(&package["name"]), (folder, needs));
    }
    let closure = |name: &String| {
        let (mut folders, mut names) = (BTreeSet::new(), vec![name.clone()]);
        while let Some(next) = names.pop() {
            if let Some((folder, needs)) = direct.get(&next)
                && folders.insert(folder.clone())
            {
                names.extend(needs.iter().cloned());
            }
        }
        folders
    };
    Ok(direct.keys().map(|name| (name.clone(), closure(name))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ci::Load;

    /// The stamp of a step with these inputs, where these files are.
    fn hash(inputs: Inputs, files: &[(&str, &str)], machine: &str) -> Option<String> {
        let text = |text: &&str| (*text).to_owned();
        let stamps = Stamps {
            files: files
                .iter()
                .map(|(path, hash)| (text(path), text(hash)))
                .collect(),
            packages: BTreeMap::from([("a".to_owned(), ["a/", "b/"].iter().map(text).collect())]),
            toolchain: "rustc".to_owned(),
        };
        let step = Step {
            name: "step",
            after: &[],
            load: Load::Computes,
            inputs,
            commands: vec!["true".to_owned()],
        };
        stamps.stamp_on(&step, machine).unwrap().hash
    }

    #[test]
    fn a_stamp_is_that_of_its_inputs() {
        const FILES: [(&str, &str); 4] = [("a/x", "1"), ("b/x", "1"), ("configs/x", "1"), ("docs/x", "1")];
        #[track_caller]
        fn check(inputs: Inputs, changed: usize, is_input: bool) {
            let mut files = FILES;
            let before = hash(inputs, &files, "m");
            files[changed].1 = "2";
            assert_eq!(
                before != hash(inputs, &files, "m"),
                is_input,
                "{}",
                files[changed].0
            );
        }
        for (file, is_input) in [true, true, true, false].into_iter().enumerate() {
            check(Inputs::Package("a"), file, is_input);
            check(Inputs::Tree, file, true);
        }
        assert_ne!(
            hash(Inputs::Tree, &FILES, "m"),
            hash(Inputs::Tree, &FILES, "another")
        );
        assert_ne!(
            hash(Inputs::Tree, &FILES, "m"),
            hash(Inputs::Tree, &FILES[1..], "m")
        );
        // What is installed or built is never taken for granted.
        assert_eq!(hash(Inputs::Machine, &FILES, "m"), None);
    }
}
