//! The policies of the destination's ztunnel.
//!
//! Source: [L4 authorization](https://istio.io/latest/docs/ambient/usage/l4-policy/).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use envoy::istio::security::string_match::MatchType;
use envoy::istio::security::{Action, Address, Authorization, Match, Scope, StringMatch};
use envoy::istio::workload::{TunnelProtocol, Workload};

use super::condition::Truth;
use super::outcome::{Because, Decision, Detail, Outcome, Place, Verdict};
use super::walk::Walk;
use crate::mesh::Mesh;
use crate::resources::Resource;
use crate::snapshot::Cause;
use crate::ztunnel::{self, ZtunnelResources, policy_name};

/// Who opens the connection to the destination.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    /// Its SPIFFE id, where the connection carries one.
    pub(super) identity: Option<String>,
    /// Its address, if that is known.
    pub(super) address: Option<IpAddr>,
}

/// A connection to a workload.
struct Connection<'a> {
    peer: &'a Peer,
    destination: SocketAddr,
}

/// What policies decide of one endpoint.
struct Decided {
    truth: Truth,
    text: String,
    cause: Option<Cause>,
    details: Vec<Detail>,
}

/// Asks the policies of every endpoint that may be picked; `peer_of` tells who opens the connection to an address.
pub(super) fn walk(walk: &mut Walk<'_>, peer_of: &dyn Fn(&str) -> Peer) -> Outcome {
    let arrived = Outcome::new(Verdict::Allowed, Place::Destination, arrival(walk));
    let resources = match ztunnel::generate(walk.mesh) {
        Ok(resources) => resources,
        Err(not_known) => {
            walk.caveat(not_known.to_string());
            return arrived;
        }
    };
    let targets = walk.destinations.clone();
    let mut refused = 0.0;
    let mut by = None;
    let mut seen: Vec<String> = Vec::new();
    for target in &targets {
        for endpoint in &target.endpoints {
            let Ok(destination) = endpoint.address.parse::<SocketAddr>() else { continue };
            let Some(workload) = workload(&resources, destination.ip()) else { continue };
            if workload.tunnel_protocol() != TunnelProtocol::Hbone {
                continue;
            }
            let peer = peer_of(&endpoint.address);
            let decided = decide(walk.mesh, &resources, workload, &Connection { peer: &peer, destination });
            if !seen.contains(&endpoint.address) {
                seen.push(endpoint.address.clone());
                note(walk, &workload.name, &decided);
            }
            match decided.truth {
                Truth::Yes => {}
                Truth::No => {
                    refused += target.probability * endpoint.probability;
                    by.get_or_insert(decided);
                }
                Truth::Unknown => walk.may_refuse(decided.text),
            }
        }
    }
    let Some(by) = by else { return arrived };
    let denied = Outcome::new(Verdict::Denied, Place::Destination, by.text).by(by.cause);
    let denied =
        if walk.request.protocol.is_http() && walk.waypoint.is_some() { denied.status(503) } else { denied };
    // Sums of odds are not exact.
    if refused > 1.0 - 1e-9 {
        return denied;
    }
    walk.by_chance(refused, denied);
    arrived
}

fn arrival(walk: &Walk<'_>) -> String {
    let names: Vec<String> = walk
        .destinations
        .iter()
        .map(|target| match (&target.service, &target.subset) {
            (Some(service), Some(subset)) => format!("{service}, subset {subset}"),
            (Some(service), None) => service.clone(),
            (None, _) => target.endpoints.first().map_or_else(
                || target.cluster.clone(),
                |endpoint| endpoint.workload.clone().unwrap_or_else(|| endpoint.address.clone()),
            ),
        })
        .collect();
    format!("it gets to {}", names.join(" or "))
}

