//! From Kubernetes Services and ServiceEntries to [`Service`]s.

use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use super::protocol::DeclaredPort;
use super::{Address, ExportTo, Port, Protocol, Resolution, Service, ServiceSource, TrafficDistribution};
use crate::Str;
use crate::mesh::MeshSettings;
use crate::mesh::hostname;
use crate::mesh::namespaces::Namespaces;
use crate::pool_service;
use crate::rules::{ExternalName, PrimaryAddress, Rules};
use crate::snapshot::mesh_config::Visibility;
use crate::snapshot::networking::service_entry::{self, ServicePort};
use crate::snapshot::{Meta, Object, kubernetes, networking};
use crate::well_known::TRAFFIC_DISTRIBUTION;

/// What a conversion needs besides the object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context<'a> {
    pub(super) rules: &'static Rules,
    pub(super) config: &'a MeshSettings,
    pub(super) namespaces: &'a Namespaces,
}

/// The Service that a Kubernetes Service is.
pub(super) fn kubernetes(object: &Arc<Object<kubernetes::Service>>, context: Context<'_>) -> Service {
    let Context { rules, config, namespaces } = context;
    let (meta, spec) = (&object.meta, &object.spec);
    let external_name = (spec.service_type == "ExternalName" && !spec.external_name.is_empty())
        .then(|| spec.external_name.clone());
    let resolution = if spec.cluster_ip == "None" {
        Resolution::Passthrough
    } else if external_name.is_none() {
        Resolution::ClientSideLb
    } else {
        match rules.registry.external_name {
            ExternalName::Dns => Resolution::DnsLb,
            ExternalName::Alias => Resolution::Alias,
        }
    };
    Service {
        hostname: hostname::of_service(&meta.name, &meta.namespace),
        name: meta.name.clone(),
        namespace: meta.namespace.clone(),
        source: ServiceSource::Kubernetes(Arc::clone(object)),
        ports: spec.ports.iter().map(|port| kubernetes_port(port, rules)).collect(),
        addresses: cluster_ips(spec),
        auto_allocated: Vec::new(),
        hashed_addresses: Vec::new(),
        resolution,
        mesh_external: external_name.is_some(),
        selector: spec.selector.clone(),
        export_to: annotated_export_to(object, context),
        created: meta.creation_timestamp.map_or(rules.mesh.assumed_creation, |t| t.0),
        labels: meta.labels.clone(),
        cluster: Str::default(),
        global: namespaces
            .get(&meta.namespace)
            .is_some_and(|namespace| config.is_global(&namespace.meta.labels, &meta.labels)),
        service_accounts: annotated_service_accounts(object, config),
        external_name,
        node_local: spec.internal_traffic_policy.as_deref() == Some("Local"),
        publish_not_ready_addresses: spec.publish_not_ready_addresses,
        traffic_distribution: context.traffic_distribution(spec.traffic_distribution.as_deref(), meta),
        one_port: context.one_port(meta),
        imported: false,
    }
}

fn kubernetes_port(port: &kubernetes::ServicePort, rules: &Rules) -> Port {
    let declared = DeclaredPort {
        name: &port.name,
        number: port.port,
        transport: &port.protocol,
        app_protocol: port.app_protocol.as_deref(),
    };
    Port {
        name: port.name.clone(),
        number: u32::try_from(port.port).unwrap_or_default(),
        protocol: Protocol::of_service_port(&declared, rules.registry.kubernetes_app_protocols),
        target_port: None,
    }
}

/// The cluster IPs, the primary one first; none for a headless Service.
fn cluster_ips(spec: &kubernetes::Service) -> Vec<Address> {
    if spec.cluster_ip == "None" {
        return Vec::new();
    }
    let mut addresses: Vec<Address> = Vec::new();
    // The primary address is mostly repeated in the list.
    let others = spec.cluster_ips.iter().filter(|ip| **ip != spec.cluster_ip);
    for ip in std::iter::once(&spec.cluster_ip).chain(others) {
        if let Ok(ip) = ip.parse().map(Address::single)
            && !addresses.contains(&ip)
        {
            addresses.push(ip);
        }
    }
    addresses
}

const EXPORT_TO: &str = "networking.istio.io/exportTo";
const CANONICAL_SERVICE_ACCOUNTS: &str = "alpha.istio.io/canonical-serviceaccounts";
const KUBERNETES_SERVICE_ACCOUNTS: &str = "alpha.istio.io/kubernetes-serviceaccounts";

fn annotated_export_to(object: &Object<kubernetes::Service>, context: Context<'_>) -> ExportTo {
    let listed = object.meta.annotations.get(EXPORT_TO).map(Str::as_str).unwrap_or_default();
    let mut values: Vec<&str> = if listed.is_empty() { Vec::new() } else { listed.split(',').collect() };
    if context.rules.registry.trims_export_to {
        values.iter_mut().for_each(|v| *v = v.trim());
    }
    context.export_to(&values, &object.meta.namespace)
}

