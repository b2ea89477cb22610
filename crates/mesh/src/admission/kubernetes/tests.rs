//! What the API server says of objects of its own kinds: codes, fields, and whether the object stays.

use crate::limits::Limits;
use crate::mesh::Mesh;
use crate::options::Options;
use crate::problem::{Code, Problem, Severity};
use crate::snapshot::Snapshot;
use crate::text::SourceFile;

use Code::{ConflictingFields, InvalidValue, MissingField};

/// The errors in a text, and the objects that stay, by kind and name.
fn read(text: &str) -> (Vec<Problem>, Vec<String>) {
    let reading = Snapshot::read([SourceFile::new("it.yaml", text)], &Limits::DEFAULT);
    let (mesh, problems) = Mesh::of_complete(&reading, &Options::default());
    let stay = mesh.snapshot.sources().map(|(object, _)| object.to_string()).collect();
    (problems.into_iter().filter(|problem| problem.severity == Severity::Error).collect(), stay)
}

/// An object of a kind, with what is written below `apiVersion`, `kind` and `metadata`.
fn object(api_version: &str, kind: &str, rest: &str) -> String {
    format!("apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: it, namespace: shop}}\n{rest}\n")
}

/// Holds the errors of an object against what is expected, and each against what all of them have. The object
/// stays if `stays` says so.
#[track_caller]
fn refused(api_version: &str, kind: &str, rest: &str, expected: &[(Code, &str)], stays: bool) {
    let (problems, stay) = read(&object(api_version, kind, rest));
    let told: Vec<(Code, &str)> =
        problems.iter().map(|problem| (problem.code, problem.field.as_str())).collect();
    assert_eq!(told, expected, "{rest}");
    for problem in &problems {
        assert!(problem.help.is_some(), "{rest}: {}", problem.message);
        assert!(problem.place.is_some(), "{rest}: {}", problem.message);
        assert_eq!(problem.object.as_ref().map(ToString::to_string), Some(format!("{kind} shop/it")));
    }
    assert_eq!(stay.len() == 1, stays, "{rest}: {stay:?}");
}

/// Of a Service that stays.
#[track_caller]
fn service(spec: &str, expected: &[(Code, &str)]) {
    refused("v1", "Service", &format!("spec: {{{spec}}}"), expected, true);
}

const HTTP: &str = "ports: [{name: http, port: 80}]";

#[test]
fn ports_of_services_have_numbers_names_and_protocols() {
    for port in ["-1", "0", "70000"] {
        service(&format!("ports: [{{port: {port}}}]"), &[(InvalidValue, "spec.ports[0].port")]);
    }
    service("ports: [{port: 80}, {port: 81, name: b}]", &[(MissingField, "spec.ports[0].name")]);
    service(
        "ports: [{port: 80}, {port: 81}]",
        &[(MissingField, "spec.ports[0].name"), (MissingField, "spec.ports[1].name")],
    );
    service(
        "ports: [{port: 80, name: a}, {port: 81, name: a}]",
        &[(ConflictingFields, "spec.ports[1].name")],
    );
    service(
        "ports: [{port: 80, name: a}, {port: 80, name: b}]",
        &[(ConflictingFields, "spec.ports[1].port")],
    );
    service("ports: [{port: 80, name: a}, {port: 80, name: b, protocol: UDP}]", &[]);
    service("ports: [{port: 80, name: Web_1}]", &[(InvalidValue, "spec.ports[0].name")]);
    service("ports: [{port: 80, protocol: tcp}]", &[(InvalidValue, "spec.ports[0].protocol")]);
    service("ports: [{port: 80, targetPort: 70000}]", &[(InvalidValue, "spec.ports[0].targetPort")]);
    service("ports: [{port: 80, targetPort: '8080'}]", &[(InvalidValue, "spec.ports[0].targetPort")]);
    service(
        "ports: [{port: 80, targetPort: a-name-that-is-long}]",
        &[(InvalidValue, "spec.ports[0].targetPort")],
    );
    service(
        "ports: [{port: 80, targetPort: web}, {port: 81, name: b, targetPort: 0}]",
        &[(MissingField, "spec.ports[0].name")],
    );
    service("ports: [{port: 80, appProtocol: 'a b'}]", &[(InvalidValue, "spec.ports[0].appProtocol")]);
    service("ports: [{port: 80, appProtocol: kubernetes.io/h2c}]", &[]);
    service("ports: [{port: 80, nodePort: 30080}]", &[(ConflictingFields, "spec.ports[0].nodePort")]);
    service(
        "type: NodePort, ports: [{name: a, port: 80, nodePort: 30080}, {name: b, port: 81, nodePort: 30080}]",
        &[(ConflictingFields, "spec.ports[1].nodePort")],
    );
    service(
        "type: NodePort, ports: [{port: 80, nodePort: 70000}]",
        &[(InvalidValue, "spec.ports[0].nodePort")],
    );
}

