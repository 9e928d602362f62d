//! The Python process that NumPy and ONNX Runtime live in: started once, loaded, warm; one
//! thread, but for whole sets of images.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const PYTHON: &str = "target/python/bin/python";
const SCRIPT: &str = "bench/python/native.py";

/// A running Python process; it ends when its input does.
pub(crate) struct Native {
    child: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

/// What it runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Versions {
    pub(crate) python: String,
    pub(crate) numpy: String,
    pub(crate) openblas: String,
    pub(crate) onnxruntime: String,
}

/// What one piece of its work took.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub(crate) struct Seconds {
    pub(crate) wall_seconds: f64,
    pub(crate) cpu_seconds: f64,
}

impl Native {
    pub(crate) fn start() -> anyhow::Result<Self> {
        let mut child = Command::new(PYTHON)
            .args(["-B", SCRIPT])
            // OpenBLAS chooses its kernels and blocks itself.
            .env_remove("OPENBLAS_CORETYPE")
            .env_remove("OPENBLAS_L2_SIZE")
            .env("OPENBLAS_NUM_THREADS", "1")
            .env("OMP_NUM_THREADS", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {PYTHON}; `cargo xtask bench` makes it"))?;
        let requests = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().context("a pipe from Python")?);
        Ok(Self {
            child,
            requests,
            answers,
        })
    }

    pub(crate) fn versions(&mut self) -> anyhow::Result<Versions> {
        Ok(serde_json::from_value(self.ask(&json!({"do": "versions"}))?)?)
    }

    /// Read a product's files and multiply once.
    pub(crate) fn load(&mut self, name: &str, activations: &Path, weights: &Path) -> anyhow::Result<()> {
        self.ask(&json!({"do": "load", "name": name, "activations": activations, "weights": weights}))?;
        Ok(())
    }

    /// One product.
    pub(crate) fn multiply(&mut self, name: &str) -> anyhow::Result<Seconds> {
        self.seconds(&json!({"do": "multiply", "name": name}))
    }

    /// Give the memory of a product back.
    pub(crate) fn drop_product(&mut self, name: &str) -> anyhow::Result<()> {
        self.ask(&json!({"do": "drop", "name": name}))?;
        Ok(())
    }

    /// Read a network and its image and run it a few times.
    pub(crate) fn load_network(&mut self, model: &str, photos: &str) -> anyhow::Result<()> {
        self.ask(&json!({"do": "network", "model": model, "photos": photos}))?;
        Ok(())
    }

    /// One image.
    pub(crate) fn infer(&mut self) -> anyhow::Result<Seconds> {
        self.seconds(&json!({"do": "infer"}))
    }

    /// Read a network, how its images are preprocessed, and images.
    pub(crate) fn load_classifier(
        &mut self,
        model: &str,
        preprocessing: &str,
        images: &str,
    ) -> anyhow::Result<()> {
        self.ask(
            &json!({"do": "classifier", "model": model, "preprocessing": preprocessing, "images": images}),
        )?;
        Ok(())
    }

    /// All these images, `batch` at a time, on two threads.
    pub(crate) fn classify(&mut self, batch: u32) -> anyhow::Result<Seconds> {
        self.seconds(&json!({"do": "classify", "batch": batch}))
    }

    fn seconds(&mut self, request: &Value) -> anyhow::Result<Seconds> {
        serde_json::from_value(self.ask(request)?).with_context(|| format!("{SCRIPT} gave no seconds"))
    }

    fn ask(&mut self, request: &Value) -> anyhow::Result<Value> {
        let requests = self.requests.as_mut().context("Python's input is closed")?;
        writeln!(requests, "{request}").context("Python has ended; its message is above")?;
        let mut answer = String::new();
        if self.answers.read_line(&mut answer)? == 0 {
            bail!("{SCRIPT} ended at {request}; its message is above");
        }
        Ok(serde_json::from_str(&answer)?)
    }
}

impl Drop for Native {
    fn drop(&mut self) {
        self.requests = None;
        // It has read the end of its input; how it ends no longer matters.
        let _ = self.child.wait();
    }
}
