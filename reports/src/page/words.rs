//! What columns mean, in a line each.

/// The column that says why a point failed.
pub(super) const ERROR: &str = "error";

/// What a column is; empty where its name says it.
pub(super) fn hint(name: &str) -> &'static str {
    HINTS
        .iter()
        .find(|(column, _)| *column == name)
        .map_or("", |(_, hint)| hint)
}

const HINTS: [(&str, &str); 54] = [
    (ERROR, "why the point has no results"),
    ("pe.kind", "kind of processing element"),
    ("pe.threads", "threads of the array's PEs"),
    ("pe.policy", "what a PE reduces when threads collide"),
    ("pe.window", "bits and shifts of SPARQ's windows"),
    ("array.rows", "rows of PEs"),
    ("array.cols", "columns of PEs"),
    (
        "layer",
        "number of the simulated layer, in the order of the network",
    ),
    ("name", "as the network calls the layer"),
    ("groups", "groups of the convolution, one product each"),
    ("threads", "threads that this layer runs with"),
    ("policy", "policy that this layer runs with"),
    ("m", "output pixels of a product"),
    ("n", "output channels of a product"),
    ("k", "terms of a sum"),
    (
        "images",
        "images that cycles, counts and energies are summed over",
    ),
    ("macs", "M·N·K of all products, zeros included"),
    ("cycles", "cycles on the array"),
    (
        "baseline_cycles",
        "cycles of the same products on the baseline array",
    ),
    ("speedup", "baseline cycles over cycles"),
    ("utilization", "share of PE-cycles with an active thread"),
    ("macs_per_cycle", "M·N·K over cycles"),
    (
        "macs_per_operand",
        "products for each operand that enters the array",
    ),
    ("zero_macs", "share of M·N·K in which an operand is zero"),
    ("fill", "PE-cycles before the first step"),
    ("masked", "PE-cycles in tiles in which the PE has no output"),
    ("stall", "PE-cycles between tiles"),
    ("drain", "PE-cycles after the last step"),
    ("reduced_activations", "activations whose value was changed"),
    ("reduced_weights", "weights whose value was changed"),
    ("a8w8", "operand pairs without a zero: both wide"),
    ("a8w4", "operand pairs without a zero: narrow weight"),
    ("a4w8", "operand pairs without a zero: narrow activation"),
    ("a4w4", "operand pairs without a zero: both narrow"),
    ("mse", "mean squared error in accumulator units"),
    ("snr_db", "signal to noise of the outputs"),
    (
        "relative_mse",
        "squared error over squared exact outputs; of several layers the mean",
    ),
    ("energy_pj", "energy of the logic, without clock and leakage"),
    ("clock_pj", "energy of the clock pins"),
    ("leakage_pj", "leakage of all PE-cycles"),
    ("total_energy_pj", "logic, clock and leakage"),
    (
        "total_energy_per_mac_pj",
        "logic, clock and leakage for each of M·N·K",
    ),
    (
        "energy_uncertainty_percent",
        "of the prices, as the technology table states it",
    ),
    ("delay_model", "delays under which the prices were measured"),
    ("area_um2", "area of the PEs, and of SPARQ's window logic"),
    ("top1", "share of right answers on the array"),
    ("int8_top1", "share of right answers in exact 8-bit"),
    ("fp32_top1", "share of right answers in FP32"),
    (
        "top1_change",
        "top-1 on the array less that of exact 8-bit, as a fraction",
    ),
    ("lost", "images that exact 8-bit gets right and the array wrong"),
    ("gained", "images that exact 8-bit gets wrong and the array right"),
    ("p_value", "exact two-sided McNemar test of lost against gained"),
    (
        "agreement",
        "share of images on which array and exact 8-bit answer alike",
    ),
    ("output_error", "mean |output − FP32 output|"),
];
