//! Filters of RBAC and external authorizers: who refuses, and by which rule.

use decisions::{Condition as Diagram, Decision, TooMuch};
use envoy::config::rbac::v3::rbac::Action;

use super::super::marks::{Mark, Marks};
use super::Made;
use crate::trace::authz::Authorizer;
use crate::trace::classes::condition::{Builder, known};
use crate::trace::metadata::{Metadata, Tried};
use crate::trace::rbac::Policies;
use crate::trace::verdict::RbacFilter;

/// Under which filters tell what came of policies that are only tried.
pub(super) const NETWORK: &str = "envoy.filters.network.rbac";
pub(super) const HTTP: &str = "envoy.filters.http.rbac";

/// A filter of RBAC, before what comes after it: the first rule that fits decides.
pub(super) fn rbac(
    builder: &mut Builder<'_>,
    marks: &mut Marks,
    (at, filter): (usize, &RbacFilter),
    after: Decision,
) -> Made {
    let Some(policies) = filter.rules.as_ref().filter(|policies| policies.action != Action::Log) else {
        return Ok(after);
    };
    let allows = policies.action == Action::Allow;
    let refused = Decision::always(marks.number(Mark::Refused { filter: at, rule: None }));
    let mut decision = if allows { refused } else { after };
    for (number, rule) in policies.rules.iter().enumerate().rev() {
        let fits = builder.condition(&rule.condition)?;
        let then = if allows {
            let cause = rule.cause.as_ref();
            builder.diagrams.map(after, &mut |after| marks.passed((at, number), cause, after))?
        } else {
            Decision::always(marks.number(Mark::Refused { filter: at, rule: Some(number) }))
        };
        decision = builder.diagrams.choose(fits, then, decision)?;
    }
    Ok(decision)
}

/// An external authorizer, before what comes after it.
pub(super) fn authorized(
    builder: &mut Builder<'_>,
    marks: &mut Marks,
    (at, authorizer): (usize, &Authorizer),
    (before, tells): (&[&RbacFilter], &'static str),
    after: Decision,
) -> Made {
    if authorizer.only_tried {
        return Ok(after);
    }
    let asked = is_asked(builder, authorizer, before, tells)?;
    let then = builder.diagrams.map(after, &mut |after| marks.number(Mark::Asked { filter: at, after }))?;
    builder.diagrams.choose(asked, then, after)
}

/// Which requests an external authorizer is asked about: those of which a filter before it tells that a rule
/// fits that is only tried.
fn is_asked(
    builder: &mut Builder<'_>,
    authorizer: &Authorizer,
    before: &[&RbacFilter],
    tells: &'static str,
) -> Result<Diagram, TooMuch> {
    let Some(enabled) = &authorizer.enabled else { return Ok(Diagram::YES) };
    let mut asked = known(enabled.truth(&Metadata::default()));
    let telling = before.iter().filter_map(|filter| Some((filter.tried.as_ref()?, &filter.keys)));
    for (policies, [id, _]) in telling {
        asked = tried(builder, policies, asked, &|name| {
            let mut metadata = Metadata::default();
            metadata.tell(Tried { filter: tells, key: id, value: name, rule: None });
            enabled.keys.as_slice() == std::slice::from_ref(id)
                && known(enabled.truth(&metadata)) == Diagram::YES
        })?;
    }
    Ok(asked)
}

/// Where the first rule that fits is one of these; otherwise what was so before.
fn tried(
    builder: &mut Builder<'_>,
    policies: &Policies,
    before: Diagram,
    is: &dyn Fn(&str) -> bool,
) -> Result<Diagram, TooMuch> {
    let mut asked = before;
    for rule in policies.rules.iter().rev() {
        let fits = builder.condition(&rule.condition)?;
        let others = builder.diagrams.not(fits)?;
        let others = builder.diagrams.and(others, asked)?;
        asked = if is(&rule.name) { builder.diagrams.or(fits, others)? } else { others };
    }
    Ok(asked)
}
