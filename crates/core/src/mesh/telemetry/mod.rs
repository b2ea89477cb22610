//! Telemetry: which resources apply to a waypoint or to one of its Services, and what they amount to together.
//!
//! Source: [the Telemetry API](https://istio.io/latest/docs/reference/config/telemetry/): the root namespace's
//! resource is overridden by the namespace's, and that by those for the workload, each part in its own way.

mod access_logging;
mod metrics;
mod tracing;

#[cfg(test)]
mod tests;

pub use access_logging::{AccessLogger, access_loggers};
pub use metrics::{MetricOverride, MetricsProvider, TagOverride, metrics_providers};
pub use tracing::{TracingSpec, tracing_spec};

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::Str;
use crate::mesh::MeshSettings;
use crate::mesh::age;
use crate::mesh::service::Service;
use crate::mesh::target::{PolicyTarget, TargetScope};
use crate::mesh::waypoint::Waypoint;
use crate::rules::{PolicyAttachment, Rules};
use crate::snapshot::mesh_config::{DefaultProviders, ExtensionProvider};
use crate::snapshot::telemetry::{ProviderRef, Telemetry};
use crate::snapshot::{Object, Snapshot};

/// The Telemetry resources of a mesh, by namespace, oldest first.
#[derive(Clone, Debug)]
pub struct Telemetries {
    by_namespace: BTreeMap<Str, Vec<Arc<Object<Telemetry>>>>,
    root_namespace: Str,
    rules: &'static Rules,
}

/// The Telemetry resources that apply to something; later ones override earlier ones.
pub type Applicable<'m> = Vec<&'m Arc<Object<Telemetry>>>;

impl Telemetries {
    /// Builds the index.
    #[must_use]
    pub fn new(snapshot: &Snapshot, rules: &'static Rules, config: &MeshSettings) -> Self {
        let mut by_namespace: BTreeMap<Str, Vec<_>> = BTreeMap::new();
        for telemetry in &snapshot.telemetries {
            by_namespace.entry(telemetry.meta.namespace.clone()).or_default().push(Arc::clone(telemetry));
        }
        for telemetries in by_namespace.values_mut() {
            age::oldest_first(telemetries, rules);
        }
        Self { by_namespace, root_namespace: config.root_namespace.clone(), rules }
    }

    /// What applies to a waypoint as a whole or, given a Service, to that Service's chains.
    #[must_use]
    pub fn applicable(&self, waypoint: &Waypoint, service: Option<&Service>) -> Applicable<'_> {
        let own = waypoint.name.namespace.as_str();
        let scope = TargetScope { waypoint, root_namespace: &self.root_namespace, rules: self.rules };
        let mut found: Applicable<'_> = self.namespace_wide(&self.root_namespace).into_iter().collect();
        if own != self.root_namespace {
            found.extend(self.namespace_wide(own));
        }
        match self.rules.policies.attachment {
            PolicyAttachment::Selector => {
                // Only the oldest of those that select the waypoint's pod counts.
                found.extend(self.bound(own, &scope, &[]).next());
            }
            PolicyAttachment::TargetRefs => {
                let namespace = service.map_or(own, |s| s.namespace.as_str());
                if namespace != own {
                    found.extend(self.namespace_wide(namespace));
                }
                // An accident of Istio's: for the chains of a Service of another namespace, what refers to the
                // waypoint itself is not looked at, because that is in the waypoint's namespace.
                found.extend(self.bound(namespace, &scope, service.as_slice()));
            }
        }
        found
    }

    fn of(&self, namespace: &str) -> &[Arc<Object<Telemetry>>] {
        self.by_namespace.get(namespace).map_or(&[], Vec::as_slice)
    }

    /// The oldest resource for the whole of a namespace.
    fn namespace_wide(&self, namespace: &str) -> Option<&Arc<Object<Telemetry>>> {
        self.of(namespace).iter().find(|t| target(t).is_namespace_wide())
    }

    /// The resources of a namespace that bind to the waypoint or the Services.
    fn bound<'m>(
        &'m self,
        namespace: &str,
        scope: &TargetScope<'_>,
        services: &[&Service],
    ) -> impl Iterator<Item = &'m Arc<Object<Telemetry>>> {
        self.of(namespace).iter().filter(move |t| {
            let target = target(t);
            !target.is_namespace_wide() && target.binds_to(scope, services)
        })
    }
}

fn target(telemetry: &Object<Telemetry>) -> PolicyTarget<'_> {
    let spec = &telemetry.spec;
    let namespace = &telemetry.meta.namespace;
    PolicyTarget::new(
        namespace,
        spec.selector.as_ref().map(|s| &s.match_labels),
        spec.target_ref.as_ref(),
        &spec.target_refs,
    )
}

/// The provider of this name; Istio ignores case here.
pub(crate) fn provider<'c>(config: &'c MeshSettings, name: &str) -> Option<&'c ExtensionProvider> {
    config.extension_providers.iter().find(|p| p.name.eq_ignore_ascii_case(name))
}

/// The names that a list of references gives, or what was in force before, if it gives none.
fn names_or<'a>(refs: &'a [ProviderRef], inherited: &[&'a str]) -> Vec<&'a str> {
    if refs.is_empty() { inherited.to_vec() } else { refs.iter().map(|r| r.name.as_str()).collect() }
}

/// The providers that hold where telemetry names none, as the mesh configuration lists them.
fn defaults<'c>(
    config: &'c MeshSettings,
    list: impl Fn(&'c DefaultProviders) -> &'c Vec<Str>,
) -> Vec<&'c str> {
    borrowed(list(&config.default_providers))
}

/// Names as borrowed strings.
fn borrowed(names: &[Str]) -> Vec<&str> {
    names.iter().map(Str::as_str).collect()
}
