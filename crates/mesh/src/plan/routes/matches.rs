//! Which matches of a VirtualService are for a port, and which take every request.

use crate::mesh::virtual_service::MESH_GATEWAY;
use crate::plan::Scope;
use crate::snapshot::networking::virtual_service::{HttpMatchRequest, StringMatch};

/// Whether a match is for this port and, in releases that look at it, for callers that a waypoint can answer
/// for: gateways are asked first, and only without any the labels and namespace are, which are the waypoint's
/// own.
pub fn applies(scope: Scope<'_>, port: u32, request: &HttpMatchRequest) -> bool {
    if request.port != 0 && request.port != port {
        return false;
    }
    if !scope.rules.routes.match_callers {
        return true;
    }
    if !request.source_labels.is_empty() {
        return false;
    }
    if request.gateways.is_empty() {
        request.source_namespace.is_empty() || request.source_namespace == scope.waypoint.name.namespace
    } else {
        request.gateways.iter().any(|g| g == MESH_GATEWAY)
    }
}

/// Whether no request gets past a match: what follows it is never reached.
pub(super) fn is_catch_all(request: &HttpMatchRequest) -> bool {
    let any_path = match &request.uri {
        None | Some(StringMatch::Any) => true,
        Some(StringMatch::Prefix(prefix)) => prefix == "/",
        Some(StringMatch::Regex(regex)) => regex == ".*",
        Some(StringMatch::Exact(_)) => false,
    };
    let pseudo_headers = [&request.method, &request.authority, &request.scheme];
    any_path
        && request.headers.is_empty()
        && request.without_headers.is_empty()
        && request.query_params.is_empty()
        && pseudo_headers.into_iter().all(Option::is_none)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_asks_for_nothing_takes_all() {
        let prefix = |path: &str| HttpMatchRequest {
            uri: Some(StringMatch::Prefix(path.into())),
            ..HttpMatchRequest::default()
        };
        assert!(is_catch_all(&HttpMatchRequest::default()));
        assert!(is_catch_all(&prefix("/")));
        assert!(!is_catch_all(&prefix("/a")));
        let get = HttpMatchRequest { method: Some(StringMatch::Any), ..prefix("/") };
        assert!(!is_catch_all(&get));
    }
}