#[test]
fn only_some_services_go_without_ports() {
    service("clusterIP: 10.0.0.1", &[(MissingField, "spec.ports")]);
    service("clusterIP: None", &[]);
    service("type: ExternalName, externalName: db.example.com", &[]);
}

#[test]
fn a_service_with_an_address_that_is_none_is_left_out() {
    for (ips, field) in [
        ("clusterIP: 300.1.2.3", "spec.clusterIP"),
        ("clusterIP: cart", "spec.clusterIP"),
        ("clusterIPs: [10.0.0.1, '10.0.0']", "spec.clusterIPs[1]"),
        ("externalIPs: [10.0.0.x]", "spec.externalIPs[0]"),
    ] {
        refused("v1", "Service", &format!("spec: {{{ips}, {HTTP}}}"), &[(InvalidValue, field)], false);
    }
    let ingress = format!("spec: {{{HTTP}}}\nstatus: {{loadBalancer: {{ingress: [{{ip: nowhere}}]}}}}");
    refused("v1", "Service", &ingress, &[(InvalidValue, "status.loadBalancer.ingress[0].ip")], false);
}

#[test]
fn addresses_of_services_fit_each_other() {
    for (spec, expected) in [
        ("clusterIP: 10.0.0.1, clusterIPs: [10.0.0.2]", &[(ConflictingFields, "spec.clusterIPs")][..]),
        (
            "clusterIPs: [10.0.0.1, 'fd00::1', 10.0.0.2]",
            &[(InvalidValue, "spec.clusterIPs"), (ConflictingFields, "spec.clusterIPs")],
        ),
        ("clusterIPs: [10.0.0.1, 10.0.0.2]", &[(ConflictingFields, "spec.clusterIPs")]),
        ("clusterIPs: [None, 10.0.0.2]", &[(ConflictingFields, "spec.clusterIPs")]),
        ("clusterIPs: [10.0.0.1, 'fd00::1']", &[]),
        ("clusterIP: 10.0.0.1, ipFamilies: [IPv6]", &[(ConflictingFields, "spec.clusterIP")]),
        ("ipFamilies: [IPv5]", &[(InvalidValue, "spec.ipFamilies[0]")]),
        ("ipFamilies: [IPv4, IPv4]", &[(ConflictingFields, "spec.ipFamilies[1]")]),
        ("ipFamilyPolicy: Dual", &[(InvalidValue, "spec.ipFamilyPolicy")]),
        (
            "ipFamilyPolicy: SingleStack, ipFamilies: [IPv4, IPv6]",
            &[(ConflictingFields, "spec.ipFamilyPolicy")],
        ),
        ("clusterIP: None, type: NodePort", &[(ConflictingFields, "spec.clusterIP")]),
        ("externalIPs: [127.0.0.1]", &[(InvalidValue, "spec.externalIPs[0]")]),
    ] {
        service(&format!("{spec}, {HTTP}"), expected);
    }
}

#[test]
fn choices_of_services_are_those_that_there_are() {
    for (field, value) in [
        ("type", "clusterIP"),
        ("sessionAffinity", "Cookie"),
        ("internalTrafficPolicy", "local"),
        ("trafficDistribution", "PreferFar"),
    ] {
        service(&format!("{field}: {value}, {HTTP}"), &[(InvalidValue, &format!("spec.{field}"))]);
    }
    for distribution in ["PreferClose", "PreferSameNode", "PreferSameZone"] {
        service(&format!("trafficDistribution: {distribution}, {HTTP}"), &[]);
    }
    service(
        &format!("externalTrafficPolicy: Local, {HTTP}"),
        &[(ConflictingFields, "spec.externalTrafficPolicy")],
    );
    service(&format!("type: NodePort, externalTrafficPolicy: Local, {HTTP}"), &[]);
    service(
        &format!("type: NodePort, externalTrafficPolicy: Global, {HTTP}"),
        &[(InvalidValue, "spec.externalTrafficPolicy")],
    );
    service(
        &format!("selector: {{'a b': c, d: e f}}, {HTTP}"),
        &[(InvalidValue, "spec.selector.a b"), (InvalidValue, "spec.selector.d")],
    );
}

#[test]
fn a_value_in_other_letters_is_named() {
    let (problems, _) = read(&object("v1", "Service", &format!("spec: {{type: clusterIP, {HTTP}}}")));
    assert_eq!(problems[0].help.as_deref(), Some("did you mean `ClusterIP`?"));
    let (problems, _) = read(&object("v1", "Service", "spec: {ports: [{port: 80, targetPort: '8080'}]}"));
    assert_eq!(problems[0].help.as_deref(), Some("a number in quotes is a name: write it without them"));
}

