//! Matrices of bytes in `.npy` files, and products of `i32`.

use std::fs::File;
use std::io::{BufWriter, Read as _, Seek as _, Write as _};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use reports::whole;
use sim_core::shape::widen;
use sim_images::npy::{self, ByteOrder, Header, HeaderError, Order, Scalar};
use sim_simd::pages;

use crate::error::RunError;

fn unreadable(path: &Path, error: &std::io::Error) -> RunError {
    RunError::at(path, &format!("cannot be read: {error}; check the path"))
}

/// A value that a matrix may hold.
pub(crate) trait Byte: Copy {
    /// numpy's name.
    const NAME: &'static str;
    /// The type of a header.
    const SCALAR: Scalar;
    /// What the matrix is, for messages.
    const ROLE: &'static str;
    /// Its axes.
    const AXES: &'static str;

    fn from_byte(byte: u8) -> Self;
}

impl Byte for u8 {
    const NAME: &'static str = "uint8";
    const SCALAR: Scalar = Scalar::Unsigned(1);
    const ROLE: &'static str = "activations";
    const AXES: &'static str = "[M, K]";

    fn from_byte(byte: u8) -> Self {
        byte
    }
}

impl Byte for i8 {
    const NAME: &'static str = "int8";
    const SCALAR: Scalar = Scalar::Signed(1);
    const ROLE: &'static str = "weights";
    const AXES: &'static str = "[N, K]";

    fn from_byte(byte: u8) -> Self {
        byte.cast_signed()
    }
}

/// A matrix whose header has been read, and whose values have not.
#[derive(Debug)]
pub(crate) struct Unread<T> {
    path: PathBuf,
    /// At its first value.
    file: File,
    order: Order,
    pub(crate) rows: usize,
    pub(crate) cols: usize,
    value: PhantomData<T>,
}

/// What an array is, for messages: its role, its axes, and how many they are.
#[derive(Clone, Copy)]
struct Role {
    what: &'static str,
    axes: &'static str,
    n_axes: usize,
}

/// Read the header of a matrix.
///
/// - Errors: a file that cannot be read or is not an `.npy`, another type, another number of axes, more or fewer values
///   than the header says.
pub(crate) fn open<T: Byte>(path: &Path) -> Result<Unread<T>, RunError> {
    let role = Role {
        what: T::ROLE,
        axes: T::AXES,
        n_axes: 2,
    };
    open_as(path, role)
}

/// Read which outputs are kept, `[M, N]`, each 0 or 1; with its shape.
///
/// - Errors: as [`open`].
pub(crate) fn read_kept(path: &Path) -> Result<(Vec<u8>, [usize; 2]), RunError> {
    let role = Role {
        what: "kept outputs",
        axes: "[M, N]",
        n_axes: 2,
    };
    let kept = open_as::<u8>(path, role)?;
    let shape = [kept.rows, kept.cols];
    Ok((kept.read()?, shape))
}

/// Read which pixels are computed first, `[M]`, each 0 or 1.
///
/// - Errors: as [`open`].
pub(crate) fn read_first(path: &Path) -> Result<Vec<u8>, RunError> {
    let role = Role {
        what: "first pixels",
        axes: "[M]",
        n_axes: 1,
    };
    open_as::<u8>(path, role)?.read()
}

/// An array of one axis is a matrix of one column.
fn open_as<T: Byte>(path: &Path, role: Role) -> Result<Unread<T>, RunError> {
    let unreadable = |error| unreadable(path, &error);
    // A directory opens, and some devices never end.
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(unreadable(std::io::Error::other("it is not a regular file")));
    }
    let mut file = File::open(path).map_err(unreadable)?;
    let header = npy::read_header(&mut file).map_err(|error| match error {
        HeaderError::Io(error) => unreadable(error),
        HeaderError::Broken(why) => {
            RunError::undecoded(path, &format!("{why}; save the array again with numpy.save"))
        }
    })?;
    let Header {
        descr,
        scalar,
        order,
        shape,
        ..
    } = header;
    if scalar != T::SCALAR {
        let (what, want) = (role.what, T::NAME);
        return Err(RunError::at(
            path,
            &format!(
                "holds `{descr}` values, {what} must be {want}; convert the array with .astype(numpy.{want})"
            ),
        ));
    }
    let (rows, cols) = match (shape.as_slice(), role.n_axes) {
        (&[rows, cols], 2) => (rows, cols),
        (&[rows], 1) => (rows, 1),
        _ => {
            let (what, want) = (role.what, role.axes);
            let kind = if role.n_axes == 2 { "a matrix" } else { "a list" };
            return Err(RunError::at(
                path,
                &format!("has shape {shape:?}, {what} must be {kind} {want}; reshape the array"),
            ));
        }
    };
    let n_header = file.stream_position().map_err(unreadable)?;
    let found = metadata.len().saturating_sub(n_header);
    if rows.checked_mul(cols).map(widen) != Some(found) {
        let want = rows
            .checked_mul(cols)
            .map_or_else(|| "too many".to_owned(), |n| n.to_string());
        return Err(RunError::at(
            path,
            &format!(
                "the header promises {want} bytes of values, the file holds {found}; save the array again"
            ),
        ));
    }
    Ok(Unread {
        path: path.to_owned(),
        file,
        order,
        rows,
        cols,
        value: PhantomData,
    })
}

impl<T: Byte> Unread<T> {
    /// Read the values, row-major.
    ///
    /// - Errors: a file that cannot be read, or that has become shorter.
    pub(crate) fn read(mut self) -> Result<Vec<T>, RunError> {
        let (rows, cols) = (self.rows, self.cols);
        let mut bytes = pages::zeros(rows * cols);
        self.file
            .read_exact(&mut bytes)
            .map_err(|error| unreadable(&self.path, &error))?;
        let bytes = self.order.row_major(bytes, &[rows, cols]);
        Ok(bytes.into_iter().map(T::from_byte).collect())
    }
}

/// Whether a file is as [`write_product`] writes it, whatever its values.
pub(crate) fn is_product(path: &Path) -> std::io::Result<bool> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let header = match npy::read_header(&mut file) {
        Ok(header) => header,
        Err(HeaderError::Io(error)) => return Err(error),
        Err(HeaderError::Broken(_)) => return Ok(false),
    };
    let &[rows, cols] = header.shape.as_slice() else {
        return Ok(false);
    };
    let want = rows.checked_mul(cols).and_then(|n| n.checked_mul(4));
    let found = length.saturating_sub(file.stream_position()?);
    let is_int32 = header.scalar == Scalar::Signed(4) && header.bytes == ByteOrder::Little;
    Ok(is_int32 && header.order == Order::RowMajor && want.map(widen) == Some(found))
}

/// Write a product, `[rows, cols]` row-major; the file appears whole or not at all.
///
/// - Errors: a folder that cannot be written.
pub(crate) fn write_product(path: &Path, [rows, cols]: [usize; 2], product: &[i32]) -> Result<(), RunError> {
    let write = |new: &Path| {
        // A second copy of a large product may not fit.
        let mut file = BufWriter::new(File::create(new)?);
        file.write_all(&npy::int32_header([rows, cols]))?;
        for value in product {
            file.write_all(&value.to_le_bytes())?;
        }
        file.flush()
    };
    whole::write(path, write)
        .map_err(|error| RunError::at(path, &format!("cannot be written: {error}; check the folder")))
}
