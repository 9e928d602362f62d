//! Tokens to the tree.

use std::sync::Arc;

use super::LibertyError;
use super::lexer::{Kind, Token, tokens};
use super::tree::{Attribute, Group};

/// Groups in groups in groups; Liberty needs about six.
const MAX_NESTING: usize = 64;

/// The one group of a file.
pub(super) fn library(file: &str, text: &str) -> Result<Group, LibertyError> {
    let mut parser = Parser {
        file: Arc::from(file),
        tokens: tokens(file, text)?,
        next: 0,
    };
    let group = match parser.item(0)? {
        Item::Group(group) if group.name == "library" => group,
        Item::Group(Group { line, .. }) | Item::Attribute(Attribute { line, .. }) => {
            return Err(parser.error(line, "a Liberty file is one group `library (…) { … }`".to_owned()));
        }
    };
    match parser.peek() {
        None => Ok(group),
        Some(token) => Err(parser.error(
            token.line,
            format!("{} after the end of the library", show(&token.kind)),
        )),
    }
}

enum Item {
    Group(Group),
    Attribute(Attribute),
}

struct Parser {
    file: Arc<str>,
    tokens: Vec<Token>,
    next: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }

    /// The next token; without one, the error says what is open.
    fn take(&mut self, wanted: &str, opened: usize) -> Result<Token, LibertyError> {
        let token = self.tokens.get(self.next).cloned().ok_or_else(|| {
            self.error(
                opened,
                format!("the file ends where {wanted} belongs; this line opened it"),
            )
        })?;
        self.next += 1;
        Ok(token)
    }

    fn takes_mark(&mut self, mark: char) -> bool {
        let is_there = self.peek().is_some_and(|token| token.kind == Kind::Mark(mark));
        self.next += usize::from(is_there);
        is_there
    }

    fn item(&mut self, nesting: usize) -> Result<Item, LibertyError> {
        let end = self.tokens.last().map_or(1, |token| token.line);
        let Token { kind, line } = self.take("a group or an attribute", end)?;
        let (Kind::Word(name) | Kind::Quoted(name)) = kind else {
            return Err(self.error(line, format!("{} where a name belongs", show(&kind))));
        };
        let after = self.take("`:` or `(`", line)?;
        match after.kind {
            Kind::Mark(':') => self.simple(name, line).map(Item::Attribute),
            Kind::Mark('(') => {
                let values = self.arguments(line)?;
                if self.takes_mark('{') {
                    return self.body(name, values, line, nesting).map(Item::Group);
                }
                self.takes_mark(';');
                Ok(Item::Attribute(Attribute { name, values, line }))
            }
            kind @ (Kind::Mark(_) | Kind::Word(_) | Kind::Quoted(_)) => Err(self.error(
                after.line,
                format!("{} after `{name}`; `:` or `(` belongs there", show(&kind)),
            )),
        }
    }

    /// The value of `name : value;`. Some writers leave the semicolon out and end with the line.
    fn simple(&mut self, name: String, line: usize) -> Result<Attribute, LibertyError> {
        let mut value = String::new();
        let mut last = line;
        loop {
            if self.takes_mark(';') {
                break;
            }
            let Some(token) = self.peek() else {
                return Err(self.error(line, format!("the file ends in the value of `{name}`")));
            };
            if token.kind == Kind::Mark('}') || (last < token.line && !value.is_empty()) {
                break;
            }
            last = token.line;
            if !value.is_empty() {
                value.push(' ');
            }
            match &token.kind {
                Kind::Word(text) | Kind::Quoted(text) => value.push_str(text),
                Kind::Mark(mark) => value.push(*mark),
            }
            self.next += 1;
        }
        Ok(Attribute {
            name,
            values: vec![value],
            line,
        })
    }

    /// What stands between parentheses, of which the first is taken already.
    fn arguments(&mut self, line: usize) -> Result<Vec<String>, LibertyError> {
        let mut values: Vec<String> = Vec::new();
        let mut is_new = true;
        loop {
            let token = self.take("`)`", line)?;
            match token.kind {
                Kind::Mark(')') => return Ok(values),
                Kind::Mark(',') => is_new = true,
                Kind::Word(text) | Kind::Quoted(text) => match values.last_mut() {
                    Some(value) if !is_new => {
                        value.push(' ');
                        value.push_str(&text);
                    }
                    Some(_) | None => {
                        values.push(text);
                        is_new = false;
                    }
                },
                Kind::Mark(':') => {
                    // Of a range such as `A[3:0]`.
                    if let Some(value) = values.last_mut() {
                        value.push(':');
                    }
                }
                kind @ Kind::Mark(_) => {
                    return Err(self.error(token.line, format!("{} where `)` belongs", show(&kind))));
                }
            }
        }
    }

    fn body(
        &mut self,
        name: String,
        arguments: Vec<String>,
        line: usize,
        nesting: usize,
    ) -> Result<Group, LibertyError> {
        if MAX_NESTING <= nesting {
            return Err(self.error(line, format!("more than {MAX_NESTING} groups inside each other")));
        }
        let mut group = Group {
            file: Arc::clone(&self.file),
            name,
            arguments,
            line,
            attributes: Vec::new(),
            groups: Vec::new(),
        };
        loop {
            if self.takes_mark('}') {
                self.takes_mark(';');
                return Ok(group);
            }
            if self.takes_mark(';') {
                continue;
            }
            if self.peek().is_none() {
                let message = format!("the group `{}` that starts here has no `}}`", group.name);
                return Err(self.error(line, message));
            }
            match self.item(nesting + 1)? {
                Item::Group(inside) => group.groups.push(inside),
                Item::Attribute(attribute) => group.attributes.push(attribute),
            }
        }
    }

    fn error(&self, line: usize, message: String) -> LibertyError {
        LibertyError {
            file: self.file.to_string(),
            line,
            message,
        }
    }
}

fn show(kind: &Kind) -> String {
    match kind {
        Kind::Mark(mark) => format!("`{mark}`"),
        Kind::Quoted(text) => format!("\"{text}\""),
        Kind::Word(text) => format!("`{text}`"),
    }
}
