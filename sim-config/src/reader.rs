//! Reads the keys of one section; what it cannot read it complains about, with the line and the allowed values.

use std::ops::Range;
use std::path::PathBuf;

use sim_core::input_constant::InputConstant;
use sim_core::named::Named;
use sim_core::preprocessing::Resize;
use sim_core::prune::PruneSpec;
use sim_core::quantization::StepScale;
use sim_core::range::Percentile;
use sim_core::synthetic::ActivationZeros;
use sim_toml::complaint::{Complaint, Complaints};
use sim_toml::nearest::did_you_mean;
use sim_toml::reader::TableReader;
use sim_toml::value::{self, Wrong};
use toml::de::{DeTable, DeValue};

use crate::defaults;
use crate::keys::{ALL, Fallback, FileKind, Key, Section};
use crate::value::{
    activation_zeros, constants, explain, integer, integers, number, percentile, pruning, real, size,
    step_scale,
};

/// One section of a file.
///
/// Reading never stops: after a complaint it goes on with a stand-in, and the caller throws the result away.
pub(crate) struct KeyReader<'a> {
    file: FileKind,
    sections: &'static [Section],
    pub(crate) table: TableReader<'a>,
}

impl<'a> KeyReader<'a> {
    /// The keys above all tables; `sections` are those whose keys may stand there.
    pub(crate) fn top(
        file: FileKind,
        sections: &'static [Section],
        table: &'a DeTable<'a>,
        complaints: &'a Complaints,
    ) -> Self {
        Self {
            file,
            sections,
            table: TableReader::top(table, complaints),
        }
    }

    /// A section of the file; empty where the file does not have it.
    pub(crate) fn section(&self, sections: &'static [Section; 1]) -> Self {
        let [section] = sections;
        self.below(sections, self.table.table(section.name()))
    }

    /// The tables of a section that may stand several times; none where the file does not have it.
    pub(crate) fn sections(&self, sections: &'static [Section; 1]) -> Vec<Self> {
        let [section] = sections;
        let tables = self.table.tables(section.name()).into_iter();
        tables.map(|table| self.below(sections, table)).collect()
    }

    fn below(&self, sections: &'static [Section], table: TableReader<'a>) -> Self {
        Self {
            file: self.file,
            sections,
            table,
        }
    }

    /// Where `key` stands, if it does.
    pub(crate) fn span_of(&self, key: &Key) -> Option<Range<usize>> {
        self.table.entry(key.name).map(|(name, _)| name.span())
    }

    /// Complain about `key`, or about the section where it is left out.
    pub(crate) fn complain(&self, key: &Key, why: impl Into<String>, remedy: impl Into<String>) {
        let at = self.span_of(key).unwrap_or_else(|| self.table.span());
        self.table.complaints().add(at, why, remedy);
    }

    /// Whether `key` holds a table.
    pub(crate) fn holds_table(&self, key: &Key) -> bool {
        matches!(self.table.entry(key.name), Some((_, value)) if value.get_ref().is_table())
    }

