//! Evaluations as folders and figures.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use reports::accuracy::object::{ChangeObject, EvaluationObject, EvaluationRecord};
use reports::accuracy::summary;
use reports::place::Replace;
use reports::stored;
use sim_core::evaluation::{Answer, ArrayEvaluation, Evaluation, ImageRecord, OutputErrors, Outputs};
use sim_core::record::LayerRecord;
use sim_core::spec::{Pe, Policy, Threads};
use sim_draw::Picture as _;
use sim_draw::look::Look;
use sim_figures::folder::{FolderError, evaluation::write};
use sim_figures::{evaluation, set};

use crate::csv_text::read;
use crate::support::{array, nb_smt, product, prototype, sparq};
use crate::svg::{assert_inside_the_paper, texts};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Labels {
    Known,
    None,
}

/// Images of class 0, 1, …, which all answer rightly but where an array answers as `wrong` says: (array, image, class).
fn record(
    n_classes: usize,
    labels: Labels,
    arrays: &[Pe],
    wrong: &[(usize, usize, usize)],
) -> EvaluationRecord {
    let answer = |label: usize, class: usize| Answer {
        class,
        rank: match labels {
            Labels::Known => Some(usize::from(class != label)),
            Labels::None => None,
        },
    };
    let images = (0..30).map(|index| {
        let label = index % n_classes;
        let on = |number: usize| {
            let flip = wrong
                .iter()
                .find(|(array, image, _)| (*array, *image) == (number, index));
            answer(label, flip.map_or(label, |(_, _, class)| *class))
        };
        ImageRecord {
            label: match labels {
                Labels::Known => Some(label),
                Labels::None => None,
            },
            unpruned: None,
            fp32: answer(label, label),
            int8: answer(label, label),
            int8_predicted: None,
            arrays: (0..arrays.len()).map(on).collect(),
            output_errors: OutputErrors {
                int8: 0.25,
                int8_predicted: None,
                arrays: vec![0.5; arrays.len()],
            },
        }
    });
    let arrays = arrays.iter().enumerate().map(|(number, pe)| {
        let spec = array(*pe);
        let layers = (0..3).map(|index| LayerRecord {
            name: format!("conv{index}"),
            groups: 1,
            images: 30,
            threads: pe.threads(),
            product: product(spec, index + 1),
            place: None,
            kind: sim_core::convolution::LayerKind::Convolution,
            quantized: None,
        });
        ArrayEvaluation {
            name: format!("array-{number}"),
            array: spec,
            baseline: spec.default_baseline(),
            layers: layers.collect(),
            predicted: Vec::new(),
        }
    });
    EvaluationRecord {
        simulator_version: "0.1.0".to_owned(),
        evaluation: Evaluation {
            outputs: Outputs::Classes,
            n_classes,
            n_asked: 30,
            images: images.collect(),
            arrays: arrays.collect(),
            predicted: Vec::new(),
        },
        throttling: None,
        pruning: None,
        skipped: None,
        learned_from: None,
        prediction: None,
        unsimulated: Vec::new(),
        inputs: Vec::new(),
        spec: serde_json::Value::Null,
        table: prototype(),
        warnings: Vec::new(),
    }
}

fn two_and_four() -> [Pe; 2] {
    [Threads::Two, Threads::Four].map(|threads| nb_smt(threads, Policy::SA))
}

fn written(record: &EvaluationRecord, target: &Path) -> EvaluationObject {
    let object = EvaluationObject::of(record).unwrap();
    write(target, record, &object, Replace::Own).unwrap();
    object
}

