//! `policy-on-tcp-port`: rules about HTTP on ports that are not HTTP.

use crate::Str;
use crate::lint::clauses::{Clause, RuleClauses};
use crate::lint::enforced::Enforced;
use crate::lint::list::few;
use crate::lint::{Context, Rule, ports};
use crate::mesh::{Port, Protocol, Service};
use crate::problem::{Code, Problem};
use crate::resources::authz::attribute::Target;
use crate::snapshot::ObjectRef;
use crate::snapshot::security::Action;

/// Admission cannot know the ports, and warns of each DENY that could be one of these.
pub(super) const RULE: Rule = Rule {
    replaces: &[Code::HttpOnlyDeny],
    ..Rule::new(Code::PolicyOnTcpPort, include_str!("policy_on_tcp_port.md"), check)
};

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let mut found = Vec::new();
    for enforced in cx.enforced().iter().filter(|enforced| enforced.is_real()) {
        let rules = enforced.rules().filter(|rule| rule.all().any(Clause::is_http));
        let problems = rules.filter_map(|rule| match enforced.action() {
            Action::Deny => denies_more(cx, enforced, &rule),
            Action::Allow => is_left_out(cx, enforced, &rule),
            _ => None,
        });
        found.extend(problems);
    }
    found
}

/// A port that is not HTTP, and its Service.
struct TcpPort<'m> {
    service: &'m Service,
    port: &'m Port,
}

impl TcpPort<'_> {
    fn object(&self) -> ObjectRef {
        self.service.source.object()
    }

    fn field(&self) -> String {
        let position = self.service.ports.iter().position(|port| port == self.port);
        position.map_or_else(|| "spec.ports".to_owned(), |position| format!("spec.ports[{position}]"))
    }
}

/// A rule that denies, on ports where nothing is left of its attributes of HTTP.
fn denies_more<'m>(cx: &Context<'m>, enforced: &Enforced<'m>, rule: &RuleClauses<'_>) -> Option<Problem> {
    let ports = enforced.services(cx).flat_map(|service| {
        service
            .ports
            .iter()
            .filter(|port| port.protocol.is_tcp() && loses(rule, port.number))
            .map(move |port| TcpPort { service, port })
    });
    let ports: Vec<TcpPort<'_>> = ports.collect();
    let first = ports.first()?;
    let whose = if rule.all().all(Clause::is_http) {
        "every connection"
    } else {
        "all that fits the rest of the rule"
    };
    let message = format!("the rule is about HTTP, and {} not HTTP: there it denies {whose}", are(&ports));
    let problem = Problem::new(Code::PolicyOnTcpPort, message)
        .on(enforced.policy.object_ref())
        .field(format!("spec.rules[{}]", rule.position))
        .help("say by `ports` which ports the rule is for");
    Some(problem.related_object(
        first.object(),
        first.field(),
        format!("this port is {}", ports::spoken(first.port)),
    ))
}

/// A rule that allows, and is left out on all ports that it is for.
fn is_left_out(cx: &Context<'_>, enforced: &Enforced<'_>, rule: &RuleClauses<'_>) -> Option<Problem> {
    let by_service = enforced.services.iter().filter_map(|(id, by)| {
        let service = cx.mesh.services.get(*id)?;
        let mut on =
            service.ports.iter().filter(|port| port.protocol != Protocol::Udp && is_for(rule, port.number));
        let first = on.next()?;
        let is_tcp = first.protocol.is_tcp() && on.all(|port| port.protocol.is_tcp());
        Some((*by, is_tcp.then_some(TcpPort { service, port: first })))
    });
    let by_service: Vec<_> = by_service.collect();
    let nowhere_else = by_service.iter().all(|(_, port)| port.is_some());
    let ports = by_service.into_iter().filter(|(by, _)| nowhere_else || Enforced::names_service(*by));
    let ports: Vec<TcpPort<'_>> = ports.filter_map(|(_, port)| port).collect();
    let first = ports.first()?;
    let message = format!(
        "the rule is about HTTP, and {} not HTTP: there it is left out, and nobody is let in by it",
        are(&ports)
    );
    let problem = Problem::new(Code::PolicyOnTcpPort, message)
        .on(enforced.policy.object_ref())
        .field(format!("spec.rules[{}]", rule.position))
        .help("declare the port as HTTP by its name or `appProtocol`, or leave out what is about HTTP");
    Some(problem.related_object(
        first.object(),
        first.field(),
        format!("this port is {}", ports::spoken(first.port)),
    ))
}

/// Whether a rule loses an attribute of HTTP on a port, and still holds there.
fn loses(rule: &RuleClauses<'_>, port: u32) -> bool {
    let shared = rule.conditions.iter().chain(rule.sources.iter().flatten()).any(Clause::is_http);
    let admits = |clauses: &[Clause<'_>]| clauses.iter().all(|clause| admits(clause, port));
    let mut operations = rule.operations.iter().filter(|operation| admits(operation));
    admits(&rule.conditions)
        && if rule.operations.is_empty() {
            shared
        } else {
            operations.any(|operation| shared || operation.iter().any(Clause::is_http))
        }
}

/// Whether a rule is for a port.
fn is_for(rule: &RuleClauses<'_>, port: u32) -> bool {
    let admits = |clauses: &[Clause<'_>]| clauses.iter().all(|clause| admits(clause, port));
    admits(&rule.conditions)
        && (rule.operations.is_empty() || rule.operations.iter().any(|operation| admits(operation)))
}

/// Whether a clause does not keep a port out.
fn admits(clause: &Clause<'_>, port: u32) -> bool {
    let has = |values: &[Str]| values.iter().any(|value| value.parse() == Ok(port));
    !clause.is_of(&Target::DestinationPort)
        || ((clause.values.is_empty() || has(clause.values.values)) && !has(clause.not_values.values))
}

/// The ports in words, with the verb.
fn are(ports: &[TcpPort<'_>]) -> String {
    let names = ports.iter().map(|at| format!("{}:{}", at.service.object_name(), at.port.number));
    let verb = if ports.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", few(names))
}
