//! Gateways as targets of `istio.io/use-waypoint`: whom each admits, for which traffic, and where it is
//! reached.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use smol_str::format_smolstr;

use super::{Indexing, WaypointName, name_of, proxy};
use crate::Str;
use crate::mesh::workload::GATEWAY_NAME;
use crate::mesh::{Namespaces, RemoteCluster, Service, Services, network};
use crate::options::Readiness;
use crate::snapshot::Object;
use crate::snapshot::gateway_api::Gateway;
use crate::snapshot::gateway_api::gateway::{FromNamespaces, Listener};
use crate::snapshot::label_selector;
use crate::well_known::MANAGED;

/// The label of a Gateway, or of its class, that says which traffic it is for.
pub const WAYPOINT_FOR: &str = "istio.io/waypoint-for";
/// The annotation that says how a waypoint's pods are reached behind ztunnel.
pub const INBOUND_BINDING: &str = "ambient.istio.io/waypoint-inbound-binding";

/// The position of a [`Target`] in [`Targets`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TargetId(pub u32);

/// A Gateway that objects may use as their waypoint: one with an address. Istio looks at no class here.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Target {
    /// The Gateway.
    pub gateway: Arc<Object<Gateway>>,
    /// Where clients reach it.
    pub address: Option<TargetAddress>,
    /// Whether it was taken as ready without an address in its status.
    pub assumed: bool,
    /// Which traffic it is for: the value of `istio.io/waypoint-for`, whatever it is.
    pub traffic: Str,
    /// How ztunnel passes connections on to its pods, where it is not by HBONE.
    pub inbound: Option<InboundBinding>,
}

/// How a waypoint's pods are reached behind ztunnel, from the annotation
/// `ambient.istio.io/waypoint-inbound-binding`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InboundBinding {
    /// Whether connections start with a PROXY header.
    pub proxy: bool,
    /// The port; 0 for the port that was called.
    pub port: u32,
}

impl InboundBinding {
    /// Reads `PROTOCOL` or `PROTOCOL/PORT`; nothing if it is neither. A port that is no number counts as
    /// none.
    fn parse(text: &str) -> Option<Self> {
        let (protocol, port) = text.split_once('/').map_or((text, None), |(p, port)| (p, Some(port)));
        let proxy = match protocol {
            "PROXY" => true,
            "NONE" => false,
            _ => return None,
        };
        if port.is_some_and(|port| port.contains('/')) {
            return None;
        }
        Some(Self { proxy, port: port.and_then(|port| port.parse().ok()).unwrap_or_default() })
    }

    /// Whether it is bound to this listener.
    fn is_to(self, listener: &Listener) -> bool {
        match self.port {
            0 => self.proxy && listener.protocol == "istio.io/PROXY",
            port => i64::from(listener.port) == i64::from(port),
        }
    }
}

/// Where clients reach a waypoint: this decides whose workloads and services a proxy gets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TargetAddress {
    /// The Gateway's namespace and a hostname in it.
    Hostname(Str, Str),
    /// An address of a network.
    Ip(Str, IpAddr),
}

/// Which traffic an object would send to its waypoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Traffic {
    /// To a Service.
    Service,
    /// To a workload's own address.
    Workload,
}

impl Traffic {
    /// The value of `istio.io/waypoint-for`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Workload => "workload",
        }
    }
}

impl Target {
    /// The name of its Gateway.
    #[must_use]
    pub fn name(&self) -> WaypointName {
        name_of(&self.gateway)
    }

    /// Whether it is for this traffic.
    #[must_use]
    pub fn is_for(&self, traffic: Traffic) -> bool {
        self.traffic == traffic.as_str() || self.traffic == "all"
    }

    /// Whether it admits objects of a namespace.
    pub(super) fn admits(&self, namespaces: &Namespaces, namespace: &str) -> bool {
        let same = self.gateway.meta.namespace == namespace;
        let allowed = self.listener().and_then(|l| l.allowed_routes.as_ref()?.namespaces.as_ref());
        let Some(allowed) = allowed else { return same };
        match allowed.from.unwrap_or_default() {
            FromNamespaces::All => true,
            FromNamespaces::Selector => {
                let labels = namespaces.labels(namespace);
                allowed.selector.as_ref().is_some_and(|selector| label_selector::matches(selector, labels))
            }
            FromNamespaces::Same | FromNamespaces::None => same,
        }
    }

