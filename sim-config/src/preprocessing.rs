//! How a model's images are preprocessed: its own file, and what a run file or flags put in place of it.

use std::path::{Path, PathBuf};

use serde::Serialize;
use sim_core::preprocessing::{
    Channels, DEFAULT_PADDING, Layout, Preprocessing, Resize, ResizeFilter, ResizeMode,
};
use sim_toml::complaint::Complaints;
use sim_toml::error::ConfigError;
use sim_toml::source;

use crate::keys::{self, FileKind, Key, Section};
use crate::reader::KeyReader;

/// Preprocessing keys that are given; the others stay as they were.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Override {
    /// Axes of four-dimensional image arrays.
    pub layout: Option<Layout>,
    /// Axes of the network's input.
    pub model_layout: Option<Layout>,
    /// Channels of the network's input.
    pub channels: Option<Channels>,
    /// What a pixel is multiplied with.
    pub scale: Option<f32>,
    /// Subtracted, per channel.
    pub mean: Option<Vec<f32>>,
    /// Divided by, per channel.
    pub std: Option<Vec<f32>>,
    /// Size after resizing.
    pub resize: Option<Resize>,
    /// What resizing does with another aspect ratio.
    pub resize_mode: Option<ResizeMode>,
    /// The filter of resizing.
    pub resize_filter: Option<ResizeFilter>,
    /// The pixel around a letterboxed image.
    pub padding: Option<u8>,
    /// Rows and columns that are left of the resized image.
    pub crop: Option<[usize; 2]>,
}

/// Values of preprocessing that do not fit together or are not numbers to compute with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PreprocessingError {
    /// A list that is neither one value nor one per channel.
    #[error("preprocessing.{key} has {found} values, {channels} needs {wanted}")]
    Length {
        /// `mean` or `std`.
        key: &'static str,
        /// Values in the list.
        found: usize,
        /// The declared channels.
        channels: String,
        /// How many values those need.
        wanted: &'static str,
    },
    /// `mean` and `std` of different channel counts.
    #[error(
        "preprocessing.mean has {mean} values and preprocessing.std has {std}: one each, or one per channel"
    )]
    Unequal {
        /// Values in `mean`.
        mean: usize,
        /// Values in `std`.
        std: usize,
    },
    /// A number that is not finite, or zero where it divides or scales.
    #[error("preprocessing.{key} = {value} is not allowed: {allowed}")]
    Value {
        /// The key.
        key: &'static str,
        /// What was given.
        value: String,
        /// What is allowed.
        allowed: String,
    },
    /// A key that does nothing beside the others.
    #[error("preprocessing.{key} {why}; {remedy}")]
    Together {
        /// The key.
        key: &'static str,
        /// What is wrong with it.
        why: String,
        /// What to do.
        remedy: &'static str,
    },
}

impl Override {
    /// `base` with the given keys in place.
    ///
    /// - Errors: lists that fit neither each other nor the channels, numbers that are not finite or wrongly zero.
    pub fn apply(&self, base: Preprocessing) -> Result<Preprocessing, PreprocessingError> {
        let Self {
            layout,
            model_layout,
            channels,
            scale,
            mean,
            std,
            resize,
            resize_mode,
            resize_filter,
            padding,
            crop,
        } = self.clone();
        let resize_mode = match (resize_mode, resize) {
            (Some(mode), _) => mode,
            // The mode of the base is for the rows and columns of the base.
            (None, Some(Resize::Shorter(_))) => ResizeMode::Stretch,
            (None, Some(Resize::Sides(_)) | None) => base.resize_mode,
        };
        let merged = Preprocessing {
            layout: layout.unwrap_or(base.layout),
            model_layout: model_layout.unwrap_or(base.model_layout),
            channels: channels.or(base.channels),
            scale: scale.unwrap_or(base.scale),
            mean: mean.unwrap_or(base.mean),
            std: std.unwrap_or(base.std),
            resize: resize.or(base.resize),
            resize_mode,
            resize_filter: resize_filter.unwrap_or(base.resize_filter),
            padding: padding.or(base.padding),
            crop: crop.or(base.crop),
            values: base.values,
        };
        check(&merged)?;
        Ok(merged)
    }

