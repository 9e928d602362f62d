//! Headers that numpy writes, and headers that lie.

use super::*;

const PLAIN: &str = "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 4), }";

/// A header of one of the versions.
fn bytes(version: u8, text: &[u8]) -> Vec<u8> {
    let length = u32::try_from(text.len()).unwrap().to_le_bytes();
    let length = if version == 1 { &length[..2] } else { &length };
    [b"\x93NUMPY", [version, 0].as_slice(), length, text].concat()
}

fn read(text: &str) -> Result<Header, HeaderError> {
    read_header(bytes(1, text.as_bytes()).as_slice())
}

#[track_caller]
fn check_refused(bytes: &[u8], want: &str) {
    let error = read_header(bytes).unwrap_err().to_string();
    assert!(error.contains(want), "{error:?} does not say {want:?}");
}

#[test]
fn headers_that_numpy_writes() {
    #[track_caller]
    fn check(text: &str, order: Order, shape: &[usize]) {
        let header = read(text).unwrap();
        assert_eq!((header.order, header.shape.as_slice()), (order, shape), "{text}");
        assert_eq!(
            (header.descr.as_str(), header.scalar),
            ("|u1", Scalar::Unsigned(1))
        );
    }
    check(PLAIN, Order::RowMajor, &[3, 4]);
    check(
        "{\"shape\": (5,), \"descr\": \"|u1\", \"fortran_order\": True}  \n",
        Order::ColumnMajor,
        &[5],
    );
    check(
        "{'descr': '|u1', 'fortran_order': False, 'shape': (), }",
        Order::RowMajor,
        &[],
    );
    check(
        " { 'descr' : '|u1' , 'fortran_order' : False , 'shape' : ( 3L , 4L ) } ",
        Order::RowMajor,
        &[3, 4],
    );
    // Sizes of which no product is taken here.
    let most = usize::MAX;
    check(
        &format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({most}, {most})}}"),
        Order::RowMajor,
        &[most, most],
    );
}

#[test]
fn every_version_is_read_up_to_the_first_value() {
    for version in [1, 2, 3] {
        let whole = [bytes(version, PLAIN.as_bytes()), vec![7, 8]].concat();
        let mut rest = whole.as_slice();
        assert_eq!(read_header(&mut rest).unwrap().shape, [3, 4]);
        assert_eq!(rest, [7, 8]);
        for end in 0..whole.len() - 2 {
            let want = match end {
                0..6 => "this is not a .npy file",
                _ if end < whole.len() - 2 - PLAIN.len() => "the header is cut short",
                _ => "the header is longer than the file",
            };
            check_refused(&whole[..end], want);
        }
    }
    for [major, minor] in [[0, 0], [1, 1], [4, 0], [9, 0], [255, 255]] {
        let mut other = bytes(1, PLAIN.as_bytes());
        other[6..8].copy_from_slice(&[major, minor]);
        check_refused(
            &other,
            &format!("version {major}.{minor} of the format is not known"),
        );
    }
    check_refused(b"PK\x03\x04, and more than eight bytes", "not a .npy file");
}

#[test]
fn headers_that_lie() {
    for text in [
        "",
        "{",
        "}",
        "{}}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 4)",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 4)} and more",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 4) 'descr': '|u1'}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (-3, 4)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (3, , 4)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (3,,)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (,)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (3.0, 4)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': ((3), 4)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': [3, 4]}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999, 4)}",
        "{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (3, 4)}",
        "{'descr': [('a', '|u1')], 'fortran_order': False, 'shape': (3, 4)}",
        "{'descr': ('|u1', (2,)), 'fortran_order': False, 'shape': (3, 4)}",
        "{'descr': '|u1, 'fortran_order': False, 'shape': (3, 4)}",
        "{'descr': '|u1', 'fortran_order': 0, 'shape': (3, 4)}",
        "{'descr': '|u1', 'fortran_order': Falsehood, 'shape': (3, 4)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 4), 'more': 1}",
        "{é: '|u1'}",
    ] {
        check_refused(&bytes(1, text.as_bytes()), "does not describe a plain array");
    }
    for text in ["{}", "{'descr': '|u1', 'shape': (3, 4)}"] {
        check_refused(
            &bytes(1, text.as_bytes()),
            &format!("the header `{text}` lacks a key"),
        );
    }
    for text in [b"\xff\xfe".as_slice(), b"{'\x1b[2J': 1}", b"{'descr': '\0'}"] {
        check_refused(&bytes(1, text), "the header is not text");
    }
    for open in ["(", "{", "[", "{'shape': (", "'"] {
        let deep = open.repeat(MAX_HEADER / open.len());
        check_refused(&bytes(1, deep.as_bytes()), "does not describe a plain array");
    }
}

