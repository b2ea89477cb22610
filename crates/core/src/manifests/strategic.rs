//! Kubernetes' strategic merge patches, for the objects of a waypoint.
//!
//! Maps are merged, lists are replaced, except those whose elements have a name: these are merged by it. A
//! patch can say otherwise with `$patch`, `$retainKeys`, `$setElementOrder/LIST` and
//! `$deleteFromPrimitiveList/LIST`; a `null` takes a field away.
//!
//! Source: [strategic merge
//! patch](https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md).

use serde_json::{Map, Value};

use crate::hash::{HashMap, HashSet};

const DIRECTIVE: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const ELEMENT_ORDER: &str = "$setElementOrder/";
const DELETED_VALUES: &str = "$deleteFromPrimitiveList/";

/// The fields of an object.
pub(super) type Fields = Map<String, Value>;

/// Why a patch cannot be applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum PatchError {
    /// An element of a list that is merged by name has none.
    #[error("an element of `{list}` has no `{key}`, by which the list is merged")]
    NoKey { list: String, key: &'static str },
    /// A list has values of several types.
    #[error("the elements of `{0}` are of different types")]
    MixedTypes(String),
    /// No such directive.
    #[error("`$patch: {0}`: expected `replace` or `delete`")]
    Directive(String),
    /// What keys are retained is no list, or leaves out a field of the patch.
    #[error("`$retainKeys` has to list every field of the patch beside it")]
    RetainKeys,
    /// The order is no list, or not that of the patch.
    #[error("`$setElementOrder/{0}` has to list the elements of the patch in their order")]
    Order(String),
}

/// A type of Kubernetes' API, as far as its fields are merged in ways of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Deployment,
    DeploymentSpec,
    PodTemplate,
    PodSpec,
    Container,
    Service,
    ServiceSpec,
    ServiceAccount,
    HorizontalPodAutoscaler,
    PodDisruptionBudget,
    PodDisruptionBudgetSpec,
    Metadata,
    Status,
    /// Maps are merged, lists are replaced.
    Other,
}

/// How a field is merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Strategy {
    /// As its JSON type is.
    Default,
    /// The patch's value is taken.
    Replace,
    /// A list whose elements are merged by this field of theirs.
    ByKey(&'static str),
    /// A list of values, of which each is there once.
    Values,
}

impl Type {
    /// The type of a field, and how it is merged.
    fn field(self, name: &str) -> (Self, Strategy) {
        use Strategy::{ByKey, Default, Replace, Values};
        match (self, name) {
            (
                Self::Deployment
                | Self::Service
                | Self::ServiceAccount
                | Self::HorizontalPodAutoscaler
                | Self::PodDisruptionBudget
                | Self::PodTemplate,
                "metadata",
            ) => (Self::Metadata, Default),
            (
                Self::Deployment | Self::Service | Self::HorizontalPodAutoscaler | Self::PodDisruptionBudget,
                "status",
            ) => (Self::Status, Default),
            (Self::Status, "conditions") => (Self::Other, ByKey("type")),
            (Self::Metadata, "ownerReferences") => (Self::Other, ByKey("uid")),
            (Self::Metadata, "finalizers") => (Self::Other, Values),
            (Self::Deployment, "spec") => (Self::DeploymentSpec, Default),
            (Self::DeploymentSpec, "template") => (Self::PodTemplate, Default),
            (Self::PodTemplate, "spec") => (Self::PodSpec, Default),
            (Self::PodSpec, "containers" | "initContainers" | "ephemeralContainers") => {
                (Self::Container, ByKey("name"))
            }
            (Self::PodSpec, "volumes" | "imagePullSecrets" | "schedulingGates" | "resourceClaims") => {
                (Self::Other, ByKey("name"))
            }
            (Self::PodSpec, "hostAliases") => (Self::Other, ByKey("ip")),
            (Self::PodSpec, "topologySpreadConstraints") => (Self::Other, ByKey("topologyKey")),
            (Self::Container, "ports") => (Self::Other, ByKey("containerPort")),
            (Self::Container, "env") => (Self::Other, ByKey("name")),
            (Self::Container, "volumeMounts") => (Self::Other, ByKey("mountPath")),
            (Self::Container, "volumeDevices") => (Self::Other, ByKey("devicePath")),
            (Self::Service, "spec") => (Self::ServiceSpec, Default),
            (Self::ServiceSpec, "ports") => (Self::Other, ByKey("port")),
            (Self::ServiceAccount, "secrets") => (Self::Other, ByKey("name")),
            (Self::PodDisruptionBudget, "spec") => (Self::PodDisruptionBudgetSpec, Default),
            (Self::PodDisruptionBudgetSpec, "selector") => (Self::Other, Replace),
            _ => (Self::Other, Default),
        }
    }
}

