//! The Services that Istio makes of InferencePools: headless ones, a port for each port of the model servers.
//! Their labels say what they stand for, and who picks an endpoint.
//!
//! Istio makes one when it has told a route to the pool whether its parent takes it, and keeps it as the pool
//! says (`pilot/pkg/config/kube/gateway/inferencepool_collection.go`). A cluster therefore has it; files have
//! not.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{count, names, note};
use crate::controllers;
use crate::features::Features;
use crate::options::Options;
use crate::pool_service::{self, OF_POOL};
use crate::problem::Problem;
use crate::rules::Rules;
use crate::snapshot::gateway_api::route::ParentReference;
use crate::snapshot::inference::{EndpointPickerRef, InferencePool, TargetPort};
use crate::snapshot::kubernetes::{Service, ServicePort};
use crate::snapshot::{self, IntOrString, Kind, Labels, Meta, Object, OwnerReference, Reading, Snapshot};
use crate::well_known::{GATEWAY_GROUP, INFERENCE_GROUP, ISTIO_GROUP, POOL_SEMANTICS, SERVICE_SEMANTICS};
use crate::{Str, detect};

/// The number of the first port. Nobody dials it.
const FIRST_PORT: i32 = 54_321;

/// The Services that are assumed.
#[derive(Debug, Default)]
pub(super) struct OfPools {
    services: Vec<Arc<Object<Service>>>,
    pools: Vec<String>,
}

/// The Services that Istio would make or change, where it knows InferencePools at all.
pub(super) fn of_pools(reading: &Reading, options: &Options) -> OfPools {
    let snapshot = &reading.snapshot;
    let mut found = OfPools::default();
    if snapshot.inference_pools.is_empty() {
        return found;
    }
    let (options, _) = detect::settle(reading, options);
    let features = options.features.in_release(options.release);
    if !features.enable_gateway_api_inference_extension {
        return found;
    }
    let wanted = routed_to(snapshot, &features);
    for pool in &snapshot.inference_pools {
        let (namespace, name) = (pool.meta.namespace.as_str(), pool.meta.name.as_str());
        let made = service(pool, options.rules()).filter(|_| wanted.contains(&(namespace, name)));
        if let Some(made) = made.and_then(|made| missing(snapshot, made)) {
            found.services.push(Arc::new(made));
            found.pools.push(format!("{namespace}/{name}"));
        }
    }
    found
}

/// The pools that a route with a parent of Istio's leads to, by namespace and name.
fn routed_to<'s>(snapshot: &'s Snapshot, features: &Features) -> BTreeSet<(&'s str, &'s str)> {
    let mut found = BTreeSet::new();
    for route in &snapshot.http_routes {
        let of_route = route.meta.namespace.as_str();
        let is_answered_for = |parent| is_answered_for((snapshot, features), parent, of_route);
        if !route.spec.parent_refs.iter().any(is_answered_for) {
            continue;
        }
        for backend in route.spec.rules.iter().flat_map(|rule| &rule.backend_refs) {
            if backend.group.as_deref() == Some(INFERENCE_GROUP)
                && backend.kind.as_deref() == Some(Kind::InferencePool.name())
            {
                let namespace = backend.namespace.as_deref().filter(|namespace| !namespace.is_empty());
                found.insert((namespace.unwrap_or(of_route), backend.name.as_str()));
            }
        }
    }
    found
}

/// Whether Istio tells a route what this parent makes of it, even if that is not there.
fn is_answered_for(
    (snapshot, features): (&Snapshot, &Features),
    parent: &ParentReference,
    of_route: &str,
) -> bool {
    let namespace = parent.namespace.as_deref().unwrap_or(of_route);
    let group = parent.group.as_deref().unwrap_or(GATEWAY_GROUP);
    let others =
        |labels: &Labels| controllers::are_controlled_by_others(snapshot, features, labels, namespace);
    match (group, parent.kind.as_deref().unwrap_or("Gateway")) {
        ("", "Service") => {
            let service = snapshot::find(&snapshot.services, namespace, &parent.name);
            !service.is_some_and(|service| others(&service.meta.labels))
        }
        (ISTIO_GROUP, "ServiceEntry") => {
            let entry = snapshot::find(&snapshot.service_entries, namespace, &parent.name);
            !entry.is_some_and(|entry| others(&entry.meta.labels))
        }
        (GATEWAY_GROUP, "Gateway") => {
            let gateway = snapshot::find(&snapshot.gateways, namespace, &parent.name);
            let class = gateway.map(|gateway| &gateway.spec.gateway_class_name);
            class
                .and_then(|class| controllers::of_class(snapshot, features, class))
                .is_some_and(|controller| controllers::is_istios(features, controller))
        }
        _ => false,
    }
}

