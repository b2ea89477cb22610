//! Connections: from the client to the tunnel, and from there to the listener inside.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use envoy::config::core::v3::data_source::Specifier;
use envoy::config::core::v3::substitution_format_string::Format;
use envoy::extensions::filters::common::set_filter_state::v3::FilterStateValue;
use envoy::extensions::filters::common::set_filter_state::v3::filter_state_value::{Key, Value};

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
pub(super) struct Connection {
    /// Where it was meant to go.
    pub(super) ip: IpAddr,
    pub(super) port: u16,
    /// Who is at its other end.
    pub(super) peer: Address,
    /// Whom that stands for.
    pub(super) client: Address,
    /// The SPIFFE id of the certificate at its other end.
    pub(super) certificate: Option<String>,
    /// The server name that TLS inside asks for, if somebody has looked.
    pub(super) server_name: Option<String>,
    /// Objects that filters keep; nothing for those that are not known.
    pub(super) state: BTreeMap<String, Option<String>>,
}

/// Under which a tunnel's destination is kept.
const LOCAL: &str = "envoy.filters.listener.original_dst.local_ip";
/// Under which a tunnel's client is kept.
const REMOTE: &str = "envoy.filters.listener.original_dst.remote_ip";

impl Connection {
    /// Keeps objects, as a filter `set_filter_state` does.
    pub(super) fn keep(&mut self, values: &[FilterStateValue]) {
        for value in values {
            let Some(Key::ObjectKey(key)) = &value.key else { continue };
            match self.formatted(value) {
                Formatted::Text(text) if text.is_empty() && value.skip_if_empty => {}
                Formatted::Text(text) => {
                    self.state.insert(key.clone(), Some(text));
                }
                Formatted::Unknown => {
                    self.state.insert(key.clone(), None);
                }
            }
        }
    }

    /// Keeps who the peer is, as Istio's filter `istio_authn` does.
    pub(super) fn keep_identity(&mut self) {
        if let Some(id) = self.certificate.clone() {
            self.state.insert("io.istio.peer_principal".to_owned(), Some(id));
        }
    }

    /// Keeps the destination, as Istio's filter `connect_authority` does.
    pub(super) fn keep_destination(&mut self) {
        let destination = SocketAddr::new(self.ip, self.port).to_string();
        self.state.insert(LOCAL.to_owned(), Some(destination));
    }

    fn formatted(&self, value: &FilterStateValue) -> Formatted {
        let Some(Value::FormatString(format)) = &value.value else { return Formatted::Unknown };
        let text = match &format.format {
            Some(Format::TextFormatSource(source)) => match &source.specifier {
                Some(Specifier::InlineString(text)) => text.as_str(),
                _ => return Formatted::Unknown,
            },
            _ => return Formatted::Unknown,
        };
        let known = |text: Option<String>| text.map_or(Formatted::Unknown, Formatted::Text);
        match text {
            "%REQ(:AUTHORITY)%" => Formatted::Text(SocketAddr::new(self.ip, self.port).to_string()),
            "%DOWNSTREAM_PEER_URI_SAN%" => known(self.certificate.clone()),
            "%DOWNSTREAM_REMOTE_ADDRESS%" => match self.client {
                Address::Known(ip) => Formatted::Text(SocketAddr::new(ip, 0).to_string()),
                Address::Unknown | Address::None => Formatted::Unknown,
            },
            text => {
                let key = text.strip_prefix("%FILTER_STATE(").and_then(|rest| rest.strip_suffix(":PLAIN)%"));
                known(key.and_then(|key| self.state.get(key).cloned().flatten()))
            }
        }
    }

    /// The connection to the listener inside, which gets what was kept; none if nothing tells where it goes.
    pub(super) fn inside(&self) -> Option<Self> {
        let kept = |key: &str| self.state.get(key);
        let local: SocketAddr = kept(LOCAL)?.as_ref()?.parse().ok()?;
        let client = match kept(REMOTE) {
            None => Address::None,
            Some(remote) => remote
                .as_ref()
                .and_then(|remote| remote.parse::<SocketAddr>().ok())
                .map_or(Address::Unknown, |remote| Address::Known(remote.ip())),
        };
        Some(Self {
            ip: local.ip(),
            port: local.port(),
            peer: Address::None,
            client,
            certificate: None,
            server_name: None,
            state: self.state.clone(),
        })
    }
}

/// What a format comes to.
enum Formatted {
    Text(String),
    Unknown,
}
