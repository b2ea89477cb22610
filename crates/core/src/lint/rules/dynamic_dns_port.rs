//! `dynamic-dns-port`: entries of resolution DYNAMIC_DNS, or ports of theirs, that a waypoint has no cluster
//! for.

use crate::lint::{Context, Releases, Rule, list};
use crate::mesh::Protocol;
use crate::problem::{Change, Code, Fix, Problem};
use crate::release::Release;
use crate::snapshot::Object;
use crate::snapshot::networking::ServiceEntry;
use crate::snapshot::networking::service_entry::{Location, Resolution, ServicePort};

pub(super) const RULE: Rule = Rule {
    releases: Releases::Since(Release::V1_29),
    ..Rule::new(Code::DynamicDnsPort, include_str!("dynamic_dns_port.md"), check)
};

/// The flag of the control plane that has waypoints serve TLS for wildcard hosts.
const TLS_FLAG: &str = "ENABLE_WILDCARD_HOST_SERVICE_ENTRIES_FOR_TLS";

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let dynamic = cx
        .snapshot
        .service_entries
        .iter()
        .filter(|object| object.spec.resolution == Resolution::DynamicDns && has_waypoint(cx, object));
    dynamic
        .flat_map(|object| match object.spec.location {
            Location::MeshInternal => vec![internal(object)],
            Location::MeshExternal => ports(cx, object),
        })
        .collect()
}

/// Whether an entry has a waypoint, be it one that does not serve it.
fn has_waypoint(cx: &Context<'_>, object: &Object<ServiceEntry>) -> bool {
    let bindings = &cx.mesh.bindings;
    cx.services_of(&object.object_ref())
        .any(|(id, _)| bindings.of_service(id).is_some_and(|binding| binding.waypoint.is_some()))
}

fn internal(object: &Object<ServiceEntry>) -> Problem {
    let message = format!(
        "no waypoint serves {}: resolution `DYNAMIC_DNS` is for hosts outside of the mesh, and this entry's location is `MESH_INTERNAL`",
        list::few(&object.spec.hosts)
    );
    let (object, field) = (object.object_ref(), "spec.location");
    let set = Change::Set("MESH_EXTERNAL".to_owned());
    Problem::new(Code::DynamicDnsPort, message)
        .on(object.clone())
        .field(field)
        .help("use the location `MESH_EXTERNAL`")
        .fix(Fix::new("set the location to `MESH_EXTERNAL`", object, field, set))
}

fn ports(cx: &Context<'_>, object: &Object<ServiceEntry>) -> Vec<Problem> {
    let tls_is_served = cx.mesh.options.features.enable_wildcard_host_service_entries_for_tls;
    let found = object.spec.ports.iter().enumerate().filter_map(|(i, port)| {
        let (message, help) = match Protocol::parse(&port.protocol) {
            Protocol::Http => return None,
            Protocol::Tls if tls_is_served => return None,
            Protocol::Tls => not_served(port),
            _ => without_cluster(port),
        };
        let problem = Problem::new(Code::DynamicDnsPort, message).on(object.object_ref());
        Some(problem.field(format!("spec.ports[{i}].protocol")).help(help))
    });
    found.collect()
}

fn not_served(port: &ServicePort) -> (String, String) {
    let message = format!(
        "waypoints leave out port {} of this wildcard host: its protocol is `{}`, and the flag {TLS_FLAG} of the control plane is off",
        port.number, port.protocol
    );
    let help =
        format!("switch {TLS_FLAG} on, or declare the protocol `HTTP` and start TLS by a DestinationRule");
    (message, help)
}

fn without_cluster(port: &ServicePort) -> (String, String) {
    let message = format!(
        "waypoints have no cluster for port {} of this wildcard host, whose protocol is `{}`: every request to it fails",
        port.number, port.protocol
    );
    (message, "declare the protocol `HTTP`, or name each host in an entry of resolution `DNS`".to_owned())
}
