//! Bytes that lie pixel by pixel, tap after tap, written tap by tap, pixel after pixel.

/// Pixels and taps that are transposed at a time.
pub(super) const BLOCK: usize = 16;

type Row = [u8; BLOCK];

/// Where the taps of a pixel read.
#[derive(Debug, Default)]
pub(super) struct Taps {
    /// At least a block of them; what is beyond K is of no account.
    places: Vec<usize>,
    k: usize,
    /// What a whole block reads behind the last tap.
    reach: usize,
}

impl Taps {
    /// Taps at these places.
    pub(super) fn new(mut places: Vec<usize>) -> Self {
        let k = places.len();
        places.resize(k.max(BLOCK), 0);
        let reach = places.iter().max().map_or(0, |last| last + BLOCK);
        Self { places, k, reach }
    }

    /// Their places in the vector that they were made from, to make others.
    pub(super) fn into_places(self) -> Vec<usize> {
        self.places
    }
}

/// The bytes that every tap reads, for some pixels.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    /// Taps of the first pixel read these bytes.
    pub(super) bytes: &'a [u8],
    pub(super) taps: &'a Taps,
}

/// A pixel of a block: how far it is from the block's first one, and where its K bytes go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pixel {
    pub(super) lane: usize,
    pub(super) to: usize,
}

impl Source<'_> {
    /// Taps of a pixel.
    pub(super) const fn k(&self) -> usize {
        self.taps.k
    }

    /// Write the taps of `pixels`, the first of which reads `first` bytes behind the taps.
    ///
    /// Pixels go in ascending order. Where K is below [`BLOCK`], up to that many bytes are written all the same: the next
    /// pixel's overwrite them.
    #[inline(always)]
    pub(super) fn write(&self, first: usize, pixels: &[Pixel], lowered: &mut [u8]) {
        let mut rows = [[0; BLOCK]; BLOCK];
        let mut spare = [[0; BLOCK]; BLOCK];
        let Taps {
            places,
            k: n_taps,
            reach,
        } = self.taps;
        let last = n_taps.saturating_sub(BLOCK);
        // The last block of taps goes over some of the one before, so that all blocks are whole.
        for k in (0..*n_taps).step_by(BLOCK).map(|k| k.min(last)) {
            let taps = &places[k..k + BLOCK];
            // Apart from one another, because together they become copies of any length.
            if first + reach <= self.bytes.len() {
                for (row, tap) in rows.iter_mut().zip(taps) {
                    if let Some(bytes) = self.bytes[tap + first..].first_chunk() {
                        *row = *bytes;
                    }
                }
            } else {
                for (row, tap) in rows.iter_mut().zip(taps) {
                    // Pixels beyond the end are not among those written.
                    let bytes = &self.bytes[tap + first..];
                    let n_bytes = bytes.len().min(BLOCK);
                    row[..n_bytes].copy_from_slice(&bytes[..n_bytes]);
                }
            }
            // Four perfect shuffles of sixteen rows exchange rows and columns.
            shuffle(&rows, &mut spare);
            shuffle(&spare, &mut rows);
            shuffle(&rows, &mut spare);
            shuffle(&spare, &mut rows);
            for pixel in pixels {
                lowered[pixel.to + k..][..BLOCK].copy_from_slice(&rows[pixel.lane]);
            }
        }
    }
}

/// Rows of the first half take turns, byte by byte, with those of the second. Written so that the compiler sees two
/// vector instructions a pair.
#[inline(always)]
fn shuffle(from: &[Row; BLOCK], to: &mut [Row; BLOCK]) {
    let (upper, lower) = from.split_at(BLOCK / 2);
    let (pairs, _) = to.as_chunks_mut::<2>();
    for ((a, b), [low, high]) in upper.iter().zip(lower).zip(pairs) {
        *low = [
            a[0], b[0], a[1], b[1], a[2], b[2], a[3], b[3], a[4], b[4], a[5], b[5], a[6], b[6], a[7], b[7],
        ];
        *high = [
            a[8], b[8], a[9], b[9], a[10], b[10], a[11], b[11], a[12], b[12], a[13], b[13], a[14], b[14],
            a[15], b[15],
        ];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_taps_and_pixels() {
        let bytes: Vec<u8> = (0..=255).cycle().take(40 * 37).collect();
        for k in [1, 2, 9, 15, 16, 17, 31, 32, 36] {
            for n_pixels in [1, 7, BLOCK] {
                // With bytes behind the last that is read, and without.
                let needed = (k - 1) * 37 + 3 + 5 + n_pixels;
                for bytes in [&bytes[..], &bytes[..needed]] {
                    let taps = Taps::new((0..k).map(|tap| tap * 37 + 3).collect());
                    let source = Source { bytes, taps: &taps };
                    let pixels: Vec<Pixel> = (0..n_pixels).map(|lane| Pixel { lane, to: lane * k }).collect();
                    let mut lowered = vec![0; n_pixels * k + BLOCK];
                    source.write(5, &pixels, &mut lowered);
                    let want: Vec<u8> = (0..n_pixels)
                        .flat_map(|pixel| (0..k).map(move |tap| (pixel, tap)))
                        .map(|(pixel, tap)| bytes[tap * 37 + 3 + 5 + pixel])
                        .collect();
                    assert_eq!(lowered[..want.len()], want, "K = {k}, {n_pixels} pixels");
                }
            }
        }
    }
}
