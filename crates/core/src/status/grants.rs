//! ReferenceGrants: who may refer to objects of another namespace.

use std::collections::BTreeMap;

use crate::snapshot::Snapshot;
use crate::well_known::GATEWAY_GROUP;

/// One end of a reference: a kind of objects in a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Reference<'a> {
    pub(super) kind: &'a str,
    pub(super) namespace: &'a str,
}

/// The kinds that Istio knows on either end, by group.
const FROM: (&str, [&str; 6]) =
    (GATEWAY_GROUP, ["Gateway", "HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "ListenerSet"]);
const TO: [(&str, &str); 4] =
    [("", "ConfigMap"), ("", "Secret"), ("", "Service"), ("inference.networking.k8s.io", "InferencePool")];

/// The names that may be referred to, by both ends; none stands for all.
pub(super) struct Grants<'m> {
    by_ends: BTreeMap<(Reference<'m>, Reference<'m>), Vec<Option<&'m str>>>,
}

impl<'m> Grants<'m> {
    pub(super) fn new(snapshot: &'m Snapshot) -> Self {
        let mut by_ends = BTreeMap::<_, Vec<_>>::new();
        for grant in &snapshot.reference_grants {
            let known = |group: &str, kind: &str| group == FROM.0 && FROM.1.contains(&kind);
            for from in grant.spec.from.iter().filter(|from| known(&from.group, &from.kind)) {
                let from = Reference { kind: &from.kind, namespace: &from.namespace };
                for to in grant.spec.to.iter().filter(|to| TO.contains(&(&to.group, &to.kind))) {
                    let end = Reference { kind: &to.kind, namespace: &grant.meta.namespace };
                    by_ends.entry((from, end)).or_default().push(to.name.as_deref());
                }
            }
        }
        Self { by_ends }
    }

    /// Whether objects at one end may refer to this object at the other.
    pub(super) fn allow(&self, from: Reference<'_>, to: Reference<'_>, name: &str) -> bool {
        let names = self.by_ends.get(&(from, to));
        names.into_iter().flatten().any(|granted| granted.is_none_or(|granted| granted == name))
    }
}
