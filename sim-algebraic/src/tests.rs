//! The engine against a loop over the steps of every output, as the PEs define them.

use sim_array::engine::{Engine, EngineError, Measures, Mse, Operands, Outcome};
use sim_array::mapping::Schedule;
use sim_core::counters::{ActiveSteps, Counters, ErrorSums, OperandWidths, Reduced};
use sim_core::fixed::{Overflow, Rounding};
use sim_core::shape::Gemm;
use sim_core::spec::{ArraySpec, KSplit, NbSmt, Pe, Policy, Sparq, Threads, Tiles, WeightPattern, Window};
use sim_core::units::Cycles;
use sim_pe::operand::Operand as _;
use sim_pe::step::Step;
use sim_simd::Simd;

use super::{Algebraic, Kernels};

/// What the engine must find, time apart.
#[derive(Debug, PartialEq)]
struct Expected {
    product: Vec<i32>,
    active: ActiveSteps,
    reduced: Reduced,
    operand_widths: OperandWidths,
    error: ErrorSums,
}

/// One output step by step.
fn steps(pe: Pe, x: &[u8], w: &[i8]) -> impl Iterator<Item = Step> {
    let (n_steps, n_lanes) = (pe.n_steps(x.len()), pe.k_per_step());
    let k_of = move |step: usize, lane: usize| match pe.k_split() {
        KSplit::Segments => lane * n_steps + step,
        KSplit::Neighbours => step * n_lanes + lane,
    };
    let at = |k: usize| x.get(k).copied().zip(w.get(k).copied()).unwrap_or((0, 0));
    (0..n_steps).map(move |step| {
        let lanes = (0..n_lanes).map(|lane| at(k_of(step, lane)));
        let (activations, weights): (Vec<u8>, Vec<i8>) = lanes.unzip();
        Step::of(pe, &activations, &weights)
    })
}

fn expected(pe: Pe, operands: &Operands<'_>) -> Expected {
    let shape = operands.shape();
    let mut expected = Expected {
        product: Vec::new(),
        active: ActiveSteps::zero(pe.max_active()),
        reduced: Reduced::default(),
        operand_widths: OperandWidths::default(),
        error: ErrorSums::default(),
    };
    for m in 0..shape.m() {
        for n in 0..shape.n() {
            let (x, w) = (operands.activation_row(m), operands.weight_row(n));
            let mut sum = 0;
            for step in steps(pe, x, w) {
                sum += step.product;
                expected.active.add(step.n_active, 1);
                expected.reduced.activations += u64::from(step.reduced_activations);
                expected.reduced.weights += u64::from(step.reduced_weights);
            }
            let mut exact = 0;
            for (&x, &w) in x.iter().zip(w) {
                exact += i32::from(x) * i32::from(w);
                let widths = &mut expected.operand_widths;
                match (x != 0 && w != 0, x.is_narrow(), w.is_narrow()) {
                    (false, _, _) => {}
                    (true, false, false) => widths.a8w8 += 1,
                    (true, false, true) => widths.a8w4 += 1,
                    (true, true, false) => widths.a4w8 += 1,
                    (true, true, true) => widths.a4w4 += 1,
                }
            }
            let square = |value: i32| u128::from(value.unsigned_abs()).pow(2);
            expected.error.squared_error += square(sum - exact);
            expected.error.squared_exact += square(exact);
            expected.product.push(sum);
        }
    }
    expected
}

#[track_caller]
fn check(pe: Pe, shape: Gemm, activations: &[u8], weights: &[i8]) {
    let array = ArraySpec::new(4, 3, pe).expect("in range");
    let operands = Operands::new(shape, activations, weights).expect("as long as the shape says");
    let want = expected(pe, &operands);
    for simd in Simd::ALL {
        let Some(kernels) = Kernels::of(simd) else {
            continue;
        };
        for mse in [Mse::Measure, Mse::Skip] {
            let place = format!("{simd:?}, {mse:?}, {pe:?}, {shape:?}");
            let got = Algebraic::on(kernels)
                .run(&array, &operands, mse.into())
                .expect("runs");
            assert!(got.product == want.product, "other accumulators: {place}");
            assert_eq!(got.counters.pe_cycles.active, want.active, "{place}");
            assert_eq!(got.counters.reduced, want.reduced, "{place}");
            assert_eq!(got.counters.operand_widths, want.operand_widths, "{place}");
            match mse {
                Mse::Measure => assert_eq!(got.error, Some(want.error), "{place}"),
                Mse::Skip => assert_eq!(got.error, None, "{place}"),
            }
            assert_eq!(got.cycles, Schedule::new(&array, shape).cycles());
            assert_eq!(got.counters.pe_cycles.total(), array.n_pes() * got.cycles.0);
        }
    }
}

