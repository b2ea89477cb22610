//! Verdicts: one object, one release, what becomes of it.

use std::sync::Arc;

use super::{Admitted, admit};
use crate::options::Options;
use crate::problem::{Code, Problem};
use crate::release::Release;
use crate::release::Release::{V1_18, V1_31};
use crate::snapshot::gateway_api::route::TlsRoute;
use crate::snapshot::{Meta, Object, Snapshot, Source, defaults};

/// An object from the JSON of its spec.
fn object<T: serde::de::DeserializeOwned>(json: &str) -> Vec<Arc<Object<T>>> {
    let meta = Meta { name: "it".into(), namespace: "shop".into(), ..Meta::default() };
    vec![Arc::new(Object { meta, spec: serde_json::from_str(json).unwrap(), source: Source::default() })]
}

/// The codes and fields of problems.
fn told(problems: &[Problem]) -> Vec<(Code, &str)> {
    problems.iter().map(|problem| (problem.code, problem.field.as_str())).collect()
}

/// Passes one object through a release: whether it is admitted, and with what problems.
macro_rules! verdict {
    ($list:ident, $release:expr, $json:expr) => {{
        let mut snapshot = Snapshot { $list: object($json), ..Snapshot::default() };
        defaults::fill(&mut snapshot);
        let Admitted { snapshot, problems, .. } = admit(snapshot, &Options::for_release($release));
        (snapshot.$list.into_iter().next(), problems)
    }};
}

const POLICY_WITH_TARGET: &str = r#"{"targetRefs": [{"kind": "Service", "name": "cart"}], "rules": [{}]}"#;

#[test]
fn a_policy_loses_its_targets_in_1_18() {
    let (policy, problems) = verdict!(authorization_policies, V1_18, POLICY_WITH_TARGET);
    assert!(policy.unwrap().spec.target_refs.is_empty());
    assert_eq!(told(&problems), [(Code::UnsupportedField, "spec.targetRefs")]);
    let (policy, problems) = verdict!(authorization_policies, V1_31, POLICY_WITH_TARGET);
    assert_eq!(policy.unwrap().spec.target_refs.len(), 1);
    assert_eq!(problems, []);
}

#[test]
fn what_is_dropped_is_not_checked() {
    // Without its `mirrors` and its regular expression, this is an empty rewrite.
    let json = r#"{"hosts": ["cart"], "http": [{"mirrors": [{}], "rewrite": {"uriRegexRewrite": {"match": "(",
        "rewrite": "/"}}, "route": [{"destination": {"host": "cart"}}]}]}"#;
    let (service, problems) = verdict!(virtual_services, V1_18, json);
    assert!(service.is_none());
    assert_eq!(
        told(&problems),
        [
            (Code::UnsupportedField, "spec.http[0].mirrors"),
            (Code::UnsupportedField, "spec.http[0].rewrite.uriRegexRewrite"),
            (Code::MissingField, "spec.http[0].rewrite"),
        ]
    );
    let (_, problems) = verdict!(virtual_services, V1_31, json);
    assert_eq!(
        told(&problems),
        [
            (Code::MissingField, "spec.http[0].mirrors[0].destination"),
            (Code::InvalidValue, "spec.http[0].rewrite.uriRegexRewrite.match"),
        ]
    );
}

