//! Which waypoint each Service, ServiceEntry and workload uses, and why: what Istio's condition
//! `WaypointBound` tells.
//! <https://istio.io/latest/docs/ambient/usage/waypoint/>

use std::collections::BTreeMap;
use std::fmt;

use super::target::{Home, Target, TargetId, Targets, Traffic};
use super::{Indexing, WaypointName};
use crate::Str;
use crate::hash::HashMap;
use crate::mesh::service::{Service, ServiceSource};
use crate::mesh::workload::GATEWAY_NAME;
use crate::mesh::{ServiceId, Workload, WorkloadId, WorkloadSource};
use crate::problem::Code;
use crate::snapshot::mesh_config::Visibility;
use crate::snapshot::{Labels, Meta};
use crate::well_known::{MANAGED, MANAGED_WAYPOINT};
pub use crate::well_known::{USE_WAYPOINT, USE_WAYPOINT_NAMESPACE};

/// The label that says whether gateways for ingress send to the waypoint.
pub const INGRESS_USE_WAYPOINT: &str = "istio.io/ingress-use-waypoint";
/// The label that names a canary waypoint.
pub const CANARY: &str = "istio.io/use-waypoint-canary";
/// The label that names a canary's namespace.
pub const CANARY_NAMESPACE: &str = "istio.io/use-waypoint-canary-namespace";
/// The annotation that says which part of the connections a canary gets.
pub const CANARY_WEIGHT: &str = "istio.io/use-waypoint-canary-weight";

/// Which waypoint an object uses.
///
/// One that names a waypoint and has neither a waypoint nor a refusal does without: it says `none`, or is a
/// workload of a namespace whose waypoint is for services only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Binding {
    /// Where a waypoint (or `none`) is named; nowhere if nothing is said.
    pub named_by: Option<NamedBy>,
    /// The waypoint that it uses.
    pub waypoint: Option<TargetId>,
    /// The waypoint that gets a part of its connections.
    pub canary: Option<Canary>,
    /// Why it has no waypoint, or no canary, though it names one.
    pub refusal: Option<Refusal>,
    /// Whether gateways for ingress send to its waypoint; nothing if nobody says.
    pub ingress: Option<bool>,
}

/// Where the label `istio.io/use-waypoint` that counts is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamedBy {
    /// On the object itself.
    Object,
    /// On its Namespace.
    Namespace,
}

/// A waypoint that gets a part of a Service's connections (since 1.31).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Canary {
    /// The waypoint.
    pub waypoint: TargetId,
    /// Its part, in percent.
    pub weight: u8,
}

/// A waypoint that an object names and does not get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The waypoint.
    pub waypoint: WaypointName,
    /// Why.
    pub reason: RefusalReason,
}

/// Why an object does not get the waypoint that it names: the reasons of Istio's condition `WaypointBound`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalReason {
    /// It does not exist, or has no address.
    NotReady,
    /// It does not admit the object's namespace.
    Denied,
    /// It is not for this traffic.
    Traffic(Traffic),
    /// It is in another namespace, which may not see the ServiceEntry.
    CrossNamespace,
    /// The weight of the canary is no number from 0 to 100.
    CanaryInvalidWeight,
    /// The canary is the primary waypoint.
    CanarySameAsPrimary,
}

impl Refusal {
    /// The code of the problem that it is.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self.reason {
            RefusalReason::NotReady => Code::WaypointNotReady,
            RefusalReason::Denied | RefusalReason::CrossNamespace => Code::WaypointDenied,
            RefusalReason::Traffic(_) => Code::WaypointTraffic,
            RefusalReason::CanaryInvalidWeight | RefusalReason::CanarySameAsPrimary => Code::WaypointCanary,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.waypoint;
        match self.reason {
            RefusalReason::NotReady => write!(f, "waypoint `{name}` does not exist or has no address"),
            RefusalReason::Denied => write!(f, "waypoint `{name}` does not admit this namespace"),
            RefusalReason::Traffic(traffic) => {
                write!(f, "waypoint `{name}` is not for traffic to a {}", traffic.as_str())
            }
            RefusalReason::CrossNamespace => {
                write!(f, "waypoint `{name}` is in another namespace, which may not see this object")
            }
            RefusalReason::CanaryInvalidWeight => {
                write!(f, "the weight of canary waypoint `{name}` is not a number from 0 to 100")
            }
            RefusalReason::CanarySameAsPrimary => write!(f, "canary waypoint `{name}` is the primary one"),
        }
    }
}

/// Which waypoint every Service and workload uses (since 1.24; before, nothing names one).
#[derive(Clone, Debug, Default)]
pub struct Bindings {
    /// The Gateways that may be used as waypoints.
    pub targets: Targets,
    services: Vec<Binding>,
    workloads: Vec<Binding>,
    /// Of the workloads in other clusters, by the name of each.
    remote_workloads: BTreeMap<Str, Vec<Binding>>,
}

