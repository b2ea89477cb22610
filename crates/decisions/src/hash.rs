//! Hash maps that are the same in every run. They are looked up only, never walked through.

use foldhash::fast::FixedState;

/// A hash map with a fixed seed.
pub(crate) type HashMap<K, V> = std::collections::HashMap<K, V, FixedState>;
/// A hash set with a fixed seed.
pub(crate) type HashSet<K> = std::collections::HashSet<K, FixedState>;
