//! Runs steps side by side, in their order, each once what it needs is done.

use std::fs::File;
use std::io::Write as _;
use std::process::Stdio;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::Context;
use wait4::Wait4 as _;

use super::stamp::Stamps;
use super::{Load, Step};
use crate::command::command;

/// Logs, stamps and the table.
pub(super) const FOLDER: &str = "target/ci";
/// Lines of a failed step's log that are shown.
const N_LINES: usize = 60;

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It ran and succeeded.
    Passed,
    /// Nothing that it depends on has changed since it succeeded.
    Unchanged,
    /// It ran and failed.
    Failed,
    /// Something failed before it began.
    NotRun,
}

impl Outcome {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Unchanged => "unchanged since it passed",
            Self::Failed => "FAILED",
            Self::NotRun => "not run",
        }
    }
}

/// A step that is over.
#[derive(Clone, Debug)]
pub(super) struct Ended {
    pub(super) name: &'static str,
    pub(super) outcome: Outcome,
    pub(super) wall: Duration,
    /// Of all processes of the step that were waited for.
    pub(super) cpu: Duration,
}

/// All steps, over.
pub(super) struct Gate {
    pub(super) steps: Vec<Ended>,
    pub(super) wall: Duration,
}

impl Gate {
    /// Steps that ended so.
    pub(super) fn with(&self, outcome: Outcome) -> Vec<&'static str> {
        let steps = self.steps.iter().filter(|step| step.outcome == outcome);
        steps.map(|step| step.name).collect()
    }
}

#[derive(Clone, Debug)]
enum State {
    Waiting,
    Running,
    Over(Ended),
}

/// Whether steps that passed before run again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    /// All of them.
    Every,
    /// Those whose inputs have changed.
    Changed,
}

/// Run all steps; the first failure lets what is under way finish, and nothing new begin.
pub(super) fn all(steps: &[Step], again: Again) -> anyhow::Result<Gate> {
    std::fs::create_dir_all(FOLDER).context(FOLDER)?;
    let stamps = Stamps::of_tree()?;
    let n_cores = std::thread::available_parallelism()?.get();
    let began = Instant::now();
    let mut states = vec![State::Waiting; steps.len()];
    let (done, over) = mpsc::channel();
    std::thread::scope(|scope| {
        loop {
            while let Some(next) = next(steps, &states, n_cores) {
                states[next] = State::Running;
                let (done, stamps) = (done.clone(), &stamps);
                // Received below, where every step that runs is waited for.
                scope.spawn(move || done.send((next, run(&steps[next], stamps, again, began))));
            }
            if !states.iter().any(|state| matches!(state, State::Running)) {
                return;
            }
            let Ok((step, ended)) = over.recv() else { return };
            states[step] = State::Over(ended);
        }
    });
    let steps = steps.iter().zip(states).map(|(step, state)| match state {
        State::Over(ended) => ended,
        State::Waiting | State::Running => Ended {
            name: step.name,
            outcome: Outcome::NotRun,
            wall: Duration::ZERO,
            cpu: Duration::ZERO,
        },
    });
    Ok(Gate {
        steps: steps.collect(),
        wall: began.elapsed(),
    })
}

/// The first step that may begin. One that computes needs a core that no other keeps busy.
fn next(steps: &[Step], states: &[State], n_cores: usize) -> Option<usize> {
    let is_good = |outcome| matches!(outcome, Outcome::Passed | Outcome::Unchanged);
    let has_failed = |state: &State| matches!(state, State::Over(ended) if !is_good(ended.outcome));
    if states.iter().any(has_failed) {
        return None;
    }
    let done = |name: &str| {
        let mut all = steps.iter().zip(states);
        all.any(|(step, state)| step.name == name && matches!(state, State::Over(_)))
    };
    let computing = steps
        .iter()
        .zip(states)
        .filter(|(step, state)| step.load == Load::Computes && matches!(state, State::Running));
    let has_core = computing.count() < n_cores;
    steps.iter().zip(states).position(|(step, state)| {
        matches!(state, State::Waiting)
            && step.after.iter().all(|&name| done(name))
            && (has_core || step.load == Load::Waits)
    })
}

