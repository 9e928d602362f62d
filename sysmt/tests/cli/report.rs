//! `sysmt report`.

use crate::support::Folder;

#[test]
fn a_results_folder_becomes_one_page() {
    let folder = Folder::new();
    folder.good(&["run", "run.toml", "--out", "results"]);
    folder.good(&["report", "results"]);
    let page = folder.read("results/report.html");
    folder.good(&["report", "results", "--out", "page.html"]);
    assert!(page == folder.read("page.html"));
    let page = String::from_utf8(page).expect("UTF-8");
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("id=\"figure-speedup\""));
    // A page is not an obstacle to new results.
    folder.good(&["run", "run.toml", "--out", "results"]);
    assert!(!folder.path("results/report.html").exists());
}

#[test]
fn figures_of_ones_own_are_on_the_page() {
    let folder = Folder::new();
    folder.good(&["run", "run.toml", "--out", "results"]);
    let figure = "[[figure]]\nname = \"mine\"\ntable = \"layers\"\nx = \"macs\"\ny = \"speedup\"\n";
    folder.write("figures.toml", figure);
    folder.good(&["plot", "results"]);
    folder.good(&["plot", "results", "--figures", "figures.toml"]);
    folder.good(&["report", "results"]);
    let page = String::from_utf8(folder.read("results/report.html")).expect("UTF-8");
    for name in ["mine", "speedup"] {
        assert_eq!(
            page.matches(&format!("id=\"figure-{name}\"")).count(),
            1,
            "{name}"
        );
    }
    // The caption has the title; the drawing does not say it again.
    assert!(!page.contains(">Speed-up by layer</text>") && page.contains(">Speed-up by layer</figcaption>"));
}

#[test]
fn what_is_no_results_folder_is_said_and_nothing_is_written() {
    let folder = Folder::new();
    folder.write("empty/x", "");
    folder.write("broken/result.json", "{}");
    folder.write("good/x", "");
    for (args, want) in [
        (["report", "absent"].as_slice(), "there is no folder"),
        (&["report", "absent", "--out", "p.html"], "sysmt run"),
        (&["report", "empty"], "sysmt run"),
        (&["report", "broken"], "version"),
        (&["report", "run.toml", "--out", "p.html"], "sysmt run"),
        (
            &["report", "empty", "--out", "nowhere/p.html"],
            "there is no folder nowhere",
        ),
    ] {
        let before = folder.listing();
        let ran = folder.sysmt(args);
        assert_eq!(ran.code, Some(2), "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(want), "{args:?}: {}", ran.stderr);
        assert_eq!(folder.listing(), before, "{args:?}");
    }
}
