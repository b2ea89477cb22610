//! What a cluster would have added to objects from files: a repository has Deployments instead of Pods, and
//! Services without addresses.
//!
//! | module | assumes |
//! |---|---|
//! | `addresses` | an address for each Service without one, and for each assumed Pod |
//! | `pods` | the Pods of Deployments, StatefulSets, DaemonSets, ReplicaSets, Jobs and Rollouts |
//! | `mesh_config` | the ConfigMap that Istio makes of an IstioOperator's settings |
//! | `namespaces` | Namespaces that objects are in and nothing defines |
//! | `inference_pools` | the Services that Istio makes of InferencePools, where it knows these |
//! | `remote_gateways` | the addresses that Istio writes into the statuses of Gateways of class `istio-remote` |
//! | `service_entries` | nothing: it marks those for which Istio allocates addresses that no status tells |
//!
//! Only objects that were never applied are completed: what has a creation timestamp or a uid comes from a
//! cluster, where nothing is missing. What Istio itself makes is added wherever it is missing. What is
//! assumed depends on names alone, not on the order of the input, and is told by one note for each sort. An
//! assumed Pod stands where its controller does.

mod addresses;
mod inference_pools;
mod mesh_config;
mod namespaces;
mod pods;
mod remote_gateways;
mod service_entries;

use crate::Str;
use crate::options::{Assume, Options};
use crate::problem::{Code, Problem};
use crate::snapshot::passed_over::PassedOver;
use crate::snapshot::{Meta, Reading, Snapshot};
use addresses::Addresses;

/// What was read, completed by what is assumed; none where nothing is missing.
#[must_use]
pub fn complete(reading: &Reading, options: &Options) -> Option<Reading> {
    let completed = match options.assume {
        Assume::Nothing => None,
        Assume::All => {
            let completed = with_pools(reading, completed(reading, options.revision.as_deref()), options);
            with_remote_gateways(reading, completed, options)
        }
    };
    let allocated = service_entries::allocated(completed.as_ref().unwrap_or(reading), options);
    if allocated.is_empty() {
        return completed;
    }
    let mut completed = completed.unwrap_or_else(|| reading.clone());
    completed.problems.push(allocated.note());
    completed.problems.sort();
    allocated.apply(&mut completed.snapshot);
    Some(completed)
}

/// What was completed already, or else what was read, with the Services of InferencePools.
fn with_pools(reading: &Reading, completed: Option<Reading>, options: &Options) -> Option<Reading> {
    let pools = inference_pools::of_pools(completed.as_ref().unwrap_or(reading), options);
    if pools.is_empty() {
        return completed;
    }
    let mut completed = completed.unwrap_or_else(|| reading.clone());
    completed.problems.extend(pools.note());
    completed.problems.sort();
    pools.apply(&mut completed.snapshot);
    Some(completed)
}

/// What was completed already, or else what was read, with the addresses of Gateways that somebody else runs.
fn with_remote_gateways(reading: &Reading, completed: Option<Reading>, options: &Options) -> Option<Reading> {
    let gateways = remote_gateways::addressed(completed.as_ref().unwrap_or(reading), options);
    if gateways.is_empty() {
        return completed;
    }
    let mut completed = completed.unwrap_or_else(|| reading.clone());
    completed.problems.push(gateways.note());
    completed.problems.sort();
    gateways.apply(&mut completed.snapshot);
    Some(completed)
}

/// What was read, completed by what a cluster would add without Istio.
fn completed(reading: &Reading, revision: Option<&str>) -> Option<Reading> {
    let (config_map, mut installed) = mesh_config::of_installation(reading, revision).unzip();
    let mut pods = Addresses::new(addresses::OF_PODS);
    let assumed: Vec<Assumed> = Part::all(reading).map(|part| Assumed::of(&part, &mut pods)).collect();
    if installed.is_none() && assumed.iter().all(Assumed::is_nothing) {
        return None;
    }
    let mut completed = reading.clone();
    let mut remotes = std::mem::take(&mut completed.snapshot.remotes);
    let own = std::iter::once((Str::default(), &mut completed.snapshot));
    let others = remotes.iter_mut().map(|remote| (remote.cluster.clone(), remote));
    for ((cluster, part), assumed) in own.chain(others).zip(assumed) {
        completed.problems.extend(assumed.notes(&cluster));
        assumed.apply(part, &cluster);
    }
    completed.snapshot.remotes = remotes;
    if let Some(config_map) = config_map {
        mesh_config::apply(&mut completed.snapshot, config_map);
    }
    completed.locate(installed.as_mut_slice());
    completed.problems.extend(installed);
    completed.problems.sort();
    Some(completed)
}

