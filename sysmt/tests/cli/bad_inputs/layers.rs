//! Layers that are not there or cannot run as asked, and orders of K that cannot be made.

use super::{Case, case};
use crate::support::{ARRAY_1T, run};

/// `rest` below a trace on the two-thread array: its first line is the fourth.
fn below(rest: &str, command: &'static str, want: &'static [&'static str]) -> Case {
    let text = run(&format!("trace = \"t.safetensors\"\n{rest}"));
    // The workload ends with a line of its own.
    case(
        "bad.toml",
        text.replace("\n\n", "\n"),
        &[command, "bad.toml"],
        want,
    )
}

/// `rest` below a trace on a conventional array.
fn conventional(rest: &str, want: &'static [&'static str]) -> Case {
    let text = format!("{ARRAY_1T}[workload]\ntrace = \"t.safetensors\"\n{rest}");
    case("bad.toml", text, &["run", "bad.toml"], want)
}

pub(crate) fn cases() -> Vec<Case> {
    let unknown = "[[layer]]\nname = \"depthwise\"\nthreads = 1\n[[layer]]\nname = \"Conv\"\nthreads = 1\n";
    let calibration = "[layers]\nreorder = \"calibration\"\n";
    let mut cases = vec![
        below(
            "[[layer]]\nname = \"stem\"\nthreads = 1\n",
            "run",
            &[
                "bad.toml:5",
                "layer `stem` is not simulated: the first convolution",
            ],
        ),
        below(
            "[[layer]]\nname = \"elsewhere\"\nthreads = 1\n",
            "run",
            &["bad.toml:5", "there are `conv`, `depthwise`"],
        ),
        below(
            "[[layer]]\nname = \"conv\"\nthreads = 4\n",
            "run",
            &["bad.toml:6", "layer.threads = 4 is more than the 2 threads"],
        ),
        below(
            "[[layer]]\nname = \"conv\"\nthreads = 3\n",
            "run",
            &["bad.toml:6", "1, 2, 4"],
        ),
        below(
            "[[layer]]\nname = \"conv\"\n",
            "run",
            &[
                "bad.toml:5",
                "none of `threads`, `policy`, `predict` and `threshold`",
            ],
        ),
        below(
            "[[layer]]\nname = \"conv\"\nthreads = 1\n[[layer]]\nname = \"conv\"\npolicy = \"S\"\n",
            "run",
            &["bad.toml:8", "listed a second time, first on line 5"],
        ),
        below(
            "[layers]\nreorder = \"oracel\"\n",
            "run",
            &["bad.toml:5", "did you mean `oracle`"],
        ),
        conventional(
            "[layers]\nreorder = \"weights\"\n",
            &["bad.toml:9", "conventional", "nothing to reorder", "nb-smt"],
        ),
        conventional(
            "[[layer]]\nname = \"conv\"\npolicy = \"S\"\n",
            &["bad.toml:9", "conventional", "nb-smt"],
        ),
    ];
    for command in ["run", "check"] {
        cases.push(below(
            unknown,
            command,
            &[
                "bad.toml:8",
                "no simulated layer is called `Conv`",
                "did you mean `conv`",
            ],
        ));
        cases.push(below(
            calibration,
            command,
            &["t.safetensors", "layer `conv` holds no `wide_counts`", "oracle"],
        ));
    }
    cases
}
