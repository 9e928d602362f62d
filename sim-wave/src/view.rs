//! What of a product is looked at: cycles and PEs.

use std::ops::Range;
use std::str::FromStr;

use sim_array::mapping::Schedule;
use sim_array::mapping::Tiling;
use sim_core::ids::TileId;
use sim_core::shape::Gemm;
use sim_core::spec::ArraySpec;
use sim_core::units::Cycles;

/// Most PEs of one waveform: more than any viewer opens with pleasure.
pub const MAX_PES: usize = 65_536;

/// A rectangle of PEs, `FIRST..END` rows and columns as Rust writes them: END is the first that is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeBlock {
    /// Rows, from 0 at the top.
    pub rows: Range<usize>,
    /// Columns, from 0 at the left.
    pub cols: Range<usize>,
}

/// A text that is not a rectangle of PEs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeBlockError {
    /// Not two ranges.
    #[error("write rows and columns, as in 0..4,8..12; a range does not include its end")]
    NoRanges,
    /// A range without an element.
    #[error("{0}..{1} is empty, since a range does not include its end; write {0}..{next} for one", next = .0.saturating_add(1))]
    Empty(usize, usize),
}

impl FromStr for PeBlock {
    type Err = PeBlockError;

    fn from_str(text: &str) -> Result<Self, PeBlockError> {
        let range = |text: &str| {
            let (first, end) = text.split_once("..").ok_or(PeBlockError::NoRanges)?;
            match (first.parse::<usize>(), end.parse::<usize>()) {
                (Ok(first), Ok(end)) if first < end => Ok(first..end),
                (Ok(first), Ok(end)) => Err(PeBlockError::Empty(first, end)),
                (Ok(_) | Err(_), _) => Err(PeBlockError::NoRanges),
            }
        };
        let (rows, cols) = text.split_once(',').ok_or(PeBlockError::NoRanges)?;
        Ok(Self {
            rows: range(rows)?,
            cols: range(cols)?,
        })
    }
}

/// What is asked for; what is left out is decided by [`View::new`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The cycles in which this tile is in the array.
    pub tile: Option<TileId>,
    /// Of these, or of all, those from this one on.
    pub from: Option<Cycles>,
    /// And those before this one.
    pub to: Option<Cycles>,
    /// These PEs; else all.
    pub pes: Option<PeBlock>,
}

/// What a waveform shows of a product on an array.
///
/// Invariant: at least one cycle of the run, and at least one and at most [`MAX_PES`] PEs of the array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    cycles: Range<Cycles>,
    pes: PeBlock,
    n_tiles: usize,
}

/// Why there is nothing to show.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ViewError {
    /// A tile that the product does not have.
    #[error("there is no tile {tile}: the product has {n_tiles}, numbered from 0; the last is {}", n_tiles - 1)]
    NoSuchTile {
        /// The tile.
        tile: usize,
        /// Tiles of the product.
        n_tiles: usize,
    },
    /// A range of cycles that ends before it begins.
    #[error(
        "cycles {from}..{to} are empty: a range does not include its end, so it must be larger than the first"
    )]
    NoCycles {
        /// First cycle.
        from: u64,
        /// End of cycles.
        to: u64,
    },
    /// Cycles that do not come.
    #[error("cycles {from}..{to} are not all in the run; choose a part of 0..{n_cycles}")]
    AfterTheRun {
        /// First cycle.
        from: u64,
        /// End of cycles.
        to: u64,
        /// Cycles of the run.
        n_cycles: u64,
    },
    /// Cycles in which the tile is not in the array.
    #[error(
        "cycles {from}..{to} show nothing of tile {tile}, which is in the array in cycles {first}..{end}; choose a part of \
         these, or leave the tile out"
    )]
    NotInTile {
        /// First cycle.
        from: u64,
        /// End of cycles.
        to: u64,
        /// The tile.
        tile: usize,
        /// Its first cycle.
        first: u64,
        /// The end of its cycles.
        end: u64,
    },
    /// PEs that the array does not have.
    #[error("{what} {first}..{end} are not all in the array; choose a part of 0..{n}")]
    OutsideTheArray {
        /// `rows` or `columns`.
        what: &'static str,
        /// First of them.
        first: usize,
        /// End of them.
        end: usize,
        /// How many the array has.
        n: usize,
    },
    /// More PEs than a waveform holds.
    #[error("a waveform of {n_pes} PEs would be too large; choose at most {MAX_PES} of them")]
    TooManyPes {
        /// PEs asked for.
        n_pes: usize,
    },
}