/// The points of the figure of accuracies, but for its front.
fn accuracy(object: &EvaluationObject) -> Vec<Vec<String>> {
    let figures = set::of_evaluation(&stored::of_evaluation(object, String::new()));
    assert_eq!(figures[0].picture.name(), "accuracy");
    let (_, mut rows) = read(&figures[0].picture.csv());
    rows.retain(|row| row[7] != "front");
    rows
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn a_folder_is_whole_and_replaces_an_older_one() {
    let place = tempfile::tempdir().unwrap();
    let target = place.path().join("new/results");
    let first = record(
        10,
        Labels::Known,
        &two_and_four(),
        &[(1, 3, 5), (1, 13, 5), (1, 4, 9)],
    );
    let object = written(&first, &target);
    assert_eq!(names(&place.path().join("new")).len(), 1);
    let files = [
        ".sysmt-files",
        "arrays.csv",
        "classes.csv",
        "layers.csv",
        "plots",
        "predictions.csv",
        "result.json",
        "summary.md",
    ];
    assert_eq!(names(&target), files.map(str::to_owned).into());
    // Of the array that changed nothing there is no table of changes.
    let plots = ["accuracy", "layer-mse", "flips-array-1"];
    let plots = plots
        .iter()
        .flat_map(|name| ["csv", "svg", "png"].map(|ending| format!("{name}.{ending}")));
    assert_eq!(names(&target.join("plots")), plots.collect());
    let text = |name: &str| fs::read_to_string(target.join(name)).unwrap();
    let back: EvaluationObject = serde_json::from_str(&text("result.json")).unwrap();
    assert_eq!(back, object);
    assert_eq!(text("summary.md"), summary::text(&object));
    // What the folder holds is what is drawn of it.
    let back = stored::read(&target).unwrap();
    for figure in set::of_evaluation(&back) {
        let made = back.provenance.made(&figure.title);
        let svg = figure.picture.svg_as(&Look::default(), Some(&made)).unwrap();
        assert_eq!(text(&format!("plots/{}.svg", figure.picture.name())), svg);
    }
    let (header, rows) = read(&text("layers.csv"));
    assert_eq!(rows.len(), 6);
    let column = |name: &str| header.iter().position(|found| found == name).unwrap();
    let row = ["design", "layer", "name"].map(|name| rows[3][column(name)].as_str());
    assert_eq!(row, ["array-1", "1", "conv0"]);
    // Two threads have no steps of four.
    assert!(rows[0][column("active_4")].is_empty() && !rows[3][column("active_4")].is_empty());
    assert_eq!(
        rows[5][column("mse")],
        object.compared[0].layers[2].product.mse.unwrap().to_string()
    );

    written(&record(10, Labels::Known, &[sparq()], &[]), &target);
    assert!(!target.join("plots/flips-array-1.svg").exists());
    assert_eq!(names(&place.path().join("new")).len(), 1);
}

#[test]
fn what_is_no_results_folder_stays() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("thesis.tex"), "years").unwrap();
    let record = record(10, Labels::Known, &two_and_four(), &[]);
    let object = EvaluationObject::of(&record).unwrap();
    let error = write(place.path(), &record, &object, Replace::Own).unwrap_err();
    assert!(matches!(error, FolderError::NotResults { .. }), "{error}");
    assert_eq!(names(place.path()).len(), 1);
}

#[test]
fn changes_are_counted_from_class_to_class() {
    let wrong = [(0, 3, 5), (0, 13, 5), (0, 4, 9)];
    let object = EvaluationObject::of(&record(10, Labels::Known, &two_and_four(), &wrong)).unwrap();
    let change = |from, to, images| ChangeObject { from, to, images };
    assert_eq!(object.first.changes, [change(3, 5, 2), change(4, 9, 1)]);
    assert_eq!(object.compared[0].changes, []);
    assert_eq!(object.first.agreement.map(f64::to_bits), Some(0.9_f64.to_bits()));
    let matrices = evaluation::changes(&object);
    assert_eq!(matrices.len(), 1);
    assert_eq!(matrices[0].csv(), "from,to,images\n3,5,2\n4,9,1\n");
    let svg = matrices[0].svg().unwrap();
    assert_inside_the_paper(&svg);
    let texts = texts(&svg);
    assert!(
        texts.contains(&"3 of 30 answers changed on array-0".to_owned()),
        "{texts:?}"
    );
    // Ten rows, ten columns; the counts are 2 and 1, zeros are blank.
    let n = |wanted: &str| texts.iter().filter(|text| *text == wanted).count();
    assert_eq!((n("0"), n("1"), n("2"), n("9")), (2, 3, 3, 2));
    assert!(matrices[0].png().unwrap().starts_with(b"\x89PNG"));
}

