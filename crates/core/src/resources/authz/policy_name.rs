//! The names that Envoy's policies have: `ns[shop]-policy[readers]-rule[2]`, with a prefix and an end for
//! external authorizers.
//!
//! Envoy shows them in its logs and statistics: that is how a verdict of a live proxy is brought back to the
//! rule that made it.

use crate::snapshot::{Cause, FieldPath, Kind, ObjectRef};

/// What names begin and end with.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Affixes<'a> {
    /// The beginning, which a dash follows; or nothing.
    pub(super) prefix: &'a str,
    /// The end, or nothing.
    pub(super) suffix: &'a str,
}

impl Affixes<'_> {
    /// The name of a rule of an AuthorizationPolicy.
    pub(super) fn name(self, namespace: &str, name: &str, rule: usize) -> String {
        let Self { prefix, suffix } = self;
        let dash = if prefix.is_empty() { "" } else { "-" };
        [prefix, dash, "ns[", namespace, "]-policy[", name, "]-rule[", &rule.to_string(), "]", suffix]
            .concat()
    }
}

/// The rule that a name stands for; none for names that stand for no rule.
pub(crate) fn cause(name: &str) -> Option<Cause> {
    let (_, rest) = name.split_once("ns[")?;
    let (namespace, rest) = rest.split_once("]-policy[")?;
    let (policy, rest) = rest.split_once("]-rule[")?;
    let (rule, _) = rest.split_once(']')?;
    let object = ObjectRef::new(Kind::AuthorizationPolicy, namespace, policy);
    Some(Cause::new(object, FieldPath::at("spec.rules[]", [rule.parse().ok()?])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_back() {
        for prefix in ["", "istio-ext-authz", "istio-ext-authz-opa"] {
            let found = cause(&Affixes { prefix, suffix: "" }.name("shop", "readers", 12)).unwrap();
            assert_eq!(found.object.to_string(), "AuthorizationPolicy shop/readers");
            assert_eq!(found.field.to_string(), "spec.rules[12]");
        }
        let denied = cause("istio-ext-authz-ns[a]-policy[b]-rule[0]-deny-due-to-bad-CUSTOM-action").unwrap();
        assert_eq!((denied.object.name.as_str(), denied.field.position()), ("b", Some(0)));
    }

    #[test]
    fn other_names_stand_for_no_rule() {
        for name in ["", "default-deny-all-due-to-bad-CUSTOM-action", "ns[a]-policy[b]-rule[x]", "ns[a]"] {
            assert_eq!(cause(name), None, "{name}");
        }
    }
}