#[test]
fn a_length_that_lies_costs_nothing() {
    /// Endless zeros, of which few are asked for.
    struct Endless<'a>(&'a [u8], usize);
    impl Read for Endless<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.1 += buffer.len();
            assert!(self.1 < 4 * MAX_HEADER, "reads {} bytes", self.1);
            match self.0.read(buffer)? {
                0 => {
                    buffer.fill(0);
                    Ok(buffer.len())
                }
                n_read => Ok(n_read),
            }
        }
    }
    for start in [
        &b"\x93NUMPY\x01\0\xff\xff"[..],
        b"\x93NUMPY\x02\0\xff\xff\xff\xff",
    ] {
        check_refused(start, "the header is longer than the file");
        let error = read_header(Endless(start, 0)).unwrap_err().to_string();
        assert_eq!(error, "the header is longer than 4096 bytes");
    }
    check_refused(&bytes(1, &[b' '; MAX_HEADER + 1]), "longer than 4096 bytes");
    check_refused(&bytes(1, &[b' '; MAX_HEADER]), "plain array");
}

#[test]
fn what_the_source_refuses_is_told_as_it_is() {
    struct Broken(io::ErrorKind);
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
    }
    let error = read_header(Broken(io::ErrorKind::InvalidData)).unwrap_err();
    assert!(matches!(error, HeaderError::Io(_)), "{error}");
    // A decoder whose input ends is a file that ends.
    let error = read_header(Broken(io::ErrorKind::UnexpectedEof)).unwrap_err();
    assert!(matches!(error, HeaderError::Broken(_)), "{error}");
}

#[test]
fn types_and_orders_of_bytes() {
    for (descr, scalar) in [
        ("|u1", Scalar::Unsigned(1)),
        ("u1", Scalar::Unsigned(1)),
        (">i1", Scalar::Signed(1)),
        ("=i8", Scalar::Signed(8)),
        ("<f2", Scalar::Float(2)),
        ("<f4", Scalar::Float(4)),
        ("<f8", Scalar::Float(8)),
        ("|b1", Scalar::Bool),
        ("<c8", Scalar::Other),
        ("|O", Scalar::Other),
        ("<<u1", Scalar::Other),
        ("|S1", Scalar::Other),
        ("", Scalar::Other),
    ] {
        assert_eq!(Scalar::of(descr), scalar, "{descr}");
    }
    let bytes = [0xff, 0x01];
    for (descr, want) in [("<u2", 0x1ff), (">u2", 0xff01), ("<i2", 0x1ff), (">i2", -0xff)] {
        assert_eq!(
            ByteOrder::of(descr).integer(&bytes, Scalar::of(descr)),
            want,
            "{descr}"
        );
    }
    let most = ByteOrder::Little.integer(&[0xff; 8], Scalar::Unsigned(8));
    assert_eq!(most, -1);
    assert!((ByteOrder::of(">f4").f32([0x3f, 0x80, 0, 0]) - 1.0).abs() < f32::EPSILON);
}

#[test]
fn other_floats_become_fp32() {
    #[track_caller]
    fn check(bits: u16, want: f32) {
        let found = ByteOrder::Little.f32_of_f16(bits.to_le_bytes());
        assert_eq!(found.to_bits(), want.to_bits(), "{bits:04x}: {found}");
        let swapped = ByteOrder::Big.f32_of_f16(bits.to_be_bytes());
        assert_eq!(swapped.to_bits(), want.to_bits());
    }
    check(0x3c00, 1.0);
    check(0xc000, -2.0);
    check(0x3555, 0.333_251_95);
    check(0x7bff, 65504.0); // The largest.
    check(0x0001, 5.960_464_5e-8); // The smallest, without a leading one.
    check(0x8000, -0.0);
    check(0xfc00, f32::NEG_INFINITY);
    assert!(ByteOrder::Little.f32_of_f16([0x01, 0x7c]).is_nan());
    let third = 1.0_f64 / 3.0;
    assert_eq!(
        ByteOrder::Big.f32_of_f64(third.to_be_bytes()).to_bits(),
        (1.0_f32 / 3.0).to_bits()
    );
    assert_eq!(
        ByteOrder::Little.f32_of_f64(1e300_f64.to_le_bytes()),
        f32::INFINITY
    );
}

#[test]
fn column_major_values_become_row_major() {
    #[track_caller]
    fn check(shape: &[usize], stored: &[u8], want: &[u8]) {
        assert_eq!(
            Order::ColumnMajor.row_major(stored.to_vec(), shape),
            want,
            "{shape:?}"
        );
        assert_eq!(Order::RowMajor.row_major(stored.to_vec(), shape), stored);
    }
    check(&[], &[7], &[7]);
    check(&[3], &[1, 2, 3], &[1, 2, 3]);
    check(&[2, 3], &[0, 10, 1, 11, 2, 12], &[0, 1, 2, 10, 11, 12]);
    check(
        &[2, 3, 2],
        &[0, 100, 10, 110, 20, 120, 1, 101, 11, 111, 21, 121],
        &[0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121],
    );
    check(&[2, 0, 2], &[], &[]);
}

#[test]
fn a_written_header_is_read_back() {
    let bytes = int32_header([7, 1_000_000]);
    assert!(bytes.len().is_multiple_of(64));
    let mut rest = bytes.as_slice();
    let header = read_header(&mut rest).unwrap();
    assert_eq!(
        (header.shape.as_slice(), rest.len()),
        ([7, 1_000_000].as_slice(), 0)
    );
    assert_eq!(
        (header.scalar, header.order),
        (Scalar::Signed(4), Order::RowMajor)
    );
}
