//! Transposed convolutions over one or two axes: a product for every pixel, whose results are added where they overlap.

use sim_core::tensor::Tensor;
use sim_onnx::value::Value;

use crate::ops::args::{Args, Operands};
use crate::ops::attributes::Attributes;
use crate::ops::conv::{ConvPlan, check_bias};
use crate::ops::fault::Fault;
use crate::ops::window::KernelWindow;
use crate::ops::{Operation, axes};

/// The attributes of a transposed convolution; those of a single axis are for columns.
#[derive(Clone, Debug)]
pub(crate) struct ConvTranspose {
    stride: [usize; 2],
    dilation: [usize; 2],
    /// Cut off before and after, where it is declared.
    cut: Option<[[usize; 2]; 2]>,
    output_padding: [usize; 2],
    output_shape: Option<[usize; 2]>,
    odd: Odd,
    pub(crate) groups: usize,
}

/// A transposed convolution with constant weights, which are kept as the filters of its product.
#[derive(Clone, Debug)]
pub(crate) struct ConvTransposeLayer {
    pub(crate) conv: ConvTranspose,
    /// Of the weights as they are stored.
    pub(crate) weight_shape: Vec<usize>,
    /// Added where the products are.
    pub(crate) bias: Option<Vec<f32>>,
}

impl ConvTransposeLayer {
    /// For an input of this shape.
    pub(crate) fn plan(&self, input: &[usize]) -> Result<ConvTransposePlan, Fault> {
        self.conv.plan(input, &self.weight_shape)
    }
}

/// On which side an odd number of elements is cut off one more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Odd {
    Before,
    After,
}

/// A transposed convolution for one shape of its input.
#[derive(Clone, Debug)]
pub(crate) struct ConvTransposePlan {
    /// The product of every pixel: a 1×1 convolution with a filter for each output channel and tap.
    pub(crate) product: ConvPlan,
    kernel: [usize; 2],
    stride: [usize; 2],
    dilation: [usize; 2],
    before: [usize; 2],
    /// Rows and columns.
    size: [usize; 2],
    /// Of the output, with one or two axes of the map as the input has.
    pub(crate) output: Vec<usize>,
}

impl ConvTranspose {
    pub(crate) fn parse(attributes: &Attributes<'_>) -> Result<Self, Fault> {
        let pair = |name, default: usize| -> Result<[usize; 2], Fault> {
            let sizes = attributes.sizes(name)?.unwrap_or_default();
            last_two(name, &sizes, default)
        };
        let groups = attributes.size_or("group", 1)?;
        let stride = pair("strides", 1)?;
        let dilation = pair("dilations", 1)?;
        for (name, sizes) in [
            ("group", [groups; 2]),
            ("strides", stride),
            ("dilations", dilation),
        ] {
            if sizes.contains(&0) {
                return Err(Fault::attribute(name, 0));
            }
        }
        let auto_pad = attributes.text("auto_pad").unwrap_or_default();
        let odd = match auto_pad.as_str() {
            "" | "NOTSET" | "VALID" | "SAME_LOWER" => Odd::Before,
            "SAME_UPPER" => Odd::After,
            _ => return Err(Fault::attribute("auto_pad", auto_pad)),
        };
        let is_cut_to_size = auto_pad.starts_with("SAME");
        let output_shape = match attributes.sizes("output_shape")? {
            Some(sizes) if !sizes.is_empty() => {
                // Old writers name images and channels too.
                let map = if 2 < sizes.len() { &sizes[2..] } else { &sizes[..] };
                Some(last_two("output_shape", map, 1)?)
            }
            Some(_) | None => None,
        };
        let pads = attributes.sizes("pads")?.unwrap_or_default();
        let (before, after) = pads.split_at(pads.len() / 2);
        let cut = [last_two("pads", before, 0)?, last_two("pads", after, 0)?];
        Ok(Self {
            stride,
            dilation,
            cut: (!is_cut_to_size && output_shape.is_none()).then_some(cut),
            output_padding: pair("output_padding", 0)?,
            output_shape,
            odd,
            groups,
        })
    }

    /// For an input of shape `input` with weights `[channels, output channels / groups, …]`.
    pub(crate) fn plan(&self, input: &[usize], weight: &[usize]) -> Result<ConvTransposePlan, Fault> {
        let [images, channels, map @ ..] = input else {
            return Err(Fault::shape(0, input, "images, channels and one or two axes"));
        };
        if !(1..=2).contains(&map.len()) || map.contains(&0) {
            return Err(Fault::shape(
                0,
                input,
                "images, channels and one or two axes that are not empty",
            ));
        }
        if weight.len() != input.len() || weight[1..].contains(&0) {
            return Err(Fault::shape(1, weight, "filters of as many axes as the input"));
        }
        if weight[0] != *channels || !channels.is_multiple_of(self.groups) {
            return Err(Fault::shapes(input, weight));
        }
        let [rows, columns] = last_two("input", map, 1)?;
        let kernel = last_two("weights", &weight[2..], 1)?;
        let mut size = [0; 2];
        let mut before = [0; 2];
        for (axis, extent) in [rows, columns].into_iter().enumerate() {
            let whole = self.whole(axis, extent, kernel[axis]);
            let fault = || Fault::Window {
                window: kernel[axis],
                input: extent,
            };
            let whole = whole.ok_or_else(fault)?;
            let wanted = match (&self.cut, self.output_shape) {
                (Some([before, after]), _) => whole
                    .checked_sub(before[axis].saturating_add(after[axis]))
                    .filter(|&size| 0 < size)
                    .ok_or_else(fault)?,
                (None, Some(shape)) => shape[axis],
                // Where steps are wider than taps reach, nothing is cut off, as in ONNX Runtime.
                (None, None) => extent.saturating_mul(self.stride[axis]).min(whole),
            };
            let total = whole.saturating_sub(wanted);
            before[axis] = match (&self.cut, self.odd) {
                (Some([before, _]), _) => before[axis],
                (None, Odd::After) => total / 2,
                (None, Odd::Before) => total.div_ceil(2),
            };
            size[axis] = wanted;
        }
        let per_group = weight[1];
        let filters = per_group * self.groups;
        let mut output = vec![*images, filters];
        output.extend(&size[2 - map.len()..]);
        axes::n_elements(&output)?;
        let n_filters = filters * kernel[0] * kernel[1];
        Ok(ConvTransposePlan {
            product: ConvPlan {
                window: KernelWindow::of_one_pixel([rows, columns]),
                groups: self.groups,
                channels: *channels,
                n_filters,
                output: vec![*images, n_filters, rows, columns],
            },
            kernel,
            stride: self.stride,
            dilation: self.dilation,
            before,
            size,
            output,
        })
    }

