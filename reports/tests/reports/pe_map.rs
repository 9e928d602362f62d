//! `pe_map.csv`: sums over layers, and only where they were counted.

use reports::pe_map::render;
use sim_core::busy::BusyMap;
use sim_core::ids::{Col, Row};
use sim_core::spec::{Policy, Threads};
use sim_core::units::Cycles;

use crate::support::{nb_smt, run};

#[test]
fn a_row_for_each_pe_sums_all_layers() {
    let mut run = run(nb_smt(Threads::Two, Policy::SA), 2);
    for (layer, (steps, cycles)) in run.layers.iter_mut().zip([(3, 20), (4, 30)]) {
        let mut map = BusyMap::zero(2, 3);
        map.add(Row(0), Col(1), steps);
        map.add(Row(1), Col(2), 10 * steps / 4);
        layer.product.busy = Some(map);
        layer.product.cycles = Cycles(cycles);
    }
    assert_eq!(
        render(&run.layers).unwrap(),
        "row,col,busy,pe_cycles,utilization\n0,0,0,50,0\n0,1,7,50,0.14\n0,2,0,50,0\n1,0,0,50,0\n1,1,0,50,0\n\
         1,2,17,50,0.34\n"
    );
}

#[test]
fn without_counts_of_every_layer_there_is_no_map() {
    let mut run = run(nb_smt(Threads::Two, Policy::SA), 2);
    assert_eq!(render(&run.layers), None);
    run.layers[0].product.busy = Some(BusyMap::zero(4, 4));
    assert_eq!(render(&run.layers), None);
    assert_eq!(render(&[]), None);
}