#[test]
fn a_refused_object_takes_no_other_with_it() {
    let mut list = object(r#"{"host": "a", "trafficPolicy": {}}"#);
    list.extend(object(r#"{"host": "a", "trafficPolicy": {"tls": {"mode": "SIMPLE"}}}"#));
    let admitted = admit(Snapshot { destination_rules: list, ..Snapshot::default() }, &Options::default());
    assert_eq!(admitted.snapshot.destination_rules.len(), 1);
    assert_eq!(told(&admitted.problems), [(Code::MissingField, "spec.trafficPolicy")]);
}

#[test]
fn enumerations_grow() {
    let json = r#"{"hosts": ["*.example.com"], "resolution": "DYNAMIC_DNS",
        "ports": [{"number": 80, "name": "http", "protocol": "HTTP"}]}"#;
    let (entry, problems) = verdict!(service_entries, V1_18, json);
    assert!(entry.is_none());
    assert_eq!(told(&problems), [(Code::InvalidValue, "spec.resolution")]);
    let (entry, problems) = verdict!(service_entries, V1_31, json);
    assert!(entry.is_some(), "{problems:?}");
}

#[test]
fn kinds_that_a_release_does_not_read() {
    let json = r#"{"parentRefs": [{"name": "cart", "kind": "Service", "group": ""}],
        "rules": [{"backendRefs": [{"name": "cart", "port": 80}]}]}"#;
    let (route, problems) = verdict!(tcp_routes, V1_18, json);
    assert!(route.is_none());
    assert_eq!(told(&problems), [(Code::UnsupportedKind, "")]);
    let (route, problems) = verdict!(tcp_routes, V1_31, json);
    let route = route.unwrap();
    assert_eq!(route.spec.rules[0].backend_refs[0].weight, Some(1));
    assert_eq!(route.spec.rules[0].backend_refs[0].kind.as_deref(), Some("Service"));
    assert_eq!(problems, []);
}

#[test]
fn only_the_first_version_of_tls_routes_goes_without_host_names() {
    let json = r#"{"parentRefs": [{"name": "cart", "kind": "Service", "group": ""}],
        "rules": [{"backendRefs": [{"name": "cart", "port": 80}]}]}"#;
    let verdict = |version: &str| {
        let mut routes: Vec<Arc<Object<TlsRoute>>> = object(json);
        for route in &mut routes {
            Arc::make_mut(route).meta.api_version = format!("gateway.networking.k8s.io/{version}").into();
        }
        let mut snapshot = Snapshot { tls_routes: routes, ..Snapshot::default() };
        defaults::fill(&mut snapshot);
        admit(snapshot, &Options::default())
    };
    assert_eq!(verdict("v1alpha2").problems, []);
    let refused = verdict("v1");
    assert!(refused.snapshot.tls_routes.is_empty());
    assert_eq!(told(&refused.problems), [(Code::MissingField, "spec.hostnames")]);
}

