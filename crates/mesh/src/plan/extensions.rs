//! The extensions of a waypoint's chains, Wasm and Lua.

use std::collections::BTreeMap;

use super::Scope;
use crate::Str;
use crate::mesh::Service;
use crate::mesh::attachment::Bound;
use crate::mesh::extension::{ChainKind, Extension};

/// Finds the extensions of a waypoint's chains.
#[derive(Debug)]
pub(super) struct ExtensionPlanner<'m> {
    scope: Scope<'m>,
    /// All that were found, by the name under which Envoy asks for their configuration.
    found: BTreeMap<&'m Str, &'m Extension>,
}

impl<'m> ExtensionPlanner<'m> {
    pub(super) fn new(scope: Scope<'m>) -> Self {
        Self { scope, found: BTreeMap::new() }
    }

    /// The extensions for a kind of chain of a Service or, without one, for workloads that are called
    /// themselves. Those of higher priority come first.
    pub(super) fn of(&mut self, service: Option<&Service>, kind: ChainKind) -> Vec<Bound<'m, Extension>> {
        let Scope { mesh, waypoint, .. } = self.scope;
        let applicable = mesh.extensions.applicable(waypoint, service, kind);
        self.found.extend(applicable.iter().map(|bound| (&bound.object.resource_name, &**bound.object)));
        applicable
    }

    /// What was found, by name.
    pub(super) fn done(self) -> Vec<&'m Extension> {
        self.found.into_values().collect()
    }
}
