//! What a waypoint's proxy is configured with: what its pod is injected with, and what its agent makes of that.
//!
//! Generators read the agent's configuration, since the proxy sends it to the control plane as part of its node's
//! metadata.

use serde::{Deserialize, Deserializer};

use super::attachment::{Attachments, Bound};
use crate::admission::mesh_config::{Checked, proxy_config};
use crate::limits::Limits;
use crate::problem::{Code, Problem};
use crate::release::{BootstrapRules, Release, Rules};
use crate::snapshot::mesh_config::MeshConfig;
use crate::snapshot::mesh_config::proxy::{AuthenticationPolicy, ProxyConfig, Tracing};
use crate::snapshot::{Duration, Labels, Object, Snapshot, networking};
use crate::text::{SourceFile, Unread, documents};

use super::waypoint::WaypointName;

/// The annotation of a pod that holds a ProxyConfig, in YAML.
pub(crate) const OF_POD: &str = "proxy.istio.io/config";

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
    /// The release whose agents read it.
    release: Release,
}

impl ProxyConfigs {
    /// Indexes what is said of proxies: of several objects for the same, the oldest counts.
    pub(super) fn new(snapshot: &Snapshot, rules: &'static Rules, config: &MeshConfig) -> Self {
        let mut everywhere = defaults(&rules.bootstrap);
        if let Some(of_mesh) = &config.default_config {
            everywhere = everywhere.overlaid_with(of_mesh.clone().without_zeros());
        }
        let root = config.root_namespace.clone().unwrap_or_default();
        // A selector that asks for nothing is for nothing.
        let objects = snapshot.proxy_configs.iter().filter(|object| {
            let selector = object.spec.selector.as_ref();
            selector.is_none_or(|selector| !selector.match_labels.is_empty())
        });
        let attachments = Attachments::new(objects.cloned(), rules, &root);
        // What the root namespace says holds in all, and is not said again there.
        if let Some(of_root) = attachments.for_namespace(&root) {
            everywhere = everywhere.overlaid_with(of_resource(&of_root.spec));
        }
        let gateway_name_label = rules.manifests.gateway_name_label;
        Self { everywhere, attachments, gateway_name_label, release: rules.release }
    }

    /// The configuration that a waypoint's pods are made with: Istio's defaults, the mesh's, and those of ProxyConfigs
    /// for the root namespace, the waypoint's namespace, and its pods.
    ///
    /// Source: <https://istio.io/latest/docs/reference/config/networking/proxy-config/>.
    pub(crate) fn injected(&self, waypoint: &WaypointName) -> ProxyConfig {
        let over = self.of_namespace(waypoint).into_iter().chain(self.of_pods(waypoint));
        over.fold(self.everywhere.clone(), |config, object| config.overlaid_with(of_resource(&object.spec)))
    }

    /// What is said for the waypoint's namespace.
    fn of_namespace(&self, waypoint: &WaypointName) -> Option<Bound<'_, Object<networking::ProxyConfig>>> {
        let is_root = *self.attachments.root_namespace() == waypoint.namespace;
        if is_root { None } else { self.attachments.for_namespace(&waypoint.namespace) }
    }

    /// What is said for the waypoint's pods. The control plane makes them, and knows them by one label only when it
    /// looks for their configuration.
    fn of_pods(&self, waypoint: &WaypointName) -> Option<Bound<'_, Object<networking::ProxyConfig>>> {
        let labels = Labels::from([(self.gateway_name_label.into(), waypoint.name.clone())]);
        self.attachments.for_labels(&waypoint.namespace, &labels)
    }

    /// The configuration that the agent of a waypoint's pod makes of [`Self::injected`] and of the pod's annotations.
    /// What is wrong with those goes to `problems`, without an object.
    pub(crate) fn of_agent(
        &self,
        waypoint: &WaypointName,
        annotations: &Labels,
        problems: &mut Vec<Problem>,
    ) -> ProxyConfig {
        let mut config = self.injected(waypoint);
        if let Some(text) = annotations.get(OF_POD) {
            let checked = read(text).map(|own| proxy_config(own, self.release));
            let checked =
                checked.unwrap_or_else(|problem| Checked { config: None, problems: vec![*problem] });
            problems.extend(checked.problems);
            config = checked.config.into_iter().fold(config, ProxyConfig::overlaid_with);
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
pub(crate) fn defaults(rules: &BootstrapRules) -> ProxyConfig {
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

/// A ProxyConfig in YAML, as the annotation [`OF_POD`] holds it.
fn read(text: &str) -> Result<ProxyConfig, Box<Problem>> {
    let refused = |message: String| Problem::new(Code::InvalidProxyConfig, message);
    let file = SourceFile::new(OF_POD, text);
    let document = documents(&file, &Limits::DEFAULT).next().transpose();
    let Some(document) = document.map_err(|problem| refused(problem.message))? else {
        return Ok(ProxyConfig::default());
    };
    let read = document.root().decode::<AnySpelling>(&Unread::new());
    Ok(read.map(|AnySpelling(config)| config).map_err(|error| refused(error.to_string()))?)
}

/// A ProxyConfig whose fields may be spelled `proxyMetadata` or `proxy_metadata`.
struct AnySpelling(ProxyConfig);

impl<'de> Deserialize<'de> for AnySpelling {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        ProxyConfig::read(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Str;

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

    fn configs(of_mesh: &str) -> ProxyConfigs {
        let snapshot = Snapshot::read([SourceFile::new("objects", OBJECTS)], &Limits::DEFAULT).snapshot;
        let mut config = super::super::config::read(&SourceFile::new("mesh", of_mesh)).unwrap();
        config.root_namespace = Some("istio-system".into());
        ProxyConfigs::new(&snapshot, Release::V1_31.rules(), &config)
    }

    #[test]
    fn the_narrower_counts_and_variables_are_merged() {
        let configs = configs("");
        let config = configs.injected(&WaypointName::new("shop", "waypoint"));
        assert_eq!(config.proxy_metadata.values().map(Str::as_str).collect::<Vec<_>>(), ["root", "shop"]);
        assert_eq!(config.concurrency, Some(3));
        assert_eq!(config.image.unwrap().image_type, "debug");
        let config = configs.injected(&WaypointName::new("shop", "other"));
        assert_eq!(config.concurrency, Some(1), "the younger one of the namespace does not count");
    }

    #[test]
    fn the_pod_s_annotations_have_the_last_word() {
        let configs = configs("defaultConfig: {statusPort: 0, proxyAdminPort: 15009}");
        let annotations = Labels::from([
            (OF_POD.into(), "proxy_admin_port: 15001\nproxyMetadata: {B: pod}\n".into()),
            ("status.sidecar.istio.io/port".into(), "15099".into()),
        ]);
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
            let config = configs("").of_agent(&WaypointName::new("a", "b"), &annotations, &mut problems);
            assert_eq!((config.status_port, config.concurrency), (Some(15_020), Some(1)), "{text}");
            assert_eq!(
                problems.iter().map(|p| p.code).collect::<Vec<_>>(),
                [Code::InvalidProxyConfig],
                "{text}"
            );
        }
    }
}
