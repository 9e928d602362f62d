//! The layers of a running network in 8 bits: on an array, or with exact products.

use std::sync::atomic::AtomicBool;

use sim_array::algebraic::{Algebraic, timing};
use sim_array::engine::{EngineError, StreamedOperands};
use sim_core::counters::{Counters, ErrorSums};
use sim_core::shape::Gemm;
use sim_core::spec::{ArraySpec, KOrder};
use sim_core::units::Cycles;

use super::machine::Machine;
use crate::lowering::Lowering;
use crate::network::{HookError, Hooks, WeightedCall};
use crate::pass::image_shape;
use crate::quantized::{QuantizedLayer, QuantizedNetwork};
use crate::share::{Unfinished, share};
use crate::simulate;
use crate::tensor::Tensor;

/// Images whose products run in turn, so that weights are made ready for all of them at once.
pub(super) const IMAGES_PER_PRODUCT: usize = 16;

/// What runs the products of simulated layers.
#[derive(Clone, Copy)]
pub(super) enum Products<'a> {
    /// Those of an array of conventional PEs: exact, and nothing is counted.
    Exact(&'a ArraySpec),
    /// Those of an array.
    Array(&'a Machine),
}

/// Counts of one layer over the images that a run saw.
#[derive(Clone, Debug)]
pub(super) struct LayerSums {
    pub(super) array: ArraySpec,
    pub(super) shape: Gemm,
    pub(super) groups: usize,
    pub(super) n_products: u64,
    pub(super) cycles: Cycles,
    pub(super) baseline_cycles: Cycles,
    pub(super) counters: Counters,
    pub(super) error: Option<ErrorSums>,
}

/// Hooks that run the simulated layers of a network.
pub struct SimulatedLayers<'a> {
    network: &'a QuantizedNetwork,
    products: Products<'a>,
    /// Threads over the images of a batch.
    jobs: usize,
    stop: &'a AtomicBool,
    sums: Vec<Option<LayerSums>>,
}

impl<'a> SimulatedLayers<'a> {
    pub(super) fn new(network: &'a QuantizedNetwork, products: Products<'a>, stop: &'a AtomicBool) -> Self {
        Self {
            network,
            products,
            jobs: 1,
            stop,
            sums: (0..network.n_layers()).map(|_| None).collect(),
        }
    }

    /// Hooks that run the layers on an array, over batches of images on `jobs` threads.
    pub fn on(
        machine: &'a Machine,
        network: &'a QuantizedNetwork,
        jobs: usize,
        stop: &'a AtomicBool,
    ) -> Self {
        Self {
            jobs,
            ..Self::new(network, Products::Array(machine), stop)
        }
    }

    pub(super) fn into_sums(self) -> Vec<Option<LayerSums>> {
        self.sums
    }
}

impl Hooks for SimulatedLayers<'_> {
    fn weighted(&mut self, call: &WeightedCall<'_>) -> Result<Option<Tensor>, HookError> {
        let outputs = self.weighted_all(std::slice::from_ref(call))?;
        Ok(outputs.into_iter().next().flatten())
    }

    fn weighted_all(&mut self, calls: &[WeightedCall<'_>]) -> Result<Vec<Option<Tensor>>, HookError> {
        let Some(call) = calls.first() else {
            return Ok(Vec::new());
        };
        let Some(layer) = self.network.layer(call.index) else {
            return Ok(vec![None; calls.len()]);
        };
        let input = &call.input.shape;
        if calls.iter().any(|other| other.input.shape != *input) {
            return Err("images of several sizes side by side".into());
        }
        let lowering = Lowering::new(image_shape(input), call.layer.weight_shape(), call.geometry)?;
        let n_images = call.input.data.len() / lowering.input_len().max(1);
        let mut codes = Vec::with_capacity(calls.len() * call.input.data.len());
        for call in calls {
            layer.quantizer().append_codes(&call.input.data, &mut codes)?;
        }
        let images: Vec<&[u8]> = codes
            .chunks(lowering.input_len().max(1) * IMAGES_PER_PRODUCT)
            .collect();
        let work = LayerWork {
            products: self.products,
            index: call.index,
            name: &call.layer.name,
            layer,
            lowering,
        };
        let done = share(&images, self.jobs, self.stop, |codes| work.images(codes));
        let done = done.map_err(|unfinished| match unfinished {
            Unfinished::Stopped => HookError::from("stopped"),
            Unfinished::Failed(error) => format!("{error}{}", remedy(&error)).into(),
        })?;
        let n_channels = lowering.n() * lowering.groups();
        let per_call = n_images * n_channels * lowering.m();
        let mut outputs: Vec<Vec<f32>> = calls.iter().map(|_| Vec::with_capacity(per_call)).collect();
        let mut filling = outputs.iter_mut();
        let mut output = filling.next();
        for (values, sums) in done {
            for image in values.chunks((n_channels * lowering.m()).max(1)) {
                if output.as_ref().is_some_and(|output| output.len() == per_call) {
                    output = filling.next();
                }
                if let Some(output) = &mut output {
                    output.extend_from_slice(image);
                }
            }
            match (&mut self.sums[call.index], sums) {
                (Some(all), Some(sums)) => all.add(&sums),
                (all @ None, sums) => *all = sums,
                (Some(_), None) => {}
            }
        }
        let [rows, columns] = lowering.output();
        let shape = if input.len() == 2 {
            vec![n_images, n_channels]
        } else {
            vec![n_images, n_channels, rows, columns]
        };
        outputs
            .into_iter()
            .map(|data| Ok(Some(Tensor::new(shape.clone(), data)?)))
            .collect()
    }
}

