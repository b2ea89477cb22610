//! `jwt-not-checked`: a policy asks for what a token says, and nobody checks tokens.

use crate::lint::clauses::List;
use crate::lint::enforced::Enforced;
use crate::lint::list::few;
use crate::lint::{Context, Rule};
use crate::mesh::attachment::refers_to_nothing;
use crate::mesh::{Service, ServiceId};
use crate::problem::{Code, Problem};
use crate::snapshot::security::Action;

pub(super) const RULE: Rule = Rule::new(Code::JwtNotChecked, include_str!("jwt_not_checked.md"), check);

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let mut found = Vec::new();
    for enforced in cx.enforced() {
        let rules: Vec<_> = enforced.rules().collect();
        let mut tokens = rules.iter().flat_map(|rule| rule.all()).filter(|clause| clause.is_token());
        let Some(list) = tokens.next().map(|clause| clause.first_list()) else { continue };
        let unchecked = unchecked(cx, enforced);
        if !unchecked.is_empty() && !may_be_checked_otherwise(cx) {
            found.push(problem(cx, enforced, list, &unchecked));
        }
    }
    found
}

/// The Services for which a policy asks in vain. One for a whole waypoint asks in vain only where no Service
/// of it has tokens checked.
fn unchecked<'m>(cx: &Context<'m>, enforced: &Enforced<'m>) -> Vec<&'m Service> {
    let has_check =
        |id: ServiceId| cx.authentication_of(id).iter().any(|found| !found.spec.jwt_rules.is_empty());
    let (checked, unchecked): (Vec<_>, Vec<_>) = enforced.services.iter().partition(|(id, _)| has_check(*id));
    let names_it = |by| checked.is_empty() || Enforced::names_service(by);
    let services = unchecked.into_iter().filter(|(_, by)| names_it(*by));
    services.filter_map(|(id, _)| cx.mesh.services.get(id)).collect()
}

/// Whether an EnvoyFilter or an extension may check tokens.
fn may_be_checked_otherwise(cx: &Context<'_>) -> bool {
    let patches = cx.snapshot.envoy_filters.iter().flat_map(|filter| &filter.spec.config_patches);
    patches.into_iter().any(|patch| format!("{patch:?}").contains("jwt_authn"))
}

fn problem(cx: &Context<'_>, enforced: &Enforced<'_>, list: List<'_>, services: &[&Service]) -> Problem {
    let consequence = match (list.is_negative(), enforced.action()) {
        (false, Action::Allow) => "never fits, and nobody is let in by it",
        (false, Action::Deny) => "never fits, and nothing is denied by it",
        (false, _) => "never fits",
        (true, Action::Deny) => "always fits, and denies whatever the token is",
        (true, Action::Allow) => "always fits, and lets in whatever the token is",
        (true, _) => "always fits",
    };
    let names = few(services.iter().map(|service| service.object_name()));
    let message = format!(
        "no RequestAuthentication checks tokens of requests to {names}: what is asked of them {consequence}"
    );
    let problem = Problem::new(Code::JwtNotChecked, message)
        .on(enforced.policy.object_ref())
        .field(list.field())
        .help("add a RequestAuthentication whose `targetRefs` name the Service or its waypoint");
    let namespace = &enforced.policy.meta.namespace;
    let unread = cx.snapshot.request_authentications.iter().find(|authentication| {
        authentication.meta.namespace == *namespace
            && cx.objects_name_waypoints
            && refers_to_nothing(&***authentication)
    });
    match unread {
        Some(object) => problem.related_object(
            object.object_ref(),
            "",
            "waypoints do not read it: it has no `targetRefs`",
        ),
        None => problem,
    }
}
