//! Ctrl-C.

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::{Folder, trace};

/// Seconds of work for the stepped engine, in many products.
fn long_trace() -> Vec<u8> {
    let mut long = trace::tiny();
    long.layers = (0..200)
        .map(|index| trace::layer(&format!("conv{index}"), [16, 56, 56], [64, 16, 3, 3], 1))
        .collect();
    trace::bytes(&long)
}

#[test]
fn an_interrupt_leaves_nothing_behind() {
    let folder = Folder::new();
    folder.write("t.safetensors", long_trace());
    let before = folder.listing();
    for milliseconds in [500, 1000, 2000, 4000] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_sysmt"))
            .args(["run", "run.toml", "--engine", "stepped"])
            .current_dir(folder.path(""))
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{error}"));
        std::thread::sleep(Duration::from_millis(milliseconds));
        let interrupted = Command::new("kill")
            .args(["-INT", &child.id().to_string()])
            .status();
        assert!(interrupted.is_ok_and(|status| status.success()));
        let status = child.wait().unwrap_or_else(|error| panic!("{error}"));
        // No code: the signal came before the program listened for it, on a very busy machine.
        if let Some(code) = status.code() {
            assert_eq!(code, 130);
            assert_eq!(folder.listing(), before);
            return;
        }
    }
    panic!("the program never listened for the signal");
}
