//! Namespaces that objects are in and nothing defines. A cluster labels each with its name.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{count, is_new, names, note};
use crate::Str;
use crate::problem::Problem;
use crate::snapshot::{Labels, Meta, Object, Snapshot, Source, kubernetes};
use crate::well_known::NAMESPACE_NAME;

/// The Namespaces that are assumed, and those that lack the label that a cluster gives each.
#[derive(Debug)]
pub(super) struct Undefined {
    names: Vec<Str>,
    source: BTreeMap<Str, Source>,
}

/// Finds the Namespaces of objects that were never applied and that nothing defines.
pub(super) fn undefined(snapshot: &Snapshot) -> Undefined {
    let mut all: BTreeMap<Str, (Source, bool)> = BTreeMap::new();
    for (meta, source) in snapshot.metas().filter(|(meta, _)| !meta.namespace.is_empty()) {
        let found = all.entry(meta.namespace.clone()).or_insert((source, true));
        found.0 = found.0.min(source);
        found.1 &= is_new(meta);
    }
    for namespace in &snapshot.namespaces {
        all.remove(&namespace.meta.name);
    }
    all.retain(|_, (_, is_new)| *is_new);
    let names = all.keys().cloned().collect();
    Undefined { names, source: all.into_iter().map(|(name, (source, _))| (name, source)).collect() }
}

impl Undefined {
    pub(super) fn note(&self) -> Option<Problem> {
        let listed: Vec<String> = self.names.iter().map(ToString::to_string).collect();
        let message = || {
            format!("assumed {} that nothing defines: {}", count(listed.len(), "Namespace"), names(&listed))
        };
        (!listed.is_empty()).then(|| note(message()))
    }

    pub(super) fn apply(self, snapshot: &mut Snapshot) {
        for namespace in snapshot.namespaces.iter_mut().filter(|namespace| is_new(&namespace.meta)) {
            if !namespace.meta.labels.contains_key(NAMESPACE_NAME) {
                let meta = &mut Arc::make_mut(namespace).meta;
                let own = (Str::new_static(NAMESPACE_NAME), meta.name.clone());
                meta.labels.extend([own]);
            }
        }
        let assumed = self.names.into_iter().map(|name| {
            let labels: Labels = [(Str::new_static(NAMESPACE_NAME), name.clone())].into_iter().collect();
            let source = self.source.get(&name).copied().unwrap_or_default();
            let meta = Meta { name, labels, api_version: "v1".into(), ..Meta::default() };
            Arc::new(Object { meta, spec: kubernetes::Namespace::default(), source })
        });
        snapshot.namespaces.extend(assumed);
        snapshot.namespaces.sort_by(|a, b| a.meta.name.cmp(&b.meta.name));
    }
}
