//! What ConfigMaps change of the objects of a waypoint: that of its class, and that which its Gateway names.
//!
//! A ConfigMap has a patch for each sort of object (`deployment`, `service`, …). One that cannot be applied
//! leaves a waypoint without any object, as istiod goes on to the next Gateway.
//!
//! Source: [customizing
//! waypoints](https://istio.io/latest/docs/tasks/traffic-management/ingress/gateway-api/#automated-deployment).

use serde_json::Value;

use super::strategic::{self, Fields, Type};
use super::{Template, metadata};
use crate::limits::Limits;
use crate::mesh::{Mesh, age};
use crate::problem::{Code, Problem};
use crate::snapshot::kubernetes::ConfigMap;
use crate::snapshot::{Object, ObjectRef};
use crate::text::{SourceFile, Unread, documents};

/// The label of a ConfigMap that is for all Gateways of a class.
pub(crate) const FOR_CLASS: &str = "gateway.istio.io/defaults-for-class";
/// What an object's patch must not change.
const FIXED: [&str; 11] = [
    "name",
    "generateName",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "ownerReferences",
    "finalizers",
];

/// A sort of object that a waypoint can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sort {
    /// The key of its patch.
    pub(super) key: &'static str,
    /// Its type.
    pub(super) of: Type,
    /// Whether it is only there where somebody patches it.
    pub(super) on_demand: bool,
}

impl Sort {
    pub(super) const SERVICE_ACCOUNT: Self = Self::always("serviceAccount", Type::ServiceAccount);
    pub(super) const DEPLOYMENT: Self = Self::always("deployment", Type::Deployment);
    pub(super) const SERVICE: Self = Self::always("service", Type::Service);
    pub(super) const AUTOSCALER: Self =
        Self { on_demand: true, ..Self::always("horizontalPodAutoscaler", Type::HorizontalPodAutoscaler) };
    pub(super) const BUDGET: Self =
        Self { on_demand: true, ..Self::always("podDisruptionBudget", Type::PodDisruptionBudget) };

    /// Every sort, in the order in which the objects are made.
    pub(super) const ALL: [Self; 5] =
        [Self::SERVICE_ACCOUNT, Self::DEPLOYMENT, Self::SERVICE, Self::AUTOSCALER, Self::BUDGET];

    const fn always(key: &'static str, of: Type) -> Self {
        Self { key, of, on_demand: false }
    }
}

/// The patches of a waypoint's objects, those of its class first.
#[derive(Debug, Default)]
pub(super) struct Patches<'m> {
    maps: Vec<&'m Object<ConfigMap>>,
}

impl<'m> Patches<'m> {
    /// The patches of a waypoint's Gateway.
    ///
    /// # Errors
    ///
    /// A problem with a ConfigMap that is not there, or that has patches of other objects.
    pub(super) fn of(mesh: &'m Mesh, template: &Template<'_>) -> Result<Self, Box<Problem>> {
        if !template.rules.parameters {
            return Ok(Self::default());
        }
        let all = &mesh.snapshot.config_maps;
        let class = &template.gateway.spec.gateway_class_name;
        let for_class = |map: &&Object<ConfigMap>| {
            map.meta.namespace == mesh.config.root_namespace && map.meta.labels.get(FOR_CLASS) == Some(class)
        };
        let defaults = all.iter().map(AsRef::as_ref).filter(for_class);
        let oldest = defaults.min_by(|a, b| age::compare(&a.meta, &b.meta, mesh.rules));
        let maps: Vec<_> = oldest.into_iter().chain(named(all, template)?).collect();
        for map in &maps {
            known_keys(map)?;
        }
        Ok(Self { maps })
    }

    /// An object with its patches; none if it is only there where one is.
    ///
    /// # Errors
    ///
    /// A problem with a patch.
    pub(super) fn apply(&self, sort: Sort, object: Value) -> Result<Option<Value>, Box<Problem>> {
        let Value::Object(made) = object else { return Ok(None) };
        let mut patched = made.clone();
        let patches = self.maps.iter().filter_map(|map| Some((*map, map.spec.data.get(sort.key)?)));
        let mut asked = false;
        for (map, text) in patches {
            asked = true;
            let patch = read(map, sort, text)?;
            patched = strategic::apply(patched, patch, sort.of)
                .map_err(|error| wrong(map, sort.key, error.to_string()))?;
            if let Some(field) = changed(&made, &patched) {
                let message = format!("a patch cannot change `metadata.{field}` of the objects of a Gateway");
                return Err(wrong(map, sort.key, message));
            }
        }
        Ok((asked || !sort.on_demand).then(|| metadata::with_controller(patched)))
    }
}

