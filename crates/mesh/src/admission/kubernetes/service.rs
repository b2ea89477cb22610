//! Services.

use super::common::{self, Seen};
use crate::Str;
use crate::admission::check::Checker;
use crate::problem::Code;
use crate::snapshot::kubernetes::{Service, ServicePort};
use crate::snapshot::{IntOrString, Meta};

const TYPES: [&str; 4] = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
const FAMILIES: [&str; 2] = ["IPv4", "IPv6"];
const FAMILY_POLICIES: [&str; 3] = ["PreferDualStack", "RequireDualStack", "SingleStack"];
const TRAFFIC_POLICIES: [&str; 2] = ["Cluster", "Local"];
const AFFINITIES: [&str; 2] = ["ClientIP", "None"];
/// The latter two since Kubernetes 1.34.
const DISTRIBUTIONS: [&str; 3] = ["PreferClose", "PreferSameNode", "PreferSameZone"];
const HINTS: &str = "service.kubernetes.io/topology-aware-hints";
const MODE: &str = "service.kubernetes.io/topology-mode";
/// Instead of an address.
const HEADLESS: &str = "None";

pub(super) fn check(root: &Checker<'_>, meta: &Meta, service: &Service) {
    topology(root, meta);
    let c = &root.field("spec");
    ports(c, service);
    common::labels(&c.field("selector"), &service.selector);
    common::one_of(&c.field("type"), &service.service_type, &TYPES);
    common::one_of(&c.field("sessionAffinity"), &service.session_affinity, &AFFINITIES);
    match service.service_type.as_str() {
        "ExternalName" => external_name(c, service),
        _ => cluster_addresses(c, service),
    }
    c.each("externalIPs", &service.external_ips, |c, ip| common::is_reachable(c, ip));
    external_traffic_policy(c, service);
    c.some("internalTrafficPolicy", service.internal_traffic_policy.as_ref(), |c, policy| {
        common::one_of(c, policy, &TRAFFIC_POLICIES);
    });
    c.some("trafficDistribution", service.traffic_distribution.as_ref(), |c, distribution| {
        common::one_of(c, distribution, &DISTRIBUTIONS);
    });
    let status = root.field("status");
    status.field("loadBalancer").each("ingress", &service.status.load_balancer.ingress, |c, ingress| {
        if !ingress.ip.is_empty() {
            common::is_address(&c.field("ip"), &ingress.ip);
        }
        common::subdomain(&c.field("hostname"), &ingress.hostname);
    });
}

/// The old and the new name of an annotation.
fn topology(root: &Checker<'_>, meta: &Meta) {
    if let (Some(old), Some(new)) = (meta.annotations.get(HINTS), meta.annotations.get(MODE))
        && old != new
    {
        root.field("metadata").field("annotations").key(MODE).fault(
            Code::ConflictingFields,
            format!("`{new}` is not what `{HINTS}` says, which is the old name of this annotation"),
            format!("remove `{HINTS}`"),
        );
    }
}

fn is_headless(service: &Service) -> bool {
    matches!(service.cluster_ips.as_slice(), [only] if only == HEADLESS)
}

fn ports(c: &Checker<'_>, service: &Service) {
    if service.ports.is_empty() && !is_headless(service) && service.service_type != "ExternalName" {
        c.field("ports").fault(
            Code::MissingField,
            "the Service has no ports",
            "add the ports that clients call; only headless and ExternalName Services go without",
        );
    }
    let (mut names, mut numbers, mut node_ports) = (Seen::new(), Seen::new(), Seen::new());
    c.each("ports", &service.ports, |c, port| {
        let protocol = port.protocol.as_str();
        port_name(c, service, port);
        common::once(&c.field("name"), &mut names, &port.name, "name");
        common::port(&c.field("port"), port.port.into());
        common::protocol(c, protocol);
        target_port(c, port);
        common::app_protocol(c, port.app_protocol.as_ref());
        node_port(&c.field("nodePort"), service, port);
        if !numbers.insert((protocol, port.port)) {
            twice(&c.field("port"), port.port, protocol);
        }
        if port.node_port != 0 && !node_ports.insert((protocol, port.node_port)) {
            twice(&c.field("nodePort"), port.node_port, protocol);
        }
    });
}

fn port_name(c: &Checker<'_>, service: &Service, port: &ServicePort) {
    if port.name.is_empty() && service.ports.len() > 1 {
        c.field("name").fault(
            Code::MissingField,
            format!("port {} has no name, which each of several ports needs", port.port),
            "add a `name`; Istio reads the protocol from one such as `http-web`",
        );
    }
    common::label(&c.field("name"), &port.name);
}

fn target_port(c: &Checker<'_>, port: &ServicePort) {
    c.some("targetPort", port.target_port.as_ref(), |c, target| match target {
        // What is filled in is the port itself, of which it is told there.
        IntOrString::Int(number) if *number == i64::from(port.port) => {}
        IntOrString::Int(number) => common::port(c, *number),
        IntOrString::Name(name) => common::port_name(c, name),
    });
}

