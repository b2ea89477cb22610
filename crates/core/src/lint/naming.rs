//! Who names which waypoint, by which label, and whether it gets it.

use std::collections::BTreeMap;

use super::{Context, list};
use crate::Str;
use crate::hash::HashSet;
use crate::mesh::waypoint::proxy;
use crate::mesh::waypoint::{
    Binding, CANARY, INBOUND_BINDING, NamedBy, Refusal, Traffic, USE_WAYPOINT, USE_WAYPOINT_NAMESPACE,
};
use crate::mesh::workload::{DATAPLANE_MODE, GATEWAY_NAME, pod};
use crate::mesh::{Service, ServiceSource, WaypointName, WorkloadSource};
use crate::snapshot::gateway_api::Gateway;
use crate::snapshot::gateway_api::gateway::Listener;
use crate::snapshot::{self, Kind, Labels, Object, ObjectRef, kubernetes};
use crate::well_known::MANAGED;

/// The path of a label.
pub(crate) fn label(key: &str) -> String {
    format!("metadata.labels[{key:?}]")
}

/// The path of an annotation.
pub(crate) fn annotation(key: &str) -> String {
    format!("metadata.annotations[{key:?}]")
}

/// A label that names a waypoint: the object that has it, and its key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Naming {
    pub(crate) object: ObjectRef,
    pub(crate) key: &'static str,
}

impl Naming {
    /// The path of the label.
    pub(crate) fn field(&self) -> String {
        label(self.key)
    }
}

/// A Service or a workload for which a label names a waypoint.
pub(crate) struct User<'m> {
    pub(crate) object: ObjectRef,
    pub(crate) naming: Naming,
    pub(crate) waypoint: WaypointName,
    pub(crate) traffic: Traffic,
    /// Why it does not get it.
    pub(crate) refusal: Option<&'m Refusal>,
}

/// Everything for which a label names a waypoint: Services first, each kind in the order of the mesh.
/// ExternalName Services are left out, which no waypoint can serve.
pub(crate) fn users<'m>(cx: &Context<'m>) -> Vec<User<'m>> {
    let mut users = Vec::new();
    let mut seen = HashSet::default();
    for (id, service) in cx.mesh.services.iter().filter(|(_, service)| !is_external_name(service)) {
        let object = service.source.object();
        if seen.insert(object.clone())
            && let Some(binding) = cx.mesh.bindings.of_service(id)
        {
            add(
                &mut users,
                cx,
                Named { object, labels: &service.labels, traffic: Traffic::Service, binding },
            );
        }
    }
    for (id, workload) in cx.mesh.workloads.iter() {
        let labels = match &workload.source {
            WorkloadSource::Pod(pod) if pod::is_terminal(&pod.spec) => continue,
            WorkloadSource::Pod(pod) => &pod.meta.labels,
            _ => &workload.labels,
        };
        if let Some(binding) = cx.mesh.bindings.of_workload(id) {
            let object = workload.source.object();
            add(&mut users, cx, Named { object, labels, traffic: Traffic::Workload, binding });
        }
    }
    users
}

/// Whether a Service is another name for something that clients resolve themselves.
pub(crate) fn is_external_name(service: &Service) -> bool {
    matches!(&service.source, ServiceSource::Kubernetes(object) if object.spec.service_type == "ExternalName")
}

/// An object with its labels, and which waypoint it uses.
struct Named<'a, 'm> {
    object: ObjectRef,
    labels: &'a Labels,
    traffic: Traffic,
    binding: &'m Binding,
}

fn add<'m>(users: &mut Vec<User<'m>>, cx: &Context<'m>, named: Named<'_, 'm>) {
    let Named { object, labels, traffic, binding } = named;
    let level = |on_object: bool, key| {
        let of_namespace = || ObjectRef::new(Kind::Namespace, "", object.namespace.clone());
        Naming { object: if on_object { object.clone() } else { of_namespace() }, key }
    };
    let Some(named_by) = binding.named_by else { return };
    let on_object = named_by == NamedBy::Object;
    let found = if on_object { labels } else { namespace_labels(cx, &object.namespace) };
    let Some(name) = found.get(USE_WAYPOINT).filter(|name| *name != "none") else { return };
    let namespace = found.get(USE_WAYPOINT_NAMESPACE).unwrap_or(&object.namespace);
    let is_canary = binding.refusal.is_some() && binding.waypoint.is_some();
    users.push(User {
        object: object.clone(),
        naming: level(on_object, USE_WAYPOINT),
        waypoint: WaypointName::new(namespace.clone(), name.clone()),
        traffic,
        refusal: binding.refusal.as_ref().filter(|_| !is_canary),
    });
    if let Some(refusal) = binding.refusal.as_ref().filter(|_| is_canary) {
        let naming = level(labels.contains_key(CANARY), CANARY);
        let waypoint = refusal.waypoint.clone();
        users.push(User { object, naming, waypoint, traffic, refusal: Some(refusal) });
    }
}

