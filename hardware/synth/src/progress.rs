//! Many items on many cores, with a bar for the person who waits.

use std::sync::atomic::AtomicBool;

use indicatif::{ProgressBar, ProgressStyle};
use sim_core::parallel_map::{Unfinished, parallel_map_largest_first};
use sim_core::shape::widen;

/// `work` for every item on `n_jobs` threads, one for each core if left out; results in the order of the items. Those of
/// the largest `size` begin first. The bar shows the `name` of what was done last.
///
/// - Errors: that of the first item that fails. What is under way is finished, nothing new begins.
pub fn each<I: Sync, T: Send, E: Send>(
    items: &[I],
    n_jobs: Option<usize>,
    size: impl Fn(&I) -> u64,
    name: impl Fn(&I) -> String + Sync,
    work: impl Fn(&I) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    let n_jobs = n_jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let bar = ProgressBar::new(widen(items.len()));
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {pos}/{len} {elapsed} {msg}") {
        bar.set_style(style);
    }
    let done = parallel_map_largest_first(items, size, n_jobs, &AtomicBool::new(false), |item| {
        let result = work(item);
        bar.inc(1);
        bar.set_message(name(item));
        result
    });
    bar.finish_and_clear();
    done.map_err(|unfinished| match unfinished {
        Unfinished::Failed(error) => error,
        Unfinished::Stopped => unreachable!("nothing asks to stop"),
    })
}
