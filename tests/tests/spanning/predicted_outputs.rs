//! Plans of predicted outputs beside an enumeration that is written from the definition: random small products.

use std::collections::BTreeSet;

use proptest::strategy::Strategy as _;
use proptest::strategy::ValueTree as _;
use sim_algebraic::Algebraic;
use sim_array::clock::Clock;
use sim_array::engine::{Engine, EngineError, Measures, Mse, Operands, Outcome, StreamedOperands};
use sim_array::lockstep::check_registers;
use sim_array::mapping::Tiling;
use sim_array::mapping::predicted::{
    ChannelSequence, OutputMap, OutputPhase, OutputPlan, PixelSequence, Place, PredictedOutputs,
};
use sim_array::stepped::Stepped;
use sim_core::ids::{Col, Row};
use sim_core::prediction::{
    ChannelOrder, FillUp, OutputBound, OutputRules, OutputSchedule, PixelOrder, PredictorLanes,
};
use sim_core::shape::{Gemm, widen};
use sim_core::spec::{ArraySpec, Pe, PeKind, Threads, Tiles};
use sim_core::units::Cycles;
use sim_simd::Simd;
use sim_simd::integer::Kernels;
use sim_testkit::cases::runner;
use sim_testkit::predicted::{Predicted, Tile, predicted};

/// Compare one plan with the enumeration; what it reached.
fn check(product: &Predicted) -> Vec<&'static str> {
    let plan = product.plan();
    let (first, n_filled, free) = product.pixels_of_phases();
    let tiles = [product.first_tiles(&first), product.free_tiles(&free)];
    for (phase, want) in OutputPhase::ALL.into_iter().zip(&tiles) {
        let found: Vec<Tile> = plan
            .tiles(phase)
            .map(|tile| (tile.pixels().to_vec(), tile.channels().to_vec()))
            .collect();
        assert_eq!(&found, want, "{product:?}");
    }
    each_output_is_computed_once(product, &plan, &first);

    let [n_first, n_free] = tiles.each_ref().map(Vec::len);
    let time = plan.time();
    assert_eq!(time.tiles, [n_first, n_free].map(widen), "{product:?}");
    let cycles = [n_first, n_free].map(|n_tiles| Cycles(product.cycles(n_tiles)));
    assert_eq!(time.cycles, cycles, "{product:?}");
    let waiting = Cycles(product.waiting(n_first, n_free));
    assert_eq!(time.waiting, waiting, "{product:?}");
    let want = product.pe_cycles(&tiles);
    let pe_cycles = plan.pe_cycles(want.active);
    assert_eq!(pe_cycles, want, "{product:?}");
    let n_pe_cycles = product.case.array.n_pes() * time.total().0;
    assert_eq!(pe_cycles.total(), n_pe_cycles, "{product:?}");

    let mut is_below_compact = false;
    for bound in OutputBound::ALL {
        let n_bound = usize::try_from(product.bound(&free, bound)).expect("few tiles");
        let want = product.cycles(n_first) + product.waiting(n_first, n_bound) + product.cycles(n_bound);
        assert_eq!(plan.bound(bound), widen(n_bound), "{product:?}, {bound}");
        assert_eq!(
            plan.bound_time(bound).total(),
            Cycles(want),
            "{product:?}, {bound}"
        );
        // Compact keeps its tiles of channels, which `columns` forms anew for each tile of pixels.
        match (bound, product.rules.schedule) {
            (OutputBound::Ideal, _) | (OutputBound::Compact, OutputSchedule::Gate | OutputSchedule::Rows) => {
                assert!(n_bound <= n_free, "{product:?}, {bound}");
            }
            (OutputBound::Compact, OutputSchedule::Columns) => is_below_compact = n_free < n_bound,
        }
    }
    assert!(plan.bound(OutputBound::Ideal) <= plan.bound(OutputBound::Compact));
    // Filled up, `gate` takes the tiles of the plain product: phase 1 leaves no row empty that phase 2 could use.
    match (product.rules.schedule, product.rules.fill_up) {
        (OutputSchedule::Gate, FillUp::On) => {
            let n_plain = Tiling::new(&product.case.array, product.case.shape).n_tiles();
            assert_eq!(n_first + n_free, n_plain, "{product:?}");
        }
        (OutputSchedule::Gate, FillUp::Off) | (OutputSchedule::Rows | OutputSchedule::Columns, _) => {}
    }

    let is_idle = |(pixels, channels): &Tile| {
        let keeps = |&pixel: &usize| channels.iter().any(|&channel| product.is_kept(pixel, channel));
        !pixels.iter().any(keeps)
    };
    let n_kept_free = free
        .iter()
        .map(|&pixel| (0..product.n()).filter(|&n| product.is_kept(pixel, n)).count());
    let (n_kept_free, n_free_outputs) = (n_kept_free.sum::<usize>(), free.len() * product.n());
    let has_free = n_free_outputs != 0;
    let is_slow = product.rules.predictor_lanes == PredictorLanes(1);
    let facts = [
        ("no first pixel", first.is_empty()),
        ("no free pixel", !has_free),
        (
            "no tile of phase 2 although pixels are free",
            has_free && n_free == 0,
        ),
        (
            "every free output kept",
            has_free && n_kept_free == n_free_outputs,
        ),
        ("no free output kept", has_free && n_kept_free == 0),
        ("one channel", product.n() == 1),
        ("more than 64 channels", 64 < product.n()),
        ("folded images", 1 < product.n_images),
        ("rows filled up", n_filled != 0 && has_free),
        ("rows filled up with all that is free", n_filled != 0 && !has_free),
        ("wholly idle tile that runs", tiles[1].iter().any(is_idle)),
        ("the array waits", time.waiting != Cycles(0)),
        ("slow predictor, no wait", is_slow && time.waiting == Cycles(0)),
        (
            "bound of no tiles",
            n_free != 0 && plan.bound(OutputBound::Ideal) == 0,
        ),
        ("fewer tiles than compact", is_below_compact),
        ("stall", pe_cycles.stall != 0),
    ];
    let reached = facts.into_iter().filter(|(_, holds)| *holds);
    reached.map(|(name, _)| name).collect()
}

