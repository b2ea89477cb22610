//! Destinations of VirtualServices: hosts that no Service has, subsets that no DestinationRule has.

use std::collections::{BTreeMap, BTreeSet};

use super::Known;
use crate::Str;
use crate::hash::{HashMap, HashSet};
use crate::mesh::hostname::{Resolver, resolve};
use crate::mesh::virtual_service::MESH_GATEWAY;
use crate::problem::{Code, Problem};
use crate::snapshot::networking::VirtualService;
use crate::snapshot::networking::virtual_service::Destination;
use crate::snapshot::{Object, Snapshot};

/// Destinations of VirtualServices for the mesh, and of their delegates, that lead nowhere.
pub(super) fn problems(known: Known<'_>) -> Vec<Problem> {
    let hosts = Hosts::new(&known);
    let subsets = Subsets::new(known.snapshot);
    let delegates = delegates(known.snapshot);
    let mut problems = Vec::new();
    for object in &known.snapshot.virtual_services {
        let name = (object.meta.namespace.as_str(), object.meta.name.as_str());
        if !is_for_mesh(&object.spec) || object.spec.hosts.is_empty() && !delegates.contains(&name) {
            continue;
        }
        let mut names = Resolver::new(&object.meta.namespace);
        each_destination(&object.spec, |destination, field| {
            let host = names.resolve(&destination.host);
            problems.extend(problem(object, destination, &host, (&hosts, &subsets), field));
        });
    }
    problems
}

fn is_for_mesh(spec: &VirtualService) -> bool {
    spec.gateways.is_empty() || spec.gateways.iter().any(|gateway| gateway == MESH_GATEWAY)
}

/// The delegates of VirtualServices for the mesh.
fn delegates(snapshot: &Snapshot) -> BTreeSet<(&str, &str)> {
    let mut all = BTreeSet::new();
    for object in snapshot.virtual_services.iter().filter(|object| is_for_mesh(&object.spec)) {
        for to in object.spec.http.iter().filter_map(|rule| rule.delegate.as_ref()) {
            let namespace = if to.namespace.is_empty() { &object.meta.namespace } else { &to.namespace };
            all.insert((namespace.as_str(), to.name.as_str()));
        }
    }
    all
}

/// Visits every destination, with the path of its field for when it is needed.
fn each_destination<'s>(
    spec: &'s VirtualService,
    mut visit: impl FnMut(&'s Destination, &dyn Fn() -> String),
) {
    for (i, rule) in spec.http.iter().enumerate() {
        for (j, to) in rule.route.iter().enumerate() {
            let field = || format!("spec.http[{i}].route[{j}].destination");
            to.destination.iter().for_each(|to| visit(to, &field));
        }
        rule.mirror.iter().for_each(|to| visit(to, &|| format!("spec.http[{i}].mirror")));
        for (j, to) in rule.mirrors.iter().enumerate() {
            let field = || format!("spec.http[{i}].mirrors[{j}].destination");
            to.destination.iter().for_each(|to| visit(to, &field));
        }
    }
    let tls = spec.tls.iter().enumerate().map(|(i, rule)| ("tls", i, &rule.route));
    let tcp = spec.tcp.iter().enumerate().map(|(i, rule)| ("tcp", i, &rule.route));
    for (kind, i, routes) in tls.chain(tcp) {
        for (j, to) in routes.iter().enumerate() {
            let field = || format!("spec.{kind}[{i}].route[{j}].destination");
            to.destination.iter().for_each(|to| visit(to, &field));
        }
    }
}

fn problem(
    object: &Object<VirtualService>,
    to: &Destination,
    host: &str,
    (hosts, subsets): (&Hosts<'_>, &Subsets<'_>),
    field: &dyn Fn() -> String,
) -> Option<Problem> {
    let problem = |code, message: String, name: &str| {
        Some(Problem::new(code, message).on(object.object_ref()).field(format!("{}.{name}", field())))
    };
    if !hosts.know(host) {
        let message = format!("no Service and no ServiceEntry has the host `{host}`");
        return problem(Code::UnknownDestination, message, "host");
    }
    if !to.subset.is_empty() && !subsets.know(host, &to.subset) {
        let message = format!("no DestinationRule for `{host}` has a subset `{}`", to.subset);
        return problem(Code::UnknownSubset, message, "subset");
    }
    None
}

/// The hosts that something has.
struct Hosts<'a> {
    known: &'a Known<'a>,
    /// What follows the `*` of those that start with it.
    wildcards: Vec<&'a str>,
}

impl<'a> Hosts<'a> {
    fn new(known: &'a Known<'a>) -> Self {
        let hosts = known.services.iter().filter_map(|(_, service)| service.hostname.strip_prefix('*'));
        Self { known, wildcards: hosts.collect::<BTreeSet<_>>().into_iter().collect() }
    }

    /// Whether a Service has the host, or one that covers it.
    fn know(&self, host: &str) -> bool {
        !self.known.services.with_hostname(host).is_empty()
            || self.wildcards.iter().any(|suffix| host.ends_with(suffix))
    }
}

/// The subsets that DestinationRules have, whoever they are for.
#[derive(Default)]
struct Subsets<'a> {
    by_host: HashMap<Str, HashSet<&'a str>>,
    /// By what follows the `*` of a host that starts with it.
    by_suffix: BTreeMap<Str, HashSet<&'a str>>,
}

impl<'a> Subsets<'a> {
    fn new(snapshot: &'a Snapshot) -> Self {
        let mut all = Self::default();
        for object in &snapshot.destination_rules {
            let host = resolve(&object.spec.host, &object.meta.namespace);
            let names = match host.strip_prefix('*') {
                Some(suffix) => all.by_suffix.entry(suffix.into()).or_default(),
                None => all.by_host.entry(host).or_default(),
            };
            names.extend(object.spec.subsets.iter().map(|subset| subset.name.as_str()));
        }
        all
    }

    fn know(&self, host: &str, subset: &str) -> bool {
        let covering = self.by_suffix.iter().filter(|(suffix, _)| host.ends_with(suffix.as_str()));
        let names = self.by_host.get(host).into_iter().chain(covering.map(|(_, names)| names));
        names.into_iter().any(|names| names.contains(subset))
    }
}
