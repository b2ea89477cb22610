//! The addresses of Services, as the listener inside a live waypoint knows them, and the trust domain of its
//! clients.

use std::net::IpAddr;

use envoy::google::protobuf::StringValue;
use envoy::r#type::matcher::v3::string_matcher::MatchPattern;
use envoy::xds::r#type::matcher::v3::Matcher;
use envoy::xds::r#type::matcher::v3::matcher::{MatcherType, OnMatch, on_match};

use crate::opened::matcher::branches;
use crate::resources::WaypointResources;
use crate::resources::names::{CONNECT_TERMINATE, MAIN_INTERNAL};
use crate::trace::peer_names;
use crate::view::proxy_config::ProxyConfig;

/// The address and port of a host that has a filter chain: the one of this port, else port 80, else the only
/// one.
pub(super) fn of_host(
    resources: &WaypointResources,
    host: &str,
    namespace: Option<&str>,
    port: Option<u16>,
) -> Option<(IpAddr, u16)> {
    let listener = resources.listeners.iter().find(|listener| listener.message.name == MAIN_INTERNAL)?;
    let mut chains = Vec::new();
    walk(listener.message.filter_chain_matcher.as_ref()?, None, &mut chains);
    let own = chains.iter().filter_map(|(ip, chain)| {
        let [_, port, _, name] = chain.splitn(4, '|').collect::<Vec<_>>().try_into().ok()?;
        is_named(name, host, namespace).then_some((*ip, port.parse().ok()?))
    });
    let mut own: Vec<(IpAddr, u16)> = own.collect();
    own.sort();
    own.dedup();
    let of = |wanted: u16| own.iter().find(|(_, port)| *port == wanted).copied();
    match port {
        Some(port) => of(port),
        None => of(80).or_else(|| own.first().copied().filter(|_| own.len() == 1)),
    }
}

/// Whether a host's name is meant by a name as clients write it.
fn is_named(name: &str, written: &str, namespace: Option<&str>) -> bool {
    let written = written.trim_end_matches('.');
    let is_short = |short: &str| name.strip_prefix(short).is_some_and(|rest| rest.starts_with(".svc."));
    name == written
        || is_short(written)
        || written.strip_suffix(".svc").is_some_and(is_short)
        || namespace.is_some_and(|namespace| is_short(&format!("{written}.{namespace}")))
}

/// The chains of a matcher, each with the address that leads there.
fn walk(matcher: &Matcher, ip: Option<IpAddr>, chains: &mut Vec<(IpAddr, String)>) {
    if let Some(MatcherType::MatcherTree(tree)) = &matcher.matcher_type {
        for (value, _, next) in tree.tree_type.iter().flat_map(branches) {
            follow(&next, value.parse().ok().or(ip), chains);
        }
    }
    if let Some(next) = &matcher.on_no_match {
        follow(next, ip, chains);
    }
}

fn follow(next: &OnMatch, ip: Option<IpAddr>, chains: &mut Vec<(IpAddr, String)>) {
    match &next.on_match {
        Some(on_match::OnMatch::Matcher(matcher)) => walk(matcher, ip, chains),
        Some(on_match::OnMatch::Action(action)) => {
            let name = action.typed_config.as_ref().and_then(|any| envoy::unpack::<StringValue>(any).ok());
            chains.extend(ip.zip(name.map(|name| name.value)));
        }
        None => {}
    }
}

/// The trust domain whose certificates the waypoint takes, the first of several.
pub(super) fn trust_domain(config: &ProxyConfig) -> Option<String> {
    let listener = config.listeners.iter().find(|listener| listener.name == CONNECT_TERMINATE)?;
    let names = peer_names(listener.filter_chains.first()?);
    names.into_iter().find_map(|name| match name.matcher?.match_pattern? {
        MatchPattern::Prefix(prefix) | MatchPattern::Exact(prefix) => {
            let domain = prefix.strip_prefix("spiffe://")?.split('/').next()?;
            Some(domain.to_owned()).filter(|domain| !domain.is_empty())
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_clients_write_them() {
        let host = "cart.shop.svc.cluster.local";
        for written in
            ["cart.shop", "cart.shop.svc", "cart.shop.svc.cluster.local", "cart.shop.svc.cluster.local."]
        {
            assert!(is_named(host, written, None), "{written}");
        }
        assert!(is_named(host, "cart", Some("shop")));
        assert!(!is_named(host, "cart", Some("web")));
        assert!(!is_named(host, "cart", None));
        assert!(is_named("api.example", "api.example", None));
    }
}
