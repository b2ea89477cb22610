//! The policies of ztunnels, as diagrams.
//!
//! They look at who opens a connection (its identity, its namespace, its address) and at where it leads
//! (address and port), and at nothing inside of it. Whoever has no identity is a class of its own.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use decisions::text::Pattern;
use decisions::{Condition as Diagram, Decision, TooMuch};
use regex::escape;

use super::attribute::{AllAsked, Attribute};
use super::condition::{Builder, known};
use crate::trace::condition::{Condition, Test};
use crate::trace::ztunnel::{Guard, Peer, Policy};
use crate::trace::ztunnel_condition::{Connection, ConnectionTest, Text};

/// A condition on connections.
pub(super) type ConnectionCondition = Condition<ConnectionTest>;

/// What all connections that are asked about have. What is not given is an attribute.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Given<'g> {
    /// The SPIFFE id of whoever opens them, or that there is none.
    pub(super) identity: Option<Option<&'g str>>,
    /// The address that they come from.
    pub(super) source: Option<IpAddr>,
    /// The address that they lead to.
    pub(super) destination: Option<IpAddr>,
    /// The port that they lead to.
    pub(super) port: Option<u16>,
}

/// What the policies of a workload come to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Decides<'g> {
    /// This one denies.
    Denies(&'g Policy),
    /// None denies, and none is needed to allow.
    NothingAllows,
    /// None denies, and this is the first that allows.
    Allows(&'g Policy),
    /// Policies allow others.
    AllowsOthers,
}

/// Adds what a condition asks of what is not given.
pub(super) fn ask(condition: &ConnectionCondition, given: Given<'_>, asked: &mut AllAsked) {
    condition.each(&mut |test| match test {
        ConnectionTest::Source(block) if given.source.is_none() => asked.block(Attribute::Client, *block),
        ConnectionTest::Destination(block) if given.destination.is_none() => {
            asked.block(Attribute::Destination, *block);
        }
        ConnectionTest::Port(port) if given.port.is_none() => {
            asked.text(Attribute::Port, Some(of_port(*port)))
        }
        ConnectionTest::Account { .. } | ConnectionTest::Principal(_) | ConnectionTest::Namespace(_)
            if given.identity.is_none() =>
        {
            asked.text(Attribute::Peer, of_identity(test));
        }
        _ => {}
    });
}

/// Adds what the policies of a workload ask.
pub(super) fn ask_all(guard: Guard<'_>, given: Given<'_>, asked: &mut AllAsked) {
    guard.denying().chain(guard.allowing()).for_each(|policy| ask(&policy.condition, given, asked));
}

/// Where a condition holds.
pub(super) fn holds(
    builder: &mut Builder<'_>,
    condition: &ConnectionCondition,
    given: Given<'_>,
) -> Result<Diagram, TooMuch> {
    builder.made_of(condition, &mut |builder, test| self::test(builder, test, given))
}

/// What the policies of a workload decide, as numbers for what they come to: those that deny come first;
/// where any allows, one has to fit.
pub(super) fn decide<'g>(
    builder: &mut Builder<'_>,
    guard: Guard<'g>,
    given: Given<'_>,
    number: &mut impl FnMut(Decides<'g>) -> u32,
) -> Result<Decision, TooMuch> {
    let allowing: Vec<&Policy> = guard.allowing().collect();
    let otherwise = if allowing.is_empty() { Decides::NothingAllows } else { Decides::AllowsOthers };
    let mut decision = Decision::always(number(otherwise));
    let allow = allowing.into_iter().rev().map(|policy| (policy, Decides::Allows(policy)));
    let mut deny: Vec<_> = guard.denying().map(|policy| (policy, Decides::Denies(policy))).collect();
    deny.reverse();
    for (policy, decides) in allow.chain(deny) {
        let fits = holds(builder, &policy.condition, given)?;
        let decided = Decision::always(number(decides));
        decision = builder.diagrams.choose(fits, decided, decision)?;
    }
    Ok(decision)
}

fn test(builder: &mut Builder<'_>, test: &ConnectionTest, given: Given<'_>) -> Result<Diagram, TooMuch> {
    let found = match test {
        ConnectionTest::Source(block) => {
            let Some(source) = given.source else { return inside(builder, &Attribute::Client, *block) };
            Given { source: Some(source), ..Given::default() }
        }
        ConnectionTest::Destination(block) => {
            let Some(to) = given.destination else { return inside(builder, &Attribute::Destination, *block) };
            Given { destination: Some(to), ..Given::default() }
        }
        ConnectionTest::Port(port) => {
            let Some(to) = given.port else {
                let (pattern, _) = of_port(*port);
                return builder.among(&Attribute::Port, |domain| domain.texts(&pattern));
            };
            Given { port: Some(to), ..Given::default() }
        }
        ConnectionTest::Account { .. } | ConnectionTest::Principal(_) | ConnectionTest::Namespace(_) => {
            let Some(identity) = given.identity else { return of_peer(builder, test) };
            Given { identity: Some(identity), ..Given::default() }
        }
    };
    Ok(known(test.truth(found.connection())))
}

impl<'g> Given<'g> {
    /// A connection that has this. What is not given is nothing that a test looks at.
    fn connection(self) -> Connection<'g> {
        let ip = self.destination.unwrap_or(Ipv4Addr::UNSPECIFIED.into());
        let peer = Peer { identity: self.identity.flatten(), address: self.source };
        Connection { peer, destination: SocketAddr::new(ip, self.port.unwrap_or_default()) }
    }
}

