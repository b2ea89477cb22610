//! Waypoints: what each serves, and the proxy that runs it.

mod binding;
mod class;
pub mod proxy;
mod proxy_metadata;
mod service_account;
mod service_cluster;
mod target;
#[cfg(test)]
mod tests;
mod use_waypoint;

pub use binding::{
    Binding, Bindings, Canary, INGRESS_USE_WAYPOINT, NamedBy, Refusal, RefusalReason, USE_WAYPOINT,
};
pub use binding::{CANARY, CANARY_NAMESPACE, CANARY_WEIGHT, USE_WAYPOINT_NAMESPACE};
pub use class::DataPlane;
pub use target::{INBOUND_BINDING, WAYPOINT_FOR};
pub use target::{InboundBinding, Target, TargetAddress, TargetId, Targets, Traffic};

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

pub use crate::names::{NotAWaypointName, WaypointName};

use crate::Str;
use crate::mesh::workload::Locality;
use crate::mesh::{
    MeshSettings, Namespaces, ProxyConfigs, RemoteClusters, ServiceId, Services, WorkloadId, Workloads,
};
use crate::options::Options;
use crate::problem::{Code, Problem};
use crate::release::Release;
use crate::rules::{Attachment, BootstrapRules, Rules};
use crate::snapshot::gateway_api::Gateway;
use crate::snapshot::mesh_config::ProxyConfig;
use crate::snapshot::{Kind, Labels, Object, Snapshot};
use crate::strings;
use crate::version::Version;
use crate::well_known::{MANAGED, MANAGED_WAYPOINT, NETWORK};

/// A waypoint: a Gateway of Istio's class for waypoints or another of the same controller, what it serves and
/// the proxy that does it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Waypoint {
    /// Its name.
    pub name: WaypointName,
    /// Its Gateway.
    pub gateway: Arc<Object<Gateway>>,
    /// What runs it: only Envoy gets resources.
    pub data_plane: DataPlane,
    /// The service account that it is for (1.18 only); none = the whole namespace.
    pub for_service_account: Option<Str>,
    /// The proxy that runs it.
    pub proxy: Proxy,
    /// The Services that it serves, in the order in which Istio lists them.
    pub services: Vec<ServiceId>,
    /// The workloads that it serves, in the order in which Istio lists them.
    pub workloads: Vec<WorkloadId>,
    /// Whether it was taken as ready though its status has no address.
    pub readiness_assumed: bool,
}

/// The Envoy that runs a waypoint, as its own pod would describe it to the control plane.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Proxy {
    /// The pod's name.
    pub pod_name: Str,
    /// The cluster that it runs in.
    pub cluster: Str,
    /// The pod's labels: 1.18's policies select by them.
    pub labels: Labels,
    /// The pod's annotations.
    pub annotations: Labels,
    /// The pod's service account.
    pub service_account: Str,
    /// The Deployment's name.
    pub workload_name: Str,
    /// The pod's addresses: they decide whether it listens on IPv4, IPv6 or both.
    pub addresses: Vec<IpAddr>,
    /// The node that it runs on.
    pub node_name: Str,
    /// Where it runs.
    pub locality: Locality,
    /// The version that it announces.
    pub version: Version,
    /// What it is configured with, as its agent sees it: the control plane reads it from the node's metadata.
    pub config: ProxyConfig,
}

impl Proxy {
    /// Whether it has an IPv4 address.
    #[must_use]
    pub fn supports_ipv4(&self) -> bool {
        self.addresses.iter().any(IpAddr::is_ipv4)
    }

    /// Whether it has an IPv6 address.
    #[must_use]
    pub fn supports_ipv6(&self) -> bool {
        self.addresses.iter().any(IpAddr::is_ipv6)
    }
}

/// The files of a certificate that a proxy shows to endpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientCertificate<'p> {
    /// The certificate.
    pub chain: &'p str,
    /// Its private key; empty for none, and then there is no TLS.
    pub key: &'p str,
    /// The root certificates that servers' have to come from; empty for the system's.
    pub root: &'p str,
}

impl Proxy {
    /// The network that it says it is in: its pod's label, which its container's environment repeats, else
    /// the environment that it is configured with; empty for none.
    #[must_use]
    pub fn network(&self) -> &str {
        let label = self.labels.get(NETWORK).filter(|network| !network.is_empty());
        label.map_or_else(|| self.says(proxy_metadata::NETWORK), Str::as_str)
    }