/// Outputs of phase 1 are computed there and kept outputs of free pixels in phase 2, once; no other is.
fn each_output_is_computed_once(product: &Predicted, plan: &OutputPlan, first: &[usize]) {
    let mut n_computed = vec![[0; 2]; product.case.shape.m() * product.n()];
    for (phase, of_phase) in OutputPhase::ALL.into_iter().zip(0..) {
        for tile in plan.tiles(phase) {
            for (row, col) in (0..product.case.array.rows())
                .flat_map(|row| (0..product.case.array.cols()).map(move |col| (row, col)))
            {
                match tile.place(Row(row), Col(col)) {
                    Place::Computed => {
                        let output = tile.pixels()[row] * product.n() + tile.channels()[col];
                        n_computed[output][of_phase] += 1;
                    }
                    Place::Skipped | Place::Masked => {}
                }
            }
        }
    }
    for (output, found) in n_computed.into_iter().enumerate() {
        let (pixel, channel) = (output / product.n(), output % product.n());
        let want = match (first.contains(&pixel), product.is_kept(pixel, channel)) {
            (true, true | false) => [1, 0],
            (false, true) => [0, 1],
            (false, false) => [0, 0],
        };
        assert_eq!(found, want, "{product:?}, {pixel}, {channel}");
        let is_kept = plan.outputs().is_kept(pixel, channel);
        assert_eq!(is_kept, want != [0, 0], "{product:?}, {pixel}, {channel}");
    }
}

/// What plans of every schedule must have reached.
const REACHED: [&str; 12] = [
    "no first pixel",
    "no free pixel",
    "every free output kept",
    "no free output kept",
    "one channel",
    "more than 64 channels",
    "folded images",
    "rows filled up",
    "rows filled up with all that is free",
    "the array waits",
    "slow predictor, no wait",
    "stall",
];

/// What plans of one schedule must have reached too.
const fn reached_by(schedule: OutputSchedule) -> &'static [&'static str] {
    match schedule {
        OutputSchedule::Gate => &["wholly idle tile that runs", "bound of no tiles"],
        OutputSchedule::Rows => &["no tile of phase 2 although pixels are free"],
        OutputSchedule::Columns => &[
            "no tile of phase 2 although pixels are free",
            "fewer tiles than compact",
        ],
    }
}

