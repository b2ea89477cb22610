use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;
use crate::admission::admit;
use crate::limits::Limits;
use crate::mesh::waypoint::Proxy;
use crate::mesh::{Mesh, WaypointName};
use crate::options::Options;
use crate::release::Release;
use crate::snapshot::gateway_api::Gateway;
use crate::snapshot::security::AuthorizationPolicy;
use crate::snapshot::{Object, Snapshot, Source};
use crate::text::SourceFile;
use crate::well_known::WAYPOINT_CLASS;

type Policies = Attachments<Object<AuthorizationPolicy>>;

fn object<T>(namespace: &str, name: &str, spec: T) -> Arc<Object<T>> {
    let meta = Meta { name: name.into(), namespace: namespace.into(), ..Meta::default() };
    Arc::new(Object { meta, spec, source: Source::default() })
}

fn policy(namespace: &str, name: &str, spec: Value) -> Arc<Object<AuthorizationPolicy>> {
    object(namespace, name, serde_json::from_value(spec).unwrap())
}

/// A waypoint whose pod has the labels `app: gate` and `zone: a`.
pub(in crate::mesh) fn waypoint(namespace: &str, name: &str) -> Waypoint {
    Waypoint {
        name: WaypointName::new(namespace, name),
        gateway: object(namespace, name, Gateway::default()),
        data_plane: crate::mesh::DataPlane::Envoy,
        for_service_account: None,
        proxy: Proxy {
            labels: [("app".into(), "gate".into()), ("zone".into(), "a".into())].into(),
            ..Proxy::default()
        },
        services: Vec::new(),
        workloads: Vec::new(),
        readiness_assumed: false,
    }
}

fn policies(release: Release, objects: &[Arc<Object<AuthorizationPolicy>>]) -> Policies {
    Attachments::new(objects.iter().cloned(), crate::rules::Rules::of(release), &"root".into())
}

fn names(policies: &Policies, attached: &[Attached]) -> Vec<String> {
    policies.at(attached).map(|p| format!("{}/{}", p.meta.namespace, p.meta.name)).collect()
}

/// Why each binds, and the field that says so.
fn reasons(policies: &Policies, attached: &[Attached]) -> Vec<(Binding, String)> {
    policies.at(attached).map(|bound| (bound.by, bound.field().to_string())).collect()
}

fn reference(group: &str, kind: &str, name: &str) -> Value {
    json!({"group": group, "kind": kind, "name": name})
}

fn gateway(name: &str) -> Value {
    json!({"targetRefs": [reference("gateway.networking.k8s.io", "Gateway", name)]})
}

fn class() -> Value {
    json!({"targetRefs": [reference("gateway.networking.k8s.io", "GatewayClass", "istio-waypoint")]})
}

#[test]
fn selectors_bind_where_there_are_no_references() {
    let selecting = |app: &str| json!({"selector": {"matchLabels": {"app": app}}});
    let objects = [
        policy("shop", "own", selecting("gate")),
        policy("shop", "other", selecting("web")),
        policy("shop", "wide", json!({})),
        policy("root", "all", json!({})),
        policy("far", "away", json!({})),
    ];
    let waypoint = waypoint("shop", "gate");
    let old = policies(Release::V1_18, &objects);
    let found = |precedence| old.of_waypoint(&waypoint, precedence).of(None).into_owned();
    let root_first = found(Precedence::RootFirst);
    assert_eq!(names(&old, &root_first), ["root/all", "shop/own", "shop/wide"]);
    assert_eq!(names(&old, &found(Precedence::WaypointFirst)), ["shop/own", "shop/wide", "root/all"]);
    let selector = (Binding::Selector, "spec.selector.matchLabels".to_owned());
    let wide = |by| (by, String::new());
    assert_eq!(
        reasons(&old, &root_first),
        [wide(Binding::RootNamespace), selector, wide(Binding::Namespace)]
    );
    let new = policies(Release::V1_31, &objects);
    assert!(new.of_waypoint(&waypoint, Precedence::RootFirst).of(None).is_empty());
    assert_eq!(names(&new, &new.of_pod(&waypoint)), ["root/all", "shop/own", "shop/wide"]);
}

