//! ListenerSets: the listeners that they add to Gateways, and their statuses.
//!
//! Source: [ListenerSet](https://gateway-api.sigs.k8s.io/geps/gep-1713/).

use std::collections::{BTreeMap, BTreeSet};

use smol_str::format_smolstr;

use super::listener::{self, Listener};
use super::service::Reach;
use super::{Attached, GatewayView, listener_status, pending};
use crate::Str;
use crate::mesh::{Mesh, age};
use crate::snapshot::gateway_api::gateway::{FromNamespaces, Gateway, ListenerSet};
use crate::snapshot::{self, Cause, FieldPath, Kind, Object, label_selector};
use crate::status::condition::{Condition, Fault, Status};
use crate::status::{Context, scope};
use crate::well_known::GATEWAY_GROUP;

/// The ListenerSets, by the namespace and name of the Gateway that they refer to, the oldest first.
pub(in crate::status) struct ListenerSets<'m>(BTreeMap<(&'m str, &'m str), Vec<&'m Object<ListenerSet>>>);

impl<'m> ListenerSets<'m> {
    pub(in crate::status) fn new(mesh: &'m Mesh) -> Self {
        let mut by_gateway: BTreeMap<_, Vec<&Object<ListenerSet>>> = BTreeMap::new();
        for set in mesh.snapshot.listener_sets.iter().filter(|set| scope::is_of_revision(mesh, &set.meta)) {
            by_gateway.entry(parent(set)).or_default().push(set);
        }
        for sets in by_gateway.values_mut() {
            sets.sort_by_cached_key(|set| {
                let created = age::created(&set.meta, mesh.rules);
                (created, format_smolstr!("{}/{}", set.meta.namespace, set.meta.name))
            });
        }
        Self(by_gateway)
    }

    /// Those that refer to a Gateway by its name, whatever kind they say it is.
    pub(super) fn of(&self, gateway: &'m Object<Gateway>) -> &[&'m Object<ListenerSet>] {
        let key = (gateway.meta.namespace.as_str(), gateway.meta.name.as_str());
        self.0.get(&key).map_or(&[], Vec::as_slice)
    }
}

/// The namespace and the name of the Gateway that a ListenerSet refers to.
pub(in crate::status) fn parent(set: &Object<ListenerSet>) -> (&str, &str) {
    let reference = &set.spec.parent_ref;
    (reference.namespace.as_ref().unwrap_or(&set.meta.namespace), &reference.name)
}

fn refers_to_gateway(set: &ListenerSet) -> bool {
    let reference = &set.parent_ref;
    reference.group.as_deref().unwrap_or(GATEWAY_GROUP) == GATEWAY_GROUP
        && reference.kind.as_deref().unwrap_or("Gateway") == Kind::Gateway.name()
}

/// Whether a Gateway lets ListenerSets of that namespace add listeners. Unless it says so, it lets none.
pub(super) fn is_allowed(cx: &Context<'_>, gateway: &Object<Gateway>, set: &Object<ListenerSet>) -> bool {
    let namespaces = gateway.spec.allowed_listeners.as_ref().and_then(|allowed| allowed.namespaces.as_ref());
    let Some(namespaces) = namespaces else { return false };
    let namespace = &set.meta.namespace;
    match namespaces.from {
        Some(FromNamespaces::All) => true,
        Some(FromNamespaces::Same) => *namespace == gateway.meta.namespace,
        Some(FromNamespaces::None) => false,
        Some(FromNamespaces::Selector) | None => namespaces.selector.as_ref().is_some_and(|selector| {
            let found = snapshot::find(&cx.mesh.snapshot.namespaces, "", namespace);
            found.is_some_and(|found| label_selector::matches(selector, &found.meta.labels))
        }),
    }
}

/// A ListenerSet, as routes and its own status see it.
pub(in crate::status) struct ListenerSetView<'m> {
    pub(in crate::status) object: &'m Object<ListenerSet>,
    /// Why it adds nothing.
    refused: Option<Fault>,
    listeners: Vec<Listener<'m>>,
    /// Whether only listeners that are in order are attached.
    only_valid: bool,
}

