//! Weights in the order of lowered products: made once for a layer and kept while it has products to come.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sim_core::spec::KOrder;

use sim_quant::lowering::Lowering;
use sim_quant::reorder::ColumnOrder;

/// The weights of each group with K in order, or in that of `columns` where the group has some.
pub(crate) fn lowered<'a>(
    lowering: &'a Lowering,
    weight: &'a [i8],
    order: KOrder,
    columns: &'a [ColumnOrder],
) -> impl Iterator<Item = Cow<'a, [i8]>> {
    (0..lowering.groups()).map(move |group| {
        let weights = lowering.weights(weight, group, order);
        match columns.get(group) {
            Some(columns) => Cow::Owned(columns.weights(&weights)),
            None => weights,
        }
    })
}

/// Weights of a layer that its products share, in whatever order they run.
#[derive(Debug)]
pub(crate) struct LayerWeights {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    n_products_left: usize,
    /// W of every group, one behind the other, empty columns included.
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

    /// Give `work` W of one group, `[n, k]`, or `[n, padded k]` where `columns` holds an order for each group. The
    /// weights of a layer go with its last product.
    pub(crate) fn with_group<T>(
        &self,
        lowering: &Lowering,
        weight: &[i8],
        group: usize,
        order: KOrder,
        columns: &[ColumnOrder],
        work: impl FnOnce(&[i8]) -> T,
    ) -> T {
        let k = columns.first().map_or(lowering.k(), ColumnOrder::padded_k);
        let group_len = lowering.n() * k;
        let group_weights = group * group_len..(group + 1) * group_len;
        if columns.is_empty() && lowering.is_in_order(order) {
            return work(&weight[group_weights]);
        }
        let lowered = Arc::clone(self.state().lowered.get_or_insert_with(|| {
            let mut groups = Vec::with_capacity(group_len * lowering.groups());
            for weights in lowered(lowering, weight, order, columns) {
                groups.extend_from_slice(&weights);
            }
            Arc::new(groups)
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
    use sim_core::convolution::Geometry;
    use sim_core::spec::Threads;

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
        weights.with_group(&lowering, &weight, 1, KOrder::ChannelFastest, &[], |w| {
            assert_eq!(w, [5, 7, 6, 8]);
        });
        assert!(is_kept());
        weights.with_group(&lowering, &weight, 0, KOrder::ChannelFastest, &[], |w| {
            assert_eq!(w, [1, 3, 2, 4]);
            assert!(is_kept());
        });
        assert!(!is_kept());
        weights.with_group(&lowering, &weight, 0, KOrder::ChannelMajor, &[], |w| {
            assert_eq!(w, [1, 2, 3, 4]);
        });
        assert!(!is_kept());
    }

    #[test]
    fn reordered_weights_have_empty_columns() {
        let geometry = Geometry {
            stride: [1, 1],
            padding: [0; 4],
            dilation: [1, 1],
            groups: 2,
        };
        let lowering = Lowering::new([6, 1, 1], [2, 3, 1, 1], geometry).expect("fits");
        let weights = LayerWeights::new(3);
        let orders = [[2, 1, 0], [0, 1, 2]].map(|counts| ColumnOrder::new(&counts, Threads::Two));
        let orders = orders.map(|order| order.expect("two threads"));
        // The empty column comes behind the one of the same count.
        let want: [[i8; 4]; 2] = [[3, 0, 1, 2], [4, 0, 6, 5]];
        for group in [0, 1, 0] {
            let order = KOrder::ChannelMajor;
            weights.with_group(&lowering, &[1, 2, 3, 4, 5, 6], group, order, &orders, |w| {
                assert_eq!(w, want[group]);
            });
        }
        assert!(weights.state().lowered.is_none());
    }
}
