//! The layers of a running network in 8 bits: on an array, or with exact products.

use std::sync::atomic::AtomicBool;

use sim_algebraic::Algebraic;
use sim_array::engine::{EngineError, StreamedOperands};
use sim_array::mapping::Schedule;
use sim_core::parallel_map::{Unfinished, parallel_map};
use sim_core::record::{EngineKind, ProductRecord};
use sim_core::shape::Gemm;
use sim_core::spec::{ArraySpec, KOrder};
use sim_core::tensor::Tensor;
use sim_net::network::{HookError, Hooks, WeightedCall};
use sim_quant::lowering::Lowering;
use sim_quant::quantize::check;
use sim_quant::quantized::{QuantizedLayer, QuantizedNetwork};

use super::machine::Machine;
use crate::{simulate, sums};

/// Most images whose products run in turn, so that weights are made ready for all of them at once.
pub(super) const IMAGES_PER_PRODUCT: usize = 16;
/// Rows of these products, few enough that what comes of them stays in a cache.
const MAX_ROWS: usize = 4096;

fn images_per_product(lowering: &Lowering) -> usize {
    (MAX_ROWS / lowering.m().max(1)).clamp(1, IMAGES_PER_PRODUCT)
}

/// What runs the products of simulated layers.
#[derive(Clone, Copy)]
pub enum Products<'a> {
    /// Those of an array of conventional PEs: exact, and nothing is counted.
    Exact(&'a ArraySpec),
    /// Those of an array.
    Array(&'a Machine),
}

/// Hooks that run the simulated layers of a network.
pub struct SimulatedLayers<'a> {
    network: &'a QuantizedNetwork,
    products: Products<'a>,
    engine: &'a Algebraic,
    /// Threads over the images of a batch.
    jobs: usize,
    stop: &'a AtomicBool,
    sums: Vec<Option<ProductRecord>>,
}

impl<'a> SimulatedLayers<'a> {
    pub(super) fn new(
        network: &'a QuantizedNetwork,
        products: Products<'a>,
        engine: &'a Algebraic,
        stop: &'a AtomicBool,
    ) -> Self {
        Self {
            network,
            products,
            engine,
            jobs: 1,
            stop,
            sums: (0..network.n_layers()).map(|_| None).collect(),
        }
    }

    /// Hooks that run the layers over batches of images on `jobs` threads.
    pub fn of_batches(
        products: Products<'a>,
        network: &'a QuantizedNetwork,
        engine: &'a Algebraic,
        jobs: usize,
        stop: &'a AtomicBool,
    ) -> Self {
        Self {
            jobs,
            ..Self::new(network, products, engine, stop)
        }
    }

    pub(super) fn into_sums(self) -> Vec<Option<ProductRecord>> {
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
        let lowering = Lowering::new(call.image_shape(), call.layer.weight_shape(), call.geometry)?;
        let n_images = call.input.data.len() / lowering.input_len().max(1);
        let images: Vec<&[f32]> = calls
            .iter()
            .flat_map(|call| call.input.data.chunks(lowering.input_len().max(1)))
            .collect();
        let parts: Vec<&[&[f32]]> = images.chunks(images_per_product(&lowering)).collect();
        let work = LayerWork {
            products: self.products,
            engine: self.engine,
            index: call.index,
            name: &call.layer.name,
            layer,
            lowering,
        };
        let done = parallel_map(&parts, self.jobs, self.stop, |part| work.images(part));
        let done = done.map_err(|unfinished| match unfinished {
            Unfinished::Stopped => HookError::from("stopped"),
            // Where in the tensor a value is, an image does not know.
            Unfinished::Failed(error) => {
                let checked = calls.iter().try_for_each(|call| check(&call.input.data));
                checked.err().map_or(error, HookError::from)
            }
        })?;
        let n_channels = lowering.n() * lowering.groups();
        let mut images = Vec::with_capacity(calls.len() * n_images);
        for (outputs, sums) in done {
            images.extend(outputs);
            match (&mut self.sums[call.index], sums) {
                (Some(all), Some(one)) => sums::add(all, &one),
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
        let mut images = images.into_iter();
        let mut output = || {
            let mut data = images.next().unwrap_or_default();
            for image in images.by_ref().take(n_images.saturating_sub(1)) {
                data.extend(image);
            }
            Ok(Some(Tensor::new(shape.clone(), data)?))
        };
        calls.iter().map(|_| output()).collect()
    }
}

const fn remedy(error: &EngineError) -> &'static str {
    match error {
        EngineError::NotTwoOfFour { .. } => {
            "; `--prune 2:4` makes a dense network fit, or take a `sparq` array"
        }
        EngineError::AccumulatorRange { .. }
        | EngineError::Empty(_)
        | EngineError::Length { .. }
        | EngineError::OtherPlan(_)
        | EngineError::SeveralPlans(_) => simulate::remedy(error),
    }
}

/// One layer for the images of a batch.
struct LayerWork<'a> {
    products: Products<'a>,
    engine: &'a Algebraic,
    index: usize,
    name: &'a str,
    layer: &'a QuantizedLayer,
    lowering: Lowering,
}

