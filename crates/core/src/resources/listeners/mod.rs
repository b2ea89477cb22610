//! Listeners: how connections enter a waypoint, what is done to them, and how they leave it.
//!
//! ```text
//! ztunnel ──HBONE──► connect_terminate ──► main_internal ──► connect_originate ──HBONE──► workload
//!                    (ends the tunnel)     (every policy)    (opens another)
//! ```
//!
//! | module | makes |
//! |---|---|
//! | [`connect_terminate`] | the listener that ends the callers' tunnels |
//! | [`main_internal`] | the listener with a chain for every port of every Service |
//! | [`connect_originate`] | the listeners that open tunnels |
//! | [`chain`], [`shared`] | chains, and what they share, made once |
//! | [`http_manager`], [`tcp_proxy`] | the filter that a chain ends in |
//! | [`matcher`], [`inspectors`] | how a connection's chain is found |
//! | [`proxy_settings`] | what the proxy's own configuration changes |

mod chain;
mod connect_originate;
mod connect_terminate;
mod http_manager;
mod inspectors;
mod main_internal;
mod matcher;
mod proxy_settings;
mod shared;
mod tcp_proxy;

use envoy::config::listener::v3::Listener;

use self::chain::ChainBuilder;
use super::envoy_filter::Patches;
use super::{Origin, Resource, Scope};

/// The port on which ztunnels and waypoints take HBONE connections.
const HBONE_PORT: u32 = 15008;

/// The listeners of a waypoint, sorted by name. Of the patches, only those of default routes are applied.
pub(crate) fn listeners<'m>(scope: &Scope<'m>, patches: &'m Patches) -> Vec<Resource<Listener>> {
    let mut chains = ChainBuilder::new(*scope, patches);
    let mut listeners = vec![
        resource(&chains, connect_terminate::listener(scope, &chains), Vec::new()),
        resource(&chains, connect_originate::listener(scope, &chains), Vec::new()),
    ];
    if scope.rules.listeners.double_hbone && scope.mesh.options.features.ambient_enable_multi_network_waypoint
    {
        listeners.push(resource(&chains, connect_originate::inner(scope, &chains), Vec::new()));
        listeners.push(resource(&chains, connect_originate::outer(scope, &chains), Vec::new()));
    }
    let (main_internal, origins) = main_internal::listener(scope, &mut chains);
    listeners.push(resource(&chains, main_internal, origins));
    listeners.sort_by(|a, b| a.message.name.cmp(&b.message.name));
    listeners
}

/// A listener and its origins; as a whole, every listener comes from the waypoint's Gateway, and from what telemetry asks
/// of the waypoint.
fn resource(chains: &ChainBuilder<'_>, message: Listener, parts: Vec<Origin>) -> Resource<Listener> {
    let mut origins = vec![Origin::of_resource(chains.causes())];
    origins.extend(parts);
    Resource { message, origins }
}