#[test]
fn deny_rules_of_http_only_are_warned_of() {
    let deny = |rule: &str| format!(r#"{{"action": "DENY", "rules": [{rule}]}}"#);
    let warned = |rule: &str, release: Release| {
        let (policy, problems) = verdict!(authorization_policies, release, &deny(rule));
        assert!(policy.is_some(), "{problems:?}");
        problems.iter().any(|problem| problem.code == Code::HttpOnlyDeny)
    };
    for release in [V1_18, V1_31] {
        assert!(warned(r#"{"to": [{"operation": {"methods": ["GET"]}}]}"#, release));
        assert!(warned(r#"{"from": [{"source": {"requestPrincipals": ["*"]}}]}"#, release));
        assert!(!warned(r#"{"to": [{"operation": {"methods": ["GET"], "ports": ["80"]}}]}"#, release));
        assert!(!warned(r#"{"from": [{"source": {"principals": ["*"]}}]}"#, release));
        assert!(!warned("{}", release));
        // A source of TCP is no help to an operation of HTTP.
        let both =
            r#"{"from": [{"source": {"principals": ["*"]}}], "to": [{"operation": {"methods": ["GET"]}}]}"#;
        assert!(warned(both, release));
    }
}

#[test]
fn rules_that_never_apply_are_warned_of() {
    let json = r#"{"hosts": ["cart"], "http": [
        {"match": [{"uri": {"prefix": "/a"}}], "route": [{"destination": {"host": "x"}}]},
        {"match": [{"uri": {"prefix": "/a/b"}}, {"name": "n", "uri": {"prefix": "/a"}}],
         "route": [{"destination": {"host": "x"}}]},
        {"route": [{"destination": {"host": "x"}}]},
        {"route": [{"destination": {"host": "y"}}]}]}"#;
    let (service, problems) = verdict!(virtual_services, V1_31, json);
    assert!(service.is_some());
    assert_eq!(
        told(&problems),
        [
            (Code::UnreachableRule, "spec.http[1].match[1]"),
            (Code::UnreachableRule, "spec.http[3]"),
            (Code::UnreachableRule, "spec.http[1].match[0]"),
        ]
    );
}

#[test]
fn defaults_of_services_and_routes_are_filled_in() {
    let (service, _) = verdict!(services, V1_31, r#"{"ports": [{"port": 80}], "clusterIP": "10.0.0.1"}"#);
    let service = service.unwrap();
    assert_eq!(service.spec.ports[0].protocol, "TCP");
    assert_eq!(service.spec.ports[0].target_port, Some(crate::snapshot::IntOrString::Int(80)));
    assert_eq!(service.spec.cluster_ips, ["10.0.0.1"]);

    let json =
        r#"{"parentRefs": [{"name": "gate"}], "rules": [{"backendRefs": [{"name": "cart", "port": 80}]}]}"#;
    let (route, problems) = verdict!(http_routes, V1_31, json);
    assert_eq!(problems, []);
    let route = route.unwrap();
    assert_eq!(route.spec.parent_refs[0].kind.as_deref(), Some("Gateway"));
    let matches = route.spec.rules[0].matches.as_ref().unwrap();
    assert_eq!(matches[0].path.as_ref().unwrap().value.as_deref(), Some("/"));
}

#[test]
fn what_only_the_later_schemas_ask() {
    let cases = [
        (r#"{"rules": [{"matches": [{"path": {"value": "a"}}]}]}"#, "spec.rules[0].matches[0].path.value"),
        (r#"{"rules": [{"filters": [{"type": "URLRewrite"}]}]}"#, "spec.rules[0].filters[0].urlRewrite"),
        (r#"{"rules": [{"backendRefs": [{"name": "cart"}]}]}"#, "spec.rules[0].backendRefs[0].port"),
    ];
    for (json, field) in cases {
        assert!(verdict!(http_routes, V1_18, json).0.is_some(), "{json}");
        let (route, problems) = verdict!(http_routes, V1_31, json);
        assert!(route.is_none(), "{json}");
        assert_eq!(problems[0].field, field);
    }
}

#[test]
fn dry_run_is_for_authorization_policies() {
    let admitted = |action: &str, value: &str| {
        let mut list = object(&format!(r#"{{"action": "{action}", "rules": [{{}}], "provider": null}}"#));
        Arc::make_mut(&mut list[0]).meta.annotations.extend([("istio.io/dry-run", value)]);
        let snapshot = Snapshot { authorization_policies: list, ..Snapshot::default() };
        !admit(snapshot, &Options::default()).snapshot.authorization_policies.is_empty()
    };
    assert!(admitted("ALLOW", "true") && admitted("DENY", "F"));
    assert!(!admitted("ALLOW", "yes") && !admitted("AUDIT", "true"));
    let mut list = object(r#"{"host": "a"}"#);
    Arc::make_mut(&mut list[0]).meta.annotations.extend([("istio.io/dry-run", "true")]);
    let snapshot = Snapshot { destination_rules: list, ..Snapshot::default() };
    assert!(admit(snapshot, &Options::for_release(V1_18)).snapshot.destination_rules.is_empty());
}

#[test]
fn an_inference_pool_is_checked_by_its_schema() {
    let spec = |ports: &str, labels: &str, picker: &str| {
        format!(
            r#"{{"targetPorts": [{ports}], "selector": {{"matchLabels": {{{labels}}}}}, "endpointPickerRef": {picker}}}"#
        )
    };
    let (port, label) = (r#"{"number": 8000}"#, r#""app": "llm""#);
    let picker = r#"{"name": "picker", "port": {"number": 9002}}"#;
    let (pool, problems) = verdict!(inference_pools, V1_31, &spec(port, label, picker));
    assert!(pool.is_some() && problems.is_empty(), "{problems:?}");
    let (pool, _) = verdict!(inference_pools, V1_18, &spec(port, label, picker));
    assert!(pool.is_none(), "1.18 knows none");
    let other = r#"{"name": "mine", "kind": "Picker", "group": "example.com"}"#;
    assert!(
        verdict!(inference_pools, V1_31, &spec(port, label, other)).0.is_some(),
        "only a Service needs a port"
    );
    let nine: Vec<String> = (1..=9).map(|number| format!(r#"{{"number": {number}}}"#)).collect();
    let twice = format!("{port}, {port}");
    for (json, code, field) in [
        (spec("", label, picker), Code::MissingField, "spec.targetPorts"),
        (spec(&nine.join(", "), label, picker), Code::InvalidValue, "spec.targetPorts"),
        (spec(&twice, label, picker), Code::ConflictingFields, "spec.targetPorts[1]"),
        (spec(r#"{"number": 0}"#, label, picker), Code::InvalidValue, "spec.targetPorts[0].number"),
        (spec(port, "", picker), Code::MissingField, "spec.selector.matchLabels"),
        (spec(port, r#""app": "a b""#, picker), Code::InvalidValue, "spec.selector.matchLabels.app"),
        (spec(port, label, r#"{"name": "picker"}"#), Code::MissingField, "spec.endpointPickerRef.port"),
        (
            spec(port, label, r#"{"port": {"number": 70000}, "name": "p"}"#),
            Code::InvalidValue,
            "spec.endpointPickerRef.port.number",
        ),
        (spec(port, label, r#"{"port": {"number": 1}}"#), Code::MissingField, "spec.endpointPickerRef.name"),
    ] {
        let (pool, problems) = verdict!(inference_pools, V1_31, &json);
        assert!(pool.is_none(), "{json}");
        assert_eq!(told(&problems), [(code, field)], "{json}");
    }
}

#[test]
fn a_pool_s_protocol_is_dropped_where_it_is_not_known() {
    let json = r#"{"targetPorts": [{"number": 1}], "selector": {"matchLabels": {"a": "b"}}, "appProtocol": "kubernetes.io/h2c",
        "endpointPickerRef": {"name": "picker", "port": {"number": 9002}}}"#;
    let (pool, problems) = verdict!(inference_pools, Release::V1_29, json);
    assert_eq!(pool.unwrap().spec.app_protocol, None);
    assert_eq!(told(&problems), [(Code::UnsupportedField, "spec.appProtocol")]);
    let (pool, problems) = verdict!(inference_pools, Release::V1_30, json);
    assert!(pool.unwrap().spec.app_protocol.is_some() && problems.is_empty(), "{problems:?}");
}

#[test]
fn what_cannot_be_read_is_admitted_as_far_as_it_goes() {
    let text = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: v, namespace: shop}\n\
                spec:\n  hosts: [cart]\n  http:\n  - timeout: 5\n    retries: {attempts: -1}\n    \
                route: [{destination: {host: cart}}, {destination: {host: b c}}]\n---\n\
                apiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: shop}\n\
                spec: {type: clusterIP, ports: [{port: '80', targetPort: 70000}, {port: 81}]}\n";
    let reading = Snapshot::read([crate::text::SourceFile::new("it", text)], &crate::limits::Limits::DEFAULT);
    let (mesh, problems) = crate::mesh::Mesh::of_complete(&reading, &Options::default());
    assert_eq!(mesh.snapshot.len(), 0, "both are left out");
    let errors: Vec<_> = problems
        .iter()
        .filter(|problem| problem.is_error())
        .map(|problem| (problem.code, problem.field.as_str(), problem.place.is_some()))
        .collect();
    assert_eq!(
        errors,
        [
            (Code::WrongType, "spec.http[0].timeout", true),
            (Code::InvalidValue, "spec.http[0].retries.attempts", true),
            (Code::InvalidValue, "spec.http[0].route", true),
            (Code::InvalidValue, "spec.http[0].route[1].destination.host", true),
            (Code::InvalidValue, "spec.type", true),
            (Code::MissingField, "spec.ports[0].name", true),
            (Code::WrongType, "spec.ports[0].port", true),
            (Code::InvalidValue, "spec.ports[0].targetPort", true),
            (Code::MissingField, "spec.ports[1].name", true),
        ]
    );
}
