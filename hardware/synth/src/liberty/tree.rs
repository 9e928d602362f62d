//! The tree of a Liberty file.

use std::sync::Arc;

use super::LibertyError;

/// `name : value;` or `name (value, …);`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// The name.
    pub name: String,
    /// One value of a simple attribute, any number of a complex one; without quotes.
    pub values: Vec<String>,
    /// Where it stands.
    pub line: usize,
}

/// `name (argument, …) { … }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub(super) file: Arc<str>,
    pub(super) name: String,
    pub(super) arguments: Vec<String>,
    pub(super) line: usize,
    pub(super) attributes: Vec<Attribute>,
    pub(super) groups: Vec<Group>,
}

impl Group {
    /// What kind of group it is, such as `cell` or `timing`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What stands between its parentheses.
    pub fn arguments(&self) -> &[String] {
        &self.arguments
    }

    /// The first of the arguments, or nothing.
    pub fn first_argument(&self) -> &str {
        self.arguments.first().map_or("", String::as_str)
    }

    /// Where it stands, from 1.
    pub const fn line(&self) -> usize {
        self.line
    }

    /// Every group inside, in the order of the file.
    pub fn groups(&self) -> &[Self] {
        &self.groups
    }

    /// The groups inside of one kind.
    pub fn groups_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.groups.iter().filter(move |group| group.name == name)
    }

    /// The last attribute of a name: where one is given twice, Liberty means the last.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().rfind(|attribute| attribute.name == name)
    }

    /// The text of a simple attribute.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.attribute(name)?.values.first().map(String::as_str)
    }

    /// The number of a simple attribute.
    pub fn number(&self, name: &str) -> Result<Option<f64>, LibertyError> {
        self.attribute(name)
            .map(|attribute| self.number_in(attribute, 0))
            .transpose()
    }

    /// All numbers of a complex attribute, such as `values ("1, 2", "3, 4")`, in one row.
    pub fn numbers(&self, name: &str) -> Result<Option<Vec<f64>>, LibertyError> {
        let Some(attribute) = self.attribute(name) else {
            return Ok(None);
        };
        attribute
            .values
            .iter()
            .flat_map(|value| value.split([',', ' ', '\t', '\n', '\r']))
            .filter(|value| !value.is_empty())
            .map(|value| self.parse(attribute, value))
            .collect::<Result<Vec<f64>, _>>()
            .map(Some)
    }

    /// The number that is the `n`-th value of an attribute of this group.
    pub(super) fn number_in(&self, attribute: &Attribute, n: usize) -> Result<f64, LibertyError> {
        self.parse(attribute, attribute.values.get(n).map_or("", String::as_str))
    }

    /// An error at a line of this group's file.
    pub(super) fn error(&self, line: usize, message: String) -> LibertyError {
        LibertyError {
            file: self.file.to_string(),
            line,
            message,
        }
    }

    fn parse(&self, attribute: &Attribute, value: &str) -> Result<f64, LibertyError> {
        match value.trim().parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(number),
            Ok(_) | Err(_) => Err(self.error(
                attribute.line,
                format!(
                    "`{}` of {} is `{value}`; a number belongs there",
                    attribute.name,
                    self.title()
                ),
            )),
        }
    }

    fn title(&self) -> String {
        format!("{}({})", self.name, self.arguments.join(", "))
    }
}
