//! How far a sweep is, on stderr, where that is a terminal.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use indicatif::ProgressBar;
use sim_core::progress::Progress;
use sim_core::shape::widen;
use sim_sweep::run::Watch;
use sim_sweep::store::State;

use crate::output;
use crate::progress::on_terminal;

const POINTS: &str = "{bar:30} {pos}/{len} points  {msg}  {eta} left";

/// A bar of points, with those that run and those that failed.
pub(crate) struct Points {
    bar: ProgressBar,
    running: AtomicUsize,
    failed: AtomicUsize,
    reused: AtomicUsize,
    told: Mutex<BTreeSet<String>>,
}

impl Points {
    /// Silent where stderr is not a terminal.
    pub(crate) fn new() -> Self {
        Self {
            bar: on_terminal(POINTS, |style| style),
            running: AtomicUsize::new(0),
            failed: AtomicUsize::new(0),
            reused: AtomicUsize::new(0),
            told: Mutex::default(),
        }
    }

    /// Take the bar off the terminal.
    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }

    fn tell(&self) {
        let load = |count: &AtomicUsize| count.load(Ordering::Relaxed);
        let mut message = format!("{} running, {} failed", load(&self.running), load(&self.failed));
        match load(&self.reused) {
            0 => {}
            reused => message.push_str(&format!(", {reused} had results")),
        }
        self.bar.set_message(message);
    }
}

/// Points show how far a sweep is, and not their images or layers.
impl Progress for Points {
    fn begin(&self, _what: &str, _n_steps: usize) {}

    fn advance(&self, _at: &str) {}

    /// What is the same for several points is said once.
    fn note(&self, text: &str) {
        let is_new = (self.told.lock()).is_ok_and(|mut told| told.insert(text.to_owned()));
        if is_new {
            self.bar.suspend(|| output::note(text));
        }
    }
}

impl Watch for Points {
    fn begin(&self, n_points: usize, n_reused: usize) {
        self.bar.set_length(widen(n_points));
        self.reused.store(n_reused, Ordering::Relaxed);
        self.tell();
    }

    fn start(&self) {
        self.running.fetch_add(1, Ordering::Relaxed);
        self.tell();
    }

    fn finish(&self, state: State) {
        self.running.fetch_sub(1, Ordering::Relaxed);
        match state {
            State::Done => {}
            State::Failed | State::Fault => {
                self.failed.fetch_add(1, Ordering::Relaxed);
            }
        }
        self.bar.inc(1);
        self.tell();
    }
}