/// What was read of one cluster.
struct Part<'r> {
    snapshot: &'r Snapshot,
    passed_over: Vec<&'r PassedOver>,
}

impl<'r> Part<'r> {
    /// The clusters of a reading, the own one first.
    fn all(reading: &'r Reading) -> impl Iterator<Item = Self> {
        let of = move |cluster: &str| -> Vec<&'r PassedOver> {
            reading.passed_over.iter().filter(|other| other.object.cluster == cluster).collect()
        };
        let own = Self { snapshot: &reading.snapshot, passed_over: of("") };
        let remote = move |snapshot: &'r Snapshot| Self { snapshot, passed_over: of(&snapshot.cluster) };
        std::iter::once(own).chain(reading.snapshot.remotes.iter().map(remote))
    }
}

/// What is assumed of one cluster.
struct Assumed {
    services: addresses::OfServices,
    pods: pods::OfControllers,
    namespaces: namespaces::Undefined,
}

impl Assumed {
    fn of(part: &Part<'_>, addresses: &mut Addresses) -> Self {
        Self {
            services: addresses::of_services(part.snapshot),
            pods: pods::of_controllers(part, addresses),
            namespaces: namespaces::undefined(part),
        }
    }

    fn is_nothing(&self) -> bool {
        self.namespaces.is_empty() && self.notes("").next().is_none()
    }

    /// Notes of what is assumed; of the control plane's own cluster without its name.
    fn notes(&self, cluster: &str) -> impl Iterator<Item = Problem> {
        let notes = [self.services.note(), self.pods.note(), self.namespaces.note()].into_iter().flatten();
        notes.map(move |mut problem| {
            if !cluster.is_empty() {
                problem.message = format!("in cluster `{cluster}`, {}", problem.message);
            }
            problem
        })
    }

    fn apply(self, snapshot: &mut Snapshot, cluster: &Str) {
        self.services.apply(snapshot);
        self.pods.apply(snapshot);
        self.namespaces.apply(snapshot, cluster);
    }
}

/// Whether an object was never applied to a cluster.
fn is_new(meta: &Meta) -> bool {
    meta.creation_timestamp.is_none() && meta.uid.is_empty()
}

/// A note of what was assumed.
fn note(message: String) -> Problem {
    Problem::new(Code::Assumed, message)
}

