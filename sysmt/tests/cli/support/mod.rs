//! A folder of good files, and the binary run in it.

pub(crate) mod onnx;
pub(crate) mod trace;

use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use assert_cmd::Command;

/// A two-thread array.
pub(crate) const ARRAY_2T: &str = "[array]\nrows = 4\ncols = 4\n[pe]\nkind = \"nb-smt\"\nthreads = 2\n";
/// A conventional array.
pub(crate) const ARRAY_1T: &str = "[array]\nrows = 4\ncols = 4\n[pe]\nkind = \"conventional\"\n";
/// An array that needs 2:4 weights.
pub(crate) const ARRAY_STC: &str =
    "[array]\nrows = 4\ncols = 4\n[pe]\nkind = \"sparq-stc\"\nwindow = \"5opt\"\n";

/// A product of good files: M = 5, N = 7, K = 6.
pub(crate) const GEMM: [&str; 7] = [
    "gemm",
    "--array",
    "2t.toml",
    "--activations",
    "a.npy",
    "--weights",
    "w.npy",
];

/// A temporary folder to run in.
pub(crate) struct Folder(tempfile::TempDir);

/// What a run left behind.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Folder {
    /// With arrays, operands, a trace, a model and images, all good.
    pub(crate) fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap_or_else(|error| panic!("{error}")));
        folder.write("2t.toml", ARRAY_2T);
        folder.write("1t.toml", ARRAY_1T);
        folder.write("stc.toml", ARRAY_STC);
        folder.write("a.npy", npy("|u1", "False", "(5, 6)", &pseudo_random(30, 1)));
        folder.write("w.npy", npy("|i1", "False", "(7, 6)", &pseudo_random(42, 2)));
        folder.write("run.toml", run("trace = \"t.safetensors\""));
        folder.write("model-run.toml", run("model = \"m.onnx\"\nimages = \"x.npz\""));
        folder.write("t.safetensors", trace::bytes(&trace::tiny()));
        folder.write("m.onnx", onnx::tiny());
        folder.write(
            "x.npz",
            npz(
                "images",
                &npy("|u1", "False", "(2, 1, 8, 8)", &pseudo_random(128, 3)),
            ),
        );
        folder
    }

    /// With the files of `tests/cases/NAME`.
    pub(crate) fn of_case(name: &str) -> Self {
        let folder = Self::new();
        let case = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/cases")
            .join(name);
        let mut waiting = vec![case.clone()];
        while let Some(from) = waiting.pop() {
            for entry in
                std::fs::read_dir(&from).unwrap_or_else(|error| panic!("{}: {error}", from.display()))
            {
                let path = entry.unwrap_or_else(|error| panic!("{error}")).path();
                if path.is_dir() {
                    waiting.push(path);
                    continue;
                }
                let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{error}"));
                let inside = path.strip_prefix(&case).unwrap_or(&path);
                folder.write(&inside.display().to_string(), bytes);
            }
        }
        folder
    }

    /// The trace in a file.
    pub(crate) fn trace(&self, name: &str) -> sim_trace::trace::Trace {
        sim_trace::read(&self.path(name)).unwrap_or_else(|error| panic!("{error}"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        let folder = path.parent().unwrap_or(Path::new("."));
        if folder.is_file() {
            std::fs::remove_file(folder).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::write(&path, bytes))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
    }

    /// `layers.csv` of a run without its first column, which is the name of the run file.
    pub(crate) fn layers(&self, run: &str) -> Vec<String> {
        let csv = self.read(&format!("results/{run}/layers.csv"));
        let csv = String::from_utf8_lossy(&csv);
        let rest = |line: &str| line.split_once(',').map(|(_, rest)| rest.to_owned());
        csv.lines().filter_map(rest).collect()
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The results in a folder.
    pub(crate) fn result(&self, folder: &str) -> serde_json::Value {
        let bytes = self.read(&format!("{folder}/result.json"));
        serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{folder}: {error}"))
    }

    /// Names of all files and folders, sorted.
    pub(crate) fn listing(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![self.0.path().to_owned()];
        while let Some(folder) = folders.pop() {
            let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{error}"));
            for path in entries.map(|entry| entry.unwrap_or_else(|error| panic!("{error}")).path()) {
                found.push(
                    path.strip_prefix(self.0.path())
                        .unwrap_or(&path)
                        .display()
                        .to_string(),
                );
                if path.is_dir() {
                    folders.push(path);
                }
            }
        }
        found.sort();
        found
    }

    /// Run the binary in this folder.
    pub(crate) fn sysmt(&self, args: &[&str]) -> Ran {
        self.sysmt_in(&[], args)
    }

    /// Run the binary in this folder, with environment variables.
    pub(crate) fn sysmt_in(&self, environment: &[(&str, &str)], args: &[&str]) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sysmt"));
        let output = command
            .current_dir(self.0.path())
            .env_remove("COLUMNS")
            .env("RUST_BACKTRACE", "0")
            .env_remove("SYSMT_SIMD")
            .envs(environment.iter().copied())
            .args(args)
            .output()
            .unwrap_or_else(|error| panic!("{error}"));
        let text = |bytes: &[u8]| {
            String::from_utf8_lossy(bytes).replace(&self.0.path().display().to_string(), "FOLDER")
        };
        Ran {
            code: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    /// Run the binary, which must succeed; what it prints.
    #[track_caller]
    pub(crate) fn good(&self, args: &[&str]) -> String {
        let ran = self.sysmt(args);
        assert_eq!(ran.code, Some(0), "{args:?}: {}", ran.stderr);
        ran.stdout
    }

    /// A run that is not waited for.
    pub(crate) fn start(&self, args: &[&str]) -> Child {
        std::process::Command::new(env!("CARGO_BIN_EXE_sysmt"))
            .args(args)
            .current_dir(self.path(""))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{error}"))
    }

    /// All that a sweep exports, as text.
    pub(crate) fn exports(&self, sweep: &str) -> String {
        self.good(&["export", sweep, "--format", "jsonl", "--table", "points"])
            + &self.good(&["export", sweep, "--format", "csv", "--table", "layers"])
    }
}

/// Capture `net.onnx` on `images.npz` into `t.safetensors`.
pub(crate) const CAPTURE: [&str; 6] = [
    "capture",
    "net.onnx",
    "--images",
    "images.npz",
    "--out",
    "t.safetensors",
];

/// Evaluate `net.onnx` on `images.npz`; the file of an array comes next.
pub(crate) const EVAL: [&str; 5] = ["eval", "net.onnx", "--images", "images.npz", "--array"];

/// A run file of `workload` on the two-thread array.
pub(crate) fn run(workload: &str) -> String {
    format!("array = \"2t.toml\"\n[workload]\n{workload}\n")
}

/// A `.npy` file, as lying as its arguments.
pub(crate) fn npy(descr: &str, fortran: &str, shape: &str, values: &[u8]) -> Vec<u8> {
    let mut text = format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}");
    while !(text.len() + 11).is_multiple_of(64) {
        text.push(' ');
    }
    text.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(u16::try_from(text.len()).unwrap_or(0).to_le_bytes());
    bytes.extend(text.bytes());
    bytes.extend(values);
    bytes
}

/// A PNG file of `rows`×`cols` gray pixels.
pub(crate) fn png(rows: u32, cols: u32, seed: u32) -> Vec<u8> {
    let n_pixels = usize::try_from(rows * cols).unwrap_or(0);
    let image = image::GrayImage::from_raw(cols, rows, pseudo_random(n_pixels, seed)).unwrap_or_default();
    let mut bytes = std::io::Cursor::new(Vec::new());
    image
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap_or_else(|error| panic!("{error}"));
    bytes.into_inner()
}

/// A `.npz` archive of one array.
pub(crate) fn npz(name: &str, array: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    archive
        .start_file(format!("{name}.npy"), zip::write::SimpleFileOptions::default())
        .unwrap_or_else(|error| panic!("{error}"));
    archive.write_all(array).unwrap_or_else(|error| panic!("{error}"));
    match archive.finish() {
        Ok(cursor) => cursor.into_inner(),
        Err(error) => panic!("{error}"),
    }
}

/// Bytes of which a third are zero, and half of the others narrow.
pub(crate) fn pseudo_random(n: usize, seed: u32) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    (0..n)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            let [a, b, ..] = state.to_le_bytes();
            match b % 6 {
                0 | 1 => 0,
                2 | 3 => a % 16,
                _ => a,
            }
        })
        .collect()
}