#[test]
fn references_bind_in_their_own_namespace() {
    let objects = [
        policy("shop", "mine", gateway("gate")),
        policy("shop", "others", gateway("door")),
        policy("far", "away", gateway("gate")),
        policy("root", "class", class()),
        policy("shop", "no-class", class()),
    ];
    let policies = policies(Release::V1_31, &objects);
    let waypoint = waypoint("shop", "gate");
    let found = policies.of_waypoint(&waypoint, Precedence::RootFirst);
    assert_eq!(names(&policies, &found.of(None)), ["root/class", "shop/mine"]);
    assert_eq!(names(&policies, &policies.of_pod(&waypoint)), ["shop/mine"]);
}

#[test]
fn of_several_references_to_the_same_the_first_is_the_reason() {
    let gate = &gateway("gate")["targetRefs"][0];
    let twice = json!({"targetRefs": [gateway("door")["targetRefs"][0], gate, gate]});
    let single = json!({"targetRef": gate});
    let objects = [policy("shop", "a", twice), policy("shop", "b", single)];
    let policies = policies(Release::V1_31, &objects);
    let waypoint = waypoint("shop", "gate");
    let found = policies.of_waypoint(&waypoint, Precedence::RootFirst).of(None).into_owned();
    let by = |position| Binding::Reference { to: TargetKind::Gateway, position };
    assert_eq!(
        reasons(&policies, &found),
        [(by(Some(1)), "spec.targetRefs[1]".into()), (by(None), "spec.targetRef".into())]
    );
}

#[test]
fn the_oldest_is_found_by_labels_and_by_namespace() {
    let aged = |name: &str, spec: Value, created: i64| {
        let mut policy = Arc::unwrap_or_clone(policy("shop", name, spec));
        policy.meta.creation_timestamp = Some(crate::snapshot::Timestamp(created));
        Arc::new(policy)
    };
    let selecting = |labels: Value| json!({"selector": {"matchLabels": labels}});
    let objects = [
        aged("young", selecting(json!({"app": "gate"})), 30),
        aged("old", selecting(json!({"app": "gate", "zone": "a"})), 20),
        aged("older", selecting(json!({"app": "gate", "zone": "b"})), 10),
        aged("young-wide", json!({}), 30),
        aged("old-wide", json!({"selector": {}}), 20),
        aged("refers", gateway("gate"), 10),
    ];
    let policies = policies(Release::V1_31, &objects);
    let labels = &waypoint("shop", "gate").proxy.labels;
    let name = |bound: Option<Bound<'_, Object<AuthorizationPolicy>>>| bound.map(|b| b.meta.name.to_string());
    assert_eq!(name(policies.for_labels("shop", labels)).as_deref(), Some("old"));
    assert_eq!(name(policies.for_labels("far", labels)), None);
    assert_eq!(name(policies.for_labels("shop", &Labels::new())), None);
    assert_eq!(name(policies.for_namespace("shop")).as_deref(), Some("old-wide"));
    assert_eq!(name(policies.for_namespace("far")), None);
}

const MESH: &str = "
{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop}, spec: {ports: [{port: 80}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: web, namespace: far}, spec: {ports: [{port: 80}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: web, namespace: root}, spec: {ports: [{port: 80}]}}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: web, namespace: shop}
spec: {hosts: [web.example.com], ports: [{number: 80, name: http, protocol: HTTP}]}
";

/// Every way to say what an object is for, in three namespaces.
fn all_kinds() -> Vec<Arc<Object<AuthorizationPolicy>>> {
    let selectors = [
        Value::Null,
        json!({}),
        json!({"matchLabels": {"app": "gate"}}),
        json!({"matchLabels": {"app": "gate", "zone": "a"}}),
        json!({"matchLabels": {"app": "gate", "zone": "b"}}),
        json!({"matchLabels": {"app": "web"}}),
    ];
    let (gateways, entries) = ("gateway.networking.k8s.io", "networking.istio.io");
    let mut elsewhere = reference(gateways, "Gateway", "gate");
    elsewhere["namespace"] = "far".into();
    let references = [
        reference(gateways, "Gateway", "gate"),
        elsewhere,
        reference(gateways, "Gateway", "web"),
        reference(gateways, "GatewayClass", "istio-waypoint"),
        reference(gateways, "GatewayClass", "istio"),
        reference("", "Service", "web"),
        reference("core", "Service", "web"),
        reference(entries, "ServiceEntry", "web"),
        reference("", "Pod", "web"),
    ];
    let mut targets = vec![json!({})];
    targets.extend(references.iter().map(|one| json!({"targetRef": one})));
    for one in &references {
        targets.extend(
            references.iter().map(|other| json!({"targetRef": references[0], "targetRefs": [one, other]})),
        );
    }
    let mut objects = Vec::new();
    for namespace in ["root", "shop", "far"] {
        for selector in &selectors {
            for target in &targets {
                let mut spec = target.clone();
                spec["selector"] = selector.clone();
                objects.push(policy(namespace, &format!("p{:04}", objects.len()), spec));
            }
        }
    }
    objects
}

