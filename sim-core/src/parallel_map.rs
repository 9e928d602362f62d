//! A map over a list on several threads.

use std::cmp::Reverse;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Why not all items were done.
#[derive(Debug)]
pub enum Unfinished<E> {
    /// The caller asked to stop.
    Stopped,
    /// The first item, in order, that failed.
    Failed(E),
}

/// `work` for every item on `n_jobs` threads (at least one), taken in order; results in the order of the items.
///
/// The outcome, errors included, does not depend on the number of threads: of the items that fail, the first counts,
/// and all before it are done.
pub fn parallel_map<I: Sync, T: Send, E: Send>(
    items: &[I],
    n_jobs: usize,
    stop: &AtomicBool,
    work: impl Fn(&I) -> Result<T, E> + Sync,
) -> Result<Vec<T>, Unfinished<E>> {
    parallel_map_largest_first(items, |_| 0, n_jobs, stop, work)
}

/// As [`parallel_map`], the items of the largest `size` first, so that no thread is left alone with a large one in the end.
pub fn parallel_map_largest_first<I: Sync, T: Send, E: Send>(
    items: &[I],
    size: impl Fn(&I) -> u64,
    n_jobs: usize,
    stop: &AtomicBool,
    work: impl Fn(&I) -> Result<T, E> + Sync,
) -> Result<Vec<T>, Unfinished<E>> {
    let mut queue: Vec<(usize, &I)> = items.iter().enumerate().collect();
    queue.sort_by_key(|(_, item)| Reverse(size(item)));
    let next = AtomicUsize::new(0);
    let first_failed = AtomicUsize::new(usize::MAX);
    let worker = || {
        let mut done = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            let Some(&(index, item)) = queue.get(next.fetch_add(1, Ordering::Relaxed)) else {
                break;
            };
            if first_failed.load(Ordering::Relaxed) < index {
                continue;
            }
            let result = work(item);
            if result.is_err() {
                first_failed.fetch_min(index, Ordering::Relaxed);
            }
            done.push((index, result));
        }
        done
    };
    let n_jobs = n_jobs.clamp(1, items.len().max(1));
    let mut all = Vec::with_capacity(items.len());
    std::thread::scope(|scope| {
        let handles: Vec<_> = (1..n_jobs).map(|_| scope.spawn(worker)).collect();
        all.append(&mut worker());
        for handle in handles {
            match handle.join() {
                Ok(mut done) => all.append(&mut done),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
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
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn results_keep_the_order_of_the_items() {
        let items: Vec<usize> = (0..100).collect();
        for n_jobs in [0, 1, 3, 200] {
            let squares = parallel_map(&items, n_jobs, &AtomicBool::new(false), |&i| Ok::<_, ()>(i * i));
            assert_eq!(squares.ok(), Some(items.iter().map(|i| i * i).collect()));
        }
    }

    #[test]
    fn the_first_failure_is_reported_whatever_the_number_of_threads() {
        let items: Vec<usize> = (0..100).collect();
        for n_jobs in [1, 2, 8] {
            let result = parallel_map(&items, n_jobs, &AtomicBool::new(false), |&i| {
                if i < 40 { Ok(()) } else { Err(i) }
            });
            assert!(
                matches!(result, Err(Unfinished::Failed(40))),
                "{n_jobs} jobs: {result:?}"
            );
        }
    }

    #[test]
    fn the_largest_are_taken_first_and_change_nothing_else() {
        let items: Vec<u64> = (0..100).map(|i| i * 37 % 100).collect();
        let taken = Mutex::new(Vec::new());
        let go = AtomicBool::new(false);
        let results = parallel_map_largest_first(
            &items,
            |&i| i,
            1,
            &go,
            |&i| {
                taken.lock().expect("no thread panicked").push(i);
                Ok::<_, ()>(i)
            },
        );
        assert_eq!(results.ok(), Some(items.clone()));
        let taken = taken.into_inner().expect("no thread panicked");
        assert!(taken.is_sorted_by(|a, b| b <= a), "{taken:?}");
        for n_jobs in [1, 2, 8] {
            let result = parallel_map_largest_first(
                &items,
                |&i| i,
                n_jobs,
                &go,
                |&i| {
                    if i % 10 == 3 { Err(i) } else { Ok(()) }
                },
            );
            // 9 · 37 = 333 is the first that ends with a three.
            assert!(
                matches!(result, Err(Unfinished::Failed(33))),
                "{n_jobs} jobs: {result:?}"
            );
        }
    }

    #[test]
    fn a_stop_flag_ends_the_work() {
        let result = parallel_map(&[1, 2], 2, &AtomicBool::new(true), |_| Ok::<_, ()>(()));
        assert!(matches!(result, Err(Unfinished::Stopped)));
        assert_eq!(
            parallel_map(&[0_u8; 0], 2, &AtomicBool::new(false), |_| Ok::<_, ()>(())).ok(),
            Some(vec![])
        );
    }
}
