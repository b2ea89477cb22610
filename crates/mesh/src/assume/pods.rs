//! The Pods that controllers would make of their templates.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::addresses::Addresses;
use super::{Part, count, names, note};
use crate::Str;
use crate::problem::Problem;
use crate::snapshot::kubernetes::{Pod, PodController, PodIp, PodStatus};
use crate::snapshot::passed_over::PassedOver;
use crate::snapshot::{Kind, Labels, Meta, Object, ObjectRef, OwnerReference, Snapshot, Source};

/// How many Pods one controller gets at most: more say nothing that these don't.
const MAX_PODS: usize = 1_000;

/// The Pods that are assumed, and their controllers.
#[derive(Debug)]
pub(super) struct OfControllers {
    pods: Vec<Arc<Object<Pod>>>,
    controllers: Vec<ObjectRef>,
}

/// The Pods of controllers that were never applied, unless Pods that they would select are there already.
pub(super) fn of_controllers(part: &Part<'_>, addresses: &mut Addresses) -> OfControllers {
    let Part { snapshot, passed_over } = part;
    let mut by_namespace: BTreeMap<&str, Vec<&Labels>> = BTreeMap::new();
    for pod in &snapshot.pods {
        by_namespace.entry(&pod.meta.namespace).or_default().push(&pod.meta.labels);
    }
    let mut found = OfControllers { pods: Vec::new(), controllers: Vec::new() };
    let mut seen = BTreeSet::new();
    for other in passed_over {
        let Some(controller) = other.controller.as_deref() else { continue };
        let is_first = seen.insert(&other.object);
        let resolved = with_template_of(passed_over, &other.object, controller);
        let controller = resolved.as_ref().unwrap_or(controller);
        let selector = &controller.selector.match_labels;
        let labels = if selector.is_empty() { &controller.template.metadata.labels } else { selector };
        let of_namespace = by_namespace.get(other.object.namespace.as_str()).into_iter().flatten();
        let mut there = of_namespace.filter(|pod| !labels.is_empty() && labels.is_subset(pod));
        if !is_first || !other.is_new || there.next().is_some() {
            continue;
        }
        let pods = pods(snapshot, &other.object, controller, other.source, addresses);
        if !pods.is_empty() {
            found.pods.extend(pods);
            found.controllers.push(other.object.clone());
        }
    }
    found
}

/// A Rollout that refers to another object makes Pods of that one's template, and selects them as that does.
fn with_template_of(
    all: &[&PassedOver],
    object: &ObjectRef,
    controller: &PodController,
) -> Option<PodController> {
    let reference = controller.workload_ref.as_ref().filter(|_| object.kind == Kind::Rollout)?;
    let is_meant = |other: &&&PassedOver| {
        other.object.kind.name() == reference.kind
            && other.object.name == reference.name
            && other.object.namespace == object.namespace
    };
    let referred = all.iter().rev().find(is_meant)?.controller.as_deref()?;
    let own_selector = &controller.selector;
    let has_own = !own_selector.match_labels.is_empty();
    Some(PodController {
        selector: if has_own { own_selector.clone() } else { referred.selector.clone() },
        template: referred.template.clone(),
        ..controller.clone()
    })
}

/// The Pods of one controller.
fn pods(
    snapshot: &Snapshot,
    object: &ObjectRef,
    controller: &PodController,
    source: Source,
    addresses: &mut Addresses,
) -> Vec<Arc<Object<Pod>>> {
    suffixes(snapshot, object.kind, controller)
        .into_iter()
        .map(|suffix| {
            let name = Str::from(format!("{}-{suffix}", object.name));
            let address =
                addresses.of(&object.namespace, &name).map(|address| Str::from(address.to_string()));
            let ips = address.iter().map(|ip| PodIp { ip: ip.clone() }).collect();
            let status = PodStatus {
                phase: "Running".into(),
                pod_ip: address.unwrap_or_default(),
                pod_ips: ips,
                ..PodStatus::default()
            };
            let spec = Pod { status, ..controller.template.spec.clone() };
            Arc::new(Object { meta: meta(object, name, &controller.template.metadata), spec, source })
        })
        .collect()
}

