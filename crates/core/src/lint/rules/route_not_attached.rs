//! `route-not-attached`: parents of Gateway API routes for which the route does nothing at a waypoint.

use crate::lint::gateway_routes::{self, GatewayRoute};
use crate::lint::{Context, Rule, ports};
use crate::mesh::Service;
use crate::mesh::waypoint::DataPlane;
use crate::problem::{Change, Code, Fix, Problem};
use crate::rules::RoutesPerHost;
use crate::snapshot::gateway_api::route::ParentReference;
use crate::snapshot::{self, Kind, ObjectRef};
use crate::well_known::{GATEWAY_GROUP, ISTIO_GROUP};

pub(super) const RULE: Rule = Rule::new(Code::RouteNotAttached, include_str!("route_not_attached.md"), check);

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let mut found = Vec::new();
    for route in gateway_routes::all(cx.snapshot) {
        for (i, reference) in route.parents.iter().enumerate() {
            let at = Place { cx, route: &route, reference, field: format!("spec.parentRefs[{i}]") };
            found.extend(match gateway_routes::parent(cx.mesh.rules, reference, &route.object.namespace) {
                Some(parent) if parent.kind == Kind::Gateway => at.gateway(&parent),
                Some(parent) => at.service(&parent),
                None => at.other_group(),
            });
        }
    }
    found
}

/// A reference of a route to a parent.
struct Place<'a, 'm> {
    cx: &'a Context<'m>,
    route: &'a GatewayRoute<'m>,
    reference: &'a ParentReference,
    field: String,
}

impl Place<'_, '_> {
    fn problem(&self, field: &str, message: String) -> Problem {
        let path = if field.is_empty() { self.field.clone() } else { format!("{}.{field}", self.field) };
        Problem::new(Code::RouteNotAttached, message).on(self.route.object.clone()).field(path)
    }

    /// A Gateway: waypoints take no routes of their own.
    fn gateway(&self, parent: &ObjectRef) -> Option<Problem> {
        let waypoints = &self.cx.mesh.waypoints;
        let at = waypoints.binary_search_by(|waypoint| {
            (&waypoint.name.namespace, &waypoint.name.name).cmp(&(&parent.namespace, &parent.name))
        });
        match at.ok().and_then(|at| waypoints.get(at)) {
            Some(waypoint) if waypoint.data_plane == DataPlane::Envoy => Some(
                self.problem(
                    "name",
                    format!(
                        "the parent `{}` is a waypoint, which takes the routes of the Services that it \
                         serves and none of its own: the route does nothing there",
                        waypoint.name
                    ),
                )
                .help("name the Service as parent: `group: \"\"`, `kind: Service`, its name")
                .related_object(waypoint.gateway.object_ref(), "", "the waypoint"),
            ),
            Some(_) => None,
            None => self.service_without_kind(parent),
        }
    }

    /// A name that no Gateway has and a Service behind a waypoint does: the kind was left out.
    fn service_without_kind(&self, parent: &ObjectRef) -> Option<Problem> {
        if snapshot::find(&self.cx.snapshot.gateways, &parent.namespace, &parent.name).is_some() {
            return None;
        }
        let object = ObjectRef::new(Kind::Service, parent.namespace.clone(), parent.name.clone());
        self.cx.services_of(&object).find(|(id, _)| self.cx.waypoint_of(*id).is_some())?;
        let message = format!(
            "the parent is a Gateway `{}`, as no other kind is named, and there is none",
            parent.name
        );
        let problem = self.problem("name", message);
        Some(problem.help(format!("write `group: \"\"` and `kind: Service` if {object} is meant")))
    }

    /// A Service or ServiceEntry of the right group.
    fn service(&self, parent: &ObjectRef) -> Option<Problem> {
        let services: Vec<_> = self.cx.services_of(parent).collect();
        let (_, first) = *services.first()?;
        let rules = self.cx.mesh.rules;
        if parent.kind == Kind::ServiceEntry && !rules.gateway_api.checks_parents {
            let message = format!(
                "release {} knows no routes for a ServiceEntry: the route does nothing",
                rules.release
            );
            return Some(self.problem("kind", message).help("use a VirtualService for its host"));
        }
        self.other_namespace(parent).or_else(|| self.unknown_port(first))
    }

    /// A waypoint reads the routes of the Service's namespace and of its own.
    fn other_namespace(&self, parent: &ObjectRef) -> Option<Problem> {
        let own = &self.route.object.namespace;
        let reads_all = self.cx.mesh.rules.routes.per_host == RoutesPerHost::First;
        if *own == parent.namespace || reads_all || self.cx.has_sidecars(own) {
            return None;
        }
        let mut waypoints = self.cx.services_of(parent).filter_map(|(id, _)| self.cx.waypoint_of(id));
        let waypoint = waypoints.find(|waypoint| waypoint.data_plane == DataPlane::Envoy)?;
        if waypoint.name.namespace == *own {
            return None;
        }
        let message = format!(
            "{parent} is in another namespace, and its waypoint `{}` reads the routes of namespace `{}` and \
             of its own only: the route does nothing there",
            waypoint.name, parent.namespace
        );
        Some(
            self.problem("namespace", message)
                .help(format!("move the route to namespace `{}`", parent.namespace))
                .related_object(parent.clone(), "", "the Service"),
        )
    }

    fn unknown_port(&self, service: &Service) -> Option<Problem> {
        let port = self.reference.port.and_then(|port| u32::try_from(port).ok()).filter(|port| *port != 0)?;
        if !self.cx.mesh.rules.gateway_api.parent_ports || service.port(port).is_some() {
            return None;
        }
        let object = service.source.object();
        let what = ports::what_it_is(service, port);
        Some(
            self.problem("port", format!("{object} has no port {port}{what}: the route attaches to nothing"))
                .help(ports::help(service, port))
                .related_object(object, "spec.ports", format!("it has {}", ports::list(service))),
        )
    }

    /// A Service or ServiceEntry with the group of something else.
    fn other_group(&self) -> Option<Problem> {
        let (kind, group) = match self.reference.kind.as_deref()? {
            "Service" => (Kind::Service, ""),
            "ServiceEntry" => (Kind::ServiceEntry, ISTIO_GROUP),
            _ => return None,
        };
        let written = self.reference.group.as_deref();
        let meant = written.unwrap_or(GATEWAY_GROUP);
        let left_out = if meant == GATEWAY_GROUP { ", which holds where none is written" } else { "" };
        let message = format!(
            "there is no {} in {}{left_out}: the route attaches to nothing",
            kind.name(),
            if meant.is_empty() { "the core group".to_owned() } else { format!("the group `{meant}`") },
        );
        let help = format!("write `group: \"{group}\"`");
        let fix = Fix::new(
            help.clone(),
            self.route.object.clone(),
            format!("{}.group", self.field),
            Change::Set(group.to_owned()),
        );
        Some(self.problem("kind", message).help(help).fix(fix))
    }
}
