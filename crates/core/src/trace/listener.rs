//! How a listener finds the chain of a connection.
//!
//! Source:
//! [the unified matching API](https://www.envoyproxy.io/docs/envoy/latest/xds/type/matcher/v3/matcher.proto).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;

use envoy::config::listener::v3::listener_filter_chain_match_predicate::Rule;
use envoy::config::listener::v3::{Listener, ListenerFilter, ListenerFilterChainMatchPredicate};
use envoy::extensions::matching::common_inputs::network::v3::{
    ApplicationProtocolInput, DestinationIpInput, DestinationPortInput, FilterStateInput,
};
use envoy::google::protobuf::Any;
use envoy::xds::r#type::matcher::v3::matcher::matcher_tree::{MatchMap, TreeType};
use envoy::xds::r#type::matcher::v3::matcher::{MatcherType, OnMatch, on_match};
use envoy::xds::r#type::matcher::v3::{IpMatcher, Matcher};
use envoy::{Encoded, Message, Name};
use ipnet::IpNet;

use super::connection::{Connection, Kept};
use super::matchers::block;
use super::request::Protocol;
use super::texts::Texts;

/// The filter that tells HTTP from other things.
const HTTP_INSPECTOR: &str = "envoy.extensions.filters.listener.http_inspector.v3.HttpInspector";
/// The filter that reads what TLS asks for.
const TLS_INSPECTOR: &str = "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector";

/// The filters that look at a connection before its chain is chosen.
#[derive(Clone, Debug)]
pub(super) struct Inspectors {
    /// Each with when it does not run.
    http: Vec<Option<ListenerFilterChainMatchPredicate>>,
    tls: Vec<Option<ListenerFilterChainMatchPredicate>>,
}

impl Inspectors {
    /// The inspectors of a listener.
    pub(super) fn new(listener: &Listener) -> Self {
        let of = |name: &str| {
            let all = listener.listener_filters.iter().filter(|filter| type_of(filter) == Some(name));
            all.map(|filter| filter.filter_disabled.clone()).collect()
        };
        Self { http: of(HTTP_INSPECTOR), tls: of(TLS_INSPECTOR) }
    }

    /// Looks at a connection. Gives the application protocols as Envoy writes them.
    pub(super) fn inspect<'a>(
        &self,
        connection: &mut Connection<'a>,
        protocol: &'a Protocol,
        texts: &mut Texts<'a>,
    ) -> Cow<'a, str> {
        let port = connection.port;
        let runs = |all: &[Option<ListenerFilterChainMatchPredicate>]| {
            all.iter().any(|disabled| !is_disabled(disabled.as_ref(), port))
        };
        match protocol {
            Protocol::Http1 if runs(&self.http) => Cow::Borrowed("'http/1.1'"),
            Protocol::Http2 | Protocol::Grpc if runs(&self.http) => Cow::Borrowed("'h2c'"),
            Protocol::Tls { sni, alpn } if runs(&self.tls) => {
                connection.server_name = sni.as_deref();
                texts.write(|text| {
                    for (position, name) in alpn.iter().enumerate() {
                        let comma = if position > 0 { "," } else { "" };
                        [comma, "'", name, "'"].iter().for_each(|part| text.push_str(part));
                    }
                })
            }
            _ => Cow::Borrowed(""),
        }
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

/// What a matcher comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chosen {
    /// The chain at this position.
    Chain(usize),
    /// A chain that is not there.
    Missing,
    /// No chain.
    Nothing,
    /// It looks at something that is not known.
    Unknown(&'static str),
}

/// The matcher of filter chains, ready.
#[derive(Clone, Debug)]
pub(super) struct ChainMatcher {
    pub(super) tree: Tree,
    /// Where nothing of the tree fits.
    pub(super) otherwise: Option<Next>,
}

/// Where a branch leads.
#[derive(Clone, Debug)]
pub(super) enum Next {
    To(Chosen),
    Matcher(Box<ChainMatcher>),
}

