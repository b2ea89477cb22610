//! A live waypoint: what its proxy holds, as its config dump tells, instead of what would be generated for
//! it.
//!
//! Objects that are read beside the dump tell who the clients are, which waypoint they use and what ztunnels
//! enforce. Without them a request is taken as given to the waypoint. What made a resource is known as far as
//! Envoy's metadata and the names of policies hold it.
//!
//! ```
//! use waypoint_xds::live::Live;
//! use waypoint_xds::options::Options;
//! use waypoint_xds::session::Session;
//! use waypoint_xds::text::SourceFile;
//! use waypoint_xds::trace::{Request, RequestSpec, Verdict};
//! use waypoint_xds::view::{config_dump, json};
//!
//! let yaml = "
//! apiVersion: v1
//! kind: Service
//! metadata: {name: cart, namespace: shop, labels: {istio.io/use-waypoint: waypoint}}
//! spec: {clusterIP: 10.96.0.1, ports: [{name: http, port: 80}]}
//! ---
//! apiVersion: gateway.networking.k8s.io/v1
//! kind: Gateway
//! metadata: {name: waypoint, namespace: shop}
//! spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}
//! ";
//! let session = Session::read([SourceFile::new("shop.yaml", yaml)], &Options::default());
//! let dump = config_dump::parse(&json::config_dump(&session.translation().waypoints[0])).expect("a dump");
//!
//! let spec = RequestSpec { via: Some("shop/waypoint".to_owned()), ..RequestSpec::new("sa/web.shop", "cart.shop:80") };
//! let request = Request::try_from(spec)?;
//! let live = Live::new(dump, request.via.waypoint(), [], &Options::default())?;
//! // There is no endpoint.
//! assert_eq!(live.trace(&request)?.verdict, Verdict::Failed);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod address;
mod causes;
mod drift;

use envoy::config::cluster::v3::Cluster;
use envoy::config::cluster::v3::cluster::{ClusterDiscoveryType, DiscoveryType};
use serde_json::Value;

use crate::mesh::workload::GATEWAY_NAME;
use crate::names::WaypointName;
use crate::opened;
use crate::options::Options;
use crate::problem::Problem;
use crate::resources::{Resource, WaypointResources};
use crate::session::Session;
use crate::text::SourceFile;
use crate::trace::{Compiled, Destination, NoSuchThing, Request, Trace, Tracer, Via};
use crate::translation::Translation;
use crate::view::config_dump::ConfigDump;
use crate::view::proxy_config::ProxyConfig;
use crate::well_known::WAYPOINT_CLASS;

/// What a config dump's file is called in problems and in objects that are made for it.
const MADE: &str = "(config dump)";

/// A live waypoint, with what was read beside its dump.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Live {
    session: Session,
    translation: Translation,
    compiled: Compiled,
    waypoint: WaypointName,
    /// What nobody sends the proxy.
    own: drift::Static,
    /// Whether nothing was read beside the dump.
    is_alone: bool,
}

/// Why a config dump cannot be walked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotALiveWaypoint {
    /// Nobody knows whose it is.
    #[error("the config dump has no bootstrap that names its waypoint: name it (`via`, NAMESPACE/NAME)")]
    NoName,
    /// It lacks endpoints.
    #[error(
        "the config dump has no endpoints: take one of /config_dump?include_eds, or of `istioctl proxy-config all -o json`"
    )]
    NoEndpoints,
}

impl Live {
    /// The waypoint that a config dump is of: the one of this name, else the one that its bootstrap names.
    /// `files` are what is known beside it.
    ///
    /// # Errors
    ///
    /// When the dump does not tell its waypoint, or was taken without endpoints.
    pub fn new(
        dump: ConfigDump,
        name: Option<&WaypointName>,
        files: impl IntoIterator<Item = SourceFile>,
        options: &Options,
    ) -> Result<Self, NotALiveWaypoint> {
        let config = dump.config;
        let waypoint = name.cloned().or_else(|| name_of(&config)).ok_or(NotALiveWaypoint::NoName)?;
        if lacks_endpoints(&config) {
            return Err(NotALiveWaypoint::NoEndpoints);
        }
        let mut files: Vec<SourceFile> = files.into_iter().collect();
        let is_alone = files.is_empty();
        let mut options = options.clone();
        if let (true, None, Some(domain)) = (is_alone, &options.mesh_config, address::trust_domain(&config)) {
            options.mesh_config = Some(SourceFile::new(MADE, format!("trustDomain: {domain}")));
        }
        let mut session = Session::read(files.iter().cloned(), &options);
        if !session.mesh().waypoints.iter().any(|known| known.name == waypoint) {
            files.push(SourceFile::new(MADE, gateway(&waypoint)));
            session = Session::read(files, &options);
        }
        let mut translation = session.translation().clone();
        translation.waypoints.retain(|known| known.waypoint != waypoint);
        let own = drift::Static::of(&config);
        translation.waypoints.push(resources(waypoint.clone(), config));
        let compiled = Compiled::new(&translation);
        Ok(Self { session, translation, compiled, waypoint, own, is_alone })
    }

