//! Gateways as targets of `istio.io/use-waypoint`: whom each admits, for which traffic, and where it is reached.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use smol_str::format_smolstr;

use super::{Indexing, WAYPOINT_CLASS, WaypointName, proxy};
use crate::Str;
use crate::mesh::label_selector;
use crate::mesh::workload::GATEWAY_NAME;
use crate::options::Readiness;
use crate::snapshot::Object;
use crate::snapshot::gateway_api::Gateway;
use crate::snapshot::gateway_api::gateway::{FromNamespaces, Listener};

const WAYPOINT_FOR: &str = "istio.io/waypoint-for";
const INBOUND_BINDING: &str = "ambient.istio.io/waypoint-inbound-binding";

/// A Gateway that objects may use as their waypoint. Istio looks at no class here.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// The Gateway.
    pub(super) gateway: Arc<Object<Gateway>>,
    /// Where clients reach it.
    pub(super) address: Option<TargetAddress>,
    /// Whether it was taken as ready without an address in its status.
    pub(super) assumed: bool,
    /// Which traffic it is for.
    traffic: Str,
}

/// Where clients reach a waypoint: this decides whose workloads and services a proxy gets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum TargetAddress {
    /// A hostname, in the Gateway's namespace.
    Hostname(Str, Str),
    /// An address.
    Ip(IpAddr),
}

/// Which traffic an object would send to its waypoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Traffic {
    /// To a Service.
    Service,
    /// To a workload's own address.
    Workload,
}

impl Traffic {
    /// The value of `istio.io/waypoint-for`.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Workload => "workload",
        }
    }
}

impl Target {
    /// Whether it is for this traffic.
    pub(super) fn is_for(&self, traffic: Traffic) -> bool {
        self.traffic == traffic.as_str() || self.traffic == "all"
    }

    /// Whether it admits objects of a namespace.
    pub(super) fn admits(&self, cx: &Indexing<'_>, namespace: &str) -> bool {
        let same = self.gateway.meta.namespace == namespace;
        let namespaces = self.listener(cx).and_then(|l| l.allowed_routes.as_ref()?.namespaces.as_ref());
        let Some(namespaces) = namespaces else { return same };
        match namespaces.from.unwrap_or_default() {
            FromNamespaces::All => true,
            FromNamespaces::Selector => {
                let labels = cx.namespaces.labels(namespace);
                namespaces.selector.as_ref().is_some_and(|selector| label_selector::matches(selector, labels))
            }
            FromNamespaces::Same | FromNamespaces::None => same,
        }
    }

    /// The listener whose `allowedRoutes` count: the bound one, else that for HBONE.
    fn listener(&self, cx: &Indexing<'_>) -> Option<&Listener> {
        let listeners = &self.gateway.spec.listeners;
        let class =
            cx.snapshot.gateway_classes.iter().find(|c| c.meta.name == self.gateway.spec.gateway_class_name);
        let annotations =
            std::iter::once(&self.gateway.meta.annotations).chain(class.map(|c| &c.meta.annotations));
        let binding = annotations.filter_map(|a| a.get(INBOUND_BINDING)).next();
        let bound = binding.and_then(|binding| listeners.iter().find(|l| is_bound(binding, l)));
        bound.or_else(|| listeners.iter().find(|l| l.protocol == "HBONE" && l.port == 15008))
    }
}

/// Whether a binding, `PROTOCOL` or `PROTOCOL/PORT`, names this listener.
fn is_bound(binding: &str, listener: &Listener) -> bool {
    let (protocol, port) = binding.split_once('/').unwrap_or((binding, ""));
    match (protocol, port.parse::<i32>().unwrap_or_default()) {
        ("NONE" | "PROXY", port) if port != 0 => listener.port == port,
        ("PROXY", _) => listener.protocol == "istio.io/PROXY",
        _ => false,
    }
}

