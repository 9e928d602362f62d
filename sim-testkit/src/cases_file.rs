//! Reader of golden files whose arrays belong to numbered cases.

use std::collections::BTreeMap;
use std::io::Read;

use crate::golden::{META, archive, meta};

/// A golden file: arrays named `CASE/NAME`, and what is said of each case.
#[derive(Clone, Debug)]
pub struct CasesFile {
    arrays: BTreeMap<String, Floats>,
    /// The array `meta`, read as JSON.
    pub meta: serde_json::Value,
}

/// An array, whose values are exact in double precision.
#[derive(Clone, Debug, PartialEq)]
pub struct Floats {
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its values, row-major.
    pub values: Vec<f64>,
}

impl Floats {
    /// The values as FP32 numbers, which they are.
    #[expect(
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        reason = "the values were FP32 numbers"
    )]
    pub fn singles(&self) -> Vec<f32> {
        self.values.iter().map(|&value| value as f32).collect()
    }

    /// The values as truths.
    pub fn truths(&self) -> Vec<bool> {
        self.values.iter().map(|&value| value != 0.0).collect()
    }
}

impl CasesFile {
    /// The file of this name.
    ///
    /// # Panics
    /// Where the file is not what the repository holds: it belongs to the tests.
    pub fn read(name: &str) -> Self {
        let mut archive = archive(name);
        let mut arrays = BTreeMap::new();
        for index in 0..archive.len() {
            let entry = archive.by_index(index).expect("an entry of the archive");
            let name = entry.name().expect("a name in UTF-8").into_owned();
            if name != META {
                arrays.insert(name.trim_end_matches(".npy").to_owned(), floats(entry));
            }
        }
        Self {
            arrays,
            meta: serde_json::from_str(&meta(name)).expect("JSON"),
        }
    }

    /// An array.
    ///
    /// # Panics
    /// Where there is none of this name.
    pub fn array(&self, name: &str) -> &Floats {
        self.arrays.get(name).unwrap_or_else(|| panic!("no array {name}"))
    }
}

fn floats(npy: impl Read) -> Floats {
    let file = npyz::NpyFile::new(npy).expect("an array");
    let shape = file
        .shape()
        .iter()
        .map(|&size| usize::try_from(size).expect("a size"));
    let shape = shape.collect();
    fn wide<T: npyz::Deserialize + Into<f64>, R: Read>(file: npyz::NpyFile<R>) -> Vec<f64> {
        let values = file.into_vec::<T>().expect("values");
        values.into_iter().map(Into::into).collect()
    }
    let values = match file.dtype().descr().as_str() {
        "'<f4'" => wide::<f32, _>(file),
        "'<f8'" => wide::<f64, _>(file),
        "'|u1'" => wide::<u8, _>(file),
        "'<i2'" => wide::<i16, _>(file),
        "'<i4'" => wide::<i32, _>(file),
        other => panic!("type {other}"),
    };
    Floats { shape, values }
}
