//! New results take the place of older ones in a folder that is there, and nothing else in it is touched.

use std::io;
use std::path::Path;

use reports::result;

use super::contents::Contents;
use super::list::List;
use super::moves::Moves;

/// Put both the old and the new files on the list of the folder, and plan what changes places: old files, and what is
/// `taken` from somebody else, go to `old` in the folder `work`, and those of `list` come from `new` in it.
///
/// The result file goes first and comes last, so that a folder with it holds whole results.
///
/// - Errors: the list cannot be written.
pub(super) fn begin(
    folder: &Path,
    work: &Path,
    contents: &Contents,
    taken: &[String],
    list: &List,
) -> io::Result<Moves> {
    contents.list.with(list).write(folder)?;
    let is_other = |name: &&String| *name != result::FILE_NAME;
    let leave: Vec<&String> = contents.ours.iter().chain(taken).collect();
    let result = leave.iter().find(|name| !is_other(name));
    let others = leave.iter().filter(|name| is_other(name));
    let mut moves = Moves::default();
    for name in result.into_iter().chain(others) {
        moves.push(folder.join(name), work.join("old").join(name));
    }
    let come = list.files();
    let result = come.iter().filter(|name| !is_other(name));
    for name in come.iter().filter(is_other).chain(result) {
        moves.push(work.join("new").join(name), folder.join(name));
    }
    Ok(moves)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;

    use super::*;
    use crate::folder::contents::unlisted;
    use crate::folder::{PLOTS, list};

    type Files = BTreeMap<String, String>;

    fn results(version: &str, names: &[&str]) -> Files {
        let file = |name: &&str| ((*name).to_owned(), format!("{version} of {name}"));
        names.iter().map(file).collect()
    }

    fn fill(folder: &Path, files: &Files) -> List {
        let mut list = List::default();
        fs::create_dir_all(folder.join(PLOTS)).unwrap();
        for (name, text) in files {
            fs::write(folder.join(name), text).unwrap();
            list.add(name, text.as_bytes());
        }
        list
    }

    fn files(folder: &Path) -> Files {
        let mut found = Files::new();
        for part in [folder.to_owned(), folder.join(PLOTS)] {
            for entry in fs::read_dir(part).unwrap().map(Result::unwrap) {
                let path = entry.path();
                if path.is_file() && entry.file_name() != list::FILE_NAME {
                    let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                    found.insert(name, fs::read_to_string(path).unwrap());
                }
            }
        }
        found
    }

    /// Whenever a process ends, the folder holds the old results, the new ones, or none; notes are where they were, and
    /// whoever comes next does not take what is left for somebody's own.
    #[test]
    fn a_process_may_end_at_any_instant() {
        let old = results(
            "old",
            &["layers.csv", "plots/a.svg", "plots/b.svg", "result.json"],
        );
        let new = results(
            "new",
            &[
                "layers.csv",
                "plots/a.svg",
                "plots/c.svg",
                "result.json",
                "summary.md",
            ],
        );
        let notes = results("note", &["notes.md", "plots/own.svg"]);
        let with_notes =
            |results: &Files| -> Files { results.clone().into_iter().chain(notes.clone()).collect() };
        let mut n_none = 0;
        for n_moves in 0.. {
            let place = tempfile::tempdir().unwrap();
            let folder = place.path();
            fill(folder, &old).write(folder).unwrap();
            fill(folder, &notes);
            let exchange = |work: &str| {
                let work = folder.join(work);
                let list = fill(&work.join("new"), &new);
                let contents = Contents::of(folder, unlisted).unwrap();
                assert_eq!(contents.taken(list.files().iter().map(String::as_str)), [""; 0]);
                (begin(folder, &work, &contents, &[], &list).unwrap(), list)
            };
            let (moves, _) = exchange(".sysmt-results-1");
            let n_all = moves.len();
            moves.first(n_moves).run().unwrap();
            let found = files(folder);
            if found.contains_key(result::FILE_NAME) {
                let whole = if n_moves == 0 { &old } else { &new };
                assert_eq!(found, with_notes(whole), "{n_moves}");
            } else {
                n_none += 1;
            }
            for (name, text) in &notes {
                assert_eq!(found.get(name), Some(text), "{n_moves}");
            }
            let (moves, list) = exchange(".sysmt-results-2");
            moves.run().unwrap();
            list.write(folder).unwrap();
            assert_eq!(files(folder), with_notes(&new), "{n_moves}");
            if n_moves == n_all {
                assert_eq!(n_none, n_all - 1);
                return;
            }
        }
    }

    #[test]
    fn what_cannot_be_moved_leaves_everything_where_it_was() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path();
        let old = results("old", &["layers.csv", "result.json"]);
        fill(folder, &old).write(folder).unwrap();
        let work = folder.join(".sysmt-results-1");
        let list = fill(&work.join("new"), &results("new", &["result.json", "summary.md"]));
        let contents = Contents::of(folder, unlisted).unwrap();
        let moves = begin(folder, &work, &contents, &[], &list).unwrap();
        fs::remove_file(work.join("new/summary.md")).unwrap();
        let unmoved = moves.run().unwrap_err();
        assert!(
            unmoved.undone && unmoved.path.ends_with("summary.md"),
            "{unmoved:?}"
        );
        assert_eq!(files(folder), old);
    }
}
