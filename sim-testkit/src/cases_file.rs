//! Reader of golden files whose arrays belong to numbered cases.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

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
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(name);
        let file = File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut archive = zip::ZipArchive::new(file).expect("a zip archive");
        let mut found = Self {
            arrays: BTreeMap::new(),
            meta: serde_json::Value::Null,
        };
        for index in 0..archive.len() {
            let mut entry = archive.by_index(index).expect("an entry of the archive");
            let name = entry.name().expect("a name in UTF-8").into_owned();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).expect("an entry of the archive");
            let name = name.trim_end_matches(".npy").to_owned();
            if name == "meta" {
                found.meta = serde_json::from_str(&text(&bytes)).expect("JSON");
            } else {
                found.arrays.insert(name, floats(&bytes));
            }
        }
        found
    }

    /// An array.
    ///
    /// # Panics
    /// Where there is none of this name.
    pub fn array(&self, name: &str) -> &Floats {
        self.arrays.get(name).unwrap_or_else(|| panic!("no array {name}"))
    }
}

/// The only element of an array of text, which lies behind the header as words of 32 bits.
fn text(npy: &[u8]) -> String {
    let length = npy.get(8..10).expect("a header");
    let header = usize::from(u16::from_le_bytes([length[0], length[1]]));
    let (words, _) = npy.get(10 + header..).expect("elements").as_chunks();
    let letters = words
        .iter()
        .copied()
        .map(u32::from_le_bytes)
        .filter_map(char::from_u32);
    letters.take_while(|&letter| letter != '\0').collect()
}

fn floats(npy: &[u8]) -> Floats {
    let file = npyz::NpyFile::new(npy).expect("an array");
    let shape = file
        .shape()
        .iter()
        .map(|&size| usize::try_from(size).expect("a size"));
    let shape = shape.collect();
    let values = match file.dtype().descr().as_str() {
        "'<f4'" => file
            .into_vec::<f32>()
            .expect("floats")
            .into_iter()
            .map(f64::from)
            .collect(),
        "'<f8'" => file.into_vec::<f64>().expect("floats"),
        "'|u1'" => file
            .into_vec::<u8>()
            .expect("bytes")
            .into_iter()
            .map(f64::from)
            .collect(),
        "'<i4'" => file
            .into_vec::<i32>()
            .expect("words")
            .into_iter()
            .map(f64::from)
            .collect(),
        other => panic!("type {other}"),
    };
    Floats { shape, values }
}
