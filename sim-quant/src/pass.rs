//! A network over a set of images, one image at a time, on several threads.

use std::sync::atomic::AtomicBool;

use sim_core::convolution::Geometry;
use sim_core::parallel_map::{Unfinished, parallel_map};
use sim_core::progress::Progress;
use sim_core::tensor::Tensor;
use sim_images::sets::ImageSet;
use sim_net::network::{HookError, Hooks, Network, PlaceCall, WeightedCall, WeightedLayer};

use crate::capture::CaptureOptions;
use crate::capture_error::CaptureError;
use crate::feed::Feed;
use crate::lowering::Lowering;
use crate::prediction::{Gating, MapGate, PlaceMethods};
use crate::quantize::{self, ActivationQuantizer, NotFinite};

/// Images whose results wait in memory for those before them, per thread.
const IMAGES_PER_JOB: usize = 8;

/// What a pass over images needs.
pub(crate) struct Pass<'a> {
    pub(crate) network: &'a Network,
    pub(crate) images: &'a ImageSet,
    /// As many of the images, from the first on.
    n_images: usize,
    feed: Feed<'a>,
    pub(crate) jobs: usize,
    pub(crate) stop: &'a AtomicBool,
    pub(crate) progress: &'a dyn Progress,
}

/// The input of a weighted layer for one image.
#[derive(Clone, Copy)]
pub(crate) struct Seen<'a> {
    /// Place of the layer among those of the network.
    pub(crate) index: usize,
    pub(crate) layer: &'a WeightedLayer,
    /// Channels, rows and columns.
    pub(crate) shape: [usize; 3],
    pub(crate) values: &'a [f32],
    pub(crate) geometry: Geometry,
}

impl<'a> Seen<'a> {
    /// Maps of this shape; a network may make several of one image.
    pub(crate) fn n_maps(&self) -> usize {
        self.values.len() / self.shape.iter().product::<usize>().max(1)
    }

    /// The values, if all of them are finite.
    pub(crate) fn finite(&self) -> Result<&'a [f32], CaptureError> {
        quantize::check(self.values).map_err(|error| self.not_finite(error))?;
        Ok(self.values)
    }

    pub(crate) fn codes(&self, quantizer: &ActivationQuantizer) -> Result<Vec<u8>, CaptureError> {
        quantizer
            .codes(self.values)
            .map_err(|error| self.not_finite(error))
    }

    pub(crate) fn lowering(&self) -> Result<Lowering, CaptureError> {
        Lowering::new(self.shape, self.layer.weight_shape(), self.geometry).map_err(|fault| {
            CaptureError::Geometry {
                layer: self.layer.name.clone(),
                fault,
            }
        })
    }

    fn not_finite(&self, error: NotFinite) -> CaptureError {
        CaptureError::NotFinite {
            layer: self.layer.name.clone(),
            tensor: "input",
            error,
        }
    }
}

impl<'a> Pass<'a> {
    pub(crate) fn new(
        network: &'a Network,
        images: &'a ImageSet,
        options: &'a CaptureOptions<'_>,
        progress: &'a dyn Progress,
    ) -> Result<Self, CaptureError> {
        Ok(Self {
            network,
            images,
            n_images: images.len(),
            feed: Feed::new(network, images, &options.preprocessing)?,
            jobs: options.jobs,
            stop: options.stop,
            progress,
        })
    }

    /// The same over the first `n_images` images, where there are more.
    pub(crate) fn of_first(self, n_images: usize) -> Self {
        Self {
            n_images: n_images.min(self.n_images),
            ..self
        }
    }

