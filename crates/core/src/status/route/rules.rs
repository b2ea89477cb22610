//! What is wrong with a route's rules. A hard fault spoils the whole route; of soft ones the last counts.

use super::{Side, backend};
use crate::mesh::gateway_route::{is_weightless, reference};
use crate::snapshot::gateway_api::filter::{FilterType, HttpHeaderFilter, RouteFilter};
use crate::snapshot::gateway_api::route::{
    BackendObjectReference, BackendRef, GrpcRoute, HttpRoute, L4RouteRule, TcpRoute, TlsRoute,
};
use crate::snapshot::{Cause, FieldPath, Object, Resource};
use crate::status::Context;
use crate::status::condition::Fault;

/// A fault that spoils the whole route, or one that the route survives.
pub(super) enum Severity {
    Hard(Fault),
    Soft(Fault),
}

impl Severity {
    fn at(self, cause: Cause) -> Self {
        match self {
            Self::Hard(fault) => Self::Hard(fault.at(cause)),
            Self::Soft(fault) => Self::Soft(fault.at(cause)),
        }
    }

    fn into_fault(self) -> Fault {
        match self {
            Self::Hard(fault) | Self::Soft(fault) => fault,
        }
    }
}

/// What was found in a rule: `Err` is the fault that spoils the route.
type Checked = Result<Option<Fault>, Fault>;

pub(super) fn http(cx: &Context<'_>, object: &Object<HttpRoute>, side: Side) -> Option<Fault> {
    let look = Look::new(cx, object, side);
    last(object.spec.rules.iter().enumerate().map(|(i, rule)| {
        let mut mirror = None;
        let mut redirects = false;
        for (j, filter) in rule.filters.iter().enumerate() {
            let at = [i, j];
            redirects |= filter.filter_type == Some(FilterType::RequestRedirect);
            // Whatever is wrong with a mirror, the rest goes on.
            let of_mirror = look.mirror(filter, at).map(Severity::into_fault);
            mirror = of_mirror.or(mirror);
            look.filter(filter, of_rule(at), is_known_to_http)?;
        }
        let mut found = None;
        if !is_weightless(&rule.backend_refs) || redirects {
            found = look.backends(&rule.backend_refs, i)?;
        }
        Ok(match (found, mirror) {
            (Some(backend), Some(mirror)) => Some(backend.and(mirror)),
            (backend, mirror) => backend.or(mirror),
        })
    }))
}

pub(super) fn grpc(cx: &Context<'_>, object: &Object<GrpcRoute>, side: Side) -> Option<Fault> {
    let look = Look::new(cx, object, side);
    last(object.spec.rules.iter().enumerate().map(|(i, rule)| {
        for (j, filter) in rule.filters.iter().enumerate() {
            let at = [i, j];
            if let Some(fault) = look.mirror(filter, at) {
                return Err(fault.into_fault());
            }
            look.filter(filter, of_rule(at), is_known_to_grpc)?;
        }
        if is_weightless(&rule.backend_refs) { Ok(None) } else { look.backends(&rule.backend_refs, i) }
    }))
}

pub(super) fn tcp(cx: &Context<'_>, object: &Object<TcpRoute>, side: Side) -> Option<Fault> {
    l4(Look::new(cx, object, side), &object.spec.rules)
}

pub(super) fn tls(cx: &Context<'_>, object: &Object<TlsRoute>, side: Side) -> Option<Fault> {
    l4(Look::new(cx, object, side), &object.spec.rules)
}

fn l4<T: Resource>(look: Look<'_, T>, rules: &[L4RouteRule]) -> Option<Fault> {
    last(rules.iter().enumerate().map(|(i, rule)| {
        if is_weightless(&rule.backend_refs) {
            return Ok(None);
        }
        look.backends(&rule.backend_refs, i)
    }))
}

/// The fault that a route's status tells.
fn last(rules: impl Iterator<Item = Checked>) -> Option<Fault> {
    let mut last = None;
    for found in rules {
        match found {
            Ok(found) => last = found.or(last),
            Err(hard) => return Some(hard),
        }
    }
    last
}

