//! ServiceEntry.

use std::collections::BTreeSet;

use super::check::Checker;
use super::common::{self, Exporter};
use super::{istio_metadata, syntax, workload_entry};
use crate::Str;
use crate::problem::Code;
use crate::schema::{Limit, What};
use crate::snapshot::networking::WorkloadEntry;
use crate::snapshot::networking::service_entry::{
    Location, Resolution, ServiceEntry, ServicePort, refuses_addresses,
};
use crate::snapshot::{Kind, Meta};

/// The schema's limits.
const MAX_HOSTS: Limit = Limit::of(Kind::ServiceEntry, "spec.hosts", What::MaxItems);
const MAX_ADDRESSES: Limit = Limit::of(Kind::ServiceEntry, "spec.addresses", What::MaxItems);
const MAX_PORTS: Limit = Limit::of(Kind::ServiceEntry, "spec.ports", What::MaxItems);
const MAX_ENDPOINTS: Limit = Limit::of(Kind::ServiceEntry, "spec.endpoints", What::MaxItems);
const LONGEST_ADDRESS: Limit = Limit::of(Kind::ServiceEntry, "spec.addresses[]", What::MaxLength);

pub(super) fn check(root: &Checker<'_>, meta: &Meta, entry: &ServiceEntry) {
    istio_metadata::check(root, meta, None);
    let c = &root.field("spec");
    common::workload_selector(c, entry.workload_selector.as_ref());
    if entry.workload_selector.is_some() && c.is_set(&entry.endpoints) {
        c.conflict("only one of `workloadSelector` and `endpoints` may be set");
    }
    hosts(c, entry);
    addresses(c, entry);
    ports(c, meta, entry);
    match entry.resolution {
        Resolution::None => unresolved(c, entry),
        Resolution::Static => static_endpoints(c, entry),
        Resolution::Dns | Resolution::DnsRoundRobin => dns_endpoints(c, entry),
        Resolution::DynamicDns if c.rules.dynamic_dns => dynamic_dns(c, meta, entry),
        Resolution::DynamicDns => {
            c.field("resolution").invalid(format!("Istio {} does not know `DYNAMIC_DNS`", c.release.release))
        }
    }
    if entry.resolution != Resolution::None && entry.hosts.len() > 1 {
        let plain = entry.ports.iter().any(|port| !Spoken::of(&port.protocol).tells_hosts_apart());
        if plain {
            c.field("hosts")
                .conflict("on a port of neither HTTP nor TLS, several hosts cannot be told apart");
        }
    }
    common::export_to(c, &meta.namespace, &entry.export_to, Exporter::ServiceEntry);
    schema(c, entry);
}

fn schema(c: &Checker<'_>, entry: &ServiceEntry) {
    if !c.rules.schema_rules {
        return;
    }
    let lengths = [
        ("hosts", entry.hosts.len(), MAX_HOSTS),
        ("addresses", entry.addresses.len(), MAX_ADDRESSES),
        ("ports", entry.ports.len(), MAX_PORTS),
        ("endpoints", entry.endpoints.len(), MAX_ENDPOINTS),
    ];
    for (name, length, most) in lengths {
        if let Some(most) = most.length(c.column).filter(|most| length > *most) {
            c.field(name).invalid(format!("there are more than {most}"));
        }
    }
    c.each("addresses", &entry.addresses, |c, address| {
        c.shorter("an address", address, LONGEST_ADDRESS);
    });
    c.each("endpoints", &entry.endpoints, |c, endpoint| {
        workload_entry::schema(c, endpoint);
        if endpoint.address.is_empty() && endpoint.network.is_empty() {
            c.field("address").missing("there is no address");
        }
    });
}

