//! Which mutant is alive. `cargo xtask mutants` puts this module into its copy of `crates/model`.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// No mutant.
pub const NONE: u32 = u32::MAX;

static ALIVE: AtomicU32 = AtomicU32::new(NONE);
static REACHED: [AtomicBool; COUNT] = [const { AtomicBool::new(false) }; COUNT];

/// Makes a mutant the one that is alive.
pub fn set(mutant: u32) {
    ALIVE.store(mutant, Ordering::Relaxed);
}

/// The mutants that were passed since the last time that somebody asked.
pub fn reached() -> Vec<u32> {
    (0..)
        .zip(&REACHED)
        .filter(|(_, reached)| reached.swap(false, Ordering::Relaxed))
        .map(|(mutant, _)| mutant)
        .collect()
}

/// Whether this mutant is alive.
pub fn is(mutant: u32) -> bool {
    if let Some(reached) = REACHED.get(mutant as usize) {
        reached.store(true, Ordering::Relaxed);
    }
    ALIVE.load(Ordering::Relaxed) == mutant
}

/// A condition that a mutant takes for true.
pub fn or(mutant: u32, condition: bool) -> bool {
    is(mutant) || condition
}

/// A condition that a mutant takes for false.
pub fn and(mutant: u32, condition: bool) -> bool {
    !is(mutant) && condition
}

/// A value that a mutant replaces by its type's default.
pub fn value<T: Default>(mutant: u32, value: T) -> T {
    if is(mutant) { T::default() } else { value }
}

/// What a mutant leaves out of a chain of iterators.
pub fn items<I: IntoIterator>(mutant: u32, items: I) -> std::iter::Take<I::IntoIter> {
    items.into_iter().take(if is(mutant) { 0 } else { usize::MAX })
}
