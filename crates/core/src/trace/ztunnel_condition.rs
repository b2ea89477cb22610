//! The conditions of ztunnel's policies.

use std::net::{IpAddr, SocketAddr};

use envoy::istio::security::string_match::MatchType;
use envoy::istio::security::{Address, Authorization, Match, Rules, StringMatch};
use ipnet::IpNet;

use super::condition::{Condition, Fact, Test, Truth};
use super::matchers;
use crate::ztunnel::ip;

/// Who opens the connection to the destination.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer<'s> {
    /// Its SPIFFE id, where the connection carries one.
    pub(super) identity: Option<&'s str>,
    /// Its address, if that is known.
    pub(super) address: Option<IpAddr>,
}

/// A connection to a workload.
#[derive(Clone, Copy, Debug)]
pub(super) struct Connection<'s> {
    pub(super) peer: Peer<'s>,
    pub(super) destination: SocketAddr,
}

impl<'s> Connection<'s> {
    fn principal(self) -> Option<&'s str> {
        self.peer.identity?.strip_prefix("spiffe://")
    }

    fn namespace(self) -> Option<&'s str> {
        self.account().map(|(namespace, _)| namespace)
    }

    /// The namespace and the service account of the client.
    fn account(self) -> Option<(&'s str, &'s str)> {
        let (_, rest) = self.peer.identity?.strip_prefix("spiffe://")?.split_once("/ns/")?;
        rest.split_once("/sa/")
    }
}

/// One thing that ztunnel's policies look at.
#[derive(Clone, Debug)]
pub(super) enum ConnectionTest {
    Destination(Option<IpNet>),
    Source(Option<IpNet>),
    Port(u32),
    Account { namespace: String, name: String },
    Principal(Text),
    Namespace(Text),
}

/// What a text has to be.
#[derive(Clone, Debug)]
pub(super) enum Text {
    Exact(String),
    Prefix(String),
    Suffix(String),
    Present,
    /// Nothing fits.
    Nothing,
}

impl From<&StringMatch> for Text {
    fn from(matcher: &StringMatch) -> Self {
        match &matcher.match_type {
            Some(MatchType::Exact(exact)) => Self::Exact(exact.to_string()),
            Some(MatchType::Prefix(prefix)) => Self::Prefix(prefix.to_string()),
            Some(MatchType::Suffix(suffix)) => Self::Suffix(suffix.to_string()),
            Some(MatchType::Presence(_)) => Self::Present,
            None => Self::Nothing,
        }
    }
}

impl Text {
    fn fits(&self, text: &str) -> bool {
        match self {
            Self::Exact(exact) => text == exact,
            Self::Prefix(prefix) => text.starts_with(prefix.as_str()),
            Self::Suffix(suffix) => text.ends_with(suffix.as_str()),
            Self::Present => !text.is_empty(),
            Self::Nothing => false,
        }
    }

    fn wanted(&self) -> String {
        match self {
            Self::Exact(exact) => format!("`{exact}`"),
            Self::Prefix(prefix) => format!("`{prefix}*`"),
            Self::Suffix(suffix) => format!("`*{suffix}`"),
            Self::Present => "anything".to_owned(),
            Self::Nothing => "nothing".to_owned(),
        }
    }
}

impl Test for ConnectionTest {
    type Subject<'s, 'a>
        = Connection<'s>
    where
        'a: 's;

