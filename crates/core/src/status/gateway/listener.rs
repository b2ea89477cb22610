//! The status of listeners: what is wrong with each, and which routes may attach to it.

use super::tls;
use crate::Str;
use crate::snapshot::gateway_api::gateway::{self, FromNamespaces, RouteGroupKind};
use crate::snapshot::label_selector;
use crate::snapshot::{Cause, FieldPath, Kind, ObjectRef};
use crate::status::Context;
use crate::status::class::Controller;
use crate::status::condition::{Condition, Fault, RouteKind};
use crate::well_known::GATEWAY_GROUP;

/// The flag for what is an experiment.
pub(super) const ALPHA: &str = "PILOT_ENABLE_ALPHA_GATEWAY_API";
const CONFLICT: &str = "Listener has a conflict with another listener attached to the same Gateway";

/// A listener, as Istio takes it.
pub(in crate::status) struct Listener<'m> {
    pub(in crate::status) spec: &'m gateway::Listener,
    /// Whether the gateway listens for it.
    pub(super) serves: bool,
    /// Whether it counts as valid for the Gateway.
    pub(super) is_valid: bool,
    /// The kinds of routes that may attach.
    pub(in crate::status) kinds: Vec<RouteKind>,
    /// The namespaces whose routes may attach.
    pub(in crate::status) admits: Admitted,
    pub(super) conditions: Vec<Condition>,
    index: usize,
}

/// Namespaces whose routes may attach to a listener.
pub(in crate::status) enum Admitted {
    All,
    These(Vec<Str>),
}

impl Admitted {
    pub(in crate::status) fn contains(&self, namespace: &str) -> bool {
        match self {
            Self::All => true,
            Self::These(names) => names.iter().any(|name| name == namespace),
        }
    }
}

impl Listener<'_> {
    /// The listener as what decided something.
    pub(super) fn cause(&self, owner: &ObjectRef) -> Cause {
        Cause::new(owner.clone(), FieldPath::at("spec.listeners[]", [self.index]))
    }
}

/// Every listener of a Gateway or of a ListenerSet, in its order, with the reason for which it is in conflict
/// with another one.
pub(super) fn all<'m>(
    cx: &Context<'m>,
    owner: &ObjectRef,
    controller: Controller,
    listeners: impl Iterator<Item = (&'m gateway::Listener, Option<&'static str>)>,
) -> Vec<Listener<'m>> {
    let listeners = listeners.enumerate();
    listeners
        .map(|(index, (spec, conflict))| {
            let (kinds, known) = kinds(spec);
            let mut listener = Listener {
                spec,
                serves: false,
                is_valid: false,
                kinds,
                admits: admits(cx, &owner.namespace, spec),
                conditions: Vec::new(),
                index,
            };
            match conflict {
                Some(reason) => listener.conditions = conflicted(reason),
                None => look_at(cx, owner, controller, &mut listener),
            }
            if !known {
                let field = FieldPath::at("spec.listeners[].allowedRoutes.kinds", [index]);
                let condition =
                    Condition::new("ResolvedRefs", false, "InvalidRouteKinds", "Invalid route kinds")
                        .because([Cause::new(owner.clone(), field)]);
                listener.conditions.retain(|other| other.condition_type != "ResolvedRefs");
                listener.conditions.push(condition);
            }
            listener
        })
        .collect()
}

fn conflicted(reason: &'static str) -> Vec<Condition> {
    vec![
        Condition::new("Accepted", false, reason, CONFLICT),
        Condition::new("Conflicted", true, reason, CONFLICT),
        Condition::new("Programmed", false, reason, CONFLICT),
    ]
}

