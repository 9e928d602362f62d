//! The page of a study: what a person wrote, and between two marks what the study wrote.

use anyhow::{Context, bail};

const BEGIN: &str = "<!-- what follows is written by the study -->";
const END: &str = "<!-- end of what the study writes -->";

/// `page` with `written` between its marks.
pub(crate) fn with_results(page: &str, written: &str) -> anyhow::Result<String> {
    let (before, rest) = page
        .split_once(BEGIN)
        .with_context(|| format!("the page has no line `{BEGIN}`"))?;
    let (_, after) = rest
        .split_once(END)
        .with_context(|| format!("the page has no line `{END}`"))?;
    if after.contains(BEGIN) {
        bail!("the page has `{BEGIN}` twice");
    }
    Ok(format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", written.trim()))
}

/// A page that nobody has written anything on yet.
pub(crate) fn empty(title: &str) -> String {
    format!("# {title}\n\n{BEGIN}\n{END}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_wrote_stays() {
        let first = with_results(&empty("Title"), "| a |").unwrap();
        assert!(first.starts_with("# Title") && first.contains("| a |"));
        let edited = first.replace("# Title\n", "# Title\n\nWords.\n") + "More.\n";
        let second = with_results(&edited, "| b |").unwrap();
        assert!(second.contains("Words.") && second.contains("| b |") && !second.contains("| a |"));
        assert!(second.ends_with("More.\n"));
        assert!(with_results("nothing", "x").is_err());
        assert!(with_results(BEGIN, "x").is_err());
    }
}
