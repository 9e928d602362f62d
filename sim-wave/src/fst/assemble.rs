//! The file, from what `fst-writer` wrote: a sequence of blocks, each a kind, a length, and so many bytes.

use std::io::{self, Read, Write};

use sim_core::shape::widen;
use sim_core::units::Cycles;

const HEADER: u8 = 0;
const HIERARCHY: u8 = 6;
const CHANGES: u8 = 8;
/// Bytes of a length, which counts itself.
const N_LENGTH: u64 = 8;

/// Copy the blocks of `values` to `out`, with `hierarchy` in place of the hierarchy, and with `first` as the first time.
pub(crate) fn assemble(
    values: &mut impl Read,
    hierarchy: &[u8],
    first: Cycles,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut has_changes = false;
    let mut kind = [0];
    while values.read(&mut kind)? == 1 {
        let n_bytes = number(values)?.saturating_sub(N_LENGTH);
        match kind[0] {
            HIERARCHY => {
                copy(values, n_bytes, &mut io::sink())?;
                begin(out, HIERARCHY, widen(hierarchy.len()))?;
                out.write_all(hierarchy)?;
            }
            // Both begin with the time at which they begin; later blocks of changes have that from the block before.
            block @ (HEADER | CHANGES) if block == HEADER || !has_changes => {
                has_changes = block == CHANGES;
                let _zero = number(values)?;
                begin(out, block, n_bytes)?;
                out.write_all(&first.0.to_be_bytes())?;
                copy(values, n_bytes - N_LENGTH, out)?;
            }
            block => {
                begin(out, block, n_bytes)?;
                copy(values, n_bytes, out)?;
            }
        }
    }
    out.flush()
}

fn begin(out: &mut impl Write, kind: u8, n_bytes: u64) -> io::Result<()> {
    out.write_all(&[kind])?;
    out.write_all(&(n_bytes + N_LENGTH).to_be_bytes())
}

fn number(input: &mut impl Read) -> io::Result<u64> {
    let mut bytes = [0; 8];
    input.read_exact(&mut bytes)?;
    Ok(u64::from_be_bytes(bytes))
}

fn copy(input: &mut impl Read, n_bytes: u64, out: &mut impl Write) -> io::Result<()> {
    match io::copy(&mut input.take(n_bytes), out)? {
        n_copied if n_copied == n_bytes => Ok(()),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}
