//! Kurtosis, and codes of few bits, beside independent models of them.

use sim_core::quantization::{QuantizationSpec, WeightScales, WeightStep};
use sim_quant::kurtosis::{KurtosisTerm, TermMode, gradient, kurtosis};
use sim_quant::weights::WeightRule;
use sim_testkit::cases_file::CasesFile;

fn cases() -> (CasesFile, Vec<serde_json::Value>) {
    let file = CasesFile::read("predictors/kure_dev.npz");
    let cases = file.meta.as_array().expect("a list of cases").clone();
    (file, cases)
}

fn tensor(file: &CasesFile, index: usize) -> Vec<f32> {
    file.array(&format!("{index:03}/w")).singles()
}

#[test]
fn kurtosis_and_its_gradient_are_those_of_the_definition() {
    let (file, cases) = cases();
    let (mut n_without, mut n_with) = (0, 0);
    for (index, case) in cases[..48].iter().enumerate() {
        let weights = tensor(&file, index);
        let found = kurtosis(&weights);
        let want = case["kurtosis"].as_f64();
        match (found, want) {
            (Some(found), Some(want)) => {
                assert!((found - want).abs() <= 1e-12 * want, "{index}: {found} {want}");
                n_with += 1;
            }
            (None, None) => n_without += 1,
            _ => panic!("{index}: {found:?} {want:?}"),
        }
        let want = &file.array(&format!("{index:03}/gradient")).values;
        let largest = want.iter().fold(1.0_f64, |largest, g| largest.max(g.abs()));
        let found = gradient(&weights);
        assert_eq!(found.len(), want.len());
        for (found, want) in found.iter().zip(want) {
            assert!((found - want).abs() <= 1e-9 * largest, "{index}: {found} {want}");
        }
    }
    assert!(10 < n_without.min(n_with), "{n_without} {n_with}");
}

#[test]
fn the_gradient_is_that_of_central_differences() {
    let weights: Vec<f32> = (0..23_i16)
        .map(|index| f32::from(index * index % 17) / 8.0 - 1.0)
        .collect();
    let gradient = gradient(&weights);
    for place in 0..weights.len() {
        let at = |step: f32| {
            let mut weights = weights.clone();
            weights[place] += step;
            kurtosis(&weights).expect("differs")
        };
        let step = 1.0 / 256.0;
        let difference = (at(step) - at(-step)) / (2.0 * f64::from(step));
        assert!(
            (gradient[place] - difference).abs() < 1e-4,
            "{place}: {} {difference}",
            gradient[place]
        );
    }
}

#[test]
fn terms_of_a_loss_are_those_of_the_definition() {
    let (file, cases) = cases();
    let losses = cases[48]["losses"].as_array().expect("losses");
    assert_eq!(losses.len(), 10);
    for loss in losses {
        let number = |key: &str| loss[key].as_f64().expect(key);
        let indices = loss["cases"].as_array().into_iter().flatten();
        let tensors: Vec<Vec<f32>> = indices
            .filter_map(|index| usize::try_from(index.as_u64()?).ok())
            .map(|index| tensor(&file, index))
            .collect();
        for mode in TermMode::ALL {
            let term = KurtosisTerm {
                target: number("target"),
                weight: number("lambda"),
                mode,
            };
            let (found, want) = (term.of(tensors.iter().map(Vec::as_slice)), number(mode.name()));
            assert!(
                (found - want).abs() <= 1e-9 * want.max(1.0),
                "{loss}: {found} {want}"
            );
        }
    }
}

#[test]
fn steps_and_codes_are_those_of_the_definition() {
    let (file, cases) = cases();
    let mut n_steps = 0;
    for (index, case) in cases[..48].iter().enumerate() {
        let weights = tensor(&file, index);
        let Some(steps) = case["steps"].as_object() else {
            continue;
        };
        for (bits, steps) in steps {
            for (step, key, codes) in [
                (WeightStep::Max, "max", true),
                (WeightStep::LeastSquares, "mse", true),
                (WeightStep::PowerOfTwo, "power_of_two_of_mse", false),
            ] {
                let spec = QuantizationSpec {
                    weights: WeightScales::PerTensor,
                    weight_bits: bits.parse::<u8>().expect("bits").try_into().expect("2 to 8"),
                    weight_step: step,
                    ..QuantizationSpec::default()
                };
                let quantized = WeightRule::of(&spec).quantize(&weights, 1).expect("are finite");
                let want = steps[key].as_f64().expect("a step");
                let found = f64::from(quantized.scales[0]);
                // FP32 is within half an ulp of what it rounds.
                assert!(
                    (found - want).abs() <= want * 6.0e-8,
                    "{index}, {bits}, {key}: {found} {want}"
                );
                n_steps += 1;
                if codes {
                    let want = &file.array(&format!("{index:03}/codes_{key}_{bits}")).values;
                    let found: Vec<f64> = quantized.codes.iter().map(|&code| code.into()).collect();
                    assert_eq!(&found, want, "{index}, {bits}, {key}");
                }
            }
        }
    }
    // Two tensors are all zero.
    assert_eq!(n_steps, 46 * 6 * 3);
}
