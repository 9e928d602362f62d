//! How pixels become the input of a network: declared, and stored with every result.

use serde::{Deserialize, Serialize};

use crate::named;

named! {
    /// The order of the axes of a four-dimensional array of images, or of a network's input.
    pub enum Layout {
        /// Images, channels, rows, columns.
        Nchw = "nchw",
        /// Images, rows, columns, channels.
        Nhwc = "nhwc",
    }
}

named! {
    /// The order of the channels that the network expects.
    pub enum Channels {
        /// One channel; colour photos become luma.
        Gray = "gray",
        /// Red, green, blue.
        Rgb = "rgb",
        /// Blue, green, red.
        Bgr = "bgr",
    }
}

named! {
    /// What `resize` does with an image of another aspect ratio.
    pub enum ResizeMode {
        /// Both sides become exactly the given ones.
        Stretch = "stretch",
        /// The image is scaled until it covers the given sides; what sticks out is cut off evenly.
        Cover = "cover",
        /// The image is scaled until it fits into the given sides; what is left is padded evenly.
        Letterbox = "letterbox",
    }
}

named! {
    /// The filter of `resize`; both look at the whole area that becomes one pixel.
    pub enum ResizeFilter {
        /// A triangle.
        Bilinear = "bilinear",
        /// A cubic with a = −0.5.
        Bicubic = "bicubic",
    }
}

impl ResizeFilter {
    const fn is_default(&self) -> bool {
        match self {
            Self::Bilinear => true,
            Self::Bicubic => false,
        }
    }
}

/// The size after resizing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Resize {
    /// The shorter side; the other one follows.
    Shorter(usize),
    /// Rows and columns.
    Sides([usize; 2]),
}

/// What surrounds a letterboxed image where nobody says it.
pub const DEFAULT_PADDING: u8 = 114;

named! {
    /// What the images hold.
    pub enum ImageValues {
        /// Pixels.
        Uint8 = "uint8",
        /// A network's input as it stands.
        Float32 = "float32",
        /// The same, rounded to `float32`.
        Float64 = "float64",
        /// The same, of which every value is a `float32`.
        Float16 = "float16",
        /// The same, whole numbers up to 2²⁴.
        Integers = "integers",
    }
}

impl ImageValues {
    /// Whether they are to be preprocessed.
    pub const fn are_pixels(&self) -> bool {
        match self {
            Self::Uint8 => true,
            Self::Float32 | Self::Float64 | Self::Float16 | Self::Integers => false,
        }
    }
}

/// From `uint8` pixels to a network's input: resize, crop, reorder channels, then
/// `(pixel · scale − mean[c]) / std[c]` in FP32, in that order. Floats skip all of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Preprocessing {
    /// Axes of four-dimensional image arrays.
    pub layout: Layout,
    /// Axes of the network's input.
    pub model_layout: Layout,
    /// Channels of the network's input; `None`: as the images have them.
    pub channels: Option<Channels>,
    /// What a pixel is multiplied with.
    pub scale: f32,
    /// Subtracted, per channel of the network's input; one value serves all.
    pub mean: Vec<f32>,
    /// Divided by, per channel of the network's input; one value serves all.
    pub std: Vec<f32>,
    /// Size after resizing; `None`: as they are.
    pub resize: Option<Resize>,
    /// What resizing does with another aspect ratio.
    pub resize_mode: ResizeMode,
    /// The filter of resizing.
    #[serde(skip_serializing_if = "ResizeFilter::is_default")]
    pub resize_filter: ResizeFilter,
    /// The pixel around a letterboxed image; `None`: nothing is letterboxed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub padding: Option<u8>,
    /// Rows and columns of the middle that is left of the resized image; `None`: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crop: Option<[usize; 2]>,
    /// What the images hold; floats are not preprocessed.
    #[serde(skip_serializing_if = "ImageValues::are_pixels")]
    pub values: ImageValues,
}

impl Preprocessing {
    /// Of floats: their channels go where the network has them, and that is all.
    pub fn of_floats(values: ImageValues, layout: Layout, model_layout: Layout) -> Self {
        Self {
            layout,
            model_layout,
            scale: 1.0,
            values,
            ..Self::default()
        }
    }
}

impl Default for Preprocessing {
    fn default() -> Self {
        Self {
            layout: Layout::Nchw,
            model_layout: Layout::Nchw,
            channels: None,
            scale: 1.0 / 255.0,
            mean: vec![0.0],
            std: vec![1.0],
            resize: None,
            resize_mode: ResizeMode::Stretch,
            resize_filter: ResizeFilter::Bilinear,
            padding: None,
            crop: None,
            values: ImageValues::Uint8,
        }
    }
}
