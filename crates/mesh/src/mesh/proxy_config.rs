//! What a waypoint's proxy is configured with: what its pod is injected with, and what its agent makes of
//! that.
//!
//! Generators read the agent's configuration, since the proxy sends it to the control plane as part of its
//! node's metadata.

use super::MeshSettings;
use super::attachment::{Attachments, Bound};
use crate::admission::mesh_config::{OF_POD, ProxyAnnotations};
use crate::problem::Problem;
use crate::rules::{BootstrapRules, Rules};
use crate::snapshot::mesh_config::proxy::{AuthenticationPolicy, ProxyConfig, Tracing};
use crate::snapshot::{Cause, Duration, Labels, Object, Snapshot, networking};

use super::waypoint::WaypointName;

/// The worker threads of a waypoint that nothing is said of: the CPUs that its container may use.
const CPU_LIMIT: i32 = 2;

/// `ProxyConfig`s by namespace, with the mesh's defaults below them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProxyConfigs {
    /// Istio's defaults with the mesh's and those of the root namespace over them.
    everywhere: ProxyConfig,
    /// What is said for a whole namespace, or for all pods of a Gateway.
    attachments: Attachments<Object<networking::ProxyConfig>>,
    /// The label by which the control plane knows the pods of a Gateway.
    gateway_name_label: &'static str,
    /// What annotations of pods say.
    annotations: ProxyAnnotations,
}

impl ProxyConfigs {
    /// Indexes what is said of proxies: of several objects for the same, the oldest counts.
    pub(super) fn new(
        snapshot: &Snapshot,
        rules: &'static Rules,
        config: &MeshSettings,
        annotations: ProxyAnnotations,
    ) -> Self {
        let of_mesh = config.default_config.clone().without_zeros();
        let mut everywhere = defaults(&rules.bootstrap).overlaid_with(of_mesh);
        let root = &config.root_namespace;
        // A selector that asks for nothing is for nothing.
        let objects = snapshot.proxy_configs.iter().filter(|object| {
            let selector = object.spec.selector.as_ref();
            selector.is_none_or(|selector| !selector.match_labels.is_empty())
        });
        let attachments = Attachments::new(objects.cloned(), rules, root);
        // What the root namespace says holds in all, and is not said again there.
        if let Some(of_root) = attachments.for_namespace(root) {
            everywhere = everywhere.overlaid_with(of_resource(&of_root.spec));
        }
        let gateway_name_label = rules.waypoints.gateway_name_label;
        Self { everywhere, attachments, gateway_name_label, annotations }
    }

    /// The configuration that a waypoint's pods are made with: Istio's defaults, the mesh's, and those of
    /// ProxyConfigs for the root namespace, the waypoint's namespace, and its pods.
    ///
    /// Source: <https://istio.io/latest/docs/reference/config/networking/proxy-config/>.
    pub fn injected(&self, waypoint: &WaypointName) -> ProxyConfig {
        let over = self.of_namespace(waypoint).into_iter().chain(self.of_pods(waypoint));
        over.fold(self.everywhere.clone(), |config, object| config.overlaid_with(of_resource(&object.spec)))
    }

    /// The objects that say how a waypoint's pods are made, each with the field by which it does, the
    /// narrowest first.
    pub fn causes(&self, waypoint: &WaypointName) -> Vec<Cause> {
        let of_root = self.attachments.for_namespace(self.attachments.root_namespace());
        let narrower = self.of_pods(waypoint).into_iter().chain(self.of_namespace(waypoint));
        narrower.chain(of_root).map(|bound| bound.cause()).collect()
    }

    /// What is said for the waypoint's namespace.
    fn of_namespace(&self, waypoint: &WaypointName) -> Option<Bound<'_, Object<networking::ProxyConfig>>> {
        let is_root = *self.attachments.root_namespace() == waypoint.namespace;
        if is_root { None } else { self.attachments.for_namespace(&waypoint.namespace) }
    }

    /// What is said for the waypoint's pods. The control plane makes them, and knows them by one label only
    /// when it looks for their configuration.
    fn of_pods(&self, waypoint: &WaypointName) -> Option<Bound<'_, Object<networking::ProxyConfig>>> {
        let labels = Labels::from([(self.gateway_name_label.into(), waypoint.name.clone())]);
        self.attachments.for_labels(&waypoint.namespace, &labels)
    }

    /// The configuration that the agent of a waypoint's pod makes of [`Self::injected`] and of the pod's
    /// annotations. What is wrong with those goes to `problems`, without an object.
    pub(crate) fn of_agent(
        &self,
        waypoint: &WaypointName,
        annotations: &Labels,
        problems: &mut Vec<Problem>,
    ) -> ProxyConfig {
        let mut config = self.injected(waypoint);
        if let Some(checked) = annotations.get(OF_POD).and_then(|text| self.annotations.get(text)) {
            problems.extend(checked.problems.iter().cloned());
            config = checked.config.clone().into_iter().fold(config, ProxyConfig::overlaid_with);
        }
        config.concurrency = config.concurrency.or(Some(CPU_LIMIT));
        if let Some(address) = annotations.get("sidecar.istio.io/discoveryAddress") {
            config.discovery_address = Some(address.clone());
        }
        if let Some(port) = annotations.get("status.sidecar.istio.io/port") {
            config.status_port = Some(port.parse().unwrap_or_default());
        }
        config
    }
}

fn of_resource(resource: &networking::ProxyConfig) -> ProxyConfig {
    ProxyConfig {
        concurrency: resource.concurrency,
        proxy_metadata: resource.environment_variables.clone(),
        image: resource.image.clone(),
        ..ProxyConfig::default()
    }
}

