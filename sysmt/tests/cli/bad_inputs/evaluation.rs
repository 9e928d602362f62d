//! Bad inputs of evaluations.

use super::Case;
use crate::eval::{MODEL, images};
use crate::support::png;

const IMAGES: &str = "x-images-idx3-ubyte";
const LABELS: &str = "x-labels-idx1-ubyte";

/// `files` beside five good images, which are evaluated with more arguments.
fn case(files: Vec<(&'static str, Vec<u8>)>, more: &[&'static str], want: &'static [&'static str]) -> Case {
    let mut args = vec!["eval", MODEL, "--array", "2t.toml"];
    if !more.contains(&"--images") {
        args.extend(["--images", IMAGES]);
    }
    args.extend(more);
    let good = std::iter::once((IMAGES, images(5)));
    Case {
        files: good.chain(files).collect(),
        args,
        want,
    }
}

fn labels(n_promised: u8, labels: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    vec![(LABELS, [&[0, 0, 8, 1, 0, 0, 0, n_promised], labels].concat())]
}

/// Three photos with one of another size, or broken, in their midst.
fn photos(middle: Vec<u8>) -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("photos/a.png", png(28, 28, 1)),
        ("photos/b.png", middle),
        ("photos/c.png", png(28, 28, 2)),
    ]
}

pub(crate) fn cases() -> Vec<Case> {
    let of_photos = ["--images", "photos"];
    vec![
        case(
            labels(5, &[8, 3, 0]),
            &[],
            &[LABELS, "cut short", "5 bytes", "after 3"],
        ),
        case(labels(4, &[8, 3, 0, 8]), &[], &[LABELS, "4 labels for 5 images"]),
        case(labels(5, &[8, 3, 0, 8, 10]), &[], &["label 10", "classes 0 to 9"]),
        case(
            photos(png(28, 30, 3)),
            &of_photos,
            &["fashion-resnet8.onnx", "`b.png`", "[1, 1, 28, 30]", "`resize`"],
        ),
        case(
            photos(b"no photo".to_vec()),
            &of_photos,
            &["photos/b.png: cannot decode", "--skip-unreadable"],
        ),
        case(
            vec![("photos/a.png", Vec::new()), ("photos/b.png", Vec::new())],
            &["--images", "photos", "--skip-unreadable"],
            &[
                "photos/a.png",
                "the first of 2 images, of which none can be decoded",
            ],
        ),
        case(
            vec![("empty/.hidden", Vec::new())],
            &["--calibration", "empty"],
            &["empty: holds no image"],
        ),
        case(
            Vec::new(),
            &["--prune", "3:4"],
            &["`3:4` is not a way to prune", "2:4"],
        ),
        case(Vec::new(), &["--prune", "1.5"], &["`1.5` is not a way to prune"]),
        case(Vec::new(), &["--n-images", "0"], &["--n-images", "1..="]),
        case(
            Vec::new(),
            &["--recalibrate-bn", "--save-model", "none/x.onnx"],
            &["none/x.onnx: cannot be written: there is no folder none; make it"],
        ),
        case(
            Vec::new(),
            &["--throttle", "/block1/conv1/Con=1"],
            &["`/block1/conv1/Con`", "did you mean `/block1/conv1/Conv`"],
        ),
    ]
}