fn is_known_to_http(filter: FilterType) -> bool {
    use FilterType::*;
    let headers = matches!(filter, RequestHeaderModifier | ResponseHeaderModifier);
    headers || matches!(filter, RequestMirror | RequestRedirect | UrlRewrite | Cors)
}

fn is_known_to_grpc(filter: FilterType) -> bool {
    use FilterType::*;
    matches!(filter, RequestHeaderModifier | ResponseHeaderModifier | RequestMirror)
}

fn is_known_to_backends(filter: FilterType) -> bool {
    matches!(filter, FilterType::RequestHeaderModifier | FilterType::ResponseHeaderModifier)
}

/// Looks at the parts of one route's rules.
struct Look<'a, T> {
    cx: &'a Context<'a>,
    object: &'a Object<T>,
    side: Side,
}

impl<'a, T: Resource> Look<'a, T> {
    fn new(cx: &'a Context<'_>, object: &'a Object<T>, side: Side) -> Self {
        Self { cx, object, side }
    }

    fn cause(&self, field: FieldPath) -> Cause {
        Cause::new(self.object.object_ref(), field)
    }

    fn backends(&self, backends: &[BackendRef], rule: usize) -> Checked {
        let mut last = None;
        for (i, to) in backends.iter().enumerate().filter(|(_, to)| to.weight.unwrap_or(1) != 0) {
            let field = FieldPath::at("spec.rules[].backendRefs[]", [rule, i]);
            match self.backend(&reference(to), field) {
                Some(Severity::Hard(fault)) => return Err(fault),
                Some(Severity::Soft(fault)) => last = Some(fault),
                None => {}
            }
            for (j, filter) in to.filters.iter().enumerate() {
                let field = FieldPath::at("spec.rules[].backendRefs[].filters[]", [rule, i, j]);
                self.filter(filter, field, is_known_to_backends)?;
            }
        }
        Ok(last)
    }

    fn backend(&self, to: &BackendObjectReference, field: FieldPath) -> Option<Severity> {
        let from =
            backend::From { kind: T::KIND.name(), namespace: &self.object.meta.namespace, side: self.side };
        Some(backend::fault(self.cx, to, from)?.at(self.cause(field)))
    }

    fn mirror(&self, filter: &RouteFilter, at: [usize; 2]) -> Option<Severity> {
        let mirror = filter.request_mirror.as_ref()?;
        let is_mirror = filter.filter_type == Some(FilterType::RequestMirror);
        let field = FieldPath::at("spec.rules[].filters[].requestMirror.backendRef", at);
        is_mirror.then(|| self.backend(&mirror.backend_ref, field))?
    }

    /// A filter that is not known here, or whose headers are no text.
    fn filter(
        &self,
        filter: &RouteFilter,
        field: FieldPath,
        is_known: fn(FilterType) -> bool,
    ) -> Result<(), Fault> {
        let invalid = |message: String| Err(Fault::new("InvalidFilter", message).at(self.cause(field)));
        let Some(kind) = filter.filter_type.filter(|kind| is_known(*kind)) else {
            let kind = filter.filter_type.map_or("", FilterType::as_str);
            return invalid(format!("unsupported filter type \"{kind}\""));
        };
        let headers = match kind {
            FilterType::RequestHeaderModifier => &filter.request_header_modifier,
            FilterType::ResponseHeaderModifier => &filter.response_header_modifier,
            _ => &None,
        };
        match headers.as_ref().and_then(binary_header) {
            Some(name) => invalid(format!("header \"{name}\" value contains invalid characters")),
            None => Ok(()),
        }
    }
}

/// A filter of a rule.
fn of_rule(at: [usize; 2]) -> FieldPath {
    FieldPath::at("spec.rules[].filters[]", at)
}

/// The first header whose value has control characters.
fn binary_header(headers: &HttpHeaderFilter) -> Option<&str> {
    let is_text = |value: &str| value.bytes().all(|b| b == b'\t' || (b >= b' ' && b != 0x7f));
    let mut all = headers.set.iter().chain(&headers.add);
    all.find(|header| !is_text(&header.value)).map(|header| header.name.as_str())
}
