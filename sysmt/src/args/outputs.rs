//! Which outputs of a product are computed.

use std::path::PathBuf;

use clap::Args;
use sim_array::mapping::predicted::OutputMap;
use sim_core::prediction::{ChannelOrder, FillUp, OutputRules, OutputSchedule, PixelOrder, PredictorLanes};
use sim_run::planned::OutputsAsk;

use super::parsers;

#[derive(Debug, Args)]
pub(crate) struct OutputsArgs {
    /// Which outputs are computed, uint8 [M, N]: 1 is, 0 is skipped and becomes 0
    #[arg(long, value_name = "KEPT.npy")]
    kept: Option<PathBuf>,
    /// Which pixels (rows of A) are computed first, all their outputs without asking, M values of uint8; else none is
    #[arg(long, value_name = "FIRST.npy", requires = "kept")]
    first: Option<PathBuf>,
    /// Which tiles the outputs of the other pixels form [default: gate]
    #[arg(long, requires = "kept", value_parser = parsers::named::<OutputSchedule>())]
    schedule: Option<OutputSchedule>,
    /// In which order pixels are dealt to rows of PEs [default: block for `--schedule columns`, else raster]
    #[arg(long, requires = "kept", value_parser = parsers::named::<PixelOrder>())]
    pixels: Option<PixelOrder>,
    /// In which order channels are dealt to columns of PEs [default: natural]
    #[arg(long, requires = "kept", value_parser = parsers::named::<ChannelOrder>())]
    channels: Option<ChannelOrder>,
    /// Multiply-adds per cycle of the unit that predicts; 0 takes no time [default: 0]
    #[arg(long, value_name = "N", requires = "kept")]
    predictor_lanes: Option<u32>,
    /// Rows and columns of the map that the pixels are, for blocks of pixels
    #[arg(long, value_name = "ROWS,COLUMNS", requires = "kept", value_parser = map)]
    map: Option<OutputMap>,
}

impl OutputsArgs {
    /// What is asked for, where anything is.
    pub(crate) fn ask(&self) -> Option<OutputsAsk> {
        let Self {
            kept,
            first,
            schedule,
            pixels,
            channels,
            predictor_lanes,
            map,
        } = self;
        Some(OutputsAsk {
            kept: kept.clone()?,
            first: first.clone(),
            rules: OutputRules {
                schedule: schedule.unwrap_or_default(),
                fill_up: FillUp::Off,
                predictor_lanes: PredictorLanes(predictor_lanes.unwrap_or_default()),
            },
            pixels: *pixels,
            channels: channels.unwrap_or_default(),
            map: *map,
        })
    }

    /// The files that are read.
    pub(crate) fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.kept.iter().chain(&self.first)
    }
}

fn map(text: &str) -> Result<OutputMap, String> {
    let sides = text
        .split_once(',')
        .and_then(|(height, width)| Some((height.trim().parse().ok()?, width.trim().parse().ok()?)));
    match sides {
        Some((height, width)) if 0 < height && 0 < width => Ok(OutputMap { height, width }),
        Some(_) | None => Err(format!(
            "`{text}` is not a map; write its rows and columns, such as 28,28"
        )),
    }
}
