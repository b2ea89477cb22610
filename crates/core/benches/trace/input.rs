//! A Service with 50 routes and 20 policies, and requests that take every route and meet every policy.

use std::fmt::Write as _;

use waypoint_xds::trace::Request;

const ROUTES: usize = 50;
const POLICIES: usize = 20;

const HEAD: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio.io/dataplane-mode: ambient, istio.io/use-waypoint: waypoint}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: waypoint, namespace: shop}
spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}
status: {addresses: [{type: IPAddress, value: 10.96.0.9}]}
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {clusterIP: 10.96.0.1, selector: {app: cart}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: cart, namespace: shop}
spec: {host: cart, subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]}
";

/// The snapshot.
pub(crate) fn text() -> String {
    let mut out = HEAD.to_owned();
    for (number, version) in ["v1", "v1", "v2"].into_iter().enumerate() {
        let ip = format!("10.244.0.{}", number + 1);
        // Writing to a string cannot fail.
        let _ = write!(
            out,
            "---
apiVersion: v1
kind: Pod
metadata:
  name: cart-{number}
  namespace: shop
  labels: {{app: cart, version: {version}}}
  annotations: {{ambient.istio.io/redirection: enabled}}
spec: {{serviceAccountName: cart, nodeName: node, containers: [{{name: main, image: cart}}]}}
status: {{phase: Running, podIP: {ip}, podIPs: [{{ip: {ip}}}], conditions: [{{type: Ready, status: \"True\"}}]}}
"
        );
    }
    out.push_str("---\napiVersion: networking.istio.io/v1\nkind: VirtualService\n");
    out.push_str("metadata: {name: cart, namespace: shop}\nspec:\n  hosts: [cart]\n  http:\n");
    (0..ROUTES).for_each(|number| route(&mut out, number));
    (0..POLICIES).for_each(|number| policy(&mut out, number));
    out
}

/// A route by a prefix, an exact path, a regular expression, a header or a parameter, in turn.
fn route(out: &mut String, number: usize) {
    let matched = match number % 5 {
        0 => format!("uri: {{prefix: /area-{number}/}}, method: {{exact: GET}}"),
        1 => format!("uri: {{exact: /page-{number}}}"),
        2 => format!("uri: {{regex: \"/item-{number}/[0-9]+\"}}"),
        3 => format!("uri: {{prefix: /api}}, headers: {{x-kind: {{exact: kind-{number}}}}}"),
        _ => format!("uri: {{prefix: /find}}, queryParams: {{kind: {{exact: \"{number}\"}}}}"),
    };
    let _ = writeln!(
        out,
        "  - match: [{{{matched}}}]
    route:
    - {{destination: {{host: cart, subset: v1}}, weight: 90}}
    - {{destination: {{host: cart, subset: v2}}, weight: 10}}"
    );
}

/// Every fifth policy denies; the others allow what clients of a namespace, or one of them, do.
fn policy(out: &mut String, number: usize) {
    let (action, rules) = match number % 5 {
        0 => (
            "DENY",
            format!("- to: [{{operation: {{paths: [/area-{number}/secret*, \"*/private-{number}\"]}}}}]"),
        ),
        1 => (
            "ALLOW",
            format!(
                "- from: [{{source: {{namespaces: [team-{number}]}}}}]\n    to: [{{operation: {{methods: [GET, HEAD]}}}}]"
            ),
        ),
        2 => (
            "ALLOW",
            format!("- from: [{{source: {{principals: [cluster.local/ns/web/sa/client-{number}]}}}}]"),
        ),
        3 => (
            "ALLOW",
            format!(
                "- to: [{{operation: {{paths: [/page-{number}], methods: [POST]}}}}]\n    when: [{{key: \"request.headers[x-kind]\", values: [kind-{number}]}}]"
            ),
        ),
        _ => (
            "ALLOW",
            format!(
                "- from: [{{source: {{principals: [cluster.local/ns/team-{number}/*]}}}}]\n    to: [{{operation: {{notPaths: [/area-{number}*]}}}}]"
            ),
        ),
    };
    let _ = write!(
        out,
        "---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {{name: policy-{number:02}, namespace: shop}}
spec:
  targetRefs: [{{kind: Service, group: \"\", name: cart}}]
  action: {action}
  rules:
  {rules}
"
    );
}

/// A request for each route, each by another client.
pub(crate) fn requests() -> Vec<Request> {
    (0..ROUTES).map(request).collect()
}

fn request(number: usize) -> Request {
    let source = match number % 4 {
        0 => format!("sa/client-{}.web", number % POLICIES / 5 * 5 + 2),
        1 => format!("sa/any.team-{}", number % POLICIES / 5 * 5 + 1),
        2 => format!("sa/any.team-{}", number % POLICIES / 5 * 5 + 4),
        _ => "sa/client-17.web".to_owned(),
    };
    let destination = "cart.shop.svc.cluster.local:80".parse().expect("a destination");
    let mut request = Request::new(source.parse().expect("a source"), destination);
    request.path = match number % 5 {
        0 => format!("/area-{number}/index.html"),
        1 => format!("/page-{number}"),
        2 => format!("/item-{number}/4711"),
        3 => "/api/things".to_owned(),
        _ => format!("/find?kind={number}&more=1"),
    };
    for (name, value) in [("user-agent", "bench/1.0"), ("accept", "*/*"), ("x-request-id", "4711")] {
        request.headers.push((name.to_owned(), value.to_owned()));
    }
    request.headers.push(("x-kind".to_owned(), format!("kind-{number}")));
    request
}