#[test]
fn one_change_among_a_thousand_classes() {
    let object = EvaluationObject::of(&record(1000, Labels::Known, &[sparq()], &[(0, 7, 999)])).unwrap();
    let svg = evaluation::changes(&object)[0].svg().unwrap();
    let texts = texts(&svg);
    let n = |wanted: &str| texts.iter().filter(|text| *text == wanted).count();
    assert_eq!((n("7"), n("999"), n("1"), n("500")), (2, 2, 1, 0));
    // A table of a thousand rows is for no reader.
    assert!(!summary::text(&object).contains("Right answers by class"));
}

#[test]
fn accuracy_stands_over_speed_up_beside_the_references() {
    let object = EvaluationObject::of(&record(10, Labels::Known, &two_and_four(), &[(1, 3, 5)])).unwrap();
    let rows = accuracy(&object);
    let firsts: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(firsts, ["array-0", "array-1", "FP32", "exact 8-bit"]);
    let number = |row: usize, column: usize| rows[row][column].parse::<f64>().unwrap();
    let array = &object.compared[0];
    assert_eq!(number(1, 1).to_bits(), array.speedup.unwrap().to_bits());
    assert_eq!(
        number(1, 2).to_bits(),
        (100.0 * array.array.top1.unwrap()).to_bits()
    );
    assert!(number(1, 3) < number(1, 2) && number(1, 2) < number(1, 4));
    let printed = summary::text(&object);
    assert!(printed.contains("## Right answers by class"));
    assert!(
        printed.contains("|     3 |      3 |    3 |           3 |       3 |       2 |"),
        "{printed}"
    );
    assert!(printed.contains("|output − FP32 output|"));
}

#[test]
fn without_labels_agreement_is_shown() {
    let place = tempfile::tempdir().unwrap();
    let object = written(
        &record(10, Labels::None, &two_and_four(), &[(1, 3, 5)]),
        &place.path().join("results"),
    );
    let rows = accuracy(&object);
    assert_eq!(rows.len(), 2);
    assert!(rows[0][6].starts_with("Answers like exact 8-bit"));
    assert!((rows[1][2].parse::<f64>().unwrap() - 100.0 * 29.0 / 30.0).abs() < 1e-9);
    assert!(!summary::text(&object).contains("Right answers by class"));
}

#[test]
fn a_part_says_so() {
    let mut record = record(10, Labels::Known, &two_and_four(), &[]);
    record.evaluation.n_asked = 100;
    let place = tempfile::tempdir().unwrap();
    let target = place.path().join("results");
    let object = written(&record, &target);
    assert!(object.partial);
    let text = |name: &str| fs::read_to_string(target.join(name)).unwrap();
    assert!(text("summary.md").starts_with("# 30 images, a part"));
    assert!(text("result.json").contains("\"partial\": true"));
    assert!(text("plots/accuracy.svg").contains("a part: 30 images"));
}

#[test]
fn errors_of_layers_are_relative_to_their_outputs() {
    let ten = [two_and_four(); 5].concat();
    let object = EvaluationObject::of(&record(10, Labels::Known, &ten, &[])).unwrap();
    let figure = evaluation::layer_errors(&object).unwrap();
    let (_, rows) = read(&figure.csv());
    assert_eq!(rows.len(), 30);
    let product = &object.compared[0].layers[1].product;
    let wanted = 10_f64.powf(-product.snr_db.unwrap() / 10.0);
    assert_eq!(rows[11][2], "array-1");
    assert!((rows[11][3].parse::<f64>().unwrap() / wanted - 1.0).abs() < 1e-12);
    let svg = figure.svg().unwrap();
    assert_inside_the_paper(&svg);
    let n_bars = rows.iter().filter(|row| row[3] != "0").count();
    // The paper, and a sample for each array.
    assert_eq!(svg.matches("<rect").count(), 1 + 10 + n_bars);
    // Not measured on one array: the others still are.
    let mut part = record(10, Labels::Known, &two_and_four(), &[]);
    part.evaluation.arrays[0].layers[1].product.error = None;
    let part = EvaluationObject::of(&part).unwrap();
    assert_eq!(read(&evaluation::layer_errors(&part).unwrap().csv()).1.len(), 3);
}
