//! Every set of kernels against loops, on the same vectors.

use super::runs::Runs;
use super::table::ByteTable;
use super::{
    Entry, Kernels, Outputs, PANEL_ROWS, Pair, PairPanel, Panel, Quad, QuadPanel, TILE_COLS, TILE_ROWS,
    TileWords,
};
use crate::Simd;

/// A fixed sequence of bytes that reaches both ends.
fn bytes(seed: u32) -> impl FnMut() -> u8 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    }
}

fn available() -> impl Iterator<Item = Kernels> {
    Simd::ALL.into_iter().filter_map(Kernels::of)
}

fn outputs_of(tile: &mut [[i32; TILE_COLS]; TILE_ROWS]) -> Outputs<'_> {
    Outputs {
        values: tile.as_flattened_mut(),
        stride: TILE_COLS,
    }
}

#[test]
fn wide_tiles_agree() {
    for n_pairs in [0, 1, 2, 7, 300] {
        for spare in [0, 5] {
            let stride = (2 * n_pairs + spare).max(1);
            let mut next = bytes(1);
            let rows: Vec<i16> = (0..TILE_ROWS * stride).map(|_| i16::from(next())).collect();
            let weights: Vec<TileWords<Pair>> = (0..n_pairs)
                .map(|_| {
                    TileWords(std::array::from_fn(|_| {
                        [(); 2].map(|()| i16::from(next().cast_signed()))
                    }))
                })
                .collect();
            let want: [[i32; TILE_COLS]; TILE_ROWS] = std::array::from_fn(|r| {
                std::array::from_fn(|c| {
                    let row = &rows[r * stride..];
                    let terms = weights.iter().enumerate().flat_map(|(i, words)| {
                        let w = words.0[c];
                        [(row[2 * i], w[0]), (row[2 * i + 1], w[1])]
                    });
                    5 + terms.map(|(a, w)| i32::from(a) * i32::from(w)).sum::<i32>()
                })
            });
            for kernels in available() {
                let mut tile = [[5; TILE_COLS]; TILE_ROWS];
                kernels.wide_tile(&rows, stride, &weights, &mut outputs_of(&mut tile));
                assert_eq!(tile, want, "{n_pairs} pairs");
            }
        }
    }
}

#[test]
fn small_tiles_agree() {
    for max_activation in [127, 63, 25, 7] {
        for n_quads in [0, 1, 4, 5, 33] {
            let stride = 4 * n_quads + 3;
            let mut next = bytes(2);
            let rows: Vec<u8> = (0..TILE_ROWS * stride)
                .map(|_| {
                    if next() < 128 {
                        max_activation
                    } else {
                        next() % (max_activation + 1)
                    }
                })
                .collect();
            let weights: Vec<TileWords<Quad>> = (0..n_quads)
                .map(|_| {
                    TileWords(std::array::from_fn(|c| {
                        [(); 4].map(|()| if c == 0 { -128 } else { next().cast_signed() })
                    }))
                })
                .collect();
            let want: [[i32; TILE_COLS]; TILE_ROWS] = std::array::from_fn(|r| {
                std::array::from_fn(|c| {
                    let terms = weights.iter().enumerate().flat_map(|(i, words)| {
                        let row = &rows[r * stride + 4 * i..];
                        (0..4).map(|j| i32::from(row[j]) * i32::from(words.0[c][j]))
                    });
                    -7 + terms.sum::<i32>()
                })
            });
            for kernels in available() {
                let runs = Runs::new(kernels, &weights, |_| max_activation);
                let mut tile = [[-7; TILE_COLS]; TILE_ROWS];
                kernels.small_tile(&rows, stride, &weights, &runs, &mut outputs_of(&mut tile));
                assert_eq!(tile, want, "activations up to {max_activation}, {n_quads} quads");
            }
        }
    }
}