fn note(walk: &mut Walk<'_>, name: &str, decided: &Decided) {
    let decision = match decided.truth {
        Truth::Yes => Decision::Passed,
        Truth::No => Decision::Denied,
        Truth::Unknown => Decision::Unknown,
    };
    walk.step(Place::Destination, format!("ztunnel of {name}"), decision, decided.text.clone())
        .because(decided.cause.clone())
        .details(decided.details.clone());
}

fn workload(resources: &ZtunnelResources, ip: IpAddr) -> Option<&Workload> {
    let mut all = resources.workloads.iter().map(|resource| &resource.message);
    all.find(|workload| workload.addresses.iter().any(|bytes| address(bytes) == Some(ip)))
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
        return Some(Ipv4Addr::from(v4).into());
    }
    Some(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?).into())
}

/// Those that deny come first; where any allows, one has to fit.
fn decide(
    mesh: &Mesh,
    resources: &ZtunnelResources,
    workload: &Workload,
    connection: &Connection<'_>,
) -> Decided {
    let root = mesh.config.root_namespace.as_str();
    let holds = |policy: &Authorization| match policy.scope() {
        Scope::Global => policy.namespace == root,
        Scope::Namespace => policy.namespace == workload.namespace,
        Scope::WorkloadSelector => workload.authorization_policies.contains(&policy_name(policy)),
    };
    let policies: Vec<&Resource<Authorization>> = resources
        .policies
        .iter()
        .filter(|policy| holds(&policy.message) && !policy.message.dry_run)
        .collect();
    let mut details = Vec::new();
    let mut of = |action: Action| -> Vec<(&Resource<Authorization>, Truth)> {
        let with = policies.iter().filter(|policy| policy.message.action() == action);
        with.map(|policy| {
            let truth = fits(&policy.message, connection);
            details.push(detail(policy, truth, action));
            (*policy, truth)
        })
        .collect()
    };
    let (denying, allowing) = (of(Action::Deny), of(Action::Allow));
    let name = |policy: &Resource<Authorization>| policy_name(&policy.message);
    let decided = |truth, text: String, cause| Decided { truth, text, cause, details: details.clone() };
    if let Some((policy, _)) = denying.iter().find(|(_, truth)| *truth == Truth::Yes) {
        return decided(Truth::No, format!("policy {} denies it", name(policy)), cause(policy));
    }
    if denying.iter().any(|(_, truth)| *truth == Truth::Unknown) {
        return decided(
            Truth::Unknown,
            "a policy that may deny it looks at what is not known".to_owned(),
            None,
        );
    }
    if allowing.is_empty() {
        let text = if denying.is_empty() {
            "no policy is for it"
        } else {
            "no policy denies it, and none is needed to allow it"
        };
        return decided(Truth::Yes, text.to_owned(), None);
    }
    if let Some((policy, _)) = allowing.iter().find(|(_, truth)| *truth == Truth::Yes) {
        return decided(Truth::Yes, format!("policy {} allows it", name(policy)), cause(policy));
    }
    if allowing.iter().any(|(_, truth)| *truth == Truth::Unknown) {
        return decided(
            Truth::Unknown,
            "a policy that may allow it looks at what is not known".to_owned(),
            None,
        );
    }
    let names: Vec<String> = allowing.iter().map(|(policy, _)| name(policy)).collect();
    let only = if let [(only, _)] = allowing.as_slice() { cause(only) } else { None };
    let who = connection.peer.identity.as_deref().unwrap_or("a client without identity");
    decided(Truth::No, format!("none of the policies that allow fits {who}: {}", names.join(", ")), only)
}

/// What made a policy.
fn cause(policy: &Resource<Authorization>) -> Option<Cause> {
    policy.origins.first().and_then(|origin| origin.causes.first()).cloned()
}

fn detail(policy: &Resource<Authorization>, truth: Truth, action: Action) -> Detail {
    let name = policy_name(&policy.message);
    let verb = if action == Action::Deny { "denies" } else { "allows" };
    let fits = match truth {
        Truth::Yes => "fits",
        Truth::No => "does not fit",
        Truth::Unknown => "looks at what is not known",
    };
    Detail {
        fits: truth.known(),
        text: format!("{name} ({verb}) {fits}"),
        because: cause(policy).map(Because),
    }
}