    /// The listener whose `allowedRoutes` count: the bound one, else that for HBONE.
    fn listener(&self) -> Option<&Listener> {
        let listeners = &self.gateway.spec.listeners;
        let bound = self.inbound.and_then(|binding| listeners.iter().find(|l| binding.is_to(l)));
        bound.or_else(|| listeners.iter().find(|l| l.protocol == "HBONE" && l.port == 15008))
    }
}

/// The Gateways that may be used as waypoints, by name.
#[derive(Clone, Debug, Default)]
pub struct Targets {
    all: Vec<Target>,
    /// By cluster, which is empty for the control plane's own, and name.
    by_name: BTreeMap<(Str, WaypointName), TargetId>,
}

impl Targets {
    pub(super) fn new(cx: &Indexing<'_>) -> Self {
        let own = cx.snapshot.gateways.iter().map(|gateway| (Home::own(cx), gateway));
        let others = cx.snapshot.remotes.iter().filter_map(|part| {
            let home = Home::remote(cx.remotes.named(&part.cluster)?);
            Some(part.gateways.iter().map(move |gateway| (home, gateway)))
        });
        let all = own.chain(others.flatten()).filter_map(|(home, gateway)| target(cx, home, gateway));
        let all: Vec<Target> = all.collect();
        let key = |target: &Target| (target.gateway.meta.cluster.clone(), target.name());
        let by_name = (0..).map(TargetId).zip(&all).map(|(id, target)| (key(target), id)).collect();
        Self { all, by_name }
    }

    /// The target with this id.
    #[must_use]
    pub fn get(&self, id: TargetId) -> Option<&Target> {
        self.all.get(id.0 as usize)
    }

    /// The target of this name in the control plane's own cluster.
    #[must_use]
    pub fn lookup(&self, name: &WaypointName) -> Option<(TargetId, &Target)> {
        self.lookup_in("", name)
    }

    /// The target of this name in a cluster: of no name is the control plane's own.
    #[must_use]
    pub fn lookup_in(&self, cluster: &str, name: &WaypointName) -> Option<(TargetId, &Target)> {
        let id = *self.by_name.get(&(Str::new(cluster), name.clone()))?;
        Some((id, self.get(id)?))
    }

    /// All of the control plane's own cluster, by name.
    pub fn iter(&self) -> impl Iterator<Item = (TargetId, &Target)> {
        let own = self.by_name.iter().take_while(|((cluster, _), _)| cluster.is_empty());
        own.filter_map(|(_, id)| Some((*id, self.get(*id)?)))
    }
}

/// The cluster that a Gateway is in.
#[derive(Clone, Copy)]
pub(super) struct Home<'a> {
    /// Its name; empty for the control plane's own.
    pub(super) cluster: &'a str,
    pub(super) namespaces: &'a Namespaces,
    pub(super) services: &'a Services,
}

impl<'a> Home<'a> {
    /// The control plane's own cluster.
    pub(super) fn own(cx: &Indexing<'a>) -> Self {
        Self { cluster: "", namespaces: cx.namespaces, services: cx.services }
    }

    /// Another one.
    pub(super) fn remote(remote: &'a RemoteCluster) -> Self {
        Self { cluster: &remote.name, namespaces: &remote.namespaces, services: &remote.services }
    }
}

fn target(cx: &Indexing<'_>, home: Home<'_>, gateway: &Arc<Object<Gateway>>) -> Option<Target> {
    let assumed = gateway.spec.status.addresses.is_empty();
    let may_be_assumed = cx.options.readiness == Readiness::Assumed
        && cx.is_deployed(gateway)
        && !is_name_taken(cx, home, gateway);
    if assumed && !may_be_assumed {
        return None;
    }
    let class = cx.snapshot.gateway_classes.iter().find(|c| c.meta.name == gateway.spec.gateway_class_name);
    let labels = std::iter::once(&gateway.meta.labels).chain(class.map(|c| &c.meta.labels));
    let traffic = labels.filter_map(|labels| labels.get(WAYPOINT_FOR)).next().cloned();
    let annotations = std::iter::once(&gateway.meta.annotations).chain(class.map(|c| &c.meta.annotations));
    let inbound = annotations.filter_map(|a| a.get(INBOUND_BINDING)).next();
    Some(Target {
        gateway: Arc::clone(gateway),
        address: if assumed { Some(own_hostname(cx, gateway)) } else { status_address(home, gateway) },
        assumed,
        traffic: traffic.unwrap_or(Str::new_static("service")),
        inbound: inbound.and_then(|text| InboundBinding::parse(text)),
    })
}

