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
use sim_net::execute::error::ExecuteError;
use sim_net::network::{HookError, Hooks, WeightedCall};
use sim_quant::lowering::Lowering;
use sim_quant::prediction::MapGate;
use sim_quant::quantize::check;
use sim_quant::quantized::{QuantizedLayer, QuantizedNetwork};

use super::machine::Machine;
use crate::predicted::LayerOutputs;
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

/// Whether products are counted.
#[derive(Clone, Copy)]
enum Counting {
    On,
    /// Products alone are wanted.
    Off,
}

/// A layer whose counts wait: what it read, maps behind one another.
struct Waiting {
    name: String,
    lowering: Lowering,
    codes: Vec<u8>,
}

/// Hooks that run the simulated layers of a network.
pub struct SimulatedLayers<'a> {
    network: &'a QuantizedNetwork,
    products: Products<'a>,
    engine: &'a Algebraic,
    /// Threads over the images of a batch.
    jobs: usize,
    stop: &'a AtomicBool,
    counting: Counting,
    sums: Vec<Option<ProductRecord>>,
    /// By layer of the network.
    waiting: Vec<Option<Waiting>>,
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
            counting: Counting::On,
            sums: (0..network.n_layers()).map(|_| None).collect(),
            waiting: (0..network.n_layers()).map(|_| None).collect(),
        }
    }

    /// Hooks that run the layers over batches of images on `jobs` threads, for their products alone.
    pub fn of_batches(
        products: Products<'a>,
        network: &'a QuantizedNetwork,
        engine: &'a Algebraic,
        jobs: usize,
        stop: &'a AtomicBool,
    ) -> Self {
        Self {
            jobs,
            counting: Counting::Off,
            ..Self::new(network, products, engine, stop)
        }
    }

    /// What was counted, by layer of the network, now that the gates of all maps are known, in the order of the maps.
    ///
    /// - Errors: products that the array's PEs cannot run.
    pub(super) fn into_sums(mut self, gates: &[MapGate]) -> Result<Vec<Option<ProductRecord>>, ExecuteError> {
        let Products::Array(machine) = self.products else {
            return Ok(self.sums);
        };
        for (index, waiting) in self.waiting.iter_mut().enumerate() {
            let (
                Some(Waiting {
                    name,
                    lowering,
                    codes,
                }),
                Some(layer),
            ) = (waiting.take(), self.network.layer(index))
            else {
                continue;
            };
            let n_maps = codes.len() / lowering.input_len().max(1);
            let traced = machine.planned(index).and_then(|planned| planned.outputs(gates));
            let outputs = traced
                .as_ref()
                .zip(machine.predicted_layers())
                .map(|(traced, predicted)| LayerOutputs::new(&name, traced, lowering, predicted));
            let work = LayerWork {
                products: self.products,
                counting: self.counting,
                engine: self.engine,
                index,
                name: &name,
                layer,
                lowering,
            };
            let per_product = images_per_product(&lowering);
            for first in (0..n_maps).step_by(per_product) {
                let n_images = per_product.min(n_maps - first);
                let codes = &codes[first * lowering.input_len()..][..n_images * lowering.input_len()];
                let outputs = outputs.as_ref().map(|outputs| (outputs, first));
                let one = work.with_counts(machine, (n_images, codes), outputs, |_, _| {});
                let one = one.map_err(|error| ExecuteError::Hook {
                    layer: name.clone(),
                    source: fault(&error),
                })?;
                add(&mut self.sums[index], one);
            }
        }
        Ok(self.sums)
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
            counting: self.counting,
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
        for (outputs, counted) in done {
            images.extend(outputs);
            match counted {
                Counted::Nothing => {}
                Counted::Sums(one) => add(&mut self.sums[call.index], *one),
                Counted::Waiting(mut more) => {
                    let waiting = self.waiting[call.index].get_or_insert_with(|| Waiting {
                        name: call.layer.name.clone(),
                        lowering,
                        codes: Vec::new(),
                    });
                    waiting.codes.append(&mut more);
                }
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

fn add(sums: &mut Option<ProductRecord>, one: ProductRecord) {
    match sums {
        Some(sums) => sums::add(sums, &one),
        None => *sums = Some(one),
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
    counting: Counting,
    engine: &'a Algebraic,
    index: usize,
    name: &'a str,
    layer: &'a QuantizedLayer,
    lowering: Lowering,
}

/// What is known of the counts of some images.
enum Counted {
    /// There are none, or nobody wants them.
    Nothing,
    /// All of them.
    Sums(Box<ProductRecord>),
    /// They wait until it is known which outputs the array computes; the codes that the layer read.
    Waiting(Vec<u8>),
}

impl LayerWork<'_> {
    /// Outputs of some images, `[channels, pixels]` each, and what their products counted.
    fn images(&self, images: &[&[f32]]) -> Result<(Vec<Vec<f32>>, Counted), HookError> {
        let lowering = &self.lowering;
        let mut codes = Vec::with_capacity(images.len() * lowering.input_len());
        for values in images {
            self.layer.quantizer().append_codes(values, &mut codes)?;
        }
        let n_outputs = lowering.n() * lowering.groups() * lowering.m();
        let mut outputs: Vec<Vec<f32>> = images.iter().map(|_| vec![0.0; n_outputs]).collect();
        let rescale = |group: usize, product: &[i32]| {
            self.layer.rescale(lowering, group, product, &mut outputs);
        };
        let counted = match (self.products, self.counting) {
            (Products::Exact(_), _) | (Products::Array(_), Counting::Off) => self
                .without_counts(images.len(), &codes, rescale)
                .map(|()| Counted::Nothing),
            (Products::Array(machine), Counting::On) if machine.planned(self.index).is_some() => self
                .without_counts(images.len(), &codes, rescale)
                .map(|()| Counted::Waiting(codes)),
            (Products::Array(machine), Counting::On) => self
                .with_counts(machine, (images.len(), &codes), None, rescale)
                .map(|sums| Counted::Sums(Box::new(sums))),
        };
        Ok((outputs, counted.map_err(|error| fault(&error))?))
    }

    /// Give `see` the product of each group.
    fn without_counts(
        &self,
        n_images: usize,
        codes: &[u8],
        mut see: impl FnMut(usize, &[i32]),
    ) -> Result<(), EngineError> {
        self.each_group((n_images, codes), |group, array, operands, _| {
            see(group, &self.engine.product_only(array, operands)?);
            Ok(())
        })
    }

    /// What a machine counts; `see` gets the product of each group. With `outputs`, from some map on, only those are
    /// computed.
    fn with_counts(
        &self,
        machine: &Machine,
        (n_images, codes): (usize, &[u8]),
        outputs: Option<(&LayerOutputs<'_>, usize)>,
        mut see: impl FnMut(usize, &[i32]),
    ) -> Result<ProductRecord, EngineError> {
        let array = machine.machines.of(self.name, &self.lowering);
        let gemm = self.lowering.gemm(1)?;
        let mut sums = sums::none(EngineKind::Algebraic, array, machine.machines.array(), gemm);
        self.each_group((n_images, codes), |group, array, operands, shape| {
            let mut plans = Vec::new();
            if let Some((outputs, first)) = outputs {
                let maps = first..first + n_images;
                plans.extend(maps.map(|map| outputs.plan((map..map + 1, group), shape, array)));
                for plan in &plans {
                    *sums.predicted.get_or_insert_default() += outputs.record(plan);
                }
            }
            let operands = operands.with_plans(&plans);
            let outcome = self.engine.run_in_turn(array, &operands, shape, machine.mse)?;
            see(group, &outcome.product);
            sums.cycles += outcome.cycles;
            for _ in 0..n_images {
                sums.n_products += 1;
                sums.baseline_cycles += Schedule::new(&machine.baseline, gemm).cycles();
            }
            sums.counters += outcome.counters;
            if let Some(error) = outcome.error {
                *sums.error.get_or_insert_default() += error;
            }
            Ok(())
        })?;
        Ok(sums)
    }

    /// Give `work` each group with its array, the operands over some images, and the shape of one image's product.
    fn each_group(
        &self,
        (n_images, codes): (usize, &[u8]),
        mut work: impl FnMut(usize, &ArraySpec, &StreamedOperands<'_>, Gemm) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        let (lowering, zero_point) = (&self.lowering, self.layer.quantizer().zero_point);
        let gemm = lowering.gemm(1)?;
        match self.products {
            Products::Exact(array) => {
                let order = KOrder::ChannelMajor;
                for group in 0..lowering.groups() {
                    let activations = lowering.activations(codes, zero_point, group, order);
                    let weights = lowering.weights(self.layer.weights(), group, order);
                    let operands = StreamedOperands::new(lowering.gemm(n_images)?, &activations, &weights)?;
                    work(group, array, &operands, gemm)?;
                }
            }
            Products::Array(machine) => {
                let array = machine.machines.of(self.name, lowering);
                let orders = machine.orders(self.index, &array, lowering);
                let weights = machine.weights(self.index, &array, lowering, self.layer.weights());
                for (group, weights) in weights.iter().enumerate() {
                    let mut activations =
                        lowering.activations(codes, zero_point, group, array.pe().k_order());
                    if let Some(order) = orders.get(group) {
                        activations = activations.reordered(order);
                    }
                    let padded = |m| Gemm::new(m, gemm.n(), activations.k());
                    let all = padded(n_images * gemm.m())?;
                    let operands = StreamedOperands::new(all, &activations, weights)?;
                    work(group, &array, &operands, padded(gemm.m())?)?;
                }
            }
        }
        Ok(())
    }
}

fn fault(error: &EngineError) -> HookError {
    format!("{error}{}", remedy(error)).into()
}
