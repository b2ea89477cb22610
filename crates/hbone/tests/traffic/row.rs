//! A row: who asks what of whom, and what comes of it.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use hbone::client::Failure;
use hbone::echo::Seen;
use hbone::http::{Protocol, Reply, Request};
use hyper::Method;
use waypoint_xds::release::Release;

/// One row of a scenario.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) what: &'static str,
    pub(crate) ask: Ask,
    pub(crate) expect: Expect,
    /// The only release that this row is for; both if there is none.
    pub(crate) only: Option<Release>,
}

/// A request, and who sends it where.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    /// `namespace/service account`.
    pub(crate) from: &'static str,
    pub(crate) trust: Trust,
    /// `service.namespace:port`, `pod/name.namespace:port` or `address:port`.
    pub(crate) to: &'static str,
    pub(crate) message: Message,
    /// The server name to ask for, if the message goes through TLS inside the tunnel.
    pub(crate) tls: Option<&'static str>,
    pub(crate) times: usize,
}

/// What certificate the caller has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    Mesh,
    /// From the mesh's authority, but naming another trust domain.
    OtherTrustDomain,
    /// From an authority that the mesh does not know.
    OtherAuthority,
}

/// What goes through the tunnel.
#[derive(Clone, Debug)]
pub(crate) enum Message {
    Http(Request),
    /// A line of plain TCP.
    Line(&'static str),
    /// Nothing: whom the tunnel leads to speaks first.
    Silence,
}

/// What should come of a row.
#[derive(Debug)]
pub(crate) enum Expect {
    /// A response for which all of this holds.
    Answer(Vec<Check>),
    /// The tunnel is refused, or ends without a response, and no pod sees the request.
    NoAnswer,
    /// The same, because the waypoint does not serve that address.
    Nowhere,
    /// Whom the tunnel leads to speaks first.
    Greeting,
    /// Whom the tunnel leads to would speak first, but the waypoint waits for the client.
    Silence,
    /// No connection at all, and this counter of the waypoint's rises.
    NoConnection(&'static str),
    /// Whatever it is.
    Any,
    /// Of many requests, one pod answers all.
    OnePod,
    /// Of many requests, each version answers so many in a hundred.
    Spread(Vec<(&'static str, RangeInclusive<f64>)>),
    /// Of many requests, pods whose names begin so answer so many.
    Pods(Vec<(&'static str, RangeInclusive<usize>)>),
}

/// What should hold for a response.
#[derive(Clone, Debug)]
pub(crate) enum Check {
    Status(u16),
    Version(&'static str),
    Body(&'static str),
    /// A header of the response, or that it is absent.
    Header(&'static str, Option<&'static str>),
    GrpcStatus(&'static str),
    /// It took at least and at most so many milliseconds.
    Took(RangeInclusive<u64>),
    /// Something that the pod saw.
    Saw(Sight, &'static str),
    /// A header that the pod saw, or that it did not.
    SawHeader(&'static str, Option<&'static str>),
    /// Pods whose names begin so have seen the row's path so many times.
    Reached(&'static str, usize),
}

/// Something that a pod sees.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sight {
    Path,
    Host,
    Protocol,
    /// The identity at the other end of the tunnel.
    Peer,
    /// Whether the pod was spoken to in TLS, inside the tunnel.
    Tls,
    /// The server name that TLS began with.
    ServerName,
    /// Whether PROXY protocol came first.
    Proxied,
}

impl Sight {
    fn of(self, seen: &Seen) -> String {
        match self {
            Self::Path => seen.path.clone(),
            Self::Host => seen.host.clone(),
            Self::Protocol => seen.protocol.clone(),
            Self::Peer => seen.peer.clone(),
            Self::Tls => seen.tls.to_string(),
            Self::ServerName => seen.server_name.clone(),
            Self::Proxied => (!seen.proxied.is_empty()).to_string(),
        }
    }
}

pub(crate) fn row(what: &'static str, ask: Ask, expect: Expect) -> Row {
    Row { what, ask, expect, only: None }
}

impl Row {
    /// The same row for one release only.
    pub(crate) fn only(self, release: Release) -> Self {
        Self { only: Some(release), ..self }
    }
}

/// A GET over HTTP/1.1 by `productpage`.
pub(crate) fn get(to: &'static str, path: &str) -> Ask {
    let host = to.split(':').next().unwrap_or(to).trim_start_matches("pod/");
    message(to, Message::Http(Request::get(host, path)))
}

/// A unary gRPC call by `productpage`.
pub(crate) fn grpc(to: &'static str, path: &str) -> Ask {
    message(to, Message::Http(Request::grpc(to, path, b"ten")))
}

/// A line over TCP by `productpage`.
pub(crate) fn line(to: &'static str, line: &'static str) -> Ask {
    message(to, Message::Line(line))
}

/// A connection over TCP by `productpage`, who waits for a greeting.
pub(crate) fn silence(to: &'static str) -> Ask {
    message(to, Message::Silence)
}

fn message(to: &'static str, message: Message) -> Ask {
    Ask { from: "shop/productpage", trust: Trust::Mesh, to, message, tls: None, times: 1 }
}

impl Ask {
    pub(crate) fn from(self, from: &'static str) -> Self {
        Self { from, ..self }
    }

    pub(crate) fn trust(self, trust: Trust) -> Self {
        Self { trust, ..self }
    }

    pub(crate) fn times(self, times: usize) -> Self {
        Self { times, ..self }
    }

    /// Through TLS inside the tunnel.
    pub(crate) fn tls(self, server_name: &'static str) -> Self {
        Self { tls: Some(server_name), ..self }
    }

    pub(crate) fn header(self, name: &str, value: &str) -> Self {
        self.request(|request| request.header(name, value))
    }

    pub(crate) fn host(self, host: &str) -> Self {
        self.request(|request| Request { host: host.to_owned(), ..request })
    }

    pub(crate) fn method(self, method: Method) -> Self {
        self.request(|request| Request { method, ..request })
    }

    pub(crate) fn h2c(self) -> Self {
        self.request(|request| Request { protocol: Protocol::H2c, ..request })
    }

    fn request(self, change: impl FnOnce(Request) -> Request) -> Self {
        let message = match self.message {
            Message::Http(request) => Message::Http(change(request)),
            other => other,
        };
        Self { message, ..self }
    }

    /// What the pods' log calls it.
    pub(crate) fn path(&self) -> &str {
        match &self.message {
            Message::Http(request) => &request.path,
            Message::Line(line) => line,
            Message::Silence => "",
        }
    }
}

/// An answer with this status.
pub(crate) fn status(status: u16) -> Expect {
    Expect::Answer(vec![Check::Status(status)])
}

/// An answer with status 200.
pub(crate) fn ok() -> Expect {
    status(200)
}

/// What RBAC answers.
pub(crate) fn denied() -> Expect {
    status(403).body("RBAC: access denied")
}

/// An answer over plain TCP.
pub(crate) fn line_back() -> Expect {
    Expect::Answer(vec![Check::Saw(Sight::Protocol, "TCP")])
}

pub(crate) fn spread<const N: usize>(versions: [(&'static str, RangeInclusive<f64>); N]) -> Expect {
    Expect::Spread(versions.into())
}

macro_rules! checks {
    ($($name:ident($($argument:ident: $type:ty),*) = $check:expr;)*) => {
        impl Expect {
            $(pub(crate) fn $name(self, $($argument: $type),*) -> Self {
                self.and($check)
            })*
        }
    };
}

checks! {
    version(version: &'static str) = Check::Version(version);
    body(text: &'static str) = Check::Body(text);
    header(name: &'static str, value: &'static str) = Check::Header(name, Some(value));
    no_header(name: &'static str) = Check::Header(name, None);
    grpc_status(status: &'static str) = Check::GrpcStatus(status);
    took(milliseconds: RangeInclusive<u64>) = Check::Took(milliseconds);
    saw(sight: Sight, value: &'static str) = Check::Saw(sight, value);
    saw_header(name: &'static str, value: &'static str) = Check::SawHeader(name, Some(value));
    saw_no_header(name: &'static str) = Check::SawHeader(name, None);
    reached(pods: &'static str, times: usize) = Check::Reached(pods, times);
}

impl Expect {
    fn and(self, check: Check) -> Self {
        match self {
            Self::Answer(mut checks) => {
                checks.push(check);
                Self::Answer(checks)
            }
            other => other,
        }
    }
}

/// What came of an ask.
pub(crate) enum Outcome {
    Reply(Reply),
    Line(Seen),
    /// Whom the tunnel led to spoke first.
    Greeting(String),
    /// It did not.
    Silence,
    Failure(Failure),
    /// Not even a connection to the waypoint.
    NoConnection(String),
}

impl Outcome {
    pub(crate) fn seen(&self) -> Option<Seen> {
        match self {
            Self::Reply(reply) => reply.seen(),
            Self::Line(seen) => Some(seen.clone()),
            Self::Greeting(_) | Self::Silence | Self::Failure(_) | Self::NoConnection(_) => None,
        }
    }
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reply(reply) => write!(f, "{} {:?} {}", reply.status, reply.headers, reply.text()),
            Self::Line(seen) => write!(f, "a line: {seen:?}"),
            Self::Greeting(words) => write!(f, "a greeting: {words}"),
            Self::Silence => f.write_str("silence"),
            Self::Failure(failure) => write!(f, "{failure}"),
            Self::NoConnection(why) => f.write_str(why),
        }
    }
}

impl Check {
    /// Why it does not hold, if it doesn't.
    pub(crate) fn fails(&self, outcome: &Outcome, log: &[Seen]) -> Option<String> {
        let reply = match outcome {
            Outcome::Reply(reply) => Some(reply),
            _ => None,
        };
        let header = |name| reply.and_then(|reply: &Reply| reply.header(name)).map(str::to_owned);
        let seen = outcome.seen();
        let text = |value: &str| Some(value.to_owned());
        let (expected, found) = match self {
            Self::Status(status) => {
                (text(&status.to_string()), reply.map(|reply| reply.status.as_u16().to_string()))
            }
            Self::Version(version) => (text(version), seen.map(|seen| seen.version)),
            Self::Body(body) => (text(body), reply.map(Reply::text)),
            Self::Header(name, value) => (value.map(str::to_owned), header(name)),
            Self::GrpcStatus(status) => (text(status), reply.and_then(Reply::grpc_status).map(str::to_owned)),
            Self::Took(range) => {
                let took = reply.map_or(Duration::ZERO, |reply| reply.took).as_millis();
                let holds = u64::try_from(took).is_ok_and(|took| range.contains(&took));
                return (!holds).then(|| format!("expected to take {range:?} ms, took {took} ms"));
            }
            Self::Saw(sight, value) => (text(value), seen.map(|seen| sight.of(&seen))),
            Self::SawHeader(name, value) => {
                (value.map(str::to_owned), seen.and_then(|seen| seen.headers.get(*name).cloned()))
            }
            Self::Reached(pods, times) => {
                let reached = log.iter().filter(|seen| seen.pod.starts_with(pods)).count();
                (text(&times.to_string()), Some(reached.to_string()))
            }
        };
        (expected != found).then(|| format!("{self:?}: found {found:?}"))
    }
}