    /// Run every image, and `merge` what `see` keeps of the inputs of its layers: given are image, layer and what was
    /// kept, in the order of the images.
    ///
    /// Each image runs by itself, so that results do not depend on the number of threads.
    pub(crate) fn run<T: Send>(
        &self,
        what: &str,
        see: impl Fn(&Seen<'_>) -> Result<Option<T>, CaptureError> + Sync,
        mut merge: impl FnMut(usize, usize, T) -> Result<(), CaptureError>,
    ) -> Result<(), CaptureError> {
        self.run_gated(what, &PlaceMethods::default(), see, |index, kept, _| {
            kept.into_iter()
                .try_for_each(|(layer, one)| merge(index, layer, one))
        })
    }

    /// The same with zeros that `methods` predict at the network's places: an image at a time, with its gates in turn.
    pub(crate) fn run_gated<T: Send>(
        &self,
        what: &str,
        methods: &PlaceMethods,
        see: impl Fn(&Seen<'_>) -> Result<Option<T>, CaptureError> + Sync,
        mut merge: impl FnMut(usize, Vec<(usize, T)>, Vec<MapGate>) -> Result<(), CaptureError>,
    ) -> Result<(), CaptureError> {
        let one = |index: usize| {
            let mut watcher = Watcher {
                see: &see,
                kept: Vec::new(),
                error: None,
            };
            let mut gating = Gating::remembering(methods, &mut watcher);
            let result = self.run_one(index, &mut gating);
            let gates = gating.into_gates();
            watcher.error.map_or(result, Err)?;
            Ok((watcher.kept, gates))
        };
        self.each_image(what, one, |index, (kept, gates)| merge(index, kept, gates))
    }

    /// Run every image, and `merge` what `see` keeps of the maps at its places, as [`Self::run`] does of layers.
    pub(crate) fn run_places<T: Send>(
        &self,
        what: &str,
        see: impl Fn(&SeenPlace<'_>) -> Option<T> + Sync,
        mut merge: impl FnMut(usize, T),
    ) -> Result<(), CaptureError> {
        let one = |index: usize| {
            let mut watcher = PlaceWatcher {
                see: &see,
                kept: Vec::new(),
            };
            self.run_one(index, &mut watcher)?;
            Ok(watcher.kept)
        };
        self.each_image(what, one, |_, kept| {
            kept.into_iter().for_each(|(place, one)| merge(place, one));
            Ok(())
        })
    }

    /// What `one` makes of each image, and what `merge` does with it, in the order of the images.
    fn each_image<T: Send>(
        &self,
        what: &str,
        one: impl Fn(usize) -> Result<T, CaptureError> + Sync,
        mut merge: impl FnMut(usize, T) -> Result<(), CaptureError>,
    ) -> Result<(), CaptureError> {
        self.progress.begin(what, self.n_images);
        let indices: Vec<usize> = (0..self.n_images).collect();
        for chunk in indices.chunks(self.jobs.clamp(1, 1024) * IMAGES_PER_JOB) {
            let kept = parallel_map(chunk, self.jobs, self.stop, |&index| one(index));
            let kept = kept.map_err(|unfinished| match unfinished {
                Unfinished::Stopped => CaptureError::Stopped,
                Unfinished::Failed(error) => error,
            })?;
            for (&index, kept) in chunk.iter().zip(kept) {
                merge(index, kept)?;
            }
        }
        Ok(())
    }

    /// Run an image for what `hooks` see of it.
    fn run_one(&self, index: usize, hooks: &mut dyn Hooks) -> Result<(), CaptureError> {
        self.run_hooks(index, hooks)?;
        self.progress.advance(&self.images.names()[index]);
        Ok(())
    }

    /// As a part of other work, which tells how far it is.
    pub(crate) fn run_hooks(&self, index: usize, hooks: &mut dyn Hooks) -> Result<(), CaptureError> {
        let inputs = self.feed.of(index..index + 1)?;
        let result = self.network.run_values(inputs, hooks);
        result.map(drop).map_err(|error| CaptureError::Network {
            image: self.images.names()[index].clone(),
            error: Box::new(error),
        })
    }
}

/// A map at a place, for one image.
#[derive(Clone, Copy)]
pub(crate) struct SeenPlace<'a> {
    /// Position of the place among those of the network.
    pub(crate) index: usize,
    /// Channels, rows and columns.
    pub(crate) shape: [usize; 3],
    pub(crate) values: &'a [f32],
}

/// Channels, rows and columns of the maps at a place; one of a single axis has one row.
pub(crate) fn map_shape(output: &Tensor) -> [usize; 3] {
    match output.shape[..] {
        [_, channels, columns] => [channels, 1, columns],
        [_, channels, rows, columns] => [channels, rows, columns],
        _ => [output.data.len(), 1, 1],
    }
}

/// Keeps what `see` finds in the maps of one image, by place.
struct PlaceWatcher<'a, T, S> {
    see: &'a S,
    kept: Vec<(usize, T)>,
}

impl<T, S: Fn(&SeenPlace<'_>) -> Option<T>> Hooks for PlaceWatcher<'_, T, S> {
    fn place(&mut self, call: &PlaceCall<'_>) -> Result<Option<Tensor>, HookError> {
        let shape = map_shape(call.output);
        for values in call.output.data.chunks(shape.iter().product::<usize>().max(1)) {
            let seen = SeenPlace {
                index: call.index,
                shape,
                values,
            };
            self.kept.extend((self.see)(&seen).map(|kept| (seen.index, kept)));
        }
        Ok(None)
    }
}

/// Keeps what `see` finds in the layers of one image, by layer, and its error, which is more than a hook can hand back.
struct Watcher<'a, T, S> {
    see: &'a S,
    kept: Vec<(usize, T)>,
    error: Option<CaptureError>,
}

impl<T, S: Fn(&Seen<'_>) -> Result<Option<T>, CaptureError>> Hooks for Watcher<'_, T, S> {
    fn weighted(&mut self, call: &WeightedCall<'_>) -> Result<Option<Tensor>, HookError> {
        let seen = Seen {
            index: call.index,
            layer: call.layer,
            shape: call.image_shape(),
            values: &call.input.data,
            geometry: call.geometry,
        };
        match (self.see)(&seen) {
            Ok(kept) => {
                self.kept.extend(kept.map(|kept| (seen.index, kept)));
                Ok(None)
            }
            Err(error) => {
                let message = error.to_string().into();
                self.error = Some(error);
                Err(message)
            }
        }
    }
}
