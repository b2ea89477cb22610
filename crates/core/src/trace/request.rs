//! What is asked: who, of whom, how.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde_json::{Map, Value};

use super::via::Via;
use crate::Str;

/// A request, and who sends it where.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Request {
    /// Who asks.
    pub source: Source,
    /// The address that it asks from; without one a pod's own.
    pub source_address: Option<IpAddr>,
    /// Whom it asks.
    pub destination: Destination,
    /// How it gets there.
    pub via: Via,
    /// What is spoken.
    pub protocol: Protocol,
    /// The method, as `GET`.
    pub method: String,
    /// The path, with the query.
    pub path: String,
    /// `Host` or `:authority`; without one the destination as it was named.
    pub authority: Option<String>,
    /// The other headers.
    pub headers: Vec<(String, String)>,
    /// The claims of a token whose signature and times count as verified, `iss` among them. It is sent where
    /// its issuer looks for it.
    pub claims: Option<Map<String, Value>>,
    /// The token that the claims are of; without one, a token is made of them.
    pub token: Option<String>,
    /// What an external authorizer would answer.
    pub ext_authz: Option<ExtAuthz>,
    /// Picks one of what may come of the request by chance; without one, all of it is told.
    pub seed: Option<String>,
}

impl Request {
    /// A GET of `/` over HTTP/1.1, as the client's pod sends it.
    #[must_use]
    pub fn new(source: Source, destination: Destination) -> Self {
        Self {
            source,
            source_address: None,
            destination,
            via: Via::Client,
            protocol: Protocol::Http1,
            method: "GET".to_owned(),
            path: "/".to_owned(),
            authority: None,
            headers: Vec::new(),
            claims: None,
            token: None,
            ext_authz: None,
            seed: None,
        }
    }
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A pod of this name, else any pod with a service account of this name, else any pod of a Deployment or
    /// the like of this name.
    Named {
        /// Its namespace.
        namespace: Str,
        /// Its name.
        name: Str,
    },
    /// A pod.
    Pod {
        /// Its namespace.
        namespace: Str,
        /// Its name.
        name: Str,
    },
    /// Any pod of the mesh with this service account.
    ServiceAccount {
        /// Its namespace.
        namespace: Str,
        /// Its name.
        name: Str,
    },
    /// Whoever in the mesh has a certificate for this SPIFFE id.
    Spiffe(Str),
    /// Somebody outside of the mesh.
    Outside,
}

/// A text that is no [`Source`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no source: expected NAMESPACE/NAME, pod/NAME.NAMESPACE, sa/NAME.NAMESPACE, spiffe://… or outside"
)]
pub struct NotASource(String);

/// `NAMESPACE/NAME`, `pod/NAME.NAMESPACE`, `sa/NAME.NAMESPACE`, `spiffe://…` or `outside`.
impl FromStr for Source {
    type Err = NotASource;

    fn from_str(text: &str) -> Result<Self, NotASource> {
        let error = || NotASource(text.to_owned());
        if text == "outside" {
            return Ok(Self::Outside);
        }
        if text.starts_with("spiffe://") {
            return Ok(Self::Spiffe(text.into()));
        }
        let (kind, rest) = text.split_once('/').ok_or_else(error)?;
        let is_of_kind = matches!(kind, "pod" | "sa");
        let (name, namespace) =
            if is_of_kind { rest.rsplit_once('.').ok_or_else(error)? } else { (rest, kind) };
        if name.is_empty() || namespace.is_empty() || name.contains('/') {
            return Err(error());
        }
        let (name, namespace) = (Str::from(name), Str::from(namespace));
        Ok(match kind {
            "pod" => Self::Pod { namespace, name },
            "sa" => Self::ServiceAccount { namespace, name },
            _ => Self::Named { namespace, name },
        })
    }
}

impl Source {
    /// Its namespace, where it has one.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        match self {
            Self::Named { namespace, .. }
            | Self::Pod { namespace, .. }
            | Self::ServiceAccount { namespace, .. } => Some(namespace),
            Self::Spiffe(id) => id.split_once("/ns/").and_then(|(_, rest)| rest.split('/').next()),
            Self::Outside => None,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named { namespace, name } => write!(f, "{namespace}/{name}"),
            Self::Pod { namespace, name } => write!(f, "pod/{name}.{namespace}"),
            Self::ServiceAccount { namespace, name } => write!(f, "sa/{name}.{namespace}"),
            Self::Spiffe(id) => f.write_str(id),
            Self::Outside => f.write_str("outside"),
        }
    }
}

/// Whom a request is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The name of a Service (`cart`, `cart.shop`, a whole host name), `pod/NAME.NAMESPACE`, or an address.
    pub host: Str,
    /// The port; without one 80, or the Service's only one.
    pub port: Option<u16>,
}

