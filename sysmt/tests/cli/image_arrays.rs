//! Images in arrays: their axes, their order, their types.

use crate::support::{CAPTURE, Folder, npy, npz, pseudo_random};

fn floats(values: impl Iterator<Item = u16>) -> Vec<u8> {
    values
        .flat_map(|value| (f32::from(value) / 64.0).to_le_bytes())
        .collect()
}

/// Values of an array of `shape` in row-major order: each the number of its place.
fn counted(shape: [u16; 4]) -> impl Iterator<Item = u16> {
    0..shape.iter().product()
}

#[test]
fn a_sequence_keeps_its_three_axes() {
    let folder = Folder::of_case("conv1d-rank3-input");
    folder.good(&CAPTURE);
    let trace = folder.trace("t.safetensors");
    let [layer] = trace.layers.as_slice() else {
        panic!("{:?}", trace.unsimulated);
    };
    assert_eq!((layer.name.as_str(), layer.input_shape), ("c2", [2, 6, 1, 30]));
    folder.write(
        "run.toml",
        "array = \"2t.toml\"\n[workload]\nmodel = \"net.onnx\"\nimages = \"images.npz\"\n",
    );
    folder.good(&["run", "run.toml"]);
    folder.good(&["check", "run.toml"]);
}

#[test]
fn fortran_order_is_the_same_array() {
    let folder = Folder::of_case("npz-fortran-order");
    folder.good(&CAPTURE);
    // The same values in both orders.
    let shape = [2, 3, 8, 8];
    let [_, c, h, w] = shape;
    let row_major: Vec<u16> = counted(shape).collect();
    let column_major = (0..8_u16).flat_map(|x| {
        (0..8_u16).flat_map(move |y| {
            (0..3_u16).flat_map(move |k| (0..2_u16).map(move |n| ((n * c + k) * h + y) * w + x))
        })
    });
    let mut traces = Vec::new();
    for (fortran, values) in [
        ("False", floats(row_major.into_iter())),
        ("True", floats(column_major)),
    ] {
        folder.write(
            "images.npz",
            npz("images", &npy("<f4", fortran, "(2, 3, 8, 8)", &values)),
        );
        folder.good(&[&CAPTURE[..], &["--first", "simulated"]].concat());
        traces.push(folder.read("t.safetensors"));
    }
    assert_eq!(traces[0], traces[1]);
}

#[test]
fn a_declared_layout_moves_the_channels_of_floats() {
    let folder = Folder::of_case("float32-nhwc-layout-ignored");
    let nhwc = [&CAPTURE[..], &["--layout", "nhwc"]].concat();
    folder.good(&nhwc);
    assert_eq!(folder.trace("t.safetensors").layers[0].input_shape, [2, 4, 6, 6]);
    let first = ["--first", "simulated"];
    let [_, rows, columns, channels] = [2_u16, 8, 8, 3];
    let last = counted([2, rows, columns, channels]);
    folder.write(
        "images.npz",
        npz("images", &npy("<f4", "False", "(2, 8, 8, 3)", &floats(last))),
    );
    folder.good(&[&nhwc[..], &first].concat());
    let moved = folder.trace("t.safetensors");
    let first_channels = (0..2_u16).flat_map(|n| {
        (0..channels)
            .flat_map(move |c| (0..rows * columns).map(move |at| (n * rows * columns + at) * channels + c))
    });
    folder.write(
        "images.npz",
        npz(
            "images",
            &npy("<f4", "False", "(2, 3, 8, 8)", &floats(first_channels)),
        ),
    );
    folder.good(&[&CAPTURE[..], &first].concat());
    assert_eq!(moved.layers, folder.trace("t.safetensors").layers);
}

#[test]
fn pixels_of_another_rank_are_told_by_shape() {
    let folder = Folder::new();
    folder.write(
        "x.npz",
        npz("images", &npy("|u1", "False", "(2, 64)", &pseudo_random(128, 3))),
    );
    let ran = folder.sysmt(&["capture", "m.onnx", "--images", "x.npz"]);
    assert_eq!(ran.code, Some(2));
    for part in ["x.npz[0]", "[1, 64]", "[1, 1, 8, 8]"] {
        assert!(ran.stderr.contains(part), "{}", ran.stderr);
    }
}

#[test]
#[cfg(unix)]
fn a_pipe_is_refused_at_once() {
    let folder = Folder::new();
    let made = std::process::Command::new("mkfifo")
        .arg(folder.path("pipe"))
        .status();
    assert!(made.is_ok_and(|status| status.success()));
    for images in ["pipe", "/dev/null"] {
        let ran = folder.sysmt(&["capture", "m.onnx", "--images", images]);
        assert_eq!(ran.code, Some(2));
        assert!(
            ran.stderr.contains("neither a file nor a folder"),
            "{}",
            ran.stderr
        );
    }
}
