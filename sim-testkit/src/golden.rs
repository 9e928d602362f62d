//! Reader of the golden operands.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

/// One array of a golden file, its values widened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Array {
    /// Its shape.
    pub shape: Vec<u64>,
    /// Its values, row-major.
    pub values: Vec<i64>,
}

impl Array {
    /// The values as activations.
    pub fn activations(&self) -> Vec<u8> {
        self.values
            .iter()
            .map(|&value| u8::try_from(value).expect("an activation"))
            .collect()
    }

    /// The values as weights.
    pub fn weights(&self) -> Vec<i8> {
        self.values
            .iter()
            .map(|&value| i8::try_from(value).expect("a weight"))
            .collect()
    }

    /// The values as counts.
    pub fn counts(&self) -> Vec<u64> {
        self.values
            .iter()
            .map(|&value| u64::try_from(value).expect("a count"))
            .collect()
    }

    /// The values as accumulators.
    pub fn accumulators(&self) -> Vec<i32> {
        self.values
            .iter()
            .map(|&value| i32::try_from(value).expect("an accumulator"))
            .collect()
    }

    /// Length of an axis.
    pub fn axis(&self, axis: usize) -> usize {
        usize::try_from(self.shape[axis]).expect("a length")
    }
}

/// The entry of a golden file that describes its cases, as text.
pub(crate) const META: &str = "meta.npy";

/// All arrays of numbers of a golden file, by key.
///
/// # Panics
/// Where the file is not what the repository holds: it belongs to the tests.
pub fn read(name: &str) -> BTreeMap<String, Array> {
    let mut archive = archive(name);
    (0..archive.len())
        .filter_map(|index| {
            let entry = archive.by_index(index).expect("an entry of the archive");
            let name = entry.name().expect("a name in UTF-8").into_owned();
            if name == META {
                return None;
            }
            let npy = npyz::NpyFile::new(entry).expect("an array");
            let shape = npy.shape().to_vec();
            let order = npy.order();
            let values: Vec<i64> = match npy.dtype().descr().as_str() {
                "'|u1'" => npy
                    .into_vec::<u8>()
                    .expect("bytes")
                    .into_iter()
                    .map(i64::from)
                    .collect(),
                "'|i1'" => npy
                    .into_vec::<i8>()
                    .expect("bytes")
                    .into_iter()
                    .map(i64::from)
                    .collect(),
                "'<i4'" => npy
                    .into_vec::<i32>()
                    .expect("words")
                    .into_iter()
                    .map(i64::from)
                    .collect(),
                "'<i8'" => npy.into_vec::<i64>().expect("long words"),
                other => panic!("{name}: type {other}"),
            };
            let values = match order {
                npyz::Order::C => values,
                npyz::Order::Fortran => transposed(&shape, &values),
            };
            Some((name.trim_end_matches(".npy").to_owned(), Array { shape, values }))
        })
        .collect()
}

/// What a golden file says of its cases: a JSON text.
///
/// # Panics
/// As [`read`].
pub fn meta(name: &str) -> String {
    let mut archive = archive(name);
    let entry = archive.by_name(META).expect("a description of the cases");
    let npy = npyz::NpyFile::new(entry).expect("an array");
    npy.into_vec::<String>().expect("text").concat()
}

pub(crate) fn archive(name: &str) -> zip::ZipArchive<File> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(name);
    let file = File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    zip::ZipArchive::new(file).expect("a zip archive")
}

/// A column-major matrix, row-major.
fn transposed(shape: &[u64], values: &[i64]) -> Vec<i64> {
    let &[rows, cols] = shape else {
        return values.to_vec();
    };
    let size = |length: u64| usize::try_from(length).expect("a length");
    let at = |row: u64, col: u64| values[size(col * rows + row)];
    (0..rows)
        .flat_map(|row| (0..cols).map(move |col| at(row, col)))
        .collect()
}
