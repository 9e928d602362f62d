//! Inputs of a network that are the same for all images.

use std::fmt;
use std::str::FromStr;

/// An input of a network that is the same for all images.
#[derive(Clone, Debug, PartialEq)]
pub struct InputConstant {
    /// Its name.
    pub name: String,
    /// Its elements, row-major; one number stands for all elements.
    pub numbers: Vec<f64>,
}

/// A text that is not a constant for an input.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not NAME=VALUE, where the value is a number, `true`, `false`, or numbers with commas between them"
)]
pub struct NotAConstant(String);

impl fmt::Display for InputConstant {
    /// As it is read: `NAME=VALUE`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<String> = self.numbers.iter().map(f64::to_string).collect();
        write!(f, "{}={}", self.name, numbers.join(","))
    }
}

impl FromStr for InputConstant {
    type Err = NotAConstant;

    /// From `NAME=VALUE`: `sr=16000`, `h=0`, `sizes=224,224`. Names may hold `=`; values do not.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fail = || NotAConstant(text.to_owned());
        let (name, value) = text
            .rsplit_once('=')
            .filter(|(name, _)| !name.is_empty())
            .ok_or_else(fail)?;
        let number = |text: &str| match text.trim() {
            "true" => Ok(1.0),
            "false" => Ok(0.0),
            text => text
                .parse()
                .ok()
                .filter(|number: &f64| number.is_finite())
                .ok_or_else(fail),
        };
        Ok(Self {
            name: name.to_owned(),
            numbers: value.split(',').map(number).collect::<Result<_, _>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_told_apart() {
        let constant = |name: &str, numbers: &[f64]| InputConstant {
            name: name.to_owned(),
            numbers: numbers.to_vec(),
        };
        for (text, want) in [
            ("sr=16000", constant("sr", &[16000.0])),
            ("a=b=-0.5", constant("a=b", &[-0.5])),
            ("sizes=224, 224", constant("sizes", &[224.0, 224.0])),
            ("is_training=false", constant("is_training", &[0.0])),
        ] {
            assert_eq!(text.parse(), Ok(want.clone()));
            assert_eq!(want.to_string().parse(), Ok(want));
        }
        for text in ["sr", "=1", "sr=", "sr=fast", "sr=1,,2", "sr=inf", "sr=NaN"] {
            assert_eq!(text.parse::<InputConstant>(), Err(NotAConstant(text.to_owned())));
        }
    }
}