impl View {
    /// What `request` asks for, of `gemm` on `array`. Without a tile and without cycles, that is tile 0; with both, the
    /// cycles that the tile's and these have in common.
    ///
    /// - Errors: no such tile; no such cycles or PEs, or none at all; too many PEs.
    pub fn new(array: &ArraySpec, gemm: Gemm, request: &Request) -> Result<Self, ViewError> {
        let n_tiles = Tiling::new(array, gemm).n_tiles();
        Ok(Self {
            cycles: cycles(array, gemm, n_tiles, request)?,
            pes: pes(array, request)?,
            n_tiles,
        })
    }

    /// The cycles that are shown.
    pub fn cycles(&self) -> Range<Cycles> {
        self.cycles.clone()
    }

    /// The PEs that are shown.
    pub const fn pes(&self) -> &PeBlock {
        &self.pes
    }

    /// Tiles of the product.
    pub const fn n_tiles(&self) -> usize {
        self.n_tiles
    }
}

fn cycles(
    array: &ArraySpec,
    gemm: Gemm,
    n_tiles: usize,
    request: &Request,
) -> Result<Range<Cycles>, ViewError> {
    let span = match (request.tile, request.from, request.to) {
        (None, None, None) => Some(TileId(0)),
        (tile, _, _) => tile,
    };
    if let Some(tile) = span.filter(|tile| n_tiles <= tile.idx()) {
        return Err(ViewError::NoSuchTile {
            tile: tile.idx(),
            n_tiles,
        });
    }
    let all = Cycles(0)..Schedule::new(array, gemm).cycles();
    let asked = request.from.unwrap_or(all.start)..request.to.unwrap_or(all.end);
    let (from, to) = (asked.start.0, asked.end.0);
    if all.end < asked.end || all.end <= asked.start {
        return Err(ViewError::AfterTheRun {
            from,
            to: request
                .to
                .map_or_else(|| to.max(from.saturating_add(1)), |to| to.0),
            n_cycles: all.end.0,
        });
    }
    if asked.is_empty() {
        return Err(ViewError::NoCycles { from, to });
    }
    let Some(tile) = span else {
        return Ok(asked);
    };
    let span = Schedule::new(array, gemm).tile_span(tile);
    let common = asked.start.max(span.start)..asked.end.min(span.end);
    if common.is_empty() {
        return Err(ViewError::NotInTile {
            from,
            to,
            tile: tile.idx(),
            first: span.start.0,
            end: span.end.0,
        });
    }
    Ok(common)
}

fn pes(array: &ArraySpec, request: &Request) -> Result<PeBlock, ViewError> {
    let pes = request.pes.clone().unwrap_or(PeBlock {
        rows: 0..array.rows(),
        cols: 0..array.cols(),
    });
    for (what, range, n) in [
        ("rows", &pes.rows, array.rows()),
        ("columns", &pes.cols, array.cols()),
    ] {
        if n < range.end || range.is_empty() {
            return Err(ViewError::OutsideTheArray {
                what,
                first: range.start,
                end: range.end,
                n,
            });
        }
    }
    let n_pes = pes.rows.len() * pes.cols.len();
    if MAX_PES < n_pes {
        return Err(ViewError::TooManyPes { n_pes });
    }
    Ok(pes)
}

#[cfg(test)]
mod tests {
    use sim_core::spec::{Pe, Tiles};

    use super::*;

    fn request(tile: Option<usize>, from: Option<u64>, to: Option<u64>) -> Request {
        Request {
            tile: tile.map(TileId),
            from: from.map(Cycles),
            to: to.map(Cycles),
            pes: None,
        }
    }