fn look_at(cx: &Context<'_>, owner: &ObjectRef, controller: Controller, listener: &mut Listener<'_>) {
    let spec = listener.spec;
    let cause = listener.cause(owner);
    let rules = &cx.mesh.rules.status;
    let certificates = tls::fault(cx, owner, spec, listener.index);
    let protocol =
        unsupported_protocol(controller, &spec.protocol).or_else(|| experiment(cx, &spec.protocol));
    listener.is_valid = certificates.is_none() && protocol.is_none();
    // A listener for TLS that says nothing of it has a place in the status, no more.
    let lacks_tls = spec.tls.is_none() && matches!(spec.protocol.as_str(), "HTTPS" | "TLS");
    listener.serves = !(lacks_tls && rules.listeners_need_tls);
    // In a ListenerSet it has none.
    let useless = !listener.serves && owner.kind == Kind::ListenerSet;
    listener.is_valid &= !useless;

    let without_tls =
        || useless.then(|| format!("protocol is {} but no TLS section is defined", spec.protocol));
    let unexpected = unexpected(controller, spec, rules.east_west_passes_on);
    let unsupported = without_tls().or_else(|| unexpected.map(str::to_owned)).or(protocol);
    let unsupported = unsupported.map(|message| Fault::new("UnsupportedProtocol", message).at(cause.clone()));
    let untrusted =
        certificates.as_ref().filter(|fault| rules.certificates_decide && fault.reason == "RefNotPermitted");
    let untrusted = untrusted.map(|fault| Fault { reason: "NoValidCACertificate".into(), ..fault.clone() });
    let is_unprogrammed = certificates.is_some() || useless;
    let unprogrammed =
        is_unprogrammed.then(|| Fault::new("Invalid", "Bad TLS configuration").at(cause.clone()));
    listener.conditions = vec![
        either(unsupported.or(untrusted), "Accepted", "Accepted"),
        Condition::new("Conflicted", false, "NoConflicts", "No errors found"),
        either(unprogrammed, "Programmed", "Programmed"),
        either(certificates, "ResolvedRefs", "ResolvedRefs"),
    ];
}

fn either(fault: Option<Fault>, condition_type: &'static str, reason: &'static str) -> Condition {
    match fault {
        Some(fault) => fault.condition(condition_type),
        None => Condition::new(condition_type, true, reason, "No errors found"),
    }
}

/// What a waypoint or an east-west gateway expects of its listeners.
fn unexpected(controller: Controller, listener: &gateway::Listener, passes_on: bool) -> Option<&'static str> {
    let mode = listener.tls.as_ref().map(|tls| tls.mode.as_deref().unwrap_or("Terminate"));
    let tunnel = listener.port == 15008;
    let hbone = listener.protocol == "HBONE";
    match controller {
        Controller::Waypoint if !(tunnel && hbone) => {
            Some("Expected a single listener on port 15008 with protocol \"HBONE\"")
        }
        Controller::EastWest => {
            let expected = if tunnel {
                hbone && mode == Some("Terminate")
            } else {
                listener.protocol == "TLS" && mode == Some("Passthrough")
            };
            let expected = expected && (passes_on || tunnel);
            (!expected).then_some(if passes_on {
                "East-west gateway listeners must be either port 15008 with protocol \"HBONE\" and TLS.Mode \
                 == Terminate, or TLS with TLS.Mode == Passthrough"
            } else {
                "Expected a single listener on port 15008 with protocol \"HBONE\" and TLS.Mode == Terminate"
            })
        }
        _ => None,
    }
}

/// That the protocol of a listener is an experiment, and these are not asked for.
fn experiment(cx: &Context<'_>, protocol: &str) -> Option<String> {
    let is_experiment = cx.mesh.rules.status.alpha_protocols.contains(&protocol);
    (is_experiment && !cx.mesh.options.features.pilot_enable_alpha_gateway_api)
        .then(|| format!("protocol {protocol:?} is supported, but only when {ALPHA}=true is configured"))
}

fn unsupported_protocol(controller: Controller, protocol: &str) -> Option<String> {
    const KNOWN: [&str; 5] = ["HTTP", "HTTPS", "TLS", "TCP", "HBONE"];
    match protocol {
        "HTTP" | "HTTPS" | "TLS" | "TCP" => return None,
        "HBONE" if matches!(controller, Controller::Waypoint | Controller::EastWest) => return None,
        "HBONE" => return Some("protocol \"HBONE\" is only supported for waypoint proxies".to_owned()),
        _ => {}
    }
    let upper = protocol.to_ascii_uppercase();
    let hint = if KNOWN.contains(&upper.as_str()) {
        format!(". hint: {upper:?} (uppercase) may be supported")
    } else {
        String::new()
    };
    Some(format!("protocol {protocol:?} is unsupported{hint}"))
}

