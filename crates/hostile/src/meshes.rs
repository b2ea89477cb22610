//! Objects of which there are many, or that have much of something. The size is how many.

use std::fmt::Write as _;

/// A namespace with a waypoint, a Service that uses it, and two of its pods.
const SHOP: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio.io/dataplane-mode: ambient, istio.io/use-waypoint: waypoint}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: waypoint, namespace: shop, labels: {istio.io/waypoint-for: all}}
spec:
  gatewayClassName: istio-waypoint
  listeners: [{name: mesh, port: 15008, protocol: HBONE}]
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {clusterIP: 10.96.0.1, selector: {app: cart}, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: cart-1, namespace: shop, labels: {app: cart}}
spec: {serviceAccountName: cart, nodeName: node-1, containers: [{name: c, image: i}]}
status: {phase: Running, podIP: 10.244.0.1, podIPs: [{ip: 10.244.0.1}], conditions: [{type: Ready, status: \"True\"}]}
---
";

/// The shop, and something several times, each time with its number.
fn shop(size: usize, one: impl Fn(usize) -> String) -> String {
    std::iter::once(SHOP.to_owned()).chain((0..size).map(one)).collect()
}

/// The shop, and an object with a list or mapping that goes on as often as the size says.
fn long(size: usize, head: &str, item: impl Fn(usize) -> String) -> String {
    std::iter::once(format!("{SHOP}{head}")).chain((0..size).map(item)).collect()
}

/// An object, as a document of its own.
fn object(api: &str, kind: &str, name: &str, rest: &str) -> String {
    format!("apiVersion: {api}\nkind: {kind}\nmetadata: {{name: {name}, namespace: shop}}\n{rest}\n---\n")
}

/// An address of 10.0.0.0/8, another for each number.
fn address(number: usize) -> String {
    let number = number % (1 << 22);
    format!("10.{}.{}.{}", 128 + (number >> 16), number >> 8 & 255, number & 255)
}

const NETWORKING: &str = "networking.istio.io/v1";
const SECURITY: &str = "security.istio.io/v1";

pub(crate) fn same_object(size: usize) -> String {
    shop(size, |at| {
        object("v1", "Service", "same", &format!("spec: {{ports: [{{port: {}}}]}}", at % 1000 + 1))
    })
}

pub(crate) fn unknown_kinds(size: usize) -> String {
    shop(size, |at| object(&format!("cats/v{at}"), "Cat", "tom", "spec: {}"))
}

pub(crate) fn unknown_fields(size: usize) -> String {
    long(size, "apiVersion: v1\nkind: Service\nmetadata: {name: wide}\nspec:\n", |at| {
        format!("  field{at}: 1\n")
    })
}

/// Objects of which each has something wrong, and of which lint would have something to say.
pub(crate) fn wrong_objects(size: usize) -> String {
    shop(size, |at| {
        object(SECURITY, "AuthorizationPolicy", &format!("p{at}"), "spec: {action: LET, rules: 7}")
    })
}

pub(crate) fn labels(size: usize) -> String {
    let pod =
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: wide\n  namespace: shop\n  labels:\n    app: cart\n";
    long(size, pod, |at| format!("    l{at}: v\n"))
}

pub(crate) fn hosts(size: usize) -> String {
    let head = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: wide, namespace: shop}\nspec:\n  http: [{route: [{destination: {host: cart}}]}]\n  hosts:\n";
    long(size, head, |at| format!("  - h{at}.example\n"))
}

const ROUTES: &str = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: wide, namespace: shop}\nspec:\n  hosts: [cart]\n  http:\n";

pub(crate) fn http_routes(size: usize) -> String {
    long(size, ROUTES, |at| {
        format!("  - match: [{{uri: {{exact: /p{at}}}}}]\n    route: [{{destination: {{host: cart}}}}]\n")
    })
}

pub(crate) fn matches(size: usize) -> String {
    let head = format!("{ROUTES}  - route: [{{destination: {{host: cart}}}}]\n    match:\n");
    long(size, &head, |at| format!("    - uri: {{prefix: /p{at}}}\n"))
}

/// VirtualServices that all are for one host.
pub(crate) fn virtual_services(size: usize) -> String {
    shop(size, |at| {
        let rest = "spec: {hosts: [cart], http: [{route: [{destination: {host: cart}}]}]}";
        object(NETWORKING, "VirtualService", &format!("v{at}"), rest)
    })
}

/// A VirtualService that has many delegates.
pub(crate) fn delegates(size: usize) -> String {
    let mut text = shop(size, |at| {
        let rest = format!(
            "spec: {{http: [{{match: [{{uri: {{prefix: /p{at}/a}}}}], route: [{{destination: {{host: cart}}}}]}}]}}"
        );
        object(NETWORKING, "VirtualService", &format!("d{at}"), &rest)
    });
    text.push_str(ROUTES);
    for at in 0..size {
        let _ = writeln!(
            text,
            "  - match: [{{uri: {{prefix: /p{at}}}}}]\n    delegate: {{name: d{at}, namespace: shop}}"
        );
    }
    text
}

/// VirtualServices of which each delegates to the next one, the last one to the first.
pub(crate) fn cyclic_delegates(size: usize) -> String {
    shop(size, |at| {
        let next = (at + 1) % size;
        let hosts = if at == 0 { "hosts: [cart], " } else { "" };
        let rest = format!(
            "spec: {{{hosts}http: [{{match: [{{uri: {{prefix: /a}}}}], delegate: {{name: v{next}, namespace: shop}}}}]}}"
        );
        object(NETWORKING, "VirtualService", &format!("v{at}"), &rest)
    })
}

/// HTTPRoutes that all are for one Service.
pub(crate) fn gateway_routes(size: usize) -> String {
    shop(size, |at| {
        let rest = format!(
            "spec: {{parentRefs: [{{kind: Service, group: \"\", name: cart, port: 80}}], rules: [{{matches: [{{path: {{type: Exact, value: /p{at}}}}}], backendRefs: [{{name: cart, port: 80}}]}}]}}"
        );
        object("gateway.networking.k8s.io/v1", "HTTPRoute", &format!("r{at}"), &rest)
    })
}

const POLICY: &str = "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: wide, namespace: shop}\nspec:\n  targetRefs: [{kind: Service, group: \"\", name: cart}]\n  rules:\n";

pub(crate) fn rules(size: usize) -> String {
    long(size, POLICY, |at| {
        format!(
            "  - from: [{{source: {{principals: [cluster.local/ns/shop/sa/a{at}]}}}}]\n    to: [{{operation: {{paths: [/p{at}]}}}}]\n"
        )
    })
}

/// One rule with many values.
pub(crate) fn values(size: usize) -> String {
    let head = format!("{POLICY}  - to:\n    - operation:\n        paths:\n");
    long(size, &head, |at| format!("        - /p{at}*\n"))
}

/// Policies that all are for one Service.
pub(crate) fn policies(size: usize) -> String {
    shop(size, |at| {
        let rest = format!(
            "spec: {{targetRefs: [{{kind: Service, group: \"\", name: cart}}], rules: [{{to: [{{operation: {{methods: [GET], ports: [\"80\"], paths: [/p{at}]}}}}]}}]}}"
        );
        object(SECURITY, "AuthorizationPolicy", &format!("p{at}"), &rest)
    })
}

/// Policies of which each lets another namespace in: what tells principals apart grows with them.
pub(crate) fn source_namespaces(size: usize) -> String {
    shop(size, |at| {
        let rest = format!(
            "spec: {{targetRefs: [{{kind: Service, group: \"\", name: cart}}], rules: [{{from: [{{source: {{namespaces: [n{at}]}}}}], to: [{{operation: {{methods: [GET]}}}}]}}]}}"
        );
        object(SECURITY, "AuthorizationPolicy", &format!("p{at}"), &rest)
    })
}

/// Hosts, of which all but the first part is a wildcard, and paths with a wildcard at each end, in one
/// policy.
pub(crate) fn wildcards(size: usize) -> String {
    long(size, POLICY, |at| {
        format!(
            "  - from: [{{source: {{principals: [\"*/sa/a{at}\"]}}}}]\n    to: [{{operation: {{hosts: [\"h{at}.*\"], paths: [\"*/p{at}\"]}}}}]\n"
        )
    })
}

pub(crate) fn request_authentications(size: usize) -> String {
    shop(size, |at| {
        let rest = format!(
            "spec: {{targetRefs: [{{kind: Service, group: \"\", name: cart}}], jwtRules: [{{issuer: i{at}, jwks: '{{\"keys\": []}}'}}]}}"
        );
        object(SECURITY, "RequestAuthentication", &format!("p{at}"), &rest)
    })
}

pub(crate) fn subsets(size: usize) -> String {
    let head = "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: wide, namespace: shop}\nspec:\n  host: cart\n  subsets:\n";
    long(size, head, |at| format!("  - {{name: s{at}, labels: {{app: v{at}}}}}\n"))
}

/// DestinationRules that all are for one host.
pub(crate) fn destination_rules(size: usize) -> String {
    shop(size, |at| {
        object(
            NETWORKING,
            "DestinationRule",
            &format!("d{at}"),
            &format!("spec: {{host: cart, subsets: [{{name: s{at}, labels: {{a: b}}}}]}}"),
        )
    })
}

pub(crate) fn services(size: usize) -> String {
    shop(size, |at| {
        let rest = format!(
            "spec: {{clusterIP: {}, selector: {{app: cart}}, ports: [{{name: http, port: 80}}]}}",
            address(at)
        );
        object("v1", "Service", &format!("s{at}"), &rest)
    })
}

pub(crate) fn ports(size: usize) -> String {
    let head = "apiVersion: v1\nkind: Service\nmetadata: {name: wide, namespace: shop}\nspec:\n  clusterIP: 10.96.7.7\n  selector: {app: cart}\n  ports:\n";
    long(size, head, |at| format!("  - {{name: p{at}, port: {}}}\n", at % 65_535 + 1))
}

pub(crate) fn namespaces(size: usize) -> String {
    shop(size, |at| {
        let labels = "labels: {istio.io/use-waypoint: waypoint, istio.io/use-waypoint-namespace: shop}";
        format!(
            "apiVersion: v1\nkind: Namespace\nmetadata: {{name: n{at}, {labels}}}\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: s, namespace: n{at}}}\nspec: {{clusterIP: {}, ports: [{{port: 80}}]}}\n---\n",
            address(at)
        )
    })
}

pub(crate) fn waypoints(size: usize) -> String {
    shop(size, |at| {
        let rest = "spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}";
        let service = format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: s{at}, namespace: shop, labels: {{istio.io/use-waypoint: w{at}}}}}\nspec: {{clusterIP: {}, ports: [{{port: 80}}]}}\n---\n",
            address(at)
        );
        object("gateway.networking.k8s.io/v1", "Gateway", &format!("w{at}"), rest) + &service
    })
}

