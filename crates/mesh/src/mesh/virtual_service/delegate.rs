//! Delegates: VirtualServices without hosts, whose routes stand in for a rule of another one.
//!
//! <https://istio.io/latest/docs/reference/config/networking/virtual-service/#Delegate>

use std::collections::{BTreeMap, BTreeSet};

use super::{HttpRule, VirtualService, resolve};
use crate::Str;
use crate::hash::HashMap;
use crate::problem::{Code, Problem};
use crate::rules::RouteRules;
use crate::snapshot::networking::virtual_service::{HttpMatchRequest, HttpRoute, StringMatch};
use crate::snapshot::{Object, ObjectRef, networking};

/// A VirtualService and its rules with full names.
pub(super) type Resolved<'a> = (&'a Object<networking::VirtualService>, Vec<HttpRoute>);

/// The delegates of a snapshot, by namespace and name.
pub(super) struct Delegates<'a> {
    by_name: HashMap<(&'a str, &'a str), Delegate<'a>>,
}

struct Delegate<'a> {
    http: &'a [HttpRoute],
    export_to: BTreeSet<Str>,
    origin: ObjectRef,
}

impl<'a> Delegates<'a> {
    /// Indexes objects with their resolved specs.
    pub(super) fn new(delegates: &'a [Resolved<'_>], default_export_to: &[Str]) -> Self {
        let entry = |(object, http): &'a Resolved<'_>| {
            let meta = &object.meta;
            let export_to = resolve::export_names(&object.spec.export_to, default_export_to, &meta.namespace);
            let delegate = Delegate { http, export_to, origin: object.object_ref() };
            ((meta.namespace.as_str(), meta.name.as_str()), delegate)
        };
        Self { by_name: delegates.iter().map(entry).collect() }
    }

    /// Puts the delegates' rules in the place of the rules that delegate. A rule whose delegate is missing,
    /// or not exported to the root's namespace, is dropped: those are told.
    pub(super) fn merge(&self, root: &mut VirtualService, rules: &RouteRules) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut merged = Vec::with_capacity(root.http.len());
        for (position, rule) in std::mem::take(&mut root.http).into_iter().enumerate() {
            let Some(to) = &rule.route.delegate else {
                merged.push(rule);
                continue;
            };
            let namespace =
                if to.namespace.is_empty() { root.namespace.clone() } else { to.namespace.clone() };
            let delegate = self.by_name.get(&(namespace.as_str(), to.name.as_str()));
            let Some(delegate) = delegate.filter(|delegate| delegate.is_visible_to(&root.namespace)) else {
                let message = match delegate {
                    Some(_) => {
                        format!("the delegate `{namespace}/{}` is not exported to this namespace", to.name)
                    }
                    None => format!("there is no VirtualService `{namespace}/{}` without hosts", to.name),
                };
                let problem = Problem::new(Code::MissingDelegate, message);
                let root = rule.causes.first().map(|cause| cause.object.clone());
                problems.push(problem.on(root).field(format!("spec.http[{position}].delegate")));
                continue;
            };
            root.add_origin(&delegate.origin);
            for (position, route) in delegate.http.iter().enumerate() {
                let own = HttpRule::of_virtual_service(route.clone(), &delegate.origin, position);
                merged.extend(merge_rules(rules, &rule, own));
            }
        }
        root.http = merged;
        problems
    }
}

impl Delegate<'_> {
    fn is_visible_to(&self, namespace: &str) -> bool {
        self.export_to.contains("*") || self.export_to.contains(namespace)
    }
}

