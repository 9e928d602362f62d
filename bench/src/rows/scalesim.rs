//! The layers of ResNet-18 on a 16×16 output-stationary array, beside SCALE-Sim 3, in processor seconds.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use serde::Deserialize;
use sim_algebraic::Algebraic;
use sim_array::engine::{Engine as _, Measures};
use sim_array::mapping::Schedule;
use sim_core::shape::Gemm;
use sim_core::spec::{ArraySpec, Tiles};
use sim_core::units::count_as_f64;

use crate::bench::{Bench, Size};
use crate::operands::Matrices;
use crate::rounds::{Contestant, contest};
use crate::row::{Better, Goal, Row};

const PYTHON: &str = "target/scalesim/bin/python";
const SCRIPT: &str = "bench/python/scalesim_layer.py";
const NAME: &str = "scalesim/resnet18";

/// A convolution, or several of the same shape.
struct Layer {
    name: &'static str,
    n_layers: u32,
    /// Side of the output map.
    side: usize,
    channels: usize,
    kernel: usize,
    filters: usize,
    stride: usize,
}

const fn layer(
    (name, n_layers): (&'static str, u32),
    side: usize,
    [channels, kernel, filters, stride]: [usize; 4],
) -> Layer {
    Layer {
        name,
        n_layers,
        side,
        channels,
        kernel,
        filters,
        stride,
    }
}

/// 20 convolutions and the fully connected layer, images of 224×224; the two smallest come last.
const RESNET18: [Layer; 12] = [
    layer(("conv1", 1), 112, [3, 7, 64, 2]),
    layer(("layer1", 4), 56, [64, 3, 64, 1]),
    layer(("layer2 first", 1), 28, [64, 3, 128, 2]),
    layer(("layer2", 3), 28, [128, 3, 128, 1]),
    layer(("layer2 shortcut", 1), 28, [64, 1, 128, 2]),
    layer(("layer3 first", 1), 14, [128, 3, 256, 2]),
    layer(("layer3", 3), 14, [256, 3, 256, 1]),
    layer(("layer3 shortcut", 1), 14, [128, 1, 256, 2]),
    layer(("layer4 first", 1), 7, [256, 3, 512, 2]),
    layer(("layer4", 3), 7, [512, 3, 512, 1]),
    layer(("layer4 shortcut", 1), 7, [256, 1, 512, 2]),
    layer(("fc", 1), 1, [512, 1, 1000, 1]),
];
const N_QUICK: usize = 2;

/// What SCALE-Sim says about a layer.
#[derive(Deserialize)]
struct Answer {
    cpu_seconds: f64,
    cycles: u64,
    peak_kib: u32,
}

impl Layer {
    fn gemm(&self) -> anyhow::Result<Gemm> {
        let k = self.channels * self.kernel * self.kernel;
        Ok(Gemm::new(self.side * self.side, self.filters, k)?)
    }

    /// Rows of the padded input that the kernel reads: SCALE-Sim knows no padding and rounds a rest up.
    const fn input_side(&self) -> usize {
        (self.side - 1) * self.stride + self.kernel
    }

    #[expect(clippy::print_stderr, reason = "a person waits for minutes")]
    fn in_scalesim(&self, folder: &Path) -> anyhow::Result<Answer> {
        let sides = [self.input_side(), self.input_side(), self.kernel, self.kernel];
        let rest = [self.channels, self.filters, self.stride];
        let output = Command::new(PYTHON)
            .args(["-B", "-W", "ignore", SCRIPT])
            .arg(folder)
            .args(sides.iter().chain(&rest).map(usize::to_string))
            .env("OPENBLAS_NUM_THREADS", "1")
            .env("NUMBA_NUM_THREADS", "1")
            .stderr(Stdio::inherit())
            .output()
            .with_context(|| format!("cannot start {PYTHON}"))?;
        if !output.status.success() {
            bail!(
                "SCALE-Sim failed at {} ({}); its message is above",
                self.name,
                output.status
            );
        }
        let answer: Answer = serde_json::from_slice(&output.stdout)?;
        eprintln!(
            "  SCALE-Sim, {}: {:.1} CPU s, {} MiB",
            self.name,
            answer.cpu_seconds,
            answer.peak_kib / 1024
        );
        Ok(answer)
    }
}

pub(crate) fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    if !bench.wants(NAME) {
        return Ok(());
    }
    let layers = match bench.size {
        Size::Full => &RESNET18[..],
        Size::Quick => &RESNET18[RESNET18.len() - N_QUICK..],
    };
    let which = match bench.size {
        Size::Full => "20 convolutions and fc".to_owned(),
        Size::Quick => layers
            .iter()
            .map(|layer| layer.name)
            .collect::<Vec<_>>()
            .join(" and "),
    };
    let work = format!(
        "ResNet-18, {which}, 16×16 output-stationary, 2T `S+A`, all but mse, library call; equal layers of SCALE-Sim \
         counted from one"
    );
    if !Path::new(PYTHON).exists() {
        let why = format!("{PYTHON} is missing; `cargo xtask bench` makes it with scalesim from PyPI");
        bench.add(Row::not_run(NAME, work, &why));
        return Ok(());
    }
    let ours = own_seconds(bench, layers)?;
    let mut answers = Vec::new();
    for layer in layers {
        answers.push(layer.in_scalesim(&bench.out.join("scalesim"))?);
    }
    let theirs: f64 = layers
        .iter()
        .zip(&answers)
        .map(|(layer, answer)| f64::from(layer.n_layers) * answer.cpu_seconds)
        .sum();
    let peak = answers.iter().map(|answer| answer.peak_kib).max().unwrap_or(0);
    let conventional = bench.array("os-1t")?;
    let cycles = compare_cycles(&conventional, layers, &answers)?;
    // Speeds, so that the ratio is how many times faster.
    let row = Row::new(NAME, work, 1.0 / ours, "networks/CPU s", Better::More)
        .beside("SCALE-Sim 3", 1.0 / theirs)
        .goal(Goal::ratio_at_least(10_000.0, 3_000.0));
    bench.add(row.note(format!(
        "{ours:.4} against {theirs:.1} CPU s; SCALE-Sim's peak is {} MiB; {cycles}",
        peak / 1024
    )));
    Ok(())
}