/// The rule as the documentation says it, without an index: whether an object binds to the chains of a
/// waypoint, or to those of a Service.
fn binds(
    policy: &Object<AuthorizationPolicy>,
    waypoint: &Waypoint,
    service: Option<&Service>,
    attachment: PolicyAttachment,
) -> bool {
    let namespace = &policy.meta.namespace;
    if attachment == PolicyAttachment::Selector {
        return policy.selector().is_none_or(|labels| labels.is_subset(&waypoint.proxy.labels));
    }
    let single = policy.spec.target_ref.iter().filter(|_| policy.spec.target_refs.is_empty());
    policy.spec.target_refs.iter().chain(single).any(|target| {
        let is_of_service = |kubernetes| {
            service.is_some_and(|s| {
                s.is_kubernetes() == kubernetes
                    && s.namespace == *namespace
                    && *s.object_name() == target.name
            })
        };
        match (target.group.as_str(), target.kind.as_str()) {
            ("" | "core", "Service") => is_of_service(true),
            ("networking.istio.io", "ServiceEntry") => is_of_service(false),
            ("gateway.networking.k8s.io", "GatewayClass") => {
                *namespace == "root" && target.name == WAYPOINT_CLASS
            }
            ("gateway.networking.k8s.io", "Gateway") => {
                *namespace == waypoint.name.namespace
                    && (target.namespace.is_empty() || target.namespace == *namespace)
                    && target.name == waypoint.name.name
            }
            _ => false,
        }
    })
}

#[test]
fn the_index_finds_what_a_search_would() {
    let snapshot = Snapshot::read([SourceFile::new("s", MESH)], &Limits::DEFAULT).snapshot;
    let mesh = Mesh::new(admit(snapshot, &Options::default()), Options::default());
    let services = || std::iter::once(None).chain(mesh.services.iter().map(|(_, service)| Some(service)));
    assert_eq!(services().count(), 5);
    let objects = all_kinds();
    let mut kinds_found = BTreeSet::new();
    for release in [Release::V1_18, Release::V1_31] {
        let policies = policies(release, &objects);
        let attachment = crate::rules::Rules::of(release).policies.attachment;
        for waypoint in [waypoint("shop", "gate"), waypoint("root", "gate"), waypoint("far", "web")] {
            let by_service = policies.of_waypoint(&waypoint, Precedence::RootFirst);
            for service in services() {
                let bound = |namespace: &str| -> Vec<String> {
                    let all = policies.all.iter().filter(|p| p.meta.namespace == namespace);
                    let bound = all.filter(|policy| binds(policy, &waypoint, service, attachment));
                    bound.map(|p| format!("{namespace}/{}", p.meta.name)).collect()
                };
                for namespace in ["root", "shop", "far", "nowhere"] {
                    let found = policies.in_namespace(namespace, &waypoint, service);
                    assert_eq!(names(&policies, &found), bound(namespace));
                    kinds_found.extend(found.iter().map(|attached| attached.by));
                }
                let mut namespaces = vec!["root"];
                let of_service = service.filter(|_| attachment == PolicyAttachment::TargetRefs);
                let others = [Some(&waypoint.name.namespace), of_service.map(|service| &service.namespace)];
                for other in others.into_iter().flatten() {
                    if !namespaces.contains(&other.as_str()) {
                        namespaces.push(other);
                    }
                }
                let expected: Vec<String> = namespaces.into_iter().flat_map(bound).collect();
                assert_eq!(names(&policies, &by_service.of(service)), expected);
            }
        }
    }
    let targets = kinds_found.iter().filter(|by| matches!(by, Binding::Reference { .. })).count();
    // Each of four kinds, by the single reference or either of two.
    assert_eq!((targets, kinds_found.len()), (12, 15));
}
