//! `sysmt wave`.

use std::io;
use std::time::Instant;

use reports::whole;
use sim_config::array;
use sim_core::ids::TileId;
use sim_core::units::Cycles;
use sim_run::product::{Held, Product};
use sim_run::workers::Engines;
use sim_wave::{Request, View, ViewError, WaveError, Written};

use crate::args::WaveArgs;
use crate::failure::Failure;
use crate::output;
use crate::stop;
use crate::targets::{Output, Targets};

/// Write the registers of the stepped engine, cycle by cycle, for a waveform viewer.
pub(crate) fn execute(args: &WaveArgs, engines: &Engines) -> Result<(), Failure> {
    let array = array::load(&args.array)?;
    let inputs = [&args.array, &args.activations, &args.weights];
    let out = Targets::new(inputs.map(Clone::clone).to_vec(), args.force.replace())
        .file(&args.out, &Output::Waveform)?;
    let product = Product::read(&args.activations, &args.weights, Held::Whole)?;
    let request = Request {
        tile: args.tile.map(TileId),
        from: args.from.map(Cycles),
        to: args.to.map(Cycles),
        pes: args.pes.clone(),
    };
    let view = View::new(&array, product.shape(), &request)
        .map_err(|error| Failure::User(format!("{}{error}", option(&error))))?;
    let operands = product.operands()?;
    let stop = stop::flag()?;
    let start = Instant::now();
    // What is not the file's fault passes by the writer of whole files.
    let mut failure = None;
    let mut told = String::new();
    let file = whole::write(&out, |new| {
        let other = match sim_wave::write(new, engines.stepped(), &array, &operands, &view, stop) {
            Ok(written) => {
                told = summary(&view, written, start.elapsed().as_secs_f64());
                return Ok(());
            }
            Err(WaveError::Io(error)) => return Err(error),
            Err(WaveError::Engine(error)) => product.refused(&error).into(),
            Err(WaveError::Stopped) => Failure::Stopped,
        };
        failure = Some(other);
        Err(io::ErrorKind::Other.into())
    });
    file.map_err(|error| failure.unwrap_or_else(|| output::unwritten(&args.out, &error)))?;
    output::note(&told);
    Ok(())
}

/// The options that an error is about, before what it says.
const fn option(error: &ViewError) -> &'static str {
    match error {
        ViewError::NoSuchTile { .. } => "--tile: ",
        ViewError::NoCycles { .. } | ViewError::AfterTheRun { .. } => "--from, --to: ",
        ViewError::NotInTile { .. } => "--tile, --from, --to: ",
        ViewError::OutsideTheArray { .. } | ViewError::TooManyPes { .. } => "--pes: ",
    }
}

fn summary(view: &View, written: Written, seconds: f64) -> String {
    let (cycles, pes) = (view.cycles(), view.pes());
    format!(
        "cycles {}..{}, rows {}..{}, columns {}..{}, {} signals, {} values in {seconds:.3} s",
        cycles.start.0,
        cycles.end.0,
        pes.rows.start,
        pes.rows.end,
        pes.cols.start,
        pes.cols.end,
        written.n_signals,
        written.n_changes
    )
}
