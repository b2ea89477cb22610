//! Matches of VirtualServices.

use super::problem;
use crate::Str;
use crate::lint::{Context, ports, scope};
use crate::mesh::Service;
use crate::mesh::virtual_service::MESH_GATEWAY;
use crate::problem::Problem;
use crate::snapshot::networking::VirtualService;
use crate::snapshot::networking::virtual_service::{HttpMatchRequest, L4MatchAttributes, TlsMatchAttributes};
use crate::snapshot::{Labels, Object, ObjectRef};

/// The conditions of a VirtualService that routes Services at their waypoints.
pub(super) struct Conditions<'a, 'm> {
    cx: &'a Context<'m>,
    object: &'a Object<VirtualService>,
    name: ObjectRef,
    /// The Services that it routes.
    services: Vec<&'a Service>,
    /// The namespaces of their waypoints.
    namespaces: Vec<&'a Str>,
    /// Whether it may be for gateways, too: a delegate, or one that names some.
    for_gateways: bool,
}

impl<'a, 'm> Conditions<'a, 'm> {
    pub(super) fn new(cx: &'a Context<'m>, object: &'a Object<VirtualService>) -> Self {
        let name = object.object_ref();
        let spec = &object.spec;
        Self {
            services: cx.routing().of(&name).map(|routed| routed.service).collect(),
            namespaces: cx.routing().of(&name).map(|routed| &routed.waypoint.name.namespace).collect(),
            for_gateways: spec.hosts.is_empty() || scope::is_for_gateways(object),
            name,
            cx,
            object,
        }
    }

    pub(super) fn check(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        let spec = &self.object.spec;
        for (i, rule) in spec.http.iter().enumerate() {
            for (j, request) in rule.matches.iter().enumerate() {
                found.extend(self.http(request, &format!("spec.http[{i}].match[{j}]")));
            }
        }
        if !self.cx.mesh.rules.listeners.tcp_routing {
            return found;
        }
        for (i, rule) in spec.tls.iter().enumerate() {
            for (j, m) in rule.matches.iter().enumerate() {
                found.extend(self.tls(m, &format!("spec.tls[{i}].match[{j}]")));
            }
        }
        for (i, rule) in spec.tcp.iter().enumerate() {
            for (j, m) in rule.matches.iter().enumerate() {
                found.extend(self.tcp(m, &format!("spec.tcp[{i}].match[{j}]")));
            }
        }
        found
    }

    fn problem(&self, field: String, message: impl Into<String>) -> Problem {
        problem(&self.name, field, message)
    }

    fn http(&self, request: &HttpMatchRequest, at: &str) -> Vec<Problem> {
        let looked_at = self.cx.mesh.rules.routes.match_callers;
        let caller = if looked_at {
            self.labels(&request.source_labels, at)
                .or_else(|| self.gateways(&request.gateways, at))
                .or_else(|| self.namespace(&request.source_namespace, &request.gateways, at))
        } else {
            self.callers_of_everyone(request, at)
        };
        caller.into_iter().chain(self.port(request.port, at)).collect()
    }

    fn labels(&self, labels: &Labels, at: &str) -> Option<Problem> {
        (!labels.is_empty()).then(|| {
            self.problem(
                format!("{at}.sourceLabels"),
                "a waypoint does not know the labels of a client: it leaves out this match, and nothing takes the route by it",
            )
            .help("match something in the request, such as a header, or restrict clients by an AuthorizationPolicy")
        })
    }

    /// A match for gateways only. Where the VirtualService is for those gateways, it is meant so.
    fn gateways(&self, gateways: &[Str], at: &str) -> Option<Problem> {
        if gateways.is_empty() || gateways.iter().any(|name| name == MESH_GATEWAY) || self.for_gateways {
            return None;
        }
        let message = format!(
            "the match is for gateways that the VirtualService is not for, and not for `{MESH_GATEWAY}`: no \
             request at a waypoint takes the route by it"
        );
        Some(
            self.problem(format!("{at}.gateways"), message)
                .help(format!("write `{MESH_GATEWAY}`, or leave `gateways` out")),
        )
    }

