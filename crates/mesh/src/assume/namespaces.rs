//! Namespaces that objects are in and nothing defines.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Part, count, is_new, names, note};
use crate::Str;
use crate::problem::Problem;
use crate::snapshot::{Labels, Meta, Object, Snapshot, Source, kubernetes};

const IN_EVERY_CLUSTER: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

/// The Namespaces that are assumed.
#[derive(Debug)]
pub(super) struct Undefined {
    /// Each with the place of the first object in it.
    assumed: BTreeMap<Str, Source>,
}

/// Finds the Namespaces of objects that were never applied and that nothing defines.
pub(super) fn undefined(part: &Part<'_>) -> Undefined {
    let Part { snapshot, passed_over } = part;
    let kept = snapshot.metadata().map(|(_, meta, source)| (&meta.namespace, source, is_new(meta)));
    let others = passed_over.iter().map(|other| (&other.object.namespace, other.source, other.is_new));
    let mut all = BTreeMap::new();
    let mut run = None;
    for (namespace, source, is_new) in kept.chain(others).filter(|(namespace, ..)| !namespace.is_empty()) {
        // Objects of a kind come by namespace.
        match &mut run {
            Some((of, first, all_new)) if *of == namespace => {
                *first = source.min(*first);
                *all_new &= is_new;
            }
            _ => add(&mut all, run.replace((namespace, source, is_new))),
        }
    }
    add(&mut all, run);
    for namespace in &snapshot.namespaces {
        all.remove(&namespace.meta.name);
    }
    let assumed = all.into_iter().filter(|(_, (_, all_new))| *all_new);
    Undefined { assumed: assumed.map(|(name, (first, _))| (name.clone(), first)).collect() }
}

/// The objects of a namespace: the place of the first, and whether none of them was ever applied.
type Run<'r> = (&'r Str, Source, bool);

/// Adds objects to those of the same namespace.
fn add<'r>(all: &mut BTreeMap<&'r Str, (Source, bool)>, run: Option<Run<'r>>) {
    if let Some((namespace, source, is_new)) = run {
        let (first, all_new) = all.entry(namespace).or_insert((source, true));
        *first = source.min(*first);
        *all_new &= is_new;
    }
}

impl Undefined {
    /// Whether there is nothing to add.
    pub(super) fn is_empty(&self) -> bool {
        self.assumed.is_empty()
    }

    /// Those that every cluster has need no word.
    pub(super) fn note(&self) -> Option<Problem> {
        let told = self.assumed.keys().filter(|name| !IN_EVERY_CLUSTER.contains(&name.as_str()));
        let listed: Vec<String> = told.map(ToString::to_string).collect();
        let message = || {
            format!("assumed {} that nothing defines: {}", count(listed.len(), "Namespace"), names(&listed))
        };
        (!listed.is_empty()).then(|| note(message()))
    }

    pub(super) fn apply(self, snapshot: &mut Snapshot, cluster: &Str) {
        let assumed = self.assumed.into_iter().map(|(name, source)| {
            let labels = Labels::of_namespace(&name);
            let cluster = cluster.clone();
            let mut meta = Meta { name, labels, cluster, api_version: "v1".into(), ..Meta::default() };
            meta.assume();
            Arc::new(Object { meta, spec: kubernetes::Namespace::default(), source })
        });
        snapshot.namespaces.extend(assumed);
        snapshot.namespaces.sort_by(|a, b| a.meta.name.cmp(&b.meta.name));
    }
}
