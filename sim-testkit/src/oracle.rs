//! An oracle for values, counts and time: plain loops written from the definitions of `docs/model.md`, calling none of
//! the code under test. It uses the simulator's vocabulary for questions and answers only, and `cargo xtask tidy` lets it
//! name no other crate of the workspace and no other module.

use sim_core::busy::BusyMap;
use sim_core::counters::{Counters, ErrorSums, OperandWidths, PeCycles, Switching};
use sim_core::fixed::{Overflow, Rounding};
use sim_core::ids::{Col, Row};
use sim_core::shape::Gemm;
use sim_core::spec::{ArraySpec, NbSmt, Pairs, Pe, Policy, Sparq, Tiles, Window, WindowRounding};
use sim_core::units::Cycles;

/// What one step of one output did.
struct StepTruth {
    product: i64,
    n_active: usize,
    reduced: [u64; 2],
}

/// All that an engine may be asked about a product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truth {
    /// C, `[m, n]` row-major.
    pub product: Vec<i32>,
    /// Cycles from the first step to the last result's exit.
    pub cycles: Cycles,
    /// All counters.
    pub counters: Counters,
    /// Sums of the error against the exact product.
    pub error: ErrorSums,
    /// Busy steps of each PE.
    pub busy: BusyMap,
}

/// An output for which a PE has a place in a tile.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// Row and column of C.
    pub at: (usize, usize),
    /// The PE.
    pub pe: (Row, Col),
    /// What becomes of it.
    pub fate: Fate,
}

/// What a PE does with an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It computes it.
    Computed,
    /// It lets the operands pass.
    Skipped,
}

/// What the steps of some outputs do, time apart.
#[derive(Clone, Debug)]
pub struct Work {
    /// C, `[m, n]`; 0 where an output is not computed.
    pub product: Vec<i32>,
    /// All but fill, masked, stall, drain and waiting.
    pub counters: Counters,
    /// Sums of the error over computed outputs.
    pub error: ErrorSums,
    /// Busy steps of each PE.
    pub busy: BusyMap,
}

/// What is true of a product of A, `[m, k]`, and W, `[n, k]`, both row-major.
pub fn truth(array: &ArraySpec, shape: Gemm, activations: &[u8], weights: &[i8]) -> Truth {
    let outputs = (0..shape.m()).flat_map(|m| (0..shape.n()).map(move |n| (m, n)));
    let outputs = outputs.map(|(m, n)| Output {
        at: (m, n),
        pe: (Row(m % array.rows()), Col(n % array.cols())),
        fate: Fate::Computed,
    });
    let mut work = work(array, shape, activations, weights, outputs);
    let n_steps = n_steps(array.pe(), shape.k());
    let (cycles, pe_cycles) = time(array, shape.m(), shape.n(), n_steps, n_threads(array.pe()));
    work.counters.pe_cycles = PeCycles {
        active: work.counters.pe_cycles.active,
        ..pe_cycles
    };
    Truth {
        product: work.product,
        cycles,
        counters: work.counters,
        error: work.error,
        busy: work.busy,
    }
}

