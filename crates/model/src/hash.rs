//! Hash maps and sets. They are looked up only: no order of theirs reaches any output.
//!
//! Their keys are short texts, for which the standard library's way to hash takes longer than all else of a
//! look-up.

use foldhash::fast::RandomState;

/// A hash map.
pub type HashMap<K, V> = std::collections::HashMap<K, V, RandomState>;
/// A hash set.
pub type HashSet<T> = std::collections::HashSet<T, RandomState>;
