//! Folders of images that are some of a network's classes.

use serde_json::Value;

use crate::support::{Folder, Ran, run};

/// Three folders, n10003, n10007 and n10010, of a network with twelve classes that gives 3, 7 and 10.
fn folder() -> Folder {
    Folder::of_case("labels-subset-of-classes")
}

fn eval(folder: &Folder, images: &str, more: &[&str]) -> Ran {
    let args = ["eval", "net.onnx", "--images", images, "--channels", "gray"];
    folder.sysmt(&[&args[..], &["--array", "2t.toml", "--json"], more].concat())
}

#[track_caller]
fn check_refused(ran: &Ran, want: &str) {
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains(want), "{}", ran.stderr);
    assert!(ran.stdout.is_empty());
}

#[track_caller]
fn top1(ran: &Ran) -> Value {
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let object: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}"));
    object["fp32"]["top1"].clone()
}

/// n10000 to n10011.
fn names() -> Vec<String> {
    (10_000..10_012).map(|number| format!("n{number}")).collect()
}

#[test]
fn folders_that_are_not_all_classes_need_a_list() {
    let folder = folder();
    let want = "3 folders of images for 12 classes; name the folders by class number, or give a list of the class names: \
                --classes FILE";
    check_refused(&eval(&folder, "photos", &[]), want);
    folder.write("classes.txt", names().join("\n") + "\n");
    let listed = eval(&folder, "photos", &["--classes", "classes.txt"]);
    assert_eq!(top1(&listed), 1.0);
    // Folders that are numbers are class numbers, with a list or without.
    for (name, number) in [("n10003", "3"), ("n10007", "7"), ("n10010", "10")] {
        folder.write(
            &format!("numbers/{number}/a.png"),
            folder.read(&format!("photos/{name}/a.png")),
        );
    }
    assert_eq!(top1(&eval(&folder, "numbers", &[])), 1.0);
    assert_eq!(
        top1(&eval(&folder, "numbers", &["--classes", "classes.txt"])),
        1.0
    );
    // Without labels a list says nothing.
    check_refused(
        &eval(&folder, "photos/n10003", &["--classes", "classes.txt"]),
        "classes.txt: names folders, but the images do not lie in folders of their classes",
    );
}

#[test]
fn lists_that_do_not_fit_are_errors() {
    let folder = folder();
    let check = |lines: &[String], want: &str| {
        folder.write("classes.txt", lines.join("\n"));
        check_refused(&eval(&folder, "photos", &["--classes", "classes.txt"]), want);
    };
    let all = names();
    check(
        &all[..11],
        "the list of classes has 11 names, but the network has 12 outputs",
    );
    check(&all[4..], "photos/n10003: `n10003` is not in classes.txt");
    check(
        &[&all[..], &all[..1]].concat(),
        "`n10000` stands in line 1 and in line 13",
    );
    check(
        &[&all[..2], &[String::new()], &all[2..]].concat(),
        "line 3 is empty",
    );
    check(&[], "holds no class name");
    for name in ["none.txt", "photos", "/dev/null"] {
        let want = format!("{name}: cannot be read");
        check_refused(&eval(&folder, "photos", &["--classes", name]), &want);
    }
}

#[test]
fn a_sweep_looks_folders_up_too() {
    let folder = folder();
    folder.write("lists/classes.txt", names().join("\n"));
    let workload = run("model = \"net.onnx\"\nimages = \"photos\"\nclasses = \"lists/classes.txt\"");
    folder.write(
        "base.toml",
        format!("{workload}[preprocessing]\nchannels = \"gray\"\n"),
    );
    folder.write(
        "s.toml",
        "base = \"base.toml\"\n[axes]\n\"array.rows\" = [4, 8]\n[measure]\naccuracy = { images = 3 }\n",
    );
    let ran = folder.sysmt(&["sweep", "s.toml"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let points = folder.good(&["export", "results/s", "--format", "jsonl", "--table", "points"]);
    for line in points.lines() {
        let point: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(point["fp32_top1"], 1.0, "{point}");
    }
}
