//! Random products whose outputs are predicted.

use proptest::prelude::*;
use proptest::sample::select;
use sim_array::mapping::predicted::OutputMap;
use sim_core::prediction::{ChannelOrder, FillUp, OutputRules, OutputSchedule, PixelOrder, PredictorLanes};
use sim_core::shape::Gemm;
use sim_core::spec::ArraySpec;

use super::Predicted;
use crate::cases::{array, case_of};

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

/// Any machine, any small product, any outputs that are kept.
///
/// # Panics
/// Never: all that is drawn is in range.
pub fn predicted() -> impl Strategy<Value = Predicted> {
    on_any_of(array())
}

/// Any small product on one machine, any outputs that are kept.
///
/// # Panics
/// Never: all that is drawn is in range.
pub fn predicted_on(array: ArraySpec) -> impl Strategy<Value = Predicted> {
    on_any_of(Just(array))
}

fn on_any_of(arrays: impl Strategy<Value = ArraySpec>) -> impl Strategy<Value = Predicted> {
    let n = prop_oneof![1 => Just(1_usize), 6 => 1_usize..12, 1 => 60_usize..140];
    let side = || prop_oneof![8 => 1_usize..6, 1 => 6_usize..9];
    let shape = (side(), side(), 1_usize..3, n, 1_usize..24);
    let rules = (
        any_of(&OutputSchedule::ALL),
        any_of(&FillUp::ALL),
        any_of(&[0_u32, 1, 4, 64]),
    );
    let orders = (any_of(&PixelOrder::ALL), any_of(&ChannelOrder::ALL));
    (arrays, shape, rules, orders).prop_flat_map(|(array, shape, rules, (pixels, channels))| {
        let (height, width, n_images, n, k) = shape;
        let m = height * width * n_images;
        let case = case_of(array, Gemm::new(m, n, k).expect("a shape"));
        let densities = proptest::collection::vec(0_u64..5, n);
        (case, bits(m), bits(m * n), densities).prop_map(move |(case, first, mut kept, densities)| {
            for (&first, kept) in first.iter().zip(kept.chunks_mut(n)) {
                kept.iter_mut().for_each(|kept| *kept |= first);
            }
            let (schedule, fill_up, n_lanes) = rules;
            Predicted {
                case,
                map: OutputMap { height, width },
                n_images,
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