impl Context<'_> {
    /// Whether the ports of an object's Services are one.
    fn one_port(&self, meta: &Meta) -> bool {
        self.rules.registry.inference_pools && pool_service::is_one(&meta.labels)
    }

    /// Which endpoints of an object's Services are preferred, where the release knows of that.
    fn traffic_distribution(&self, spec: Option<&str>, meta: &Meta) -> TrafficDistribution {
        if !self.rules.registry.traffic_distribution {
            return TrafficDistribution::Any;
        }
        let of_namespace = self
            .namespaces
            .annotation(&meta.namespace, TRAFFIC_DISTRIBUTION)
            .filter(|_| self.rules.registry.namespace_traffic_distribution);
        traffic_distribution(spec, meta.annotations.get(TRAFFIC_DISTRIBUTION), of_namespace)
    }

    /// Resolves `exportTo`; an empty list means the mesh's default.
    fn export_to(self, values: &[&str], namespace: &str) -> ExportTo {
        if values.is_empty() {
            let default: Vec<&str> = self.config.default_service_export_to.iter().map(Str::as_str).collect();
            if default.is_empty() { ExportTo::Everyone } else { ExportTo::resolve(&default, namespace) }
        } else {
            ExportTo::resolve(values, namespace)
        }
    }
}

impl Context<'_> {
    /// What the mesh's visibility of ServiceEntries leaves of whom one is exported to, where it is for more
    /// than ztunnels.
    fn capped(self, export_to: ExportTo, namespace: &str) -> ExportTo {
        if !self.config.service_entry_visibility.apply_to_sidecars {
            return export_to;
        }
        match self.config.visibility_in(self.namespaces.labels(namespace)) {
            Visibility::None => ExportTo::Nobody,
            Visibility::Namespace if export_to.allows(namespace) => {
                ExportTo::Namespaces(vec![namespace.into()])
            }
            Visibility::Namespace => ExportTo::Nobody,
            Visibility::Public | Visibility::Unspecified => export_to,
        }
    }
}

impl ExportTo {
    /// Reads a list of namespaces, `.`, `*` and `~` in an object of `namespace`.
    #[must_use]
    pub fn resolve(values: &[&str], namespace: &str) -> Self {
        if values.contains(&"*") {
            return Self::Everyone;
        }
        if values.contains(&"~") {
            return Self::Nobody;
        }
        Self::Namespaces(
            values.iter().map(|v| if *v == "." { namespace.into() } else { Str::new(v) }).collect(),
        )
    }
}

/// The identities that annotations of a Kubernetes Service name.
fn annotated_service_accounts(object: &Object<kubernetes::Service>, config: &MeshSettings) -> Vec<Str> {
    let list = |annotation: &str| {
        let value = object.meta.annotations.get(annotation).map(Str::as_str).unwrap_or_default();
        value.split(',').filter(|_| !value.is_empty()).map(Str::new).collect::<Vec<_>>()
    };
    let mut accounts = list(CANONICAL_SERVICE_ACCOUNTS);
    let accounts_here = list(KUBERNETES_SERVICE_ACCOUNTS);
    accounts
        .extend(accounts_here.iter().map(|account| config.identity(&object.meta.namespace, account).into()));
    accounts
}

/// `trafficDistribution` of the Service, else its annotation, else its namespace's.
fn traffic_distribution(
    spec: Option<&str>,
    own: Option<&Str>,
    namespace: Option<&Str>,
) -> TrafficDistribution {
    match spec {
        Some("PreferClose" | "PreferSameZone") => return TrafficDistribution::PreferSameZone,
        Some("PreferSameNode") => return TrafficDistribution::PreferSameNode,
        _ => {}
    }
    let Some(value) = [own, namespace].into_iter().flatten().find(|value| !value.is_empty()) else {
        return TrafficDistribution::Any;
    };
    if value.eq_ignore_ascii_case("PreferClose") || value.eq_ignore_ascii_case("PreferSameZone") {
        TrafficDistribution::PreferSameZone
    } else if value.eq_ignore_ascii_case("PreferSameNode") {
        TrafficDistribution::PreferSameNode
    } else {
        TrafficDistribution::Any
    }
}

