//! A waveform as the crate `wellen`, which Surfer reads with, finds it.

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;

use sim_array::stepped::Stepped;
use sim_wave::{Request, View, write};
use wellen::simple::Waveform;
use wellen::{SignalRef, VarRef};

use super::case::Case;

/// A waveform that was written and read back.
pub(crate) struct Wave {
    wave: Waveform,
    vars: HashMap<String, VarRef>,
    pub(crate) view: View,
    n_parts: usize,
}

impl Wave {
    /// The file of a view.
    pub(crate) fn bytes_of(case: &Case, request: &Request) -> Vec<u8> {
        let view = View::new(&case.array, case.shape, request).expect("something to show");
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("w.fst");
        let stop = AtomicBool::new(false);
        let written = write(
            &path,
            Stepped::default(),
            &case.array,
            &case.operands(),
            &view,
            &stop,
        )
        .expect("a waveform");
        assert!(0 < written.n_changes);
        let names: Vec<_> = std::fs::read_dir(folder.path()).expect("the folder").collect();
        assert_eq!(names.len(), 1, "nothing but the waveform is left");
        std::fs::read(path).expect("the waveform")
    }

    pub(crate) fn of(case: &Case, request: &Request) -> Self {
        let bytes = Self::bytes_of(case, request);
        let n_parts = n_parts(&bytes);
        let mut wave = wellen::simple::read_from_reader(std::io::Cursor::new(bytes))
            .expect("a waveform that can be read");
        let hierarchy = wave.hierarchy();
        let vars: HashMap<String, VarRef> = (hierarchy.all_vars())
            .map(|var| (hierarchy[var].full_name(hierarchy), var))
            .collect();
        let ids: Vec<SignalRef> = vars.values().map(|&var| hierarchy[var].signal_ref()).collect();
        assert_eq!(ids.len(), hierarchy.all_vars().count(), "names are different");
        wave.load_signals(&ids);
        Self {
            wave,
            vars,
            view: View::new(&case.array, case.shape, request).expect("something to show"),
            n_parts,
        }
    }

    /// Blocks of changes in the file.
    pub(crate) const fn n_parts(&self) -> usize {
        self.n_parts
    }

    /// Names of all signals.
    pub(crate) fn paths(&self) -> Vec<String> {
        let mut paths: Vec<String> = self.vars.keys().cloned().collect();
        paths.sort();
        paths
    }

    pub(crate) fn pe_path(&self, case: &Case, row: usize, col: usize, signal: &str) -> String {
        assert!(case.array.rows() <= 100 && case.array.cols() <= 100);
        format!("array.row{row:02}.pe{col:02}.{signal}")
    }

    /// Digits of a signal in each cycle of the view.
    pub(crate) fn digits(&self, path: &str) -> Vec<String> {
        let Some(&var) = self.vars.get(path) else {
            panic!("no signal {path}: {:?}", self.paths());
        };
        let id = self.wave.hierarchy()[var].signal_ref();
        let signal = self.wave.get_signal(id).expect("a loaded signal");
        let times = self.wave.time_table();
        let cycles = self.view.cycles();
        assert_eq!(times.first().copied(), Some(cycles.start.0), "{path}");
        assert_eq!(times.last().copied(), Some(cycles.end.0), "{path}");
        (cycles.start.0..cycles.end.0)
            .map(|cycle| {
                let index = times.partition_point(|&time| time <= cycle) - 1;
                let index = u32::try_from(index).expect("a small file");
                let offset = signal.get_offset(index).expect("a value from the first cycle on");
                let value = signal.get_value_at(&offset, 0);
                value.to_bit_string().expect("bits")
            })
            .collect()
    }

    /// Values of a signal and their names.
    pub(crate) fn names_of_values(&self, path: &str) -> Vec<(String, String)> {
        let hierarchy = self.wave.hierarchy();
        let (_, names) = hierarchy[self.vars[path]].enum_type(hierarchy).expect("names");
        let owned = |(value, name): (&str, &str)| (value.to_owned(), name.to_owned());
        names.into_iter().map(owned).collect()
    }

    /// A signal with names for its values, by name in each cycle.
    pub(crate) fn names(&self, path: &str) -> Vec<String> {
        let names: HashMap<String, String> = self.names_of_values(path).into_iter().collect();
        self.digits(path)
            .into_iter()
            .map(|digits| names[&digits].clone())
            .collect()
    }

    pub(crate) fn timescale(&self) -> String {
        let scale = self.wave.hierarchy().timescale().expect("a time scale");
        let unit = if scale.unit == wellen::TimescaleUnit::NanoSeconds {
            "ns"
        } else {
            "another unit"
        };
        format!("{} {unit}", scale.factor)
    }

    pub(crate) fn date(&self) -> &str {
        self.wave.hierarchy().date()
    }
}

/// Blocks of changes: a kind, a length that counts itself, and the rest.
fn n_parts(bytes: &[u8]) -> usize {
    let (mut at, mut n) = (0, 0);
    while at < bytes.len() {
        n += usize::from(bytes[at] == 8);
        let length = bytes[at + 1..at + 9]
            .try_into()
            .map(u64::from_be_bytes)
            .expect("eight bytes");
        at += 1 + usize::try_from(length).expect("a small file");
    }
    assert_eq!(at, bytes.len(), "the last block ends with the file");
    n
}
