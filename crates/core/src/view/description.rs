//! A description as text, on one screen.

use std::fmt::Write as _;

use super::diagnostics;
use crate::describe::{
    Bypass, Description, Enforcer, PodDescription, PolicyDescription, PolicyLine, Reason, RouteDescription,
    RouteLine, Served, ServiceDescription, WaypointDescription, WaypointUse,
};
use crate::problem::Problem;
use crate::snapshot::ObjectRef;

/// A description as text: a heading for each part that there is something to say about.
#[must_use]
pub fn text(description: &Description) -> String {
    let mut page = Page::default();
    match description {
        Description::Service(service) => of_service(&mut page, service),
        Description::Pod(pod) => of_pod(&mut page, pod),
        Description::Waypoint(waypoint) => of_waypoint(&mut page, waypoint),
        Description::Policy(policy) => of_policy(&mut page, policy),
        Description::Route(route) => of_route(&mut page, route),
    }
    page.text
}

/// A description as JSON.
///
/// # Errors
///
/// Those of `serde_json`; a description has nothing that is no JSON.
pub fn json(description: &Description) -> Result<serde_json::Value, serde_json::Error> {
    serde_json::to_value(description)
}

/// Lines, some of them below others.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    /// A line at a depth.
    fn line(&mut self, depth: usize, text: &str) {
        // Writing to a string does not fail.
        let _ = writeln!(self.text, "{:indent$}{text}", "", indent = depth * 2);
    }

    /// `Name: value`, aligned with the others of its sort.
    fn fact(&mut self, name: &str, value: &str) {
        self.line(0, format!("{:<12}{value}", format!("{name}:")).trim_end());
    }

    fn object(&mut self, object: &ObjectRef) {
        self.line(0, &object.to_string());
    }

    fn waypoint(&mut self, used: &WaypointUse) {
        let because =
            used.because.as_ref().map(|because| format!(" ({})", reason(because))).unwrap_or_default();
        match (&used.name, &used.refusal) {
            (Some(name), _) => self.fact("Waypoint", &format!("{name}{because}")),
            (None, Some(refusal)) => self.fact("Waypoint", &format!("none: {refusal}{because}")),
            (None, None) => self.fact("Waypoint", &format!("none{because}")),
        }
    }

    fn bypasses(&mut self, bypasses: &[Bypass]) {
        if !bypasses.is_empty() {
            self.line(0, "Past the waypoint go:");
        }
        bypasses.iter().for_each(|bypass| self.line(1, &bypass.who));
    }

    fn policies(&mut self, policies: &[PolicyLine]) {
        if policies.is_empty() {
            self.line(0, "Policies:   none");
            return;
        }
        self.line(0, "Policies, in the order in which they are looked at:");
        for policy in policies {
            let PolicyLine { object, action, enforced_by, because, rules, remark } = policy;
            let because = if because.field.is_empty() { "its namespace" } else { because.field.as_str() };
            self.line(1, &format!("{action} {object}, by {} ({because})", enforcer(enforced_by)));
            rules.iter().for_each(|rule| self.line(2, &format!("- {rule}")));
            remark.iter().for_each(|remark| self.line(2, &format!("! {remark}")));
        }
    }

    fn routes(&mut self, heading: &str, routes: &[RouteLine]) {
        if !routes.is_empty() {
            self.line(0, heading);
        }
        for RouteLine { rule, matches, action } in routes {
            self.line(1, &format!("{} → {action} ({})", matches.join(" or "), reason(rule)));
        }
    }

    fn served(&mut self, heading: &str, served: &[Served]) {
        if !served.is_empty() {
            self.line(0, heading);
        }
        for Served { object, waypoint } in served {
            let because = waypoint.because.as_ref().map(|because| format!(" ({})", reason(because)));
            self.line(1, &format!("{object}{}", because.unwrap_or_default()));
        }
    }

    fn findings(&mut self, findings: &[Problem]) {
        if !findings.is_empty() {
            self.line(0, "Findings:");
        }
        diagnostics::concise(findings).lines().for_each(|line| self.line(1, line));
    }
}

fn reason(reason: &Reason) -> String {
    if reason.field.is_empty() {
        reason.object.to_string()
    } else {
        format!("{} {}", reason.object, reason.field)
    }
}

fn enforcer(enforcer: &Enforcer) -> String {
    match enforcer {
        Enforcer::Waypoint(name) => format!("waypoint {name}"),
        Enforcer::Ztunnel => "ztunnel".to_owned(),
        Enforcer::Nobody => "nobody".to_owned(),
    }
}

