//! Pages of stored results.

use reports::frame::{Column, ColumnType, Frame, Value};
use reports::place::Replace;
use reports::run::Report;
use reports::stored::{self, Layout, Stored, StoredKind};
use reports::warning::Warning;
use sim_core::spec::{Policy, Threads};
use sim_figures::folder;
use sim_figures::page::{self, PageFigure};

use crate::support::{nb_smt, run};

/// Results read back from their folder, and the figures in it.
fn of_run(names: &[&str]) -> (Stored, Vec<PageFigure>) {
    let mut record = run(
        nb_smt(Threads::Two, Policy::SA),
        u64::try_from(names.len()).expect("few"),
    );
    for (layer, name) in record.layers.iter_mut().zip(names) {
        (*name).clone_into(&mut layer.name);
        record.unsimulated[0].name.push_str(name);
        record.workload.push_str(name);
    }
    let place = tempfile::tempdir().unwrap();
    let target = place.path().join("results");
    folder::write(&target, &Report::new(record), Replace::Own).unwrap();
    (stored::read(&target).unwrap(), page::plots_of(&target).unwrap())
}

/// Points with values in every column but for texts.
fn sweep(n_points: usize) -> Stored {
    let (stored, _) = of_run(&["a"]);
    let identity = vec![
        Column::new("array.rows", ColumnType::Count),
        Column::new("error", ColumnType::Text),
    ];
    let columns = Layout::new(identity, Vec::new()).point_columns();
    let mut points = Frame::new(columns.clone());
    for row in 0..n_points {
        let value = |column: &Column| match column.kind {
            ColumnType::Text if column.name == "error" && row == 1 => "<b>too large</b>".into(),
            ColumnType::Text => Value::Null,
            ColumnType::Count => row.into(),
            ColumnType::Real => Value::Real(1.0 / (3.0 + f64::from(u32::try_from(row).expect("few")))),
            ColumnType::Flag => Value::Flag(true),
        };
        points.push(columns.iter().map(value).collect());
    }
    Stored {
        kind: StoredKind::Sweep,
        axes: vec!["array.rows".to_owned()],
        points,
        ..stored
    }
}

/// What the scripts of a page read.
fn data(page: &str) -> serde_json::Value {
    let (_, rest) = page.split_once("id=\"data\">").expect("has data");
    let (json, _) = rest.split_once("</script>").expect("ends");
    serde_json::from_str(json).expect("is JSON")
}

fn column<'a>(data: &'a serde_json::Value, table: &str, name: &str) -> &'a serde_json::Value {
    let find = |list: &'a serde_json::Value, key: &str, wanted: &str| {
        let list = list.as_array().expect("a list");
        list.iter().find(|item| item[key] == wanted).expect("is there")
    };
    find(&find(&data["tables"], "id", table)["columns"], "name", name)
}

#[test]
fn names_stay_texts() {
    let names = [
        "<script>alert(1)</script>",
        "</script><img src=x onerror=alert(2)>",
        "<!--<script>",
        "\" onmouseover=\"alert(3)",
    ];
    let (mut stored, mut figures) = of_run(&names);
    for (warning, name) in ["x", "y", "z", "w"].into_iter().zip(names) {
        stored.warnings.push(Warning::Other(format!("{warning}{name}")));
    }
    figures[0].name = names[3].to_owned();
    let page = page::render(&stored, &figures);
    assert_eq!(page.matches("<script").count(), 2, "data and scripts alone");
    assert_eq!(page.matches("</script").count(), 2);
    assert!(!page.contains("<img") && !page.contains("<!--"));
    let (markup, _) = page.split_once("id=\"data\">").expect("has data");
    assert!(!markup.contains("\" onmouseover"), "out of its attribute");
    assert_eq!(
        column(&data(&page), "layers", "name")["words"],
        serde_json::json!(names)
    );
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
}

