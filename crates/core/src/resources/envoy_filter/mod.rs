//! EnvoyFilters: patches of what was generated.
//!
//! | applies to | what of a waypoint |
//! |---|---|
//! | LISTENER, LISTENER_FILTER, FILTER_CHAIN, NETWORK_FILTER, HTTP_FILTER | its listeners, as inbound ones |
//! | CLUSTER | clusters that lead to other proxies, as outbound ones; others can only be added |
//! | ROUTE_CONFIGURATION, VIRTUAL_HOST, HTTP_ROUTE | the default routes |
//! | EXTENSION_CONFIG | configurations that its listeners ask for; they can only be added |
//!
//! Source: [EnvoyFilter](https://istio.io/latest/docs/reference/config/networking/envoy-filter/).

mod chain;
mod cluster;
mod extension;
mod filter;
mod list;
mod listener;
mod merge;
mod patch;
mod route;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use envoy::config::route::v3::RouteConfiguration;

use self::patch::Patch;
pub(crate) use self::patch::Patches;
use super::WaypointResources;
use super::origin::{Origin, Part};
use crate::rules::EnvoyFilterRules;
use crate::snapshot::Cause;
use crate::snapshot::networking::envoy_filter::PatchContext;

impl Patches {
    /// Patches listeners and clusters, and adds extension configurations.
    pub(crate) fn apply(&self, resources: &mut WaypointResources) {
        if self.patch_listeners() {
            listener::listeners(resources, self.inbound());
        }
        cluster::clusters(resources, self.inbound());
        extension::configurations(&mut resources.extensions, &resources.listeners, &self.extensions);
    }

    /// Patches the routes of a port that has no VirtualService, and gives the EnvoyFilters that did.
    pub(crate) fn default_routes(&self, routes: &mut RouteConfiguration) -> Vec<Cause> {
        if self.route_configurations.is_empty() && self.virtual_hosts.is_empty() && self.routes.is_empty() {
            return Vec::new();
        }
        let mut applied = Applied::default();
        route::configuration(routes, self.inbound(), &mut applied);
        applied.0.into_iter().collect()
    }

    fn inbound(&self) -> Context<'_> {
        Context { patches: self, rules: self.rules, context: PatchContext::SidecarInbound }
    }
}

/// The patches, and the side of the proxy that is patched.
#[derive(Clone, Copy, Debug)]
struct Context<'a> {
    patches: &'a Patches,
    rules: &'a EnvoyFilterRules,
    context: PatchContext,
}

impl<'a> Context<'a> {
    /// Those of some patches that are for this side.
    fn of<M>(self, patches: &'a [Patch<M>]) -> impl Iterator<Item = &'a Patch<M>> {
        patches.iter().filter(move |patch| patch.is_for(self.context))
    }
}

/// The EnvoyFilters that changed something.
#[derive(Debug, Default)]
struct Applied(BTreeSet<Cause>);

impl Applied {
    fn by(&mut self, cause: &Cause) {
        if !self.0.contains(cause) {
            self.0.insert(cause.clone());
        }
    }

    /// Adds them to the origins of a resource.
    fn note(self, origins: &mut Vec<Origin>) {
        if self.0.is_empty() {
            return;
        }
        match origins.iter_mut().find(|origin| origin.part == Part::Resource) {
            Some(origin) => origin.causes.extend(self.0),
            None => origins.push(Origin::of_resource(self.0.into_iter().collect())),
        }
    }
}
