//! `network-policy`: NetworkPolicies that know nothing of the port and the pods that ambient mode uses.
//!
//! Source: [Ambient mode and Kubernetes NetworkPolicy](https://istio.io/latest/docs/ambient/usage/networkpolicy/).

use std::collections::BTreeMap;

use crate::lint::ambient::Way;
use crate::lint::list::few;
use crate::lint::{Context, Releases, Rule};
use crate::mesh::Waypoint;
use crate::problem::{Code, Problem};
use crate::release::Release;
use crate::snapshot::network_policy::{
    NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer, NetworkPolicyPort,
};
use crate::snapshot::{self, IntOrString, Labels, Object, ObjectRef, label_selector};

/// ztunnel of 1.18 takes connections in the node's network.
pub(super) const RULE: Rule = Rule {
    releases: Releases::Since(Release::V1_29),
    ..Rule::new(Code::NetworkPolicy, include_str!("network_policy.md"), check)
};

/// Where ztunnels and waypoints take connections of the mesh.
const HBONE: u16 = 15008;
/// Where names are asked for, which everybody may.
const DNS: u16 = 53;

fn check(cx: &Context<'_>) -> Vec<Problem> {
    if cx.snapshot.network_policies.is_empty() {
        return Vec::new();
    }
    let mut blamed: BTreeMap<ObjectRef, Blame<'_>> = BTreeMap::new();
    let served = cx.ambient().all().map(|found| Pods {
        namespace: found.namespace,
        labels: found.labels,
        ways: &found.ways,
        sends: true,
    });
    let waypoints = cx.mesh.waypoints.iter().map(|waypoint| Pods {
        namespace: &waypoint.name.namespace,
        labels: &waypoint.proxy.labels,
        ways: &[],
        sends: false,
    });
    for pods in served.chain(waypoints) {
        let over: Vec<&Object<NetworkPolicy>> = pods.policies(cx).collect();
        ingress(cx, &pods, &over, &mut blamed);
        if pods.sends {
            egress(&over, &mut blamed);
        }
    }
    blamed.into_iter().flat_map(|(object, blame)| blame.problems(&object)).collect()
}

/// Pods that take connections on the port of HBONE.
struct Pods<'a, 'm> {
    namespace: &'m str,
    labels: &'m Labels,
    /// How waypoints reach them.
    ways: &'a [Way<'m>],
    /// Whether what they send is sent by a ztunnel.
    sends: bool,
}

impl<'m> Pods<'_, 'm> {
    /// The policies that select them.
    fn policies(&self, cx: &Context<'m>) -> impl Iterator<Item = &'m Object<NetworkPolicy>> {
        let all = cx.snapshot.network_policies.iter().map(|policy| &**policy);
        all.filter(|policy| {
            policy.meta.namespace == self.namespace
                && label_selector::matches(&policy.spec.pod_selector, self.labels)
        })
    }
}

/// What is wrong with a policy, each with the position of the rule that is to be mended.
#[derive(Default)]
struct Blame<'m> {
    /// Connections of the mesh don't come in.
    closed: Option<usize>,
    /// Nor do they go out.
    closed_out: Option<usize>,
    /// They do, but not from waypoints.
    without: Option<(usize, Vec<&'m Waypoint>)>,
}

/// Kubernetes adds up what the policies of a pod admit: what one of them lets in comes in.
fn ingress<'m>(
    cx: &Context<'m>,
    pods: &Pods<'_, 'm>,
    over: &[&Object<NetworkPolicy>],
    blamed: &mut BTreeMap<ObjectRef, Blame<'m>>,
) {
    let rules = || rules(over, ingress_rules);
    let open: Vec<_> = rules().filter(|(_, _, rule)| has_hbone(&rule.ports)).collect();
    if open.is_empty() {
        // A policy that lets nothing in means it.
        for (policy, position, _) in rules().filter(|(_, _, rule)| rule.ports.iter().any(|p| p.is_tcp())) {
            blamed.entry(policy.object_ref()).or_default().closed.get_or_insert(position);
        }
        return;
    }
    for waypoint in pods.ways.iter().map(|way| way.waypoint) {
        if open.iter().any(|(policy, _, rule)| admits(cx, policy, rule, waypoint)) {
            continue;
        }
        for (policy, position, _) in &open {
            let blame = blamed.entry(policy.object_ref()).or_default();
            let (_, waypoints) = blame.without.get_or_insert_with(|| (*position, Vec::new()));
            if !waypoints.iter().any(|known| known.name == waypoint.name) {
                waypoints.push(waypoint);
            }
        }
    }
}

/// The same for what pods send to others of the cluster. Addresses are mostly those outside of it.
fn egress(over: &[&Object<NetworkPolicy>], blamed: &mut BTreeMap<ObjectRef, Blame<'_>>) {
    let rules = || rules(over, egress_rules);
    if rules().any(|(_, _, rule)| has_hbone(&rule.ports)) {
        return;
    }
    for (policy, position, _) in rules().filter(|(_, _, rule)| calls_pods(rule)) {
        blamed.entry(policy.object_ref()).or_default().closed_out.get_or_insert(position);
    }
}

