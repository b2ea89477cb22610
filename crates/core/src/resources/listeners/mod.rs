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
//! | [`matcher`] | how a connection's chain is found |
//! | [`proxy_settings`] | what the proxy's own configuration changes |

mod chain;
mod connect_originate;
mod connect_terminate;
mod http_manager;
mod main_internal;
mod matcher;
mod proxy_settings;
mod shared;
mod tcp_proxy;

use envoy::config::listener::v3::Listener;

use self::chain::ChainRenderer;
use super::envoy_filter::Patches;
use super::{Origin, Resource};
use crate::plan::WaypointSettings;
use crate::plan::chains::Listeners;

/// The port on which ztunnels and waypoints take HBONE connections.
const HBONE_PORT: u32 = 15008;

/// The listeners of a waypoint, sorted by name. Of the patches, only those of default routes are applied.
pub(crate) fn listeners(
    settings: &WaypointSettings<'_>,
    planned: &Listeners<'_>,
    patches: &Patches,
) -> Vec<Resource<Listener>> {
    let chains = ChainRenderer::new(settings, planned, patches);
    let whole = || Origin::of_resource(planned.causes.clone());
    let resource = |message| Resource { message, origins: vec![whole()] };
    let mut listeners = vec![
        resource(connect_terminate::listener(&chains)),
        resource(connect_originate::listener(settings, &chains.telemetry)),
        main_internal::listener(planned, &chains, whole()),
    ];
    if planned.other_networks {
        listeners.push(resource(connect_originate::inner(settings, &chains.telemetry)));
        listeners.push(resource(connect_originate::outer(settings, &chains.telemetry)));
    }
    listeners.sort_by(|a, b| a.message.name.cmp(&b.message.name));
    listeners
}