    /// Whether its labels say that Istio made it for a waypoint. One that somebody made by hand opens no
    /// tunnels into other networks.
    #[must_use]
    pub fn is_managed(&self) -> bool {
        self.labels.get(MANAGED).is_some_and(|by| by == MANAGED_WAYPOINT)
    }

    /// Whether it wants endpoints of a network: it wants all, unless its configuration lists some. Those of
    /// no network are always among them.
    #[must_use]
    pub fn sees_network(&self, network: &str) -> bool {
        if network.is_empty() {
            return true;
        }
        let listed = self.says(proxy_metadata::REQUESTED_NETWORK_VIEW);
        listed.is_empty() || listed.split(',').any(|listed| listed == network)
    }

    /// Whether its configuration keeps it from opening HBONE tunnels to endpoints.
    #[must_use]
    pub fn sends_no_hbone(&self) -> bool {
        self.says_true(proxy_metadata::DISABLE_HBONE_SEND)
    }

    /// Whether its configuration asks for addresses that are computed from names, given whether it has to
    /// capture DNS for that.
    #[must_use]
    pub fn knows_hashed_addresses(&self, captures: bool) -> bool {
        self.says_true(proxy_metadata::DNS_AUTO_ALLOCATE)
            && (!captures || self.says_true(proxy_metadata::DNS_CAPTURE))
    }

    /// The files of the certificate and the key that it shows at both ends of tunnels, where its
    /// configuration names both.
    #[must_use]
    pub fn server_certificate(&self) -> Option<(&str, &str)> {
        let (chain, key) =
            (self.says(proxy_metadata::TLS_SERVER_CERT_CHAIN), self.says(proxy_metadata::TLS_SERVER_KEY));
        (!chain.is_empty() && !key.is_empty()).then_some((chain, key))
    }

    /// The file of the root certificates that it accepts at both ends of tunnels, where its configuration
    /// names one.
    #[must_use]
    pub fn server_root(&self) -> Option<&str> {
        Some(self.says(proxy_metadata::TLS_SERVER_ROOT_CERT)).filter(|path| !path.is_empty())
    }

    /// The files that it shows and trusts instead of the mesh's certificates where it speaks mTLS to
    /// endpoints, if its configuration names the first of them.
    #[must_use]
    pub fn client_certificate(&self) -> Option<ClientCertificate<'_>> {
        let chain = self.says(proxy_metadata::TLS_CLIENT_CERT_CHAIN);
        (!chain.is_empty()).then(|| ClientCertificate {
            chain,
            key: self.says(proxy_metadata::TLS_CLIENT_KEY),
            root: self.says(proxy_metadata::TLS_CLIENT_ROOT_CERT),
        })
    }

    /// What its configuration has the agent say in its node's metadata, by key.
    pub fn configured_metadata(&self) -> impl Iterator<Item = (&str, &Str)> {
        let variables = self.config.proxy_metadata.iter();
        variables.filter_map(|(name, value)| Some((name.strip_prefix(proxy_metadata::PREFIX)?, value)))
    }

    /// Its addresses as its metadata lists them.
    #[must_use]
    pub fn instance_ips(&self) -> String {
        self.addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
    }

    /// What its configuration says to the control plane under this name; empty for nothing.
    fn says(&self, name: &str) -> &str {
        self.config.proxy_metadata.get(name).map_or("", Str::as_str)
    }

    /// Whether its configuration says so under this name.
    fn says_true(&self, name: &str) -> bool {
        strings::go_bool(self.says(name)) == Some(true)
    }
}

impl Waypoint {
    /// What the environment of its container has the agent say in its node's metadata, by key. It beats what
    /// its configuration says.
    pub fn container_metadata<'a>(
        &'a self,
        mesh_id: &'a str,
        rules: &BootstrapRules,
    ) -> impl Iterator<Item = (&'static str, Cow<'a, str>)> + use<'a> {
        let (namespace, proxy) = (&self.name.namespace, &self.proxy);
        let owner =
            format!("kubernetes://apis/apps/v1/namespaces/{namespace}/deployments/{}", proxy.workload_name);
        let network = if rules.network_in_metadata { proxy.network() } else { "" };
        let always = [
            ("SERVICE_ACCOUNT", proxy.service_account.as_str()),
            ("NODE_NAME", proxy.node_name.as_str()),
            ("CLUSTER_ID", proxy.cluster.as_str()),
            ("INTERCEPTION_MODE", "REDIRECT"),
            ("WORKLOAD_NAME", proxy.workload_name.as_str()),
            ("ISTIO_VERSION", proxy.version.as_str()),
        ];
        let unless_empty = [
            ("MESH_ID", mesh_id),
            ("ISTIO_PROXY_SHA", rules.proxy_sha.unwrap_or_default()),
            ("NETWORK", network),
        ];
        let texts = always.into_iter().chain(unless_empty.into_iter().filter(|(_, text)| !text.is_empty()));
        texts.map(|(key, text)| (key, Cow::Borrowed(text))).chain([("OWNER", Cow::Owned(owner))])
    }

    /// Whether there is nothing that it serves.
    #[must_use]
    pub fn serves_nothing(&self) -> bool {
        self.services.is_empty() && self.workloads.is_empty()
    }

    /// Whether it serves this Service.
    #[must_use]
    pub fn serves(&self, service: ServiceId) -> bool {
        self.services.binary_search(&service).is_ok()
    }
}

