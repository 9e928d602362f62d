//! The golden products whose outputs are predicted: tiles, cycles, PE-cycles, waits, bounds and orders of every schedule.

use serde::Deserialize;
use serde::de::IgnoredAny;
use sim_array::mapping::Schedule;
use sim_array::mapping::predicted::{
    ChannelSequence, OutputMap, OutputPhase, OutputPlan, PixelSequence, PredictedOutputs, PredictedTime,
};
use sim_core::counters::{ActiveSteps, PeCycles};
use sim_core::prediction::{
    ChannelOrder, FillUp, OutputBound, OutputRules, OutputSchedule, PixelOrder, PredictorLanes,
};
use sim_core::shape::Gemm;
use sim_core::spec::{ArraySpec, NbSmt, Pe, Policy, Threads, Tiles};
use sim_core::units::Cycles;
use sim_testkit::golden;

const FILE: &str = "predictors/array_dev.npz";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Product {
    height: usize,
    width: usize,
    n: usize,
    k: usize,
    rows: usize,
    cols: usize,
    threads: usize,
    pipeline_depth: u8,
    tiles: Tiles,
    pixel_order: PixelOrder,
    plain_cycles: u64,
    schedules: Schedules,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Schedules {
    gate: Phases,
    rows: Phases,
    columns: Phases,
    compact: Bound,
    ideal: Bound,
    /// Not a schedule of ours.
    #[serde(rename = "tiles")]
    _tiles: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Phases {
    tiles: [u64; 2],
    cycles: [u64; 2],
    pe_cycles: Buckets,
    with_lanes: WithLanes,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Buckets {
    fill: u64,
    computed: u64,
    skipped: u64,
    masked: u64,
    stall: u64,
    drain: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WithLanes {
    lanes: u32,
    wait: u64,
    cycles: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bound {
    tiles: [u64; 2],
}

impl Product {
    fn array(&self) -> ArraySpec {
        let pe = match Threads::from_count(self.threads).expect("threads") {
            Threads::One => Pe::Conventional,
            threads @ (Threads::Two | Threads::Four) => Pe::NbSmt(NbSmt::new(threads, Policy::SA)),
        };
        ArraySpec::new(self.rows, self.cols, pe)
            .and_then(|array| array.with_pipeline_depth(self.pipeline_depth))
            .expect("an array")
            .with_tiles(self.tiles)
    }
}

#[test]
fn golden_products_of_predicted_outputs_to_the_cycle() {
    let file = golden::read(FILE);
    let products: Vec<Product> = serde_json::from_str(&golden::meta(FILE)).expect("the description");
    assert_eq!(products.len(), 60);
    let (mut n_dense_orders, mut n_waits) = (0, 0);
    for (index, product) in products.iter().enumerate() {
        let bytes = |name: &str| file[&format!("{index:03}/{name}")].activations();
        let sequence = |name: &str| -> Vec<usize> {
            let values = file[&format!("{index:03}/{name}")].counts();
            values
                .iter()
                .map(|&value| usize::try_from(value).expect("an index"))
                .collect()
        };
        let array = product.array();
        let map = OutputMap {
            height: product.height,
            width: product.width,
        };
        let shape = Gemm::new(map.height * map.width, product.n, product.k).expect("a shape");
        let outputs = PredictedOutputs::new(shape, &bytes("first"), &bytes("kept")).expect("outputs");
        assert_eq!(
            Schedule::new(&array, shape).cycles(),
            Cycles(product.plain_cycles)
        );

        let pixels = PixelSequence::new(product.pixel_order, map, 1, product.rows);
        assert_eq!(pixels.as_slice(), sequence("pixels"), "case {index}");
        let counts = outputs.n_kept_free_by_channel();
        let order = if sequence("channels").is_sorted() {
            ChannelOrder::Natural
        } else {
            n_dense_orders += 1;
            ChannelOrder::Density
        };
        let channels = ChannelSequence::new(order, &counts);
        assert_eq!(channels.as_slice(), sequence("channels"), "case {index}");

        for schedule in OutputSchedule::ALL {
            let name = format!("case {index}, {schedule}");
            let want = match schedule {
                OutputSchedule::Gate => &product.schedules.gate,
                OutputSchedule::Rows => &product.schedules.rows,
                OutputSchedule::Columns => &product.schedules.columns,
            };
            let plan = |n_lanes| {
                let rules = OutputRules {
                    schedule,
                    fill_up: FillUp::Off,
                    predictor_lanes: PredictorLanes(n_lanes),
                };
                OutputPlan::new(&array, rules, outputs.clone(), &pixels, &channels).expect("a plan")
            };
            let (without, with) = (plan(0), plan(want.with_lanes.lanes));
            let time = PredictedTime {
                tiles: want.tiles,
                cycles: want.cycles.map(Cycles),
                waiting: Cycles(0),
            };
            assert_eq!(without.time(), time, "{name}");
            let waiting = Cycles(want.with_lanes.wait);
            assert_eq!(with.time(), PredictedTime { waiting, ..time }, "{name}");
            assert_eq!(with.time().total(), Cycles(want.with_lanes.cycles), "{name}");
            n_waits += u64::from(waiting != Cycles(0));

            let active = ActiveSteps::from_counts(&[want.pe_cycles.computed]);
            let pe_cycles = PeCycles {
                fill: want.pe_cycles.fill,
                active,
                skipped: want.pe_cycles.skipped,
                masked: want.pe_cycles.masked,
                stall: want.pe_cycles.stall,
                drain: want.pe_cycles.drain,
                waiting: 0,
            };
            assert_eq!(without.pe_cycles(active), pe_cycles, "{name}");
            let waiting = array.n_pes() * waiting.0;
            assert_eq!(
                with.pe_cycles(active),
                PeCycles { waiting, ..pe_cycles },
                "{name}"
            );

            for bound in OutputBound::ALL {
                let want = match bound {
                    OutputBound::Compact => &product.schedules.compact,
                    OutputBound::Ideal => &product.schedules.ideal,
                };
                let tiles = [without.n_tiles(OutputPhase::First), without.bound(bound)];
                assert_eq!(tiles, want.tiles, "{name}, {bound}");
                assert_eq!(without.bound_time(bound).tiles, want.tiles, "{name}, {bound}");
            }
        }
    }
    assert!(0 < n_dense_orders && n_dense_orders < 60 && 0 < n_waits);
}
