//! Large matrices on large pages.

/// `len` zeros.
///
/// Where a matrix is large, Linux is asked for pages of 2 MiB: with the usual ones, a matrix that is written once costs
/// hundreds of page faults a mebibyte, an eighth of the time of a product.
pub fn zeros<T: Copy + Default>(len: usize) -> Vec<T> {
    let mut zeros = vec![T::default(); len];
    advise(&mut zeros);
    zeros
}

/// Less than this is left alone.
#[cfg(target_os = "linux")]
const MIN_BYTES: usize = 4 << 20;

#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "advice about memory is a call of the system")]
fn advise<T>(values: &mut [T]) {
    use nix::sys::mman::{MmapAdvise, madvise};
    use std::ptr::NonNull;

    const PAGE: usize = 4096;
    let n_bytes = size_of_val(values);
    let to_page = values.as_ptr().cast::<u8>().align_offset(PAGE);
    let Some(n_pages) = n_bytes.checked_sub(to_page).map(|n| n / PAGE) else {
        return;
    };
    if n_bytes < MIN_BYTES {
        return;
    }
    let start = values.as_mut_ptr().cast::<u8>().wrapping_add(to_page);
    if let Some(start) = NonNull::new(start.cast()) {
        // SAFETY: the pages lie within `values`, and this advice changes nothing that they hold. A kernel without large
        // pages refuses, which is as good.
        let _ = unsafe { madvise(start, n_pages * PAGE, MmapAdvise::MADV_HUGEPAGE) };
    }
}

#[cfg(not(target_os = "linux"))]
fn advise<T>(_values: &mut [T]) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_are_zeros() {
        for len in [0, 1, 5000, (8 << 20) + 3] {
            let mut zeros: Vec<u8> = zeros(len);
            assert!(zeros.len() == len && zeros.iter().all(|&byte| byte == 0));
            zeros.fill(7);
            assert!(zeros.iter().all(|&byte| byte == 7));
        }
    }
}