/// The users by the label that names their waypoint.
pub(crate) fn by_label<'u, 'm>(
    users: impl IntoIterator<Item = &'u User<'m>>,
) -> BTreeMap<&'u Naming, Vec<&'u User<'m>>>
where
    'm: 'u,
{
    let mut all = BTreeMap::<_, Vec<_>>::new();
    for user in users {
        all.entry(&user.naming).or_default().push(user);
    }
    all
}

/// The users by the waypoint that is named.
pub(crate) fn by_waypoint<'u, 'm>(
    users: impl IntoIterator<Item = &'u User<'m>>,
) -> BTreeMap<&'u WaypointName, Vec<&'u User<'m>>>
where
    'm: 'u,
{
    let mut all = BTreeMap::<_, Vec<_>>::new();
    for user in users {
        all.entry(&user.waypoint).or_default().push(user);
    }
    all
}

/// Whom it concerns that a waypoint is not used: the Services, else the workloads.
pub(crate) fn affected(users: &[&User<'_>]) -> String {
    let is_service = |user: &&&User<'_>| user.traffic == Traffic::Service;
    let services: Vec<&ObjectRef> = users.iter().filter(is_service).map(|user| &user.object).collect();
    if services.is_empty() { list::few(users.iter().map(|user| &user.object)) } else { list::few(services) }
}

/// The labels of a Namespace; none if the snapshot lacks it.
pub(crate) fn namespace_labels<'m>(cx: &Context<'m>, name: &str) -> &'m Labels {
    static NONE: Labels = Labels::new();
    snapshot::find(&cx.snapshot.namespaces, "", name).map_or(&NONE, |namespace| &namespace.meta.labels)
}

/// Whether a Namespace is in the snapshot, and not only assumed to be there.
pub(crate) fn is_known_namespace(cx: &Context<'_>, name: &str) -> bool {
    let namespace = snapshot::find(&cx.snapshot.namespaces, "", name);
    namespace.is_some_and(|namespace| !namespace.meta.is_assumed())
}

/// Whether the pods of a namespace are in the mesh unless they say otherwise.
pub(crate) fn is_ambient(cx: &Context<'_>, namespace: &str) -> bool {
    namespace_labels(cx, namespace).get(DATAPLANE_MODE).is_some_and(|mode| mode == "ambient")
}

/// The Gateway of this name, a waypoint or not.
pub(crate) fn gateway<'m>(cx: &Context<'m>, name: &WaypointName) -> Option<&'m Object<Gateway>> {
    snapshot::find(&cx.snapshot.gateways, &name.namespace, &name.name).map(AsRef::as_ref)
}

/// The Gateway of this name, to speak of it.
pub(crate) fn gateway_ref(name: &WaypointName) -> ObjectRef {
    ObjectRef::new(Kind::Gateway, name.namespace.clone(), name.name.clone())
}

/// Whether something of a namespace is to have a waypoint: one is in it, or its Namespace names one.
pub(crate) fn has_waypoint(cx: &Context<'_>, namespace: &str) -> bool {
    let named = namespace_labels(cx, namespace).get(USE_WAYPOINT);
    cx.mesh.waypoints.iter().any(|waypoint| waypoint.name.namespace == namespace)
        || named.is_some_and(|name| cx.objects_name_waypoints && !name.is_empty() && name != "none")
}

/// The listener at which a waypoint takes connections from ztunnels, and its position.
pub(crate) fn hbone_listener(gateway: &Object<Gateway>) -> Option<(usize, &Listener)> {
    let mut listeners = gateway.spec.listeners.iter().enumerate();
    listeners.find(|(_, listener)| listener.protocol == "HBONE" && listener.port == 15008)
}

/// Whether connections reach a waypoint in another way than by HBONE.
pub(crate) fn has_inbound_binding(cx: &Context<'_>, gateway: &Object<Gateway>) -> bool {
    let class = snapshot::find(&cx.snapshot.gateway_classes, "", &gateway.spec.gateway_class_name);
    gateway.meta.annotations.contains_key(INBOUND_BINDING)
        || class.is_some_and(|class| class.meta.annotations.contains_key(INBOUND_BINDING))
}

/// The Service of an application that has the name which the waypoint's own Service would have.
pub(crate) fn namesake<'m>(
    cx: &Context<'m>,
    gateway: &Object<Gateway>,
) -> Option<&'m Object<kubernetes::Service>> {
    let name: Str = proxy::deployment_name(gateway, &cx.mesh.rules.waypoints);
    let service = snapshot::find(&cx.snapshot.services, &gateway.meta.namespace, &name)?;
    let is_own = service.meta.labels.contains_key(MANAGED)
        || service.spec.selector.get(GATEWAY_NAME) == Some(&gateway.meta.name);
    (!is_own).then_some(service.as_ref())
}
