//! A convolution as matrix products, one per group: im2col in either order of K.

use sim_core::shape::{EmptyDimension, Gemm};
use sim_core::spec::KOrder;
use sim_trace::error::GeometryFault;
use sim_trace::trace::{Geometry, Layer};

/// The shape of a convolution whose numbers fit together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lowering {
    /// Channels, rows and columns of one image.
    input: [usize; 3],
    /// Output channels, channels per group, rows and columns of the weights.
    weight: [usize; 4],
    /// Rows and columns of the output.
    output: [usize; 2],
    geometry: Geometry,
}

impl Lowering {
    /// A convolution of `input` channels, rows and columns with `weight` output channels, channels per group, rows and
    /// columns.
    ///
    /// - Errors: shapes, groups and geometry that do not fit together.
    pub fn new(input: [usize; 3], weight: [usize; 4], geometry: Geometry) -> Result<Self, GeometryFault> {
        Ok(Self {
            input,
            weight,
            output: geometry.fit(input, weight)?,
            geometry,
        })
    }

    /// The convolution of a layer.
    ///
    /// - Errors: shapes, groups and geometry that do not fit together.
    pub fn of(layer: &Layer) -> Result<Self, GeometryFault> {
        let [_, channels, rows, columns] = layer.input_shape;
        Self::new([channels, rows, columns], layer.weight_shape, layer.geometry)
    }

    /// Groups, and so products per image.
    pub const fn groups(&self) -> usize {
        self.geometry.groups
    }

    /// Rows and columns of the output.
    pub const fn output(&self) -> [usize; 2] {
        self.output
    }

    /// M of one image: output pixels.
    pub const fn m(&self) -> usize {
        self.output[0] * self.output[1]
    }

    /// N of one group: output channels per group.
    pub const fn n(&self) -> usize {
        self.weight[0] / self.geometry.groups
    }

    /// K of one group: channels per group × kernel rows × kernel columns.
    pub const fn k(&self) -> usize {
        self.weight[1] * self.weight[2] * self.weight[3]
    }

    /// Values of one image's input.
    pub const fn input_len(&self) -> usize {
        self.input[0] * self.input[1] * self.input[2]
    }

    /// The product of one group over the pixels of `n_images` images.
    pub fn gemm(&self, n_images: usize) -> Result<Gemm, EmptyDimension> {
        Gemm::new(self.m() * n_images, self.n(), self.k())
    }

    /// Append A of one image and group, `[M, K]` row-major, to `lowered`.
    ///
    /// - Shapes: `input` is `[channels, rows, columns]`, as this lowering was made for.
    /// - Padding holds `zero_point`.
    pub fn activations(
        &self,
        input: &[u8],
        zero_point: u8,
        group: usize,
        order: KOrder,
        lowered: &mut Vec<u8>,
    ) {
        let [_, rows, columns] = self.input;
        let per_group = self.weight[1];
        let input = &input[group * per_group * rows * columns..][..per_group * rows * columns];
        let taps = self.taps(order);
        lowered.reserve(self.m() * taps.len());
        for out_row in 0..self.output[0] {
            for out_column in 0..self.output[1] {
                let from_row = out_row * self.geometry.stride[0];
                let from_column = out_column * self.geometry.stride[1];
                lowered.extend(taps.iter().map(|tap| {
                    // Coordinates in the padded input; what underflows lies in the padding at the top or left.
                    let row = (from_row + tap.row).wrapping_sub(self.geometry.padding[0]);
                    let column = (from_column + tap.column).wrapping_sub(self.geometry.padding[1]);
                    if row < rows && column < columns {
                        input[(tap.channel * rows + row) * columns + column]
                    } else {
                        zero_point
                    }
                }));
            }
        }
    }

    /// W of one group, `[N, K]` row-major, from weights `[output channels, channels per group, rows, columns]`.
    pub fn weights(&self, weight: &[i8], group: usize, order: KOrder) -> Vec<i8> {
        let (n, k) = (self.n(), self.k());
        let weight = &weight[group * n * k..][..n * k];
        match order {
            KOrder::ChannelMajor => weight.to_vec(),
            KOrder::ChannelFastest => {
                let [_, per_group, kernel_rows, kernel_columns] = self.weight;
                let n_taps = kernel_rows * kernel_columns;
                weight
                    .chunks(k)
                    .flat_map(|filter| {
                        (0..n_taps).flat_map(move |tap| (0..per_group).map(move |c| filter[c * n_taps + tap]))
                    })
                    .collect()
            }
        }
    }

    /// Where each k reads, relative to the first tap of an output pixel in the padded input.
    fn taps(&self, order: KOrder) -> Vec<Tap> {
        let [_, per_group, kernel_rows, kernel_columns] = self.weight;
        let [row_step, column_step] = self.geometry.dilation;
        let tap = |channel, row, column| Tap {
            channel,
            row: row * row_step,
            column: column * column_step,
        };
        let mut taps = Vec::with_capacity(self.k());
        match order {
            KOrder::ChannelMajor => {
                for channel in 0..per_group {
                    for row in 0..kernel_rows {
                        taps.extend((0..kernel_columns).map(|column| tap(channel, row, column)));
                    }
                }
            }
            KOrder::ChannelFastest => {
                for row in 0..kernel_rows {
                    for column in 0..kernel_columns {
                        taps.extend((0..per_group).map(|channel| tap(channel, row, column)));
                    }
                }
            }
        }
        taps
    }
}

struct Tap {
    channel: usize,
    row: usize,
    column: usize,
}