/// The object with the patch applied.
///
/// # Errors
///
/// [`PatchError`] for what Kubernetes refuses, too.
pub(super) fn apply(object: Fields, patch: Fields, of: Type) -> Result<Fields, PatchError> {
    let mut patch = patch;
    if let Some(directive) = patch.remove(DIRECTIVE) {
        return match directive.as_str() {
            Some("replace") => Ok(patch),
            Some("delete") => Ok(Fields::new()),
            _ => Err(PatchError::Directive(shown(&directive))),
        };
    }
    let mut object = retained(object, &mut patch)?;
    ordered(&mut object, &mut patch, of)?;
    for (key, value) in patch {
        if let Some(list) = key.strip_prefix(DELETED_VALUES) {
            delete_values(&mut object, list, &value);
            continue;
        }
        let merged = match (object.remove(&key), value) {
            (_, Value::Null) => continue,
            (Some(Value::Object(own)), Value::Object(more)) => match of.field(&key) {
                (_, Strategy::Replace) => Value::Object(more),
                (inner, _) => Value::Object(apply(own, more, inner)?),
            },
            (Some(Value::Array(own)), Value::Array(more)) => {
                let (element, strategy) = of.field(&key);
                Value::Array(merge_lists(&key, own, more, element, strategy)?)
            }
            (_, value) => {
                let Some(value) = added(value) else { continue };
                value
            }
        };
        object.insert(key, merged);
    }
    Ok(object)
}

/// What a patch adds where there was nothing of that type: without `null`s, and without what only directs.
fn added(value: Value) -> Option<Value> {
    match value {
        Value::Object(fields) if fields.contains_key(DIRECTIVE) => None,
        Value::Object(fields) => {
            let kept = fields.into_iter().filter(|(_, value)| !value.is_null());
            Some(Value::Object(kept.filter_map(|(key, value)| Some((key, added(value)?))).collect()))
        }
        Value::Array(items) => Some(items.into_iter().filter_map(added).collect()),
        scalar => Some(scalar),
    }
}

/// The object without what `$retainKeys` does not list.
fn retained(object: Fields, patch: &mut Fields) -> Result<Fields, PatchError> {
    let Some(keys) = patch.remove(RETAIN_KEYS) else { return Ok(object) };
    let keys = keys.as_array().ok_or(PatchError::RetainKeys)?;
    let is_listed = |key: &String| keys.iter().any(|listed| listed == key.as_str());
    let needs_listing = |(key, value): &(&String, &Value)| {
        !value.is_null() && !key.starts_with(DELETED_VALUES) && !key.starts_with(ELEMENT_ORDER)
    };
    if !patch.iter().filter(needs_listing).all(|(key, _)| is_listed(key)) {
        return Err(PatchError::RetainKeys);
    }
    Ok(object.into_iter().filter(|(key, _)| is_listed(key)).collect())
}

/// Merges the lists that the patch gives an order for, and orders them.
fn ordered(object: &mut Fields, patch: &mut Fields, of: Type) -> Result<(), PatchError> {
    let orders: Vec<String> = patch.keys().filter(|key| key.starts_with(ELEMENT_ORDER)).cloned().collect();
    for directive in orders {
        let list = directive.trim_start_matches(ELEMENT_ORDER).to_owned();
        let wrong = || PatchError::Order(list.clone());
        let Some(Value::Array(order)) = patch.remove(&directive) else { return Err(wrong()) };
        let (element, strategy) = of.field(&list);
        let own = list_of(object.remove(&list)).ok_or_else(wrong)?;
        let more = list_of(patch.remove(&list)).ok_or_else(wrong)?;
        if !more.as_deref().is_none_or(|more| follows(more, &order, strategy)) {
            return Err(wrong());
        }
        let before = own.clone().unwrap_or_default();
        let merged = match (own, more) {
            (None, None) => continue,
            (Some(own), None) => own,
            (None, Some(more)) => more.into_iter().filter_map(added).collect(),
            (Some(own), Some(more)) => merge_lists(&list, own, more, element, strategy)?,
        };
        object.insert(list, Value::Array(arranged(merged, &order, &before, strategy)));
    }
    Ok(())
}

