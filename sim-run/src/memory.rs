//! Whether products fit in memory: asked before operands are read and products are run.

use std::cmp::Reverse;
use std::path::Path;

use sim_core::shape::{Gemm, widen};

use crate::error::RunError;
use crate::trace::LayerProducts;

/// What is in memory while a product runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// Activations are lowered a few rows at a time.
    Streamed,
    /// Activations are in memory.
    Whole,
    /// Activations are in memory, and both engines keep their outputs.
    ByBothEngines,
}

/// Bytes of a weight beside itself: 16 bits for one product, 8 for each of two more.
const PACKED_BYTES: u64 = 4;

/// Bytes of the operands, packed weights and outputs of a product; `None` where they leave 64 bits.
fn needed(shape: Gemm, held: Held) -> Option<u64> {
    let [m, n, k] = [shape.m(), shape.n(), shape.k()].map(widen);
    let activations = match held {
        Held::Streamed => 0,
        Held::Whole | Held::ByBothEngines => m.checked_mul(k)?,
    };
    let weights = n.checked_mul(k)?.checked_mul(1 + PACKED_BYTES)?;
    let n_outputs = match held {
        Held::Streamed | Held::Whole => 1,
        Held::ByBothEngines => 2,
    };
    let outputs = m.checked_mul(n)?.checked_mul(4 * n_outputs)?;
    activations.checked_add(weights)?.checked_add(outputs)
}

/// What this computer can give, where it says so.
fn available() -> Option<u64> {
    mem_available(&std::fs::read_to_string("/proc/meminfo").ok()?)
}

/// `MemAvailable:   24193168 kB`, in bytes.
fn mem_available(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim()
        .strip_suffix("kB")?
        .trim()
        .parse::<u64>()
        .ok()?
        .checked_mul(1024)
}

/// Compare what `what` needs with what is there.
///
/// - Errors: more than there is, or than can be addressed.
fn check(path: &Path, what: &str, needed: Option<u64>, remedy: &str) -> Result<(), RunError> {
    let needed = needed.filter(|&needed| usize::try_from(needed).is_ok());
    let message = match (needed, available()) {
        (None, _) => "more memory than this computer can address".to_owned(),
        (Some(needed), Some(available)) if available < needed => {
            format!(
                "{} of memory, {} are available",
                gibibytes(needed),
                gibibytes(available)
            )
        }
        (Some(_), _) => return Ok(()),
    };
    Err(RunError::at(path, &format!("{what} {message}; {remedy}")))
}

fn gibibytes(bytes: u64) -> String {
    const GIB: f64 = 1_073_741_824.0;
    format!("{:.1} GiB", sim_core::units::count_as_f64(bytes) / GIB)
}

/// Whether one product of two files fits.
pub(crate) fn check_product(activations: &Path, shape: Gemm, held: Held) -> Result<(), RunError> {
    let what = format!("the product {}×{}×{} needs", shape.m(), shape.n(), shape.k());
    let remedy = "multiply some rows of it at a time";
    check(activations, &what, needed(shape, held), remedy)
}

/// Whether a trace file fits.
pub(crate) fn check_trace_file(path: &Path) -> Result<(), RunError> {
    // A file that cannot be looked at is what reading it complains about.
    let Ok(file) = std::fs::metadata(path) else {
        return Ok(());
    };
    check(path, "the trace needs", Some(file.len()), "capture fewer images")
}

/// Whether the largest products of the trace at `path`, one for each job, fit beside it.
pub(crate) fn check_products(
    path: &Path,
    layers: &[LayerProducts],
    n_jobs: usize,
    held: Held,
) -> Result<(), RunError> {
    let mut products: Vec<(Option<u64>, usize, &str)> = (layers.iter())
        .map(|layer| (needed(layer.shape, held), layer.n_products, layer.name.as_str()))
        .collect();
    // What cannot be counted is largest of all.
    products.sort_by_key(|&(needed, ..)| Reverse(needed.unwrap_or(u64::MAX)));
    let Some(&(_, _, largest)) = products.first() else {
        return Ok(());
    };
    let mut sum = Some(0_u64);
    let mut n_left = n_jobs;
    for (needed, n_products, _) in products {
        let n_at_a_time = n_left.min(n_products);
        n_left -= n_at_a_time;
        let all = needed.and_then(|needed| needed.checked_mul(widen(n_at_a_time)));
        sum = sum.zip(all).and_then(|(sum, all)| sum.checked_add(all));
        if n_left == 0 {
            break;
        }
    }
    let what = format!("the largest products, those of layer `{largest}` first, need on {n_jobs} jobs");
    let remedy = "take fewer --jobs, `batch = \"separate\"`, or smaller images";
    check(path, &what, sum, remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operands_and_outputs_are_counted() {
        let shape = Gemm::new(10, 20, 30).expect("not empty");
        assert_eq!(needed(shape, Held::Streamed), Some(5 * 600 + 800));
        assert_eq!(needed(shape, Held::Whole), Some(300 + 5 * 600 + 800));
        assert_eq!(needed(shape, Held::ByBothEngines), Some(300 + 5 * 600 + 1600));
        let large = Gemm::new(1 << 40, 1 << 40, 1).expect("not empty");
        assert_eq!(needed(large, Held::Streamed), None);
    }

    #[test]
    fn available_memory_is_read_as_linux_writes_it() {
        let text = "MemTotal:       24683656 kB\nMemFree:        22150384 kB\nMemAvailable:   24193168 kB\n";
        assert_eq!(mem_available(text), Some(24_193_168 * 1024));
        assert_eq!(mem_available("MemFree: 3 kB\n"), None);
    }
}
