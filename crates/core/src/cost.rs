//! What distributing configuration costs: sidecars against waypoints.
//!
//! The comparison of the article
//! [Istio Ambient Waypoint Proxy Made Simple](https://istio.io/latest/blog/2023/waypoint-proxy-made-simple/),
//! for any mesh. A *configuration* is what a proxy has to know of one Service; what is counted is
//! configurations times proxies that hold them.
//!
//! The article counts sidecars in two ways, so there are two [`Rule`]s.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::Str;
use crate::mesh::workload::WorkloadSource;
use crate::mesh::{Mesh, Service, ServiceId, Waypoint, Workload};
use crate::well_known::MANAGED;

/// Which configurations a sidecar is taken to hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Rule {
    /// Those of its own namespace: the article's table (25 × 250 + 25 × 250 = 12,500 against 100: 0.8 %).
    #[default]
    Namespace,
    /// Those of the whole mesh, which is Istio's default: the article's small example (4 × 4 = 16 against 4:
    /// 25 %).
    Mesh,
}

impl Rule {
    /// How many replicas of each waypoint the article assumes under this rule.
    #[must_use]
    pub const fn waypoint_replicas(self) -> u64 {
        match self {
            Self::Namespace => 2,
            Self::Mesh => 1,
        }
    }
}

/// The name of a rule that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown rule `{0}`: expected namespace or mesh")]
pub struct UnknownRule(String);

impl FromStr for Rule {
    type Err = UnknownRule;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        match s {
            "namespace" => Ok(Self::Namespace),
            "mesh" => Ok(Self::Mesh),
            other => Err(UnknownRule(other.to_owned())),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Namespace => "namespace",
            Self::Mesh => "mesh",
        })
    }
}

/// The comparison for a whole mesh.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Cost {
    /// How sidecars were counted.
    pub rule: Rule,
    /// Each namespace that has a Service, a workload or a waypoint, by name.
    pub namespaces: Vec<NamespaceCost>,
    /// All namespaces together.
    pub total: Distribution,
}

/// The comparison for one namespace.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct NamespaceCost {
    /// The namespace.
    pub namespace: Str,
    /// Its Services, those of waypoints left out.
    pub services: u64,
    /// Its pods, those of waypoints left out: each would have a sidecar.
    pub sidecars: u64,
    /// The replicas of its waypoints.
    pub waypoints: u64,
    /// What they hold.
    pub distribution: Distribution,
    /// How many proxies get a push when one of its Services changes.
    pub change: Change,
    /// Its Services by name, those of waypoints left out, in their order.
    #[serde(skip)]
    pub hosts: Vec<Str>,
    /// Its waypoints, in their order.
    #[serde(skip)]
    pub proxies: Vec<WaypointCost>,
}

/// What one waypoint holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WaypointCost {
    /// The name of its Gateway.
    pub name: Str,
    /// Its replicas.
    pub replicas: u64,
    /// The Services whose configurations each replica holds: namespace and host.
    pub holds: Vec<(Str, Str)>,
}

/// How many configurations are held in each model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Distribution {
    /// By sidecars.
    pub sidecars: u64,
    /// By waypoints.
    pub waypoints: u64,
}

impl Distribution {
    /// Waypoints' share of what sidecars hold, in percent; `None` where there is no sidecar.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a percentage needs no more than 53 bits")]
    pub fn percent(self) -> Option<f64> {
        (self.sidecars > 0).then(|| self.waypoints as f64 * 100.0 / self.sidecars as f64)
    }
}

/// How many proxies get a push when one Service changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Change {
    /// In the sidecar model.
    pub sidecars: u64,
    /// In the waypoint model: of the namespace's Services, the one that most replicas serve.
    pub waypoints: u64,
}

