//! Labels on objects of kinds from which they are not read.

use std::collections::BTreeMap;

use super::keys::{self, READ, Read};
use crate::Str;
use crate::hash::HashSet;
use crate::lint::Context;
use crate::lint::naming::{gateway_ref, label};
use crate::mesh::waypoint::USE_WAYPOINT;
use crate::mesh::workload::DATAPLANE_MODE;
use crate::problem::{Code, Problem};
use crate::snapshot::{Kind, Labels, ObjectRef};
use crate::well_known::MANAGED;

/// The kinds on which somebody may put such a label with a purpose. Endpoints get the labels of their
/// Service.
const LIKELY: [Kind; 20] = [
    Kind::Namespace,
    Kind::Service,
    Kind::ServiceEntry,
    Kind::Pod,
    Kind::WorkloadEntry,
    Kind::ServiceAccount,
    Kind::Deployment,
    Kind::StatefulSet,
    Kind::DaemonSet,
    Kind::WorkloadGroup,
    Kind::Gateway,
    Kind::IstioGateway,
    Kind::VirtualService,
    Kind::DestinationRule,
    Kind::HttpRoute,
    Kind::GrpcRoute,
    Kind::TcpRoute,
    Kind::TlsRoute,
    Kind::AuthorizationPolicy,
    Kind::RequestAuthentication,
];

/// Labels on objects from which nobody reads them, of a namespace where no object has them at the right
/// place. A tool that labels everything alike does no harm.
pub(super) fn misplaced(cx: &Context<'_>) -> Vec<Problem> {
    let read_somewhere = read_somewhere(cx);
    let waypoints: HashSet<ObjectRef> = cx.mesh.waypoints.iter().map(|w| gateway_ref(&w.name)).collect();
    let mut groups: BTreeMap<(Str, &str, Str), Vec<ObjectRef>> = BTreeMap::new();
    for (object, labels) in objects(cx) {
        if !LIKELY.contains(&object.kind) || labels.contains_key(MANAGED) {
            continue;
        }
        for read in READ.iter().filter(|read| is_unread(read, &object, &waypoints)) {
            let Some(value) = labels.get(read.key).filter(|value| !value.is_empty() && *value != "none")
            else {
                continue;
            };
            let namespace = namespace_of(&object);
            if !read_somewhere.contains(&(namespace.clone(), read.key)) {
                groups.entry((namespace, read.key, value.clone())).or_default().push(object.clone());
            }
        }
    }
    groups.into_iter().filter_map(|((_, key, value), objects)| problem(key, &value, objects)).collect()
}

/// Every object that has a label of Istio's, with its labels; also of kinds that no waypoint depends on.
fn objects<'m>(cx: &Context<'m>) -> impl Iterator<Item = (ObjectRef, &'m Labels)> {
    let kept = cx.snapshot.metadata().filter(|(_, meta, _)| has_any(&meta.labels)).map(|(kind, meta, _)| {
        (ObjectRef::new(kind, meta.namespace.clone(), meta.name.clone()), &meta.labels)
    });
    let passed_over = cx.reading.passed_over.iter().filter(|other| has_any(&other.labels));
    kept.chain(passed_over.map(|other| (other.object.clone(), &other.labels)))
}

/// Whether any of the labels may be one that is read. Most objects have none.
fn has_any(labels: &Labels) -> bool {
    labels.keys().any(|key| key.contains("istio.io/"))
}

/// Whether a key is not read from an object. A Gateway's labels are copied to its pods and its Service, which
/// Istio reads where it is no waypoint.
fn is_unread(read: &Read, object: &ObjectRef, waypoints: &HashSet<ObjectRef>) -> bool {
    let is_copied =
        object.kind == Kind::Gateway && (read.key == DATAPLANE_MODE || !waypoints.contains(object));
    !read.is_annotation && !read.kinds.contains(&object.kind) && !is_copied
}

fn namespace_of(object: &ObjectRef) -> Str {
    if object.kind == Kind::Namespace { object.name.clone() } else { object.namespace.clone() }
}

/// The keys that are read in each namespace, from an object or from what a template makes.
fn read_somewhere(cx: &Context<'_>) -> HashSet<(Str, &'static str)> {
    let mut found = HashSet::default();
    let labelled = cx.snapshot.metadata().filter(|(_, meta, _)| has_any(&meta.labels));
    for (kind, meta, _) in labelled.filter(|(kind, ..)| keys::are_read_from(*kind)) {
        let object = ObjectRef::new(kind, meta.namespace.clone(), meta.name.clone());
        let read =
            READ.iter().filter(|read| read.kinds.contains(&kind) && meta.labels.contains_key(read.key));
        found.extend(read.map(|read| (namespace_of(&object), read.key)));
    }
    for other in &cx.reading.passed_over {
        let read = READ.iter().filter(|read| other.template_labels.contains_key(read.key));
        found.extend(read.map(|read| (other.object.namespace.clone(), read.key)));
    }
    found
}

fn problem(key: &str, value: &str, objects: Vec<ObjectRef>) -> Option<Problem> {
    let mut objects = objects;
    // That of a ServiceAccount is read nowhere; that of a Deployment was perhaps meant for its pods.
    objects.sort();
    let mut objects = objects.into_iter();
    let first = objects.next()?;
    let read = READ.iter().find(|read| read.key == key)?;
    let kinds: Vec<String> = read.kinds.iter().map(|kind| format!("{kind}")).collect();
    let message = format!(
        "nobody reads the label `{key}` of a {}: it is read from objects of kind {} only",
        first.kind,
        kinds.join(", "),
    );
    let help = match key {
        USE_WAYPOINT => format!("label the Service or the Namespace `{key}: {value}`"),
        DATAPLANE_MODE => format!("label the Namespace, or the pods in their template, `{key}: {value}`"),
        _ => format!("put `{key}: {value}` on one of those"),
    };
    let problem = Problem::new(Code::LabelNotRead, message).on(first).field(label(key)).help(help);
    Some(objects.take(5).fold(problem, |problem, object| {
        problem.related_object(object, label(key), "nobody reads it here, either")
    }))
}
