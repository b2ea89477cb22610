//! What objects say of a control plane: istiod's own Deployment, and objects that install one.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Labels;
use crate::Str;
use crate::kind::Kind;
use crate::text::{Node, Unread};
use crate::well_known::{DEFAULT_REVISION, REVISION};

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

/// The ConfigMap of the default revision.
const CONFIG_MAP: &str = "istio";
/// Where values of newer charts have the variables of istiod.
const ENV: &str = "env";
/// The chart of istiod, by which a chart that depends on it has its values.
const CHART: &str = "istiod";
/// Where such a chart has the mesh configuration.
const ISTIOD_MESH_CONFIG: &str = "istiod.meshConfig";
/// The container of istiod's Deployment that is istiod.
const ISTIOD_CONTAINER: &str = "discovery";

impl ControlPlane {
    /// Where values of Istio's charts have the mesh configuration.
    pub const MESH_CONFIG: &str = "meshConfig";
    /// What else stands at the top of such values, and not of a mesh configuration.
    pub const VALUES: [&str; 9] = [
        "cni",
        "components",
        "global",
        "istiodRemote",
        "pilot",
        "profile",
        "sidecarInjectorWebhook",
        "values",
        "ztunnel",
    ];

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

    /// The ConfigMap that has the settings of a revision; `default`, or nothing, is that without a name.
    #[must_use]
    pub fn config_map(revision: &str) -> Str {
        match named(revision.into()).as_str() {
            "" => Str::new_static(CONFIG_MAP),
            revision => format!("{CONFIG_MAP}-{revision}").into(),
        }
    }

    /// Whether it is of a revision, `default` being that without a name.
    #[must_use]
    pub fn is_of(&self, revision: &str) -> bool {
        self.revision == named(revision.into())
    }

    /// What values of Istio's Helm charts say of one, or those of a chart that has istiod's as a part; none
    /// where a text is something else. Values are not of a release of Helm: what was installed with them, and
    /// as which revision, they do not tell.
    #[must_use]
    pub fn of_values(root: Node<'_>) -> Option<Self> {
        let keys = || [Self::MESH_CONFIG, ENV].into_iter().chain(Self::VALUES);
        let is_values = |node: &Node<'_>| keys().any(|key| node.get(key).is_some());
        let is_object = root.get("kind").is_some() || root.get("apiVersion").is_some();
        let own = Some(root).filter(|node| !is_object && is_values(node));
        let part = || root.get(CHART).filter(is_values).map(|node| (node, ISTIOD_MESH_CONFIG));
        let (values, mesh_config) = own.map(|node| (node, Self::MESH_CONFIG)).or_else(part)?;
        Some(Self {
            environment: environment(Some(values)).collect(),
            mesh_config: settings(&[(mesh_config, values.get(Self::MESH_CONFIG))]),
            ..Self::default()
        })
    }

    fn of_installation(node: Node<'_>, kind: Kind) -> Self {
        let text = |path: &str| node.find(path).and_then(Node::as_str);
        let revision = text("spec.revision").or_else(|| text("spec.values.revision")).unwrap_or_default();
        // Later ones win.
        let environment = environment(node.find("spec.values"))
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
    if revision == DEFAULT_REVISION { Str::default() } else { revision }
}

/// `name` and `value` of a list of variables; those that come from elsewhere have no value.
fn pairs(list: Option<Node<'_>>) -> impl Iterator<Item = (Str, Str)> {
    list.into_iter()
        .flat_map(Node::items)
        .filter_map(|item| Some((item.get("name")?.as_str()?.into(), item.get("value")?.text().into())))
}

/// The environment that values of Istio's charts give istiod, later ones winning. Variables stand below
/// `pilot`, and in newer charts at the top. Source: `istio-discovery/templates/deployment.yaml` of each
/// release.
fn environment(of: Option<Node<'_>>) -> impl Iterator<Item = (Str, Str)> {
    let find = move |path: &str| of.and_then(|node| node.find(path));
    let variables = ["pilot.env", ENV].into_iter().flat_map(move |path| values(find(path)));
    let others = [
        ("PILOT_TRACE_SAMPLING", "pilot.traceSampling"),
        ("PILOT_TRACE_SAMPLING", "traceSampling"),
        ("CLUSTER_ID", "global.multiCluster.clusterName"),
    ];
    let others = others.into_iter().filter_map(move |(name, path)| {
        let value = find(path).filter(|node| node.scalar().is_some() && !node.is_null())?.text();
        (!value.is_empty()).then(|| (Str::new_static(name), Str::from(value)))
    });
    others.chain(variables)
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
    fn values_of_helm_charts_say_the_same() {
        let values = |yaml: &str| of(yaml, ControlPlane::of_values);
        let plane =
            values("pilot: {traceSampling: 5, env: {A: 1}}\nenv: {A: 2}\nmeshConfig: {trustDomain: t}\n")
                .unwrap();
        assert_eq!(environment(&plane), [("A", "2"), ("PILOT_TRACE_SAMPLING", "5")]);
        assert_eq!(plane.mesh_config, Some(("meshConfig", r#"{"trustDomain":"t"}"#.to_owned())));
        let part = values("istiod: {meshConfig: {trustDomain: t}, global: {multiCluster: {clusterName: c}}}")
            .unwrap();
        assert_eq!(environment(&part), [("CLUSTER_ID", "c")]);
        assert_eq!(part.mesh_config.map(|(field, _)| field), Some("istiod.meshConfig"));
        for other in ["trustDomain: t", "kind: ConfigMap\nenv: {A: 1}", "[1]", "a", "istiod: {a: 1}"] {
            assert_eq!(values(other), None, "{other}");
        }
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
