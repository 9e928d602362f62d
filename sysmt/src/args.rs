//! The command line as typed.

mod export;
mod outputs;
mod parsers;
mod plot;
mod predict;
pub(crate) mod report;
mod shards;
mod sweep;
pub(crate) mod train;
mod wave;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use reports::place::Replace;
use sim_array::lockstep::Truth;
use sim_config::keys::FileKind;
use sim_core::input_constant::InputConstant;
use sim_core::preprocessing::{Channels, Layout, Resize, ResizeFilter, ResizeMode};
use sim_core::prune::{PruneScope, PruneSpec};
use sim_core::quantization::{
    Bias, CodeBits, Divisor, EdgeLayer, LayerSelection, Levels, SignedInputs, StepScale, WeightScales,
    WeightStep,
};
use sim_core::range::{Percentile, RangeMethod};
use sim_core::recalibration::RecalibrationMode;
use sim_core::record::EngineKind;
use sim_core::reorder::Reorder;
use sim_core::spec::Threads;
use sim_core::throttle::MaxDrop;
pub(crate) use wave::WaveArgs;

pub(crate) use export::ExportArgs;
pub(crate) use outputs::OutputsArgs;
pub(crate) use plot::PlotArgs;
pub(crate) use predict::{Predict, PredictArgs};
pub(crate) use shards::{Mode, SbatchArgs, ShardArgs};
pub(crate) use sweep::SweepArgs;

/// Cycle-accurate simulator of NB-SMT systolic arrays
#[derive(Debug, Parser)]
#[command(
    name = "sysmt",
    version,
    max_term_width = 100,
    after_help = "First steps:\n  sysmt run configs/runs/quickstart.toml\n  sysmt explain pe.policy\n\nExit codes: 0 done; 1 a fault of sysmt, or `check` found a difference; 2 a bad file, key or shape; 130 stopped."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Simulate a workload on an array, against a baseline array, and write a results folder
    Run(RunArgs),
    /// Multiply two matrices on an array
    Gemm(GemmArgs),
    /// Run a workload on several engines and compare their outcomes; exit code 0 if they are equal, else 1
    Check(CheckArgs),
    /// Run a network, quantize it, and write a layer trace
    Capture(Box<CaptureArgs>),
    /// Evaluate a network whose convolutions run on an array, beside FP32 and exact 8-bit
    Eval(Box<EvalArgs>),
    /// Run every point of a sweep; each result is stored when it is there
    Sweep(Box<SweepArgs>),
    /// Train what predicts zeros of a network
    #[command(subcommand)]
    Train(train::TrainCommand),
    /// Write the rows of a results folder for other programs and papers
    Export(ExportArgs),
    /// Draw figures of a results folder, without simulating
    Plot(PlotArgs),
    /// Write one HTML page of a results folder: figures, tables, configuration, and what is modelled
    Report(report::ReportArgs),
    /// Write the registers of a tile, cycle by cycle, for a waveform viewer
    Wave(WaveArgs),
    /// Show configuration keys: meaning, unit, default and allowed values
    Explain(ExplainArgs),
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// Run file
    #[arg(value_name = "RUN.toml")]
    pub(crate) file: PathBuf,
    /// Results folder; older results in it are replaced, other files in it stay [default: results/RUN]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) force: ForceArgs,
    #[command(flatten)]
    pub(crate) engine: EngineArgs,
    #[command(flatten)]
    pub(crate) jobs: JobsArgs,
}

