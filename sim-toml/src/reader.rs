//! One table of a file: what its keys hold, and which of them nobody asked for.

use std::borrow::Cow;
use std::cell::RefCell;
use std::ops::{Range, RangeInclusive};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::complaint::{Complaint, Complaints};
use crate::value::{self, Wrong, article};

/// The name of a key with its place.
pub type Name<'a> = &'a Spanned<Cow<'a, str>>;

/// A value with its place.
pub type Entry<'a> = &'a Spanned<DeValue<'a>>;

/// A text with its place.
pub type Text<'a> = Spanned<&'a str>;

/// One table.
///
/// Reading never stops: what cannot be read is complained about, and the file is refused when all of it was read.
pub struct TableReader<'a> {
    /// Where a key would stand that is missing.
    at: Range<usize>,
    /// `None` where the file does not have it.
    table: Option<&'a DeTable<'a>>,
    taken: RefCell<Vec<&'static str>>,
    complaints: &'a Complaints,
}

impl<'a> TableReader<'a> {
    /// The keys above all tables.
    pub fn top(table: &'a DeTable<'a>, complaints: &'a Complaints) -> Self {
        Self::of(0..0, Some(table), complaints)
    }

    /// A table, and where it stands.
    pub fn of(at: Range<usize>, table: Option<&'a DeTable<'a>>, complaints: &'a Complaints) -> Self {
        Self {
            at,
            table,
            taken: RefCell::default(),
            complaints,
        }
    }

