//! Paths, redirects and headers as a route changes them.

use std::borrow::Cow;

use envoy::config::core::v3::HeaderValueOption;
use envoy::config::core::v3::header_value_option::HeaderAppendAction;
use envoy::config::route::v3::redirect_action::{PathRewriteSpecifier, SchemeRewriteSpecifier};
use envoy::config::route::v3::route_match::PathSpecifier;
use envoy::config::route::v3::{RedirectAction, Route};
use envoy::r#type::matcher::v3::RegexMatchAndSubstitute;

use super::headers::{self, Headers};
use super::pattern::Expression;
use crate::re2;

/// A path after a rewrite: nothing without one; no path where it is not known.
pub(super) fn rewritten(
    route: &Route,
    prefix: &str,
    regex: Option<&RegexMatchAndSubstitute>,
    path: &str,
) -> Option<Option<String>> {
    let bare = headers::bare(path);
    let rest = path.get(bare.len()..).unwrap_or_default();
    if let Some(regex) = regex {
        let pattern = regex.pattern.as_ref().map(|pattern| pattern.regex.as_str()).unwrap_or_default();
        let expression = Expression::new(re2::as_rust(pattern));
        let Some(compiled) = expression.of(bare) else { return Some(None) };
        let replaced = compiled.replace_all(bare.as_bytes(), substitution(&regex.substitution).as_bytes());
        return Some(String::from_utf8(replaced.into_owned()).ok().map(|path| path + rest));
    }
    if prefix.is_empty() {
        return None;
    }
    let matched = match route.r#match.as_ref()?.path_specifier.as_ref()? {
        PathSpecifier::Prefix(matched) | PathSpecifier::PathSeparatedPrefix(matched) => matched.len(),
        PathSpecifier::Path(_) | PathSpecifier::SafeRegex(_) => bare.len(),
        _ => return Some(None),
    };
    Some(bare.get(matched..).map(|behind| [prefix, behind, rest].concat()))
}

/// RE2's `\1` as Rust writes it.
fn substitution(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '$' => out.push_str("$$"),
            '\\' => match chars.next() {
                Some(digit) if digit.is_ascii_digit() => {
                    out.push_str("${");
                    out.push(digit);
                    out.push('}');
                }
                Some(other) => out.push(other),
                None => {}
            },
            other => out.push(other),
        }
    }
    out
}

/// Adds and sets headers. What a proxy would put in for a `%` is not known.
pub(super) fn apply<'a>(options: &'a [HeaderValueOption], headers: &mut Headers<'a>) {
    for option in options {
        let Some(header) = &option.header else { continue };
        let action = match &option.append {
            Some(append) if append.value => HeaderAppendAction::AppendIfExistsOrAdd,
            Some(_) => HeaderAppendAction::OverwriteIfExistsOrAdd,
            None => option.append_action(),
        };
        let there = headers.has(&header.key);
        let value = plain(&header.value);
        let known = value.is_some();
        let value = value.unwrap_or_default();
        let set = match action {
            HeaderAppendAction::AppendIfExistsOrAdd => false,
            HeaderAppendAction::AddIfAbsent if there => continue,
            HeaderAppendAction::OverwriteIfExists if !there => continue,
            HeaderAppendAction::AddIfAbsent => false,
            HeaderAppendAction::OverwriteIfExistsOrAdd | HeaderAppendAction::OverwriteIfExists => true,
        };
        // Without a value there is no header, unless that is wanted.
        if header.value.is_empty() && !option.keep_empty_value {
            continue;
        }
        match (set, known) {
            (true, true) => headers.set(&header.key, value),
            (true, false) => headers.set_unknown(&header.key),
            (false, true) => headers.add(&header.key, value),
            (false, false) => headers.add_unknown(&header.key),
        }
    }
}

/// A value as it is written, where nothing is put into it.
fn plain(value: &str) -> Option<Cow<'_, str>> {
    if !value.contains('%') {
        return Some(Cow::Borrowed(value));
    }
    let known = !value.replace("%%", "").contains('%');
    known.then(|| Cow::Owned(value.replace("%%", "%")))
}

/// Where a redirect leads; none where that is not known.
pub(super) fn location(redirect: &RedirectAction, route: &Route, headers: &Headers<'_>) -> Option<String> {
    let own = headers.text(headers::SCHEME);
    let own = own.as_str();
    let scheme = match &redirect.scheme_rewrite_specifier {
        Some(SchemeRewriteSpecifier::HttpsRedirect(true)) => "https".to_owned(),
        Some(SchemeRewriteSpecifier::SchemeRedirect(scheme)) if !scheme.is_empty() => scheme.clone(),
        _ => own.to_owned(),
    };
    let port = match redirect.port_redirect {
        0 => String::new(),
        port => format!(":{port}"),
    };
    let host = match redirect.host_redirect.as_str() {
        "" => own_host(headers.text(headers::AUTHORITY).as_str(), own, &scheme, !port.is_empty()),
        host => host.to_owned(),
    };
    let path = headers.text(headers::PATH);
    let path = path.as_str();
    let query = path.find('?').and_then(|at| path.get(at..)).unwrap_or_default();
    let kept = if redirect.strip_query { "" } else { query };
    let path = match &redirect.path_rewrite_specifier {
        Some(PathRewriteSpecifier::PathRedirect(to)) if !to.is_empty() => {
            if to.contains('?') {
                to.clone()
            } else {
                format!("{to}{kept}")
            }
        }
        Some(PathRewriteSpecifier::PrefixRewrite(prefix)) if !prefix.is_empty() => {
            rewritten(route, prefix, None, headers::bare(path)).flatten()? + kept
        }
        Some(PathRewriteSpecifier::RegexRewrite(regex)) => {
            rewritten(route, "", Some(regex), headers::bare(path)).flatten()? + kept
        }
        Some(PathRewriteSpecifier::PathRewrite(_)) => return None,
        _ => headers::bare(path).to_owned() + kept,
    };
    Some(format!("{scheme}://{host}{port}{path}"))
}