/// What a proxy's configuration is where nobody says anything.
pub fn defaults(rules: &BootstrapRules) -> ProxyConfig {
    ProxyConfig {
        config_path: Some("./etc/istio/proxy".into()),
        binary_path: Some("/usr/local/bin/envoy".into()),
        service_cluster: Some("istio-proxy".into()),
        drain_duration: Some(Duration::from_secs(45)),
        termination_drain_duration: Some(Duration::from_secs(5)),
        discovery_address: Some("istiod.istio-system.svc:15012".into()),
        proxy_admin_port: Some(15_000),
        control_plane_auth_policy: Some(AuthenticationPolicy::MutualTls),
        stat_name_length: Some(189),
        status_port: Some(15_020),
        tracing: rules.zipkin_address.map(to_zipkin),
        ..ProxyConfig::default()
    }
}

fn to_zipkin(address: &str) -> Tracing {
    let mut tracing = Tracing::default();
    tracing.zipkin.get_or_insert_default().address = address.into();
    tracing
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use crate::Str;
    use crate::admission::admit;
    use crate::limits::Limits;
    use crate::mesh::Mesh;
    use crate::options::Options;
    use crate::problem::Code;
    use crate::snapshot::kubernetes::Pod;
    use crate::snapshot::{Meta, Source};
    use crate::text::SourceFile;

    const OBJECTS: &str = "
apiVersion: networking.istio.io/v1beta1
kind: ProxyConfig
metadata: {name: everywhere, namespace: istio-system}
spec: {environmentVariables: {A: root, B: root}, concurrency: 1}
---
apiVersion: networking.istio.io/v1beta1
kind: ProxyConfig
metadata: {name: a, namespace: shop, creationTimestamp: '2024-01-01T00:00:00Z'}
spec: {environmentVariables: {B: shop}}
---
apiVersion: networking.istio.io/v1beta1
kind: ProxyConfig
metadata: {name: younger, namespace: shop, creationTimestamp: '2024-01-02T00:00:00Z'}
spec: {concurrency: 9}
---
apiVersion: networking.istio.io/v1beta1
kind: ProxyConfig
metadata: {name: of-pods, namespace: shop}
spec:
  selector: {matchLabels: {gateway.networking.k8s.io/gateway-name: waypoint}}
  image: {imageType: debug}
  concurrency: 3
---
apiVersion: networking.istio.io/v1beta1
kind: ProxyConfig
metadata: {name: of-nothing, namespace: shop}
spec:
  selector: {matchLabels: {gateway.networking.k8s.io/gateway-name: waypoint, app: x}}
  concurrency: 4
";

    /// The configurations of [`OBJECTS`], of a mesh, and of a pod with annotations.
    fn configs(of_mesh: &str, annotations: &Labels) -> ProxyConfigs {
        let mut snapshot = Snapshot::read([SourceFile::new("objects", OBJECTS)], &Limits::DEFAULT).snapshot;
        let meta = Meta { annotations: annotations.clone(), ..Meta::default() };
        snapshot.pods.push(Arc::new(Object { meta, spec: Pod::default(), source: Source::default() }));
        let mesh_config = Some(SourceFile::new("mesh", of_mesh));
        let options = Options { mesh_config, ..Options::default() };
        Mesh::new(admit(snapshot, &options), options).proxy_configs
    }

    #[test]
    fn the_narrower_counts_and_variables_are_merged() {
        let configs = configs("", &Labels::default());
        let config = configs.injected(&WaypointName::new("shop", "waypoint"));
        let metadata = |name: &str| config.proxy_metadata.get(name).map(Str::as_str);
        assert_eq!((metadata("A"), metadata("B")), (Some("root"), Some("shop")));
        assert_eq!(config.concurrency, Some(3));
        assert_eq!(config.image.unwrap().image_type, "debug");
        let config = configs.injected(&WaypointName::new("shop", "other"));
        assert_eq!(config.concurrency, Some(1), "the younger one of the namespace does not count");
    }

    #[test]
    fn the_pod_s_annotations_have_the_last_word() {
        let annotations = Labels::from([
            (OF_POD.into(), "proxy_admin_port: 15001\nproxyMetadata: {B: pod}\n".into()),
            ("status.sidecar.istio.io/port".into(), "15099".into()),
        ]);
        let configs = configs("defaultConfig: {proxyAdminPort: 15009}", &annotations);
        let name = WaypointName::new("other", "waypoint");
        let config = configs.of_agent(&name, &annotations, &mut Vec::new());
        assert_eq!((config.proxy_admin_port, config.status_port), (Some(15_001), Some(15_099)));
        assert_eq!(config.proxy_metadata.get("B").map(Str::as_str), Some("pod"));
        assert_eq!(configs.injected(&name).status_port, Some(15_020));
    }

    #[test]
    fn what_the_agent_refuses_is_left_out_and_told() {
        for text in ["statusPort: [1]", "a: [", "{statusPort: 0, concurrency: 7}"] {
            let mut problems = Vec::new();
            let annotations = Labels::from([(OF_POD.into(), text.into())]);
            let name = WaypointName::new("a", "b");
            let config = configs("", &annotations).of_agent(&name, &annotations, &mut problems);
            assert_eq!((config.status_port, config.concurrency), (Some(15_020), Some(1)), "{text}");
            assert_eq!(
                problems.iter().map(|p| p.code).collect::<Vec<_>>(),
                [Code::InvalidProxyConfig],
                "{text}"
            );
        }
    }
}
