//! What is done with images, and what the results say of it.

use sim_core::preprocessing::{ImageValues, Layout, Preprocessing, Resize};

use crate::support::{Folder, Ran, npy, npz, run};

const CAPTURE: [&str; 5] = ["capture", "net.onnx", "--out", "t.safetensors", "--images"];

fn capture(folder: &Folder, images: &str, more: &[&str]) -> Ran {
    folder.sysmt(&[&CAPTURE[..], &[images], more].concat())
}

fn preprocessing(folder: &Folder) -> Preprocessing {
    folder
        .trace("t.safetensors")
        .origin
        .preprocessing
        .expect("it is stored")
}

#[test]
fn lists_may_begin_with_a_minus() {
    let folder = Folder::of_case("negative-mean");
    let lists = ["--mean", "-0.5,-0.5,-0.5", "--std", "-1,2,-3"];
    let ran = capture(&folder, "photos", &[&["--channels", "rgb"], &lists[..]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let found = preprocessing(&folder);
    assert_eq!((found.mean, found.std), (vec![-0.5; 3], vec![-1.0, 2.0, -3.0]));
}

#[test]
fn floats_take_no_preprocessing() {
    let folder = Folder::of_case("float32-flags-ignored");
    let flags = [
        "--mean",
        "0.485,0.456,0.406",
        "--std",
        "0.229,0.224,0.225",
        "--scale",
        "0.0039",
    ];
    let want = "images.npz: holds float32 images, which are the network's input as they stand, but `scale`, `mean`, `std` are \
                given, for pixels; leave them out, or save the pixels as uint8";
    let refused = |args: &[&str], want: &str| {
        let ran = folder.sysmt(args);
        assert_eq!(ran.code, Some(2), "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(want), "{}", ran.stderr);
    };
    let before = folder.listing();
    let images = ["--images", "images.npz"];
    refused(&[&["capture", "net.onnx"], &images, &flags[..]].concat(), want);
    let eval = ["eval", "net.onnx", "--array", "2t.toml"];
    refused(&[&eval, &images[..], &flags].concat(), want);
    let one = "but `channels` is given, for pixels; leave it out";
    refused(
        &[&["capture", "net.onnx"], &images[..], &["--channels", "rgb"]].concat(),
        one,
    );
    assert_eq!(folder.listing(), before);

    let workload = run("model = \"net.onnx\"\nimages = \"images.npz\"");
    folder.write("r.toml", format!("{workload}[preprocessing]\nresize = [8, 8]\n"));
    refused(&["run", "r.toml"], "but `resize` is given");
    folder.write("b.toml", workload);
    folder.write(
        "s.toml",
        "base = \"b.toml\"\n[axes]\n\"preprocessing.scale\" = [0.5, 1.0]\n",
    );
    let ran = folder.sysmt(&["sweep", "s.toml"]);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
}

#[test]
fn what_is_declared_beside_the_model_is_not_for_floats() {
    let folder = Folder::of_case("float32-flags-ignored");
    let plain = |images| {
        let ran = capture(&folder, images, &["--first", "simulated"]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        folder.trace("t.safetensors")
    };
    let without = plain("images.npz");
    folder.write(
        "net.toml",
        "mean = [0.5]\nstd = [0.25]\nscale = 0.5\nresize = [4, 4]\nlayout = \"nhwc\"\n",
    );
    let with = plain("images.npz");
    assert_eq!(with, without);
    // Values up to 253.2, and 256 steps.
    let scale = with.layers[0].input_scale * 256.0;
    assert!((200.0..256.0).contains(&scale), "{scale}");
    let as_given = Preprocessing::of_floats(ImageValues::Float32, Layout::Nchw, Layout::Nchw);
    assert_eq!(with.origin.preprocessing, Some(as_given));

    let workload = run("model = \"net.onnx\"\nimages = \"images.npz\"");
    folder.write("r.toml", workload);
    folder.good(&["run", "r.toml"]);
    let result: serde_json::Value = serde_json::from_slice(&folder.read("results/r/result.json"))
        .unwrap_or_else(|error| panic!("{error}"));
    let stored = &result["spec"]["resolved"]["preprocessing"];
    assert_eq!(
        (&stored["values"], &stored["scale"]),
        (&"float32".into(), &1.0.into())
    );
    assert!(stored["resize"].is_null(), "{stored}");
}

#[test]
fn doubles_are_converted_and_it_is_said() {
    let folder = Folder::new();
    let values: Vec<f64> = (0..64_u8).map(|value| f64::from(value) / 3.0).collect();
    let double: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    folder.write(
        "d.npz",
        npz("images", &npy("<f8", "False", "(1, 1, 8, 8)", &double)),
    );
    let ran = folder.sysmt(&["capture", "m.onnx", "--images", "d.npz", "--out", "t.safetensors"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(
        ran.stderr
            .contains("d.npz: its float64 images are converted to float32"),
        "{}",
        ran.stderr
    );
    assert_eq!(preprocessing(&folder).values, ImageValues::Float64);
    // Pixels beside floats would set ranges of other values.
    let ran = folder.sysmt(&["capture", "m.onnx", "--images", "d.npz", "--calibration", "x.npz"]);
    assert_eq!(ran.code, Some(2));
    let want = "x.npz: holds uint8 images, but d.npz holds float64";
    assert!(ran.stderr.contains(want), "{}", ran.stderr);
}

#[test]
fn the_shorter_side_is_resized_and_the_middle_kept() {
    let folder = Folder::of_case("resize-then-crop");
    let args = ["--channels", "rgb", "--resize", "10", "--first", "simulated"];
    let cropped = |crop: &[&str]| {
        let ran = capture(&folder, "photos", &[&args[..], crop].concat());
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        folder.trace("t.safetensors")
    };
    let trace = cropped(&["--crop", "8x8"]);
    assert_eq!(trace.layers[0].input_shape, [1, 3, 8, 8]);
    let Preprocessing { resize, crop, .. } = trace.origin.preprocessing.clone().expect("it is stored");
    assert_eq!((resize, crop), (Some(Resize::Shorter(10)), Some([8, 8])));
    assert_eq!(trace.layers, cropped(&["--crop", "8"]).layers);

    // The file beside the model and a run file say the same.
    folder.write("net.toml", "channels = \"rgb\"\nresize = 10\ncrop = 8\n");
    let ran = capture(&folder, "photos", &["--first", "simulated"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(trace, folder.trace("t.safetensors"));
    // `cover` shows another part of the picture.
    let cover = [
        "--resize",
        "8x8",
        "--resize-mode",
        "cover",
        "--channels",
        "rgb",
        "--first",
        "simulated",
    ];
    let ran = capture(&folder, "photos", &cover);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_ne!(
        trace.layers[0].input,
        folder.trace("t.safetensors").layers[0].input
    );
    folder.write(
        "r.toml",
        run("model = \"net.onnx\"\nimages = \"photos\"") + "[preprocessing]\nresize-filter = \"bicubic\"\n",
    );
    folder.good(&["run", "r.toml"]);
    let result = String::from_utf8_lossy(&folder.read("results/r/result.json")).into_owned();
    assert!(result.contains("\"resize-filter\": \"bicubic\""), "{result}");
}

#[test]
fn what_cannot_be_resized_or_cropped_is_refused() {
    let folder = Folder::of_case("resize-then-crop");
    let check = |more: &[&str], want: &str| {
        let ran = capture(&folder, "photos", &[&["--channels", "rgb"], more].concat());
        assert_eq!(ran.code, Some(2), "{more:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(want), "{more:?}: {}", ran.stderr);
    };
    check(
        &["--resize", "8x8", "--crop", "9x8"],
        "crop = [9, 8] is larger than what `resize` leaves, [8, 8]",
    );
    check(&["--resize", "7", "--crop", "8"], "leaves, a shorter side of 7");
    check(&["--crop", "4000"], "image `a.png` has ");
    check(
        &["--resize", "8", "--resize-mode", "cover"],
        "is for rows and columns",
    );
    check(&["--resize-filter", "bicubic"], "nothing is resized");
    check(&["--padding", "3"], "resize-mode = \"stretch\" pads nothing");
    check(&["--resize", "8x8", "--padding", "300"], "300");
    check(&["--resize", "0"], "resize");
    check(&["--crop", "0x3"], "crop");
    folder.write("net.toml", "resize = [8, 8]\ncrop = [9, 9]\n");
    check(&[], "net.toml:2");
}
