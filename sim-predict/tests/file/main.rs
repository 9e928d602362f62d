//! The predictor file: what was written is read back, and what is broken is named.

mod bad;
mod round_trip;

use std::sync::atomic::AtomicBool;

use sim_predict::curve::{Curve, N_THRESHOLDS};
use sim_predict::file::{End, PlacePredictor, PredictorFile, Provenance};
use sim_predict::mask::MaskType;
use sim_predict::predictor::{Predictor, SIZE};
use sim_predict::train::{LearningRate, Trainer};

const CONV: &str = "/block1/conv1/Conv";
const DOTTED: &str = "block.2.conv";

/// A predictor of one step.
fn predictor(n_channels: usize, mask: i64, place: &str) -> Predictor {
    let mask = MaskType::new(mask).expect("a type");
    let mut trainer = Trainer::new(mask, n_channels, 1, place, LearningRate::ZAP);
    let x: Vec<f32> = (0..u8::MAX)
        .cycle()
        .map(|x| f32::from(x % 7))
        .take(n_channels * SIZE * SIZE)
        .collect();
    let go = AtomicBool::new(false);
    trainer
        .step(&[&x], [n_channels, SIZE, SIZE], 1, &go)
        .expect("a batch");
    trainer.predictor()
}

/// Two places, the second with curves and a name in which a dot stands.
fn file() -> PredictorFile {
    let mut curve = Curve {
        share: [0.25; N_THRESHOLDS],
        error: [0.1; N_THRESHOLDS],
    };
    curve.share[3] = 1.0 / 3.0;
    PredictorFile {
        places: vec![
            PlacePredictor {
                name: DOTTED.to_owned(),
                predictor: predictor(3, 10, DOTTED),
                curve: Some(curve),
                losses: vec![0.1, 0.1 / 3.0],
            },
            PlacePredictor {
                name: CONV.to_owned(),
                predictor: predictor(1, 0, CONV),
                curve: None,
                losses: vec![1e-9, 0.0],
            },
        ],
        provenance: Provenance {
            model_hash: Some("0123456789abcdef".repeat(4)),
            epochs: 5,
            images: 12_800,
            seed: u64::MAX,
            end: End::Early,
        },
    }
}
