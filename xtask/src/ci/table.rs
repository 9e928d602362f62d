//! The seconds of every step, for people and for programs.

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::{Context, ensure};

use super::run::{FOLDER, Gate, Outcome};
use crate::command::output;

/// The page with the last full table.
const PAGE: &str = "docs/gate.md";
/// What stands before the table in it.
const MARK: &str = "<!-- written by `cargo xtask ci --write-docs` -->\n";

/// A line a step: name, wall seconds, CPU seconds, how it ended.
pub(super) fn write(gate: &Gate) -> anyhow::Result<()> {
    let mut csv = "step,wall_s,cpu_s,outcome\n".to_owned();
    for step in &gate.steps {
        // Writing to a string cannot fail.
        let _ = writeln!(
            csv,
            "{},{:.1},{:.1},{}",
            step.name,
            step.wall.as_secs_f64(),
            step.cpu.as_secs_f64(),
            step.outcome.name()
        );
    }
    let file = format!("{FOLDER}/steps.csv");
    std::fs::write(&file, csv).context(file)
}

/// A Markdown table of all steps and the whole beside the budget.
pub(super) fn text(gate: &Gate, budget: Duration) -> String {
    let mut text = "\n| step | wall s | CPU s | |\n|---|---:|---:|---|\n".to_owned();
    let mut row = |name: &str, wall: Duration, cpu: Duration, remark: &str| {
        let (wall, cpu) = (wall.as_secs_f64(), cpu.as_secs_f64());
        let _ = writeln!(text, "| {name} | {wall:.0} | {cpu:.0} | {remark} |");
    };
    for step in &gate.steps {
        let remark = match step.outcome {
            Outcome::Passed => "",
            Outcome::Unchanged | Outcome::Failed | Outcome::NotRun => step.outcome.name(),
        };
        row(step.name, step.wall, step.cpu, remark);
    }
    let remark = if budget < gate.wall {
        format!(
            "{} s OVER the budget of {} s",
            (gate.wall - budget).as_secs(),
            budget.as_secs()
        )
    } else {
        format!("the budget is {} s", budget.as_secs())
    };
    let cpu = gate.steps.iter().map(|step| step.cpu).sum();
    row("**all, side by side**", gate.wall, cpu, &remark);
    text
}

/// Put the table into the page of the gate.
pub(super) fn document(gate: &Gate, budget: Duration) -> anyhow::Result<()> {
    let every_step_ran = gate.steps.iter().all(|step| step.outcome == Outcome::Passed);
    ensure!(
        every_step_ran,
        "a full table needs every step: add --fresh, or a clean clone"
    );
    let page = std::fs::read_to_string(PAGE).context(PAGE)?;
    let (before, _) = page
        .split_once(MARK)
        .with_context(|| format!("{PAGE} has no line `{}`", MARK.trim()))?;
    let machine = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = machine.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("an unnamed processor", |name| {
        name.trim_start_matches([' ', '\t', ':'])
    });
    let cores = std::thread::available_parallelism()?;
    let (day, commit) = (
        output("date --utc +%Y-%m-%d")?,
        output("git rev-parse --short HEAD")?,
    );
    let head = format!(
        "Commit `{}`, {}, {cores} cores of {model}.\n",
        commit.trim(),
        day.trim()
    );
    let table = text(gate, budget);
    std::fs::write(PAGE, format!("{before}{MARK}\n{head}{table}")).context(PAGE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ci::run::Ended;

    #[test]
    fn the_budget_is_for_the_whole() {
        let step = |name, outcome, wall| Ended {
            name,
            outcome,
            wall: Duration::from_secs(wall),
            cpu: Duration::from_secs(2 * wall),
        };
        let gate = Gate {
            steps: vec![step("a", Outcome::Passed, 40), step("b", Outcome::Unchanged, 50)],
            wall: Duration::from_secs(60),
        };
        let table = text(&gate, Duration::from_secs(60));
        assert!(table.contains("| a | 40 | 80 |  |\n| b | 50 | 100 | unchanged since it passed |\n"));
        assert!(table.ends_with("| 60 | 180 | the budget is 60 s |\n"), "{table}");
        let table = text(&gate, Duration::from_secs(45));
        assert!(table.ends_with("| 15 s OVER the budget of 45 s |\n"), "{table}");
    }
}
