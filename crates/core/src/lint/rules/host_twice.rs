//! `host-twice`: ServiceEntries that name the same host.

use std::collections::BTreeMap;

use crate::dataplane_mode;
use crate::lint::{Context, Releases, Rule, list};
use crate::mesh::{Namespaces, ServiceId};
use crate::problem::{Code, Problem};
use crate::release::Release;
use crate::snapshot::ObjectRef;
use crate::snapshot::mesh_config::Visibility;

pub(super) const RULE: Rule = Rule {
    releases: Releases::Since(Release::V1_29),
    analyze: &["IST0177"],
    ..Rule::new(Code::HostTwice, include_str!("host_twice.md"), check)
};

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let namespaces = Namespaces::new(cx.snapshot);
    let mut hosts: BTreeMap<(&str, Option<&str>), Vec<ServiceId>> = BTreeMap::new();
    for (id, service) in cx.mesh.services.iter() {
        let labels = namespaces.labels(&service.namespace);
        // Sidecars tell entries apart by `exportTo`.
        if service.is_kubernetes() || dataplane_mode::are_injected(labels) {
            continue;
        }
        // How far ztunnels see it: hosts that are seen in one namespace only do not meet those of others.
        let within = match cx.mesh.config.visibility_in(labels) {
            Visibility::None => continue,
            Visibility::Namespace => Some(service.namespace.as_str()),
            Visibility::Public | Visibility::Unspecified => None,
        };
        hosts.entry((&service.hostname, within)).or_default().push(id);
    }
    // One finding for all hosts that the same entries share.
    let mut shared: BTreeMap<Vec<ObjectRef>, Vec<&str>> = BTreeMap::new();
    for ((host, _), ids) in hosts {
        let has_waypoint = |id: &ServiceId| {
            cx.mesh.bindings.of_service(*id).is_some_and(|binding| binding.waypoint.is_some())
        };
        let services = ids.iter().filter_map(|id| cx.mesh.services.get(*id));
        let mut entries: Vec<ObjectRef> = services.map(|service| service.source.object()).collect();
        entries.dedup();
        if entries.len() > 1 && ids.iter().any(has_waypoint) {
            shared.entry(entries).or_default().push(host);
        }
    }
    shared.into_iter().filter_map(|(entries, hosts)| problem(&entries, &hosts)).collect()
}

/// What is to be said of entries, the oldest first, that share hosts: at the second one.
fn problem(entries: &[ObjectRef], hosts: &[&str]) -> Option<Problem> {
    let [oldest, later, ..] = entries else { return None };
    let (named, is) = (list::few(hosts), if hosts.len() == 1 { "is" } else { "are" });
    let others: Vec<&ObjectRef> = entries.iter().filter(|entry| *entry != later).collect();
    let elsewhere = list::few(others.iter().map(|entry| format!("{}/{}", entry.namespace, entry.name)));
    let plural = if others.len() == 1 { "y" } else { "ies" };
    let consequence = if oldest.namespace == later.namespace {
        "a host is one service of its namespace, so that all but the oldest entry are left out"
    } else {
        "a host is one service of the mesh, so that a client's requests may go by any of these entries, through its waypoint or past it"
    };
    let message = format!("{named} {is} in the ServiceEntr{plural} {elsewhere}, too: {consequence}");
    let mut problem = Problem::new(Code::HostTwice, message)
        .on(later.clone())
        .field("spec.hosts")
        .help("leave the host in one entry, with all of its ports and endpoints");
    for entry in others.into_iter().take(5) {
        problem = problem.related_object(entry.clone(), "spec.hosts", "this entry has the host, too");
    }
    Some(problem)
}
