//! Listeners of one Gateway, those of its ListenerSets among them, that exclude each other: the first one
//! stays.
//!
//! Source: [conflicted listeners](https://gateway-api.sigs.k8s.io/reference/spec/#listener).

use crate::snapshot::gateway_api::gateway::Listener;

/// The reason for which each listener is in conflict with one before it, if it is.
pub(super) fn reasons<'l>(listeners: impl Iterator<Item = &'l Listener>) -> Vec<Option<&'static str>> {
    let mut accepted: Vec<&Listener> = Vec::new();
    let mut reasons = Vec::new();
    for listener in listeners {
        let prior = accepted.iter().find(|prior| !are_distinct(listener, prior));
        reasons.push(prior.map(|prior| reason(listener, prior)));
        if prior.is_none() {
            accepted.push(listener);
        }
    }
    reasons
}

fn is_datagram_or_stream(listener: &Listener) -> bool {
    matches!(listener.protocol.as_str(), "TCP" | "UDP")
}

fn has_hostnames(listener: &Listener) -> bool {
    matches!(listener.protocol.as_str(), "HTTP" | "HTTPS" | "TLS")
}

fn hostname(listener: &Listener) -> &str {
    listener.hostname.as_deref().filter(|hostname| !hostname.is_empty()).unwrap_or("*")
}

fn are_distinct(a: &Listener, b: &Listener) -> bool {
    if a.port != b.port {
        return true;
    }
    match (is_datagram_or_stream(a), is_datagram_or_stream(b)) {
        (true, true) => false,
        (true, false) if has_hostnames(b) => false,
        (false, true) if has_hostnames(a) => false,
        _ if has_hostnames(a) && has_hostnames(b) => hostname(a) != hostname(b),
        _ => a.protocol != b.protocol,
    }
}

fn reason(a: &Listener, b: &Listener) -> &'static str {
    let without_hostnames = is_datagram_or_stream(a) && is_datagram_or_stream(b);
    if without_hostnames || a.protocol != b.protocol { "ProtocolConflict" } else { "HostnameConflict" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listener(protocol: &str, port: i32, hostname: Option<&str>) -> Listener {
        Listener {
            protocol: protocol.into(),
            port,
            hostname: hostname.map(Into::into),
            ..Listener::default()
        }
    }

    #[test]
    fn the_first_of_two_that_exclude_each_other_stays() {
        let of = |listeners: &[Listener]| reasons(listeners.iter());
        let (http, https) = (listener("HTTP", 80, None), listener("HTTPS", 80, None));
        assert_eq!(of(&[http.clone(), https.clone()]), [None, Some("ProtocolConflict")]);
        assert_eq!(of(&[http.clone(), http.clone()]), [None, Some("HostnameConflict")]);
        assert_eq!(of(&[listener("TCP", 80, None), http.clone()]), [None, Some("ProtocolConflict")]);
        assert_eq!(of(&[http, listener("HTTP", 80, Some("a.example"))]), [None, None]);
        assert_eq!(of(&[https, listener("HTTPS", 443, None)]), [None, None]);
    }
}