/// Compares the two models for a mesh.
///
/// A waypoint has as many replicas as the snapshot has pods of it; where it has none, `replicas`, or what the
/// article assumes ([`Rule::waypoint_replicas`]).
#[must_use]
pub fn cost(mesh: &Mesh, rule: Rule, replicas: Option<u64>) -> Cost {
    let assumed = replicas.unwrap_or(rule.waypoint_replicas());
    let mut namespaces: BTreeMap<&str, NamespaceCost> = BTreeMap::new();
    for (_, service) in mesh.services.iter().filter(|(_, service)| !is_a_waypoints_own(service)) {
        let namespace = entry(&mut namespaces, &service.namespace);
        namespace.services += 1;
        namespace.hosts.push(service.hostname.clone());
    }
    for (_, workload) in mesh.workloads.iter() {
        if matches!(workload.source, WorkloadSource::Pod(_)) && !workload.is_waypoint {
            entry(&mut namespaces, &workload.namespace).sidecars += 1;
        }
    }
    let mut told: BTreeMap<ServiceId, u64> = BTreeMap::new();
    for waypoint in &mesh.waypoints {
        let count = replicas_in(mesh, waypoint).unwrap_or(assumed);
        let served = waypoint.services.iter().filter_map(|id| Some((*id, mesh.services.get(*id)?)));
        let namespace = entry(&mut namespaces, &waypoint.name.namespace);
        namespace.waypoints += count;
        let mut holds = Vec::new();
        for (id, service) in served.filter(|(_, service)| !is_a_waypoints_own(service)) {
            namespace.distribution.waypoints += count;
            *told.entry(id).or_default() += count;
            holds.push((service.namespace.clone(), service.hostname.clone()));
        }
        namespace.proxies.push(WaypointCost { name: waypoint.name.name.clone(), replicas: count, holds });
    }
    for (id, count) in told {
        if let Some(service) = mesh.services.get(id) {
            let change = &mut entry(&mut namespaces, &service.namespace).change;
            change.waypoints = change.waypoints.max(count);
        }
    }
    finish(namespaces.into_values().collect(), rule)
}

/// Whether a Service is the one that Istio made for a waypoint.
fn is_a_waypoints_own(service: &Service) -> bool {
    service.labels.contains_key(MANAGED)
}

/// How many pods of a waypoint the snapshot has, if any.
fn replicas_in(mesh: &Mesh, waypoint: &Waypoint) -> Option<u64> {
    const GATEWAY_NAME: [&str; 2] = ["gateway.networking.k8s.io/gateway-name", "istio.io/gateway-name"];
    let runs_it = |workload: &&Workload| {
        workload.is_waypoint
            && workload.namespace == waypoint.name.namespace
            && GATEWAY_NAME.iter().any(|label| workload.labels.get(label) == Some(&waypoint.name.name))
    };
    let pods = mesh.workloads.iter().map(|(_, workload)| workload).filter(runs_it).count();
    u64::try_from(pods).ok().filter(|pods| *pods > 0)
}

fn entry<'a, 'n>(
    namespaces: &'a mut BTreeMap<&'n str, NamespaceCost>,
    namespace: &'n Str,
) -> &'a mut NamespaceCost {
    namespaces.entry(namespace).or_insert_with(|| NamespaceCost {
        namespace: namespace.clone(),
        services: 0,
        sidecars: 0,
        waypoints: 0,
        distribution: Distribution::default(),
        change: Change::default(),
        hosts: Vec::new(),
        proxies: Vec::new(),
    })
}

/// Fills in what sidecars hold and hear of, and the total.
fn finish(mut namespaces: Vec<NamespaceCost>, rule: Rule) -> Cost {
    let all_services: u64 = namespaces.iter().map(|n| n.services).sum();
    let all_sidecars: u64 = namespaces.iter().map(|n| n.sidecars).sum();
    let mut total = Distribution::default();
    for namespace in &mut namespaces {
        let (known, listeners) = match rule {
            Rule::Namespace => (namespace.services, namespace.sidecars),
            Rule::Mesh => (all_services, all_sidecars),
        };
        namespace.distribution.sidecars = known * namespace.sidecars;
        namespace.change.sidecars = if namespace.services > 0 { listeners } else { 0 };
        total.sidecars += namespace.distribution.sidecars;
        total.waypoints += namespace.distribution.waypoints;
    }
    Cost { rule, namespaces, total }
}
