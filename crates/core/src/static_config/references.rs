//! Clusters that extensions name: Envoy refuses a listener whose collector or authorizer it has no cluster
//! for.
//!
//! Routes are not looked at: Istio has Envoy accept those that lead nowhere.

use std::collections::BTreeSet;

use envoy::config::cluster::v3::Cluster;
use envoy::config::core::v3::HttpUri;
use envoy::config::core::v3::grpc_service::EnvoyGrpc;
use envoy::config::core::v3::http_uri::HttpUpstreamType;
use envoy::inside::{self, Visit};

use crate::problem::{Code, Problem, Severity};
use crate::resources::{Resource, WaypointResources};

/// A problem for every cluster that is named and not there.
pub(super) fn missing(resources: &WaypointResources, own: &[Cluster]) -> Vec<Problem> {
    let sent = resources.clusters.iter().map(|cluster| &cluster.message);
    let there: BTreeSet<&str> = sent.chain(own).map(|cluster| cluster.name.as_str()).collect();
    let mut named = BTreeSet::new();
    for Resource { message, .. } in &resources.listeners {
        let mut found = Named::default();
        // What can't be looked into was not made here, and Envoy refuses it.
        let _ = inside::visit(message, &mut found);
        named.extend(found.0.into_iter().map(|cluster| (message.name.clone(), cluster)));
    }
    let missing = named.into_iter().filter(|(_, cluster)| !there.contains(cluster.as_str()));
    missing
        .map(|(listener, cluster)| {
            let message = format!(
                "`{listener}` calls the cluster `{cluster}`, which the control plane does not send: every \
                 Envoy refuses the listener, Istio's own too"
            );
            Problem::new(Code::StaticConfiguration, message).severity(Severity::Error)
        })
        .collect()
}

/// The clusters that extensions name.
#[derive(Default)]
struct Named(BTreeSet<String>);

impl Visit for Named {
    fn message(&mut self, name: &str, wire: &[u8]) {
        if let Some(EnvoyGrpc { cluster_name, .. }) = inside::read(name, wire) {
            self.0.insert(cluster_name);
        } else if let Some(HttpUri { http_upstream_type: Some(HttpUpstreamType::Cluster(cluster)), .. }) =
            inside::read(name, wire)
        {
            // Of an authorizer, a tracer or keys.
            self.0.insert(cluster);
        }
    }

    fn text(&mut self, name: &str, text: &str) {
        if name == "collectorCluster" {
            self.0.insert(text.to_owned());
        }
    }
}