    /// What is done in the end, with the given keys in place of those that are `declared` beside the model.
    ///
    /// - Errors: as [`Self::apply`], and given keys that have no effect.
    pub fn settle(&self, declared: Preprocessing) -> Result<Preprocessing, PreprocessingError> {
        let mut merged = self.apply(declared)?;
        for (key, is_given) in [
            (&keys::RESIZE_MODE, self.resize_mode.is_some()),
            (&keys::RESIZE_FILTER, self.resize_filter.is_some()),
        ] {
            if is_given && merged.resize.is_none() {
                let why = "is given, and nothing is resized".to_owned();
                return Err(together(key, why, "give `resize` too, or leave it out"));
            }
        }
        merged.padding = match merged.resize_mode {
            ResizeMode::Letterbox => merged.padding.or(Some(DEFAULT_PADDING)),
            mode @ (ResizeMode::Stretch | ResizeMode::Cover) if self.padding.is_some() => {
                return Err(together(
                    &keys::PADDING,
                    format!("is given, and resize-mode = \"{mode}\" pads nothing"),
                    "give resize-mode = \"letterbox\", or leave it out",
                ));
            }
            ResizeMode::Stretch | ResizeMode::Cover => None,
        };
        Ok(merged)
    }

    /// Names of the given keys that change pixels, and so cannot be used with floats.
    pub fn of_pixels(&self) -> Vec<&'static str> {
        let Self {
            layout: _,
            model_layout,
            channels,
            scale,
            mean,
            std,
            resize,
            resize_mode,
            resize_filter,
            padding,
            crop,
        } = self;
        let given = [
            (&keys::MODEL_LAYOUT, model_layout.is_some()),
            (&keys::CHANNELS, channels.is_some()),
            (&keys::SCALE, scale.is_some()),
            (&keys::MEAN, mean.is_some()),
            (&keys::STD, std.is_some()),
            (&keys::RESIZE, resize.is_some()),
            (&keys::RESIZE_MODE, resize_mode.is_some()),
            (&keys::RESIZE_FILTER, resize_filter.is_some()),
            (&keys::PADDING, padding.is_some()),
            (&keys::CROP, crop.is_some()),
        ];
        let given = given.into_iter().filter(|(_, is_given)| *is_given);
        given.map(|(key, _)| key.name).collect()
    }
}

/// The file that declares a model's preprocessing: the model's path with the extension `toml`.
pub fn path_beside(model: &Path) -> PathBuf {
    model.with_extension("toml")
}

/// The preprocessing declared beside `model`, or the default where there is no such file.
///
/// - Errors: a file that cannot be read, is not TOML, or has a key or value that is not allowed.
pub fn load_beside(model: &Path) -> Result<Preprocessing, Box<ConfigError>> {
    let path = path_beside(model);
    if path.try_exists().is_ok_and(|exists| !exists) {
        return Ok(Preprocessing::default());
    }
    parse(&path, &source::read(&path)?)
}

/// Check the text of a model's preprocessing file; `path` is for messages only.
///
/// - Errors: as [`load_beside`], less those of reading.
pub fn parse(path: &Path, text: &str) -> Result<Preprocessing, Box<ConfigError>> {
    let table = source::parse(path, text)?;
    let complaints = Complaints::default();
    let top = KeyReader::top(
        FileKind::Model,
        &[Section::Top, Section::Preprocessing],
        &table,
        &complaints,
    );
    top.integer(&keys::VERSION);
    let given = read(&top);
    top.finish(None);
    let merged = given.apply(Preprocessing::default());
    if let Err(error) = &merged {
        complain(&top, error);
    }
    complaints.check(path, text)?;
    merged.map_err(|error| ConfigError::file(path, error.to_string(), REMEDY))
}

const REMEDY: &str = "give one value for all channels, or one per channel of the network's input";

/// Complain about values that do not fit, at the key that is likeliest wrong.
pub(crate) fn complain(reader: &KeyReader<'_>, error: &PreprocessingError) {
    let key: &Key = match error {
        PreprocessingError::Length { key: "mean", .. } => &keys::MEAN,
        PreprocessingError::Length { .. } | PreprocessingError::Unequal { .. } => &keys::STD,
        PreprocessingError::Value { key, .. } | PreprocessingError::Together { key, .. } => keys::ALL
            .iter()
            .find(|known| known.section == Section::Preprocessing && known.name == *key)
            .unwrap_or(&&keys::SCALE),
    };
    let remedy = match error {
        PreprocessingError::Together { .. } => "",
        PreprocessingError::Length { .. }
        | PreprocessingError::Unequal { .. }
        | PreprocessingError::Value { .. } => REMEDY,
    };
    reader.complain(key, error.to_string(), remedy);
}

