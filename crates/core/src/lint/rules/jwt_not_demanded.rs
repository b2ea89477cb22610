//! `jwt-not-demanded`: tokens are checked, and requests without one pass.

use std::sync::Arc;

use crate::hash::{HashMap, HashSet};
use crate::lint::clauses;
use crate::lint::enforced::Enforced;
use crate::lint::list::few;
use crate::lint::{Context, Rule};
use crate::mesh::ServiceId;
use crate::problem::{Code, Problem};
use crate::snapshot::security::Action;

pub(super) const RULE: Rule = Rule::new(Code::JwtNotDemanded, include_str!("jwt_not_demanded.md"), check);

fn check(cx: &Context<'_>) -> Vec<Problem> {
    if cx.snapshot.request_authentications.is_empty() {
        return Vec::new();
    }
    let demanding = demanding(cx);
    let mut open: HashMap<*const _, Vec<&str>> = HashMap::default();
    for waypoint in &cx.mesh.waypoints {
        for id in waypoint.services.iter().filter(|id| !demanding.contains(*id)) {
            let Some(service) = cx.mesh.services.get(*id) else { continue };
            for bound in cx.authentication_of(*id) {
                open.entry(Arc::as_ptr(bound.object)).or_default().push(service.object_name());
            }
        }
    }
    let mut found = Vec::new();
    for object in &cx.snapshot.request_authentications {
        let Some(services) = open.get(&Arc::as_ptr(object)).filter(|_| !object.spec.jwt_rules.is_empty())
        else {
            continue;
        };
        let message = format!(
            "requests to {} without a token pass: it refuses only tokens that are not valid",
            few(services)
        );
        let problem = Problem::new(Code::JwtNotDemanded, message)
            .on(object.object_ref())
            .field("spec.jwtRules")
            .help("to demand a token, add an AuthorizationPolicy with `requestPrincipals: [\"*\"]`");
        found.push(problem);
    }
    found
}

/// The Services for which a policy asks for what a token says, or an authorizer of one's own decides.
fn demanding(cx: &Context<'_>) -> HashSet<ServiceId> {
    let demands = |policy: &Enforced<'_>| {
        policy.action() == Action::Custom
            || clauses::rules(&policy.policy.spec).any(|rule| rule.all().any(|clause| clause.is_token()))
    };
    let policies = cx.enforced().iter().filter(|policy| demands(policy));
    policies.flat_map(|policy| policy.services.iter().map(|(id, _)| *id)).collect()
}
