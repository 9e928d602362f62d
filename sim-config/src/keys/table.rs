//! Every key. Nothing else says what a key takes or what its default is.

use sim_core::fixed::{Overflow, Rounding};
use sim_core::named::Named;
use sim_core::prediction::{ChannelOrder, Diagonal, OutputSchedule, PixelOrder};
use sim_core::preprocessing::{Channels, Layout, ResizeFilter, ResizeMode};
use sim_core::prune::PruneScope;
use sim_core::quantization::{
    Bias, EdgeLayer, LayerSelection, Levels, SignedInputs, WeightScales, WeightStep,
};
use sim_core::range::RangeMethod;
use sim_core::reorder::Reorder;
use sim_core::spec::{Batch, Dataflow, PeKind, Policy, RuleSet, Tiles, Window, WindowRounding};

use super::{Fallback, Key, Section, Values, Zero};
use crate::run::prediction::{MethodKind, PredictorPrice, ThresholdSearch};
use crate::sweep::methods::{Throttling, recalibrations};

/// Most images of a workload, and the largest seed: what TOML integers and JSON numbers hold exactly.
const MAX_COUNT: i64 = 1_000_000_000;
const NB_SMT: &[RuleSet] = &[RuleSet::Threads];
const SPARQ: &[RuleSet] = &[RuleSet::Windows];

macro_rules! table {
    (@kinds) => { &[] };
    (@kinds $kinds:expr) => { $kinds };
    ($($name:ident = $section:ident . $key:literal {
        $meaning:literal, unit $unit:literal, values $values:expr, default $fallback:expr $(, kinds $kinds:expr)? $(,)?
    })+) => {
        $(pub(crate) static $name: Key = Key {
            section: Section::$section,
            name: $key,
            meaning: $meaning,
            unit: $unit,
            values: $values,
            fallback: $fallback,
            rules: table!(@kinds $($kinds)?),
        };)+

        /// Every configuration key, in the order of the files.
        pub static ALL: &[&Key] = &[$(&$name),+];
    };
}

