//! Connections: from the client to the tunnel, and from there to the listener inside.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use envoy::config::core::v3::data_source::Specifier;
use envoy::config::core::v3::substitution_format_string::Format;
use envoy::extensions::filters::common::set_filter_state::v3::FilterStateValue;
use envoy::extensions::filters::common::set_filter_state::v3::filter_state_value::{Key, Value};
use smallvec::SmallVec;

/// An address that may be missing, or not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Address {
    Known(IpAddr),
    Unknown,
    /// What has none: a listener of the same proxy.
    None,
}

/// A connection that a listener takes.
#[derive(Clone, Debug)]
pub(super) struct Connection<'a> {
    /// Where it was meant to go.
    pub(super) ip: IpAddr,
    pub(super) port: u16,
    /// Who is at its other end.
    pub(super) peer: Address,
    /// Whom that stands for.
    pub(super) client: Address,
    /// The SPIFFE id of the certificate at its other end.
    pub(super) certificate: Option<Cow<'a, str>>,
    /// The server name that TLS inside asks for, if somebody has looked.
    pub(super) server_name: Option<&'a str>,
    /// Objects that filters keep.
    pub(super) state: State<'a>,
}

/// Objects that filters keep, by key.
#[derive(Clone, Debug, Default)]
pub(super) struct State<'a>(SmallVec<[(&'a str, Kept<'a>); 6]>);

/// An object that a filter keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kept<'a> {
    Text(Cow<'a, str>),
    Address(SocketAddr),
    Unknown,
}

impl<'a> State<'a> {
    pub(super) fn get(&self, key: &str) -> Option<&Kept<'a>> {
        self.0.iter().find(|(other, _)| *other == key).map(|(_, kept)| kept)
    }

    fn keep(&mut self, key: &'a str, kept: Kept<'a>) {
        match self.0.iter_mut().find(|(other, _)| *other == key) {
            Some((_, before)) => *before = kept,
            None => self.0.push((key, kept)),
        }
    }
}

impl Kept<'_> {
    /// What is kept as text; none if it is not known.
    pub(super) fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Address(address) => Some(Cow::Owned(address.to_string())),
            Self::Unknown => None,
        }
    }

    fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Text(text) => text.parse().ok(),
            Self::Address(address) => Some(*address),
            Self::Unknown => None,
        }
    }
}

/// An object that a filter `set_filter_state` keeps.
#[derive(Clone, Debug)]
pub(super) struct Keep {
    key: String,
    value: KeptValue,
    unless_empty: bool,
}

/// What an object is made of.
#[derive(Clone, Debug)]
enum KeptValue {
    /// The destination of the connection.
    Destination,
    /// The id of the certificate at the other end.
    Certificate,
    /// The address of the client.
    Client,
    /// Another object.
    Object(String),
    Unknown,
}

impl Keep {
    /// What a filter keeps.
    pub(super) fn all(values: &[FilterStateValue]) -> Vec<Self> {
        values
            .iter()
            .filter_map(|value| {
                let Some(Key::ObjectKey(key)) = &value.key else { return None };
                Some(Self {
                    key: key.clone(),
                    value: KeptValue::of(value),
                    unless_empty: value.skip_if_empty,
                })
            })
            .collect()
    }
}

impl KeptValue {
    fn of(value: &FilterStateValue) -> Self {
        let Some(Value::FormatString(format)) = &value.value else { return Self::Unknown };
        let Some(Format::TextFormatSource(source)) = &format.format else { return Self::Unknown };
        let Some(Specifier::InlineString(text)) = &source.specifier else { return Self::Unknown };
        match text.as_str() {
            "%REQ(:AUTHORITY)%" => Self::Destination,
            "%DOWNSTREAM_PEER_URI_SAN%" => Self::Certificate,
            "%DOWNSTREAM_REMOTE_ADDRESS%" => Self::Client,
            text => {
                let key = text.strip_prefix("%FILTER_STATE(").and_then(|rest| rest.strip_suffix(":PLAIN)%"));
                key.map_or(Self::Unknown, |key| Self::Object(key.to_owned()))
            }
        }
    }
}

/// Under which a tunnel's destination is kept.
const LOCAL: &str = "envoy.filters.listener.original_dst.local_ip";
/// Under which a tunnel's client is kept.
const REMOTE: &str = "envoy.filters.listener.original_dst.remote_ip";
/// Under which the client's identity is kept.
pub(super) const PEER_PRINCIPAL: &str = "io.istio.peer_principal";

impl<'a> Connection<'a> {
    /// Keeps objects, as a filter `set_filter_state` does.
    pub(super) fn keep(&mut self, all: &'a [Keep]) {
        for keep in all {
            let kept = self.kept(&keep.value);
            if keep.unless_empty && matches!(&kept, Kept::Text(text) if text.is_empty()) {
                continue;
            }
            self.state.keep(&keep.key, kept);
        }
    }

    /// Keeps who the peer is, as Istio's filter `istio_authn` does.
    pub(super) fn keep_identity(&mut self) {
        if let Some(id) = self.certificate.clone() {
            self.state.keep(PEER_PRINCIPAL, Kept::Text(id));
        }
    }

    /// Keeps the destination, as Istio's filter `connect_authority` does.
    pub(super) fn keep_destination(&mut self) {
        self.state.keep(LOCAL, Kept::Address(self.destination()));
    }

    /// Where it was meant to go.
    pub(super) fn destination(&self) -> SocketAddr {
        SocketAddr::new(self.ip, self.port)
    }

    fn kept(&self, value: &KeptValue) -> Kept<'a> {
        match value {
            KeptValue::Destination => Kept::Address(self.destination()),
            KeptValue::Certificate => self.certificate.clone().map_or(Kept::Unknown, Kept::Text),
            KeptValue::Client => match self.client {
                Address::Known(ip) => Kept::Address(SocketAddr::new(ip, 0)),
                Address::Unknown | Address::None => Kept::Unknown,
            },
            KeptValue::Object(key) => self.state.get(key).cloned().unwrap_or(Kept::Unknown),
            KeptValue::Unknown => Kept::Unknown,
        }
    }

    /// The connection to the listener inside, which gets what was kept; none if nothing tells where it goes.
    pub(super) fn inside(self) -> Option<Self> {
        let local = self.state.get(LOCAL)?.address()?;
        let client = match self.state.get(REMOTE) {
            None => Address::None,
            Some(remote) => remote.address().map_or(Address::Unknown, |remote| Address::Known(remote.ip())),
        };
        Some(Self {
            ip: local.ip(),
            port: local.port(),
            peer: Address::None,
            client,
            certificate: None,
            server_name: None,
            state: self.state,
        })
    }
}