fn hosts(c: &Checker<'_>, entry: &ServiceEntry) {
    if entry.hosts.is_empty() {
        c.field("hosts").missing("there has to be a host");
    }
    c.each("hosts", &entry.hosts, |c, host| {
        if host == "*" {
            return c.invalid("`*` is no host of a ServiceEntry");
        }
        if let Err(refusal) = syntax::wildcard_host_name(host) {
            c.invalid(refusal);
        }
        let partial = host.contains('*') && !host.starts_with("*.");
        if partial && !(c.rules.dynamic_dns && entry.resolution == Resolution::DynamicDns) {
            c.warn(
                Code::Ineffective,
                format!("`{host}` has a wildcard that is only a part of a label"),
                "a wildcard stands for whole labels: `*.example.com`",
            );
        }
    });
}

fn addresses(c: &Checker<'_>, entry: &ServiceEntry) {
    c.each("addresses", &entry.addresses, |c, address| {
        if !syntax::is_ip_or_cidr(address) {
            c.invalid(format!("`{address}` is neither an IP address nor a range of them"));
        }
    });
    let ranges = entry.addresses.iter().any(|address| address.contains('/'));
    if ranges && !matches!(entry.resolution, Resolution::None | Resolution::Static) {
        c.field("addresses").conflict("only the resolutions NONE and STATIC take ranges of addresses");
    }
}

fn ports(c: &Checker<'_>, meta: &Meta, entry: &ServiceEntry) {
    let (mut names, mut numbers) = (BTreeSet::new(), BTreeSet::new());
    c.each("ports", &entry.ports, |c, port| {
        if !names.insert(port.name.clone()) {
            c.field("name").conflict(format!("the name `{}` stands here twice", port.name));
        }
        if !numbers.insert(port.number) {
            c.field("number").conflict(format!("port {} stands here twice", port.number));
        }
        common::port_name(&c.field("name"), &port.name);
        common::port(&c.field("number"), port.number);
        // Without the schema's rule a port that is zero is one that is not given.
        let given = port.target_port.filter(|number| *number > 0 || c.rules.schema_rules);
        c.some("targetPort", given.as_ref(), |c, number| common::port(c, *number));
        if !port.protocol.is_empty() && Spoken::of(&port.protocol) == Spoken::Unknown {
            c.field("protocol").invalid(format!("`{}` is no protocol", port.protocol));
        }
        needs_address(c, meta, entry, port);
    });
}

/// A TCP port can only be told from another host's by its address.
fn needs_address(c: &Checker<'_>, meta: &Meta, entry: &ServiceEntry, port: &ServicePort) {
    let allocated = c.release.registry.allocates_addresses
        && entry.resolution != Resolution::None
        && !refuses_addresses(&meta.labels);
    if entry.addresses.is_empty() && !allocated && matches!(port.protocol.as_str(), "" | "TCP") {
        c.warn(
            Code::Ineffective,
            "a port of TCP needs an address of the ServiceEntry",
            "add the address that clients call to `spec.addresses`",
        );
    }
}

fn unresolved(c: &Checker<'_>, entry: &ServiceEntry) {
    if c.is_set(&entry.endpoints) {
        c.field("endpoints").conflict("the resolution NONE takes no endpoints");
    }
    if entry.workload_selector.is_some() && c.rules.schema_rules {
        c.field("workloadSelector").warn(
            Code::Ineffective,
            "the resolution NONE selects no workloads",
            "use the resolution `STATIC`, or remove the selector",
        );
    }
}

fn static_endpoints(c: &Checker<'_>, entry: &ServiceEntry) {
    let names = port_names(entry);
    let mut sockets = false;
    c.each("endpoints", &entry.endpoints, |c, endpoint| {
        workload_entry::address(c, endpoint, false);
        if endpoint.address.starts_with("unix://") {
            sockets = true;
        } else {
            endpoint_ports(c, &names, endpoint);
        }
        common::labels(&c.field("labels"), &endpoint.labels);
    });
    if sockets && entry.ports.len() != 1 {
        c.field("ports").invalid("with Unix sockets there has to be exactly one port");
    }
}

