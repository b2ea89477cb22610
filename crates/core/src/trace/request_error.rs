//! Why plain data is no request.

use super::request::{NotADestination, NotAProtocol, NotASource, NotAnAnswer};
use super::via::InvalidVia;

/// Why a [`RequestSpec`](super::RequestSpec) is no [`Request`](super::Request); each message begins with the
/// field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// Nobody asks.
    #[error(
        "from: say who asks: NAMESPACE/NAME, pod/NAME.NAMESPACE, sa/NAME.NAMESPACE, spiffe://… or outside"
    )]
    NoSource,
    /// Nobody is asked.
    #[error("to: say who is asked: HOST[:PORT], pod/NAME.NAMESPACE:PORT or ADDRESS:PORT")]
    NoDestination,
    /// Who asks is not written as expected.
    #[error("from: {0}")]
    Source(#[from] NotASource),
    /// Who is asked is not written as expected.
    #[error("to: {0}")]
    Destination(#[from] NotADestination),
    /// There is no such way.
    #[error("via: {0}")]
    Via(#[from] InvalidVia),
    /// There is no such protocol.
    #[error("protocol: {0}")]
    Protocol(#[from] NotAProtocol),
    /// Something that only TLS has.
    #[error("{0}: only `protocol: tls` has it")]
    NotTls(&'static str),
    /// A method that is none.
    #[error("method: `{0}` is no method of HTTP")]
    Method(String),
    /// A path that does not begin with a slash.
    #[error("path: `{0}` does not begin with a slash")]
    Slash(String),
    /// A character that the field cannot have in a request.
    #[error("{field}: `{value}` has a blank or control character")]
    Character {
        /// The field.
        field: &'static str,
        /// Its value.
        value: String,
    },
    /// A header's name that is none.
    #[error("headers: `{0}` is no name of a header")]
    HeaderName(String),
    /// The host is given twice.
    #[error("host: a header `Host` is given, too: give one of them")]
    TwoHosts,
    /// Claims and a token.
    #[error("token: `claims` are given, too: give one of them")]
    TwoTokens,
    /// A token without an issuer.
    #[error("{0}: a token has an issuer: its claim `iss` is missing, or no text")]
    NoIssuer(&'static str),
    /// A text that is no token.
    #[error(
        "token: expected three parts with dots between them, of which the second is a JSON object in base64url"
    )]
    NotAToken,
    /// There is no such answer.
    #[error("extAuthz: {0}")]
    ExtAuthz(#[from] NotAnAnswer),
    /// A text that is no address.
    #[error("sourceAddress: `{0}` is no IP address")]
    Address(String),
}

impl RequestError {
    /// What sort of error it is, as of [settings](crate::options::SettingsError::code).
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "invalid-request"
    }
}