/// Every Gateway that counts as a target.
pub(super) fn index(cx: &Indexing<'_>) -> BTreeMap<WaypointName, Target> {
    cx.snapshot.gateways.iter().filter_map(|g| Some((WaypointName::of(g), target(cx, g)?))).collect()
}

fn target(cx: &Indexing<'_>, gateway: &Arc<Object<Gateway>>) -> Option<Target> {
    let assumed = gateway.spec.status.addresses.is_empty();
    let may_be_assumed =
        cx.options.readiness == Readiness::Assumed && gateway.spec.gateway_class_name == WAYPOINT_CLASS;
    if assumed && !may_be_assumed {
        return None;
    }
    let class = cx.snapshot.gateway_classes.iter().find(|c| c.meta.name == gateway.spec.gateway_class_name);
    let labels = std::iter::once(&gateway.meta.labels).chain(class.map(|c| &c.meta.labels));
    let traffic = labels.filter_map(|labels| labels.get(WAYPOINT_FOR)).next().cloned();
    Some(Target {
        gateway: Arc::clone(gateway),
        address: if assumed { Some(own_hostname(cx, gateway)) } else { status_address(gateway) },
        assumed,
        traffic: traffic.unwrap_or(Str::new_static("service")),
    })
}

/// The address that a status names: a hostname rather than an IP address.
fn status_address(gateway: &Object<Gateway>) -> Option<TargetAddress> {
    let of_type = |wanted: &'static str| {
        let addresses = gateway.spec.status.addresses.iter();
        addresses.filter(move |a| a.address_type.as_deref() == Some(wanted)).map(|a| &a.value)
    };
    let hostname = of_type("Hostname").next();
    let hostname = hostname.map(|h| TargetAddress::Hostname(gateway.meta.namespace.clone(), h.clone()));
    hostname.or_else(|| of_type("IPAddress").find_map(|ip| ip.parse().ok()).map(TargetAddress::Ip))
}

/// The hostname of the Service that Istio deploys for a waypoint.
fn own_hostname(cx: &Indexing<'_>, gateway: &Object<Gateway>) -> TargetAddress {
    let name = proxy::deployment_name(gateway, &cx.rules.waypoints);
    let namespace = gateway.meta.namespace.clone();
    TargetAddress::Hostname(namespace.clone(), format_smolstr!("{name}.{namespace}.svc.cluster.local"))
}

/// The addresses under which a waypoint's proxy is known: those of the Services that select its pod.
pub(super) fn addresses_of_proxy(cx: &Indexing<'_>, gateway: &Object<Gateway>) -> BTreeSet<TargetAddress> {
    let labels = cx.pods_of(gateway).first().and_then(|id| cx.workloads.get(*id)).map(|w| &w.labels);
    let namespace = &gateway.meta.namespace;
    let services = cx.services.in_namespace(namespace).iter().filter_map(|id| cx.services.get(*id));
    let mut addresses = BTreeSet::new();
    for service in services.filter(|s| s.is_kubernetes() && !s.selector.is_empty()) {
        let selects = match labels {
            Some(labels) => service.selector.is_subset(labels),
            None => service.selector.get(GATEWAY_NAME) == Some(&gateway.meta.name),
        };
        if selects {
            addresses.insert(TargetAddress::Hostname(namespace.clone(), service.hostname.clone()));
            addresses.extend(service.addresses.iter().map(|a| TargetAddress::Ip(a.ip)));
        }
    }
    if addresses.is_empty() {
        // The snapshot lacks the waypoint's Service: what the status says is taken to be its address.
        addresses.insert(own_hostname(cx, gateway));
        let known = &gateway.spec.status.addresses;
        let known = known.iter().filter(|_| cx.rules.waypoints.assumed_status_addresses);
        let ips = known.filter_map(|a| a.value.parse().ok());
        addresses.extend(ips.map(TargetAddress::Ip));
    }
    addresses
}
