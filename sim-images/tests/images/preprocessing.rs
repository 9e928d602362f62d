//! From stored images to a network's input.

use sim_core::preprocessing::{Channels, Layout, Preprocessing, ResizeMode};
use sim_images::preprocess::batch;
use sim_images::sets::{Image, Pixels};

fn image(shape: [usize; 3], layout: Layout, bytes: &[u8]) -> Image {
    Image {
        name: "a.png".to_owned(),
        shape,
        layout,
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
    let tensor = batch(preprocessing, std::slice::from_ref(image)).expect("preprocesses");
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
        resize: Some(resize),
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

#[test]
fn floats_are_the_input_as_they_stand() {
    let floats = |shape, layout| Image {
        pixels: Pixels::Floats(vec![-1.5, 300.0]),
        ..image(shape, layout, &[])
    };
    let preprocessing = Preprocessing {
        mean: vec![100.0],
        resize: Some([8, 8]),
        ..Preprocessing::default()
    };
    check(
        &preprocessing,
        &floats([1, 1, 2], Layout::Nchw),
        &[1, 1, 1, 2],
        &[-1.5, 300.0],
    );
    check(
        &preprocessing,
        &floats([1, 1, 2], Layout::Nhwc),
        &[1, 1, 1, 2],
        &[-1.5, 300.0],
    );
    let model_layout = Layout::Nhwc;
    let preprocessing = Preprocessing {
        model_layout,
        ..plain()
    };
    check(
        &preprocessing,
        &floats([1, 1, 2], Layout::Nchw),
        &[1, 1, 2, 1],
        &[-1.5, 300.0],
    ); // One channel goes last.
}

#[test]
fn declarations_that_do_not_fit_are_errors() {
    #[track_caller]
    fn check(preprocessing: &Preprocessing, images: &[Image], want: &str) {
        let error = batch(preprocessing, images).expect_err(want).to_string();
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
            resize: Some([0, 4]),
            ..plain()
        },
        &gray,
        "`resize` to 0×4",
    );
}