/// The Services that a ServiceEntry makes: one per host.
pub(super) fn service_entry(
    object: &Arc<Object<networking::ServiceEntry>>,
    context: Context<'_>,
) -> Vec<Service> {
    let Context { rules, .. } = context;
    let (meta, spec) = (&object.meta, &object.spec);
    let ports: Vec<Port> = spec.ports.iter().map(service_entry_port).collect();
    let addresses = service_entry_addresses(spec, rules);
    let export_to: Vec<&str> = spec.export_to.iter().map(Str::as_str).collect();
    let export_to = context.export_to(&export_to, &meta.namespace);
    let export_to = context.capped(export_to, &meta.namespace);
    let traffic_distribution = context.traffic_distribution(None, meta);
    let one_port = context.one_port(meta);
    spec.hosts
        .iter()
        // Addresses that are all unreadable leave no Service at all.
        .filter(|_| spec.addresses.is_empty() || !addresses.is_empty())
        .map(|host| Service {
            hostname: host.clone(),
            name: host.clone(),
            namespace: meta.namespace.clone(),
            source: ServiceSource::ServiceEntry(Arc::clone(object)),
            ports: ports.clone(),
            addresses: addresses.clone(),
            auto_allocated: Vec::new(),
            hashed_addresses: Vec::new(),
            resolution: resolution(spec.resolution),
            mesh_external: spec.location == service_entry::Location::MeshExternal,
            selector: spec.workload_selector.as_ref().map(|s| s.labels.clone()).unwrap_or_default(),
            export_to: export_to.clone(),
            created: meta.creation_timestamp.map_or(rules.mesh.assumed_creation, |t| t.0),
            labels: meta.labels.clone(),
            cluster: Str::default(),
            global: false,
            service_accounts: spec.subject_alt_names.clone(),
            external_name: None,
            node_local: false,
            publish_not_ready_addresses: false,
            traffic_distribution,
            one_port,
            imported: false,
        })
        .collect()
}

fn service_entry_port(port: &ServicePort) -> Port {
    Port {
        name: port.name.clone(),
        number: port.number,
        protocol: Protocol::parse(&port.protocol),
        target_port: port.target_port.filter(|number| *number > 0),
    }
}

fn resolution(resolution: service_entry::Resolution) -> Resolution {
    match resolution {
        service_entry::Resolution::None => Resolution::Passthrough,
        service_entry::Resolution::Static => Resolution::ClientSideLb,
        service_entry::Resolution::Dns => Resolution::DnsLb,
        service_entry::Resolution::DnsRoundRobin => Resolution::DnsRoundRobinLb,
        service_entry::Resolution::DynamicDns => Resolution::DynamicDns,
    }
}

/// The addresses of a ServiceEntry, the one that Istio goes by first.
///
/// Istio makes one service per address, of which one per hostname remains: by accident the last in 1.18.
fn service_entry_addresses(spec: &networking::ServiceEntry, rules: &Rules) -> Vec<Address> {
    let mut addresses: Vec<Address> = spec.addresses.iter().filter_map(|a| a.parse().ok()).collect();
    if rules.registry.primary_address == PrimaryAddress::Last {
        addresses.reverse();
    }
    addresses
}

impl Address {
    /// Whether it has more than one address.
    #[must_use]
    pub const fn is_range(&self) -> bool {
        self.prefix_len < if self.ip.is_ipv4() { 32 } else { 128 }
    }

    /// The range that has only this address.
    #[must_use]
    pub const fn single(ip: IpAddr) -> Self {
        Self { ip, prefix_len: if ip.is_ipv4() { 32 } else { 128 } }
    }
}

/// Why a text is no [`Address`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("neither an IP address nor a CIDR range")]
pub struct InvalidAddress;

impl FromStr for Address {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(ip) = text.parse() {
            return Ok(Self::single(ip));
        }
        let (ip, len) = text.split_once('/').ok_or(InvalidAddress)?;
        let range = Self {
            ip: ip.parse().map_err(|_| InvalidAddress)?,
            prefix_len: len.parse().map_err(|_| InvalidAddress)?,
        };
        if range.prefix_len <= Self::single(range.ip).prefix_len { Ok(range) } else { Err(InvalidAddress) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_ips_or_ranges() {
        assert_eq!("10.0.0.1".parse(), Ok(Address { ip: [10, 0, 0, 1].into(), prefix_len: 32 }));
        assert_eq!("10.0.0.0/8".parse(), Ok(Address { ip: [10, 0, 0, 0].into(), prefix_len: 8 }));
        assert_eq!("10.0.0.0/33".parse::<Address>(), Err(InvalidAddress));
        assert_eq!("example.com".parse::<Address>(), Err(InvalidAddress));
    }

    #[test]
    fn public_beats_none_beats_namespaces() {
        assert_eq!(ExportTo::resolve(&[".", "~", "*"], "a"), ExportTo::Everyone);
        assert_eq!(ExportTo::resolve(&[".", "~"], "a"), ExportTo::Nobody);
        assert_eq!(ExportTo::resolve(&[".", "b"], "a"), ExportTo::Namespaces(vec!["a".into(), "b".into()]));
    }

    #[test]
    fn the_spec_beats_annotations() {
        let close: Str = "preferclose".into();
        let odd: Str = "odd".into();
        assert_eq!(
            traffic_distribution(Some("PreferSameNode"), Some(&close), None),
            TrafficDistribution::PreferSameNode
        );
        assert_eq!(traffic_distribution(None, None, Some(&close)), TrafficDistribution::PreferSameZone);
        assert_eq!(traffic_distribution(None, Some(&odd), Some(&close)), TrafficDistribution::Any);
    }
}