fn node_port(c: &Checker<'_>, service: &Service, port: &ServicePort) {
    if port.node_port == 0 {
        return;
    }
    common::port(c, port.node_port.into());
    if service.service_type == "ClusterIP" {
        c.fault(
            Code::ConflictingFields,
            "a Service of type ClusterIP has no port on nodes",
            "remove it, or write `type: NodePort`",
        );
    }
}

fn twice(c: &Checker<'_>, port: i32, protocol: &str) {
    c.fault(
        Code::ConflictingFields,
        format!("port {port} of {protocol} stands here twice"),
        "give each port another number or protocol",
    );
}

/// A Service that is another name for a host.
fn external_name(c: &Checker<'_>, service: &Service) {
    let forbidden = [
        ("clusterIP", !service.cluster_ips.is_empty()),
        ("ipFamilies", !service.ip_families.is_empty()),
        ("ipFamilyPolicy", service.ip_family_policy.is_some()),
    ];
    for (name, _) in forbidden.into_iter().filter(|(_, is_set)| *is_set) {
        c.field(name).fault(
            Code::ConflictingFields,
            "a Service of type ExternalName has no addresses",
            "remove it, or the `type`",
        );
    }
    let c = &c.field("externalName");
    let name = service.external_name.as_str();
    match name.strip_suffix('.').unwrap_or(name) {
        "" => c.fault(
            Code::MissingField,
            "a Service of type ExternalName needs the name of a host",
            "add an `externalName` such as `db.example.com`",
        ),
        name => common::subdomain(c, name),
    }
}

fn cluster_addresses(c: &Checker<'_>, service: &Service) {
    let ips = &service.cluster_ips;
    let field = c.field("clusterIPs");
    if ips.first().is_some_and(|first| *first != service.cluster_ip) {
        field.fault(
            Code::ConflictingFields,
            format!("the first of these is not `clusterIP`, {}", service.cluster_ip),
            "write the same address in both, or leave one of the fields out",
        );
    }
    if ips.len() > 2 {
        field.fault(
            Code::InvalidValue,
            "there are more than two addresses",
            "keep one of IPv4 and one of IPv6",
        );
    }
    families(c, service);
    if ips.first().is_some_and(|first| first == HEADLESS) {
        return headless(c, service);
    }
    let mut found = Vec::new();
    for (index, ip) in ips.iter().enumerate() {
        // Few write the list: the first is the single field's.
        let place = if index == 0 { c.field("clusterIP") } else { field.index(index) };
        let Some(address) = common::is_address(&place, ip) else { continue };
        found.push(address);
        if let Some(family) =
            service.ip_families.get(index).filter(|family| FAMILIES.contains(&family.as_str()))
            && *family != common::family(address)
        {
            place.fault(
                Code::ConflictingFields,
                format!("`{ip}` is not an address of {family}, as `ipFamilies[{index}]` says"),
                "write an address of that family, or leave out `ipFamilies`",
            );
        }
    }
    if found.len() == ips.len() {
        common::one_of_each_family(&field, found.into_iter());
    }
}

/// `None` is the only one, and not for Services that nodes or load balancers stand for.
fn headless(c: &Checker<'_>, service: &Service) {
    if service.cluster_ips.len() > 1 {
        c.field("clusterIPs").fault(
            Code::ConflictingFields,
            "`None` stands beside an address",
            "keep `None` for a headless Service, or the address",
        );
    } else if matches!(service.service_type.as_str(), "LoadBalancer" | "NodePort") {
        c.field("clusterIP").fault(
            Code::ConflictingFields,
            format!("a Service of type {} cannot be headless", service.service_type),
            "remove `clusterIP: None`, or the `type`",
        );
    }
}

fn families(c: &Checker<'_>, service: &Service) {
    // Families that are not written are those of the addresses, of which it is told there.
    let of_addresses = service.cluster_ips.iter().filter_map(|ip| common::address(ip)).map(common::family);
    let is_written = !of_addresses.eq(service.ip_families.iter().map(Str::as_str));
    let mut seen = Seen::new();
    c.each("ipFamilies", &service.ip_families, |c, family| {
        common::one_of(c, family, &FAMILIES);
        if is_written {
            common::once(c, &mut seen, family, "family");
        }
    });
    c.some("ipFamilyPolicy", service.ip_family_policy.as_ref(), |c, policy| {
        common::one_of(c, policy, &FAMILY_POLICIES);
        if policy == "SingleStack" && service.ip_families.len() > 1 {
            c.fault(
                Code::ConflictingFields,
                "`SingleStack` is for one IP family, and the Service has several",
                "write `PreferDualStack` or `RequireDualStack`",
            );
        }
    });
}

fn external_traffic_policy(c: &Checker<'_>, service: &Service) {
    let policy: &Str = &service.external_traffic_policy;
    let is_external = matches!(service.service_type.as_str(), "LoadBalancer" | "NodePort")
        || !service.external_ips.is_empty();
    let c = &c.field("externalTrafficPolicy");
    if policy.is_empty() {
        return;
    }
    common::one_of(c, policy, &TRAFFIC_POLICIES);
    if !is_external {
        c.fault(
            Code::ConflictingFields,
            format!("a Service of type {} gets no traffic from outside", service.service_type),
            "remove it, or write `type: LoadBalancer` or `NodePort`",
        );
    }
}
