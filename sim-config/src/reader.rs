//! Reads the keys of one section; what it cannot read it complains about, with the line and the allowed values.

use std::cell::RefCell;
use std::ops::Range;
use std::path::PathBuf;

use sim_core::prune::PruneSpec;
use sim_core::range::Percentile;
use sim_core::synthetic::ActivationZeros;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::defaults;
use crate::error::Problem;
use crate::keys::{ALL, Fallback, FileKind, Key, Section};
use crate::nearest::did_you_mean;
use crate::value::{self, Wrong, article, integer, number, size};
use crate::word::{Word, words};

/// Complaints of all sections of a file.
#[derive(Debug, Default)]
pub(crate) struct Problems(RefCell<Vec<Problem>>);

impl Problems {
    pub(crate) fn add(&self, at: Range<usize>, why: impl Into<String>, remedy: impl Into<String>) {
        self.0.borrow_mut().push(Problem {
            at,
            why: why.into(),
            remedy: remedy.into(),
        });
    }

    pub(crate) fn count(&self) -> usize {
        self.0.borrow().len()
    }

    pub(crate) fn into_vec(self) -> Vec<Problem> {
        self.0.into_inner()
    }
}

/// One section of a file.
///
/// Reading never stops: after a complaint it goes on with a stand-in, and the caller throws the result away.
pub(crate) struct Reader<'a> {
    file: FileKind,
    sections: &'static [Section],
    /// Where a key would stand that is missing.
    at: Range<usize>,
    table: Option<&'a DeTable<'a>>,
    taken: RefCell<Vec<&'static str>>,
    problems: &'a Problems,
}

impl<'a> Reader<'a> {
    /// The keys above all tables; `sections` are those whose keys may stand there.
    pub(crate) fn top(
        file: FileKind,
        sections: &'static [Section],
        table: &'a DeTable<'a>,
        problems: &'a Problems,
    ) -> Self {
        Self {
            file,
            sections,
            at: 0..0,
            table: Some(table),
            taken: RefCell::default(),
            problems,
        }
    }

    /// A section of the file; empty where the file does not have it.
    pub(crate) fn section(&self, sections: &'static [Section; 1]) -> Self {
        let [section] = sections;
        let name = section.name();
        let mut reader = Reader {
            file: self.file,
            sections,
            at: 0..0,
            table: None,
            taken: RefCell::default(),
            problems: self.problems,
        };
        if let Some((_, value)) = self.entry(name) {
            self.taken.borrow_mut().push(name);
            reader.at = value.span();
            match value.get_ref() {
                DeValue::Table(table) => reader.table = Some(table),
                other @ (DeValue::String(_)
                | DeValue::Integer(_)
                | DeValue::Float(_)
                | DeValue::Boolean(_)
                | DeValue::Datetime(_)
                | DeValue::Array(_)) => self.problems.add(
                    value.span(),
                    format!("`{name}` is {}, not a table", article(other.type_str())),
                    format!("write [{name}] on a line of its own and its keys below"),
                ),
            }
        }
        reader
    }

