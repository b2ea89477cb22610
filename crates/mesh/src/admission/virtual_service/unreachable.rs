//! Rules of a VirtualService that never apply, because others come before them.

use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hash;

use crate::Str;
use crate::admission::check::Checker;
use crate::hash::HashMap;
use crate::problem::Code;
use crate::snapshot::networking::VirtualService;
use crate::snapshot::networking::virtual_service::{HttpMatchRequest, HttpRoute, StringMatch};

pub(super) fn check(c: &Checker<'_>, service: &VirtualService) {
    repeated(c, "http", service.http.iter().map(|route| route.matches.as_slice()), without_name);
    covered_prefixes(c, &service.http);
    repeated(c, "tcp", service.tcp.iter().map(|route| route.matches.as_slice()), Cow::Borrowed);
    repeated(c, "tls", service.tls.iter().map(|route| route.matches.as_slice()), Cow::Borrowed);
}

/// A match without its name, which changes nothing.
fn without_name(request: &HttpMatchRequest) -> Cow<'_, HttpMatchRequest> {
    if request.name.is_empty() {
        Cow::Borrowed(request)
    } else {
        Cow::Owned(HttpMatchRequest { name: Str::default(), ..request.clone() })
    }
}

/// Warns of rules behind one without a match, and of matches that stood in an earlier rule; `compared` is
/// what counts of a match.
fn repeated<'m, M: Clone + Eq + Hash + 'm>(
    c: &Checker<'_>,
    field: &'static str,
    rules: impl Iterator<Item = &'m [M]>,
    compared: impl Fn(&'m M) -> Cow<'m, M>,
) {
    let field = c.field(field);
    let mut catch_all = None;
    let mut seen: HashMap<Cow<'m, M>, usize> = HashMap::default();
    for (number, matches) in rules.enumerate() {
        let c = field.index(number);
        if let Some(earlier) = catch_all {
            c.warn(
                Code::UnreachableRule,
                format!("this never applies: rule {earlier} has no match, so it takes all"),
                "move this rule before that one, or remove it",
            );
        }
        if matches.is_empty() {
            catch_all.get_or_insert(number);
            continue;
        }
        if catch_all.is_some() {
            continue;
        }
        for (at, request) in matches.iter().enumerate() {
            match seen.entry(compared(request)) {
                Entry::Vacant(entry) => {
                    entry.insert(number);
                }
                Entry::Occupied(entry) => c.field("match").index(at).warn(
                    Code::UnreachableRule,
                    format!("this never applies: rule {} has the same match", entry.get()),
                    "remove this match, or make it another one",
                ),
            }
        }
    }
}

/// A match by a prefix of the path, with all else that a request is matched by.
struct Prefix<'m> {
    rule: usize,
    at: usize,
    path: &'m str,
    request: &'m HttpMatchRequest,
}

/// How many earlier prefixes a match is compared with: nobody writes so many.
const MAX_COMPARED: usize = 1000;

/// Warns of prefixes that an earlier, shorter prefix covers.
fn covered_prefixes(c: &Checker<'_>, routes: &[HttpRoute]) {
    let field = c.field("http");
    let mut earlier: BTreeMap<&str, Vec<Prefix<'_>>> = BTreeMap::new();
    // How long they are: of a long path only these parts are looked up.
    let mut lengths: BTreeSet<usize> = BTreeSet::new();
    let reachable = routes.iter().enumerate().take_while(|(_, route)| !route.matches.is_empty());
    for (rule, route) in reachable {
        for (at, request) in route.matches.iter().enumerate() {
            let Some(StringMatch::Prefix(path)) = &request.uri else { continue };
            let this = Prefix { rule, at, path, request };
            let shorter =
                lengths.range(1..path.len().max(1)).filter_map(|&end| earlier.get(path.get(..end)?));
            if let Some(cover) = shorter.flatten().take(MAX_COMPARED).find(|other| other.covers(&this)) {
                field.index(rule).field("match").index(at).warn(
                    Code::UnreachableRule,
                    format!(
                        "this never applies: match {} of rule {} has the prefix `{}`",
                        cover.at, cover.rule, cover.path
                    ),
                    "move this rule before that one",
                );
            }
            lengths.insert(path.len());
            earlier.entry(path).or_default().push(this);
        }
    }
}

impl Prefix<'_> {
    /// Whether this takes all that a later one with a longer path does, as the webhook sees it: what is no
    /// exact value and no prefix (a regular expression) counts as nothing, and an absent method as GET.
    fn covers(&self, later: &Self) -> bool {
        let method = |request: &HttpMatchRequest| {
            let text = written(request.method.as_ref());
            if text.is_empty() { "exact:GET".to_owned() } else { text }
        };
        let (one, other) = (self.request, later.request);
        one.port == other.port
            && method(one).starts_with(&method(other))
            && written(one.authority.as_ref()).starts_with(&written(other.authority.as_ref()))
            && covers_all(&one.headers, &other.headers)
            && covers_all(&one.query_params, &other.query_params)
            && covers_all(&one.without_headers, &other.without_headers)
    }
}

fn covers_all(one: &BTreeMap<Str, StringMatch>, other: &BTreeMap<Str, StringMatch>) -> bool {
    one.len() == other.len()
        && one.iter().all(|(name, value)| {
            other.get(name).is_some_and(|other| written(Some(value)).starts_with(&written(Some(other))))
        })
}

fn written(value: Option<&StringMatch>) -> String {
    match value {
        Some(StringMatch::Exact(text)) if !text.is_empty() => format!("exact:{text}"),
        Some(StringMatch::Prefix(text)) if !text.is_empty() => format!("prefix:{text}"),
        _ => String::new(),
    }
}
