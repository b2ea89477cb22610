//! `no-address`: ServiceEntries whose waypoint no client can reach.

use std::collections::BTreeSet;

use crate::lint::references::envoy_waypoints;
use crate::lint::service_entries::{Served, served};
use crate::lint::{Context, Releases, Rule, list};
use crate::mesh::{Service, Waypoint};
use crate::problem::{Code, Problem};
use crate::release::Release;
use crate::snapshot::ObjectRef;
use crate::snapshot::networking::service_entry::Resolution;
use crate::well_known::AUTO_ALLOCATE_IP;

pub(super) const RULE: Rule = Rule {
    releases: Releases::Since(Release::V1_29),
    analyze: &["IST0134"],
    ..Rule::new(Code::NoAddress, include_str!("no_address.md"), check)
};

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let mut found: Vec<Problem> = served(cx).filter_map(|entry| without_address(&entry)).collect();
    found.extend(of_other_family(cx));
    found
}

/// An entry with hosts that have no address at all.
fn without_address(entry: &Served<'_>) -> Option<Problem> {
    let has_none = |service: &&&Service| service.addresses.is_empty() && service.auto_allocated.is_empty();
    let hosts: Vec<&str> = entry.services.iter().filter(has_none).map(|s| s.hostname.as_str()).collect();
    let first = hosts.first()?;
    let waypoint = &entry.waypoint.name;
    let (why, field, help) = if entry.gets_none_for(first) {
        because_of_resolution(entry, first)
    } else if entry.opts_out() {
        (
            "the entry's label refuses one of Istio's".to_owned(),
            format!("metadata.labels[\"{AUTO_ALLOCATE_IP}\"]"),
            "remove the label, or give the entry an address of its own in `spec.addresses`",
        )
    } else {
        return None;
    };
    let verb = if hosts.len() == 1 { "has" } else { "have" };
    let hosts = list::few(&hosts);
    let message =
        format!("{hosts} {verb} no address, and {why}: no client's traffic reaches waypoint `{waypoint}`");
    Some(Problem::new(Code::NoAddress, message).on(entry.object.object_ref()).field(field).help(help))
}

fn because_of_resolution(entry: &Served<'_>, host: &str) -> (String, String, &'static str) {
    if entry.object.spec.resolution == Resolution::None {
        let help = if host.contains('*') {
            "list the addresses that clients call in `spec.addresses`, or use resolution `DYNAMIC_DNS`"
        } else {
            "list the addresses that clients call in `spec.addresses`, or use resolution `DNS`"
        };
        ("Istio gives entries of resolution `NONE` none".to_owned(), "spec.resolution".to_owned(), help)
    } else {
        let position = entry.object.spec.hosts.iter().position(|other| other == host).unwrap_or_default();
        let why = format!(
            "Istio gives wildcard hosts one with resolution `DYNAMIC_DNS` only, not with `{}`",
            entry.object.spec.resolution.as_str()
        );
        (why, format!("spec.hosts[{position}]"), "list addresses in `spec.addresses`, or name each host")
    }
}

/// Waypoints of one IP family that serve addresses of the other one: clients that use those find no chain.
fn of_other_family(cx: &Context<'_>) -> Vec<Problem> {
    let mut found = Vec::new();
    for waypoint in envoy_waypoints(cx) {
        let (ipv4, ipv6) = (waypoint.proxy.supports_ipv4(), waypoint.proxy.supports_ipv6());
        let gateway = &waypoint.name;
        // The addresses of pods that are not in the snapshot are assumed.
        let has_pods = !cx.mesh.workloads.of_gateway(&gateway.namespace, &gateway.name).is_empty();
        if !has_pods || ipv4 == ipv6 {
            continue;
        }
        let services = waypoint.services.iter().filter_map(|id| cx.mesh.services.get(*id));
        let missed: Vec<&Service> = services.filter(|service| misses(service, waypoint)).collect();
        found.extend(one_family(waypoint, &missed));
    }
    found
}

/// Whether clients may use an address of a Service that its waypoint of one family has no chain for. Istio
/// allocates IPv6 addresses everywhere: without IPv6 nobody uses them.
fn misses(service: &Service, waypoint: &Waypoint) -> bool {
    let is_other = |is_ipv4: bool| is_ipv4 != waypoint.proxy.supports_ipv4();
    if service.is_kubernetes() {
        return service.addresses.iter().any(|address| is_other(address.ip.is_ipv4()));
    }
    let others = service.auto_allocated.iter().filter(|ip| is_other(ip.is_ipv4())).count();
    // An entry's own address gets a chain, whatever its family.
    service.addresses.is_empty()
        && others > 0
        && (waypoint.proxy.supports_ipv6() || others == service.auto_allocated.len())
}

fn one_family(waypoint: &Waypoint, missed: &[&Service]) -> Option<Problem> {
    let (own, other) = if waypoint.proxy.supports_ipv4() { ("IPv4", "IPv6") } else { ("IPv6", "IPv4") };
    let hosts = list::few(missed.iter().map(|service| service.hostname.as_str()));
    missed.first()?;
    let message = format!(
        "the pods of waypoint `{}` have {own} addresses only: clients that call {hosts} by {other} are refused there",
        waypoint.name
    );
    let mut problem = Problem::new(Code::NoAddress, message).on(waypoint.gateway.object_ref()).help(format!(
        "give the waypoint's pods addresses of both families, or each of them one {own} address of its own"
    ));
    // One entry may have several hosts.
    let objects: BTreeSet<ObjectRef> = missed.iter().map(|service| service.source.object()).collect();
    for object in objects.into_iter().take(5) {
        problem = problem.related_object(object, "", format!("it has an {other} address, too"));
    }
    Some(problem)
}
