//! What the points of a study warn of, shortly: prices that many points lack are one warning.

/// What follows says which price it is.
const PRICE: &str = " row with kind = ";

/// As a Markdown list with an empty line behind it; nothing without warnings.
pub(crate) fn markdown(warnings: &[String]) -> String {
    let kind_of = |warning: &str| warning.split_once(PRICE).map(|(kind, _)| kind.to_owned());
    let mut list = String::new();
    let mut known: Vec<String> = Vec::new();
    for warning in warnings {
        let Some(kind) = kind_of(warning) else {
            list.push_str(&format!("\n- {warning}"));
            continue;
        };
        if known.contains(&kind) {
            continue;
        }
        let n_alike = warnings
            .iter()
            .filter(|other| kind_of(other).as_ref() == Some(&kind))
            .count();
        list.push_str(&format!("\n- {warning}"));
        if 1 < n_alike {
            list.push_str(&format!(" (and so for {} more rows)", n_alike - 1));
        }
        known.push(kind);
    }
    if !list.is_empty() {
        list.push('\n');
    }
    list
}

#[cfg(test)]
mod tests {
    use super::markdown;

    #[test]
    fn missing_prices_are_one_warning() {
        let price = |pe: &str| format!("no energy: `t` has no [[energy]] row with kind = \"{pe}\"");
        let warnings = [
            price("a"),
            "seen the test images".to_owned(),
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
