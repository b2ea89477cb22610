//! Whether one rule certainly matches all that another one does.

use super::clauses::{Clause, List, RuleClauses};
use super::pattern::Pattern;
use crate::Str;
use crate::resources::authz::attribute::{Attribute, Caller, Target};

/// Whether a rule certainly matches all that another one matches.
pub(super) fn covers(wide: &RuleClauses<'_>, narrow: &RuleClauses<'_>) -> bool {
    let given = Alternatives { own: &narrow.sources, shared: &narrow.conditions };
    let called = Alternatives { own: &narrow.operations, shared: &narrow.conditions };
    given.are_each_within(&wide.sources)
        && called.are_each_within(&wide.operations)
        && wide.conditions.iter().all(|clause| {
            given.all_imply(std::slice::from_ref(clause)) || called.all_imply(std::slice::from_ref(clause))
        })
}

/// The sources or operations of a rule, with the conditions that hold for each of them.
struct Alternatives<'a, 'p> {
    own: &'a [Vec<Clause<'p>>],
    shared: &'a [Clause<'p>],
}

impl<'p> Alternatives<'_, 'p> {
    /// Whether each is within one of the others; no others are everything.
    fn are_each_within(&self, others: &[Vec<Clause<'p>>]) -> bool {
        others.is_empty()
            || if self.own.is_empty() {
                others.iter().any(|other| imply(&[], self.shared, other))
            } else {
                self.own.iter().all(|own| others.iter().any(|other| imply(own, self.shared, other)))
            }
    }

    fn all_imply(&self, clauses: &[Clause<'p>]) -> bool {
        if self.own.is_empty() {
            return imply(&[], self.shared, clauses);
        }
        self.own.iter().all(|own| imply(own, self.shared, clauses))
    }
}

/// Whether clauses that hold together imply all of the others.
fn imply(own: &[Clause<'_>], shared: &[Clause<'_>], others: &[Clause<'_>]) -> bool {
    let known = || own.iter().chain(shared);
    others.iter().all(|other| {
        let values = other.values.is_empty() || known().any(|clause| values_within(clause, other));
        let not_values = other.not_values.is_empty() || known().any(|clause| keeps_out(clause, other));
        values && not_values
    })
}

/// Whether each value of a clause is within one of another's.
fn values_within(clause: &Clause<'_>, other: &Clause<'_>) -> bool {
    let within =
        |value: &str| other.values.values.iter().any(|wide| is_within(&other.attribute, value, wide));
    !clause.values.is_empty()
        && translated(clause, other).is_some_and(|values| values.iter().all(|v| within(v)))
}

/// Whether a clause keeps out all that another's `not…` values keep out.
fn keeps_out(clause: &Clause<'_>, other: &Clause<'_>) -> bool {
    let is_kept_out = |value: &str| {
        let by_not = clause.attribute == other.attribute
            && clause.not_values.values.iter().any(|not| is_within(&other.attribute, value, not));
        let by_values = has_one_value(&other.attribute)
            && !Pattern::of(value).literal().contains('*')
            && translated(clause, other)
                .is_some_and(|values| values.iter().all(|own| Pattern::of(own).excludes(Pattern::of(value))));
        by_not || (!clause.values.is_empty() && by_values)
    };
    other.not_values.values.iter().all(|value| is_kept_out(value))
}

/// The values of a clause as values of another's attribute: a principal and a service account tell the
/// namespace.
fn translated(clause: &Clause<'_>, other: &Clause<'_>) -> Option<Vec<Str>> {
    let List { values, .. } = clause.values;
    if clause.attribute == other.attribute {
        return Some(values.to_vec());
    }
    let Attribute::Caller(Caller::Namespace) = other.attribute else { return None };
    let namespace = |value: &Str| match clause.attribute {
        Attribute::Caller(Caller::Principal) => namespace_of_principal(value).map(Str::from),
        Attribute::Caller(Caller::ServiceAccount) => {
            value.split_once('/').map(|(namespace, _)| Str::from(namespace))
        }
        _ => None,
    };
    values.iter().map(namespace).collect()
}

/// The namespace of `td/ns/NAMESPACE/sa/NAME`, whatever stands for the others.
fn namespace_of_principal(principal: &str) -> Option<&str> {
    let mut parts = principal.split('/').skip(1);
    let namespace = (parts.next()? == "ns").then(|| parts.next())??;
    let is_whole = parts.next().is_some() && !namespace.is_empty() && !namespace.contains('*');
    is_whole.then_some(namespace)
}

/// Whether a value certainly stands for no more than another one.
fn is_within(attribute: &Attribute, value: &str, wide: &str) -> bool {
    // Templates of paths, and stars that only a namespace may have inside.
    let is_plain = |text: &str| !Pattern::of(text).literal().contains(['{', '*']);
    let both = is_plain(value) && is_plain(wide) && has_patterns(attribute);
    value == wide || (both && Pattern::of(value).is_within(Pattern::of(wide)))
}

/// Whether a request has no two values of an attribute.
fn has_one_value(attribute: &Attribute) -> bool {
    let Attribute::Caller(caller) = attribute else {
        return matches!(attribute, Attribute::Target(Target::Host | Target::Method));
    };
    matches!(caller, Caller::Principal | Caller::Namespace)
}

/// Whether stars at the ends of an attribute's values are wildcards.
fn has_patterns(attribute: &Attribute) -> bool {
    match attribute {
        Attribute::Target(target) => matches!(target, Target::Host | Target::Method | Target::Path),
        Attribute::Caller(caller) => {
            matches!(caller, Caller::Principal | Caller::Namespace | Caller::Header(_) | Caller::Claim(_))
        }
    }
}
