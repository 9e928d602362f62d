//! Resizing, cropping and padding, against values of the Python imaging library.

use sim_core::preprocessing::{Layout, Preprocessing, Resize, ResizeFilter, ResizeMode};
use sim_images::preprocess::batch;
use sim_images::sets::{Image, Pixels};

/// A picture with edges.
fn picture(rows: usize, columns: usize) -> Image {
    let pixel = |row: usize, column: usize| (row * 37 + column * 11 + row * column * 5).to_le_bytes()[0];
    let pixels = (0..rows).flat_map(|row| (0..columns).map(move |column| pixel(row, column)));
    Image {
        name: "a.png".to_owned(),
        shape: vec![1, rows, columns],
        layout: Some(Layout::Nchw),
        pixels: Pixels::Bytes(pixels.collect()),
    }
}

/// Rows of pixels.
fn resized(preprocessing: Preprocessing, image: &Image) -> Vec<Vec<f32>> {
    let preprocessing = Preprocessing {
        scale: 1.0,
        ..preprocessing
    };
    let tensor = batch(&preprocessing, std::slice::from_ref(image), None).expect("preprocesses");
    tensor.data.chunks(tensor.shape[3]).map(<[f32]>::to_vec).collect()
}

/// The library rounds between its two passes, so that a pixel may differ by one.
#[track_caller]
fn check(preprocessing: Preprocessing, image: &Image, want: &[&[u8]]) {
    let found = resized(preprocessing, image);
    assert_eq!(found.len(), want.len(), "rows");
    for (row, (found, want)) in found.iter().zip(want).enumerate() {
        assert_eq!(found.len(), want.len(), "columns");
        let near = (found.iter().zip(*want)).all(|(&found, &want)| (found - f32::from(want)).abs() <= 1.0);
        assert!(near, "row {row}: {found:?}, not {want:?}");
    }
}

/// `Resize(side)`, then `CenterCrop(crop)`.
fn cropped(side: usize, crop: [usize; 2], resize_filter: ResizeFilter) -> Preprocessing {
    Preprocessing {
        resize: Some(Resize::Shorter(side)),
        crop: Some(crop),
        resize_filter,
        ..Preprocessing::default()
    }
}

#[test]
fn the_shorter_side_and_the_middle() {
    let (wide, tall) = (picture(7, 12), picture(13, 9));
    let (bilinear, bicubic) = (ResizeFilter::Bilinear, ResizeFilter::Bicubic);
    // 7×12 becomes 10×17, of which the middle begins at (1, 4); 13×9 becomes 8×6, with (2, 2): halves go to even.
    check(
        cropped(10, [8, 8], bilinear),
        &wide,
        &[
            &[57, 67, 76, 87, 96, 105, 116, 125],
            &[93, 105, 117, 129, 141, 153, 166, 178],
            &[128, 142, 157, 172, 187, 201, 215, 230],
            &[163, 180, 197, 215, 148, 82, 99, 116],
            &[198, 184, 148, 168, 104, 40, 60, 79],
            &[221, 150, 22, 44, 66, 87, 110, 132],
            &[77, 77, 62, 87, 111, 135, 160, 184],
            &[48, 75, 102, 129, 156, 183, 210, 166],
        ],
    );
    check(
        cropped(6, [5, 3], bilinear),
        &tall,
        &[
            &[167, 119, 76],
            &[80, 110, 162],
            &[144, 171, 116],
            &[183, 110, 128],
            &[107, 145, 137],
        ],
    );
    check(
        cropped(10, [8, 8], bicubic),
        &wide,
        &[
            &[53, 62, 72, 82, 91, 100, 110, 118],
            &[93, 105, 116, 129, 144, 159, 172, 188],
            &[127, 142, 157, 172, 190, 207, 221, 255],
            &[162, 187, 217, 246, 153, 61, 90, 114],
            &[216, 196, 154, 187, 99, 9, 40, 59],
            &[245, 158, 6, 33, 63, 88, 110, 132],
            &[61, 69, 53, 79, 108, 135, 160, 196],
            &[29, 69, 107, 135, 162, 190, 219, 166],
        ],
    );
    check(
        cropped(6, [5, 3], bicubic),
        &tall,
        &[
            &[179, 118, 58],
            &[64, 100, 181],
            &[148, 189, 109],
            &[202, 93, 130],
            &[90, 153, 142],
        ],
    );
}

#[test]
fn a_crop_alone_moves_no_pixel() {
    let preprocessing = |crop| Preprocessing {
        crop: Some(crop),
        ..Preprocessing::default()
    };
    let five = picture(5, 4);
    // 1.5 rows above are two, 0.5 columns to the left are none.
    let want: Vec<Vec<f32>> = (2..4_u8)
        .map(|row| {
            (0..3_u8)
                .map(|column| f32::from(row * 37 + column * 11 + row * column * 5))
                .collect()
        })
        .collect();
    assert_eq!(resized(preprocessing([2, 3]), &five), want);
    let whole = resized(Preprocessing::default(), &five);
    assert_eq!(resized(preprocessing([5, 4]), &five), whole);
}

#[test]
fn a_letterbox_shows_all_of_the_picture() {
    let letterbox = |resize, padding| Preprocessing {
        resize: Some(Resize::Sides(resize)),
        resize_mode: ResizeMode::Letterbox,
        padding,
        ..Preprocessing::default()
    };
    // 7×12 becomes 5×9, with one row above and two below.
    check(
        letterbox([8, 9], Some(114)),
        &picture(7, 12),
        &[
            &[114, 114, 114, 114, 114, 114, 114, 114, 114],
            &[16, 32, 48, 65, 82, 99, 116, 133, 148],
            &[63, 86, 110, 136, 161, 185, 172, 94, 116],
            &[119, 150, 180, 178, 126, 79, 102, 102, 133],
            &[174, 158, 131, 61, 91, 135, 181, 167, 150],
            &[171, 56, 65, 118, 170, 206, 121, 114, 119],
            &[114, 114, 114, 114, 114, 114, 114, 114, 114],
            &[114, 114, 114, 114, 114, 114, 114, 114, 114],
        ],
    );
    let tall = resized(letterbox([4, 9], Some(7)), &picture(4, 2));
    let inside = resized(Preprocessing::default(), &picture(4, 2));
    for (row, inside) in tall.iter().zip(inside) {
        let want = [vec![7.0; 3], inside, vec![7.0; 4]].concat();
        assert_eq!(*row, want);
    }
}
