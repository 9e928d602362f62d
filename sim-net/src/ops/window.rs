//! Windows that slide over maps: strides, padding and dilation of convolutions and pools.

use sim_core::convolution::{AxisPadding, AxisWindow, Placed, Remainder, Unfit};
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

/// The attributes of a window, for any number of axes; empty lists stand for ones and zeros.
#[derive(Clone, Debug)]
pub(crate) struct WindowAttributes {
    pub(super) kernel: Option<Vec<usize>>,
    strides: Vec<usize>,
    dilations: Vec<usize>,
    pads: Vec<usize>,
    auto_pad: AutoPad,
    remainder: Remainder,
}

/// A window over a map of rows and columns, for one size of the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KernelWindow {
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

impl KernelWindow {
    /// A window of one pixel over a map of this size.
    pub(crate) const fn of_one_pixel(map: [usize; 2]) -> Self {
        Self {
            input: map,
            kernel: [1; 2],
            stride: [1; 2],
            dilation: [1; 2],
            before: [0; 2],
            after: [0; 2],
            output: map,
        }
    }
}

impl WindowAttributes {
    /// Whether any stride is above 1.
    pub(super) fn is_strided(&self) -> bool {
        self.strides.iter().any(|&stride| 1 < stride)
    }

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
            remainder: if attributes.flag("ceil_mode") {
                Remainder::Covered
            } else {
                Remainder::Dropped
            },
        })
    }

    /// The window with this `kernel` over maps of these sizes, one or two axes each.
    pub(super) fn over(&self, input: &[usize], kernel: &[usize]) -> Result<KernelWindow, Fault> {
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
        let mut window = KernelWindow::of_one_pixel([1; 2]);
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
            let placed = place(one, self.auto_pad, pads, self.remainder)?;
            window.input[to] = one.input;
            window.kernel[to] = one.kernel;
            window.stride[to] = one.stride;
            window.dilation[to] = one.dilation;
            [window.before[to], window.after[to]] = placed.padding;
            window.output[to] = placed.output;
        }
        Ok(window)
    }
}

/// A window along an axis that a network may have; `pads` are those of [`AutoPad::Explicit`].
fn place(
    window: AxisWindow,
    auto_pad: AutoPad,
    pads: [usize; 2],
    remainder: Remainder,
) -> Result<Placed, Fault> {
    let too_large = || Fault::Window {
        window: usize::MAX,
        input: window.input,
    };
    let padding = match auto_pad {
        AutoPad::Explicit => AxisPadding::Explicit(pads),
        AutoPad::Valid => AxisPadding::Explicit([0; 2]),
        AutoPad::SameUpper => AxisPadding::SameUpper,
        AutoPad::SameLower => AxisPadding::SameLower,
    };
    let padded = match padding {
        AxisPadding::Explicit([before, after]) => window.input.saturating_add(before).saturating_add(after),
        AxisPadding::SameUpper | AxisPadding::SameLower => 0,
    };
    if MAX_ELEMENTS < window.extent().max(padded) {
        return Err(too_large());
    }
    window.place(padding, remainder).map_err(|unfit| match unfit {
        Unfit::TooLarge => too_large(),
        Unfit::Larger { window, padded } => Fault::Window {
            window,
            input: padded,
        },
    })
}
