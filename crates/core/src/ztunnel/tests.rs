use envoy::istio::security::Authorization;
use envoy::istio::workload::{Service, Workload};

use super::{ZtunnelResources, generate};
use crate::admission::admit;
use crate::limits::Limits;
use crate::mesh::Mesh;
use crate::options::Options;
use crate::release::Release;
use crate::snapshot::Snapshot;
use crate::text::SourceFile;

fn made(options: Options, text: &str) -> ZtunnelResources {
    let reading = Snapshot::read([SourceFile::new("test", text)], &Limits::DEFAULT);
    generate(&Mesh::new(admit(reading.snapshot, &options), options)).unwrap()
}

fn of(text: &str) -> ZtunnelResources {
    made(Options::for_release(Release::V1_31), text)
}

fn workload<'r>(resources: &'r ZtunnelResources, name: &str) -> &'r Workload {
    resources.workloads.iter().map(|r| &r.message).find(|w| w.name == name).unwrap()
}

fn service<'r>(resources: &'r ZtunnelResources, namespace: &str) -> &'r Service {
    resources.services.iter().map(|r| &r.message).find(|s| s.namespace == namespace).unwrap()
}

fn policy_names(resources: &ZtunnelResources) -> Vec<&str> {
    resources.policies.iter().map(|r| &r.message).map(|p: &Authorization| p.name.as_str()).collect()
}

fn pod(name: &str, labels: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: shop, labels: {{{labels}}}}}\n\
         spec: {{serviceAccountName: {name}, containers: [{{name: c}}]}}\nstatus: {{podIP: 10.1.0.1}}\n---\n"
    )
}

fn peer_authentication(namespace: &str, name: &str, spec: &str) -> String {
    format!(
        "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\n\
         metadata: {{name: {name}, namespace: {namespace}}}\nspec: {{{spec}}}\n---\n"
    )
}

#[test]
fn nothing_is_known_of_1_18() {
    let options = Options::for_release(Release::V1_18);
    let mesh = Mesh::new(admit(Snapshot::default(), &options), options);
    let error = generate(&mesh).unwrap_err().to_string();
    assert!(error.contains("not known for Istio 1.18"), "{error}");
}

#[test]
fn the_mode_of_a_workload_names_its_policies() {
    const STRICT: &str = "istio-system/istio_converted_static_strict";
    const OWN: &str = "shop/converted_peer_authentication_own";
    let names = |mesh: &str, own: &str| {
        let own = format!("selector: {{matchLabels: {{app: a}}}}, {own}");
        let text = pod("a", "app: a")
            + &peer_authentication("istio-system", "mesh", mesh)
            + &peer_authentication("shop", "own", &own);
        workload(&of(&text), "a").authorization_policies.clone()
    };
    let strict = "mtls: {mode: STRICT}";
    let lax = "mtls: {mode: PERMISSIVE}";
    assert_eq!(names(strict, ""), [STRICT]);
    assert_eq!(names(strict, lax), [""; 0]);
    assert_eq!(names(lax, strict), [STRICT]);
    assert_eq!(names(strict, "portLevelMtls: {80: {mode: PERMISSIVE}}"), [OWN]);
    assert_eq!(names(strict, "portLevelMtls: {80: {mode: DISABLE}}"), [STRICT]);
    assert_eq!(names(strict, "mtls: {mode: STRICT}, portLevelMtls: {80: {mode: DISABLE}}"), [OWN]);
    assert_eq!(names(lax, "portLevelMtls: {80: {mode: STRICT}}"), [OWN]);
    assert_eq!(names(lax, "portLevelMtls: {80: {mode: PERMISSIVE}}"), [""; 0]);
}

#[test]
fn what_has_no_labels_is_selected_by_every_policy() {
    let text = pod("bare", "").replace(", labels: {}", "")
        + &pod("other", "app: other")
        + "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: p, namespace: shop}\n\
           spec: {selector: {matchLabels: {app: a}}, rules: [{}]}\n";
    let resources = of(&text);
    assert_eq!(workload(&resources, "bare").authorization_policies, ["shop/p"]);
    assert!(workload(&resources, "other").authorization_policies.is_empty());
}

#[test]
fn one_service_of_a_hostname_is_canonical() {
    let entry = |namespace: &str, day: u8| {
        format!(
            "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n\
             metadata: {{name: e, namespace: {namespace}, creationTimestamp: '2024-01-0{day}T00:00:00Z'}}\n\
             spec: {{hosts: [h.example], ports: [{{number: 80, name: http, protocol: HTTP}}], resolution: DNS}}\n---\n"
        )
    };
    let resources = of(&(entry("young", 2) + &entry("old", 1)));
    assert!(service(&resources, "old").canonical);
    assert!(!service(&resources, "young").canonical);
}

#[test]
fn flags_let_waypoints_through_and_policies_be_tried() {
    let text = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {istio.io/use-waypoint: gate}}\n---\n\
        apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\n\
        metadata: {name: gate, namespace: shop, labels: {istio.io/waypoint-for: all}}\n\
        spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}\n---\n\
        apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n\
        metadata: {name: tried, namespace: shop, annotations: {istio.io/dry-run: 'true'}}\nspec: {rules: [{}]}\n---\n"
        .to_owned()
        + &pod("a", "app: a");
    assert!(policy_names(&of(&text)).is_empty());
    let mut options = Options::for_release(Release::V1_31);
    options.features.set("PILOT_AUTO_ALLOW_WAYPOINT_POLICY", "true").unwrap();
    options.features.set("AMBIENT_ENABLE_DRY_RUN_AUTHORIZATION_POLICY", "true").unwrap();
    let resources = made(options, &text);
    assert_eq!(policy_names(&resources), ["istio_allow_waypoint_shop_gate", "tried"]);
    assert_eq!(workload(&resources, "a").authorization_policies, ["shop/istio_allow_waypoint_shop_gate"]);
}

#[test]
fn origins_name_the_label_that_chose_the_waypoint() {
    let text = "apiVersion: v1\nkind: Service\n\
        metadata: {name: s, namespace: shop, labels: {istio.io/use-waypoint: gate}}\n\
        spec: {clusterIP: 10.96.0.1, ports: [{name: http, port: 80}]}\n---\n\
        apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: gate, namespace: shop}\n\
        spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}\n";
    let resources = of(text);
    let origins = &resources.services.first().unwrap().origins;
    let causes: Vec<String> =
        origins.iter().flat_map(|o| &o.causes).map(|c| format!("{} {}", c.object, c.field)).collect();
    let label = r#"Service shop/s metadata.labels["istio.io/use-waypoint"]"#;
    assert_eq!(causes, ["Service shop/s ", label, "Gateway shop/gate "]);
}