    /// HTTP matches compare a client's namespace with the waypoint's.
    fn namespace(&self, namespace: &Str, gateways: &[Str], at: &str) -> Option<Problem> {
        if namespace.is_empty() || !gateways.is_empty() {
            return None;
        }
        let own = self.namespaces.iter().find(|own| **own == namespace);
        let message = match (own, self.namespaces.first()) {
            (Some(own), _) => format!(
                "a waypoint compares `sourceNamespace` with its own namespace, `{own}`, not with the \
                 client's: the match holds for clients of every namespace"
            ),
            (None, Some(own)) => format!(
                "a waypoint compares `sourceNamespace` with its own namespace, `{own}`, not with the \
                 client's: no request takes the route by this match"
            ),
            (None, None) => return None,
        };
        Some(self.problem(format!("{at}.sourceNamespace"), message).help(
            "match something in the request, such as a header, or restrict clients by an AuthorizationPolicy",
        ))
    }

    /// Releases that do not look at callers take the route for all of them.
    fn callers_of_everyone(&self, request: &HttpMatchRequest, at: &str) -> Option<Problem> {
        let field = if !request.source_labels.is_empty() {
            "sourceLabels"
        } else if !request.source_namespace.is_empty() {
            "sourceNamespace"
        } else if !request.gateways.is_empty() && !request.gateways.iter().any(|name| name == MESH_GATEWAY) {
            "gateways"
        } else {
            return None;
        };
        let release = self.cx.mesh.rules.release;
        let message = format!(
            "a waypoint of release {release} does not look at `{field}`: the match holds for every client"
        );
        Some(
            self.problem(format!("{at}.{field}"), message)
                .help("match something in the request, such as a header"),
        )
    }

    /// A port that none of the Services has. Gateways have other ones.
    fn port(&self, port: u32, at: &str) -> Option<Problem> {
        let service = self.services.first()?;
        if port == 0 || self.for_gateways || self.services.iter().any(|s| s.port(port).is_some()) {
            return None;
        }
        let object = service.source.object();
        let what = ports::what_it_is(service, port);
        let message = format!("{object} has no port {port}{what}: nothing takes the route by this match");
        Some(self.problem(format!("{at}.port"), message).help(ports::help(service, port)).related_object(
            object,
            "spec.ports",
            format!("it has {}", ports::list(service)),
        ))
    }

    fn tls(&self, m: &TlsMatchAttributes, at: &str) -> Vec<Problem> {
        let mut found: Vec<Problem> = self.caller(&m.source_labels, &m.source_namespace, &m.gateways, at);
        found.extend(self.sni(&m.sni_hosts, at));
        found.extend(self.addresses("destinationSubnets", !m.destination_subnets.is_empty(), at));
        found.extend(self.port(m.port, at));
        found
    }

    fn tcp(&self, m: &L4MatchAttributes, at: &str) -> Vec<Problem> {
        let mut found: Vec<Problem> = self.caller(&m.source_labels, &m.source_namespace, &m.gateways, at);
        found.extend(self.addresses("destinationSubnets", !m.destination_subnets.is_empty(), at));
        found.extend(self.addresses("sourceSubnet", !m.source_subnet.is_empty(), at));
        found.extend(self.port(m.port, at));
        found
    }

    /// What a match of connections asks of the client: nothing is known of it.
    fn caller(&self, labels: &Labels, namespace: &Str, gateways: &[Str], at: &str) -> Vec<Problem> {
        let of_namespace = (!namespace.is_empty()).then(|| {
            self.problem(
                format!("{at}.sourceNamespace"),
                "a waypoint does not compare the client's namespace: no connection takes the route by this match",
            )
            .help("restrict clients by an AuthorizationPolicy")
        });
        let of_client = self.labels(labels, at).or(of_namespace);
        of_client.or_else(|| self.gateways(gateways, at)).into_iter().collect()
    }

    /// The name that a client asks for in TLS is not looked at.
    fn sni(&self, sni_hosts: &[Str], at: &str) -> Option<Problem> {
        let is_own = |service: &&Service| matches!(sni_hosts, [only] if *only == service.hostname);
        if self.for_gateways || self.services.iter().any(is_own) {
            return None;
        }
        let service = self.services.first()?;
        let message = format!(
            "a waypoint does not look at the name that a client asks for: a match counts only if it has the \
             Service's own host, `{}`, and no other name",
            service.hostname
        );
        let problem = self.problem(format!("{at}.sniHosts"), message);
        Some(problem.help(format!("write `{}` only", service.hostname)))
    }

    fn addresses(&self, field: &str, is_set: bool, at: &str) -> Option<Problem> {
        is_set.then(|| {
            let message = format!("a waypoint does not look at `{field}`: the match holds for every address");
            self.problem(format!("{at}.{field}"), message).help("match by port, or leave it out")
        })
    }
}
