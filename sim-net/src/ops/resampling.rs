//! Which elements of an axis an element of its resized copy is made of, computed in FP32.

use crate::ops::attributes::Attributes;
use crate::ops::fault::Fault;
use crate::ops::number::{float_of_size, int64_of_float};

/// How an element is made of its neighbours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Filter {
    /// The nearest one.
    Nearest(Nearest),
    /// The two next to it.
    Linear,
    /// The four next to it.
    Cubic {
        /// Shape of the weights.
        a: f32,
        /// What lies beyond the edge.
        outside: Outside,
    },
}

/// What lies beyond the edges of an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outside {
    /// The edge again.
    Edge,
    /// Nothing: it has no weight.
    Nothing,
}

/// Which neighbour is the nearest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nearest {
    RoundPreferFloor,
    RoundPreferCeil,
    Floor,
    Ceil,
}

/// Where an element of the copy lies in the original.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coordinates {
    HalfPixel,
    HalfPixelSymmetric,
    PytorchHalfPixel,
    AlignCorners,
    Asymmetric,
    TfHalfPixelForNn,
}

impl Nearest {
    pub(super) fn parse(attributes: &Attributes<'_>) -> Result<Self, Fault> {
        match attributes.text("nearest_mode").as_deref() {
            None | Some("round_prefer_floor") => Ok(Self::RoundPreferFloor),
            Some("round_prefer_ceil") => Ok(Self::RoundPreferCeil),
            Some("floor") => Ok(Self::Floor),
            Some("ceil") => Ok(Self::Ceil),
            Some(other) => Err(Fault::attribute("nearest_mode", other)),
        }
    }

    fn of(self, x: f32) -> f32 {
        match self {
            Self::RoundPreferFloor => (x - 0.5).ceil(),
            Self::RoundPreferCeil => (x + 0.5).floor(),
            Self::Floor => x.floor(),
            Self::Ceil => x.ceil(),
        }
    }
}

impl Coordinates {
    pub(super) fn parse(attributes: &Attributes<'_>) -> Result<Self, Fault> {
        match attributes.text("coordinate_transformation_mode").as_deref() {
            None | Some("half_pixel") => Ok(Self::HalfPixel),
            Some("half_pixel_symmetric") => Ok(Self::HalfPixelSymmetric),
            Some("pytorch_half_pixel") => Ok(Self::PytorchHalfPixel),
            Some("align_corners") => Ok(Self::AlignCorners),
            Some("asymmetric") => Ok(Self::Asymmetric),
            Some("tf_half_pixel_for_nn") => Ok(Self::TfHalfPixelForNn),
            Some(other) => Err(Fault::attribute("coordinate_transformation_mode", other)),
        }
    }

    /// Place in an axis of `old` elements of element `x` of the `new` ones.
    fn place(self, x: f32, [old, new]: [usize; 2], scale: f32) -> f32 {
        let [length, new_length] = [old, new].map(float_of_size);
        match self {
            Self::HalfPixel => (x + 0.5) / scale - 0.5,
            Self::HalfPixelSymmetric => {
                let adjustment = new_length / (scale * length);
                length / 2.0 * (1.0 - adjustment) + (x + 0.5) / scale - 0.5
            }
            Self::PytorchHalfPixel if new <= 1 => 0.0,
            Self::PytorchHalfPixel => (x + 0.5) / scale - 0.5,
            Self::AlignCorners if new <= 1 => 0.0,
            Self::AlignCorners => x * (length - 1.0) / (new_length - 1.0),
            Self::Asymmetric => x / scale,
            Self::TfHalfPixelForNn => (x + 0.5) / scale,
        }
    }
}

/// Of each element of the copy, the elements of the original with their weights.
#[derive(Debug)]
pub(super) struct Taps {
    taps: Vec<(usize, f32)>,
    per_element: usize,
}

impl Taps {
    /// For an axis of `old` elements that becomes one of `new`; `old` is not 0.
    pub(super) fn new(filter: Filter, coordinates: Coordinates, [old, new]: [usize; 2], scale: f32) -> Self {
        let last = float_of_size(old - 1);
        let clamped =
            |place: f32| usize::try_from(int64_of_float(place.clamp(0.0, last))).unwrap_or_default();
        let mut taps = Vec::new();
        for index in 0..new {
            let x = coordinates.place(float_of_size(index), [old, new], scale);
            match filter {
                Filter::Nearest(nearest) => taps.push((clamped(nearest.of(x)), 1.0)),
                Filter::Linear => {
                    let x = x.clamp(0.0, last);
                    let below = x.floor();
                    taps.push((clamped(below), 1.0 - (x - below)));
                    taps.push((clamped(below + 1.0), x - below));
                }
                Filter::Cubic { a, outside } => {
                    let below = x.floor();
                    let places = [-1.0, 0.0, 1.0, 2.0].map(|step| below + step);
                    let is_inside = |place: f32| (0.0..=last).contains(&place);
                    let mut weights = places.map(|place| cubic((x - place).abs(), a));
                    if outside == Outside::Nothing {
                        for (weight, place) in weights.iter_mut().zip(places) {
                            *weight = if is_inside(place) { *weight } else { 0.0 };
                        }
                        let sum: f32 = weights.iter().sum();
                        weights = weights.map(|weight| weight / sum);
                    }
                    taps.extend(places.into_iter().map(clamped).zip(weights));
                }
            }
        }
        Self {
            per_element: taps.len() / new.max(1),
            taps,
        }
    }

    /// Elements of the copy.
    pub(super) fn len(&self) -> usize {
        self.taps.len() / self.per_element.max(1)
    }

    pub(super) fn each(&self) -> impl Iterator<Item = &[(usize, f32)]> {
        self.taps.chunks_exact(self.per_element.max(1))
    }
}

/// The weight of an element at `distance`.
fn cubic(distance: f32, a: f32) -> f32 {
    if distance <= 1.0 {
        ((a + 2.0) * distance - (a + 3.0)) * distance * distance + 1.0
    } else if distance < 2.0 {
        ((a * distance - 5.0 * a) * distance + 8.0 * a) * distance - 4.0 * a
    } else {
        0.0
    }
}