/// A list, if there is one; none for anything else.
fn list_of(value: Option<Value>) -> Option<Option<Vec<Value>>> {
    match value {
        None => Some(None),
        Some(Value::Array(items)) => Some(Some(items)),
        Some(_) => None,
    }
}

/// Whether the elements of a patch come in this order.
fn follows(patch: &[Value], order: &[Value], strategy: Strategy) -> bool {
    let mut order = order.iter().map(|listed| name(listed, strategy));
    let mut elements = patch.iter().filter(|element| element.get(DIRECTIVE).is_none());
    order.len() == 0 || elements.all(|element| order.any(|listed| listed == name(element, strategy)))
}

fn delete_values(object: &mut Fields, list: &str, deleted: &Value) {
    if let (Some(Value::Array(own)), Value::Array(deleted)) = (object.get_mut(list), deleted) {
        let deleted = Places::of(deleted, Strategy::Values);
        own.retain(|value| deleted.of_element(value).is_none());
    }
}

fn merge_lists(
    list: &str,
    own: Vec<Value>,
    patch: Vec<Value>,
    element: Type,
    strategy: Strategy,
) -> Result<Vec<Value>, PatchError> {
    let key = match strategy {
        Strategy::Default | Strategy::Replace => return Ok(patch),
        Strategy::Values => None,
        Strategy::ByKey(key) => Some(key),
    };
    let mut types = own.iter().chain(&patch).map(std::mem::discriminant);
    let first = types.next();
    if types.any(|other| Some(other) != first) {
        return Err(PatchError::MixedTypes(list.to_owned()));
    }
    let Some(key) = key else {
        let mut seen = HashSet::default();
        let both = own.iter().chain(&patch);
        let merged = both.filter(|value| seen.insert(name(value, strategy))).cloned().collect();
        return Ok(arranged(merged, &patch, &own, strategy));
    };
    let no_key = || PatchError::NoKey { list: list.to_owned(), key };
    let Directed { own, patch } = directed(own, patch, key, no_key)?;
    if own.iter().chain(&patch).any(|element| element.get(key).is_none()) {
        return Err(no_key());
    }
    let mut merged: Vec<Value> = own.clone();
    let mut places = Places::of(&own, strategy);
    for change in &patch {
        match places.of_element(change).and_then(|place| merged.get_mut(place)) {
            Some(found) => {
                *found = Value::Object(apply(fields(found.take()), fields(change.clone()), element)?);
            }
            None => {
                places.add(change, merged.len());
                merged.push(change.clone());
            }
        }
    }
    Ok(arranged(merged, &patch, &own, strategy))
}

/// Two lists that are merged by the names of their elements, without elements that only direct.
struct Directed {
    own: Vec<Value>,
    patch: Vec<Value>,
}

/// Both lists after the elements that only direct: `$patch: delete` takes away what has the same name,
/// `$patch: replace` everything.
fn directed(
    own: Vec<Value>,
    patch: Vec<Value>,
    key: &'static str,
    no_key: impl Fn() -> PatchError,
) -> Result<Directed, PatchError> {
    let strategy = Strategy::ByKey(key);
    let (mut kept, mut deleted, mut replaces) = (Vec::new(), Vec::new(), false);
    for element in patch {
        match element.get(DIRECTIVE) {
            None => kept.push(element),
            Some(Value::String(directive)) if directive == "replace" => replaces = true,
            Some(Value::String(directive)) if directive == "delete" => {
                element.get(key).ok_or_else(&no_key)?;
                deleted.push(element);
            }
            Some(directive) => return Err(PatchError::Directive(shown(directive))),
        }
    }
    if replaces {
        return Ok(Directed { own: kept, patch: Vec::new() });
    }
    let deleted = Places::of(&deleted, strategy);
    let own = own.into_iter().filter(|element| deleted.of_element(element).is_none()).collect();
    Ok(Directed { own, patch: kept })
}

