//! From a plan to Envoy's messages, one waypoint at a time.
//!
//! Each generator is a pure function from an element of a plan (`plan`), and what holds for the waypoint as a
//! whole, to one Envoy message. Nothing is looked up or chosen here: no generator sees the mesh.

pub(crate) mod authn;
pub(crate) mod authz;
pub(crate) mod clusters;
pub(crate) mod endpoints;
pub(crate) mod envoy_filter;
pub(crate) mod filters;
pub(crate) mod istio_metadata;
pub(crate) mod listeners;
pub mod origin;
pub(crate) mod proto;
pub mod routes;
pub(crate) mod security;
pub(crate) mod tls;

use envoy::config::cluster::v3::Cluster;
use envoy::config::core::v3::TypedExtensionConfig;
use envoy::config::endpoint::v3::ClusterLoadAssignment;
use envoy::config::listener::v3::Listener;
use envoy::config::route::v3::RouteConfiguration;

use crate::mesh::{Mesh, Waypoint, WaypointName};
use crate::plan::{self, WaypointPlan};

pub use crate::plan::names;
pub use origin::{Origin, Part};

use self::envoy_filter::Patches;

/// One Envoy resource and why it exists.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource<M> {
    /// The message.
    pub message: M,
    /// Which objects of the snapshot made it, and its parts.
    pub origins: Vec<Origin>,
}

/// What the control plane sends one waypoint.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct WaypointResources {
    /// The waypoint.
    pub waypoint: WaypointName,
    /// LDS, sorted by name.
    pub listeners: Vec<Resource<Listener>>,
    /// CDS, sorted by name.
    pub clusters: Vec<Resource<Cluster>>,
    /// RDS, sorted by name. Empty in the known releases: a waypoint's routes are inside its listeners.
    pub routes: Vec<Resource<RouteConfiguration>>,
    /// EDS, sorted by cluster name.
    pub endpoints: Vec<Resource<ClusterLoadAssignment>>,
    /// ECDS, sorted by name: the configurations of the Wasm extensions in the listeners.
    pub extensions: Vec<Resource<TypedExtensionConfig>>,
}

impl WaypointResources {
    /// Why each resource, and each of its parts, exists.
    pub fn origins(&self) -> impl Iterator<Item = &Origin> {
        let listeners = self.listeners.iter().flat_map(|resource| &resource.origins);
        let clusters = self.clusters.iter().flat_map(|resource| &resource.origins);
        let routes = self.routes.iter().flat_map(|resource| &resource.origins);
        let endpoints = self.endpoints.iter().flat_map(|resource| &resource.origins);
        let extensions = self.extensions.iter().flat_map(|resource| &resource.origins);
        listeners.chain(clusters).chain(routes).chain(endpoints).chain(extensions)
    }
}

/// Generates everything for one waypoint.
#[must_use]
pub fn generate(mesh: &Mesh, waypoint: &Waypoint) -> WaypointResources {
    render(plan::plan(mesh, waypoint))
}

/// The messages of a plan.
fn render(plan: WaypointPlan<'_>) -> WaypointResources {
    let WaypointPlan { settings, listeners, tunnels, clusters, patches } = plan;
    let patches = Patches::new(&patches, settings.rules);
    let (clusters, endpoints) = clusters::clusters(settings, &tunnels, clusters);
    let mut resources = WaypointResources {
        waypoint: settings.name.clone(),
        listeners: listeners::listeners(&settings, &listeners, &patches),
        clusters,
        routes: Vec::new(),
        endpoints,
        extensions: filters::extension::configurations(&listeners.extensions, &settings.rules.policies),
    };
    patches.apply(&mut resources);
    resources
}
