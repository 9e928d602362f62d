//! Sets of images in arrays, good and bad.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use sim_core::preprocessing::ImageValues;
use sim_images::sets::{ImageSet, OpenOptions, Pixels, Values};

use crate::common::{bytes_of, check_error, folder, open, put};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("compresses");
    encoder.finish().expect("compresses")
}

fn idx(shape: &[u32], values: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, u8::try_from(shape.len()).expect("few axes")];
    bytes.extend(shape.iter().flat_map(|size| size.to_be_bytes()));
    bytes.extend(values);
    bytes
}

fn npy(header: &str, values: &[u8]) -> Vec<u8> {
    let length = u16::try_from(header.len()).expect("short").to_le_bytes();
    [b"\x93NUMPY\x01\x00", length.as_slice(), header.as_bytes(), values].concat()
}

fn npz(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        let options = zip::write::SimpleFileOptions::default();
        writer.start_file(*name, options).expect("adds");
        writer.write_all(bytes).expect("writes");
    }
    writer.finish().expect("finishes").into_inner()
}

fn header(descr: &str, shape: &str) -> String {
    format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}          \n")
}

#[test]
fn idx_pairs_open_plain_and_compressed() {
    let folder = folder();
    let images = idx(&[3, 2, 2], &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    let plain = put(&folder, "a-images-idx3-ubyte", &images);
    put(&folder, "a-labels-idx1-ubyte", &idx(&[3], &[7, 0, 9]));
    let compressed = put(&folder, "b-images-idx3-ubyte.gz", &gzip(&images));
    put(&folder, "b-labels-idx1-ubyte.gz", &gzip(&idx(&[3], &[7, 0, 9])));
    for path in [plain, compressed] {
        let set = open(&path);
        assert_eq!((set.len(), set.labels()), (3, Some([7, 0, 9].as_slice())));
        assert_eq!(bytes_of(&set, 1), [5, 6, 7, 8]);
        assert!(set.names()[1].ends_with("[1]"), "{:?}", set.names());
        assert_eq!(set.load(2..9).expect("loads").len(), 1);
        let limit = OpenOptions {
            limit: Some(2),
            ..OpenOptions::default()
        };
        let set = ImageSet::open(&path, limit).expect("opens");
        assert_eq!((set.len(), set.labels()), (2, Some([7, 0].as_slice())));
    }
    let alone = put(&folder, "c-images-idx3-ubyte", &images);
    assert_eq!(open(&alone).labels(), None);
}

#[test]
fn broken_idx_files_are_errors() {
    let folder = folder();
    let images = idx(&[3, 2, 2], &[9; 12]);
    let check = |name: &str, bytes: &[u8], want: &str| check_error(&put(&folder, name, bytes), name, want);
    check("short", &images[..20], "should hold 12 bytes, it ends after 4");
    check("cut.gz", &gzip(&images)[..20], "");
    check("header", &images[..10], "cut short: `header`");
    check("none", &idx(&[0, 2, 2], &[]), "holds no image");
    check("flat", &idx(&[3, 0, 2], &[]), "has shape [3, 0, 2]");
    check("huge", &idx(&[u32::MAX; 4], &[]), "claims");
    check(
        "large",
        &idx(&[1 << 10, 1 << 10, 1 << 10], &[1; 5]),
        "should hold 1073741824 bytes, it ends after 5",
    );
    check("labels", &idx(&[3], &[1, 2, 3]), "has shape [3]");
    check(
        "floats",
        b"\0\0\x0d\x03 something",
        "an IDX file of images has 0x08 as type",
    );
    check("axes", b"\0\0\x08\xff something", "an IDX file of images has");
    check("empty", b"", "give an `.npz`");
    check("text", b"hello, world", "give an `.npz`");
    check_error(&folder.path().join("missing"), "missing", "cannot read");
    let path = put(&folder, "d-images-idx3-ubyte", &images);
    put(&folder, "d-labels-idx1-ubyte", &idx(&[2], &[0, 1]));
    check_error(&path, "d-labels", "2 labels for 3 images");
    let mut damaged = gzip(&idx(
        &[3, 20, 20],
        &(0..1200_u16).map(|i| i.to_le_bytes()[0]).collect::<Vec<_>>(),
    ));
    let middle = damaged.len() / 2;
    for byte in &mut damaged[middle..] {
        *byte ^= 0x5a;
    }
    check("damaged.gz", &damaged, "get the file again");
}

#[test]
fn npz_archives_hold_bytes_or_floats_and_labels() {
    let folder = folder();
    let labels = npy(
        &header("<i8", "(2,)"),
        &[[3_i64.to_le_bytes(), 0_i64.to_le_bytes()].concat()].concat(),
    );
    let images = npy(&header("|u1", "(2, 1, 2, 2)"), &[1, 2, 3, 4, 5, 6, 7, 8]);
    let path = put(
        &folder,
        "a.npz",
        &npz(&[("images.npy", images), ("labels.npy", labels)]),
    );
    let set = open(&path);
    assert_eq!((set.len(), set.labels()), (2, Some([3, 0].as_slice())));
    assert_eq!(bytes_of(&set, 1), [5, 6, 7, 8]);

    let values: Vec<u8> = [0.5_f32, -1.0, 2.0, 3.0]
        .iter()
        .flat_map(|value| value.to_be_bytes())
        .collect();
    let images = npy(&header(">f4", "(1, 2, 1, 2)"), &values);
    let path = put(&folder, "b.npz", &npz(&[("images.npy", images)]));
    let set = open(&path);
    let image = set.load(0..1).expect("loads").remove(0);
    assert_eq!((image.shape, image.layout), (vec![2, 1, 2], None));
    assert_eq!(image.pixels, Pixels::Floats(vec![0.5, -1.0, 2.0, 3.0]));
    assert_eq!(set.labels(), None);
}

#[test]
fn floats_of_other_sizes_become_fp32() {
    let folder = folder();
    let doubles: Vec<u8> = [0.5_f64, -1.0]
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    let halves = [0x3800_u16, 0xbc00]
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect::<Vec<_>>();
    for (descr, bytes, want) in [
        ("<f8", doubles, ImageValues::Float64),
        ("<f2", halves, ImageValues::Float16),
    ] {
        let images = npy(&header(descr, "(1, 2)"), &bytes);
        let set = open(&put(&folder, "a.npz", &npz(&[("images.npy", images)])));
        let image = set.load(0..1).expect("loads").remove(0);
        assert_eq!((set.values(), image.shape), (want, vec![2]));
        assert_eq!(image.pixels, Pixels::Floats(vec![0.5, -1.0]));
    }
    let images = npy(&header("<f8", "(1, 1)"), &1e300_f64.to_le_bytes());
    let path = put(&folder, "large.npz", &npz(&[("images.npy", images)]));
    check_error(&path, "large.npz", "image 0 holds inf at position 0");
}

#[test]
fn fortran_order_is_read() {
    let folder = folder();
    // Values count up in row-major order.
    let stored: Vec<u8> = (0..2)
        .flat_map(|c| (0..3).flat_map(move |b| (0..2).map(move |a| a * 6 + b * 2 + c)))
        .collect();
    let text = "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3, 2)}";
    let path = put(&folder, "a.npz", &npz(&[("images.npy", npy(text, &stored))]));
    let set = open(&path);
    assert_eq!(bytes_of(&set, 0), [0, 1, 2, 3, 4, 5]);
    assert_eq!(bytes_of(&set, 1), [6, 7, 8, 9, 10, 11]);
    let options = OpenOptions {
        limit: Some(1),
        ..OpenOptions::default()
    };
    let first = ImageSet::open(&path, options).expect("opens");
    assert_eq!((first.len(), bytes_of(&first, 0)), (1, vec![0, 1, 2, 3, 4, 5]));
}

#[test]
fn archives_hold_arrays_for_other_inputs() {
    let folder = folder();
    let floats: Vec<u8> = [0.5_f32, 1.0, 1.5, 2.0]
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    let integers: Vec<u8> = [-7_i64, 16_000]
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    let members = [
        ("x.npy", npy(&header("<f4", "(2, 2)"), &floats)),
        ("sr.npy", npy(&header("<i8", "(2,)"), &integers)),
        ("mask.npy", npy(&header("|b1", "(2, 2)"), &[0, 1, 1, 0])),
        ("state.npy", npy(&header("<f4", "(1, 2)"), &floats[..8])),
        ("text.npy", npy(&header("<U1", "(2,)"), &[0; 8])),
        ("one.npy", npy(&header("<f4", "()"), &floats[..4])),
        ("labels.npy", npy(&header("|u1", "(2,)"), &[3, 4])),
    ];
    let path = put(&folder, "a.npz", &npz(&members));
    let options = OpenOptions {
        input: Some("x"),
        ..OpenOptions::default()
    };
    let set = ImageSet::open(&path, options).expect("opens");
    assert_eq!((set.len(), set.labels()), (2, Some([3, 4].as_slice())));
    let second = set.load(1..2).expect("loads").remove(0);
    assert_eq!(second.pixels, Pixels::Floats(vec![1.5, 2.0]));
    assert_eq!(set.array_names(), ["mask", "one", "sr", "state", "text", "x"]);
    let array = |name| set.array(name).expect("reads").expect("is there");
    assert_eq!(
        (array("sr").shape, array("sr").of(1)),
        (vec![], Values::Int64(vec![16_000]))
    );
    assert_eq!(array("mask").of(0), Values::Bool(vec![false, true]));
    assert_eq!(array("x").of(0), Values::Float32(vec![0.5, 1.0]));
    for name in ["labels", "images", "none"] {
        assert_eq!(set.array(name).expect("is not an error"), None, "{name}");
    }
    for (name, want) in [
        ("state", "1 along its first axis, but there are 2 images"),
        ("text", "type `<U1`, it must be float32, int64"),
        ("one", "one value for each image"),
    ] {
        let error = set.array(name).expect_err(want).to_string();
        assert!(error.contains("a.npz") && error.contains(want), "{error}");
    }
    check_error(&path, "a.npz", "holds no array `images`, only: labels, mask");
    let images = npy(&header("|u1", "(2, 1)"), &[1, 2]);
    let two = put(
        &folder,
        "two.npz",
        &npz(&[("images.npy", images), ("x.npy", members[0].1.clone())]),
    );
    let error = ImageSet::open(&two, options).expect_err("is refused").to_string();
    assert!(error.contains("both `images` and `x`"), "{error}");
    // Without a name, `images` are the images.
    assert_eq!(
        open(&two).array("x").expect("reads").expect("is there").of(1),
        Values::Float32(vec![1.5, 2.0])
    );
}

#[test]
fn broken_npz_archives_are_errors() {
    let folder = folder();
    let check = |name: &str, members: &[(&str, Vec<u8>)], want: &str| {
        check_error(&put(&folder, name, &npz(members)), name, want);
    };
    let one = |header: &str, values: &[u8]| [("images.npy", npy(header, values))];
    let good = || ("images.npy", npy(&header("|u1", "(2, 2, 2)"), &[0; 8]));
    check(
        "other",
        &[("arr_0.npy", vec![])],
        "only: arr_0; save it with numpy.savez(file, images=...)",
    );
    check(
        "lying",
        &one(&header("|u1", "(5, 2, 2)"), &[0; 8]),
        "should hold 20 bytes, it ends after 8",
    );
    check(
        "huge",
        &one(&header("|u1", "(99999999999, 9999999999, 2)"), &[0; 8]),
        "claims",
    );
    check(
        "wide",
        &one(&header("|u1", "(99999999999999999999999, 2, 2)"), &[0; 8]),
        "plain array",
    );
    check(
        "minus",
        &one(&header("|u1", "(-1, 2, 2)"), &[0; 8]),
        "plain array",
    );
    check(
        "long-integers",
        &one(&header("<i2", "(1, 1, 1)"), &[0; 2]),
        "type `<i2`, it must be uint8",
    );
    check(
        "complex",
        &one(&header("<c16", "(1, 1, 1)"), &[0; 16]),
        "type `<c16`, it must be uint8",
    );
    check("object", &one(&header("|O", "(1, 1, 1)"), &[0; 8]), "type `|O`");
    check("axes", &one(&header("|u1", "(2,)"), &[0; 2]), "has shape [2]");
    check(
        "many",
        &one(&header("|u1", "(1, 1, 1, 1, 1, 1, 1)"), &[0; 1]),
        "of two to six axes",
    );
    check("none", &one(&header("|u1", "(0, 2, 2)"), &[]), "holds no image");
    check(
        "record",
        &one(
            "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}",
            &[],
        ),
        "plain array",
    );
    check(
        "lacks",
        &one("{'descr': '|u1', 'shape': (1, 2, 2)}", &[0; 4]),
        "lacks a key",
    );
    check("nested", &one(&"(".repeat(4000), &[]), "plain array");
    check("long", &one(&" ".repeat(5000), &[]), "longer than 4096 bytes");
    check("empty", &[("images.npy", vec![])], "not a .npy file");
    check(
        "magic",
        &[("images.npy", b"\x93NUMPZ\x01\0\x01\0 ".to_vec())],
        "not a .npy file",
    );
    let nan = one(&header("<f4", "(1, 1, 1)"), &f32::NAN.to_le_bytes());
    check("nan", &nan, "image 0 holds NaN at position 0");
    let labels = |header: &str, values: &[u8]| [good(), ("labels.npy", npy(header, values))];
    check(
        "count",
        &labels(&header("|u1", "(3,)"), &[0; 3]),
        "3 labels for 2 images",
    );
    check(
        "negative",
        &labels(&header("|i1", "(2,)"), &[0, 255]),
        "label 1 is -1",
    );
    check(
        "real",
        &labels(&header("<f4", "(2,)"), &[0; 8]),
        "it must be an integer type",
    );
    check(
        "square",
        &labels(&header("|u1", "(2, 1)"), &[0; 2]),
        "of one axis",
    );
    let whole = npz(&[good()]);
    for tenth in 1..10 {
        check_error(
            &put(&folder, "cut", &whole[..whole.len() * tenth / 10]),
            "cut",
            "",
        );
    }
}