/// The delegate's rule with what the root's adds to it; none where their matches exclude each other.
fn merge_rules(rules: &RouteRules, root: &HttpRule, delegate: HttpRule) -> Option<HttpRule> {
    let pairs = merge_matches(&root.route.matches, &delegate.route.matches)?;
    let why = |(root_match, own_match): (Option<usize>, Option<usize>)| {
        let of = |rule: &HttpRule, position: Option<usize>| match position {
            Some(position) => rule.causes_of_match(position),
            None => rule.causes.clone(),
        };
        let mut causes = of(&delegate, own_match);
        causes.extend(of(root, root_match));
        causes
    };
    let (matches, positions): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
    let match_causes = positions.into_iter().map(why).collect();
    let mut causes = delegate.causes.clone();
    causes.extend(root.causes.iter().cloned());
    let route = merge_routes(rules, &root.route, delegate.route, matches);
    Some(HttpRule { route, causes, match_causes })
}

/// The delegate's rule with these matches, and with what the root's adds to it.
fn merge_routes(
    rules: &RouteRules,
    root: &HttpRoute,
    delegate: HttpRoute,
    matches: Vec<HttpMatchRequest>,
) -> HttpRoute {
    let mut out = delegate;
    out.matches = matches;
    out.name = joined(&root.name, &out.name);
    inherit(&mut out.rewrite, root.rewrite.as_ref());
    inherit(&mut out.direct_response, root.direct_response.as_ref());
    inherit(&mut out.timeout, root.timeout.as_ref());
    inherit(&mut out.retries, root.retries.as_ref());
    inherit(&mut out.fault, root.fault.as_ref());
    inherit(&mut out.mirror, root.mirror.as_ref());
    inherit(&mut out.mirror_percent, root.mirror_percent.as_ref());
    inherit(&mut out.mirror_percentage, root.mirror_percentage.as_ref());
    inherit(&mut out.cors_policy, root.cors_policy.as_ref());
    inherit(&mut out.headers, root.headers.as_ref());
    if rules.several_mirrors && out.mirrors.is_empty() {
        out.mirrors.clone_from(&root.mirrors);
    }
    out
}

fn inherit<T: Clone>(own: &mut Option<T>, root: Option<&T>) {
    if own.is_none() {
        *own = root.cloned();
    }
}

fn joined(root: &Str, own: &Str) -> Str {
    match (root.is_empty(), own.is_empty()) {
        (_, true) => root.clone(),
        (true, false) => own.clone(),
        (false, false) => format!("{root}-{own}").into(),
    }
}

/// A match, and the positions of the root's and the delegate's that it was made of.
type MergedMatch = (HttpMatchRequest, (Option<usize>, Option<usize>));

/// Each of the delegate's matches with each of the root's that it does not contradict. None if one of the
/// delegate's contradicts all of them.
fn merge_matches(root: &[HttpMatchRequest], delegate: &[HttpMatchRequest]) -> Option<Vec<MergedMatch>> {
    if root.is_empty() {
        return Some(delegate.iter().cloned().enumerate().map(|(own, m)| (m, (None, Some(own)))).collect());
    }
    if delegate.is_empty() {
        return Some(root.iter().cloned().enumerate().map(|(root, m)| (m, (Some(root), None))).collect());
    }
    let mut out = Vec::new();
    for (own, leaf) in delegate.iter().enumerate() {
        let before = out.len();
        let fitting = root.iter().enumerate().filter(|(_, root)| !is_conflict(root, leaf));
        out.extend(fitting.map(|(at, root)| (merge_match(root, leaf), (Some(at), Some(own)))));
        if out.len() == before {
            return None;
        }
    }
    Some(out)
}

fn merge_match(root: &HttpMatchRequest, leaf: &HttpMatchRequest) -> HttpMatchRequest {
    let mut out = leaf.clone();
    out.name = joined(&root.name, &leaf.name);
    inherit(&mut out.uri, root.uri.as_ref());
    inherit(&mut out.scheme, root.scheme.as_ref());
    inherit(&mut out.method, root.method.as_ref());
    inherit(&mut out.authority, root.authority.as_ref());
    inherit_entries(&mut out.headers, &root.headers);
    inherit_entries(&mut out.without_headers, &root.without_headers);
    inherit_entries(&mut out.query_params, &root.query_params);
    out.source_labels = root.source_labels.clone();
    out.source_labels.extend(leaf.source_labels.clone());
    if out.port == 0 {
        out.port = root.port;
    }
    if out.source_namespace.is_empty() {
        out.source_namespace = root.source_namespace.clone();
    }
    if out.gateways.is_empty() {
        out.gateways.clone_from(&root.gateways);
    }
    if out.stat_prefix.is_empty() {
        out.stat_prefix = root.stat_prefix.clone();
    }
    out
}

