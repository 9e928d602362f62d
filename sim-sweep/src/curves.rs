//! Curves of the predictors that the points of a sweep use: what each threshold keeps and loses at each place.

use std::collections::BTreeSet;
use std::path::Path;

use reports::stored::curves::PlaceCurves;
use sim_config::sweep::AxisValue;
use sim_figures::spec::{FigureSpec, Table};
use sim_run::{inputs, predictors};
use sim_toml::complaint::Complaint;
use sim_toml::error::ConfigError;

use crate::error::SweepError;
use crate::plan::Plan;

/// Axes by which predictors differ, where a sweep has them.
pub(crate) const AXES: [&str; 3] = ["workload.model", "prediction.method", "prediction.predictors"];

/// The curves of one predictor file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PredictorCurves {
    /// Of the axes of [`AXES`] that the sweep has, in its order.
    pub(crate) values: Vec<AxisValue>,
    /// Place by place.
    pub(crate) places: Vec<PlaceCurves>,
}

/// The curves of all predictors of a plan, in the order of its points; none where no point has trained predictors.
///
/// - Errors: predictor files that cannot be read.
pub(crate) fn of(plan: &Plan<'_>) -> Result<Vec<PredictorCurves>, SweepError> {
    let mut found = Vec::new();
    if !plan.predicts()? {
        return Ok(found);
    }
    let names = plan.spec().axis_names();
    let mut known = BTreeSet::new();
    for point in plan.points() {
        let values = names.iter().zip(plan.values(point));
        let values: Vec<AxisValue> = values
            .filter(|(name, _)| AXES.contains(&name.as_str()))
            .map(|(_, value)| value)
            .collect();
        if !known.insert(format!("{values:?}")) {
            continue;
        }
        if let Some((_, path)) = inputs::of_prediction(plan.run(point)?.run.design.prediction.as_ref()) {
            let places = predictors::curves(&path)?;
            found.push(PredictorCurves { values, places });
        }
    }
    Ok(found)
}

/// Whether the figures that draw curves have some.
///
/// - Errors: one that has none, with its line.
pub(crate) fn check(
    curves: &[PredictorCurves],
    figures: &[FigureSpec],
    (path, text): (&Path, &str),
) -> Result<(), Box<ConfigError>> {
    if curves.iter().any(|of| !of.places.is_empty()) {
        return Ok(());
    }
    let (why, remedy) = if curves.is_empty() {
        (
            "no point predicts zeros by method \"zap\"",
            "name predictors in the [prediction] of the base, or take the figure out",
        )
    } else {
        (
            "the predictor files hold none",
            "train predictors with `sysmt train zap`, which measures curves, or take the figure out",
        )
    };
    let wrong = figures.iter().filter(|figure| figure.table == Table::Curves);
    let complaint = |figure: &FigureSpec| {
        let why = format!("figure `{}` draws curves of predictors, and {why}", figure.name);
        Complaint::new(figure.at.clone(), why, remedy)
    };
    ConfigError::check(path, text, wrong.map(complaint).collect())
}
