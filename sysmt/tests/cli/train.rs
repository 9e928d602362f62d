//! Training of predictors.

use sim_predict::file::{End, PredictorFile};

use crate::support::Folder;

const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/fashion-resnet8.onnx");

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("shapes-images-idx3-ubyte", shapes());
    folder
}

/// Ten images of gray shapes, 28 pixels wide and high, as an IDX file.
pub(crate) fn shapes() -> Vec<u8> {
    let mut images = vec![0, 0, 8, 3, 0, 0, 0, 10, 0, 0, 0, 28, 0, 0, 0, 28];
    for image in 0..10_u8 {
        for pixel in 0..28 * 28_u16 {
            let (row, column) = (pixel / 28, pixel % 28);
            let is_light = (column + u16::from(image) * 3) % 9 < 5 && row % 7 < 4;
            images.push(if is_light { 200 - image * 9 } else { 0 });
        }
    }
    images
}

fn zap<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec!["train", "zap", MODEL, "--images", "shapes-images-idx3-ubyte"];
    args.extend(more);
    args
}

#[test]
fn predictors_of_every_place_are_written_the_same_for_any_jobs() {
    let folder = folder();
    let short = ["--epochs", "2", "--batch", "4", "--masks", "3", "--seed", "9"];
    let printed = folder.good(&zap(&[&short[..], &["--out", "one", "--jobs", "1"]].concat()));
    assert!(
        printed.starts_with("one: 6 places, 2 of 2 epochs of 10 images, seed 9\n"),
        "{printed}"
    );
    folder.good(&zap(&[&short[..], &["--out", "two", "--jobs", "3"]].concat()));
    let bytes = folder.read("one");
    assert_eq!(bytes, folder.read("two"));
    let file = PredictorFile::from_bytes(&bytes).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(file.places[0].name, "/block1/conv1/Conv");
    assert!(file.places.iter().all(|place| place.curve.is_some()));
    assert!(file.places.iter().all(|place| place.predictor.mask.number() == 3));
    assert_eq!((file.provenance.seed, file.provenance.end), (9, End::Complete));
    // What it wrote itself is replaced, and what somebody else wrote is not.
    folder.good(&zap(&[&short[..], &["--out", "one"]].concat()));
    folder.write("one", "a note");
    let ran = folder.sysmt(&zap(&[&short[..], &["--out", "one"]].concat()));
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.stderr.contains("is not a file of predictors"),
        "{}",
        ran.stderr
    );
    assert_eq!(folder.read("one"), b"a note");
}

#[test]
fn each_place_may_have_a_mask_of_its_own() {
    let folder = folder();
    let short = ["--epochs", "1", "--out", "p"];
    folder.good(&zap(&[&short[..], &["--masks", "3,5,6,7,8,9"]].concat()));
    let file = PredictorFile::from_bytes(&folder.read("p")).unwrap_or_else(|error| panic!("{error}"));
    let masks = file.places.iter().map(|place| place.predictor.mask.number());
    assert_eq!(masks.collect::<Vec<_>>(), [3, 5, 6, 7, 8, 9]);
}

#[test]
fn what_cannot_be_trained_is_said_and_nothing_is_left() {
    let folder = folder();
    let before = folder.listing();
    for (more, want) in [
        (
            &["--masks", "3,5"][..],
            "2 masks are given for 6 places; give one for all, or one for each of: /block1/conv1/Conv, ",
        ),
        (&["--masks", "11"], "11 is not a type of masks; they are 0 to 10"),
        (&["--masks", "x"], "`x` is not a type of masks"),
        (
            &["--rate", "0"],
            "0 is not a learning rate; it is a finite number above 0",
        ),
        (&["--rate", "fast"], "`fast` is not a learning rate, such as 0.01"),
        (&["--epochs", "0"], "0 is not in 1..=1000000000"),
        (
            &["--out", "shapes-images-idx3-ubyte"],
            "this command reads it, so it is not written to",
        ),
    ] {
        let ran = folder.sysmt(&zap(more));
        assert_eq!(ran.code, Some(2), "{more:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(want), "{more:?}: {}", ran.stderr);
    }
    assert_eq!(folder.listing(), before);
    let folder = Folder::of_case("dynamic-int8");
    let ran = folder.sysmt(&["train", "zap", "net.onnx", "--images", "images.npz"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("the network has no place"), "{}", ran.stderr);
}
