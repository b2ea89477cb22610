//! Who serves whom since 1.24: objects and namespaces name their waypoint with the label `istio.io/use-waypoint`.
//! <https://istio.io/latest/docs/ambient/usage/waypoint/>

use std::collections::{BTreeMap, BTreeSet};

use super::target::{self, MANAGED, Target, TargetAddress, Traffic};
use super::{Indexing, Waypoint, WaypointName};
use crate::Str;
use crate::hash::{HashMap, HashSet};
use crate::mesh::label_selector;
use crate::mesh::service::{Service, ServiceSource};
use crate::mesh::workload::{GATEWAY_NAME, pod};
use crate::mesh::{Resolution, ServiceId, Workload, WorkloadId, WorkloadSource};
use crate::problem::{Code, Problem};
use crate::snapshot::mesh_config::{Visibility, VisibilityMatch};
use crate::snapshot::{Labels, Meta, ObjectRef};

const USE_WAYPOINT: &str = "istio.io/use-waypoint";
const USE_WAYPOINT_NAMESPACE: &str = "istio.io/use-waypoint-namespace";
const CANARY: &str = "istio.io/use-waypoint-canary";
const CANARY_NAMESPACE: &str = "istio.io/use-waypoint-canary-namespace";
const CANARY_WEIGHT: &str = "istio.io/use-waypoint-canary-weight";

/// Fills in what each waypoint serves.
pub(super) fn attach(cx: &Indexing<'_>, waypoints: &mut [Waypoint], problems: &mut Vec<Problem>) {
    let targets = target::index(cx);
    let mut owners: BTreeMap<TargetAddress, Vec<usize>> = BTreeMap::new();
    for (i, waypoint) in waypoints.iter_mut().enumerate() {
        waypoint.readiness_assumed = targets.get(&waypoint.name).is_some_and(|t| t.assumed);
        for address in target::addresses_of_proxy(cx, &waypoint.gateway) {
            owners.entry(address).or_default().push(i);
        }
    }
    let mut attachment = Attachment {
        cx,
        targets: &targets,
        inherited: HashMap::default(),
        reported: BTreeSet::new(),
        problems,
    };
    let mut services: Vec<Vec<ServiceId>> = vec![Vec::new(); waypoints.len()];
    for (id, service) in cx.services.iter() {
        for target in attachment.of_service(id, service).into_iter().flatten() {
            serve(&owners, &mut services, target, id);
        }
    }
    let mut workloads: Vec<Vec<WorkloadId>> = vec![Vec::new(); waypoints.len()];
    for (id, workload) in cx.workloads.iter() {
        if let Some(target) = attachment.of_workload(workload) {
            serve(&owners, &mut workloads, target, id);
        }
    }
    for ((waypoint, services), workloads) in waypoints.iter_mut().zip(services).zip(workloads) {
        waypoint.services = one_per_host(cx, services);
        waypoint.workloads = workloads;
    }
}

/// Adds an object to the waypoints that answer at a target's address. Objects come in order; one may come twice, for its
/// waypoint and a canary at the same address.
fn serve<Id: Copy + PartialEq>(
    owners: &BTreeMap<TargetAddress, Vec<usize>>,
    served: &mut [Vec<Id>],
    target: &Target,
    id: Id,
) {
    let owners = target.address.as_ref().and_then(|address| owners.get(address));
    for owner in owners.into_iter().flatten() {
        if let Some(served) = served.get_mut(*owner).filter(|served| served.last() != Some(&id)) {
            served.push(id);
        }
    }
}

/// A waypoint serves a hostname once, whatever the number of namespaces that it comes from.
fn one_per_host(cx: &Indexing<'_>, mut services: Vec<ServiceId>) -> Vec<ServiceId> {
    let mut hosts = HashSet::default();
    services.retain(|id| cx.services.get(*id).is_some_and(|s| hosts.insert(s.hostname.as_str())));
    services
}

/// Why an object has no waypoint though it names one: the reasons of Istio's condition `WaypointBound`.
#[derive(Clone)]
enum Refusal {
    NotReady(WaypointName),
    Denied(WaypointName),
    Traffic(WaypointName, Traffic),
    CrossNamespace(WaypointName),
    CanaryInvalidWeight(WaypointName),
    CanarySameAsPrimary(WaypointName),
}

