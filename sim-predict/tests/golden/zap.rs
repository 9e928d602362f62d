//! ZAP: scores to the bit, decisions with thresholds at, just below and just above a score, and counts.

use std::collections::BTreeSet;

use sim_predict::mask::MaskType;
use sim_predict::predictor::{Predictor, Stage, Threshold};
use sim_testkit::cases_file::CasesFile;

use crate::{check_counts, shape_of};

fn stage(file: &CasesFile, case: &str, number: u8) -> Stage {
    let list = |name: &str| file.array(&format!("{case}/{name}{number}")).singles();
    Stage {
        weight: list("w"),
        bias: list("b"),
        scale: list("scale"),
        shift: list("shift"),
        mean: list("mean"),
        variance: list("var"),
    }
}

#[test]
fn scores_decisions_and_counts_are_those_of_the_definition() {
    let file = CasesFile::read("predictors/zap_dev.npz");
    let cases = file.meta.as_array().expect("a list of cases");
    let (mut masks, mut kinds) = (BTreeSet::new(), BTreeSet::new());
    for (index, case) in cases.iter().enumerate() {
        let name = format!("{index:03}");
        let array = |kind: &str| file.array(&format!("{name}/{kind}"));
        let shape = shape_of(array("x"));
        let mask = MaskType::new(case["mask_type"].as_i64().expect("a type")).expect("a type");
        masks.insert(mask.number());
        kinds.insert(case["threshold_at"].as_str().expect("a word").to_owned());
        assert_eq!(
            mask.first(shape[1], shape[2]),
            array("mask").truths(),
            "{name}: mask"
        );
        let predictor = Predictor {
            mask,
            stages: [stage(&file, &name, 1), stage(&file, &name, 2)],
        };
        let mut x = array("x").singles();
        let scores = predictor.scores(&x, shape);
        let bits = |values: &[f32]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&scores), bits(&array("score").singles()), "{name}: scores");
        let threshold = Threshold::new(array("threshold").values[0]).expect("is finite");
        let gate = predictor.gate(&scores, shape, threshold);
        assert_eq!(gate.kept(), array("keep").truths(), "{name}: decisions");
        check_counts(&gate.counts(&x), case, &name);
        gate.apply(&mut x);
        assert_eq!(bits(&x), bits(&array("gated").singles()), "{name}: outputs");
    }
    assert_eq!(cases.len(), 66);
    assert_eq!(masks.len(), 11);
    for kind in ["value", "below", "above"] {
        assert!(kinds.contains(kind), "{kinds:?}");
    }
}