#[test]
fn plans_of_predicted_outputs_are_the_enumeration() {
    let strategy = predicted();
    let mut runner = runner(29);
    let mut seen = BTreeSet::new();
    for _ in 0..1000 {
        let product = strategy.new_tree(&mut runner).expect("a product").current();
        let (schedule, tiles) = (product.rules.schedule, product.case.array.tiles());
        let orders = format!("{}, {}, {tiles}", product.pixels, product.channels);
        seen.insert(format!("{schedule}: {orders}"));
        let facts = check(&product).into_iter();
        seen.extend(facts.map(|fact| format!("{schedule}: {fact}")));
    }
    for schedule in OutputSchedule::ALL {
        let facts = REACHED.iter().chain(reached_by(schedule));
        let mut wanted: Vec<String> = facts.map(|&fact| fact.to_owned()).collect();
        for pixels in PixelOrder::ALL {
            for channels in ChannelOrder::ALL {
                wanted.extend(Tiles::ALL.map(|tiles| format!("{pixels}, {channels}, {tiles}")));
            }
        }
        for fact in wanted.into_iter().map(|fact| format!("{schedule}: {fact}")) {
            assert!(seen.contains(&fact), "{fact} was not reached");
        }
    }
}

/// What products on engines must have reached.
fn reached_by_engines() -> BTreeSet<String> {
    let mut wanted: BTreeSet<String> = OutputSchedule::ALL.map(|schedule| format!("{schedule}")).into();
    for threads in Threads::ALL.map(Threads::count) {
        wanted.extend((0..=threads).map(|active| format!("{threads} threads, {active} active")));
    }
    wanted.extend(PeKind::ALL.map(|kind| format!("kind {kind}, some of a row's outputs")));
    let others = [
        "skipped steps",
        "waiting",
        "rows filled up",
        "pixels in blocks, channels by density",
        "folded images",
        "more rows with some outputs than bytes count at once",
        "more rows than a block has",
        "more than 64 channels",
        "serial tiles",
        "pipeline depth over 1",
        "nothing is computed",
        "error",
    ];
    wanted.extend(others.map(str::to_owned));
    wanted
}

fn note(seen: &mut BTreeSet<String>, product: &Predicted, truth: &Outcome) {
    let (array, rules) = (&product.case.array, product.rules);
    let pe_cycles = &truth.counters.pe_cycles;
    let n = product.n();
    let n_some = product
        .kept
        .chunks(n)
        .filter(|row| row.contains(&0) && row.contains(&1))
        .count();
    seen.insert(rules.schedule.to_string());
    if let Some(rules) = array.pe().nb_smt() {
        let counts = pe_cycles.active.counts().iter().enumerate();
        let reached = counts.filter(|(_, count)| **count != 0);
        let threads = rules.threads.count();
        seen.extend(reached.map(|(active, _)| format!("{threads} threads, {active} active")));
    }
    if n_some != 0 {
        seen.insert(format!("kind {}, some of a row's outputs", array.pe().kind()));
    }
    let (_, n_filled, _) = product.pixels_of_phases();
    let facts = [
        ("skipped steps", pe_cycles.skipped != 0),
        ("waiting", pe_cycles.waiting != 0),
        ("rows filled up", n_filled != 0),
        (
            "pixels in blocks, channels by density",
            product.pixels == PixelOrder::Block && product.channels == ChannelOrder::Density,
        ),
        ("folded images", 1 < product.n_images),
        (
            "more rows with some outputs than bytes count at once",
            28 < n_some,
        ),
        ("more rows than a block has", 96 < product.case.shape.m()),
        ("more than 64 channels", 64 < n),
        ("serial tiles", array.tiles() == Tiles::Serial),
        ("pipeline depth over 1", 1 < array.pipeline_depth()),
        ("nothing is computed", truth.cycles == Cycles(0)),
        ("error", truth.error.is_some_and(|sums| sums.squared_error != 0)),
    ];
    seen.extend(
        facts
            .iter()
            .filter(|(_, holds)| *holds)
            .map(|(name, _)| (*name).to_owned()),
    );
}

