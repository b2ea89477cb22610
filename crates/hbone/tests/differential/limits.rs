//! What upstream's Envoy is known to do otherwise than the proxy of a release. This list only shrinks.

use waypoint_xds::release::Release;

use hyper::http::uri::{Authority, PathAndQuery};

use crate::sending::{Answer, Fate, Logged, Message, Sent};

/// The limit that a difference comes from; nothing where it is one to be explained.
pub(crate) fn limit(release: Release, sent: &Sent, fate: &Fate) -> Option<&'static str> {
    let Message::Http(request) = &sent.message else { return None };
    // Through a chain of TCP the bytes get to the pod as they were sent, and its library refuses some paths.
    let is_read = fate.logged.is_some() || !fate.seen.is_empty();
    if !is_read && sent.to.ends_with(":70") && request.path.parse::<PathAndQuery>().is_err() {
        return Some("a path that the pod itself refuses");
    }
    let details = fate.logged.as_ref().and_then(|logged| logged.details.as_deref()).unwrap_or_default();
    if details == "upstream_reset_before_response_started{protocol_error}" && is_refused_by_pod(fate) {
        return Some("a path or host that the pod itself refuses");
    }
    // Istio 1.18 switches the refusal off by the text `false`, which its own Envoy takes for a boolean.
    // Logs of what is refused are not waited for: that often there is none.
    let is_unlogged =
        fate.logged.is_none() && matches!(&fate.answer, Answer::Reply(reply) if reply.status.as_u16() == 400);
    let is_refused = (details == "path_normalization_failed" || is_unlogged) && request.path.contains('#');
    (release == Release::V1_18 && is_refused)
        .then_some("fragments in 1.18: upstream takes no text for a boolean")
}

/// Whether the pod's library for HTTP/2 takes no such path or host.
fn is_refused_by_pod(fate: &Fate) -> bool {
    let logged = |field: fn(&Logged) -> &Option<String>| {
        fate.logged.as_ref().and_then(|logged| field(logged).as_deref())
    };
    let path = logged(|logged| &logged.path).is_some_and(|path| path.parse::<PathAndQuery>().is_err());
    path || logged(|logged| &logged.host).is_some_and(|host| host.parse::<Authority>().is_err())
}