impl Refusal {
    fn problem(self, object: ObjectRef) -> Problem {
        let (code, message) = match self {
            Self::NotReady(name) => {
                (Code::WaypointNotReady, format!("waypoint `{name}` does not exist or has no address"))
            }
            Self::Denied(name) => {
                (Code::WaypointDenied, format!("waypoint `{name}` does not admit this namespace"))
            }
            Self::Traffic(name, traffic) => (
                Code::WaypointTraffic,
                format!("waypoint `{name}` is not for traffic to a {}", traffic.as_str()),
            ),
            Self::CrossNamespace(name) => (
                Code::WaypointDenied,
                format!("waypoint `{name}` is in another namespace, which may not see this object"),
            ),
            Self::CanaryInvalidWeight(name) => (
                Code::WaypointCanary,
                format!("the weight of canary waypoint `{name}` is not a number from 0 to 100"),
            ),
            Self::CanarySameAsPrimary(name) => {
                (Code::WaypointCanary, format!("canary waypoint `{name}` is the primary one"))
            }
        };
        Problem::new(code, message).on(object)
    }
}

/// Of an object that no waypoint serves.
const NO_TARGETS: [Option<&Target>; 2] = [None, None];

/// Finds the waypoint of each object.
struct Attachment<'a> {
    cx: &'a Indexing<'a>,
    targets: &'a BTreeMap<WaypointName, Target>,
    /// The waypoints of namespaces, as far as they were asked for.
    inherited: HashMap<(&'a str, Traffic), Result<Option<&'a Target>, Refusal>>,
    reported: BTreeSet<ObjectRef>,
    problems: &'a mut Vec<Problem>,
}

impl<'a> Attachment<'a> {
    /// The waypoints that serve a Service: its waypoint and, next to it, a canary.
    fn of_service(&mut self, id: ServiceId, service: &'a Service) -> [Option<&'a Target>; 2] {
        let meta = match &service.source {
            // The clients resolve these: there is nothing to serve.
            ServiceSource::Kubernetes(object) if object.spec.service_type == "ExternalName" => {
                return NO_TARGETS;
            }
            ServiceSource::Kubernetes(object) => &object.meta,
            ServiceSource::ServiceEntry(object) => &object.meta,
        };
        let hidden = service.resolution == Resolution::DynamicDns && !service.mesh_external;
        let managed = |labels: &Labels| {
            matches!(
                labels.get(MANAGED).map(Str::as_str),
                Some("istio.io-mesh-controller" | "istio.io-eastwest-controller")
            )
        };
        let winner = self.cx.services.lookup(&service.hostname, &service.namespace) == Some(id);
        if hidden || !winner || managed(&meta.labels) || managed(&service.selector) {
            return NO_TARGETS;
        }
        match self.service_targets(service, meta) {
            Ok(targets) => targets,
            Err(refusal) => {
                self.report(refusal, service.source.object());
                NO_TARGETS
            }
        }
    }

    fn service_targets(
        &mut self,
        service: &Service,
        meta: &'a Meta,
    ) -> Result<[Option<&'a Target>; 2], Refusal> {
        let Some(primary) = self.target(&meta.labels, &meta.namespace, Traffic::Service)? else {
            return Ok(NO_TARGETS);
        };
        if !service.is_kubernetes() {
            match visibility(self.cx, &meta.namespace) {
                Visibility::None => return Ok(NO_TARGETS),
                Visibility::Namespace if primary.gateway.meta.namespace != meta.namespace => {
                    return Err(Refusal::CrossNamespace(WaypointName::of(&primary.gateway)));
                }
                _ => {}
            }
        }
        match self.canary(meta, primary) {
            Ok(canary) => Ok([Some(primary), canary]),
            // A canary that cannot be used leaves the primary waypoint in place.
            Err(refusal) => {
                self.report(refusal, service.source.object());
                Ok([Some(primary), None])
            }
        }
    }