/// What the steps of some outputs of a product do.
pub fn work(
    array: &ArraySpec,
    shape: Gemm,
    activations: &[u8],
    weights: &[i8],
    outputs: impl Iterator<Item = Output>,
) -> Work {
    let n_steps = n_steps(array.pe(), shape.k());
    let mut work = Work {
        product: vec![0; shape.m() * shape.n()],
        counters: Counters::zero(n_threads(array.pe())),
        error: ErrorSums::default(),
        busy: BusyMap::zero(array.rows(), array.cols()),
    };
    let mut widths = [0_u64; 4];
    for Output { at: (m, n), pe, fate } in outputs {
        let (x, w) = (
            &activations[m * shape.k()..][..shape.k()],
            &weights[n * shape.k()..][..shape.k()],
        );
        let mut switching = Switching::default();
        for i in 1..n_steps {
            let before = lanes(array.pe(), n_steps, x, w, i - 1);
            for (before, now) in before.into_iter().zip(lanes(array.pe(), n_steps, x, w, i)) {
                add_lane(&mut switching, before, now);
            }
        }
        if fate == Fate::Skipped {
            work.counters.switching.activation_bits += switching.activation_bits;
            work.counters.switching.weight_bits += switching.weight_bits;
            work.counters.pe_cycles.skipped += wide(n_steps);
            continue;
        }
        work.counters.switching += switching;
        let mut sum = 0_i64;
        for i in 0..n_steps {
            let truth = step(array.pe(), n_steps, x, w, i);
            sum += truth.product;
            work.counters.pe_cycles.active.add(truth.n_active, 1);
            work.busy.add(pe.0, pe.1, u64::from(0 < truth.n_active));
            work.counters.reduced.activations += truth.reduced[0];
            work.counters.reduced.weights += truth.reduced[1];
        }
        let exact: i64 = x.iter().zip(w).map(|(&x, &w)| i64::from(x) * i64::from(w)).sum();
        for (&x, &w) in x.iter().zip(w).filter(|&(&x, &w)| x != 0 && w != 0) {
            widths[usize::from(x < 16) * 2 + usize::from((-8..8).contains(&w))] += 1;
        }
        let square = |value: i64| u128::from(value.unsigned_abs()).pow(2);
        work.error.squared_error += square(sum - exact);
        work.error.squared_exact += square(exact);
        work.product[m * shape.n() + n] = i32::try_from(sum).expect("within the accumulators' range");
    }
    work.counters.operand_widths = OperandWidths {
        a8w8: widths[0],
        a8w4: widths[1],
        a4w8: widths[2],
        a4w4: widths[3],
    };
    work
}

/// Add a lane's way from one step to the next, bit by bit.
pub fn add_lane(switching: &mut Switching, before: (u8, i8), now: (u8, i8)) {
    let bit = |value: u8, index: u8| value >> index & 1 == 1;
    let (x, w) = (
        (before.0, now.0),
        (before.1.cast_unsigned(), now.1.cast_unsigned()),
    );
    for i in 0..8 {
        if bit(x.0, i) != bit(x.1, i) {
            switching.activation_bits += 1;
            switching.live_activation_bits += u64::from(w.0 != 0 || w.1 != 0);
        }
        if bit(w.0, i) != bit(w.1, i) {
            switching.weight_bits += 1;
            switching.live_weight_bits += u64::from(x.0 != 0 || x.1 != 0);
        }
        for j in 0..8 {
            let product_before = bit(x.0, i) && bit(w.0, j);
            let product_now = bit(x.1, i) && bit(w.1, j);
            switching.partial_product_bits += u64::from(product_before != product_now);
        }
    }
    switching.lane_edges += u64::from((x.0 != 0 && w.0 != 0) != (x.1 != 0 && w.1 != 0));
}

fn n_threads(pe: Pe) -> usize {
    match pe {
        Pe::Conventional => 1,
        Pe::NbSmt(rules) => rules.threads.count(),
        Pe::Sparq(_) | Pe::SparqStc(_) => 2,
    }
}

/// S.
pub fn n_steps(pe: Pe, k: usize) -> usize {
    match pe {
        Pe::Conventional => k,
        Pe::NbSmt(rules) => k.div_ceil(rules.threads.count()),
        Pe::Sparq(_) => k.div_ceil(2),
        Pe::SparqStc(_) => k.div_ceil(4),
    }
}

fn step(pe: Pe, n_steps: usize, x: &[u8], w: &[i8], i: usize) -> StepTruth {
    let at = |k: usize| match (x.get(k), w.get(k)) {
        (Some(&x), Some(&w)) => (i64::from(x), i64::from(w)),
        _ => (0, 0),
    };
    match pe {
        Pe::Conventional => {
            let (x, w) = at(i);
            StepTruth {
                product: x * w,
                n_active: usize::from(x * w != 0),
                reduced: [0, 0],
            }
        }
        Pe::NbSmt(rules) => {
            let threads: Vec<_> = (0..rules.threads.count()).map(|t| at(t * n_steps + i)).collect();
            nbsmt(rules, &threads)
        }
        Pe::Sparq(rules) => sparq(rules, [at(2 * i), at(2 * i + 1)]),
        Pe::SparqStc(rules) => {
            let mut pair = [(0, 0); 2];
            let kept = (4 * i..4 * i + 4).map(at).filter(|&(_, w)| w != 0);
            for (slot, operands) in pair.iter_mut().zip(kept) {
                *slot = operands;
            }
            let mut truth = sparq(rules, pair);
            truth.n_active = pair.iter().filter(|&&(x, w)| x != 0 && w != 0).count();
            truth
        }
    }
}

