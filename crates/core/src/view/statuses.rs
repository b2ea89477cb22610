//! Statuses as a table, as a list of conditions, and as the objects would show them.

use serde_json::{Map, Value, json};

use crate::Str;
use crate::json::object;
use crate::snapshot::gateway_api::route::ParentReference;
use crate::snapshot::{Cause, Kind};
use crate::status::{Address, Condition, ListenerStatus, ParentStatus, Status};
use crate::view::origins::{Located, Places};
use crate::view::table::Table;
use crate::well_known::GATEWAY_GROUP;

/// One condition with where it stands, or a part of a status that is none: an address, a number of routes or
/// of ListenerSets.
struct Row<'s> {
    status: &'s Status,
    listener: Option<&'s Str>,
    parent: Option<&'s ParentStatus>,
    about: About<'s>,
}

enum About<'s> {
    Condition(&'s Condition),
    Address(&'s Address),
    Routes(&'s ListenerStatus),
    ListenerSets(usize),
}

/// Everything that the statuses say, one by one, in their order.
fn rows(statuses: &[Status]) -> impl Iterator<Item = Row<'_>> {
    statuses.iter().flat_map(|status| {
        let row = move |about| Row { status, listener: None, parent: None, about };
        let conditions = status.conditions.iter().map(About::Condition);
        let sets = Some(status.attached_listener_sets).filter(|sets| *sets != 0).map(About::ListenerSets);
        let own = conditions.chain(status.addresses.iter().map(About::Address)).chain(sets).map(row);
        let of_listeners = status.listeners.iter().flat_map(move |listener| {
            let about = listener.conditions.iter().map(About::Condition);
            let about = about.chain([About::Routes(listener)]);
            about.map(move |about| Row { listener: Some(&listener.name), ..row(about) })
        });
        let of_parents = status.parents.iter().flat_map(move |parent| {
            let about = parent.conditions.iter().map(About::Condition);
            about.map(move |about| Row { parent: Some(parent), ..row(about) })
        });
        own.chain(of_listeners).chain(of_parents)
    })
}

/// Whether something is so, why in a word, and why in words.
type ConditionText = (Str, String, String, String);

impl<'s> Row<'s> {
    fn condition(&self) -> Option<&'s Condition> {
        match self.about {
            About::Condition(condition) => Some(condition),
            About::Address(_) | About::Routes(_) | About::ListenerSets(_) => None,
        }
    }

    fn said(&self) -> ConditionText {
        match self.about {
            About::Condition(condition) => (
                condition.condition_type.clone(),
                condition.status.as_str().to_owned(),
                condition.reason.to_string(),
                condition.message.clone(),
            ),
            About::Address(address) => {
                ("address".into(), "True".to_owned(), address.kind.to_string(), address.value.to_string())
            }
            About::Routes(listener) => {
                let kinds: Vec<String> = listener
                    .supported_kinds
                    .iter()
                    .map(|kind| format!("{GATEWAY_GROUP}/{}", kind.as_str()))
                    .collect();
                let message = format!("supportedKinds {}", kinds.join(" "));
                ("attachedRoutes".into(), listener.attached_routes.to_string(), String::new(), message)
            }
            About::ListenerSets(count) => {
                ("attachedListenerSets".into(), count.to_string(), String::new(), String::new())
            }
        }
    }
}

/// The conditions as a JSON array of flat objects. Addresses have the type `address`, with their own type or
/// the host that they were allocated for as the reason; the number of routes of a listener has the type
/// `attachedRoutes`, and that of the ListenerSets of a Gateway the type `attachedListenerSets`.
#[must_use]
pub fn json(statuses: &[Status]) -> Value {
    rows(statuses).map(|row| flat(&row)).collect()
}

fn flat(row: &Row<'_>) -> Value {
    let (condition_type, status, reason, message) = row.said();
    let condition = row.condition();
    let causes = condition.map(|condition| &condition.causes).filter(|causes| !causes.is_empty());
    let causes = causes.map(|causes| causes.iter().map(cause).collect());
    object([
        ("kind", Some(json!(row.status.object.kind.name()))),
        ("namespace", Some(json!(row.status.object.namespace))),
        ("name", Some(json!(row.status.object.name))),
        ("parent", row.parent.map(|parent| json!(parent.name(&row.status.object)))),
        ("controller", row.parent.and_then(controller)),
        ("listener", row.listener.map(|listener| json!(listener))),
        ("type", Some(json!(condition_type))),
        ("status", Some(json!(status))),
        ("reason", Some(json!(reason))),
        ("message", Some(json!(message))),
        ("by", condition.and_then(|condition| Some(json!(condition.manager?.as_str())))),
        ("causes", causes),
    ])
}

fn cause(cause: &Cause) -> Value {
    let field = (!cause.field.is_root()).then(|| json!(cause.field.to_string()));
    object([
        ("kind", Some(json!(cause.object.kind))),
        ("namespace", Some(json!(cause.object.namespace))),
        ("name", Some(json!(cause.object.name))),
        ("field", field),
    ])
}

