//! The fields of a protobuf message as they lie in a file, so that a message can be changed without being understood.

/// A message that cannot be taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireFault {
    /// A field that the message ends in.
    #[error("the file ends within a field")]
    CutOff,
    /// A field of a form that no ONNX file has.
    #[error("field {number} is of wire type {wire_type}, which ONNX does not use")]
    WireType {
        /// Its number.
        number: u64,
        /// Its form.
        wire_type: u64,
    },
}

/// One field of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// Its number.
    pub number: u64,
    /// All of it, key included.
    pub whole: &'a [u8],
    /// What a field with a length holds: a message, text, bytes or packed numbers.
    pub content: Option<&'a [u8]>,
}

/// Forms of fields; 3 and 4 begin and end groups.
const VARINT: u64 = 0;
const EIGHT_BYTES: u64 = 1;
const WITH_LENGTH: u64 = 2;
const FOUR_BYTES: u64 = 5;

/// The fields of `message`, in order; together they are the message.
///
/// - Errors: a message that ends within a field, and a form of field that ONNX does not use.
pub fn fields(message: &[u8]) -> Result<Vec<Field<'_>>, WireFault> {
    let mut fields = Vec::new();
    let mut rest = message;
    while !rest.is_empty() {
        let start = rest;
        let key = take_varint(&mut rest)?;
        let (number, wire_type) = (key >> 3, key & 7);
        let content = match wire_type {
            VARINT => {
                take_varint(&mut rest)?;
                None
            }
            EIGHT_BYTES => {
                take(&mut rest, 8)?;
                None
            }
            WITH_LENGTH => {
                let length = take_varint(&mut rest)?;
                let length = usize::try_from(length).map_err(|_| WireFault::CutOff)?;
                Some(take(&mut rest, length)?)
            }
            FOUR_BYTES => {
                take(&mut rest, 4)?;
                None
            }
            _ => return Err(WireFault::WireType { number, wire_type }),
        };
        fields.push(Field {
            number,
            whole: &start[..start.len() - rest.len()],
            content,
        });
    }
    Ok(fields)
}

/// Append a field with a length.
pub fn push(message: &mut Vec<u8>, number: u64, content: &[u8]) {
    push_varint(message, (number << 3) | WITH_LENGTH);
    push_varint(message, u64::try_from(content.len()).unwrap_or(u64::MAX));
    message.extend_from_slice(content);
}

fn push_varint(message: &mut Vec<u8>, mut value: u64) {
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            message.push(low & 0x7f);
            return;
        }
        message.push(low | 0x80);
    }
}

fn take<'a>(rest: &mut &'a [u8], n_bytes: usize) -> Result<&'a [u8], WireFault> {
    let (taken, after) = rest.split_at_checked(n_bytes).ok_or(WireFault::CutOff)?;
    *rest = after;
    Ok(taken)
}

/// Seven bits a byte, the lowest first; at most ten bytes.
fn take_varint(rest: &mut &[u8]) -> Result<u64, WireFault> {
    let mut value = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let &[byte] = take(rest, 1)? else {
            return Err(WireFault::CutOff);
        };
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(WireFault::CutOff)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn fields_of_every_form_are_told_apart() {
        // As the documentation of the format has them: field 1 is 150, field 2 is "testing"; then 8 and 4 bytes.
        let mut message = vec![0x08, 0x96, 0x01, 0x12, 0x07];
        message.extend(b"testing");
        message.extend([0x19, 1, 2, 3, 4, 5, 6, 7, 8, 0x25, 1, 2, 3, 4]);
        let found = fields(&message).expect("fields");
        let numbers: Vec<u64> = found.iter().map(|field| field.number).collect();
        assert_eq!(numbers, [1, 2, 3, 4]);
        let lengths: Vec<usize> = found.iter().map(|field| field.whole.len()).collect();
        assert_eq!(lengths, [3, 9, 9, 5]);
        assert_eq!(found[1].content, Some(&b"testing"[..]));
        assert!([0, 2, 3].iter().all(|&index| found[index].content.is_none()));

        let mut pushed = Vec::new();
        push(&mut pushed, 2, b"testing");
        assert_eq!(pushed, found[1].whole);
    }

    #[test]
    fn what_is_no_message_is_an_error() {
        #[track_caller]
        fn check(message: &[u8], want: WireFault) {
            assert_eq!(fields(message), Err(want));
        }
        check(&[0x08], WireFault::CutOff); // A key alone.
        check(&[0x12, 2, 0], WireFault::CutOff); // One byte of two.
        check(&[0x25, 1, 2, 3], WireFault::CutOff);
        check(&[0x80; 11], WireFault::CutOff); // A number that never ends.
        check(
            &[0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
            WireFault::CutOff,
        );
        let group = WireFault::WireType {
            number: 1,
            wire_type: 3,
        };
        check(&[0x0b, 0x0c], group);
    }

    proptest! {
        #[test]
        fn what_is_pushed_is_found(contents in prop::collection::vec(
            (1_u64..1 << 29, prop::collection::vec(any::<u8>(), 0..300)), 0..8,
        )) {
            let mut message = Vec::new();
            for (number, content) in &contents {
                push(&mut message, *number, content);
            }
            let found = fields(&message).expect("fields");
            prop_assert_eq!(found.len(), contents.len());
            for (field, (number, content)) in found.iter().zip(&contents) {
                prop_assert_eq!((field.number, field.content), (*number, Some(&content[..])));
            }
            let joined: Vec<u8> = found.iter().flat_map(|field| field.whole).copied().collect();
            prop_assert_eq!(joined, message);
        }
    }
}
