//! Ctrl-C.

use std::process::{Command, Output, Stdio};
use std::time::Duration;

use crate::eval::{MODEL, images};
use crate::support::{Folder, trace};

/// Seconds of work for the stepped engine, in many products.
fn long_trace() -> Vec<u8> {
    let mut long = trace::tiny();
    long.layers = (0..200)
        .map(|index| trace::layer(&format!("conv{index}"), [16, 56, 56], [64, 16, 3, 3], 1))
        .collect();
    trace::bytes(&long)
}

/// The binary in a folder, sent an interrupt after some time.
fn interrupted(folder: &Folder, args: &[&str], milliseconds: u64) -> Output {
    let child = Command::new(env!("CARGO_BIN_EXE_sysmt"))
        .args(args)
        .current_dir(folder.path(""))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("{error}"));
    std::thread::sleep(Duration::from_millis(milliseconds));
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(sent.is_ok_and(|status| status.success()));
    child.wait_with_output().unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn an_interrupt_leaves_nothing_behind() {
    let folder = Folder::new();
    folder.write("t.safetensors", long_trace());
    let before = folder.listing();
    for milliseconds in [500, 1000, 2000, 4000] {
        let args = ["run", "run.toml", "--engine", "stepped"];
        let status = interrupted(&folder, &args, milliseconds).status;
        // No code: the signal came before the program listened for it, on a very busy machine.
        if let Some(code) = status.code() {
            assert_eq!(code, 130);
            assert_eq!(folder.listing(), before);
            return;
        }
    }
    panic!("the program never listened for the signal");
}

#[test]
fn an_interrupted_evaluation_prints_its_part() {
    const N_IMAGES: u32 = 20_000;
    let folder = Folder::new();
    folder.write("many-images-idx3-ubyte", images(N_IMAGES));
    folder.write("few-images-idx3-ubyte", images(2));
    for milliseconds in [500, 1000, 2000, 4000] {
        let args = [
            "eval",
            MODEL,
            "--array",
            "2t.toml",
            "--json",
            "--images",
            "many-images-idx3-ubyte",
            "--calibration",
            "few-images-idx3-ubyte",
            "--out",
            "part",
        ];
        let output = interrupted(&folder, &args, milliseconds);
        // Nothing printed: the signal came before the first images were done, or the program listened.
        if !output.stdout.is_empty() {
            assert_eq!(output.status.code(), Some(130));
            let object: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
            assert_eq!(object["partial"], true);
            let n_images = object["images"].as_u64().unwrap_or(0);
            assert!(
                0 < n_images && n_images < u64::from(N_IMAGES),
                "{n_images} images"
            );
            assert_eq!(object["images_asked"], N_IMAGES);
            assert_eq!(folder.read("part/result.json"), output.stdout);
            assert_eq!(object["layers"][0]["images"], n_images);
            return;
        }
    }
    panic!("no images were done before the signal");
}