    fn truth<'s, 'a: 's>(&self, connection: Connection<'s>) -> Truth {
        match self {
            Self::Destination(block) => is_in(*block, Some(connection.destination.ip())),
            Self::Source(block) => is_in(*block, connection.peer.address),
            Self::Port(port) => (u32::from(connection.destination.port()) == *port).into(),
            Self::Account { namespace, name } => {
                (connection.account() == Some((namespace.as_str(), name.as_str()))).into()
            }
            // For ztunnel a text that is missing is an empty one; only a principal is looked at if there is
            // one.
            Self::Principal(test) => connection.principal().is_some_and(|id| test.fits(id)).into(),
            Self::Namespace(test) => test.fits(connection.namespace().unwrap_or_default()).into(),
        }
    }

    fn fact<'s, 'a: 's>(&self, connection: Connection<'s>) -> Fact {
        let told = |subject: &str, found: Option<String>, wanted: String| Fact {
            subject: subject.to_owned(),
            found,
            wanted,
        };
        let block = |block: &Option<IpNet>| block.map_or_else(|| "nothing".to_owned(), |b| b.to_string());
        match self {
            Self::Destination(wanted) => {
                let found = connection.destination.ip().to_string();
                told("address of the destination", Some(found), block(wanted))
            }
            Self::Source(wanted) => {
                let found = connection.peer.address.map(|address| address.to_string());
                told("address of the client", found, block(wanted))
            }
            Self::Port(port) => {
                told("port", Some(connection.destination.port().to_string()), format!("`{port}`"))
            }
            Self::Account { namespace, name } => {
                let found = connection.account().map(|(namespace, name)| format!("{namespace}/{name}"));
                told("service account", found, format!("`{namespace}/{name}`"))
            }
            Self::Principal(test) => {
                told("principal", connection.principal().map(str::to_owned), test.wanted())
            }
            Self::Namespace(test) => {
                told("namespace of the client", connection.namespace().map(str::to_owned), test.wanted())
            }
        }
    }
}

fn is_in(block: Option<IpNet>, found: Option<IpAddr>) -> Truth {
    found.map_or(Truth::Unknown, |found| block.is_some_and(|block| block.contains(&found)).into())
}

/// Any group, all of its rules, any match of each. A policy without groups, or an empty match, fits nobody.
pub(super) fn condition(policy: &Authorization) -> Condition<ConnectionTest> {
    let rule = |rules: &Rules| {
        if rules.matches.is_empty() {
            return Condition::constant(true);
        }
        Condition::Any(rules.matches.iter().map(matches).collect())
    };
    let groups = policy.groups.iter().map(|group| Condition::All(group.rules.iter().map(rule).collect()));
    Condition::Any(groups.collect())
}

fn matches(each: &Match) -> Condition<ConnectionTest> {
    if *each == Match::default() {
        return Condition::constant(false);
    }
    let account = |wanted: &envoy::istio::security::ServiceAccountMatch| ConnectionTest::Account {
        namespace: wanted.namespace.to_string(),
        name: wanted.service_account.to_string(),
    };
    let principal = |text: &StringMatch| ConnectionTest::Principal(text.into());
    let namespace = |text: &StringMatch| ConnectionTest::Namespace(text.into());
    let destination = |block: &Address| ConnectionTest::Destination(self::block(block));
    let source = |block: &Address| ConnectionTest::Source(self::block(block));
    let port = |port: &u32| ConnectionTest::Port(*port);
    Condition::All(vec![
        one_of(&each.destination_ips, &each.not_destination_ips, &destination),
        one_of(&each.source_ips, &each.not_source_ips, &source),
        one_of(&each.destination_ports, &each.not_destination_ports, &port),
        one_of(&each.service_accounts, &each.not_service_accounts, &account),
        one_of(&each.principals, &each.not_principals, &principal),
        one_of(&each.namespaces, &each.not_namespaces, &namespace),
    ])
}

/// One of these, if there are any, and none of those.
fn one_of<T>(these: &[T], those: &[T], test: &dyn Fn(&T) -> ConnectionTest) -> Condition<ConnectionTest> {
    let any = |of: &[T]| Condition::Any(of.iter().map(test).map(Condition::Test).collect());
    let mut all = Vec::new();
    if !these.is_empty() {
        all.push(any(these));
    }
    if !those.is_empty() {
        all.push(Condition::Not(Box::new(any(those))));
    }
    Condition::All(all)
}

fn block(block: &Address) -> Option<IpNet> {
    matchers::block_of(ip(&block.address)?, block.length)
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
        let peer = Peer { identity, address: None };
        let destination = "10.0.0.1:8080".parse().unwrap();
        let connection = Connection { peer, destination };
        let condition = condition(&policy);
        (condition.truth(connection), condition.why(connection))
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