    /// Elements along an axis before any are cut off; `None` if they cannot be counted.
    fn whole(&self, axis: usize, extent: usize, kernel: usize) -> Option<usize> {
        let from_steps = (extent - 1).checked_mul(self.stride[axis])?;
        let from_taps = (kernel - 1).checked_mul(self.dilation[axis])?;
        from_steps
            .checked_add(from_taps)?
            .checked_add(self.output_padding[axis])?
            .checked_add(1)
    }

    /// The filters of the product: `[groups · output channels / groups · taps, channels / groups, 1, 1]`.
    pub(crate) fn filters(&self, weight: &Tensor) -> Result<Tensor, Fault> {
        let [channels, per_group, taps @ ..] = &weight.shape[..] else {
            return Err(Fault::shape(1, &weight.shape, "filters of one or two axes"));
        };
        let n_taps: usize = taps.iter().product();
        if !channels.is_multiple_of(self.groups) {
            return Err(Fault::shape(1, &weight.shape, "as many channels in every group"));
        }
        let of_group = channels / self.groups;
        let mut data = Vec::with_capacity(weight.data.len());
        for group in 0..self.groups {
            for filter in 0..per_group * n_taps {
                let first = group * of_group;
                data.extend((first..first + of_group).map(|c| weight.data[c * per_group * n_taps + filter]));
            }
        }
        Ok(Tensor::new(
            vec![self.groups * per_group * n_taps, of_group, 1, 1],
            data,
        )?)
    }
}

/// The sizes of rows and columns; one axis is a row.
fn last_two(name: &'static str, sizes: &[usize], default: usize) -> Result<[usize; 2], Fault> {
    match *sizes {
        [] => Ok([default; 2]),
        // The row that an axis lies in has nothing to step over.
        [columns] => Ok([if default == 0 { 0 } else { 1 }, columns]),
        [rows, columns] => Ok([rows, columns]),
        _ => Err(Fault::attribute(name, format!("{sizes:?}"))),
    }
}

impl ConvTransposePlan {
    /// Add up the products of all pixels, `[images, output channels · taps, rows, columns]`, tap after tap, pixel after
    /// pixel, to the bias.
    pub(crate) fn fold(&self, products: &[f32], bias: Option<&[f32]>) -> Result<Tensor, Fault> {
        let mut data = vec![0.0; axes::n_elements(&self.output)?];
        let [rows, columns] = self.product.window.output;
        let [out_rows, out_columns] = self.size;
        let n_filters = self.output[1];
        let n_taps = self.kernel[0] * self.kernel[1];
        let maps = data.chunks_exact_mut((out_rows * out_columns).max(1));
        let products = products.chunks_exact((n_taps * rows * columns).max(1));
        for (index, (map, products)) in maps.zip(products).enumerate() {
            map.fill(bias.map_or(0.0, |bias| bias[index % n_filters]));
            for (tap, products) in products.chunks_exact(rows * columns).enumerate() {
                let [tap_row, tap_column] = [tap / self.kernel[1], tap % self.kernel[1]];
                for (row, products) in products.chunks_exact(columns).enumerate() {
                    let Some(out_row) = self.place(0, row, tap_row) else {
                        continue;
                    };
                    for (column, product) in products.iter().enumerate() {
                        if let Some(out_column) = self.place(1, column, tap_column) {
                            map[out_row * out_columns + out_column] += product;
                        }
                    }
                }
            }
        }
        Ok(Tensor::new(self.output.clone(), data)?)
    }

    /// Where a tap of a pixel lands along an axis, if it is not cut off.
    fn place(&self, axis: usize, pixel: usize, tap: usize) -> Option<usize> {
        let place = pixel * self.stride[axis] + tap * self.dilation[axis];
        place
            .checked_sub(self.before[axis])
            .filter(|&place| place < self.size[axis])
    }
}

impl Operation for ConvTranspose {
    fn shapes(&self, inputs: &Operands<'_>) -> Result<Vec<Vec<usize>>, Fault> {
        Ok(vec![self.plan(inputs.shape(0)?, inputs.shape(1)?)?.output])
    }

    fn run(&self, inputs: Args) -> Result<Vec<Value>, Fault> {
        let (input, weight) = (inputs.float(0)?, inputs.float(1)?);
        let plan = self.plan(&input.shape, &weight.shape)?;
        let bias = check_bias(inputs.optional_float(2)?, plan.output[1])?;
        let products = plan.product.run(&input.data, &self.filters(weight)?.data, None)?;
        Ok(vec![plan.fold(&products.data, bias)?.into()])
    }
}
