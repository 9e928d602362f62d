//! Which operands meet at which PE and step, and in which cycles: shared by all that asks.

mod k_map;
pub mod predicted;
mod schedule;
mod tile_sequence;
mod tiling;

pub use k_map::{KMap, KSplit};
pub use schedule::{Phase, Schedule};
pub use tile_sequence::TileSequence;
pub use tiling::Tiling;

#[cfg(test)]
mod tests {
    use sim_core::ids::{Col, Row, TileId};
    use sim_core::shape::Gemm;
    use sim_core::spec::{ArraySpec, NbSmt, Pe, Policy, Sparq, Threads, Window};

    use super::*;

    fn machines() -> Vec<Pe> {
        let sparq = Sparq::new(Window::Opt5);
        let nbsmt = |threads| NbSmt::new(threads, Policy::SA);
        let mut machines = vec![Pe::Conventional];
        machines.extend(Pe::with_windows(&[sparq]));
        machines.extend(Threads::ALL.map(|threads| Pe::NbSmt(nbsmt(threads))));
        machines
    }

    #[test]
    fn every_term_is_consumed_exactly_once() {
        for pe in machines() {
            for (m, n, k) in [(1, 1, 1), (5, 3, 7), (4, 6, 8), (9, 2, 3), (3, 7, 23)] {
                let shape = Gemm::new(m, n, k).expect("a shape");
                let array = ArraySpec::new(4, 3, pe).expect("an array");
                let (tiling, map) = (Tiling::new(&array, shape), KMap::new(pe, k));
                let mut n_uses = vec![0; m * n * k];
                for tile in (0..tiling.n_tiles()).map(TileId) {
                    for row in (0..4).map(Row) {
                        for col in (0..3).map(Col) {
                            let (Some(m), Some(n)) = (tiling.m_of(tile, row), tiling.n_of(tile, col)) else {
                                continue;
                            };
                            assert_eq!(tiling.place_of(m, n), (tile, row, col));
                            for step in 0..map.n_steps() {
                                for k_used in (0..map.n_lanes()).filter_map(|lane| map.k_at(step, lane)) {
                                    n_uses[(m * shape.n() + n) * k + k_used] += 1;
                                }
                            }
                        }
                    }
                }
                assert!(n_uses.iter().all(|&uses| uses == 1), "{pe:?}, {m}×{n}×{k}");
            }
        }
    }
}
