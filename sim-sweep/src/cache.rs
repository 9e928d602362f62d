//! Values that several points need: made once, by whoever needs them first, and dropped with the last who does.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Values by key.
#[derive(Debug)]
pub(crate) struct Cache<K, V> {
    slots: Mutex<HashMap<K, Slot<V>>>,
}

#[derive(Debug)]
struct Slot<V> {
    value: Arc<OnceLock<V>>,
    n_users: usize,
}

impl<K: Eq + Hash + Clone, V: Clone> Cache<K, V> {
    /// For users that will ask once each, by their keys.
    pub(crate) fn new(users: impl IntoIterator<Item = K>) -> Self {
        let mut slots: HashMap<K, Slot<V>> = HashMap::new();
        for key in users {
            let slot = slots.entry(key).or_insert_with(|| Slot {
                value: Arc::default(),
                n_users: 0,
            });
            slot.n_users += 1;
        }
        Self {
            slots: Mutex::new(slots),
        }
    }

    /// The value of a key, which `make` makes where it is not there; others that need it wait.
    pub(crate) fn get(&self, key: &K, make: impl FnOnce() -> V) -> V {
        let slot = {
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            let slot = slots.get_mut(key).map(|slot| {
                slot.n_users = slot.n_users.saturating_sub(1);
                (Arc::clone(&slot.value), slot.n_users)
            });
            if let Some((_, 0)) = slot {
                slots.remove(key);
            }
            slot
        };
        match slot {
            Some((value, _)) => value.get_or_init(make).clone(),
            None => make(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_made_once_and_dropped_with_the_last_user() {
        let cache: Cache<u8, Arc<u8>> = Cache::new([1, 1, 2]);
        let mut n_made = 0;
        let first = cache.get(&1, || {
            n_made += 1;
            Arc::new(10)
        });
        let weak = Arc::downgrade(&first);
        drop(first);
        assert!(weak.upgrade().is_some(), "one more user");
        let second = cache.get(&1, || {
            n_made += 1;
            Arc::new(20)
        });
        assert_eq!((*second, n_made), (10, 1));
        drop(second);
        assert!(weak.upgrade().is_none(), "no more users");
    }
}
