//! The mesh: an index of a snapshot as one release of Istio understands it.
//!
//! It answers *who serves whom* and *which policy binds where*. Everything is looked up here once, so that a
//! generator never searches: what costs is the number of objects, not their product.
//!
//! | module | knows |
//! |---|---|
//! | [`service`] | Services and ServiceEntries as one kind of thing, [`Service`] |
//! | [`workload`] | Pods and WorkloadEntries as one kind of thing, [`Workload`] |
//! | [`endpoint`] | which address answers for which port of a Service |
//! | [`network`] | which network the cluster is in, and which addresses take HBONE |
//! | [`network_gateways`] | the gateways to other networks |
//! | [`clusters`] | what runs in other clusters |
//! | [`ProxyConfigs`] | what a waypoint's proxy is configured with |
//! | [`waypoint`] | each waypoint's scope, proxy and problems |
//! | [`destination_rule`] | the DestinationRule that governs a host, merged |
//! | [`virtual_service`] | the VirtualServices (and Gateway API routes) of a host, delegates resolved |
//! | [`peer_authentication`] | whether servers speak mTLS |
//! | [`attachment`] | what binds where, by selector, reference or namespace, and why |
//! | [`policy`] | authorization and authentication that bind to a chain |
//! | [`telemetry`] | access logs, metrics and traces that are asked for |
//! | [`extension`] | Wasm and Lua that runs in a chain |
//!
//! It knows nothing of Envoy: no message is built here, no name of a cluster is spelled.

pub mod age;
pub mod attachment;
pub(crate) mod balancing;
pub mod clusters;
mod crashes;
pub mod derive;
pub mod destination_rule;
pub mod endpoint;
pub mod extension;
pub mod gateway_route;
pub mod hostname;
pub mod ip;
mod multicluster;
pub mod namespaces;
pub mod network;
pub mod network_gateways;
mod of;
pub mod peer_authentication;
pub mod policy;
pub mod proxy_config;
mod references;
pub mod selector_index;
pub mod service;
mod settings;
pub mod telemetry;
pub mod virtual_service;
pub mod waypoint;
pub mod workload;

pub use clusters::{RemoteCluster, RemoteClusters};
pub use destination_rule::DestinationRules;
pub use endpoint::{Endpoint, Endpoints, Health};
pub use extension::Extensions;
pub use namespaces::Namespaces;
pub use network::Networks;
pub use network_gateways::{NetworkGateway, NetworkGateways};
pub use peer_authentication::PeerAuthentications;
pub use policy::Policies;
pub use proxy_config::ProxyConfigs;
pub use service::{
    Address, ExportTo, PersistentSession, Port, Protocol, Resolution, Service, ServiceId, ServiceSource,
    Services, TrafficDistribution,
};
pub use settings::MeshSettings;
pub use telemetry::Telemetries;
pub use virtual_service::VirtualServices;
pub use waypoint::{DataPlane, Waypoint, WaypointName};
pub use workload::{Locality, Workload, WorkloadId, WorkloadSource, Workloads};

use std::sync::Arc;

use crate::Str;
use crate::admission::Admitted;
use crate::options::Options;
use crate::problem::Problem;
use crate::rules::Rules;
use crate::snapshot::gateway_api::Gateway;
use crate::snapshot::{Object, Snapshot};

/// A snapshot as one release of Istio understands it: see the [module documentation](self). Its indexes are
/// for the steps of this project, and hidden in its documentation.
#[derive(Debug)]
#[non_exhaustive]
pub struct Mesh {
    /// What the release does.
    pub rules: &'static Rules,
    /// The options of this translation.
    pub options: Options,
    /// The mesh configuration in force: the release's defaults, with the snapshot's and the user's merged
    /// over them.
    pub config: MeshSettings,
    /// The admitted objects, as read.
    pub snapshot: Arc<Snapshot>,
    /// The Gateways of namespaces that the control plane does not look at.
    #[doc(hidden)]
    pub undiscovered_gateways: Vec<Arc<Object<Gateway>>>,
    /// Every Service and ServiceEntry host.
    #[doc(hidden)]
    pub services: Services,
    /// Every Pod and WorkloadEntry.
    #[doc(hidden)]
    pub workloads: Workloads,
    /// Which addresses answer for each Service.
    #[doc(hidden)]
    pub endpoints: Endpoints,
    /// The name of the control plane's own cluster.
    #[doc(hidden)]
    pub cluster: Str,
    /// What runs in other clusters.
    #[doc(hidden)]
    pub remotes: RemoteClusters,
    /// The cluster's network, and where HBONE connections are taken.
    #[doc(hidden)]
    pub networks: Networks,
    /// The gateways to other networks.
    #[doc(hidden)]
    pub network_gateways: NetworkGateways,
    /// ProxyConfigs by namespace and Gateway.
    #[doc(hidden)]
    pub proxy_configs: ProxyConfigs,
    /// DestinationRules by host.
    #[doc(hidden)]
    pub destination_rules: DestinationRules,
    /// PeerAuthentications by namespace.
    #[doc(hidden)]
    pub peer_authentications: PeerAuthentications,
    /// VirtualServices by host.
    #[doc(hidden)]
    pub virtual_services: VirtualServices,
    /// Policies by what they bind to.
    #[doc(hidden)]
    pub policies: Policies,
    /// Telemetry by what it binds to.
    #[doc(hidden)]
    pub telemetries: Telemetries,
    /// Extensions by what they bind to.
    #[doc(hidden)]
    pub extensions: Extensions,
    /// Which waypoint each Service and workload uses, and why.
    #[doc(hidden)]
    pub bindings: waypoint::Bindings,
    /// The waypoints, by namespace and name.
    pub waypoints: Vec<Waypoint>,
    /// What was found wrong while indexing.
    pub problems: Vec<Problem>,
}