    #[test]
    fn cycles_table() {
        // Six tiles of 10 steps, one every 10 cycles, each 19 cycles in the array; 69 cycles in all.
        let array = ArraySpec::new(4, 3, Pe::Conventional).expect("an array");
        let gemm = Gemm::new(7, 8, 10).expect("a shape");
        let view = |tile, from, to| {
            View::new(&array, gemm, &request(tile, from, to))
                .map(|view| (view.cycles().start.0, view.cycles().end.0))
                .map_err(|error| error.to_string())
        };
        assert_eq!(view(None, None, None), Ok((0, 19)));
        assert_eq!(view(Some(2), None, None), Ok((20, 39)));
        assert_eq!(view(Some(5), None, None), Ok((50, 69)));
        assert_eq!(view(None, Some(0), None), Ok((0, 69)));
        assert_eq!(view(None, None, Some(1)), Ok((0, 1)));
        assert_eq!(view(None, Some(68), Some(69)), Ok((68, 69)));
        assert_eq!(view(Some(2), Some(0), Some(21)), Ok((20, 21)));
        assert_eq!(view(Some(2), Some(38), None), Ok((38, 39)));
        let message = |tile, from, to| view(tile, from, to).expect_err("nothing to show");
        assert!(message(Some(6), None, None).contains("the product has 6"));
        assert!(message(Some(6), Some(0), Some(1)).contains("no tile 6"));
        assert!(message(None, Some(5), Some(5)).contains("5..5 are empty"));
        assert!(message(None, Some(6), Some(5)).contains("6..5 are empty"));
        assert!(message(None, Some(69), None).contains("choose a part of 0..69"));
        assert!(message(None, None, Some(70)).contains("0..70 are not all in the run"));
        assert!(message(Some(2), Some(39), None).contains("in cycles 20..39"));
        assert!(message(Some(2), None, Some(20)).contains("in cycles 20..39"));
        // A serial tile comes when the one before has left.
        let serial = array.with_tiles(Tiles::Serial);
        let view = View::new(&serial, gemm, &request(Some(2), None, None)).expect("a tile");
        assert_eq!(view.cycles(), Cycles(38)..Cycles(57));
    }

    #[test]
    fn pes_table() {
        let gemm = Gemm::new(1, 1, 1).expect("a shape");
        let view = |rows, cols, pes: &str| {
            let array = ArraySpec::new(rows, cols, Pe::Conventional).expect("an array");
            let pes = pes.parse().map_err(|error: PeBlockError| error.to_string())?;
            let request = Request {
                pes: Some(pes),
                ..Request::default()
            };
            View::new(&array, gemm, &request)
                .map(|view| view.pes().clone())
                .map_err(|error| error.to_string())
        };
        assert_eq!(
            view(4, 3, "0..4,2..3"),
            Ok(PeBlock {
                rows: 0..4,
                cols: 2..3
            })
        );
        let message = |rows, cols, pes| view(rows, cols, pes).expect_err("nothing to show");
        assert!(
            message(4, 3, "0..5,0..3").contains("rows 0..5 are not all in the array; choose a part of 0..4")
        );
        assert!(message(4, 3, "0..4,3..4").contains("columns 3..4"));
        assert!(message(4, 3, "2..2,0..3").contains("2..2 is empty"));
        assert!(message(4, 3, "3..1,0..3").contains("3..1 is empty"));
        for text in [
            "",
            "1",
            "0..1",
            "0..1;0..1",
            "0..1,0..",
            "0..1,-1..1",
            "0..=1,0..1",
            "a..b,0..1",
            "0..1,0..1,0..1",
        ] {
            assert!(message(4, 3, text).contains("write rows and columns"), "{text}");
        }
        assert!(message(1024, 1024, "0..1024,0..65").contains("66560 PEs"));
        assert!(view(1024, 1024, "0..1024,0..64").is_ok());
        let large = ArraySpec::new(1024, 1024, Pe::Conventional).expect("an array");
        let error = View::new(&large, gemm, &Request::default()).expect_err("too many");
        assert_eq!(error, ViewError::TooManyPes { n_pes: 1 << 20 });
    }
}
