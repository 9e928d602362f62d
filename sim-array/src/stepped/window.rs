//! Planes that move: windows that slide over longer buffers, so that moving a plane by one PE copies nothing.

use std::ops::{BitOrAssign, Range};

use sim_core::shape::widen;

/// Positions that can be loaded before the buffers must be wound back.
pub(super) const AHEAD: usize = 64;

/// Bytes of a cache line: vectors that lie across two of them are slow.
const CACHE_LINE: usize = 64;

/// A plane that begins with a cache line.
#[derive(Clone, Debug)]
pub(super) struct Aligned<T> {
    cells: Vec<T>,
    first: usize,
    len: usize,
}

impl<T: Copy + Default> Aligned<T> {
    pub(super) fn new(len: usize) -> Self {
        let cells = vec![T::default(); len + CACHE_LINE / size_of::<T>()];
        Self {
            // Where it is not known, any place will do.
            first: cells.as_ptr().align_offset(CACHE_LINE).min(cells.len() - len),
            cells,
            len,
        }
    }
}

impl<T> std::ops::Deref for Aligned<T> {
    type Target = [T];

    #[inline(always)]
    fn deref(&self) -> &[T] {
        &self.cells[self.first..self.first + self.len]
    }
}

impl<T> std::ops::DerefMut for Aligned<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.cells[self.first..self.first + self.len]
    }
}

/// Strips of positions, the newest first: what enters at an edge in a cycle takes the position before the window.
#[derive(Clone, Debug)]
pub(super) struct RegisterWindow<T> {
    cells: Aligned<T>,
    /// Values that enter a strip in a cycle.
    width: usize,
    /// Positions that the window shows.
    n_shown: usize,
}

/// Positions to load: `first` is the cycle in which the oldest of them stands at its edge.
#[derive(Clone, Copy, Debug)]
pub(super) struct CycleBlock {
    pub(super) first: u64,
    pub(super) n: usize,
    /// Where the window stands before.
    pub(super) base: usize,
}

impl<T: Copy + Default + BitOrAssign> RegisterWindow<T> {
    pub(super) fn new(n_strips: usize, width: usize, n_shown: usize) -> Self {
        Self {
            cells: Aligned::new(n_strips * (AHEAD + n_shown) * width),
            width,
            n_shown,
        }
    }

    pub(super) fn cells(&self) -> &[T] {
        &self.cells
    }

    /// Values that enter a strip in a cycle.
    pub(super) const fn width(&self) -> usize {
        self.width
    }

    /// Positions that the window shows.
    pub(super) const fn n_shown(&self) -> usize {
        self.n_shown
    }

    /// Values of a strip.
    pub(super) const fn strip_len(&self) -> usize {
        (AHEAD + self.n_shown) * self.width
    }

    /// What entered a strip `age` cycles ago and after it, older values later.
    #[inline(always)]
    pub(super) fn since(&self, strip: usize, base: usize, age: usize) -> &[T] {
        let first = strip * self.strip_len() + (base + age) * self.width;
        &self.cells[first..(strip + 1) * self.strip_len()]
    }

    /// Move what a window at the front shows to the back.
    pub(super) fn wind_back(&mut self) {
        let (n_shown, strip_len) = (self.n_shown * self.width, self.strip_len());
        for strip in self.cells.chunks_mut(strip_len) {
            strip.copy_within(..n_shown, strip_len - n_shown);
        }
    }

    /// Make room for a block: bubbles.
    pub(super) fn clear(&mut self, block: CycleBlock) {
        let strip_len = self.strip_len();
        let cells = (block.base - block.n) * self.width..block.base * self.width;
        for strip in self.cells.chunks_mut(strip_len) {
            strip[cells.clone()].fill(T::default());
        }
    }

    /// Lay the part of `lines` that falls into a block into a strip; the last of them entered first, in cycle `start`.
    pub(super) fn lay<S: Copy>(
        &mut self,
        strip: usize,
        block: CycleBlock,
        start: u64,
        lines: &[S],
        value: impl Fn(S) -> T,
    ) {
        let Some((from, into)) = overlap(block, start, lines.len() / self.width) else {
            return;
        };
        let scale = |range: Range<usize>| range.start * self.width..range.end * self.width;
        let first = strip * self.strip_len();
        let (from, into) = (scale(from), scale(into));
        let cells = self.cells[first + into.start..first + into.end].iter_mut();
        for (cell, &line) in cells.zip(&lines[from]) {
            *cell |= value(line);
        }
    }

    /// Fill a block of a strip from `lines` that reach beyond it at both ends; `n_after` of them enter after it.
    #[inline(always)]
    pub(super) fn fill<S: Copy>(
        &mut self,
        strip: usize,
        block: CycleBlock,
        n_after: usize,
        lines: &[S],
        value: impl Fn(S) -> T,
    ) {
        let len = block.n * self.width;
        let first = strip * self.strip_len() + block.base * self.width - len;
        // What the next block needs of the strip is on its way while this one's is at work.
        std::hint::black_box(lines[(n_after * self.width).saturating_sub(len)]);
        let lines = &lines[n_after * self.width..][..len];
        // The next block lies before this one: whoever fetches ahead sees one long walk downwards.
        let cells = self.cells[first..first + len].rchunks_mut(CACHE_LINE);
        for (cells, lines) in cells.zip(lines.rchunks(CACHE_LINE)) {
            for (cell, &line) in cells.iter_mut().zip(lines) {
                *cell = value(line);
            }
        }
    }

    /// The first strip's newest `n + 1` positions, the last of them before the block.
    pub(super) fn block_and_before(&mut self, block: CycleBlock) -> &mut [T] {
        &mut self.cells[(block.base - block.n) * self.width..(block.base + 1) * self.width]
    }
}

/// The lines that fall into a block, and where they go.
pub(super) fn overlap(block: CycleBlock, start: u64, n_lines: usize) -> Option<(Range<usize>, Range<usize>)> {
    let (block_end, end) = (block.first + widen(block.n), start + widen(n_lines));
    let (low, high) = (block.first.max(start), block_end.min(end));
    let count = |from: u64, to: u64| usize::try_from(to - from).ok();
    if high <= low {
        return None;
    }
    let before_base = block.base - block.n;
    Some((
        count(high, end)?..count(low, end)?,
        before_base + count(high, block_end)?..before_base + count(low, block_end)?,
    ))
}
