//! What an upstream Envoy is told instead of Istio's build of it.
//!
//! Istio's proxy is Envoy with extensions of Istio's own. An Envoy that anyone can download refuses a
//! listener that names one of them. This step comes after [`resources`](crate::resources) and takes what they
//! made: what carries meaning is said in Envoy's own words, what only reports is left out, and what has
//! neither is a problem.
//!
//! | module | knows |
//! |---|---|
//! | `known` | which extensions an upstream Envoy has, and what the others were for |
//! | `listener`, `manager` | where extensions stand in a listener |
//! | `identity` | who the peer is: `istio_authn` (network), `istio.hashable_string` |
//! | `destination` | where a connection was meant to go: `connect_authority`, `set_dst_address`, tunnel metadata |
//! | `token` | what a request's token says: `istio_authn` (HTTP) |
//! | `wasm` | Wasm modules that the agent would fetch |
//! | `leftovers` | what nobody rewrote |
//! | `unsupported` | what could not be said |
//!
//! What differs, and why, is told in `docs/upstream-envoy.md`.

mod destination;
mod identity;
mod known;
mod leftovers;
mod listener;
mod manager;
#[cfg(test)]
mod tests;
pub(crate) mod token;
pub(crate) mod typed;
mod unsupported;
mod wasm;

pub use crate::options::{Dialect, UnknownDialect};

use crate::problem::Problem;
use crate::resources::WaypointResources;

use unsupported::UnsupportedExtensions;

/// Says the resources of a waypoint in a dialect, and tells what has no equivalent in it.
///
/// Nothing that carries meaning is left out silently: it is a problem of the code
/// [`UnsupportedExtension`](crate::problem::Code::UnsupportedExtension).
#[must_use]
pub fn convert(dialect: Dialect, resources: WaypointResources) -> (WaypointResources, Vec<Problem>) {
    match dialect {
        Dialect::IstioProxy => (resources, Vec::new()),
        Dialect::Envoy => upstream(resources),
    }
}

fn upstream(mut resources: WaypointResources) -> (WaypointResources, Vec<Problem>) {
    let mut unsupported = UnsupportedExtensions::new(&resources.waypoint);
    let fetched = wasm::leave_out_fetched(&mut resources.extensions, &mut unsupported);
    for listener in &mut resources.listeners {
        unsupported.made_by(&listener.origins);
        listener::rewrite(&mut listener.message, &fetched, &mut unsupported);
    }
    for cluster in &mut resources.clusters {
        unsupported.made_by(&cluster.origins);
        destination::in_cluster(&mut cluster.message);
        known::cluster_filters(&mut cluster.message.filters, &mut unsupported);
    }
    for endpoints in &mut resources.endpoints {
        destination::in_endpoints(&mut endpoints.message);
    }
    for routes in &mut resources.routes {
        unsupported.made_by(&routes.origins);
        manager::routes(&mut routes.message, &mut unsupported);
    }
    leftovers::report(&resources, &mut unsupported);
    let problems = unsupported.problems();
    (resources, problems)
}
