//! `layers.csv`: one row per layer; null is an empty field.

use sim_core::spec::ArraySpec;
use sim_core::units::Cycles;
use sim_draw::text::{csv, optional};

use crate::json::LayerObject;

/// The file's name in a results folder.
pub const FILE_NAME: &str = "layers.csv";

/// The rows of `layers` on `array`, under a header.
///
/// Units stand in the names of columns: `time_us` µs at the array's clock, `energy_pj`, `clock_pj` and `leakage_pj` pJ, `area_um2` µm².
pub fn render(layers: &[LayerObject], array: &ArraySpec) -> String {
    let max_active = array.pe().max_active();
    let mut rows = vec![header(max_active)];
    for (index, layer) in layers.iter().enumerate() {
        rows.push(row(index + 1, layer, array, max_active));
    }
    csv(&rows)
}

/// The rows of layers on several arrays: the array's name, then the columns of [`render`]. Columns of more active threads
/// than an array has are empty fields.
pub(crate) fn of_arrays(arrays: &[(&str, &[LayerObject], &ArraySpec)]) -> String {
    let max_active = arrays
        .iter()
        .map(|(_, _, array)| array.pe().max_active())
        .max()
        .unwrap_or(0);
    let named = |name: &str, row: Vec<String>| std::iter::once(name.to_owned()).chain(row).collect();
    let mut rows: Vec<Vec<String>> = vec![named("array", header(max_active))];
    for (name, layers, array) in arrays {
        for (index, layer) in layers.iter().enumerate() {
            rows.push(named(name, row(index + 1, layer, array, max_active)));
        }
    }
    csv(&rows)
}

fn header(max_active: usize) -> Vec<String> {
    let before = "index,name,groups,images,threads,m,n,k,engine,cycles,baseline_cycles,speedup,macs";
    let after = "reduced_activations,reduced_weights,a8w8,a8w4,a4w8,a4w4,fill,masked,stall,drain,utilization,mse,snr_db,\
                 energy_pj,delay_model,cost_table,area_um2,time_us,clock_pj,leakage_pj,activation_bits,weight_bits,\
                 live_activation_bits,live_weight_bits,partial_product_bits,lane_edges,policy";
    let active = (0..=max_active).map(|n| format!("active_{n}"));
    before
        .split(',')
        .map(str::to_owned)
        .chain(active)
        .chain(after.split(',').map(str::to_owned))
        .collect()
}

fn row(index: usize, layer: &LayerObject, array: &ArraySpec, max_active: usize) -> Vec<String> {
    let LayerObject {
        name,
        groups,
        images,
        threads,
        product,
        policy,
    } = layer;
    let widths = product.counters.operand_widths;
    let pe_cycles = product.counters.pe_cycles;
    let switching = product.counters.switching;
    let energy = product.energy_pj.as_ref();
    let area = product.area_um2.as_ref();
    let mut row = vec![
        index.to_string(),
        name.clone(),
        groups.to_string(),
        images.to_string(),
        optional(*threads),
        product.shape.m().to_string(),
        product.shape.n().to_string(),
        product.shape.k().to_string(),
        product.engine.clone(),
        product.cycles.to_string(),
        product.baseline_cycles.to_string(),
        product.speedup.to_string(),
        product.macs.to_string(),
    ];
    let counts = pe_cycles.active.counts();
    row.extend((0..=max_active).map(|n| optional(counts.get(n))));
    row.extend([
        product.counters.reduced.activations.to_string(),
        product.counters.reduced.weights.to_string(),
        widths.a8w8.to_string(),
        widths.a8w4.to_string(),
        widths.a4w8.to_string(),
        widths.a4w4.to_string(),
        pe_cycles.fill.to_string(),
        pe_cycles.masked.to_string(),
        pe_cycles.stall.to_string(),
        pe_cycles.drain.to_string(),
        product.utilization.to_string(),
        optional(product.mse),
        optional(product.snr_db),
        optional(energy.map(|energy| energy.value)),
        optional(energy.map(|energy| &energy.delay_model)),
        optional(
            energy
                .map(|energy| &energy.table)
                .or(area.map(|area| &area.table)),
        ),
        optional(area.map(|area| area.value)),
        array.clock().microseconds(Cycles(product.cycles)).to_string(),
        optional(energy.and_then(|energy| energy.clock)),
        optional(energy.and_then(|energy| energy.leakage)),
        switching.activation_bits.to_string(),
        switching.weight_bits.to_string(),
        switching.live_activation_bits.to_string(),
        switching.live_weight_bits.to_string(),
        switching.partial_product_bits.to_string(),
        switching.lane_edges.to_string(),
        optional(policy.as_ref()),
    ]);
    row
}