#[test]
fn columns_agree() {
    for n_entries in [0, 1, 3, 50] {
        let mut next = bytes(3);
        let quads: Vec<QuadPanel> = (0..9)
            .map(|_| Panel(std::array::from_fn(|_| [(); 4].map(|()| next() % 24))))
            .collect();
        let pairs: Vec<PairPanel> = (0..9)
            .map(|_| Panel(std::array::from_fn(|_| [(); 2].map(|()| i16::from(next())))))
            .collect();
        let entries: Vec<Entry<Quad>> = (0..n_entries)
            .map(|_| Entry {
                panel: u32::from(next() % 9),
                weights: [(); 4].map(|()| next().cast_signed()),
            })
            .collect();
        let pair_entries: Vec<Entry<Pair>> = entries
            .iter()
            .map(|entry| Entry {
                panel: entry.panel,
                weights: [entry.weights[0], entry.weights[1]].map(i16::from),
            })
            .collect();
        let index = |panel: u32| usize::try_from(panel).expect("small");
        let want: [i32; PANEL_ROWS] = std::array::from_fn(|r| {
            let terms = entries.iter().flat_map(|entry| {
                let own = quads[index(entry.panel)].0[r];
                own.into_iter().zip(entry.weights)
            });
            3 + terms.map(|(a, w)| i32::from(a) * i32::from(w)).sum::<i32>()
        });
        let want_pairs: [i32; PANEL_ROWS] = std::array::from_fn(|r| {
            let terms = pair_entries.iter().flat_map(|entry| {
                let own = pairs[index(entry.panel)].0[r];
                own.into_iter().zip(entry.weights)
            });
            3 + terms.map(|(a, w)| i32::from(a) * i32::from(w)).sum::<i32>()
        });
        for kernels in available() {
            let mut sums = [3; PANEL_ROWS];
            kernels.small_column(&quads, &entries, 5, &mut sums);
            assert_eq!(sums, want, "{n_entries} entries");
            let mut sums = [3; PANEL_ROWS];
            kernels.wide_column(&pairs, &pair_entries, &mut sums);
            assert_eq!(sums, want_pairs, "{n_entries} entries");
        }
    }
}

#[test]
fn look_ups_agree() {
    let functions: [fn(u8) -> u8; 5] = [
        |x| x,
        |_| 9,
        |x| x.wrapping_add(8) & 0xF0,
        |x| if x < 16 { x } else { 16 },
        |x| x.wrapping_mul(77) ^ 0x5A,
    ];
    for function in functions {
        let table = ByteTable::new(function);
        for len in [0, 1, 31, 32, 33, 256] {
            let mut next = bytes(4);
            let all: Vec<u8> = if len == 256 {
                (0..=u8::MAX).collect()
            } else {
                (0..len).map(|_| next()).collect()
            };
            let want: Vec<u8> = all.iter().map(|&byte| function(byte)).collect();
            for kernels in available() {
                let mut out = vec![0; all.len()];
                kernels.look_up(&table, &all, &mut out);
                assert_eq!(out, want);
            }
        }
    }
}

#[test]
fn transpositions_agree() {
    for n_rows in [0, 1, 7, 8, 9, 16] {
        for len in [0, 1, 7, 8, 19] {
            let mut next = bytes(5);
            let rows: Vec<Vec<[u8; 4]>> = (0..n_rows)
                .map(|_| (0..len).map(|_| [(); 4].map(|()| next())).collect())
                .collect();
            let rows: Vec<&[[u8; 4]]> = rows.iter().map(Vec::as_slice).collect();
            for kernels in available() {
                let mut out = vec![TileWords([[7; 4]; TILE_COLS]); len];
                kernels.transpose(&rows, &mut out);
                for (i, slot) in out.iter().enumerate() {
                    for (lane, value) in slot.0.iter().enumerate() {
                        assert_eq!(*value, rows.get(lane).map_or([7; 4], |row| row[i]));
                    }
                }
            }
        }
    }
}

#[test]
fn searches_for_zeros_agree() {
    for len in [0, 1, 31, 32, 33, 100] {
        let mut next = bytes(7);
        let values: Vec<i8> = (0..len).map(|_| (next() / 64).cast_signed() - 1).collect();
        let want: Vec<usize> = (0..len).filter(|&place| values[place] == 0).collect();
        for kernels in available() {
            let mut places = Vec::new();
            kernels.zeros(&values, &mut places);
            assert_eq!(places, want, "{len} values");
        }
    }
}
