//! What conditions on requests look at: see [`RequestTest`].

use std::borrow::Cow;

use super::condition::{Fact, Test, Truth};
use super::connection::{Address, Connection, Kept, PEER_PRINCIPAL};
use super::headers::{self, Headers};
use super::matchers::{AddressTest, HeaderTest, TextTest};
use super::metadata::{Metadata, MetadataTest};
use super::template::Template;

/// What conditions are asked of: a request, or a connection.
#[derive(Clone, Copy)]
pub(super) struct Subject<'s, 'a> {
    pub(super) connection: &'s Connection<'a>,
    /// The address that the request counts as coming from.
    pub(super) remote: Address,
    /// Nothing for a connection that is not HTTP.
    pub(super) headers: Option<&'s Headers<'a>>,
    pub(super) metadata: &'s Metadata<'a>,
    /// The path without query and fragment.
    path: Option<&'s str>,
}

impl<'s, 'a> Subject<'s, 'a> {
    pub(super) fn new(
        connection: &'s Connection<'a>,
        remote: Address,
        headers: Option<&'s Headers<'a>>,
        metadata: &'s Metadata<'a>,
    ) -> Self {
        Self { connection, remote, headers, metadata, path: headers.and_then(Headers::bare_path) }
    }
}

/// One thing that Envoy's matchers look at.
#[derive(Clone, Debug)]
pub(super) enum RequestTest {
    Header(HeaderTest),
    /// The path without query and fragment.
    Path(TextTest),
    /// A path, or one below it.
    PathBelow {
        prefix: String,
        ignore_case: bool,
    },
    PathTemplate(Template),
    /// The method CONNECT.
    Connect,
    /// A content type of gRPC.
    Grpc,
    Query {
        name: String,
        is: ParameterIs,
    },
    Metadata(MetadataTest),
    /// An object that a filter keeps; without a test nothing is known.
    State {
        key: String,
        test: Option<TextTest>,
    },
    ServerName(TextTest),
    Port(u32),
    /// A port from the first to before the second.
    Ports(i32, i32),
    Destination(AddressTest),
    /// The address at the other end of the connection.
    Peer(AddressTest),
    /// The address that the request counts as coming from.
    Client(AddressTest),
    /// The id of the certificate at the other end; without a test any will do.
    Certificate(Option<TextTest>),
    /// What files do not tell.
    Unknown(Cow<'static, str>),
}

/// What a parameter of the query has to be.
#[derive(Clone, Debug)]
pub(super) enum ParameterIs {
    Present(bool),
    Text(TextTest),
}

impl Test for RequestTest {
    type Subject<'s, 'a>
        = Subject<'s, 'a>
    where
        'a: 's;

    fn truth<'s, 'a: 's>(&self, subject: Subject<'s, 'a>) -> Truth {
        let connection = subject.connection;
        match self {
            Self::Header(test) => match subject.headers {
                Some(headers) => test.truth(headers),
                // What is not HTTP has none.
                None => test.truth(&Headers::default()),
            },
            Self::Path(test) => subject.path.map_or(Truth::No, |path| test.truth(path)),
            Self::PathBelow { prefix, ignore_case } => {
                subject.path.is_some_and(|path| is_below(prefix, path, *ignore_case)).into()
            }
            Self::PathTemplate(template) => subject.path.map_or(Truth::No, |path| template.fits(path)),
            Self::Connect => subject
                .headers
                .is_some_and(|headers| headers.text(headers::METHOD).as_str() == "CONNECT")
                .into(),
            Self::Grpc => subject.headers.is_some_and(Headers::is_grpc).into(),
            Self::Query { name, is } => {
                let found = parameter(subject, name);
                match is {
                    ParameterIs::Present(present) => (found.is_some() == *present).into(),
                    ParameterIs::Text(test) => found.map_or(Truth::No, |found| test.truth(found)),
                }
            }
            Self::Metadata(test) => test.truth(subject.metadata),
            Self::State { key, test } => match (test, connection.state.get(key)) {
                (None, _) | (_, Some(Kept::Unknown)) => Truth::Unknown,
                (Some(test), found) => {
                    found.and_then(Kept::text).map_or(Truth::No, |found| test.truth(&found))
                }
            },
            // Envoy compares with an empty name where there is none.
            Self::ServerName(test) => test.truth(connection.server_name.unwrap_or_default()),
            Self::Port(port) => (u32::from(connection.port) == *port).into(),
            Self::Ports(start, end) => (*start..*end).contains(&i32::from(connection.port)).into(),
            Self::Destination(test) => test.truth(connection.ip),
            Self::Peer(test) => address(test, connection.peer),
            Self::Client(test) => address(test, subject.remote),
            Self::Certificate(test) => match (test, &connection.certificate) {
                (Some(test), Some(id)) => test.truth(id),
                (None, Some(_)) => Truth::Yes,
                (_, None) => Truth::No,
            },
            Self::Unknown(_) => Truth::Unknown,
        }
    }

