//! Waveforms, as a viewer reads them.

use std::collections::BTreeMap;

use wellen::simple::Waveform;

use crate::support::{Folder, npy, pseudo_random};

fn wave<'a>(array: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let args = [
        "wave",
        "--array",
        array,
        "--activations",
        "a.npy",
        "--weights",
        "w.npy",
        "--out",
        "w.fst",
    ];
    [&args[..], more].concat()
}

fn read(folder: &Folder) -> Waveform {
    match wellen::simple::read(folder.path("w.fst")) {
        Ok(wave) => wave,
        Err(error) => panic!("{error}"),
    }
}

/// Changes of a signal: time and digits.
fn changes(wave: &mut Waveform, path: &[&str], name: &str) -> Vec<(u64, String)> {
    let Some(var) = wave.hierarchy().lookup_var(path, name) else {
        panic!("no signal {path:?} {name}");
    };
    let id = wave.hierarchy()[var].signal_ref();
    wave.load_signals(&[id]);
    let times = wave.time_table().to_vec();
    let signal = wave
        .get_signal(id)
        .unwrap_or_else(|| panic!("{name} is not loaded"));
    signal
        .iter_changes()
        .map(|(at, value)| {
            let at = usize::try_from(at).unwrap_or(usize::MAX);
            (times[at], value.to_bit_string().unwrap_or_default())
        })
        .collect()
}

fn number(digits: &str) -> i32 {
    u32::from_str_radix(digits, 2).unwrap_or_default().cast_signed()
}

/// The value of a signal at a time.
fn at(changes: &[(u64, String)], time: u64) -> i32 {
    let latest = changes.iter().rev().find(|(since, _)| *since <= time);
    latest.map_or(0, |(_, digits)| number(digits))
}

/// What leaves the array while the file lasts, by row and column of the product.
fn outputs(wave: &mut Waveform) -> BTreeMap<(i32, i32), i32> {
    let mut found = BTreeMap::new();
    for col in ["col00", "col01", "col02", "col03"] {
        let [valid, m, n, value] = ["output_valid", "output_m", "output_n", "output"]
            .map(|name| changes(wave, &["array", col], name));
        let times = wave.time_table();
        let (first, end) = (times[0], times[times.len() - 1]);
        for time in (first..end).filter(|&time| at(&valid, time) == 1) {
            found.insert((at(&m, time), at(&n, time)), at(&value, time));
        }
    }
    found
}

/// The product as `gemm` makes it, of 7 columns.
fn product(folder: &Folder, array: &str) -> BTreeMap<(i32, i32), i32> {
    let args = [
        "gemm",
        "--array",
        array,
        "--activations",
        "a.npy",
        "--weights",
        "w.npy",
        "--out",
        "c.npy",
    ];
    folder.good(&args);
    let file = folder.read("c.npy");
    let values = file[file.len() - 4 * 35..]
        .chunks(4)
        .map(|bytes| match bytes.try_into() {
            Ok(bytes) => i32::from_le_bytes(bytes),
            Err(error) => panic!("{error}"),
        });
    (0..35)
        .zip(values)
        .map(|(at, value)| ((at / 7, at % 7), value))
        .collect()
}

#[test]
fn tiles_of_every_kind_of_array_hold_the_product() {
    let folder = Folder::new();
    let weights: Vec<u8> = (0..7).flat_map(|n| [0, n, 0, 255 - n, 3 * n, 0]).collect();
    folder.write("w.npy", npy("|i1", "False", "(7, 6)", &weights));
    folder.write(
        "4t.toml",
        "[array]\nrows = 4\ncols = 4\n[pe]\nkind = \"nb-smt\"\nthreads = 4\n",
    );
    folder.write(
        "sparq.toml",
        "[array]\nrows = 4\ncols = 4\ntiles = \"serial\"\n[pe]\nkind = \"sparq\"\nwindow = \"2opt\"\n",
    );
    for array in ["1t.toml", "2t.toml", "4t.toml", "sparq.toml", "stc.toml"] {
        let mut all = BTreeMap::new();
        for tile in ["0", "1", "2", "3"] {
            folder.good(&wave(array, &["--tile", tile]));
            let found = outputs(&mut read(&folder));
            let first_of = |tile: &str| match tile {
                "0" => (0, 0),
                "1" => (0, 4),
                "2" => (4, 0),
                _ => (4, 4),
            };
            assert!(
                found.contains_key(&first_of(tile)),
                "{array}, tile {tile}: {found:?}"
            );
            all.extend(found);
        }
        assert_eq!(all, product(&folder, array), "{array}");
        folder.good(&wave(array, &["--from", "0"]));
        assert_eq!(outputs(&mut read(&folder)), all, "{array}");
    }
}

