//! The policies of the destination's ztunnel.
//!
//! Source: [L4 authorization](https://istio.io/latest/docs/ambient/usage/l4-policy/).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use envoy::istio::security::string_match::MatchType;
use envoy::istio::security::{
    Action, Address, Authorization, Match, Rules, Scope, ServiceAccountMatch, StringMatch,
};
use envoy::istio::workload::{TunnelProtocol, Workload};

use super::condition::{Condition, Fact, Truth};
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
    let (mut refused, mut all) = (0.0, 0.0);
    let mut by = None;
    let mut seen: Vec<String> = Vec::new();
    for target in &targets {
        for endpoint in &target.endpoints {
            let share = target.probability * endpoint.probability;
            all += share;
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
                    refused += share;
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
    if refused > all - 1e-9 {
        return denied;
    }
    walk.by_chance(refused / all, denied);
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
            let condition = fits(&policy.message, connection);
            details.push(detail(policy, &condition, action));
            (*policy, condition.truth())
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

fn detail(policy: &Resource<Authorization>, condition: &Condition, action: Action) -> Detail {
    let name = policy_name(&policy.message);
    let verb = if action == Action::Deny { "denies" } else { "allows" };
    let why = match policy.message.groups.as_slice() {
        [] => "no rule of it is one that ztunnel reads".to_owned(),
        _ => condition.why(),
    };
    let why = if why.is_empty() { String::new() } else { format!(": {why}") };
    let truth = condition.truth();
    let text = match truth {
        Truth::Yes => format!("{name} ({verb}) fits{why}"),
        Truth::No => format!("{name} ({verb}) does not fit{why}"),
        Truth::Unknown => format!("{name} ({verb}){why}"),
    };
    Detail { fits: truth.known(), text, because: cause(policy).map(Because) }
}

/// Any group, all of its rules, any match of each. A policy without groups, or an empty match, fits nobody.
fn fits(policy: &Authorization, connection: &Connection<'_>) -> Condition {
    let rule = |rules: &Rules| {
        if rules.matches.is_empty() {
            return Condition::constant(true);
        }
        Condition::Any(rules.matches.iter().map(|each| matches(each, connection)).collect())
    };
    let groups = policy.groups.iter().map(|group| Condition::All(group.rules.iter().map(rule).collect()));
    Condition::Any(groups.collect())
}

fn matches(each: &Match, connection: &Connection<'_>) -> Condition {
    if *each == Match::default() {
        return Condition::constant(false);
    }
    let principal = connection.peer.identity.as_deref().and_then(|id| id.strip_prefix("spiffe://"));
    let account = connection.peer.identity.as_deref().and_then(parts);
    let namespace = account.map(|(namespace, _)| namespace);
    let port = u32::from(connection.destination.port());
    let by_principal = |value: &StringMatch| text("principal", value, principal);
    let by_namespace = |value: &StringMatch| text("namespace of the client", value, namespace);
    let by_account = |wanted: &ServiceAccountMatch| {
        Condition::Fact(Fact {
            subject: "service account".to_owned(),
            found: account.map(|(namespace, name)| format!("{namespace}/{name}")),
            wanted: format!("`{}/{}`", wanted.namespace, wanted.service_account),
            truth: (account == Some((wanted.namespace.as_str(), wanted.service_account.as_str()))).into(),
        })
    };
    let by_port = |wanted: &u32| {
        Condition::Fact(Fact {
            subject: "port".to_owned(),
            found: Some(port.to_string()),
            wanted: format!("`{wanted}`"),
            truth: (*wanted == port).into(),
        })
    };
    let destination = Some(connection.destination.ip());
    let by_destination = |block: &Address| by_address("address of the destination", block, destination);
    let by_source = |block: &Address| by_address("address of the client", block, connection.peer.address);
    Condition::All(vec![
        one_of(&each.destination_ips, &each.not_destination_ips, &by_destination),
        one_of(&each.source_ips, &each.not_source_ips, &by_source),
        one_of(&each.destination_ports, &each.not_destination_ports, &by_port),
        one_of(&each.service_accounts, &each.not_service_accounts, &by_account),
        one_of(&each.principals, &each.not_principals, &by_principal),
        one_of(&each.namespaces, &each.not_namespaces, &by_namespace),
    ])
}

/// One of these, if there are any, and none of those.
fn one_of<T>(these: &[T], those: &[T], fits: &dyn Fn(&T) -> Condition) -> Condition {
    let mut all = Vec::new();
    if !these.is_empty() {
        all.push(Condition::Any(these.iter().map(fits).collect()));
    }
    if !those.is_empty() {
        all.push(Condition::Not(Box::new(Condition::Any(those.iter().map(fits).collect()))));
    }
    Condition::All(all)
}

/// The namespace and the service account of a SPIFFE id.
fn parts(id: &str) -> Option<(&str, &str)> {
    let (_, rest) = id.strip_prefix("spiffe://")?.split_once("/ns/")?;
    rest.split_once("/sa/")
}

fn text(subject: &str, matcher: &StringMatch, found: Option<&str>) -> Condition {
    // For ztunnel a text that is missing is an empty one; only a principal is looked at if there is one.
    let text = found.unwrap_or_default();
    let (wanted, fits) = match &matcher.match_type {
        Some(MatchType::Exact(exact)) => (format!("`{exact}`"), text == exact),
        Some(MatchType::Prefix(prefix)) => (format!("`{prefix}*`"), text.starts_with(prefix.as_str())),
        Some(MatchType::Suffix(suffix)) => (format!("`*{suffix}`"), text.ends_with(suffix.as_str())),
        Some(MatchType::Presence(_)) => ("anything".to_owned(), !text.is_empty()),
        None => ("nothing".to_owned(), false),
    };
    let fits = fits && (found.is_some() || subject != "principal");
    Condition::Fact(Fact {
        subject: subject.to_owned(),
        found: found.map(str::to_owned),
        wanted,
        truth: fits.into(),
    })
}

fn by_address(subject: &str, block: &Address, found: Option<IpAddr>) -> Condition {
    let prefix = address(&block.address);
    let block = prefix.and_then(|prefix| super::matchers::block(&prefix.to_string(), block.length));
    let Some(found) = found else { return Condition::unknown(subject) };
    Condition::Fact(Fact {
        subject: subject.to_owned(),
        found: Some(found.to_string()),
        wanted: block.map_or_else(|| "nothing".to_owned(), |block| block.to_string()),
        truth: block.is_some_and(|block| block.contains(&found)).into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use envoy::istio::security::Group;

    fn exact(text: &str) -> StringMatch {
        StringMatch { match_type: Some(MatchType::Exact(text.into())) }
    }

    fn presence() -> StringMatch {
        StringMatch { match_type: Some(MatchType::Presence(envoy::google::protobuf::Empty {})) }
    }

    fn why(matching: Match, identity: Option<&str>) -> (Truth, String) {
        let groups = vec![Group { rules: vec![Rules { matches: vec![matching] }] }];
        let policy = Authorization { groups, ..Authorization::default() };
        let peer = Peer { identity: identity.map(str::to_owned), address: None };
        let destination = "10.0.0.1:8080".parse().unwrap();
        let condition = fits(&policy, &Connection { peer: &peer, destination });
        (condition.truth(), condition.why())
    }

    #[test]
    fn clients_are_told_by_their_identity() {
        let web = Some("spiffe://cluster.local/ns/web/sa/front");
        let namespaces = |name| Match { namespaces: vec![exact(name)], ..Match::default() };
        assert_eq!(why(namespaces("web"), web).0, Truth::Yes);
        let (truth, why_not) = why(namespaces("shop"), web);
        assert_eq!((truth, why_not.as_str()), (Truth::No, "namespace of the client `web` is not `shop`"));
        let principal =
            Match { principals: vec![exact("cluster.local/ns/web/sa/front")], ..Match::default() };
        assert_eq!((why(principal.clone(), web).0, why(principal, None).0), (Truth::Yes, Truth::No));
    }

    #[test]
    fn who_has_no_identity_fits_what_excludes_everybody_else() {
        let strangers = Match { not_principals: vec![presence()], ..Match::default() };
        assert_eq!(why(strangers.clone(), None).0, Truth::Yes);
        assert_eq!(why(strangers, Some("spiffe://cluster.local/ns/web/sa/front")).0, Truth::No);
    }

    #[test]
    fn an_empty_match_fits_nobody_and_an_address_may_be_unknown() {
        assert_eq!(why(Match::default(), None).0, Truth::No);
        let block = Address { address: vec![10, 0, 0, 0].into(), length: 8 };
        let sources = Match { source_ips: vec![block], ..Match::default() };
        assert_eq!(why(sources, None).0, Truth::Unknown);
        let ports = Match { destination_ports: vec![8080], ..Match::default() };
        assert_eq!(why(ports, None).0, Truth::Yes);
    }
}
