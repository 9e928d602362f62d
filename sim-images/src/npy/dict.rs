//! The text of a header, which Python reads as a dictionary.

use super::Order;

/// What was found of the keys.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Fields {
    pub(super) descr: Option<String>,
    pub(super) order: Option<Order>,
    pub(super) shape: Option<Vec<usize>>,
}

/// `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`: keys in any order, none twice, and nothing else.
///
/// Nothing is nested, so that no text is too deep.
pub(super) fn parse(text: &str) -> Option<Fields> {
    let mut fields = Fields::default();
    let mut text = Text(text);
    text.take("{")?;
    while text.take("}").is_none() {
        let key = text.string()?;
        text.take(":")?;
        match key {
            "descr" if fields.descr.is_none() => fields.descr = Some(text.string()?.to_owned()),
            "fortran_order" if fields.order.is_none() => fields.order = Some(text.order()?),
            "shape" if fields.shape.is_none() => fields.shape = Some(text.sizes()?),
            _ => return None,
        }
        if text.take(",").is_none() {
            text.take("}")?;
            break;
        }
    }
    text.0.is_empty().then_some(fields)
}

/// What is left to parse.
struct Text<'a>(&'a str);

impl<'a> Text<'a> {
    fn take(&mut self, token: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(token)?.trim_start();
        Some(())
    }

    fn string(&mut self) -> Option<&'a str> {
        let quote = self.0.chars().next().filter(|c| ['\'', '"'].contains(c))?;
        let (string, rest) = self.0[1..].split_once(quote)?;
        self.0 = rest.trim_start();
        Some(string)
    }

    fn order(&mut self) -> Option<Order> {
        match self.take("True") {
            Some(()) => Some(Order::ColumnMajor),
            None => self.take("False").map(|()| Order::RowMajor),
        }
    }

    /// `(3, 4)`, `(3,)` or `()`.
    fn sizes(&mut self) -> Option<Vec<usize>> {
        self.take("(")?;
        let (inside, rest) = self.0.split_once(')')?;
        self.0 = rest.trim_start();
        let inside = inside.trim();
        if inside.is_empty() {
            return Some(Vec::new());
        }
        let size = |size: &str| {
            let size = size.trim();
            // Old writers mark long integers.
            size.strip_suffix('L').unwrap_or(size).parse().ok()
        };
        let inside = inside.strip_suffix(',').unwrap_or(inside);
        inside.split(',').map(size).collect()
    }
}