impl<'m> ListenerSetView<'m> {
    /// Looks at a ListenerSet of a Gateway, and takes the conflicts of its listeners from those of all that
    /// the Gateway lets in. Nothing if it does not refer to a Gateway.
    pub(super) fn new(
        cx: &Context<'m>,
        view: &GatewayView<'m>,
        object: &'m Object<ListenerSet>,
        conflicts: &mut impl Iterator<Item = Option<&'static str>>,
    ) -> Option<Self> {
        let refused = refusal(cx, view, object);
        let listeners = if refused.is_some() {
            Vec::new()
        } else {
            let specs = object.spec.listeners.iter();
            let specs = specs.map(|listener| (listener, conflicts.next().flatten()));
            listener::all(cx, &object.object_ref(), view.controller, specs)
        };
        let listeners = if view.is_unreachable() { Vec::new() } else { listeners };
        let only_valid = cx.mesh.rules.status.invalid_listeners;
        refers_to_gateway(&object.spec).then_some(Self { object, refused, listeners, only_valid })
    }

    /// The listeners that it adds: since 1.31 those that are in order.
    pub(in crate::status) fn attached(&self) -> impl Iterator<Item = &Listener<'m>> {
        self.listeners.iter().filter(|listener| listener.serves && (listener.is_valid || !self.only_valid))
    }

    fn status(&self, cx: &Context<'_>, view: &GatewayView<'_>, attached: &Attached) -> Status {
        let mut status = Status::of(self.object.object_ref());
        if let Some(refused) = &self.refused {
            status.conditions = ["Accepted", "Programmed"].map(|kind| refused.clone().condition(kind)).into();
            return status;
        }
        let served = self.listeners.iter().filter(|listener| listener.serves);
        let ports: BTreeSet<i32> = served.map(|listener| listener.spec.port).collect();
        let programmed = Reach::of(cx, view, &ports).programmed(&view.services);
        let invalid = self.invalid(view);
        let parent = view
            .address
            .clone()
            .map(|fault| Fault { message: format!("Parent not accepted: {}", fault.message), ..fault });
        let accepted = match parent.or_else(|| invalid.clone()) {
            Some(fault) => fault.condition("Accepted"),
            None => Condition::new("Accepted", true, "Accepted", "Resource accepted"),
        };
        let programmed = invalid.map_or(programmed, |fault| fault.condition("Programmed"));
        status.conditions = vec![accepted, programmed];
        let owner = &status.object;
        status.listeners =
            self.listeners.iter().map(|listener| listener_status(owner, listener, attached)).collect();
        status
    }

    /// That no listener is in order. Nobody asks where the Gateway is not reached at all.
    fn invalid(&self, view: &GatewayView<'_>) -> Option<Fault> {
        if !self.only_valid || view.is_unreachable() || self.attached().next().is_some() {
            return None;
        }
        let owner = self.object.object_ref();
        let fault = Fault::new("ListenersNotValid", "None of the ListenerSet's listeners are valid");
        Some(self.listeners.iter().fold(fault, |fault, listener| fault.at(listener.cause(&owner))))
    }
}

/// Why a ListenerSet adds nothing to a Gateway.
fn refusal(cx: &Context<'_>, view: &GatewayView<'_>, set: &Object<ListenerSet>) -> Option<Fault> {
    let gateway = view.object;
    let (message, field) = if !view.can_be_extended() {
        let class = &gateway.spec.gateway_class_name;
        let message = format!("The \"{class}\" GatewayClass does not support ListenerSet");
        (message, "spec.gatewayClassName")
    } else if !is_allowed(cx, gateway, set) {
        let message = "The parent Gateway does not allow this reference; check the 'spec.allowedRoutes'";
        (message.to_owned(), "spec.allowedListeners")
    } else {
        return None;
    };
    Some(Fault::new("NotAllowed", message).at(Cause::new(gateway.object_ref(), FieldPath::field(field))))
}

/// The status of every ListenerSet.
pub(in crate::status) fn statuses(cx: &Context<'_>, attached: &Attached) -> Vec<Status> {
    let sets = cx.mesh.snapshot.listener_sets.iter();
    sets.map(|object| {
        let (namespace, name): (&Str, &Str) = (&object.meta.namespace, &object.meta.name);
        match cx.listener_set(namespace, name).filter(|_| scope::is_mine(cx.mesh, &object.meta)) {
            Some((view, set)) => set.status(cx, view, attached),
            None => Status { conditions: pending(), ..Status::of(object.object_ref()) },
        }
    })
    .collect()
}
