//! Matrices of bytes in `.npy` files, and products of `i32`.

mod header;

use std::path::{Path, PathBuf};

use self::header::{Header, Order};

/// A matrix of one-byte values, row-major.
#[derive(Debug)]
pub(crate) struct Matrix<T> {
    pub(crate) rows: usize,
    pub(crate) cols: usize,
    pub(crate) values: Vec<T>,
}

/// A `.npy` file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NpyError {
    #[error("{}: cannot be read: {error}; check the path", path.display())]
    Read { path: PathBuf, error: std::io::Error },
    #[error("{}: cannot be written: {error}; check the folder", path.display())]
    Write { path: PathBuf, error: std::io::Error },
    #[error("{}: {why}; save the array again with numpy.save", path.display())]
    Header { path: PathBuf, why: String },
    #[error("{}: holds `{found}` values, {what} must be {want}; convert the array with .astype(numpy.{want})", path.display())]
    Type {
        path: PathBuf,
        found: String,
        what: &'static str,
        want: &'static str,
    },
    #[error("{}: has shape {found:?}, {what} must be a matrix {want}; reshape the array", path.display())]
    Shape {
        path: PathBuf,
        found: Vec<usize>,
        what: &'static str,
        want: &'static str,
    },
    #[error("{}: the header promises {want} bytes of values, the file holds {found}; save the array again", path.display())]
    Length {
        path: PathBuf,
        want: String,
        found: usize,
    },
}

/// A value that a matrix may hold.
pub(crate) trait Byte: Copy {
    /// numpy's name.
    const NAME: &'static str;
    /// The type as a header may write it.
    const DESCRS: &'static [&'static str];
    /// What the matrix is, for messages.
    const ROLE: &'static str;
    /// Its axes.
    const AXES: &'static str;

    fn from_byte(byte: u8) -> Self;
}

impl Byte for u8 {
    const NAME: &'static str = "uint8";
    const DESCRS: &'static [&'static str] = &["|u1", "<u1", ">u1", "=u1", "u1"];
    const ROLE: &'static str = "activations";
    const AXES: &'static str = "[M, K]";

    fn from_byte(byte: u8) -> Self {
        byte
    }
}

impl Byte for i8 {
    const NAME: &'static str = "int8";
    const DESCRS: &'static [&'static str] = &["|i1", "<i1", ">i1", "=i1", "i1"];
    const ROLE: &'static str = "weights";
    const AXES: &'static str = "[N, K]";

    fn from_byte(byte: u8) -> Self {
        byte.cast_signed()
    }
}

/// Read a matrix.
///
/// - Errors: a file that cannot be read or is no `.npy`, another type, another number of axes, more or fewer values
///   than the header says. Nothing is allocated on a header's word: the file is read first.
pub(crate) fn read<T: Byte>(path: &Path) -> Result<Matrix<T>, NpyError> {
    let unreadable = |error| NpyError::Read {
        path: path.to_owned(),
        error,
    };
    // A directory opens, and some devices never end.
    if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(unreadable(std::io::Error::other("it is not a regular file")));
    }
    let bytes = std::fs::read(path).map_err(unreadable)?;
    let (header, values) = header::parse(&bytes).map_err(|why| NpyError::Header {
        path: path.to_owned(),
        why,
    })?;
    let Header { descr, order, shape } = header;
    if !T::DESCRS.contains(&descr.as_str()) {
        return Err(NpyError::Type {
            path: path.to_owned(),
            found: descr,
            what: T::ROLE,
            want: T::NAME,
        });
    }
    let &[rows, cols] = shape.as_slice() else {
        return Err(NpyError::Shape {
            path: path.to_owned(),
            found: shape,
            what: T::ROLE,
            want: T::AXES,
        });
    };
    if rows.checked_mul(cols) != Some(values.len()) {
        return Err(NpyError::Length {
            path: path.to_owned(),
            want: rows
                .checked_mul(cols)
                .map_or_else(|| "too many".to_owned(), |n| n.to_string()),
            found: values.len(),
        });
    }
    let values = match order {
        Order::RowMajor => values.iter().map(|&byte| T::from_byte(byte)).collect(),
        Order::ColumnMajor => (0..rows)
            .flat_map(|row| (0..cols).map(move |col| T::from_byte(values[col * rows + row])))
            .collect(),
    };
    Ok(Matrix { rows, cols, values })
}

/// Write a product, `[rows, cols]` row-major; the file appears whole or not at all.
///
/// - Errors: a folder that cannot be written.
pub(crate) fn write_product(path: &Path, [rows, cols]: [usize; 2], product: &[i32]) -> Result<(), NpyError> {
    let mut bytes = header::int32(rows, cols);
    bytes.extend(product.iter().flat_map(|value| value.to_le_bytes()));
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    };
    // A file in a temporary folder, unlike a temporary file, gets the permissions that other files get.
    let write = || {
        let work = tempfile::Builder::new().prefix(".sysmt-").tempdir_in(folder)?;
        let new = work.path().join("new.npy");
        std::fs::write(&new, &bytes)?;
        std::fs::rename(&new, path)
    };
    write().map_err(|error| NpyError::Write {
        path: path.to_owned(),
        error,
    })
}