fn inherit_entries<V: Clone>(own: &mut BTreeMap<Str, V>, root: &BTreeMap<Str, V>) {
    for (key, value) in root {
        own.entry(key.clone()).or_insert_with(|| value.clone());
    }
}

/// Whether no request, or not every request of the delegate's match, can get through the root's.
fn is_conflict(root: &HttpMatchRequest, leaf: &HttpMatchRequest) -> bool {
    let strings = [
        (&root.uri, &leaf.uri),
        (&root.scheme, &leaf.scheme),
        (&root.method, &leaf.method),
        (&root.authority, &leaf.authority),
    ];
    let maps = [
        (&root.headers, &leaf.headers),
        (&root.without_headers, &leaf.without_headers),
        (&root.query_params, &leaf.query_params),
    ];
    strings.iter().any(|(root, leaf)| is_string_conflict(root.as_ref(), leaf.as_ref()))
        || maps
            .iter()
            .any(|(root, leaf)| leaf.iter().any(|(key, leaf)| is_string_conflict(root.get(key), Some(leaf))))
        || root.ignore_uri_case != leaf.ignore_uri_case
        || (root.port != 0 && leaf.port != 0 && root.port != leaf.port)
        || (!root.source_namespace.is_empty() && leaf.source_namespace != root.source_namespace)
        || leaf
            .source_labels
            .iter()
            .any(|(key, leaf)| root.source_labels.get(key).is_some_and(|root| root != leaf))
        || is_gateway_conflict(&root.gateways, &leaf.gateways)
}

/// The delegate's gateways have to be among the root's. That a longer list is refused for its length alone is
/// Istio's shortcut; it shows when the list repeats a gateway.
fn is_gateway_conflict(root: &[Str], leaf: &[Str]) -> bool {
    !root.is_empty()
        && !leaf.is_empty()
        && (root.len() < leaf.len() || leaf.iter().any(|g| !root.contains(g)))
}

/// Whether the delegate's condition admits what the root's does not. Regular expressions contradict
/// everything, and so does an empty condition of the root.
fn is_string_conflict(root: Option<&StringMatch>, leaf: Option<&StringMatch>) -> bool {
    let (Some(root), Some(leaf)) = (root, leaf) else { return false };
    match (said(root), said(leaf)) {
        (StringMatch::Exact(root), StringMatch::Exact(leaf)) => root != leaf,
        (StringMatch::Prefix(root), StringMatch::Prefix(leaf) | StringMatch::Exact(leaf)) => {
            !leaf.starts_with(root.as_str())
        }
        _ => true,
    }
}

