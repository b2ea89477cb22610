//! Routes that answer themselves: `redirect` and `directResponse`.

use base64::Engine;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::{alphabet, engine::DecodePaddingMode};
use bytes::Bytes;
use envoy::config::core::v3::{DataSource, data_source::Specifier};
use envoy::config::route::v3::redirect_action::{
    PathRewriteSpecifier, RedirectResponseCode, SchemeRewriteSpecifier,
};
use envoy::config::route::v3::{DirectResponseAction, RedirectAction};

use crate::mesh::virtual_service::{Semantics, markers};
use crate::snapshot::networking::virtual_service::{
    HttpBody, HttpDirectResponse, HttpRedirect, RedirectPortSelection,
};

/// Translates a redirect of a route on `port`. None for a code that Envoy has no redirect for.
pub(super) fn redirect(semantics: Semantics, redirect: &HttpRedirect, port: u32) -> Option<RedirectAction> {
    let code = match redirect.redirect_code {
        0 | 301 => RedirectResponseCode::MovedPermanently,
        302 => RedirectResponseCode::Found,
        303 => RedirectResponseCode::SeeOther,
        307 => RedirectResponseCode::TemporaryRedirect,
        308 => RedirectResponseCode::PermanentRedirect,
        _ => return None,
    };
    let scheme = (!redirect.scheme.is_empty())
        .then(|| SchemeRewriteSpecifier::SchemeRedirect(redirect.scheme.to_string()));
    Some(RedirectAction {
        host_redirect: redirect.authority.to_string(),
        port_redirect: redirect_port(redirect, port),
        response_code: code.into(),
        scheme_rewrite_specifier: scheme,
        path_rewrite_specifier: Some(path(semantics, redirect)),
        ..RedirectAction::default()
    })
}

/// A path is always given, if only an empty one: Envoy keeps the request's then.
fn path(semantics: Semantics, redirect: &HttpRedirect) -> PathRewriteSpecifier {
    let marked = redirect.uri.strip_prefix(markers::PREFIX).filter(|_| semantics == Semantics::GatewayApi);
    if !redirect.prefix_rewrite.is_empty() {
        PathRewriteSpecifier::PrefixRewrite(redirect.prefix_rewrite.to_string())
    } else if let Some(prefix) = marked {
        PathRewriteSpecifier::PrefixRewrite(prefix.to_owned())
    } else {
        PathRewriteSpecifier::PathRedirect(redirect.uri.to_string())
    }
}

/// The port to name in the new location; 0 = none. A scheme's own port is never named.
fn redirect_port(redirect: &HttpRedirect, request_port: u32) -> u32 {
    let port = match (redirect.port, redirect.derive_port) {
        (Some(port), _) => port,
        (None, Some(RedirectPortSelection::FromRequestPort)) => request_port,
        (None, _) => 0,
    };
    // Waypoints terminate no TLS of the application: a request without a scheme of its own is plain HTTP.
    match (port, redirect.scheme.as_str()) {
        (80, "http" | "") | (443, "https") => 0,
        _ => port,
    }
}

/// Translates a fixed answer.
pub(super) fn direct_response(response: &HttpDirectResponse) -> DirectResponseAction {
    let body = response.body.as_ref().and_then(|body| match body {
        HttpBody::Empty => None,
        HttpBody::String(text) => Some(Specifier::InlineString(text.to_string())),
        HttpBody::Bytes(text) => Some(Specifier::InlineBytes(decode(text))),
    });
    DirectResponseAction {
        status: response.status,
        body: body.map(|specifier| DataSource { specifier: Some(specifier), ..DataSource::default() }),
        ..DirectResponseAction::default()
    }
}

/// Base64 as proto JSON reads it: either alphabet, padded or not. Admission has refused anything else.
fn decode(text: &str) -> Bytes {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let alphabet = if text.contains(['-', '_']) { &alphabet::URL_SAFE } else { &alphabet::STANDARD };
    GeneralPurpose::new(alphabet, config).decode(text).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port_of(redirect: HttpRedirect, port: u32) -> u32 {
        super::redirect(Semantics::Istio, &redirect, port).unwrap().port_redirect
    }

    #[test]
    fn a_schemes_own_port_is_not_named() {
        let derived = || HttpRedirect {
            derive_port: Some(RedirectPortSelection::FromRequestPort),
            ..HttpRedirect::default()
        };
        assert_eq!(port_of(derived(), 9080), 9080);
        assert_eq!(port_of(derived(), 80), 0);
        assert_eq!(port_of(HttpRedirect { scheme: "https".into(), ..derived() }, 80), 80);
        assert_eq!(
            port_of(HttpRedirect { scheme: "https".into(), port: Some(443), ..HttpRedirect::default() }, 80),
            0
        );
        assert_eq!(port_of(HttpRedirect::default(), 9080), 0);
    }

    #[test]
    fn the_prefix_marker_is_read_in_gateway_routes_only() {
        let marked = HttpRedirect { uri: "%PREFIX()%/new".into(), ..HttpRedirect::default() };
        let path = |semantics| super::redirect(semantics, &marked, 80).unwrap().path_rewrite_specifier;
        assert_eq!(path(Semantics::GatewayApi), Some(PathRewriteSpecifier::PrefixRewrite("/new".into())));
        assert_eq!(path(Semantics::Istio), Some(PathRewriteSpecifier::PathRedirect("%PREFIX()%/new".into())));
        assert_eq!(
            super::redirect(Semantics::Istio, &HttpRedirect { redirect_code: 304, ..marked.clone() }, 80),
            None
        );
    }

    #[test]
    fn bodies_are_text_or_base64() {
        let body = |body| {
            direct_response(&HttpDirectResponse { status: 503, body: Some(body) }).body.unwrap().specifier
        };
        assert_eq!(body(HttpBody::String("no".into())), Some(Specifier::InlineString("no".into())));
        assert_eq!(
            body(HttpBody::Bytes("aGk".into())),
            Some(Specifier::InlineBytes(Bytes::from_static(b"hi")))
        );
        assert_eq!(
            body(HttpBody::Bytes("aGk=".into())),
            Some(Specifier::InlineBytes(Bytes::from_static(b"hi")))
        );
    }
}
