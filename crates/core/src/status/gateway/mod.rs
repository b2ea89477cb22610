//! The status of Gateways, of every class that Istio answers for.
//!
//! | module | knows |
//! |---|---|
//! | [`listener`] | what is wrong with a listener, and which routes may attach to it |
//! | [`conflict`] | which listeners exclude each other |
//! | [`listener_set`] | the listeners that ListenerSets add, and the statuses of those |
//! | [`tls`] | whether a listener's certificates are there |
//! | [`service`] | the Services that a Gateway is reached by, and whether anybody answers there |

mod conflict;
pub(super) mod listener;
pub(super) mod listener_set;
mod service;
mod tls;

use std::collections::{BTreeMap, BTreeSet};

use self::listener::Listener;
use self::listener_set::ListenerSetView;
use self::service::Reach;
use super::condition::{Address, Condition, Fault, ListenerStatus, Status};
use super::scope;
use super::{Context, class::Controller};
use crate::Str;
use crate::snapshot::gateway_api::Gateway;
use crate::snapshot::gateway_api::gateway::GatewayAddress;
use crate::snapshot::{Cause, FieldPath, Kind, Object, ObjectRef};

const ADDRESS_TYPE: &str = "networking.istio.io/address-type";

/// A Gateway that Istio answers for, as routes and its own status see it.
pub(super) struct GatewayView<'m> {
    pub(super) object: &'m Object<Gateway>,
    pub(super) controller: Controller,
    pub(super) listeners: Vec<Listener<'m>>,
    /// The ListenerSets that would add some, the oldest first.
    pub(super) listener_sets: Vec<ListenerSetView<'m>>,
    services: Vec<Str>,
    /// What is wrong with how it names its Services.
    address: Option<Fault>,
    /// Why it is not accepted.
    fault: Option<Fault>,
}

impl<'m> GatewayView<'m> {
    /// Looks at a Gateway; nothing if Istio does not answer for its class.
    pub(super) fn new(cx: &Context<'m>, object: &'m Object<Gateway>) -> Option<Self> {
        let controller = cx.classes.controller(&object.spec.gateway_class_name)?;
        let (services, fault) = service::hostnames(cx, object, controller);
        let address = fault.clone();
        let unreachable = services.is_empty() && fault.is_some();
        let fault = if unreachable { fault } else { fault.or_else(|| missing_parameters(cx, object)) };
        let mut view = Self {
            object,
            controller,
            listeners: Vec::new(),
            listener_sets: Vec::new(),
            services,
            address,
            fault,
        };
        let sets = cx.listener_sets.of(object);
        // Only gateways for ingress can have listeners from elsewhere, and are looked through for conflicts.
        let looks = view.can_be_extended() && cx.mesh.rules.status.listener_conflicts;
        let own = &object.spec.listeners;
        let let_in = sets.iter().filter(|set| looks && listener_set::is_allowed(cx, object, set));
        let all = own.iter().chain(let_in.flat_map(|set| &set.spec.listeners)).filter(|_| looks);
        // Of all listeners, in their order; of none where nobody looks.
        let mut conflicts = conflict::reasons(all).into_iter();
        if controller != Controller::Remote && !unreachable {
            let own = own.iter().map(|listener| (listener, conflicts.next().flatten()));
            view.listeners = listener::all(cx, &object.object_ref(), controller, own);
        }
        view.listener_sets =
            sets.iter().filter_map(|set| ListenerSetView::new(cx, &view, set, &mut conflicts)).collect();
        Some(view)
    }

    /// Whether ListenerSets may add listeners to it.
    pub(super) fn can_be_extended(&self) -> bool {
        self.controller == Controller::Gateway
    }

    /// Whether nothing says where it is reached.
    fn is_unreachable(&self) -> bool {
        self.services.is_empty() && self.address.is_some()
    }

    /// The listeners that routes can attach to.
    pub(super) fn parents(&self, cx: &Context<'_>) -> impl Iterator<Item = &Listener<'m>> {
        let passes_on = cx.mesh.rules.status.east_west_passes_on;
        let is_parent = move |listener: &&Listener<'_>| match self.controller {
            Controller::Gateway => listener.serves,
            Controller::EastWest => listener.serves && passes_on && listener.spec.port != 15008,
            Controller::Waypoint | Controller::Remote => false,
        };
        self.listeners.iter().filter(is_parent)
    }
}

/// How many routes are attached to each listener: by the namespace and name of its Gateway or ListenerSet,
/// and its own name. Istio does not tell a Gateway from a ListenerSet of its name here.
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

fn waiting(object: &Object<Gateway>) -> Status {
    let mut status = Status::of(object.object_ref());
    status.conditions = pending();
    status.addresses = given(&object.spec.status.addresses);
    status
}

/// What the API server writes into a new Gateway or ListenerSet, until a controller says something else.
fn pending() -> Vec<Condition> {
    ["Accepted", "Programmed"]
        .map(|kind| {
            Condition::new(
                kind,
                super::condition::ConditionStatus::Unknown,
                "Pending",
                "Waiting for controller",
            )
        })
        .into()
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
    let added = view.listener_sets.iter().flat_map(ListenerSetView::attached);
    let served = view.listeners.iter().filter(|listener| listener.serves).chain(added);
    let ports: BTreeSet<i32> = served.map(|listener| listener.spec.port).collect();
    let reach = Reach::of(cx, view, &ports);
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
    status.conditions.extend(listener_sets(cx, view));
    status.addresses = addresses(view, &reach);
    let owner = &status.object;
    status.listeners =
        view.listeners.iter().map(|listener| listener_status(owner, listener, attached)).collect();
    status.attached_listener_sets =
        view.listener_sets.iter().filter(|set| set.attached().next().is_some()).count();
    status
}

/// Whether ListenerSets are attached to a Gateway that lets some in: those of an experiment, which is not
/// read.
fn listener_sets(cx: &Context<'_>, view: &GatewayView<'_>) -> Option<Condition> {
    view.object.spec.allowed_listeners.as_ref().filter(|_| cx.mesh.rules.status.listener_sets_condition)?;
    let (reason, message) = if cx.mesh.options.features.pilot_enable_alpha_gateway_api {
        let message = "AllowedListeners is configured, but no ListenerSets are attached";
        ("NoListenersAttached", message.to_owned())
    } else {
        let flag = listener::ALPHA;
        let message =
            format!("AllowedListeners is configured, but ListenerSets are not enabled (set {flag}=true)");
        ("Unsupported", message)
    };
    let cause = Cause::new(view.object.object_ref(), FieldPath::field("spec.allowedListeners"));
    Some(Condition::new("AttachedListenerSets", false, reason, message).because([cause]))
}

fn accepted(cx: &Context<'_>, view: &GatewayView<'_>) -> Condition {
    if let Some(fault) = &view.fault {
        return fault.clone().condition("Accepted");
    }
    let told = cx.mesh.rules.status.invalid_listeners;
    let invalid = view.listeners.iter().filter(|listener| told && !listener.is_valid);
    let owner = view.object.object_ref();
    let causes: Vec<Cause> = invalid.map(|listener| listener.cause(&owner)).collect();
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

/// The status of a listener of a Gateway or of a ListenerSet.
fn listener_status(owner: &ObjectRef, listener: &Listener<'_>, attached: &Attached) -> ListenerStatus {
    let key = (owner.namespace.clone(), owner.name.clone(), listener.spec.name.clone());
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