impl Mesh {
    /// Indexes what a release has admitted (see [`crate::admission`]); its problems are the caller's.
    #[must_use]
    pub fn new(admitted: Admitted, options: Options) -> Self {
        let options = Options { features: options.features.in_release(options.release), ..options };
        let rules = options.rules();
        let mut problems = Vec::new();
        let mut config = MeshSettings::new(admitted.mesh_config);
        config.network_ranges = network::ranges(&admitted.mesh_networks);
        let snapshot = Arc::new(admitted.snapshot);
        let namespaces = Namespaces::new(&snapshot);
        let cluster = snapshot.cluster_name();
        let mut remotes =
            RemoteClusters::new(&snapshot, (rules, &options.features), &config, &admitted.mesh_networks);
        let services =
            Services::with_remotes(&snapshot, (rules, &options.features), &config, &namespaces, &remotes);
        remotes.connect(&services);
        let assigned = network::AssignedNetworks::new(&namespaces, &cluster, &admitted.mesh_networks);
        let workloads = Workloads::new(&snapshot, rules, &namespaces, &assigned);
        let endpoints = Endpoints::new(&snapshot, (rules, &options.features), &services, &workloads);
        let networks = Networks::new(
            network::of_cluster(&namespaces),
            assigned,
            rules.registry.hbone_addresses,
            network::Objects {
                workloads: &workloads,
                services: &services,
                endpoints: &endpoints,
                remotes: options.features.ambient_enable_multi_network.then_some(&remotes),
            },
        );
        let network_gateways =
            NetworkGateways::new(&snapshot, &admitted.mesh_networks, &rules.networks, &options.features);
        let proxy_configs = ProxyConfigs::new(&snapshot, rules, &config, admitted.proxy_annotations);
        let indexing = waypoint::Indexing {
            snapshot: &snapshot,
            undiscovered_gateways: &admitted.undiscovered_gateways,
            rules,
            options: &options,
            config: &config,
            namespaces: &namespaces,
            services: &services,
            workloads: &workloads,
            remotes: &remotes,
            proxy_configs: &proxy_configs,
        };
        let bindings = waypoint::bindings(&indexing);
        let waypoints = waypoint::index(&indexing, &bindings, &mut problems);
        let destination_rules =
            DestinationRules::new(&snapshot, (rules, &options.features), &config, &services);
        let peer_authentications = PeerAuthentications::new(&snapshot, rules, &config);
        let virtual_services =
            VirtualServices::new(&snapshot, rules, &config, &services, &options.features, &mut problems);
        let policies = Policies::new(&snapshot, rules, &config);
        let telemetries = Telemetries::new(&snapshot, rules, &config);
        let extensions = Extensions::new(&snapshot, rules, &config);
        problems.extend(references::problems(references::Known {
            snapshot: &snapshot,
            rules,
            features: &options.features,
            services: &services,
            waypoints: &waypoints,
            root_namespace: &config.root_namespace,
        }));
        let crashes = crashes::Crashes {
            rules,
            features: &options.features,
            config: &config,
            services: &services,
            workloads: &workloads,
            endpoints: &endpoints,
            destination_rules: &destination_rules,
            virtual_services: &virtual_services,
            telemetries: &telemetries,
            waypoints: &waypoints,
        };
        problems.extend(crashes.problems());
        Self {
            rules,
            options,
            config,
            snapshot,
            undiscovered_gateways: admitted.undiscovered_gateways,
            services,
            workloads,
            endpoints,
            cluster,
            remotes,
            networks,
            network_gateways,
            proxy_configs,
            destination_rules,
            peer_authentications,
            virtual_services,
            policies,
            telemetries,
            extensions,
            bindings,
            waypoints,
            problems,
        }
    }

    /// The waypoint of this name.
    #[must_use]
    pub fn waypoint(&self, name: &WaypointName) -> Option<&Waypoint> {
        let position = self.waypoints.binary_search_by(|waypoint| waypoint.name.cmp(name)).ok()?;
        self.waypoints.get(position)
    }
}