/// The annotation of a waypoint of the releases that had one for each service account: which account it is
/// for.
pub const FOR_SERVICE_ACCOUNT: &str = "istio.io/for-service-account";

/// What the waypoints are found in.
pub(crate) struct Indexing<'a> {
    pub(crate) snapshot: &'a Snapshot,
    /// Gateways that nothing but their own proxies know.
    pub(crate) undiscovered_gateways: &'a [Arc<Object<Gateway>>],
    pub(crate) rules: &'static Rules,
    pub(crate) options: &'a Options,
    pub(crate) config: &'a MeshSettings,
    pub(crate) namespaces: &'a Namespaces,
    pub(crate) services: &'a Services,
    pub(crate) workloads: &'a Workloads,
    pub(crate) remotes: &'a RemoteClusters,
    pub(crate) proxy_configs: &'a ProxyConfigs,
}

impl Indexing<'_> {
    /// The workloads of a namespace.
    fn workloads_of(&self, namespace: &str) -> &[WorkloadId] {
        self.workloads.in_namespace(namespace)
    }

    /// What runs a Gateway; none if it is no waypoint.
    fn data_plane_of(&self, gateway: &Object<Gateway>) -> Option<DataPlane> {
        let features = &self.options.features;
        DataPlane::of_class(self.snapshot, (self.rules, features), &gateway.spec.gateway_class_name)
    }

    /// Whether Istio runs a Gateway as a waypoint and says where: agentgateway's only where a flag asks for
    /// it.
    fn is_deployed(&self, gateway: &Object<Gateway>) -> bool {
        let features = &self.options.features;
        let is_reached = features.pilot_enable_gateway_api_deployment_controller
            && features.pilot_enable_gateway_api_status;
        match self.data_plane_of(gateway).filter(|_| is_reached) {
            Some(DataPlane::Envoy) => true,
            Some(DataPlane::Agentgateway) => features.pilot_enable_agentgateway,
            None => false,
        }
    }

    /// The pods of a Gateway.
    fn pods_of(&self, gateway: &Object<Gateway>) -> &[WorkloadId] {
        self.workloads.of_gateway(&gateway.meta.namespace, &gateway.meta.name)
    }
}

/// The waypoint's name that this Gateway has.
fn name_of(gateway: &Object<Gateway>) -> WaypointName {
    WaypointName::new(gateway.meta.namespace.clone(), gateway.meta.name.clone())
}

/// Finds which waypoint each object uses, where the release has objects name one.
pub(crate) fn bindings(cx: &Indexing<'_>) -> Bindings {
    match cx.rules.waypoints.attachment {
        Attachment::ServiceAccount => Bindings::default(),
        Attachment::UseWaypointLabel => Bindings::new(cx),
    }
}

/// Finds every waypoint and what it serves.
pub(crate) fn index(cx: &Indexing<'_>, bindings: &Bindings, problems: &mut Vec<Problem>) -> Vec<Waypoint> {
    let mut proxies = proxy::Proxies::new(cx);
    let known = cx.snapshot.gateways.iter().chain(cx.undiscovered_gateways);
    let mut gateways: Vec<_> = known.filter_map(|g| Some((g, cx.data_plane_of(g)?))).collect();
    gateways.sort_by_key(|(gateway, _)| name_of(gateway));
    let mut waypoints: Vec<Waypoint> = gateways
        .into_iter()
        .map(|(gateway, data_plane)| Waypoint {
            name: name_of(gateway),
            data_plane,
            gateway: Arc::clone(gateway),
            for_service_account: service_account(gateway, cx.rules),
            proxy: proxies.of(gateway, cx.pods_of(gateway), problems),
            services: Vec::new(),
            workloads: Vec::new(),
            readiness_assumed: false,
        })
        .collect();
    match cx.rules.waypoints.attachment {
        Attachment::ServiceAccount => service_account::attach(cx, &mut waypoints),
        Attachment::UseWaypointLabel => use_waypoint::attach(cx, bindings, &mut waypoints, problems),
    }
    problems.extend(waypoints.iter().flat_map(|waypoint| notes(cx, waypoint)));
    if waypoints.is_empty() {
        problems.extend(no_waypoint(cx.snapshot));
    }
    waypoints
}

