//! `delegate-mismatch`: rules of delegates that are dropped, because they match more than what is delegated.

use std::collections::{BTreeMap, BTreeSet};

use crate::lint::{Context, Rule, scope};
use crate::problem::{Code, Problem};
use crate::snapshot::networking::VirtualService;
use crate::snapshot::{Cause, FieldPath, Kind, Object, ObjectRef};

pub(super) const RULE: Rule = Rule::new(Code::DelegateMismatch, include_str!("delegate_mismatch.md"), check);

/// A rule that delegates.
struct Root<'m> {
    object: &'m Object<VirtualService>,
    position: usize,
}

/// The rules that delegate to each VirtualService.
type Roots<'m> = BTreeMap<ObjectRef, Vec<Root<'m>>>;

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let roots = roots(cx);
    if roots.is_empty() {
        return Vec::new();
    }
    // What is put together of a root and its delegates has rules of both.
    let joined = cx.mesh.virtual_services.iter().filter(|vs| vs.origins.len() > 1);
    let kept: BTreeSet<&Cause> =
        joined.flat_map(|vs| &vs.http).filter_map(|rule| rule.causes.first()).collect();
    let mut found = Vec::new();
    for delegate in cx.snapshot.virtual_services.iter().filter(|object| object.spec.hosts.is_empty()) {
        let name = delegate.object_ref();
        let Some(roots) = roots.get(&name).filter(|roots| !roots.iter().any(is_for_gateways)) else {
            continue;
        };
        if !cx.routing().has(&name) {
            continue;
        }
        for position in 0..delegate.spec.http.len() {
            let cause = Cause::new(name.clone(), FieldPath::at("spec.http[]", [position]));
            if !kept.contains(&&cause) {
                found.extend(problem(&cause, roots));
            }
        }
    }
    found
}

fn roots<'m>(cx: &Context<'m>) -> Roots<'m> {
    let mut roots = Roots::new();
    for object in cx.snapshot.virtual_services.iter().filter(|object| !object.spec.hosts.is_empty()) {
        for (position, rule) in object.spec.http.iter().enumerate() {
            let Some(to) = &rule.delegate else { continue };
            let namespace = if to.namespace.is_empty() { &object.meta.namespace } else { &to.namespace };
            let name = ObjectRef::new(Kind::VirtualService, namespace.clone(), to.name.clone());
            roots.entry(name).or_default().push(Root { object, position });
        }
    }
    roots
}

/// Whether it may delegate what only a gateway routes: that is not looked at.
fn is_for_gateways(root: &Root<'_>) -> bool {
    scope::is_for_gateways(root.object)
}

fn problem(dropped: &Cause, roots: &[Root<'_>]) -> Option<Problem> {
    let first = roots.first()?;
    let message = format!(
        "the rule has a match that is not within those of the rule that delegates to it, of {}: Istio drops \
         it, and no request takes it",
        first.object.object_ref(),
    );
    let problem = Problem::new(Code::DelegateMismatch, message)
        .on(dropped.object.clone())
        .field(format!("{}.match", dropped.field))
        .help(
            "match a part of what is delegated: a path that starts with the root's prefix, and headers and \
             methods as there; a regular expression may stand on one side only",
        );
    Some(roots.iter().take(5).fold(problem, |problem, root| {
        let field = format!("spec.http[{}].match", root.position);
        problem.related_object(root.object.object_ref(), field, "this is what is delegated")
    }))
}