/// What the Pods' names end in.
fn suffixes(snapshot: &Snapshot, kind: Kind, controller: &PodController) -> Vec<String> {
    let replicas = controller.replicas.and_then(|replicas| usize::try_from(replicas).ok());
    let replicas = replicas.unwrap_or(1).min(MAX_PODS);
    match kind {
        Kind::StatefulSet => (0..replicas).map(|n| n.to_string()).collect(),
        Kind::DaemonSet => {
            let nodes: Vec<String> = snapshot
                .nodes
                .iter()
                .take(MAX_PODS)
                .map(|node| format!("assumed-{}", node.meta.name))
                .collect();
            if nodes.is_empty() { vec!["assumed-0".to_owned()] } else { nodes }
        }
        Kind::Job => vec!["assumed-0".to_owned()],
        _ => (0..replicas).map(|n| format!("assumed-{n}")).collect(),
    }
}

/// The metadata of a Pod: its template's, and what names its controller. A Deployment's Pods belong to a
/// ReplicaSet that is called after the hash of their template.
fn meta(object: &ObjectRef, name: Str, template: &Meta) -> Meta {
    const HASH: &str = "assumed";
    let by_replica_set = matches!(object.kind, Kind::Deployment | Kind::Rollout);
    let hash_label =
        if object.kind == Kind::Rollout { "rollouts-pod-template-hash" } else { "pod-template-hash" };
    let (owner_kind, owner) = if by_replica_set {
        ("ReplicaSet", Str::from(format!("{}-{HASH}", object.name)))
    } else {
        (object.kind.name(), object.name.clone())
    };
    let mut labels = template.labels.clone();
    if by_replica_set {
        labels.extend([(Str::new_static(hash_label), Str::new_static(HASH))]);
    }
    let mut meta = Meta {
        api_version: "v1".into(),
        cluster: object.cluster.clone(),
        name,
        namespace: object.namespace.clone(),
        generate_name: Str::from(format!("{owner}-")),
        labels,
        annotations: template.annotations.clone(),
        owner_references: vec![OwnerReference {
            kind: owner_kind.into(),
            name: owner,
            controller: true,
            ..OwnerReference::default()
        }],
        ..Meta::default()
    };
    meta.assume();
    meta
}

impl OfControllers {
    pub(super) fn note(&self) -> Option<Problem> {
        if self.pods.is_empty() {
            return None;
        }
        let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
        for controller in &self.controllers {
            *kinds.entry(controller.kind.name()).or_default() += 1;
        }
        let kinds: Vec<String> = kinds.into_iter().map(|(kind, number)| count(number, kind)).collect();
        let mut listed: Vec<String> =
            self.controllers.iter().map(|object| format!("{}/{}", object.namespace, object.name)).collect();
        listed.sort();
        let (pods, kinds, listed) = (count(self.pods.len(), "Pod"), kinds.join(" and "), names(&listed));
        Some(note(format!("assumed {pods} of {kinds}: {listed}")))
    }