/// The conditions as a table; the wide one also tells what decided each, and where that stands.
#[must_use]
pub fn table(statuses: &[Status], places: Option<&Places<'_>>) -> Table {
    let mut header = vec!["NAMESPACE", "OBJECT", "FOR", "TYPE", "STATUS", "REASON", "MESSAGE"];
    header.extend(places.map(|_| "ORIGIN"));
    let conditions = rows(statuses).filter_map(|row| row.condition());
    let located = places.map(|places| places.locate_causes(conditions.flat_map(|c| &c.causes)));
    let mut table = Table::new(&header, 3);
    for row in rows(statuses) {
        let (condition_type, status, reason, message) = row.said();
        let object = &row.status.object;
        let part = match (row.listener, row.parent) {
            (Some(listener), _) => listener.to_string(),
            (None, Some(parent)) => parent.name(&row.status.object),
            (None, None) => String::new(),
        };
        let shown = |text: String| if text.is_empty() { "-".to_owned() } else { text };
        let mut cells = vec![
            shown(object.namespace.to_string()),
            format!("{}/{}", object.kind, object.name),
            shown(part),
            condition_type.to_string(),
            status,
            shown(reason),
            shown(message),
        ];
        cells.extend(
            places.zip(located.as_ref()).map(|(places, located)| shown(origin(&row, places, located))),
        );
        table.rows.push(cells);
    }
    table
}

/// What decided a condition: the object itself, where nothing in particular did. Of what the snapshot does
/// not have there is nothing to tell.
fn origin(row: &Row<'_>, places: &Places<'_>, located: &Located<'_>) -> String {
    let object = &row.status.object;
    match row.condition() {
        Some(condition) if !condition.causes.is_empty() => located.describe(&condition.causes),
        _ => places.of(object).map(|(file, line)| format!("{object} ({file}:{line})")).unwrap_or_default(),
    }
}

/// Each object with its status, as `kubectl get -o yaml` shows it; times and generations, which only a
/// cluster has, are left out.
#[must_use]
pub fn objects(statuses: &[Status]) -> Vec<Value> {
    statuses
        .iter()
        .map(|status| {
            let object = &status.object;
            let namespace = (!object.namespace.is_empty()).then(|| json!(object.namespace));
            let metadata = self::object([("name", Some(json!(object.name))), ("namespace", namespace)]);
            json!({
                "apiVersion": api_version(object.kind),
                "kind": object.kind.name(),
                "metadata": metadata,
                "status": Value::Object(fields(status)),
            })
        })
        .collect()
}

/// The group and the first version that is served.
fn api_version(kind: Kind) -> String {
    let version = kind.versions().first().copied().unwrap_or("v1");
    match kind.group() {
        "" => version.to_owned(),
        group => format!("{group}/{version}"),
    }
}

fn fields(status: &Status) -> Map<String, Value> {
    let mut fields = Map::new();
    let mut set = |name: &str, values: Vec<Value>| {
        if !values.is_empty() {
            fields.insert(name.to_owned(), values.into());
        }
    };
    let kind = if status.object.kind == Kind::Gateway { "type" } else { "host" };
    let addresses =
        status.addresses.iter().map(|address| json!({kind: address.kind, "value": address.value}));
    set("addresses", addresses.collect());
    set("conditions", conditions(&status.conditions));
    set("listeners", status.listeners.iter().map(listener).collect());
    let (list, reference) = match status.object.kind {
        Kind::BackendTlsPolicy | Kind::XBackendTrafficPolicy => ("ancestors", "ancestorRef"),
        _ => ("parents", "parentRef"),
    };
    let parent = |parent: &ParentStatus| {
        object([
            ("conditions", Some(conditions(&parent.conditions).into())),
            ("controllerName", controller(parent)),
            (reference, Some(self::reference(&parent.reference))),
        ])
    };
    set(list, status.parents.iter().map(parent).collect());
    if status.attached_listener_sets != 0 {
        fields.insert("attachedListenerSets".to_owned(), json!(status.attached_listener_sets));
    }
    fields
}

/// The controller that speaks, where it says so.
fn controller(parent: &ParentStatus) -> Option<Value> {
    (!parent.controller.is_empty()).then(|| json!(parent.controller))
}

fn conditions(conditions: &[Condition]) -> Vec<Value> {
    let condition = |condition: &Condition| {
        json!({
            "message": condition.message,
            "reason": condition.reason,
            "status": condition.status.as_str(),
            "type": condition.condition_type,
        })
    };
    conditions.iter().map(condition).collect()
}

fn listener(listener: &ListenerStatus) -> Value {
    let kinds: Vec<Value> = listener
        .supported_kinds
        .iter()
        .map(|kind| json!({"group": GATEWAY_GROUP, "kind": kind.as_str()}))
        .collect();
    json!({
        "attachedRoutes": listener.attached_routes,
        "conditions": conditions(&listener.conditions),
        "name": listener.name,
        "supportedKinds": kinds,
    })
}

/// A reference with the defaults that the API server fills in.
fn reference(reference: &ParentReference) -> Value {
    object([
        ("group", Some(json!(reference.group.as_deref().unwrap_or(GATEWAY_GROUP)))),
        ("kind", Some(json!(reference.kind.as_deref().unwrap_or("Gateway")))),
        ("name", Some(json!(reference.name))),
        ("namespace", reference.namespace.as_ref().map(|namespace| json!(namespace))),
        ("port", reference.port.map(|port| json!(port))),
        ("sectionName", reference.section_name.as_ref().map(|section| json!(section))),
    ])
}
