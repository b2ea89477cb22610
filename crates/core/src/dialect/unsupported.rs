//! What could not be said, as problems.

use std::collections::BTreeSet;

use crate::mesh::WaypointName;
use crate::problem::{Code, Problem};
use crate::resources::Origin;
use crate::snapshot::{Kind, ObjectRef};

/// Collects what could not be said: each thing once.
#[derive(Debug)]
pub(super) struct UnsupportedExtensions {
    gateway: ObjectRef,
    /// The EnvoyFilter that changed what is looked at, if one did.
    patch: Option<ObjectRef>,
    telemetry: BTreeSet<String>,
    problems: BTreeSet<Problem>,
}

impl UnsupportedExtensions {
    /// Nothing is lost yet.
    pub(super) fn new(waypoint: &WaypointName) -> Self {
        Self {
            gateway: ObjectRef::new(Kind::Gateway, waypoint.namespace.clone(), waypoint.name.clone()),
            patch: None,
            telemetry: BTreeSet::new(),
            problems: BTreeSet::new(),
        }
    }

    /// From here on, what is lost was made by these: extensions that Istio itself doesn't use come from
    /// EnvoyFilters.
    pub(super) fn made_by(&mut self, origins: &[Origin]) {
        let mut objects = origins.iter().flat_map(|origin| &origin.causes).map(|cause| &cause.object);
        self.patch = objects.find(|object| object.kind == Kind::EnvoyFilter).cloned();
    }

    /// An extension that only reports was left out.
    pub(super) fn telemetry(&mut self, name: &str) {
        self.telemetry.insert(format!("`{name}`"));
    }

    /// Access logs or traces ask for what only Istio's extensions know, and write `-`.
    pub(super) fn unknown_peers(&mut self) {
        self.telemetry.insert("what access logs and traces tell about peers".to_owned());
    }

    /// An extension that carries meaning was left out.
    pub(super) fn left_out(&mut self, name: &str, type_name: &str) {
        let message = format!("`{name}` was left out: an upstream Envoy has no `{type_name}`");
        self.problem(Problem::new(Code::UnsupportedExtension, message), self.patch.clone());
    }

    /// An extension is in a place from which it cannot be left out.
    pub(super) fn left_in(&mut self, resource: &str, type_name: &str) {
        let message =
            format!("`{resource}` uses `{type_name}`, which an upstream Envoy lacks: it refuses all of it");
        self.problem(Problem::new(Code::UnsupportedExtension, message), self.patch.clone());
    }

    /// An expression asks for what only Istio's extensions know.
    pub(super) fn expression(&mut self, resource: &str, expression: &str, attribute: &str) {
        let message = format!(
            "`{expression}` in `{resource}` asks for `{attribute}`, which nobody knows without Istio's \
             extensions: it is never true"
        );
        self.problem(Problem::new(Code::UnsupportedExtension, message), None);
    }

    /// A Wasm module is one that Istio's agent would fetch.
    pub(super) fn module(&mut self, name: &str, uri: &str, origins: &[Origin]) {
        let object =
            origins.iter().flat_map(|origin| &origin.causes).next().map(|cause| cause.object.clone());
        let message = format!("`{name}` was left out: without Istio's agent nobody fetches `{uri}`");
        let problem = Problem::new(Code::UnsupportedExtension, message)
            .help("store the module next to Envoy, and name it with a `file://` URL");
        self.problem(problem, object);
    }

    fn problem(&mut self, problem: Problem, object: Option<ObjectRef>) {
        self.problems.insert(problem.on(object.unwrap_or_else(|| self.gateway.clone())));
    }

    /// Everything that was lost.
    pub(super) fn problems(self) -> Vec<Problem> {
        let Self { gateway, telemetry, problems, .. } = self;
        let note = (!telemetry.is_empty()).then(|| {
            let names: Vec<String> = telemetry.into_iter().collect();
            let message = format!("left out for an upstream Envoy, and only telemetry: {}", names.join(", "));
            Problem::new(Code::TelemetryLeftOut, message).on(gateway)
        });
        problems.into_iter().chain(note).collect()
    }
}