    /// The tables of a section that may stand several times; none where the file does not have it.
    pub(crate) fn sections(&self, sections: &'static [Section; 1]) -> Vec<Self> {
        let [section] = sections;
        let Some((_, value)) = self.entry(section.name()) else {
            return Vec::new();
        };
        self.taken.borrow_mut().push(section.name());
        let complain = |at: &Spanned<DeValue<'_>>| {
            self.problems.add(
                at.span(),
                format!(
                    "`{}` is {}, not a list of tables",
                    section.name(),
                    article(at.get_ref().type_str())
                ),
                format!(
                    "write {} on a line of its own and its keys below, once for each",
                    section.header()
                ),
            );
        };
        let DeValue::Array(values) = value.get_ref() else {
            complain(value);
            return Vec::new();
        };
        let mut readers = Vec::new();
        for value in values {
            let DeValue::Table(table) = value.get_ref() else {
                complain(value);
                continue;
            };
            readers.push(Reader {
                file: self.file,
                sections,
                at: value.span(),
                table: Some(table),
                taken: RefCell::default(),
                problems: self.problems,
            });
        }
        readers
    }

    /// Whether something of this name stands here, whatever it is.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.entry(name).is_some()
    }

    /// Whether the file has this section.
    pub(crate) fn is_given(&self) -> bool {
        self.table.is_some()
    }

    /// Where the section stands.
    pub(crate) fn span(&self) -> Range<usize> {
        self.at.clone()
    }

    /// Where `key` stands, if it does.
    pub(crate) fn span_of(&self, key: &Key) -> Option<Range<usize>> {
        self.entry(key.name).map(|(name, _)| name.span())
    }

    /// Complain about `key`, or about the section where it is left out.
    pub(crate) fn complain(&self, key: &Key, why: impl Into<String>, remedy: impl Into<String>) {
        self.problems
            .add(self.span_of(key).unwrap_or_else(|| self.span()), why, remedy);
    }

    /// Complain about the section as a whole.
    pub(crate) fn complain_at_start(&self, why: impl Into<String>, remedy: impl Into<String>) {
        self.problems.add(self.span(), why, remedy);
    }

    /// Whether `key` holds a table.
    pub(crate) fn holds_table(&self, key: &Key) -> bool {
        matches!(self.entry(key.name), Some((_, value)) if value.get_ref().is_table())
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
    pub(crate) fn word<T: Word>(&self, key: &'static Key) -> T {
        self.optional_word(key).unwrap_or(T::all()[0])
    }

    /// A word that may be left out.
    pub(crate) fn optional_word<T: Word>(&self, key: &'static Key) -> Option<T> {
        self.value(key, |_, value| match value.as_str() {
            None => Err(Wrong::Type(value.type_str(), "a string")),
            Some(text) => T::all()
                .iter()
                .copied()
                .find(|known| known.word() == text)
                .ok_or_else(|| Wrong::Value(format!("\"{text}\""), did_you_mean(text, words::<T>()))),
        })
    }

    /// `true` or `false`.
    pub(crate) fn flag(&self, key: &'static Key) -> Flag {
        match self.value(key, |_, value| {
            value
                .as_bool()
                .ok_or(Wrong::Type(value.type_str(), "true or false"))
        }) {
            Some(false) => Flag::Off,
            Some(true) | None => Flag::On,
        }
    }

    /// A name.
    pub(crate) fn name(&self, key: &'static Key) -> Option<String> {
        self.value(key, |_, value| match value.as_str() {
            None => Err(Wrong::Type(value.type_str(), "a name in quotes")),
            Some("") => Err(Wrong::Value("\"\"".to_owned(), None)),
            Some(text) => Ok(text.to_owned()),
        })
    }

    /// A path that may be left out, as written.
    pub(crate) fn optional_path(&self, key: &'static Key) -> Option<PathBuf> {
        self.value(key, |_, value| match value.as_str() {
            None => Err(Wrong::Type(value.type_str(), "a path in quotes")),
            Some("") => Err(Wrong::Value("\"\"".to_owned(), None)),
            Some(text) => Ok(PathBuf::from(text)),
        })
    }

    /// A finite number that may be left out.
    pub(crate) fn optional_number(&self, key: &'static Key) -> Option<f32> {
        self.value(key, |key, value| number(key, value, "a number"))
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
        self.value(key, |_, value| value::percentile(value))
            .unwrap_or_default()
    }

    /// What to prune, of each layer; may be left out.
    pub(crate) fn optional_pruning(&self, key: &'static Key) -> Option<PruneSpec> {
        self.value(key, |_, value| value::pruning(value))
    }

    /// How many activations become zero; may be left out.
    pub(crate) fn optional_activation_zeros(&self, key: &'static Key) -> Option<ActivationZeros> {
        self.value(key, |_, value| value::activation_zeros(value))
    }

    /// Rows and columns that may be left out.
    pub(crate) fn optional_sides(&self, key: &'static Key) -> Option<[usize; 2]> {
        self.value(key, |key, value| {
            let Some(values) = value.as_array() else {
                return Err(Wrong::Type(value.type_str(), "an array of two whole numbers"));
            };
            let sides: Vec<usize> = values
                .iter()
                .map(|value| integer(key, value.get_ref()).map(size))
                .collect::<Result<_, _>>()?;
            <[usize; 2]>::try_from(sides)
                .map_err(|sides| Wrong::Value(format!("an array of {}", sides.len()), None))
        })
    }

    /// Complain about seeds that are none.
    pub(crate) fn check_seeds(&self, key: &'static Key) {
        self.value(key, |key, value| {
            let Some(values) = value.as_array() else {
                return Err(Wrong::Type(value.type_str(), "a list of whole numbers"));
            };
            let mut seeds: Vec<i64> = values
                .iter()
                .map(|value| integer(key, value.get_ref()))
                .collect::<Result<_, _>>()?;
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

    /// The same as [`Self::finish`], where `others` have been read elsewhere.
    pub(crate) fn finish_beside(&self, others: &[&'static str]) {
        self.taken.borrow_mut().extend(others);
        self.finish(None);
    }

    /// Complain about every key that was not read. `kind` is the kind of PE, where it is known.
    pub(crate) fn finish(&self, kind: Option<&str>) {
        for (name, _) in self.table.into_iter().flatten() {
            let text: &str = name.get_ref();
            if !self.taken.borrow().contains(&text) {
                let (why, remedy) = self.misplaced(text, kind);
                self.problems.add(name.span(), why, remedy);
            }
        }
    }

    fn misplaced(&self, name: &str, kind: Option<&str>) -> (String, String) {
        let here: Vec<&Key> = ALL
            .iter()
            .copied()
            .filter(|key| self.sections.contains(&key.section))
            .collect();
        let owners: Vec<&str> = here
            .iter()
            .filter(|key| key.name == name)
            .flat_map(|key| key.kinds)
            .copied()
            .collect();
        if let (false, Some(kind)) = (owners.is_empty(), kind) {
            return (
                format!("a PE of kind \"{kind}\" has no key `{name}`"),
                format!(
                    "`{name}` belongs to {}: take the line out or change `kind`",
                    owners.join(", ")
                ),
            );
        }
        let allowed: Vec<&str> = here
            .iter()
            .filter(|key| kind.is_none_or(|kind| key.is_of_kind(kind)))
            .map(|key| key.name)
            .chain(self.subsections())
            .collect();
        let mut remedy = Vec::new();
        remedy.extend(did_you_mean(name, allowed.iter().copied()));
        remedy.extend(self.home_of(name));
        let mut listed = allowed;
        listed.dedup();
        remedy.push(format!("allowed here: {}", listed.join(", ")));
        let place = match self.sections {
            [section] if !section.name().is_empty() => format!(" in {}", section.header()),
            _ => String::new(),
        };
        (
            format!("unknown key `{name}`{place}"),
            remedy.join("; ").replace("?; ", "? "),
        )
    }

    /// Sections that may stand below this one's keys.
    fn subsections(&self) -> impl Iterator<Item = &'static str> {
        let sections = match self.sections {
            [first, ..] if first.name().is_empty() => self.file.sections(),
            _ => &[],
        };
        // Tables whose keys are no keys of their own.
        let free: &[&str] = match (self.file, sections) {
            (FileKind::Sweep, [_, ..]) => &["axes", "exclude"],
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

    fn entry(
        &self,
        name: &str,
    ) -> Option<(&'a Spanned<std::borrow::Cow<'a, str>>, &'a Spanned<DeValue<'a>>)> {
        self.table?.iter().find(|(key, _)| key.get_ref() == name)
    }

    fn value<T>(
        &self,
        key: &'static Key,
        read: impl Fn(&Key, &DeValue<'_>) -> Result<T, Wrong>,
    ) -> Option<T> {
        self.taken.borrow_mut().push(key.name);
        let result = match (self.entry(key.name), key.fallback) {
            (Some((_, value)), _) => read(key, value.get_ref()).map_err(|wrong| (value.span(), wrong)),
            (None, Fallback::Absent(_)) => return None,
            (None, Fallback::Value(_)) => match defaults::of(key) {
                Ok(value) => read(key, value).map_err(|wrong| (self.span(), wrong)),
                Err(error) => Err((self.span(), Wrong::Value(error.clone(), None))),
            },
            // The missing section is a complaint of its own.
            (None, Fallback::Required) if self.table.is_none() => return None,
            (None, Fallback::Required) => {
                self.problems.add(
                    self.span(),
                    format!("`{}` is missing", key.path()),
                    format!("allowed values: {}", key.values.describe()),
                );
                return None;
            }
        };
        result
            .map_err(|(at, wrong)| {
                let (why, remedy) = wrong.explain(key);
                self.problems.add(at, why, remedy);
            })
            .ok()
    }
}

/// A switch of a configuration file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flag {
    On,
    Off,
}
