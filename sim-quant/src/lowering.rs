//! A convolution as matrix products, one per group: im2col in either order of K.

mod activations;
mod rectangle;
mod transpose;

use std::borrow::Cow;

pub use activations::LoweredActivations;
use sim_core::convolution::{Geometry, GeometryFault};
use sim_core::shape::{EmptyDimension, Gemm};
use sim_core::spec::KOrder;
use sim_trace::trace::Layer;

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

    /// Values of one group's channels in one image.
    const fn group_len(&self) -> usize {
        self.weight[1] * self.input[1] * self.input[2]
    }

    /// Whether every output channel reads one channel, of as many groups as channels.
    pub const fn is_depthwise(&self) -> bool {
        1 < self.geometry.groups && self.weight[1] == 1
    }

    /// Whether neighbouring pixels read neighbouring bytes of an unpadded image.
    fn is_dense(&self) -> bool {
        self.geometry.stride == [1, 1] && self.geometry.padding == [0; 4]
    }

    /// The same products with an image's pixels in one row, where its rows do not matter.
    fn flattened(self) -> Self {
        if !self.is_dense() || [self.weight[2], self.weight[3]] != [1, 1] {
            return self;
        }
        let n_pixels = self.input[1] * self.input[2];
        Self {
            input: [self.input[0], 1, n_pixels],
            output: [1, n_pixels],
            ..self
        }
    }

    /// The product of one group over the pixels of `n_images` images.
    pub fn gemm(&self, n_images: usize) -> Result<Gemm, EmptyDimension> {
        Gemm::new(self.m() * n_images, self.n(), self.k())
    }

    /// A of one group over images that lie one behind the other, `[images · M, K]`.
    ///
    /// - Shapes: each of `images` is `[channels, rows, columns]`, as this lowering was made for.
    /// - Padding holds `zero_point`.
    pub fn activations<'a>(
        &self,
        images: &'a [u8],
        zero_point: u8,
        group: usize,
        order: KOrder,
    ) -> LoweredActivations<'a> {
        LoweredActivations::new(self, images, zero_point, group, order)
    }

    /// W of one group, `[N, K]` row-major, from weights `[output channels, channels per group, rows, columns]`; the
    /// weights themselves where they lie in that order already.
    pub fn weights<'a>(&self, weight: &'a [i8], group: usize, order: KOrder) -> Cow<'a, [i8]> {
        let (n, k) = (self.n(), self.k());
        let weight = &weight[group * n * k..][..n * k];
        if self.is_in_order(order) {
            return Cow::Borrowed(weight);
        }
        let [_, per_group, kernel_rows, kernel_columns] = self.weight;
        let n_taps = kernel_rows * kernel_columns;
        let mut lowered = Vec::with_capacity(weight.len());
        for filter in weight.chunks(k) {
            for tap in 0..n_taps {
                lowered.extend((0..per_group).map(|channel| filter[channel * n_taps + tap]));
            }
        }
        Cow::Owned(lowered)
    }

    /// Whether `order` is that of the weights, and of an input as large as the kernel.
    pub const fn is_in_order(&self, order: KOrder) -> bool {
        match order {
            KOrder::ChannelMajor => true,
            KOrder::ChannelFastest => self.weight[1] == 1 || self.weight[2] * self.weight[3] == 1,
        }
    }

    /// Channel, kernel row and kernel column of each k.
    fn each_tap(&self, order: KOrder, mut tap: impl FnMut(usize, usize, usize)) {
        let [_, per_group, kernel_rows, kernel_columns] = self.weight;
        match order {
            KOrder::ChannelMajor => {
                for channel in 0..per_group {
                    for row in 0..kernel_rows {
                        (0..kernel_columns).for_each(|column| tap(channel, row, column));
                    }
                }
            }
            KOrder::ChannelFastest => {
                for row in 0..kernel_rows {
                    for column in 0..kernel_columns {
                        (0..per_group).for_each(|channel| tap(channel, row, column));
                    }
                }
            }
        }
    }
}