/// The address that a status names: a hostname rather than an IP address, which is taken to be of the
/// cluster's network.
fn status_address(home: Home<'_>, gateway: &Object<Gateway>) -> Option<TargetAddress> {
    let of_type = |wanted: &'static str| {
        let addresses = gateway.spec.status.addresses.iter();
        addresses.filter(move |a| a.address_type.as_deref() == Some(wanted)).map(|a| &a.value)
    };
    let hostname = of_type("Hostname").next();
    let hostname = hostname.map(|h| TargetAddress::Hostname(gateway.meta.namespace.clone(), h.clone()));
    let ip = || of_type("IPAddress").find_map(|ip| ip.parse().ok());
    hostname.or_else(|| ip().map(|ip| TargetAddress::Ip(network::of_cluster(home.namespaces), ip)))
}

/// Whether somebody else's Service has the name that the waypoint's would have: Istio leaves it alone, and
/// the waypoint has none.
fn is_name_taken(cx: &Indexing<'_>, home: Home<'_>, gateway: &Object<Gateway>) -> bool {
    let TargetAddress::Hostname(namespace, hostname) = own_hostname(cx, gateway) else { return false };
    let services = home.services.with_hostname(&hostname).iter().filter_map(|id| home.services.get(*id));
    services.into_iter().any(|s| {
        s.is_kubernetes()
            && s.cluster.is_empty()
            && s.namespace == namespace
            && !s.labels.contains_key(MANAGED)
    })
}

/// The hostname of the Service that Istio deploys for a waypoint.
fn own_hostname(cx: &Indexing<'_>, gateway: &Object<Gateway>) -> TargetAddress {
    let name = proxy::deployment_name(gateway, &cx.rules.waypoints);
    let namespace = gateway.meta.namespace.clone();
    TargetAddress::Hostname(namespace.clone(), format_smolstr!("{name}.{namespace}.svc.cluster.local"))
}

/// The addresses under which a waypoint's proxy is known: those of the Services that select its pod, in the
/// network that its pod says it is in.
pub(super) fn addresses_of_proxy(cx: &Indexing<'_>, gateway: &Object<Gateway>) -> BTreeSet<TargetAddress> {
    let labels = cx.pods_of(gateway).first().and_then(|id| cx.workloads.get(*id)).map(|w| &w.labels);
    let (namespace, network) = (&gateway.meta.namespace, proxy::network(gateway, cx));
    let in_network = |ip: IpAddr| TargetAddress::Ip(network.clone(), ip);
    let services = cx.services.in_namespace(namespace).iter().filter_map(|id| cx.services.get(*id));
    let mut addresses = BTreeSet::new();
    let of_cluster = |s: &&Service| s.is_kubernetes() && s.cluster.is_empty() && !s.selector.is_empty();
    for service in services.filter(of_cluster) {
        let selects = match labels {
            Some(labels) => service.selector.is_subset(labels),
            None => service.selector.get(GATEWAY_NAME) == Some(&gateway.meta.name),
        };
        if selects {
            addresses.insert(TargetAddress::Hostname(namespace.clone(), service.hostname.clone()));
            addresses.extend(service.addresses.iter().map(|a| in_network(a.ip)));
        }
    }
    if addresses.is_empty() && !is_name_taken(cx, Home::own(cx), gateway) {
        // The snapshot lacks the waypoint's Service: what the status says is taken to be its address.
        addresses.insert(own_hostname(cx, gateway));
        let known = &gateway.spec.status.addresses;
        let known = known.iter().filter(|_| cx.rules.waypoints.assumed_status_addresses);
        let ips = known.filter_map(|a| a.value.parse().ok());
        addresses.extend(ips.map(in_network));
    }
    addresses
}