    /// The waypoint.
    #[must_use]
    pub fn waypoint(&self) -> &WaypointName {
        &self.waypoint
    }

    /// What was read beside the dump.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Everything found wrong with what was read beside the dump, in the order of the text.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        if self.is_alone {
            return Vec::new();
        }
        let is_made =
            |problem: &&Problem| problem.place.as_ref().is_some_and(|place| place.file.as_str() == MADE);
        self.session.problems().iter().filter(|problem| !is_made(problem)).cloned().collect()
    }

    /// What comes of a request, and why: see [`Tracer::trace`].
    ///
    /// # Errors
    ///
    /// When neither the dump nor what was read beside it has who is asked, or the latter lacks who asks.
    pub fn trace(&self, request: &Request) -> Result<Trace, NoSuchThing> {
        let mut request = request.clone();
        if self.is_alone && request.via == Via::Client {
            request.via = Via::Waypoint(self.waypoint.clone());
        }
        let tracer = Tracer::new(self.session.mesh(), &self.translation, &self.compiled);
        let traced = match tracer.trace(&request) {
            Err(NoSuchThing::Destination(host)) => {
                let found = self.translation.waypoint(&self.waypoint).and_then(|resources| {
                    address::of_host(resources, &host, request.source.namespace(), request.destination.port)
                });
                let (ip, port) = found.ok_or(NoSuchThing::Destination(host.clone()))?;
                request.authority.get_or_insert_with(|| host.to_string());
                request.destination = Destination { host: ip.to_string().into(), port: Some(port) };
                tracer.trace(&request)
            }
            traced => traced,
        };
        traced.map(|mut traced| {
            if self.is_alone {
                traced.caveats.push(
                    "a config dump tells neither which waypoint the client uses, nor what the destination's \
                     ztunnel enforces"
                        .to_owned(),
                );
            }
            traced
        })
    }
}

/// The waypoint that a bootstrap is of, as its node says.
fn name_of(config: &ProxyConfig) -> Option<WaypointName> {
    let metadata = config.bootstrap.as_ref()?.pointer("/node/metadata")?;
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let name = text(metadata.get("LABELS").and_then(|labels| labels.get(GATEWAY_NAME)))
        .or_else(|| text(metadata.get("WORKLOAD_NAME")))?;
    Some(WaypointName::new(text(metadata.get("NAMESPACE"))?, name))
}

/// Whether clusters discover endpoints, and none has any in the dump.
fn lacks_endpoints(config: &ProxyConfig) -> bool {
    let discovers = |cluster: &&Cluster| {
        cluster.cluster_discovery_type == Some(ClusterDiscoveryType::Type(DiscoveryType::Eds.into()))
    };
    let mut discovered = config.clusters.iter().filter(discovers).peekable();
    let has = |cluster: &Cluster| {
        let name = opened::assignment_name(cluster);
        config.endpoints.iter().any(|assignment| assignment.cluster_name == name)
    };
    discovered.peek().is_some() && !discovered.any(has)
}

/// The Gateway that a waypoint has at least.
fn gateway(name: &WaypointName) -> String {
    let gateway = serde_json::json!({
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"name": name.name, "namespace": name.namespace},
        "spec": {
            "gatewayClassName": WAYPOINT_CLASS,
            "listeners": [{"name": "mesh", "port": 15008, "protocol": "HBONE"}],
        },
        "status": {"addresses": [{"type": "Hostname", "value": "live"}]},
    });
    gateway.to_string()
}

/// What the proxy holds, each with what its metadata says that made it.
fn resources(waypoint: WaypointName, config: ProxyConfig) -> WaypointResources {
    let listeners = config.listeners.into_iter().map(|message| {
        let origins = causes::of_listener(&message);
        Resource { message, origins }
    });
    let clusters = config.clusters.into_iter().map(|message| {
        let origins = causes::of_cluster(&message);
        Resource { message, origins }
    });
    let routes = config.routes.into_iter().map(|message| {
        let origins = causes::of_routes(&message);
        Resource { message, origins }
    });
    let endpoints = config.endpoints.into_iter().map(|message| Resource { message, origins: Vec::new() });
    WaypointResources {
        waypoint,
        listeners: listeners.collect(),
        clusters: clusters.collect(),
        routes: routes.collect(),
        endpoints: endpoints.collect(),
        extensions: Vec::new(),
    }
}