    fn fact<'s, 'a: 's>(&self, subject: Subject<'s, 'a>) -> Fact {
        let connection = subject.connection;
        let told = |subject: &str, found: Option<&str>, wanted: String| Fact {
            subject: subject.to_owned(),
            found: found.map(str::to_owned),
            wanted,
        };
        let header = |name| subject.headers.map(|headers| headers.text(name).as_str().to_owned());
        match self {
            Self::Header(test) => match subject.headers {
                Some(headers) => test.fact(headers),
                None => test.fact(&Headers::default()),
            },
            Self::Path(test) => test.fact("path", subject.path),
            Self::PathBelow { prefix, .. } => told("path", subject.path, format!("`{prefix}` or below")),
            Self::PathTemplate(template) => template.fact(subject.path),
            Self::Connect => told("method", header(headers::METHOD).as_deref(), "`CONNECT`".to_owned()),
            Self::Grpc => told("content type", header("content-type").as_deref(), "gRPC's".to_owned()),
            Self::Query { name, is } => {
                let wanted = match is {
                    ParameterIs::Present(true) => "there".to_owned(),
                    ParameterIs::Present(false) => "absent".to_owned(),
                    ParameterIs::Text(test) => test.wanted(),
                };
                told(&format!("query parameter `{name}`"), parameter(subject, name), wanted)
            }
            Self::Metadata(test) => test.fact(subject.metadata),
            Self::State { key, test } => {
                let name = if key == PEER_PRINCIPAL { "principal".to_owned() } else { format!("`{key}`") };
                let found = connection.state.get(key).and_then(Kept::text);
                match test {
                    Some(test) => test.fact(name, found.as_deref()),
                    None => Fact::unknown(name),
                }
            }
            Self::ServerName(test) => {
                test.fact("server name", Some(connection.server_name.unwrap_or_default()))
            }
            Self::Port(port) => told("port", Some(&connection.port.to_string()), format!("`{port}`")),
            Self::Ports(start, end) => {
                let found = connection.port.to_string();
                told("port", Some(&found), format!("from {start} to {}", end - 1))
            }
            Self::Destination(test) => {
                let found = connection.ip.to_string();
                told("address of the destination", Some(&found), test.wanted())
            }
            Self::Peer(test) => address_fact("address of the peer", test, connection.peer),
            Self::Client(test) => address_fact("address of the client", test, subject.remote),
            Self::Certificate(test) => {
                let wanted = test.as_ref().map_or_else(|| "anything".to_owned(), TextTest::wanted);
                told("principal", connection.certificate.as_deref(), wanted)
            }
            Self::Unknown(what) => Fact::unknown(what.clone()),
        }
    }
}

/// The first of several values counts, as it is written.
fn parameter<'s>(subject: Subject<'s, '_>, name: &'s str) -> Option<&'s str> {
    let path = match subject.headers?.get(headers::PATH) {
        headers::HeaderValues::Text(headers::Text::One(path)) => path,
        _ => return None,
    };
    headers::query(path).find(|(other, _)| *other == name).map(|(_, value)| value)
}

/// Whether a path begins with whole segments.
fn is_below(prefix: &str, path: &str, ignore_case: bool) -> bool {
    let Some((start, rest)) = path.split_at_checked(prefix.len()) else { return false };
    let same = if ignore_case { start.eq_ignore_ascii_case(prefix) } else { start == prefix };
    same && (rest.is_empty() || rest.starts_with('/'))
}

/// The peer of a listener inside the waypoint is the waypoint: it has no address.
fn address(test: &AddressTest, found: Address) -> Truth {
    match found {
        Address::Known(ip) => test.truth(ip),
        Address::Unknown => Truth::Unknown,
        Address::None => Truth::No,
    }
}

fn address_fact(subject: &str, test: &AddressTest, found: Address) -> Fact {
    let (found, wanted) = match found {
        Address::Known(ip) => (Some(ip.to_string()), test.wanted()),
        Address::Unknown => (None, test.wanted()),
        Address::None => (Some("the waypoint itself".to_owned()), test.written()),
    };
    Fact { subject: subject.to_owned(), found, wanted }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_end_between_segments() {
        assert!(is_below("/a", "/a", false));
        assert!(is_below("/a", "/a/b", false));
        assert!(!is_below("/a", "/ab", false));
        assert!(!is_below("/a", "/A/b", false));
        assert!(is_below("/a", "/A/b", true));
    }
}
