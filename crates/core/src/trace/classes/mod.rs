//! The classes of requests that a waypoint tells apart, what it decides for each, and what another one
//! decides otherwise.
//!
//! All that a chain's matchers ask of an attribute (a path, a header, who asks) cuts its values into finitely
//! many classes. On classes the outcome is a decision diagram ([`decisions`]); two diagrams are compared
//! exactly. The conditions are those that a trace walks through, the same data; what a route does counts
//! without names: by what it is told to do, and by who is behind its clusters.
//!
//! What files do not tell (an external authorizer, Wasm, a filter that is not known) is the same on both
//! sides only if its configuration is. What cannot be decided is said, and never counts as equal.
//!
//! | module | knows |
//! |---|---|
//! | `attribute`, `language` | what is asked, and of what |
//! | `domain` | the classes of each attribute's values |
//! | `condition`, `chain` | conditions and chains as diagrams |
//! | `ztunnel` | the policies of ztunnels as diagrams |
//! | `effect` | what comes of a class, so that it can be compared |
//! | `words`, `example` | a class in words, and a request of it |
//! | `tokens`, `clients` | which tokens and which clients there may be, and what either side makes of them |
//! | `compare`, `sides` | the chains of two waypoints, and both sides of one |
//! | `told`, `also` | what is told of that |
//! | `judge` | what that says of single requests |
//! | `behind` | what the ztunnels of destinations decide of what a waypoint sends |
//! | `fits`, `idle` | what decides nothing in a chain, proved |
//! | [`access`] | who may do what: one mesh, asked as a whole |

pub mod access;
mod also;
mod attribute;
mod behind;
mod chain;
mod clients;
mod compare;
mod condition;
mod domain;
mod effect;
mod example;
mod fits;
pub(crate) mod idle;
mod judge;
mod language;
mod sides;
mod tokens;
mod told;
mod words;
mod ztunnel;

pub use attribute::Attribute;
pub use compare::{Side, alone, compare};
pub(crate) use condition::Destination;
pub use decisions::Limits;
pub use judge::{Judge, Judgement};
pub use told::{Came, ClassDiff, Compared, DestinationDiff, Moved};

use crate::trace::compiled::Tracer;

/// The destinations that clients in the mesh get to in another way, through another waypoint or none, and
/// those past waypoints before which the policies of ztunnels differ: what differs on the whole way.
#[must_use]
pub fn moved(old: Tracer<'_>, new: Tracer<'_>, limits: &Limits) -> Vec<DestinationDiff> {
    let policies = |tracer: Tracer<'_>| behind::policies(tracer.mesh, tracer.guards().ok());
    access::moved::moved((old, new), policies(old) != policies(new), limits)
}
