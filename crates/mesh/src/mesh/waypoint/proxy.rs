//! The Envoy that runs a waypoint: a Pod of the snapshot, else the one that Istio's gateway controller would
//! deploy.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use smol_str::format_smolstr;

use super::{Indexing, Proxy, name_of, proxy_metadata};
use crate::Str;
use crate::admission::mesh_config::OF_POD;
use crate::detect::proxy_image;
use crate::mesh::workload::{Locality, pod};
use crate::mesh::{Workload, WorkloadId, derive};
use crate::problem::Problem;
use crate::rules::{CopiedMetadata, ObjectNames, OutOfMesh, PodNames, WaypointRules};
use crate::snapshot::gateway_api::Gateway;
use crate::snapshot::kubernetes::Pod;
use crate::snapshot::mesh_config::ProxyConfig;
use crate::snapshot::{Kind, Labels, Object, ObjectRef};
use crate::version::Version;
use crate::well_known::{
    CLUSTER, HOSTNAME, MANAGED, MANAGED_WAYPOINT, NAME_OVERRIDE, NETWORK, REGION, SERVICE_ACCOUNT, SUB_ZONE,
    ZONE,
};

/// The annotations of a Gateway that its Deployment does not get.
const NOT_INHERITED: [&str; 4] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    NAME_OVERRIDE,
    SERVICE_ACCOUNT,
    "gateway.istio.io/controller-version",
];

/// The container of a pod that is a proxy.
const PROXY_CONTAINER: &str = "istio-proxy";

/// The name of a waypoint's Deployment and Service.
pub fn deployment_name(gateway: &Object<Gateway>, rules: &WaypointRules) -> Str {
    override_or(gateway, NAME_OVERRIDE, || default_name(gateway, rules))
}

/// The name of a waypoint's Deployment, Service and ServiceAccount, where no annotation gives another.
pub fn default_name(gateway: &Object<Gateway>, rules: &WaypointRules) -> Str {
    match rules.object_names {
        ObjectNames::WithClass => {
            format_smolstr!("{}-{}", gateway.meta.name, gateway.spec.gateway_class_name)
        }
        ObjectNames::OfGateway => gateway.meta.name.clone(),
    }
}

/// The network that a waypoint's pod is told to be in: its label's.
pub(super) fn network(gateway: &Object<Gateway>, cx: &Indexing<'_>) -> Str {
    let labels = inherited(gateway, cx, |infrastructure| &infrastructure.labels, &gateway.meta.labels);
    labels.get(NETWORK).cloned().unwrap_or_default()
}

fn override_or(gateway: &Object<Gateway>, annotation: &str, default: impl FnOnce() -> Str) -> Str {
    gateway.meta.annotations.get(annotation).cloned().unwrap_or_else(default)
}

/// Makes the proxies of all waypoints, one after the other: derived addresses are numbered.
pub(super) struct Proxies<'a> {
    cx: &'a Indexing<'a>,
    families: Families,
    derived: u16,
}

impl<'a> Proxies<'a> {
    pub(super) fn new(cx: &'a Indexing<'a>) -> Self {
        Self { cx, families: Families::of(cx), derived: 0 }
    }

    /// The proxy of a waypoint: the first of its pods that is ready, else the first, else a derived one.
    pub(super) fn of(
        &mut self,
        gateway: &Object<Gateway>,
        pods: &[WorkloadId],
        problems: &mut Vec<Problem>,
    ) -> Proxy {
        let proxy = self.of_pods(gateway, pods);
        let name = name_of(gateway);
        let mut found = Vec::new();
        let config = self.cx.proxy_configs.of_agent(&name, &proxy.annotations, &mut found);
        problems.extend(found.into_iter().map(|p| annotated(p, gateway, &proxy)));
        // The agent announces its build's version only where nobody tells another.
        let told = config.proxy_metadata.get(proxy_metadata::VERSION).filter(|version| !version.is_empty());
        let version = told.cloned().map_or(proxy.version, Version::new);
        Proxy { config, version, ..proxy }
    }

    /// The same without its configuration.
    fn of_pods(&mut self, gateway: &Object<Gateway>, pods: &[WorkloadId]) -> Proxy {
        let mut pods: Vec<&Workload> = pods.iter().filter_map(|id| self.cx.workloads.get(*id)).collect();
        // What has ended runs no proxy, and may have no address.
        pods.retain(|w| w.pod().is_none_or(|pod| !pod::is_terminal(&pod.spec)));
        pods.sort_by_key(|w| (w.pod().is_none_or(|pod| !pod::is_ready(&pod.spec)), w.name.clone()));
        let deployed = self.deployed(gateway, pods.is_empty());
        let Some(workload) = pods.first() else { return deployed };
        let own = Proxy {
            pod_name: workload.name.clone(),
            addresses: workload.addresses.clone(),
            node_name: workload.node_name.clone(),
            locality: workload.locality.clone(),
            version: workload.pod().and_then(|pod| running(&pod.spec)).unwrap_or(deployed.version),
            ..deployed
        };
        if !self.cx.rules.waypoints.pods_as_found {
            return own;
        }
        Proxy {
            labels: with_topology(workload),
            annotations: workload.pod().map(|pod| pod.meta.annotations.clone()).unwrap_or_default(),
            service_account: workload.service_account.clone(),
            workload_name: workload.workload_name.clone(),
            ..own
        }
    }

