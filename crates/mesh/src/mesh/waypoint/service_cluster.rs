//! What a proxy calls itself in its node's `cluster`.

use smol_str::format_smolstr;

use super::Proxy;
use crate::Str;
use crate::mesh::workload::naming;
use crate::rules::BootstrapRules;
use crate::snapshot::Labels;
use crate::snapshot::mesh_config::proxy::TracingServiceName;

/// The name of a service that says nothing.
const UNNAMED_SERVICE: &str = "istio-proxy";

impl Proxy {
    /// The cluster of its Envoy's node, from which its spans come: named by its configuration, by a label of
    /// its pod, or by its workload.
    #[must_use]
    pub fn service_cluster(&self, namespace: &str, labels: &Labels, rules: &BootstrapRules) -> Str {
        let in_namespace = |name: &str| format_smolstr!("{name}.{namespace}");
        let canonical = || naming::canonical_name(labels, &self.workload_name);
        let named = match self.config.tracing_service_name {
            None => self.config.service_cluster.clone().unwrap_or_default(),
            Some(TracingServiceName::AppLabelAndNamespace) => Str::default(),
            Some(TracingServiceName::CanonicalNameOnly) => canonical(),
            Some(TracingServiceName::CanonicalNameAndNamespace) => return in_namespace(&canonical()),
        };
        if !named.is_empty() && named != UNNAMED_SERVICE {
            return named;
        }
        let app = rules.app_labels.iter().find_map(|key| labels.get(key));
        let name = app.unwrap_or(&self.workload_name);
        in_namespace(if name.is_empty() { UNNAMED_SERVICE } else { name })
    }
}
