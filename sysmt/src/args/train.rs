//! Arguments of `sysmt train`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use sim_core::input_constant::InputConstant;
use sim_predict::mask::MaskType;
use sim_predict::train::LearningRate;

use super::{ForceArgs, JobsArgs, PreprocessingArgs, parsers};

#[derive(Debug, Subcommand)]
pub(crate) enum TrainCommand {
    /// Train ZAP's predictors of zeros behind ReLUs, without labels
    Zap(Box<TrainZapArgs>),
}

#[derive(Debug, Args)]
pub(crate) struct TrainZapArgs {
    /// ONNX network, which stays as it is
    #[arg(value_name = "MODEL.onnx")]
    pub(crate) model: PathBuf,
    /// Training images: an .npz, an IDX file, or a folder of JPEG and PNG
    #[arg(long)]
    pub(crate) images: PathBuf,
    /// Use only the first N images
    #[arg(long, value_name = "N", value_parser = parsers::count())]
    pub(crate) n_images: Option<u64>,
    /// Leave out the files of a folder that cannot be decoded, and say which
    #[arg(long)]
    pub(crate) skip_unreadable: bool,
    /// Give an input of the network one value for all images, such as sr=16000; once for each such input
    #[arg(long = "input", value_name = "NAME=VALUE")]
    pub(crate) inputs: Vec<InputConstant>,
    /// Which pixels are computed first, 0 to 10: one type for all places, or one for each, with commas
    #[arg(long, value_name = "TYPES", value_delimiter = ',', default_value = "5", value_parser = parsers::mask)]
    pub(crate) masks: Vec<MaskType>,
    /// Times that every image is seen
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = parsers::count())]
    pub(crate) epochs: u64,
    /// Images of a step
    #[arg(long, value_name = "N", default_value_t = 128, value_parser = parsers::count())]
    pub(crate) batch: u64,
    /// Learning rate of the optimizer
    #[arg(long, value_name = "RATE", default_value = "0.01", value_parser = parsers::rate)]
    pub(crate) rate: LearningRate,
    /// Seed of weights and of the order of images
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Where to write the predictors [default: MODEL.zap.safetensors in this folder]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) force: ForceArgs,
    #[command(flatten)]
    pub(crate) jobs: JobsArgs,
    #[command(flatten)]
    pub(crate) preprocessing: PreprocessingArgs,
}