/// The operands of each lane in a step as they move through the array.
fn lanes(pe: Pe, n_steps: usize, x: &[u8], w: &[i8], i: usize) -> Vec<(u8, i8)> {
    let at = |k: usize| (x.get(k).copied().unwrap_or(0), w.get(k).copied().unwrap_or(0));
    match pe {
        Pe::Conventional => vec![at(i)],
        Pe::NbSmt(rules) => (0..rules.threads.count()).map(|t| at(t * n_steps + i)).collect(),
        Pe::Sparq(rules) => {
            let pair = [at(2 * i), at(2 * i + 1)];
            let alone = rules.pairs == Pairs::On && pair.iter().any(|&(x, _)| x == 0);
            let kept = |x: u8| u8::try_from(window(x.into(), rules, alone)).expect("a window keeps a byte");
            pair.map(|(x, w)| (kept(x), w)).to_vec()
        }
        Pe::SparqStc(_) => (4 * i..4 * i + 4).map(at).collect(),
    }
}

fn nbsmt(rules: NbSmt, threads: &[(i64, i64)]) -> StepTruth {
    let active: Vec<_> = threads.iter().copied().filter(|&(x, w)| x * w != 0).collect();
    let ignores_zeros = matches!(rules.policy, Policy::A | Policy::W | Policy::Aw | Policy::AW);
    let colliding = if ignores_zeros {
        threads.len()
    } else {
        active.len()
    };
    let mut truth = StepTruth {
        product: 0,
        n_active: active.len(),
        reduced: [0, 0],
    };
    for (x, w) in active {
        let (wide_x, wide_w) = (15 < x, !(-8..=7).contains(&w));
        let (cut_x, cut_w) = match (colliding, rules.policy) {
            (0 | 1, _) => (false, false),
            (2, Policy::S) => (true, false),
            (2, Policy::A | Policy::SA) => (wide_x, false),
            (2, Policy::Aw | Policy::SAw) => (wide_x && wide_w, false),
            (2, Policy::W | Policy::SW) => (false, wide_w),
            (2, Policy::AW | Policy::SAW) => (false, wide_x && wide_w),
            (_, Policy::S) => (true, true),
            _ => (wide_x, wide_w),
        };
        let x = if cut_x {
            cut(x, 15, rules.rounding, rules.overflow)
        } else {
            x
        };
        let w = if cut_w {
            cut(w, 7, rules.rounding, rules.overflow)
        } else {
            w
        };
        truth.product += x * w;
        truth.reduced[0] += u64::from(cut_x);
        truth.reduced[1] += u64::from(cut_w);
    }
    truth
}

/// The multiple of 16 that stands for `value`, found by looking at the two neighbours.
fn cut(value: i64, largest: i64, rounding: Rounding, overflow: Overflow) -> i64 {
    let below = value.div_euclid(16);
    let rest = value.rem_euclid(16);
    let nibble = match rounding {
        Rounding::Floor => below,
        Rounding::HalfEven if rest < 8 => below,
        Rounding::HalfEven if 8 < rest => below + 1,
        Rounding::HalfEven => below + below.rem_euclid(2),
    };
    match overflow {
        Overflow::Extend => 16 * nibble,
        Overflow::Saturate => 16 * nibble.min(largest),
    }
}

fn sparq(rules: Sparq, pair: [(i64, i64); 2]) -> StepTruth {
    let mut truth = StepTruth {
        product: 0,
        n_active: 0,
        reduced: [0, 0],
    };
    let alone = rules.pairs == Pairs::On && pair.iter().any(|&(x, _)| x == 0);
    for (x, w) in pair {
        let kept = window(x, rules, alone);
        truth.product += kept * w;
        truth.n_active += usize::from(x != 0);
        truth.reduced[0] += u64::from(kept != x);
    }
    truth
}

