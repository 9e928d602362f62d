//! The operators `Resize` and `Upsample`.

use sim_core::tensor::Tensor;
use sim_onnx::value::Value;

use crate::graph::layer::InputSign;
use crate::ops::args::{Args, Operands, float_of};
use crate::ops::attributes::{Attributes, size};
use crate::ops::fault::Fault;
use crate::ops::number::{float_of_size, int64_of_float};
use crate::ops::resampling::{Coordinates, Filter, Nearest, Outside, Taps};
use crate::ops::{Operation, Signs, axes};

/// Interpolation between the elements of some axes, one axis after the other.
#[derive(Clone, Debug)]
pub(super) struct Resize {
    filter: Filter,
    coordinates: Coordinates,
    /// Of the axes in `axes`, where they are an attribute.
    scales: Option<Vec<f32>>,
    /// Positions of the inputs that hold scales and sizes.
    inputs: [usize; 2],
    axes: Option<Vec<i64>>,
    policy: Policy,
}

/// What sizes mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Policy {
    /// They are the new sizes.
    Stretch,
    /// One scale for all, so that no axis becomes larger than its size.
    NotLarger,
    /// One scale for all, so that no axis becomes smaller than its size.
    NotSmaller,
}

/// One axis that changes.
struct Change {
    axis: usize,
    size: usize,
    scale: f32,
}

impl Resize {
    /// `Resize` as it is since operator set 11.
    pub(super) fn parse(attributes: &Attributes<'_>) -> Result<Self, Fault> {
        if attributes.opset < 11 {
            return Self::upsample(attributes);
        }
        if attributes.flag("antialias") {
            return Err(Fault::attribute("antialias", 1));
        }
        let mode = attributes.text("mode").unwrap_or_else(|| "nearest".to_owned());
        let filter = match mode.as_str() {
            "nearest" => Filter::Nearest(Nearest::parse(attributes)?),
            "linear" => Filter::Linear,
            "cubic" => Filter::Cubic {
                a: attributes.float_or("cubic_coeff_a", -0.75),
                outside: if attributes.flag("exclude_outside") {
                    Outside::Nothing
                } else {
                    Outside::Edge
                },
            },
            _ => return Err(Fault::attribute("mode", mode)),
        };
        let policy = attributes.text("keep_aspect_ratio_policy");
        Ok(Self {
            filter,
            coordinates: Coordinates::parse(attributes)?,
            scales: None,
            inputs: [2, 3],
            axes: attributes.ints("axes").map(<[i64]>::to_vec),
            policy: match policy.as_deref() {
                None | Some("stretch") => Policy::Stretch,
                Some("not_larger") => Policy::NotLarger,
                Some("not_smaller") => Policy::NotSmaller,
                Some(other) => return Err(Fault::attribute("keep_aspect_ratio_policy", other)),
            },
        })
    }

    /// `Upsample`, and `Resize` as it was in operator set 10.
    pub(super) fn upsample(attributes: &Attributes<'_>) -> Result<Self, Fault> {
        let mode = attributes.text("mode").unwrap_or_else(|| "nearest".to_owned());
        Ok(Self {
            filter: match mode.as_str() {
                "nearest" => Filter::Nearest(Nearest::Floor),
                "linear" | "bilinear" => Filter::Linear,
                _ => return Err(Fault::attribute("mode", mode)),
            },
            coordinates: Coordinates::Asymmetric,
            scales: attributes.floats("scales").map(<[f32]>::to_vec),
            inputs: [1, usize::MAX],
            axes: None,
            policy: Policy::Stretch,
        })
    }

