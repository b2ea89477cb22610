//! Services as ztunnel gets them.

use std::collections::{BTreeMap, BTreeSet};

use envoy::istio::workload::load_balancing::{HealthPolicy, Mode, Scope};
use envoy::istio::workload::service::Visibility;
use envoy::istio::workload::{
    AppProtocol, IpFamilies, LoadBalancing, NetworkAddress, Port, Service, WeightedWaypoint,
};

use super::gateway;
use super::index::{Index, KnownService};
use super::{USE_WAYPOINT, resource, service_key, waypoint_causes, workloads};
use crate::mesh::service::ServiceSource;
use crate::mesh::waypoint::{Binding, TargetId};
use crate::mesh::{self, Protocol, TrafficDistribution};
use crate::resources::Resource;
use crate::snapshot::networking::service_entry::Resolution;
use crate::snapshot::{Cause, IntOrString, kubernetes, mesh_config, networking};

/// Every Service, by namespace and hostname.
pub(super) fn services(index: &Index<'_>) -> Vec<Resource<Service>> {
    let mut identities = identities(index);
    let service = |known: &KnownService<'_>| {
        let elsewhere = identities.remove(&service_key(known.service)).unwrap_or_default();
        service(index, known, elsewhere)
    };
    index.services.iter().map(service).collect()
}

/// The identities of the workloads in other networks, by the Services of the whole mesh that they are behind:
/// ztunnel is not told of them one by one.
fn identities(index: &Index<'_>) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    if !index.networks_apart {
        return found;
    }
    let mesh = index.mesh;
    let all = workloads::everywhere(index);
    for workload in all.iter().map(|workload| &workload.message) {
        if workload.network != *mesh.networks.own {
            let identity = mesh.config.identity(&workload.namespace, &workload.service_account);
            for service in workload.services.keys() {
                found.entry(service.clone()).or_default().insert(identity.clone());
            }
        }
    }
    found
}

fn service(index: &Index<'_>, known: &KnownService<'_>, elsewhere: BTreeSet<String>) -> Resource<Service> {
    let own = known.service;
    let mut message = Service {
        name: own.object_name().to_string(),
        namespace: own.namespace.to_string(),
        hostname: own.hostname.to_string(),
        addresses: addresses(index, known),
        ports: ports(own),
        canonical: known.canonical,
        load_balancing: load_balancing(own),
        visibility: match known.visibility {
            mesh_config::Visibility::Namespace => Visibility::Namespace.into(),
            _ => Visibility::Public.into(),
        },
        ..Service::default()
    };
    match &own.source {
        ServiceSource::Kubernetes(object) => {
            message.ip_families = ip_families(&object.spec).into();
        }
        ServiceSource::ServiceEntry(object) => {
            message.subject_alt_names =
                object.spec.subject_alt_names.iter().map(ToString::to_string).collect();
        }
    }
    if own.global && !elsewhere.is_empty() {
        let named = std::mem::take(&mut message.subject_alt_names);
        message.subject_alt_names =
            elsewhere.into_iter().chain(named).collect::<BTreeSet<_>>().into_iter().collect();
    }
    let binding = index.binding(known);
    if let Some(binding) = binding {
        use_waypoint(&mut message, index, binding);
    }
    resource(message, causes(index, own, binding))
}

fn causes(index: &Index<'_>, service: &mesh::Service, binding: Option<&Binding>) -> Vec<Cause> {
    let object = service.source.object();
    let mut causes = vec![Cause::from(object.clone())];
    let targets = &index.mesh.bindings.targets;
    if let Some(binding) = binding {
        let primary = binding.waypoint.and_then(|id| targets.get(id));
        causes.extend(waypoint_causes(binding, primary, (object, USE_WAYPOINT), &service.namespace));
        let canary = binding.canary.and_then(|canary| targets.get(canary.waypoint));
        causes.extend(canary.map(|canary| canary.gateway.object_ref().into()));
    }
    causes
}

/// Says which waypoint a Service's connections go to.
fn use_waypoint(message: &mut Service, index: &Index<'_>, binding: &Binding) {
    let address = |id: TargetId| {
        let target = index.mesh.bindings.targets.get(id)?;
        gateway::address(target)
    };
    message.waypoint = binding.waypoint.and_then(address);
    message.ingress_use_waypoint = binding.ingress == Some(true);
    if let (Some(primary), Some(canary)) = (binding.waypoint, binding.canary) {
        let weight = u32::from(canary.weight);
        message.weighted_waypoints = vec![
            WeightedWaypoint { destination: address(primary), weight: 100 - weight },
            WeightedWaypoint { destination: address(canary.waypoint), weight },
        ];
    }
}