fn window(x: i64, rules: Sparq, alone: bool) -> i64 {
    let (bits, shifts): (u32, &[u32]) = match (rules.window, alone) {
        (Window::Opt5 | Window::Opt3 | Window::Opt2, true) => return x,
        (Window::Opt6, true) => (6, &[2, 1, 0]),
        (Window::Opt7, true) | (Window::Opt5, false) => (4, &[4, 3, 2, 1, 0]),
        (Window::Opt3, false) => (4, &[4, 2, 0]),
        (Window::Opt2, false) => (4, &[4, 0]),
        (Window::Opt6, false) => (3, &[5, 4, 3, 2, 1, 0]),
        (Window::Opt7, false) => (2, &[6, 5, 4, 3, 2, 1, 0]),
    };
    let covers = |shift: u32| x < 1_i64 << (bits + shift);
    let shift = *shifts
        .iter()
        .filter(|&&shift| covers(shift))
        .min()
        .expect("the highest window covers a byte");
    let unit = 1_i64 << shift;
    let top = ((1 << bits) - 1) * unit;
    let trimmed = x / unit * unit;
    match rules.rounding {
        WindowRounding::Trim => trimmed,
        WindowRounding::Round => {
            let rest = x - trimmed;
            let is_odd = (trimmed / unit) % 2 == 1;
            let goes_up = unit < 2 * rest || (unit == 2 * rest && is_odd);
            if goes_up {
                (trimmed + unit).min(top)
            } else {
                trimmed
            }
        }
    }
}

/// The cycle in which each output leaves the array, `[m, n]`: tiles one after another, rows of tiles outside; in a tile
/// the bottom row first, each column a cycle after the one to its left.
pub fn exits(array: &ArraySpec, m: usize, n: usize, k: usize) -> Vec<Cycles> {
    let (rows, cols) = (array.rows(), array.cols());
    let n_steps = n_steps(array.pe(), k);
    let later = usize::from(array.pipeline_depth()) - 1;
    let period = match array.tiles() {
        Tiles::Serial => n_steps + 2 * rows + cols - 2 + later,
        Tiles::Pipelined => n_steps.max(rows),
    };
    let mut exits = Vec::new();
    for m in 0..m {
        for out in 0..n {
            let tile = m / rows * n.div_ceil(cols) + out / cols;
            let (row, col) = (m % rows, out % cols);
            let bottom_is_done = tile * period + rows - 1 + col + n_steps - 1 + later;
            exits.push(Cycles(wide(bottom_is_done + 1 + (rows - 1 - row))));
        }
    }
    exits
}

/// Time and buckets but `active`, PE by PE: when each tile reaches it, and what it does in every cycle.
fn time(array: &ArraySpec, m: usize, n: usize, n_steps: usize, n_threads: usize) -> (Cycles, PeCycles) {
    let (rows, cols) = (array.rows(), array.cols());
    let later = usize::from(array.pipeline_depth()) - 1;
    let n_tiles = m.div_ceil(rows) * n.div_ceil(cols);
    let one_tile = n_steps + 2 * rows + cols - 2 + later;
    let period = match array.tiles() {
        Tiles::Serial => one_tile,
        Tiles::Pipelined => n_steps.max(rows),
    };
    let cycles = (n_tiles - 1) * period + one_tile;
    let mut accounting = PeCycles::zero(n_threads);
    for row in 0..rows {
        for col in 0..cols {
            let reach = row + col;
            for tile in 0..n_tiles {
                let (tile_row, tile_col) = (tile / n.div_ceil(cols), tile % n.div_ceil(cols));
                let has_output = tile_row * rows + row < m && tile_col * cols + col < n;
                if !has_output {
                    accounting.masked += wide(n_steps);
                }
                let is_last = tile + 1 == n_tiles;
                match array.tiles() {
                    Tiles::Serial => {
                        accounting.fill += wide(reach);
                        accounting.drain += wide(one_tile - reach - n_steps);
                    }
                    Tiles::Pipelined => {
                        accounting.fill += if tile == 0 { wide(reach) } else { 0 };
                        accounting.stall += if is_last { 0 } else { wide(period - n_steps) };
                        accounting.drain += if is_last {
                            wide(one_tile - reach - n_steps)
                        } else {
                            0
                        };
                    }
                }
            }
        }
    }
    (Cycles(wide(cycles)), accounting)
}

fn wide(size: usize) -> u64 {
    u64::try_from(size).expect("a size fits 64 bits")
}
