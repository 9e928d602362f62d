//! A run against an earlier one: what got worse.

use crate::peaks;
use crate::report::Report;
use crate::row::{Better, Row};

/// Worse by more than this is not noise.
const TOLERANCE: f64 = 0.10;

/// How fast the core itself was in both runs: where it was slower too, other work is to blame.
pub(crate) fn core(before: &Report, now: &Report) -> Option<String> {
    let peak = |report: &Report| {
        let row = report.rows.iter().find(|row| row.name == peaks::FMA)?;
        row.figure
    };
    let (now, before) = (peak(now)?, peak(before)?);
    Some(format!(
        "the core alone: {now:.1} GMAC/s of FP32 after {before:.1}"
    ))
}

/// What comparing found.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Comparison {
    /// Rows that got worse, a line each.
    pub(crate) worse: Vec<String>,
    /// Rows that cannot be compared, a line each.
    pub(crate) apart: Vec<String>,
    /// How many could be.
    pub(crate) n_compared: usize,
}

/// Every row of `now` against the row of the same name in `before`.
pub(crate) fn compare(before: &Report, now: &Report) -> Comparison {
    let mut comparison = Comparison::default();
    for row in now.rows.iter().filter(|row| row.better != Better::Neither) {
        let name = &row.name;
        let Some(old) = before.rows.iter().find(|old| old.name == *name) else {
            comparison.apart.push(format!("{name}: not in the earlier run"));
            continue;
        };
        if old.work != row.work || old.unit != row.unit {
            comparison
                .apart
                .push(format!("{name}: other work than in the earlier run"));
            continue;
        }
        let (Some(figure), Some(earlier)) = (row.figure, old.figure) else {
            comparison
                .apart
                .push(format!("{name}: has no figure in one of the runs"));
            continue;
        };
        comparison.n_compared += 1;
        if let Some(loss) = loss(row, figure, earlier).filter(|&loss| TOLERANCE < loss) {
            comparison.worse.push(format!(
                "{name}: {figure:.3} {} after {earlier:.3}, worse by {:.0} %",
                row.unit,
                100.0 * loss
            ));
        }
    }
    comparison
}

/// By how much of the earlier time or size, 0.5 for a half more; `None` where no direction is better.
fn loss(row: &Row, figure: f64, earlier: f64) -> Option<f64> {
    match row.better {
        // A speed's inverse is a time.
        Better::More => Some(earlier / figure - 1.0),
        Better::Less => Some(figure / earlier - 1.0),
        Better::Neither => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::report;

    fn row(name: &str, figure: f64, better: Better) -> Row {
        Row::new(name, "work".to_owned(), figure, "u", better)
    }

    #[test]
    fn ten_percent_is_put_up_with() {
        let before = report(vec![
            row("speed", 100.0, Better::More),
            row("time", 1.0, Better::Less),
            row("shape", 1.0, Better::Neither),
        ]);
        let same = compare(&before, &before);
        assert_eq!((same.worse.len(), same.n_compared), (0, 2));
        let noise = report(vec![
            row("speed", 92.0, Better::More),
            row("time", 1.09, Better::Less),
            row("shape", 9.0, Better::Neither),
        ]);
        assert!(compare(&before, &noise).worse.is_empty());
        let better = report(vec![
            row("speed", 200.0, Better::More),
            row("time", 0.5, Better::Less),
        ]);
        assert!(compare(&before, &better).worse.is_empty());
        let worse = report(vec![
            row("speed", 80.0, Better::More),
            row("time", 1.2, Better::Less),
        ]);
        assert_eq!(
            compare(&before, &worse).worse,
            [
                "speed: 80.000 u after 100.000, worse by 25 %",
                "time: 1.200 u after 1.000, worse by 20 %",
            ]
        );
    }

    #[test]
    fn the_core_itself_is_told() {
        let of = |figure| report(vec![row(peaks::FMA, figure, Better::Neither)]);
        assert_eq!(
            core(&of(50.0), &of(20.0)).unwrap(),
            "the core alone: 20.0 GMAC/s of FP32 after 50.0"
        );
        assert_eq!(core(&report(Vec::new()), &of(20.0)), None);
    }

    #[test]
    fn what_cannot_be_compared_is_told() {
        let before = report(vec![row("a", 1.0, Better::Less), row("b", 1.0, Better::Less)]);
        let now = report(vec![
            Row {
                work: "less work".to_owned(),
                ..row("a", 9.0, Better::Less)
            },
            Row {
                figure: None,
                ..row("b", 1.0, Better::Less)
            },
            row("c", 1.0, Better::Less),
        ]);
        let comparison = compare(&before, &now);
        assert_eq!(comparison.n_compared, 0);
        assert!(comparison.worse.is_empty());
        assert_eq!(
            comparison.apart,
            [
                "a: other work than in the earlier run",
                "b: has no figure in one of the runs",
                "c: not in the earlier run",
            ]
        );
    }
}
