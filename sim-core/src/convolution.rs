//! Geometry of convolutions: strides, padding, dilation and groups, and the outputs that they make.

use serde::{Deserialize, Serialize};

use crate::named;
use crate::shape::checked_product;

/// Most lowered activations (output pixels × K) of one image; more is a broken geometry.
const MAX_LOWERED: usize = 1 << 32;

named! {
    /// What a layer was in its network.
    pub enum LayerKind {
        /// A convolution, grouped and depthwise ones included.
        Convolution = "convolution",
        /// A fully connected layer, stored as a 1×1 convolution over a 1×1 map.
        FullyConnected = "fully-connected",
        /// A transposed convolution, stored as a 1×1 convolution with a filter for each output channel and tap.
        TransposedConvolution = "transposed-convolution",
    }
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
            let window = AxisWindow {
                input: input[axis],
                kernel: kernel[axis],
                stride: self.stride[axis],
                dilation: self.dilation[axis],
            };
            let padding = AxisPadding::Explicit([self.padding[axis], self.padding[axis + 2]]);
            let placed = window.place(padding, Remainder::Dropped);
            let placed = placed.map_err(|unfit| match unfit {
                Unfit::TooLarge => GeometryFault::TooLarge { max: MAX_LOWERED },
                Unfit::Larger { window, padded } => GeometryFault::Kernel {
                    axis: name,
                    padded,
                    kernel: window,
                },
            })?;
            output[axis] = placed.output;
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

/// A window that slides along one axis of a map; kernel, stride and dilation are not zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AxisWindow {
    /// Size of the map.
    pub input: usize,
    /// Taps of the window.
    pub kernel: usize,
    /// Steps between two positions.
    pub stride: usize,
    /// Distance between two taps.
    pub dilation: usize,
}

/// How the padding along an axis is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AxisPadding {
    /// Before and after.
    Explicit([usize; 2]),
    /// For `ceil(input / stride)` positions, odd padding after.
    SameUpper,
    /// The same, odd padding before.
    SameLower,
}

/// What becomes of the elements that are left over after the last whole step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remainder {
    /// They are dropped.
    Dropped,
    /// One more window covers them.
    Covered,
}

/// Where a window lies along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Before and after.
    pub padding: [usize; 2],
    /// The number of positions.
    pub output: usize,
}

/// Why a window cannot slide along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// Sizes beyond `usize`.
    TooLarge,
    /// A window larger than the map.
    Larger {
        /// Extent of the window.
        window: usize,
        /// Size of the map with padding.
        padded: usize,
    },
}

impl AxisWindow {
    /// From the first element under the window to the last; the largest number where that leaves `usize`.
    pub const fn extent(self) -> usize {
        (self.kernel - 1).saturating_mul(self.dilation).saturating_add(1)
    }

    /// Padding before and after, and the number of positions.
    ///
    /// - Errors: a window that does not fit, and sizes beyond `usize`.
    pub fn place(self, padding: AxisPadding, remainder: Remainder) -> Result<Placed, Unfit> {
        let (input, stride, window) = (self.input, self.stride, self.extent());
        let padding = match padding {
            AxisPadding::Explicit(padding) => padding,
            AxisPadding::SameUpper | AxisPadding::SameLower => {
                let output = input.div_ceil(stride);
                let covered = (output.saturating_sub(1))
                    .checked_mul(stride)
                    .and_then(|at| at.checked_add(window))
                    .ok_or(Unfit::TooLarge)?;
                let sum = covered.saturating_sub(input);
                let (less, more) = (sum / 2, sum.div_ceil(2));
                let padding = if padding == AxisPadding::SameUpper {
                    [less, more]
                } else {
                    [more, less]
                };
                return Ok(Placed { padding, output });
            }
        };
        let padded = padding.iter().try_fold(input, |sum, &part| sum.checked_add(part));
        let padded = padded.ok_or(Unfit::TooLarge)?;
        let Some(room) = padded.checked_sub(window) else {
            return Err(Unfit::Larger { window, padded });
        };
        let output = match remainder {
            Remainder::Dropped => room / stride + 1,
            Remainder::Covered => {
                let output = room.div_ceil(stride) + 1;
                // A window that would start after the input and the padding before it is left out.
                if input + padding[0] <= (output - 1) * stride {
                    output - 1
                } else {
                    output
                }
            }
        };
        Ok(Placed { padding, output })
    }
}