#[test]
fn a_viewer_shows_the_names_of_modes() {
    let folder = Folder::new();
    folder.good(&wave("2t.toml", &["--from", "0"]));
    let mut wave = read(&folder);
    let hierarchy = wave.hierarchy();
    let path = ["array", "row02", "pe03"];
    let Some(mode) = hierarchy.lookup_var(&path, "mode") else {
        panic!("no mode");
    };
    let Some((_, names)) = hierarchy[mode].enum_type(hierarchy) else {
        panic!("no names");
    };
    let names: BTreeMap<String, String> = (names.into_iter())
        .map(|(value, name)| (value.to_owned(), name.to_owned()))
        .collect();
    let modes: Vec<(u64, String)> = changes(&mut wave, &path, "mode")
        .into_iter()
        .map(|(time, digits)| (time, names[&digits].clone()))
        .collect();
    // Three steps a tile on four rows; columns 4 to 7 of outputs are but three, and row 6 is not there.
    let at = |time: u64| {
        modes
            .iter()
            .rev()
            .find(|(since, _)| *since <= time)
            .map(|(_, name)| name.as_str())
    };
    assert_eq!(at(0), Some("fill"));
    assert_eq!(at(4), Some("fill"));
    assert!(["idle", "one", "two"].map(Some).contains(&at(5)), "{modes:?}");
    assert_eq!(at(8), Some("stall"));
    assert_eq!(at(9), Some("masked"));
    assert_eq!(at(13), Some("masked"));
    assert_eq!(at(20), Some("drain"));
}

#[test]
fn cycles_and_pes_are_those_asked_for() {
    let folder = Folder::new();
    folder.good(&wave(
        "2t.toml",
        &["--tile", "2", "--to", "13", "--pes", "1..3,0..1"],
    ));
    let wave = read(&folder);
    // Tile 2 begins after two tiles of four cycles.
    assert_eq!(wave.time_table().first(), Some(&8));
    assert_eq!(wave.time_table().last(), Some(&13));
    let hierarchy = wave.hierarchy();
    let has = |path: &[&str]| hierarchy.lookup_scope(path).is_some();
    assert!(has(&["array", "row01", "pe00"]) && has(&["array", "row02", "pe00"]) && has(&["array", "col00"]));
    assert!(!has(&["array", "row00"]) && !has(&["array", "row03"]) && !has(&["array", "row01", "pe01"]));
    assert!(!has(&["array", "col01"]));
}

#[test]
fn a_waveform_replaces_an_older_file_and_its_bytes_repeat() {
    let folder = Folder::new();
    folder.good(&wave("1t.toml", &[]));
    let before = folder.listing();
    folder.good(&wave("2t.toml", &[]));
    let first = folder.read("w.fst");
    assert_eq!(folder.good(&wave("2t.toml", &["--tile", "0"])), "");
    assert!(first == folder.read("w.fst"));
    assert_eq!(folder.listing(), before);
    let ran = folder.sysmt_in(&[("SYSMT_SIMD", "portable")], &wave("2t.toml", &[]));
    assert_eq!(ran.code, Some(0));
    assert!(first == folder.read("w.fst"));
    assert!(
        ran.stderr.contains("cycles 0..13, rows 0..4, columns 0..4"),
        "{}",
        ran.stderr
    );
    // Other operands, other bytes.
    folder.write("a.npy", npy("|u1", "False", "(5, 6)", &pseudo_random(30, 9)));
    folder.good(&wave("2t.toml", &[]));
    assert!(first != folder.read("w.fst"));
}
