//! Namespaces by name: their labels and annotations are inherited by what is in them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::Str;
use crate::snapshot::{Labels, Object, Snapshot, kubernetes};

/// Every Namespace of a snapshot.
#[derive(Clone, Debug, Default)]
pub struct Namespaces {
    by_name: BTreeMap<Str, Arc<Object<kubernetes::Namespace>>>,
}

impl Namespaces {
    /// Builds the index.
    #[must_use]
    pub fn new(snapshot: &Snapshot) -> Self {
        let by_name = snapshot.namespaces.iter().map(|n| (n.meta.name.clone(), Arc::clone(n))).collect();
        Self { by_name }
    }

    /// The Namespace of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Object<kubernetes::Namespace>> {
        self.by_name.get(name).map(Arc::as_ref)
    }

    /// The labels of a Namespace; none if the snapshot lacks it.
    #[must_use]
    pub fn labels(&self, name: &str) -> &Labels {
        static NONE: Labels = Labels::new();
        self.get(name).map_or(&NONE, |namespace| &namespace.meta.labels)
    }

    /// A label of a Namespace.
    #[must_use]
    pub fn label(&self, name: &str, key: &str) -> Option<&Str> {
        self.labels(name).get(key)
    }

    /// An annotation of a Namespace.
    #[must_use]
    pub fn annotation(&self, name: &str, key: &str) -> Option<&Str> {
        self.get(name)?.meta.annotations.get(key)
    }
}
