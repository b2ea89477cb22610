//! What is asked.

use serde::Deserialize;

use crate::trace::request::{Destination, ExtAuthz, NotADestination, NotASource, NotAnAnswer, Source};

/// What is asked: of whom, by whom.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct AccessQuery {
    /// Who is asked; without it every Service of the mesh. Without a port each of its ports.
    pub to: Option<Destination>,
    /// Who asks; without it everybody.
    pub from: Option<Source>,
    /// What external authorizers answer.
    pub ext_authz: Option<ExtAuthz>,
}

/// An [`AccessQuery`] as plain data, with everything still to be checked.
///
/// ```
/// use waypoint_xds::trace::classes::access::{AccessQuery, AccessSpec};
///
/// let spec = AccessSpec { to: Some("shop/cart".to_owned()), port: Some(80), ..AccessSpec::default() };
/// let query = AccessQuery::try_from(spec)?;
/// assert_eq!(query.to.map(|to| to.to_string()).as_deref(), Some("cart.shop:80"));
///
/// let error = AccessQuery::try_from(AccessSpec::default()).unwrap_err();
/// assert_eq!(error.to_string(), "`to` or `from` is needed: who is asked, or who asks");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AccessSpec {
    /// Who is asked: `NAMESPACE/NAME` of a Service, or as for a request (`cart.shop`, `pod/NAME.NAMESPACE`,
    /// an address), perhaps with a port.
    pub to: Option<String>,
    /// The port.
    pub port: Option<u16>,
    /// Who asks, as for a request.
    pub from: Option<String>,
    /// What external authorizers answer: `allow` or `deny`.
    pub ext_authz: Option<String>,
}

/// Plain data that is no [`AccessQuery`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoQuery {
    /// Nobody is named.
    #[error("`to` or `from` is needed: who is asked, or who asks")]
    Nobody,
    /// A port of nobody.
    #[error("port: of whom? `to` is needed with it")]
    PortOfNobody,
    /// Two ports.
    #[error("port: {0} is not the port of `{1}`")]
    TwoPorts(u16, String),
    /// Who asks.
    #[error("from: {0}")]
    Source(#[from] NotASource),
    /// Who is asked.
    #[error("to: {0}")]
    Destination(#[from] NotADestination),
    /// What external authorizers answer.
    #[error("extAuthz: {0}")]
    Answer(#[from] NotAnAnswer),
}

impl TryFrom<AccessSpec> for AccessQuery {
    type Error = NoQuery;

    fn try_from(spec: AccessSpec) -> Result<Self, NoQuery> {
        let to = spec.to.as_deref().map(destination).transpose()?;
        let to = match (to, spec.port) {
            (Some(to), None) => Some(to),
            (Some(Destination { port: Some(own), host }), Some(port)) if own != port => {
                return Err(NoQuery::TwoPorts(port, format!("{host}:{own}")));
            }
            (Some(to), Some(port)) => Some(Destination { port: Some(port), ..to }),
            (None, None) => None,
            (None, Some(_)) => return Err(NoQuery::PortOfNobody),
        };
        let from = spec.from.as_deref().map(str::parse).transpose()?;
        if to.is_none() && from.is_none() {
            return Err(NoQuery::Nobody);
        }
        let ext_authz = spec.ext_authz.as_deref().map(str::parse).transpose()?;
        Ok(Self { to, from, ext_authz })
    }
}

/// `NAMESPACE/NAME` is a Service; everything else is as for a request.
fn destination(text: &str) -> Result<Destination, NotADestination> {
    match text.split_once('/') {
        Some((namespace, rest)) if namespace != "pod" && !namespace.is_empty() => {
            let (name, port) = rest.split_once(':').map_or((rest, ""), |(name, port)| (name, port));
            let port = if port.is_empty() { String::new() } else { format!(":{port}") };
            format!("{name}.{namespace}{port}").parse()
        }
        _ => text.parse(),
    }
}
