//! A line of the table: what was measured, beside what, and whether it is good enough.

use serde::{Deserialize, Serialize};

/// Which way a figure is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Better {
    /// Speeds.
    More,
    /// Times and sizes.
    Less,
    /// It only describes; a later run is not held to it.
    Neither,
}

/// What a goal is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Judged {
    /// The figure.
    Figure,
    /// The ratio to the native figure.
    Ratio,
}

/// On which side of its bounds a value should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Sense {
    /// At the bound or above.
    AtLeast,
    /// At the bound or below.
    AtMost,
}

/// What is aimed at and what is put up with.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Goal {
    pub(crate) of: Judged,
    pub(crate) sense: Sense,
    pub(crate) target: f64,
    pub(crate) accept: f64,
}

/// How a row did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Verdict {
    /// The target.
    Reached,
    /// What is put up with, not the target.
    Accepted,
    /// Neither.
    Missed,
    /// There is no goal, or the work was smaller than the goal is about.
    NotJudged,
    /// There is no figure.
    NotRun,
}

impl Verdict {
    pub(crate) const ALL: [Self; 5] = [
        Self::Reached,
        Self::Accepted,
        Self::Missed,
        Self::NotJudged,
        Self::NotRun,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Reached => "reached",
            Self::Accepted => "accepted",
            Self::Missed => "MISSED",
            Self::NotJudged => "not judged",
            Self::NotRun => "not run",
        }
    }
}

/// What the figure is compared with; in the same unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Native {
    pub(crate) what: String,
    pub(crate) figure: f64,
}

/// A line of the table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Row {
    /// What `--only` and `--against` know it by.
    pub(crate) name: String,
    pub(crate) work: String,
    pub(crate) figure: Option<f64>,
    pub(crate) unit: String,
    pub(crate) better: Better,
    pub(crate) native: Option<Native>,
    pub(crate) ratio: Option<f64>,
    pub(crate) goal: Option<Goal>,
    pub(crate) verdict: Verdict,
    pub(crate) peak_mib: Option<f64>,
    /// What else is worth knowing, or why there is no figure.
    pub(crate) note: String,
}

impl Goal {
    const fn new(of: Judged, sense: Sense, target: f64, accept: f64) -> Self {
        Self {
            of,
            sense,
            target,
            accept,
        }
    }

    pub(crate) const fn ratio_at_least(target: f64, accept: f64) -> Self {
        Self::new(Judged::Ratio, Sense::AtLeast, target, accept)
    }

    pub(crate) const fn ratio_at_most(target: f64, accept: f64) -> Self {
        Self::new(Judged::Ratio, Sense::AtMost, target, accept)
    }

    pub(crate) const fn figure_at_least(target: f64, accept: f64) -> Self {
        Self::new(Judged::Figure, Sense::AtLeast, target, accept)
    }

    pub(crate) const fn figure_at_most(target: f64, accept: f64) -> Self {
        Self::new(Judged::Figure, Sense::AtMost, target, accept)
    }

    fn verdict(self, value: f64) -> Verdict {
        let is_within = |bound: f64| match self.sense {
            Sense::AtLeast => bound <= value,
            Sense::AtMost => value <= bound,
        };
        if is_within(self.target) {
            Verdict::Reached
        } else if is_within(self.accept) {
            Verdict::Accepted
        } else {
            Verdict::Missed
        }
    }
}

impl Row {
    /// A figure that is better when it is `better`.
    pub(crate) fn new(name: &str, work: String, figure: f64, unit: &str, better: Better) -> Self {
        Self {
            name: name.to_owned(),
            work,
            figure: Some(figure),
            unit: unit.to_owned(),
            better,
            native: None,
            ratio: None,
            goal: None,
            verdict: Verdict::NotJudged,
            peak_mib: None,
            note: String::new(),
        }
    }

    /// A row that has no figure, and why.
    pub(crate) fn not_run(name: &str, work: String, why: &str) -> Self {
        Self {
            figure: None,
            verdict: Verdict::NotRun,
            note: why.to_owned(),
            ..Self::new(name, work, 0.0, "", Better::Neither)
        }
    }

    /// Compared with `figure` of `what`: the ratio is this row's figure to it.
    pub(crate) fn beside(mut self, what: &str, figure: f64) -> Self {
        self.ratio = self.figure.map(|own| own / figure);
        self.native = Some(Native {
            what: what.to_owned(),
            figure,
        });
        self
    }

    pub(crate) const fn goal(mut self, goal: Goal) -> Self {
        self.goal = Some(goal);
        self
    }

    pub(crate) const fn peak(mut self, peak_mib: f64) -> Self {
        self.peak_mib = Some(peak_mib);
        self
    }

    pub(crate) fn note(mut self, note: String) -> Self {
        self.note = note;
        self
    }

    /// The same row with the verdict that its goal gives.
    pub(crate) fn judged(mut self) -> Self {
        if let Some(goal) = self.goal {
            let value = match goal.of {
                Judged::Figure => self.figure,
                Judged::Ratio => self.ratio,
            };
            self.verdict = value.map_or(self.verdict, |value| goal.verdict(value));
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts() {
        #[track_caller]
        fn check(goal: Goal, figure: f64, want: Verdict) {
            let row = Row::new("x", String::new(), figure, "s", Better::Less)
                .beside("native", 2.0)
                .goal(goal)
                .judged();
            assert_eq!(row.verdict, want);
        }
        check(Goal::ratio_at_least(1.5, 0.9), 3.0, Verdict::Reached); // At the target.
        check(Goal::ratio_at_least(1.5, 0.9), 2.9, Verdict::Accepted);
        check(Goal::ratio_at_least(1.5, 0.9), 1.7, Verdict::Missed);
        check(Goal::ratio_at_most(1.0, 1.5), 2.0, Verdict::Reached);
        check(Goal::ratio_at_most(1.0, 1.5), 3.1, Verdict::Missed);
        check(Goal::figure_at_most(2.0, 2.0), 2.1, Verdict::Missed);
        check(Goal::figure_at_least(15.0, 5.0), 5.0, Verdict::Accepted);
        let without = Row::new("x", String::new(), 1.0, "s", Better::Less).judged();
        assert_eq!(without.verdict, Verdict::NotJudged);
        let goal = Goal::figure_at_most(2.0, 2.0);
        let nothing = Row::not_run("x", String::new(), "no AVX2").goal(goal).judged();
        assert_eq!(nothing.verdict, Verdict::NotRun);
    }
}
