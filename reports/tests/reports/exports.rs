//! Exports read back by other readers.

use std::convert::Infallible;
use std::io;

use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::Field;
use reports::export::{self, ColumnError, ExportError, Format, Origin, ROWS_IN_A_GROUP, Selection, Table};
use reports::frame::{Column, ColumnType, Value};
use reports::result::FILE_NAME;
use reports::stored::{self, Provenance, Stored, StoredKind};
use sim_core::spec::{Policy, Threads};

use crate::csv_text::read;
use crate::support::{nb_smt, report};

/// Words that each format has to quote.
const WORDS: &str = "a,\"b\"\r\nc_1 & 50 % #2 $x {y} ~^\\ 4×4 µm²";
/// Neither a double nor a signed integer.
const LARGE: u64 = (1 << 63) + 1;

fn columns() -> Vec<Column> {
    vec![
        Column::new("pe.threads", ColumnType::Count),
        Column::new("words, all", ColumnType::Text),
        Column::new("energy_pj", ColumnType::Real).in_unit("pJ"),
        Column::new("good", ColumnType::Flag),
    ]
}

fn rows() -> Vec<Vec<Value>> {
    vec![
        vec![
            Value::Count(LARGE),
            WORDS.into(),
            Value::Real(0.1 + 0.2),
            Value::Flag(true),
        ],
        vec![Value::Null; 4],
        vec![Value::Count(0), "".into(), Value::Real(-0.0), Value::Flag(false)],
        vec![
            Value::Count(u64::MAX),
            "x".into(),
            Value::Real(f64::NAN),
            Value::Null,
        ],
        vec![
            Value::Null,
            Value::Null,
            Value::Real(f64::NEG_INFINITY),
            Value::Null,
        ],
    ]
}

pub(crate) fn provenance() -> Provenance {
    Provenance {
        command: "sysmt run a\nb.toml".to_owned(),
        sysmt_version: "0.1.0".to_owned(),
        blake3: "00ff".to_owned(),
        inputs: Vec::new(),
    }
}

fn bytes_of(format: Format, selection: &Selection, rows: Vec<Vec<Value>>) -> Vec<u8> {
    let provenance = provenance();
    let axes = ["pe.threads".to_owned()];
    let origin = Origin {
        axes: &axes,
        synthetic: true,
        warnings: &[],
        provenance: &provenance,
    };
    let mut bytes = Vec::new();
    let rows = rows.into_iter().map(Ok::<_, Infallible>);
    export::write(format, selection, &origin, rows, &mut bytes).unwrap();
    bytes
}

pub(crate) fn all(format: Format) -> Vec<u8> {
    bytes_of(format, &Selection::all(&columns()), rows())
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// A Parquet file as its own reader reads it.
fn parquet_reader(bytes: &[u8]) -> SerializedFileReader<std::fs::File> {
    let mut file = tempfile::tempfile().unwrap();
    io::Write::write_all(&mut file, bytes).unwrap();
    SerializedFileReader::new(file).unwrap()
}

pub(crate) fn stored_run() -> Stored {
    let place = tempfile::tempdir().unwrap();
    let report = report(nb_smt(Threads::Two, Policy::SA), 3);
    std::fs::write(place.path().join(FILE_NAME), report.json()).unwrap();
    stored::read(place.path()).unwrap()
}

/// A table of a folder, with the columns that nobody named.
pub(crate) fn exported(stored: &Stored, table: Table, format: Format) -> Vec<u8> {
    let frame = table.of(stored);
    let origin = Origin::from(stored);
    let selection = export::usual_columns(format, frame.columns(), &origin);
    let mut bytes = Vec::new();
    let rows = frame.rows().iter().cloned().map(Ok::<_, Infallible>);
    export::write(format, &selection, &origin, rows, &mut bytes).unwrap();
    bytes
}

#[test]
fn csv_comes_back() {
    let text = String::from_utf8(all(Format::Csv)).unwrap();
    let (header, found) = read(&text);
    assert_eq!(header, ["pe.threads", "words, all", "energy_pj", "good"]);
    assert_eq!(
        found[0],
        ["9223372036854775809", WORDS, "0.30000000000000004", "true"]
    );
    assert_eq!(found[1], [""; 4]);
    assert_eq!(found[2], ["0", "", "-0", "false"]);
    assert_eq!(found[3], ["18446744073709551615", "x", "NaN", ""]);
    assert_eq!(found[4], ["", "", "-inf", ""]);
    assert_eq!(found.len(), 5);
}

#[test]
fn json_lines_come_back() {
    let text = String::from_utf8(all(Format::JsonLines)).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 5);
    // Keys stand in the order of the columns.
    assert_eq!(
        lines[1],
        r#"{"pe.threads":null,"words, all":null,"energy_pj":null,"good":null}"#
    );
    let row = |index: usize| serde_json::from_str::<serde_json::Value>(lines[index]).unwrap();
    assert_eq!(row(0)["pe.threads"].as_u64(), Some(LARGE));
    assert_eq!(row(0)["words, all"], WORDS);
    assert_eq!(
        row(0)["energy_pj"].as_f64().map(f64::to_bits),
        Some((0.1_f64 + 0.2).to_bits())
    );
    assert_eq!(row(0)["good"], true);
    assert_eq!(
        row(2)["energy_pj"].as_f64().map(f64::to_bits),
        Some((-0.0_f64).to_bits())
    );
    // JSON has no NaN and no infinity.
    assert!(row(3)["energy_pj"].is_null() && row(4)["energy_pj"].is_null());
    assert_eq!(row(3)["pe.threads"].as_u64(), Some(u64::MAX));
}

