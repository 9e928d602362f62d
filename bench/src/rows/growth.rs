//! How time grows with M, N and K, each alone over four decades, and with their product.

use sim_algebraic::Algebraic;
use sim_array::engine::{Engine as _, Measures};
use sim_core::named;
use sim_core::units::count_as_f64;
use sim_draw::plot::{Plot, PlotAxis, PlotLine, PlotPoint, PlotSeries};
use sim_draw::{Picture as _, Scale};

use crate::bench::{Bench, Size};
use crate::fit;
use crate::operands::Matrices;
use crate::rounds;
use crate::row::{Better, Row};

/// Dimensions that do not grow.
const FIXED: usize = 64;
/// Least size and factors in half decades; 60 000 is within the accumulators' range of K.
const LEAST: usize = 6;
const HALF_DECADES: [usize; 9] = [1, 3, 10, 32, 100, 316, 1000, 3162, 10_000];
/// Sides of cubes whose volumes are half a decade apart, 10⁶ to 10¹⁰.
const SIDES: [usize; 9] = [100, 147, 215, 316, 464, 681, 1000, 1468, 2154];

named! {
    /// What grows.
    enum Growing {
        M = "growth/M",
        N = "growth/N",
        K = "growth/K",
        All = "growth/MNK",
    }
}

impl Growing {
    const fn words(self) -> &'static str {
        match self {
            Self::M => "M alone",
            Self::N => "N alone",
            Self::K => "K alone",
            Self::All => "M = N = K",
        }
    }

    /// M, N and K from the least to the greatest.
    fn shapes(self, size: Size) -> Vec<[usize; 3]> {
        let n_points = match size {
            Size::Full => HALF_DECADES.len(),
            Size::Quick => 5,
        };
        let grown = HALF_DECADES.iter().map(|factor| LEAST * factor);
        let shapes = grown.zip(SIDES).map(|(grown, side)| match self {
            Self::M => [grown, FIXED, FIXED],
            Self::N => [FIXED, grown, FIXED],
            Self::K => [FIXED, FIXED, grown],
            Self::All => [side; 3],
        });
        shapes.take(n_points).collect()
    }
}

pub(crate) fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    let mut series = Vec::new();
    for growing in Growing::ALL {
        if bench.wants(growing.name()) {
            series.push(of(bench, growing)?);
        }
    }
    if series.is_empty() {
        return Ok(());
    }
    let figure = Plot {
        series,
        ..Plot::new(
            "growth",
            PlotAxis::new("Multiply-accumulates (M×N×K)", Scale::Log),
            PlotAxis::new("Seconds of one product, 2T S+A, all but mse", Scale::Log),
        )
    };
    std::fs::write(bench.out.join("growth.svg"), figure.svg()?)?;
    std::fs::write(bench.out.join("growth.png"), figure.png()?)?;
    Ok(())
}

fn of(bench: &mut Bench, growing: Growing) -> anyhow::Result<PlotSeries> {
    let array = bench.array("sysmt-2t")?;
    let mut points = Vec::new();
    for [m, n, k] in growing.shapes(bench.size) {
        let matrices = Matrices::new(m, n, k)?;
        let operands = matrices.operands()?;
        let seconds = rounds::seconds(bench.n_rounds, || {
            std::hint::black_box(Algebraic::default().run(&array, &operands, Measures::NONE)?);
            Ok(())
        })?;
        points.push((count_as_f64(matrices.shape.macs()), seconds));
    }
    // Exponents are over M·N·K, which grows as the one dimension does.
    let upper = &points[points.len() / 2..];
    let all = fit::exponent(&points).unwrap_or(f64::NAN);
    let upper = fit::exponent(upper).unwrap_or(f64::NAN);
    let range = |point: Option<&(f64, f64)>| point.map_or(f64::NAN, |point| point.0);
    let work = format!(
        "time over M·N·K from {:.1e} to {:.1e}, {}, 2T `S+A`, all but mse, library call",
        range(points.first()),
        range(points.last()),
        growing.words()
    );
    let row = Row::new(growing.name(), work, all, "exponent", Better::Neither);
    bench.add(row.note(format!("{upper:.2} over the upper half of the decades")));
    Ok(PlotSeries {
        name: growing.words().to_owned(),
        points: points.into_iter().map(PlotPoint::from).collect(),
        line: PlotLine::Joined,
    })
}
