//! `detected-protocol`: ports whose protocol a waypoint has to guess.

use crate::lint::clauses::{self, Clause};
use crate::lint::list::few;
use crate::lint::{Context, Rule};
use crate::problem::{Code, Problem};

pub(super) const RULE: Rule = Rule {
    analyze: &["IST0118"],
    ..Rule::new(Code::DetectedProtocol, include_str!("detected_protocol.md"), check)
};

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let mut found = Vec::new();
    for (id, service) in cx.mesh.services.iter() {
        if cx.waypoint_of(id).is_none() {
            continue;
        }
        let mut ports = service.ports.iter().enumerate().filter(|(_, port)| port.protocol.is_unsupported());
        let Some((first, _)) = ports.clone().next() else { continue };
        let message = format!(
            "the protocol of port {} is not declared: it is detected from a connection's first bytes, rules \
             about HTTP hold only where those are HTTP, and a server that speaks first is waited for",
            few(ports.by_ref().map(|(_, port)| port.number))
        );
        let problem = Problem::new(Code::DetectedProtocol, message)
            .on(service.source.object())
            .field(format!("spec.ports[{first}]"))
            .help("declare it by `appProtocol`, or by a name such as `http` or `tcp-data`");
        let policies = cx
            .authorization_of(id)
            .into_iter()
            .filter(|policy| clauses::rules(&policy.spec).any(|rule| rule.all().any(Clause::is_http)));
        let problem = policies.take(5).fold(problem, |problem, policy| {
            problem.related_object(policy.object_ref(), "spec.rules", "this policy has rules about HTTP")
        });
        found.push(problem);
    }
    found
}