    /// The waypoint that serves a workload's own address.
    fn of_workload(&mut self, workload: &'a Workload) -> Option<&'a Target> {
        let (labels, namespace) = match &workload.source {
            WorkloadSource::Pod(object) => {
                let counts = !pod::is_terminal(&object.spec) && !workload.addresses.is_empty();
                (&workload.labels, counts.then_some(&object.meta.namespace)?)
            }
            WorkloadSource::WorkloadEntry(object) => (&workload.labels, &object.meta.namespace),
            WorkloadSource::ServiceEntryEndpoint(object, i) => {
                let endpoint = object.spec.endpoints.get(*i)?;
                let is_winner = |host: &Str| {
                    let id = self.cx.services.lookup(host, &object.meta.namespace);
                    id.and_then(|id| self.cx.services.get(id))
                        .is_some_and(|s| s.source.object() == object.object_ref())
                };
                let known = object.spec.hosts.iter().any(is_winner);
                (&endpoint.labels, known.then_some(&object.meta.namespace)?)
            }
        };
        let instance_of =
            labels.get(GATEWAY_NAME).map(|name| WaypointName::new(namespace.as_str(), name.as_str()));
        if instance_of.is_some_and(|name| self.targets.contains_key(&name)) {
            return None;
        }
        match self.target(labels, namespace, Traffic::Workload) {
            Ok(target) => target,
            Err(refusal) => {
                // A namespace's waypoint that is for services only is no mistake.
                if labels.contains_key(USE_WAYPOINT) || !matches!(refusal, Refusal::Traffic(..)) {
                    self.report(refusal, workload.source.object());
                }
                None
            }
        }
    }

    /// The waypoint that labels name, else the namespace's. There is no way back from a bad name to the namespace's.
    fn target(
        &mut self,
        labels: &Labels,
        namespace: &'a str,
        traffic: Traffic,
    ) -> Result<Option<&'a Target>, Refusal> {
        if labels.contains_key(USE_WAYPOINT) {
            return self.named(labels, namespace, traffic);
        }
        if let Some(known) = self.inherited.get(&(namespace, traffic)) {
            return known.clone();
        }
        let found = self.named(self.cx.namespaces.labels(namespace), namespace, traffic);
        self.inherited.insert((namespace, traffic), found.clone());
        found
    }

    /// The waypoint that labels name for an object of a namespace.
    fn named(
        &self,
        labels: &Labels,
        namespace: &str,
        traffic: Traffic,
    ) -> Result<Option<&'a Target>, Refusal> {
        let Some(name) = labels.get(USE_WAYPOINT).filter(|name| *name != "none") else { return Ok(None) };
        let gateway_namespace = labels.get(USE_WAYPOINT_NAMESPACE).map_or(namespace, Str::as_str);
        self.usable(WaypointName::new(gateway_namespace, name.as_str()), namespace, traffic).map(Some)
    }

    /// The target of this name, if objects of a namespace may use it for this traffic.
    fn usable(&self, name: WaypointName, namespace: &str, traffic: Traffic) -> Result<&'a Target, Refusal> {
        let Some(target) = self.targets.get(&name) else { return Err(Refusal::NotReady(name)) };
        if !target.admits(self.cx, namespace) {
            return Err(Refusal::Denied(name));
        }
        if target.is_for(traffic) { Ok(target) } else { Err(Refusal::Traffic(name, traffic)) }
    }

    /// The canary of a Service, from the level that its primary waypoint comes from.
    fn canary(&self, meta: &Meta, primary: &Target) -> Result<Option<&'a Target>, Refusal> {
        let inherits = !meta.labels.contains_key(USE_WAYPOINT);
        let namespace = self.cx.namespaces.get(&meta.namespace).map(|n| &n.meta).filter(|_| inherits);
        let levels = || std::iter::once(meta).chain(namespace);
        let level = levels().find(|level| level.labels.contains_key(CANARY));
        let Some((level, name)) = level.and_then(|level| Some((level, level.labels.get(CANARY)?))) else {
            return Ok(None);
        };
        if name.is_empty() || name == "none" {
            return Ok(None);
        }
        let gateway_namespace = level.labels.get(CANARY_NAMESPACE).unwrap_or(&meta.namespace);
        let name = WaypointName::new(gateway_namespace.as_str(), name.as_str());
        if name == WaypointName::of(&primary.gateway) {
            return Err(Refusal::CanarySameAsPrimary(name));
        }
        let weight = levels().find_map(|level| level.annotations.get(CANARY_WEIGHT));
        if weight.is_some_and(|weight| weight.parse::<u8>().map_or(true, |weight| weight > 100)) {
            return Err(Refusal::CanaryInvalidWeight(name));
        }
        self.usable(name, &meta.namespace, Traffic::Service).map(Some)
    }

    /// Reports a refusal, once per object.
    fn report(&mut self, refusal: Refusal, object: ObjectRef) {
        if self.reported.insert(object.clone()) {
            self.problems.push(refusal.problem(object));
        }
    }
}

/// How far ServiceEntries of a namespace are visible, as the mesh configuration says.
fn visibility(cx: &Indexing<'_>, namespace: &str) -> Visibility {
    let Some(setting) = &cx.config.service_entry_visibility else { return Visibility::Public };
    let labels = cx.namespaces.labels(namespace);
    let matches = |rule: &VisibilityMatch| match rule {
        VisibilityMatch::NamespaceSelector(selector) => label_selector::matches(selector, labels),
        VisibilityMatch::Unset => false,
    };
    let policy = setting.policies.iter().find(|policy| policy.matching_rules.iter().any(matches));
    match policy.map_or(setting.default_visibility, |policy| policy.visibility) {
        Visibility::Unspecified => Visibility::Public,
        visibility => visibility,
    }
}
