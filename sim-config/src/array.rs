//! The array file.

use std::path::Path;

use sim_core::spec::{ArraySpec, NbSmt, OutOfRange, Pairs, Pe, PeKind, Sparq, Threads};
use sim_core::units::Megahertz;
use sim_toml::complaint::Complaints;
use sim_toml::error::ConfigError;
use sim_toml::source;

use crate::keys::{self, FileKind, Section};
use crate::reader::KeyReader;
use crate::value::size;

/// Read an array file.
///
/// - Errors: a file that cannot be read, is not TOML, lacks a required key, or has a key or value that is not allowed.
pub fn load(path: &Path) -> Result<ArraySpec, Box<ConfigError>> {
    parse(path, &source::read(path)?)
}

/// Check the text of an array file; `path` is for messages only.
///
/// - Errors: as [`load`], less those of reading.
pub fn parse(path: &Path, text: &str) -> Result<ArraySpec, Box<ConfigError>> {
    let table = source::parse(path, text)?;
    let complaints = Complaints::default();
    let top = KeyReader::top(FileKind::Array, &[Section::Top], &table, &complaints);
    top.integer(&keys::VERSION);
    let spec = read(&top, &complaints);
    top.finish(None);
    complaints.check(path, text)?;
    spec.map_err(|error| ConfigError::file(path, error.to_string(), "choose a value in this range"))
}

/// The sections `[array]` and `[pe]` of an array file, or of a run file that holds an array.
pub(crate) fn read(top: &KeyReader<'_>, complaints: &Complaints) -> Result<ArraySpec, OutOfRange> {
    let array = top.section(&[Section::Array]);
    let pe = top.section(&[Section::Pe]);
    for name in [Section::Array.name(), Section::Pe.name()] {
        if top.table.entry(name).is_none() {
            complaints.add(
                0..0,
                format!("there is no [{name}] section"),
                format!("an array needs [array] with `rows` and `cols`, and [pe] with `kind`: add [{name}]"),
            );
        }
    }
    let spec = read_array(&array);
    array.finish(None);
    let kind = pe.optional_word(&keys::KIND);
    let depth = pe.integer(&keys::PIPELINE_DEPTH);
    let rules = match kind {
        Some(kind) => {
            let rules = read_pe(&pe, kind);
            pe.finish(Some(kind.name()));
            rules
        }
        // Which other keys belong here is not known.
        None => Pe::Conventional,
    };
    spec?
        .with_pe(rules)
        .with_pipeline_depth(u8::try_from(depth).unwrap_or(u8::MAX))
}

fn read_array(array: &KeyReader<'_>) -> Result<ArraySpec, OutOfRange> {
    let rows = size(array.integer(&keys::ROWS));
    let cols = size(array.integer(&keys::COLS));
    let dataflow = array.word(&keys::DATAFLOW);
    let clock = u32::try_from(array.integer(&keys::CLOCK_MHZ)).unwrap_or(u32::MAX);
    let tiles = array.word(&keys::TILES);
    let batch = array.word(&keys::BATCH);
    ArraySpec::new(rows, cols, Pe::Conventional)?
        .with_dataflow(dataflow)
        .with_tiles(tiles)
        .with_batch(batch)
        .with_clock(Megahertz(clock))
}

fn read_pe(pe: &KeyReader<'_>, kind: PeKind) -> Pe {
    match kind {
        PeKind::Conventional => Pe::Conventional,
        PeKind::NbSmt => Pe::NbSmt(NbSmt {
            threads: threads(pe.integer(&keys::THREADS)),
            policy: pe.word(&keys::POLICY),
            rounding: pe.word(&keys::ROUNDING),
            overflow: pe.word(&keys::OVERFLOW),
        }),
        PeKind::Sparq => Pe::Sparq(read_sparq(pe)),
        PeKind::SparqStc => Pe::SparqStc(read_sparq(pe)),
    }
}

fn read_sparq(pe: &KeyReader<'_>) -> Sparq {
    Sparq {
        window: pe.word(&keys::WINDOW),
        rounding: pe.word(&keys::WINDOW_ROUNDING),
        pairs: if pe.flag(&keys::PAIRS) {
            Pairs::On
        } else {
            Pairs::Off
        },
    }
}

/// Threads from a count that the table of keys allows.
pub(crate) fn threads(count: i64) -> Threads {
    Threads::from_count(size(count)).unwrap_or(Threads::One)
}
