//! DestinationRules: TLS modes that waypoints do nothing with, and addresses that clients are told apart by.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::problem;
use crate::lint::Context;
use crate::lint::routing::Routed;
use crate::mesh::destination_rule::{Client, MergedRule};
use crate::problem::{Problem, Severity};
use crate::rules::Attachment;
use crate::snapshot::networking::DestinationRule;
use crate::snapshot::networking::destination_rule::{
    ClientTlsSettings, LoadBalancerSettings, TlsMode, TrafficPolicy,
};
use crate::snapshot::{Object, ObjectRef};

/// What a waypoint takes of a Service that it serves.
fn rule<'m>(cx: &Context<'m>, routed: &Routed<'_>) -> Option<&'m MergedRule> {
    let client = Client { namespace: &routed.waypoint.name.namespace, labels: None };
    cx.mesh.destination_rules.get(client, routed.service)
}

/// Whether a DestinationRule says how a Service's requests of one session stay together.
pub(super) fn has_hash(cx: &Context<'_>, routed: &Routed<'_>) -> bool {
    rule(cx, routed).is_some_and(|rule| {
        let policy = rule.spec.traffic_policy.as_ref();
        parts(policy, String::new())
            .any(|part| part.balancer.is_some_and(|balancer| balancer.consistent_hash.is_some()))
    })
}

pub(super) fn check(cx: &Context<'_>) -> Vec<Problem> {
    let mut served = BTreeMap::<ObjectRef, Vec<&Routed<'_>>>::new();
    for routed in cx.routing().services() {
        for cause in rule(cx, routed).into_iter().flat_map(|rule| &rule.from) {
            served.entry(cause.object.clone()).or_default().push(routed);
        }
    }
    let rules = cx.snapshot.destination_rules.iter();
    let rules = rules.filter_map(|object| Some((object, served.get(&object.object_ref())?)));
    rules.flat_map(|(object, services)| of_rule(cx, object, services)).collect()
}

/// Settings of a policy, for all ports or one, and where they stand.
struct Part<'a> {
    path: String,
    tls: Option<&'a ClientTlsSettings>,
    balancer: Option<&'a LoadBalancerSettings>,
}

fn parts<'a>(policy: Option<&'a TrafficPolicy>, path: String) -> impl Iterator<Item = Part<'a>> {
    let general = policy.map(|policy| Part {
        path: path.clone(),
        tls: policy.tls.as_ref(),
        balancer: policy.load_balancer.as_ref(),
    });
    let ports = policy.into_iter().flat_map(|policy| &policy.port_level_settings).enumerate();
    let ports = ports.map(move |(i, port)| Part {
        path: format!("{path}.portLevelSettings[{i}]"),
        tls: port.tls.as_ref(),
        balancer: port.load_balancer.as_ref(),
    });
    general.into_iter().chain(ports)
}

fn all_parts(spec: &DestinationRule) -> impl Iterator<Item = Part<'_>> {
    let subsets = spec.subsets.iter().enumerate().flat_map(|(i, subset)| {
        parts(subset.traffic_policy.as_ref(), format!("spec.subsets[{i}].trafficPolicy"))
    });
    parts(spec.traffic_policy.as_ref(), "spec.trafficPolicy".to_owned()).chain(subsets)
}

fn of_rule(
    cx: &Context<'_>,
    object: &Arc<Object<DestinationRule>>,
    services: &[&Routed<'_>],
) -> Vec<Problem> {
    let mut found = Vec::new();
    for part in all_parts(&object.spec) {
        if part.tls.is_some_and(|tls| tls.mode == TlsMode::IstioMutual) {
            found.push(istio_mutual(cx, object, &part.path, services));
        }
        let hash = part.balancer.and_then(|balancer| balancer.consistent_hash.as_ref());
        if hash.is_some_and(|hash| hash.use_source_ip == Some(true)) {
            found.push(source_ip(cx, object, &part.path));
        }
    }
    found
}

/// Workloads in the mesh get mTLS by HBONE anyway; to others the connection is plain.
fn istio_mutual(
    cx: &Context<'_>,
    object: &Object<DestinationRule>,
    path: &str,
    services: &[&Routed<'_>],
) -> Problem {
    let plain = services.iter().find(|routed| !is_in_mesh(cx, routed));
    let (severity, message, help) = match plain {
        Some(routed) => (
            Severity::Warning,
            format!(
                "a waypoint does nothing with TLS mode `ISTIO_MUTUAL`: the connection to `{}` is not encrypted",
                routed.service.hostname
            ),
            "use mode `SIMPLE`, or `MUTUAL` with a certificate of its own",
        ),
        None => (
            Severity::Note,
            "a waypoint does nothing with TLS mode `ISTIO_MUTUAL`: workloads in the mesh get mTLS without it"
                .to_owned(),
            "leave `tls` out",
        ),
    };
    problem(object.object_ref(), format!("{path}.tls.mode"), message).severity(severity).help(help)
}

/// Whether connections to a Service are HBONE: it is the cluster's, or its workloads take HBONE.
fn is_in_mesh(cx: &Context<'_>, routed: &Routed<'_>) -> bool {
    let takes_hbone = |workload| cx.mesh.workloads.get(workload).is_some_and(|workload| workload.hbone);
    routed.service.is_kubernetes() && !routed.service.mesh_external
        || cx.mesh.endpoints.of(routed.id).iter().filter_map(|endpoint| endpoint.workload).any(takes_hbone)
}

/// Which address is hashed.
fn source_ip(cx: &Context<'_>, object: &Object<DestinationRule>, path: &str) -> Problem {
    let message = if cx.mesh.rules.waypoints.attachment == Attachment::ServiceAccount {
        "a waypoint of this release gets all connections from an internal address: `useSourceIp` sends all \
         clients to one pod"
    } else {
        "the address that a waypoint hashes for `useSourceIp` is that of who connects to it: the client's \
         pod, or a gateway's where requests come through one"
    };
    problem(object.object_ref(), format!("{path}.loadBalancer.consistentHash.useSourceIp"), message)
        .severity(Severity::Note)
        .help("hash a header or a cookie to tell clients apart")
}
