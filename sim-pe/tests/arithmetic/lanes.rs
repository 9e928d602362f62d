//! A plane of PEs does what each PE does alone, with every kind of vectors.

use sim_core::busy::{BusyMap, PeMap};
use sim_core::ids::{Col, Row};
use sim_core::shape::widen;
use sim_core::spec::{NbSmt, Pe, Sparq, Threads, WeightPattern};
use sim_pe::lanes::edge::{self, Edge};
use sim_pe::lanes::{
    BitStrides, Bits, Lanes, PES_PER_GROUP, PeInputs, PlaneOperands, Tallies, WordStrides, Words,
};
use sim_pe::operand::Operand as _;
use sim_pe::step::Step;
use sim_simd::HasAvx2;

const ROWS: usize = 18;
const COLS: usize = 21;
const N_GROUPS: usize = COLS.div_ceil(PES_PER_GROUP);
const FILLED_ROWS: usize = ROWS.next_multiple_of(PES_PER_GROUP);
const FILLED_COLS: usize = N_GROUPS * PES_PER_GROUP;
const N_STEPS: usize = 12;

/// Operands at every edge of every rule.
const X: [u8; 13] = [0, 0, 1, 8, 9, 15, 16, 24, 40, 128, 247, 248, 255];
const W: [i8; 14] = [0, 0, 1, 7, 8, 24, 119, 120, 127, -1, -8, -9, -24, -128];

/// The operands of every PE in a step, as a plane holds them and one by one.
struct Plane {
    pe: Pe,
    n_lanes: usize,
    raw: Vec<([u8; 4], [i8; 4])>,
    words: [Vec<i16>; 2],
    bits: [Vec<u16>; 2],
    word_strides: WordStrides,
}

const BIT_STRIDES: BitStrides = BitStrides {
    plane: N_GROUPS * FILLED_ROWS,
    group: FILLED_ROWS,
    step: 0,
};

impl Plane {
    fn new(pe: Pe, mut pick: impl FnMut(usize) -> usize) -> Self {
        let (edge, n_lanes) = (Edge::new(pe), pe.k_per_step());
        let n_bits = [edge::n_activation_bits(pe), edge::N_WEIGHT_BITS];
        let mut plane = Self {
            pe,
            n_lanes,
            raw: Vec::new(),
            word_strides: WordStrides {
                row: n_lanes.min(2) * FILLED_COLS,
                pair: n_lanes.min(2) * FILLED_COLS * ROWS,
                reduced: n_lanes.div_ceil(2) * n_lanes.min(2) * FILLED_COLS * ROWS,
                step: 0,
            },
            words: [(); 2].map(|()| vec![0; 2 * n_lanes.next_multiple_of(2) * ROWS * FILLED_COLS]),
            bits: n_bits.map(|n_bits| vec![0; (n_lanes * n_bits + 1) * N_GROUPS * FILLED_ROWS]),
        };
        for row in 0..ROWS {
            for col in 0..COLS {
                let x = std::array::from_fn(|lane| if lane < n_lanes { X[pick(X.len())] } else { 0 });
                let mut w = std::array::from_fn(|lane| if lane < n_lanes { W[pick(W.len())] } else { 0 });
                if pe.weight_pattern() == WeightPattern::TwoOfFour {
                    for _ in 0..2 {
                        w[pick(4)] = 0;
                    }
                    if 2 < w.iter().filter(|&&w| w != 0).count() {
                        w = [w[0], 0, 0, w[3]];
                    }
                }
                for lane in 0..n_lanes {
                    let carried = [
                        edge.activation(x[lane], x[lane ^ usize::from(1 < n_lanes)]),
                        edge.weight(w[lane]),
                    ];
                    for (side, carried) in carried.into_iter().enumerate() {
                        plane.put(side, (row, col, lane), carried, n_bits[side]);
                    }
                }
                for (bits, n_bits) in plane.bits.iter_mut().zip(n_bits) {
                    set(bits, n_lanes * n_bits, (row, col));
                }
                plane.raw.push((x, w));
            }
        }
        plane
    }

    fn put(
        &mut self,
        side: usize,
        (row, col, lane): (usize, usize, usize),
        carried: edge::Carried,
        n_bits: usize,
    ) {
        let (n_pairs, n_beside) = (self.n_lanes.div_ceil(2), self.n_lanes.min(2));
        for (form, word) in carried.words.into_iter().enumerate() {
            let strip = (form * n_pairs + lane / 2) * ROWS + row;
            self.words[side][(strip * FILLED_COLS + col) * n_beside + lane % 2] = word;
        }
        for bit in 0..n_bits {
            if carried.bits >> bit & 1 == 1 {
                set(&mut self.bits[side], lane * n_bits + bit, (row, col));
            }
        }
    }

