//! What objects say of a control plane: istiod's own Deployment, and objects that install one.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Labels;
use crate::Str;
use crate::kind::Kind;
use crate::text::{Node, Unread};
use crate::well_known::REVISION;

/// A control plane, as its Deployment or what installs it describes it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ControlPlane {
    /// Its revision; empty for the default one.
    pub revision: Str,
    /// The variables of its environment.
    pub environment: BTreeMap<Str, Str>,
    /// The image of istiod, of its Deployment.
    pub image: Option<Str>,
    /// The version that it installs, with the field that names it.
    pub version: Option<(&'static str, Str)>,
    /// The mesh configuration as JSON, with the field that it stands in.
    pub mesh_config: Option<(&'static str, String)>,
}

/// The container of istiod's Deployment that is istiod.
const ISTIOD_CONTAINER: &str = "discovery";

impl ControlPlane {
    /// What an object says of one, if it is about one.
    pub(super) fn of_object(node: Node<'_>, kind: Kind, labels: &Labels) -> Option<Self> {
        match kind {
            Kind::IstioOperator | Kind::SailIstio => Some(Self::of_installation(node, kind)),
            Kind::Deployment if labels.get("app").is_some_and(|app| app == "istiod") => {
                let revision = labels.get(REVISION).cloned().unwrap_or_default();
                let containers = node.find("spec.template.spec.containers");
                let containers = || containers.into_iter().flat_map(Node::items);
                let environment = containers().flat_map(|container| pairs(container.get("env"))).collect();
                let is_istiod = |container: &Node<'_>| {
                    container.get("name").and_then(Node::as_str) == Some(ISTIOD_CONTAINER)
                };
                let istiod = containers().find(is_istiod);
                let image = istiod.and_then(|container| container.get("image")?.as_str()).map(Str::from);
                Some(Self { revision: named(revision), environment, image, ..Self::default() })
            }
            _ => None,
        }
    }

    fn of_installation(node: Node<'_>, kind: Kind) -> Self {
        let text = |path: &str| node.find(path).and_then(Node::as_str);
        let revision = text("spec.revision").or_else(|| text("spec.values.revision")).unwrap_or_default();
        // Later ones win.
        let environment = values(node.find("spec.values.pilot.env"))
            .chain(pairs(node.find("spec.components.pilot.k8s.env")))
            .collect();
        let fields = ["spec.values.meshConfig", "spec.meshConfig"].map(|field| (field, node.find(field)));
        Self {
            revision: named(revision.into()),
            environment,
            image: None,
            version: version(node, kind),
            mesh_config: settings(&fields),
        }
    }
}

/// The fields that name istiod's version, the one that counts first: an IstioOperator has a tag of its own
/// and values for Helm. <https://istio.io/latest/docs/reference/config/istio.operator.v1alpha1/>
const TAGS: [&str; 4] =
    ["spec.components.pilot.tag", "spec.values.pilot.tag", "spec.tag", "spec.values.global.tag"];

/// The version that an installation names.
fn version(node: Node<'_>, kind: Kind) -> Option<(&'static str, Str)> {
    let fields: &[&'static str] = if kind == Kind::SailIstio { &["spec.version"] } else { &TAGS };
    let named = |field: &&'static str| {
        let text = node.find(field).filter(|node| node.scalar().is_some())?.text();
        (!text.is_empty()).then(|| (*field, Str::from(text)))
    };
    fields.iter().find_map(named)
}

/// The default revision has a name, too.
fn named(revision: Str) -> Str {
    if revision == "default" { Str::default() } else { revision }
}

/// `name` and `value` of a list of variables; those that come from elsewhere have no value.
fn pairs(list: Option<Node<'_>>) -> impl Iterator<Item = (Str, Str)> {
    list.into_iter()
        .flat_map(Node::items)
        .filter_map(|item| Some((item.get("name")?.as_str()?.into(), item.get("value")?.text().into())))
}

/// Variables as a mapping.
fn values(mapping: Option<Node<'_>>) -> impl Iterator<Item = (Str, Str)> {
    let entries = mapping.into_iter().flat_map(Node::entries);
    entries
        .filter(|(_, value)| value.scalar().is_some())
        .map(|(name, value)| (name.into(), value.text().into()))
}

/// Mesh configurations as one, later ones over earlier ones, with the field of the last that says anything.
fn settings(fields: &[(&'static str, Option<Node<'_>>)]) -> Option<(&'static str, String)> {
    let mut all = Value::Null;
    let mut last = None;
    for (field, node) in fields {
        let node = node.filter(|node| node.entries().next().is_some());
        let Some(value) = node.and_then(|node| node.decode::<Value>(&Unread::new()).ok()) else { continue };
        overlay(&mut all, value);
        last = Some(*field);
    }
    last.map(|field| (field, all.to_string()))
}

fn overlay(below: &mut Value, above: Value) {
    match (below, above) {
        (Value::Object(below), Value::Object(above)) => {
            for (key, value) in above {
                overlay(below.entry(key).or_insert(Value::Null), value);
            }
        }
        (below, above) => *below = above,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::text::{SourceFile, documents};

    fn of<T>(yaml: &str, look: impl FnOnce(Node<'_>) -> T) -> T {
        let file = SourceFile::new("a.yaml", yaml);
        let document = documents(&file, &Limits::DEFAULT).next().unwrap().unwrap();
        look(document.root())
    }

    fn environment(plane: &ControlPlane) -> Vec<(&str, &str)> {
        plane.environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    #[test]
    fn a_deployment_has_its_environment() {
        let yaml = "spec: {template: {spec: {containers: [{env: [{name: A, value: '1'}, {name: B, valueFrom: {}}]}]}}}";
        let labels: Labels = [("app", "istiod"), (REVISION, "1-30")].into_iter().collect();
        let plane = of(yaml, |node| ControlPlane::of_object(node, Kind::Deployment, &labels)).unwrap();
        assert_eq!((plane.revision.as_str(), environment(&plane)), ("1-30", vec![("A", "1")]));
        assert_eq!(of(yaml, |node| ControlPlane::of_object(node, Kind::Deployment, &Labels::new())), None);
    }

    #[test]
    fn an_installation_s_own_fields_win_over_its_values() {
        let yaml = "
spec:
  revision: default
  meshConfig: {trustDomain: mine, defaultConfig: {concurrency: 2}}
  components: {pilot: {k8s: {env: [{name: A, value: x}]}}}
  values: {pilot: {env: {A: 1, B: true}}, meshConfig: {trustDomain: other, rootNamespace: r, defaultConfig: {statusPort: 1}}}
";
        let plane =
            of(yaml, |node| ControlPlane::of_object(node, Kind::IstioOperator, &Labels::new())).unwrap();
        assert_eq!((plane.revision.as_str(), environment(&plane)), ("", vec![("A", "x"), ("B", "true")]));
        let (field, text) = plane.mesh_config.unwrap();
        assert_eq!(field, "spec.meshConfig");
        assert_eq!(
            text,
            r#"{"trustDomain":"mine","rootNamespace":"r","defaultConfig":{"statusPort":1,"concurrency":2}}"#
        );
    }
}
