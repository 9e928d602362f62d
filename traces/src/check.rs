//! The rules that every trace keeps, whether read from a file or made in memory.

use sim_core::convolution::GeometryFault;
use sim_core::shape::checked_product;

use crate::error::{Fault, LayerName};
use crate::trace::{Layer, Trace};

impl Layer {
    /// Rows and columns of the output.
    ///
    /// - Errors: shapes, groups and geometry that do not fit together, or that no memory holds.
    pub fn output_size(&self) -> Result<[usize; 2], GeometryFault> {
        if self.input_shape[0] == 0 {
            return Err(GeometryFault::Zero {
                what: "the number of images",
            });
        }
        let [_, channels, rows, columns] = self.input_shape;
        self.geometry.fit([channels, rows, columns], self.weight_shape)
    }

    /// K of one group: channels per group × kernel rows × kernel columns.
    pub const fn k_per_group(&self) -> usize {
        let [_, per_group, rows, columns] = self.weight_shape;
        per_group * rows * columns
    }
}

impl Trace {
    /// Check everything that a reader relies on; [`crate::read`] and [`crate::write`] do.
    ///
    /// - Errors: the first layer and tensor that is wrong.
    pub fn check(&self) -> Result<(), Fault> {
        if self.layers.is_empty() && self.unsimulated.is_empty() {
            return Err(Fault::Empty);
        }
        for (index, layer) in self.layers.iter().enumerate() {
            let name = || LayerName::of(self, index);
            let output = layer
                .output_size()
                .map_err(|fault| Fault::Geometry { layer: name(), fault })?;
            if !layer.input_shape[0].is_multiple_of(self.origin.images.len()) {
                return Err(Fault::Images {
                    layer: name(),
                    found: layer.input_shape[0],
                    want: self.origin.images.len(),
                });
            }
            check_lengths(layer, &name)?;
            check_values(layer, &name)?;
            if let Some(predicted) = &layer.predicted {
                predicted.check(layer, output, &name)?;
            }
        }
        Ok(())
    }
}

fn check_lengths(layer: &Layer, name: &dyn Fn() -> LayerName) -> Result<(), Fault> {
    let n_filters = layer.weight_shape[0];
    let n_counts = layer.geometry.groups.checked_mul(layer.k_per_group());
    for (tensor, found, want) in [
        (
            "input",
            Some(layer.input.len()),
            checked_product(&layer.input_shape),
        ),
        (
            "weight",
            Some(layer.weight.len()),
            checked_product(&layer.weight_shape),
        ),
        ("weight_scale", Some(layer.weight_scale.len()), Some(n_filters)),
        ("bias", layer.bias.as_ref().map(Vec::len), Some(n_filters)),
        ("wide_counts", layer.wide_counts.as_ref().map(Vec::len), n_counts),
    ] {
        if let Some(found) = found
            && Some(found) != want
        {
            return Err(Fault::Shape {
                layer: name(),
                tensor: tensor.to_owned(),
                found: vec![found],
                want: want.map_or("small enough for memory".to_owned(), |want| {
                    format!("{want} values")
                }),
            });
        }
    }
    Ok(())
}

fn check_values(layer: &Layer, name: &dyn Fn() -> LayerName) -> Result<(), Fault> {
    let bias = layer.bias.as_deref().unwrap_or_default();
    let checks = [
        (
            "input_scale",
            std::slice::from_ref(&layer.input_scale),
            "finite and above 0",
        ),
        (
            "weight_scale",
            layer.weight_scale.as_slice(),
            "finite and at least 0",
        ),
        ("bias", bias, "finite"),
    ];
    for (tensor, values, want) in checks {
        let is_good = |value: f32| match tensor {
            "input_scale" => value.is_finite() && 0.0 < value,
            "weight_scale" => value.is_finite() && 0.0 <= value,
            _ => value.is_finite(),
        };
        if let Some(index) = values.iter().position(|&value| !is_good(value)) {
            return Err(Fault::Value {
                layer: name(),
                tensor,
                index,
                value: values[index],
                want,
            });
        }
    }
    Ok(())
}
