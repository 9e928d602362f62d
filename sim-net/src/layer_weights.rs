//! Weights in the order of lowered products: made once for a layer and kept while it has products to come.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sim_core::spec::KOrder;

use crate::lowering::Lowering;

/// Weights of a layer that its products share, in whatever order they run.
#[derive(Debug)]
pub(crate) struct LayerWeights {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    n_products_left: usize,
    /// W of every group, one behind the other.
    lowered: Option<Arc<Vec<i8>>>,
}

impl LayerWeights {
    /// Nothing yet, for a layer of `n_products`.
    pub(crate) const fn new(n_products: usize) -> Self {
        Self {
            state: Mutex::new(State {
                n_products_left: n_products,
                lowered: None,
            }),
        }
    }

    /// Give `work` W of one group, `[n, k]`. The weights of a layer go with its last product.
    pub(crate) fn with_group<T>(
        &self,
        lowering: &Lowering,
        weight: &[i8],
        group: usize,
        order: KOrder,
        work: impl FnOnce(&[i8]) -> T,
    ) -> T {
        let group_len = lowering.n() * lowering.k();
        let group_weights = group * group_len..(group + 1) * group_len;
        if lowering.is_in_order(order) {
            return work(&weight[group_weights]);
        }
        let lowered = Arc::clone(self.state().lowered.get_or_insert_with(|| {
            let groups =
                (0..lowering.groups()).flat_map(|group| lowering.weights(weight, group, order).into_owned());
            Arc::new(groups.collect())
        }));
        let result = work(&lowered[group_weights]);
        let mut state = self.state();
        state.n_products_left = state.n_products_left.saturating_sub(1);
        if state.n_products_left == 0 {
            state.lowered = None;
        }
        result
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A thread that panicked left whole weights or none.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use sim_trace::trace::Geometry;

    use super::*;

    #[test]
    fn weights_go_with_the_last_product() {
        let geometry = Geometry {
            stride: [1, 1],
            padding: [0; 4],
            dilation: [1, 1],
            groups: 2,
        };
        let lowering = Lowering::new([4, 2, 2], [2, 2, 1, 2], geometry).expect("fits");
        let weights = LayerWeights::new(2);
        let is_kept = || weights.state().lowered.is_some();
        let weight = [1, 2, 3, 4, 5, 6, 7, 8];
        weights.with_group(&lowering, &weight, 1, KOrder::ChannelFastest, |w| {
            assert_eq!(w, [5, 7, 6, 8]);
        });
        assert!(is_kept());
        weights.with_group(&lowering, &weight, 0, KOrder::ChannelFastest, |w| {
            assert_eq!(w, [1, 3, 2, 4]);
            assert!(is_kept());
        });
        assert!(!is_kept());
        weights.with_group(&lowering, &weight, 0, KOrder::ChannelMajor, |w| {
            assert_eq!(w, [1, 2, 3, 4]);
        });
        assert!(!is_kept());
    }
}
