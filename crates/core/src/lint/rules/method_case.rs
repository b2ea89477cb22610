//! `method-case`: methods in lower case, in policies and routes.

use crate::lint::{Context, Rule};
use crate::problem::{Change, Code, Fix, Problem};
use crate::snapshot::ObjectRef;
use crate::snapshot::networking::virtual_service::StringMatch;

pub(super) const RULE: Rule = Rule::new(Code::MethodCase, include_str!("method_case.md"), check);

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let mut found = Vec::new();
    for policy in &cx.snapshot.authorization_policies {
        for (i, rule) in policy.spec.rules.iter().enumerate() {
            for (j, to) in rule.to.iter().enumerate() {
                let Some(operation) = &to.operation else { continue };
                let lists = [("methods", &operation.methods), ("notMethods", &operation.not_methods)];
                for (list, methods) in lists {
                    for (k, method) in methods.iter().enumerate() {
                        let field = format!("spec.rules[{i}].to[{j}].operation.{list}[{k}]");
                        found.extend(problem(policy.object_ref(), field, method));
                    }
                }
            }
        }
    }
    for object in &cx.snapshot.virtual_services {
        for (i, rule) in object.spec.http.iter().enumerate() {
            for (j, condition) in rule.matches.iter().enumerate() {
                if let Some(StringMatch::Exact(method) | StringMatch::Prefix(method)) = &condition.method {
                    let field = format!("spec.http[{i}].match[{j}].method");
                    found.extend(problem(object.object_ref(), field, &method));
                }
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
