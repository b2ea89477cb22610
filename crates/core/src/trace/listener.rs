//! How a listener finds the chain of a connection.
//!
//! Source: [the unified matching API](https://www.envoyproxy.io/docs/envoy/latest/xds/type/matcher/v3/matcher.proto).

use std::net::SocketAddr;

use envoy::config::listener::v3::listener_filter_chain_match_predicate::Rule;
use envoy::config::listener::v3::{Listener, ListenerFilter, ListenerFilterChainMatchPredicate};
use envoy::extensions::matching::common_inputs::network::v3::{
    ApplicationProtocolInput, DestinationIpInput, DestinationPortInput, FilterStateInput,
};
use envoy::google::protobuf::Any;
use envoy::xds::r#type::matcher::v3::matcher::matcher_tree::{MatchMap, TreeType};
use envoy::xds::r#type::matcher::v3::matcher::{MatcherType, OnMatch, on_match};
use envoy::xds::r#type::matcher::v3::{IpMatcher, Matcher};
use envoy::{Message, Name};

use super::connection::Connection;
use super::matchers::block;
use super::request::Protocol;

/// The filter that tells HTTP from other things.
const HTTP_INSPECTOR: &str = "envoy.extensions.filters.listener.http_inspector.v3.HttpInspector";
/// The filter that reads what TLS asks for.
const TLS_INSPECTOR: &str = "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector";

/// What a matcher comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Chosen {
    /// The chain of this name.
    Chain(String),
    /// No chain.
    Nothing,
    /// It looks at something that is not known.
    Unknown(&'static str),
}

/// Lets the inspectors of a listener look at a connection. Gives the application protocols as Envoy writes them.
pub(super) fn inspected(listener: &Listener, connection: &mut Connection, protocol: &Protocol) -> String {
    let runs = |name: &str| {
        listener.listener_filters.iter().any(|filter| {
            type_of(filter) == Some(name) && !is_disabled(filter.filter_disabled.as_ref(), connection.port)
        })
    };
    let (http, tls) = (runs(HTTP_INSPECTOR), runs(TLS_INSPECTOR));
    match protocol {
        Protocol::Http1 if http => "'http/1.1'".to_owned(),
        Protocol::Http2 | Protocol::Grpc if http => "'h2c'".to_owned(),
        Protocol::Tls { sni, alpn } if tls => {
            connection.server_name.clone_from(sni);
            alpn.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(",")
        }
        _ => String::new(),
    }
}

fn type_of(filter: &ListenerFilter) -> Option<&str> {
    use envoy::config::listener::v3::listener_filter::ConfigType;
    match &filter.config_type {
        Some(ConfigType::TypedConfig(any)) => any.type_url.rsplit('/').next(),
        _ => None,
    }
}

fn is_disabled(predicate: Option<&ListenerFilterChainMatchPredicate>, port: u16) -> bool {
    let Some(rule) = predicate.and_then(|predicate| predicate.rule.as_ref()) else { return false };
    match rule {
        Rule::OrMatch(set) => set.rules.iter().any(|rule| is_disabled(Some(rule), port)),
        Rule::AndMatch(set) => set.rules.iter().all(|rule| is_disabled(Some(rule), port)),
        Rule::NotMatch(other) => !is_disabled(Some(other), port),
        Rule::AnyMatch(any) => *any,
        Rule::DestinationPortRange(range) => (range.start..range.end).contains(&i32::from(port)),
    }
}

/// The chain that a matcher chooses.
pub(super) fn chosen(matcher: &Matcher, connection: &Connection, protocols: &str) -> Chosen {
    let found = match &matcher.matcher_type {
        Some(MatcherType::MatcherTree(tree)) => {
            let Some(input) = tree.input.as_ref().and_then(|input| input.typed_config.as_ref()) else {
                return Chosen::Unknown("an input that is missing");
            };
            match &tree.tree_type {
                Some(TreeType::ExactMatchMap(map)) => exact(map, input, connection, protocols),
                Some(TreeType::CustomMatch(custom)) => {
                    let ranges = custom.typed_config.as_ref().and_then(|any| envoy::unpack(any).ok());
                    match ranges {
                        Some(ranges) if is::<DestinationIpInput>(input) => {
                            by_address(&ranges, connection, protocols)
                        }
                        _ => return Chosen::Unknown("a matcher of an extension"),
                    }
                }
                _ => return Chosen::Unknown("a matcher by prefix"),
            }
        }
        None => Chosen::Nothing,
        Some(MatcherType::MatcherList(_)) => return Chosen::Unknown("a list of matchers"),
    };
    match (&found, &matcher.on_no_match) {
        (Chosen::Nothing, Some(otherwise)) => follow(otherwise, connection, protocols),
        _ => found,
    }
}

fn exact(map: &MatchMap, input: &Any, connection: &Connection, protocols: &str) -> Chosen {
    let key = if is::<DestinationPortInput>(input) {
        connection.port.to_string()
    } else if is::<DestinationIpInput>(input) {
        connection.ip.to_string()
    } else if is::<ApplicationProtocolInput>(input) {
        protocols.to_owned()
    } else if let Ok(FilterStateInput { key, .. }) = envoy::unpack(input) {
        match connection.state.get(&key) {
            Some(Some(value)) => value.clone(),
            Some(None) => return Chosen::Unknown("an object that a filter keeps"),
            None => return Chosen::Nothing,
        }
    } else {
        return Chosen::Unknown("an input of an extension");
    };
    map.map.get(&key).map_or(Chosen::Nothing, |next| follow(next, connection, protocols))
}

/// The longest block that has the address; the next shorter one where that leads nowhere.
fn by_address(ranges: &IpMatcher, connection: &Connection, protocols: &str) -> Chosen {
    let mut found = Vec::new();
    for (position, matcher) in ranges.range_matchers.iter().enumerate() {
        for range in &matcher.ranges {
            let length = range.prefix_len.as_ref().map_or(0, |length| length.value);
            let fits =
                block(&range.address_prefix, length).is_some_and(|block| block.contains(&connection.ip));
            if fits && let Some(next) = &matcher.on_match {
                found.push((std::cmp::Reverse(length), position, next, matcher.exclusive));
            }
        }
    }
    found.sort_by_key(|(length, position, ..)| (*length, *position));
    for (tried, (_, _, next, exclusive)) in found.into_iter().enumerate() {
        if tried > 0 && exclusive {
            continue;
        }
        let chosen = follow(next, connection, protocols);
        if chosen != Chosen::Nothing {
            return chosen;
        }
    }
    Chosen::Nothing
}

fn follow(next: &OnMatch, connection: &Connection, protocols: &str) -> Chosen {
    match &next.on_match {
        Some(on_match::OnMatch::Matcher(matcher)) => chosen(matcher, connection, protocols),
        Some(on_match::OnMatch::Action(action)) => {
            let name = action.typed_config.as_ref().and_then(|any| envoy::unpack(any).ok());
            let Some(envoy::google::protobuf::StringValue { value }) = name else {
                return Chosen::Unknown("an action of an extension");
            };
            Chosen::Chain(value)
        }
        None => Chosen::Nothing,
    }
}

fn is<M: Message + Name + Default>(any: &Any) -> bool {
    any.type_url.rsplit('/').next() == Some(M::full_name().as_str())
}

/// `address:port`, as tunnels name it.
pub(super) fn authority(connection: &Connection) -> String {
    SocketAddr::new(connection.ip, connection.port).to_string()
}
