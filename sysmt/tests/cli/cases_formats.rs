//! Files that hold something else than their names promise.

use crate::support::{ARRAY_2T, Folder};

const GEMM: &str = "gemm --array 2t.toml --activations a.npy --weights w.npy";
const POINTER: &str = "version https://git-lfs.github.com/spec/v1\noid \
                       sha256:0000000000000000000000000000000000000000000000000000000000000000\nsize 23590724\n";
const PAGE: &str = "<!DOCTYPE html>\n<html><head><title>404</title></head></html>\n";

fn run(folder: &Folder, args: &str) -> (Option<i32>, String) {
    let ran = folder.sysmt(&args.split_whitespace().collect::<Vec<_>>());
    (ran.code, ran.stderr)
}

#[test]
fn a_configuration_in_another_encoding_says_how_to_save_it() {
    let folder = Folder::new();
    let text = format!("version = 1\n# Größe\n{ARRAY_2T}");
    let latin: Vec<u8> = text
        .chars()
        .map(|letter| u8::try_from(letter).unwrap_or(b'?'))
        .collect();
    folder.write("2t.toml", latin);
    let (code, told) = run(&folder, GEMM);
    assert_eq!(code, Some(2));
    assert!(told.contains("2t.toml:2: byte 0xf6 is not UTF-8 text"), "{told}");
    assert!(told.contains("help: save the file as UTF-8"), "{told}");
    for mark in ["", "\u{feff}"] {
        let marked = format!("{mark}{text}");
        let little: Vec<u8> = marked.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = marked.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bytes in [little, big] {
            folder.write("2t.toml", bytes);
            let (code, told) = run(&folder, GEMM);
            assert_eq!(code, Some(2));
            assert!(
                told.contains("2t.toml: the file is UTF-16 text, not UTF-8"),
                "{told}"
            );
            assert!(told.contains("help: save the file as UTF-8"), "{told}");
        }
        // UTF-8 is read, with the mark of some editors and without.
        folder.write("2t.toml", marked);
        assert_eq!(run(&folder, GEMM).0, Some(0));
    }
    folder.write("2t.toml", folder.read("x.npz"));
    let (code, told) = run(&folder, GEMM);
    assert_eq!(code, Some(2));
    assert!(
        told.contains("name a .toml file; models, images and traces are named inside it"),
        "{told}"
    );
}

#[test]
fn a_pointer_or_a_page_in_place_of_a_file_says_so() {
    let capture = "capture m.onnx --images x.npz --out new.safetensors";
    let eval = "eval m.onnx --images x.npz --array 2t.toml";
    for (file, commands) in [
        (
            "m.onnx",
            &[capture, eval, "run model-run.toml", "check model-run.toml"][..],
        ),
        ("x.npz", &[capture, eval, "run model-run.toml"]),
        ("t.safetensors", &["run run.toml", "check run.toml"]),
        (
            "a.npy",
            &[
                GEMM,
                "wave --array 2t.toml --activations a.npy --weights w.npy --out w.fst",
            ],
        ),
        ("w.npy", &[GEMM]),
    ] {
        for (bytes, want) in [
            (
                POINTER,
                "this is a Git LFS pointer, not the file itself; get the file with `git lfs pull`",
            ),
            (
                PAGE,
                "this is an HTML or XML page, as a server sends it in place of a file; open it to see why, and download \
                 the file again",
            ),
        ] {
            let folder = Folder::new();
            folder.write(file, bytes);
            for command in commands {
                let (code, told) = run(&folder, command);
                assert_eq!(
                    (code, told),
                    (Some(2), format!("error: {file}: {want}\n")),
                    "{command}"
                );
            }
        }
    }
    // One image of a folder can also be left out.
    let folder = Folder::new();
    folder.write("photos/a.png", crate::support::png(8, 8, 1));
    folder.write("photos/b.png", POINTER);
    let photos = "capture m.onnx --images photos --out new.safetensors";
    let (code, told) = run(&folder, photos);
    assert_eq!(code, Some(2));
    let want = "photos/b.png: this is a Git LFS pointer, not the file itself; get the file with `git lfs pull`, or leave \
                out all such files with --skip-unreadable";
    assert!(told.contains(want), "{told}");
    assert_eq!(run(&folder, &format!("{photos} --skip-unreadable")).0, Some(0));
}
