//! From stored images to a network's input.

use sim_core::preprocessing::{Channels, Layout, Preprocessing, Resize, ResizeMode};
use sim_images::preprocess::batch;
use sim_images::sets::{Image, Pixels};

fn image(shape: [usize; 3], layout: Layout, bytes: &[u8]) -> Image {
    Image {
        name: "a.png".to_owned(),
        shape: shape.to_vec(),
        layout: Some(layout),
        pixels: Pixels::Bytes(bytes.to_vec()),
    }
}

/// Pixels as they are.
fn plain() -> Preprocessing {
    Preprocessing {
        scale: 1.0,
        ..Preprocessing::default()
    }
}

#[track_caller]
fn check(preprocessing: &Preprocessing, image: &Image, shape: &[usize], want: &[f32]) {
    let tensor = batch(preprocessing, std::slice::from_ref(image), None).expect("preprocesses");
    assert_eq!((tensor.shape.as_slice(), tensor.data.as_slice()), (shape, want));
}

#[test]
fn pixels_are_scaled_shifted_and_divided_per_channel() {
    let rgb = image([1, 2, 3], Layout::Nhwc, &[0, 100, 200, 10, 110, 210]);
    let preprocessing = Preprocessing {
        scale: 0.5,
        mean: vec![0.0, 10.0, 20.0],
        std: vec![1.0, 2.0, 4.0],
        ..plain()
    };
    check(
        &preprocessing,
        &rgb,
        &[1, 3, 1, 2],
        &[0.0, 5.0, 20.0, 22.5, 20.0, 21.25],
    );
    let default = image([1, 1, 1], Layout::Nchw, &[255]);
    // 255 times the FP32 nearest 1/255 rounds to 1.
    check(&Preprocessing::default(), &default, &[1, 1, 1, 1], &[1.0]);
}

#[test]
fn axes_and_channels_are_rearranged() {
    let rgb = image([1, 2, 3], Layout::Nhwc, &[1, 2, 3, 4, 5, 6]);
    let to = |model_layout, channels| Preprocessing {
        model_layout,
        channels,
        ..plain()
    };
    check(
        &to(Layout::Nchw, None),
        &rgb,
        &[1, 3, 1, 2],
        &[1.0, 4.0, 2.0, 5.0, 3.0, 6.0],
    );
    check(
        &to(Layout::Nhwc, None),
        &rgb,
        &[1, 1, 2, 3],
        &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
    );
    check(
        &to(Layout::Nhwc, Some(Channels::Bgr)),
        &rgb,
        &[1, 1, 2, 3],
        &[3.0, 2.0, 1.0, 6.0, 5.0, 4.0],
    );
    let planes = image([3, 1, 1], Layout::Nchw, &[255, 0, 0]);
    check(
        &to(Layout::Nchw, Some(Channels::Gray)),
        &planes,
        &[1, 1, 1, 1],
        &[76.0],
    ); // 0.299 · 255.
    let white = image([3, 1, 1], Layout::Nchw, &[255; 3]);
    check(
        &to(Layout::Nchw, Some(Channels::Gray)),
        &white,
        &[1, 1, 1, 1],
        &[255.0],
    );
    let gray = image([1, 1, 1], Layout::Nchw, &[7]);
    check(
        &to(Layout::Nchw, Some(Channels::Rgb)),
        &gray,
        &[1, 3, 1, 1],
        &[7.0; 3],
    );
}

#[test]
fn sizes_are_stretched_or_covered() {
    let columns = image([1, 2, 4], Layout::Nchw, &[0, 10, 20, 30, 0, 10, 20, 30]);
    let to = |resize, resize_mode| Preprocessing {
        resize: Some(Resize::Sides(resize)),
        resize_mode,
        ..plain()
    };
    check(
        &to([2, 4], ResizeMode::Stretch),
        &columns,
        &[1, 1, 2, 4],
        &[0.0, 10.0, 20.0, 30.0, 0.0, 10.0, 20.0, 30.0],
    );
    // Rows already fit: the two columns in the middle are left.
    check(
        &to([2, 2], ResizeMode::Cover),
        &columns,
        &[1, 1, 2, 2],
        &[10.0, 20.0, 10.0, 20.0],
    );
    let tall = image([1, 4, 2], Layout::Nchw, &[0, 0, 10, 10, 20, 20, 30, 30]);
    check(
        &to([2, 2], ResizeMode::Cover),
        &tall,
        &[1, 1, 2, 2],
        &[10.0, 10.0, 20.0, 20.0],
    );
    let one = image([1, 1, 1], Layout::Nchw, &[9]);
    check(&to([2, 3], ResizeMode::Stretch), &one, &[1, 1, 2, 3], &[9.0; 6]);
    check(&to([2, 3], ResizeMode::Cover), &one, &[1, 1, 2, 3], &[9.0; 6]);
}

/// An array of floats, whose order of axes is that which is declared.
fn floats(shape: &[usize]) -> Image {
    let values = (0..100_u8).take(shape.iter().product()).map(f32::from);
    Image {
        name: "x.npz[0]".to_owned(),
        shape: shape.to_vec(),
        layout: None,
        pixels: Pixels::Floats(values.collect()),
    }
}