/// Pods as `kubectl get --output json` lists them, in a thousand Services.
pub(crate) fn pods(size: usize) -> String {
    let pod = |at: usize| {
        let ip = address(at);
        serde_json::json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "creationTimestamp": "2024-01-01T00:00:00Z",
                "generateName": format!("app-{}-5d4f8c7b9-", at % 1000),
                "labels": {"app": format!("app-{}", at % 1000), "pod-template-hash": "5d4f8c7b9"},
                "annotations": {"kubectl.kubernetes.io/default-container": "app", "prometheus.io/scrape": "true"},
                "name": format!("app-{}-5d4f8c7b9-{at}", at % 1000),
                "namespace": "shop",
                "ownerReferences": [{"apiVersion": "apps/v1", "blockOwnerDeletion": true, "controller": true, "kind": "ReplicaSet", "name": format!("app-{}-5d4f8c7b9", at % 1000), "uid": "8a1f"}],
                "resourceVersion": "123456",
                "uid": format!("00000000-0000-0000-0000-{at:012}"),
            },
            "spec": {
                "containers": [{"name": "app", "image": "registry.example/app:1.2.3", "ports": [{"containerPort": 8080, "name": "http", "protocol": "TCP"}], "env": [{"name": "A", "value": "b"}, {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}], "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}}, "volumeMounts": [{"mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "name": "token", "readOnly": true}]}],
                "dnsPolicy": "ClusterFirst",
                "nodeName": format!("node-{}", at % 500),
                "serviceAccountName": format!("app-{}", at % 1000),
                "tolerations": [{"effect": "NoExecute", "key": "node.kubernetes.io/not-ready", "operator": "Exists", "tolerationSeconds": 300}],
                "volumes": [{"name": "token", "projected": {"defaultMode": 420, "sources": [{"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}}]}}],
            },
            "status": {
                "conditions": [{"lastProbeTime": null, "lastTransitionTime": "2024-01-01T00:00:00Z", "status": "True", "type": "Ready"}, {"lastProbeTime": null, "lastTransitionTime": "2024-01-01T00:00:00Z", "status": "True", "type": "PodScheduled"}],
                "containerStatuses": [{"containerID": "containerd://0", "image": "registry.example/app:1.2.3", "name": "app", "ready": true, "restartCount": 0, "started": true, "state": {"running": {"startedAt": "2024-01-01T00:00:00Z"}}}],
                "hostIP": "192.0.2.1",
                "phase": "Running",
                "podIP": &ip,
                "podIPs": [{"ip": &ip}],
                "startTime": "2024-01-01T00:00:00Z",
            },
        })
    };
    let services = size.min(1000);
    let mut text = shop(services, |at| {
        let rest = format!(
            "spec: {{clusterIP: 10.97.{}.{}, selector: {{app: app-{at}}}, ports: [{{name: http, port: 80, targetPort: 8080}}]}}",
            at >> 8,
            at & 255
        );
        object("v1", "Service", &format!("app-{at}"), &rest)
    });
    text.push_str("{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [");
    for at in 0..size {
        let _ = write!(text, "{}{:#}", if at == 0 { "" } else { "," }, pod(at));
    }
    text + "]}\n"
}

