//! What a user reads: help and messages.

use crate::support::Folder;

#[test]
fn help_lists_the_commands() {
    insta::assert_snapshot!(Folder::new().good(&["--help"]), @r"
    Cycle-accurate simulator of NB-SMT systolic arrays

    Usage: sysmt <COMMAND>

    Commands:
      run      Simulate a workload on an array, against a baseline array, and write a results folder
      gemm     Multiply two matrices on an array
      check    Run a workload on several engines and compare their outcomes; exit code 0 if they are
               equal, else 1
      capture  Run a network, quantize it, and write a layer trace
      eval     Evaluate a network whose convolutions run on an array, beside FP32 and exact 8-bit
      sweep    Run every point of a sweep; each result is stored when it is there
      train    Train what predicts zeros of a network
      export   Write the rows of a results folder for other programs and papers
      plot     Draw figures of a results folder, without simulating
      report   Write one HTML page of a results folder: figures, tables, configuration, and what is
               modelled
      wave     Write the registers of a tile, cycle by cycle, for a waveform viewer
      explain  Show configuration keys: meaning, unit, default and allowed values
      help     Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help
      -V, --version  Print version

    First steps:
      sysmt run configs/runs/quickstart.toml
      sysmt explain pe.policy

    Exit codes: 0 done; 1 a fault of sysmt, or `check` found a difference; 2 a bad file, key or shape;
    130 stopped.
    ");
}

#[test]
fn help_of_every_command() {
    let folder = Folder::new();
    insta::assert_snapshot!(folder.good(&["run", "--help"]), @r#"
    Simulate a workload on an array, against a baseline array, and write a results folder

    Usage: sysmt run [OPTIONS] <RUN.toml>

    Arguments:
      <RUN.toml>  Run file

    Options:
          --out <DIR>        Results folder; older results in it are replaced, other files in it stay
                             [default: results/RUN]
          --force            Also replace files that sysmt did not write, or that were changed since;
                             never one that this command reads
          --engine <ENGINE>  Which engine runs the products; the results are the same. `algebraic` takes
                             time from formulas. `stepped` is the fast clock and `clock` the reference
                             clock, which step every register and are slow [default: algebraic]
                             [possible values: algebraic, stepped, clock]
          --jobs <N>         Threads of this computer to use; results do not depend on it [default: all]
      -h, --help             Print help
    "#);
    insta::assert_snapshot!(folder.good(&["gemm", "--help"]), @r#"
    Multiply two matrices on an array

    Usage: sysmt gemm [OPTIONS] --array <ARRAY.toml> --activations <A.npy> --weights <W.npy>

    Options:
          --array <ARRAY.toml>   Array file
          --activations <A.npy>  Activations, uint8 [M, K]
          --weights <W.npy>      Weights, int8 [N, K]
          --out <C.npy>          Where to write the product, int32 [M, N]
          --force                Also replace files that sysmt did not write, or that were changed
                                 since; never one that this command reads
          --engine <ENGINE>      Which engine runs the products; the results are the same. `algebraic`
                                 takes time from formulas. `stepped` is the fast clock and `clock` the
                                 reference clock, which step every register and are slow [default:
                                 algebraic] [possible values: algebraic, stepped, clock]
          --jobs <N>             Accepted as by the other commands; one product runs on one thread,
                                 whatever N is
          --no-mse               Leave out the error against the exact product
          --kept <KEPT.npy>      Which outputs are computed, uint8 [M, N]: 1 is, 0 is skipped and
                                 becomes 0
          --first <FIRST.npy>    Which pixels (rows of A) are computed first, all their outputs without
                                 asking, M values of uint8; else none is
          --schedule <SCHEDULE>  Which tiles the outputs of the other pixels form [default: gate]
                                 [possible values: gate, rows, columns]
          --pixels <PIXELS>      In which order pixels are dealt to rows of PEs [default: block for
                                 `--schedule columns`, else raster] [possible values: raster, block]
          --channels <CHANNELS>  In which order channels are dealt to columns of PEs [default: natural]
                                 [possible values: natural, density]
          --predictor-lanes <N>  Multiply-adds per cycle of the unit that predicts; 0 takes no time
                                 [default: 0]
          --map <ROWS,COLUMNS>   Rows and columns of the map that the pixels are, for blocks of pixels
          --json                 Print the report as JSON
      -h, --help                 Print help
    "#);
    insta::assert_snapshot!(folder.good(&["check", "--help"]), @r#"
    Run a workload on several engines and compare their outcomes; exit code 0 if they are equal, else 1

    Usage: sysmt check [OPTIONS] [RUN.toml]

    Arguments:
      [RUN.toml]  Run file

    Options:
          --array <ARRAY.toml>   Array file, for one product instead of a run
          --activations <A.npy>  Activations, uint8 [M, K]
          --weights <W.npy>      Weights, int8 [N, K]
          --engine <ENGINE>      What the algebraic engine is compared with: `stepped` is the fast
                                 clock. `clock` is the reference clock, which is slow; then the fast
                                 clock is compared with it too, in every register and cycle [default:
                                 stepped] [possible values: stepped, clock]
          --jobs <N>             Threads of this computer to use; results do not depend on it [default:
                                 all]
      -h, --help                 Print help
    "#);
    insta::assert_snapshot!(folder.good(&["capture", "--help"]), @r#"
    Run a network, quantize it, and write a layer trace

    Usage: sysmt capture [OPTIONS] --images <IMAGES> <MODEL.onnx>

    Arguments:
      <MODEL.onnx>  ONNX network

    Options:
          --images <IMAGES>       Images: an .npz, an IDX file, or a folder of JPEG and PNG
          --calibration <IMAGES>  Images that set the ranges of activations [default: the images
                                  themselves]
          --n-images <N>          Use only the first N images
          --n-calibration <N>     Use only the first N calibration images
          --skip-unreadable       Leave out the files of a folder that cannot be decoded, and say which
          --input <NAME=VALUE>    Give an input of the network one value for all images, such as
                                  sr=16000; once for each such input
          --partial               Leave out layers that depend on operators which are not supported, and
                                  list them
          --out <TRACE>           Where to write the trace [default: MODEL.safetensors in this folder]
          --predict <PREDICTION>  Leave out outputs behind ReLUs that are predicted to be zero: a run
                                  file with `[prediction]`; `zap:FILE[,ERROR]`, predictors of ZAP and
                                  the most that all places may lose together, else 0.1; or
                                  cross-neuron:WINDOW, such as cross-neuron:2
          --force                 Also replace files that sysmt did not write, or that were changed
                                  since; never one that this command reads
          --jobs <N>              Threads of this computer to use; results do not depend on it [default:
                                  all]
      -h, --help                  Print help

    Pruning:
          --prune <P|2:4>        Make weights zero before everything else: a fraction of them such as
                                 0.4, the smallest first; or 2:4, which keeps the two largest of every
                                 four along K
          --prune-scope <SCOPE>  Whether the fraction is that of each layer, or of all simulated layers
                                 together [default: layer] [possible values: layer, global]

    Quantization:
          --divisor <D>             Steps into which a range is divided [default: 256] [possible values:
                                    256, 255]
          --bias <BIAS>             What becomes of a bias [default: fp32] [possible values: fp32, int8]
          --signed-inputs <RULE>    What becomes of a layer whose input can be negative [default:
                                    unsimulated] [possible values: unsimulated, shift]
          --weights <SCALES>        Whether weights have one scale for each output channel, or one for
                                    the whole tensor [default: per-channel] [possible values:
                                    per-channel, per-tensor]
          --weight-bits <BITS>      Bits of the codes of weights, 2 to 8 [default: 8]
          --activation-bits <BITS>  Bits of the codes of activations, 2 to 8 [default: 8]
          --weight-step <STEP>      How the step of weights is found [default: max] [possible values:
                                    max, least-squares, power-of-two]
          --step-scale <FACTOR>     What the step of weights is multiplied by then [default: 1.0]
          --levels <LEVELS>         Whether a code of weights is zero, or zero lies between two codes
                                    (at most 7 bits) [default: mid-tread] [possible values: mid-tread,
                                    mid-rise]
          --range <METHOD>          How the range of a layer's input is found over the calibration
                                    images [default: mean-of-max] [possible values: mean-of-max, max,
                                    percentile, least-squares]
          --percentile <P>          Which percentile `--range percentile` takes of each image's values
                                    [default: 99.9]

    Layers:
          --layers <WHICH>  Which operators are simulated; all adds fully connected layers [default:
                            convolutions] [possible values: convolutions, all]
          --first <RULE>    What becomes of the first convolution [default: fp32] [possible values:
                            fp32, simulated]
          --last <RULE>     What becomes of the final fully connected layer [default: fp32] [possible
                            values: fp32, simulated]

    Preprocessing (in place of MODEL.toml beside the model):
          --layout <AXES>            Axes of four-dimensional image arrays [possible values: nchw, nhwc]
          --model-layout <AXES>      Axes of the network's input [possible values: nchw, nhwc]
          --channels <ORDER>         Channels of the network's input [possible values: gray, rgb, bgr]
          --scale <SCALE>            What a pixel is multiplied with
          --mean <MEAN>              Subtracted from scaled pixels: one value, or one per channel, with
                                     commas
          --std <STD>                Divided by after that: one value, or one per channel, with commas
          --resize <ROWSxCOLS|SIDE>  Rows and columns after resizing, as in 224x224; or the shorter
                                     side, as in 256, then the other one keeps its proportion
          --resize-mode <MODE>       What resizing to rows and columns does with another aspect ratio
                                     [possible values: stretch, cover, letterbox]
          --resize-filter <FILTER>   Filter of resizing [possible values: bilinear, bicubic]
          --padding <PIXEL>          Pixel around an image that --resize-mode letterbox pads, 0 to 255
                                     [default: 114]
          --crop <ROWSxCOLS|SIDE>    Rows and columns that are left of the middle of the resized image,
                                     as in 224x224 or 224
    "#);
    insta::assert_snapshot!(folder.good(&["eval", "--help"]), @r#"
    Evaluate a network whose convolutions run on an array, beside FP32 and exact 8-bit

    Usage: sysmt eval [OPTIONS] --images <IMAGES> --array <ARRAY.toml> <MODEL.onnx>

    Arguments:
      <MODEL.onnx>  ONNX network

    Options:
          --images <IMAGES>                Images: an .npz, an IDX file, or a folder of JPEG and PNG
          --calibration <IMAGES>           Images that set the ranges of activations [default: the
                                           images themselves]
          --n-images <N>                   Use only the first N images
          --n-calibration <N>              Use only the first N calibration images
          --skip-unreadable                Leave out the files of a folder that cannot be decoded, and
                                           say which
          --input <NAME=VALUE>             Give an input of the network one value for all images, such
                                           as sr=16000; once for each such input
          --partial                        Leave out layers that depend on operators which are not
                                           supported, and list them
          --array <ARRAY.toml>             Array file, or a run file whose array, baseline, reordering,
                                           [prediction] and [[layer]] tables are taken
          --compare <ARRAY.toml>...        More designs, evaluated in the same pass over the images
          --throttle <auto|LAYER=THREADS>  Run layers with fewer threads than the array has, as in
                                           /block1/conv1/Conv=1, with commas. Or auto: lower the layer
                                           with the largest error, then the next, until the answers are
                                           good enough
          --max-drop <POINTS>              How many points of top-1 accuracy `--throttle auto` may lose
                                           against exact 8-bit. They are measured on the labelled images
                                           that methods learn from [default: 1.0]
          --reorder <MODE>                 Reorder K so that wide operands rarely share a step, by
                                           counts of wide operands from MODE [default: as the run file
                                           says, else off] [possible values: off, calibration, oracle,
                                           weights]
          --recalibrate-bn [<MODE>]        Give batch norms new statistics, computed on each array from
                                           the calibration images. Without such images they come from
                                           the training set beside the images [possible values: exact,
                                           momentum]
          --save-model <OUT.onnx>          Where to write a copy of the model with the new statistics of
                                           the first array
          --classes <FILE>                 Names of the network's classes, one in each line, in the
                                           order of its outputs; folders of images are looked up in it
          --out <DIR>                      Results folder: tables, figures and the evaluation as JSON;
                                           older results in it are replaced, other files in it stay
          --output <NAME>                  Evaluate this output, or what any node makes [default: the
                                           first output with one value for each class]
          --predictions <FILE.csv>         Where to write one row per image: label and predicted classes
          --predict <PREDICTION>           Leave out outputs behind ReLUs that are predicted to be zero:
                                           a run file with `[prediction]`; `zap:FILE[,ERROR]`,
                                           predictors of ZAP and the most that all places may lose
                                           together, else 0.1; or cross-neuron:WINDOW, such as
                                           cross-neuron:2
          --force                          Also replace files that sysmt did not write, or that were
                                           changed since; never one that this command reads
          --mse                            Measure the error of every product against the exact one
          --cost-table <TABLE.toml>        Technology table of energies and areas [default: the built-in
                                           one]
          --json                           Print the evaluation as JSON
          --jobs <N>                       Threads of this computer to use; results do not depend on it
                                           [default: all]
      -h, --help                           Print help

    Pruning:
          --prune <P|2:4>        Make weights zero before everything else: a fraction of them such as
                                 0.4, the smallest first; or 2:4, which keeps the two largest of every
                                 four along K
          --prune-scope <SCOPE>  Whether the fraction is that of each layer, or of all simulated layers
                                 together [default: layer] [possible values: layer, global]

    Quantization:
          --divisor <D>             Steps into which a range is divided [default: 256] [possible values:
                                    256, 255]
          --bias <BIAS>             What becomes of a bias [default: fp32] [possible values: fp32, int8]
          --signed-inputs <RULE>    What becomes of a layer whose input can be negative [default:
                                    unsimulated] [possible values: unsimulated, shift]
          --weights <SCALES>        Whether weights have one scale for each output channel, or one for
                                    the whole tensor [default: per-channel] [possible values:
                                    per-channel, per-tensor]
          --weight-bits <BITS>      Bits of the codes of weights, 2 to 8 [default: 8]
          --activation-bits <BITS>  Bits of the codes of activations, 2 to 8 [default: 8]
          --weight-step <STEP>      How the step of weights is found [default: max] [possible values:
                                    max, least-squares, power-of-two]
          --step-scale <FACTOR>     What the step of weights is multiplied by then [default: 1.0]
          --levels <LEVELS>         Whether a code of weights is zero, or zero lies between two codes
                                    (at most 7 bits) [default: mid-tread] [possible values: mid-tread,
                                    mid-rise]
          --range <METHOD>          How the range of a layer's input is found over the calibration
                                    images [default: mean-of-max] [possible values: mean-of-max, max,
                                    percentile, least-squares]
          --percentile <P>          Which percentile `--range percentile` takes of each image's values
                                    [default: 99.9]

    Layers:
          --layers <WHICH>  Which operators are simulated; all adds fully connected layers [default:
                            convolutions] [possible values: convolutions, all]
          --first <RULE>    What becomes of the first convolution [default: fp32] [possible values:
                            fp32, simulated]
          --last <RULE>     What becomes of the final fully connected layer [default: fp32] [possible
                            values: fp32, simulated]

    Preprocessing (in place of MODEL.toml beside the model):
          --layout <AXES>            Axes of four-dimensional image arrays [possible values: nchw, nhwc]
          --model-layout <AXES>      Axes of the network's input [possible values: nchw, nhwc]
          --channels <ORDER>         Channels of the network's input [possible values: gray, rgb, bgr]
          --scale <SCALE>            What a pixel is multiplied with
          --mean <MEAN>              Subtracted from scaled pixels: one value, or one per channel, with
                                     commas
          --std <STD>                Divided by after that: one value, or one per channel, with commas
          --resize <ROWSxCOLS|SIDE>  Rows and columns after resizing, as in 224x224; or the shorter
                                     side, as in 256, then the other one keeps its proportion
          --resize-mode <MODE>       What resizing to rows and columns does with another aspect ratio
                                     [possible values: stretch, cover, letterbox]
          --resize-filter <FILTER>   Filter of resizing [possible values: bilinear, bicubic]
          --padding <PIXEL>          Pixel around an image that --resize-mode letterbox pads, 0 to 255
                                     [default: 114]
          --crop <ROWSxCOLS|SIDE>    Rows and columns that are left of the middle of the resized image,
                                     as in 224x224 or 224
    "#);
    insta::assert_snapshot!(folder.good(&["export", "--help"]), @"
    Write the rows of a results folder for other programs and papers

    Usage: sysmt export [OPTIONS] --format <FORMAT> <DIR>

    Arguments:
      <DIR>  Folder of results, as `run`, `eval --out` and `sweep` write it

    Options:
          --format <FORMAT>    What to write: comma-separated values, Parquet, an object a line, or a
                               LaTeX table for a paper [possible values: csv, parquet, jsonl, tex]
          --table <TABLE>      Which rows: one per design, or one per design and layer [default: layers
                               of a run, else points] [possible values: points, layers]
          --columns <COLUMNS>  Which columns, in this order, with commas [default: all; in LaTeX those
                               that matter in a paper]
          --out <FILE>         Where to write; an older export is replaced [default: print]
          --force              Also replace files that sysmt did not write, or that were changed since;
                               never one that this command reads
      -h, --help               Print help
    ");
    insta::assert_snapshot!(folder.good(&["wave", "--help"]), @r"
    Write the registers of a tile, cycle by cycle, for a waveform viewer

    Usage: sysmt wave [OPTIONS] --array <ARRAY.toml> --activations <A.npy> --weights <W.npy> --out <FILE.fst>

    Options:
          --array <ARRAY.toml>   Array file
          --activations <A.npy>  Activations, uint8 [M, K]
          --weights <W.npy>      Weights, int8 [N, K]
          --tile <I>             Tile to show, from its first step until its last value has drained.
                                 Tiles are counted from 0, row by row of the product [default: 0, or all
                                 tiles with --from or --to]
          --from <CYCLE>         First cycle of the run to show; with --tile, the cycles in which the
                                 tile is not in the array are left out
          --to <CYCLE>           Cycle at which to end; it is not shown
          --pes <ROWS,COLS>      PEs to show, the end of each range left out: 0..4,8..12 is rows 0 to 3
                                 and columns 8 to 11 [default: all]
          --out <FILE.fst>       Where to write the waveform, as FST; one nanosecond in it stands for
                                 one cycle
          --force                Also replace files that sysmt did not write, or that were changed
                                 since; never one that this command reads
      -h, --help                 Print help
    ");
    insta::assert_snapshot!(folder.good(&["explain", "--help"]), @r"
    Show configuration keys: meaning, unit, default and allowed values

    Usage: sysmt explain [OPTIONS] [KEY]

    Arguments:
      [KEY]  A key, such as `threads` or `pe.threads`; all of them if left out

    Options:
          --json-schema <FILE>  Print the JSON Schema of a kind of file instead [possible values: array,
                                run, model, sweep]
      -h, --help                Print help
    ");
}

#[test]
fn messages_show_the_line_and_the_remedy() {
    let folder = Folder::new();
    let message = |args: &[&str]| folder.sysmt(args).stderr;
    folder.write(
        "bad.toml",
        "[array]\nrowz = 4\ncols = 4\n[pe]\nkind = \"nb-smt\"\nthreads = 3\n",
    );
    let gemm = [
        "gemm",
        "--array",
        "bad.toml",
        "--activations",
        "a.npy",
        "--weights",
        "w.npy",
    ];
    insta::assert_snapshot!(message(&gemm), @r#"
     × bad.toml:1: `array.rows` is missing
      ╭─[bad.toml:1:1]
    1 │ [array]
      · ───┬───
      ·    ╰── here
    2 │ rowz = 4
      ╰────
     help: allowed values: whole numbers from 1 to 1024

     × bad.toml:2: unknown key `rowz` in [array]
      ╭─[bad.toml:2:1]
    1 │ [array]
    2 │ rowz = 4
      · ──┬─
      ·   ╰── here
    3 │ cols = 4
      ╰────
     help: did you mean `rows`? allowed here: rows, cols, dataflow, clock-mhz, tiles, batch

     × bad.toml:6: pe.threads = 3 is not allowed
      ╭─[bad.toml:6:11]
    5 │ kind = "nb-smt"
    6 │ threads = 3
      ·           ┬
      ·           ╰── here
      ╰────
     help: allowed values: 1, 2, 4
    "#);
    folder.write(
        "bad.toml",
        "array = \"none.toml\"\n[workload]\ntrace = \"t.safetensors\"\n",
    );
    insta::assert_snapshot!(message(&["run", "bad.toml"]), @r#"
     × bad.toml:1: none.toml: there is no such file
      ╭─[bad.toml:1:1]
    1 │ array = "none.toml"
      · ──┬──
      ·   ╰── here
    2 │ [workload]
      ╰────
     help: paths are relative to this file, or absolute
    "#);
    insta::assert_snapshot!(message(&["gemm", "--array", "2t.toml", "--activations", "w.npy", "--weights", "w.npy"]), @"error: w.npy: holds `|i1` values, activations must be uint8; convert the array with .astype(numpy.uint8)");
    insta::assert_snapshot!(message(&["gemm", "--array", "stc.toml", "--activations", "a.npy", "--weights", "w.npy"]), @"error: w.npy: output channel 0, K 0..=3: 3 weights are non-zero, 2:4 sparsity allows 2; prune the weights, or take a `sparq` array");
    insta::assert_snapshot!(message(&["run", "run.toml", "--jobs", "0"]), @r#"
    error: invalid value '0' for '--jobs <N>': 0 is not in 1..=1024

    For more information, try '--help'.
    "#);
    insta::assert_snapshot!(message(&["explain", "polici"]), @"error: there is no configuration key `polici`: did you mean `policy`?");
}
