//! What thresholds would keep and lose at each place, from a pass of the network in which nothing is skipped.

use sim_core::progress::Progress;
use sim_images::sets::ImageSet;
use sim_net::network::Network;
use sim_predict::curve::{Curve, CurveSums};
use sim_predict::predictor::Predictor;

use crate::capture::CaptureOptions;
use crate::capture_error::CaptureError;
use crate::pass::Pass;

/// The curves of each place over the first `n_images` of `images`, by place of the network; `None` where `predictors` has
/// none. Every place is asked alone: nothing is skipped.
///
/// - Errors: images or a network that cannot be run.
pub fn curves(
    network: &Network,
    (images, n_images): (&ImageSet, usize),
    predictors: &[Option<Predictor>],
    options: &CaptureOptions<'_>,
    progress: &dyn Progress,
) -> Result<Vec<Option<Curve>>, CaptureError> {
    let mut sums: Vec<Option<CurveSums>> = vec![None; network.places().len()];
    let pass = Pass::new(network, images, options, progress)?.of_first(n_images);
    pass.run_places(
        "asking predictors",
        |seen| {
            let predictor = predictors.get(seen.index)?.as_ref()?;
            let [_, rows, columns] = seen.shape;
            let scores = predictor.scores(seen.values, seen.shape);
            let mut sums = CurveSums::default();
            sums.add(seen.values, &scores, predictor.mask, [rows, columns]);
            Some(sums)
        },
        |place, one| sums[place].get_or_insert_default().join(&one),
    )?;
    Ok(sums.iter().map(|sums| Some(sums.as_ref()?.curve())).collect())
}