#[test]
fn values_of_figures_stay_texts() {
    use sim_draw::Scale;
    use sim_draw::plot::{Plot, PlotAxis, PlotLine, PlotSeries};
    let plot = Plot {
        series: vec![PlotSeries {
            name: "</title><script>".to_owned(),
            points: vec![(1.0, 2.5).into(), (f64::NAN, 1.0).into(), (3.0, 4.0).into()],
            line: PlotLine::None,
        }],
        ..Plot::new(
            "p",
            PlotAxis::new("x", Scale::Linear),
            PlotAxis::new("y (%)", Scale::Linear),
        )
    };
    let figure = PageFigure::draw(&plot, "P").unwrap();
    assert_eq!(figure.svg.matches("class=\"spot\"").count(), 2, "{}", figure.svg);
    let label = "<title>&lt;/title&gt;&lt;script&gt;: y (%) 2.50; x 1.00</title>";
    assert!(figure.svg.contains(label), "{}", figure.svg);
    assert!(figure.svg.ends_with("</g></svg>\n") || figure.svg.ends_with("</g></svg>"));
}

#[test]
fn equal_results_give_equal_pages() {
    let [one, other] = [(); 2].map(|()| {
        let (stored, figures) = of_run(&["a", "b"]);
        page::render(&stored, &figures)
    });
    assert!(one == other);
    assert!(one.contains("id=\"figure-pe-cycles\"") && one.contains(">PE cycles</figcaption>"));
    assert!(
        !one.contains("http://")
            || one.matches("http://www.w3.org/").count() == one.matches("http://").count()
    );
    let (mut stored, figures) = of_run(&["a", "b"]);
    stored.synthetic = true;
    assert!(
        !one.contains("Synthetic operands") && page::render(&stored, &figures).contains("Synthetic operands")
    );
}

#[test]
fn what_has_no_room_is_left_out_and_said() {
    let few = page::render(&sweep(500), &[]);
    assert!(!few.contains("as many as it has room for") && !few.contains("seven digits"));
    assert_eq!(column(&data(&few), "points", "speedup")["values"][0], 1.0 / 3.0);
    let large = |name: &str, svg: usize, csv: usize| PageFigure {
        name: name.to_owned(),
        title: name.to_owned(),
        svg: format!("<svg><!--{}--></svg>", "x".repeat(svg)),
        csv: "a,b\n".repeat(csv),
    };
    let figures = [
        large("one", 1_000_000, 10),
        large("two", 300_000, 100_000),
        large("three", 1_000_000, 10),
    ];
    let page = page::render(&sweep(20_000), &figures);
    assert!(page.len() < page::MAX_BYTES, "{}", page.len());
    assert!(1_900_000 < page.len(), "{}", page.len());
    assert!(page.contains("of 20,000 rows are on this page") && page.contains("sysmt export --table points"));
    assert!(page.contains("writes them to two.csv") && page.contains("draws it as three.svg"));
    let data = data(&page);
    let n = data["tables"][0]["n"].as_u64().unwrap();
    assert!(1000 < n && n < 20_000, "{n}");
    assert_eq!(
        column(&data, "points", "cycles")["values"]
            .as_array()
            .unwrap()
            .len(),
        usize::try_from(n).unwrap()
    );
    assert_eq!(column(&data, "points", "speedup")["values"][0], 0.333_333_3);
}

#[test]
fn failed_points_say_why_and_the_best_are_named() {
    let page = page::render(&sweep(5), &[]);
    assert!(page.contains("<td class=\"failed\" colspan="), "{page}");
    assert!(page.contains("&lt;b&gt;too large&lt;/b&gt;"));
    let page = page::render(&sweep(40), &[]);
    assert!(page.contains("<strong>1 failed</strong>"));
    let data = data(&page);
    let words = &column(&data, "points", "error")["words"];
    assert_eq!(*words, serde_json::json!(["<b>too large</b>"]));
}

#[test]
fn counts_are_exact_and_columns_without_values_are_gone() {
    let mut stored = sweep(2);
    let columns = stored.points.columns().to_vec();
    let large = (1 << 53) + 1_u64;
    let value = |column: &Column| match column.name.as_str() {
        "cycles" => Value::Count(large),
        "p_value" => Value::Real(f64::NAN),
        "array.rows" => Value::Count(large - 1),
        _ => Value::Null,
    };
    stored.points.push(columns.iter().map(value).collect());
    let data = data(&page::render(&stored, &[]));
    assert_eq!(column(&data, "points", "cycles")["values"][2], large.to_string());
    assert_eq!(column(&data, "points", "array.rows")["values"][2], large - 1);
    assert_eq!(
        column(&data, "points", "p_value")["values"][2],
        serde_json::Value::Null
    );
    let columns = data["tables"][0]["columns"].as_array().unwrap();
    assert!(columns.iter().all(|column| column["name"] != "pe.kind"));
}