#[derive(Debug, Args)]
pub(crate) struct GemmArgs {
    /// Array file
    #[arg(long, value_name = "ARRAY.toml")]
    pub(crate) array: PathBuf,
    /// Activations, uint8 [M, K]
    #[arg(long, value_name = "A.npy")]
    pub(crate) activations: PathBuf,
    /// Weights, int8 [N, K]
    #[arg(long, value_name = "W.npy")]
    pub(crate) weights: PathBuf,
    /// Where to write the product, int32 [M, N]
    #[arg(long, value_name = "C.npy")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) force: ForceArgs,
    #[command(flatten)]
    pub(crate) engine: EngineArgs,
    /// Accepted as by the other commands; one product runs on one thread, whatever N is
    #[arg(long, value_name = "N", value_parser = parsers::jobs())]
    pub(crate) jobs: Option<u64>,
    /// Leave out the error against the exact product
    #[arg(long)]
    pub(crate) no_mse: bool,
    #[command(flatten)]
    pub(crate) outputs: OutputsArgs,
    /// Print the report as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Run file
    #[arg(
        value_name = "RUN.toml",
        required_unless_present_any = ["array", "activations", "weights"],
        conflicts_with_all = ["array", "activations", "weights"]
    )]
    pub(crate) file: Option<PathBuf>,
    /// Array file, for one product instead of a run
    #[arg(long, value_name = "ARRAY.toml", requires_all = ["activations", "weights"])]
    pub(crate) array: Option<PathBuf>,
    /// Activations, uint8 [M, K]
    #[arg(long, value_name = "A.npy", requires_all = ["array", "weights"])]
    pub(crate) activations: Option<PathBuf>,
    /// Weights, int8 [N, K]
    #[arg(long, value_name = "W.npy", requires_all = ["array", "activations"])]
    pub(crate) weights: Option<PathBuf>,
    /// What the algebraic engine is compared with: `stepped` is the fast clock. `clock` is the reference clock, which is
    /// slow; then the fast clock is compared with it too, in every register and cycle
    #[arg(long, default_value = "stepped", value_parser = parsers::named::<Truth>())]
    pub(crate) engine: Truth,
    #[command(flatten)]
    pub(crate) jobs: JobsArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CaptureArgs {
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
    /// Where to write the trace [default: MODEL.safetensors in this folder]
    #[arg(long, value_name = "TRACE")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) predict: PredictArgs,
    #[command(flatten)]
    pub(crate) force: ForceArgs,
    #[command(flatten)]
    pub(crate) jobs: JobsArgs,
    #[command(flatten)]
    pub(crate) preparation: PreparationArgs,
}

/// What `--throttle` lowers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Throttle {
    /// As many layers as it takes.
    Auto,
    /// This layer, to so many threads.
    Layer(String, Threads),
}

#[derive(Debug, Args)]
pub(crate) struct EvalArgs {
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
    /// The first design.
    #[arg(
        long,
        value_name = "ARRAY.toml",
        help = "Array file, or a run file whose array, baseline, reordering, [prediction] and [[layer]] tables are taken"
    )]
    pub(crate) array: PathBuf,
    /// More designs, evaluated in the same pass over the images
    #[arg(long, value_name = "ARRAY.toml", num_args = 1..)]
    pub(crate) compare: Vec<PathBuf>,
    /// Run layers with fewer threads than the array has, as in /block1/conv1/Conv=1, with commas. Or auto: lower the
    /// layer with the largest error, then the next, until the answers are good enough
    #[arg(long, value_name = "auto|LAYER=THREADS", value_delimiter = ',', value_parser = parsers::throttle)]
    pub(crate) throttle: Vec<Throttle>,
    /// How many points of top-1 accuracy `--throttle auto` may lose against exact 8-bit. They are measured on the labelled
    /// images that methods learn from [default: 1.0]
    #[arg(long, value_name = "POINTS", allow_negative_numbers = true)]
    pub(crate) max_drop: Option<MaxDrop>,
    /// Reorder K so that wide operands rarely share a step, by counts of wide operands from MODE [default: as the run file
    /// says, else off]
    #[arg(long, value_name = "MODE", value_parser = parsers::named::<Reorder>())]
    pub(crate) reorder: Option<Reorder>,
    /// Give batch norms new statistics, computed on each array from the calibration images. Without such images they come
    /// from the training set beside the images
    #[arg(long, value_name = "MODE", num_args = 0..=1, default_missing_value = "exact", value_parser = parsers::named::<RecalibrationMode>())]
    pub(crate) recalibrate_bn: Option<RecalibrationMode>,
    /// Where to write a copy of the model with the new statistics of the first array
    #[arg(
        long,
        value_name = "OUT.onnx",
        requires = "recalibrate_bn",
        conflicts_with = "prune"
    )]
    pub(crate) save_model: Option<PathBuf>,
    /// Names of the network's classes, one in each line, in the order of its outputs; folders of images are looked up in it
    #[arg(long, value_name = "FILE")]
    pub(crate) classes: Option<PathBuf>,
    /// Results folder: tables, figures and the evaluation as JSON; older results in it are replaced, other files in it stay
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Evaluate this output, or what any node makes [default: the first output with one value for each class]
    #[arg(long, value_name = "NAME")]
    pub(crate) output: Option<String>,
    /// Where to write one row per image: label and predicted classes
    #[arg(long, value_name = "FILE.csv")]
    pub(crate) predictions: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) predict: PredictArgs,
    #[command(flatten)]
    pub(crate) force: ForceArgs,
    /// Measure the error of every product against the exact one
    #[arg(long)]
    pub(crate) mse: bool,
    /// Technology table of energies and areas [default: the built-in one]
    #[arg(long, value_name = "TABLE.toml")]
    pub(crate) cost_table: Option<PathBuf>,
    /// Print the evaluation as JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) jobs: JobsArgs,
    #[command(flatten)]
    pub(crate) preparation: PreparationArgs,
}

