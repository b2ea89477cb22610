//! The status of Services, ServiceEntries and WorkloadEntries: which waypoint they use, which addresses were
//! allocated.
//!
//! Source: [debugging waypoints](https://istio.io/latest/docs/ambient/usage/troubleshoot-waypoint/).

use std::collections::BTreeMap;

use super::condition::{Address, Condition, Manager, Status};
use super::scope;
use crate::mesh::waypoint::{Binding, INGRESS_USE_WAYPOINT, NamedBy, Refusal, RefusalReason};
use crate::mesh::{Mesh, Namespaces, Service, ServiceId, ServiceSource, WorkloadSource, ip};
use crate::plan::clusters::asks_for_race;
use crate::snapshot::mesh_config::{ServiceEntryVisibility, Visibility};
use crate::snapshot::networking::ServiceEntry;
use crate::snapshot::{Cause, FieldPath, Kind, Meta, Object, ObjectRef};

const BOUND: &str = "istio.io/WaypointBound";
const MISSING: &str = "istio.io/WaypointMissing";
const VISIBILITY: &str = "istio.io/VisibilityApplied";

/// The statuses of everything that may use a waypoint.
pub(super) fn statuses(mesh: &Mesh) -> Vec<Status> {
    let mut statuses = Vec::new();
    for (id, service) in mesh.services.iter() {
        if let ServiceSource::Kubernetes(object) = &service.source
            && object.spec.service_type != "ExternalName"
            && is_seen(mesh, id, service)
        {
            statuses.push(of_service(mesh, id, &object.meta, object.object_ref()));
        }
    }
    statuses.extend(service_entries(mesh));
    statuses.extend(workload_entries(mesh));
    statuses
}

/// Whether a Service is the one that its hostname stands for in its namespace.
fn is_seen(mesh: &Mesh, id: ServiceId, service: &Service) -> bool {
    mesh.services.lookup(&service.hostname, &service.namespace) == Some(id)
}

fn of_service(mesh: &Mesh, id: ServiceId, meta: &Meta, object: ObjectRef) -> Status {
    let bound = mesh.bindings.of_service(id).and_then(|binding| bound(mesh, binding, meta, &object));
    let mut status = Status::of(object);
    status.conditions.extend(bound.map(|condition| condition.by(Manager::AmbientService)));
    status
}

fn service_entries(mesh: &Mesh) -> Vec<Status> {
    let mut by_entry: BTreeMap<ObjectRef, Vec<ServiceId>> = BTreeMap::new();
    for (id, service) in mesh.services.iter().filter(|(_, service)| !service.is_kubernetes()) {
        by_entry.entry(service.source.object()).or_default().push(id);
    }
    let namespaces = Namespaces::new(&mesh.snapshot);
    let entries =
        mesh.snapshot.service_entries.iter().filter(|entry| scope::is_of_revision(mesh, &entry.meta));
    entries
        .map(|entry| {
            let ids = by_entry.get(&entry.object_ref()).map_or(&[][..], Vec::as_slice);
            let visibility = mesh.config.visibility_in(namespaces.labels(&entry.meta.namespace));
            of_service_entry(mesh, entry, ids, visibility)
        })
        .collect()
}

fn of_service_entry(
    mesh: &Mesh,
    entry: &Object<ServiceEntry>,
    ids: &[ServiceId],
    visibility: Visibility,
) -> Status {
    let hosts: Vec<(ServiceId, &Service)> =
        ids.iter().filter_map(|id| Some((*id, mesh.services.get(*id)?))).collect();
    let seen = hosts.iter().filter(|(id, service)| is_seen(mesh, *id, service));
    // All hosts of an entry use the same waypoint.
    let seen = seen.copied().next().filter(|_| visibility != Visibility::None);
    let mut status = match seen {
        Some((id, _)) => of_service(mesh, id, &entry.meta, entry.object_ref()),
        None => Status::of(entry.object_ref()),
    };
    if let Some((id, _)) = seen {
        let bound = mesh.bindings.of_service(id).is_some_and(|binding| binding.waypoint.is_some());
        let missing = (!bound).then(|| missing(mesh, entry)).flatten();
        status.conditions.extend(missing);
        let configured = mesh.config.service_entry_visibility != ServiceEntryVisibility::default();
        status.conditions.extend(configured.then(|| applied(visibility)));
    }
    status.addresses = addresses(entry, &hosts);
    status
}

