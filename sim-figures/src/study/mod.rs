//! The page of a study: a sweep as a table that a person reads, with CSV files and figures in a folder beside it.
//!
//! What a person wrote on the page stays: what is written here stands between two marks.

mod tables;
mod warnings;

use std::io;
use std::path::{Path, PathBuf};

use sim_draw::figure::Format;
use sim_draw::look::Look;

use crate::build::build;
use crate::files::{self, FilesError};
use crate::spec::FigureSpec;
use reports::accuracy::throttling::{self, ThrottlingObject};
use reports::place::Replace;
use reports::stored::Stored;

const BEGIN: &str = "<!-- what follows is written by the study -->";
const END: &str = "<!-- end of what the study writes -->";

/// A page that is not written.
#[derive(Debug, thiserror::Error)]
pub enum StudyError {
    /// The page is not one of a study.
    #[error("{}: {why}; put both lines where results belong, or name a file that is not there yet", .path.display())]
    Marks {
        /// The page.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Figures that cannot be drawn of these results.
    #[error("figure `{name}`: {why}")]
    Figure {
        /// Its name.
        name: String,
        /// Why.
        why: String,
    },
    /// The folder beside the page would have its name.
    #[error("{}: the folder of the page's figures has its name without an ending; give it one, such as .md", .0.display())]
    NoEnding(PathBuf),
    /// There is no page yet, and what would stand beside it is there.
    #[error("{}: is there without the page {}, so it is not replaced; name another page, or add --force", .path.display(), .page.display())]
    Taken {
        /// The file.
        path: PathBuf,
        /// The page.
        page: PathBuf,
    },
    /// Figures that are not written.
    #[error(transparent)]
    Files(#[from] FilesError),
}

/// Write the page of a sweep, and beside it a folder of its name with `points.csv`, `layers.csv`, the steps of every
/// throttled point and `figures`.
///
/// - Errors: a page without marks, files beside a page that is not there, figures that cannot be drawn, and what the file
///   system refuses.
pub fn write(
    page: &Path,
    stored: Stored,
    figures: &[FigureSpec],
    throttlings: &[ThrottlingObject],
    replace: Replace,
) -> Result<(), StudyError> {
    if page.extension().is_none() {
        return Err(StudyError::NoEnding(page.to_owned()));
    }
    let stored = stored.over_conventional();
    let mut built = Vec::new();
    for spec in figures {
        let found = build(&stored, spec, &[]).map_err(|trouble| StudyError::Figure {
            name: spec.name.clone(),
            why: trouble.reason(),
        })?;
        built.extend(found);
    }
    // What stands beside a page with marks is the page's.
    let (old, replace) = match std::fs::read_to_string(page) {
        Ok(text) => (text, Replace::Any),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            (format!("# {}\n\n{BEGIN}\n{END}\n", stored.title), replace)
        }
        Err(error) => return Err(files::failed(page)(error).into()),
    };
    let name = page.file_stem().unwrap_or_default().to_string_lossy();
    let n_images = stored.points.rows().first();
    let n_images = n_images.map_or_else(String::new, |row| tables::n_images(&stored.points, row).text());
    let mut written = format!(
        "{n_images} images. `points.csv` and `layers.csv` in [{name}/]({name}/) have every figure, with intervals.\n\n{}",
        tables::markdown(&stored)
    );
    written.push_str(&warnings::markdown(&stored.warnings));
    for figure in &built {
        let file = figure.picture.name();
        written.push_str(&format!("\n![{}]({name}/{file}.svg)\n", figure.title));
    }
    let new = with_results(&old, &written).map_err(|why| StudyError::Marks {
        path: page.to_owned(),
        why,
    })?;

    let folder = page.with_extension("");
    let look = Look::captioned();
    let drawn = files::draw(&built, &stored.provenance, &look, &[Format::Svg, Format::Png])?;
    let mut all: Vec<(PathBuf, Vec<u8>)> = (drawn.into_iter())
        .map(|(name, bytes)| (folder.join(name), bytes))
        .collect();
    for (name, text) in [
        ("points.csv", tables::points(&stored)),
        ("layers.csv", tables::layers(&stored.layers)),
    ] {
        all.push((folder.join(name), text.into_bytes()));
    }
    for (index, steps) in throttlings.iter().enumerate() {
        let file = folder.join(format!("throttling-{}.csv", index + 1));
        all.push((file, throttling::csv(steps).into_bytes()));
    }
    if replace == Replace::Own
        && let Some((path, _)) = all.iter().find(|(path, _)| path.exists())
    {
        return Err(StudyError::Taken {
            path: path.clone(),
            page: page.to_owned(),
        });
    }
    std::fs::create_dir_all(&folder).map_err(files::failed(&folder))?;
    all.push((page.to_owned(), new.into_bytes()));
    for (path, bytes) in all {
        files::put(&path, &bytes)?;
    }
    Ok(())
}

/// `page` with `written` between its marks.
fn with_results(page: &str, written: &str) -> Result<String, String> {
    let missing = |mark: &str| format!("the page has no line `{mark}`");
    let (before, rest) = page.split_once(BEGIN).ok_or_else(|| missing(BEGIN))?;
    let (_, after) = rest.split_once(END).ok_or_else(|| missing(END))?;
    if after.contains(BEGIN) {
        return Err(format!("the page has `{BEGIN}` twice"));
    }
    Ok(format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", written.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_wrote_stays() {
        let first = with_results(&format!("# Title\n\n{BEGIN}\n{END}\n"), "| a |").unwrap();
        assert!(first.starts_with("# Title") && first.contains("| a |"));
        let edited = first.replace("# Title\n", "# Title\n\nWords.\n") + "More.\n";
        let second = with_results(&edited, "| b |").unwrap();
        assert!(second.contains("Words.") && second.contains("| b |") && !second.contains("| a |"));
        assert!(second.ends_with("More.\n"));
        assert!(with_results("nothing", "x").is_err());
        assert!(with_results(BEGIN, "x").is_err());
    }
}