/// What a matcher looks at.
#[derive(Clone, Debug)]
pub(super) enum Tree {
    Nothing,
    Unknown(&'static str),
    Ports(BTreeMap<u16, Next>),
    Addresses(BTreeMap<IpAddr, Next>),
    /// The application protocols as Envoy writes them.
    Protocols(BTreeMap<String, Next>),
    /// An object that a filter keeps.
    State {
        key: String,
        values: BTreeMap<String, Next>,
    },
    Blocks(Blocks),
}

/// Blocks of addresses: the longest that has an address counts, the next shorter one where that leads
/// nowhere.
#[derive(Clone, Debug, Default)]
pub(super) struct Blocks {
    /// Those of one address.
    pub(super) hosts: BTreeMap<IpAddr, Vec<Block>>,
    /// The others, the longest first.
    pub(super) others: Vec<(IpNet, Block)>,
}

/// Where a block of addresses leads.
#[derive(Clone, Debug)]
pub(super) struct Block {
    /// Whether it counts only as the longest one.
    exclusive: bool,
    /// Its position among those of the same length.
    position: usize,
    pub(super) next: Next,
}

/// The position of a chain by its name.
type Chains<'c> = &'c dyn Fn(&str) -> Option<usize>;

impl ChainMatcher {
    /// Gets a matcher ready.
    pub(super) fn new(matcher: &Matcher, chains: Chains<'_>) -> Self {
        let tree = match &matcher.matcher_type {
            Some(MatcherType::MatcherTree(tree)) => {
                match tree.input.as_ref().and_then(|input| input.typed_config.as_ref()) {
                    None => Tree::Unknown("an input that is missing"),
                    Some(input) => match &tree.tree_type {
                        Some(TreeType::ExactMatchMap(map)) => Tree::exact(map, input, chains),
                        Some(TreeType::CustomMatch(custom)) => {
                            let ranges = custom.typed_config.as_ref().and_then(|any| envoy::unpack(any).ok());
                            match ranges {
                                Some(ranges) if is::<DestinationIpInput>(input) => {
                                    Tree::Blocks(Blocks::new(&ranges, chains))
                                }
                                _ => Tree::Unknown("a matcher of an extension"),
                            }
                        }
                        _ => Tree::Unknown("a matcher by prefix"),
                    },
                }
            }
            None => Tree::Nothing,
            Some(MatcherType::MatcherList(_)) => Tree::Unknown("a list of matchers"),
        };
        Self { tree, otherwise: matcher.on_no_match.as_ref().map(|next| Next::new(next, chains)) }
    }

