//! References to what is not there: no object is refused for one, but it does not do what its author means.
//!
//! | module | looks at |
//! |---|---|
//! | `destinations` | hosts and subsets that VirtualServices send requests to |
//! | `endpoints` | v1 Endpoints that stand for EndpointSlices |
//! | `targets` | what policies are for: `targetRefs` |
//!
//! Others are found where they are looked up: delegates by [`virtual_service`](super::virtual_service),
//! parents and backends of routes by [`gateway_route`](super::gateway_route), waypoints by
//! [`waypoint`](super::waypoint).
//!
//! Everything here is about the snapshot alone: a snapshot of a part of a cluster has more such references.

mod destinations;
mod endpoints;
mod targets;

use crate::features::Features;
use crate::problem::Problem;
use crate::rules::{PolicyAttachment, Rules};
use crate::snapshot::Snapshot;

use super::{Services, Waypoint};

/// What references are looked up in.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) rules: &'static Rules,
    pub(super) features: &'a Features,
    pub(super) services: &'a Services,
    pub(super) waypoints: &'a [Waypoint],
    pub(super) root_namespace: &'a str,
}

/// Every reference that leads nowhere.
pub(super) fn problems(known: Known<'_>) -> Vec<Problem> {
    let mut problems = destinations::problems(known);
    problems.extend(endpoints::problems(known));
    if known.rules.policies.attachment == PolicyAttachment::TargetRefs {
        problems.extend(targets::problems(known));
    }
    problems
}

#[cfg(test)]
mod tests {
    use crate::admission::admit;
    use crate::limits::Limits;
    use crate::mesh::Mesh;
    use crate::options::Options;
    use crate::problem::{Code, Severity};
    use crate::snapshot::Snapshot;
    use crate::text::SourceFile;

    const MESH: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: a, labels: {istio.io/use-waypoint: waypoint}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: waypoint, namespace: a}
spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: a}
spec: {clusterIP: 10.0.0.1, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: alone, namespace: a, labels: {istio.io/use-waypoint: none}}
spec: {clusterIP: 10.0.0.2, ports: [{name: http, port: 80}]}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: outside, namespace: a}
spec: {hosts: ['*.example.com'], ports: [{number: 443, name: https, protocol: TLS}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: web, namespace: a}
spec: {host: web, subsets: [{name: v1, labels: {version: v1}}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: child, namespace: a}
spec: {http: [{route: [{destination: {host: web}}]}]}
---
";

    /// The codes and fields of the warnings about objects beside those of [`MESH`].
    fn found(object: &str) -> Vec<(Code, String)> {
        let text = [MESH, object].concat();
        let snapshot = Snapshot::read([SourceFile::new("s", text)], &Limits::DEFAULT).snapshot;
        let mesh = Mesh::new(admit(snapshot, &Options::default()), Options::default());
        let warnings = mesh.problems.into_iter().filter(|problem| problem.severity != Severity::Note);
        warnings.map(|problem| (problem.code, problem.field)).collect()
    }

    fn route(rule: &str) -> Vec<(Code, String)> {
        found(&format!(
            "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: v, namespace: a}}\n\
             spec: {{hosts: [web], http: [{rule}]}}\n"
        ))
    }

    fn policy(namespace: &str, target: &str) -> Vec<(Code, String)> {
        found(&format!(
            "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n\
             metadata: {{name: p, namespace: {namespace}}}\nspec: {{targetRefs: [{{{target}}}]}}\n"
        ))
    }

    #[test]
    fn what_is_there_is_no_problem() {
        for rule in [
            "{route: [{destination: {host: web, subset: v1}}, {destination: {host: alone}, weight: 1}]}",
            "{route: [{destination: {host: api.example.com}}], mirror: {host: web.a.svc.cluster.local}}",
            "{delegate: {name: child}}",
        ] {
            assert_eq!(route(rule), [], "{rule}");
        }
        for target in [
            "kind: Service, name: web",
            "group: networking.istio.io, kind: ServiceEntry, name: outside",
            "group: gateway.networking.k8s.io, kind: Gateway, name: waypoint",
        ] {
            assert_eq!(policy("a", target), [], "{target}");
        }
        let class = "group: gateway.networking.k8s.io, kind: GatewayClass, name: istio-waypoint";
        assert_eq!(policy("istio-system", class), []);
    }

    #[test]
    fn routes_to_nowhere_are_told() {
        for (rule, code, field) in [
            (
                "{route: [{destination: {host: nobody}}]}",
                Code::UnknownDestination,
                "spec.http[0].route[0].destination.host",
            ),
            (
                "{route: [{destination: {host: web}}], mirror: {host: nobody}}",
                Code::UnknownDestination,
                "spec.http[0].mirror.host",
            ),
            (
                "{route: [{destination: {host: web, subset: v2}}]}",
                Code::UnknownSubset,
                "spec.http[0].route[0].destination.subset",
            ),
            ("{delegate: {name: nobody}}", Code::MissingDelegate, "spec.http[0].delegate"),
            ("{delegate: {name: child, namespace: b}}", Code::MissingDelegate, "spec.http[0].delegate"),
        ] {
            assert_eq!(route(rule), [(code, field.to_owned())], "{rule}");
        }
    }

    #[test]
    fn policies_for_nothing_are_told() {
        for (namespace, target, code) in [
            ("a", "kind: Service, name: nobody", Code::TargetNotFound),
            ("b", "kind: Service, name: web", Code::TargetNotFound),
            ("a", "kind: Service, name: alone", Code::TargetWithoutWaypoint),
            ("a", "group: gateway.networking.k8s.io, kind: Gateway, name: w", Code::TargetNotFound),
            (
                "a",
                "group: gateway.networking.k8s.io, kind: GatewayClass, name: istio-waypoint",
                Code::TargetNotFound,
            ),
        ] {
            assert_eq!(policy(namespace, target), [(code, "spec.targetRefs[0]".to_owned())], "{target}");
        }
    }

    #[test]
    fn targets_that_are_not_there_name_what_is() {
        let help = |target: &str, namespace: &str| {
            let text = format!(
                "{MESH}apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n\
                 metadata: {{name: p, namespace: {namespace}}}\nspec: {{targetRefs: [{{{target}}}]}}\n"
            );
            let snapshot = Snapshot::read([SourceFile::new("s", text)], &Limits::DEFAULT).snapshot;
            let mesh = Mesh::new(admit(snapshot, &Options::default()), Options::default());
            let mut found = mesh.problems.into_iter().filter(|problem| problem.code == Code::TargetNotFound);
            found.next().and_then(|problem| problem.help).unwrap()
        };
        let gateway = "group: gateway.networking.k8s.io, kind: Gateway";
        for (target, namespace, expected) in [
            ("kind: Service, name: wbe", "a", "did you mean `web`?"),
            ("kind: Service, name: reviews", "a", "namespace `a` has Service `alone`, `web`"),
            (
                "kind: Service, name: web",
                "b",
                "Service `a/web` is in another namespace: a policy is for targets in its own",
            ),
            (
                "kind: Service, name: reviews",
                "b",
                "add it, or remove the target: namespace `b` has no Service",
            ),
            (&format!("{gateway}, name: waypiont"), "a", "did you mean `waypoint`?"),
            (&format!("{gateway}, name: other"), "a", "namespace `a` has Gateway `waypoint`"),
            ("group: networking.istio.io, kind: ServiceEntry, name: outsid", "a", "did you mean `outside`?"),
        ] {
            assert_eq!(help(target, namespace), expected, "{target}");
        }
    }
}
