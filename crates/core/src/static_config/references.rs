//! Clusters that extensions name: Envoy refuses a listener whose collector or authorizer it has no cluster for.
//!
//! Routes are not looked at: Istio has Envoy accept those that lead nowhere.

use std::collections::BTreeSet;

use envoy::config::cluster::v3::Cluster;
use serde_json::Value;

use crate::json;
use crate::problem::{Code, Problem, Severity};
use crate::resources::{Resource, WaypointResources};

/// A problem for every cluster that is named and not there.
pub(super) fn missing(resources: &WaypointResources, own: &[Cluster]) -> Vec<Problem> {
    let sent = resources.clusters.iter().map(|cluster| &cluster.message);
    let there: BTreeSet<&str> = sent.chain(own).map(|cluster| cluster.name.as_str()).collect();
    let mut named = BTreeSet::new();
    for Resource { message, .. } in &resources.listeners {
        let mut found = BTreeSet::new();
        walk(&json::value(message), &mut found);
        named.extend(found.into_iter().map(|cluster| (message.name.clone(), cluster)));
    }
    let missing = named.into_iter().filter(|(_, cluster)| !there.contains(cluster.as_str()));
    missing
        .map(|(listener, cluster)| {
            let message = format!(
                "`{listener}` calls the cluster `{cluster}`, which the control plane does not send: every Envoy refuses \
                 the listener, Istio's own too"
            );
            Problem::new(Code::StaticConfiguration, message).severity(Severity::Error)
        })
        .collect()
}

fn walk(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            let grpc = fields.get("envoyGrpc").and_then(|grpc| grpc.get("clusterName"));
            let collector = fields.get("collectorCluster");
            // `httpUri` of an authorizer, a tracer or keys.
            let uri = fields.get("uri").and(fields.get("cluster"));
            let names = [grpc, collector, uri].into_iter().flatten().filter_map(Value::as_str);
            found.extend(names.map(str::to_owned));
            fields.values().for_each(|field| walk(field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| walk(item, found)),
        _ => {}
    }
}
