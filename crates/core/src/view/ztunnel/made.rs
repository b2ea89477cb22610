//! What a ztunnel holds once it got the resources of a mesh.

use envoy::istio::security::{Action, Authorization, Scope};
use envoy::istio::workload::gateway_address::Destination;
use envoy::istio::workload::load_balancing::HealthPolicy;
use envoy::istio::workload::{self, GatewayAddress, NetworkAddress, TunnelProtocol, WorkloadStatus};

use super::json;
use super::{Policy, Service, Workload, ZtunnelConfig};
use crate::hash::HashMap;
use crate::resources::Resource;
use crate::ztunnel::ip;
use crate::ztunnel::{ZtunnelResources, service_name};

pub(super) fn config(resources: &ZtunnelResources) -> ZtunnelConfig {
    let endpoints = endpoints(&resources.workloads);
    ZtunnelConfig {
        workloads: resources.workloads.iter().map(workload).collect(),
        services: resources.services.iter().map(|resource| service(resource, &endpoints)).collect(),
        policies: resources.policies.iter().map(policy).collect(),
        holds_more: false,
    }
}

/// How many endpoints are healthy, and how many there are.
type Endpoints<'r> = HashMap<&'r str, (usize, usize)>;

fn endpoints(workloads: &[Resource<workload::Workload>]) -> Endpoints<'_> {
    let mut endpoints = Endpoints::default();
    for Resource { message, .. } in workloads {
        for service in message.services.keys() {
            let (healthy, all) = endpoints.entry(service).or_default();
            *all += 1;
            *healthy += usize::from(message.status() == WorkloadStatus::Healthy);
        }
    }
    endpoints
}

fn workload(resource: &Resource<workload::Workload>) -> Workload {
    let message = &resource.message;
    let protocol = match message.tunnel_protocol() {
        TunnelProtocol::Hbone => "HBONE",
        TunnelProtocol::None | TunnelProtocol::LegacyIstioMtls => "TCP",
    };
    let addresses = message.addresses.iter().filter_map(|bytes| ip(bytes));
    Workload {
        uid: message.uid.clone(),
        namespace: message.namespace.clone(),
        name: message.name.clone(),
        addresses: addresses.map(|ip| ip.to_string()).collect(),
        hostname: message.hostname.clone(),
        node: message.node.clone(),
        waypoint: message.waypoint.as_ref().map(destination),
        protocol: protocol.to_owned(),
        healthy: message.status() == WorkloadStatus::Healthy,
        json: json::workload(message),
        origins: resource.origins.clone(),
    }
}

fn service(resource: &Resource<workload::Service>, endpoints: &Endpoints<'_>) -> Service {
    let message = &resource.message;
    let (healthy, all) = endpoints.get(&*service_name(message)).copied().unwrap_or_default();
    // A ztunnel keeps no endpoint that it would never choose.
    let policy = message.load_balancing.as_ref().map(workload::LoadBalancing::health_policy);
    let keeps_all = policy == Some(HealthPolicy::AllowAll);
    // Ranges are kept elsewhere, and not shown.
    let single = message.addresses.iter().filter(|address| address.length.is_none());
    Service {
        namespace: message.namespace.clone(),
        name: message.name.clone(),
        hostname: message.hostname.clone(),
        addresses: single.map(network_address).collect(),
        waypoint: message.waypoint.as_ref().map(destination),
        healthy_endpoints: healthy,
        endpoints: if keeps_all { all } else { healthy },
        json: json::service(message),
        origins: resource.origins.clone(),
    }
}

fn policy(resource: &Resource<Authorization>) -> Policy {
    let message = &resource.message;
    let action = match message.action() {
        Action::Allow => "Allow",
        Action::Deny => "Deny",
    };
    let scope = match message.scope() {
        Scope::Global => "Global",
        Scope::Namespace => "Namespace",
        Scope::WorkloadSelector => "WorkloadSelector",
    };
    Policy {
        namespace: message.namespace.clone(),
        name: message.name.clone(),
        action: action.to_owned(),
        scope: scope.to_owned(),
        json: json::policy(message),
        origins: resource.origins.clone(),
    }
}

/// A gateway's address as a config dump has it.
fn destination(address: &GatewayAddress) -> String {
    match &address.destination {
        Some(Destination::Hostname(name)) => [&*name.namespace, &*name.hostname].join("/"),
        Some(Destination::Address(address)) => network_address(address),
        None => String::new(),
    }
}

fn network_address(network_address: &NetworkAddress) -> String {
    let ip = ip(&network_address.address).map(|ip| ip.to_string()).unwrap_or_default();
    [&*network_address.network, &*ip].join("/")
}
