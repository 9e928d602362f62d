//! A trace on arrays: sums over products, independent of the number of threads.

use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use sim_array::engine::{EngineError, Measures};
use sim_array::mapping::Schedule;
use sim_array::stepped::Stepped;
use sim_core::progress::{Progress, Silent};
use sim_core::prune::PruneSpec;
use sim_core::record::LayerRecord;
use sim_core::reorder::Reorder;
use sim_core::shape::Gemm;
use sim_core::spec::{Batch, Pe, Threads};
use sim_core::units::Cycles;
use sim_layers::check::{CheckOptions, check};
use sim_layers::machines::LayerMachines;
use sim_layers::simulate::{SimulateError, SimulateOptions, simulate};
use sim_quant::prune::prune_trace;

use crate::common::{GO, array, nb_smt, options, sparq, trace};

fn records(options: &SimulateOptions<'_>) -> Vec<LayerRecord> {
    simulate(&trace(), options, &Silent).expect("runs")
}

#[test]
fn records_are_sums_over_images_and_groups() {
    let array = array(nb_smt(Threads::Two));
    let machines = LayerMachines::new(array);
    let records = records(&options(&machines));
    let shapes = [(30, 7, 12), (25, 1, 4), (9, 3, 8)];
    for ((record, (m, n, k)), groups) in records.iter().zip(shapes).zip([1, 4, 2]) {
        let gemm = Gemm::new(m, n, k).expect("not empty");
        let n_products = 3 * groups;
        let times = |one: Cycles| Cycles(one.0 * n_products);
        let product = &record.product;
        assert_eq!(
            (product.shape, product.n_products, record.images),
            (gemm, n_products, 3),
            "{}",
            record.name
        );
        assert_eq!(
            product.cycles,
            times(Schedule::new(&array, gemm).cycles()),
            "{}",
            record.name
        );
        assert_eq!(
            product.baseline_cycles,
            times(Schedule::new(&array.default_baseline(), gemm).cycles()),
            "{}",
            record.name
        );
        assert_eq!(
            product.counters.pe_cycles.total(),
            array.n_pes() * product.cycles.0
        );
        assert!(product.error.is_some());
        let busy: u64 = product.counters.pe_cycles.active.counts()[1..].iter().sum();
        let map = product.busy.as_ref().expect("was asked for");
        assert_eq!((map.rows(), map.cols()), (array.rows(), array.cols()));
        assert_eq!(map.total(), busy, "{}", record.name);
    }
    let skipped = SimulateOptions {
        measures: Measures::NONE,
        ..options(&machines)
    };
    assert!(
        self::records(&skipped)
            .iter()
            .all(|record| record.product.error.is_none() && record.product.busy.is_none())
    );
}

#[test]
fn records_do_not_depend_on_jobs_or_engine() {
    for pe in [Pe::Conventional, nb_smt(Threads::Four), Pe::Sparq(sparq())] {
        for batch in Batch::ALL {
            let machines = LayerMachines::new(array(pe).with_batch(batch));
            let one = SimulateOptions {
                jobs: 1,
                ..options(&machines)
            };
            let want = records(&one);
            assert_eq!(records(&SimulateOptions { jobs: 5, ..one }), want);
            let mut stepped = records(&SimulateOptions {
                engine: &Stepped::default(),
                ..one
            });
            for (stepped, want) in stepped.iter_mut().zip(&want) {
                stepped.product.engine = want.product.engine;
            }
            assert_eq!(stepped, want, "{pe:?}, {batch:?}");
        }
    }
}

#[test]
fn folded_images_form_one_product() {
    let folded = array(nb_smt(Threads::Two)).with_batch(Batch::Folded);
    let records = records(&options(&LayerMachines::new(folded)));
    assert_eq!(records[0].product.shape, Gemm::new(90, 7, 12).expect("not empty"));
    assert_eq!(
        (records[0].product.n_products, records[1].product.n_products),
        (1, 4)
    );
    assert_eq!(records[0].images, 3);
    // The same work whether folded or not.
    let separate = LayerMachines::new(folded.with_batch(Batch::Separate));
    let separate = self::records(&options(&separate));
    for (folded, separate) in records.iter().zip(&separate) {
        assert_eq!(folded.product.macs(), separate.product.macs());
        assert_eq!(folded.product.error, separate.product.error);
        assert_eq!(
            folded.product.counters.operand_widths,
            separate.product.counters.operand_widths
        );
    }
}

