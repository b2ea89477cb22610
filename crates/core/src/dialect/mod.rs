//! What an upstream Envoy is told instead of Istio's build of it.
//!
//! Istio's proxy is Envoy with extensions of Istio's own. An Envoy that anyone can download refuses a listener that
//! names one of them. This step comes after [`resources`](crate::resources) and takes what they made: what carries
//! meaning is said in Envoy's own words, what only reports is left out, and what has neither is a problem.
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
//! | `losses` | what could not be said |
//!
//! What differs, and why, is told in `docs/upstream-envoy.md`.

mod destination;
mod identity;
mod known;
mod leftovers;
mod listener;
mod losses;
mod manager;
#[cfg(test)]
mod tests;
mod token;
mod typed;
mod wasm;

use std::fmt;
use std::str::FromStr;

use crate::problem::Problem;
use crate::resources::WaypointResources;

use losses::Losses;

/// Which Envoy is spoken to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// Istio's build of Envoy: exactly what Istio's control plane sends.
    #[default]
    IstioProxy,
    /// An upstream Envoy: the same behaviour without Istio's own extensions.
    Envoy,
}

impl Dialect {
    /// Both.
    pub const ALL: &'static [Self] = &[Self::IstioProxy, Self::Envoy];

    /// `istio-proxy` or `envoy`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::IstioProxy => "istio-proxy",
            Self::Envoy => "envoy",
        }
    }

    /// Says the resources of a waypoint in this dialect, and tells what has no equivalent in it.
    ///
    /// Nothing that carries meaning is left out silently: it is a problem of the code
    /// [`UnsupportedExtension`](crate::problem::Code::UnsupportedExtension).
    #[must_use]
    pub fn speak(self, resources: WaypointResources) -> (WaypointResources, Vec<Problem>) {
        match self {
            Self::IstioProxy => (resources, Vec::new()),
            Self::Envoy => upstream(resources),
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that is no dialect's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown dialect `{0}`: expected istio-proxy or envoy")]
pub struct UnknownDialect(pub String);

impl FromStr for Dialect {
    type Err = UnknownDialect;

    fn from_str(word: &str) -> Result<Self, UnknownDialect> {
        let mut all = Self::ALL.iter().copied();
        all.find(|dialect| dialect.as_str() == word).ok_or_else(|| UnknownDialect(word.to_owned()))
    }
}

fn upstream(mut resources: WaypointResources) -> (WaypointResources, Vec<Problem>) {
    let mut losses = Losses::new(&resources.waypoint);
    let fetched = wasm::leave_out_fetched(&mut resources.extensions, &mut losses);
    for listener in &mut resources.listeners {
        losses.made_by(&listener.origins);
        listener::rewrite(&mut listener.message, &fetched, &mut losses);
    }
    for cluster in &mut resources.clusters {
        losses.made_by(&cluster.origins);
        destination::in_cluster(&mut cluster.message);
        known::cluster_filters(&mut cluster.message.filters, &mut losses);
    }
    for endpoints in &mut resources.endpoints {
        destination::in_endpoints(&mut endpoints.message);
    }
    for routes in &mut resources.routes {
        losses.made_by(&routes.origins);
        manager::routes(&mut routes.message, &mut losses);
    }
    leftovers::report(&resources, &mut losses);
    let problems = losses.problems();
    (resources, problems)
}