    fn changes(&self, inputs: &Operands<'_>) -> Result<Vec<Change>, Fault> {
        let shape = inputs.shape(0)?;
        let axes: Vec<usize> = match &self.axes {
            Some(axes) => axes
                .iter()
                .map(|&axis| axes::axis(axis, shape.len()))
                .collect::<Result<_, _>>()?,
            None => (0..shape.len()).collect(),
        };
        let count = |index: usize, n: usize| {
            if n == axes.len() {
                Ok(())
            } else {
                Err(Fault::shape(index, &[n], "a number for each axis"))
            }
        };
        let [scales_at, sizes_at] = self.inputs;
        let given = |index: usize| inputs.shape(index).is_ok_and(|shape| shape != [0]);
        if self.scales.is_none() && !given(scales_at) && given(sizes_at) {
            let sizes = inputs.need_ints(sizes_at)?;
            count(sizes_at, sizes.len())?;
            return self.to_sizes(shape, &axes, sizes);
        }
        let scales = match (&self.scales, inputs.known(scales_at)?) {
            (Some(scales), _) => scales,
            (None, Some(value)) => &float_of(scales_at, value)?.data,
            (None, None) => return Err(Fault::Missing { index: scales_at }),
        };
        count(scales_at, scales.len())?;
        let change = |(&axis, &scale): (&usize, &f32)| {
            if !(scale.is_finite() && 0.0 < scale) {
                return Err(Fault::attribute("a scale", scale));
            }
            let size = int64_of_float(float_of_size(shape[axis]) * scale);
            Ok(Change {
                axis,
                size: usize::try_from(size).unwrap_or(usize::MAX),
                scale,
            })
        };
        axes.iter().zip(scales).map(change).collect()
    }

    fn to_sizes(&self, shape: &[usize], axes: &[usize], sizes: &[i64]) -> Result<Vec<Change>, Fault> {
        let sizes = sizes.iter().map(|&value| size("a size", value));
        let sizes: Vec<usize> = sizes.collect::<Result<_, _>>()?;
        let ratios = || {
            axes.iter()
                .zip(&sizes)
                .map(|(&axis, &size)| float_of_size(size) / float_of_size(shape[axis]))
        };
        let common = match self.policy {
            Policy::Stretch => None,
            Policy::NotLarger => ratios().reduce(f32::min),
            Policy::NotSmaller => ratios().reduce(f32::max),
        };
        let change = |((&axis, &size), ratio): ((&usize, &usize), f32)| match common {
            None => Change {
                axis,
                size,
                scale: ratio,
            },
            Some(scale) => {
                let size = int64_of_float((float_of_size(shape[axis]) * scale).round());
                Change {
                    axis,
                    size: usize::try_from(size).unwrap_or(usize::MAX),
                    scale,
                }
            }
        };
        Ok(axes.iter().zip(&sizes).zip(ratios()).map(change).collect())
    }
}

impl Operation for Resize {
    fn shapes(&self, inputs: &Operands<'_>) -> Result<Vec<Vec<usize>>, Fault> {
        let mut shape = inputs.shape(0)?.to_vec();
        for change in self.changes(inputs)? {
            shape[change.axis] = change.size;
        }
        Ok(vec![shape])
    }

    fn run(&self, mut inputs: Args) -> Result<Vec<Value>, Fault> {
        let changes = self.changes(&inputs.operands())?;
        let mut tensor = inputs.take_float(0)?;
        for Change { axis, size, scale } in changes {
            let old = tensor.shape[axis];
            if old == size && scale == 1.0 {
                continue;
            }
            if old == 0 {
                return Err(Fault::shape(0, &tensor.shape, "axes that are not empty"));
            }
            let taps = Taps::new(self.filter, self.coordinates, [old, size], scale);
            tensor = resampled(&tensor, axis, &taps)?;
        }
        Ok(vec![tensor.into()])
    }

    fn sign(&self, inputs: &Signs) -> InputSign {
        match self.filter {
            Filter::Nearest(_) | Filter::Linear => inputs.first(),
            // Some weights are negative.
            Filter::Cubic { .. } => InputSign::Any,
        }
    }
}

/// One axis, resampled: every output is a weighted sum of elements along it.
fn resampled(tensor: &Tensor, axis: usize, taps: &Taps) -> Result<Tensor, Fault> {
    let (outer, old, inner) = axes::around(&tensor.shape, axis);
    let mut shape = tensor.shape.clone();
    shape[axis] = taps.len();
    let mut data = Vec::with_capacity(axes::n_elements(&shape)?);
    for outer in 0..outer {
        let from = &tensor.data[outer * old * inner..][..old * inner];
        for taps in taps.each() {
            let start = data.len();
            // The first tap is taken as it is where it is the only one: nothing is rounded.
            for (place, &(index, weight)) in taps.iter().enumerate() {
                let elements = &from[index * inner..][..inner];
                match (place, taps.len()) {
                    (0, 1) => data.extend_from_slice(elements),
                    (0, _) => data.extend(elements.iter().map(|&x| x * weight)),
                    _ => data[start..]
                        .iter_mut()
                        .zip(elements)
                        .for_each(|(sum, &x)| *sum += x * weight),
                }
            }
        }
    }
    Ok(Tensor::new(shape, data)?)
}
