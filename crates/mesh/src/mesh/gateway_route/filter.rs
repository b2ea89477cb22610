//! Filters of HTTPRoutes and GRPCRoutes.

use std::collections::BTreeMap;

use super::{Context, Unconvertible, backend, cors};
use crate::Str;
use crate::mesh::virtual_service::markers;
use crate::snapshot::gateway_api::filter::{
    FilterType, HttpHeader, HttpHeaderFilter, HttpPathModifier, HttpRequestMirrorFilter,
    HttpRequestRedirectFilter, HttpUrlRewriteFilter, PathModifierType, RouteFilter,
};
use crate::snapshot::networking::Percent;
use crate::snapshot::networking::virtual_service::{
    HeaderOperations, Headers, HttpMirrorPolicy, HttpRedirect, HttpRewrite, HttpRoute, RedirectPortSelection,
    RegexRewrite,
};

/// Applies the filters of an HTTPRoute's rule.
pub(super) fn apply(
    cx: &Context<'_>,
    filters: &[RouteFilter],
    namespace: &str,
    route: &mut HttpRoute,
) -> Result<(), Unconvertible> {
    for filter in filters {
        match filter.filter_type {
            Some(FilterType::RequestHeaderModifier | FilterType::ResponseHeaderModifier) => {
                apply_headers(cx, filter, &mut route.headers)?;
            }
            Some(FilterType::RequestRedirect) => {
                route.redirect =
                    filter.request_redirect.as_ref().map(|redirect| self::redirect(cx, redirect).into());
            }
            Some(FilterType::UrlRewrite) => {
                route.rewrite = filter.url_rewrite.as_ref().and_then(|r| rewrite(cx, r)).map(Box::new);
            }
            Some(FilterType::RequestMirror) => {
                apply_mirror(cx, filter.request_mirror.as_ref(), namespace, route)?
            }
            Some(FilterType::Cors) => {
                route.cors_policy = filter.cors.as_ref().map(cors::policy).map(Box::new);
            }
            _ => return Err(Unconvertible::Filter),
        }
    }
    Ok(())
}

/// Applies the filters of a GRPCRoute's rule: fewer kinds, and a mirror has to be there.
pub(super) fn apply_grpc(
    cx: &Context<'_>,
    filters: &[RouteFilter],
    namespace: &str,
    route: &mut HttpRoute,
) -> Result<(), Unconvertible> {
    for filter in filters {
        match filter.filter_type {
            Some(FilterType::RequestHeaderModifier | FilterType::ResponseHeaderModifier) => {
                apply_headers(cx, filter, &mut route.headers)?;
            }
            Some(FilterType::RequestMirror) => {
                let Some(mirror) = &filter.request_mirror else { continue };
                route.mirrors.push(mirror_policy(cx, mirror, namespace)?.ok_or(Unconvertible::Mirror)?);
            }
            _ => return Err(Unconvertible::Filter),
        }
    }
    Ok(())
}

/// Applies the filters of a backend: only headers can be changed there.
pub(super) fn backend_headers(
    cx: &Context<'_>,
    filters: &[RouteFilter],
) -> Result<Option<Box<Headers>>, Unconvertible> {
    let mut headers = None;
    for filter in filters {
        match filter.filter_type {
            Some(FilterType::RequestHeaderModifier | FilterType::ResponseHeaderModifier) => {
                apply_headers(cx, filter, &mut headers)?;
            }
            _ => return Err(Unconvertible::Filter),
        }
    }
    Ok(headers)
}

fn apply_headers(
    cx: &Context<'_>,
    filter: &RouteFilter,
    headers: &mut Option<Box<Headers>>,
) -> Result<(), Unconvertible> {
    let request = filter.filter_type == Some(FilterType::RequestHeaderModifier);
    let modifier = if request { &filter.request_header_modifier } else { &filter.response_header_modifier };
    let Some(modifier) = modifier else { return Ok(()) };
    let operations = header_operations(cx, modifier)?;
    let headers = headers.get_or_insert_default();
    if request {
        headers.request = Some(operations);
    } else {
        headers.response = Some(operations);
    }
    Ok(())
}

fn header_operations(cx: &Context<'_>, filter: &HttpHeaderFilter) -> Result<HeaderOperations, Unconvertible> {
    let is_text = |value: &str| value.bytes().all(|b| b == b'\t' || (b >= b' ' && b != 0x7f));
    let mut values = filter.set.iter().chain(&filter.add);
    if cx.rules.gateway_api.checks_header_values && !values.all(|header| is_text(&header.value)) {
        return Err(Unconvertible::HeaderValue);
    }
    Ok(HeaderOperations {
        set: header_map(&filter.set),
        add: header_map(&filter.add),
        remove: filter.remove.clone(),
    })
}

