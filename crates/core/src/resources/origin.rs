//! Why a generated thing exists.

use crate::Str;
use crate::snapshot::ObjectRef;

/// The objects of the snapshot that made a resource, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// What was made.
    pub part: Part,
    /// The objects that made it, the decisive one first. Empty for what every waypoint gets.
    pub objects: Vec<ObjectRef>,
}

/// A part of a resource that has an origin of its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The resource as a whole.
    Resource,
    /// A filter chain of a listener, by its name.
    FilterChain(Str),
    /// The n-th route of the inline route configuration of a filter chain.
    Route {
        /// The chain's name.
        chain: Str,
        /// The route's position.
        index: u32,
    },
}
