//! The classes of requests that a waypoint tells apart, what it decides for each, and what another one decides otherwise.
//!
//! All that a chain's matchers ask of an attribute (a path, a header, who asks) cuts its values into finitely many classes. On classes the
//! outcome is a decision diagram ([`decisions`]); two diagrams are compared exactly. The conditions are those that a trace
//! walks through, the same data; what a route does counts without names: by what it is told to do, and by who is behind its clusters.
//!
//! What files do not tell (an external authorizer, Wasm, a filter that is not known) is the same on both sides only if its
//! configuration is. What cannot be decided is said, and never counts as equal.
//!
//! | module | knows |
//! |---|---|
//! | `attribute`, `language` | what is asked, and of what |
//! | `domain` | the classes of each attribute's values |
//! | `condition`, `chain` | conditions and chains as diagrams |
//! | `ztunnel` | the policies of ztunnels as diagrams |
//! | `effect` | what comes of a class, so that it can be compared |
//! | `words`, `example` | a class in words, and a request of it |
//! | `compare` | the chains of two waypoints |
//! | `fits`, `idle` | what decides nothing in a chain, proved |
//! | [`access`] | who may do what: one mesh, asked as a whole |

pub mod access;
mod attribute;
mod chain;
mod compare;
mod condition;
mod domain;
mod effect;
mod example;
mod fits;
pub(crate) mod idle;
mod language;
mod words;
mod ztunnel;

pub use attribute::Attribute;
pub use compare::{Came, ClassDiff, Compared, DestinationDiff, Side, alone, compare};
pub(crate) use condition::Destination;
pub use decisions::Limits;