    /// A table below this one; empty where the file does not have it.
    pub fn table(&self, key: &'static str) -> Self {
        let Some(value) = self.take(key) else {
            return Self::of(0..0, None, self.complaints);
        };
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.complaints.add(
                value.span(),
                format!("`{key}` is {}, not a table", article(value.get_ref().type_str())),
                format!("write [{key}] on a line of its own and its keys below"),
            );
        }
        Self::of(value.span(), table, self.complaints)
    }

    /// Tables of one name below this one; none where the file does not have them.
    pub fn tables(&self, key: &'static str) -> Vec<Self> {
        let Some(value) = self.take(key) else {
            return Vec::new();
        };
        let complain = |entry: Entry<'_>| {
            self.complaints.add(
                entry.span(),
                format!(
                    "`{key}` is {}, not a list of tables",
                    article(entry.get_ref().type_str())
                ),
                format!("write [[{key}]] on a line of its own and its keys below, once for each"),
            );
        };
        let Some(values) = value.get_ref().as_array() else {
            complain(value);
            return Vec::new();
        };
        let reader = |entry: Entry<'a>| {
            let table = entry.get_ref().as_table();
            if table.is_none() {
                complain(entry);
            }
            table.map(|table| Self::of(entry.span(), Some(table), self.complaints))
        };
        values.iter().filter_map(reader).collect()
    }

    /// Name and value of a key, which is not known for that.
    pub fn entry(&self, key: &str) -> Option<(Name<'a>, Entry<'a>)> {
        self.table?.get_key_value(key)
    }

    /// The value of a key, which is then known.
    pub fn take(&self, key: &'static str) -> Option<Entry<'a>> {
        self.taken.borrow_mut().push(key);
        self.entry(key).map(|(_, value)| value)
    }

    /// Whether the file has this table.
    pub const fn is_given(&self) -> bool {
        self.table.is_some()
    }

    /// Where the table stands.
    pub fn span(&self) -> Range<usize> {
        self.at.clone()
    }

    /// Where complaints go.
    pub const fn complaints(&self) -> &'a Complaints {
        self.complaints
    }

    /// Complain about the table as a whole.
    pub fn complain(&self, why: impl Into<String>, remedy: impl Into<String>) {
        self.complaints.add(self.span(), why, remedy);
    }

    /// Complain about keys that nobody asked for.
    pub fn finish(&self) {
        self.finish_with(|name, known| {
            let why = format!("unknown key `{}`", name.get_ref());
            let remedy = format!("allowed here: {}", known.join(", "));
            Complaint::new(name.span(), why, remedy).about(name.get_ref(), known)
        });
    }

    /// Complain in words of one's own about keys that nobody asked for; given are such a key and the known ones.
    pub fn finish_with(&self, complaint: impl Fn(Name<'a>, &[&'static str]) -> Complaint) {
        let known = self.taken.borrow();
        for (name, _) in self.table.into_iter().flatten() {
            let text: &str = name.get_ref();
            if !known.contains(&text) {
                self.complaints.push(complaint(name, &known));
            }
        }
    }

    /// What a key holds, if it is given and `read` can read it; `wanted` says what it should be.
    pub fn read<T>(
        &self,
        key: &'static str,
        wanted: &str,
        read: impl FnOnce(Entry<'a>) -> Option<T>,
    ) -> Option<T> {
        let value = self.take(key)?;
        let found = read(value);
        if found.is_none() {
            self.wrong(key, value, wanted);
        }
        found
    }

    /// Complain about a value that is not what it should be.
    pub fn wrong(&self, key: &str, value: Entry<'_>, wanted: &str) {
        self.complaints.add(
            value.span(),
            format!("`{key}` is {}", article(value.get_ref().type_str())),
            format!("write {wanted}"),
        );
    }

    /// A text that is not empty.
    pub fn text(&self, key: &'static str) -> Option<Text<'a>> {
        self.read(key, "a text in quotes", text)
    }

    /// One or more texts.
    pub fn texts(&self, key: &'static str) -> Option<Vec<Text<'a>>> {
        self.read(key, "a name in quotes, or a list of them", |value| {
            match value.get_ref().as_array() {
                Some(values) if !values.is_empty() => values.iter().map(text).collect(),
                Some(_) | None => text(value).map(|one| vec![one]),
            }
        })
    }

    /// One of `all`, by its name.
    pub fn word<T: Copy>(&self, key: &'static str, all: &[T], name: impl Fn(T) -> &'static str) -> Option<T> {
        self.word_of(key, &self.text(key)?, all, name)
    }

    /// That of `all` which a text of `key` names.
    pub fn word_of<T: Copy>(
        &self,
        key: &str,
        text: &Text<'_>,
        all: &[T],
        name: impl Fn(T) -> &'static str,
    ) -> Option<T> {
        let (at, text) = (text.span(), *text.get_ref());
        let found = all.iter().copied().find(|&word| name(word) == text);
        if found.is_none() {
            let known: Vec<&str> = all.iter().map(|&word| name(word)).collect();
            let why = format!("{key} = \"{text}\" is not allowed");
            let remedy = format!("allowed here: {}", known.join(", "));
            let complaint = Complaint::new(at, why, remedy);
            self.complaints.push(complaint.about(text, &known));
        }
        found
    }

    /// `true` or `false`.
    pub fn flag(&self, key: &'static str) -> Option<bool> {
        self.read(key, "true or false", |value| value.get_ref().as_bool())
    }

    /// A number, which may be infinite or none.
    pub fn number(&self, key: &'static str) -> Option<f64> {
        self.read(key, "a number", |value| {
            value::number(value.get_ref(), "a number", |text| text.parse().ok()).ok()
        })
    }

    /// A whole number in a range.
    pub fn whole(&self, key: &'static str, allowed: RangeInclusive<i64>) -> Option<i64> {
        let wanted = format!("a whole number from {} to {}", allowed.start(), allowed.end());
        let value = self.take(key)?;
        let found = value::whole(value.get_ref(), |number| allowed.contains(&number));
        match &found {
            Ok(_) => {}
            Err(Wrong::Type(..)) => self.wrong(key, value, &wanted),
            Err(Wrong::Value(found, _)) => self.complaints.add(
                value.span(),
                format!("{key} = {found} is not allowed"),
                format!("write {wanted}"),
            ),
        }
        found.ok()
    }
}

/// A text that is not empty, with its place.
pub fn text<'a>(value: Entry<'a>) -> Option<Text<'a>> {
    let text = value.get_ref().as_str().filter(|text| !text.is_empty())?;
    Some(Spanned::new(value.span(), text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::tables;

    #[test]
    fn complaints_table() {
        #[track_caller]
        fn check(text: &str, read: impl Fn(&TableReader<'_>), want: &[&str]) {
            let table = tables(text, "[section] headers").unwrap();
            let complaints = Complaints::default();
            let top = TableReader::top(&table, &complaints);
            read(&top);
            top.finish();
            let complaints = complaints.into_vec();
            let said: Vec<String> = complaints
                .iter()
                .map(|complaint| {
                    let place = &text[complaint.at.clone()];
                    format!("{place}: {}; {}", complaint.why, complaint.advice())
                })
                .collect();
            assert_eq!(said, want);
        }
        let section = |top: &TableReader<'_>| {
            let section = top.table("pe");
            section.whole("threads", 1..=4);
            section.finish();
        };
        check("", section, &[]); // A section may be left out; its keys are for the reader's user to miss.
        check("pe = {}", section, &[]);
        check("pe.threads = 4", section, &[]);
        check(
            "pe = 1",
            section,
            &["1: `pe` is an integer, not a table; write [pe] on a line of its own and its keys below"],
        );
        check(
            "pe.threads = 5",
            section,
            &["5: threads = 5 is not allowed; write a whole number from 1 to 4"],
        );
        check(
            "pe.thread = 4\nx = 1", // At every level, nearest names first.
            section,
            &[
                "thread: unknown key `thread`; did you mean `threads`? allowed here: threads",
                "x: unknown key `x`; allowed here: pe",
            ],
        );
        let list = |top: &TableReader<'_>| {
            for row in top.tables("row") {
                row.word("kind", &["a", "b"], |word| word);
                row.finish();
            }
        };
        let remedy = "write [[row]] on a line of its own and its keys below, once for each";
        check("[[row]]\nkind = 'a'\n[[row]]", list, &[]);
        check(
            "row = {}",
            list,
            &[&format!("{{}}: `row` is a table, not a list of tables; {remedy}")],
        );
        check(
            "row = [{ kind = 'c' }, 2]",
            list,
            &[
                &format!("2: `row` is an integer, not a list of tables; {remedy}"),
                "'c': kind = \"c\" is not allowed; did you mean `a` or `b`? allowed here: a, b",
            ],
        );
        check(
            "row = [{ kind = 1 }]",
            list,
            &["1: `kind` is an integer; write a text in quotes"],
        );
    }
}
