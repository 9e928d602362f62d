//! What skips outputs at the places of a network.

use sim_array::mapping::predicted::{OutputMap, PixelSequence, n_filling};
use sim_core::prediction::PixelOrder;
use sim_predict::gate::Gate;
use sim_predict::method::Method;

/// What skips outputs at the places of a network.
#[derive(Clone, Debug, Default)]
pub struct PlaceMethods {
    /// By place of the network; `None` where nothing is predicted. Empty where nothing is anywhere.
    pub methods: Vec<Option<Method>>,
    /// Which outputs the array computes without being asked to; `None`: none.
    pub filling: Option<Filling>,
}

/// Free pixels that take the rows of PEs which first pixels leave empty, where the products of images are separate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filling {
    /// Rows of the array.
    pub rows: usize,
    /// In which order pixels are dealt to them.
    pub pixels: PixelOrder,
}

impl PlaceMethods {
    /// What predicts at a place of the network; `None`: nothing does.
    pub(crate) fn of(&self, place: usize) -> Option<&Method> {
        self.methods.get(place)?.as_ref()
    }

    /// What is computed of the outputs `x` of a place by `method`: channels, rows and columns.
    pub(super) fn gate(&self, method: &Method, x: &[f32], shape: [usize; 3]) -> Gate {
        let mut gate = method.gate(x, shape);
        if let Some(filling) = self.filling {
            filling.fill(&mut gate, shape);
        }
        gate
    }
}

impl Filling {
    fn fill(self, gate: &mut Gate, [_, height, width]: [usize; 3]) {
        let map = OutputMap { height, width };
        let pixels = PixelSequence::new(self.pixels, map, 1, self.rows);
        let n_first = gate.first().iter().filter(|&&first| first).count();
        let free = pixels.as_slice().iter().filter(|&&pixel| !gate.first()[pixel]);
        let filling: Vec<usize> = free.take(n_filling(self.rows, n_first)).copied().collect();
        filling.into_iter().for_each(|pixel| gate.keep(pixel));
    }
}