#[test]
fn floats_are_the_input_as_they_stand() {
    let preprocessing = Preprocessing {
        mean: vec![100.0],
        resize: Some(Resize::Sides([8, 8])),
        ..Preprocessing::default()
    };
    check(
        &preprocessing,
        &floats(&[2, 1, 2]),
        &[1, 2, 1, 2],
        &[0.0, 1.0, 2.0, 3.0],
    );
    let to = |layout, model_layout| Preprocessing {
        layout,
        model_layout,
        ..plain()
    };
    let (first, last) = (Layout::Nchw, Layout::Nhwc);
    for same in [first, last] {
        check(
            &to(same, same),
            &floats(&[2, 1, 2]),
            &[1, 2, 1, 2],
            &[0.0, 1.0, 2.0, 3.0],
        );
    }
    check(
        &to(last, first),
        &floats(&[2, 1, 2]),
        &[1, 2, 2, 1],
        &[0.0, 2.0, 1.0, 3.0],
    );
    check(
        &to(first, last),
        &floats(&[2, 1, 2]),
        &[1, 1, 2, 2],
        &[0.0, 2.0, 1.0, 3.0],
    );
}

#[test]
fn arrays_have_any_number_of_axes() {
    #[track_caller]
    fn check(image: &[usize], rank: Option<usize>, model_layout: Layout, want: &[usize]) {
        let preprocessing = Preprocessing {
            model_layout,
            ..plain()
        };
        let floats = floats(image);
        let bytes = Image {
            pixels: Pixels::Bytes((0..).take(image.iter().product()).collect()),
            ..floats.clone()
        };
        for image in [floats, bytes] {
            let tensor = batch(&preprocessing, std::slice::from_ref(&image), rank).expect("fits");
            assert_eq!(tensor.shape, want, "{:?} at rank {rank:?}", image.shape);
            let in_order = tensor.data.is_sorted_by(|a, b| a < b);
            assert!(in_order && tensor.data.len() == 6, "{:?}", tensor.data);
        }
    }
    let (first, last) = (Layout::Nchw, Layout::Nhwc);
    check(&[6], Some(2), first, &[1, 6]);
    check(&[6], None, first, &[1, 6]);
    check(&[2, 3], Some(3), first, &[1, 2, 3]);
    check(&[2, 3], Some(3), last, &[1, 2, 3]);
    check(&[2, 3], Some(4), first, &[1, 1, 2, 3]);
    check(&[2, 3], Some(4), last, &[1, 2, 3, 1]); // One channel goes where the network has its channels.
    check(&[2, 3], None, first, &[1, 1, 2, 3]);
    check(&[1, 2, 3], Some(3), first, &[1, 2, 3]); // One channel needs no axis.
    check(&[1, 2, 3], Some(4), first, &[1, 1, 2, 3]);
    check(&[1, 2, 1, 3], Some(5), first, &[1, 1, 2, 1, 3]);
}

#[test]
fn values_without_rows_and_columns_are_not_a_picture() {
    let row = Image {
        layout: None,
        shape: vec![4],
        ..image([1, 1, 4], Layout::Nchw, &[0, 2, 4, 6])
    };
    let preprocessing = Preprocessing {
        scale: 0.5,
        mean: vec![1.0],
        ..plain()
    };
    check(&preprocessing, &row, &[1, 4], &[-1.0, 0.0, 1.0, 2.0]);
    for (preprocessing, want) in [
        (
            Preprocessing {
                resize: Some(Resize::Sides([2, 2])),
                ..plain()
            },
            "`resize`",
        ),
        (
            Preprocessing {
                channels: Some(Channels::Rgb),
                ..plain()
            },
            "`channels`",
        ),
    ] {
        let error = batch(&preprocessing, std::slice::from_ref(&row), Some(2)).expect_err(want);
        assert!(error.to_string().contains(want), "{error}");
    }
}

#[test]
fn declarations_that_do_not_fit_are_errors() {
    #[track_caller]
    fn check(preprocessing: &Preprocessing, images: &[Image], want: &str) {
        let error = batch(preprocessing, images, None).expect_err(want).to_string();
        assert!(error.contains(want), "{error:?} does not say {want:?}");
    }
    let gray = image([1, 1, 2], Layout::Nchw, &[1, 2]);
    let wide = image([1, 1, 3], Layout::Nchw, &[1, 2, 3]);
    check(&plain(), &[gray.clone(), wide], "declare `resize`");
    let two = image([2, 1, 1], Layout::Nchw, &[1, 2]);
    let rgb = Some(Channels::Rgb);
    check(
        &Preprocessing {
            channels: rgb,
            ..plain()
        },
        &[two],
        "2 channels; they become `rgb`",
    );
    let gray = [gray];
    check(
        &Preprocessing {
            mean: vec![0.0; 3],
            ..plain()
        },
        &gray,
        "`mean` has 3 values",
    );
    check(
        &Preprocessing {
            std: vec![],
            ..plain()
        },
        &gray,
        "`std` has 0 values",
    );
    check(
        &Preprocessing {
            std: vec![0.0],
            ..plain()
        },
        &gray,
        "`std` is 0; it must be finite and not 0",
    );
    check(
        &Preprocessing {
            scale: f32::NAN,
            ..plain()
        },
        &gray,
        "`scale` is NaN",
    );
    check(
        &Preprocessing {
            resize: Some(Resize::Shorter(9000)),
            ..plain()
        },
        &gray,
        "becomes 9000×18000 by `resize`",
    );
    check(
        &Preprocessing {
            crop: Some([2, 2]),
            ..plain()
        },
        &gray,
        "has [1, 2] rows and columns where it is cropped to [2, 2]",
    );
}
