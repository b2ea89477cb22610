//! `path-form`: paths that no request has, in policies and routes.

use crate::lint::clauses::{self, Clause};
use crate::lint::pattern::Pattern;
use crate::lint::{Context, Rule, scope};
use crate::problem::{Code, Problem};
use crate::resources::authz::attribute::Target;
use crate::snapshot::networking::VirtualService;
use crate::snapshot::networking::virtual_service::StringMatch;
use crate::snapshot::{Object, ObjectRef};

pub(super) const RULE: Rule = Rule::new(Code::PathForm, include_str!("path_form.md"), check);

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let has_templates = cx.mesh.rules.security.path_templates;
    let mut found = Vec::new();
    for policy in &cx.snapshot.authorization_policies {
        let rules: Vec<_> = clauses::rules(&policy.spec).collect();
        let paths = rules.iter().flat_map(|rule| rule.all()).filter(|clause| clause.is_of(&Target::Path));
        let mut wrong = Vec::new();
        for list in paths.flat_map(Clause::lists) {
            wrong.extend(list.each().filter_map(|(path, field)| {
                let fault = Fault::of(path, has_templates)?;
                Some(fault.problem(policy.object_ref(), field, path, has_templates))
            }));
        }
        if !wrong.is_empty() && scope::is_for_ambient(cx, &**policy) {
            found.extend(wrong);
        }
    }
    let routes = cx.snapshot.virtual_services.iter().filter(|object| scope::is_for_mesh(object));
    found.extend(routes.flat_map(|object| of_routes(object)));
    found
}

/// Why no request has a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    NoSlash,
    StarInside,
    Query,
}

impl Fault {
    /// What is wrong with a path of a policy.
    fn of(path: &str, has_templates: bool) -> Option<Self> {
        let pattern = Pattern::of(path);
        let literal = pattern.literal();
        let plain =
            if has_templates { literal.replace("{*}", "").replace("{**}", "") } else { literal.to_owned() };
        match pattern {
            Pattern::Present => None,
            Pattern::Exact(text) | Pattern::Prefix(text) if !text.starts_with('/') => Some(Self::NoSlash),
            _ if plain.contains('*') => Some(Self::StarInside),
            _ if plain.contains(['?', '#']) => Some(Self::Query),
            _ => None,
        }
    }

    fn problem(self, object: ObjectRef, field: String, path: &str, has_templates: bool) -> Problem {
        let (message, help) = match self {
            Self::NoSlash => (
                format!("a path starts with a slash: no request has the path `{path}`"),
                format!("write `/{path}`"),
            ),
            Self::StarInside => (
                format!(
                    "`*` is a wildcard only at the start or the end of a path, and not at both: inside \
                     `{path}` it is compared as it stands, and no request has it"
                ),
                if has_templates {
                    "write `{*}` for one segment of a path, `{**}` for any number of them at its end"
                        .to_owned()
                } else {
                    "write a path with one `*`, at its start or at its end".to_owned()
                },
            ),
            Self::Query => (
                format!("paths are compared without their query: no request has the path `{path}`"),
                "leave out what stands behind the path".to_owned(),
            ),
        };
        Problem::new(Code::PathForm, message).on(object).field(field).help(help)
    }
}

/// Paths of a VirtualService, which knows no wildcards.
fn of_routes(object: &Object<VirtualService>) -> Vec<Problem> {
    let mut found = Vec::new();
    for (i, rule) in object.spec.http.iter().enumerate() {
        for (j, condition) in rule.matches.iter().enumerate() {
            let (path, kind) = match &condition.uri {
                Some(StringMatch::Exact(path)) => (path, "exact"),
                Some(StringMatch::Prefix(path)) => (path, "prefix"),
                _ => continue,
            };
            let (message, help) = if !path.starts_with('/') && !path.is_empty() {
                (
                    format!(
                        "a path starts with a slash: no request has the path `{path}`, and the match never holds"
                    ),
                    format!("write `/{}`", path.trim_start_matches('*')),
                )
            } else if path.contains('*') {
                (
                    format!("`*` is no wildcard in a VirtualService: `{path}` is compared as it stands"),
                    "leave the `*` out and match by `prefix`, or by `regex`".to_owned(),
                )
            } else {
                continue;
            };
            let field = format!("spec.http[{i}].match[{j}].uri.{kind}");
            found.push(Problem::new(Code::PathForm, message).on(object.object_ref()).field(field).help(help));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::Fault;

    #[test]
    fn paths_have_a_slash_and_one_star() {
        let of = |path| Fault::of(path, true);
        for right in ["/a", "/a/*", "*/a", "*", "/a/{*}/b/{**}", "*.js"] {
            assert_eq!(of(right), None, "{right}");
        }
        assert_eq!(of("admin*"), Some(Fault::NoSlash));
        assert_eq!(of("/a/*/b"), Some(Fault::StarInside));
        assert_eq!(of("*a*"), Some(Fault::StarInside));
        assert_eq!(of("/a?b=c"), Some(Fault::Query));
        assert_eq!(Fault::of("/a/{*}", false), Some(Fault::StarInside));
    }
}