/// The addresses of a Service: of one that is for the whole mesh those in all clusters, in the order of their
/// texts.
fn addresses(index: &Index<'_>, known: &KnownService<'_>) -> Vec<NetworkAddress> {
    let mesh = index.mesh;
    let own = (known.service.cluster.is_empty()).then_some((&mesh.networks.own, known.service));
    if !index.networks_apart || !known.service.global {
        return own.map_or_else(Vec::new, |(network, service)| in_cluster(service, network));
    }
    let elsewhere = mesh.remotes.with_service(known.id).filter_map(|(remote, id)| {
        let service = remote.services.get(id)?;
        service.global.then_some((&remote.network, service))
    });
    let all: Vec<_> = own.into_iter().chain(elsewhere).collect();
    if let [(network, service)] = all.as_slice() {
        return in_cluster(service, network);
    }
    let texts = all.into_iter().flat_map(|(network, service)| {
        let addresses = service.addresses.iter();
        addresses.map(move |address| {
            let text = format!("{network}/{}/{}", address.ip, address.prefix_len);
            (text, gateway::range(*address, network))
        })
    });
    texts.collect::<BTreeMap<_, _>>().into_values().collect()
}

/// The addresses of a Service in one cluster.
fn in_cluster(service: &mesh::Service, network: &str) -> Vec<NetworkAddress> {
    if service.addresses.is_empty() {
        return service.auto_allocated.iter().map(|ip| gateway::single(*ip, network)).collect();
    }
    service.addresses.iter().map(|address| gateway::range(*address, network)).collect()
}

/// The ports of a Service.
pub(super) fn ports(service: &mesh::Service) -> Vec<Port> {
    match &service.source {
        ServiceSource::Kubernetes(object) => {
            service.ports.iter().zip(&object.spec.ports).map(kubernetes_port).collect()
        }
        ServiceSource::ServiceEntry(_) => service.ports.iter().map(entry_port).collect(),
    }
}

/// A port; one whose target is a name has no target here: it differs from workload to workload.
fn kubernetes_port((port, declared): (&mesh::Port, &kubernetes::ServicePort)) -> Port {
    let target_port = match &declared.target_port {
        None | Some(IntOrString::Int(0)) => port.number,
        Some(IntOrString::Int(number)) => u32::try_from(*number).unwrap_or_default(),
        Some(IntOrString::Name(_)) => 0,
    };
    Port { service_port: port.number, target_port, app_protocol: app_protocol(port.protocol).into() }
}

fn entry_port(port: &mesh::Port) -> Port {
    Port {
        service_port: port.number,
        target_port: port.target_port.unwrap_or(port.number),
        app_protocol: app_protocol(port.protocol).into(),
    }
}

const fn app_protocol(protocol: Protocol) -> AppProtocol {
    match protocol {
        Protocol::Http => AppProtocol::Http11,
        Protocol::Http2 => AppProtocol::Http2,
        Protocol::Grpc => AppProtocol::Grpc,
        Protocol::Tls | Protocol::Https => AppProtocol::Tls,
        Protocol::Tcp => AppProtocol::Tcp,
        _ => AppProtocol::Unknown,
    }
}

fn ip_families(service: &kubernetes::Service) -> IpFamilies {
    match service.ip_families.as_slice() {
        [_, _] => IpFamilies::Dual,
        [one] if one == "IPv4" => IpFamilies::Ipv4Only,
        [_] => IpFamilies::Ipv6Only,
        _ => IpFamilies::Automatic,
    }
}

/// How ztunnel picks an endpoint where there is no waypoint that does.
fn load_balancing(service: &mesh::Service) -> Option<LoadBalancing> {
    let preferring = |scopes: &[Scope], mode: Mode| LoadBalancing {
        routing_preference: scopes.iter().map(|scope| i32::from(*scope)).collect(),
        mode: mode.into(),
        health_policy: HealthPolicy::OnlyHealthy.into(),
    };
    if let ServiceSource::ServiceEntry(entry) = &service.source
        && is_passthrough(&entry.spec)
    {
        let health_policy = HealthPolicy::AllowAll.into();
        return Some(LoadBalancing { health_policy, ..preferring(&[], Mode::Passthrough) });
    }
    let preferred = match service.traffic_distribution {
        _ if service.node_local => Some(preferring(&[Scope::Node], Mode::Strict)),
        TrafficDistribution::Any => None,
        TrafficDistribution::PreferSameZone => {
            Some(preferring(&[Scope::Network, Scope::Region, Scope::Zone], Mode::Failover))
        }
        TrafficDistribution::PreferSameNode => {
            let scopes = [Scope::Network, Scope::Region, Scope::Zone, Scope::Subzone, Scope::Node];
            Some(preferring(&scopes, Mode::Failover))
        }
    };
    if !service.publish_not_ready_addresses {
        return preferred;
    }
    Some(LoadBalancing { health_policy: HealthPolicy::AllowAll.into(), ..preferred.unwrap_or_default() })
}

/// Whether connections go to the address that was called.
fn is_passthrough(entry: &networking::ServiceEntry) -> bool {
    entry.resolution == Resolution::None
}
