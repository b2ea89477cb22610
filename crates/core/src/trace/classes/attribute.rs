//! What requests are asked for, and what is asked.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use decisions::text::Pattern;
use ipnet::IpNet;

use super::language;
use crate::trace::asked::{ParameterIs, RequestTest};
use crate::trace::connection::PEER_PRINCIPAL;
use crate::trace::headers;
use crate::trace::jwt::JWT_AUTHN;
use crate::trace::matchers::{HeaderIs, HeaderTest};
use crate::trace::metadata::{self, ValueTest};
use crate::trace::rbac::RequestCondition;

/// Something of a request that decides what comes of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Attribute {
    /// The SPIFFE id of the client.
    Principal,
    /// The SPIFFE id of whoever opens a connection to a workload; nothing for those outside of the mesh.
    Peer,
    /// The address of the client.
    Client,
    /// The address of the workload.
    Destination,
    /// The port of the workload.
    Port,
    /// The server name that the application's own TLS asks for.
    ServerName,
    /// The path without query.
    Path,
    /// The method.
    Method,
    /// The host.
    Host,
    /// Another header, by its name in lower case.
    Header(String),
    /// A parameter of the query.
    Query(String),
    /// Whether a token is sent that is not taken.
    Token,
    /// A claim of a token, or what else filters have told each other: the filter, and the keys.
    Metadata(String, Vec<String>),
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Principal | Self::Peer => f.write_str("principal"),
            Self::Client => f.write_str("address of the client"),
            Self::Destination => f.write_str("address of the destination"),
            Self::Port => f.write_str("port"),
            Self::ServerName => f.write_str("server name"),
            Self::Path => f.write_str("path"),
            Self::Method => f.write_str("method"),
            Self::Host => f.write_str("host"),
            Self::Header(name) => write!(f, "header `{name}`"),
            Self::Query(name) => write!(f, "query parameter `{name}`"),
            Self::Token => f.write_str("token"),
            Self::Metadata(_, keys) => f.write_str(&metadata::subject(keys)),
        }
    }
}

impl Attribute {
    /// Whether it is what a token says.
    pub(super) fn is_of_tokens(&self) -> bool {
        matches!(self, Self::Metadata(filter, _) if filter == JWT_AUTHN)
    }
}

/// The attribute of a header; those that are no others' have names of their own.
pub(super) fn of_header(name: &str) -> Attribute {
    match name.to_ascii_lowercase().as_str() {
        headers::METHOD => Attribute::Method,
        headers::AUTHORITY | "host" => Attribute::Host,
        lower => Attribute::Header(lower.to_owned()),
    }
}

/// Everything that is asked of an attribute.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    /// What texts are asked, each in words.
    pub(super) texts: BTreeMap<Pattern, String>,
    /// The same of entries of lists.
    pub(super) entries: BTreeMap<Pattern, String>,
    pub(super) blocks: BTreeSet<IpNet>,
}

/// Everything that is asked, by attribute.
#[derive(Clone, Debug, Default)]
pub(super) struct AllAsked(pub(super) BTreeMap<Attribute, Asked>);

impl AllAsked {
    /// Adds what a condition asks.
    pub(super) fn add(&mut self, condition: &RequestCondition) {
        condition.each(&mut |test| self.test(test));
    }

    /// Adds what is asked of a text, with what that is in words.
    pub(super) fn text(&mut self, attribute: Attribute, asked: Option<(Pattern, String)>) {
        self.0.entry(attribute).or_default().texts.extend(asked);
    }

    /// Adds a block that an address is looked for in.
    pub(super) fn block(&mut self, attribute: Attribute, block: Option<IpNet>) {
        self.0.entry(attribute).or_default().blocks.extend(block);
    }

    fn test(&mut self, test: &RequestTest) {
        match test {
            RequestTest::Header(test) => self.header(test),
            RequestTest::Path(_) | RequestTest::PathBelow { .. } | RequestTest::PathTemplate(_) => {
                self.text(Attribute::Path, language::of_path(test));
            }
            RequestTest::Connect => {
                self.text(Attribute::Method, Some((Pattern::exact("CONNECT"), "`CONNECT`".to_owned())));
            }
            RequestTest::Grpc => {
                self.text(language::content_type(), Some((language::grpc(), "one of gRPC".to_owned())));
            }
            RequestTest::Query { name, is } => {
                let pattern = match is {
                    ParameterIs::Present(_) => None,
                    ParameterIs::Text(test) => language::named(test),
                };
                self.text(Attribute::Query(name.clone()), pattern);
            }
            RequestTest::Metadata(test) => {
                let attribute = Attribute::Metadata(test.filter.clone(), test.keys.clone());
                let asked = self.0.entry(attribute).or_default();
                test.value.iter().for_each(|value| add_value(value, false, asked));
            }
            RequestTest::State { key, test } if key == PEER_PRINCIPAL => {
                self.text(Attribute::Principal, test.as_ref().and_then(language::named));
            }
            RequestTest::ServerName(test) => self.text(Attribute::ServerName, language::named(test)),
            RequestTest::Client(test) => self.block(Attribute::Client, test.block),
            // Of these each connection to one destination has the same.
            RequestTest::Port(_)
            | RequestTest::Ports(..)
            | RequestTest::Destination(_)
            | RequestTest::Peer(_)
            | RequestTest::Certificate(_)
            | RequestTest::State { .. }
            | RequestTest::Unknown(_) => {}
        }
    }

    /// Adds what is asked of the entries of a list.
    pub(super) fn entry(&mut self, attribute: Attribute, asked: (Pattern, String)) {
        self.0.entry(attribute).or_default().entries.extend([asked]);
    }

    /// Adds what is asked of a header.
    pub(super) fn header(&mut self, test: &HeaderTest) {
        let pattern = match &test.is {
            HeaderIs::Text(test) => language::named(test),
            HeaderIs::Present(_) | HeaderIs::Number(..) => None,
        };
        self.text(of_header(&test.name), pattern);
    }
}

fn add_value(value: &ValueTest, is_entry: bool, asked: &mut Asked) {
    match value {
        ValueTest::Text(test) => {
            let patterns = if is_entry { &mut asked.entries } else { &mut asked.texts };
            patterns.extend(language::named(test));
        }
        ValueTest::List(Some(one)) => add_value(one, true, asked),
        ValueTest::AnyOf(all) => all.iter().for_each(|one| add_value(one, is_entry, asked)),
        _ => {}
    }
}