/// An empty text counts as nothing said.
fn said(condition: &StringMatch) -> &StringMatch {
    match condition {
        StringMatch::Exact(text) | StringMatch::Prefix(text) | StringMatch::Regex(text)
            if text.is_empty() =>
        {
            &StringMatch::Any
        }
        said => said,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::{Cause, Kind};

    fn prefix(path: &str) -> HttpMatchRequest {
        HttpMatchRequest { uri: Some(StringMatch::Prefix(path.into())), ..HttpMatchRequest::default() }
    }

    fn uris(merged: Option<Vec<MergedMatch>>) -> Option<Vec<Option<StringMatch>>> {
        merged.map(|all| all.into_iter().map(|(m, _)| m.uri).collect())
    }

    #[test]
    fn a_delegate_narrows_the_root() {
        let longer = Some(vec![Some(StringMatch::Prefix("/a/b".into()))]);
        assert_eq!(uris(merge_matches(&[prefix("/a")], &[prefix("/a/b")])), longer);
        assert_eq!(uris(merge_matches(&[prefix("/a/b")], &[prefix("/a")])), None);
        assert_eq!(uris(merge_matches(&[prefix("/a/b")], &[])), longer);
        // One of the delegate's matches without a partner spoils the rule.
        assert_eq!(merge_matches(&[prefix("/a")], &[prefix("/a/b"), prefix("/c")]), None);
    }

    #[test]
    fn a_match_names_the_fields_that_it_was_made_of() {
        let rule = |name: &str, position, matches| {
            let object = ObjectRef::new(Kind::VirtualService, "ns", name);
            let route = HttpRoute { matches, ..HttpRoute::default() };
            HttpRule::of_virtual_service(route, &object, position)
        };
        let rules = &crate::rules::Rules::of(crate::release::Release::V1_31).routes;
        let root = rule("root", 2, vec![prefix("/x"), prefix("/a")]);
        let merged = merge_rules(rules, &root, rule("leaf", 1, vec![prefix("/a/b")])).unwrap();
        let fields = |causes: &[Cause]| {
            causes.iter().map(|c| format!("{} {}", c.object.name, c.field)).collect::<Vec<_>>()
        };
        assert_eq!(
            fields(&merged.causes_of_match(0)),
            ["leaf spec.http[1].match[0]", "root spec.http[2].match[1]"]
        );
        assert_eq!(fields(&merged.causes), ["leaf spec.http[1]", "root spec.http[2]"]);
        let inherited = merge_rules(rules, &root, rule("leaf", 0, Vec::new())).unwrap();
        assert_eq!(
            fields(&inherited.causes_of_match(1)),
            ["leaf spec.http[0]", "root spec.http[2].match[1]"]
        );
    }

    #[test]
    fn conditions_of_both_hold() {
        let root = HttpMatchRequest {
            headers: [("x".into(), StringMatch::Exact("root".into()))].into(),
            port: 80,
            ..prefix("/a")
        };
        let leaf = HttpMatchRequest {
            headers: [("y".into(), StringMatch::Exact("leaf".into()))].into(),
            name: "leaf".into(),
            ..HttpMatchRequest::default()
        };
        let merged = merge_match(&root, &leaf);
        assert_eq!(merged.headers.len(), 2);
        assert_eq!((merged.port, merged.name.as_str(), merged.uri), (80, "leaf", root.uri));
    }

    #[test]
    fn regular_expressions_contradict_everything() {
        let regex = StringMatch::Regex("a".into());
        let exact = StringMatch::Exact("a".into());
        assert!(is_string_conflict(Some(&regex), Some(&regex)));
        assert!(is_string_conflict(Some(&exact), Some(&regex)));
        assert!(!is_string_conflict(Some(&exact), Some(&exact)));
        assert!(!is_string_conflict(Some(&regex), None));
        assert!(is_string_conflict(Some(&exact), Some(&StringMatch::Any)));
    }

    #[test]
    fn names_and_settings_are_inherited() {
        let rules = &crate::rules::Rules::of(crate::release::Release::V1_31).routes;
        let timeout = |secs| Some(crate::snapshot::message::Duration::from_secs(secs));
        let root = HttpRoute { name: "root".into(), timeout: timeout(1), ..HttpRoute::default() };
        let leaf = HttpRoute { name: "leaf".into(), ..HttpRoute::default() };
        let merged = merge_routes(rules, &root, leaf, Vec::new());
        assert_eq!((merged.name.as_str(), merged.timeout), ("root-leaf", timeout(1)));
        let own = HttpRoute { timeout: timeout(2), ..HttpRoute::default() };
        let merged = merge_routes(rules, &root, own, Vec::new());
        assert_eq!((merged.name.as_str(), merged.timeout), ("root", timeout(2)));
    }
}
