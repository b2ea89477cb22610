//! Telemetry: which resources apply to a waypoint or to one of its Services, and what they amount to
//! together.
//!
//! Source: [the Telemetry API](https://istio.io/latest/docs/reference/config/telemetry/): the root
//! namespace's resource is overridden by the namespace's, and that by those for the workload, each part in
//! its own way.

mod access_logging;
mod metrics;
mod tracing;

#[cfg(test)]
mod tests;

pub use access_logging::{AccessLogger, access_loggers};
pub use metrics::{MetricOverride, MetricsProvider, TagOverride, metrics_providers};
pub use tracing::{TracingSpec, tracing_spec};

use crate::Str;
use crate::mesh::MeshSettings;
use crate::mesh::attachment::{self, Attached, Attachments, Bound};
use crate::mesh::service::Service;
use crate::mesh::waypoint::Waypoint;
use crate::rules::{PolicyAttachment, Rules};
use crate::snapshot::mesh_config::{DefaultProviders, ExtensionProvider};
use crate::snapshot::telemetry::{ProviderRef, Telemetry};
use crate::snapshot::{Object, Snapshot};

/// The Telemetry resources of a mesh, by what they bind to.
#[derive(Clone, Debug)]
pub struct Telemetries {
    attachments: Attachments<Object<Telemetry>>,
    rules: &'static Rules,
}

/// The Telemetry resources that apply to something; later ones override earlier ones.
pub type Applicable<'m> = Vec<Bound<'m, Object<Telemetry>>>;

impl Telemetries {
    /// Builds the index.
    #[must_use]
    pub fn new(snapshot: &Snapshot, rules: &'static Rules, config: &MeshSettings) -> Self {
        let attachments =
            Attachments::new(snapshot.telemetries.iter().cloned(), rules, &config.root_namespace);
        Self { attachments, rules }
    }

    /// What applies to a waypoint as a whole or, given a Service, to that Service's chains.
    #[must_use]
    pub fn applicable(&self, waypoint: &Waypoint, service: Option<&Service>) -> Applicable<'_> {
        if self.attachments.is_empty() {
            return Vec::new();
        }
        let (own, root) = (&waypoint.name.namespace, self.attachments.root_namespace());
        let mut found: Applicable<'_> = self.attachments.for_namespace(root).into_iter().collect();
        if own != root {
            found.extend(self.attachments.for_namespace(own));
        }
        match self.rules.policies.attachment {
            PolicyAttachment::Selector => {
                // Only the oldest of those that select the waypoint's pod counts.
                let selecting = self.attachments.in_namespace(own, waypoint, None);
                found.extend(self.narrower(&selecting).next());
            }
            PolicyAttachment::TargetRefs => {
                let namespace = service.map_or(own, |service| &service.namespace);
                if namespace != own {
                    found.extend(self.attachments.for_namespace(namespace));
                }
                // An accident of Istio's: for the chains of a Service of another namespace, what refers to
                // the waypoint itself is not looked at, because that is in the waypoint's namespace.
                let referring = self.attachments.in_namespace(namespace, waypoint, service);
                found.extend(self.narrower(&referring));
            }
        }
        found
    }

    /// What is not for all of a namespace.
    fn narrower<'m>(&'m self, attached: &[Attached]) -> impl Iterator<Item = Bound<'m, Object<Telemetry>>> {
        self.attachments.at(attached).filter(|bound| !attachment::is_namespace_wide(&**bound))
    }
}

/// The provider of this name; Istio ignores case here.
pub fn provider<'c>(config: &'c MeshSettings, name: &str) -> Option<&'c ExtensionProvider> {
    config.extension_providers.iter().find(|p| p.name.eq_ignore_ascii_case(name))
}

/// The names that a list of references gives, or what was in force before, if it gives none.
fn names_or<'a>(refs: &'a [ProviderRef], inherited: &[&'a str]) -> Vec<&'a str> {
    if refs.is_empty() { inherited.to_vec() } else { refs.iter().map(|r| r.name.as_str()).collect() }
}

/// The providers that hold where telemetry names none, as the mesh configuration lists them.
fn defaults<'c>(
    config: &'c MeshSettings,
    list: impl Fn(&'c DefaultProviders) -> &'c Option<Vec<Str>>,
) -> Vec<&'c str> {
    borrowed(list(&config.default_providers).as_deref().unwrap_or_default())
}

/// Names as borrowed strings.
fn borrowed(names: &[Str]) -> Vec<&str> {
    names.iter().map(Str::as_str).collect()
}