/// Any group, all of its rules, any match of each.
fn fits(policy: &Authorization, connection: &Connection<'_>) -> Truth {
    Truth::any(policy.groups.iter().map(|group| {
        Truth::all(group.rules.iter().map(|rules| {
            if rules.matches.is_empty() {
                return Truth::Yes;
            }
            Truth::any(rules.matches.iter().map(|each| matches(each, connection)))
        }))
    }))
}

fn matches(each: &Match, connection: &Connection<'_>) -> Truth {
    if *each == Match::default() {
        return Truth::No;
    }
    let id = connection.peer.identity.as_deref();
    let principal = id.and_then(|id| id.strip_prefix("spiffe://"));
    let parts = id.and_then(parts);
    let namespace = parts.map_or("", |(namespace, _)| namespace);
    let one = |values: &[StringMatch], check: &dyn Fn(&StringMatch) -> bool| values.iter().any(check);
    let pair = |positive: bool, negative: bool, hit: bool, miss: bool| {
        Truth::from((positive || hit) && (negative || !miss))
    };
    let by_principal = |value: &StringMatch| principal.is_some_and(|principal| text(value, principal));
    let by_namespace = |value: &StringMatch| text(value, namespace);
    let account = |wanted: &envoy::istio::security::ServiceAccountMatch| {
        parts == Some((wanted.namespace.as_str(), wanted.service_account.as_str()))
    };
    let port = u32::from(connection.destination.port());
    Truth::all([
        addresses(&each.destination_ips, &each.not_destination_ips, Some(connection.destination.ip())),
        addresses(&each.source_ips, &each.not_source_ips, connection.peer.address),
        pair(
            each.destination_ports.is_empty(),
            each.not_destination_ports.is_empty(),
            each.destination_ports.contains(&port),
            each.not_destination_ports.contains(&port),
        ),
        pair(
            each.service_accounts.is_empty(),
            each.not_service_accounts.is_empty(),
            each.service_accounts.iter().any(account),
            each.not_service_accounts.iter().any(account),
        ),
        pair(
            each.principals.is_empty(),
            each.not_principals.is_empty(),
            one(&each.principals, &by_principal),
            one(&each.not_principals, &by_principal),
        ),
        pair(
            each.namespaces.is_empty(),
            each.not_namespaces.is_empty(),
            one(&each.namespaces, &by_namespace),
            one(&each.not_namespaces, &by_namespace),
        ),
    ])
}

/// The namespace and the service account of a SPIFFE id.
fn parts(id: &str) -> Option<(&str, &str)> {
    let (_, rest) = id.strip_prefix("spiffe://")?.split_once("/ns/")?;
    rest.split_once("/sa/")
}

fn text(matcher: &StringMatch, found: &str) -> bool {
    match &matcher.match_type {
        Some(MatchType::Exact(exact)) => found == exact,
        Some(MatchType::Prefix(prefix)) => found.starts_with(prefix.as_str()),
        Some(MatchType::Suffix(suffix)) => found.ends_with(suffix.as_str()),
        Some(MatchType::Presence(_)) => !found.is_empty(),
        None => false,
    }
}

fn addresses(positive: &[Address], negative: &[Address], found: Option<IpAddr>) -> Truth {
    if positive.is_empty() && negative.is_empty() {
        return Truth::Yes;
    }
    let Some(found) = found else { return Truth::Unknown };
    let has = |blocks: &[Address]| {
        blocks.iter().any(|block| {
            let prefix = address(&block.address);
            prefix
                .and_then(|prefix| super::matchers::block(&prefix.to_string(), block.length))
                .is_some_and(|block| block.contains(&found))
        })
    };
    Truth::from((positive.is_empty() || has(positive)) && (negative.is_empty() || !has(negative)))
}
