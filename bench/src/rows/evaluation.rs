//! `sysmt eval` on all test images of Fashion-MNIST, beside ONNX Runtime on the same network, images and threads.

use std::path::Path;

use crate::bench::{Bench, Size};
use crate::process::sysmt;
use crate::rounds::{Contestant, contest};
use crate::row::{Better, Goal, Row};

const MODEL: &str = "models/fashion-resnet8.onnx";
const PREPROCESSING: &str = "models/fashion-resnet8.toml";
/// Where the Debian package `dataset-fashion-mnist` puts them.
const IMAGES: &str = "/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz";
const CALIBRATION: &str = "/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz";

const TIME: &str = "eval/10000";
const MEMORY: &str = "memory/eval-10000";
/// Images that ONNX Runtime takes at a time.
const BATCH: u32 = 128;

/// Seconds, and what is put up with.
const TIME_GOAL: Goal = Goal::figure_at_most(60.0, 120.0);
/// MiB.
const MEMORY_GOAL: Goal = Goal::figure_at_most(1024.0, 1024.0);

pub(crate) fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    if ![TIME, MEMORY].iter().any(|name| bench.wants(name)) {
        return Ok(());
    }
    let n_images = match bench.size {
        Size::Full => "10000",
        Size::Quick => "200",
    };
    let work = format!(
        "`sysmt eval`, ResNet-8, {n_images} images of Fashion-MNIST: FP32, exact 8-bit and 2T `S+A` with all but mse, two \
         jobs, whole process"
    );
    let memory = format!("peak memory of `sysmt eval`, ResNet-8, {n_images} images, two jobs");
    if let Some(missing) = [IMAGES, CALIBRATION]
        .iter()
        .find(|file| !Path::new(file).exists())
    {
        let why = format!("no {missing}; install the package dataset-fashion-mnist");
        for (name, work) in [(TIME, work), (MEMORY, memory)] {
            if bench.wants(name) {
                bench.add(Row::not_run(name, work, &why));
            }
        }
        return Ok(());
    }
    bench.native.load_classifier(MODEL, PREPROCESSING, IMAGES)?;
    let command = format!(
        "eval {MODEL} --images {IMAGES} --n-images {n_images} --calibration {CALIBRATION} --n-calibration 1024 \
         --array configs/arrays/sysmt-2t.toml --jobs 2"
    );
    let contestants = [
        Contestant::Process(sysmt(&command, &[])),
        Contestant::Images(BATCH),
        Contestant::Images(1),
    ];
    let [own, batches, one_by_one] = contest(bench.n_rounds, &mut bench.native, contestants)?;
    if bench.wants(TIME) {
        let row = Row::new(TIME, work, own.wall_seconds, "s", Better::Less)
            .beside(
                "ONNX Runtime FP32, 10000 images, batches of 128, two threads",
                batches.wall_seconds,
            )
            .note(format!(
                "{:.2} of ONNX Runtime one by one, {:.2} s; {:.2} of its batches by CPU seconds",
                own.wall_seconds / one_by_one.wall_seconds,
                one_by_one.wall_seconds,
                own.cpu_seconds / batches.cpu_seconds
            ))
            .peak(own.peak_mib);
        bench.add(row.goal(TIME_GOAL));
    }
    if bench.wants(MEMORY) {
        let row = Row::new(MEMORY, memory, own.peak_mib, "MiB", Better::Less);
        bench.add(row.goal(MEMORY_GOAL));
    }
    Ok(())
}