/// The kinds of routes that may attach, and whether every kind that the listener asks for is among them.
fn kinds(listener: &gateway::Listener) -> (Vec<RouteKind>, bool) {
    let mode = listener.tls.as_ref().and_then(|tls| tls.mode.as_deref());
    let supported: &[RouteKind] = match listener.protocol.as_str() {
        "HTTP" | "HTTPS" => &[RouteKind::Http, RouteKind::Grpc],
        "TCP" => &[RouteKind::Tcp],
        // The API server says `Terminate` where nothing is said.
        "TLS" if listener.tls.is_some() && mode.unwrap_or("Terminate") == "Terminate" => {
            &[RouteKind::Tls, RouteKind::Tcp]
        }
        "TLS" => &[RouteKind::Tls],
        _ => &[],
    };
    let asked = listener.allowed_routes.as_ref().map_or(&[][..], |allowed| &allowed.kinds);
    if asked.is_empty() {
        return (supported.to_vec(), true);
    }
    let is_asked = |kind: &&RouteKind| asked.iter().any(|asked| is_kind(asked, **kind));
    let both: Vec<RouteKind> = supported.iter().filter(is_asked).copied().collect();
    let known = both.len() == asked.len();
    (both, known)
}

fn is_kind(asked: &RouteGroupKind, kind: RouteKind) -> bool {
    asked.kind == kind.as_str() && asked.group.as_deref().unwrap_or(GATEWAY_GROUP) == GATEWAY_GROUP
}

/// The namespaces whose routes may attach.
fn admits(cx: &Context<'_>, namespace: &Str, listener: &gateway::Listener) -> Admitted {
    let own = || Admitted::These(vec![namespace.clone()]);
    let namespaces = listener.allowed_routes.as_ref().and_then(|allowed| allowed.namespaces.as_ref());
    let Some(namespaces) = namespaces else { return own() };
    match (namespaces.from.unwrap_or_default(), &namespaces.selector) {
        (FromNamespaces::Same, _) => own(),
        (FromNamespaces::All, _) | (_, None) => Admitted::All,
        (_, Some(selector)) => {
            let all = cx.mesh.snapshot.namespaces.iter();
            let selected = all.filter(|namespace| label_selector::matches(selector, &namespace.meta.labels));
            Admitted::These(selected.map(|namespace| namespace.meta.name.clone()).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listener(protocol: &str) -> gateway::Listener {
        gateway::Listener { protocol: protocol.into(), port: 15008, ..gateway::Listener::default() }
    }

    #[test]
    fn protocols_are_told_apart_by_case() {
        let fault = |protocol| unsupported_protocol(Controller::Gateway, protocol);
        assert_eq!(fault("HTTP"), None);
        let hint = "protocol \"http\" is unsupported. hint: \"HTTP\" (uppercase) may be supported";
        assert_eq!(fault("http").as_deref(), Some(hint));
        assert_eq!(fault("UDP").as_deref(), Some("protocol \"UDP\" is unsupported"));
        assert!(fault("HBONE").is_some());
        assert_eq!(unsupported_protocol(Controller::Waypoint, "HBONE"), None);
    }

    #[test]
    fn a_waypoint_listens_for_tunnels_on_port_15008() {
        let unexpected = |controller, listener: &_| unexpected(controller, listener, true);
        assert_eq!(unexpected(Controller::Waypoint, &listener("HBONE")), None);
        assert!(unexpected(Controller::Waypoint, &listener("HTTP")).is_some());
        assert!(unexpected(Controller::EastWest, &listener("HBONE")).is_some());
        assert_eq!(unexpected(Controller::Gateway, &listener("HTTP")), None);
    }

    #[test]
    fn kinds_follow_the_protocol() {
        assert_eq!(kinds(&listener("HTTP")), (vec![RouteKind::Http, RouteKind::Grpc], true));
        assert_eq!(kinds(&listener("HBONE")), (vec![], true));
        let asked = |kind: &str| RouteGroupKind { group: None, kind: kind.into() };
        let mut narrowed = listener("HTTP");
        narrowed.allowed_routes = Some(gateway::AllowedRoutes {
            kinds: vec![asked("HTTPRoute"), asked("TCPRoute")],
            ..gateway::AllowedRoutes::default()
        });
        assert_eq!(kinds(&narrowed), (vec![RouteKind::Http], false));
    }
}