fn run(step: &Step, stamps: &Stamps, again: Again, gate: Instant) -> Ended {
    let mut ended = Ended {
        name: step.name,
        outcome: Outcome::Passed,
        wall: Duration::ZERO,
        cpu: Duration::ZERO,
    };
    let stamp = stamps.stamp(step);
    if again == Again::Changed && stamp.as_ref().is_ok_and(|stamp| stamp.is_there()) {
        say(gate, &format!("{}: unchanged since it passed", step.name));
        ended.outcome = Outcome::Unchanged;
        return ended;
    }
    say(gate, &format!("{} …", step.name));
    let began = Instant::now();
    let ran = run_commands(step, &mut ended.cpu).and_then(|()| {
        let stamp = stamp?;
        // A tree that was edited meanwhile is not the one that passed.
        let is_same = Stamps::of_tree()?.stamp(step)? == stamp;
        if is_same { stamp.write() } else { Ok(()) }
    });
    ended.wall = began.elapsed();
    match ran {
        Ok(()) => say(gate, &format!("{}: {:.0} s", step.name, ended.wall.as_secs_f64())),
        Err(error) => {
            ended.outcome = Outcome::Failed;
            let log = step.file("log");
            let text = std::fs::read(&log).unwrap_or_default();
            let text = String::from_utf8_lossy(&text);
            let lines: Vec<&str> = text.lines().collect();
            let end = lines[lines.len().saturating_sub(N_LINES)..].join("\n");
            say(
                gate,
                &format!(
                    "{}: FAILED: {error:#}; the end of {}:\n{end}",
                    step.name,
                    log.display()
                ),
            );
        }
    }
    ended
}

/// One after another, with everything that they print in the step's log.
fn run_commands(step: &Step, cpu: &mut Duration) -> anyhow::Result<()> {
    let path = step.file("log");
    let mut log = File::create(&path).with_context(|| path.display().to_string())?;
    for line in &step.commands {
        writeln!(log, "$ {line}")?;
        let began = Instant::now();
        let child = command(line)
            .env("RUSTDOCFLAGS", "--deny warnings")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log.try_clone()?)
            .spawn()
            .with_context(|| format!("cannot start `{line}`"))?;
        let used = child
            .wait4()
            .with_context(|| format!("cannot wait for `{line}`"))?;
        *cpu += used.rusage.utime + used.rusage.stime;
        anyhow::ensure!(used.status.success(), "`{line}` ended with {}", used.status);
        writeln!(log, "  {:.1} s", began.elapsed().as_secs_f64())?;
    }
    Ok(())
}

fn say(gate: Instant, what: &str) {
    eprintln!("{:6.0} s  {what}", gate.elapsed().as_secs_f64());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ci::stamp::Inputs;

    fn step(name: &'static str, after: &'static [&'static str], load: Load) -> Step {
        Step {
            name,
            after,
            load,
            inputs: Inputs::Machine,
            commands: Vec::new(),
        }
    }

    fn over(outcome: Outcome) -> State {
        State::Over(Ended {
            name: "",
            outcome,
            wall: Duration::ZERO,
            cpu: Duration::ZERO,
        })
    }

    #[test]
    fn a_step_begins_once_it_can() {
        let steps = [
            step("a", &[], Load::Computes),
            step("b", &["a"], Load::Computes),
            step("c", &[], Load::Computes),
            step("d", &[], Load::Waits),
        ];
        #[track_caller]
        fn check(steps: &[Step], states: [State; 4], want: Option<usize>) {
            assert_eq!(next(steps, &states, 1), want);
        }
        use State::{Running, Waiting};
        check(&steps, [Waiting, Waiting, Waiting, Waiting], Some(0));
        // No core for `c`, but `d` needs none.
        check(&steps, [Running, Waiting, Waiting, Waiting], Some(3));
        check(&steps, [Running, Waiting, Waiting, Running], None);
        check(
            &steps,
            [over(Outcome::Unchanged), Waiting, Waiting, Running],
            Some(1),
        );
        check(&steps, [over(Outcome::Failed), Waiting, Waiting, Running], None);
        check(
            &steps,
            [over(Outcome::Passed), Running, Waiting, over(Outcome::Failed)],
            None,
        );
    }

    #[test]
    fn every_step_can_run() {
        let steps = crate::ci::steps();
        for (at, step) in steps.iter().enumerate() {
            for name in step.after {
                let before = steps[..at].iter().any(|other| other.name == *name);
                assert!(before, "{} comes before {name}", step.name);
            }
        }
    }
}
