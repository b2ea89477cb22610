//! The rules of a GRPCRoute: a method of a gRPC service is a path.

use super::{Context, Refused, Unconvertible, backend, filter, http, rule_name};
use crate::Str;
use crate::mesh::virtual_service::HttpRule;
use crate::snapshot::gateway_api::GrpcRoute;
use crate::snapshot::gateway_api::route::{GrpcMethodMatch, GrpcRouteMatch, GrpcRouteRule, HeaderMatchType};
use crate::snapshot::networking::virtual_service::{HttpMatchRequest, HttpRoute, StringMatch};
use crate::snapshot::{Cause, FieldPath, Object};

/// Converts all rules, one for each match.
pub(super) fn rules(cx: &Context<'_>, object: &Object<GrpcRoute>) -> Result<Vec<HttpRule>, Refused> {
    let at = |field| vec![Cause::new(object.object_ref(), field)];
    let mut out = Vec::new();
    for (position, rule) in object.spec.rules.iter().enumerate() {
        let route = self::rule(cx, object, rule, position).map_err(|why| why.of_rule(position))?;
        if rule.matches.is_empty() {
            let causes = at(FieldPath::at(http::RULE, [position]));
            out.push(HttpRule { route, causes, ..HttpRule::default() });
            continue;
        }
        out.extend(rule.matches.iter().enumerate().map(|(i, m)| HttpRule {
            route: HttpRoute { matches: vec![match_request(m)], ..route.clone() },
            causes: at(FieldPath::at(http::MATCH, [position, i])),
            ..HttpRule::default()
        }));
    }
    Ok(out)
}

fn rule(
    cx: &Context<'_>,
    object: &Object<GrpcRoute>,
    rule: &GrpcRouteRule,
    position: usize,
) -> Result<HttpRoute, Unconvertible> {
    let namespace = &object.meta.namespace;
    let mut out = HttpRoute { name: rule_name(object, rule.name.as_ref(), position), ..HttpRoute::default() };
    filter::apply_grpc(cx, &rule.filters, namespace, &mut out)?;
    if backend::is_weightless(&rule.backend_refs) {
        out.direct_response = Some(http::no_backend());
    } else {
        out.route = http::destinations(cx, &rule.backend_refs, namespace)?;
    }
    Ok(out)
}

fn match_request(m: &GrpcRouteMatch) -> HttpMatchRequest {
    HttpMatchRequest {
        uri: m.method.as_ref().and_then(path),
        headers: http::headers(&m.headers),
        ..HttpMatchRequest::default()
    }
}

/// The path of gRPC is `/<service>/<method>`. Admission has refused a match with neither.
fn path(m: &GrpcMethodMatch) -> Option<StringMatch> {
    let regular = m.match_type == Some(HeaderMatchType::RegularExpression);
    let path: Str = match (&m.service, &m.method) {
        (None, None) => return None,
        (None, Some(method)) => return Some(StringMatch::Regex(format!("/[^/]+/{method}").into())),
        (Some(service), None) if regular => format!("/{service}/.+").into(),
        (Some(service), None) => return Some(StringMatch::Prefix(format!("/{service}/").into())),
        (Some(service), Some(method)) => format!("/{service}/{method}").into(),
    };
    Some(if regular { StringMatch::Regex(path) } else { StringMatch::Exact(path) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_is_a_path() {
        let of = |service: Option<&str>, method: Option<&str>, match_type| {
            path(&GrpcMethodMatch {
                match_type,
                service: service.map(Str::from),
                method: method.map(Str::from),
            })
        };
        let regex = Some(HeaderMatchType::RegularExpression);
        assert_eq!(of(Some("a.B"), Some("Get"), None), Some(StringMatch::Exact("/a.B/Get".into())));
        assert_eq!(of(Some("a.B"), None, None), Some(StringMatch::Prefix("/a.B/".into())));
        assert_eq!(of(None, Some("Get"), None), Some(StringMatch::Regex("/[^/]+/Get".into())));
        assert_eq!(of(Some("a"), None, regex), Some(StringMatch::Regex("/a/.+".into())));
        assert_eq!(of(Some("a"), Some("b"), regex), Some(StringMatch::Regex("/a/b".into())));
    }
}
