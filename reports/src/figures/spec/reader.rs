//! Reads the keys of one table; what it cannot read it complains about and goes on.

use std::cell::RefCell;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Complaint, Named};

/// Complaints of a whole file.
#[derive(Debug, Default)]
pub(super) struct Complaints(RefCell<Vec<Complaint>>);

impl Complaints {
    pub(super) fn add(&self, at: Range<usize>, why: impl Into<String>, remedy: impl Into<String>) {
        self.0.borrow_mut().push(Complaint {
            at,
            why: why.into(),
            remedy: remedy.into(),
            unknown: None,
        });
    }

    fn unknown(&self, at: Range<usize>, why: String, name: &str, known: &[&str]) {
        self.0.borrow_mut().push(Complaint {
            at,
            why,
            remedy: format!("allowed here: {}", known.join(", ")),
            unknown: Some((
                name.to_owned(),
                known.iter().map(|&name| name.to_owned()).collect(),
            )),
        });
    }

    pub(super) fn into_vec(self) -> Vec<Complaint> {
        self.0.into_inner()
    }
}

/// A value with its place.
pub(super) type Entry<'a> = &'a Spanned<DeValue<'a>>;

/// One table.
pub(super) struct Reader<'a> {
    pub(super) at: Range<usize>,
    table: &'a DeTable<'a>,
    taken: RefCell<Vec<&'static str>>,
    pub(super) complaints: &'a Complaints,
}

impl<'a> Reader<'a> {
    pub(super) fn new(at: Range<usize>, table: &'a DeTable<'a>, complaints: &'a Complaints) -> Self {
        Self {
            at,
            table,
            taken: RefCell::default(),
            complaints,
        }
    }

    /// The value of a key, which is then known.
    pub(super) fn entry(&self, key: &'static str) -> Option<Entry<'a>> {
        self.taken.borrow_mut().push(key);
        self.table
            .iter()
            .find(|(name, _)| name.get_ref() == key)
            .map(|(_, value)| value)
    }

    /// Complain about keys that nobody asked for.
    pub(super) fn finish(&self) {
        let known = self.taken.borrow();
        for (name, _) in self.table {
            let text: &str = name.get_ref();
            if !known.contains(&text) {
                self.complaints
                    .unknown(name.span(), format!("unknown key `{text}`"), text, &known);
            }
        }
    }

    pub(super) fn wrong(&self, key: &str, value: Entry<'_>, wanted: &str) {
        self.complaints.add(
            value.span(),
            format!("`{key}` is {}", article(value.get_ref().type_str())),
            format!("write {wanted}"),
        );
    }

    /// A text that is not empty.
    pub(super) fn text(&self, key: &'static str) -> Option<Named> {
        let value = self.entry(key)?;
        let found = named(value);
        if found.is_none() {
            self.wrong(key, value, "a text in quotes");
        }
        found
    }

    /// One of the words of a list, by their names.
    pub(super) fn word<T: Copy>(
        &self,
        key: &'static str,
        all: &[T],
        name: impl Fn(T) -> &'static str,
    ) -> Option<T> {
        let text = self.text(key)?;
        self.word_of(key, &text, all, name)
    }

    pub(super) fn word_of<T: Copy>(
        &self,
        key: &str,
        text: &Named,
        all: &[T],
        name: impl Fn(T) -> &'static str,
    ) -> Option<T> {
        let found = all.iter().copied().find(|&word| name(word) == text.name);
        if found.is_none() {
            let known: Vec<&str> = all.iter().map(|&word| name(word)).collect();
            let why = format!("{key} = \"{}\" is not allowed", text.name);
            self.complaints.unknown(text.at.clone(), why, &text.name, &known);
        }
        found
    }

    /// One or more texts.
    pub(super) fn texts(&self, key: &'static str) -> Option<Vec<Named>> {
        let value = self.entry(key)?;
        let found = match value.get_ref().as_array() {
            Some(values) if !values.is_empty() => values.iter().map(named).collect(),
            Some(_) | None => named(value).map(|one| vec![one]),
        };
        if found.is_none() {
            self.wrong(key, value, "a name in quotes, or a list of them");
        }
        found
    }

    /// Exactly two texts.
    pub(super) fn pair(&self, key: &'static str, wanted: &str) -> Option<[Named; 2]> {
        let value = self.entry(key)?;
        let texts: Option<Vec<Named>> = value
            .get_ref()
            .as_array()
            .map_or(Some(Vec::new()), |values| values.iter().map(named).collect());
        let pair = texts.and_then(|texts| <[Named; 2]>::try_from(texts).ok());
        if pair.is_none() {
            self.wrong(key, value, wanted);
        }
        pair
    }
}

/// A text with its place.
pub(super) fn named(value: &Spanned<DeValue<'_>>) -> Option<Named> {
    let text = value.get_ref().as_str().filter(|text| !text.is_empty())?;
    Some(Named {
        name: text.to_owned(),
        at: value.span(),
    })
}

/// A finite number.
pub(super) fn number(value: &DeValue<'_>) -> Option<f64> {
    let text = match (value.as_float(), value.as_integer()) {
        (Some(float), _) => float.as_str(),
        (None, Some(integer)) if integer.radix() == 10 => integer.as_str(),
        (None, _) => return None,
    };
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// A text, a number or a flag as tables write it.
pub(super) fn scalar(value: &DeValue<'_>) -> Option<String> {
    if let Some(text) = value.as_str() {
        return Some(text.to_owned());
    }
    if let Some(flag) = value.as_bool() {
        return Some(flag.to_string());
    }
    number(value).map(|number| number.to_string())
}

fn article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'i']) { "an" } else { "a" };
    format!("{article} {noun}")
}
