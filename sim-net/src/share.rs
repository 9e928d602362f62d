//! Threads that share a list of work.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Why not all items were done.
#[derive(Debug)]
pub enum Unfinished<E> {
    /// The caller asked to stop.
    Stopped,
    /// The first item, in order, that failed.
    Failed(E),
}

/// `work` for every item on `n_jobs` threads (at least one); results in the order of the items.
///
/// The outcome, errors included, does not depend on the number of threads: items are taken in order, so whatever
/// comes before a failed item was taken before it and is finished.
pub fn share<I: Sync, T: Send, E: Send>(
    items: &[I],
    n_jobs: usize,
    stop: &AtomicBool,
    work: impl Fn(&I) -> Result<T, E> + Sync,
) -> Result<Vec<T>, Unfinished<E>> {
    let next = AtomicUsize::new(0);
    let has_failed = AtomicBool::new(false);
    let worker = || {
        let mut done = Vec::new();
        while !stop.load(Ordering::Relaxed) && !has_failed.load(Ordering::Relaxed) {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else { break };
            let result = work(item);
            if result.is_err() {
                has_failed.store(true, Ordering::Relaxed);
            }
            done.push((index, result));
        }
        done
    };
    let n_jobs = n_jobs.clamp(1, items.len().max(1));
    let mut all = Vec::with_capacity(items.len());
    let scope = crossbeam::thread::scope(|scope| {
        let handles: Vec<_> = (1..n_jobs).map(|_| scope.spawn(|_| worker())).collect();
        all.append(&mut worker());
        for handle in handles {
            match handle.join() {
                Ok(mut done) => all.append(&mut done),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
    if let Err(panic) = scope {
        std::panic::resume_unwind(panic);
    }
    all.sort_by_key(|&(index, _)| index);
    let n_done = all.len();
    let results = all
        .into_iter()
        .map(|(_, result)| result)
        .collect::<Result<Vec<T>, E>>();
    match results {
        Err(error) => Err(Unfinished::Failed(error)),
        Ok(_) if n_done < items.len() => Err(Unfinished::Stopped),
        Ok(results) => Ok(results),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_results_keep_their_order() {
        let items: Vec<usize> = (0..100).collect();
        for n_jobs in [0, 1, 3, 200] {
            let squares = share(&items, n_jobs, &AtomicBool::new(false), |&i| Ok::<_, ()>(i * i));
            assert_eq!(squares.ok(), Some(items.iter().map(|i| i * i).collect()));
        }
    }

    #[test]
    fn the_first_failure_is_reported_whatever_the_number_of_threads() {
        let items: Vec<usize> = (0..100).collect();
        for n_jobs in [1, 2, 8] {
            let result = share(&items, n_jobs, &AtomicBool::new(false), |&i| {
                if i < 40 { Ok(()) } else { Err(i) }
            });
            assert!(
                matches!(result, Err(Unfinished::Failed(40))),
                "{n_jobs} jobs: {result:?}"
            );
        }
    }

    #[test]
    fn a_stop_flag_ends_the_work() {
        let result = share(&[1, 2], 2, &AtomicBool::new(true), |_| Ok::<_, ()>(()));
        assert!(matches!(result, Err(Unfinished::Stopped)));
        assert_eq!(
            share(&[0_u8; 0], 2, &AtomicBool::new(false), |_| Ok::<_, ()>(())).ok(),
            Some(vec![])
        );
    }
}
