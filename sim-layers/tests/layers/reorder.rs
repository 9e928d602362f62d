//! K in another order: the same sums, steps in which other operands meet.

use proptest::prelude::*;
use sim_algebraic::Algebraic;
use sim_array::engine::{ActivationRows as _, Engine as _, Measures, Operands};
use sim_core::convolution::Geometry;
use sim_core::counters::{Counters, ErrorSums};
use sim_core::layer_rules::LayerRules;
use sim_core::progress::Silent;
use sim_core::record::LayerRecord;
use sim_core::reorder::Reorder;
use sim_core::shape::Gemm;
use sim_core::spec::{Batch, KOrder, Pe, Threads};
use sim_layers::check::{CheckOptions, check};
use sim_layers::machines::LayerMachines;
use sim_layers::simulate::{SimulateOptions, simulate};
use sim_quant::lowering::Lowering;
use sim_quant::reorder::ColumnOrder;
use sim_trace::trace::{Layer, Trace};

use crate::common::{GO, array, layer, nb_smt, options, sparq, trace};

/// The definition: pad, sort, reverse every second segment.
fn naive_order(counts: &[u64], n_threads: usize) -> Vec<Option<usize>> {
    let n_steps = counts.len().div_ceil(n_threads);
    let mut places: Vec<(u64, usize)> = (0..n_threads * n_steps)
        .map(|k| (counts.get(k).copied().unwrap_or(0), k))
        .collect();
    places.sort_unstable(); // Ties by k: stable.
    let place = |position: usize| {
        let (thread, step) = (position / n_steps, position % n_steps);
        let from = match thread % 2 {
            0 => position,
            _ => thread * n_steps + (n_steps - 1 - step),
        };
        Some(places[from].1).filter(|&k| k < counts.len())
    };
    (0..places.len()).map(place).collect()
}

#[test]
fn order_table() {
    #[track_caller]
    fn check(counts: &[u64], threads: Threads, want: &[Option<usize>]) {
        let order = ColumnOrder::new(counts, threads).expect("several threads");
        assert_eq!(order.columns(), want, "{counts:?}");
        assert_eq!(
            (order.k(), order.padded_k()),
            (counts.len(), want.len()),
            "{counts:?}"
        );
    }
    const EMPTY: Option<usize> = None;
    // By count 1, 3, 2, 0: the rarest meets the most frequent.
    check(&[5, 0, 3, 1], Threads::Two, &[Some(1), Some(3), Some(0), Some(2)]);
    // Ties keep their order before the second half is reversed.
    check(&[1, 1, 1, 1], Threads::Two, &[Some(0), Some(1), Some(3), Some(2)]);
    // The empty column comes behind the last column without a wide activation.
    check(&[2, 1, 0], Threads::Two, &[Some(2), EMPTY, Some(0), Some(1)]);
    // Two steps: by count 3 and the empty one, 1 and 4, 5 and 2, 0 and 6.
    check(
        &[7, 1, 5, 0, 2, 2, 9],
        Threads::Four,
        &[
            Some(3),
            EMPTY,
            Some(4),
            Some(1),
            Some(5),
            Some(2),
            Some(6),
            Some(0),
        ],
    );
    check(&[1], Threads::Four, &[EMPTY, EMPTY, EMPTY, Some(0)]);
    check(&[0], Threads::Two, &[Some(0), EMPTY]);
    assert_eq!(ColumnOrder::new(&[3, 1], Threads::One), None);
}

/// Three images; K is 27, 9 and 9, a code other than 0 pads the second.
fn odd() -> Trace {
    let mut layers = vec![
        layer("plain", [3, 5, 6], [7, 3, 3, 3], 1),
        layer("depthwise", [4, 5, 5], [4, 1, 3, 3], 4),
        layer("grouped", [6, 5, 4], [4, 3, 3, 1], 2),
    ];
    layers[1].zero_point = 33;
    for layer in &mut layers {
        let n_counts = layer.geometry.groups * layer.k_per_group();
        layer.wide_counts = Some(
            (0..n_counts)
                .map(|k| u64::try_from(k * 5 % 7).unwrap_or(0))
                .collect(),
        );
    }
    Trace { layers, ..trace() }
}