/// A text that is no [`Destination`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no destination: expected HOST[:PORT], pod/NAME.NAMESPACE:PORT or ADDRESS:PORT")]
pub struct NotADestination(String);

/// `HOST[:PORT]`; an IPv6 address with a port stands in brackets.
impl FromStr for Destination {
    type Err = NotADestination;

    fn from_str(text: &str) -> Result<Self, NotADestination> {
        let error = || NotADestination(text.to_owned());
        let bare = text.trim_start_matches('[').trim_end_matches(']');
        if bare.is_empty() {
            return Err(error());
        }
        if bare.parse::<IpAddr>().is_ok() {
            return Ok(Self { host: bare.into(), port: None });
        }
        let Some((host, port)) = text.rsplit_once(':') else {
            return Ok(Self { host: text.into(), port: None });
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let port = port.parse().map_err(|_| error())?;
        if host.is_empty() { Err(error()) } else { Ok(Self { host: host.into(), port: Some(port) }) }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) if self.host.contains(':') => write!(f, "[{}]:{port}", self.host),
            Some(port) => write!(f, "{}:{port}", self.host),
            None => f.write_str(&self.host),
        }
    }
}

/// What is spoken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Protocol {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2 without TLS.
    Http2,
    /// gRPC.
    Grpc,
    /// Bytes that are neither HTTP nor TLS.
    Tcp,
    /// The application's own TLS.
    Tls {
        /// The server name that it asks for.
        sni: Option<String>,
        /// The protocols that it offers (ALPN).
        alpn: Vec<String>,
    },
}

/// A text that is no [`Protocol`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no protocol: expected http, h2, grpc, tcp, tls or tls:SERVER-NAME")]
pub struct NotAProtocol(String);

/// `http`, `h2`, `grpc`, `tcp`, `tls` or `tls:SERVER-NAME`.
impl FromStr for Protocol {
    type Err = NotAProtocol;

    fn from_str(text: &str) -> Result<Self, NotAProtocol> {
        match text {
            "http" | "http/1.1" | "http1" => Ok(Self::Http1),
            "h2" | "http2" => Ok(Self::Http2),
            "grpc" => Ok(Self::Grpc),
            "tcp" => Ok(Self::Tcp),
            "tls" => Ok(Self::Tls { sni: None, alpn: Vec::new() }),
            _ => match text.strip_prefix("tls:").filter(|name| !name.is_empty()) {
                Some(name) => Ok(Self::Tls { sni: Some(name.to_owned()), alpn: Vec::new() }),
                None => Err(NotAProtocol(text.to_owned())),
            },
        }
    }
}

impl Protocol {
    /// Whether it is HTTP that a proxy can read.
    #[must_use]
    pub const fn is_http(&self) -> bool {
        matches!(self, Self::Http1 | Self::Http2 | Self::Grpc)
    }
}

/// What an external authorizer answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExtAuthz {
    /// It lets the request pass.
    Allow,
    /// It does not.
    Deny,
}

/// A text that is no [`ExtAuthz`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no answer: expected allow or deny")]
pub struct NotAnAnswer(String);

impl FromStr for ExtAuthz {
    type Err = NotAnAnswer;

    fn from_str(text: &str) -> Result<Self, NotAnAnswer> {
        match text {
            "allow" => Ok(Self::Allow),
            "deny" => Ok(Self::Deny),
            _ => Err(NotAnAnswer(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_and_destinations_are_read_as_they_are_written() {
        for text in
            ["shop/web", "pod/web-1.shop", "sa/web.shop", "spiffe://cluster.local/ns/a/sa/b", "outside"]
        {
            assert_eq!(text.parse::<Source>().unwrap().to_string(), text);
        }
        for text in ["web", "pod/web", "pod/.shop", "shop/", "/web", "a/b/c"] {
            assert!(text.parse::<Source>().is_err(), "{text}");
        }
        for text in ["cart.shop:80", "cart", "10.0.0.1:80", "[fd00::1]:80", "fd00::1", "pod/a.b:9080"] {
            assert_eq!(text.parse::<Destination>().unwrap().to_string(), text);
        }
        for text in ["", "cart:http", ":80"] {
            assert!(text.parse::<Destination>().is_err(), "{text}");
        }
    }

    #[test]
    fn protocols_have_names() {
        let tls = Protocol::Tls { sni: Some("a.example".to_owned()), alpn: Vec::new() };
        assert_eq!("tls:a.example".parse(), Ok(tls));
        assert!("udp".parse::<Protocol>().is_err());
        assert!("grpc".parse::<Protocol>().unwrap().is_http());
    }
}
