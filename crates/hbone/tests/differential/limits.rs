//! What upstream's Envoy is known to do otherwise than the proxy of a release. This list only shrinks.

use waypoint_xds::release::Release;

use hbone::client::Failure;

use crate::sending::{Answer, Fate, Message, Sent};

/// The limit that a difference comes from; nothing where it is one to be explained.
pub(crate) fn limit(release: Release, sent: &Sent, fate: &Fate) -> Option<&'static str> {
    let Message::Http(request) = &sent.message else { return None };
    // The pod reads a line, and a client of HTTP/2 waits for its settings.
    if matches!(fate.answer, Answer::Failure(Failure::TimedOut))
        && fate.logged.is_none()
        && sent.to.ends_with(":70")
    {
        return Some("HTTP to a pod that speaks none: both wait for more");
    }
    let details = fate.logged.as_ref().and_then(|logged| logged.details.as_deref()).unwrap_or_default();
    // Istio 1.18 switches the refusal off by the text `false`, which its own Envoy takes for a boolean.
    let is_refused = details == "path_normalization_failed" && request.path.contains('#');
    (release == Release::V1_18 && is_refused)
        .then_some("fragments in 1.18: upstream takes no text for a boolean")
}
