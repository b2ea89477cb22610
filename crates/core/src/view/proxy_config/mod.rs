//! What `istioctl proxy-config` prints, for what a proxy holds.
//!
//! The columns, their order and the filters are istioctl's; each release has its own listener table.
//! Source: <https://istio.io/latest/docs/reference/commands/istioctl/#istioctl-proxy-config>.

pub mod all;
mod certificate;
pub mod clusters;
pub mod endpoints;
pub mod extensions;
pub mod listeners;
pub mod routes;
pub mod secrets;
mod waypoint;

use envoy::config::bootstrap::v3::Bootstrap;
use envoy::config::cluster::v3::Cluster;
use envoy::config::core::v3::{Metadata, TypedExtensionConfig};
use envoy::config::endpoint::v3::ClusterLoadAssignment;
use envoy::config::listener::v3::Listener;
use envoy::config::route::v3::RouteConfiguration;

use serde_json::Value;

pub use listeners::Form;
pub use secrets::HeldSecret;
pub use waypoint::{config, waypoint_table};

use crate::bootstrap::written;
use crate::resources::{Resource, WaypointResources};
use crate::rules::Rules;
use crate::view::config_dump;
use crate::view::json::{ResourceKind, value};
use crate::view::table::Table;

/// Everything that a proxy holds, in the order in which its config dump lists it: what came over xDS first,
/// then what its bootstrap says.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ProxyConfig {
    /// Its listeners.
    pub listeners: Vec<Listener>,
    /// Its clusters.
    pub clusters: Vec<Cluster>,
    /// Its route configurations: those that came over xDS, the bootstrap's, and those inside other listeners.
    pub routes: Vec<RouteConfiguration>,
    /// The endpoints of all clusters.
    pub endpoints: Vec<ClusterLoadAssignment>,
    /// The configurations of extensions that came by name.
    pub extensions: Vec<TypedExtensionConfig>,
    /// The secrets that it holds, or waits for.
    pub secrets: Vec<HeldSecret>,
    /// The bootstrap, as Envoy's message.
    pub bootstrap: Option<Value>,
}

impl ProxyConfig {
    /// What a proxy holds once it got these resources.
    #[must_use]
    pub fn new(resources: &XdsResources, rules: &Rules) -> Self {
        let mut routes = resources.routes.clone();
        routes.extend(resources.listeners.iter().flat_map(routes::inline));
        if rules.istioctl.routes_by_name {
            routes.sort_by(|a, b| a.name.cmp(&b.name));
        }
        let mut endpoints = endpoints::of_clusters(&resources.clusters, rules.istioctl.unresolved_endpoints);
        endpoints.extend(resources.endpoints.iter().cloned());
        endpoints.iter_mut().for_each(endpoints::make_healthy);
        Self {
            listeners: resources.listeners.clone(),
            clusters: resources.clusters.clone(),
            routes,
            endpoints,
            extensions: resources.extensions.clone(),
            secrets: secrets::named(resources),
            bootstrap: None,
        }
    }

    /// What a waypoint's proxy holds once it got these resources.
    #[must_use]
    pub fn of(resources: &WaypointResources, rules: &Rules) -> Self {
        Self::new(&XdsResources::from(resources), rules)
    }

    /// Adds a bootstrap, and its resources where the release's istioctl shows them.
    #[must_use]
    pub fn with_bootstrap(mut self, bootstrap: &Bootstrap, rules: &Rules) -> Self {
        self.bootstrap = Some(config_dump::canonical_bootstrap(&written(bootstrap)));
        if let Some(resources) = &bootstrap.static_resources
            && rules.istioctl.bootstrap_resources
        {
            let inside = self.listeners.iter().map(|listener| routes::inline(listener).len());
            let over_xds = self.routes.len() - inside.sum::<usize>();
            self.routes.splice(over_xds..over_xds, resources.listeners.iter().flat_map(routes::inline));
            let unresolved = rules.istioctl.unresolved_endpoints;
            self.endpoints.extend(endpoints::of_clusters(&resources.clusters, unresolved));
            self.listeners.extend(resources.listeners.iter().cloned());
            self.clusters.extend(resources.clusters.iter().cloned());
        }
        self
    }
}

/// What a control plane delivered, without why.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct XdsResources {
    /// LDS.
    pub listeners: Vec<Listener>,
    /// CDS.
    pub clusters: Vec<Cluster>,
    /// RDS.
    pub routes: Vec<RouteConfiguration>,
    /// EDS.
    pub endpoints: Vec<ClusterLoadAssignment>,
    /// ECDS.
    pub extensions: Vec<TypedExtensionConfig>,
}