impl LayerWork<'_> {
    /// Outputs of some images, `[channels, pixels]` each, and what their products counted.
    fn images(&self, images: &[&[f32]]) -> Result<(Vec<Vec<f32>>, Option<ProductRecord>), HookError> {
        let lowering = &self.lowering;
        let mut codes = Vec::with_capacity(images.len() * lowering.input_len());
        for values in images {
            self.layer.quantizer().append_codes(values, &mut codes)?;
        }
        let n_outputs = lowering.n() * lowering.groups() * lowering.m();
        let mut outputs: Vec<Vec<f32>> = images.iter().map(|_| vec![0.0; n_outputs]).collect();
        let sums = match self.products {
            Products::Exact(array) => self
                .exact(array, images.len(), &codes, &mut outputs)
                .map(|()| None),
            Products::Array(machine) => self
                .on_array(machine, images.len(), &codes, &mut outputs)
                .map(Some),
        };
        match sums {
            Ok(sums) => Ok((outputs, sums)),
            Err(error) => Err(format!("{error}{}", remedy(&error)).into()),
        }
    }

    fn exact(
        &self,
        array: &ArraySpec,
        n_images: usize,
        codes: &[u8],
        outputs: &mut [Vec<f32>],
    ) -> Result<(), EngineError> {
        let (lowering, zero_point) = (&self.lowering, self.layer.quantizer().zero_point);
        let order = KOrder::ChannelMajor;
        let gemm = lowering.gemm(n_images)?;
        for group in 0..lowering.groups() {
            let activations = lowering.activations(codes, zero_point, group, order);
            let weights = lowering.weights(self.layer.weights(), group, order);
            let operands = StreamedOperands::new(gemm, &activations, &weights)?;
            let product = self.engine.product_only(array, &operands)?;
            self.layer.rescale(lowering, group, &product, outputs);
        }
        Ok(())
    }

    fn on_array(
        &self,
        machine: &Machine,
        n_images: usize,
        codes: &[u8],
        outputs: &mut [Vec<f32>],
    ) -> Result<ProductRecord, EngineError> {
        let (lowering, zero_point) = (&self.lowering, self.layer.quantizer().zero_point);
        let array = machine.machines.of(self.name, lowering);
        let weights = machine.weights(self.index, &array, lowering, self.layer.weights());
        let gemm = lowering.gemm(1)?;
        let mut sums = sums::none(EngineKind::Algebraic, array, machine.machines.array(), gemm);
        for (group, weights) in weights.iter().enumerate() {
            let mut activations = lowering.activations(codes, zero_point, group, array.pe().k_order());
            if let Some(order) = machine.orders(self.index, &array, lowering).get(group) {
                activations = activations.reordered(order);
            }
            let padded = |m| Gemm::new(m, gemm.n(), activations.k());
            let operands = StreamedOperands::new(padded(n_images * gemm.m())?, &activations, weights)?;
            let outcome = self
                .engine
                .run_in_turn(&array, &operands, padded(gemm.m())?, machine.mse)?;
            self.layer.rescale(lowering, group, &outcome.product, outputs);
            sums.cycles += outcome.cycles;
            for _ in 0..n_images {
                sums.n_products += 1;
                sums.baseline_cycles += Schedule::new(&machine.baseline, gemm).cycles();
            }
            sums.counters += outcome.counters;
            if let Some(error) = outcome.error {
                *sums.error.get_or_insert_default() += error;
            }
        }
        Ok(sums)
    }
}