/// A of one group and image, and W of the group, by way of rows that other tests hold to the definition.
fn operands(layer: &Layer, image: usize, group: usize) -> (Vec<u8>, Vec<i8>) {
    let lowering = Lowering::of(layer).expect("fits");
    let input = &layer.input[image * lowering.input_len()..][..lowering.input_len()];
    let order = KOrder::ChannelMajor;
    (
        lowering
            .activations(input, layer.zero_point, group, order)
            .to_vec(),
        lowering.weights(&layer.weight, group, order).into_owned(),
    )
}

/// Columns of a `[rows, k]` matrix where `order` says.
fn gathered<T: Copy + Default>(matrix: &[T], k: usize, order: &[Option<usize>]) -> Vec<T> {
    (matrix.chunks(k))
        .flat_map(|row| order.iter().map(|place| place.map_or(T::default(), |k| row[k])))
        .collect()
}

fn is_wide_activation(code: u8) -> bool {
    15 < code
}

fn is_wide_weight(weight: i8) -> bool {
    !(-8..=7).contains(&weight)
}

fn naive_counts(layer: &Layer, group: usize, mode: Reorder) -> Vec<u64> {
    let k = layer.k_per_group();
    let mut counts = vec![0; k];
    match mode {
        Reorder::Off => panic!("nothing to count"),
        Reorder::Calibration => {
            let all = layer.wide_counts.as_ref().expect("counted");
            counts.copy_from_slice(&all[group * k..(group + 1) * k]);
        }
        Reorder::Oracle => {
            for image in 0..layer.input_shape[0] {
                for (place, code) in operands(layer, image, group).0.into_iter().enumerate() {
                    counts[place % k] += u64::from(is_wide_activation(code));
                }
            }
        }
        Reorder::Weights => {
            for (place, weight) in operands(layer, 0, group).1.into_iter().enumerate() {
                counts[place % k] += u64::from(is_wide_weight(weight));
            }
        }
    }
    counts
}

/// Counters and errors of a layer, from operands permuted by hand.
fn naive_sums(layer: &Layer, mode: Reorder, threads: Threads) -> (Counters, ErrorSums) {
    let lowering = Lowering::of(layer).expect("fits");
    let mut sums = (Counters::zero(threads.count()), ErrorSums::default());
    for group in 0..lowering.groups() {
        let order = naive_order(&naive_counts(layer, group, mode), threads.count());
        for image in 0..layer.input_shape[0] {
            let (a, w) = operands(layer, image, group);
            let (a, w) = (
                gathered(&a, lowering.k(), &order),
                gathered(&w, lowering.k(), &order),
            );
            let shape = Gemm::new(lowering.m(), lowering.n(), order.len()).expect("not empty");
            let operands = Operands::new(shape, &a, &w).expect("fits");
            let outcome = Algebraic::default()
                .run(&array(nb_smt(threads)), &operands, Measures::ALL)
                .expect("runs");
            sums.0 += outcome.counters;
            sums.1 += outcome.error.expect("measured");
        }
    }
    sums
}

const MODES: [Reorder; 3] = [Reorder::Calibration, Reorder::Oracle, Reorder::Weights];

fn records(trace: &Trace, machines: &LayerMachines, reorder: Reorder) -> Vec<LayerRecord> {
    let options = SimulateOptions {
        reorder,
        ..options(machines)
    };
    simulate(trace, &options, &Silent).expect("runs")
}

