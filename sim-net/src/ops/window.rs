//! Windows that slide over maps: strides, padding and dilation of convolutions and pools.

use sim_core::tensor::MAX_ELEMENTS;

use crate::ops::attributes::Attributes;
use crate::ops::fault::Fault;

/// How the padding of a window is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AutoPad {
    /// As `pads` says.
    Explicit,
    /// As many windows as fit without padding.
    Valid,
    /// `ceil(input / stride)` windows, odd padding after.
    SameUpper,
    /// The same, odd padding before.
    SameLower,
}

/// What becomes of the elements that are left over after the last whole step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rounding {
    /// They are dropped.
    Floor,
    /// One more window covers them.
    Ceil,
}

/// The attributes of a window, for any number of axes; empty lists stand for ones and zeros.
#[derive(Clone, Debug)]
pub(crate) struct WindowAttributes {
    pub(super) kernel: Option<Vec<usize>>,
    strides: Vec<usize>,
    dilations: Vec<usize>,
    pads: Vec<usize>,
    auto_pad: AutoPad,
    rounding: Rounding,
}

/// A window over a map of rows and columns, for one size of the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) input: [usize; 2],
    pub(crate) kernel: [usize; 2],
    pub(crate) stride: [usize; 2],
    pub(crate) dilation: [usize; 2],
    /// At the top and left.
    pub(crate) before: [usize; 2],
    /// At the bottom and right.
    pub(crate) after: [usize; 2],
    pub(crate) output: [usize; 2],
}

impl WindowAttributes {
    pub(super) fn parse(attributes: &Attributes<'_>) -> Result<Self, Fault> {
        let auto_pad = match attributes.text("auto_pad").as_deref() {
            None | Some("NOTSET" | "") => AutoPad::Explicit,
            Some("VALID") => AutoPad::Valid,
            Some("SAME_UPPER") => AutoPad::SameUpper,
            Some("SAME_LOWER") => AutoPad::SameLower,
            Some(other) => return Err(Fault::attribute("auto_pad", other)),
        };
        let kernel = attributes.sizes("kernel_shape")?;
        let strides = attributes.sizes("strides")?.unwrap_or_default();
        let dilations = attributes.sizes("dilations")?.unwrap_or_default();
        let sizes = [("strides", &strides), ("dilations", &dilations)];
        for (name, values) in sizes
            .into_iter()
            .chain(kernel.as_ref().map(|kernel| ("kernel_shape", kernel)))
        {
            if values.contains(&0) {
                return Err(Fault::attribute(name, 0));
            }
        }
        Ok(Self {
            kernel,
            strides,
            dilations,
            pads: attributes.sizes("pads")?.unwrap_or_default(),
            auto_pad,
            rounding: if attributes.flag("ceil_mode") {
                Rounding::Ceil
            } else {
                Rounding::Floor
            },
        })
    }

    /// The window with this `kernel` over maps of these sizes, one or two axes each.
    pub(super) fn over(&self, input: &[usize], kernel: &[usize]) -> Result<Window, Fault> {
        let n_axes = input.len();
        let lists = [
            ("kernel_shape", kernel.len(), n_axes),
            ("strides", self.strides.len(), n_axes),
            ("dilations", self.dilations.len(), n_axes),
            ("pads", self.pads.len(), 2 * n_axes),
        ];
        for (name, n_values, want) in lists {
            let may_be_empty = name != "kernel_shape";
            if n_values != want && !(may_be_empty && n_values == 0) {
                return Err(Fault::attribute(
                    name,
                    format!("{n_values} values instead of {want}"),
                ));
            }
        }
        let mut window = Window {
            input: [1; 2],
            kernel: [1; 2],
            stride: [1; 2],
            dilation: [1; 2],
            before: [0; 2],
            after: [0; 2],
            output: [1; 2],
        };
        // A map of one axis is a map of one row.
        for (axis, to) in (2 - n_axes..2).enumerate() {
            let value = |list: &[usize], index: usize, default| list.get(index).copied().unwrap_or(default);
            let one = AxisWindow {
                input: input[axis],
                kernel: kernel[axis],
                stride: value(&self.strides, axis, 1),
                dilation: value(&self.dilations, axis, 1),
            };
            let pads = [value(&self.pads, axis, 0), value(&self.pads, n_axes + axis, 0)];
            let (pads, output) = one.place(self.auto_pad, pads, self.rounding)?;
            window.input[to] = one.input;
            window.kernel[to] = one.kernel;
            window.stride[to] = one.stride;
            window.dilation[to] = one.dilation;
            [window.before[to], window.after[to]] = pads;
            window.output[to] = output;
        }
        Ok(window)
    }
}

/// A window along one axis.
#[derive(Clone, Copy)]
struct AxisWindow {
    input: usize,
    kernel: usize,
    stride: usize,
    dilation: usize,
}

impl AxisWindow {
    /// Padding before and after, and the number of positions.
    fn place(
        self,
        auto_pad: AutoPad,
        pads: [usize; 2],
        rounding: Rounding,
    ) -> Result<([usize; 2], usize), Fault> {
        let Self {
            input,
            kernel,
            stride,
            dilation,
        } = self;
        let too_large = Fault::Window {
            window: usize::MAX,
            input,
        };
        let window = (kernel - 1)
            .checked_mul(dilation)
            .and_then(|extent| extent.checked_add(1));
        let Some(window) = window.filter(|&window| window <= MAX_ELEMENTS) else {
            return Err(too_large);
        };
        let pads = match auto_pad {
            AutoPad::Explicit => pads,
            AutoPad::Valid => [0; 2],
            AutoPad::SameUpper | AutoPad::SameLower => {
                let output = input.div_ceil(stride);
                let covered = (output.saturating_sub(1))
                    .checked_mul(stride)
                    .and_then(|at| at.checked_add(window));
                let Some(covered) = covered else {
                    return Err(too_large);
                };
                let padding = covered.saturating_sub(input);
                let (less, more) = (padding / 2, padding.div_ceil(2));
                let pads = if auto_pad == AutoPad::SameUpper {
                    [less, more]
                } else {
                    [more, less]
                };
                return Ok((pads, output));
            }
        };
        let padded = pads.iter().try_fold(input, |sum, &pad| sum.checked_add(pad));
        let Some(padded) = padded.filter(|&padded| padded <= MAX_ELEMENTS) else {
            return Err(too_large);
        };
        let Some(room) = padded.checked_sub(window) else {
            return Err(Fault::Window {
                window,
                input: padded,
            });
        };
        let output = match rounding {
            Rounding::Floor => room / stride + 1,
            Rounding::Ceil => {
                let output = room.div_ceil(stride) + 1;
                // A window that would start after the input and the padding before it is left out.
                if input + pads[0] <= (output - 1) * stride {
                    output - 1
                } else {
                    output
                }
            }
        };
        Ok((pads, output))
    }
}