/// Endpoints of one Service, in slices of a hundred.
pub(crate) fn endpoints(size: usize) -> String {
    let slice = |at: usize| {
        let mut text = format!(
            "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {{name: cart-{at}, namespace: shop, labels: {{kubernetes.io/service-name: cart}}}}\naddressType: IPv4\nports: [{{name: http, port: 8080}}]\nendpoints:\n"
        );
        for number in at * 100..(at + 1) * 100 {
            let _ = writeln!(text, "- {{addresses: [{}], conditions: {{ready: true}}}}", address(number));
        }
        text + "---\n"
    };
    shop(size.div_ceil(100), slice)
}

const ENTRY: &str = "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: wide, namespace: shop}\nspec:\n  ports: [{number: 80, name: http, protocol: HTTP}]\n  resolution: STATIC\n";

pub(crate) fn entry_hosts(size: usize) -> String {
    long(size, &format!("{ENTRY}  hosts:\n"), |at| format!("  - h{at}.example\n"))
}

pub(crate) fn entry_endpoints(size: usize) -> String {
    long(size, &format!("{ENTRY}  hosts: [wide.example]\n  endpoints:\n"), |at| {
        format!("  - address: {}\n", address(at))
    })
}

pub(crate) fn workload_entries(size: usize) -> String {
    shop(size, |at| {
        object(
            NETWORKING,
            "WorkloadEntry",
            &format!("w{at}"),
            &format!("spec: {{address: {}, labels: {{app: cart}}}}", address(at)),
        )
    })
}

