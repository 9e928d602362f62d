//! The header of a `.npy` file, read without trust in what it claims.

/// What a header says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) descr: String,
    pub(super) order: Order,
    pub(super) shape: Vec<usize>,
}

/// Which axis is contiguous.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    RowMajor,
    ColumnMajor,
}

/// The header of a file, and the bytes behind it.
pub(super) fn parse(bytes: &[u8]) -> Result<(Header, &[u8]), String> {
    let rest = bytes
        .strip_prefix(b"\x93NUMPY")
        .ok_or("this is not a .npy file")?;
    let (length, rest) = match rest {
        [1, 0, low, high, rest @ ..] => (u32::from(u16::from_le_bytes([*low, *high])), rest),
        [2 | 3, 0, a, b, c, d, rest @ ..] => (u32::from_le_bytes([*a, *b, *c, *d]), rest),
        [1..=3, 0, ..] | [] | [_] => return Err("the header is cut short".to_owned()),
        [major, minor, ..] => return Err(format!("version {major}.{minor} of the format is not known")),
    };
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let (text, values) = rest
        .split_at_checked(length)
        .ok_or("the header is longer than the file")?;
    let text = std::str::from_utf8(text).map_err(|_| "the header is not text".to_owned())?;
    let header = parse_dict(text).ok_or_else(|| "the header does not describe a plain array".to_owned())?;
    Ok((header, values))
}

/// `{'descr': '|u1', 'fortran_order': False, 'shape': (3, 4), }`, the keys in any order and nothing else.
fn parse_dict(text: &str) -> Option<Header> {
    let mut rest = text.trim().strip_prefix('{')?.strip_suffix('}')?.trim();
    let (mut descr, mut order, mut shape) = (None, None, None);
    while !rest.is_empty() {
        let (key, after) = quoted(rest)?;
        let value = after.trim_start().strip_prefix(':')?.trim_start();
        rest = match key {
            "descr" if descr.is_none() => {
                let (value, after) = quoted(value)?;
                descr = Some(value.to_owned());
                after
            }
            "fortran_order" if order.is_none() => {
                let (value, after) = match value.strip_prefix("False") {
                    Some(after) => (Order::RowMajor, after),
                    None => (Order::ColumnMajor, value.strip_prefix("True")?),
                };
                order = Some(value);
                after
            }
            "shape" if shape.is_none() => {
                let (inner, after) = value.strip_prefix('(')?.split_once(')')?;
                shape = Some(sizes(inner)?);
                after
            }
            _ => return None,
        }
        .trim_start();
        rest = match rest.strip_prefix(',') {
            Some(after) => after.trim_start(),
            None if rest.is_empty() => rest,
            None => return None,
        };
    }
    Some(Header {
        descr: descr?,
        order: order?,
        shape: shape?,
    })
}

fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|first| matches!(first, '\'' | '"'))?;
    text.get(1..)?.split_once(quote)
}

/// `3, 4`, `3,` or nothing.
fn sizes(text: &str) -> Option<Vec<usize>> {
    let text = text.trim();
    let text = text.strip_suffix(',').unwrap_or(text);
    if text.is_empty() {
        return Some(Vec::new());
    }
    text.split(',').map(|size| size.trim().parse().ok()).collect()
}

/// The header of a row-major `int32` matrix, padded as numpy does.
pub(super) fn int32(rows: usize, cols: usize) -> Vec<u8> {
    const ALIGNMENT: usize = 64;
    let mut text = format!("{{'descr': '<i4', 'fortran_order': False, 'shape': ({rows}, {cols}), }}");
    let n_before = 10;
    while !(n_before + text.len() + 1).is_multiple_of(ALIGNMENT) {
        text.push(' ');
    }
    text.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    // Two sizes of at most 20 digits keep the text far below 64 KiB.
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    bytes.extend(length.to_le_bytes());
    bytes.extend(text.bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_that_numpy_writes() {
        #[track_caller]
        fn check(text: &str, order: Order, shape: &[usize]) {
            let header = Header {
                descr: "|u1".to_owned(),
                order,
                shape: shape.to_vec(),
            };
            assert_eq!(parse_dict(text), Some(header), "{text}");
        }
        check(
            "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 4), }",
            Order::RowMajor,
            &[3, 4],
        );
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
    }

    #[test]
    fn headers_that_lie() {
        for text in [
            "",
            "{}",
            "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 4)",
            "{'descr': '|u1', 'fortran_order': False, 'shape': (-3, 4)}",
            "{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999, 4)}",
            "{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (3, 4)}",
            "{'descr': [('a', '|u1')], 'fortran_order': False, 'shape': (3, 4)}",
            "{'descr': '|u1', 'fortran_order': 0, 'shape': (3, 4)}",
            "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 4), 'more': 1}",
        ] {
            assert_eq!(parse_dict(text), None, "{text}");
        }
    }

    #[test]
    fn a_written_header_is_read_back() {
        let bytes = int32(7, 1_000_000);
        assert!(bytes.len().is_multiple_of(64));
        let (header, rest) = parse(&bytes).unwrap_or_else(|why| panic!("{why}"));
        assert_eq!((header.shape, rest.len()), (vec![7, 1_000_000], 0));
    }
}
