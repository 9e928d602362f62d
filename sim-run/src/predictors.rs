//! What a predictor file says of thresholds.

use std::path::Path;

use reports::stored::curves::{CurvePoint, PlaceCurves};
use sim_core::units::as_written;
use sim_predict::curve::{Curve, THRESHOLDS};

use crate::error::RunError;
use crate::prediction::read;

/// The curves of a predictor file, place by place; places without curves are left out.
///
/// - Errors: a file that cannot be read, or that holds no predictors.
pub fn curves(path: &Path) -> Result<Vec<PlaceCurves>, RunError> {
    let places = read(path)?.places.into_iter();
    let with_curves = places.filter_map(|place| {
        Some(PlaceCurves {
            name: place.name,
            points: points(&place.curve?),
        })
    });
    Ok(with_curves.collect())
}

fn points(Curve { share, error }: &Curve) -> Vec<CurvePoint> {
    let values = THRESHOLDS.iter().zip(share).zip(error);
    values
        .map(|((&threshold, &share), &error)| CurvePoint {
            threshold: as_written(threshold),
            share,
            error,
        })
        .collect()
}
