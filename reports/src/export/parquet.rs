//! Apache Parquet: typed columns, every one of which may have nulls, with where they come from in the file's metadata.

use std::io::{self, Write};
use std::sync::Arc;

use ::parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use ::parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::KeyValue;
use ::parquet::file::properties::{EnabledStatistics, WriterProperties};
use ::parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use ::parquet::schema::types::Type;

use super::Origin;
use super::error::ExportError;
use crate::frame::{Column, ColumnType, Value};

/// Rows that are held at once, and that readers can skip at once.
pub const ROWS_IN_A_GROUP: usize = 65_536;
/// The writer, whatever the day and the machine.
const CREATED_BY: &str = concat!("sysmt version ", env!("CARGO_PKG_VERSION"));
/// Levels of a value that is not there and of one that is.
const ABSENT: i16 = 0;
const PRESENT: i16 = 1;

pub(super) fn write<E: std::error::Error + 'static>(
    columns: &[Column],
    origin: &Origin<'_>,
    rows: impl Iterator<Item = Result<Vec<Value>, ExportError<E>>>,
    out: impl Write + Send,
) -> Result<(), ExportError<E>> {
    let properties = WriterProperties::builder()
        .set_created_by(CREATED_BY.to_owned())
        .set_key_value_metadata(Some(metadata(columns, origin).map_err(io::Error::from)?))
        .set_compression(Compression::SNAPPY)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .build();
    let mut writer = SerializedFileWriter::new(out, schema(columns)?, Arc::new(properties))?;
    let mut buffers: Vec<Buffer> = columns.iter().map(|column| Buffer::new(column.kind)).collect();
    let mut n_held = 0;
    for row in rows {
        for (buffer, value) in buffers.iter_mut().zip(row?) {
            buffer.push(value);
        }
        n_held += 1;
        if n_held == ROWS_IN_A_GROUP {
            write_group(&mut writer, &mut buffers)?;
            n_held = 0;
        }
    }
    if n_held != 0 {
        write_group(&mut writer, &mut buffers)?;
    }
    writer.close()?;
    Ok(())
}

fn schema(columns: &[Column]) -> Result<Arc<Type>, ParquetError> {
    let fields = columns
        .iter()
        .map(|column| {
            let (physical, logical) = match column.kind {
                ColumnType::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
                ColumnType::Count => (Physical::INT64, Some(LogicalType::integer(64, false))),
                ColumnType::Real => (Physical::DOUBLE, None),
                ColumnType::Flag => (Physical::BOOLEAN, None),
            };
            let field = Type::primitive_type_builder(&column.name, physical)
                .with_repetition(Repetition::OPTIONAL)
                .with_logical_type(logical)
                .build()?;
            Ok(Arc::new(field))
        })
        .collect::<Result<Vec<_>, ParquetError>>()?;
    Ok(Arc::new(
        Type::group_type_builder("rows").with_fields(fields).build()?,
    ))
}

/// Where the rows come from, and what their columns are in.
fn metadata(columns: &[Column], origin: &Origin<'_>) -> serde_json::Result<Vec<KeyValue>> {
    let provenance = origin.provenance;
    let units: std::collections::BTreeMap<&str, &str> = columns
        .iter()
        .filter(|column| !column.unit.is_empty())
        .map(|column| (column.name.as_str(), column.unit.as_str()))
        .collect();
    let entry = |key: &str, value: String| KeyValue::new(format!("sysmt.{key}"), value);
    Ok(vec![
        entry("command", provenance.command.clone()),
        entry("version", provenance.sysmt_version.clone()),
        entry("blake3", provenance.blake3.clone()),
        entry("inputs", serde_json::to_string(&provenance.inputs)?),
        entry("units", serde_json::to_string(&units)?),
        entry("synthetic", origin.synthetic.to_string()),
        entry("warnings", serde_json::to_string(origin.warnings)?),
    ])
}

/// Values of a column that are not yet in the file, those that are there; and for all, whether they are.
struct Buffer {
    levels: Vec<i16>,
    values: Values,
}

enum Values {
    Text(Vec<ByteArray>),
    Count(Vec<i64>),
    Real(Vec<f64>),
    Flag(Vec<bool>),
}

impl Buffer {
    const fn new(kind: ColumnType) -> Self {
        let values = match kind {
            ColumnType::Text => Values::Text(Vec::new()),
            ColumnType::Count => Values::Count(Vec::new()),
            ColumnType::Real => Values::Real(Vec::new()),
            ColumnType::Flag => Values::Flag(Vec::new()),
        };
        Self {
            levels: Vec::new(),
            values,
        }
    }

    /// Rows have been checked, so that a value of another type cannot come.
    fn push(&mut self, value: Value) {
        let level = match (&mut self.values, value) {
            (Values::Text(values), Value::Text(text)) => {
                values.push(text.into_bytes().into());
                PRESENT
            }
            (Values::Count(values), Value::Count(count)) => {
                // The file holds the bits; its schema says that they have no sign.
                values.push(count.cast_signed());
                PRESENT
            }
            (Values::Real(values), Value::Real(real)) => {
                values.push(real);
                PRESENT
            }
            (Values::Flag(values), Value::Flag(flag)) => {
                values.push(flag);
                PRESENT
            }
            (
                Values::Text(_) | Values::Count(_) | Values::Real(_) | Values::Flag(_),
                Value::Null | Value::Text(_) | Value::Count(_) | Value::Real(_) | Value::Flag(_),
            ) => ABSENT,
        };
        self.levels.push(level);
    }

    /// Write what is held, and hold nothing.
    fn write(&mut self, writer: &mut SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
        let levels = Some(self.levels.as_slice());
        match &mut self.values {
            Values::Text(values) => {
                writer
                    .typed::<ByteArrayType>()
                    .write_batch(values, levels, None)?;
                values.clear();
            }
            Values::Count(values) => {
                writer.typed::<Int64Type>().write_batch(values, levels, None)?;
                values.clear();
            }
            Values::Real(values) => {
                writer.typed::<DoubleType>().write_batch(values, levels, None)?;
                values.clear();
            }
            Values::Flag(values) => {
                writer.typed::<BoolType>().write_batch(values, levels, None)?;
                values.clear();
            }
        }
        self.levels.clear();
        Ok(())
    }
}

fn write_group<W: Write + Send>(
    writer: &mut SerializedFileWriter<W>,
    buffers: &mut [Buffer],
) -> Result<(), ParquetError> {
    let mut group = writer.next_row_group()?;
    for buffer in buffers {
        // As many columns as the schema has.
        if let Some(mut column) = group.next_column()? {
            buffer.write(&mut column)?;
            column.close()?;
        }
    }
    group.close()?;
    Ok(())
}