const fn remedy(error: &EngineError) -> &'static str {
    match error {
        EngineError::NotTwoOfFour { .. } => {
            "; `--prune 2:4` makes a dense network fit, or take a `sparq` array"
        }
        EngineError::AccumulatorRange { .. } | EngineError::Empty(_) | EngineError::Length { .. } => {
            simulate::remedy(error)
        }
    }
}

impl LayerSums {
    pub(super) fn add(&mut self, other: &Self) {
        self.n_products += other.n_products;
        self.cycles += other.cycles;
        self.baseline_cycles += other.baseline_cycles;
        self.counters += other.counters;
        if let Some(error) = other.error {
            *self.error.get_or_insert_default() += error;
        }
    }
}

/// One layer for the images of a batch.
struct LayerWork<'a> {
    products: Products<'a>,
    index: usize,
    name: &'a str,
    layer: &'a QuantizedLayer,
    lowering: Lowering,
}

impl LayerWork<'_> {
    /// Outputs of some images, `[images, channels, pixels]`, and what their products counted.
    fn images(&self, codes: &[u8]) -> Result<(Vec<f32>, Option<LayerSums>), EngineError> {
        let lowering = &self.lowering;
        let n_images = codes.len() / lowering.input_len().max(1);
        let mut outputs = vec![0.0; n_images * lowering.n() * lowering.groups() * lowering.m()];
        let sums = match self.products {
            Products::Exact(array) => {
                self.exact(array, n_images, codes, &mut outputs)?;
                None
            }
            Products::Array(machine) => Some(self.on_array(machine, n_images, codes, &mut outputs)?),
        };
        Ok((outputs, sums))
    }

    fn exact(
        &self,
        array: &ArraySpec,
        n_images: usize,
        codes: &[u8],
        outputs: &mut [f32],
    ) -> Result<(), EngineError> {
        let (lowering, zero_point) = (&self.lowering, self.layer.quantizer().zero_point);
        let order = KOrder::ChannelMajor;
        let gemm = lowering.gemm(n_images)?;
        for group in 0..lowering.groups() {
            let activations = lowering.activations(codes, zero_point, group, order);
            let weights = lowering.weights(self.layer.weights(), group, order);
            let operands = StreamedOperands::new(gemm, &activations, &weights)?;
            let product = Algebraic.product_only(array, &operands)?;
            self.layer.rescale(lowering, group, &product, outputs);
        }
        Ok(())
    }

    fn on_array(
        &self,
        machine: &Machine,
        n_images: usize,
        codes: &[u8],
        outputs: &mut [f32],
    ) -> Result<LayerSums, EngineError> {
        let (lowering, zero_point) = (&self.lowering, self.layer.quantizer().zero_point);
        let array = machine.machines.of(self.name, lowering);
        let weights = machine.weights(self.index, &array, lowering, self.layer.weights());
        let gemm = lowering.gemm(1)?;
        let mut sums = LayerSums {
            array,
            shape: gemm,
            groups: lowering.groups(),
            n_products: 0,
            cycles: Cycles::default(),
            baseline_cycles: Cycles::default(),
            counters: Counters::zero(machine.machines.array().pe().max_active()),
            error: None,
        };
        for (group, weights) in weights.iter().enumerate() {
            let mut activations = lowering.activations(codes, zero_point, group, array.pe().k_order());
            if let Some(order) = machine.orders(self.index, &array, lowering).get(group) {
                activations = activations.reordered(order);
            }
            let padded = |m| Gemm::new(m, gemm.n(), activations.k());
            let operands = StreamedOperands::new(padded(n_images * gemm.m())?, &activations, weights)?;
            let outcome = Algebraic.run_in_turn(&array, &operands, padded(gemm.m())?, machine.mse)?;
            self.layer.rescale(lowering, group, &outcome.product, outputs);
            sums.cycles += outcome.cycles;
            for _ in 0..n_images {
                sums.n_products += 1;
                sums.baseline_cycles += timing::cycles(&machine.baseline, gemm);
            }
            sums.counters += outcome.counters;
            if let Some(error) = outcome.error {
                *sums.error.get_or_insert_default() += error;
            }
        }
        Ok(sums)
    }
}
