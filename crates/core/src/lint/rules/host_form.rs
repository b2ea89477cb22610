//! `host-form`: policies that name one of the names of a Service.

use std::collections::BTreeSet;

use crate::lint::clauses::Clause;
use crate::lint::enforced::Enforced;
use crate::lint::pattern::Pattern;
use crate::lint::{Context, Rule};
use crate::mesh::Service;
use crate::problem::{Code, Problem, Severity};
use crate::resources::authz::attribute::Target;
use crate::snapshot::security::Action;

pub(super) const RULE: Rule = Rule::new(Code::HostForm, include_str!("host_form.md"), check);

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let mut found = Vec::new();
    for enforced in cx.enforced().iter().filter(|enforced| enforced.is_real()) {
        let severity = match enforced.action() {
            Action::Deny => Severity::Warning,
            Action::Allow => Severity::Note,
            _ => continue,
        };
        let mut told = BTreeSet::new();
        let services: Vec<&Service> =
            enforced.services(cx).filter(|service| service.is_kubernetes()).collect();
        for rule in enforced.rules() {
            for clause in rule.all().filter(|clause| clause.is_of(&Target::Host)) {
                for service in &services {
                    if let Some(problem) = of_clause(enforced, clause, service)
                        && told.insert(problem.field.clone())
                    {
                        found.push(problem.severity(severity));
                    }
                }
            }
        }
    }
    found
}

/// A clause that has the full name of a Service, and not the shorter ones that clients call it by, too.
fn of_clause(enforced: &Enforced<'_>, clause: &Clause<'_>, service: &Service) -> Option<Problem> {
    let full = service.hostname.as_str();
    let values = clause.values.values;
    let has = |name: &str| values.iter().any(|value| Pattern::of(&value.to_ascii_lowercase()).fits(name));
    let (value, field) = clause.values.each().find(|(value, _)| value.eq_ignore_ascii_case(full))?;
    let short = service.name.as_str();
    let of_namespace = format!("{short}.{}", service.namespace);
    let other = [short, &of_namespace].into_iter().find(|name| !has(name))?;
    let what = match enforced.action() {
        Action::Deny => "they are not denied by this rule",
        _ => "they are not allowed by this rule",
    };
    Some(
        Problem::new(
            Code::HostForm,
            format!(
                "hosts are compared with what a request says in `Host`: requests by another name of the Service, \
                 such as `{other}`, do not have `{value}`, and {what}"
            ),
        )
        .on(enforced.policy.object_ref())
        .field(field)
        .help(format!(
            "leave `hosts` out where `targetRefs` name the Service; else list its other names, too: `{short}`, \
             `{of_namespace}` and `{of_namespace}.svc`"
        ))
        .related_object(service.source.object(), "metadata.name", "the Service"),
    )
}