/// A network and its images.
#[derive(Debug, Args)]
pub(crate) struct NetworkArgs {
    /// ONNX network
    #[arg(value_name = "MODEL.onnx")]
    pub(crate) model: PathBuf,
    /// Images: an .npz, an IDX file, or a folder of JPEG and PNG
    #[arg(long)]
    pub(crate) images: PathBuf,
    /// Images that set the ranges of activations [default: the images themselves]
    #[arg(long, value_name = "IMAGES")]
    pub(crate) calibration: Option<PathBuf>,
    /// Use only the first N images
    #[arg(long, value_name = "N", value_parser = parsers::count())]
    pub(crate) n_images: Option<u64>,
    /// Use only the first N calibration images
    #[arg(long, value_name = "N", value_parser = parsers::count(), requires = "calibration")]
    pub(crate) n_calibration: Option<u64>,
    /// Leave out the files of a folder that cannot be decoded, and say which
    #[arg(long)]
    pub(crate) skip_unreadable: bool,
    /// Give an input of the network one value for all images, such as sr=16000; once for each such input
    #[arg(long = "input", value_name = "NAME=VALUE")]
    pub(crate) inputs: Vec<InputConstant>,
    /// Leave out layers that depend on operators which are not supported, and list them
    #[arg(long)]
    pub(crate) partial: bool,
}

