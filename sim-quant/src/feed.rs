//! What a network reads for an image: the image itself, and arrays for its other inputs.

use std::ops::Range;

use sim_core::preprocessing::Preprocessing;
use sim_core::tensor::Tensor;
use sim_images::preprocess::batch;
use sim_images::sets::{ImageSet, NamedArray, Values};
use sim_net::network::{ExecuteError, Input, Network, Value};

use crate::capture_error::CaptureError;

/// Images as a network reads them.
#[derive(Debug)]
pub struct Feed<'a> {
    network: &'a Network,
    images: &'a ImageSet,
    preprocessing: &'a Preprocessing,
    /// By input of the network; `None` for that of the images.
    arrays: Vec<Option<NamedArray>>,
}

impl<'a> Feed<'a> {
    /// Of these images; arrays for other inputs are read from their file.
    ///
    /// - Errors: inputs for which there is no array, and arrays that cannot be read.
    pub fn new(
        network: &'a Network,
        images: &'a ImageSet,
        preprocessing: &'a Preprocessing,
    ) -> Result<Self, CaptureError> {
        let array = |(place, input): (usize, &Input)| {
            if place == network.image_input() {
                return Ok(None);
            }
            let array = images.array(&input.name)?;
            let missing = || CaptureError::NoArray {
                input: input.name.clone(),
                images: network
                    .images()
                    .map_or_else(String::new, |input| input.name.clone()),
            };
            array.ok_or_else(missing).map(Some)
        };
        Ok(Self {
            network,
            images,
            preprocessing,
            arrays: network
                .inputs()
                .enumerate()
                .map(array)
                .collect::<Result<_, _>>()?,
        })
    }

    /// Shapes of the inputs for the first image, as far as they are given.
    pub fn shapes(
        network: &Network,
        images: &ImageSet,
        preprocessing: &Preprocessing,
    ) -> Result<Vec<(String, Vec<usize>)>, CaptureError> {
        let mut shapes = Vec::new();
        let (inputs, of_images) = network.declared_inputs();
        for (place, input) in inputs.iter().enumerate() {
            let shape = if place == of_images {
                Some(image_batch(preprocessing, images, 0..1, input)?.shape)
            } else {
                images
                    .array(&input.name)?
                    .map(|array| shape_of(&array, 0..1, input))
            };
            shapes.extend(shape.map(|shape| (input.name.clone(), shape)));
        }
        Ok(shapes)
    }

    /// What the network reads for the images of `range` in one run, by input.
    ///
    /// - Errors: images that cannot be loaded or preprocessed, and values that an input cannot have.
    pub fn of(&self, range: Range<usize>) -> Result<Vec<Value>, CaptureError> {
        let name = self.images.names().get(range.start).cloned().unwrap_or_default();
        let place = |(place, input): (usize, &Input)| {
            let failed = |error| CaptureError::Network {
                image: name.clone(),
                error: Box::new(error),
            };
            match &self.arrays[place] {
                None => {
                    let batch = image_batch(self.preprocessing, self.images, range.clone(), input)?;
                    input.value_of(batch).map_err(failed)
                }
                Some(array) => of_images(array, range.clone(), input).map_err(failed),
            }
        };
        self.network.inputs().enumerate().map(place).collect()
    }
}

/// The images as one array.
fn image_batch(
    preprocessing: &Preprocessing,
    images: &ImageSet,
    range: Range<usize>,
    input: &Input,
) -> Result<Tensor, CaptureError> {
    let mut batch = batch(preprocessing, &images.load(range.clone())?, input.rank())?;
    // An image may be all that the input is, as a sequence is whose first axis are its steps.
    while range.len() == 1 && batch.shape[0] == 1 && input.rank().is_some_and(|rank| rank < batch.shape.len())
    {
        batch.shape.remove(0);
    }
    Ok(batch)
}

fn shape_of(array: &NamedArray, range: Range<usize>, input: &Input) -> Vec<usize> {
    let mut shape = array.shape.clone();
    if range.len() != 1 || input.rank() != Some(shape.len()) {
        shape.insert(0, range.len());
    }
    shape
}

/// The values of an array for some images, as one array; for a single image without an axis of images where the input
/// has none.
fn of_images(array: &NamedArray, range: Range<usize>, input: &Input) -> Result<Value, ExecuteError> {
    let shape = shape_of(array, range.clone(), input);
    let mut floats = Vec::new();
    let mut integers: Vec<i64> = Vec::new();
    for image in range {
        match array.of(image) {
            Values::Float32(values) => floats.extend(values),
            Values::Int64(values) => integers.extend(values),
            Values::Int32(values) => integers.extend(values.into_iter().map(i64::from)),
            Values::Int8(values) => integers.extend(values.into_iter().map(i64::from)),
            Values::Uint8(values) => integers.extend(values.into_iter().map(i64::from)),
            Values::Bool(values) => integers.extend(values.into_iter().map(i64::from)),
        }
    }
    if floats.is_empty() {
        input.value_of_integers(shape, integers)
    } else {
        input.value_of(Tensor { shape, data: floats })
    }
}