fn inside(
    builder: &mut Builder<'_>,
    attribute: &Attribute,
    block: Option<ipnet::IpNet>,
) -> Result<Diagram, TooMuch> {
    match block {
        Some(block) => builder.among(attribute, |domain| domain.inside(block)),
        // What is no block has no address.
        None => Ok(Diagram::NO),
    }
}

/// A test of who opens a connection: of those with an identity, and of those without.
fn of_peer(builder: &mut Builder<'_>, test: &ConnectionTest) -> Result<Diagram, TooMuch> {
    let present = match of_identity(test) {
        Some((pattern, _)) => builder.among(&Attribute::Peer, |domain| domain.texts(&pattern))?,
        None => Diagram::NO,
    };
    let nobody = Given { identity: Some(None), ..Given::default() };
    let fits_nobody = known(test.truth(nobody.connection()));
    let any = builder.among(&Attribute::Peer, |domain| Some(domain.present()))?;
    let absent = builder.diagrams.not(any)?;
    let absent = builder.diagrams.and(absent, fits_nobody)?;
    builder.diagrams.or(present, absent)
}

fn of_port(port: u32) -> (Pattern, String) {
    (Pattern::exact(&port.to_string()), format!("`{port}`"))
}

/// What a test asks of a SPIFFE id, and what that is in words; none for what no id fits.
fn of_identity(test: &ConnectionTest) -> Option<(Pattern, String)> {
    let (regex, words) = match test {
        ConnectionTest::Account { namespace, name } => {
            let words = format!("`*/ns/{namespace}/sa/{name}`");
            (format!("spiffe://[^/]*/ns/{}/sa/{}", escape(namespace), escape(name)), words)
        }
        ConnectionTest::Principal(text) => {
            let (regex, words) = part(text, "(?s:.*)")?;
            (format!("spiffe://{regex}"), format!("`{words}`"))
        }
        ConnectionTest::Namespace(text) => {
            let (regex, words) = part(text, "[^/]*")?;
            (format!("spiffe://[^/]*/ns/{regex}/sa/(?s:.*)"), format!("`*/ns/{words}/*`"))
        }
        ConnectionTest::Source(_) | ConnectionTest::Destination(_) | ConnectionTest::Port(_) => return None,
    };
    Some((Pattern::regex(&regex), words))
}

/// A part of an id, where `anything` is what may be left open, and how it is written.
fn part(text: &Text, anything: &str) -> Option<(String, String)> {
    Some(match text {
        Text::Exact(exact) => (escape(exact), exact.clone()),
        Text::Prefix(prefix) => (escape(prefix) + anything, format!("{prefix}*")),
        Text::Suffix(suffix) => (anything.to_owned() + &escape(suffix), format!("*{suffix}")),
        Text::Present => (anything.to_owned(), "*".to_owned()),
        Text::Nothing => return None,
    })
}

#[cfg(test)]
mod tests {
    use decisions::Limits;
    use envoy::istio::security::string_match::MatchType;
    use envoy::istio::security::{
        Address, Authorization, Group, Match, Rules, ServiceAccountMatch, StringMatch,
    };
    use proptest::prelude::*;
    use proptest::sample::{select, subsequence};

    use super::super::condition::Fixed;
    use super::super::domain::{Domains, Example};
    use super::*;
    use crate::trace::condition::Truth;
    use crate::trace::ztunnel_condition::condition;

