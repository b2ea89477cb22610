//! What `trace` says of a request that was sent.

use std::net::Ipv4Addr;

use hbone::http::Protocol as Wire;
use waypoint_xds::session::Session;
use waypoint_xds::trace::{Outcome, Place, Protocol, Request, Source, Trace, Verdict, Via};

use crate::sending::{Message, Sent};
use crate::waypoint::name;

/// The trace of a request.
pub(crate) fn trace(session: &Session, sent: &Sent) -> Trace {
    let source = Source::Spiffe(sent.identity.to_string().into());
    let mut request = Request::new(source, sent.to.parse().unwrap());
    request.source_address = Some(Ipv4Addr::LOCALHOST.into());
    request.via = Via::Waypoint(name());
    match &sent.message {
        Message::Line(_) => request.protocol = Protocol::Tcp,
        Message::Http(http) => {
            request.protocol = match http.protocol {
                Wire::Http1 => Protocol::Http1,
                Wire::H2c => Protocol::Http2,
            };
            request.method = http.method.to_string();
            request.path.clone_from(&http.path);
            request.authority = Some(http.host.clone());
            request.headers.clone_from(&http.headers);
        }
    }
    session.trace(&request).unwrap()
}

/// What may come of it at the waypoint, with odds: there are no ztunnels here.
pub(crate) fn outcomes(trace: &Trace) -> Vec<(f64, Outcome)> {
    let at_waypoint = |mut outcome: Outcome| {
        if outcome.decided_at == Place::Destination && outcome.verdict != Verdict::Unknown {
            outcome.verdict = Verdict::Allowed;
            (outcome.status, outcome.grpc_status) = (None, None);
        }
        outcome
    };
    trace.outcomes.iter().map(|chance| (chance.probability, at_waypoint(chance.outcome.clone()))).collect()
}