/// The keys that are given; those that are not are `None`, whatever their default.
pub(crate) fn read(reader: &KeyReader<'_>) -> Override {
    Override {
        layout: reader.given(&keys::LAYOUT, KeyReader::optional_word),
        model_layout: reader.given(&keys::MODEL_LAYOUT, KeyReader::optional_word),
        channels: reader.given(&keys::CHANNELS, KeyReader::optional_word),
        scale: reader.given(&keys::SCALE, KeyReader::optional_number),
        mean: reader.given(&keys::MEAN, KeyReader::optional_numbers),
        std: reader.given(&keys::STD, KeyReader::optional_numbers),
        resize: reader.given(&keys::RESIZE, KeyReader::optional_sides),
        resize_mode: reader.given(&keys::RESIZE_MODE, KeyReader::optional_word),
        resize_filter: reader.given(&keys::RESIZE_FILTER, KeyReader::optional_word),
        padding: (reader.given(&keys::PADDING, KeyReader::optional_integer))
            .and_then(|value| u8::try_from(value).ok()),
        crop: reader.given(&keys::CROP, KeyReader::optional_sides).map(square),
    }
}

/// Rows and columns, of which one number is both.
pub fn square(sides: Resize) -> [usize; 2] {
    match sides {
        Resize::Shorter(side) => [side, side],
        Resize::Sides(sides) => sides,
    }
}

fn check(spec: &Preprocessing) -> Result<(), PreprocessingError> {
    let not_allowed = |key, value: String, allowed: &str| PreprocessingError::Value {
        key,
        value,
        allowed: allowed.to_owned(),
    };
    if !spec.scale.is_finite() || spec.scale == 0.0 {
        return Err(not_allowed(
            "scale",
            spec.scale.to_string(),
            "a finite number other than 0",
        ));
    }
    if let Some(value) = spec.mean.iter().find(|value| !value.is_finite()) {
        return Err(not_allowed("mean", value.to_string(), "finite numbers"));
    }
    if let Some(value) = spec.std.iter().find(|value| !value.is_finite() || **value == 0.0) {
        return Err(not_allowed(
            "std",
            value.to_string(),
            "finite numbers other than 0",
        ));
    }
    let resized = spec.resize.map(square);
    for (key, sides) in [(&keys::RESIZE, resized), (&keys::CROP, spec.crop)] {
        if let Some([rows, cols]) = sides
            && [rows, cols].iter().any(|side| !(1..=MAX_RESIZED).contains(side))
        {
            return Err(not_allowed(
                key.name,
                format!("[{rows}, {cols}]"),
                &key.values.describe(),
            ));
        }
    }
    check_sides(spec)?;
    check_lengths(spec)
}

fn together(key: &Key, why: String, remedy: &'static str) -> PreprocessingError {
    PreprocessingError::Together {
        key: key.name,
        why,
        remedy,
    }
}

/// `resize`, its mode and `crop` must fit together.
fn check_sides(spec: &Preprocessing) -> Result<(), PreprocessingError> {
    match (spec.resize, spec.resize_mode) {
        (Some(Resize::Shorter(side)), mode @ (ResizeMode::Cover | ResizeMode::Letterbox)) => {
            return Err(together(
                &keys::RESIZE_MODE,
                format!("= \"{mode}\" is for rows and columns, and `resize` is the shorter side, {side}"),
                "give `resize` as rows and columns, or leave the mode out",
            ));
        }
        (Some(Resize::Shorter(_) | Resize::Sides(_)) | None, _) => {}
    }
    let (Some(resize), Some([rows, cols])) = (spec.resize, spec.crop) else {
        return Ok(());
    };
    let (fits, left) = match resize {
        // The longer side depends on the image.
        Resize::Shorter(side) => (rows.min(cols) <= side, format!("a shorter side of {side}")),
        Resize::Sides([height, width]) => (rows <= height && cols <= width, format!("[{height}, {width}]")),
    };
    if fits {
        return Ok(());
    }
    Err(together(
        &keys::CROP,
        format!("= [{rows}, {cols}] is larger than what `resize` leaves, {left}"),
        "crop less, or resize to more",
    ))
}

/// Longest side after resizing; the table of keys has the same.
const MAX_RESIZED: usize = 16_384;

fn check_lengths(spec: &Preprocessing) -> Result<(), PreprocessingError> {
    let (mean, std) = (spec.mean.len(), spec.std.len());
    let wanted = match spec.channels {
        Some(Channels::Gray) => Some((1, "1")),
        Some(Channels::Rgb | Channels::Bgr) => Some((3, "1 or 3")),
        None => None,
    };
    for (key, found) in [("mean", mean), ("std", std)] {
        if let (Some((count, wanted)), Some(channels)) = (wanted, spec.channels)
            && found != 1
            && found != count
        {
            return Err(PreprocessingError::Length {
                key,
                found,
                channels: format!("channels = \"{}\"", channels.name()),
                wanted,
            });
        }
    }
    if mean == 0 || std == 0 || (mean != 1 && std != 1 && mean != std) {
        return Err(PreprocessingError::Unequal { mean, std });
    }
    Ok(())
}
