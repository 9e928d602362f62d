//! What the points of a study warn of, shortly: prices that many points lack are one warning.

use reports::warning::Warning;

/// A price that is missing, by what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Price {
    Energy,
    Area,
}

impl Price {
    const fn of(warning: &Warning) -> Option<Self> {
        match warning {
            Warning::NoEnergy(_) => Some(Self::Energy),
            Warning::NoArea(_) => Some(Self::Area),
            Warning::NoEnergyFigure(_)
            | Warning::Priced(_)
            | Warning::ClockTooFast(_)
            | Warning::Synthetic(_)
            | Warning::Partial { .. }
            | Warning::NotReached
            | Warning::Undecoded(_)
            | Warning::SeenTestImages(_)
            | Warning::SmallShare(_)
            | Warning::Failed { .. }
            | Warning::NotRun { .. }
            | Warning::Other(_) => None,
        }
    }
}

/// As a Markdown list with an empty line behind it; nothing without warnings.
pub(super) fn markdown(warnings: &[Warning]) -> String {
    let mut list = String::new();
    let mut known: Vec<Price> = Vec::new();
    for warning in warnings {
        let Some(price) = Price::of(warning) else {
            list.push_str(&format!("\n- {warning}"));
            continue;
        };
        if known.contains(&price) {
            continue;
        }
        let n_alike = warnings
            .iter()
            .filter(|other| Price::of(other) == Some(price))
            .count();
        list.push_str(&format!("\n- {warning}"));
        if 1 < n_alike {
            list.push_str(&format!(" (and so for {} more rows)", n_alike - 1));
        }
        known.push(price);
    }
    if !list.is_empty() {
        list.push('\n');
    }
    list
}

#[cfg(test)]
mod tests {
    use super::{Warning, markdown};

    #[test]
    fn missing_prices_are_one_warning() {
        let price = |pe: &str| Warning::NoEnergy(format!("`t` has no [[energy]] row with kind = \"{pe}\""));
        let warnings = [
            price("a"),
            Warning::Other("seen the test images".to_owned()),
            price("b"),
            price("c"),
        ];
        assert_eq!(
            markdown(&warnings),
            "\n- no energy: `t` has no [[energy]] row with kind = \"a\" (and so for 2 more rows)\n- seen the test images\n"
        );
        assert_eq!(markdown(&[]), "");
    }
}
