//! Sessions that stay with an endpoint, as configuration of Envoy's filter for them, for one route.

use envoy::config::core::v3::TypedExtensionConfig;
use envoy::extensions::filters::http::stateful_session::v3::stateful_session_per_route::Override;
use envoy::extensions::filters::http::stateful_session::v3::{StatefulSession, StatefulSessionPerRoute};
use envoy::extensions::http::stateful_session::cookie::v3::CookieBasedSessionState;
use envoy::extensions::http::stateful_session::header::v3::HeaderBasedSessionState;
use envoy::r#type::http::v3::Cookie;

use crate::mesh::PersistentSession;

/// The filter's name in `typedPerFilterConfig`.
pub(super) const FILTER: &str = "envoy.filters.http.stateful_session";

/// By what the requests of a route stay with an endpoint. A cookie lasts as long as its client does.
pub(super) fn session(session: PersistentSession<'_>) -> StatefulSessionPerRoute {
    let (name, state) = match session {
        PersistentSession::Cookie(cookie) => {
            let (name, path) = cookie.split_once(':').unwrap_or((cookie, "/"));
            let cookie = Cookie { name: name.to_owned(), path: path.to_owned(), ..Cookie::default() };
            let state = CookieBasedSessionState { cookie: Some(cookie) };
            ("envoy.http.stateful_session.cookie", envoy::any(&state))
        }
        PersistentSession::Header(name) => {
            let state = HeaderBasedSessionState { name: name.to_owned() };
            ("envoy.http.stateful_session.header", envoy::any(&state))
        }
    };
    let state = TypedExtensionConfig { name: name.to_owned(), typed_config: Some(state) };
    let session = StatefulSession { session_state: Some(state), ..StatefulSession::default() };
    StatefulSessionPerRoute { r#override: Some(Override::StatefulSession(session)) }
}
