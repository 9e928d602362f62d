//! Geometry of convolutions: strides, padding, dilation and groups, and the outputs that they make.

use serde::{Deserialize, Serialize};

use crate::shape::checked_product;

/// Most lowered activations (output pixels × K) of one image; more is a broken geometry.
const MAX_LOWERED: usize = 1 << 32;

/// What a layer was in its network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LayerKind {
    /// A convolution, grouped and depthwise ones included.
    Convolution,
    /// A fully connected layer, stored as a 1×1 convolution over a 1×1 map.
    FullyConnected,
}

/// Strides and so on of a convolution; `[vertical, horizontal]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Geometry {
    /// Steps between two output pixels.
    pub stride: [usize; 2],
    /// Padding at the top, left, bottom and right.
    pub padding: [usize; 4],
    /// Distance between two taps.
    pub dilation: [usize; 2],
    /// Groups of channels.
    pub groups: usize,
}

/// A convolution whose numbers do not fit together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GeometryFault {
    /// A dimension, stride, dilation or group count of zero.
    #[error("{what} is zero, it must be at least 1")]
    Zero {
        /// Which.
        what: &'static str,
    },
    /// Channels and groups do not fit.
    #[error(
        "{input} input channels, weights for {per_group} in each of {groups} groups and {output} output channels do not \
         fit: input channels are groups × channels per group, and output channels are a multiple of the groups"
    )]
    Groups {
        /// Channels of the input.
        input: usize,
        /// Channels that a filter reads.
        per_group: usize,
        /// Filters.
        output: usize,
        /// Groups.
        groups: usize,
    },
    /// A kernel that does not fit into its input.
    #[error("the {axis} hold {padded} pixels with padding, but the dilated kernel needs {kernel}")]
    Kernel {
        /// `rows` or `columns`.
        axis: &'static str,
        /// Pixels with padding.
        padded: usize,
        /// Pixels the kernel covers.
        kernel: usize,
    },
    /// Numbers beyond what memory can hold.
    #[error("one image makes more than {max} lowered activations: a stride, padding or shape is wrong")]
    TooLarge {
        /// Most allowed.
        max: usize,
    },
}

impl Geometry {
    /// Rows and columns of the output for `input` rows and columns, `kernel` rows and columns.
    ///
    /// - Errors: a zero in any of them, or a kernel larger than the padded input.
    pub fn output_size(&self, input: [usize; 2], kernel: [usize; 2]) -> Result<[usize; 2], GeometryFault> {
        let mut output = [0; 2];
        for (axis, name) in ["rows", "columns"].into_iter().enumerate() {
            for (what, size) in [
                ("an input size", input[axis]),
                ("a kernel size", kernel[axis]),
                ("a stride", self.stride[axis]),
                ("a dilation", self.dilation[axis]),
            ] {
                if size == 0 {
                    return Err(GeometryFault::Zero { what });
                }
            }
            let padded = input[axis]
                .checked_add(self.padding[axis])
                .and_then(|size| size.checked_add(self.padding[axis + 2]))
                .ok_or(GeometryFault::TooLarge { max: MAX_LOWERED })?;
            // A kernel that leaves `usize` fits into no input.
            let kernel = (kernel[axis] - 1)
                .saturating_mul(self.dilation[axis])
                .saturating_add(1);
            if padded < kernel {
                return Err(GeometryFault::Kernel {
                    axis: name,
                    padded,
                    kernel,
                });
            }
            output[axis] = (padded - kernel) / self.stride[axis] + 1;
        }
        Ok(output)
    }

    /// Rows and columns of the output for `input` channels, rows and columns and `weight` output channels, channels per
    /// group, rows and columns.
    ///
    /// - Errors: shapes and groups that do not fit together, or that no memory holds.
    pub fn fit(&self, input: [usize; 3], weight: [usize; 4]) -> Result<[usize; 2], GeometryFault> {
        let [channels, rows, columns] = input;
        let [n_filters, per_group, kernel_rows, kernel_columns] = weight;
        for (what, size) in [
            ("the number of channels", channels),
            ("the number of output channels", n_filters),
            ("the number of groups", self.groups),
        ] {
            if size == 0 {
                return Err(GeometryFault::Zero { what });
            }
        }
        if per_group.checked_mul(self.groups) != Some(channels) || !n_filters.is_multiple_of(self.groups) {
            return Err(GeometryFault::Groups {
                input: channels,
                per_group,
                output: n_filters,
                groups: self.groups,
            });
        }
        let output = self.output_size([rows, columns], [kernel_rows, kernel_columns])?;
        let lowered = checked_product(&[output[0], output[1], per_group, kernel_rows, kernel_columns]);
        if lowered.is_none_or(|size| MAX_LOWERED < size) {
            return Err(GeometryFault::TooLarge { max: MAX_LOWERED });
        }
        Ok(output)
    }
}