/// The clocks hold the same registers, and every engine gives what the definition says.
#[test]
fn engines_agree_where_outputs_are_predicted() {
    let engines: Vec<_> = Simd::ALL
        .into_iter()
        .filter_map(|simd| Some((simd, Algebraic::on(Kernels::of(simd)?))))
        .collect();
    let strategy = predicted();
    let mut runner = runner(31);
    let mut seen = BTreeSet::new();
    for number in 0..1500 {
        let product = strategy.new_tree(&mut runner).expect("a product").current();
        let (array, plan) = (&product.case.array, product.plan());
        let operands = product.case.operands().with_plan(&plan);
        let truth = product.truth();
        note(&mut seen, &product, &truth);
        let stepped = Stepped::default()
            .run(array, &operands, Measures::ALL)
            .expect("an outcome");
        assert_eq!(stepped, truth, "stepped: {product:?}");
        for (simd, engine) in &engines {
            let mut found = engine.run(array, &operands, Measures::ALL).expect("an outcome");
            assert_eq!(found, truth, "{simd:?}: {product:?}");
            // Without the error, other products make up the same sums.
            (found.error, found.busy) = (None, None);
            let counters_alone = engine.run(array, &operands, Measures::NONE).expect("an outcome");
            assert_eq!(counters_alone, found, "{simd:?} without measures: {product:?}");
        }
        // The reference clock is slow.
        if number < 300 {
            let clock = Clock.run(array, &operands, Measures::ALL).expect("an outcome");
            assert_eq!(clock, truth, "clock: {product:?}");
            let divergence = check_registers(array, &operands).expect("a verdict");
            assert_eq!(divergence.map(|found| found.to_string()), None, "{product:?}");
        }
    }
    let missing: Vec<String> = reached_by_engines().difference(&seen).cloned().collect();
    assert!(missing.is_empty(), "not reached: {missing:?}");
}

/// Products behind one another are what each of them is, added up.
#[test]
fn products_in_turn_have_plans_of_their_own() {
    let strategy = predicted();
    let mut runner = runner(37);
    let engine = Algebraic::default();
    for _ in 0..50 {
        let product = strategy.new_tree(&mut runner).expect("a product").current();
        let (array, shape) = (&product.case.array, product.case.shape);
        // The second one keeps what the first one skips.
        let mut other = product.clone();
        other.first.fill(0);
        other.kept.iter_mut().for_each(|kept| *kept ^= 1);
        let plans = [product.plan(), other.plan()];
        let all = Gemm::new(2 * shape.m(), shape.n(), shape.k()).expect("a shape");
        let activations = product.case.activations.repeat(2);
        let operands = Operands::new(all, &activations, &product.case.weights).expect("operands");
        let found = engine
            .run_in_turn(
                array,
                &StreamedOperands::from(&operands).with_plans(&plans),
                shape,
                Mse::Measure,
            )
            .expect("an outcome");
        let [mut want, second] = [product.truth(), other.truth()];
        want.product.extend(second.product);
        want.cycles += second.cycles;
        want.counters += second.counters;
        want.busy = None;
        want.error = want.error.zip(second.error).map(|(mut sums, more)| {
            sums += more;
            sums
        });
        assert_eq!(found, want, "{product:?}");
    }
}

#[test]
fn plans_of_other_products_and_arrays_are_errors() {
    let shape = Gemm::new(2, 2, 1).expect("a shape");
    let plan_of = |array: &ArraySpec, shape: Gemm| {
        let outputs = PredictedOutputs::new(shape, &vec![1; shape.m()], &vec![1; shape.m() * shape.n()]);
        let map = OutputMap {
            height: 1,
            width: shape.m(),
        };
        let pixels = PixelSequence::new(PixelOrder::Raster, map, 1, array.rows());
        let channels = ChannelSequence::new(ChannelOrder::Natural, &vec![0; shape.n()]);
        OutputPlan::new(
            array,
            OutputRules::default(),
            outputs.expect("outputs"),
            &pixels,
            &channels,
        )
        .expect("a plan")
    };
    let array = ArraySpec::new(2, 2, Pe::Conventional).expect("an array");
    let other_array = ArraySpec::new(2, 3, Pe::Conventional).expect("an array");
    let operands = Operands::new(shape, &[1, 2], &[3, 4]).expect("operands");
    let engines: [&dyn Engine; 3] = [&Clock, &Stepped::default(), &Algebraic::default()];
    for engine in engines {
        for (plan, of) in [
            (plan_of(&array, Gemm::new(3, 2, 1).expect("a shape")), "product"),
            (plan_of(&other_array, shape), "array"),
        ] {
            let error = engine.run(&array, &operands.with_plan(&plan), Measures::NONE);
            assert_eq!(error, Err(EngineError::OtherPlan(of)));
        }
    }
}