    /// What `read` finds, where `key` stands: not its default.
    pub(crate) fn given<T>(
        &self,
        key: &'static Key,
        read: impl FnOnce(&Self, &'static Key) -> Option<T>,
    ) -> Option<T> {
        read(self, key).filter(|_| self.span_of(key).is_some())
    }

    /// A whole number, or the stand-in 1.
    pub(crate) fn integer(&self, key: &'static Key) -> i64 {
        self.value(key, integer).unwrap_or(1)
    }

    /// A whole number that may be left out.
    pub(crate) fn optional_integer(&self, key: &'static Key) -> Option<i64> {
        self.value(key, integer)
    }

    /// A word, or the first one as a stand-in.
    pub(crate) fn word<T: Named>(&self, key: &'static Key) -> T {
        self.optional_word(key).unwrap_or(T::ALL[0])
    }

    /// A word that may be left out.
    pub(crate) fn optional_word<T: Named>(&self, key: &'static Key) -> Option<T> {
        self.value(key, |_, value| match value.as_str() {
            None => Err(Wrong::Type(value.type_str(), "a string")),
            Some(text) => T::from_name(text)
                .ok_or_else(|| Wrong::Value(format!("\"{text}\""), did_you_mean(text, T::names()))),
        })
    }

    /// `true` or `false`, or the stand-in `true`.
    pub(crate) fn flag(&self, key: &'static Key) -> bool {
        self.value(key, |_, value| value::flag(value)).unwrap_or(true)
    }

    /// A name.
    pub(crate) fn name(&self, key: &'static Key) -> Option<String> {
        self.value(key, |_, value| {
            value::text(value, "a name in quotes").map(str::to_owned)
        })
    }

    /// Constants for inputs of a network; none where the key is left out.
    pub(crate) fn constants(&self, key: &'static Key) -> Vec<InputConstant> {
        self.value(key, |_, value| constants(value)).unwrap_or_default()
    }

    /// A path that may be left out, as written.
    pub(crate) fn optional_path(&self, key: &'static Key) -> Option<PathBuf> {
        self.value(key, |_, value| {
            value::text(value, "a path in quotes").map(PathBuf::from)
        })
    }

    /// A finite number that may be left out.
    pub(crate) fn optional_number(&self, key: &'static Key) -> Option<f32> {
        self.value(key, |key, value| number(key, value, "a number"))
    }

    /// The same in double precision.
    pub(crate) fn optional_real(&self, key: &'static Key) -> Option<f64> {
        self.value(key, real)
    }

    /// A list of finite numbers that may be left out; a single one is a list of one.
    pub(crate) fn optional_numbers(&self, key: &'static Key) -> Option<Vec<f32>> {
        self.value(key, |key, value| match value.as_array() {
            None => number(key, value, "a number or an array of numbers").map(|number| vec![number]),
            Some(values) if values.is_empty() => Err(Wrong::Value("[]".to_owned(), None)),
            Some(values) => values
                .iter()
                .map(|value| number(key, value.get_ref(), "a number"))
                .collect(),
        })
    }

    /// A percentile, or the usual one as a stand-in.
    pub(crate) fn percentile(&self, key: &'static Key) -> Percentile {
        self.value(key, |_, value| percentile(value)).unwrap_or_default()
    }

    /// What a step is multiplied by.
    pub(crate) fn step_scale(&self, key: &'static Key) -> StepScale {
        self.value(key, |_, value| step_scale(value)).unwrap_or_default()
    }

    /// What to prune, of each layer; may be left out.
    pub(crate) fn optional_pruning(&self, key: &'static Key) -> Option<PruneSpec> {
        self.value(key, |_, value| pruning(value))
    }

    /// How many activations become zero; may be left out.
    pub(crate) fn optional_activation_zeros(&self, key: &'static Key) -> Option<ActivationZeros> {
        self.value(key, |_, value| activation_zeros(value))
    }

    /// Rows and columns, or one number, that may be left out.
    pub(crate) fn optional_sides(&self, key: &'static Key) -> Option<Resize> {
        self.value(key, |key, value| {
            if value.as_integer().is_some() {
                return integer(key, value).map(|side| Resize::Shorter(size(side)));
            }
            let sides = integers(key, value, "a whole number or an array of two")?;
            <[i64; 2]>::try_from(sides)
                .map(|sides| Resize::Sides(sides.map(size)))
                .map_err(|sides| Wrong::Value(format!("an array of {}", sides.len()), None))
        })
    }

    /// Complain about seeds that are none.
    pub(crate) fn check_seeds(&self, key: &'static Key) {
        self.value(key, |key, value| {
            let mut seeds = integers(key, value, "a list of whole numbers")?;
            seeds.sort_unstable();
            if let Some(twice) = seeds.windows(2).find(|pair| pair[0] == pair[1]) {
                return Err(Wrong::Value(format!("{} twice", twice[0]), None));
            }
            if seeds.is_empty() {
                return Err(Wrong::Value("[]".to_owned(), None));
            }
            Ok(())
        });
    }

    /// How many images are evaluated; may be left out.
    pub(crate) fn accuracy(&self, key: &'static Key) -> Option<usize> {
        self.value(key, |key, value| {
            let Some(table) = value.as_table() else {
                return Err(Wrong::Type(value.type_str(), "a table { images = N }"));
            };
            match table.get("images") {
                Some(images) if table.len() == 1 => integer(key, images.get_ref()).map(size),
                Some(_) | None => Err(Wrong::Value("a table without just `images`".to_owned(), None)),
            }
        })
    }

    /// Complain about every key that was not read. `kind` is the kind of PE, where it is known.
    pub(crate) fn finish(&self, kind: Option<&str>) {
        self.table
            .finish_with(|name, _| self.misplaced(name.get_ref(), name.span(), kind));
    }

    fn misplaced(&self, name: &str, at: Range<usize>, kind: Option<&str>) -> Complaint {
        let here: Vec<&Key> = ALL
            .iter()
            .copied()
            .filter(|key| self.sections.contains(&key.section))
            .collect();
        let owners: Vec<&str> = here
            .iter()
            .filter(|key| key.name == name)
            .flat_map(|key| key.kinds())
            .collect();
        if let (false, Some(kind)) = (owners.is_empty(), kind) {
            return Complaint::new(
                at,
                format!("a PE of kind \"{kind}\" has no key `{name}`"),
                format!(
                    "`{name}` belongs to {}: take the line out or change `kind`",
                    owners.join(", ")
                ),
            );
        }
        let mut allowed: Vec<&str> = here
            .iter()
            .filter(|key| kind.is_none_or(|kind| key.is_of_kind(kind)))
            .map(|key| key.name)
            .chain(self.subsections())
            .collect();
        allowed.dedup();
        let home = self
            .home_of(name)
            .map_or_else(String::new, |home| format!("{home}; "));
        let place = match self.sections {
            [section] if !section.name().is_empty() => format!(" in {}", section.header()),
            _ => String::new(),
        };
        let why = format!("unknown key `{name}`{place}");
        Complaint::new(at, why, format!("{home}allowed here: {}", allowed.join(", "))).about(name, &allowed)
    }

    /// Sections that may stand below this one's keys.
    fn subsections(&self) -> impl Iterator<Item = &'static str> {
        let sections = match self.sections {
            [first, ..] if first.name().is_empty() => self.file.sections(),
            _ => &[],
        };
        // Tables whose keys are not keys of their own.
        let free: &[&str] = match (self.file, sections) {
            (FileKind::Sweep, [_, ..]) => &["exclude", "figure"],
            (FileKind::Array | FileKind::Run | FileKind::Model | FileKind::Sweep, _) => &[],
        };
        sections
            .iter()
            .map(|section| section.name())
            .chain(free.iter().copied())
    }

