//! Steps of skipped outputs, on the netlist of the PE with a hold bit.

use anyhow::Context;
use sim_core::spec::{ArraySpec, Pe};
use sim_cost::mode::Mode;
use sim_rtl::{Design, HoldBit};
use sim_synth::netlist::{Module, synthesize};
use sim_synth::table::rounded;

use crate::fit::{Fit, STRETCH, counts};
use crate::measure::{Bench, Measured, Run, StreamResult, result, sum};
use crate::power::price;
use crate::streams::{ALL, Computed, Use};
use crate::testbench::simulate;
use crate::toggles::per_cycle;

/// What steps of skipped outputs cost.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    /// pJ of a step, beside the events in it, which have the prices of the PE without a hold bit.
    pub(crate) price: f64,
    /// The steps of skipped outputs in each stream.
    pub(crate) streams: Vec<StreamResult>,
}

/// Measure the steps of skipped outputs of a PE that may have a hold bit, and note them in `measured`.
pub(crate) fn measure(measured: &mut [Measured], array: &ArraySpec, bench: &Bench<'_>) -> anyhow::Result<()> {
    match array.pe() {
        Pe::Conventional | Pe::NbSmt(_) => {}
        Pe::Sparq(_) | Pe::SparqStc(_) => return Ok(()),
    }
    let design = Design::of(array).with_hold_bit(HoldBit::Present);
    let folder = tempfile::tempdir()?;
    let netlist = synthesize(Module::Pe, &design, bench.library, bench.clock, folder.path())?;
    let power = price(&netlist.json, netlist.module, bench.library.liberty())
        .with_context(|| netlist.what.clone())?;
    for one in measured {
        // As the table has them.
        let published = one
            .fitted
            .iter()
            .map(|&(mode, price)| (mode, price.map(|price| rounded(price, 4))));
        let (mut modes, mut prices): (Vec<Mode>, Vec<Option<f64>>) = published.unzip();
        let n_others = modes.len();
        modes.push(Mode::Skipped);
        let mut fit = Fit::new(1);
        let mut runs = Vec::new();
        for stream in ALL {
            let cycles = stream.record(array, bench.trace, bench.n_cycles, Computed::Half)?;
            let dump = simulate(
                &design,
                &netlist,
                bench.models,
                one.delays,
                &cycles,
                folder.path(),
            )
            .with_context(|| format!("{}, stream `{}`", netlist.what, stream.name()))?;
            let spent = per_cycle(&dump, &power, cycles.len())?;
            let mut skipped = Vec::new();
            let mut before = None;
            for (cycle, spent) in cycles.iter().zip(&spent) {
                let counted = counts(&modes, array.pe(), before, cycle);
                if counted[n_others] != 0.0 {
                    one.means.note(cycle, spent.logic);
                    skipped.push((counted, *spent));
                }
                before = Some(cycle);
            }
            let (counted, spent): (Vec<_>, Vec<_>) = skipped.into_iter().unzip();
            let run = Run {
                stream,
                occurrences: sum(&counted, modes.len()),
                spent: spent.iter().copied().sum(),
                n_cycles: spent.len(),
            };
            match stream.purpose {
                Use::Fit => {
                    let scale = run.scale();
                    for (counted, spent) in counted.chunks(STRETCH).zip(spent.chunks(STRETCH)) {
                        let sums = sum(counted, modes.len());
                        let others = sums.iter().zip(&prices);
                        let explained: f64 = others.map(|(n, price)| n * price.unwrap_or_default()).sum();
                        let energy: f64 = spent.iter().map(|spent| spent.logic).sum();
                        fit.add(&[sums[n_others] / scale], (energy - explained) / scale);
                    }
                }
                Use::HeldOut => {}
            }
            runs.push(run);
        }
        let price = fit.solve().into_iter().flatten().next();
        prices.push(price);
        one.held = Some(Held {
            price: price.context("no stream skips an output")?,
            streams: runs.iter().map(|run| result(run, &prices)).collect(),
        });
    }
    Ok(())
}
