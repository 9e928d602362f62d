//! Folders of pictures.

use std::sync::atomic::AtomicBool;

use image::{DynamicImage, GrayAlphaImage, ImageFormat, Luma, Rgb, RgbaImage};
use sim_core::parallel_map::Unfinished;
use sim_core::progress::Silent;
use sim_images::sets::{ImageSet, OpenOptions};

use crate::common::{bytes_of, check_error, folder, open, put};

/// Two rows of three gray pixels.
fn png(value: u8) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let image = image::ImageBuffer::from_pixel(3, 2, Luma([value]));
    image.write_to(&mut bytes, ImageFormat::Png).expect("encodes");
    bytes.into_inner()
}

#[test]
fn folders_take_labels_from_sub_folders() {
    let named = folder();
    for (name, value) in [("a/2.png", 2), ("a-b/1.PNG", 1), ("c/3.jpg", 3), ("a/1.png", 4)] {
        put(&named, name, &png(value)); // The content decides, not the ending.
    }
    let set = open(named.path());
    // Labels follow the sorted names of the sub-folders, and images their labels.
    assert_eq!(set.names(), ["a/1.png", "a/2.png", "a-b/1.PNG", "c/3.jpg"]);
    assert_eq!(set.labels(), Some([0, 0, 1, 2].as_slice()));
    assert_eq!(bytes_of(&set, 2), [1; 6]);
    let limit = OpenOptions {
        limit: Some(3),
        ..OpenOptions::default()
    };
    let set = ImageSet::open(named.path(), limit).expect("opens");
    assert_eq!(set.labels(), Some([0, 0, 1].as_slice()));

    let numbered = folder();
    put(&numbered, "10/x.png", &png(1));
    put(&numbered, "9/x.png", &png(2));
    assert_eq!(open(numbered.path()).labels(), Some([10, 9].as_slice()));

    let flat = folder();
    let mut bytes = std::io::Cursor::new(Vec::new());
    let image = image::ImageBuffer::from_fn(2, 1, |x, _| Rgb([if x == 0 { 10_u8 } else { 20 }, 0, 255]));
    image.write_to(&mut bytes, ImageFormat::Png).expect("encodes");
    put(&flat, "x.png", &bytes.into_inner());
    put(&flat, ".hidden", b"not an image");
    let set = open(flat.path());
    assert_eq!(set.labels(), None);
    assert_eq!(bytes_of(&set, 0), [10, 0, 255, 20, 0, 255]);
    assert_eq!(set.strays(), [".hidden"]);
}

#[test]
fn transparency_is_left_out() {
    let folder = folder();
    let write = |name: &str, image: DynamicImage| {
        let mut bytes = std::io::Cursor::new(Vec::new());
        image.write_to(&mut bytes, ImageFormat::Png).expect("encodes");
        put(&folder, name, &bytes.into_inner());
    };
    // The first pixel of each is not seen.
    let colour = RgbaImage::from_fn(2, 1, |x, _| {
        if x == 0 { [1, 2, 3, 0] } else { [4, 5, 6, 255] }.into()
    });
    write("colour.png", colour.into());
    let gray = GrayAlphaImage::from_fn(2, 1, |x, _| if x == 0 { [7, 0] } else { [8, 255] }.into());
    write("gray.png", gray.into());
    let set = open(folder.path());
    assert_eq!(bytes_of(&set, 0), [1, 2, 3, 4, 5, 6]);
    assert_eq!(bytes_of(&set, 1), [7, 8]);
}

#[test]
fn unreadable_files_are_left_out_with_their_labels() {
    let folder = folder();
    let good = png(7);
    for (name, bytes) in [
        ("0/a.png", &good[..40]),
        ("0/b.png", &good[..]),
        ("1/a.png", &[]),
        ("2/a.png", &good),
    ] {
        put(&folder, name, bytes);
    }
    let go = AtomicBool::new(false);
    for n_jobs in [1, 3] {
        let (set, unreadable) = open(folder.path())
            .only_readable(n_jobs, &go, &Silent)
            .expect("some can be read");
        assert_eq!(set.names(), ["0/b.png", "2/a.png"]);
        assert_eq!(set.labels(), Some([0, 2].as_slice()));
        assert_eq!(bytes_of(&set, 1), [7; 6]);
        assert_eq!(unreadable, ["0/a.png", "1/a.png"]);
    }
    let first = OpenOptions {
        limit: Some(1),
        ..OpenOptions::default()
    };
    let first = ImageSet::open(folder.path(), first).expect("opens");
    let error = match first.only_readable(1, &go, &Silent) {
        Err(Unfinished::Failed(error)) => error.to_string(),
        other => panic!("{other:?}"),
    };
    assert!(
        error.contains("a.png: the first of 1 images, of which none"),
        "{error}"
    );
    let stopped = open(folder.path()).only_readable(1, &AtomicBool::new(true), &Silent);
    assert!(matches!(stopped, Err(Unfinished::Stopped)));
}

#[test]
fn what_is_not_a_picture_is_left_out_and_named() {
    let gray = png(1);
    let mixed = folder();
    for name in ["cat/a.png", "cat/b.JPEG", "dog/a.jpg"] {
        put(&mixed, name, &gray);
    }
    for name in [
        "labels.csv",
        "README.txt",
        ".DS_Store",
        "dog/Thumbs.db",
        "dog/a.webp",
        "cat/._a.png",
        "__MACOSX/cat/._a.png",
    ] {
        put(&mixed, name, b"not a picture");
    }
    let set = open(mixed.path());
    assert_eq!(set.names(), ["cat/a.png", "cat/b.JPEG", "dog/a.jpg"]);
    assert_eq!(set.labels(), Some([0, 0, 1].as_slice()));
    let want = [
        ".DS_Store",
        "README.txt",
        "__MACOSX",
        "labels.csv",
        "cat/._a.png",
        "dog/Thumbs.db",
        "dog/a.webp",
    ];
    assert_eq!(set.strays(), want);
}

#[test]
fn broken_folders_are_errors() {
    let gray = png(1);
    check_error(folder().path(), "", "holds no image");
    let with_text = folder();
    put(&with_text, "notes.txt", b"hello");
    check_error(
        with_text.path(),
        "",
        "holds no image (JPEG or PNG), only: notes.txt",
    );
    let with_fake = folder();
    put(&with_fake, "fake.png", b"hello");
    check_error(with_fake.path(), "fake.png", "replace it by a good copy");
    let mixed = folder();
    put(&mixed, "a/1.png", &gray);
    put(&mixed, "2.png", &gray);
    check_error(mixed.path(), "2.png", "beside the folders a, which are labels");
}

#[test]
fn the_root_of_a_data_set_is_not_a_set() {
    let gray = png(1);
    let check = |names: &[&str], want: &dyn Fn(&str) -> String| {
        let root = folder();
        for name in names {
            put(&root, name, &gray);
        }
        check_error(root.path(), "", &want(&root.path().display().to_string()));
    };
    check(
        &["train/cat/a.png", "train/dog/a.png", "val/cat/a.png"],
        &|root| format!("{root}/train: holds folders, not images; name {root}/train or {root}/val"),
    );
    check(&["a/b/1.png"], &|root| {
        format!("{root}/a: holds folders, not images; name {root}/a")
    });
    let many: Vec<String> = (0..6).map(|index| format!("{index}/x/1.png")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    check(&many, &|root| format!("name one of 6 folders, such as {root}/0"));
    check(&["cat/1.png", "cat/more/2.png"], &|root| {
        format!("{root}/cat: holds images and a folder `more`")
    });
}