/// Ports of an endpoint are named after those of the ServiceEntry.
fn endpoint_ports(c: &Checker<'_>, names: &BTreeSet<&Str>, endpoint: &WorkloadEntry) {
    workload_entry::ports(c, endpoint);
    let field = c.field("ports");
    for name in endpoint.ports.keys().filter(|name| !names.contains(name)) {
        field.key(name).invalid(format!("the ServiceEntry has no port `{name}`"));
    }
}

fn port_names(entry: &ServiceEntry) -> BTreeSet<&Str> {
    entry.ports.iter().map(|port| &port.name).collect()
}

fn dns_endpoints(c: &Checker<'_>, entry: &ServiceEntry) {
    let names = port_names(entry);
    if entry.endpoints.is_empty() {
        c.each("hosts", &entry.hosts, |c, host| {
            if syntax::host_name(host).is_err() {
                c.invalid(format!("`{host}` cannot be resolved: it needs endpoints"));
            }
        });
    }
    if entry.resolution == Resolution::DnsRoundRobin && entry.endpoints.len() > 1 {
        c.field("endpoints").conflict("the resolution DNS_ROUND_ROBIN takes one endpoint at most");
    }
    c.each("endpoints", &entry.endpoints, |c, endpoint| {
        let address = &endpoint.address;
        if !syntax::is_ip(address) && syntax::host_name(address).is_err() {
            c.field("address").invalid(format!("`{address}` is neither an IP address nor a host name"));
        }
        common::labels(&c.field("labels"), &endpoint.labels);
        endpoint_ports(c, &names, endpoint);
    });
    let tcp = entry.ports.iter().any(|port| matches!(Spoken::of(&port.protocol), Spoken::Tcp | Spoken::Tls));
    if tcp && !entry.addresses.is_empty() && entry.hosts.len() > 1 {
        c.field("hosts").warn(
            Code::Ineffective,
            "several hosts share an address and a port of TCP",
            "make an entry for each host, with an address of its own",
        );
    }
}

fn dynamic_dns(c: &Checker<'_>, meta: &Meta, entry: &ServiceEntry) {
    c.each("hosts", &entry.hosts, |c, host| {
        if !syntax::is_wildcard(host) {
            c.invalid(format!("`{host}` has no wildcard, as the resolution DYNAMIC_DNS needs it"));
        }
    });
    if !entry.addresses.is_empty() {
        c.field("addresses").conflict("the resolution DYNAMIC_DNS takes no addresses");
    }
    if !entry.endpoints.is_empty() {
        c.field("endpoints").conflict("the resolution DYNAMIC_DNS takes no endpoints");
    }
    c.each("ports", &entry.ports, |c, port| {
        if !matches!(port.protocol.to_ascii_lowercase().as_str(), "http" | "tls" | "grpc" | "http2") {
            c.field("protocol")
                .conflict("the resolution DYNAMIC_DNS takes ports of HTTP, HTTP2, GRPC and TLS");
        }
    });
    let waypoint = meta
        .labels
        .get("istio.io/use-waypoint")
        .is_some_and(|name| !name.is_empty() && !name.eq_ignore_ascii_case("none"));
    if waypoint && entry.location == Location::MeshInternal {
        c.field("location").conflict("with a waypoint, the resolution DYNAMIC_DNS is for MESH_EXTERNAL only");
    }
}

/// What is spoken on a port, as far as it matters here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Spoken {
    Http,
    Tls,
    Tcp,
    Udp,
    Unknown,
}

impl Spoken {
    fn of(protocol: &Str) -> Self {
        match protocol.to_ascii_lowercase().as_str() {
            "http" | "http2" | "http_proxy" | "grpc" | "grpc-web" => Self::Http,
            "https" | "tls" => Self::Tls,
            "tcp" | "mongo" | "redis" | "mysql" => Self::Tcp,
            "udp" => Self::Udp,
            _ => Self::Unknown,
        }
    }

    fn tells_hosts_apart(self) -> bool {
        matches!(self, Self::Http | Self::Tls)
    }
}
