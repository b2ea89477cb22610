//! The waypoints of a snapshot at a glance.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::table::Table;
use crate::Str;
use crate::json::object;
use crate::mesh::{Mesh, Waypoint};
use crate::options::Readiness;
use crate::problem::Problem;
use crate::rules::Attachment;
use crate::snapshot::{Kind, ObjectRef};
use crate::well_known::REVISION;

/// Whether a waypoint is there to be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ready {
    /// Its status has an address.
    Yes,
    /// It has no status, as in a file that was never applied, and counts as ready.
    Assumed,
    /// Nothing uses it yet.
    No,
}

impl Ready {
    /// `yes`, `assumed` or `no`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::Assumed => "assumed",
            Self::No => "no",
        }
    }
}

/// One waypoint of the list.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Entry {
    /// Its Gateway's namespace.
    pub namespace: Str,
    /// Its Gateway's name.
    pub name: Str,
    /// What it is for: `namespace`, `service account NAME`, or since later releases a type of traffic.
    pub scope: String,
    /// The revision of the control plane that runs it.
    pub revision: Str,
    /// How many Services it serves.
    pub services: usize,
    /// How many workloads it serves.
    pub workloads: usize,
    /// Whether it is there to be used.
    pub ready: Ready,
    /// What is wrong with its Gateway.
    pub problems: Vec<Problem>,
}

/// Every waypoint, or those of a namespace, by namespace and name; each with the problems of its Gateway.
#[must_use]
pub fn list(mesh: &Mesh, problems: &[Problem], namespace: Option<&str>) -> Vec<Entry> {
    let mut by_gateway: BTreeMap<&ObjectRef, Vec<&Problem>> = BTreeMap::new();
    for problem in problems {
        if let Some(object) = problem.object.as_ref().filter(|object| object.kind == Kind::Gateway) {
            by_gateway.entry(object).or_default().push(problem);
        }
    }
    let wanted = |waypoint: &&Waypoint| namespace.is_none_or(|wanted| waypoint.name.namespace == wanted);
    let waypoints = mesh.waypoints.iter().filter(wanted);
    waypoints
        .map(|waypoint| {
            let of_gateway = by_gateway.get(&waypoint.gateway.object_ref());
            let problems = of_gateway.into_iter().flatten().map(|problem| (*problem).clone()).collect();
            entry(mesh, waypoint, problems)
        })
        .collect()
}

fn entry(mesh: &Mesh, waypoint: &Waypoint, problems: Vec<Problem>) -> Entry {
    let revision = waypoint.gateway.meta.labels.get(REVISION).filter(|revision| !revision.is_empty());
    Entry {
        namespace: waypoint.name.namespace.clone(),
        name: waypoint.name.name.clone(),
        scope: scope(mesh, waypoint),
        revision: revision.cloned().unwrap_or_else(|| "default".into()),
        services: waypoint.services.len(),
        workloads: waypoint.workloads.len(),
        ready: ready(mesh, waypoint),
        problems,
    }
}

fn scope(mesh: &Mesh, waypoint: &Waypoint) -> String {
    match (mesh.rules.waypoints.attachment, &waypoint.for_service_account) {
        (Attachment::ServiceAccount, Some(account)) => format!("service account {account}"),
        (Attachment::ServiceAccount, None) => "namespace".to_owned(),
        (Attachment::UseWaypointLabel, _) => {
            let traffic = waypoint.gateway.meta.labels.get("istio.io/waypoint-for");
            traffic.filter(|traffic| !traffic.is_empty()).map_or("service", Str::as_str).to_owned()
        }
    }
}

fn ready(mesh: &Mesh, waypoint: &Waypoint) -> Ready {
    if !waypoint.gateway.spec.status.addresses.is_empty() {
        Ready::Yes
    } else if mesh.options.readiness == Readiness::Assumed {
        Ready::Assumed
    } else {
        Ready::No
    }
}

/// The list as a table; problems are shown by their codes.
#[must_use]
pub fn table(entries: &[Entry]) -> Table {
    let header = ["NAMESPACE", "NAME", "SCOPE", "REVISION", "SERVICES", "WORKLOADS", "READY", "PROBLEMS"];
    let mut table = Table::new(&header, 3);
    table.rows = entries.iter().map(row).collect();
    table
}

fn row(entry: &Entry) -> Vec<String> {
    let mut codes: Vec<String> = entry.problems.iter().map(|problem| problem.code.to_string()).collect();
    codes.sort();
    codes.dedup();
    vec![
        entry.namespace.to_string(),
        entry.name.to_string(),
        entry.scope.clone(),
        entry.revision.to_string(),
        entry.services.to_string(),
        entry.workloads.to_string(),
        entry.ready.as_str().to_owned(),
        if codes.is_empty() { "-".to_owned() } else { codes.join(",") },
    ]
}

/// The list as a JSON array.
#[must_use]
pub fn json(entries: &[Entry]) -> Value {
    entries.iter().map(value).collect()
}

fn value(entry: &Entry) -> Value {
    let problems: Vec<Value> = entry
        .problems
        .iter()
        .map(|problem| json!({"code": problem.code.to_string(), "severity": problem.severity.as_str(), "message": problem.message}))
        .collect();
    object([
        ("namespace", Some(json!(entry.namespace))),
        ("name", Some(json!(entry.name))),
        ("scope", Some(json!(entry.scope))),
        ("revision", Some(json!(entry.revision))),
        ("services", Some(json!(entry.services))),
        ("workloads", Some(json!(entry.workloads))),
        ("ready", Some(json!(entry.ready.as_str()))),
        ("problems", Some(problems.into())),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;
    use crate::release::Release;
    use crate::snapshot::Snapshot;
    use crate::text::SourceFile;
    use crate::translation;

    const SNAPSHOT: &str = "\
{apiVersion: gateway.networking.k8s.io/v1beta1, kind: Gateway,
 metadata: {name: narrow, namespace: shop, annotations: {istio.io/for-service-account: till}, labels: {istio.io/waypoint-for: all}},
 spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}}
---
{apiVersion: gateway.networking.k8s.io/v1beta1, kind: Gateway, metadata: {name: wide, namespace: farm},
 spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]},
 status: {addresses: [{value: 10.0.0.1}]}}
";

    fn rows(release: Release, readiness: Readiness, namespace: Option<&str>) -> Vec<(String, &'static str)> {
        let mut options = Options::for_release(release);
        options.readiness = readiness;
        let reading = Snapshot::read([SourceFile::new("s.yaml", SNAPSHOT)], &options.limits);
        let (mesh, problems) = translation::mesh(&reading, &options);
        list(&mesh, &problems, namespace)
            .into_iter()
            .map(|entry| (entry.scope, entry.ready.as_str()))
            .collect()
    }

    #[test]
    fn each_release_has_its_scopes() {
        let older = rows(Release::V1_18, Readiness::Assumed, None);
        assert_eq!(older, [("namespace".to_owned(), "yes"), ("service account till".to_owned(), "assumed")]);
        let newer = rows(Release::V1_31, Readiness::Observed, None);
        assert_eq!(newer, [("service".to_owned(), "yes"), ("all".to_owned(), "no")]);
    }

    #[test]
    fn a_namespace_narrows_the_list() {
        assert_eq!(
            rows(Release::V1_18, Readiness::Observed, Some("farm")),
            [("namespace".to_owned(), "yes")]
        );
        assert!(rows(Release::V1_18, Readiness::Observed, Some("bank")).is_empty());
    }
}