/// The Service of a pool; none where Istio would not know whom to ask.
fn service(pool: &Object<InferencePool>, rules: &Rules) -> Option<Object<Service>> {
    let InferencePool { selector, target_ports, app_protocol, endpoint_picker_ref: picker } = &pool.spec;
    // A Service's name has no dots: the API server refuses such a one.
    if pool.meta.name.contains('.') {
        return None;
    }
    let protocol = app_protocol.filter(|_| rules.registry.pool_app_protocols);
    let port = |(port, target): (i32, &TargetPort)| ServicePort {
        name: format!("http-{}", port - FIRST_PORT).into(),
        protocol: "TCP".into(),
        app_protocol: protocol.map(|protocol| protocol.as_str().into()),
        port,
        target_port: Some(IntOrString::Int(target.number.into())),
        node_port: 0,
    };
    let spec = Service {
        service_type: "ClusterIP".into(),
        cluster_ip: "None".into(),
        ports: (FIRST_PORT..).zip(target_ports).map(port).collect(),
        selector: selector.match_labels.clone(),
        ..Service::default()
    };
    let mut meta = Meta {
        api_version: "v1".into(),
        cluster: pool.meta.cluster.clone(),
        name: pool_service::name(&pool.meta.name),
        namespace: pool.meta.namespace.clone(),
        labels: labels(&pool.meta.name, picker)?,
        owner_references: vec![OwnerReference {
            api_version: format!("{INFERENCE_GROUP}/v1").into(),
            kind: Kind::InferencePool.name().into(),
            name: pool.meta.name.clone(),
            uid: pool.meta.uid.clone(),
            controller: false,
        }],
        ..Meta::default()
    };
    meta.assume();
    Some(Object { meta, spec, source: pool.source })
}

fn labels(pool: &Str, picker: &EndpointPickerRef) -> Option<Labels> {
    let port = Str::from(picker.port.as_ref()?.number.to_string());
    let picker = pool_service::PICKER.into_iter().zip([
        picker.name.clone(),
        port,
        picker.failure_mode.as_str().into(),
    ]);
    let labels = [(OF_POOL, pool.clone()), (SERVICE_SEMANTICS, POOL_SEMANTICS.into())];
    Some(labels.into_iter().chain(picker).map(|(key, value)| (Str::new_static(key), value)).collect())
}

/// What is missing of a Service: all of it, or what Istio would change of its own. It leaves others' alone.
fn missing(snapshot: &Snapshot, mut made: Object<Service>) -> Option<Object<Service>> {
    let Some(there) = snapshot::find(&snapshot.services, &made.meta.namespace, &made.meta.name) else {
        return Some(made);
    };
    let is_as_made = made.meta.labels.is_subset(&there.meta.labels)
        && there.spec.selector == made.spec.selector
        && ports(&there.spec).eq(ports(&made.spec));
    if is_as_made || !there.meta.labels.contains_key(OF_POOL) {
        return None;
    }
    let assumed = std::mem::take(&mut made.meta);
    made.meta = there.meta.clone();
    made.meta.labels.extend(assumed.labels.iter().map(|(key, value)| (key.clone(), value.clone())));
    made.meta.assume();
    Some(made)
}

/// What Istio says of a Service's ports.
fn ports(service: &Service) -> impl Iterator<Item = (&Str, i32, &Option<Str>, &Option<IntOrString>)> {
    service.ports.iter().map(|port| (&port.name, port.port, &port.app_protocol, &port.target_port))
}

impl OfPools {
    pub(super) fn is_empty(&self) -> bool {
        self.services.is_empty()
    }

    pub(super) fn note(&self) -> Option<Problem> {
        let number = self.services.len();
        let message = || {
            let (services, pools) = (count(number, "Service"), count(number, "InferencePool"));
            format!("assumed {services} that Istio makes of {pools}: {}", names(&self.pools))
        };
        (number > 0).then(|| note(message()))
    }

