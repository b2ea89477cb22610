//! Backends: `backendRefs` and mirrors, as destinations.

use std::collections::BTreeMap;

use super::parent::kubernetes_service;
use super::{Context, Unconvertible};
use crate::Str;
use crate::mesh::hostname;
use crate::pool_service;
use crate::snapshot::gateway_api::route::{BackendObjectReference, BackendRef};
use crate::snapshot::networking::PortSelector;
use crate::snapshot::networking::virtual_service::Destination;
use crate::snapshot::{self, Snapshot};
use crate::well_known::{GATEWAY_GROUP, INFERENCE_GROUP, ISTIO_GROUP};

/// A backend's destination.
pub(super) struct Backend {
    /// Without a host if the backend may not be referenced: then it is answered with an error.
    pub(super) destination: Destination,
    /// Why it can't be used, if it can't.
    pub(super) problem: Option<Unresolved>,
}

/// Why a backend can't be used: a reason of the condition `ResolvedRefs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unresolved {
    /// It is in another namespace that does not grant it.
    RefNotPermitted,
    /// It is of a kind that is no backend.
    InvalidKind,
    /// It is not there.
    BackendNotFound,
}

impl Unresolved {
    /// The reason as the Gateway API names it.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::RefNotPermitted => "RefNotPermitted",
            Self::InvalidKind => "InvalidKind",
            Self::BackendNotFound => "BackendNotFound",
        }
    }
}

impl Backend {
    fn invalid(problem: Unresolved) -> Self {
        Self { destination: Destination::default(), problem: Some(problem) }
    }
}

/// The share of the requests that a backend asks for.
pub(super) fn weight(backend: &BackendRef) -> i32 {
    backend.weight.unwrap_or(1)
}

/// Whether no backend gets anything: the Gateway API wants an error 500 then.
pub fn is_weightless(backends: &[BackendRef]) -> bool {
    backends.iter().all(|backend| weight(backend) == 0)
}

/// The backends that get something, with their weights; that of an only one is 0, as nobody else gets
/// anything.
pub(super) fn weighted(backends: &[BackendRef]) -> Vec<(&BackendRef, i32)> {
    let mut out: Vec<_> =
        backends.iter().map(|b| (b, weight(b))).filter(|(_, weight)| *weight != 0).collect();
    if let [(_, weight)] = out.as_mut_slice() {
        *weight = 0;
    }
    out
}

/// The reference in a backend.
pub fn reference(backend: &BackendRef) -> BackendObjectReference {
    BackendObjectReference {
        group: backend.group.clone(),
        kind: backend.kind.clone(),
        name: backend.name.clone(),
        namespace: backend.namespace.clone(),
        port: backend.port,
    }
}

/// Converts a backend of a route in `namespace`.
pub(super) fn destination(
    cx: &Context<'_>,
    to: &BackendObjectReference,
    namespace: &str,
) -> Result<Backend, Unconvertible> {
    let strict = cx.rules.gateway_api.grants_in_mesh;
    let other = to.namespace.as_deref().filter(|other| strict && *other != namespace);
    if other.is_some_and(|other| !cx.grants.allow(namespace, other, &to.name)) {
        return Ok(Backend::invalid(Unresolved::RefNotPermitted));
    }
    let target = to.namespace.as_deref().unwrap_or(namespace);
    let group = to.group.as_deref().unwrap_or_default();
    let kind = to.kind.as_deref().unwrap_or("Service");
    let (host, valid) = match (group, kind) {
        ("", "Service") | (_, "ServiceImport") if kind == "Service" || group == cx.features.mcs_api_group => {
            if to.name.contains('.') && (kind == "Service" || strict) {
                return Err(Unconvertible::Backend);
            }
            let service = hostname::of_service(&to.name, target);
            let host = hostname::of_backend(kind, &to.name, target, cx.features);
            // By accident, newer releases look for the Service, not for what is imported.
            let valid = if cx.rules.gateway_api.checks_backends {
                kubernetes_service(cx, &service, target).is_some()
            } else {
                cx.services.lookup(&host, target).is_some()
            };
            (host, valid)
        }
        (ISTIO_GROUP, "Hostname") => {
            if to.namespace.is_some() {
                return Err(Unconvertible::Backend);
            }
            (to.name.clone(), cx.services.lookup(&to.name, target).is_some())
        }
        (INFERENCE_GROUP, "InferencePool") if cx.features.enable_gateway_api_inference_extension => {
            return pool(cx, &to.name, target);
        }
        _ => return Ok(Backend::invalid(Unresolved::InvalidKind)),
    };
    let port = to.port.ok_or(Unconvertible::Backend)?;
    let port = Some(PortSelector { number: u32::try_from(port).unwrap_or_default() });
    let problem = (!valid).then_some(Unresolved::BackendNotFound);
    Ok(Backend { destination: Destination { host, subset: Str::default(), port }, problem })
}

/// An InferencePool: the first port of the Service that Istio makes of it, whatever port the backend names.
fn pool(cx: &Context<'_>, name: &str, namespace: &str) -> Result<Backend, Unconvertible> {
    if name.contains('.') {
        return Err(Unconvertible::Backend);
    }
    let is_there = snapshot::find(&cx.snapshot.inference_pools, namespace, name).is_some();
    let host = hostname::of_service(&pool_service::name(name), namespace);
    let found = cx.services.lookup(&host, namespace).filter(|_| is_there).and_then(|id| cx.services.get(id));
    let Some(service) = found else { return Ok(Backend::invalid(Unresolved::BackendNotFound)) };
    if !pool_service::has_picker(&service.labels) {
        return Err(Unconvertible::Pool);
    }
    let number = service.ports.first().map_or(0, |port| port.number);
    let destination = Destination { host, subset: Str::default(), port: Some(PortSelector { number }) };
    Ok(Backend { destination, problem: None })
}

/// ReferenceGrants for HTTPRoutes: who may refer to Services of another namespace.
pub(super) struct Grants<'a> {
    /// By the route's namespace and the backend's: the names, none for all.
    by_namespaces: BTreeMap<(&'a str, &'a str), Vec<Option<&'a str>>>,
}

impl<'a> Grants<'a> {
    pub(super) fn new(snapshot: &'a Snapshot) -> Self {
        let mut by_namespaces = BTreeMap::<_, Vec<_>>::new();
        for grant in &snapshot.reference_grants {
            let from =
                grant.spec.from.iter().filter(|from| from.group == GATEWAY_GROUP && from.kind == "HTTPRoute");
            for from in from {
                let to = grant.spec.to.iter().filter(|to| to.group.is_empty() && to.kind == "Service");
                let key = (from.namespace.as_str(), grant.meta.namespace.as_str());
                by_namespaces.entry(key).or_default().extend(to.map(|to| to.name.as_deref()));
            }
        }
        Self { by_namespaces }
    }

    fn allow(&self, from: &str, to: &str, name: &str) -> bool {
        let names = self.by_namespaces.get(&(from, to));
        names.into_iter().flatten().any(|granted| granted.is_none_or(|granted| granted == name))
    }
}