    /// The pod that Istio's gateway controller would deploy.
    fn deployed(&mut self, gateway: &Object<Gateway>, needs_address: bool) -> Proxy {
        let rules = &self.cx.rules.waypoints;
        let name = deployment_name(gateway, rules);
        let (hash, suffix) = pod_suffixes(gateway, &name, rules.pod_names);
        let node = self.cx.snapshot.nodes.first().filter(|_| rules.assumed_node);
        Proxy {
            pod_name: format_smolstr!("{name}-{hash}-{suffix}"),
            labels: pod_labels(gateway, &name, hash, self.cx),
            cluster: self.cx.snapshot.cluster_name(),
            annotations: pod_annotations(gateway, self.cx),
            service_account: override_or(gateway, SERVICE_ACCOUNT, || default_name(gateway, rules)),
            workload_name: name,
            addresses: if needs_address { self.addresses() } else { Vec::new() },
            node_name: node.map(|node| node.meta.name.clone()).unwrap_or_default(),
            locality: node.map(|node| Locality::of_node(&node.meta.labels)).unwrap_or_default(),
            version: proxy_image(gateway)
                .and_then(|image| Version::of_image(image))
                .unwrap_or_else(|| self.cx.options.proxy_version()),
            config: ProxyConfig::default(),
        }
    }

    /// The next derived addresses.
    fn addresses(&mut self) -> Vec<IpAddr> {
        let all = self.cx.rules.waypoints.assumed_addresses_of_all_families;
        let families = if all { self.families } else { Families { ipv4: true, ipv6: false } };
        let mut next = || {
            self.derived = self.derived.wrapping_add(1);
            self.derived
        };
        let ipv4 = families.ipv4.then(|| {
            let [high, low] = next().to_be_bytes();
            IpAddr::V4(Ipv4Addr::new(10, 244, 250_u8.wrapping_add(high), low))
        });
        let ipv6 =
            families.ipv6.then(|| IpAddr::V6(Ipv6Addr::new(0xfd00, 0x10, 0x244, 0xfa, 0, 0, 0, next())));
        ipv4.into_iter().chain(ipv6).collect()
    }
}

/// The version of the proxy that runs in a pod, as far as its image says it.
fn running(pod: &Pod) -> Option<Version> {
    let proxy = pod.containers.iter().find(|container| container.name == PROXY_CONTAINER)?;
    Version::of_image(&proxy.image)
}

/// A problem with a pod's annotation, at the object that has it: the Gateway, whose pods get its annotations,
/// or the pod itself.
fn annotated(problem: Problem, gateway: &Object<Gateway>, proxy: &Proxy) -> Problem {
    let infrastructure = gateway.spec.infrastructure.as_ref();
    let pod = || ObjectRef::new(Kind::Pod, gateway.meta.namespace.clone(), proxy.pod_name.clone());
    let (object, path) = if infrastructure.is_some_and(|i| i.annotations.contains_key(OF_POD)) {
        (gateway.object_ref(), "spec.infrastructure.annotations")
    } else if gateway.meta.annotations.contains_key(OF_POD) {
        (gateway.object_ref(), "metadata.annotations")
    } else {
        (pod(), "metadata.annotations")
    };
    problem.on(object).field(format!("{path}[\"{OF_POD}\"]"))
}

/// The address families of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Families {
    ipv4: bool,
    ipv6: bool,
}

impl Families {
    /// Those of its Services, else of its Pods (of which those on the host's network may differ), else IPv4.
    fn of(cx: &Indexing<'_>) -> Self {
        let services = cx.services.iter().map(|(_, service)| service).filter(|s| s.is_kubernetes());
        let services = services.flat_map(|service| service.addresses.iter().map(|address| address.ip));
        // What a snapshot says of its Pods: those without an address have been given one of IPv4.
        let pods = cx.snapshot.pods.iter().filter(|pod| !pod.spec.host_network);
        let pods = pods.flat_map(|pod| pod::addresses(&pod.spec.status));
        Self::among(services).or_else(|| Self::among(pods)).unwrap_or(Self { ipv4: true, ipv6: false })
    }