#[test]
fn counters_are_those_of_operands_permuted_by_hand() {
    let trace = odd();
    for threads in [Threads::Two, Threads::Four] {
        let machines = LayerMachines::new(array(nb_smt(threads)));
        let plain = records(&trace, &machines, Reorder::Off);
        for mode in MODES {
            let reordered = records(&trace, &machines, mode);
            for ((layer, record), plain) in trace.layers.iter().zip(&reordered).zip(&plain) {
                let (counters, error) = naive_sums(layer, mode, threads);
                let place = format!("{}, {threads:?}, {mode:?}", layer.name);
                let (record, plain) = (&record.product, &plain.product);
                assert_eq!(record.counters, counters, "{place}");
                assert_eq!(record.error, Some(error), "{place}");
                // Time and what is multiplied are the same; the baseline is not reordered.
                assert_eq!(
                    (record.shape, record.cycles, record.baseline_cycles, record.macs()),
                    (plain.shape, plain.cycles, plain.baseline_cycles, plain.macs()),
                    "{place}"
                );
                assert_eq!(
                    record.counters.operand_widths, plain.counters.operand_widths,
                    "{place}"
                );
                let squared_exact = |error: Option<ErrorSums>| error.map(|error| error.squared_exact);
                assert_eq!(squared_exact(record.error), squared_exact(plain.error), "{place}");
            }
            let is_changed = reordered
                .iter()
                .zip(&plain)
                .any(|(a, b)| a.product.error != b.product.error);
            assert!(is_changed, "{threads:?}, {mode:?} changed nothing");
        }
    }
}

#[test]
fn jobs_and_folding_change_no_order() {
    let trace = odd();
    let separate = LayerMachines::new(array(nb_smt(Threads::Two)));
    let folded = LayerMachines::new(array(nb_smt(Threads::Two)).with_batch(Batch::Folded));
    for mode in MODES {
        let want = records(&trace, &separate, mode);
        let options = SimulateOptions {
            reorder: mode,
            jobs: 1,
            ..options(&separate)
        };
        assert_eq!(simulate(&trace, &options, &Silent).expect("runs"), want);
        for (folded, separate) in records(&trace, &folded, mode).iter().zip(&want) {
            assert_eq!(folded.product.error, separate.product.error, "{mode:?}");
        }
    }
}

#[test]
fn one_thread_knows_no_order() {
    let trace = odd();
    let one = LayerMachines::new(array(nb_smt(Threads::One)));
    let want = records(&trace, &one, Reorder::Off);
    for mode in MODES {
        assert_eq!(records(&trace, &one, mode), want, "{mode:?}");
    }
    // Nor does a throttled layer, nor does it need counts.
    let mut uncounted = odd();
    uncounted.layers[0].wide_counts = None;
    let rules = LayerRules {
        threads: Some(Threads::One),
        policy: None,
    };
    let throttled = LayerMachines::new(array(nb_smt(Threads::Two)))
        .with_layer("plain", rules)
        .expect("fits");
    let error = records(&uncounted, &throttled, Reorder::Calibration)[0]
        .product
        .error;
    assert_eq!(error.map(|error| error.squared_error), Some(0));
}

#[test]
fn both_engines_agree_on_reordered_products() {
    for threads in [Threads::Two, Threads::Four] {
        for mode in MODES {
            let options = CheckOptions {
                engines: &crate::common::ENGINES,
                truth: sim_array::lockstep::Truth::Stepped,
                machines: &LayerMachines::new(array(nb_smt(threads))),
                reorder: mode,
                prediction: None,
                jobs: 2,
                stop: &GO,
            };
            assert_eq!(check(&odd(), &options, &Silent).expect("runs"), None, "{mode:?}");
        }
    }
}

#[test]
fn orders_that_cannot_be_made() {
    let message = |trace: &Trace, pe: Pe, reorder: Reorder| {
        let machines = LayerMachines::new(array(pe));
        let options = SimulateOptions {
            reorder,
            ..options(&machines)
        };
        simulate(trace, &options, &Silent)
            .expect_err("is wrong")
            .to_string()
    };
    let with_windows = Pe::with_windows(&[sparq()]);
    for pe in with_windows.into_iter().chain([Pe::Conventional]) {
        for mode in MODES {
            let error = message(&odd(), pe, mode);
            assert!(
                error.contains(pe.kind().name()) && error.contains("reorder = \"off\""),
                "{error}"
            );
        }
    }
    let mut uncounted = odd();
    uncounted.layers[2].wide_counts = None;
    let error = message(&uncounted, nb_smt(Threads::Two), Reorder::Calibration);
    assert!(
        error.starts_with("layer `grouped` holds no `wide_counts`"),
        "{error}"
    );
}

