//! A waypoint without a control plane: one complete Envoy configuration, for tests and for learning.
//!
//! ```text
//! resources ──► loopback ──► dialect ──► discovery, secrets ──► Bootstrap
//! ```
//!
//! | module | knows |
//! |---|---|
//! | `loopback` | which addresses are dialled, and what they are on one machine |
//! | `discovery` | endpoints, routes and extension configurations, inline instead of discovered |
//! | `secrets` | certificates as files instead of the agent's |
//! | `references` | which clusters extensions need |
//! | `sockets` | where TLS stands inside transport sockets |
//! | `document` | everything around the resources |
//!
//! Source: Envoy's [static
//! configuration](https://www.envoyproxy.io/docs/envoy/latest/configuration/overview/examples#static).

mod discovery;
mod document;
pub mod loopback;
mod references;
mod secrets;
mod sockets;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;

use envoy::config::bootstrap::v3::Bootstrap;

use crate::Str;
use crate::dialect;
use crate::mesh::{Mesh, Waypoint};
use crate::problem::Problem;
use crate::resources;

pub use loopback::Loopback;

/// Where things are that a control plane, an agent and a pod would provide.
#[derive(Clone, Debug, Default)]
pub struct StaticOptions {
    /// The directory of `cert-chain.pem`, `key.pem` and `root-cert.pem`, as Istio's agent names them. It is
    /// only written into the configuration, never read.
    pub certs: Option<Str>,
    /// Where Envoy's admin interface listens; as in a waypoint, `127.0.0.1:15000`, if `None`.
    pub admin: Option<SocketAddr>,
    /// Where `connect_terminate` listens; if `None`, where a waypoint does, or on `127.0.0.1:15008` with
    /// `loopback`.
    pub listen: Option<SocketAddr>,
    /// Whether every address that is dialled becomes one of 127.0.0.0/8.
    pub loopback: bool,
}

/// A configuration that `envoy -c` runs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StaticConfiguration {
    /// The configuration.
    pub bootstrap: Bootstrap,
    /// What became of the addresses that are dialled; empty without [`StaticOptions::loopback`].
    pub loopback: Loopback,
    /// What could not be said, in the dialect or without a control plane.
    pub problems: Vec<Problem>,
}

/// The configuration of one waypoint, in the dialect that the mesh's options choose.
#[must_use]
pub fn static_configuration(
    mesh: &Mesh,
    waypoint: &Waypoint,
    options: &StaticOptions,
) -> StaticConfiguration {
    let mut generated = resources::generate(mesh, waypoint);
    let mut around = document::Surroundings::of(mesh, waypoint);
    let loopback = if options.loopback {
        Loopback::of(&mut generated, &mut around.clusters)
    } else {
        Loopback::default()
    };
    let (mut spoken, mut problems) = dialect::convert(mesh.options.dialect, generated);
    let gateway = waypoint.gateway.object_ref();
    let undiscovered = discovery::inline(&mut spoken);
    let mut secrets = secrets::Secrets::new(options.certs.as_deref());
    for listener in &mut spoken.listeners {
        secrets.in_listener(&mut listener.message);
    }
    for cluster in spoken.clusters.iter_mut().map(|cluster| &mut cluster.message).chain(&mut around.clusters)
    {
        secrets.in_cluster(cluster);
        if options.loopback {
            loopback::bind(cluster);
        }
    }
    problems.extend(undiscovered);
    problems.extend(references::missing(&spoken, &around.clusters));
    let (secrets, missing) = secrets.finish();
    problems.extend(missing);
    for problem in problems.iter_mut().filter(|problem| problem.object.is_none()) {
        problem.object = Some(gateway.clone());
    }
    problems.sort();
    let bootstrap = document::bootstrap(around, spoken, secrets, options);
    StaticConfiguration { bootstrap, loopback, problems }
}
