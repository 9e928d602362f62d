//! Curves, fits, and thresholds for several limits.

use serde_json::Value;
use sim_predict::curve::{CurveSums, N_THRESHOLDS, THRESHOLDS};
use sim_predict::mask::MaskType;
use sim_predict::thresholds::{Candidate, Fit, grid, sigmoid};
use sim_testkit::cases_file::CasesFile;

/// What a result may be beyond the best one.
const WITHIN: f64 = 1.001;

/// A row of a matrix of curves.
fn row(file: &CasesFile, name: &str, place: usize) -> [f64; N_THRESHOLDS] {
    let values = &file.array(name).values[place * N_THRESHOLDS..][..N_THRESHOLDS];
    values.try_into().expect("27 values")
}

/// The mask with these first pixels; it is one of ours.
fn mask_of(first: &[bool], [rows, columns]: [usize; 2]) -> MaskType {
    MaskType::all()
        .find(|mask| mask.first(rows, columns) == first)
        .expect("a mask of ours")
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

#[test]
fn curves_fits_and_thresholds_are_those_of_the_definition() {
    let file = CasesFile::read("predictors/zap_curves_dev.npz");
    let cases = file.meta.as_array().expect("a list of cases");
    let (mut n_feasible, mut n_infeasible) = (0, 0);
    for (index, case) in cases.iter().enumerate() {
        let name = format!("{index:03}");
        let key = |kind: &str| format!("{name}/{kind}");
        let n_places = usize::try_from(case["layers"].as_u64().expect("a count")).expect("a count");
        let mut places = Vec::new();
        for place in 0..n_places {
            let outputs = file.array(&key(&format!("xs{place}")));
            let [_, channels, rows, columns] = outputs.shape[..] else {
                panic!("{:?}", outputs.shape)
            };
            let mask = mask_of(
                &file.array(&key(&format!("mask{place}"))).truths(),
                [rows, columns],
            );
            let scores = file.array(&key(&format!("scores{place}"))).singles();
            let mut sums = CurveSums::default();
            let size = channels * rows * columns;
            for (x, scores) in outputs.singles().chunks(size).zip(scores.chunks(size)) {
                let mut one = CurveSums::default();
                one.add(x, scores, mask, [rows, columns]);
                sums.join(&one);
            }
            let curve = sums.curve();
            let share = row(&file, &key("kept_share"), place);
            let error = row(&file, &key("error"), place);
            for at in 0..N_THRESHOLDS {
                assert!(
                    (curve.share[at] - share[at]).abs() <= 1e-12,
                    "{name}: share of place {place} at {}",
                    THRESHOLDS[at]
                );
                assert!(
                    (curve.error[at] - error[at]).abs() <= 1e-9,
                    "{name}: error of place {place} at {}",
                    THRESHOLDS[at]
                );
            }
            let giga_macs = file.array(&key("gmacs")).values[place];
            let macs = curve.share.map(|share| share * giga_macs);
            for (values, key) in [(macs, "sse_macs"), (curve.error, "sse_error")] {
                let found = Fit::of(&values).squared_error(&values);
                let want = number(&case[key][place]);
                assert!(
                    found <= WITHIN * want + 1e-9,
                    "{name}: {key} of place {place}: {found} for {want}"
                );
            }
            places.push(Candidate { giga_macs, curve });
        }
        for optimum in case["optimum"].as_array().expect("limits") {
            let limit = number(&optimum["epsilon"]);
            for (method, want, found) in [
                ("grid", &optimum["grid"], grid(&places, limit)),
                ("sigmoid", &optimum["sigmoid"], sigmoid(&places, limit)),
            ] {
                match (found, want.is_null()) {
                    (Ok(found), false) => {
                        n_feasible += 1;
                        let want = number(&want["gmacs"]);
                        assert!(
                            found.error <= limit,
                            "{name}: {method} at {limit}: {}",
                            found.error
                        );
                        // Fits that differ in their last digits have optima that do.
                        assert!(
                            found.giga_macs <= WITHIN * want + 1e-9,
                            "{name}: {method} at {limit}: {} for {want}",
                            found.giga_macs
                        );
                    }
                    (Err(error), true) => {
                        n_infeasible += 1;
                        assert!(limit < error.least, "{name}: {method} at {limit}: {error}");
                    }
                    (found, _) => panic!("{name}: {method} at {limit}: {found:?} for {want}"),
                }
            }
        }
    }
    assert_eq!(cases.len(), 12);
    assert!(
        0 < n_infeasible && 60 < n_feasible,
        "{n_feasible} and {n_infeasible}"
    );
}