impl From<&WaypointResources> for XdsResources {
    fn from(resources: &WaypointResources) -> Self {
        fn messages<M: Clone>(resources: &[Resource<M>]) -> Vec<M> {
            resources.iter().map(|resource| resource.message.clone()).collect()
        }
        Self {
            listeners: messages(&resources.listeners),
            clusters: messages(&resources.clusters),
            routes: messages(&resources.routes),
            endpoints: messages(&resources.endpoints),
            extensions: messages(&resources.extensions),
        }
    }
}

/// Narrows what is shown, as istioctl's flags do. A filter that is not set admits everything; as to istioctl,
/// neither an empty text nor the port 0 is one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Clusters: part of the service's name.
    pub fqdn: Option<String>,
    /// Clusters, listeners, endpoints: the port.
    pub port: Option<u32>,
    /// Clusters: part of the subset's name.
    pub subset: Option<String>,
    /// Clusters: part of the direction.
    pub direction: Option<String>,
    /// Routes: the route configuration's name.
    pub name: Option<String>,
    /// Listeners, endpoints: the address, in any case.
    pub address: Option<String>,
    /// Endpoints: the cluster's name, in any case.
    pub cluster: Option<String>,
    /// Listeners: `HTTP`, `TCP` or `HTTP+TCP`, in any case.
    pub listener_type: Option<String>,
    /// Endpoints: the health status, in any case.
    pub status: Option<String>,
}

impl Filter {
    /// The port, if any is asked for.
    fn given_port(&self) -> Option<u32> {
        self.port.filter(|port| *port != 0)
    }
}

/// The text of a filter, if it is set.
fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

/// The parts of a cluster's name, `direction|port|subset|hostname`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::view) struct NameParts<'a> {
    pub(in crate::view) direction: &'a str,
    pub(in crate::view) port: u32,
    pub(in crate::view) subset: &'a str,
    pub(in crate::view) hostname: &'a str,
}

/// Splits a cluster's name; `None` for those that are not made of four parts, `main_internal` for instance.
pub(in crate::view) fn name_parts(name: &str) -> Option<NameParts<'_>> {
    let mut parts = name.splitn(4, '|');
    let (direction, port, subset, hostname) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    Some(NameParts { direction, port: port.parse().unwrap_or(0), subset, hostname })
}

/// What istioctl sorts clusters by: hostname, subset, port, direction.
fn sort_key(name: &str) -> (&str, &str, u32, &str) {
    name_parts(name).map_or((name, "", 0, ""), |p| (p.hostname, p.subset, p.port, p.direction))
}

/// The object that Istio's metadata names as the origin of a cluster or route, as `name.namespace`.
fn managed_by(metadata: Option<&Metadata>) -> String {
    let Some(path) = metadata.and_then(|metadata| metadata.text("istio", "config")) else {
        return String::new();
    };
    if !path.starts_with("/apis/networking.istio.io/") {
        return "<unknown>".to_owned();
    }
    match path.split('/').collect::<Vec<_>>().as_slice() {
        [_, _, _, _, _, namespace, _, name] => format!("{name}.{namespace}"),
        _ => String::new(),
    }
}

/// A kind of resources as the table that istioctl prints.
#[must_use]
pub fn table(config: &ProxyConfig, kind: ResourceKind, filter: &Filter, form: Form) -> Table {
    match kind {
        ResourceKind::Listeners => listeners::table(config, filter, form),
        ResourceKind::Clusters => clusters::table(config, filter),
        ResourceKind::Routes => routes::table(config, filter, form),
        ResourceKind::Endpoints => endpoints::table(config, filter),
    }
}

/// A kind of resources as the JSON array that istioctl prints with `-o json`.
#[must_use]
pub fn values(config: &ProxyConfig, kind: ResourceKind, filter: &Filter, form: Form) -> Value {
    match kind {
        ResourceKind::Listeners => listeners::select(config, filter, form).into_iter().map(value).collect(),
        ResourceKind::Clusters => clusters::select(config, filter).into_iter().map(value).collect(),
        ResourceKind::Routes => routes::select(config, filter).into_iter().map(value).collect(),
        ResourceKind::Endpoints => endpoints::statuses(config, filter),
    }
}
