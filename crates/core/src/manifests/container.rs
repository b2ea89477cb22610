//! The container of the proxy.

use serde_json::{Value, json};

use super::{Template, environment};
use crate::json::object;
use crate::rules::ContainerLayout;

/// Suffixes of image tags that name a type of image.
const IMAGE_TYPES: [&str; 2] = ["-debug", "-distroless"];

/// The container.
pub(super) fn make(template: &Template<'_>) -> Value {
    let restricted = template.rules.container == ContainerLayout::Restricted;
    object([
        ("name", Some(json!("istio-proxy"))),
        ("ports", template.rules.container_ports.then(ports)),
        ("image", Some(json!(image(template)))),
        ("args", Some(json!(arguments(template)))),
        ("env", Some(environment::variables(template).into())),
        ("resources", Some(resources())),
        ("startupProbe", Some(probe(30, Some(1), 1))),
        ("readinessProbe", Some(probe(4, None, 15))),
        ("securityContext", Some(if restricted { restricted_context() } else { privileged_context() })),
        ("volumeMounts", Some(mounts(restricted).into())),
    ])
}

fn ports() -> Value {
    let port = |name: &str, number: u16| json!({"containerPort": number, "name": name, "protocol": "TCP"});
    json!([port("metrics", 15_020), port("status-port", 15_021), port("http-envoy-prom", 15_090)])
}

fn arguments(template: &Template<'_>) -> Vec<String> {
    let annotations = &template.gateway.meta.annotations;
    let level = |key: &str, default: &str| {
        annotations
            .get(&format!("sidecar.istio.io/{key}"))
            .map_or_else(|| default.to_owned(), ToString::to_string)
    };
    let arguments = [
        "proxy",
        "waypoint",
        "--domain",
        "$(POD_NAMESPACE).svc.cluster.local",
        "--serviceCluster",
        &format!("{}.$(POD_NAMESPACE)", template.service_account),
        "--proxyLogLevel",
        &level("logLevel", "warning"),
        "--proxyComponentLogLevel",
        &level("componentLogLevel", "misc:error"),
        "--log_output_level",
        &level("agentLogLevel", "default:info"),
    ];
    arguments.map(ToOwned::to_owned).to_vec()
}

/// The proxy's image; an annotation can name another, or its type.
fn image(template: &Template<'_>) -> String {
    let rules = template.rules;
    let annotations = &template.gateway.meta.annotations;
    let other = annotations.get("sidecar.istio.io/proxyImage").filter(|image| image.contains('/'));
    if let Some(image) = other.filter(|_| rules.image_annotation) {
        return image.to_string();
    }
    let configured = template.proxy_config.image.as_ref().map(|image| &image.image_type);
    let kind =
        annotations.get("sidecar.istio.io/proxyImageType").or(configured).map_or("", |kind| kind.as_str());
    format!("{}/proxyv2:{}", rules.hub, tag(template.version.as_str(), kind))
}

fn tag(tag: &str, kind: &str) -> String {
    let plain = IMAGE_TYPES.iter().find_map(|suffix| tag.strip_suffix(suffix)).unwrap_or(tag);
    match kind {
        "" => tag.to_owned(),
        "default" => plain.to_owned(),
        kind => format!("{plain}-{kind}"),
    }
}

fn resources() -> Value {
    json!({
        "limits": {"cpu": "2", "memory": "1Gi"},
        "requests": {"cpu": "100m", "memory": "128Mi"},
    })
}

fn probe(failures: u32, delay: Option<u32>, period: u32) -> Value {
    object([
        ("failureThreshold", Some(json!(failures))),
        ("httpGet", Some(json!({"path": "/healthz/ready", "port": 15_021, "scheme": "HTTP"}))),
        ("initialDelaySeconds", delay.map(|delay| json!(delay))),
        ("periodSeconds", Some(json!(period))),
        ("successThreshold", Some(json!(1))),
        ("timeoutSeconds", Some(json!(1))),
    ])
}

fn privileged_context() -> Value {
    json!({
        "privileged": true,
        "runAsGroup": 1337,
        "runAsUser": 0,
        "capabilities": {"add": ["NET_ADMIN", "NET_RAW"]},
    })
}

fn restricted_context() -> Value {
    json!({
        "privileged": false,
        "runAsGroup": 1337,
        "runAsUser": 1337,
        "allowPrivilegeEscalation": false,
        "readOnlyRootFilesystem": true,
        "runAsNonRoot": true,
        "capabilities": {"drop": ["ALL"]},
    })
}

fn mounts(own_socket: bool) -> Vec<Value> {
    let mount = |(path, name): (&str, &str)| json!({"mountPath": path, "name": name});
    let socket = own_socket.then_some(("/var/run/secrets/workload-spiffe-uds", "workload-socket"));
    let all = [
        ("/var/run/secrets/istio", "istiod-ca-cert"),
        ("/var/lib/istio/data", "istio-data"),
        ("/etc/istio/proxy", "istio-envoy"),
        ("/var/run/secrets/tokens", "istio-token"),
        ("/etc/istio/pod", "istio-podinfo"),
    ];
    socket.into_iter().chain(all).map(mount).collect()
}

#[cfg(test)]
mod tests {
    use super::tag;

    #[test]
    fn an_image_type_is_a_suffix() {
        assert_eq!(tag("1.31.0", ""), "1.31.0");
        assert_eq!(tag("1.31.0", "distroless"), "1.31.0-distroless");
        assert_eq!(tag("1.31.0-debug", "distroless"), "1.31.0-distroless");
        assert_eq!(tag("1.31.0-debug", "default"), "1.31.0");
    }
}
