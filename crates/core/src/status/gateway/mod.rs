//! The status of Gateways, of every class that Istio answers for.
//!
//! | module | knows |
//! |---|---|
//! | [`listener`] | what is wrong with a listener, and which routes may attach to it |
//! | [`conflict`] | which listeners exclude each other |
//! | [`tls`] | whether a listener's certificates are there |
//! | [`service`] | the Services that a Gateway is reached by, and whether anybody answers there |

mod conflict;
pub(super) mod listener;
mod service;
mod tls;

use std::collections::BTreeMap;

use self::listener::Listener;
use self::service::Reach;
use super::condition::{Address, Condition, Fault, ListenerStatus, Status};
use super::scope;
use super::{Context, class::Controller};
use crate::Str;
use crate::snapshot::gateway_api::Gateway;
use crate::snapshot::gateway_api::gateway::GatewayAddress;
use crate::snapshot::{Cause, FieldPath, Kind, Object};

const ADDRESS_TYPE: &str = "networking.istio.io/address-type";

/// A Gateway that Istio answers for, as routes and its own status see it.
pub(super) struct GatewayView<'m> {
    pub(super) object: &'m Object<Gateway>,
    pub(super) controller: Controller,
    pub(super) listeners: Vec<Listener<'m>>,
    services: Vec<Str>,
    fault: Option<Fault>,
}

impl<'m> GatewayView<'m> {
    /// Looks at a Gateway; nothing if Istio does not answer for its class.
    pub(super) fn new(cx: &Context<'m>, object: &'m Object<Gateway>) -> Option<Self> {
        let controller = cx.classes.controller(&object.spec.gateway_class_name)?;
        let (services, fault) = service::hostnames(cx, object, controller);
        let unreachable = services.is_empty() && fault.is_some();
        let listeners = if controller == Controller::Remote || unreachable {
            Vec::new()
        } else {
            listener::all(cx, object, controller)
        };
        let fault = if unreachable { fault } else { fault.or_else(|| missing_parameters(cx, object)) };
        Some(Self { object, controller, listeners, services, fault })
    }

    /// The listeners that routes can attach to.
    pub(super) fn parents(&self) -> impl Iterator<Item = &Listener<'m>> {
        let is_parent = |listener: &&Listener<'_>| match self.controller {
            Controller::Gateway => listener.serves,
            Controller::EastWest => listener.serves && listener.spec.port != 15008,
            Controller::Waypoint | Controller::Remote => false,
        };
        self.listeners.iter().filter(is_parent)
    }
}

/// How many routes are attached to each listener: by the Gateway's namespace and name, and the listener's
/// name.
pub(super) type Attached = BTreeMap<(Str, Str, Str), usize>;

/// The status of every Gateway.
pub(super) fn statuses(cx: &Context<'_>, attached: &Attached) -> Vec<Status> {
    let undiscovered = cx.mesh.undiscovered_gateways.iter().map(|object| waiting(object));
    let gateways = cx.mesh.snapshot.gateways.iter();
    gateways
        .map(|object| {
            let mine = scope::is_mine(cx.mesh, &object.meta);
            match cx.gateway(&object.meta.namespace, &object.meta.name).filter(|_| mine) {
                Some(view) if view.controller == Controller::Remote => remote(view),
                Some(view) => status(cx, view, attached),
                None => waiting(object),
            }
        })
        .chain(undiscovered)
        .collect()
}

/// What the API server writes into a new Gateway, until a controller says something else.
fn waiting(object: &Object<Gateway>) -> Status {
    let mut status = Status::of(object.object_ref());
    status.conditions = ["Accepted", "Programmed"]
        .map(|kind| {
            Condition::new(
                kind,
                super::condition::ConditionStatus::Unknown,
                "Pending",
                "Waiting for controller",
            )
        })
        .into();
    status.addresses = given(&object.spec.status.addresses);
    status
}

/// The status of a Gateway that somebody else runs.
fn remote(view: &GatewayView<'_>) -> Status {
    let mut status = Status::of(view.object.object_ref());
    status.conditions = vec![
        Condition::new("Accepted", true, "Accepted", "Resource accepted"),
        Condition::new("Programmed", true, "Programmed", "This Gateway is remote; Istio will not program it"),
    ];
    status.addresses = given(&view.object.spec.addresses);
    status
}