/// Processor seconds of all layers through the algebraic engine, least of the rounds.
fn own_seconds(bench: &mut Bench, layers: &[Layer]) -> anyhow::Result<f64> {
    let array = bench.array("sysmt-2t")?;
    let mut products = Vec::new();
    for layer in layers {
        let gemm = layer.gemm()?;
        products.push((layer.n_layers, Matrices::new(gemm.m(), gemm.n(), gemm.k())?));
    }
    // Processor time is counted in ticks on some systems: a few layers run often enough to fill them.
    let n_networks = match bench.size {
        Size::Full => 1_u32,
        Size::Quick => 100,
    };
    let run_all = || {
        for _ in 0..n_networks {
            for (n_layers, matrices) in &products {
                for _ in 0..*n_layers {
                    std::hint::black_box(Algebraic::default().run(
                        &array,
                        &matrices.operands()?,
                        Measures::NONE,
                    )?);
                }
            }
        }
        Ok(())
    };
    let [cost] = contest(
        bench.n_rounds,
        &mut bench.native,
        [Contestant::Library(Box::new(run_all))],
    )?;
    Ok(cost.cpu_seconds / f64::from(n_networks))
}

/// Whether SCALE-Sim's cycles are its closed form, and what a conventional array takes here.
fn compare_cycles(array: &ArraySpec, layers: &[Layer], answers: &[Answer]) -> anyhow::Result<String> {
    let serial = array.with_tiles(Tiles::Serial);
    let mut sums = [0_u64; 3];
    let mut n_as_formula = 0;
    for (layer, answer) in layers.iter().zip(answers) {
        let gemm = layer.gemm()?;
        n_as_formula += usize::from(scalesim_cycles(array, gemm) == answer.cycles);
        let cycles = [
            answer.cycles,
            Schedule::new(&serial, gemm).cycles().0,
            Schedule::new(array, gemm).cycles().0,
        ];
        for (sum, cycles) in sums.iter_mut().zip(cycles) {
            *sum += u64::from(layer.n_layers) * cycles;
        }
    }
    let [theirs, serial, pipelined] = sums;
    let ratio = |cycles| count_as_f64(cycles) / count_as_f64(theirs);
    Ok(format!(
        "cycles of the conventional array: SCALE-Sim {theirs}, serial tiles {serial} ({:.3}), pipelined {pipelined} \
         ({:.3}); SCALE-Sim is F·(R + C + K − 2) − 1 on {n_as_formula} of {} shapes, without the R cycles in which a \
         tile drains, and overlaps no tiles",
        ratio(serial),
        ratio(pipelined),
        layers.len()
    ))
}

/// F·(R + C + K − 2) − 1, F tiles.
fn scalesim_cycles(array: &ArraySpec, gemm: Gemm) -> u64 {
    let n_tiles = gemm.m().div_ceil(array.rows()) * gemm.n().div_ceil(array.cols());
    let cycles = n_tiles * (array.rows() + array.cols() + gemm.k() - 2) - 1;
    sim_core::shape::widen(cycles)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layers_are_resnet_18() {
        let n_layers: u32 = RESNET18.iter().map(|layer| layer.n_layers).sum();
        assert_eq!(n_layers, 21);
        let macs: u64 = RESNET18
            .iter()
            .map(|layer| u64::from(layer.n_layers) * layer.gemm().unwrap().macs())
            .sum();
        assert_eq!(macs, 1_814_073_344); // What other counters of operations say.
        assert_eq!(RESNET18[0].input_side(), 229);
        assert_eq!(RESNET18[1].input_side(), 58);
    }
}