impl Bindings {
    /// Finds the waypoint of each object.
    pub(super) fn new(cx: &Indexing<'_>) -> Self {
        let targets = Targets::new(cx);
        let binder = |home| Binder { cx, home, targets: &targets, inherited: HashMap::default() };
        let mut own = binder(Home::own(cx));
        let of_clusters = cx.remotes.iter().map(|remote| (&remote.name, binder(Home::remote(remote))));
        let mut others: BTreeMap<&Str, Binder<'_>> = of_clusters.collect();
        let services = cx.services.iter().map(|(_, service)| match others.get_mut(&service.cluster) {
            Some(binder) => binder.of_service(service),
            None => own.of_service(service),
        });
        let services = services.collect();
        let workloads = cx.workloads.iter().map(|(_, workload)| own.of_workload(workload)).collect();
        let remote_workloads = cx.remotes.iter().filter_map(|remote| {
            let binder = others.get_mut(&remote.name)?;
            let all = remote.workloads.iter().map(|(_, workload)| binder.of_workload(workload));
            Some((remote.name.clone(), all.collect()))
        });
        let remote_workloads = remote_workloads.collect();
        Self { targets, services, workloads, remote_workloads }
    }

    /// Which waypoint a Service uses; every host of a ServiceEntry uses the same.
    #[must_use]
    pub fn of_service(&self, id: ServiceId) -> Option<&Binding> {
        self.services.get(id.0 as usize)
    }

    /// Which waypoint a workload uses for traffic to its own address.
    #[must_use]
    pub fn of_workload(&self, id: WorkloadId) -> Option<&Binding> {
        self.workloads.get(id.0 as usize)
    }

    /// Which waypoint a workload of another cluster uses for traffic to its own address.
    #[must_use]
    pub fn of_remote_workload(&self, cluster: &str, id: WorkloadId) -> Option<&Binding> {
        self.remote_workloads.get(cluster)?.get(id.0 as usize)
    }

    /// The waypoint of a binding.
    #[must_use]
    pub fn waypoint(&self, binding: &Binding) -> Option<&Target> {
        self.targets.get(binding.waypoint?)
    }
}

type Found = Result<Option<TargetId>, Refusal>;

/// Finds the waypoint of each object.
struct Binder<'a> {
    cx: &'a Indexing<'a>,
    /// The cluster that the objects are in.
    home: Home<'a>,
    targets: &'a Targets,
    /// The waypoints of namespaces, as far as they were asked for.
    inherited: HashMap<(&'a str, Traffic), Found>,
}

impl<'a> Binder<'a> {
    fn of_service(&mut self, service: &'a Service) -> Binding {
        let (meta, is_entry) = match &service.source {
            ServiceSource::Kubernetes(object) => (&object.meta, false),
            ServiceSource::ServiceEntry(object) => (&object.meta, true),
        };
        if is_managed(&meta.labels) {
            return Binding::default();
        }
        let mut binding = self.binding(&meta.labels, &meta.namespace, Traffic::Service);
        let Some(primary) = binding.waypoint.and_then(|id| self.targets.get(id)) else { return binding };
        let private = || {
            self.cx.config.visibility_in(self.home.namespaces.labels(&meta.namespace))
                == Visibility::Namespace
        };
        if is_entry && primary.gateway.meta.namespace != meta.namespace && private() {
            let waypoint = primary.name();
            binding.refusal = Some(Refusal { waypoint, reason: RefusalReason::CrossNamespace });
            binding.waypoint = None;
            return binding;
        }
        binding.ingress = self.ingress(meta);
        if !self.cx.rules.waypoints.canaries {
            return binding;
        }
        // A canary that cannot be used leaves the primary waypoint in place.
        match self.canary(meta, primary) {
            Ok(canary) => binding.canary = canary,
            Err(refusal) => binding.refusal = Some(refusal),
        }
        binding
    }

    fn of_workload(&mut self, workload: &'a Workload) -> Binding {
        let (labels, namespace) = match &workload.source {
            WorkloadSource::Pod(object) => (&object.meta.labels, &object.meta.namespace),
            WorkloadSource::WorkloadEntry(object) => (&workload.labels, &object.meta.namespace),
            WorkloadSource::ServiceEntryEndpoint(object, i) => match object.spec.endpoints.get(*i) {
                Some(endpoint) => (&endpoint.labels, &object.meta.namespace),
                // A name that is resolved instead of an endpoint.
                None => return Binding::default(),
            },
        };
        if self.targets.of_instance(self.home.cluster, labels, namespace).is_some() {
            return Binding::default();
        }
        let mut binding = self.binding(labels, namespace, Traffic::Workload);
        let for_services = |refusal: &Refusal| matches!(refusal.reason, RefusalReason::Traffic(_));
        // A namespace's waypoint that is for services only is no mistake.
        if binding.named_by == Some(NamedBy::Namespace) && binding.refusal.as_ref().is_some_and(for_services)
        {
            binding.refusal = None;
        }
        binding
    }

