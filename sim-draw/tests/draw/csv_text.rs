//! CSV texts read back.

pub(crate) fn read(text: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let owned = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect::<Vec<_>>();
    let header = owned(reader.headers().unwrap());
    let rows = reader.records().map(|row| owned(&row.unwrap())).collect();
    (header, rows)
}
