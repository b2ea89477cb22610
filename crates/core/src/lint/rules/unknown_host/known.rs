//! Which hosts there are, and which one may be meant.

use std::collections::{BTreeMap, BTreeSet};

use crate::Str;
use crate::lint::{Context, naming};
use crate::mesh::hostname::{self, DOMAIN_SUFFIX, overlap};
use crate::nearest::nearest;

/// The hosts of a mesh.
pub(super) struct Known<'m> {
    hostnames: BTreeSet<&'m str>,
    /// Of what begins with a wildcard.
    wildcards: Vec<&'m str>,
    /// The namespaces of the Kubernetes Services of a name.
    by_name: BTreeMap<&'m str, Vec<&'m str>>,
    /// The names of the Kubernetes Services of a namespace.
    by_namespace: BTreeMap<&'m str, Vec<&'m str>>,
    /// The namespaces in which something has a waypoint.
    with_waypoint: BTreeSet<&'m str>,
}

/// A host that may be meant.
pub(super) struct Suggestion {
    pub(super) host: Str,
    /// Whether nothing else can be meant.
    pub(super) is_certain: bool,
}

impl<'m> Known<'m> {
    pub(super) fn new(cx: &Context<'m>) -> Self {
        let mut known = Self {
            hostnames: BTreeSet::new(),
            wildcards: Vec::new(),
            by_name: BTreeMap::new(),
            by_namespace: BTreeMap::new(),
            with_waypoint: cx.mesh.waypoints.iter().map(|w| w.name.namespace.as_str()).collect(),
        };
        known
            .hostnames
            .extend(cx.mesh.services.with_imported().map(|(_, service)| service.hostname.as_str()));
        for (id, service) in cx.mesh.services.iter() {
            if service.hostname.starts_with('*') {
                known.wildcards.push(&service.hostname);
            }
            if service.is_kubernetes() {
                known.by_name.entry(&service.name).or_default().push(&service.namespace);
                known.by_namespace.entry(&service.namespace).or_default().push(&service.name);
            }
            if cx.waypoint_of(id).is_some() {
                known.with_waypoint.insert(&service.namespace);
            }
        }
        known
    }

    /// Whether something has a host, or one that it covers or is covered by.
    pub(super) fn has(&self, host: &str) -> bool {
        if host.starts_with('*') {
            return self.hostnames.iter().any(|known| overlap(host, known));
        }
        self.hostnames.contains(host) || self.wildcards.iter().any(|wildcard| overlap(wildcard, host))
    }

    /// Whether objects of a namespace are meant for waypoints.
    pub(super) fn is_ambient(&self, cx: &Context<'_>, namespace: &str) -> bool {
        naming::is_ambient(cx, namespace) || self.with_waypoint.contains(namespace)
    }

    /// Whether a host is of something in a namespace where objects have waypoints.
    pub(super) fn has_waypoints(&self, host: &str) -> bool {
        in_cluster(host).is_none_or(|(_, namespace)| self.with_waypoint.contains(namespace))
    }

    /// Whether the snapshot has the namespace that a cluster's own host is in.
    pub(super) fn is_complete_for(&self, host: &str) -> bool {
        match in_cluster(host) {
            Some((_, namespace)) => self.by_namespace.contains_key(namespace),
            None => true,
        }
    }

    /// The host that is meant by one that an object of a namespace writes, if one is near.
    pub(super) fn suggestion(&self, written: &str, namespace: &str) -> Option<Suggestion> {
        if written.starts_with('*') {
            return None;
        }
        let mut parts = written.split('.');
        let (name, second) = (parts.next()?, parts.next());
        match second {
            None => self.of_short(name, namespace),
            Some(second) if in_cluster(written).is_none() => self.of_partial(written, name, second),
            Some(second) => self.of_full(name, second),
        }
    }

    /// A Service of this name in another namespace, or one with a similar name at home.
    fn of_short(&self, name: &str, namespace: &str) -> Option<Suggestion> {
        if self.by_name.get(name).is_some_and(|namespaces| namespaces.contains(&namespace)) {
            return None;
        }
        let at_home = self.by_namespace.get(namespace).into_iter().flatten().copied();
        if let Some(near) = nearest(name, at_home) {
            return Some(Suggestion { host: near.into(), is_certain: false });
        }
        let elsewhere = self.by_name.get(name)?.first()?;
        Some(Suggestion { host: hostname::of_service(name, elsewhere), is_certain: false })
    }

    /// `name.namespace` and `name.namespace.svc`, which a client's resolver completes and Istio does not.
    fn of_partial(&self, written: &str, name: &str, second: &str) -> Option<Suggestion> {
        let full = hostname::of_service(name, second);
        let is_beginning = full.strip_prefix(written).is_some_and(|rest| rest.starts_with('.'));
        if self.hostnames.contains(full.as_str()) {
            return Some(Suggestion { host: full, is_certain: is_beginning });
        }
        let near = nearest(written, self.hostnames.iter().copied())?;
        (near != written).then(|| Suggestion { host: near.into(), is_certain: false })
    }

    /// A Service with a similar name in the same namespace, or of this name in another one.
    fn of_full(&self, name: &str, namespace: &str) -> Option<Suggestion> {
        let of_namespace = self.by_namespace.get(namespace).into_iter().flatten().copied();
        if of_namespace.clone().any(|known| known == name) {
            return None;
        }
        let near = nearest(name, of_namespace).map(|near| hostname::of_service(near, namespace));
        let namespaces = || nearest(namespace, self.by_name.get(name)?.iter().copied());
        let host = near.or_else(|| Some(hostname::of_service(name, namespaces()?)))?;
        Some(Suggestion { host, is_certain: false })
    }
}

/// The name and namespace in a full hostname of the cluster's own.
fn in_cluster(host: &str) -> Option<(&str, &str)> {
    let (name, rest) = host.split_once('.')?;
    let (namespace, rest) = rest.split_once('.')?;
    (rest.strip_prefix("svc.") == Some(DOMAIN_SUFFIX)).then_some((name, namespace))
}