/// Reproducible operands.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    /// A third zero, a third narrow, a third anything.
    fn activation(&mut self) -> u8 {
        let limit = [1, 20, 256][usize::try_from(self.below(3)).expect("small")];
        u8::try_from(self.below(limit)).expect("below 256")
    }

    /// One of twenty zero, half narrow.
    fn dense_weight(&mut self) -> i8 {
        match self.below(20) {
            0 => 0,
            1..10 => i8::try_from(self.below(15)).expect("small") - 8,
            _ => u8::try_from(self.below(256)).expect("below 256").cast_signed(),
        }
    }

    /// A third zero, a third narrow, a third anything.
    fn weight(&mut self) -> i8 {
        let limit = [1, 12, 128][usize::try_from(self.below(3)).expect("small")];
        let magnitude = i16::try_from(self.below(limit + 1)).expect("below 129");
        let sign = if self.below(2) == 0 { -1 } else { 1 };
        i8::try_from((sign * magnitude).min(127)).expect("in range")
    }

    /// Two of four weights at most.
    fn sparse_weights(&mut self, n: usize, k: usize) -> Vec<i8> {
        let mut weights = vec![0; n * k];
        for group in weights.chunks_mut(k).flat_map(|row| row.chunks_mut(4)) {
            for _ in 0..self.below(3) {
                let lane = usize::try_from(self.below(4)).expect("small") % group.len();
                group[lane] = self.weight();
            }
        }
        weights
    }
}

/// Every machine.
fn all_pes() -> Vec<Pe> {
    let mut pes = vec![Pe::Conventional];
    pes.extend(Threads::ALL.into_iter().flat_map(NbSmt::every).map(Pe::NbSmt));
    pes.extend(Pe::with_windows(&Sparq::every()));
    pes
}

#[test]
fn every_machine_agrees_with_its_steps() {
    let shapes = [
        (1, 1, 1),    // One output of one term.
        (2, 3, 3),    // K below four threads.
        (1, 18, 9),   // One row; columns beyond one tile.
        (7, 1, 10),   // One column; rows beyond one tile.
        (33, 17, 38), // Beyond one panel of rows; K not divisible by 4.
        (13, 5, 267), // Several blocks of steps; lanes of steps not filled.
    ];
    let mut random = Random(7);
    for pe in all_pes() {
        for (m, n, k) in shapes {
            let shape = Gemm::new(m, n, k).expect("not empty");
            let activations: Vec<u8> = (0..m * k).map(|_| random.activation()).collect();
            match pe.weight_pattern() {
                WeightPattern::Any => {
                    let weights: Vec<i8> = (0..n * k).map(|_| random.weight()).collect();
                    check(pe, shape, &activations, &weights);
                    // Few zeros take other products than many.
                    let weights: Vec<i8> = (0..n * k).map(|_| random.dense_weight()).collect();
                    check(pe, shape, &activations, &weights);
                }
                WeightPattern::TwoOfFour => {
                    check(pe, shape, &activations, &random.sparse_weights(n, k));
                }
            }
        }
    }
}

