//! One large product on every machine, whole process, beside NumPy's FP32.

use crate::bench::{Bench, Size, text};
use crate::operands::{Matrices, Pruning};
use crate::process::sysmt;
use crate::rounds::{Contestant, contest};
use crate::row::{Better, Goal, Row};

/// Which statistics a run takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Statistics {
    /// All of them: what `sysmt gemm` does unless told otherwise.
    All,
    /// `--no-mse`.
    AllButMse,
}

impl Statistics {
    const fn words(self) -> &'static str {
        match self {
            Self::All => "with mse",
            Self::AllButMse => "`--no-mse`",
        }
    }
}

/// A machine, what it takes, and how fast it should be in units of FP32.
struct Product {
    name: &'static str,
    machine: &'static str,
    pruning: Pruning,
    statistics: Statistics,
    target: f64,
    accept: f64,
}

const fn product(
    name: &'static str,
    machine: &'static str,
    statistics: Statistics,
    [target, accept]: [f64; 2],
) -> Product {
    Product {
        name,
        machine,
        pruning: Pruning::Dense,
        statistics,
        target,
        accept,
    }
}

use Statistics::{All, AllButMse};

const PRODUCTS: [Product; 13] = [
    product("product/conventional", "os-1t", All, [1.5, 0.9]),
    product("product/2t-S+A", "sysmt-2t", AllButMse, [1.5, 0.9]),
    product("product/2t-S+A-mse", "sysmt-2t", All, [1.0, 0.7]),
    product("product/2t-Aw", "sysmt-2t Aw", AllButMse, [1.0, 0.6]),
    product("product/2t-S+Aw", "sysmt-2t S+Aw", AllButMse, [1.0, 0.6]),
    product("product/2t-S+W", "sysmt-2t S+W", AllButMse, [1.0, 0.6]),
    product("product/2t-S+aW", "sysmt-2t S+aW", AllButMse, [1.0, 0.6]),
    product("product/2t-S", "sysmt-2t S", AllButMse, [1.0, 0.6]),
    product("product/4t-S+A", "sysmt-4t", AllButMse, [0.7, 0.5]),
    product("product/4t-S+A-mse", "sysmt-4t", All, [0.5, 0.35]),
    product("product/sparq-5opt", "sparq-5opt", AllButMse, [1.5, 0.9]),
    product("product/sparq-5opt-mse", "sparq-5opt", All, [1.0, 0.7]),
    Product {
        pruning: Pruning::TwoOfFour,
        ..product("product/sparq-stc", "sparq-stc", AllButMse, [1.0, 0.6])
    },
];

/// M, N and K.
pub(crate) const fn shape(size: Size) -> [usize; 3] {
    match size {
        Size::Full => [12544, 256, 2304],
        Size::Quick => [3136, 256, 576],
    }
}

/// 10⁹ multiply-accumulates of it.
pub(crate) fn giga_macs(matrices: &Matrices) -> f64 {
    sim_core::units::count_as_f64(matrices.shape.macs()) / 1e9
}

/// `sysmt gemm` on one job.
pub(crate) fn gemm(
    bench: &Bench,
    matrices: &Matrices,
    machine: &str,
    pruning: Pruning,
    statistics: Statistics,
) -> anyhow::Result<Vec<String>> {
    let files = matrices.write(&bench.out.join("product"), pruning)?;
    let (array, a, w) = (
        text(&bench.array_file(machine)?),
        text(&files.activations),
        text(&files.weights),
    );
    let line = match statistics {
        Statistics::All => "gemm --jobs 1",
        Statistics::AllButMse => "gemm --jobs 1 --no-mse",
    };
    let operands = ["--array", &array, "--activations", &a, "--weights", &w];
    Ok(sysmt(line, &operands))
}

pub(crate) fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    if !PRODUCTS.iter().any(|product| bench.wants(product.name)) {
        return Ok(());
    }
    let [m, n, k] = shape(bench.size);
    let matrices = Matrices::new(m, n, k)?;
    let files = matrices.write(&bench.out.join("product"), Pruning::Dense)?;
    bench.native.load("dense", &files.activations, &files.weights)?;
    let giga_macs = giga_macs(&matrices);
    for product in PRODUCTS {
        if !bench.wants(product.name) {
            continue;
        }
        let command = gemm(
            bench,
            &matrices,
            product.machine,
            product.pruning,
            product.statistics,
        )?;
        let contestants = [Contestant::Process(command), Contestant::Matmul("dense")];
        let [ours, theirs] = contest(bench.n_rounds, &mut bench.native, contestants)?;
        let weights = match product.pruning {
            Pruning::Dense => "",
            Pruning::Percent(_) | Pruning::TwoOfFour => ", 2:4 weights against dense FP32",
        };
        let work = format!(
            "`sysmt gemm`, `{}`, {m}×{n}×{k}, {}{weights}, whole process",
            product.machine,
            product.statistics.words()
        );
        let row = Row::new(
            product.name,
            work,
            giga_macs / ours.wall_seconds,
            "GMAC/s",
            Better::More,
        );
        bench.add(
            row.beside("NumPy FP32", giga_macs / theirs.wall_seconds)
                .goal(Goal::ratio_at_least(product.target, product.accept))
                .peak(ours.peak_mib)
                // Both run on one thread, so that a machine at other work shows here.
                .note(format!(
                    "{:.2} by CPU seconds",
                    theirs.cpu_seconds / ours.cpu_seconds
                )),
        );
    }
    bench.native.drop_product("dense")
}