/// Kinds that set something for the mesh, and have no traffic that a waypoint could look at.
const SETTINGS: [Kind; 6] =
    [Kind::Namespace, Kind::Node, Kind::ServiceAccount, Kind::ConfigMap, Kind::Secret, Kind::GatewayClass];

/// Says that nothing is a waypoint, of a snapshot that has anything that one could be for.
fn no_waypoint(snapshot: &Snapshot) -> Option<Problem> {
    let has_traffic = snapshot.sources().any(|(object, _)| !SETTINGS.contains(&object.kind));
    has_traffic.then(|| {
        Problem::new(
            Code::MeshWithoutWaypoint,
            "no Gateway of the snapshot is a waypoint: there is nothing for Envoy",
        )
        .help("`waypoint-xds waypoint generate -n NAMESPACE` prints the Gateway that makes one")
    })
}

/// The service account that a waypoint is for, where the release knows such waypoints.
fn service_account(gateway: &Object<Gateway>, rules: &Rules) -> Option<Str> {
    match rules.waypoints.attachment {
        Attachment::ServiceAccount => {
            gateway.meta.annotations.get(FOR_SERVICE_ACCOUNT).filter(|a| !a.is_empty()).cloned()
        }
        Attachment::UseWaypointLabel => None,
    }
}

/// Says of a waypoint that serves nothing that it is written for a release that had one for each service
/// account.
fn of_an_earlier_release(waypoint: &Waypoint, rules: &Rules) -> Option<Problem> {
    let is_of_account =
        |release: Release| Rules::of(release).waypoints.attachment == Attachment::ServiceAccount;
    let annotated = waypoint.gateway.meta.annotations.contains_key(FOR_SERVICE_ACCOUNT);
    if !annotated || !waypoint.serves_nothing() || is_of_account(rules.release) {
        return None;
    }
    let earlier = Release::ALL.iter().copied().rfind(|release| is_of_account(*release))?;
    let name = &waypoint.name;
    let message = format!(
        "waypoint `{name}` serves nothing: `{FOR_SERVICE_ACCOUNT}` is how Istio {earlier} was told what a \
         waypoint is for, and later releases do not read it"
    );
    let help = format!(
        "read it as of Istio {earlier} (`--release {earlier}`), or label the Services, pods or Namespaces \
         that it is for with `{USE_WAYPOINT}: {}`",
        name.name
    );
    let field = format!("metadata.annotations[{FOR_SERVICE_ACCOUNT:?}]");
    Some(Problem::new(Code::LabelNotRead, message).on(waypoint.gateway.object_ref()).field(field).help(help))
}

/// What a user should know about a waypoint.
fn notes(cx: &Indexing<'_>, waypoint: &Waypoint) -> Vec<Problem> {
    let mut notes = Vec::new();
    let note = |code, message: String| Problem::new(code, message).on(waypoint.gateway.object_ref());
    if waypoint.readiness_assumed {
        let message =
            format!("waypoint `{}` has no address in its status and was taken as ready", waypoint.name);
        notes.push(note(Code::ReadinessAssumed, message));
    }
    if waypoint.data_plane == DataPlane::Agentgateway {
        let message =
            format!("waypoint `{}` is run by agentgateway: it has no Envoy resources", waypoint.name);
        let note = note(Code::OtherDataPlane, message);
        notes.push(if cx.options.features.pilot_enable_agentgateway {
            note
        } else {
            note.help("Istio runs it only with `PILOT_ENABLE_AGENTGATEWAY=true`, since 1.31")
        });
    }
    if let Some(earlier) = of_an_earlier_release(waypoint, cx.rules) {
        notes.push(earlier);
    } else if waypoint.serves_nothing() {
        notes.push(note(Code::UnusedWaypoint, format!("waypoint `{}` serves nothing", waypoint.name)));
    }
    notes
}
