//! Rules of Gateway API routes with the same match: of two rules that are put together, only the first is
//! ever reached.

use std::collections::BTreeMap;

use crate::hash::HashMap;
use crate::lint::Context;
use crate::mesh::virtual_service::{Semantics, VirtualService};
use crate::problem::{Code, Problem};
use crate::snapshot::Cause;
use crate::snapshot::networking::virtual_service::HttpMatchRequest;

/// A match of a rule, and the one before it that is the same.
pub(in crate::lint::rules) type Repeated = BTreeMap<Cause, Cause>;

pub(super) fn check(cx: &Context<'_>) -> Vec<Problem> {
    repeated(cx).iter().map(|(later, earlier)| problem(later, earlier)).collect()
}

/// The matches that stand before, too.
pub(in crate::lint::rules) fn repeated(cx: &Context<'_>) -> Repeated {
    let mut repeated = Repeated::new();
    for routed in cx.routing().services() {
        for routes in routed.routes.iter().filter(|routes| routes.semantics == Semantics::GatewayApi) {
            collect(routes, &mut repeated);
        }
    }
    repeated
}

fn collect(routes: &VirtualService, repeated: &mut Repeated) {
    let mut seen: HashMap<Option<&HttpMatchRequest>, &Cause> = HashMap::default();
    for rule in &routes.http {
        let Some(cause) = rule.causes.first() else { continue };
        let earlier = *seen.entry(rule.route.matches.first()).or_insert(cause);
        if earlier != cause {
            repeated.entry(cause.clone()).or_insert_with(|| earlier.clone());
        }
    }
}

fn problem(later: &Cause, earlier: &Cause) -> Problem {
    let (code, message) = if later.object == earlier.object {
        let message =
            format!("`{}` has the same match and comes first: this rule is never reached", earlier.field);
        (Code::UnreachableRule, message)
    } else {
        let message = format!(
            "{} has a rule with the same match for the same Service, and comes first: this rule is never reached",
            earlier.object
        );
        (Code::OverlappingRoutes, message)
    };
    Problem::new(code, message)
        .on(later.object.clone())
        .field(later.field.to_string())
        .help("remove one of the two rules, or make their matches differ")
        .related_object(earlier.object.clone(), earlier.field.to_string(), "what comes first")
}