/// How many there are: `1 Service`, `2 Services`.
fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// The first few names, and how many more there are.
fn names(all: &[String]) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<&str> = all.iter().take(SHOWN).map(String::as_str).collect();
    match all.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::release::Release;
    use crate::snapshot::Snapshot;
    use crate::text::SourceFile;

    const SHOP: &str = r#"
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {selector: {app: cart}, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: kept, namespace: shop}
spec: {clusterIP: 10.96.0.7, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: headless, namespace: shop}
spec: {clusterIP: None, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: from-cluster, namespace: shop, creationTimestamp: "2026-05-04T09:30:00Z"}
spec: {ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart, version: v1}}
    spec: {serviceAccountName: cart, containers: [{name: main, image: cart, ports: [{name: http, containerPort: 8080}]}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: data}
spec:
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: main, image: db}]}
"#;

    fn read(text: &str) -> Reading {
        Snapshot::read([SourceFile::new("shop.yaml", text)], &Limits::DEFAULT)
    }

    fn completed(text: &str) -> Reading {
        complete(&read(text), &Options::default()).expect("something is missing")
    }

    fn notes(reading: &Reading) -> Vec<&str> {
        reading.problems.iter().map(|problem| problem.message.as_str()).collect()
    }

    #[test]
    fn what_a_cluster_would_add_is_there() {
        let completed = completed(SHOP);
        let s = &completed.snapshot;
        let pods: Vec<String> = s.pods.iter().map(|pod| pod.object_ref().to_string()).collect();
        assert_eq!(pods, ["Pod data/db-0", "Pod shop/cart-assumed-0", "Pod shop/cart-assumed-1"]);
        let pod = &s.pods[1];
        assert_eq!(
            (pod.spec.service_account_name.as_str(), pod.spec.status.phase.as_str()),
            ("cart", "Running")
        );
        assert_eq!(pod.meta.labels.get("version").map(|v| v.as_str()), Some("v1"));
        let addresses: Vec<&str> =
            s.services.iter().map(|service| service.spec.cluster_ip.as_str()).collect();
        assert!(addresses[0].starts_with("240.241."), "{addresses:?}");
        assert_eq!(addresses[1..], ["", "None", "10.96.0.7"]);
        let namespaces: Vec<&str> =
            s.namespaces.iter().map(|namespace| namespace.meta.name.as_str()).collect();
        assert_eq!(namespaces, ["data"], "`shop` has an object of a cluster");
        assert_eq!(
            notes(&completed),
            [
                "assumed 1 Namespace that nothing defines: data",
                "assumed 3 Pods of 1 Deployment and 1 StatefulSet: data/db, shop/cart",
                "assumed addresses in 240.241.0.0/16 for 1 Service without `clusterIP`: shop/cart",
            ]
        );
    }

    #[test]
    fn what_is_assumed_is_marked() {
        let completed = completed(SHOP);
        assert!(completed.snapshot.pods.iter().all(|pod| pod.meta.is_assumed()));
        let marked: Vec<(&str, bool)> = completed
            .snapshot
            .services
            .iter()
            .map(|service| (service.meta.name.as_str(), service.meta.has_assumed_address()))
            .collect();
        assert_eq!(marked, [("cart", true), ("from-cluster", false), ("headless", false), ("kept", false)]);
        assert!(completed.snapshot.services.iter().all(|service| !service.meta.is_assumed()));
    }

    const ENTRIES: &str = r#"
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: maps, namespace: egress}
spec: {hosts: [maps.example.org, "*.example.org"], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: told, namespace: egress}
spec: {hosts: [told.example.org], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
status: {addresses: [{host: told.example.org, value: 240.240.0.7}]}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: own, namespace: egress}
spec: {hosts: [own.example.org], addresses: [192.0.2.1], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
"#;

    #[test]
    fn addresses_that_istio_allocates_are_said_to_be_assumed() {
        let reading = read(ENTRIES);
        for assume in [Assume::All, Assume::Nothing] {
            let options = Options { assume, ..Options::default() };
            let completed = complete(&reading, &options).expect("a note");
            let note =
                "assumed addresses in 240.240.0.0/16 for 1 ServiceEntry without `addresses`: egress/maps";
            assert!(notes(&completed).contains(&note), "{:?}", notes(&completed));
            let marked = completed.snapshot.service_entries.iter().filter(|e| e.meta.has_assumed_address());
            assert_eq!(marked.map(|entry| entry.meta.name.as_str()).collect::<Vec<_>>(), ["maps"]);
            assert_eq!(complete(&completed, &options), None, "nothing is said twice");
        }
        let old = Options { release: Release::V1_18, assume: Assume::Nothing, ..Options::default() };
        assert_eq!(complete(&reading, &old), None, "that release allocates none");
    }

    #[test]
    fn a_pod_stands_where_its_controller_does() {
        let completed = completed(SHOP);
        let pod = completed.snapshot.pods.iter().find(|pod| pod.meta.name == "db-0").unwrap();
        let place = completed.files.place_of_object(pod.source).unwrap();
        assert_eq!((place.line, place.file.as_str()), (32, "shop.yaml"));
    }

    #[test]
    fn nothing_is_assumed_twice_or_against_ones_will() {
        let reading = read(SHOP);
        let nothing = Options { assume: Assume::Nothing, ..Options::default() };
        assert_eq!(complete(&reading, &nothing), None);
        assert_eq!(complete(&completed(SHOP), &Options::default()), None);
    }

    #[test]
    fn addresses_depend_on_names_only() {
        let address = |text: &str| completed(text).snapshot.services[0].spec.cluster_ip.clone();
        let more = SHOP.replace("name: headless", "name: another").replace("clusterIP: None, ", "");
        let cart = |text: &str| {
            let completed = completed(text);
            let cart = completed.snapshot.services.iter().find(|service| service.meta.name == "cart");
            cart.map(|service| service.spec.cluster_ip.clone())
        };
        assert_eq!(cart(SHOP), cart(&more));
        assert_eq!(Some(address(SHOP)), cart(SHOP));
    }

    #[test]
    fn pods_that_are_there_need_no_others() {
        let pod =
            "---\napiVersion: v1\nkind: Pod\nmetadata: {name: x, namespace: shop, labels: {app: cart}}\n";
        let completed = completed(&format!("{SHOP}{pod}"));
        let of_shop = completed.snapshot.pods.iter().filter(|pod| pod.meta.namespace == "shop").count();
        assert_eq!(of_shop, 1);
    }
}