/// The condition `WaypointBound`, if the object names a waypoint.
fn bound(mesh: &Mesh, binding: &Binding, meta: &Meta, object: &ObjectRef) -> Option<Condition> {
    let causes = causes(binding, meta, object);
    let Some(waypoint) = mesh.bindings.waypoint(binding) else {
        let refusal = binding.refusal.as_ref()?;
        let gateway = Cause::new(
            ObjectRef::new(Kind::Gateway, refusal.waypoint.namespace.clone(), refusal.waypoint.name.clone()),
            FieldPath::field(refusal_field(refusal.reason)),
        );
        let condition = Condition::new(BOUND, false, reason(refusal.reason), message(refusal));
        return Some(condition.because(causes).because([gateway]));
    };
    let mut message = format!("Successfully attached to waypoint {}", waypoint.name());
    match binding.ingress {
        Some(true) => message.push_str(". Ingress traffic will traverse the waypoint"),
        Some(false) => message.push_str(
            ". Ingress traffic is not using the waypoint, set the istio.io/ingress-use-waypoint label to true if desired.",
        ),
        None => {}
    }
    if let Some(refusal) = &binding.refusal {
        message.push_str(". Canary waypoint not attached: ");
        message.push_str(&self::message(refusal));
    }
    let gateway = Cause::from(waypoint.gateway.object_ref());
    Some(Condition::new(BOUND, true, "WaypointAccepted", message).because(causes).because([gateway]))
}

/// The labels that decide which waypoint an object uses.
fn causes(binding: &Binding, meta: &Meta, object: &ObjectRef) -> Vec<Cause> {
    let namespace = || ObjectRef::new(Kind::Namespace, "", meta.namespace.clone());
    const USE: FieldPath = FieldPath::field("metadata.labels[\"istio.io/use-waypoint\"]");
    const INGRESS: FieldPath = FieldPath::field("metadata.labels[\"istio.io/ingress-use-waypoint\"]");
    let named = binding.named_by.map(|by| match by {
        NamedBy::Object => Cause::new(object.clone(), USE),
        NamedBy::Namespace => Cause::new(namespace(), USE),
    });
    let ingress = binding.ingress.map(|_| {
        let own = meta.labels.contains_key(INGRESS_USE_WAYPOINT);
        Cause::new(if own { object.clone() } else { namespace() }, INGRESS)
    });
    named.into_iter().chain(ingress).collect()
}

fn reason(reason: RefusalReason) -> &'static str {
    match reason {
        RefusalReason::NotReady => "WaypointIsNotReady",
        RefusalReason::Denied => "AttachmentDenied",
        RefusalReason::Traffic(_) => "UnsupportedTrafficType",
        RefusalReason::CrossNamespace => "CrossNamespaceWaypointForbidden",
        RefusalReason::CanaryInvalidWeight => "CanaryInvalidWeight",
        RefusalReason::CanarySameAsPrimary => "CanarySameAsPrimary",
    }
}

/// The field of a waypoint's Gateway because of which it refuses an object.
fn refusal_field(reason: RefusalReason) -> &'static str {
    match reason {
        RefusalReason::NotReady => "status.addresses",
        RefusalReason::Denied => "spec.listeners",
        RefusalReason::Traffic(_) => "metadata.labels[\"istio.io/waypoint-for\"]",
        _ => "",
    }
}

