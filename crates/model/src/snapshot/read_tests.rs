use super::*;
use crate::limits::Limits;
use crate::problem::{Code, Problem};
use crate::release::Release;
use crate::text::SourceFile;
use crate::validation::Validation;

fn read(text: &str) -> Reading {
    Snapshot::read([SourceFile::new("f.yaml", text)], &Limits::DEFAULT)
}

/// Code, object, field and the line of each problem.
fn told(reading: &Reading) -> Vec<(Code, String, String, u32)> {
    let tell = |p: &Problem| {
        let object = p.object.as_ref().map(ToString::to_string).unwrap_or_default();
        (p.code, object, p.field.clone(), p.place.as_ref().map_or(0, |place| place.line))
    };
    reading.problems.iter().map(tell).collect()
}

fn names(reading: &Reading) -> Vec<String> {
    reading.snapshot.sources().map(|(object, _)| object.to_string()).collect()
}

const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n";

#[test]
fn an_object_without_namespace_is_in_default() {
    let reading = read(SERVICE);
    assert_eq!((told(&reading), names(&reading)), (vec![], vec!["Service default/a".into()]));
    let reading = read("apiVersion: v1\nkind: Node\nmetadata: {name: node, namespace: x}\n");
    assert_eq!(names(&reading), ["Node node"]);
}

#[test]
fn status_and_whole_objects_are_read() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {nodeName: node}\nstatus: {podIP: 10.0.0.1}\n\
                ---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {k: v}\n";
    let snapshot = read(text).snapshot;
    let pod = &snapshot.pods[0].spec;
    assert_eq!((pod.node_name.as_str(), pod.status.pod_ip.as_str()), ("node", "10.0.0.1"));
    assert_eq!(snapshot.config_maps[0].spec.data.get("k").map(|v| v.as_str()), Some("v"));
}

#[test]
fn lists_are_flattened_wherever_their_items_stand() {
    let item = "{apiVersion: v1, kind: Service, metadata: {name: NAME}}";
    let list = format!(
        "items:\n- {}\n- {{apiVersion: v1, kind: List, items: [{}]}}\n- {}\nkind: List\napiVersion: v1\n",
        item.replace("NAME", "a"),
        item.replace("NAME", "b"),
        item.replace("NAME", "c")
    );
    let reading = read(&list);
    assert_eq!(names(&reading), ["Service default/a", "Service default/b", "Service default/c"]);
    let items: Vec<u32> = reading.snapshot.services.iter().map(|service| service.source.item).collect();
    assert_eq!(items, [0, 1, 2]);
}

#[test]
fn items_of_a_typed_list_take_its_kind() {
    let reading = read("kind: ServiceList\napiVersion: v1\nitems: [{metadata: {name: a}}]\n");
    assert_eq!(names(&reading), ["Service default/a"]);
    let reading = read("kind: List\napiVersion: v1\nitems: [{metadata: {name: a}}]\n");
    assert_eq!(told(&reading), [(Code::MissingKind, String::new(), String::new(), 3)]);
    assert_eq!(told(&read("kind: List\napiVersion: v1\nitems:\n")), []);
}

#[test]
fn the_later_of_two_equal_objects_wins() {
    let text = format!("{SERVICE}spec: {{clusterIP: 1.1.1.1}}\n---\n{SERVICE}spec: {{clusterIP: 2.2.2.2}}\n");
    let reading = read(&text);
    assert_eq!(reading.snapshot.services[0].spec.cluster_ip, "2.2.2.2");
    assert_eq!(told(&reading), [(Code::ReplacedObject, "Service default/a".into(), String::new(), 6)]);
    assert_eq!(reading.problems[0].related[0].place.as_ref().map(|place| place.line), Some(1));
    assert_eq!((reading.summary.replaced, reading.summary.objects_read()), (1, 1));
}

