//! Corners of statuses that golden cases do not show.

use crate::limits::Limits;
use crate::options::Options;
use crate::problem::{Code, Severity};
use crate::release::Release;
use crate::snapshot::{Reading, Snapshot};
use crate::status::{Condition, Status, differences, statuses};
use crate::text::SourceFile;
use crate::translation;

const GATEWAY: &str = "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: g, namespace: a}
spec:
  gatewayClassName: istio
  listeners:
  - {name: one, port: 80, protocol: HTTP}
  - {name: two, port: 81, protocol: HTTP, hostname: two.example}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: a}
spec: {clusterIP: 10.0.0.1, ports: [{name: http, port: 80}]}
---
";

fn read(text: &str) -> Reading {
    Snapshot::read([SourceFile::new("s", text)], &Limits::DEFAULT)
}

fn of(text: &str, options: &Options) -> Vec<Status> {
    statuses(&translation::mesh(&read(text), options).0)
}

fn find<'s>(statuses: &'s [Status], kind: &str, name: &str) -> Option<&'s Status> {
    statuses.iter().find(|s| s.object.kind.name() == kind && s.object.name == name)
}

fn said(condition: &Condition) -> (&str, &str, &str) {
    (condition.status.as_str(), &condition.reason, &condition.message)
}

/// What the first parent of a route says of it.
fn accepted(parent: &str, hostnames: &str) -> (String, String, String) {
    let route = format!(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: r, namespace: a}}\n\
         spec: {{parentRefs: [{{name: g{parent}}}], hostnames: [{hostnames}], rules: [{{}}]}}\n"
    );
    let statuses = of(&[GATEWAY, &route].concat(), &Options::default());
    let route = find(&statuses, "HTTPRoute", "r");
    let condition = route.and_then(|status| status.parents.first()?.conditions.first()).map(said);
    let (status, reason, message) = condition.unwrap_or_default();
    (status.to_owned(), reason.to_owned(), message.to_owned())
}

#[test]
fn the_closest_of_several_listeners_speaks() {
    let told = |status: &str, reason: &str, message: &str| {
        (status.to_owned(), reason.to_owned(), message.to_owned())
    };
    assert_eq!(accepted("", ""), told("True", "Accepted", "Route was valid, bound to 2 parents"));
    assert_eq!(accepted(", port: 80", ""), told("True", "Accepted", "Route was valid"));
    assert_eq!(
        accepted(", sectionName: two", "one.example"),
        told("False", "NoMatchingListenerHostname", "no hostnames matched parent hostname \"two.example\"")
    );
    assert_eq!(
        accepted(", port: 82", ""),
        told("False", "NoMatchingParent", "port 82 not found; port 82 not found")
    );
}

#[test]
fn who_is_not_looked_at_waits() {
    let conditions = |text: &str, mesh: &str| {
        let mut options = Options::default();
        options.mesh_config = Some(SourceFile::new("mesh", mesh));
        let statuses = of(text, &options);
        let gateway = find(&statuses, "Gateway", "g");
        gateway.map(|status| status.conditions.iter().map(|c| c.reason.to_string()).collect::<Vec<_>>())
    };
    let waiting = Some(vec!["Pending".to_owned(), "Pending".to_owned()]);
    let other = GATEWAY.replace("gatewayClassName: istio", "gatewayClassName: other");
    assert_eq!(conditions(&other, "{}"), waiting);
    let canary = GATEWAY.replace("name: g, ", "name: g, labels: {istio.io/rev: canary}, ");
    assert_eq!(conditions(&canary, "{}"), waiting);
    assert_eq!(conditions(GATEWAY, "discoverySelectors: [{matchLabels: {seen: 'true'}}]"), waiting);
    let named = conditions(GATEWAY, "{}");
    assert_eq!(named.map(|reasons| reasons.len()), Some(3));
}

#[test]
fn older_releases_say_nothing_of_ambient_mode() {
    let text = [
        GATEWAY,
        "apiVersion: security.istio.io/v1beta1\nkind: AuthorizationPolicy\nmetadata: {name: p, namespace: a}\n",
    ]
    .concat();
    assert!(find(&of(&text, &Options::default()), "AuthorizationPolicy", "p").is_some());
    let old = of(&text, &Options::for_release(Release::V1_18));
    assert!(find(&old, "AuthorizationPolicy", "p").is_none());
    assert_eq!(find(&old, "Gateway", "g").map(|status| status.conditions.len()), Some(2));
}

#[test]
fn statuses_of_the_snapshot_are_compared() {
    let found = |condition: &str| {
        let status = format!("status: {{conditions: [{{type: Accepted, {condition}}}]}}\n---\n");
        let text = GATEWAY.replacen("---\n", &status, 1).replace("name: g, ", "name: g, generation: 3, ");
        let reading = read(&text);
        let problems = differences(&reading, &of(&text, &Options::default()));
        problems.into_iter().map(|p| (p.code, p.severity, p.field)).collect::<Vec<_>>()
    };
    let field = || "status.conditions[0]".to_owned();
    assert_eq!(found("status: 'True', reason: Accepted, message: Resource accepted"), []);
    assert_eq!(found("status: Unknown, reason: Pending, message: Waiting for controller"), []);
    assert_eq!(
        found("status: 'True', reason: Accepted, message: Fine"),
        [(Code::StatusDiffers, Severity::Note, field())]
    );
    assert_eq!(
        found("status: 'False', reason: Invalid, message: '', observedGeneration: 3"),
        [(Code::StatusDiffers, Severity::Warning, field())]
    );
    assert_eq!(
        found("status: 'False', reason: Invalid, message: '', observedGeneration: 2"),
        [(Code::StaleStatus, Severity::Warning, field())]
    );
}