    fn held(&self) -> PeInputs<'_> {
        let words = |side: usize| Words {
            cells: &self.words[side],
            first: 0,
            strides: &self.word_strides,
        };
        let bits = |side: usize| Bits {
            cells: &self.bits[side],
            first: 0,
            strides: &BIT_STRIDES,
        };
        PeInputs {
            operands: PlaneOperands {
                n_rows: ROWS,
                n_groups: N_GROUPS,
                n_pairs: self.n_lanes.div_ceil(2),
                n_beside: self.n_lanes.min(2),
                activations: words(0),
                weights: words(1),
            },
            activation_bits: bits(0),
            weight_bits: bits(1),
            works: None,
        }
    }

    fn alone(&self, (x, w): ([u8; 4], [i8; 4])) -> Step {
        let n = self.n_lanes;
        Step::of(self.pe, &x[..n], &w[..n])
    }
}

fn set(bits: &mut [u16], plane: usize, (row, col): (usize, usize)) {
    let group = col / PES_PER_GROUP;
    bits[(plane * N_GROUPS + group) * FILLED_ROWS + row] |= 1 << (col % PES_PER_GROUP);
}

fn machines() -> Vec<Pe> {
    let mut machines = vec![Pe::Conventional];
    machines.extend(Threads::ALL.into_iter().flat_map(NbSmt::every).map(Pe::NbSmt));
    machines.extend(Pe::with_windows(&Sparq::every()));
    machines
}

#[test]
fn a_plane_is_its_pes() {
    let mut seed = 1_u64;
    let mut pick = |n: usize| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 40).expect("24 bits") % n
    };
    for pe in machines() {
        for simd in [None, HasAvx2::detect()] {
            let mut lanes = Lanes::new(pe, ROWS, COLS, simd, PeMap::Count);
            let mut sums = vec![0; ROWS * FILLED_COLS];
            let mut want_sums = sums.clone();
            let mut want = Tallies::default();
            let mut want_map = BusyMap::zero(ROWS, COLS);
            for _ in 0..N_STEPS {
                let plane = Plane::new(pe, &mut pick);
                lanes.steps(1, &plane.held(), &mut sums);
                for (number, &(x, w)) in plane.raw.iter().enumerate() {
                    let step = plane.alone((x, w));
                    want_sums[number / COLS * FILLED_COLS + number % COLS] += step.product;
                    if let Some(n) = step.n_active.checked_sub(1) {
                        want.active[n] += 1;
                        want_map.add(Row(number / COLS), Col(number % COLS), 1);
                    }
                    want.reduced.activations += u64::from(step.reduced_activations);
                    want.reduced.weights += u64::from(step.reduced_weights);
                    for (x, w) in x.into_iter().zip(w).filter(|&(x, w)| x != 0 && w != 0) {
                        *match (x.is_narrow(), w.is_narrow()) {
                            (false, false) => &mut want.widths.a8w8,
                            (false, true) => &mut want.widths.a8w4,
                            (true, false) => &mut want.widths.a4w8,
                            (true, true) => &mut want.widths.a4w4,
                        } += 1;
                    }
                }
            }
            assert_eq!(sums, want_sums, "{pe:?} {simd:?}");
            assert_eq!(lanes.tallies(), want, "{pe:?} {simd:?}");
            assert_eq!(lanes.into_map(), Some(want_map), "{pe:?} {simd:?}");
        }
    }
}

#[test]
fn a_map_counts_as_far_as_steps_go() {
    let mut picks = (0..).map(|n: usize| n * n);
    let mut pick = |n: usize| picks.next().unwrap_or(0) % n;
    for pe in [Pe::Conventional, Pe::NbSmt(NbSmt::every(Threads::Four)[0])] {
        let plane = Plane::new(pe, &mut pick);
        let is_busy: Vec<bool> = (plane.raw.iter())
            .map(|&operands| 0 < plane.alone(operands).n_active)
            .collect();
        assert!(is_busy.contains(&true) && is_busy.contains(&false));
        for simd in [None, HasAvx2::detect()] {
            for n_steps in [1, 254, 255, 256, 1_000] {
                let mut lanes = Lanes::new(pe, ROWS, COLS, simd, PeMap::Count);
                // Every step holds the same operands.
                lanes.steps(n_steps, &plane.held(), &mut vec![0; ROWS * FILLED_COLS]);
                let map = lanes.into_map().expect("was asked for");
                let found: Vec<u64> = map.iter().map(|(_, _, n_steps)| n_steps).collect();
                let want: Vec<u64> = (is_busy.iter())
                    .map(|&is_busy| if is_busy { widen(n_steps) } else { 0 })
                    .collect();
                assert_eq!(found, want, "{pe:?} {simd:?} {n_steps}");
            }
            let mut silent = Lanes::new(pe, ROWS, COLS, simd, PeMap::Off);
            silent.steps(9, &plane.held(), &mut vec![0; ROWS * FILLED_COLS]);
            assert_eq!(silent.into_map(), None);
        }
    }
}
