//! Objects that cannot be read: all that is wrong with each, and what can be read of it all the same.

use super::identity;
use super::items::Item;
use super::object::{Meta, Source};
use super::read::refused;
use super::{ObjectRef, Snapshot};
use crate::Str;
use crate::kind::Kind;
use crate::problem::Problem;
use crate::text::{DecodeError, every_fault};

/// Everything that keeps an object from being read. What can be read of it is added to `rest`.
pub(super) fn of(
    item: Item<'_>,
    (kind, api_version): (Kind, &str),
    cluster: &Str,
    source: Source,
    rest: &mut Snapshot,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    let (errors, meta) = every_fault(|unread| item.node.field::<Meta>("metadata", unread));
    let mut object = identity::claimed(item.node, kind);
    let mut meta = meta.unwrap_or_default();
    identity::settle(&mut meta, kind);
    let (names, values) = identity::check(item, kind, &meta);
    let rest_of_metadata = names.into_iter().chain(values).filter(|problem| !follows(problem, &errors));
    object.cluster.clone_from(cluster);
    problems.extend(rest_of_metadata.map(|problem| problem.on(object.clone())));
    problems.extend(told(&errors, item, &object));
    meta = Meta {
        api_version: api_version.into(),
        cluster: cluster.clone(),
        name: object.name.clone(),
        namespace: object.namespace.clone(),
        ..meta
    };
    let (errors, _) = every_fault(|unread| match rest.part_mut(cluster) {
        Some(part) => part.add(kind, meta.clone(), source, item.node, unread),
        None => Ok(()),
    });
    problems.extend(told(&errors, item, &object));
    problems
}

/// The problems that errors make.
pub(super) fn told<'e>(
    errors: &'e [DecodeError],
    item: Item<'e>,
    object: &'e ObjectRef,
) -> impl Iterator<Item = Problem> + 'e {
    errors.iter().map(move |error| refused(error, item).on(object.clone()))
}

/// Whether a problem is only there because of what could not be read.
fn follows(problem: &Problem, errors: &[DecodeError]) -> bool {
    errors.iter().any(|error| touches(&problem.field, error.path()))
}

/// Whether two paths lead to one field, or one of them to what the other's is in.
#[must_use]
pub fn touches(one: &str, other: &str) -> bool {
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    long.strip_prefix(short)
        .is_some_and(|rest| short.is_empty() || rest.is_empty() || rest.starts_with(['.', '[']))
}

#[cfg(test)]
mod tests {
    use super::touches;

    #[test]
    fn paths_touch_where_one_is_in_the_other() {
        assert!(touches("spec.ports[0].port", "spec.ports[0].port"));
        assert!(touches("spec.ports", "spec.ports[0].port"));
        assert!(touches("spec.ports[0].port", ""));
        assert!(!touches("spec.ports[0].port", "spec.ports[0].portName"));
        assert!(!touches("spec.ports[0]", "spec.ports[1]"));
    }
}
