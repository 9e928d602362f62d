//! `sysmt plot`, from folders that `sysmt run` and `sysmt eval` have written.

use std::process::Command;

use crate::support::Folder;

/// With the results of a run in `results`.
fn folder() -> Folder {
    let folder = Folder::new();
    folder.good(&["run", "run.toml", "--out", "results"]);
    folder
}

fn text(folder: &Folder, name: &str) -> String {
    String::from_utf8_lossy(&folder.read(name)).into_owned()
}

#[test]
fn the_figures_of_a_run_are_drawn_anew_without_simulating() {
    let folder = folder();
    let before = text(&folder, "results/plots/speedup.svg");
    folder.write("t.safetensors", "gone");
    let ran = folder.sysmt(&["plot", "results"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(text(&folder, "results/plots/speedup.svg"), before);
    for name in [
        "roofline.svg",
        "roofline.png",
        "roofline.csv",
        "roofline.py",
        "utilization-by-sparsity.svg",
    ] {
        assert!(folder.path(&format!("results/plots/{name}")).is_file(), "{name}");
        assert!(ran.stdout.lines().any(|line| line == name), "{name}");
    }
    // What is left out is named on one line.
    let left_out = ran.stderr.lines().find(|line| line.starts_with("not drawn: "));
    assert!(
        left_out.is_some_and(|line| line.contains("throttling, pe-map (--kind NAME says why)")),
        "{}",
        ran.stderr
    );
}

#[test]
fn one_figure_elsewhere_in_another_look() {
    let folder = folder();
    let args = [
        "plot",
        "results",
        "--kind",
        "utilization",
        "--out",
        "mine",
        "--format",
        "svg",
    ];
    let look = [
        "--style",
        "slide",
        "--width",
        "9in",
        "--palette",
        "grey",
        "--title",
        "none",
    ];
    let printed = folder.good(&[&args[..], &look[..]].concat());
    assert_eq!(printed, "utilization.svg\nutilization.csv\nutilization.py\n");
    let svg = text(&folder, "mine/utilization.svg");
    assert!(svg.starts_with("<svg width=\"9in\""), "{}", &svg[..60]);
    assert!(!svg.contains(">\nUtilization by layer\n<"));
    assert!(svg.contains("<sysmt:command>sysmt run run.toml</sysmt:command>"));
}

#[test]
fn pdfs_have_their_font_inside_and_repeat() {
    let folder = folder();
    let args = [
        "plot",
        "results",
        "--kind",
        "pe-cycles,roofline",
        "--format",
        "pdf",
        "--out",
    ];
    for out in ["one", "two"] {
        folder.good(&[&args[..], &[out]].concat());
    }
    for name in ["pe-cycles", "roofline"] {
        let file = format!("one/{name}.pdf");
        assert_eq!(folder.read(&file), folder.read(&format!("two/{name}.pdf")));
        let Ok(fonts) = Command::new("pdffonts").arg(folder.path(&file)).output() else {
            panic!("pdffonts is missing: apt-get install poppler-utils, as `cargo xtask outside` does");
        };
        let table = String::from_utf8_lossy(&fonts.stdout).into_owned();
        let rows: Vec<&str> = table.lines().skip(2).collect();
        assert!(!rows.is_empty(), "{table}");
        for row in rows {
            let words: Vec<&str> = row.split_whitespace().collect();
            // name, type (of one or more words), encoding, emb, sub, uni, object of two numbers
            let [.., emb, sub, _, _, _] = words[..] else {
                panic!("{row}");
            };
            assert!(
                words[0].ends_with("+DejaVuSans") && (emb, sub) == ("yes", "yes"),
                "{row}"
            );
        }
        let info = Command::new("pdfinfo").arg(folder.path(&file)).output().unwrap();
        let info = String::from_utf8_lossy(&info.stdout).into_owned();
        assert!(
            info.contains("from results of `sysmt run run.toml`, BLAKE3 "),
            "{info}"
        );
    }
}

#[test]
fn a_figure_of_ones_own_needs_no_code() {
    let folder = folder();
    let figure = "[[figure]]\nname = \"mine\"\ntable = \"layers\"\nx = \"zero_macs\"\ny = \"speedup\"\n";
    folder.write("figures.toml", figure);
    let printed = folder.good(&["plot", "results", "--figures", "figures.toml"]);
    assert_eq!(printed, "mine.svg\nmine.png\nmine.csv\nmine.py\n");
    let columns = folder.good(&["plot", "results", "--columns"]);
    assert!(columns.contains("layers\tzero_macs\t\n") && columns.contains("points\tenergy_pj\tpJ\n"));
}

#[test]
fn mistakes_are_the_users() {
    #[track_caller]
    fn check(args: &[&str], want: &str) {
        let folder = folder();
        let before = folder.listing();
        let ran = folder.sysmt(&[&["plot"], args].concat());
        assert_eq!(ran.code, Some(2), "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(want), "{args:?}: {}", ran.stderr);
        assert_eq!(ran.stdout, "");
        assert_eq!(folder.listing(), before);
    }
    check(&["nowhere"], "nowhere/result.json: cannot be read");
    check(
        &["results", "--kind", "speedupp"],
        "there is no figure `speedupp`; did you mean `speedup`?",
    );
    check(
        &["results", "--kind", "throttling"],
        "these results have no figure throttling: nothing was throttled",
    );
    check(
        &["results", "--width", "3"],
        "write a number and in, cm, mm or pt",
    );
    check(
        &["results", "--width", "0.5in"],
        "a paper figure cannot be 0.5in wide; from 2in to 20in it can",
    );
    check(&["results", "--style", "slide", "--width", "3.4in"], "from 4.5in");
    check(&["results", "--palette", "pink"], "okabe-ito");
    check(
        &["results", "--format", "jpg"],
        "[possible values: svg, png, pdf]",
    );
    check(
        &["results", "--where", "pe.thread=2"],
        "there is no column `pe.thread`; did you mean `pe.threads`?",
    );
    check(&["results", "--where", "pe.threads"], "is not COLUMN=VALUE");
    check(
        &["results", "--where", "pe.threads=4"],
        "no figure can be drawn of these results; take --where out",
    );
    check(&["results", "--figures", "none.toml"], "there is no such file");
}

#[test]
fn a_wrong_figure_is_named_with_its_line() {
    let folder = folder();
    let figure = "[[figure]]\ntable = \"layers\"\nx = \"zero_mac\"\ny = \"speedup\"\n";
    folder.write("figures.toml", figure);
    let ran = folder.sysmt(&["plot", "results", "--figures", "figures.toml"]);
    assert_eq!(ran.code, Some(2));
    insta::assert_snapshot!(ran.stderr);
}