fn message(refusal: &Refusal) -> String {
    let waypoint = &refusal.waypoint;
    match refusal.reason {
        RefusalReason::NotReady => format!("waypoint \"{waypoint}\" is not ready"),
        RefusalReason::Denied => {
            format!("we are not permitted to attach to waypoint \"{waypoint}\" (missing allowedRoutes?)")
        }
        RefusalReason::Traffic(traffic) => format!(
            "attempting to bind to traffic type \"{}\" which the waypoint \"{waypoint}\" does not support",
            traffic.as_str()
        ),
        RefusalReason::CrossNamespace => format!(
            "cannot bind to waypoint \"{waypoint}\" in another namespace: cross-namespace waypoint binding \
             is not permitted for a ServiceEntry with NAMESPACE visibility"
        ),
        RefusalReason::CanaryInvalidWeight => {
            format!("canary waypoint \"{waypoint}\" has an invalid weight; must be an integer in [0,100]")
        }
        RefusalReason::CanarySameAsPrimary => {
            format!("canary waypoint \"{waypoint}\" must differ from the primary waypoint")
        }
    }
}

/// What a ServiceEntry needs a waypoint for, if it has none.
fn missing(mesh: &Mesh, entry: &Object<ServiceEntry>) -> Option<Condition> {
    let wildcard = entry.spec.hosts.iter().position(|host| host.starts_with('*'));
    let (reason, message, field) = if asks_for_race(&entry.meta, &mesh.rules.clusters) {
        (
            "NoWaypointForRacingConnectStrategy",
            "ServiceEntry has a non-default connect strategy but no waypoint bound. A waypoint is required \
             for connect strategies to take effect for ambient clients.",
            FieldPath::field("metadata.annotations[\"istio.io/connect-strategy\"]"),
        )
    } else {
        (
            "NoWaypointForWildcardService",
            "ServiceEntry will not apply until it is bound to a valid waypoint.",
            FieldPath::at("spec.hosts[]", [wildcard?]),
        )
    };
    let condition = Condition::new(MISSING, true, reason, message).by(Manager::AmbientService);
    Some(condition.because([Cause::new(entry.object_ref(), field)]))
}

fn applied(visibility: Visibility) -> Condition {
    let (reason, message) = match visibility {
        Visibility::Namespace => (
            "Namespace",
            "ServiceEntry is visible only within its own namespace (NAMESPACE), per mesh serviceEntryVisibility.",
        ),
        _ => ("Public", "ServiceEntry is visible to the entire mesh (PUBLIC)."),
    };
    Condition::new(VISIBILITY, true, reason, message).by(Manager::AmbientService)
}

/// The addresses of each host: those of the status as they stand, else those that are allocated.
fn addresses(entry: &Object<ServiceEntry>, hosts: &[(ServiceId, &Service)]) -> Vec<Address> {
    let mut addresses = Vec::new();
    for (_, service) in hosts.iter().filter(|(_, service)| !service.auto_allocated.is_empty()) {
        let host = &service.hostname;
        let of_status = entry.spec.status.addresses.iter().filter(|address| address.host == *host);
        let of_status: Vec<_> = of_status.map(|address| address.value.clone()).collect();
        let values = if of_status.is_empty() {
            service.auto_allocated.iter().map(|address| ip::text::<String>(*address).into()).collect()
        } else {
            of_status
        };
        addresses.extend(values.into_iter().map(|value| Address { kind: host.clone(), value }));
    }
    addresses
}

fn workload_entries(mesh: &Mesh) -> Vec<Status> {
    let mut statuses = Vec::new();
    for (id, workload) in mesh.workloads.iter() {
        let WorkloadSource::WorkloadEntry(object) = &workload.source else { continue };
        if !scope::is_of_revision(mesh, &object.meta) {
            continue;
        }
        let binding = mesh.bindings.of_workload(id);
        // Gateways for ingress send to Services.
        let bound = binding.and_then(|binding| {
            let mut binding = binding.clone();
            binding.ingress = None;
            bound(mesh, &binding, &object.meta, &object.object_ref())
        });
        let mut status = Status::of(object.object_ref());
        status.conditions.extend(bound.map(|condition| condition.by(Manager::AmbientWorkloadEntry)));
        statuses.push(status);
    }
    statuses
}
