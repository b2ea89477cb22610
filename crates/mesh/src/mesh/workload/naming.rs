//! What a workload is called: by its controller, and by its canonical labels.

use crate::Str;
use crate::snapshot::{Labels, Meta, OwnerReference};

/// `service.istio.io/workload-name`
const WORKLOAD_NAME: &str = "service.istio.io/workload-name";

const CANONICAL_NAMES: [&str; 3] = ["service.istio.io/canonical-name", "app.kubernetes.io/name", "app"];
const CANONICAL_REVISIONS: [&str; 3] =
    ["service.istio.io/canonical-revision", "app.kubernetes.io/version", "version"];

/// The canonical name: the first of its labels, else the workload's name.
pub fn canonical_name(labels: &Labels, workload_name: &Str) -> Str {
    first(labels, &CANONICAL_NAMES).unwrap_or(workload_name).clone()
}

/// The canonical revision: the first of its labels, else `latest`.
pub fn canonical_revision(labels: &Labels) -> Str {
    first(labels, &CANONICAL_REVISIONS).cloned().unwrap_or(Str::new_static("latest"))
}

fn first<'a>(labels: &'a Labels, keys: &[&str]) -> Option<&'a Str> {
    keys.iter().find_map(|key| labels.get(key))
}

/// The name of the controller that made a Pod, as Istio guesses it; the Pod's own name where there is none.
///
/// `label_counts`: whether the label `service.istio.io/workload-name` overrides it (since 1.24).
pub(super) fn of_pod(meta: &Meta, label_counts: bool) -> Str {
    if label_counts && let Some(name) = meta.labels.get(WORKLOAD_NAME) {
        return name.clone();
    }
    // Only a generated name hints at a controller; others may have been adopted.
    let owner = meta.owner_references.iter().find(|owner| owner.controller && !meta.generate_name.is_empty());
    match owner.map(|owner| controller(owner, &meta.labels, label_counts)) {
        Some(name) if !name.is_empty() => name,
        _ => meta.name.clone(),
    }
}

/// The name of a WorkloadEntry's workload.
pub(super) fn of_workload_entry(meta: &Meta, label_counts: bool) -> Str {
    let group = meta.annotations.get("istio.io/autoRegistrationGroup");
    let name = group.or_else(|| meta.labels.get(WORKLOAD_NAME)).filter(|_| label_counts);
    name.unwrap_or(&meta.name).clone()
}

/// What stands above a pod's direct owner: a Deployment above a ReplicaSet, a CronJob above a Job.
fn controller(owner: &OwnerReference, labels: &Labels, knows_rollouts: bool) -> Str {
    match owner.kind.as_str() {
        "ReplicaSet" => without_hash(owner, labels.get("pod-template-hash")).or_else(|| {
            without_hash(owner, labels.get("rollouts-pod-template-hash").filter(|_| knows_rollouts))
        }),
        "ReplicationController" => labels.get("deploymentconfig").filter(|name| !name.is_empty()).cloned(),
        "Job" => cron_job(&owner.name),
        _ => None,
    }
    .unwrap_or_else(|| owner.name.clone())
}

/// The owner's name without the hash at its end.
fn without_hash(owner: &OwnerReference, hash: Option<&Str>) -> Option<Str> {
    let hash = hash.filter(|hash| !hash.is_empty())?;
    let name = owner.name.strip_suffix(hash.as_str())?;
    Some(name.strip_suffix('-').map_or_else(|| owner.name.clone(), Str::new))
}

/// The CronJob of a Job, whose name ends in a timestamp of 8 to 10 digits.
fn cron_job(name: &str) -> Option<Str> {
    let (cron_job, time) = name.rsplit_once('-')?;
    let is_time = (8..=10).contains(&time.len()) && time.bytes().all(|b| b.is_ascii_digit());
    (is_time && !cron_job.is_empty()).then(|| cron_job.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(owner: Option<(&str, &str)>, labels: &[(&str, &str)]) -> Meta {
        Meta {
            name: "web-abc-xyz".into(),
            generate_name: "web-abc-".into(),
            labels: labels.iter().map(|(k, v)| (Str::new(k), Str::new(v))).collect(),
            owner_references: owner
                .map(|(kind, name)| OwnerReference {
                    kind: kind.into(),
                    name: name.into(),
                    controller: true,
                    ..OwnerReference::default()
                })
                .into_iter()
                .collect(),
            ..Meta::default()
        }
    }

    #[test]
    fn deployments_are_replica_sets_without_their_hash() {
        let hash = [("pod-template-hash", "abc")];
        assert_eq!(of_pod(&pod(Some(("ReplicaSet", "web-abc")), &hash), false), "web");
        assert_eq!(of_pod(&pod(Some(("ReplicaSet", "web-abc")), &[]), false), "web-abc");
        let rollout = pod(Some(("ReplicaSet", "web-abc")), &[("rollouts-pod-template-hash", "abc")]);
        assert_eq!(of_pod(&rollout, false), "web-abc");
        assert_eq!(of_pod(&rollout, true), "web");
    }

    #[test]
    fn cron_jobs_are_jobs_without_their_time() {
        assert_eq!(of_pod(&pod(Some(("Job", "backup-28231234")), &[]), false), "backup");
        assert_eq!(of_pod(&pod(Some(("Job", "backup-1234567")), &[]), false), "backup-1234567");
        assert_eq!(of_pod(&pod(Some(("DaemonSet", "agent")), &[]), false), "agent");
    }

    #[test]
    fn a_pod_without_controller_has_its_own_name() {
        assert_eq!(of_pod(&pod(None, &[]), false), "web-abc-xyz");
        let mut named = pod(Some(("ReplicaSet", "web-abc")), &[("pod-template-hash", "abc")]);
        named.generate_name = Str::default();
        assert_eq!(of_pod(&named, false), "web-abc-xyz");
    }

    #[test]
    fn a_label_overrides_the_name_in_later_releases() {
        let labelled = pod(None, &[("service.istio.io/workload-name", "api")]);
        assert_eq!(of_pod(&labelled, true), "api");
        assert_eq!(of_pod(&labelled, false), "web-abc-xyz");
    }

    #[test]
    fn canonical_labels_come_in_order() {
        let labels = pod(None, &[("app", "a"), ("app.kubernetes.io/name", "b"), ("version", "v1")]).labels;
        assert_eq!(canonical_name(&labels, &"w".into()), "b");
        assert_eq!(canonical_revision(&labels), "v1");
        assert_eq!(canonical_name(&Labels::new(), &"w".into()), "w");
        assert_eq!(canonical_revision(&Labels::new()), "latest");
    }
}