prop_compose! {
    /// A convolution whose numbers fit, and one count for each of its columns.
    fn cases()(
        per_group in 1_usize..4,
        groups in 1_usize..3,
        kernel in [1_usize..4, 1_usize..4],
        extra in [0_usize..6, 0_usize..6],
        stride in [1_usize..4, 1_usize..4],
        dilation in [1_usize..3, 1_usize..3],
        padding in prop_oneof![Just([0; 4]), prop::array::uniform4(0_usize..3)],
        n_images in 1_usize..3,
    )(
        counts in prop::collection::vec(0_u64..5, per_group * kernel[0] * kernel[1]),
        input in prop::collection::vec(
            prop_oneof![1 => Just(0), 2 => any::<u8>()],
            n_images * per_group * groups
                * ((kernel[0] - 1) * dilation[0] + 1 + extra[0])
                * ((kernel[1] - 1) * dilation[1] + 1 + extra[1]),
        ),
        weight in prop::collection::vec(any::<i8>(), 2 * groups * per_group * kernel[0] * kernel[1]),
        geometry in Just(Geometry { stride, padding, dilation, groups }),
        weight_shape in Just([2 * groups, per_group, kernel[0], kernel[1]]),
        sides in Just([0, 1].map(|axis| (kernel[axis] - 1) * dilation[axis] + 1 + extra[axis])),
    ) -> (Lowering, Vec<u8>, Vec<i8>, Vec<u64>) {
        let [_, per_group, ..] = weight_shape;
        let shape = [per_group * geometry.groups, sides[0], sides[1]];
        (Lowering::new(shape, weight_shape, geometry).expect("fits"), input, weight, counts)
    }
}

proptest! {
    #[test]
    fn an_order_holds_every_column_once(
        counts in prop::collection::vec(0_u64..6, 1..40),
        threads in prop::sample::select(vec![Threads::Two, Threads::Four]),
    ) {
        let order = ColumnOrder::new(&counts, threads).expect("several threads");
        let naive = naive_order(&counts, threads.count());
        prop_assert_eq!(order.columns(), naive.as_slice());
        prop_assert!(order.padded_k().is_multiple_of(threads.count()));
        prop_assert!(order.padded_k() < counts.len() + threads.count());
        let mut columns: Vec<usize> = order.columns().iter().copied().flatten().collect();
        columns.sort_unstable();
        prop_assert_eq!(columns, (0..counts.len()).collect::<Vec<_>>());
    }

    #[test]
    fn rows_are_gathered_and_products_are_the_same(
        (lowering, input, weight, counts) in cases(),
        threads in prop::sample::select(vec![Threads::Two, Threads::Four]),
        n_rows in 1_usize..20,
        zero_point in prop_oneof![Just(0), Just(77)],
    ) {
        let order = ColumnOrder::new(&counts, threads).expect("several threads");
        let (k, padded) = (lowering.k(), order.padded_k());
        for group in 0..lowering.groups() {
            let plain = lowering.activations(&input, zero_point, group, KOrder::ChannelMajor).to_vec();
            let want = gathered(&plain, k, order.columns());
            let activations =
                lowering.activations(&input, zero_point, group, KOrder::ChannelMajor).reordered(&order);
            prop_assert_eq!(activations.k(), padded);
            prop_assert_eq!(&activations.to_vec(), &want);
            let mut buffer = vec![0xAA; 100];
            let m = want.len() / padded;
            for first in (0..m).step_by(n_rows) {
                let rows = first..m.min(first + n_rows);
                let found = activations.rows(rows.clone(), &mut buffer);
                prop_assert_eq!(found, &want[rows.start * padded..rows.end * padded]);
            }
            let w = lowering.weights(&weight, group, KOrder::ChannelMajor);
            let reordered = order.weights(&w);
            let product = |a: &[u8], w: &[i8]| -> i32 {
                a.iter().zip(w).map(|(&a, &w)| i32::from(a) * i32::from(w)).sum()
            };
            for (a, plain) in want.chunks(padded).zip(plain.chunks(k)) {
                for (w, plain_w) in reordered.chunks(padded).zip(w.chunks(k)) {
                    prop_assert_eq!(product(a, w), product(plain, plain_w));
                }
            }
        }
    }
}