    /// The chain that it chooses.
    pub(super) fn choose(&self, connection: &Connection<'_>, protocols: &str) -> Chosen {
        let follow =
            |next: Option<&Next>| next.map_or(Chosen::Nothing, |next| next.follow(connection, protocols));
        let found = match &self.tree {
            Tree::Unknown(what) => return Chosen::Unknown(what),
            Tree::Nothing => Chosen::Nothing,
            Tree::Ports(ports) => follow(ports.get(&connection.port)),
            Tree::Addresses(addresses) => follow(addresses.get(&connection.ip)),
            Tree::Protocols(all) => follow(all.get(protocols)),
            Tree::State { key, values } => match connection.state.get(key) {
                Some(Kept::Unknown) => Chosen::Unknown("an object that a filter keeps"),
                kept => follow(kept.and_then(Kept::text).and_then(|text| values.get(&*text))),
            },
            Tree::Blocks(blocks) => blocks.choose(connection, protocols),
        };
        match (found, &self.otherwise) {
            (Chosen::Nothing, Some(otherwise)) => otherwise.follow(connection, protocols),
            _ => found,
        }
    }
}

impl Tree {
    fn exact(map: &MatchMap, input: &Any, chains: Chains<'_>) -> Self {
        let branches = || map.map.iter().map(|(key, next)| (key, Next::read(next, chains)));
        if is::<DestinationPortInput>(input) {
            Self::Ports(branches().filter_map(|(key, next)| Some((written(key)?, next))).collect())
        } else if is::<DestinationIpInput>(input) {
            Self::Addresses(branches().filter_map(|(key, next)| Some((written(key)?, next))).collect())
        } else if is::<ApplicationProtocolInput>(input) {
            Self::Protocols(branches().map(|(key, next)| (key.clone(), next)).collect())
        } else if let Ok(FilterStateInput { key, .. }) = envoy::unpack(input) {
            Self::State { key, values: branches().map(|(key, next)| (key.clone(), next)).collect() }
        } else {
            Self::Unknown("an input of an extension")
        }
    }
}

/// A value, where it is written as Envoy writes it.
fn written<T: std::str::FromStr + ToString>(key: &str) -> Option<T> {
    key.parse().ok().filter(|value: &T| value.to_string() == key)
}

impl Blocks {
    fn new(ranges: &IpMatcher, chains: Chains<'_>) -> Self {
        let mut blocks = Self::default();
        for (position, matcher) in ranges.range_matchers.iter().enumerate() {
            let Ok(matcher) = matcher.decode() else { continue };
            let Some(next) = &matcher.on_match else { continue };
            for range in &matcher.ranges {
                let length = range.prefix_len.as_ref().map_or(0, |length| length.value);
                let Some(net) = block(&range.address_prefix, length) else { continue };
                let entry = Block { exclusive: matcher.exclusive, position, next: Next::new(next, chains) };
                if net.prefix_len() == net.max_prefix_len() {
                    blocks.hosts.entry(net.addr()).or_default().push(entry);
                } else {
                    blocks.others.push((net, entry));
                }
            }
        }
        blocks.others.sort_by_key(|(net, entry)| (std::cmp::Reverse(net.prefix_len()), entry.position));
        blocks
    }

    fn choose(&self, connection: &Connection<'_>, protocols: &str) -> Chosen {
        let hosts = self.hosts.get(&connection.ip).into_iter().flatten();
        let others = self.others.iter().filter(|(net, _)| net.contains(&connection.ip));
        let fitting = hosts.chain(others.map(|(_, entry)| entry));
        for (tried, entry) in fitting.enumerate() {
            if tried > 0 && entry.exclusive {
                continue;
            }
            let chosen = entry.next.follow(connection, protocols);
            if chosen != Chosen::Nothing {
                return chosen;
            }
        }
        Chosen::Nothing
    }
}

impl Next {
    fn read(next: &Encoded<OnMatch>, chains: Chains<'_>) -> Self {
        next.decode()
            .map_or(Self::To(Chosen::Unknown("what cannot be read")), |next| Self::new(&next, chains))
    }

    fn new(next: &OnMatch, chains: Chains<'_>) -> Self {
        Self::To(match &next.on_match {
            Some(on_match::OnMatch::Matcher(matcher)) => {
                return Self::Matcher(Box::new(ChainMatcher::new(matcher, chains)));
            }
            Some(on_match::OnMatch::Action(action)) => {
                let name = action.typed_config.as_ref().and_then(|any| envoy::unpack(any).ok());
                match name {
                    Some(envoy::google::protobuf::StringValue { value }) => {
                        chains(&value).map_or(Chosen::Missing, Chosen::Chain)
                    }
                    None => Chosen::Unknown("an action of an extension"),
                }
            }
            None => Chosen::Nothing,
        })
    }

    fn follow(&self, connection: &Connection<'_>, protocols: &str) -> Chosen {
        match self {
            Self::To(chosen) => *chosen,
            Self::Matcher(matcher) => matcher.choose(connection, protocols),
        }
    }
}

fn is<M: Message + Name + Default>(any: &Any) -> bool {
    any.type_url.rsplit('/').next() == Some(M::full_name().as_str())
}
