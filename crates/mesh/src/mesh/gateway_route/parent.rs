//! What a route attaches to: the Services and ServiceEntries among its `parentRefs`.

use crate::Str;
use crate::controllers;
use crate::mesh::Service;
use crate::mesh::gateway_route::Context;
use crate::mesh::hostname;
use crate::snapshot::gateway_api::route::ParentReference;
use crate::snapshot::networking::ServiceEntry;
use crate::snapshot::{Kind, Object, ObjectRef};
use crate::well_known::{GATEWAY_GROUP, ISTIO_GROUP};

/// A parent in the mesh.
pub(super) struct Parent {
    /// The port that the reference names.
    pub(super) port: Option<i32>,
    /// The parent's hostnames.
    pub(super) hosts: Vec<Str>,
}

/// The parents in the mesh that accept the route, in Istio's order.
pub(super) fn attached(cx: &Context<'_>, references: &[ParentReference], namespace: &str) -> Vec<Parent> {
    if !cx.rules.gateway_api.checks_parents {
        return references.iter().filter_map(|reference| unchecked(reference, namespace)).collect();
    }
    let mut references: Vec<_> = references.iter().collect();
    references.sort_by_cached_key(|reference| sort_key(reference, namespace));
    references.into_iter().filter_map(|reference| checked(cx, reference, namespace)).collect()
}

/// Any Service, there or not. The group may be the default one, which is the Gateway API's.
fn unchecked(reference: &ParentReference, namespace: &str) -> Option<Parent> {
    let group = reference.group.as_deref().unwrap_or_default();
    let is_service =
        reference.kind.as_deref() == Some("Service") && (group.is_empty() || group == GATEWAY_GROUP);
    let namespace = reference.namespace.as_deref().unwrap_or(namespace);
    is_service.then(|| Parent {
        port: reference.port,
        hosts: vec![hostname::of_service(&reference.name, namespace)],
    })
}

/// A Service or ServiceEntry that is there, and whose waypoint is not another controller's.
fn checked(cx: &Context<'_>, reference: &ParentReference, namespace: &str) -> Option<Parent> {
    let group = reference.group.as_deref().unwrap_or(GATEWAY_GROUP);
    let namespace = reference.namespace.as_deref().unwrap_or(namespace);
    let (hosts, labels) = match (group, reference.kind.as_deref()) {
        ("", Some("Service")) => {
            let hostname = hostname::of_service(&reference.name, namespace);
            let service = kubernetes_service(cx, &hostname, namespace)?;
            (vec![hostname], &service.labels)
        }
        (ISTIO_GROUP, Some("ServiceEntry")) => {
            let entry = service_entry(cx, &reference.name, namespace)?;
            (entry.spec.hosts.clone(), &entry.meta.labels)
        }
        _ => return None,
    };
    (!controllers::are_controlled_by_others(cx.snapshot, cx.features, labels, namespace))
        .then_some(Parent { port: reference.port, hosts })
}

/// The Service or ServiceEntry that a reference names, if it is not there.
pub(super) fn missing(cx: &Context<'_>, reference: &ParentReference, namespace: &str) -> Option<ObjectRef> {
    let group = reference.group.as_deref().unwrap_or(GATEWAY_GROUP);
    let namespace = reference.namespace.as_deref().unwrap_or(namespace);
    let name = &reference.name;
    let (kind, there) = match (group, reference.kind.as_deref()) {
        ("", Some("Service")) => (
            Kind::Service,
            kubernetes_service(cx, &hostname::of_service(name, namespace), namespace).is_some(),
        ),
        (ISTIO_GROUP, Some("ServiceEntry")) => {
            (Kind::ServiceEntry, service_entry(cx, name, namespace).is_some())
        }
        _ => return None,
    };
    (!there).then(|| ObjectRef::new(kind, namespace, name.clone()))
}

/// The Kubernetes Service with this hostname.
pub(super) fn kubernetes_service<'a>(
    cx: &Context<'a>,
    hostname: &str,
    namespace: &str,
) -> Option<&'a Service> {
    let all = cx.services.with_hostname(hostname).iter().filter_map(|id| cx.services.get(*id));
    all.into_iter().find(|service| service.is_kubernetes() && service.namespace == namespace)
}

fn service_entry<'a>(cx: &Context<'a>, name: &str, namespace: &str) -> Option<&'a Object<ServiceEntry>> {
    let all = &cx.snapshot.service_entries;
    let found =
        all.binary_search_by(|e| (e.meta.namespace.as_str(), e.meta.name.as_str()).cmp(&(namespace, name)));
    all.get(found.ok()?).map(AsRef::as_ref)
}

fn sort_key(reference: &ParentReference, namespace: &str) -> String {
    format!(
        "{}/{}/{}/{}/{}.{}",
        reference.group.as_deref().unwrap_or(GATEWAY_GROUP),
        reference.kind.as_deref().unwrap_or("Gateway"),
        reference.name,
        reference.section_name.as_deref().unwrap_or_default(),
        reference.port.unwrap_or_default(),
        reference.namespace.as_deref().unwrap_or(namespace),
    )
}
