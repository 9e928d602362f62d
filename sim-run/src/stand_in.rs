//! Small files that stand where a large one should be, by how they begin.

use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// Bytes that tell.
const HEAD_BYTES: u64 = 512;

/// What a file is instead of what its name promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StandIn {
    /// What Git has in place of a file that Git LFS keeps.
    LfsPointer,
    /// What a server sends in place of a file that it does not give.
    Page,
}

impl StandIn {
    /// All of them.
    pub(crate) const ALL: [Self; 2] = [Self::LfsPointer, Self::Page];

    /// Of a file that could not be decoded.
    pub(crate) fn at(path: &Path) -> Option<Self> {
        // Reading a pipe may never end.
        if !path.is_file() {
            return None;
        }
        let mut head = Vec::new();
        let file = File::open(path).ok()?;
        file.take(HEAD_BYTES).read_to_end(&mut head).ok()?;
        Self::of(&head)
    }

    /// By its first bytes.
    fn of(head: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|stand_in| stand_in.begins(head))
    }

    fn begins(self, head: &[u8]) -> bool {
        match self {
            Self::LfsPointer => head.starts_with(b"version https://git-lfs.github.com/"),
            Self::Page => {
                let text = head
                    .strip_prefix(b"\xef\xbb\xbf")
                    .unwrap_or(head)
                    .trim_ascii_start();
                // `<!DOCTYPE html>`, `<html>`, `<?xml …?>`, `<Error>`.
                matches!(text, [b'<', b'!' | b'?' | b'a'..=b'z' | b'A'..=b'Z', ..])
            }
        }
    }
}

/// What it is, and behind `; ` what to do.
impl fmt::Display for StandIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LfsPointer => "this is a Git LFS pointer, not the file itself; get the file with `git lfs pull`",
            Self::Page => {
                "this is an HTML or XML page, as a server sends it in place of a file; open it to see why, and download the \
                 file again"
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_bytes() {
        #[track_caller]
        fn check(head: &[u8], want: Option<StandIn>) {
            assert_eq!(StandIn::of(head), want, "{}", String::from_utf8_lossy(head));
        }
        check(
            b"version https://git-lfs.github.com/spec/v1\noid",
            Some(StandIn::LfsPointer),
        );
        check(b"version 1\n", None);
        for page in [
            "<!DOCTYPE html>",
            "\u{feff}\r\n  <html lang=\"en\">",
            "<?xml version=\"1.0\"?>",
            "<Error><Code>AccessDenied</Code></Error>",
        ] {
            check(page.as_bytes(), Some(StandIn::Page));
        }
        for other in [
            b"".as_slice(),
            b"<",
            b"< 3",
            b"\x93NUMPY",
            b"PK\x03\x04",
            b"\x08\x07",
        ] {
            check(other, None);
        }
    }
}