#[test]
fn throttled_depthwise_layers_keep_the_histogram_of_the_array() {
    let machines =
        LayerMachines::new(array(nb_smt(Threads::Four))).with_depthwise_threads(Some(Threads::One));
    let records = records(&options(&machines));
    let threads: Vec<_> = records.iter().map(|record| record.threads).collect();
    assert_eq!(
        threads,
        [Some(Threads::Four), Some(Threads::One), Some(Threads::Four)]
    );
    let depthwise = &records[1].product;
    let counts = depthwise.counters.pe_cycles.active.counts();
    assert_eq!((counts.len(), &counts[2..]), (5, [0; 3].as_slice()));
    assert_eq!(depthwise.cycles, depthwise.baseline_cycles);
    assert_eq!(depthwise.error.map(|error| error.squared_error), Some(0)); // One thread is exact.
}

#[test]
fn errors_name_layer_image_and_group() {
    let dense = LayerMachines::new(array(Pe::SparqStc(sparq())));
    for jobs in [1, 4] {
        let options = SimulateOptions {
            jobs,
            ..options(&dense)
        };
        let error = simulate(&trace(), &options, &Silent)
            .expect_err("is dense")
            .to_string();
        let want = "layer 0 (`plain`), image 0 (`a`): output channel 0, K 0..=3:";
        assert!(
            error.starts_with(want) && error.ends_with("or take a `sparq` array"),
            "{error}"
        );
    }
    let mut grouped = trace();
    grouped.layers.drain(..2);
    let error = simulate(&grouped, &options(&dense), &Silent)
        .expect_err("is dense")
        .to_string();
    assert!(
        error.starts_with("layer 0 (`grouped`), image 0 (`a`), group 0:"),
        "{error}"
    );
    let mut broken = trace();
    broken.layers[1].input.pop();
    let error = simulate(&broken, &options(&dense), &Silent)
        .expect_err("is broken")
        .to_string();
    assert!(error.contains("layer 1 (`depthwise`): tensor `input`"), "{error}");
}

#[test]
fn a_run_can_be_stopped() {
    let stop = AtomicBool::new(true);
    let machines = LayerMachines::new(array(Pe::Conventional));
    let options = SimulateOptions {
        stop: &stop,
        ..options(&machines)
    };
    let stopped = simulate(&trace(), &options, &Silent);
    assert!(matches!(stopped, Err(SimulateError::Stopped)), "{stopped:?}");
}

#[test]
fn progress_counts_every_product() {
    #[derive(Default)]
    struct Count(Mutex<(usize, Vec<String>)>);
    impl Progress for Count {
        fn begin(&self, _what: &str, n_steps: usize) {
            self.0.lock().expect("not poisoned").0 = n_steps;
        }
        fn advance(&self, at: &str) {
            self.0.lock().expect("not poisoned").1.push(at.to_owned());
        }
    }
    let count = Count::default();
    let machines = LayerMachines::new(array(Pe::Conventional));
    simulate(&trace(), &options(&machines), &count).expect("runs");
    let (n_steps, steps) = count.0.into_inner().expect("not poisoned");
    assert_eq!((n_steps, steps.len()), (3 + 12 + 6, 21));
    assert_eq!(steps.iter().filter(|layer| *layer == "depthwise").count(), 12);
}

#[test]
fn both_engines_agree_on_a_trace() {
    for pe in [
        Pe::Conventional,
        nb_smt(Threads::Two),
        nb_smt(Threads::Four),
        Pe::Sparq(sparq()),
    ] {
        let options = CheckOptions {
            engines: &crate::common::ENGINES,
            truth: sim_array::lockstep::Truth::Stepped,
            machines: &LayerMachines::new(array(pe)).with_depthwise_threads(Some(Threads::Two)),
            reorder: Reorder::Off,
            prediction: None,
            jobs: 2,
            stop: &GO,
        };
        assert_eq!(check(&trace(), &options, &Silent).expect("runs"), None, "{pe:?}");
    }
}

#[test]
fn sparse_arrays_run_pruned_traces_and_refuse_others() {
    let machines = LayerMachines::new(array(Pe::SparqStc(sparq())));
    let mut trace = trace();
    let error = simulate(&trace, &options(&machines), &Silent).expect_err("more than two of four");
    assert!(
        matches!(
            error,
            SimulateError::Engine {
                error: EngineError::NotTwoOfFour { .. },
                ..
            }
        ),
        "{error}"
    );
    prune_trace(&mut trace, PruneSpec::TwoOfFour);
    simulate(&trace, &options(&machines), &Silent).expect("two of four");
}

#[test]
fn conventional_arrays_make_no_error() {
    let machines = LayerMachines::new(array(Pe::Conventional));
    for record in records(&options(&machines)) {
        assert_eq!(record.product.cycles, record.product.baseline_cycles);
        assert_eq!(record.product.error.map(|error| error.squared_error), Some(0));
    }
}