/// The ConfigMap that a Gateway names.
fn named<'m>(
    all: &'m [std::sync::Arc<Object<ConfigMap>>],
    template: &Template<'_>,
) -> Result<Option<&'m Object<ConfigMap>>, Box<Problem>> {
    let gateway = template.gateway;
    let infrastructure = gateway.spec.infrastructure.as_ref();
    let Some(reference) = infrastructure.and_then(|asked| asked.parameters_ref.as_ref()) else {
        return Ok(None);
    };
    let at_gateway = |message: String, help: &'static str| {
        let problem = Problem::new(Code::InvalidParameters, message).on(gateway.object_ref());
        Box::new(problem.field("spec.infrastructure.parametersRef").help(help))
    };
    if reference.kind != "ConfigMap" || !reference.group.is_empty() {
        let (group, kind) = (&reference.group, &reference.kind);
        let message = format!("the parameters are a {kind} of the group `{group}`: istiod makes no objects");
        return Err(at_gateway(message, "name a ConfigMap: `group: ''`, `kind: ConfigMap`"));
    }
    let namespace = &gateway.meta.namespace;
    let found = all.iter().find(|map| map.meta.name == reference.name && map.meta.namespace == *namespace);
    let Some(found) = found else {
        let message =
            format!("there is no ConfigMap {namespace}/{}: istiod makes no objects", reference.name);
        return Err(at_gateway(message, "add the ConfigMap, or take the reference away"));
    };
    Ok(Some(found))
}

/// A ConfigMap of parameters has patches and nothing else.
fn known_keys(map: &Object<ConfigMap>) -> Result<(), Box<Problem>> {
    let is_known = |key: &str| Sort::ALL.iter().any(|sort| sort.key == key);
    let Some(other) = map.spec.data.keys().find(|key| !is_known(key)) else { return Ok(()) };
    let known: Vec<&str> = Sort::ALL.iter().map(|sort| sort.key).collect();
    let message = format!("`{other}` is no object of a Gateway: expected one of {}", known.join(", "));
    Err(wrong(map, other, message))
}

/// A patch, as YAML; none is an empty one.
fn read(map: &Object<ConfigMap>, sort: Sort, text: &str) -> Result<Fields, Box<Problem>> {
    let file = SourceFile::new(sort.key, text);
    let not_read = |message: String| wrong(map, sort.key, format!("the patch is no YAML: {message}"));
    let Some(document) = documents(&file, &Limits::DEFAULT).next() else { return Ok(Fields::new()) };
    let document = document.map_err(|problem| not_read(problem.message.to_string()))?;
    let value: Value =
        document.root().decode(&Unread::new()).map_err(|error| not_read(error.reason().to_string()))?;
    match value {
        Value::Object(fields) => Ok(fields),
        Value::Null => Ok(Fields::new()),
        _ => Err(wrong(map, sort.key, "the patch is no mapping: expected a part of the object".to_owned())),
    }
}

/// What a patch changed that has to stay.
fn changed(made: &Fields, patched: &Fields) -> Option<&'static str> {
    let value = |object: &Fields, field: &str| {
        let found = object.get("metadata").and_then(|metadata| metadata.get(field)).cloned();
        found.filter(|value| !is_unset(value))
    };
    let managed = value(patched, "managedFields").map(|_| "managedFields");
    managed.or_else(|| FIXED.into_iter().find(|field| value(made, field) != value(patched, field)))
}

/// Whether a value is what a missing field means.
fn is_unset(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::Bool(_) | Value::Object(_) => false,
    }
}

fn wrong(map: &Object<ConfigMap>, key: &str, message: String) -> Box<Problem> {
    let object: ObjectRef = map.object_ref();
    let problem = Problem::new(Code::InvalidParameters, message).on(object).field(format!("data[\"{key}\"]"));
    let help = "istiod makes no objects for Gateways with these parameters until they are right";
    Box::new(problem.help(help))
}