#[test]
fn an_external_name_is_another_name_for_a_host() {
    let of = |rest: &str| format!("type: ExternalName{rest}");
    service(&of(""), &[(MissingField, "spec.externalName")]);
    service(&of(", externalName: 'a b'"), &[(InvalidValue, "spec.externalName")]);
    service(&of(", externalName: db.example.com."), &[]);
    service(&of(", externalName: db, clusterIP: 10.0.0.1"), &[(ConflictingFields, "spec.clusterIP")]);
    service(
        &of(", externalName: db, ipFamilies: [IPv4], ipFamilyPolicy: SingleStack"),
        &[(ConflictingFields, "spec.ipFamilies"), (ConflictingFields, "spec.ipFamilyPolicy")],
    );
}

#[test]
fn two_names_of_an_annotation_say_the_same() {
    let text = "apiVersion: v1\nkind: Service\nmetadata:\n  name: it\n  annotations: \
                {service.kubernetes.io/topology-aware-hints: auto, service.kubernetes.io/topology-mode: Disabled}\n\
                spec: {ports: [{port: 80}]}\n";
    let (problems, _) = read(text);
    let told: Vec<_> = problems.iter().map(|p| (p.code, p.field.as_str())).collect();
    assert_eq!(told, [(ConflictingFields, "metadata.annotations[\"service.kubernetes.io/topology-mode\"]")]);
}

#[test]
fn a_pod_with_an_address_that_is_none_is_left_out() {
    for (status, field) in [
        ("podIP: nowhere", "status.podIP"),
        ("podIP: 10.0.0.1, podIPs: [{ip: 10.0.0.1}, {ip: 'fd00::x'}]", "status.podIPs[1].ip"),
        ("hostIP: node-1", "status.hostIP"),
    ] {
        refused("v1", "Pod", &format!("status: {{{status}}}"), &[(InvalidValue, field)], false);
    }
}

#[test]
fn pods_are_asked_what_is_written() {
    let pod = |rest: &str, expected: &[(Code, &str)]| refused("v1", "Pod", rest, expected, true);
    pod("spec: {}", &[]);
    pod("spec: {containers: [{ports: [{containerPort: 80}]}, {}]}\nstatus: {podIP: 10.0.0.1}", &[]);
    pod(
        "spec: {containers: [{name: a}], initContainers: [{name: a}]}",
        &[(ConflictingFields, "spec.initContainers[0].name")],
    );
    pod("spec: {containers: [{name: A_b}]}", &[(InvalidValue, "spec.containers[0].name")]);
    let ports = |ports: &str| format!("spec: {{containers: [{{name: a, ports: [{ports}]}}]}}");
    pod(&ports("{containerPort: 70000}"), &[(InvalidValue, "spec.containers[0].ports[0].containerPort")]);
    pod(
        &ports("{containerPort: 80, name: a, protocol: http}"),
        &[(InvalidValue, "spec.containers[0].ports[0].protocol")],
    );
    pod(
        &ports("{containerPort: 80, name: a}, {containerPort: 81, name: a}"),
        &[(ConflictingFields, "spec.containers[0].ports[1].name")],
    );
    pod(&ports("{containerPort: 80, name: '80'}"), &[(InvalidValue, "spec.containers[0].ports[0].name")]);
    pod(
        "spec: {serviceAccountName: My Account, nodeName: A, hostname: a.b, subdomain: a.b}",
        &[
            (InvalidValue, "spec.serviceAccountName"),
            (InvalidValue, "spec.nodeName"),
            (InvalidValue, "spec.hostname"),
            (InvalidValue, "spec.subdomain"),
        ],
    );
    pod(
        "status: {podIP: 10.0.0.1, podIPs: [{ip: 10.0.0.1}, {ip: 10.0.0.2}]}",
        &[(ConflictingFields, "status.podIPs")],
    );
}