const PATCH: &str = "{applyTo: CLUSTER, patch: {operation: MERGE, value: {connect_timeout: 7s}}}";

pub(crate) fn envoy_filters(size: usize) -> String {
    shop(size, |at| {
        let rest = format!(
            "spec: {{targetRefs: [{{kind: Gateway, group: gateway.networking.k8s.io, name: waypoint}}], configPatches: [{PATCH}]}}"
        );
        object("networking.istio.io/v1alpha3", "EnvoyFilter", &format!("f{at}"), &rest)
    })
}

pub(crate) fn patches(size: usize) -> String {
    let head = "apiVersion: networking.istio.io/v1alpha3\nkind: EnvoyFilter\nmetadata: {name: wide, namespace: shop}\nspec:\n  targetRefs: [{kind: Gateway, group: gateway.networking.k8s.io, name: waypoint}]\n  configPatches:\n";
    long(size, head, |_| format!("  - {PATCH}\n"))
}

pub(crate) fn wasm_plugins(size: usize) -> String {
    shop(size, |at| {
        let rest = format!(
            "spec: {{targetRefs: [{{kind: Gateway, group: gateway.networking.k8s.io, name: waypoint}}], url: oci://a/{at}}}"
        );
        object("extensions.istio.io/v1alpha1", "WasmPlugin", &format!("w{at}"), &rest)
    })
}

pub(crate) fn telemetries(size: usize) -> String {
    shop(size, |at| {
        let rest = "spec: {accessLogging: [{providers: [{name: envoy}]}]}";
        object("telemetry.istio.io/v1", "Telemetry", &format!("t{at}"), rest)
    })
}

/// Regular expressions of which each takes long where it goes back, in as many routes as the size says.
pub(crate) fn expressions(size: usize) -> String {
    long(size, ROUTES, |_| {
        "  - match: [{uri: {regex: '/(a+)+(a|aa)+b'}}]\n    route: [{destination: {host: cart}}]\n".to_owned()
    })
}

/// One regular expression that is as long as the size says, or stands for so much.
pub(crate) fn large_expression(size: usize) -> String {
    let expression = format!("/({})", "a{1,9}|".repeat(size / 7));
    long(1, ROUTES, |_| {
        format!(
            "  - match: [{{uri: {{regex: '{expression}'}}}}, {{uri: {{regex: '((a{{1000}}){{1000}}){{1000}}'}}}}]\n    route: [{{destination: {{host: cart}}}}]\n"
        )
    })
}
