//! Columns that say which design, layer or PE a row is about, or how it went: no measures.

use sim_draw::Scale;

use super::{About, Better, Form};

/// The column that says why a point failed.
pub const ERROR: &str = "error";

pub(super) const WORDS: &[About] = &[
    About::new(ERROR).hint("why the point has no results"),
    About::new("design").labelled("Design"),
    About::new("pe.kind")
        .labelled("PE")
        .hint("kind of processing element"),
    About::new("pe.threads")
        .titled("Threads")
        .labelled("Threads")
        .hint("threads of the array's PEs"),
    About::new("pe.policy")
        .titled("Policy")
        .labelled("Policy")
        .hint("what a PE reduces when threads collide"),
    About::new("pe.window")
        .labelled("Window")
        .hint("bits and shifts of SPARQ's windows"),
    About::new("array.rows").labelled("Rows").hint("rows of PEs"),
    About::new("array.cols")
        .labelled("Columns")
        .hint("columns of PEs"),
    About::new("workload.activation-zeros")
        .titled("Zero activations (fraction)")
        .on(Scale::Tight),
    About::new("workload.weight-zeros")
        .titled("Zero weights (fraction)")
        .on(Scale::Tight),
    About::new("workload.prune")
        .titled("Pruned weights (fraction)")
        .on(Scale::Tight),
    About::new("layer")
        .titled("Layer (number in layers.csv)")
        .labelled("#")
        .hint("number of the simulated layer, in the order of the network"),
    About::new("name")
        .titled("Layer")
        .labelled("Layer")
        .hint("as the network calls the layer"),
    About::new("groups").hint("groups of the convolution, one product each"),
    About::new("threads")
        .labelled("Layer threads")
        .hint("threads that this layer runs with"),
    About::new("policy")
        .labelled("Layer policy")
        .hint("policy that this layer runs with"),
    About::new("m").labelled("M").hint("output pixels of a product"),
    About::new("n").labelled("N").hint("output channels of a product"),
    About::new("k").labelled("K").hint("terms of a sum"),
    About::new("energy_over_conventional")
        .titled("Energy over the conventional array's")
        .on(Scale::Tight)
        .best(Better::Low),
    About::new("area_over_conventional")
        .titled("Area over the conventional array's")
        .on(Scale::Tight)
        .best(Better::Low),
    About::new("place")
        .titled("Place")
        .hint("number of the predictor, in the order of its file"),
    About::new("threshold")
        .titled("Threshold")
        .on(Scale::Tight)
        .hint("what the score of an output has to exceed"),
    About::new("outputs_kept")
        .titled("Outputs that are computed")
        .read_as(Form::Percent(2))
        .on(Scale::Tight)
        .hint("computed outputs, of all outputs of a place"),
    About::new("step").titled("Layers lowered"),
    About::new("row").titled("row of the array"),
    About::new("col").titled("Column of the array"),
];
