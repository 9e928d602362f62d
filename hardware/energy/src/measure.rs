//! One PE: netlist, streams, fit and check.

use std::path::Path;

use anyhow::Context;
use sim_core::shape::widen;
use sim_core::spec::ArraySpec;
use sim_core::units::count_as_f64;
use sim_cost::mode::Mode;
use sim_rtl::Design;
use sim_synth::library::Library;
use sim_synth::netlist::{ClockTarget, Module, Netlist, synthesize};
use sim_trace::trace::Trace;

use crate::fit::{Fit, STRETCH, counts, modes};
use crate::held::{self, Held};
use crate::means::Means;
use crate::power::{Power, price};
use crate::streams::{ALL, Computed, Stream, Use};
use crate::testbench::{Delays, simulate};
use crate::toggles::{Spent, per_cycle};

/// What every PE is measured with.
pub(crate) struct Bench<'a> {
    pub(crate) library: &'a Library,
    pub(crate) clock: ClockTarget,
    /// The library's cells in Verilog.
    pub(crate) models: &'a Path,
    pub(crate) trace: &'a Trace,
    /// Least cycles of a stream.
    pub(crate) n_cycles: usize,
}

/// Everything measured of a PE under one model of delays.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    pub(crate) array: ArraySpec,
    pub(crate) delays: Delays,
    /// pJ of each mode that is fitted; a mode that no stream reached has none.
    pub(crate) fitted: Vec<(Mode, Option<f64>)>,
    /// pJ of the clock per cycle.
    pub(crate) clock: f64,
    /// nW.
    pub(crate) leakage: f64,
    /// Mean energies by what the PE did, not fitted.
    pub(crate) means: Means,
    pub(crate) streams: Vec<StreamResult>,
    /// Steps of skipped outputs, of a PE that is measured with a hold bit too.
    pub(crate) held: Option<Held>,
}

/// A stream by gates and by the table.
#[derive(Clone, Debug)]
pub(crate) struct StreamResult {
    pub(crate) stream: Stream,
    /// pJ per cycle in logic, by gates.
    pub(crate) gates: f64,
    /// The same by the table.
    pub(crate) table: f64,
}

impl StreamResult {
    /// In per cent of the gates' figure.
    pub(crate) fn error(&self) -> f64 {
        100.0 * (self.table / self.gates - 1.0)
    }
}

impl Measured {
    /// pJ of each mode, and of skipped steps where they are measured.
    pub(crate) fn prices(&self) -> Vec<(Mode, Option<f64>)> {
        let mut prices = self.fitted.clone();
        if let Some(held) = &self.held {
            prices.push((Mode::Skipped, Some(held.price)));
        }
        prices
    }
}

/// The largest error of a stream that the table was not fitted to, in per cent.
pub(crate) fn largest_error(streams: &[StreamResult]) -> f64 {
    let held_out = streams
        .iter()
        .filter(|stream| stream.stream.purpose == Use::HeldOut);
    held_out.map(|stream| stream.error().abs()).fold(0.0, f64::max)
}

/// Synthesize a PE, simulate every stream and fit the prices.
pub(crate) fn measure(array: &ArraySpec, bench: &Bench<'_>) -> anyhow::Result<Vec<Measured>> {
    let folder = tempfile::tempdir()?;
    let netlist = synthesize(
        Module::Pe,
        &Design::of(array),
        bench.library,
        bench.clock,
        folder.path(),
    )?;
    let power = price(&netlist.json, netlist.module, bench.library.liberty())
        .with_context(|| netlist.what.clone())?;
    let mut measured = Vec::new();
    for delays in Delays::ALL {
        measured.push(under(delays, array, bench, &netlist, &power)?);
    }
    held::measure(&mut measured, array, bench)?;
    Ok(measured)
}

/// A stream with what occurred in it.
pub(crate) struct Run {
    pub(crate) stream: Stream,
    pub(crate) occurrences: Vec<f64>,
    pub(crate) spent: Spent,
    pub(crate) n_cycles: usize,
}

impl Run {
    /// What the energy of a stretch is divided by: streams weigh the same whatever their energy, since errors are meant in
    /// per cent; real layers weigh more.
    pub(crate) fn scale(&self) -> f64 {
        self.spent.logic / float(self.n_cycles) * float(STRETCH) / self.stream.weight()
    }
}

fn under(
    delays: Delays,
    array: &ArraySpec,
    bench: &Bench<'_>,
    netlist: &Netlist,
    power: &Power,
) -> anyhow::Result<Measured> {
    let (design, modes) = (Design::of(array), modes(array.pe()));
    let folder = netlist.verilog.parent().context("a netlist in a folder")?;
    let mut fit = Fit::new(modes.len());
    let mut means = Means::default();
    let mut runs = Vec::new();
    for stream in ALL {
        let cycles = stream.record(array, bench.trace, bench.n_cycles, Computed::All)?;
        let dump = simulate(&design, netlist, bench.models, delays, &cycles, folder)
            .with_context(|| format!("{}, stream `{}`", netlist.what, stream.name()))?;
        let spent = per_cycle(&dump, power, cycles.len())?;
        let mut before = None;
        let mut counted = Vec::with_capacity(cycles.len());
        for (cycle, spent) in cycles.iter().zip(&spent) {
            counted.push(counts(&modes, array.pe(), before, cycle));
            means.note(cycle, spent.logic);
            before = Some(cycle);
        }
        let run = Run {
            stream,
            occurrences: sum(&counted, modes.len()),
            spent: spent.iter().copied().sum(),
            n_cycles: cycles.len(),
        };
        match stream.purpose {
            Use::Fit => {
                let scale = run.scale();
                for (counted, spent) in counted.chunks(STRETCH).zip(spent.chunks(STRETCH)) {
                    let counts = sum(counted, modes.len()).into_iter().map(|count| count / scale);
                    let energy: f64 = spent.iter().map(|spent| spent.logic).sum();
                    fit.add(&counts.collect::<Vec<_>>(), energy / scale);
                }
            }
            Use::HeldOut => {}
        }
        runs.push(run);
    }
    let prices = fit.solve();
    let n_cycles: usize = runs.iter().map(|run| run.n_cycles).sum();
    let clock: f64 = runs.iter().map(|run| run.spent.clock).sum();
    Ok(Measured {
        array: *array,
        delays,
        clock: clock / float(n_cycles),
        leakage: power.leakage_nw,
        means,
        streams: runs.iter().map(|run| result(run, &prices)).collect(),
        fitted: modes.into_iter().zip(prices).collect(),
        held: None,
    })
}

pub(crate) fn result(run: &Run, prices: &[Option<f64>]) -> StreamResult {
    let addends = run.occurrences.iter().zip(prices);
    let table: f64 = addends
        .map(|(count, price)| count * price.unwrap_or_default())
        .sum();
    let per_cycle = |sum: f64| sum / float(run.n_cycles);
    StreamResult {
        stream: run.stream,
        gates: per_cycle(run.spent.logic),
        table: per_cycle(table),
    }
}

pub(crate) fn sum(counted: &[Vec<f64>], n_modes: usize) -> Vec<f64> {
    let mut sums = vec![0.0; n_modes];
    for counts in counted {
        for (sum, count) in sums.iter_mut().zip(counts) {
            *sum += count;
        }
    }
    sums
}

fn float(n: usize) -> f64 {
    count_as_f64(widen(n))
}
