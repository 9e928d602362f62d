//! Pixels as the bytes of a PNG file.
//!
//! A figure has few colours and most of its rows repeat the row above. As places in a palette it takes a third of the
//! bytes to compress, and half of the file.

use std::collections::BTreeMap;

/// Dots per metre of 600 per inch, rounded, as PNG files say it.
const DOTS_PER_METRE: u32 = 23_622;

/// An image of red, green and blue bytes, `width` pixels a row.
pub(crate) fn png(pixels: &[u8], [width, height]: [u32; 2]) -> Result<Vec<u8>, png::EncodingError> {
    let row_len = usize::try_from(width).unwrap_or(usize::MAX).saturating_mul(3);
    let indexed = Indexed::of(pixels, row_len);
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_pixel_dims(Some(png::PixelDimensions {
        xppu: DOTS_PER_METRE,
        yppu: DOTS_PER_METRE,
        unit: png::Unit::Meter,
    }));
    // Rows that repeat become zeros, which the fast level takes as well as the slow ones.
    encoder.set_filter(png::Filter::Up);
    encoder.set_deflate_compression(png::DeflateCompression::Level(2));
    let data = match &indexed {
        Some(indexed) => {
            encoder.set_color(png::ColorType::Indexed);
            encoder.set_palette(indexed.palette.as_slice());
            &indexed.places
        }
        None => {
            encoder.set_color(png::ColorType::Rgb);
            pixels
        }
    };
    let mut writer = encoder.write_header()?;
    writer.write_image_data(data)?;
    writer.finish()?;
    Ok(bytes)
}

/// Pixels as places in a palette.
struct Indexed {
    places: Vec<u8>,
    /// Red, green and blue of each colour.
    palette: Vec<u8>,
}

impl Indexed {
    /// `None` where the colours are more than a palette holds.
    fn of(pixels: &[u8], row_len: usize) -> Option<Self> {
        let mut indexed = Self {
            places: Vec::with_capacity(pixels.len() / 3),
            palette: Vec::new(),
        };
        let mut known = BTreeMap::new();
        let mut before: &[u8] = &[];
        for row in pixels.chunks_exact(row_len) {
            if row == before {
                let first = indexed.places.len() - row_len / 3;
                indexed.places.extend_from_within(first..);
                continue;
            }
            before = row;
            let (row, _) = row.as_chunks::<3>();
            for run in row.chunk_by(|a, b| a == b) {
                let place = match known.get(&run[0]) {
                    Some(&place) => place,
                    None => {
                        let place = u8::try_from(known.len()).ok()?;
                        known.insert(run[0], place);
                        indexed.palette.extend(run[0]);
                        place
                    }
                };
                indexed.places.resize(indexed.places.len() + run.len(), place);
            }
        }
        Some(indexed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_colours_comes_back() {
        for n_colours in [1_u32, 2, 256, 257, 5000] {
            let (width, height) = (70, 90);
            let pixels: Vec<u8> = (0..width * height)
                .flat_map(|pixel| {
                    // Half of the rows repeat.
                    let (row, column) = (pixel / width / 2, pixel % width / 3);
                    let [_, blue, green, red] = ((row * width + column) % n_colours * 7919).to_be_bytes();
                    [red, green, blue]
                })
                .collect();
            let bytes = png(&pixels, [width, height]).expect("memory can be written");
            let mut decoder = png::Decoder::new(std::io::Cursor::new(&bytes));
            decoder.set_transformations(png::Transformations::EXPAND);
            let mut reader = decoder.read_info().expect("is an image");
            let mut found = vec![0; reader.output_buffer_size().expect("is small")];
            reader.next_frame(&mut found).expect("is an image");
            assert!(found == pixels, "{n_colours} colours");
        }
    }
}
