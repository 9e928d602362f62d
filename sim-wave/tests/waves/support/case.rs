//! Machines with products.

use sim_array::engine::{Engine as _, Measures, Operands, Outcome};
use sim_array::mapping::Tiling;
use sim_array::stepped::Stepped;
use sim_core::shape::Gemm;
use sim_core::spec::{ArraySpec, NbSmt, Pe, Policy, Sparq, Threads, Tiles, WeightPattern, Window};

/// A product on an array.
pub(crate) struct Case {
    pub(crate) array: ArraySpec,
    pub(crate) shape: Gemm,
    pub(crate) activations: Vec<u8>,
    pub(crate) weights: Vec<i8>,
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}, {:?}", self.array, self.shape)
    }
}

impl Case {
    /// Zero-heavy operands; of each four weights at most two are not zero where the machine needs that.
    pub(crate) fn random(
        seed: u32,
        (rows, cols): (usize, usize),
        pe: Pe,
        depth: u8,
        tiles: Tiles,
        (m, n, k): (usize, usize, usize),
    ) -> Self {
        let mut state = seed.wrapping_mul(2_654_435_761) | 1;
        let mut byte = || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            let [value, coin, ..] = state.to_be_bytes();
            match coin % 5 {
                0 | 1 => 0,
                2 => value % 16,
                _ => value,
            }
        };
        let array = ArraySpec::new(rows, cols, pe)
            .and_then(|array| array.with_pipeline_depth(depth))
            .expect("an array")
            .with_tiles(tiles);
        let activations = (0..m * k).map(|_| byte()).collect();
        let is_sparse = pe.weight_pattern() == WeightPattern::TwoOfFour;
        let weight = |at: usize| match byte().cast_signed() {
            _ if is_sparse && 1 < (at % k + at / k) % 4 => 0,
            w => w,
        };
        Self {
            array,
            shape: Gemm::new(m, n, k).expect("a shape"),
            activations,
            weights: (0..n * k).map(weight).collect(),
        }
    }

    pub(crate) fn operands(&self) -> Operands<'_> {
        Operands::new(self.shape, &self.activations, &self.weights).expect("operands")
    }

    pub(crate) fn outcome(&self) -> Outcome {
        Stepped::default()
            .run(&self.array, &self.operands(), Measures::NONE)
            .expect("runs")
    }

    pub(crate) fn n_tiles(&self) -> usize {
        Tiling::new(&self.array, self.shape).n_tiles()
    }
}

/// A PE of so many threads.
pub(crate) fn nb_smt(n_threads: usize) -> Pe {
    let threads = Threads::ALL
        .into_iter()
        .find(|threads| threads.count() == n_threads);
    Pe::NbSmt(NbSmt::new(threads.expect("1, 2 or 4 threads"), Policy::SA))
}

fn sparq(window: Window) -> Sparq {
    Sparq::new(window)
}

/// Every kind of machine, pipelined and serial tiles, one stage and several, edge tiles, fewer steps than rows.
pub(crate) fn cases() -> Vec<Case> {
    let (pipelined, serial) = (Tiles::Pipelined, Tiles::Serial);
    vec![
        Case::random(1, (4, 3), Pe::Conventional, 1, pipelined, (9, 5, 7)),
        Case::random(2, (4, 3), Pe::Conventional, 3, serial, (5, 4, 3)),
        Case::random(3, (1, 1), nb_smt(1), 1, pipelined, (2, 2, 4)),
        Case::random(4, (3, 5), nb_smt(2), 1, pipelined, (7, 11, 21)),
        Case::random(5, (5, 3), nb_smt(2), 2, serial, (7, 4, 9)),
        // Two steps a tile on six rows: four cycles of stall.
        Case::random(6, (6, 2), nb_smt(4), 1, pipelined, (13, 5, 7)),
        Case::random(7, (4, 4), nb_smt(4), 4, pipelined, (6, 9, 50)),
        Case::random(8, (3, 3), nb_smt(4), 1, serial, (4, 4, 30)),
        Case::random(
            9,
            (3, 4),
            Pe::Sparq(sparq(Window::Opt6)),
            1,
            pipelined,
            (7, 5, 13),
        ),
        Case::random(10, (4, 3), Pe::Sparq(sparq(Window::Opt2)), 2, serial, (5, 4, 8)),
        Case::random(
            11,
            (3, 3),
            Pe::SparqStc(sparq(Window::Opt5)),
            1,
            pipelined,
            (5, 7, 25),
        ),
        Case::random(
            12,
            (5, 2),
            Pe::SparqStc(sparq(Window::Opt7)),
            3,
            serial,
            (6, 3, 12),
        ),
        // More columns than digits, and cycles in which nothing begins or ends.
        Case::random(13, (2, 12), nb_smt(2), 1, pipelined, (3, 25, 150)),
    ]
}