    fn text() -> impl Strategy<Value = StringMatch> {
        let kinds: [fn(&str) -> MatchType; 3] = [
            |text| MatchType::Exact(text.into()),
            |text| MatchType::Prefix(text.into()),
            |text| MatchType::Suffix(text.into()),
        ];
        let texts = select(vec!["", "a", "b", "td/ns/a", "td/ns/a/sa/x", "a/sa/x", "spiffe://td", "x", "*"]);
        prop_oneof![
            4 => (select(kinds.to_vec()), texts).prop_map(|(kind, text)| Some(kind(text))),
            1 => Just(Some(MatchType::Presence(envoy::google::protobuf::Empty {}))),
            1 => Just(None),
        ]
        .prop_map(|match_type| StringMatch { match_type })
    }

    fn texts() -> impl Strategy<Value = Vec<StringMatch>> {
        prop::collection::vec(text(), 0..3)
    }

    fn blocks() -> impl Strategy<Value = Vec<Address>> {
        let all = [(10, 8), (10, 32), (127, 8), (10, 99)];
        let address = |(first, length)| Address { address: vec![first, 0, 0, 1].into(), length };
        subsequence(all.map(address).to_vec(), 0..3)
    }

    fn matching() -> impl Strategy<Value = Match> {
        let ports = || subsequence(vec![80_u32, 8080, 443], 0..3);
        let accounts = ["x", "y"]
            .map(|name| ServiceAccountMatch { namespace: "a".into(), service_account: name.into() });
        let accounts = subsequence(accounts.to_vec(), 0..2);
        (texts(), texts(), texts(), texts(), blocks(), blocks(), (ports(), ports()), accounts).prop_map(
            |(
                principals,
                not_principals,
                namespaces,
                not_namespaces,
                from,
                to,
                (ports, not_ports),
                accounts,
            )| Match {
                principals,
                not_principals,
                namespaces,
                not_namespaces,
                source_ips: from,
                not_destination_ips: to,
                destination_ports: ports,
                not_destination_ports: not_ports,
                service_accounts: accounts,
                ..Match::default()
            },
        )
    }

    fn policy() -> impl Strategy<Value = Authorization> {
        let matches = prop::collection::vec(matching(), 0..3).prop_map(|matches| Rules { matches });
        let group = prop::collection::vec(matches, 0..3).prop_map(|rules| Group { rules });
        prop::collection::vec(group, 0..3)
            .prop_map(|groups| Authorization { groups, ..Authorization::default() })
    }

    proptest! {
        /// A diagram says of every connection what its condition says, whatever of it is given.
        #[test]
        fn a_diagram_says_what_its_condition_says(
            policy in policy(),
            id in prop::option::of(select(vec!["spiffe://td/ns/a/sa/x", "spiffe://td/ns/b/sa/a", "spiffe://a/ns/ab/sa/y"])),
            from in select(vec!["10.0.0.1", "10.0.0.2", "127.1.1.1", "::1"]),
            to in select(vec!["10.0.0.1:80", "10.9.9.9:8080", "1.2.3.4:443", "[::1]:81"]),
            given in [any::<bool>(); 4],
        ) {
            let (from, to): (IpAddr, SocketAddr) = (from.parse().unwrap(), to.parse().unwrap());
            let condition = condition(&policy);
            let connection = Connection { peer: Peer { identity: id, address: Some(from) }, destination: to };
            let [identity, source, destination, port] = given;
            let given = Given {
                identity: identity.then_some(id),
                source: source.then_some(from),
                destination: destination.then_some(to.ip()),
                port: port.then_some(to.port()),
            };
            let mut asked = AllAsked::default();
            ask(&condition, given, &mut asked);
            let domains = Domains::new(asked, &Limits::default()).unwrap();
            let mut builder = Builder::new(&domains, &Limits::default(), Fixed::default());
            let diagram = holds(&mut builder, &condition, given).unwrap();
            let class = |attribute: &Attribute| match attribute {
                Attribute::Peer => id.map_or(Example::Absent, |id| Example::Text(id.into())),
                Attribute::Client => Example::Text(from.to_string()),
                Attribute::Destination => Example::Text(to.ip().to_string()),
                _ => Example::Text(to.port().to_string()),
            };
            let classes: Vec<usize> =
                domains.iter().map(|(_, attribute, domain)| domain.class(&class(attribute)).unwrap()).collect();
            let expected = match condition.truth(connection) {
                Truth::No => 0,
                Truth::Yes => 1,
                Truth::Unknown => 2,
            };
            prop_assert_eq!(builder.diagrams.outcome(diagram, &classes), Some(expected));
        }
    }
}
