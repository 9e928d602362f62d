//! Values of a graph by name.

use std::collections::BTreeMap;

/// Numbers the values of a graph.
#[derive(Debug, Default)]
pub(super) struct Names {
    numbers: BTreeMap<String, usize>,
    names: Vec<String>,
}

impl Names {
    /// The number of `name`, a new one if it has none; `None` for the empty name, which stands for nothing.
    pub(super) fn number(&mut self, name: &str) -> Option<usize> {
        if name.is_empty() {
            return None;
        }
        if let Some(&number) = self.numbers.get(name) {
            return Some(number);
        }
        let number = self.names.len();
        self.numbers.insert(name.to_owned(), number);
        self.names.push(name.to_owned());
        Some(number)
    }

    pub(super) fn into_names(self) -> Vec<String> {
        self.names
    }
}
