//! The run file that the points of a sweep start from, as one table.

use std::borrow::Cow;
use std::ops::Range;
use std::path::Path;

use sim_toml::error::ConfigError;
use sim_toml::source;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{SweepTexts, without_spans};
use crate::keys::{self, ALL, FileKind, Key, Section, Values};
use crate::run;
use crate::run::prediction::excluded_by;

/// The tables of the base.
///
/// Invariant: they hold [array] and [pe] in place of the name of an array file; paths are those of the working folder.
#[derive(Debug)]
pub(super) struct Base<'t> {
    path: &'t Path,
    text: &'t str,
    table: DeTable<'t>,
}

impl<'t> Base<'t> {
    /// Read and check the base by itself.
    ///
    /// - Errors: those of a run file.
    pub(super) fn read(texts: &'t SweepTexts) -> Result<Self, Box<ConfigError>> {
        let Some((path, text)) = &texts.base else {
            return Err(ConfigError::file(
                &texts.path,
                "the sweep names no base",
                "add `base`, the path of a run file",
            ));
        };
        let spec = run::parse(path, text)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut table = without_spans(source::parse(path, text)?);
        rebase(&mut table, folder);
        if let Some((array_path, array_text)) = &texts.array {
            table.remove(keys::ARRAY.name);
            let array = without_spans(source::parse(array_path, array_text)?);
            for (name, value) in array {
                if name.get_ref() != keys::VERSION.name {
                    table.insert(name, value);
                }
            }
        }
        // A baseline that is the array's own default follows the array; another one stays.
        if spec.design.baseline == spec.design.array.default_baseline() {
            table.remove(keys::BASELINE.name);
        }
        Ok(Self { path, text, table })
    }

    pub(super) const fn path(&self) -> &Path {
        self.path
    }

    pub(super) const fn text(&self) -> &str {
        self.text
    }

    pub(super) const fn table(&self) -> &DeTable<'t> {
        &self.table
    }
}

/// Put a value at a key; `at` is where the sweep file names the key.
pub(super) fn set<'t>(
    table: &mut DeTable<'t>,
    key: &'static Key,
    at: &Range<usize>,
    value: Spanned<DeValue<'t>>,
) {
    let name = Spanned::new(at.clone(), Cow::Borrowed(key.name));
    let section = key.section.name();
    if section.is_empty() {
        if key.name == keys::ARRAY.name {
            // A file in place of tables.
            table.remove(Section::Pe.name());
        }
        table.remove(key.name);
        table.insert(name, value);
        return;
    }
    let inner = table
        .entry(Spanned::new(at.clone(), Cow::Borrowed(section)))
        .or_insert_with(|| Spanned::new(at.clone(), DeValue::Table(DeTable::new())));
    if let DeValue::Table(inner) = inner.get_mut() {
        if key.section == Section::Pe && key.name == keys::KIND.name {
            keep_keys_of(inner, value.get_ref().as_str());
        }
        for excluded in excluded_by(key, value.get_ref().as_str()) {
            inner.remove(excluded.name);
        }
        inner.remove(key.name);
        inner.insert(name, value);
    }
}

/// Leave out what the base says about another kind of PE.
fn keep_keys_of(pe: &mut DeTable<'_>, kind: Option<&str>) {
    let Some(kind) = kind else { return };
    let of_pe = || ALL.iter().filter(|key| key.section == Section::Pe);
    for key in of_pe() {
        let of_kind = |other: &&&Key| other.name == key.name && other.is_of_kind(kind);
        if of_pe().find(of_kind).is_none() {
            pe.remove(key.name);
        }
    }
}

/// Paths of a file in `folder` as those of the working folder.
fn rebase(table: &mut DeTable<'_>, folder: &Path) {
    for key in ALL.iter().filter(|key| FileKind::Run.has(key)) {
        let value = match key.section.name() {
            "" => table.get_mut(key.name),
            section => match table.get_mut(section).map(Spanned::get_mut) {
                Some(DeValue::Table(inner)) => inner.get_mut(key.name),
                Some(_) | None => None,
            },
        };
        if let Some(value) = value {
            rebase_value(key, value.get_mut(), folder);
        }
    }
}

/// A path of a file in `folder` as one of the working folder; other values stay.
pub(super) fn rebase_value(key: &Key, value: &mut DeValue<'_>, folder: &Path) {
    if let (Values::Path | Values::ArrayFileOrTables, DeValue::String(path)) = (key.values, value)
        && !path.is_empty()
    {
        *path = Cow::Owned(folder.join(path.as_ref()).display().to_string());
    }
}