    /// Where a key of this name stands in this kind of file, if not here.
    fn home_of(&self, name: &str) -> Option<String> {
        ALL.iter()
            .find(|key| {
                key.name == name
                    && self.file.sections().contains(&key.section)
                    && !self.sections.contains(&key.section)
            })
            .map(|key| format!("`{name}` belongs in {}", key.section.header()))
    }

    fn value<T>(
        &self,
        key: &'static Key,
        read: impl Fn(&Key, &DeValue<'_>) -> Result<T, Wrong>,
    ) -> Option<T> {
        let result = match (self.table.take(key.name), key.fallback) {
            (Some(value), _) => read(key, value.get_ref()).map_err(|wrong| (value.span(), wrong)),
            (None, Fallback::Absent(_)) => return None,
            (None, Fallback::Value(_)) => match defaults::of(key) {
                Ok(value) => read(key, value).map_err(|wrong| (self.table.span(), wrong)),
                Err(error) => Err((self.table.span(), Wrong::Value(error.clone(), None))),
            },
            // The missing section is a complaint of its own.
            (None, Fallback::Required) if !self.table.is_given() => return None,
            (None, Fallback::Required) => {
                self.table.complain(
                    format!("`{}` is missing", key.path()),
                    format!("allowed values: {}", key.values.describe()),
                );
                return None;
            }
        };
        result
            .map_err(|(at, wrong)| {
                let (why, remedy) = explain(wrong, key);
                self.table.complaints().add(at, why, remedy);
            })
            .ok()
    }
}
