//! Boolean functions of pins, in Liberty's notation.

/// A function that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the function `{text}` {why}")]
pub struct FunctionError {
    /// The function.
    pub text: String,
    /// What is wrong.
    pub why: &'static str,
}

/// Most inputs of a truth table in 64 bits.
const MAX_INPUTS: usize = 6;

/// Longest text of a function, in bytes; cells need a few dozen.
const MAX_LENGTH: usize = 2000;

/// Deepest nesting of parentheses and negations.
const MAX_NESTING: usize = 64;

/// A function: `!` or a following `'` negates, `&`, `*` or nothing is and, `^` is exclusive or, `|` or `+` is or.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Function {
    /// 0 or 1.
    Constant(bool),
    /// A pin.
    Pin(String),
    /// The other value.
    Not(Box<Function>),
    /// Both.
    And(Box<Function>, Box<Function>),
    /// Exactly one.
    Xor(Box<Function>, Box<Function>),
    /// At least one.
    Or(Box<Function>, Box<Function>),
}

impl Function {
    /// Read a function.
    ///
    /// - Errors: what is not a function, and one with more parentheses inside each other than any cell has.
    pub fn parse(text: &str) -> Result<Self, FunctionError> {
        let fail = |why| FunctionError {
            text: text.chars().take(80).collect(),
            why,
        };
        if MAX_LENGTH < text.len() {
            return Err(fail("is longer than that of any cell"));
        }
        let mut reader = FunctionReader {
            rest: text.trim_start(),
        };
        let read = reader.or(0).and_then(|function| {
            if reader.rest.is_empty() {
                Ok(function)
            } else {
                Err("goes on where it should end")
            }
        });
        read.map_err(fail)
    }

    /// The value where `is_high` says which pins are.
    pub fn value(&self, is_high: &impl Fn(&str) -> bool) -> bool {
        match self {
            Self::Constant(value) => *value,
            Self::Pin(name) => is_high(name),
            Self::Not(of) => !of.value(is_high),
            Self::And(a, b) => a.value(is_high) && b.value(is_high),
            Self::Xor(a, b) => a.value(is_high) != b.value(is_high),
            Self::Or(a, b) => a.value(is_high) || b.value(is_high),
        }
    }

    /// Bit i is the value where input n has bit n of i. Nothing for more than six inputs.
    pub fn truth_table(&self, inputs: &[&str]) -> Option<u64> {
        if MAX_INPUTS < inputs.len() {
            return None;
        }
        let mut table = 0;
        for i in 0..1_u64 << inputs.len() {
            let is_high = |name: &str| {
                inputs
                    .iter()
                    .position(|input| *input == name)
                    .is_some_and(|n| i >> n & 1 == 1)
            };
            table |= u64::from(self.value(&is_high)) << i;
        }
        Some(table)
    }
}

struct FunctionReader<'a> {
    rest: &'a str,
}

type Read = Result<Function, &'static str>;

impl FunctionReader<'_> {
    fn takes(&mut self, marks: &[char]) -> bool {
        let after = self.rest.strip_prefix(marks);
        if let Some(after) = after {
            self.rest = after.trim_start();
        }
        after.is_some()
    }

    fn or(&mut self, nesting: usize) -> Read {
        let mut left = self.xor(nesting)?;
        while self.takes(&['|', '+']) {
            left = Function::Or(Box::new(left), Box::new(self.xor(nesting)?));
        }
        Ok(left)
    }

    fn xor(&mut self, nesting: usize) -> Read {
        let mut left = self.and(nesting)?;
        while self.takes(&['^']) {
            left = Function::Xor(Box::new(left), Box::new(self.and(nesting)?));
        }
        Ok(left)
    }

    fn and(&mut self, nesting: usize) -> Read {
        let mut left = self.not(nesting)?;
        loop {
            let has_mark = self.takes(&['&', '*']);
            let goes_on = self
                .rest
                .starts_with(|c: char| is_name(c) || matches!(c, '!' | '('));
            if !has_mark && !goes_on {
                return Ok(left);
            }
            left = Function::And(Box::new(left), Box::new(self.not(nesting)?));
        }
    }

    fn not(&mut self, nesting: usize) -> Read {
        if MAX_NESTING < nesting {
            return Err("has too many parentheses inside each other");
        }
        let mut function = if self.takes(&['!']) {
            Function::Not(Box::new(self.not(nesting + 1)?))
        } else if self.takes(&['(']) {
            let inside = self.or(nesting + 1)?;
            if !self.takes(&[')']) {
                return Err("lacks a `)`");
            }
            inside
        } else {
            self.pin()?
        };
        while self.takes(&['\'']) {
            function = Function::Not(Box::new(function));
        }
        Ok(function)
    }

    fn pin(&mut self) -> Read {
        let end = self.rest.find(|c| !is_name(c)).unwrap_or(self.rest.len());
        let (name, after) = self.rest.split_at(end);
        self.rest = after.trim_start();
        match name {
            "" => Err("lacks a pin"),
            "0" => Ok(Function::Constant(false)),
            "1" => Ok(Function::Constant(true)),
            name => Ok(Function::Pin(name.to_owned())),
        }
    }
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '[' | ']' | '.')
}