table! {
    VERSION = Top."version" {
        "Version of the file's format.",
        unit "", values Values::Integers(&[1]), default Fallback::Value("1"),
    }
    ARRAY = Run."array" {
        "The simulated array.",
        unit "", values Values::ArrayFileOrTables, default Fallback::Required,
    }
    BASELINE = Run."baseline" {
        "Array file of the machine that `speedup` compares with. It takes the array's `batch`, whatever its own.",
        unit "", values Values::Path,
        default Fallback::Absent("the conventional array of the same size and timing"),
    }
    SEED = Run."seed" {
        "Seed of everything random, stored with the result.",
        unit "", values Values::Integer { min: 0, max: i64::MAX }, default Fallback::Value("0"),
    }
    ROWS = Array."rows" {
        "Rows of PEs.",
        unit "PEs", values Values::Integer { min: 1, max: 1024 }, default Fallback::Required,
    }
    COLS = Array."cols" {
        "Columns of PEs.",
        unit "PEs", values Values::Integer { min: 1, max: 1024 }, default Fallback::Required,
    }
    DATAFLOW = Array."dataflow" {
        "Which operand stays in its PE.",
        unit "", values Values::Words(Dataflow::names), default Fallback::Value("\"output-stationary\""),
    }
    CLOCK_MHZ = Array."clock-mhz" {
        "Frequency of the array clock.",
        unit "MHz", values Values::Integer { min: 1, max: 100_000 }, default Fallback::Value("500"),
    }
    TILES = Array."tiles" {
        "Whether the operands of the next tile follow at once, or wait until a tile has left the array.",
        unit "", values Values::Words(Tiles::names), default Fallback::Value("\"pipelined\""),
    }
    BATCH = Array."batch" {
        "Whether a layer is one product per image, or the pixels of all images form one product.",
        unit "", values Values::Words(Batch::names), default Fallback::Value("\"separate\""),
    }
    PIPELINE_DEPTH = Pe."pipeline-depth" {
        "Pipeline stages of a PE; every result is ready that many cycles less one later.",
        unit "stages", values Values::Integer { min: 1, max: 16 }, default Fallback::Value("1"),
    }
    KIND = Pe."kind" {
        "What a PE computes.",
        unit "", values Values::Words(PeKind::names), default Fallback::Required,
    }
    THREADS = Pe."threads" {
        "Threads that share the multiplier of a PE.",
        unit "threads", values Values::Integers(&[1, 2, 4]), default Fallback::Required, kinds NB_SMT,
    }
    POLICY = Pe."policy" {
        "What a collision of two threads reduces to 4 bits, by the papers' names; with `S` zeros free the multiplier.",
        unit "", values Values::Words(Policy::names), default Fallback::Value("\"S+A\""), kinds NB_SMT,
    }
    ROUNDING = Pe."rounding" {
        "How a reduced operand is rounded to a multiple of 16.",
        unit "", values Values::Words(Rounding::names), default Fallback::Value("\"half-even\""), kinds NB_SMT,
    }
    OVERFLOW = Pe."overflow" {
        "What happens to a nibble that rounding pushed out of 4 bits: clamped, or kept as the authors' model does.",
        unit "", values Values::Words(Overflow::names), default Fallback::Value("\"saturate\""), kinds NB_SMT,
    }
    WINDOW = Pe."window" {
        "Which consecutive bits of an activation may be kept, by the paper's names.",
        unit "", values Values::Words(Window::names), default Fallback::Required, kinds SPARQ,
    }
    WINDOW_ROUNDING = Pe."rounding" {
        "What happens to the bits below the window.",
        unit "", values Values::Words(WindowRounding::names), default Fallback::Value("\"round\""), kinds SPARQ,
    }
    PAIRS = Pe."pairs" {
        "Whether an activation may use the bits of a partner that is zero.",
        unit "", values Values::Flag, default Fallback::Value("true"), kinds SPARQ,
    }
    TRACE = Workload."trace" {
        "Layer trace to simulate; excludes the other keys of [workload] but those of pruning.",
        unit "", values Values::Path, default Fallback::Absent("`model` and `images` are required"),
    }
    MODEL = Workload."model" {
        "ONNX network to quantize and simulate.",
        unit "", values Values::Path, default Fallback::Absent("`trace` is required"),
    }
    IMAGES = Workload."images" {
        "Images that go through the network: an .npz, an IDX file (.gz or not), or a folder of JPEG and PNG.",
        unit "", values Values::Path, default Fallback::Absent("required with `model`"),
    }
    CALIBRATION = Workload."calibration" {
        "Images that set the ranges of activations.",
        unit "", values Values::Path, default Fallback::Absent("the images calibrate themselves"),
    }
    CLASSES = Workload."classes" {
        "Names of the network's classes, one in each line, in the order of its outputs: folders of images are looked up in it.",
        unit "", values Values::Path, default Fallback::Absent("folders are class numbers, or the classes in order of names"),
    }
    N_IMAGES = Workload."n-images" {
        "How many of the images are used, from the first.",
        unit "images", values Values::Integer { min: 1, max: MAX_COUNT }, default Fallback::Absent("all"),
    }
    N_CALIBRATION = Workload."n-calibration" {
        "How many of the calibration images are used, from the first.",
        unit "images", values Values::Integer { min: 1, max: MAX_COUNT }, default Fallback::Absent("all"),
    }
    INPUTS = Workload."inputs" {
        "Inputs of the network that are the same for all images, such as [\"sr=16000\", \"state=0\"]. One number stands for \
         all elements; the others of a network with several inputs come from arrays of the .npz with their names.",
        unit "", values Values::Constants, default Fallback::Absent("the network reads images alone"),
    }
    OUTPUT = Workload."output" {
        "The output of the network that an evaluation looks at: an output, or what any node makes.",
        unit "", values Values::Name, default Fallback::Absent("the first with one value for each class, else the first"),
    }
    PARTIAL = Workload."partial" {
        "Whether layers that depend on operators which are not supported are left out and listed, instead of ending the run.",
        unit "", values Values::Flag, default Fallback::Value("false"),
    }
    PRUNE = Workload."prune" {
        "Which weights are made zero before everything else: the smallest of this fraction, or all but the two largest of \
         every four along K. Acts on the FP32 weights of a model's simulated layers, or on the codes of a trace.",
        unit "", values Values::Pruning, default Fallback::Absent("nothing is pruned"),
    }
    PRUNE_SCOPE = Workload."prune-scope" {
        "Whether a fraction is that of each layer, or of all simulated layers together; not for \"2:4\".",
        unit "", values Values::Words(PruneScope::names), default Fallback::Value("\"layer\""),
    }
    ACTIVATION_ZEROS = Workload."activation-zeros" {
        "Synthetic sparsity: every activation of the simulated layers becomes zero with this probability, drawn from `seed`, \
         beside the zeros that it has. Results and figures are marked as synthetic.",
        unit "", values Values::Probability, default Fallback::Absent("activations stay as they are"),
    }
    LAYOUT = Preprocessing."layout" {
        "Axes of image arrays that have four: nhwc are images, rows, columns, channels.",
        unit "", values Values::Words(Layout::names), default Fallback::Value("\"nchw\""),
    }
    MODEL_LAYOUT = Preprocessing."model-layout" {
        "Axes of the network's input.",
        unit "", values Values::Words(Layout::names), default Fallback::Value("\"nchw\""),
    }
    CHANNELS = Preprocessing."channels" {
        "Channels of the network's input, in order.",
        unit "", values Values::Words(Channels::names), default Fallback::Absent("as the images have them"),
    }
    SCALE = Preprocessing."scale" {
        "What a pixel is multiplied with, before `mean` and `std`.",
        unit "", values Values::Number(Zero::Forbidden), default Fallback::Value("0.00392156862745098"),
    }
    MEAN = Preprocessing."mean" {
        "Subtracted from scaled pixels, per channel of the network's input.",
        unit "", values Values::Numbers(Zero::Allowed), default Fallback::Value("[0.0]"),
    }
    STD = Preprocessing."std" {
        "Divided by after `mean`, per channel of the network's input.",
        unit "", values Values::Numbers(Zero::Forbidden), default Fallback::Value("[1.0]"),
    }
    RESIZE = Preprocessing."resize" {
        "Rows and columns of an image after resizing, or its shorter side; then the other one keeps its proportion.",
        unit "pixels", values Values::Sides { max: 16_384 }, default Fallback::Absent("images keep their size"),
    }
    RESIZE_MODE = Preprocessing."resize-mode" {
        "What resizing to rows and columns does with another aspect ratio: distort, cover and cut off evenly, or fit and pad \
         evenly.",
        unit "", values Values::Words(ResizeMode::names), default Fallback::Value("\"stretch\""),
    }
    RESIZE_FILTER = Preprocessing."resize-filter" {
        "Filter of resizing; both average over the area that becomes one pixel.",
        unit "", values Values::Words(ResizeFilter::names), default Fallback::Value("\"bilinear\""),
    }
    PADDING = Preprocessing."padding" {
        "Pixel around an image that resize-mode = \"letterbox\" pads.",
        unit "", values Values::Integer { min: 0, max: 255 }, default Fallback::Absent("114 with letterbox"),
    }
    CROP = Preprocessing."crop" {
        "Rows and columns, or both sides, of the middle of the resized image; the rest is cut off.",
        unit "pixels", values Values::Sides { max: 16_384 }, default Fallback::Absent("nothing is cut off"),
    }
    LAYERS = Layers."layers" {
        "Which operators of a model are simulated; all adds fully connected layers.",
        unit "", values Values::Words(LayerSelection::names), default Fallback::Value("\"convolutions\""),
    }
    FIRST = Layers."first" {
        "What becomes of a model's first convolution.",
        unit "", values Values::Words(EdgeLayer::names), default Fallback::Value("\"fp32\""),
    }
    LAST = Layers."last" {
        "What becomes of a model's final fully connected layer.",
        unit "", values Values::Words(EdgeLayer::names), default Fallback::Value("\"fp32\""),
    }
    DEPTHWISE_THREADS = Layers."depthwise-threads" {
        "Threads of depthwise convolutions, at most those of the array.",
        unit "threads", values Values::Integers(&[1, 2, 4]), default Fallback::Absent("as many as the array has"),
        kinds NB_SMT,
    }
    REORDER = Layers."reorder" {
        "Which counts of wide operands decide the order of K, in which columns that are often wide share a step with columns \
         that rarely are: those of activations over calibration images, or over all images of the workload, or those of weights.",
        unit "", values Values::Words(Reorder::names), default Fallback::Value("\"off\""), kinds NB_SMT,
    }
    LAYER_NAME = Layer."name" {
        "Name of a simulated layer that differs from the others, as results list it.",
        unit "", values Values::Name, default Fallback::Required,
    }
    LAYER_THREADS = Layer."threads" {
        "Threads of this layer, at most those of the array.",
        unit "threads", values Values::Integers(&[1, 2, 4]),
        default Fallback::Absent("`layers.depthwise-threads` where it holds, else as many as the array has"),
        kinds NB_SMT,
    }
    LAYER_POLICY = Layer."policy" {
        "What a collision of two threads reduces to 4 bits in this layer, by the papers' names.",
        unit "", values Values::Words(Policy::names), default Fallback::Absent("that of the array"), kinds NB_SMT,
    }
    LAYER_PREDICT = Layer."predict" {
        "Whether zeros of this layer's outputs are predicted, where [prediction] is there.",
        unit "", values Values::Flag, default Fallback::Value("true"),
    }
    LAYER_THRESHOLD = Layer."threshold" {
        "Threshold of this layer's predictor with method \"zap\"; the others share what it leaves of `max-error`.",
        unit "", values Values::Number(Zero::Allowed), default Fallback::Absent("as `prediction` says"),
    }
    DIVISOR = Quantization."divisor" {
        "Steps into which a range is divided: 256 as the authors' NB-SMT model, 255 as their SPARQ model.",
        unit "steps", values Values::Integers(&[256, 255]), default Fallback::Value("256"),
    }
    BIAS = Quantization."bias" {
        "What becomes of a convolution's bias.",
        unit "", values Values::Words(Bias::names), default Fallback::Value("\"fp32\""),
    }
    SIGNED_INPUTS = Quantization."signed-inputs" {
        "What becomes of a layer whose input can be negative: reported and left out, or shifted by a zero point.",
        unit "", values Values::Words(SignedInputs::names), default Fallback::Value("\"unsimulated\""),
    }
    WEIGHTS = Quantization."weights" {
        "Whether weights have one scale for each output channel, or one for the whole tensor.",
        unit "", values Values::Words(WeightScales::names), default Fallback::Value("\"per-channel\""),
    }
    RANGE = Quantization."range" {
        "How the range of a layer's input is found: the mean over images of each one's maximum, the largest value, the \
         mean of a percentile of each image, or of max·i/64 (i = 16..=64) the one with the least squared error.",
        unit "", values Values::Words(RangeMethod::names), default Fallback::Value("\"mean-of-max\""),
    }
    PERCENTILE = Quantization."percentile" {
        "Which percentile `range = \"percentile\"` takes of all values of an image, by nearest rank. Only with that `range`.",
        unit "%", values Values::Percentile, default Fallback::Value("99.9"),
    }
    WEIGHT_BITS = Quantization."weight-bits" {
        "Bits of the codes of weights. Multipliers of 8 bits take narrower codes as they are.",
        unit "bits", values Values::Integer { min: 2, max: 8 }, default Fallback::Value("8"),
    }
    ACTIVATION_BITS = Quantization."activation-bits" {
        "Bits of the codes of activations.",
        unit "bits", values Values::Integer { min: 2, max: 8 }, default Fallback::Value("8"),
    }
    WEIGHT_STEP = Quantization."weight-step" {
        "How the step of weights is found: from the largest, of max·i/64 (i = 8..=64) with the least squared error, or the \
         power of two nearest to that.",
        unit "", values Values::Words(WeightStep::names), default Fallback::Value("\"max\""),
    }
    STEP_SCALE = Quantization."step-scale" {
        "What the step of weights is multiplied by after it was found; above 0.",
        unit "", values Values::StepScale, default Fallback::Value("1.0"),
    }
    LEVELS = Quantization."levels" {
        "Whether a code of weights is zero, or zero lies between two codes, which are odd then; that takes at most 7 bits.",
        unit "", values Values::Words(Levels::names), default Fallback::Value("\"mid-tread\""),
    }
    METHOD = Prediction."method" {
        "What predicts which outputs behind a ReLU are zero: trained predictors, or the diagonals of windows. Without \
         [prediction] all outputs are computed.",
        unit "", values Values::Words(MethodKind::names),
        default Fallback::Absent("that of the trace; required with a `model`"),
    }
    PREDICTORS = Prediction."predictors" {
        "Predictor file of method \"zap\", which `sysmt train zap` writes.",
        unit "", values Values::Path, default Fallback::Absent("required with \"zap\""),
    }
    MAX_ERROR = Prediction."max-error" {
        "The most that all places of method \"zap\" may lose together: the sum of their errors, each a part of what the place's \
         outputs add up to.",
        unit "", values Values::FromZero, default Fallback::Absent("`threshold` is required with \"zap\""),
    }
    THRESHOLD = Prediction."threshold" {
        "What the score of an output has to be above to be computed, with method \"zap\"; one for all places.",
        unit "", values Values::Number(Zero::Allowed), default Fallback::Absent("`max-error` is required with \"zap\""),
    }
    THRESHOLDS = Prediction."thresholds" {
        "How thresholds are found that keep `max-error`: among −1.3, −1.2, … 1.3, or by sigmoids that are fitted to the curves.",
        unit "", values Values::Words(ThresholdSearch::names), default Fallback::Value("\"grid\""),
    }
    PREDICTION_WINDOW = Prediction."window" {
        "Rows and columns of the windows of method \"cross-neuron\".",
        unit "pixels", values Values::Integer { min: 2, max: 255 }, default Fallback::Value("2"),
    }
    DIAGONAL = Prediction."diagonal" {
        "Which pixels of a window are computed first, with method \"cross-neuron\".",
        unit "", values Values::Words(Diagonal::names), default Fallback::Value("\"main\""),
    }
    ZERO_UP_TO = Prediction."zero-up-to" {
        "The largest value behind the ReLU that counts as zero, with method \"cross-neuron\".",
        unit "", values Values::FromZero, default Fallback::Value("0.0"),
    }
    OUTPUT_SCHEDULE = Prediction."schedule" {
        "Which tiles the outputs form that are not computed first: every pixel with every channel, pixels gathered for each \
         tile of channels, or channels gathered for each tile of pixels.",
        unit "", values Values::Words(OutputSchedule::names), default Fallback::Value("\"gate\""),
    }
    PIXEL_ORDER = Prediction."pixels" {
        "In which order pixels are dealt to the rows of tiles.",
        unit "", values Values::Words(PixelOrder::names),
        default Fallback::Absent("\"block\" with `schedule = \"columns\"`, else \"raster\""),
    }
    CHANNEL_ORDER = Prediction."channels" {
        "In which order channels are dealt to the columns of tiles.",
        unit "", values Values::Words(ChannelOrder::names), default Fallback::Value("\"natural\""),
    }
    PREDICTOR_LANES = Prediction."predictor-lanes" {
        "Multiply-adds a cycle of the unit that runs the predictors of method \"zap\"; with 0 they take no time.",
        unit "multiply-adds per cycle", values Values::Integer { min: 0, max: MAX_COUNT }, default Fallback::Value("0"),
    }
    SHORTCUTS = Prediction."shortcuts" {
        "Whether the strided 1×1 convolution of a shortcut leaves out what the place behind its sum leaves out.",
        unit "", values Values::Flag, default Fallback::Value("false"),
    }
    FILL_UP = Prediction."fill-up" {
        "Whether rows that the last tile of the first pixels leaves empty compute the next pixels unasked.",
        unit "", values Values::Flag, default Fallback::Value("false"),
    }
    RECALIBRATE_PREDICTORS = Prediction."recalibrate-predictors" {
        "Whether the batch norms of predictors get new statistics too where those of the network do.",
        unit "", values Values::Flag, default Fallback::Value("false"),
    }
    COST_TABLE = Costs."table" {
        "Technology table of energy and area.",
        unit "", values Values::Path, default Fallback::Absent("the built-in table"),
    }
    PRICE_PREDICTOR = Costs."price-predictor" {
        "What predictions cost where the technology table has no `predictor-mac`: nothing, and results say so.",
        unit "", values Values::Words(PredictorPrice::names),
        default Fallback::Absent("energy is unknown where the table has no price"),
    }
    MSE = Measure."mse" {
        "Whether the error against the exact product is measured.",
        unit "", values Values::Flag, default Fallback::Value("true"),
    }
    PE_MAP = Measure."pe-map" {
        "Whether the busy steps of each PE are counted and written to `pe_map.csv`; `sysmt run` alone does so.",
        unit "", values Values::Flag, default Fallback::Value("false"),
    }
    BASE = Sweep."base" {
        "The run file that every point starts from; [axes] below names keys of run files with the values that they take, as \
         in \"pe.threads\" = [1, 2, 4], and [[exclude]] leaves combinations out.",
        unit "", values Values::Path, default Fallback::Required,
    }
    SEEDS = Sweep."seeds" {
        "Seeds of points in which something is random: one point for each.",
        unit "", values Values::Seeds { max: i64::MAX }, default Fallback::Absent("the seed of the base"),
    }
    RECALIBRATE_BN = Axes."recalibrate-bn" {
        "How batch norms get new statistics on the array of a point, from its calibration images; needs `measure.accuracy`.",
        unit "", values Values::Words(recalibrations), default Fallback::Value("\"off\""),
    }
    THROTTLE = Axes."throttle" {
        "With \"curve\" a point is every step of automatic throttling: the layer that errs most runs with fewer threads, down \
         to one in all of them. It has a row for each step, and needs `measure.accuracy`, labels and an nb-smt array.",
        unit "", values Values::Words(Throttling::names), default Fallback::Value("\"off\""),
    }
    ACCURACY = SweepMeasure."accuracy" {
        "Evaluate the network on the first N images at every point; cycles and energy are those of the same images.",
        unit "", values Values::Accuracy { max: MAX_COUNT },
        default Fallback::Absent("points have no answers"),
    }
    FEATURES = SweepMeasure."features" {
        "Whether each point says how far the input of the network's last layer is from that in FP32; needs `accuracy`.",
        unit "", values Values::Flag, default Fallback::Value("false"),
    }
    OPERANDS = SweepMeasure."operands" {
        "Whether each point says how many codes of its layers are zero or narrow; needs `accuracy`.",
        unit "", values Values::Flag, default Fallback::Value("false"),
    }
}