/// The rules of some policies, each with its policy and its position there.
fn rules<'p, R: 'p>(
    over: &[&'p Object<NetworkPolicy>],
    of: fn(&NetworkPolicy) -> &[R],
) -> impl Iterator<Item = (&'p Object<NetworkPolicy>, usize, &'p R)> {
    over.iter().copied().flat_map(move |policy| {
        of(&policy.spec).iter().enumerate().map(move |(position, rule)| (policy, position, rule))
    })
}

/// The rules about connections that come in; none where the policy is not about those.
fn ingress_rules(policy: &NetworkPolicy) -> &[NetworkPolicyIngressRule] {
    let types = &policy.policy_types;
    if types.is_empty() || types.iter().any(|of| of == "Ingress") { &policy.ingress } else { &[] }
}

/// The same of those that go out.
fn egress_rules(policy: &NetworkPolicy) -> &[NetworkPolicyEgressRule] {
    let types = &policy.policy_types;
    if types.is_empty() || types.iter().any(|of| of == "Egress") { &policy.egress } else { &[] }
}

fn has_hbone(ports: &[NetworkPolicyPort]) -> bool {
    ports.is_empty() || ports.iter().any(|port| port.has_tcp(HBONE))
}

/// Whether a rule is for connections to pods, other than to ask for names.
fn calls_pods(rule: &NetworkPolicyEgressRule) -> bool {
    let is_dns = |port: &NetworkPolicyPort| port.port == Some(IntOrString::Int(DNS.into()));
    let is_pod = |peer: &NetworkPolicyPeer| peer.ip_block.is_none();
    rule.ports.iter().any(|port| port.is_tcp() && !is_dns(port)) && rule.to.iter().any(is_pod)
}

/// Whether a rule lets a waypoint in.
fn admits(
    cx: &Context<'_>,
    policy: &Object<NetworkPolicy>,
    rule: &NetworkPolicyIngressRule,
    waypoint: &Waypoint,
) -> bool {
    rule.from.is_empty() || rule.from.iter().any(|peer| fits(cx, policy, peer, waypoint))
}

/// Whether a peer of a policy may be a waypoint's pod. Where that has which address is not known.
fn fits(
    cx: &Context<'_>,
    policy: &Object<NetworkPolicy>,
    peer: &NetworkPolicyPeer,
    waypoint: &Waypoint,
) -> bool {
    let namespace = &waypoint.name.namespace;
    let unlabelled = Labels::of_namespace(namespace);
    let found = snapshot::find(&cx.snapshot.namespaces, "", namespace);
    let labels = found.map_or(&unlabelled, |found| &found.meta.labels);
    let in_namespace = match &peer.namespace_selector {
        None => policy.meta.namespace == *namespace,
        Some(selector) => label_selector::matches(selector, labels),
    };
    let is_selected = peer
        .pod_selector
        .as_ref()
        .is_none_or(|selector| label_selector::matches(selector, &waypoint.proxy.labels));
    peer.ip_block.is_some() || in_namespace && is_selected
}

impl Blame<'_> {
    fn problems(self, object: &ObjectRef) -> Vec<Problem> {
        let problem = |message: String, field: String, help: String| {
            Problem::new(Code::NetworkPolicy, message).on(object.clone()).field(field).help(help)
        };
        let closed = self.closed.map(|position| {
            problem(
                format!(
                    "connections of the mesh come to these pods on port {HBONE}, whatever port is called, and \
                     no NetworkPolicy admits them there: they time out"
                ),
                format!("spec.ingress[{position}].ports"),
                format!("add `{{protocol: TCP, port: {HBONE}}}` beside the ports that clients outside of the mesh call"),
            )
        });
        let closed_out = self.closed_out.map(|position| {
            problem(
                format!(
                    "what these pods send to others in the mesh goes to port {HBONE}, whatever port is called, \
                     and no NetworkPolicy lets it out there: it times out"
                ),
                format!("spec.egress[{position}].ports"),
                format!("add `{{protocol: TCP, port: {HBONE}}}`, also for the pods of waypoints"),
            )
        });
        let without = self.without.map(|(position, waypoints)| {
            let names = few(waypoints.iter().map(|waypoint| &waypoint.name));
            let name = waypoints.first().map_or("", |waypoint| &waypoint.name.name);
            let (whose, verb) = if waypoints.len() == 1 { ("a waypoint", "is") } else { ("waypoints", "are") };
            let found = problem(
                format!(
                    "requests come to these pods from {whose}, {names}, which {verb} not among those who may \
                     call: they time out"
                ),
                format!("spec.ingress[{position}].from"),
                format!(
                    "add the waypoint's pods: `podSelector: {{matchLabels: {{gateway.networking.k8s.io/gateway-name: \
                     {name}}}}}`, with a `namespaceSelector` where it is in another namespace"
                ),
            );
            waypoints.iter().take(1).fold(found, |found, waypoint| {
                found.related_object(waypoint.gateway.object_ref(), "metadata.name", "the waypoint")
            })
        });
        [closed, closed_out, without].into_iter().flatten().collect()
    }
}