/// A merged list in its order: what the patch has in the patch's, what else there was in its own; where
/// nothing says which of two comes first, the patch's does.
fn arranged(merged: Vec<Value>, patch: &[Value], own: &[Value], strategy: Strategy) -> Vec<Value> {
    let (patch, own) = (Places::of(patch, strategy), Places::of(own, strategy));
    let placed =
        merged.into_iter().map(|element| (patch.of_element(&element), own.of_element(&element), element));
    let (mut first, mut others): (Vec<_>, Vec<_>) = placed.partition(|(patched, _, _)| patched.is_some());
    first.sort_by_key(|(patched, _, _)| *patched);
    others.sort_by_key(|(_, before, _)| *before);
    let (mut first, mut others) = (first.into_iter().peekable(), others.into_iter().peekable());
    let mut all = Vec::new();
    while let (Some((_, changed, _)), Some((_, other, _))) = (first.peek(), others.peek()) {
        let own_comes_first = other.zip(*changed).is_some_and(|(other, changed)| other < changed);
        let next = if own_comes_first { others.next() } else { first.next() };
        all.extend(next.map(|(_, _, element)| element));
    }
    all.extend(first.chain(others).map(|(_, _, element)| element));
    all
}

/// Where the elements of a list stand, by their names: the first of each.
struct Places {
    by_name: HashMap<Option<String>, usize>,
    strategy: Strategy,
}

impl Places {
    fn of(list: &[Value], strategy: Strategy) -> Self {
        let mut places = Self { by_name: HashMap::default(), strategy };
        for (place, element) in list.iter().enumerate() {
            places.add(element, place);
        }
        places
    }

    fn add(&mut self, element: &Value, place: usize) {
        self.by_name.entry(name(element, self.strategy)).or_insert(place);
    }

    fn of_element(&self, element: &Value) -> Option<usize> {
        self.by_name.get(&name(element, self.strategy)).copied()
    }
}

/// What an element of a list is told by, as JSON: `80` and `80.0` are the same.
fn name(element: &Value, strategy: Strategy) -> Option<String> {
    let value = match strategy {
        Strategy::ByKey(key) => element.get(key)?,
        _ => element,
    };
    Some(value.as_f64().map_or_else(|| value.to_string(), |number| number.to_string()))
}

fn fields(value: Value) -> Fields {
    match value {
        Value::Object(fields) => fields,
        _ => Fields::new(),
    }
}