/// Of several headers with the same name the first counts.
fn header_map(headers: &[HttpHeader]) -> BTreeMap<Str, Str> {
    let mut out = BTreeMap::new();
    for header in headers {
        out.entry(header.name.to_lowercase().into()).or_insert_with(|| header.value.clone());
    }
    out
}

/// Adds a mirror, or replaces it in releases that know only one.
fn apply_mirror(
    cx: &Context<'_>,
    filter: Option<&HttpRequestMirrorFilter>,
    namespace: &str,
    route: &mut HttpRoute,
) -> Result<(), Unconvertible> {
    let several = cx.rules.routes.several_mirrors;
    let Some(filter) = filter else { return Ok(()) };
    match mirror_policy(cx, filter, namespace) {
        Ok(Some(mirror)) if several => route.mirrors.push(mirror),
        Ok(Some(mirror)) => route.mirror = mirror.destination,
        // Whatever is wrong with it, the other requests are not lost.
        Ok(None) | Err(_) if several => {}
        Ok(None) => return Err(Unconvertible::Mirror),
        Err(error) => return Err(error),
    }
    Ok(())
}

/// A mirror; none if its backend is not there.
fn mirror_policy(
    cx: &Context<'_>,
    filter: &HttpRequestMirrorFilter,
    namespace: &str,
) -> Result<Option<HttpMirrorPolicy>, Unconvertible> {
    let backend = backend::destination(cx, &filter.backend_ref, namespace)?;
    let value = match (&filter.fraction, filter.percent) {
        (Some(fraction), _) => {
            Some(100.0 * f64::from(fraction.numerator) / f64::from(fraction.denominator.unwrap_or(100)))
        }
        (None, Some(percent)) => Some(f64::from(percent)),
        (None, None) => None,
    };
    let percentage = value.map(|value| Percent { value });
    Ok(backend
        .problem
        .is_none()
        .then_some(HttpMirrorPolicy { destination: Some(backend.destination), percentage }))
}

fn redirect(cx: &Context<'_>, filter: &HttpRequestRedirectFilter) -> HttpRedirect {
    let rules = &cx.rules.gateway_api;
    // The Gateway API's default is the port of the request, or that of a new scheme.
    let derived = if filter.scheme.is_some() && rules.scheme_changes_port {
        RedirectPortSelection::FromProtocolDefault
    } else {
        RedirectPortSelection::FromRequestPort
    };
    let mut out = HttpRedirect {
        redirect_code: filter.status_code.and_then(|code| u32::try_from(code).ok()).unwrap_or_default(),
        authority: filter.hostname.clone().unwrap_or_default(),
        scheme: filter.scheme.clone().unwrap_or_default(),
        port: filter.port.and_then(|port| u32::try_from(port).ok()),
        derive_port: filter.port.is_none().then_some(derived),
        ..HttpRedirect::default()
    };
    match filter.path.as_ref().map(modification) {
        Some(Modification::Full(path)) => out.uri = path.clone(),
        Some(Modification::Prefix(prefix)) if rules.path_markers => {
            out.uri = format!("{}{prefix}", markers::PREFIX).into();
        }
        Some(Modification::Prefix(prefix)) => out.prefix_rewrite = prefix.clone(),
        Some(Modification::None) | None => {}
    }
    out
}

/// None if it changes nothing.
fn rewrite(cx: &Context<'_>, filter: &HttpUrlRewriteFilter) -> Option<HttpRewrite> {
    let rules = &cx.rules.gateway_api;
    let mut out =
        HttpRewrite { authority: filter.hostname.clone().unwrap_or_default(), ..HttpRewrite::default() };
    match filter.path.as_ref().map(modification) {
        Some(Modification::Full(path)) if rules.path_markers => {
            out.uri = format!("{}{path}", markers::FULL_REPLACE).into();
        }
        Some(Modification::Full(path)) => {
            out.uri_regex_rewrite = Some(RegexRewrite { matches: "/.*".into(), rewrite: path.clone() });
        }
        Some(Modification::Prefix(prefix)) if rules.path_markers => out.uri = prefix.clone(),
        Some(Modification::Prefix(prefix)) => {
            let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
            // `/` takes the prefix away.
            out.uri = if prefix.is_empty() { "/".into() } else { prefix.into() };
        }
        Some(Modification::None) | None => {}
    }
    (out != HttpRewrite::default()).then_some(out)
}

enum Modification<'a> {
    None,
    Full(&'a Str),
    Prefix(&'a Str),
}

fn modification(path: &HttpPathModifier) -> Modification<'_> {
    match (path.modifier_type, &path.replace_full_path, &path.replace_prefix_match) {
        (Some(PathModifierType::ReplaceFullPath), Some(path), _) => Modification::Full(path),
        (Some(PathModifierType::ReplacePrefixMatch), _, Some(prefix)) => Modification::Prefix(prefix),
        _ => Modification::None,
    }
}
