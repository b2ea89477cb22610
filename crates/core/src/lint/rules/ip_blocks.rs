//! `ip-blocks`: addresses of callers at waypoints of Istio 1.18.

use crate::lint::clauses::Clause;
use crate::lint::list::few;
use crate::lint::rule::Releases;
use crate::lint::{Context, Rule};
use crate::problem::{Code, Problem};
use crate::release::Release;
use crate::resources::authz::attribute::Caller;
use crate::snapshot::security::Action;

pub(super) const RULE: Rule = Rule {
    releases: Releases::Until(Release::V1_18),
    ..Rule::new(Code::IpBlocks, include_str!("ip_blocks.md"), check)
};

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let mut found = Vec::new();
    for enforced in cx.enforced() {
        let rules: Vec<_> = enforced.rules().collect();
        let clauses = rules.iter().flat_map(|rule| rule.all()).filter(|c| c.is_by(&Caller::SourceIp));
        let waypoints = few(enforced.waypoints.iter().map(|waypoint| &waypoint.name));
        for list in clauses.flat_map(Clause::lists).filter(|list| !list.is_empty()) {
            let consequence = match (list.is_negative(), enforced.action()) {
                (false, Action::Allow) => "nobody is let in by it",
                (false, Action::Deny) => "nobody is kept out by it",
                (false, _) => "the rule never holds",
                (true, _) => "nobody is left out by it",
            };
            let message = format!(
                "waypoints of Istio 1.18 ({waypoints}) get connections from an internal address, never from \
                 {}: {consequence}",
                few(list.values),
            );
            let problem = Problem::new(Code::IpBlocks, message)
                .on(enforced.policy.object_ref())
                .field(list.field())
                .help("name the callers by `principals` or `namespaces`");
            found.push(problem);
        }
    }
    found
}
