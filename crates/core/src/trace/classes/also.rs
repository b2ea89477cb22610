//! What else differs of a request than who refuses it and where it goes: what traces tell of its way.

use std::collections::{BTreeMap, BTreeSet};

use crate::trace::outcome::{Forwarded, Target, Trace};
use crate::trace::routed::{Retries, Routed};

/// What else differs, each in words: `header x-team is mesh, was not there`.
pub(super) fn also(old: &Trace, new: &Trace) -> Vec<String> {
    let mut all = Vec::new();
    if let (Some(old), Some(new)) = (&old.request, &new.request) {
        forwarded(old, new, &mut all);
    }
    if let (Some(old), Some(new)) = (&old.route, &new.route) {
        routed(old, new, &mut all);
    }
    differs("copies go", mirrors(&old.mirrors), mirrors(&new.mirrors), "nowhere", &mut all);
    let location = |trace: &Trace| trace.outcomes.iter().find_map(|chance| chance.outcome.location.clone());
    differs("location is", location(old), location(new), "not there", &mut all);
    all
}

/// `timeout is 3s, was 15s`.
fn differs(what: &str, old: Option<String>, new: Option<String>, nothing: &str, all: &mut Vec<String>) {
    if old != new {
        let told = |one: Option<String>| one.unwrap_or_else(|| nothing.to_owned());
        all.push(format!("{what} {}, was {}", told(new), told(old)));
    }
}

fn forwarded(old: &Forwarded, new: &Forwarded, all: &mut Vec<String>) {
    differs("method is", Some(old.method.clone()), Some(new.method.clone()), "", all);
    differs("host is", Some(old.authority.clone()), Some(new.authority.clone()), "", all);
    let (old, new) = (headers(old), headers(new));
    let names: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
    for name in names {
        let value = |side: &BTreeMap<&str, String>| side.get(name).cloned();
        differs(&format!("header {name} is"), value(&old), value(&new), "not there", all);
    }
}

/// The headers of a request; what cannot be known stands for itself.
fn headers(request: &Forwarded) -> BTreeMap<&str, String> {
    let mut all: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (name, value) in &request.headers {
        let value = value.as_ref().map_or_else(|| "something".to_owned(), |value| format!("`{value}`"));
        all.entry(name).or_default().push(value);
    }
    all.into_iter().map(|(name, values)| (name, values.join(", "))).collect()
}

fn routed(old: &Routed, new: &Routed, all: &mut Vec<String>) {
    let timeout = |route: &Routed| route.timeout.map(|timeout| timeout.to_string());
    differs("timeout is", timeout(old), timeout(new), "none", all);
    let retries = |route: &Routed| route.retries.as_ref().map(tries);
    differs("retries are", retries(old), retries(new), "none", all);
    let picked = |route: &Routed| Some(if route.hashed { "by a hash" } else { "by load" }.to_owned());
    differs("endpoints are picked", picked(old), picked(new), "", all);
}

fn tries(retries: &Retries) -> String {
    let each = retries.per_try_timeout.map(|timeout| format!(" of {timeout} each")).unwrap_or_default();
    format!("{}{each} after {}", retries.attempts, retries.retry_on)
}

fn mirrors(mirrors: &[Target]) -> Option<String> {
    let to = |target: &Target| {
        let name = target.service.as_deref().unwrap_or(&target.cluster);
        let subset = target.subset.as_ref().map(|subset| format!(", subset {subset}")).unwrap_or_default();
        format!("to {name}{subset} ({:.0} %)", target.probability * 100.0)
    };
    let all: Vec<String> = mirrors.iter().map(to).collect();
    (!all.is_empty()).then(|| all.join(" and "))
}
