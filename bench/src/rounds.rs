//! Contests: every contestant once a round, in turn, so that all meet the same noise; the least of all rounds counts.

use std::time::Instant;

use crate::native::{Native, Seconds};
use crate::process;

/// What one run cost, or the least of several.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Cost {
    pub(crate) wall_seconds: f64,
    pub(crate) cpu_seconds: f64,
    /// 0 where the work has no process of its own.
    pub(crate) peak_mib: f64,
}

/// Who takes part.
pub(crate) enum Contestant<'a> {
    /// A whole process.
    Process(Vec<String>),
    /// NumPy on a product that it has loaded.
    Matmul(&'a str),
    /// ONNX Runtime on the network that it has loaded.
    Inference,
    /// ONNX Runtime on the images that it has loaded, so many at a time.
    Images(u32),
    /// A call of the simulator's libraries.
    Library(Box<dyn FnMut() -> anyhow::Result<()> + 'a>),
}

/// Least cost of each contestant.
pub(crate) fn contest<const N: usize>(
    n_rounds: u32,
    native: &mut Native,
    mut contestants: [Contestant<'_>; N],
) -> anyhow::Result<[Cost; N]> {
    let mut least = [None; N];
    for _ in 0..n_rounds.max(1) {
        for (least, contestant) in least.iter_mut().zip(&mut contestants) {
            let cost = once(native, contestant)?;
            *least = Some(least.map_or(cost, |before| merge(before, cost)));
        }
    }
    Ok(least.map(|cost| cost.unwrap_or(NOTHING)))
}

const NOTHING: Cost = Cost {
    wall_seconds: 0.0,
    cpu_seconds: 0.0,
    peak_mib: 0.0,
};

fn once(native: &mut Native, contestant: &mut Contestant<'_>) -> anyhow::Result<Cost> {
    let of_seconds = |seconds: Seconds| Cost {
        wall_seconds: seconds.wall_seconds,
        cpu_seconds: seconds.cpu_seconds,
        peak_mib: 0.0,
    };
    match contestant {
        Contestant::Process(command) => process::measured(command),
        Contestant::Matmul(name) => native.multiply(name).map(of_seconds),
        Contestant::Inference => native.infer().map(of_seconds),
        Contestant::Images(batch) => native.classify(*batch).map(of_seconds),
        Contestant::Library(call) => {
            let (cpu, began) = (process::own_cpu_seconds()?, Instant::now());
            call()?;
            Ok(Cost {
                wall_seconds: began.elapsed().as_secs_f64(),
                cpu_seconds: process::own_cpu_seconds()? - cpu,
                peak_mib: 0.0,
            })
        }
    }
}

/// Times are those of the best round; memory is that of the worst.
fn merge(a: Cost, b: Cost) -> Cost {
    Cost {
        wall_seconds: a.wall_seconds.min(b.wall_seconds),
        cpu_seconds: a.cpu_seconds.min(b.cpu_seconds),
        peak_mib: a.peak_mib.max(b.peak_mib),
    }
}

/// Least wall time of a call over rounds that are each long enough to be timed.
pub(crate) fn seconds(n_rounds: u32, call: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<f64> {
    let start = Instant::now();
    seconds_by(|| start.elapsed().as_secs_f64(), n_rounds, call)
}

/// The same by any clock.
fn seconds_by(
    clock: impl Fn() -> f64,
    n_rounds: u32,
    mut call: impl FnMut() -> anyhow::Result<()>,
) -> anyhow::Result<f64> {
    const LONG_ENOUGH: f64 = 5e-3;
    let mut n_calls = 1_u32;
    let mut least = f64::INFINITY;
    let mut round = 0;
    while round < n_rounds.max(1) {
        let began = clock();
        for _ in 0..n_calls {
            call()?;
        }
        let took = clock() - began;
        if took < LONG_ENOUGH {
            n_calls *= 2;
            continue;
        }
        least = least.min(took / f64::from(n_calls));
        round += 1;
    }
    Ok(least)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn the_least_time_and_the_most_memory_count() {
        let cost = |wall_seconds, cpu_seconds, peak_mib| Cost {
            wall_seconds,
            cpu_seconds,
            peak_mib,
        };
        assert_eq!(
            merge(cost(2.0, 0.5, 10.0), cost(1.0, 0.75, 12.0)),
            cost(1.0, 0.5, 12.0)
        );
    }

    #[test]
    fn short_calls_are_timed_together() {
        let (now, n_calls) = (Cell::new(0.0), Cell::new(0));
        let least = seconds_by(
            || now.get(),
            1,
            || {
                n_calls.set(n_calls.get() + 1);
                now.set(now.get() + 1e-3);
                Ok(())
            },
        );
        // One, two and four are too short.
        assert_eq!(n_calls.get(), 1 + 2 + 4 + 8);
        assert!((least.unwrap() - 1e-3).abs() < 1e-9);
    }
}