    fn among(addresses: impl Iterator<Item = IpAddr>) -> Option<Self> {
        let mut found = Self { ipv4: false, ipv6: false };
        for ip in addresses {
            found.ipv4 |= ip.is_ipv4();
            found.ipv6 |= ip.is_ipv6();
        }
        (found.ipv4 || found.ipv6).then_some(found)
    }
}

/// The hash of the pod template and the suffix of the pod's name.
fn pod_suffixes(gateway: &Object<Gateway>, deployment: &str, names: PodNames) -> (Str, Str) {
    let meta = &gateway.meta;
    match names {
        PodNames::SafeSuffixes => (
            derive::safe_suffix(&format!("{}/{deployment}", meta.namespace), 10),
            derive::safe_suffix(&meta.name, 5),
        ),
        PodNames::Hexadecimal => {
            let hash = format_smolstr!("{:08x}", derive::fnv32(&format!("{}/{}", meta.namespace, meta.name)));
            let suffix = format!("{:08x}", derive::fnv32(&hash));
            (hash, suffix.chars().skip(3).collect())
        }
    }
}

/// The labels that the controller's template gives the pod.
fn pod_labels(gateway: &Object<Gateway>, deployment: &Str, hash: Str, cx: &Indexing<'_>) -> Labels {
    let rules = &cx.rules.waypoints;
    let pair = |key: &'static str, value: &str| (Str::new_static(key), Str::new(value));
    let mut labels = Labels::from([
        pair("sidecar.istio.io/inject", "false"),
        pair("service.istio.io/canonical-name", deployment),
        pair("service.istio.io/canonical-revision", "latest"),
        (Str::new_static("pod-template-hash"), hash),
    ]);
    if rules.out_of_mesh == OutOfMesh::Label {
        labels.extend([pair("istio.io/dataplane-mode", "none")]);
    }
    if rules.cluster_label {
        labels.extend([pair(CLUSTER, &cx.snapshot.cluster_name())]);
    }
    labels.extend(inherited(gateway, cx, |infrastructure| &infrastructure.labels, &gateway.meta.labels));
    labels.extend([pair(MANAGED, MANAGED_WAYPOINT), pair(rules.gateway_name_label, &gateway.meta.name)]);
    if rules.gateway_class_label {
        let class = &gateway.spec.gateway_class_name;
        labels.extend([pair("gateway.networking.k8s.io/gateway-class-name", class)]);
    }
    labels
}

/// The annotations that the controller's template gives the pod.
fn pod_annotations(gateway: &Object<Gateway>, cx: &Indexing<'_>) -> Labels {
    let pair = |key: &'static str, value: &'static str| (Str::new_static(key), Str::new_static(value));
    let inherited =
        inherited(gateway, cx, |infrastructure| &infrastructure.annotations, &gateway.meta.annotations);
    let kept = inherited.into_iter().filter(|(key, _)| !NOT_INHERITED.contains(&key.as_str()));
    let mut annotations: Labels = kept.collect();
    annotations.extend([
        pair("istio.io/rev", "default"),
        pair("prometheus.io/path", "/stats/prometheus"),
        pair("prometheus.io/port", "15020"),
        pair("prometheus.io/scrape", "true"),
    ]);
    if cx.rules.waypoints.out_of_mesh == OutOfMesh::Annotation {
        annotations.extend([pair("ambient.istio.io/redirection", "disabled")]);
    }
    annotations
}

/// What a pod gets from its Gateway.
fn inherited<'a>(
    gateway: &'a Object<Gateway>,
    cx: &Indexing<'_>,
    part: impl Fn(&'a crate::snapshot::gateway_api::gateway::GatewayInfrastructure) -> &'a Labels,
    own: &'a Labels,
) -> Labels {
    let asked = cx.rules.waypoints.copied_metadata == CopiedMetadata::OfInfrastructure;
    let infrastructure = gateway.spec.infrastructure.as_ref().filter(|_| asked);
    match infrastructure.map(part).filter(|values| !values.is_empty()) {
        Some(values) => {
            let kept = values.iter().filter(|(key, _)| !key.starts_with("gateway.networking.k8s.io/"));
            kept.map(|(key, value)| (key.clone(), value.clone())).collect()
        }
        None if cx.options.features.pilot_enable_gateway_api_copy_labels_annotations => own.clone(),
        None => Labels::new(),
    }
}

/// A pod's labels and the topology that Istio adds to a proxy's.
fn with_topology(workload: &Workload) -> Labels {
    const ADDED: [&str; 5] = [CLUSTER, HOSTNAME, REGION, ZONE, SUB_ZONE];
    let added = ADDED
        .into_iter()
        .filter_map(|key| Some((Str::new_static(key), Str::new(workload.endpoint_label(key)?))));
    workload.labels.clone().into_iter().chain(added).collect()
}