#[test]
fn a_wrong_type_leaves_out_that_object_only() {
    let bad = SERVICE.replace("name: a", "name: b");
    let reading = read(&format!("{SERVICE}---\n{bad}spec:\n  ports:\n  - port: 'x'\n"));
    assert_eq!(names(&reading), ["Service default/a"]);
    assert_eq!(
        told(&reading),
        [(Code::WrongType, "Service default/b".into(), "spec.ports[0].port".into(), 10)]
    );
    assert_eq!(reading.summary.left_out.get(&Kind::Service), Some(&1));
}

#[test]
fn what_the_api_server_refuses_in_metadata_is_told_at_once() {
    let text = "apiVersion: v1\nkind: Service\nmetadata:\n  name: A\n  labels:\n    -x: v\n    z: 'a b'\n";
    let fields: Vec<(Code, String)> =
        told(&read(text)).into_iter().map(|(code, _, field, _)| (code, field)).collect();
    let label = |key: &str| (Code::InvalidLabel, format!("metadata.labels[{key:?}]"));
    assert_eq!(fields, [(Code::InvalidName, "metadata.name".into()), label("-x"), label("z")]);
}

#[test]
fn a_label_s_value_that_the_api_server_refuses_is_an_error_and_read() {
    let reading = read(&SERVICE.replace("metadata: {", "metadata: {labels: {z: 'a b'}, "));
    assert_eq!(reading.snapshot.services[0].meta.labels.get("z").map(|value| value.as_str()), Some("a b"));
    assert_eq!(told(&reading)[0].0, Code::InvalidLabel);
    assert_eq!((reading.problems.len(), reading.summary.left_out.len()), (1, 0));
}

#[test]
fn a_made_up_name_is_none() {
    let reading = read("apiVersion: v1\nkind: Pod\nmetadata: {generateName: a-}\n");
    assert_eq!(reading.problems[0].code, Code::MissingName);
    assert!(reading.problems[0].help.as_ref().is_some_and(|help| help.contains("generateName")));
}

#[test]
fn other_kinds_are_counted() {
    let reading = read(
        "apiVersion: batch/v1\nkind: CronJob\n---\napiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {healthCheckNodePort: 30000}\n",
    );
    assert!(reading.problems.is_empty());
    let ignored: Vec<_> = reading
        .summary
        .ignored
        .keys()
        .map(|(version, kind, why)| (version.as_str(), kind.as_str(), *why))
        .collect();
    assert_eq!(ignored, [("batch/v1", "CronJob", Ignored::UnknownKind)]);
    assert_eq!(
        reading.summary.unread_fields.keys().collect::<Vec<_>>(),
        [&(Kind::Service, "spec.healthCheckNodePort".to_owned())]
    );
}

#[test]
fn an_unknown_version_of_a_known_kind_is_an_error() {
    let reading = read("apiVersion: v2\nkind: Service\nmetadata: {name: a}\n");
    assert_eq!(told(&reading)[0].0, Code::UnsupportedVersion);
}

#[test]
fn fields_are_found_again() {
    let text = format!(
        "{SERVICE}---\nkind: List\napiVersion: v1\nitems:\n- {{apiVersion: v1, kind: Service, metadata: {{name: b}}, spec: {{ports: [{{port: 80}}]}}}}\n"
    );
    let reading = read(&text);
    let source = reading.snapshot.services[1].source;
    let place = reading.files.place(source, "spec.ports[0].port").unwrap();
    assert_eq!(text.get(place.start as usize..place.end as usize), Some("80"));
    let nearest = reading.files.place(source, "spec.ports[0].name.x").unwrap();
    assert_eq!(text.get(nearest.start as usize..nearest.end as usize), Some("{port: 80}"));
    let mut problems = [Problem::new(Code::InvalidValue, "m")
        .on(ObjectRef::new(Kind::Service, "default", "a"))
        .field("metadata.name")];
    reading.locate(&mut problems);
    assert_eq!(problems[0].place.as_ref().map(|place| (place.line, place.column)), Some((3, 18)));
}

