//! A cell library that designs can be made of.

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::SynthError;
use crate::liberty::{Cell, Liberty};

/// The library that Debian has, and its package.
const OSU018: (&str, &str) = (
    "/usr/share/qflow/tech/osu018/osu018_stdcells.lib",
    "qflow-tech-osu018",
);

/// Truth tables, lowest bit first.
const INVERTER: (usize, u64) = (1, 0b01);
const BUFFER: (usize, u64) = (1, 0b10);
const NAND2: (usize, u64) = (2, 0b0111);
const NOR2: (usize, u64) = (2, 0b0001);

/// A checked library.
///
/// Invariant: it has an inverter, a buffer (abc fails without), a 2-input NAND or NOR and a D flip-flop, and each of its cells has an area.
#[derive(Clone, Debug)]
pub struct Library {
    file: String,
    text: String,
    liberty: Liberty,
    areas: BTreeMap<String, f64>,
    inverter: String,
    nand2: Option<f64>,
}

impl Library {
    /// Read a Liberty file.
    ///
    /// - Errors: a file that cannot be read, that is no Liberty, or that lacks cells that every design needs.
    pub fn read(path: &Path) -> Result<Self, SynthError> {
        let bytes = std::fs::read(path).map_err(|error| SynthError::io(path, error))?;
        let text = String::from_utf8(bytes).map_err(|error| {
            SynthError::content(path, format!("not text in UTF-8 ({error}); a Liberty file is"))
        })?;
        Self::parse(&path.display().to_string(), text)
    }

    /// OSU's library for 180 nm, from Debian's package.
    ///
    /// - Errors: a package that is not installed, by its name.
    pub fn osu018() -> Result<Self, SynthError> {
        let (path, package) = OSU018;
        let path = Path::new(path);
        if path.exists() {
            return Self::read(path);
        }
        let why = format!("not installed: as root, apt-get install -y --no-install-recommends {package}");
        Err(SynthError::content(path, why))
    }

    /// Check the text of a Liberty file; `file` stands for it in messages.
    pub fn parse(file: &str, text: String) -> Result<Self, SynthError> {
        let liberty = Liberty::parse(file, &text)?;
        let mut areas = BTreeMap::new();
        let (mut inverter, mut nand2, mut nor2): (Option<(f64, String)>, _, _) = (None, None, None);
        let (mut has_buffer, mut has_flip_flop) = (false, false);
        let least =
            |so_far: Option<f64>, area: f64| Some(so_far.map_or(area, |so_far: f64| so_far.min(area)));
        for cell in liberty.cells() {
            let Some(area) = cell.area()? else { continue };
            areas.insert(cell.name().to_owned(), area);
            if let Some(flip_flop) = cell.flip_flop() {
                has_flip_flop |= flip_flop.is_plain(&cell)?;
            }
            match cell.truth_table()? {
                Some(INVERTER) if inverter.as_ref().is_none_or(|(least, _)| area < *least) => {
                    inverter = Some((area, cell.name().to_owned()));
                }
                Some(BUFFER) => has_buffer = true,
                Some(NAND2) => nand2 = least(nand2, area),
                Some(NOR2) => nor2 = least(nor2, area),
                Some(_) | None => {}
            }
        }
        let mut missing = Vec::new();
        if inverter.is_none() {
            missing.push("inverter");
        }
        if !has_buffer {
            missing.push("buffer");
        }
        if nand2.is_none() && nor2.is_none() {
            missing.push("2-input NAND or NOR");
        }
        if !has_flip_flop {
            missing.push("D flip-flop without set and reset");
        }
        match inverter {
            Some((_, inverter)) if missing.is_empty() => Ok(Self {
                file: file.to_owned(),
                text,
                liberty,
                areas,
                inverter,
                nand2,
            }),
            Some(_) | None => Err(SynthError::Incomplete {
                library: file.to_owned(),
                missing,
                n_cells: areas.len(),
            }),
        }
    }

    /// The file that it came from.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The file's text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// BLAKE3 of the text, in hexadecimal.
    pub fn fingerprint(&self) -> String {
        blake3::hash(self.text.as_bytes()).to_hex().to_string()
    }

    /// The cells.
    pub const fn liberty(&self) -> &Liberty {
        &self.liberty
    }

    /// The area of a cell.
    pub fn area_of(&self, cell: &str) -> Option<f64> {
        self.areas.get(cell).copied()
    }

    /// The smallest inverter.
    pub fn inverter(&self) -> Option<Cell<'_>> {
        self.liberty.cell(&self.inverter)
    }

    /// The area of the smallest 2-input NAND, where there is one: the gate that others are counted in.
    pub const fn nand2_area(&self) -> Option<f64> {
        self.nand2
    }

    /// Whether the library says how fast its cells are.
    pub fn has_timing(&self) -> bool {
        self.liberty.cells().any(|cell| {
            cell.group()
                .groups_named("pin")
                .any(|pin| pin.groups_named("timing").next().is_some())
        })
    }

    /// A load of four inverters in fF, where the library says capacitances.
    pub(crate) fn fan_out_of_four(&self) -> Result<Option<f64>, SynthError> {
        let Some(inverter) = self.inverter() else {
            return Ok(None);
        };
        let mut capacitance = None;
        for pin in inverter.pins()? {
            capacitance = capacitance.or(pin.capacitance()?.filter(|capacitance| 0.0 < *capacitance));
        }
        let farads = self.liberty.farads()?;
        Ok(capacitance
            .zip(farads)
            .map(|(c, farads)| 4.0 * c * farads / 1e-15))
    }
}
