//! The order in which Istio takes objects of one kind: the oldest first.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::release::{AgeTie, Rules};
use crate::snapshot::{Meta, Object};

/// Sorts objects by creation time, and those of one second as the release does.
pub(crate) fn oldest_first<T>(objects: &mut [Arc<Object<T>>], rules: &Rules) {
    objects.sort_by(|a, b| compare(&a.meta, &b.meta, rules));
}

/// Which of two objects Istio takes first.
pub(crate) fn compare(a: &Meta, b: &Meta, rules: &Rules) -> Ordering {
    created(a, rules).cmp(&created(b, rules)).then_with(|| match rules.age_tie {
        AgeTie::NameThenNamespace => (&a.name, &a.namespace).cmp(&(&b.name, &b.namespace)),
        AgeTie::NameDotNamespace => dotted(a).cmp(dotted(b)),
    })
}

fn created(meta: &Meta, rules: &Rules) -> i64 {
    meta.creation_timestamp.map_or(rules.assumed_creation, |time| time.0)
}

/// The bytes of `name.namespace`.
fn dotted(meta: &Meta) -> impl Iterator<Item = u8> + '_ {
    meta.name.bytes().chain(std::iter::once(b'.')).chain(meta.namespace.bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::Release;
    use crate::snapshot::Timestamp;

    fn meta(name: &str, seconds: Option<i64>) -> Meta {
        Meta { name: name.into(), creation_timestamp: seconds.map(Timestamp), ..Meta::default() }
    }

    #[test]
    fn age_decides_before_names() {
        let rules = Release::V1_31.rules();
        assert_eq!(compare(&meta("b", Some(1)), &meta("a", Some(2)), rules), Ordering::Less);
        assert_eq!(compare(&meta("a", None), &meta("b", Some(1)), rules), Ordering::Greater);
    }

    #[test]
    fn a_dash_sorts_before_the_dot_behind_a_shorter_name() {
        let (short, long) = (meta("a", None), meta("a-b", None));
        assert_eq!(compare(&short, &long, Release::V1_31.rules()), Ordering::Less);
        assert_eq!(compare(&short, &long, Release::V1_18.rules()), Ordering::Greater);
    }
}
