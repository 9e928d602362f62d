//! Plans of predicted outputs beside an enumeration that is written from the definition: random small products.

mod definition;

use std::collections::BTreeSet;

use definition::{Product, Tile};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree as _;
use sim_array::mapping::Tiling;
use sim_array::mapping::predicted::{OutputMap, OutputPhase, OutputPlan, Place};
use sim_core::ids::{Col, Row};
use sim_core::prediction::{
    ChannelOrder, FillUp, OutputBound, OutputRules, OutputSchedule, PixelOrder, PredictorLanes,
};
use sim_core::shape::widen;
use sim_core::spec::{Threads, Tiles};
use sim_core::units::Cycles;
use sim_testkit::cases::runner;

fn any_of<T: Clone + std::fmt::Debug + 'static>(values: &[T]) -> impl Strategy<Value = T> + use<T> {
    select(values.to_vec())
}

/// Zeros and ones: all of one kind, or some of each.
fn bits(length: usize) -> impl Strategy<Value = Vec<u8>> {
    let some = |ones: u32| {
        let bit = prop_oneof![8 - ones => Just(0_u8), ones => Just(1_u8)];
        proptest::collection::vec(bit, length)
    };
    prop_oneof![
        1 => Just(vec![0; length]),
        1 => Just(vec![1; length]),
        2 => some(1),
        4 => some(3),
        2 => some(7),
    ]
}

fn product() -> impl Strategy<Value = Product> {
    let array = (
        1_usize..10,
        1_usize..6,
        any_of(&Threads::ALL),
        any_of(&Tiles::ALL),
        1_u8..4,
    );
    let n = prop_oneof![1 => Just(1_usize), 6 => 1_usize..12, 1 => 60_usize..140];
    let shape = (1_usize..6, 1_usize..6, 1_usize..3, n, 1_usize..24);
    let rules = (
        any_of(&OutputSchedule::ALL),
        any_of(&FillUp::ALL),
        any_of(&[0_u32, 1, 4, 64]),
    );
    let orders = (any_of(&PixelOrder::ALL), any_of(&ChannelOrder::ALL));
    (array, shape, rules, orders).prop_flat_map(|(array, shape, rules, (pixels, channels))| {
        let (height, width, n_images, n, k) = shape;
        let m = height * width * n_images;
        let densities = proptest::collection::vec(0_u64..5, n);
        (bits(m), bits(m * n), densities).prop_map(move |(first, mut kept, densities)| {
            for (&first, kept) in first.iter().zip(kept.chunks_mut(n)) {
                kept.iter_mut().for_each(|kept| *kept |= first);
            }
            let (rows, cols, threads, tiles, depth) = array;
            let (schedule, fill_up, n_lanes) = rules;
            Product {
                rows,
                cols,
                threads,
                tiles,
                depth,
                map: OutputMap { height, width },
                n_images,
                n,
                k,
                pixels,
                channels,
                densities,
                rules: OutputRules {
                    schedule,
                    fill_up,
                    predictor_lanes: PredictorLanes(n_lanes),
                },
                first,
                kept,
            }
        })
    })
}

/// Compare one plan with the enumeration; what it reached.
fn check(product: &Product) -> Vec<&'static str> {
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
    let pe_cycles = plan.pe_cycles();
    assert_eq!(pe_cycles, product.pe_cycles(&tiles), "{product:?}");
    let n_pe_cycles = product.array().n_pes() * time.total().0;
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
            let n_plain = Tiling::new(&product.array(), product.shape()).n_tiles();
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
        .map(|&pixel| (0..product.n).filter(|&n| product.is_kept(pixel, n)).count());
    let (n_kept_free, n_free_outputs) = (n_kept_free.sum::<usize>(), free.len() * product.n);
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
        ("one channel", product.n == 1),
        ("more than 64 channels", 64 < product.n),
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
fn each_output_is_computed_once(product: &Product, plan: &OutputPlan, first: &[usize]) {
    let mut n_computed = vec![[0; 2]; product.m() * product.n];
    for (phase, of_phase) in OutputPhase::ALL.into_iter().zip(0..) {
        for tile in plan.tiles(phase) {
            for (row, col) in (0..product.rows).flat_map(|row| (0..product.cols).map(move |col| (row, col))) {
                match tile.place(Row(row), Col(col)) {
                    Place::Computed => {
                        let output = tile.pixels()[row] * product.n + tile.channels()[col];
                        n_computed[output][of_phase] += 1;
                    }
                    Place::Skipped | Place::Masked => {}
                }
            }
        }
    }
    for (output, found) in n_computed.into_iter().enumerate() {
        let (pixel, channel) = (output / product.n, output % product.n);
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
    let strategy = product();
    let mut runner = runner(29);
    let mut seen = BTreeSet::new();
    for _ in 0..1000 {
        let product = strategy.new_tree(&mut runner).expect("a product").current();
        let (schedule, tiles) = (product.rules.schedule, product.tiles);
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