#[test]
fn endpoint_slices_have_addresses_of_their_type() {
    let slice = |rest: &str, expected: &[(Code, &str)], stays| {
        refused("discovery.k8s.io/v1", "EndpointSlice", rest, expected, stays);
    };
    let of = |kind: &str, address: &str| {
        format!("addressType: {kind}\nendpoints: [{{addresses: ['{address}']}}]\nports: [{{port: 80}}]")
    };
    let field = "endpoints[0].addresses[0]";
    slice(&of("IPv4", "10.0.0.1"), &[], true);
    slice(&of("IPv4", "10.0.0.x"), &[(InvalidValue, field)], false);
    slice(&of("IPv4", "fd00::1"), &[(ConflictingFields, field)], true);
    slice(&of("IPv6", "10.0.0.1"), &[(ConflictingFields, field)], true);
    slice(&of("IPv4", "169.254.0.1"), &[(InvalidValue, field)], true);
    slice(&of("FQDN", "db.example.com"), &[], true);
    slice(&of("FQDN", "db"), &[(InvalidValue, field)], true);
    slice(&of("ipv4", "10.0.0.1"), &[(InvalidValue, "addressType")], true);
    slice("endpoints: [{addresses: [10.0.0.1]}]", &[(MissingField, "addressType")], true);
    slice("addressType: IPv4\nendpoints: [{}]", &[(MissingField, "endpoints[0].addresses")], true);
    slice(
        "addressType: IPv4\nports: [{name: a}, {name: a, protocol: X}, {}, {appProtocol: 'a b'}]",
        &[
            (ConflictingFields, "ports[1].name"),
            (InvalidValue, "ports[1].protocol"),
            (ConflictingFields, "ports[3].name"),
            (InvalidValue, "ports[3].appProtocol"),
        ],
        true,
    );
    let many = vec!["10.0.0.1"; 101].join(", ");
    slice(
        &format!("addressType: IPv4\nendpoints: [{{addresses: [{many}]}}]"),
        &[(InvalidValue, "endpoints[0].addresses")],
        true,
    );
}

#[test]
fn endpoints_have_addresses_and_ports() {
    let endpoints = |subset: &str, expected: &[(Code, &str)], stays| {
        refused("v1", "Endpoints", &format!("subsets: [{{{subset}}}]"), expected, stays);
    };
    endpoints("addresses: [{ip: 10.0.0.1}], ports: [{port: 80}]", &[], true);
    endpoints("ports: [{port: 80}]", &[(MissingField, "subsets[0]")], true);
    endpoints("addresses: [{ip: db}]", &[(InvalidValue, "subsets[0].addresses[0].ip")], false);
    endpoints("addresses: [{}]", &[(InvalidValue, "subsets[0].addresses[0].ip")], false);
    endpoints(
        "notReadyAddresses: [{ip: 127.0.0.1}]",
        &[(InvalidValue, "subsets[0].notReadyAddresses[0].ip")],
        true,
    );
    endpoints(
        "addresses: [{ip: 10.0.0.1}], ports: [{port: 0}, {port: 1, name: a}, {port: 2, name: a}]",
        &[
            (MissingField, "subsets[0].ports[0].name"),
            (InvalidValue, "subsets[0].ports[0].port"),
            (ConflictingFields, "subsets[0].ports[2].name"),
        ],
        true,
    );
}

#[test]
fn config_maps_have_keys_like_files() {
    let (problems, stay) = read(&object("v1", "ConfigMap", "data: {a.yaml: x, 'a/b': x, '..c': x}"));
    let told: Vec<_> = problems.iter().map(|p| (p.code, p.field.as_str())).collect();
    assert_eq!(told, [(InvalidValue, "data.a/b"), (InvalidValue, "data[\"..c\"]")]);
    assert_eq!(stay.len(), 1);
}

#[test]
fn a_node_has_each_address_once() {
    let (problems, _) = read(
        "apiVersion: v1\nkind: Node\nmetadata: {name: node-1}\nstatus: {addresses: [{type: InternalIP, address: a}, \
         {type: ExternalIP, address: a}, {type: ExternalIP, address: a}]}\n",
    );
    let told: Vec<_> = problems.iter().map(|p| (p.code, p.field.as_str())).collect();
    assert_eq!(told, [(ConflictingFields, "status.addresses[2]")]);
}

#[test]
fn controllers_are_asked_once_and_at_their_templates() {
    let text = object(
        "apps/v1",
        "Deployment",
        "spec: {replicas: 3, selector: {matchLabels: {app: cart}}, template: {metadata: {labels: {app: \
         car}}, spec: {containers: [{name: a, ports: [{containerPort: 70000}]}]}}}",
    );
    let reading = Snapshot::read([SourceFile::new("it.yaml", text)], &Limits::DEFAULT);
    let (mesh, problems) = Mesh::of(&reading, &Options::default());
    let told: Vec<_> = problems
        .iter()
        .filter(|p| p.severity == Severity::Error)
        .map(|p| (p.code, p.field.as_str(), p.place.is_some()))
        .collect();
    assert_eq!(
        told,
        [
            (ConflictingFields, "spec.selector.matchLabels.app", true),
            (InvalidValue, "spec.template.spec.containers[0].ports[0].containerPort", true),
        ]
    );
    assert_eq!(mesh.snapshot.pods.len(), 3, "they are assumed all the same");
    let job = "spec: {selector: {matchLabels: {a: b}}, template: {}}";
    assert_eq!(read(&object("batch/v1", "Job", job)).0, []);
    let scaled =
        "spec: {replicas: -1, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}}}";
    let (problems, _) = read(&object("apps/v1", "ReplicaSet", scaled));
    assert_eq!(problems.iter().map(|p| p.field.as_str()).collect::<Vec<_>>(), ["spec.replicas"]);
}