    /// The waypoint that labels name, else the namespace's. There is no way back from a bad name to the
    /// namespace's.
    fn binding(&mut self, labels: &Labels, namespace: &'a str, traffic: Traffic) -> Binding {
        let (named_by, found) = if labels.contains_key(USE_WAYPOINT) {
            (Some(NamedBy::Object), self.named(labels, namespace, traffic))
        } else {
            let of_namespace = self.home.namespaces.labels(namespace);
            let named_by = of_namespace.contains_key(USE_WAYPOINT).then_some(NamedBy::Namespace);
            (named_by, self.inherited(of_namespace, namespace, traffic))
        };
        let (waypoint, refusal) = match found {
            Ok(waypoint) => (waypoint, None),
            Err(refusal) => (None, Some(refusal)),
        };
        Binding { named_by, waypoint, refusal, ..Binding::default() }
    }

    fn inherited(&mut self, labels: &Labels, namespace: &'a str, traffic: Traffic) -> Found {
        if let Some(known) = self.inherited.get(&(namespace, traffic)) {
            return known.clone();
        }
        let found = self.named(labels, namespace, traffic);
        self.inherited.insert((namespace, traffic), found.clone());
        found
    }

    /// The waypoint that labels name for an object of a namespace.
    fn named(&self, labels: &Labels, namespace: &str, traffic: Traffic) -> Found {
        let Some(name) = labels.get(USE_WAYPOINT).filter(|name| *name != "none") else { return Ok(None) };
        let gateway_namespace = labels.get(USE_WAYPOINT_NAMESPACE).map_or(namespace, Str::as_str);
        self.usable(WaypointName::new(gateway_namespace, name.as_str()), namespace, traffic).map(Some)
    }

    /// The target of this name, if objects of a namespace may use it for this traffic.
    fn usable(&self, waypoint: WaypointName, namespace: &str, traffic: Traffic) -> Result<TargetId, Refusal> {
        let refusal = |reason| Refusal { waypoint: waypoint.clone(), reason };
        let Some((id, target)) = self.targets.lookup_in(self.home.cluster, &waypoint) else {
            return Err(refusal(RefusalReason::NotReady));
        };
        if !target.admits(self.home.namespaces, namespace) {
            return Err(refusal(RefusalReason::Denied));
        }
        if target.is_for(traffic) { Ok(id) } else { Err(refusal(RefusalReason::Traffic(traffic))) }
    }

    /// The canary of a Service, from the level that its primary waypoint comes from.
    fn canary(&self, meta: &Meta, primary: &Target) -> Result<Option<Canary>, Refusal> {
        let inherits = matches!(meta.labels.get(USE_WAYPOINT).map(Str::as_str), None | Some("none"));
        let namespace = self.home.namespaces.get(&meta.namespace).map(|n| &n.meta).filter(|_| inherits);
        let levels = || std::iter::once(meta).chain(namespace);
        let level = levels().find(|level| level.labels.contains_key(CANARY));
        let Some((level, name)) = level.and_then(|level| Some((level, level.labels.get(CANARY)?))) else {
            return Ok(None);
        };
        if name.is_empty() || name == "none" {
            return Ok(None);
        }
        let gateway_namespace = level.labels.get(CANARY_NAMESPACE).unwrap_or(&meta.namespace);
        let waypoint = WaypointName::new(gateway_namespace.as_str(), name.as_str());
        if waypoint == primary.name() {
            return Err(Refusal { waypoint, reason: RefusalReason::CanarySameAsPrimary });
        }
        let weight = levels().find_map(|level| level.annotations.get(CANARY_WEIGHT));
        let weight = weight.map_or(Some(0), |weight| percent(weight));
        let Some(weight) = weight else {
            return Err(Refusal { waypoint, reason: RefusalReason::CanaryInvalidWeight });
        };
        let waypoint = self.usable(waypoint, &meta.namespace, Traffic::Service)?;
        Ok(Some(Canary { waypoint, weight }))
    }

    /// What a Service, else its namespace, says of ingress.
    fn ingress(&self, meta: &Meta) -> Option<bool> {
        let of_namespace = || self.home.namespaces.label(&meta.namespace, INGRESS_USE_WAYPOINT);
        let value = meta.labels.get(INGRESS_USE_WAYPOINT).or_else(of_namespace)?;
        Some(matches!(value.as_str(), "1" | "t" | "T" | "true" | "TRUE" | "True"))
    }
}

/// A number from 0 to 100.
fn percent(text: &str) -> Option<u8> {
    let number: i64 = text.parse().ok()?;
    u8::try_from(number).ok().filter(|percent| *percent <= 100)
}

/// Whether Istio deploys an object with these labels: waypoints and east-west gateways have no waypoint
/// themselves.
pub(super) fn is_managed(labels: &Labels) -> bool {
    matches!(labels.get(MANAGED).map(Str::as_str), Some(MANAGED_WAYPOINT | "istio.io-eastwest-controller"))
}

impl Targets {
    /// The waypoint that a workload of a cluster with these labels is an instance of.
    #[must_use]
    pub fn of_instance(&self, cluster: &str, labels: &Labels, namespace: &str) -> Option<&Target> {
        let name = labels.get(GATEWAY_NAME).filter(|name| !name.is_empty())?;
        self.lookup_in(cluster, &WaypointName::new(namespace, name.as_str())).map(|(_, target)| target)
    }
}