    pub(super) fn apply(self, snapshot: &mut Snapshot) {
        snapshot.pods.extend(self.pods);
        snapshot.complete_pods();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assume::complete;
    use crate::limits::Limits;
    use crate::options::Options;
    use crate::text::SourceFile;

    /// The Pods that are assumed of a text.
    fn pods(text: &str) -> Vec<Arc<Object<Pod>>> {
        let reading = Snapshot::read([SourceFile::new("shop.yaml", text)], &Limits::DEFAULT);
        assert_eq!(reading.problems, []);
        complete(&reading, &Options::default()).map_or_else(Vec::new, |completed| completed.snapshot.pods)
    }

    fn names(pods: &[Arc<Object<Pod>>]) -> Vec<&str> {
        pods.iter().map(|pod| pod.meta.name.as_str()).collect()
    }

    fn controller(kind: &str, spec: &str) -> String {
        format!("---\napiVersion: {kind}\nmetadata: {{name: cart, namespace: shop}}\nspec: {{{spec}}}\n")
    }

    const TEMPLATE: &str = "template: {metadata: {labels: {app: cart}}, spec: {serviceAccountName: cart, \
                            containers: [{name: app, ports: [{name: http, containerPort: 8080}]}]}}";

    fn node(name: &str) -> String {
        format!("---\napiVersion: v1\nkind: Node\nmetadata: {{name: {name}}}\n")
    }

    #[test]
    fn a_daemon_set_has_a_pod_on_each_node() {
        let set = controller("apps/v1\nkind: DaemonSet", TEMPLATE);
        assert_eq!(names(&pods(&set)), ["cart-assumed-0"], "there is a node at least");
        let text = set + &node("node-b") + &node("node-a");
        assert_eq!(names(&pods(&text)), ["cart-assumed-node-a", "cart-assumed-node-b"]);
    }

    #[test]
    fn each_controller_makes_the_pods_that_it_would() {
        for (kind, count, owner, hash) in [
            ("apps/v1\nkind: Deployment", 3, ("ReplicaSet", "cart-assumed"), Some("pod-template-hash")),
            ("apps/v1\nkind: ReplicaSet", 3, ("ReplicaSet", "cart"), None),
            ("apps/v1\nkind: StatefulSet", 3, ("StatefulSet", "cart"), None),
            ("batch/v1\nkind: Job", 1, ("Job", "cart"), None),
            (
                "argoproj.io/v1alpha1\nkind: Rollout",
                3,
                ("ReplicaSet", "cart-assumed"),
                Some("rollouts-pod-template-hash"),
            ),
        ] {
            let replicas = if kind.contains("Job") { "" } else { "replicas: 3, " };
            let made = pods(&controller(kind, &format!("{replicas}{TEMPLATE}")));
            assert_eq!(made.len(), count, "{kind}");
            for pod in &made {
                let of = &pod.meta.owner_references[0];
                assert_eq!((of.kind.as_str(), of.name.as_str(), of.controller), (owner.0, owner.1, true));
                let hashes = pod.meta.labels.iter().filter(|(key, _)| key.ends_with("-hash"));
                assert_eq!(hashes.map(|(key, _)| key.as_str()).next(), hash, "{kind}");
                assert_eq!(pod.meta.labels.get("app").map(|app| app.as_str()), Some("cart"));
                assert_eq!(pod.spec.service_account_name, "cart");
                let port = &pod.spec.containers[0].ports[0];
                assert_eq!(
                    (port.name.as_str(), port.container_port, port.protocol.as_str()),
                    ("http", 8080, "TCP")
                );
                assert!(pod.spec.status.pod_ip.starts_with("240.24"), "{}", pod.spec.status.pod_ip);
            }
        }
        assert_eq!(
            names(&pods(&controller("apps/v1\nkind: Deployment", &format!("replicas: 0, {TEMPLATE}")))),
            [""; 0]
        );
    }

    #[test]
    fn a_rollout_takes_the_template_that_it_refers_to() {
        let deployment = controller("apps/v1\nkind: Deployment", &format!("replicas: 0, {TEMPLATE}"));
        let rollout = "---\napiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: canary, namespace: shop}\n\
                       spec: {replicas: 2, workloadRef: {apiVersion: apps/v1, kind: Deployment, name: cart}}\n";
        let made = pods(&(deployment + rollout));
        assert_eq!(names(&made), ["canary-assumed-0", "canary-assumed-1"]);
        assert_eq!(made[0].spec.service_account_name, "cart");
        assert_eq!(made[0].meta.labels.get("app").map(|app| app.as_str()), Some("cart"));
        let made = pods(rollout);
        assert_eq!(made[0].meta.labels.get("app"), None, "what it refers to is not there");
    }
}