/// A directive as it is written.
fn shown(directive: &Value) -> String {
    directive.as_str().map_or_else(|| directive.to_string(), ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn patched(of: Type, object: Value, patch: Value) -> Result<Value, PatchError> {
        apply(fields(object), fields(patch), of).map(Value::Object)
    }

    fn pod(spec: Value) -> Value {
        json!({"spec": spec})
    }

    #[test]
    fn maps_are_merged_and_lists_replaced() {
        let object = json!({"data": {"a": 1, "b": {"c": 2, "d": 3}}, "list": [1, 2]});
        let patch = json!({"data": {"b": {"c": null, "e": 4}, "f": {"g": null, "h": 1}}, "list": [3]});
        let expected = json!({"data": {"a": 1, "b": {"d": 3, "e": 4}, "f": {"h": 1}}, "list": [3]});
        assert_eq!(patched(Type::Other, object, patch), Ok(expected));
    }

    #[test]
    fn named_elements_are_merged_and_new_ones_come_first() {
        let object = pod(json!({"containers": [
            {"name": "a", "env": [{"name": "X", "value": "1"}], "args": ["x"]},
            {"name": "b", "ports": [{"containerPort": 80, "name": "http"}]}]}));
        let patch = pod(json!({"containers": [
            {"name": "new"},
            {"name": "b", "ports": [{"containerPort": 80.0, "protocol": "TCP"}]},
            {"name": "a", "env": [{"name": "X", "value": "2"}, {"name": "Y", "value": "3"}], "args": ["y"]}]}));
        let expected = pod(json!({"containers": [
            {"name": "new"},
            {"name": "b", "ports": [{"containerPort": 80.0, "name": "http", "protocol": "TCP"}]},
            {"name": "a", "env": [{"name": "X", "value": "2"}, {"name": "Y", "value": "3"}], "args": ["y"]}]}));
        assert_eq!(patched(Type::PodTemplate, object, patch), Ok(expected));
    }

    #[test]
    fn what_the_patch_does_not_name_keeps_its_place_before_what_followed_it() {
        let object = pod(json!({"volumes": [{"name": "a"}, {"name": "b"}, {"name": "c"}]}));
        let patch = pod(json!({"volumes": [{"name": "c", "emptyDir": {}}]}));
        let expected = pod(json!({"volumes": [{"name": "a"}, {"name": "b"}, {"name": "c", "emptyDir": {}}]}));
        assert_eq!(patched(Type::PodTemplate, object, patch), Ok(expected));
    }

    #[test]
    fn directives_delete_replace_and_order() {
        let object = || pod(json!({"volumes": [{"name": "a"}, {"name": "b"}]}));
        let of = |patch| patched(Type::PodTemplate, object(), pod(patch));
        assert_eq!(
            of(json!({"volumes": [{"name": "a", "$patch": "delete"}]})),
            Ok(pod(json!({"volumes": [{"name": "b"}]})))
        );
        assert_eq!(
            of(json!({"volumes": [{"name": "c"}, {"$patch": "replace"}]})),
            Ok(pod(json!({"volumes": [{"name": "c"}]})))
        );
        assert_eq!(of(json!({"$patch": "replace", "nodeName": "n"})), Ok(pod(json!({"nodeName": "n"}))));
        assert_eq!(of(json!({"$patch": "delete"})), Ok(pod(json!({}))));
        assert_eq!(
            of(json!({"$setElementOrder/volumes": [{"name": "b"}, {"name": "a"}]})),
            Ok(pod(json!({"volumes": [{"name": "b"}, {"name": "a"}]})))
        );
        assert_eq!(of(json!({"$patch": "merge"})), Err(PatchError::Directive("merge".to_owned())));
        let replaced = patched(
            Type::Other,
            json!({"strategy": {"type": "A", "how": {}}}),
            json!({"strategy": {"$retainKeys": ["type"], "type": "B"}}),
        );
        assert_eq!(replaced, Ok(json!({"strategy": {"type": "B"}})));
    }

    #[test]
    fn values_are_there_once_and_can_be_deleted() {
        let object = || json!({"metadata": {"finalizers": ["a", "b"]}});
        let of = |patch| patched(Type::Service, object(), patch);
        assert_eq!(
            of(json!({"metadata": {"finalizers": ["b", "c"]}})),
            Ok(json!({"metadata": {"finalizers": ["a", "b", "c"]}}))
        );
        assert_eq!(
            of(json!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["a"]}})),
            Ok(json!({"metadata": {"finalizers": ["b"]}}))
        );
    }

    #[test]
    fn what_kubernetes_refuses_is_an_error() {
        let of = |patch| patched(Type::PodTemplate, pod(json!({"volumes": [{"name": "a"}]})), pod(patch));
        let no_key = PatchError::NoKey { list: "volumes".to_owned(), key: "name" };
        assert_eq!(of(json!({"volumes": [{"emptyDir": {}}]})), Err(no_key.clone()));
        assert_eq!(of(json!({"volumes": [{"$patch": "delete"}]})), Err(no_key));
        assert_eq!(of(json!({"volumes": ["a"]})), Err(PatchError::MixedTypes("volumes".to_owned())));
        assert_eq!(of(json!({"$retainKeys": ["x"], "volumes": []})), Err(PatchError::RetainKeys));
        assert_eq!(
            of(json!({"$setElementOrder/volumes": [{"name": "a"}], "volumes": [{"name": "b"}]})),
            Err(PatchError::Order("volumes".to_owned()))
        );
    }

    #[test]
    fn a_selector_of_a_budget_is_replaced() {
        let object = json!({"spec": {"selector": {"matchLabels": {"a": "b"}}}});
        let patch = json!({"spec": {"selector": {"matchLabels": {"c": "d"}}, "minAvailable": 1}});
        assert_eq!(patched(Type::PodDisruptionBudget, object, patch.clone()), Ok(patch));
    }
}
