//! Characters to tokens, each with its line.

use super::LibertyError;

/// A piece of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One of `( ) { } : ; ,`.
    Mark(char),
    /// What stood between quotes.
    Quoted(String),
    /// Anything else without white space.
    Word(String),
}

/// A token and where it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) line: usize,
}

const MARKS: &str = "(){}:;,";

/// All tokens of `text`; comments and continued line ends are white space.
pub(super) fn tokens(file: &str, text: &str) -> Result<Vec<Token>, LibertyError> {
    let mut tokens = Vec::new();
    let mut line = 1;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let start = line;
        let unclosed = |what: &str| LibertyError {
            file: file.to_owned(),
            line: start,
            message: format!("{what} that starts here has no end"),
        };
        if let Some(comment) = rest.strip_prefix("/*") {
            let (inside, after) = comment.split_once("*/").ok_or_else(|| unclosed("a comment"))?;
            line += inside.matches('\n').count();
            rest = after;
        } else if rest.starts_with("//") {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
        } else if let Some(quoted) = rest.strip_prefix('"') {
            let (inside, after) = quoted.split_once('"').ok_or_else(|| unclosed("a string"))?;
            line += inside.matches('\n').count();
            rest = after;
            // A string over several lines continues each with a backslash.
            let inside = inside.replace("\\\r\n", " ").replace("\\\n", " ");
            tokens.push(Token {
                kind: Kind::Quoted(inside),
                line: start,
            });
        } else if first.is_whitespace() || first == '\\' {
            line += usize::from(first == '\n');
            rest = &rest[first.len_utf8()..];
        } else if MARKS.contains(first) {
            tokens.push(Token {
                kind: Kind::Mark(first),
                line,
            });
            rest = &rest[first.len_utf8()..];
        } else {
            let ends = |c: char| c.is_whitespace() || c == '"' || c == '\\' || MARKS.contains(c);
            let (word, after) = rest.split_at(rest.find(ends).unwrap_or(rest.len()));
            tokens.push(Token {
                kind: Kind::Word(word.to_owned()),
                line,
            });
            rest = after;
        }
    }
    Ok(tokens)
}