fn status(cx: &Context<'_>, view: &GatewayView<'_>, attached: &Attached) -> Status {
    let reach = Reach::of(cx, view);
    let mut status = Status::of(view.object.object_ref());
    status.conditions = vec![accepted(cx, view), reach.programmed(&view.services)];
    if cx.mesh.rules.status.gateway_references {
        status.conditions.push(Condition::new(
            "ResolvedRefs",
            true,
            "ResolvedRefs",
            "All references resolved",
        ));
    }
    status.addresses = addresses(view, &reach);
    status.listeners =
        view.listeners.iter().map(|listener| listener_status(view, listener, attached)).collect();
    status
}

fn accepted(cx: &Context<'_>, view: &GatewayView<'_>) -> Condition {
    if let Some(fault) = &view.fault {
        return fault.clone().condition("Accepted");
    }
    let told = cx.mesh.rules.status.invalid_listeners;
    let invalid = view.listeners.iter().filter(|listener| told && !listener.is_valid);
    let causes: Vec<Cause> = invalid.map(|listener| listener.cause(view.object)).collect();
    if causes.is_empty() {
        return Condition::new("Accepted", true, "Accepted", "Resource accepted");
    }
    let any_valid = causes.len() < view.listeners.len();
    let message = if any_valid {
        "One or more of the Gateway's listeners are invalid"
    } else {
        "None of the Gateway's listeners are valid"
    };
    Condition::new("Accepted", any_valid, "ListenersNotValid", message).because(causes)
}

fn listener_status(view: &GatewayView<'_>, listener: &Listener<'_>, attached: &Attached) -> ListenerStatus {
    let meta = &view.object.meta;
    let key = (meta.namespace.clone(), meta.name.clone(), listener.spec.name.clone());
    ListenerStatus {
        name: listener.spec.name.clone(),
        attached_routes: attached.get(&key).copied().unwrap_or_default(),
        supported_kinds: listener.kinds.clone(),
        conditions: listener.conditions.clone(),
    }
}

/// The addresses that a status names: external ones, else those in the cluster. They stay once they are
/// there.
fn addresses(view: &GatewayView<'_>, reach: &Reach) -> Vec<Address> {
    let wanted = view.object.meta.annotations.get(ADDRESS_TYPE).map(Str::as_str);
    let wanted = wanted.unwrap_or(match view.controller {
        Controller::Gateway | Controller::Remote => "Hostname",
        // Releases read one or the other.
        Controller::Waypoint | Controller::EastWest => "",
    });
    let mut found = reach.external.clone();
    if found.is_empty() {
        if wanted != "Hostname" {
            found.clone_from(&reach.ips);
        }
        if wanted != "IPAddress" {
            let hosts = reach.hosts.iter().filter(|host| !reach.pending.contains(*host));
            found.extend(hosts.cloned());
        }
    }
    if found.is_empty() || reach.assumed && !view.object.spec.status.addresses.is_empty() {
        return given(&view.object.spec.status.addresses);
    }
    let kind = |value: &Str| match value.parse::<std::net::IpAddr>() {
        Ok(_) => Str::new_static("IPAddress"),
        Err(_) => Str::new_static("Hostname"),
    };
    found.into_iter().map(|value| Address { kind: kind(&value), value }).collect()
}

fn given(addresses: &[GatewayAddress]) -> Vec<Address> {
    let kind = |address: &GatewayAddress| address.address_type.clone().unwrap_or("IPAddress".into());
    addresses.iter().map(|a| Address { kind: kind(a), value: a.value.clone() }).collect()
}

/// The parameters of what is deployed for a Gateway have to be a ConfigMap that is there.
fn missing_parameters(cx: &Context<'_>, object: &Object<Gateway>) -> Option<Fault> {
    if !cx.mesh.rules.status.gateway_parameters {
        return None;
    }
    let reference = object.spec.infrastructure.as_ref()?.parameters_ref.as_ref()?;
    let namespace = &object.meta.namespace;
    let message = if reference.kind != "ConfigMap" || !reference.group.is_empty() {
        let (group, kind) = (&reference.group, &reference.kind);
        format!("Unsupported parametersRef group/kind {group}/{kind}, only ConfigMap is supported")
    } else if cx.exists(Kind::ConfigMap, namespace, &reference.name) {
        return None;
    } else {
        format!("parametersRef ConfigMap {namespace}/{} does not exist", reference.name)
    };
    let field = FieldPath::field("spec.infrastructure.parametersRef");
    Some(Fault::new("InvalidParameters", message).at(Cause::new(object.object_ref(), field)))
}