fn of_service(page: &mut Page, service: &ServiceDescription) {
    page.object(&service.object);
    page.fact("Hosts", &service.hosts.join(", "));
    page.fact("Addresses", &or_none(&service.addresses));
    let ports = service.ports.iter().map(|port| format!("{} {} {}", port.number, port.name, port.protocol));
    page.fact("Ports", &or_none(&ports.collect::<Vec<_>>()));
    let endpoints = service.endpoints;
    page.fact("Endpoints", &format!("{} ready, {} other", endpoints.ready, endpoints.other));
    page.waypoint(&service.waypoint);
    page.bypasses(&service.bypasses);
    page.policies(&service.policies);
    page.routes("Routes, in the order in which they are asked:", &service.routes);
    page.findings(&service.findings);
}

fn of_pod(page: &mut Page, pod: &PodDescription) {
    use crate::describe::DataPlaneMode;
    page.object(&pod.object);
    page.fact("Addresses", &or_none(&pod.addresses));
    page.fact("Principal", &pod.principal);
    let mode = match pod.mode {
        DataPlaneMode::Ambient => "ambient: ztunnel takes its connections",
        DataPlaneMode::Sidecar => "sidecar: its connections go past waypoints",
        DataPlaneMode::None => "not in the mesh, as far as the files tell",
    };
    page.fact("Mode", mode);
    page.waypoint(&pod.waypoint);
    if !pod.services.is_empty() {
        page.line(0, "Services:");
    }
    for service in &pod.services {
        let waypoint = service.waypoint.name.as_deref().unwrap_or("none");
        page.line(1, &format!("{}, waypoint {waypoint}", service.object));
    }
    page.policies(&pod.policies);
    page.findings(&pod.findings);
}

fn of_waypoint(page: &mut Page, waypoint: &WaypointDescription) {
    page.object(&waypoint.object);
    page.fact("Class", &format!("{} ({})", waypoint.class, waypoint.data_plane));
    page.fact("Traffic", &waypoint.traffic);
    let ready = match (waypoint.ready, waypoint.readiness_assumed) {
        (true, true) => "assumed: its status has no address",
        (true, false) => "yes",
        (false, _) => "no: nothing uses it",
    };
    page.fact("Ready", ready);
    page.fact("Principal", &waypoint.principal);
    page.served("Services:", &waypoint.services);
    page.served("Workloads, at their own addresses:", &waypoint.workloads);
    page.policies(&waypoint.policies);
    page.findings(&waypoint.findings);
}

fn of_policy(page: &mut Page, policy: &PolicyDescription) {
    page.object(&policy.object);
    policy.action.iter().for_each(|action| page.fact("Action", action));
    if !policy.rules.is_empty() {
        page.line(0, "Rules, any of which may match:");
    }
    policy.rules.iter().for_each(|rule| page.line(1, &format!("- {rule}")));
    if policy.binds.is_empty() {
        page.fact("Binds to", "nothing");
    } else {
        page.line(0, "Binds to:");
    }
    for binds in &policy.binds {
        let field = if binds.field.is_empty() { "its namespace" } else { binds.field.as_str() };
        page.line(1, &format!("{}, by {} ({field})", binds.object, enforcer(&binds.enforced_by)));
        binds.remark.iter().for_each(|remark| page.line(2, &format!("! {remark}")));
    }
    if !policy.binds_not.is_empty() {
        page.line(0, "Does not bind to:");
    }
    for not in &policy.binds_not {
        let what = if not.field.is_empty() { not.object.to_string() } else { not.field.clone() };
        page.line(1, &format!("{what}: {}", not.why));
    }
    page.findings(&policy.findings);
}

fn of_route(page: &mut Page, route: &RouteDescription) {
    page.object(&route.object);
    if route.hosts.is_empty() {
        page.fact("Hosts", "none in the mesh");
    } else {
        page.line(0, "Hosts:");
    }
    for host in &route.hosts {
        let services =
            host.services.iter().map(|(service, waypoint)| format!("{service} at waypoint {waypoint}"));
        let services = services.collect::<Vec<_>>().join(", ");
        let what = host.nothing.clone().unwrap_or(services);
        page.line(1, &format!("{}: {what}", host.host));
    }
    page.routes("Rules:", &route.rules);
    page.findings(&route.findings);
}

fn or_none(all: &[String]) -> String {
    if all.is_empty() { "none".to_owned() } else { all.join(", ") }
}
