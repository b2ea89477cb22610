//! `label-not-read`: labels for waypoints that stand where nobody reads them, and annotations for sidecars.

mod keys;
mod places;
mod sidecar;

use crate::hash::HashMap;
use crate::lint::naming::{annotation, label, namespace_labels};
use crate::lint::references::envoy_waypoints;
use crate::lint::{Context, Releases, Rule};
use crate::mesh::Waypoint;
use crate::mesh::waypoint::{
    CANARY, FOR_SERVICE_ACCOUNT, INGRESS_USE_WAYPOINT, USE_WAYPOINT, USE_WAYPOINT_NAMESPACE,
};
use crate::mesh::workload::DATAPLANE_MODE;
use crate::nearest::{did_you_mean, nearest};
use crate::problem::{Change, Code, Fix, Problem, Severity};
use crate::release::Release;
use crate::snapshot::{Kind, Labels, Meta, ObjectRef};

/// In 1.18 none of these labels is read but that of namespaces in ambient mode.
pub(super) const RULE: Rule = Rule {
    releases: Releases::Since(Release::V1_29),
    ..Rule::new(Code::LabelNotRead, include_str!("label_not_read.md"), check)
};

/// The annotations that say which resources a sidecar has.
const RESOURCES: [&str; 4] = [
    "sidecar.istio.io/proxyCPU",
    "sidecar.istio.io/proxyCPULimit",
    "sidecar.istio.io/proxyMemory",
    "sidecar.istio.io/proxyMemoryLimit",
];

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let mut found = Vec::new();
    let mut meant = Meant::default();
    for (kind, meta, _) in cx.snapshot.metadata().filter(|(kind, ..)| keys::are_read_from(*kind)) {
        let object = Labelled { kind, meta };
        found.extend(object.annotations_for_labels());
        found.extend(object.other_keys(&mut meant));
        found.extend(object.values());
        found.extend(object.alone(cx));
    }
    found.extend(places::misplaced(cx));
    found.extend(resources_of_sidecars(cx));
    found.extend(sidecar::check(cx));
    found
}

/// Annotations about the resources of sidecars, at waypoints: nothing is injected into their pods.
fn resources_of_sidecars(cx: &Context<'_>) -> Vec<Problem> {
    let mut found = Vec::new();
    for waypoint in envoy_waypoints(cx) {
        let annotations = &waypoint.gateway.meta.annotations;
        for key in RESOURCES.into_iter().filter(|key| annotations.contains_key(key)) {
            let message = format!(
                "`{key}` is for sidecars: the pods of waypoint `{}` have the resources that the installation \
                 says",
                waypoint.name
            );
            let problem = Problem::new(Code::LabelNotRead, message)
                .on(waypoint.gateway.object_ref())
                .field(annotation(key))
                .help("patch `deployment` in a ConfigMap that `infrastructure.parametersRef` names");
            found.push(problem);
        }
    }
    found
}

/// The key that is meant by each key that was looked at: objects have the same ones over and over.
type Meant<'m> = HashMap<&'m str, Option<&'static str>>;

/// An object of a kind that some label is read from.
struct Labelled<'m> {
    kind: Kind,
    meta: &'m Meta,
}

impl<'m> Labelled<'m> {
    fn object(&self) -> ObjectRef {
        ObjectRef::new(self.kind, self.meta.namespace.clone(), self.meta.name.clone())
    }

    fn problem(&self, message: String, field: String) -> Problem {
        Problem::new(Code::LabelNotRead, message).on(self.object()).field(field)
    }

    /// Labels among the annotations, and the annotation among the labels.
    fn annotations_for_labels(&self) -> Vec<Problem> {
        let (labels, annotations) = (&self.meta.labels, &self.meta.annotations);
        let read = keys::READ.iter().filter(|read| read.kinds.contains(&self.kind));
        let misplaced = read.filter_map(|read| {
            let (right, wrong, as_what) = match read.is_annotation {
                false => (labels, annotations, "a label"),
                true => (annotations, labels, "an annotation"),
            };
            let value = wrong.get(read.key).filter(|_| !right.contains_key(read.key))?;
            let (wrongly, list) =
                if read.is_annotation { ("a label", "labels") } else { ("an annotation", "annotations") };
            let message =
                format!("`{}` is read as {as_what} only: here it is {wrongly}, which does nothing", read.key);
            let help = format!("write `{}: {value}` as {as_what}", read.key);
            Some(self.problem(message, format!("metadata.{list}[{:?}]", read.key)).help(help))
        });
        misplaced.collect()
    }

    /// Keys that look like those that are read.
    fn other_keys(&self, meant: &mut Meant<'m>) -> Vec<Problem> {
        let lists = [("labels", &self.meta.labels), ("annotations", &self.meta.annotations)];
        let keys = lists.into_iter().flat_map(|(list, all)| all.keys().map(move |key| (list, all, key)));
        let alike = keys.filter_map(|(list, all, key)| {
            let meant = *meant.entry(key.as_str()).or_insert_with(|| keys::meant(key));
            let meant = meant.filter(|meant| !self.has(meant))?;
            let field = format!("metadata.{list}[{key:?}]");
            let is_right_list = keys::is_annotation(meant) == (list == "annotations");
            let message = format!("nobody reads `{key}`: the key is `{meant}`");
            let problem = self.problem(message, field.clone()).help(if is_right_list {
                format!("write `{meant}`")
            } else {
                format!("write `{meant}`, as a label")
            });
            let fix = || {
                Fix::new(format!("write `{meant}`"), self.object(), field, Change::Rename(meant.to_owned()))
            };
            let is_certain = is_right_list && !all.contains_key(meant);
            Some(if is_certain { problem.fix(fix()) } else { problem })
        });
        alike.collect()
    }

