//! In how many steps each PE was busy.

use sim_core::busy::BusyMap;
use sim_core::ids::{Col, Row};

use super::PES_PER_GROUP;
use super::word::Word;

/// Sees which PEs are busy in a step.
pub(super) trait BusyWatch {
    /// A bit for each PE of sixteen rows of a group.
    fn see(&mut self, group: usize, first_row: usize, busy: Word);

    /// All PEs were seen.
    fn end_step(&mut self);
}

/// Looks away.
pub(super) struct Unwatched;

impl BusyWatch for Unwatched {
    #[inline(always)]
    fn see(&mut self, _group: usize, _first_row: usize, _busy: Word) {}

    #[inline(always)]
    fn end_step(&mut self) {}
}

/// Binary places of a count under way.
const N_PLACES: usize = 8;
/// What they can count.
const MAX_COUNT: usize = (1 << N_PLACES) - 1;

/// The counts of sixteen rows of a group: a word for each binary place, so that all PEs of a word count at once.
type Places = [[u16; PES_PER_GROUP]; N_PLACES];

/// A count for each PE.
#[derive(Clone, Debug)]
pub(super) struct Busy {
    map: BusyMap,
    n_groups: usize,
    /// By sixteen rows and group.
    places: Vec<Places>,
    /// Steps since the places were emptied.
    n_steps: usize,
}

impl Busy {
    /// None yet, for an array of `rows` by `cols`.
    pub(super) fn new(rows: usize, cols: usize) -> Self {
        let n_groups = cols.div_ceil(PES_PER_GROUP);
        Self {
            map: BusyMap::zero(rows, cols),
            n_groups,
            places: vec![Places::default(); rows.div_ceil(PES_PER_GROUP) * n_groups],
            n_steps: 0,
        }
    }

    /// The counts since the start.
    pub(super) fn into_map(mut self) -> BusyMap {
        self.empty();
        self.map
    }

    /// Add the counts under way to the map.
    fn empty(&mut self) {
        let (n_rows, n_cols) = (self.map.rows(), self.map.cols());
        for (index, places) in self.places.iter_mut().enumerate() {
            let first = [index / self.n_groups, index % self.n_groups].map(|block| block * PES_PER_GROUP);
            for row in 0..PES_PER_GROUP.min(n_rows - first[0]) {
                for col in 0..PES_PER_GROUP.min(n_cols - first[1]) {
                    let bits = places.iter().map(|place| place[row] >> col & 1);
                    let n_steps = (0..).zip(bits).map(|(place, bit)| u64::from(bit) << place).sum();
                    self.map.add(Row(first[0] + row), Col(first[1] + col), n_steps);
                }
            }
            *places = Places::default();
        }
        self.n_steps = 0;
    }
}

impl BusyWatch for Busy {
    #[inline(always)]
    fn see(&mut self, group: usize, first_row: usize, busy: Word) {
        let mut carry = busy;
        for place in &mut self.places[first_row / PES_PER_GROUP * self.n_groups + group] {
            let held = Word::load(place);
            (held ^ carry).store(place);
            carry = held & carry;
        }
    }

    #[inline(always)]
    fn end_step(&mut self) {
        self.n_steps += 1;
        if self.n_steps == MAX_COUNT {
            self.empty();
        }
    }
}