#[test]
fn blocks_meet_at_their_borders() {
    // More rows than a block and than byte counters hold, more K than a block.
    let shape = Gemm::new(261, 19, 1041).expect("not empty");
    let mut random = Random(8);
    let activations: Vec<u8> = (0..shape.m() * shape.k()).map(|_| random.activation()).collect();
    let weights: Vec<i8> = (0..shape.n() * shape.k()).map(|_| random.weight()).collect();
    for threads in [Threads::Two, Threads::Four] {
        for policy in [Policy::SA, Policy::SAw] {
            let rules = NbSmt::new(threads, policy);
            check(Pe::NbSmt(rules), shape, &activations, &weights);
        }
    }
    let rules = Sparq::new(Window::Opt5);
    check(Pe::Sparq(rules), shape, &activations, &weights);
    let sparse = random.sparse_weights(shape.n(), shape.k());
    check(Pe::SparqStc(rules), shape, &activations, &sparse);
}

#[test]
fn accumulators_reach_their_ends() {
    for (pe, k) in [
        (Pe::Conventional, 65_793),
        (
            Pe::NbSmt(NbSmt {
                threads: Threads::Two,
                policy: Policy::S,
                rounding: Rounding::HalfEven,
                overflow: Overflow::Extend,
            }),
            65_535,
        ),
    ] {
        let (activations, weights) = (vec![255; k], vec![-128; k]);
        check(pe, Gemm::new(1, 1, k).expect("not empty"), &activations, &weights);
        let (activations, weights) = (vec![255; k + 1], vec![-128; k + 1]);
        let operands = Operands::new(Gemm::new(1, 1, k + 1).expect("not empty"), &activations, &weights);
        let array = ArraySpec::new(1, 1, pe).expect("in range");
        assert_eq!(
            Algebraic::default().run(
                &array,
                &operands.expect("as long as the shape says"),
                Measures::NONE
            ),
            Err(EngineError::AccumulatorRange { k: k + 1, max: k })
        );
    }
}

#[test]
fn products_in_turn_are_the_products() {
    let rules = Sparq::new(Window::Opt5);
    let nbsmt = |threads| Pe::NbSmt(NbSmt::new(threads, Policy::SA));
    let mut machines = vec![Pe::Conventional, Pe::Sparq(rules), Pe::SparqStc(rules)];
    machines.extend(Threads::ALL.map(nbsmt));
    let (m, n, k, n_products) = (7, 5, 22, 3);
    let shape = Gemm::new(m, n, k).expect("not empty");
    let all = Gemm::new(n_products * m, n, k).expect("not empty");
    let activations: Vec<u8> = (0..=255).cycle().step_by(37).take(n_products * m * k).collect();
    // At most two of four are not zero.
    let mut weights = Vec::new();
    for row in 0..n {
        weights.extend((0..k).map(|at| match (at + row) % 4 {
            0 => [93, -128, 7, 0][at / 4 % 4],
            2 => [-5, 0, 64][at % 3],
            _ => 0_i8,
        }));
    }
    for (pe, tiles) in machines
        .into_iter()
        .flat_map(|pe| Tiles::ALL.map(|tiles| (pe, tiles)))
    {
        let array = ArraySpec::new(4, 3, pe).expect("in range").with_tiles(tiles);
        for mse in [Mse::Measure, Mse::Skip] {
            let operands = Operands::new(all, &activations, &weights).expect("fits");
            let found = Algebraic::default()
                .run_in_turn(&array, &(&operands).into(), shape, mse)
                .expect("runs");
            let mut product = Vec::new();
            let mut sums = None;
            for activations in activations.chunks(m * k) {
                let operands = Operands::new(shape, activations, &weights).expect("fits");
                let outcome = Algebraic::default()
                    .run(&array, &operands, mse.into())
                    .expect("runs");
                product.extend(&outcome.product);
                let (cycles, counters, error) = sums.get_or_insert((
                    Cycles::default(),
                    Counters::zero(pe.max_active()),
                    outcome.error.map(|_| ErrorSums::default()),
                ));
                *cycles += outcome.cycles;
                *counters += outcome.counters;
                if let (Some(all), Some(own)) = (error, outcome.error) {
                    *all += own;
                }
            }
            let want = sums.map(|(cycles, counters, error)| Outcome {
                product,
                cycles,
                counters,
                error,
                busy: None,
            });
            assert_eq!(Some(found), want, "{array:?}, {mse:?}");
        }
    }
}