#[test]
fn the_order_of_files_does_not_matter_for_different_objects() {
    let b = SERVICE.replace("name: a", "name: b");
    let one =
        Snapshot::read([SourceFile::new("1", SERVICE), SourceFile::new("2", b.as_str())], &Limits::DEFAULT);
    let two =
        Snapshot::read([SourceFile::new("2", b.as_str()), SourceFile::new("1", SERVICE)], &Limits::DEFAULT);
    assert_eq!(names(&one), names(&two));
}

/// The stray fields of a text in a release: codes, fields, what is said and what to do.
fn stray(text: &str, release: Release) -> Vec<(Code, String, String)> {
    let reading = read(text);
    let of = |problem: Problem| (problem.code, problem.field, problem.help.unwrap_or_default());
    reading.stray_fields(release, Validation::Strict).map(of).collect()
}

#[test]
fn unknown_fields_of_what_is_only_looked_at_are_told() {
    let template = |kind: &str| {
        format!(
            "apiVersion: {kind}\nmetadata: {{name: it, labls: {{}}}}\nspec: {{template: {{metadata: {{labels: {{a: b}}}}, \
             spec: {{serviceAcountName: cart, containers: [{{name: a, prots: []}}]}}}}}}\n"
        )
    };
    for kind in [
        "apps/v1\nkind: Deployment",
        "apps/v1\nkind: StatefulSet",
        "apps/v1\nkind: DaemonSet",
        "apps/v1\nkind: ReplicaSet",
        "batch/v1\nkind: Job",
        "argoproj.io/v1alpha1\nkind: Rollout",
    ] {
        let unknown = |field: &str, meant: &str| {
            (Code::UnknownField, field.to_owned(), format!("did you mean `{meant}`?"))
        };
        let mut found = stray(&template(kind), Release::LATEST);
        found.sort();
        let expected = [
            unknown("metadata.labls", "labels"),
            unknown("spec.template.spec.containers[0].prots", "ports"),
            unknown("spec.template.spec.serviceAcountName", "serviceAccountName"),
        ];
        assert_eq!(found, expected, "{kind}");
    }
    for (kind, spec, field, meant) in [
        ("networking.istio.io/v1\nkind: Sidecar", "egres: []", "spec.egres", "egress"),
        ("networking.istio.io/v1\nkind: Gateway", "severs: []", "spec.severs", "servers"),
        (
            "networking.istio.io/v1\nkind: WorkloadGroup",
            "template: {serviceAcount: a}",
            "spec.template.serviceAcount",
            "serviceAccount",
        ),
        ("gateway.networking.k8s.io/v1\nkind: ListenerSet", "listners: []", "spec.listners", "listeners"),
        ("install.istio.io/v1alpha1\nkind: IstioOperator", "meshConfg: {}", "spec.meshConfg", "meshConfig"),
        ("sailoperator.io/v1\nkind: Istio", "verison: v1.30.0", "spec.verison", "version"),
    ] {
        let text = format!("apiVersion: {kind}\nmetadata: {{name: it}}\nspec: {{{spec}}}\n");
        let expected = [(Code::UnknownField, field.to_owned(), format!("did you mean `{meant}`?"))];
        assert_eq!(stray(&text, Release::LATEST), expected, "{kind}");
    }
}

#[test]
fn known_fields_of_what_is_only_looked_at_are_quiet() {
    let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: it, labels: {any: x}, annotations: {other: y}}\n\
        spec:\n  replicas: 1\n  strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 25%}}\n  \
        selector: {matchLabels: {a: b}}\n  template:\n    metadata: {labels: {a: b}, annotations: {c: d}}\n    \
        spec: {serviceAccountName: a, containers: [{name: a, image: b, env: [{name: c, value: d}]}]}\n\
        status: {whatever: 1}\n";
    assert_eq!(stray(text, Release::LATEST), []);
    let values = "apiVersion: sailoperator.io/v1\nkind: Istio\nmetadata: {name: default}\n\
        spec: {values: {pilot: {anything: 1}}}\n";
    assert_eq!(stray(values, Release::LATEST), []);
}