#[test]
fn parquet_comes_back_with_where_it_is_from() {
    let reader = parquet_reader(&all(Format::Parquet));
    let found: Vec<Vec<Field>> = reader
        .get_row_iter(None)
        .unwrap()
        .map(|row| {
            row.unwrap()
                .into_columns()
                .into_iter()
                .map(|(_, field)| field)
                .collect()
        })
        .collect();
    assert_eq!(
        found[0],
        [
            Field::ULong(LARGE),
            Field::Str(WORDS.to_owned()),
            Field::Double(0.1 + 0.2),
            Field::Bool(true)
        ]
    );
    assert_eq!(found[1], [Field::Null, Field::Null, Field::Null, Field::Null]);
    assert_eq!(found[2][1], Field::Str(String::new()));
    assert!(matches!(found[2][2], Field::Double(zero) if zero.to_bits() == (-0.0_f64).to_bits()));
    assert_eq!(found[3][0], Field::ULong(u64::MAX));
    assert!(matches!(found[3][2], Field::Double(real) if real.is_nan()));
    assert_eq!(found[4][2], Field::Double(f64::NEG_INFINITY));
    assert_eq!(found.len(), 5);

    let metadata = reader.metadata().file_metadata();
    let entry = |key: &str| {
        let entries = metadata.key_value_metadata().unwrap();
        let entry = entries.iter().find(|entry| entry.key == key);
        entry.unwrap_or_else(|| panic!("no {key}")).value.clone().unwrap()
    };
    assert_eq!(entry("sysmt.command"), provenance().command);
    assert_eq!(entry("sysmt.version"), "0.1.0");
    assert_eq!(entry("sysmt.blake3"), "00ff");
    assert_eq!(entry("sysmt.units"), r#"{"energy_pj":"pJ"}"#);
    assert_eq!(entry("sysmt.synthetic"), "true");
    assert!(metadata.created_by().unwrap().starts_with("sysmt version "));
}

#[test]
fn equal_rows_give_equal_bytes() {
    for format in Format::ALL {
        assert_eq!(all(format), all(format), "{format:?}");
    }
    let stored = stored_run();
    for format in Format::ALL {
        for table in Table::ALL {
            assert_eq!(
                exported(&stored, table, format),
                exported(&stored, table, format),
                "{format:?} {table:?}"
            );
        }
    }
}

#[test]
fn no_rows_are_a_file_too() {
    let none = |format| bytes_of(format, &Selection::all(&columns()), Vec::new());
    assert_eq!(none(Format::Csv), b"pe.threads,\"words, all\",energy_pj,good\n");
    assert_eq!(none(Format::JsonLines), b"");
    let reader = parquet_reader(&none(Format::Parquet));
    let metadata = reader.metadata().file_metadata();
    assert_eq!(
        (metadata.num_rows(), metadata.schema_descr().num_columns()),
        (0, 4)
    );
    assert!(
        String::from_utf8(none(Format::Tex))
            .unwrap()
            .contains("\\bottomrule")
    );
}

#[test]
fn columns_are_chosen_and_ordered() {
    let chosen = Selection::named(&columns(), &names(&["good", "pe.threads"])).unwrap();
    let text = String::from_utf8(bytes_of(Format::Csv, &chosen, rows())).unwrap();
    assert!(
        text.starts_with("good,pe.threads\ntrue,9223372036854775809\n"),
        "{text}"
    );
    let text = String::from_utf8(bytes_of(Format::JsonLines, &chosen, rows())).unwrap();
    assert!(
        text.starts_with("{\"good\":true,\"pe.threads\":9223372036854775809}\n"),
        "{text}"
    );
}

#[test]
fn columns_that_cannot_be_chosen() {
    #[track_caller]
    fn check(wanted: &[&str], want: &str) {
        let error: ColumnError = Selection::named(&columns(), &names(wanted)).unwrap_err();
        assert_eq!(error.to_string(), want);
    }
    check(
        &["energy_pJs"],
        "there is no column `energy_pJs`; did you mean `energy_pj`?",
    );
    check(
        &["good", "threads"],
        "there is no column `threads`; did you mean `pe.threads`?",
    );
    check(
        &["speed"],
        "there is no column `speed`; the columns are pe.threads, words, all, energy_pj, good",
    );
    check(&["good", "good"], "column `good` is named twice; name it once");
}

#[test]
fn a_row_that_does_not_fit_is_an_error_in_every_format() {
    #[track_caller]
    fn check(format: Format, row: Vec<Value>, want: &str) {
        let provenance = provenance();
        let origin = Origin {
            axes: &[],
            synthetic: false,
            warnings: &[],
            provenance: &provenance,
        };
        let rows = [Ok::<_, Infallible>(vec![Value::Null; 4]), Ok(row)];
        let error = export::write(
            format,
            &Selection::all(&columns()),
            &origin,
            rows.into_iter(),
            io::sink(),
        );
        assert_eq!(error.unwrap_err().to_string(), want, "{format:?}");
    }
    for format in Format::ALL {
        check(
            format,
            vec![Value::Null; 3],
            "row 2 does not fit its columns: 3 values for 4",
        );
        let mut row = vec![Value::Null; 4];
        row[2] = Value::Count(1);
        check(
            format,
            row,
            "row 2 does not fit its columns: Count(1) in column `energy_pj`",
        );
    }
}

/// Refuses after so many bytes, as a closed pipe does.
struct Full(usize);

impl io::Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0 < bytes.len() {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.0 -= bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn refusals_of_rows_and_of_the_target_are_told_apart() {
    let provenance = provenance();
    let origin = Origin {
        axes: &[],
        synthetic: false,
        warnings: &[],
        provenance: &provenance,
    };
    let selection = Selection::all(&columns());
    for format in Format::ALL {
        let good = || rows().into_iter().map(Ok::<_, io::Error>);
        let error = export::write(format, &selection, &origin, good(), Full(10)).unwrap_err();
        assert!(
            matches!(&error, ExportError::Write(error) if error.kind() == io::ErrorKind::BrokenPipe),
            "{format:?}: {error:?}"
        );
        let ends = good().chain([Err(io::ErrorKind::UnexpectedEof.into())]);
        let error = export::write(format, &selection, &origin, ends, io::sink()).unwrap_err();
        assert!(
            matches!(&error, ExportError::Rows(error) if error.kind() == io::ErrorKind::UnexpectedEof),
            "{format:?}: {error:?}"
        );
    }
}

/// Forgets what it is given, but for how much.
#[derive(Default)]
struct Counted {
    n_bytes: usize,
    largest: usize,
}

impl io::Write for &mut Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.n_bytes += bytes.len();
        self.largest = self.largest.max(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn many_rows_stream() {
    const N_ROWS: u64 = 200_000;
    let provenance = provenance();
    let origin = Origin {
        axes: &[],
        synthetic: false,
        warnings: &[],
        provenance: &provenance,
    };
    let selection = Selection::all(&columns());
    for format in [Format::Csv, Format::JsonLines, Format::Parquet] {
        let mut out = Counted::default();
        let rows = (0..N_ROWS).map(|index| {
            Ok::<_, Infallible>(vec![
                Value::Count(index.wrapping_mul(0x9E37_79B9_7F4A_7C15)),
                Value::Text(index.to_string()),
                Value::Real(1.0 / sim_core::units::count_as_f64(index + 1)),
                Value::Flag(index % 3 == 0),
            ])
        });
        export::write(format, &selection, &origin, rows, &mut out).unwrap();
        // What is not held has been written in pieces.
        assert!(
            out.largest * 4 < out.n_bytes,
            "{format:?}: {} of {}",
            out.largest,
            out.n_bytes
        );
    }
}

#[test]
fn long_parquet_files_have_groups() {
    let n_rows = ROWS_IN_A_GROUP + 2;
    let rows = (0..n_rows).map(|index| vec![Value::Count(index.try_into().unwrap())]);
    let columns = [Column::new("index", ColumnType::Count)];
    let reader = parquet_reader(&bytes_of(
        Format::Parquet,
        &Selection::all(&columns),
        rows.collect(),
    ));
    let groups = reader.metadata().row_groups();
    let sizes: Vec<i64> = groups.iter().map(|group| group.num_rows()).collect();
    assert_eq!(sizes, [i64::try_from(ROWS_IN_A_GROUP).unwrap(), 2]);
    for (index, row) in reader.get_row_iter(None).unwrap().enumerate() {
        let (_, field) = row.unwrap().into_columns().remove(0);
        assert_eq!(field, Field::ULong(index.try_into().unwrap()));
    }
}

#[test]
fn a_run_is_exported_as_its_layers() {
    let stored = stored_run();
    assert_eq!(Table::usual(stored.kind), Table::Layers);
    assert_eq!(Table::usual(StoredKind::Sweep), Table::Points);
    let (header, found) = read(&String::from_utf8(exported(&stored, Table::Layers, Format::Csv)).unwrap());
    assert_eq!(found.len(), 3);
    let place = |name: &str| header.iter().position(|column| column == name).unwrap();
    for (row, layer) in found.iter().zip(stored.layers.rows()) {
        assert_eq!(row[place("cycles")], stored.layers.value(layer, "cycles").text());
        assert_eq!(row[place("name")], stored.layers.value(layer, "name").text());
    }
    let reader = parquet_reader(&exported(&stored, Table::Points, Format::Parquet));
    assert_eq!(reader.metadata().file_metadata().num_rows(), 1);
}
