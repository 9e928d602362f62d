//! Bytes of a file as text, or what they are instead.

use std::path::Path;

use crate::complaint::Complaint;
use crate::error::ConfigError;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
const SAVE: &str = "save the file as UTF-8";
/// Letters that tell an encoding.
const N_LETTERS: usize = 16;

/// The text of a file, without the mark that some editors put before it.
///
/// - Errors: a text in another encoding, and what is not a text.
pub(crate) fn decode(path: &Path, bytes: Vec<u8>) -> Result<String, Box<ConfigError>> {
    if is_utf_16(&bytes) {
        return Err(ConfigError::file(
            path,
            "the file is UTF-16 text, not UTF-8",
            SAVE,
        ));
    }
    let bytes = match bytes.strip_prefix(BYTE_ORDER_MARK) {
        Some(text) => text.to_vec(),
        None => bytes,
    };
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let bytes = error.into_bytes();
        // A message shows its line, which must not steer a terminal.
        if bytes
            .iter()
            .any(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace())
        {
            return ConfigError::file(
                path,
                "the file is not text",
                "name a .toml file; models, images and traces are named inside it",
            );
        }
        let why = format!(
            "byte 0x{:02x} is not UTF-8 text",
            bytes.get(at).copied().unwrap_or_default()
        );
        // All before it stays where it is.
        let text = String::from_utf8_lossy(&bytes);
        let mark = at..at + char::REPLACEMENT_CHARACTER.len_utf8();
        ConfigError::of(path, &text, Complaint::new(mark, why, SAVE))
    })
}

/// By its byte-order mark, or by first letters of which each is a zero and a byte that is none, as in Latin script.
fn is_utf_16(bytes: &[u8]) -> bool {
    let (letters, _) = bytes.as_chunks();
    let letters = letters.get(..N_LETTERS).unwrap_or(letters);
    match letters.first() {
        None => false,
        Some([0xff, 0xfe] | [0xfe, 0xff]) => true,
        Some(_) => {
            letters.iter().all(|&[low, high]| low != 0 && high == 0)
                || letters.iter().all(|&[high, low]| low != 0 && high == 0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: &[u8]) -> Result<String, String> {
        let told =
            |error: Box<ConfigError>| format!("{}: {}; {}", error.place(), error.why(), error.remedy());
        decode(Path::new("a.toml"), bytes.to_vec()).map_err(told)
    }

    #[test]
    fn encodings() {
        #[track_caller]
        fn refused(bytes: &[u8], want: &str) {
            assert_eq!(of(bytes), Err(want.to_owned()));
        }
        assert_eq!(of("# Größe\n".as_bytes()).as_deref(), Ok("# Größe\n"));
        // As editors on Windows save UTF-8.
        assert_eq!(of(b"\xef\xbb\xbfa = 1\n").as_deref(), Ok("a = 1\n"));
        assert_eq!(of(b"").as_deref(), Ok(""));
        refused(
            b"a = 1\n# Gr\xf6\xdfe\n",
            "a.toml:2: byte 0xf6 is not UTF-8 text; save the file as UTF-8",
        );
        // Cut off within a letter.
        refused(
            b"# \xc3",
            "a.toml:1: byte 0xc3 is not UTF-8 text; save the file as UTF-8",
        );
        let utf_16 = "a.toml: the file is UTF-16 text, not UTF-8; save the file as UTF-8";
        let (little, big): (Vec<u8>, Vec<u8>) = (
            "a = 1\n".bytes().flat_map(|byte| [byte, 0]).collect(),
            "a = 1\n".bytes().flat_map(|byte| [0, byte]).collect(),
        );
        for text in [
            &little,
            &big,
            &[b"\xff\xfe", &little[..]].concat(),
            &[b"\xfe\xff", &big[..]].concat(),
        ] {
            refused(text, utf_16);
        }
        refused(
            b"PK\x03\x04\0\xff",
            "a.toml: the file is not text; name a .toml file; models, images and traces are named inside it",
        );
    }
}
