//! `pe_map.csv`: how busy each PE was, over all layers.

use std::fmt::Write as _;

use sim_core::busy::BusyMap;
use sim_core::record::LayerRecord;
use sim_core::units::Cycles;

use crate::ratio;

/// The file's name in a results folder.
pub const FILE_NAME: &str = "pe_map.csv";

/// A row for each PE, row by row of the array, under a header; `None` where busy steps were not counted.
///
/// `busy` are PE-steps with at least one active thread, `pe_cycles` the cycles of all layers, through which every PE lives.
pub fn render(layers: &[LayerRecord]) -> Option<String> {
    let (mut cycles, mut sum) = (Cycles::default(), None::<BusyMap>);
    for layer in layers {
        cycles += layer.product.cycles;
        let map = layer.product.busy.as_ref()?;
        match &mut sum {
            Some(sum) => *sum += map,
            None => sum = Some(map.clone()),
        }
    }
    let mut text = String::from("row,col,busy,pe_cycles,utilization\n");
    for (row, col, busy) in sum?.iter() {
        let utilization = ratio::utilization_of_pe(busy, cycles);
        let (row, col) = (row.idx(), col.idx());
        writeln!(text, "{row},{col},{busy},{},{utilization}", cycles.0).expect("memory does not fail");
    }
    Some(text)
}
