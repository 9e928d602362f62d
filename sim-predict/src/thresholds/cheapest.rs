//! One choice for each place: the least cost within a limit of errors, by dynamic programming.

use crate::thresholds::Infeasible;

/// A choice at a place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Choice {
    pub(super) cost: f64,
    pub(super) error: f64,
}

/// Of all costs, what a result may be beyond the least.
const SLACK: f64 = 5e-4;

/// Choices at the places so far that nothing else beats.
#[derive(Clone, Copy, Debug)]
struct Partial {
    cost: f64,
    error: f64,
    /// Place among the partial choices one place before, and the choice at this place.
    before: usize,
    choice: usize,
}

/// The choice at each place; costs add up to within 1/2000 of the least cost with errors of at most `limit`.
///
/// Partial choices are kept where no other has both less cost and less error. Of those whose costs round to the same
/// number of steps, one is kept, where a step for each place is the slack together.
pub(super) fn cheapest(places: &[Vec<Choice>], limit: f64) -> Result<Vec<usize>, Infeasible> {
    let least_error: Vec<f64> = places
        .iter()
        .map(|choices| least(choices, |choice| choice.error))
        .collect();
    let total: f64 = least_error.iter().sum();
    if limit < total || limit.is_nan() {
        return Err(Infeasible { limit, least: total });
    }
    let least_cost: f64 = places
        .iter()
        .map(|choices| least(choices, |choice| choice.cost))
        .sum();
    let n_places = places.iter().fold(0.0, |n, _| n + 1.0);
    let step = SLACK * least_cost.max(0.0) / f64::max(n_places, 1.0);
    // What the places behind must add at least.
    let mut rest = total;
    let mut levels: Vec<Vec<Partial>> = vec![vec![Partial {
        cost: 0.0,
        error: 0.0,
        before: 0,
        choice: 0,
    }]];
    for (choices, least_error) in places.iter().zip(&least_error) {
        rest -= least_error;
        let choices = useful(choices);
        let front = levels.last().map_or(&[][..], Vec::as_slice);
        let mut partials: Vec<Partial> = front
            .iter()
            .enumerate()
            .flat_map(|(before, partial)| {
                choices.iter().map(move |&(choice, added)| Partial {
                    cost: partial.cost + added.cost,
                    error: partial.error + added.error,
                    before,
                    choice,
                })
            })
            .collect();
        // Rounding in `rest` must not lose what is exactly at the limit.
        partials.retain(|partial| partial.error + rest <= limit + f64::EPSILON * 64.0 * limit.abs().max(1.0));
        levels.push(front_of(partials, step));
    }
    let last = levels.last().map_or(&[][..], Vec::as_slice);
    let feasible = last
        .iter()
        .enumerate()
        .filter(|(_, partial)| partial.error <= limit);
    let best = feasible.min_by(|(_, one), (_, other)| one.cost.total_cmp(&other.cost));
    let Some((mut place, _)) = best else {
        return Err(Infeasible { limit, least: total });
    };
    let mut picks = Vec::with_capacity(places.len());
    for level in levels.iter().skip(1).rev() {
        picks.push(level[place].choice);
        place = level[place].before;
    }
    picks.reverse();
    Ok(picks)
}

fn least(choices: &[Choice], of: impl Fn(&Choice) -> f64) -> f64 {
    choices.iter().map(of).fold(f64::INFINITY, f64::min)
}

/// Choices that no other at the place beats, with their places; the first of equal ones.
fn useful(choices: &[Choice]) -> Vec<(usize, Choice)> {
    let mut sorted: Vec<(usize, Choice)> = choices.iter().copied().enumerate().collect();
    sorted.sort_by(|(_, one), (_, other)| {
        let by_cost = one.cost.total_cmp(&other.cost);
        by_cost.then(one.error.total_cmp(&other.error))
    });
    let mut least = f64::INFINITY;
    sorted.retain(|(_, choice)| {
        let is_useful = choice.error < least;
        least = least.min(choice.error);
        is_useful
    });
    sorted
}

/// The partial choices that no other beats, by rising cost and falling error.
fn front_of(mut partials: Vec<Partial>, step: f64) -> Vec<Partial> {
    partials.sort_by(|one, other| {
        let by_cost = one.cost.total_cmp(&other.cost);
        by_cost.then(one.error.total_cmp(&other.error))
    });
    let mut front: Vec<Partial> = Vec::new();
    for partial in partials {
        let Some(last) = front.last().copied() else {
            front.push(partial);
            continue;
        };
        if last.error <= partial.error {
            continue;
        }
        // In the same step as the one before, the later has the smaller error, and costs less than a step more.
        if 0.0 < step && (partial.cost / step).floor() == (last.cost / step).floor() {
            front.pop();
        }
        front.push(partial);
    }
    front
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The least cost of all combinations within the limit.
    fn by_hand(places: &[Vec<Choice>], limit: f64) -> Option<f64> {
        let mut all = vec![(0.0, 0.0)];
        for choices in places {
            let added = |(cost, error): (f64, f64)| {
                let one = move |choice: &Choice| (cost + choice.cost, error + choice.error);
                choices.iter().map(one).collect::<Vec<_>>()
            };
            all = all.into_iter().flat_map(added).collect();
        }
        let feasible = all.into_iter().filter(|(_, error)| *error <= limit);
        feasible
            .map(|(cost, _)| cost)
            .min_by(|one, other| one.total_cmp(other))
    }

    fn choice() -> impl Strategy<Value = Choice> {
        // Halves and quarters, so that sums are exact and many are equal.
        (0_u8..40, -4_i8..20).prop_map(|(cost, error)| Choice {
            cost: f64::from(cost) / 4.0,
            error: f64::from(error) / 2.0,
        })
    }

    proptest! {
        #[test]
        fn nothing_feasible_is_cheaper(
            places in prop::collection::vec(prop::collection::vec(choice(), 1..6), 1..5),
            limit in -4_i8..60,
        ) {
            let limit = f64::from(limit) / 2.0;
            match (cheapest(&places, limit), by_hand(&places, limit)) {
                (Ok(picks), Some(least)) => {
                    let picked = || places.iter().zip(&picks).map(|(choices, &pick)| choices[pick]);
                    let cost: f64 = picked().map(|choice| choice.cost).sum();
                    prop_assert!(picked().map(|choice| choice.error).sum::<f64>() <= limit);
                    prop_assert!(cost <= least * 1.000_5 + 1e-12, "{cost} for {least}");
                }
                (Err(_), None) => {}
                (found, want) => prop_assert!(false, "{found:?} for {want:?}"),
            }
        }
    }

    #[test]
    fn a_limit_that_is_no_number_is_not_kept() {
        let place = vec![Choice {
            cost: 1.0,
            error: 0.0,
        }];
        assert!(cheapest(&[place], f64::NAN).is_err());
        assert_eq!(cheapest(&[], 0.0), Ok(Vec::new()));
    }
}