    fn has(&self, key: &str) -> bool {
        self.meta.labels.contains_key(key) || self.meta.annotations.contains_key(key)
    }

    /// Values that mean something else than they look like.
    fn values(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        let labels = &self.meta.labels;
        let mode = labels.get(DATAPLANE_MODE).filter(|_| matches!(self.kind, Kind::Namespace | Kind::Pod));
        if let Some(mode) = mode.filter(|mode| *mode != "ambient" && *mode != "none")
            && let Some(near) = nearest(mode, ["ambient", "none"].into_iter())
        {
            let field = label(DATAPLANE_MODE);
            let fix = Fix::new(
                format!("write `{near}`"),
                self.object(),
                field.as_str(),
                Change::Set(near.to_owned()),
            );
            let message =
                format!("`{mode}` is no mode of a data plane: the label puts nothing into the mesh");
            found.push(self.problem(message, field).help(did_you_mean([near])).fix(fix));
        }
        let reads_ingress = matches!(self.kind, Kind::Namespace | Kind::Service | Kind::ServiceEntry);
        if let Some(value) =
            labels.get(INGRESS_USE_WAYPOINT).filter(|value| reads_ingress && !is_boolean(value))
        {
            let message =
                format!("`{value}` is not `true`: gateways for ingress do not send to the waypoint");
            let problem = self.problem(message, label(INGRESS_USE_WAYPOINT));
            found.push(problem.help("write `\"true\"`, in quotes"));
        }
        found
    }

    /// Whether it is a waypoint that serves nothing: the mesh tells why.
    fn is_told_with_its_waypoint(&self, cx: &Context<'_>) -> bool {
        let meta = self.meta;
        let is_it = |waypoint: &&Waypoint| {
            (&waypoint.name.namespace, &waypoint.name.name) == (&meta.namespace, &meta.name)
        };
        cx.mesh.waypoints.iter().find(is_it).is_some_and(Waypoint::serves_nothing)
    }

    /// Labels that are read beside another one only, and what later releases no longer read.
    fn alone(&self, cx: &Context<'_>) -> Vec<Problem> {
        let labels = &self.meta.labels;
        let mut found = Vec::new();
        let namespace = labels.get(USE_WAYPOINT_NAMESPACE).filter(|_| keys::names_waypoints(self.kind));
        if let Some(namespace) = namespace.filter(|_| !labels.contains_key(USE_WAYPOINT)) {
            let inherited = namespace_labels(cx, &self.meta.namespace);
            if !has_same(inherited, namespace) {
                let message = format!(
                    "`{USE_WAYPOINT_NAMESPACE}` is read beside `{USE_WAYPOINT}` on the same object only, \
                     which has no such label"
                );
                let help = format!("add the label `{USE_WAYPOINT}` with the name of the waypoint");
                found.push(self.problem(message, label(USE_WAYPOINT_NAMESPACE)).help(help));
            }
        }
        let is_read = cx.mesh.rules.waypoints.canaries;
        if labels.contains_key(CANARY) && keys::names_waypoints(self.kind) && !is_read {
            let message =
                format!("Istio {} knows no canary waypoints: `{CANARY}` does nothing", cx.mesh.rules.release);
            found.push(self.problem(message, label(CANARY)).help("they came with Istio 1.31"));
        }
        let account = self.meta.annotations.get(FOR_SERVICE_ACCOUNT);
        let account = account.filter(|_| self.kind == Kind::Gateway && !self.is_told_with_its_waypoint(cx));
        if let Some(account) = account {
            let message = format!(
                "Istio {} has no waypoints for service accounts, as 1.18 had: nothing reads that this one is for `{account}`",
                cx.mesh.rules.release
            );
            let field = annotation(FOR_SERVICE_ACCOUNT);
            let help = format!(
                "read it as of Istio 1.18 (`--release 1.18`), or label the Services, pods or Namespaces that \
                 it is for with `{USE_WAYPOINT}`"
            );
            found.push(self.problem(message, field).severity(Severity::Note).help(help));
        }
        found
    }
}

/// Whether a namespace names the same namespace of a waypoint already.
fn has_same(inherited: &Labels, namespace: &str) -> bool {
    inherited.contains_key(USE_WAYPOINT)
        && inherited.get(USE_WAYPOINT_NAMESPACE).is_some_and(|other| other == namespace)
}

/// Whether Go's `strconv.ParseBool` takes a text.
fn is_boolean(text: &str) -> bool {
    matches!(text, "1" | "t" | "T" | "true" | "TRUE" | "True" | "0" | "f" | "F" | "false" | "FALSE" | "False")
}
