//! The sources, as they were when this crate was compiled.

/// One file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// The file's name.
    pub name: &'static str,
    /// What it holds.
    pub text: &'static str,
}

macro_rules! sources {
    ($($name:literal),* $(,)?) => {
        &[$(Source { name: $name, text: include_str!(concat!("../", $name)) }),*]
    };
}

/// Every file of the design, in the order of their names. Includes end in `.svh`, modules in `.sv`.
pub const SOURCES: &[Source] = sources![
    "column_drain.sv",
    "multiply_1t.sv",
    "multiply_2t.sv",
    "multiply_4t.sv",
    "multiply_sparq.sv",
    "names.svh",
    "pe.sv",
    "place_window.sv",
    "reduce.sv",
    "select_2of4.sv",
    "sequencer.sv",
    "skew.sv",
    "sparq_window.sv",
    "systolic_array.sv",
    "two_thread_ports.sv",
];

/// BLAKE3 of names and texts, in hexadecimal: changes whenever the design does.
pub fn fingerprint() -> String {
    let mut hasher = blake3::Hasher::new();
    for source in SOURCES {
        for part in [source.name, source.text] {
            let len = u64::try_from(part.len()).unwrap_or(u64::MAX);
            hasher.update(&len.to_le_bytes());
            hasher.update(part.as_bytes());
        }
    }
    hasher.finalize().to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_listed() {
        let folder = std::fs::read_dir(env!("CARGO_MANIFEST_DIR")).expect("the crate's folder");
        let mut found: Vec<String> = folder
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .filter(|name| name.ends_with(".sv") || name.ends_with(".svh"))
            .collect();
        found.sort();
        let listed: Vec<&str> = SOURCES.iter().map(|source| source.name).collect();
        assert_eq!(found, listed);
    }
}
