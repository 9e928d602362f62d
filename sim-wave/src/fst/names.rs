//! The names of a waveform: scopes, signals, and the names of a signal's values.

use std::fs::File;
use std::io::{self, BufWriter, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use fst_writer::{
    FstFileType, FstHeaderWriter, FstInfo, FstScopeType, FstSignalId, FstSignalType, FstVarDirection,
    FstVarType, FstWriteError,
};
use sim_core::shape::widen;

use super::record::Recorder;
use crate::mode::Mode;
use crate::signals::Shape;

/// A viewer's nanosecond is a cycle, whatever the clock.
const TIMESCALE_EXPONENT: i8 = -9;
/// The same run gives the same bytes on any day.
const DATE: &str = "undated";
const VERSION: &str = concat!("sysmt ", env!("CARGO_PKG_VERSION"));
/// Where the header has the writer, of which every version begins so.
const WRITER_AT: u64 = 74;
const WRITER: &[u8] = b"sysmt ";

// The hierarchy's alphabet, beside the numbers of variables' types.
const ATTRIBUTE: u8 = 252;
const SCOPE: u8 = 254;
const MODULE: u8 = 0;
const UP: u8 = 255;
const ATTRIBUTE_OTHER: u8 = 0;
const VALUE_NAMES: u8 = 7;
/// The number by which signals refer to the table of modes.
const MODES: u64 = 1;
/// Bits of a mode.
const N_MODE_BITS: usize = 4;

/// Whether a file is a waveform of this program, of any version.
///
/// - Errors: it cannot be read.
pub fn is_waveform(path: &Path) -> io::Result<bool> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(WRITER_AT))?;
    let mut writer = Vec::new();
    file.take(widen(WRITER.len())).read_to_end(&mut writer)?;
    Ok(writer == WRITER)
}

/// Names as they are declared, as `fst-writer` takes them and as the file will have them.
pub(crate) struct Names {
    header: FstHeaderWriter<BufWriter<File>>,
    hierarchy: Vec<u8>,
    signals: Vec<(FstSignalId, usize)>,
}

impl Names {
    /// Nothing yet, but for the table of modes.
    pub(crate) fn new(values: File) -> Result<Self, FstWriteError> {
        let info = FstInfo {
            start_time: 0,
            timescale_exponent: TIMESCALE_EXPONENT,
            version: VERSION.to_owned(),
            date: DATE.to_owned(),
            file_type: FstFileType::Verilog,
        };
        let mut names = Self {
            header: FstHeaderWriter::new(BufWriter::new(values), &info)?,
            hierarchy: Vec::new(),
            signals: Vec::new(),
        };
        let codes = Mode::ALL.map(|mode| format!("{:0N_MODE_BITS$b}", mode.code()));
        let table = format!(
            "mode {} {} {}",
            Mode::ALL.len(),
            Mode::ALL.map(Mode::name).join(" "),
            codes.join(" ")
        );
        names.attribute(&table);
        Ok(names)
    }

    /// Open a scope, fill it, close it.
    pub(crate) fn scope(
        &mut self,
        name: &str,
        fill: impl FnOnce(&mut Self) -> Result<(), FstWriteError>,
    ) -> Result<(), FstWriteError> {
        self.header.scope(name, "", FstScopeType::Module)?;
        self.hierarchy.extend([SCOPE, MODULE]);
        self.text(name);
        self.text("");
        fill(self)?;
        self.header.up_scope()?;
        self.hierarchy.push(UP);
        Ok(())
    }

    /// Declare a signal; values come in the order of declarations.
    pub(crate) fn signal(&mut self, name: &str, shape: Shape) -> Result<(), FstWriteError> {
        let (kind, code, width) = match shape {
            Shape::Bit => (FstVarType::Wire, 16, 1),
            Shape::Bits(width) => (FstVarType::Wire, 16, width),
            Shape::Int => (FstVarType::Int, 24, 32),
            Shape::Long => (FstVarType::LongInt, 26, 64),
            Shape::Byte => (FstVarType::Byte, 27, 8),
            Shape::Mode => (FstVarType::Enum, 28, N_MODE_BITS),
        };
        let n_bits = FstSignalType::bit_vec(u32::try_from(width).unwrap_or(u32::MAX));
        let id = self
            .header
            .var(name, n_bits, kind, FstVarDirection::Implicit, None)?;
        if shape == Shape::Mode {
            self.attribute("");
        }
        // No direction; and no alias of another signal.
        self.hierarchy.extend([code, 0]);
        self.text(name);
        number(&mut self.hierarchy, widen(width));
        number(&mut self.hierarchy, 0);
        self.signals.push((id, width));
        Ok(())
    }

    /// Signals so far.
    pub(crate) const fn n_signals(&self) -> usize {
        self.signals.len()
    }

    /// All is declared: what takes the values, and the block of the hierarchy for [`assemble`](super::assemble).
    pub(crate) fn finish(self) -> Result<(Recorder, Vec<u8>), FstWriteError> {
        let mut block = widen(self.hierarchy.len()).to_be_bytes().to_vec();
        block.extend(lz4_flex::compress(&self.hierarchy));
        Ok((Recorder::new(self.header.finish()?, self.signals), block))
    }

    /// Define the table of modes, or, without a text, refer to it from the next signal.
    fn attribute(&mut self, table: &str) {
        self.hierarchy.extend([ATTRIBUTE, ATTRIBUTE_OTHER, VALUE_NAMES]);
        self.text(table);
        number(&mut self.hierarchy, MODES);
    }

    fn text(&mut self, text: &str) {
        self.hierarchy.extend(text.bytes());
        self.hierarchy.push(0);
    }
}

/// A number in groups of seven bits, the lowest first.
fn number(bytes: &mut Vec<u8>, mut value: u64) {
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            bytes.push(low & 0x7F);
            return;
        }
        bytes.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_seven_bits_a_byte() {
        #[track_caller]
        fn check(value: u64, want: &[u8]) {
            let mut bytes = Vec::new();
            number(&mut bytes, value);
            assert_eq!(bytes, want);
        }
        check(0, &[0]);
        check(127, &[127]);
        check(128, &[128, 1]);
        check(300, &[0xAC, 2]);
        check(u64::MAX, &[255, 255, 255, 255, 255, 255, 255, 255, 255, 1]);
    }
}
