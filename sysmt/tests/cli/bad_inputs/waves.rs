//! Bad requests for waveforms.

use super::{Case, case};
use crate::support::{ARRAY_2T, npy};

const GOOD: [&str; 9] = [
    "wave",
    "--array",
    "2t.toml",
    "--activations",
    "a.npy",
    "--weights",
    "w.npy",
    "--out",
    "w.fst",
];

/// The good command with other arguments in place of some, and more of them.
fn with(changed: &[(usize, &'static str)], more: &[&'static str]) -> Vec<&'static str> {
    let mut args = GOOD.to_vec();
    for &(place, arg) in changed {
        args[place] = arg;
    }
    args.extend(more);
    args
}

pub(crate) fn cases() -> Vec<Case> {
    let more = |more: &[&'static str], want| Case {
        files: Vec::new(),
        args: with(&[], more),
        want,
    };
    let changed = |place: usize, arg: &'static str, want| Case {
        files: Vec::new(),
        args: with(&[(place, arg)], &[]),
        want,
    };
    let large = ARRAY_2T.replace("rows = 4\ncols = 4", "rows = 1024\ncols = 1024");
    vec![
        // Four tiles of three steps on 4×4: 4 cycles each, 25 in all.
        more(
            &["--tile", "4"],
            &["--tile", "no tile 4", "the product has 4", "the last is 3"],
        ),
        more(&["--tile", "18446744073709551615"], &["the product has 4"]),
        more(&["--tile", "-1"], &["--tile", "-1"]),
        more(&["--tile", "one"], &["--tile", "one"]),
        more(&["--from", "5", "--to", "5"], &["--from, --to", "5..5 are empty"]),
        more(&["--from", "9", "--to", "5"], &["9..5 are empty"]),
        more(&["--from", "25"], &["choose a part of 0..25"]),
        more(&["--to", "26"], &["0..26 are not all in the run", "0..25"]),
        more(&["--to", "0"], &["0..0 are empty"]),
        more(&["--from", "-3"], &["--from", "-3"]),
        more(
            &["--tile", "1", "--to", "4"],
            &["nothing of tile 1", "in cycles 4..17", "leave the tile out"],
        ),
        more(
            &["--tile", "0", "--from", "13"],
            &["nothing of tile 0", "in cycles 0..13"],
        ),
        more(&["--tile", "9", "--from", "1", "--to", "2"], &["no tile 9"]),
        more(
            &["--pes", "0..5,0..4"],
            &["--pes", "rows 0..5", "choose a part of 0..4"],
        ),
        more(&["--pes", "0..4,4..5"], &["columns 4..5", "0..4"]),
        more(&["--pes", "1..1,0..4"], &["--pes", "1..1 is empty", "1..2"]),
        more(&["--pes", "3..1,0..4"], &["3..1 is empty"]),
        more(&["--pes", "0..4"], &["write rows and columns", "0..4,8..12"]),
        more(&["--pes", "-1..4,0..4"], &["write rows and columns"]),
        case(
            "2t.toml",
            large,
            &GOOD,
            &["--pes", "1048576 PEs", "at most 65536"],
        ),
        changed(2, "none.toml", &["none.toml"]),
        changed(4, "none.npy", &["none.npy", "check the path"]),
        changed(4, "w.npy", &["w.npy", "uint8"]),
        changed(6, "none.npy", &["none.npy", "check the path"]),
        changed(8, "none/w.fst", &["none/w.fst", "no folder none"]),
        changed(8, "a.npy/w.fst", &["a.npy/w.fst", "a.npy is not a folder"]),
        changed(8, ".", &["it is a folder"]),
        changed(
            8,
            "/proc/w.fst",
            &["/proc/w.fst", "cannot be written", "permissions"],
        ),
        // 2:4 weights are asked for before anything is written.
        changed(2, "stc.toml", &["w.npy", "2:4 sparsity", "prune the weights"]),
        case(
            "w.npy",
            npy("|i1", "False", "(7, 5)", &[0; 35]),
            &GOOD,
            &["w.npy", "K is 5", "K = 6"],
        ),
        Case {
            files: Vec::new(),
            args: GOOD[..7].to_vec(),
            want: &["--out <FILE.fst>"],
        },
    ]
}