/// The request's own host: its port goes away with a new one, or where it was the old scheme's.
///
/// To Envoy whatever stands behind the last colon is a port here, as long as it is not a part of an IPv6
/// address.
fn own_host(authority: &str, scheme: &str, new_scheme: &str, new_port: bool) -> String {
    let Some((host, port)) = authority.rsplit_once(':').filter(|(_, port)| !port.contains(']')) else {
        return authority.to_owned();
    };
    let schemes_own = matches!((scheme, port), ("http", "80") | ("https", "443"));
    if new_port || scheme != new_scheme && schemes_own { host.to_owned() } else { authority.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use envoy::config::route::v3::RouteMatch;

    fn route(path: PathSpecifier) -> Route {
        let matched = RouteMatch { path_specifier: Some(path), ..RouteMatch::default() };
        Route { r#match: Some(matched), ..Route::default() }
    }

    #[test]
    fn rewrites_keep_the_query() {
        let prefix = route(PathSpecifier::Prefix("/a".into()));
        let path = |route: &Route, path: &str| rewritten(route, "/new", None, path).flatten();
        assert_eq!(path(&prefix, "/a/b?c=d").as_deref(), Some("/new/b?c=d"));
        assert_eq!(path(&route(PathSpecifier::Path("/a".into())), "/a?b").as_deref(), Some("/new?b"));
        let regex = RegexMatchAndSubstitute {
            pattern: Some(envoy::r#type::matcher::v3::RegexMatcher {
                regex: "^/a(/?)(.*)".into(),
                ..Default::default()
            }),
            substitution: "/\\2".into(),
        };
        assert_eq!(rewritten(&prefix, "", Some(&regex), "/a/b?c"), Some(Some("/b?c".into())));
        assert_eq!(rewritten(&prefix, "", None, "/a"), None);
    }

    #[test]
    fn redirects_lead_where_envoy_leads() {
        let mut headers = Headers::default();
        headers.add(headers::AUTHORITY, "reviews.shop:80");
        headers.add(headers::PATH, "/redirect?a=b");
        headers.add(headers::SCHEME, "http");
        let all = route(PathSpecifier::Prefix("/redirect".into()));
        let to = |redirect: &RedirectAction| location(redirect, &all, &headers).unwrap();
        assert_eq!(to(&RedirectAction::default()), "http://reviews.shop:80/redirect?a=b");
        let https = SchemeRewriteSpecifier::SchemeRedirect("https".into());
        let secure = RedirectAction { scheme_rewrite_specifier: Some(https), ..RedirectAction::default() };
        assert_eq!(to(&secure), "https://reviews.shop/redirect?a=b");
        let elsewhere = RedirectAction {
            host_redirect: "other.example".into(),
            port_redirect: 8443,
            path_rewrite_specifier: Some(PathRewriteSpecifier::PrefixRewrite("/new".into())),
            strip_query: true,
            ..RedirectAction::default()
        };
        assert_eq!(to(&elsewhere), "http://other.example:8443/new");
        for (host, new_port, kept) in
            [("a:99999", true, "a"), ("a:", true, "a"), ("[::1]", true, "[::1]"), ("a:81", false, "a:81")]
        {
            assert_eq!(own_host(host, "http", "https", new_port), kept);
        }
    }

    #[test]
    fn headers_are_set_and_added() {
        let option = |key: &str, value: &str, action: HeaderAppendAction| HeaderValueOption {
            header: Some(envoy::config::core::v3::HeaderValue {
                key: key.into(),
                value: value.into(),
                ..Default::default()
            }),
            append_action: action.into(),
            ..HeaderValueOption::default()
        };
        let options = [
            option("x-set", "new", HeaderAppendAction::OverwriteIfExistsOrAdd),
            option("x-add", "second", HeaderAppendAction::AppendIfExistsOrAdd),
            option("x-set", "no", HeaderAppendAction::AddIfAbsent),
            option("x-none", "no", HeaderAppendAction::OverwriteIfExists),
            option("x-percent", "100%%", HeaderAppendAction::AddIfAbsent),
        ];
        let mut headers = Headers::default();
        headers.add("x-set", "old");
        headers.add("x-add", "first");
        apply(&options, &mut headers);
        assert_eq!(headers.text("x-set").as_str(), "new");
        assert_eq!(headers.text("x-add").as_str(), "first,second");
        assert_eq!(headers.text("x-percent").as_str(), "100%");
        assert!(!headers.has("x-none"));
    }
}
