//! Why a generated thing exists.

use crate::Str;
use crate::snapshot::Cause;

/// What made a resource, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Origin {
    /// What was made.
    pub part: Part,
    /// The objects that made it, each with the field that did, the decisive one first. Empty for what every
    /// waypoint gets.
    pub causes: Vec<Cause>,
}

impl Origin {
    /// What made a part.
    pub(crate) fn new(part: Part, causes: Vec<Cause>) -> Self {
        Self { part, causes }
    }

    /// What made a resource as a whole.
    pub(crate) fn of_resource(causes: Vec<Cause>) -> Self {
        Self::new(Part::Resource, causes)
    }
}

/// A part of a resource that has an origin of its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Part {
    /// The resource as a whole.
    Resource,
    /// A filter chain of a listener, by its name.
    FilterChain(Str),
    /// A filter of a filter chain, for HTTP one of its connection manager. RBAC filters have no origin: their
    /// policies have.
    Filter {
        /// The chain's name.
        chain: Str,
        /// The filter's name: `envoy.filters.http.jwt_authn`.
        name: Str,
    },
    /// A policy of the RBAC filters of a filter chain.
    Policy {
        /// The chain's name.
        chain: Str,
        /// The policy's name: `ns[shop]-policy[readers]-rule[0]`.
        name: Str,
    },
    /// What a listener does with connections to an address of a workload.
    Address(Str),
    /// An endpoint of a cluster, by address and port.
    Endpoint(Str),
    /// How a cluster speaks to its endpoints.
    TransportSocket,
    /// The n-th route of the inline route configuration of a filter chain.
    Route {
        /// The chain's name.
        chain: Str,
        /// The route's position.
        index: u32,
    },
}
