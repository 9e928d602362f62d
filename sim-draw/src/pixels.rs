//! Pixels as the bytes of a PNG file.
//!
//! A figure has few colours and most of its rows repeat the row above. As places in a palette it takes a third of the
//! bytes to compress, and half of the file.

use std::collections::BTreeMap;

/// What a file says about its pixels.
pub(crate) struct Image<'a> {
    /// Width and height in pixels.
    pub(crate) size: [u32; 2],
    /// Pixels per inch.
    pub(crate) dpi: u32,
    /// Keywords and what they are.
    pub(crate) texts: &'a [(&'static str, String)],
}

/// An image of red, green and blue bytes.
pub(crate) fn png(pixels: &[u8], image: &Image<'_>) -> Result<Vec<u8>, png::EncodingError> {
    let [width, height] = image.size;
    // An inch is 0.0254 metres.
    let per_metre = (image.dpi * 10_000 + 127) / 254;
    let row_len = usize::try_from(width).unwrap_or(usize::MAX).saturating_mul(3);
    let indexed = Indexed::of(pixels, row_len);
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_pixel_dims(Some(png::PixelDimensions {
        xppu: per_metre,
        yppu: per_metre,
        unit: png::Unit::Meter,
    }));
    for (keyword, text) in image.texts {
        // The plain kind of text holds Latin-1 only.
        if text.chars().all(|character| u32::from(character) < 0x100) {
            encoder.add_text_chunk((*keyword).to_owned(), text.clone())?;
        } else {
            encoder.add_itxt_chunk((*keyword).to_owned(), text.clone())?;
        }
    }
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

    fn image(size: [u32; 2]) -> Image<'static> {
        Image {
            size,
            dpi: 600,
            texts: &[],
        }
    }

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
            let bytes = png(&pixels, &image([width, height])).expect("memory can be written");
            let mut decoder = png::Decoder::new(std::io::Cursor::new(&bytes));
            decoder.set_transformations(png::Transformations::EXPAND);
            let mut reader = decoder.read_info().expect("is an image");
            let mut found = vec![0; reader.output_buffer_size().expect("is small")];
            reader.next_frame(&mut found).expect("is an image");
            assert!(found == pixels, "{n_colours} colours");
        }
    }
}