/// How a network becomes 8-bit layers.
#[derive(Debug, Args)]
pub(crate) struct PreparationArgs {
    #[command(flatten)]
    pub(crate) pruning: PruningArgs,
    #[command(flatten)]
    pub(crate) quantization: QuantizationArgs,
    #[command(flatten)]
    pub(crate) selection: SelectionArgs,
    #[command(flatten)]
    pub(crate) preprocessing: PreprocessingArgs,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Pruning")]
pub(crate) struct PruningArgs {
    /// Make weights zero before everything else: a fraction of them such as 0.4, the smallest first; or 2:4, which keeps
    /// the two largest of every four along K
    #[arg(long, value_name = "P|2:4", allow_negative_numbers = true)]
    pub(crate) prune: Option<PruneSpec>,
    /// Whether the fraction is that of each layer, or of all simulated layers together [default: layer]
    #[arg(long, value_name = "SCOPE", requires = "prune", value_parser = parsers::named::<PruneScope>())]
    pub(crate) prune_scope: Option<PruneScope>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Quantization")]
pub(crate) struct QuantizationArgs {
    /// Steps into which a range is divided
    #[arg(long, value_name = "D", default_value = "256", value_parser = parsers::named::<Divisor>())]
    pub(crate) divisor: Divisor,
    /// What becomes of a bias
    #[arg(long, value_name = "BIAS", default_value = "fp32", value_parser = parsers::named::<Bias>())]
    pub(crate) bias: Bias,
    /// What becomes of a layer whose input can be negative
    #[arg(long, value_name = "RULE", default_value = "unsimulated", value_parser = parsers::named::<SignedInputs>())]
    pub(crate) signed_inputs: SignedInputs,
    /// Whether weights have one scale for each output channel, or one for the whole tensor
    #[arg(long, value_name = "SCALES", default_value = "per-channel", value_parser = parsers::named::<WeightScales>())]
    pub(crate) weights: WeightScales,
    /// Bits of the codes of weights, 2 to 8
    #[arg(long, value_name = "BITS", default_value = "8", value_parser = parsers::bits)]
    pub(crate) weight_bits: CodeBits,
    /// Bits of the codes of activations, 2 to 8
    #[arg(long, value_name = "BITS", default_value = "8", value_parser = parsers::bits)]
    pub(crate) activation_bits: CodeBits,
    /// How the step of weights is found
    #[arg(long, value_name = "STEP", default_value = "max", value_parser = parsers::named::<WeightStep>())]
    pub(crate) weight_step: WeightStep,
    /// What the step of weights is multiplied by then
    #[arg(long, value_name = "FACTOR", default_value = "1.0", allow_negative_numbers = true, value_parser = parsers::step_scale)]
    pub(crate) step_scale: StepScale,
    /// Whether a code of weights is zero, or zero lies between two codes (at most 7 bits)
    #[arg(long, value_name = "LEVELS", default_value = "mid-tread", value_parser = parsers::named::<Levels>())]
    pub(crate) levels: Levels,
    /// How the range of a layer's input is found over the calibration images
    #[arg(long, value_name = "METHOD", default_value = "mean-of-max", value_parser = parsers::named::<RangeMethod>())]
    pub(crate) range: RangeMethod,
    /// Which percentile `--range percentile` takes of each image's values [default: 99.9]
    #[arg(long, value_name = "P", allow_negative_numbers = true, value_parser = parsers::percentile)]
    pub(crate) percentile: Option<Percentile>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Layers")]
pub(crate) struct SelectionArgs {
    /// Which operators are simulated; all adds fully connected layers
    #[arg(long, value_name = "WHICH", default_value = "convolutions", value_parser = parsers::named::<LayerSelection>())]
    pub(crate) layers: LayerSelection,
    /// What becomes of the first convolution
    #[arg(long, value_name = "RULE", default_value = "fp32", value_parser = parsers::named::<EdgeLayer>())]
    pub(crate) first: EdgeLayer,
    /// What becomes of the final fully connected layer
    #[arg(long, value_name = "RULE", default_value = "fp32", value_parser = parsers::named::<EdgeLayer>())]
    pub(crate) last: EdgeLayer,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Preprocessing (in place of MODEL.toml beside the model)")]
pub(crate) struct PreprocessingArgs {
    /// Axes of four-dimensional image arrays
    #[arg(long, value_name = "AXES", value_parser = parsers::named::<Layout>())]
    pub(crate) layout: Option<Layout>,
    /// Axes of the network's input
    #[arg(long, value_name = "AXES", value_parser = parsers::named::<Layout>())]
    pub(crate) model_layout: Option<Layout>,
    /// Channels of the network's input
    #[arg(long, value_name = "ORDER", value_parser = parsers::named::<Channels>())]
    pub(crate) channels: Option<Channels>,
    /// What a pixel is multiplied with
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) scale: Option<f32>,
    /// Subtracted from scaled pixels: one value, or one per channel, with commas
    #[arg(long, value_name = "MEAN", value_delimiter = ',', allow_hyphen_values = true)]
    pub(crate) mean: Option<Vec<f32>>,
    /// Divided by after that: one value, or one per channel, with commas
    #[arg(long, value_name = "STD", value_delimiter = ',', allow_hyphen_values = true)]
    pub(crate) std: Option<Vec<f32>>,
    /// Rows and columns after resizing, as in 224x224; or the shorter side, as in 256, then the other one keeps its
    /// proportion
    #[arg(long, value_name = "ROWSxCOLS|SIDE", value_parser = parsers::sides)]
    pub(crate) resize: Option<Resize>,
    /// What resizing to rows and columns does with another aspect ratio
    #[arg(long, value_name = "MODE", value_parser = parsers::named::<ResizeMode>())]
    pub(crate) resize_mode: Option<ResizeMode>,
    /// Filter of resizing
    #[arg(long, value_name = "FILTER", value_parser = parsers::named::<ResizeFilter>())]
    pub(crate) resize_filter: Option<ResizeFilter>,
    /// Pixel around an image that --resize-mode letterbox pads, 0 to 255 [default: 114]
    #[arg(long, value_name = "PIXEL")]
    pub(crate) padding: Option<u8>,
    /// Rows and columns that are left of the middle of the resized image, as in 224x224 or 224
    #[arg(long, value_name = "ROWSxCOLS|SIDE", value_parser = parsers::sides)]
    pub(crate) crop: Option<Resize>,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// A key, such as `threads` or `pe.threads`; all of them if left out
    #[arg(conflicts_with = "json_schema")]
    pub(crate) key: Option<String>,
    /// Print the JSON Schema of a kind of file instead
    #[arg(long, value_name = "FILE", value_parser = parsers::named::<FileKind>())]
    pub(crate) json_schema: Option<FileKind>,
}

#[derive(Debug, Args)]
pub(crate) struct EngineArgs {
    /// Which engine runs the products; the results are the same. `algebraic` takes time from formulas. `stepped` is the
    /// fast clock and `clock` the reference clock, which step every register and are slow
    #[arg(long, default_value = "algebraic", value_parser = parsers::named::<EngineKind>())]
    pub(crate) engine: EngineKind,
}

#[derive(Debug, Args)]
pub(crate) struct ForceArgs {
    /// Also replace files that sysmt did not write, or that were changed since; never one that this command reads
    #[arg(long)]
    force: bool,
}

impl ForceArgs {
    /// What may be replaced.
    pub(crate) const fn replace(&self) -> Replace {
        if self.force { Replace::Any } else { Replace::Own }
    }
}

#[derive(Debug, Args)]
pub(crate) struct JobsArgs {
    /// Threads of this computer to use; results do not depend on it [default: all]
    #[arg(long, value_name = "N", value_parser = parsers::jobs())]
    pub(crate) jobs: Option<u64>,
}

impl JobsArgs {
    /// The number of threads; at least one.
    pub(crate) fn count(&self) -> usize {
        match self.jobs {
            Some(jobs) => usize::try_from(jobs).unwrap_or(1),
            None => std::thread::available_parallelism().map_or(1, usize::from),
        }
    }
}
