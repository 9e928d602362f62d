//! Sweeps whose points are methods, and the pages that are made of them.

use serde_json::Value;

use crate::eval::{MODEL, images};
use crate::support::Folder;

const SWEEP: &str = "base = \"base.toml\"\n[[axes]]\n\"pe.kind\" = \"conventional\"\n\
    [[axes]]\n\"pe.kind\" = \"nb-smt\"\n\"pe.threads\" = 2\nrecalibrate-bn = [\"off\", \"exact\"]\n\
    [[axes]]\n\"pe.kind\" = \"nb-smt\"\n\"pe.threads\" = 2\nthrottle = \"curve\"\n\
    [measure]\naccuracy = { images = 5 }\nfeatures = true\noperands = true\n\
    [[figure]]\nname = \"energy\"\ntitle = \"Energy over speed-up\"\nx = \"speedup\"\ny = \"energy_over_conventional\"\n";

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("known-images-idx3-ubyte", images(5));
    folder.write("known-labels-idx1-ubyte", [0, 0, 8, 1, 0, 0, 0, 5, 8, 3, 0, 8, 9]);
    folder.write(
        "base.toml",
        format!(
            "array = \"1t.toml\"\n[workload]\nmodel = \"{MODEL}\"\nimages = \"known-images-idx3-ubyte\"\n"
        ),
    );
    folder.write("s.toml", SWEEP);
    folder
}

fn rows(folder: &Folder, table: &str, columns: &str) -> Vec<Value> {
    let columns = [
        "export",
        "s",
        "--format",
        "jsonl",
        "--table",
        table,
        "--columns",
        columns,
    ];
    let rows = folder.good(&columns);
    rows.lines()
        .map(|row| serde_json::from_str(row).unwrap_or_default())
        .collect()
}

#[test]
fn methods_of_a_point_are_those_of_an_evaluation() {
    let folder = folder();
    folder.good(&["sweep", "s.toml", "--out", "s"]);
    let columns = "point,recalibrate-bn,throttle,step,lowered,cycles,speedup,output_error,feature_error,feature_error_largest";
    let points = rows(&folder, "points", columns);
    // Eight simulated layers of two threads: as it is, and one step for each.
    let curve = &points[3..];
    assert_eq!(curve.len(), 1 + 8);
    assert!(points[0]["step"].is_null() && curve.iter().all(|row| row["point"] == 4));
    assert_eq!(
        (&curve[0]["step"], &curve[0]["lowered"]),
        (&Value::from(0), &Value::from(""))
    );
    assert_eq!(
        (&curve[8]["step"], &curve[8]["speedup"]),
        (&Value::from(8), &Value::from(1.0))
    );
    assert!(
        curve[1]["lowered"]
            .as_str()
            .is_some_and(|name| name.ends_with("/Conv"))
    );
    for (row, more) in [
        (&points[1], &[][..]),
        (&points[2], &["--recalibrate-bn", "exact"]),
        (&curve[0], &[]),
    ] {
        let args = [
            "eval",
            MODEL,
            "--images",
            "known-images-idx3-ubyte",
            "--array",
            "2t.toml",
            "--json",
        ];
        let object = folder.good(&[&args[..], more].concat());
        let object: Value = serde_json::from_str(&object).unwrap_or_default();
        assert_eq!(row["cycles"], object["cycles"], "{more:?}");
        assert_eq!(row["output_error"], object["output_error"], "{more:?}");
    }
    // One thread in every layer is exact.
    assert_eq!(curve[8]["output_error"], points[0]["output_error"]);
    assert_eq!(curve[8]["feature_error"], points[0]["feature_error"]);
    let of = |row: &Value, name: &str| row[name].as_f64().unwrap_or(f64::NAN);
    assert!(of(&points[0], "feature_error") < of(&points[1], "feature_error"));
    assert!(of(&points[1], "feature_error") <= of(&points[1], "feature_error_largest"));
    let layers = rows(
        &folder,
        "layers",
        "step,layer,n_activations,n_zero_activations,n_weights",
    );
    assert_eq!(layers.len(), 12 * 8);
    assert!(
        layers[..8]
            .iter()
            .all(|row| of(row, "n_zero_activations") < of(row, "n_activations"))
    );
}

#[test]
fn a_page_keeps_what_a_person_wrote() {
    let folder = folder();
    folder.good(&["sweep", "s.toml", "--out", "s", "--n-images", "2"]);
    folder.good(&["report", "s", "--markdown", "page.md"]);
    let text = || String::from_utf8_lossy(&folder.read("page.md")).into_owned();
    let first = text();
    assert!(
        first.starts_with("# s.toml\n") && first.contains("2 images."),
        "{first}"
    );
    assert!(
        first.contains("![Energy over speed-up](page/energy.svg)"),
        "{first}"
    );
    assert!(first.contains("| conventional | –"), "{first}");
    for file in [
        "points.csv",
        "layers.csv",
        "throttling-1.csv",
        "energy.csv",
        "energy.svg",
    ] {
        assert!(!folder.read(&format!("page/{file}")).is_empty(), "{file}");
    }
    folder.write(
        "page.md",
        first.replace("# s.toml\n", "# Mine\n\nWords.\n") + "More.\n",
    );
    // More images are other points.
    folder.good(&["sweep", "s.toml", "--out", "s", "--resume"]);
    folder.good(&["report", "s", "--markdown", "page.md"]);
    let second = text();
    assert!(
        second.starts_with("# Mine\n\nWords.\n") && second.ends_with("More.\n"),
        "{second}"
    );
    assert!(
        second.contains("5 images.") && !second.contains("2 images."),
        "{second}"
    );
    // A sweep's own figure stands for the built-in one of its name.
    folder.good(&["plot", "s", "--format", "svg"]);
    let energy = String::from_utf8_lossy(&folder.read("s/plots/energy.svg")).into_owned();
    assert!(energy.contains("Energy over speed-up"), "{energy}");
    folder.write("page.md", "no marks");
    let ran = folder.sysmt(&["report", "s", "--markdown", "page.md"]);
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.stderr.contains("page.md: the page has no line"),
        "{}",
        ran.stderr
    );
    assert_eq!(text(), "no marks");
}

#[test]
fn figures_are_read_before_anything_runs() {
    let folder = folder();
    folder.write("s.toml", SWEEP.replace("x = \"speedup\"", "axis = \"speedup\""));
    let ran = folder.sysmt(&["sweep", "s.toml", "--out", "s"]);
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.stderr.contains("s.toml:") && ran.stderr.contains("`axis`"),
        "{}",
        ran.stderr
    );
    assert!(!folder.path("s").exists());
}