#[test]
fn a_field_of_a_newer_release_says_which_have_it() {
    let text = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g}\n\
        spec: {gatewayClassName: istio-waypoint, defaultScope: All, listeners: []}\n";
    let reading = read(text);
    let told: Vec<_> = reading.stray_fields(Release::V1_18, Validation::Strict).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(
        told[0].message,
        "Istio 1.18 does not know this field, which is in 1.29 and later: its API server drops it"
    );
    assert!(told[0].help.is_some());
}

#[test]
fn every_value_of_a_wrong_type_is_told() {
    let text = "apiVersion: v1\nkind: Service\nmetadata:\n  name: cart\n  labels: {a: 7}\nspec:\n  clusterIP: [10.0.0.1]\n  \
                ports:\n  - port: '80'\n    name: 80\n  - port: 81\n  clusterIPss: []\n";
    let reading = read(text);
    let told: Vec<_> = told(&reading).into_iter().map(|(code, _, field, line)| (code, field, line)).collect();
    let wrong = |field: &str, line| (Code::WrongType, field.to_owned(), line);
    assert_eq!(
        told,
        [
            wrong("metadata.labels.a", 5),
            wrong("spec.clusterIP", 7),
            wrong("spec.ports[0].port", 9),
            wrong("spec.ports[0].name", 10),
        ]
    );
    assert!(reading.problems.iter().all(|problem| problem.object.as_ref().is_some_and(|o| o.name == "cart")));
    assert_eq!(names(&reading), Vec::<String>::new(), "it is left out");
    let unknown: Vec<_> =
        reading.stray_fields(Release::LATEST, Validation::Strict).map(|p| p.field).collect();
    assert_eq!(unknown, ["spec.clusterIPss"]);
}

#[test]
fn what_is_wrong_with_metadata_hides_nothing() {
    let reading = read(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: Cart, labels: {'a b': c}}\nspec: {nodeName: 7}\n---\n\
         apiVersion: v1\nkind: Pod\nmetadata: {name: 7, namespace: x_y}\nstatus: {podIP: 10}\n",
    );
    let told: Vec<_> = told(&reading).into_iter().map(|(code, _, field, _)| (code, field)).collect();
    assert_eq!(
        told,
        [
            (Code::InvalidName, "metadata.name".to_owned()),
            (Code::InvalidLabel, "metadata.labels[\"a b\"]".to_owned()),
            (Code::WrongType, "spec.nodeName".to_owned()),
            (Code::WrongType, "metadata.name".to_owned()),
            (Code::InvalidName, "metadata.namespace".to_owned()),
            (Code::WrongType, "status.podIP".to_owned()),
        ]
    );
}

#[test]
fn every_fault_of_a_template_is_told() {
    let reading = read(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {replicas: three, template: {spec: \
         {serviceAccountName: 7, containers: [{ports: [{containerPort: http}]}]}}}\n",
    );
    let told: Vec<_> = told(&reading).into_iter().map(|(_, _, field, _)| field).collect();
    assert_eq!(
        told,
        [
            "spec.replicas",
            "spec.template.spec.serviceAccountName",
            "spec.template.spec.containers[0].ports[0].containerPort",
        ]
    );
}

#[test]
fn an_object_full_of_faults_has_an_end() {
    let ports = vec!["{port: x}"; 1_000].join(", ");
    let reading =
        read(&format!("apiVersion: v1\nkind: Service\nmetadata: {{name: a}}\nspec: {{ports: [{ports}]}}\n"));
    assert_eq!(reading.problems.len(), 32);
}
