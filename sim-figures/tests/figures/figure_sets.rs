//! Kinds that are several figures: their names, and what each is about.

use std::collections::BTreeSet;

use reports::frame::Frame;
use reports::stored::Stored;
use sim_draw::figure::Format;
use sim_draw::look::Look;
use sim_figures::files;
use sim_figures::set;

use crate::stored_data::{evaluation, sweep, with_column};
use crate::stored_figures::{names, rows};

#[test]
fn figures_whose_names_differ_in_capitals_alone_are_told_apart() {
    let stored = with_column(sweep(), "pe.policy", |policy| {
        let is_activations = *policy == "A".into();
        if is_activations { "S+aW" } else { "S+Aw" }.into()
    });
    let maps = set::of_kind(&stored, "threads-by-sparsity-energy", &[]).unwrap();
    assert_eq!(
        names(&maps),
        [
            "threads-by-sparsity-energy-S+Aw",
            "threads-by-sparsity-energy-S+aW-2"
        ]
    );
    let files = files::draw(&maps, &stored.provenance, &Look::default(), &[Format::Svg]);
    assert_eq!(files.unwrap().len(), 6);
}

#[test]
fn every_size_of_an_array_has_its_roofline() {
    let rooflines = |stored: &Stored| set::of_kind(stored, "roofline", &[]).unwrap();
    assert_eq!(names(&rooflines(&evaluation())), ["roofline"]);
    // A size of its own for each design.
    let mut sizes = evaluation();
    let (rows_at, threads_at) = (
        sizes.layers.find("array.rows").unwrap(),
        sizes.layers.find("pe.threads").unwrap(),
    );
    let mut layers = Frame::new(sizes.layers.columns().to_vec());
    for row in sizes.layers.rows() {
        let mut row = row.clone();
        row[rows_at] = row[threads_at].clone();
        layers.push(row);
    }
    sizes.layers = layers;
    let figures = rooflines(&sizes);
    assert_eq!(
        names(&figures),
        ["roofline-rows-2", "roofline-rows-4", "roofline-rows-1"]
    );
    for figure in &figures {
        let rows = rows(figure);
        let curves = rows.iter().filter(|row| row["kind"] == "curve");
        let curves: BTreeSet<&String> = curves.map(|row| &row["series"]).collect();
        assert_eq!(curves.len(), 1, "the roof of its own machine");
    }
}