    pub(super) fn apply(self, snapshot: &mut Snapshot) {
        let key =
            |service: &Arc<Object<Service>>| (service.meta.namespace.clone(), service.meta.name.clone());
        let made: BTreeSet<_> = self.services.iter().map(key).collect();
        snapshot.services.retain(|service| !made.contains(&key(service)));
        snapshot.services.extend(self.services);
        snapshot.services.sort_by_cached_key(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assume::complete;
    use crate::limits::Limits;
    use crate::release::Release;
    use crate::text::SourceFile;

    const POOL: &str = "
apiVersion: inference.networking.k8s.io/v1
kind: InferencePool
metadata: {name: llm, namespace: shop}
spec:
  selector: {matchLabels: {app: llm}}
  targetPorts: [{number: 8000}, {number: 8001}]
  appProtocol: kubernetes.io/h2c
  endpointPickerRef: {name: picker, port: {number: 9002}, failureMode: FailOpen}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {kubernetes.io/metadata.name: shop}}
---
";

    fn route(parent: &str, pool: &str) -> String {
        format!(
            "---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: r, namespace: shop}}
spec:
  parentRefs: [{parent}]
  rules: [{{backendRefs: [{{group: inference.networking.k8s.io, kind: InferencePool, name: {pool}}}]}}]
"
        )
    }

    fn options(release: Release) -> Options {
        let mut options = Options::for_release(release);
        options.features.set("ENABLE_GATEWAY_API_INFERENCE_EXTENSION", "true").unwrap();
        options
    }

    /// The Services that there are once what is missing is assumed, with the notes.
    fn services(text: &str, options: &Options) -> Vec<Arc<Object<Service>>> {
        let reading = Snapshot::read([SourceFile::new("a.yaml", text)], &Limits::DEFAULT);
        assert_eq!(reading.problems, []);
        complete(&reading, options).unwrap_or(reading).snapshot.services
    }

    const TO_SERVICE: &str = "{group: '', kind: Service, name: chat}";

    #[test]
    fn a_pool_with_a_route_has_a_service() {
        let text = POOL.to_owned() + &route(TO_SERVICE, "llm");
        let made = services(&text, &options(Release::V1_31));
        let [service] = made.as_slice() else { panic!("{made:?}") };
        assert!(service.meta.is_assumed() && service.meta.name.starts_with("llm-ip-"), "{service:?}");
        let labels: Vec<String> =
            service.meta.labels.iter().map(|(key, value)| format!("{key}: {value}")).collect();
        assert_eq!(
            labels,
            [
                "internal.istio.io/service-semantics: inferencepool",
                "istio.io/inferencepool-extension-failure-mode: FailOpen",
                "istio.io/inferencepool-extension-port: 9002",
                "istio.io/inferencepool-extension-service: picker",
                "istio.io/inferencepool-name: llm",
            ]
        );
        let spec = &service.spec;
        assert_eq!(
            (spec.cluster_ip.as_str(), spec.selector.get("app").map(Str::as_str)),
            ("None", Some("llm"))
        );
        let ports: Vec<(&str, i32, Option<&str>)> =
            spec.ports.iter().map(|p| (p.name.as_str(), p.port, p.app_protocol.as_deref())).collect();
        let h2c = Some("kubernetes.io/h2c");
        assert_eq!(ports, [("http-0", 54_321, h2c), ("http-1", 54_322, h2c)]);
        assert_eq!(spec.ports.first().unwrap().target_port, Some(IntOrString::Int(8000)));
        let older = services(&text, &options(Release::V1_30));
        assert_eq!(older.first().unwrap().spec.ports.first().unwrap().app_protocol, None);
    }

    #[test]
    fn there_is_none_without_a_route_the_flag_or_a_parent_of_istio_s() {
        let text = |parent: &str, pool: &str| POOL.to_owned() + &route(parent, pool);
        let newest = options(Release::V1_31);
        assert_eq!(services(&text(TO_SERVICE, "other"), &newest), []);
        assert_eq!(services(&text("{name: nowhere}", "llm"), &newest), []);
        assert_eq!(services(&text("{group: x.io, kind: Service, name: chat}", "llm"), &newest), []);
        assert_eq!(services(&text(TO_SERVICE, "llm"), &Options::default()), [], "the flag is off");
        assert_eq!(services(&text(TO_SERVICE, "llm"), &options(Release::V1_18)), [], "1.18 has no such flag");
        let nothing = Options { assume: crate::options::Assume::Nothing, ..options(Release::V1_31) };
        assert_eq!(services(&text(TO_SERVICE, "llm"), &nothing), []);
        let gateway = |class: &str| {
            format!(
                "---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: g, namespace: shop}}
spec: {{gatewayClassName: {class}, listeners: [{{name: http, port: 80, protocol: HTTP}}]}}
"
            )
        };
        let through = |class: &str| services(&(text("{name: g}", "llm") + &gateway(class)), &newest).len();
        assert_eq!((through("istio"), through("nginx")), (1, 0));
    }

    #[test]
    fn istio_keeps_its_own_service_as_the_pool_says_and_leaves_others_alone() {
        let text = POOL.to_owned() + &route(TO_SERVICE, "llm");
        let newest = options(Release::V1_31);
        let there = |labels: &str| {
            let name = pool_service::name("llm");
            let service = format!(
                "---
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: shop, uid: u, creationTimestamp: '2026-05-04T09:30:00Z', labels: {{{labels}}}}}
spec: {{clusterIP: None, ports: [{{name: old, port: 1}}]}}
"
            );
            services(&(text.clone() + &service), &newest)
        };
        let ports =
            |services: &[Arc<Object<Service>>]| services.first().map(|service| service.spec.ports.len());
        let own = there("istio.io/inferencepool-name: llm, mine: kept");
        assert_eq!((own.len(), ports(&own)), (1, Some(2)));
        let meta = &own.first().unwrap().meta;
        assert_eq!((meta.uid.as_str(), meta.labels.get("mine").map(Str::as_str)), ("u", Some("kept")));
        let others = there("app: mine");
        assert_eq!((others.len(), ports(&others)), (1, Some(1)));
    }
}
