//! `method-case`: methods in lower case, in policies and routes.

use crate::lint::clauses::{self, Clause};
use crate::lint::{Context, Rule, scope};
use crate::problem::{Change, Code, Fix, Problem};
use crate::resources::authz::attribute::{Attribute, Caller, Target};
use crate::snapshot::networking::VirtualService;
use crate::snapshot::networking::virtual_service::StringMatch;
use crate::snapshot::{Object, ObjectRef};

pub(super) const RULE: Rule = Rule::new(Code::MethodCase, include_str!("method_case.md"), check);

/// The name of the method among a request's headers.
const METHOD: &str = ":method";

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let mut found = Vec::new();
    for policy in &cx.snapshot.authorization_policies {
        let rules: Vec<_> = clauses::rules(&policy.spec).collect();
        let lists = rules.iter().flat_map(|rule| rule.all()).filter(|c| is_method(c)).flat_map(Clause::lists);
        let in_lower_case: Vec<Problem> = lists
            .flat_map(|list| {
                list.each().filter_map(|(m, f)| problem(policy.object_ref(), f, m)).collect::<Vec<_>>()
            })
            .collect();
        if !in_lower_case.is_empty() && scope::is_for_ambient(cx, &**policy) {
            found.extend(in_lower_case);
        }
    }
    let routes = cx.snapshot.virtual_services.iter().filter(|object| scope::is_for_mesh(object));
    found.extend(routes.flat_map(|object| of_routes(object)));
    found
}

fn is_method(clause: &Clause<'_>) -> bool {
    match &clause.attribute {
        Attribute::Target(target) => *target == Target::Method,
        Attribute::Caller(Caller::Header(name)) => name.as_ref().is_some_and(|name| name == METHOD),
        Attribute::Caller(_) => false,
    }
}

fn of_routes(object: &Object<VirtualService>) -> Vec<Problem> {
    let mut found = Vec::new();
    for (i, rule) in object.spec.http.iter().enumerate() {
        for (j, condition) in rule.matches.iter().enumerate() {
            let header = condition.headers.get(METHOD).map(|method| (method, "headers[\":method\"]"));
            for (method, name) in condition.method.iter().map(|method| (method, "method")).chain(header) {
                let (method, kind) = match method {
                    StringMatch::Exact(method) => (method, "exact"),
                    StringMatch::Prefix(method) => (method, "prefix"),
                    _ => continue,
                };
                let field = format!("spec.http[{i}].match[{j}].{name}.{kind}");
                found.extend(problem(object.object_ref(), field, method));
            }
        }
    }
    found
}

fn problem(object: ObjectRef, field: String, method: &str) -> Option<Problem> {
    let upper = method.to_ascii_uppercase();
    if upper == method {
        return None;
    }
    let message = format!("methods are compared as they are written: no request has the method `{method}`");
    let fix =
        Fix::new(format!("write `{upper}`"), object.clone(), field.as_str(), Change::Set(upper.clone()));
    Some(
        Problem::new(Code::MethodCase, message)
            .on(object)
            .field(field)
            .help(format!("write `{upper}`"))
            .fix(fix),
    )
}
