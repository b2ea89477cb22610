//! Patches of EnvoyFilters that no waypoint applies, and why.

use crate::resources::names;
use crate::snapshot::networking::envoy_filter::{
    ApplyTo, ClusterMatch, EnvoyConfigObjectMatch, EnvoyConfigObjectPatch, ListenerMatch, PatchContext,
    PatchOperation,
};

/// A waypoint's listeners, and the port of the only one that has any.
const LISTENERS: [&str; 5] = [
    names::CONNECT_TERMINATE,
    names::MAIN_INTERNAL,
    names::CONNECT_ORIGINATE,
    names::INNER_CONNECT_ORIGINATE,
    names::OUTER_CONNECT_ORIGINATE,
];
const HBONE_PORT: u32 = 15008;

/// Why a patch never applies, or not to what it looks like.
pub(super) struct Reason {
    /// The field in the patch that decides it.
    pub(super) field: &'static str,
    pub(super) why: String,
    pub(super) help: &'static str,
    /// What the field has to be, where that is certain.
    pub(super) set: Option<&'static str>,
}

impl Reason {
    fn new(field: &'static str, why: impl Into<String>, help: &'static str) -> Self {
        Self { field, why: why.into(), help, set: None }
    }

    fn of_context(why: impl Into<String>) -> Self {
        let set = PatchContext::SidecarInbound.as_str();
        Self { set: Some(set), ..Self::new("match.context", why, "use the context `SIDECAR_INBOUND`") }
    }
}

/// Why a patch never applies to the waypoints that an EnvoyFilter is for, if it doesn't. `serves` tells
/// whether all of them serve a host themselves.
pub(super) fn reason(patch: &EnvoyConfigObjectPatch, serves: impl Fn(&str) -> bool) -> Option<Reason> {
    let none = EnvoyConfigObjectMatch::default();
    let matches = patch.matches.as_ref().unwrap_or(&none);
    let operation = patch.patch.as_ref()?.operation;
    if let Some(reason) = of_operation(patch.apply_to, operation) {
        return Some(reason);
    }
    match patch.apply_to {
        ApplyTo::Listener if operation == PatchOperation::Add => of_added_listener(matches.context),
        ApplyTo::Listener
        | ApplyTo::ListenerFilter
        | ApplyTo::FilterChain
        | ApplyTo::NetworkFilter
        | ApplyTo::HttpFilter => {
            of_side(matches.context, "listeners").or_else(|| of_listener(matches.listener.as_ref()?))
        }
        ApplyTo::RouteConfiguration | ApplyTo::VirtualHost | ApplyTo::HttpRoute => {
            of_side(matches.context, "routes").or_else(|| Some(of_routes(patch.apply_to)))
        }
        ApplyTo::Cluster if operation == PatchOperation::Add => of_added_cluster(matches.context),
        ApplyTo::Cluster => of_cluster(matches, serves),
        ApplyTo::ExtensionConfig | ApplyTo::Bootstrap | ApplyTo::Invalid => None,
    }
}

/// An operation that does nothing to what is patched.
fn of_operation(apply_to: ApplyTo, operation: PatchOperation) -> Option<Reason> {
    use PatchOperation::{Add, Merge, MergeAndReplaceList, Remove};
    let (takes, help): (&[PatchOperation], _) = match apply_to {
        ApplyTo::Listener | ApplyTo::FilterChain | ApplyTo::Cluster => {
            (&[Add, Merge, MergeAndReplaceList, Remove], "use `ADD`, `MERGE` or `REMOVE`")
        }
        ApplyTo::ExtensionConfig => (&[Add], "use `ADD`: the configuration is sent to who asks for its name"),
        _ => return None,
    };
    (!takes.contains(&operation)).then(|| {
        let why = format!("the operation `{}` does nothing for {}", operation.as_str(), apply_to.as_str());
        Reason::new("patch.operation", why, help)
    })
}

fn is_of_others(context: PatchContext) -> bool {
    matches!(context, PatchContext::Gateway | PatchContext::SidecarOutbound)
}

/// A waypoint's listeners and routes are inbound ones.
fn of_side(context: PatchContext, what: &str) -> Option<Reason> {
    is_of_others(context).then(|| {
        let context = context.as_str();
        Reason::of_context(format!(
            "the {what} of a waypoint are inbound ones, which the context `{context}` leaves out"
        ))
    })
}

fn of_added_listener(context: PatchContext) -> Option<Reason> {
    (context == PatchContext::Gateway)
        .then(|| Reason::of_context("no listener is added to a waypoint with the context `GATEWAY`"))
}

fn of_listener(wanted: &ListenerMatch) -> Option<Reason> {
    if !wanted.name.is_empty() && !LISTENERS.contains(&wanted.name.as_str()) {
        let why = format!("a waypoint has no listener `{}`", wanted.name);
        let help = "leave the name out, or name `main_internal`, where the Services' chains are";
        return Some(Reason::new("match.listener.name", why, help));
    }
    if wanted.port_number != 0 && wanted.port_number != HBONE_PORT {
        let why = format!(
            "no listener of a waypoint has the port {}: the Services' chains are in `main_internal`, which has none",
            wanted.port_number
        );
        let help =
            "leave the port out, and name the chain in `filterChain.name`: `inbound-vip|<port>|http|<host>`";
        return Some(Reason::new("match.listener.portNumber", why, help));
    }
    let chain = wanted.filter_chain.as_ref()?;
    let unmatched = [
        (!chain.sni.is_empty(), "match.listener.filterChain.sni"),
        (!chain.transport_protocol.is_empty(), "match.listener.filterChain.transportProtocol"),
        (!chain.application_protocols.is_empty(), "match.listener.filterChain.applicationProtocols"),
        (chain.destination_port != 0, "match.listener.filterChain.destinationPort"),
    ];
    let (_, field) = unmatched.into_iter().find(|(is_set, _)| *is_set)?;
    let name = field.rsplit('.').next().unwrap_or_default();
    let why = format!("a waypoint chooses chains by name, and none of them has a `{name}` to be matched by");
    let help = "name the chain in `filterChain.name` instead: `inbound-vip|<port>|http|<host>`";
    Some(Reason::new(field, why, help))
}

fn of_routes(apply_to: ApplyTo) -> Reason {
    let why = format!(
        "the routes of a waypoint are part of its listeners: patches of {} reach only Services that no VirtualService and no Gateway API route is for",
        apply_to.as_str()
    );
    Reason::new("applyTo", why, "say it in a VirtualService or an HTTPRoute, or patch an HTTP_FILTER")
}

fn of_added_cluster(context: PatchContext) -> Option<Reason> {
    let why = match context {
        PatchContext::Any => {
            "a cluster is added to a waypoint with the context `SIDECAR_INBOUND` only, not with `ANY`, which holds where none is given"
        }
        PatchContext::Gateway | PatchContext::SidecarOutbound => {
            "a cluster is added to a waypoint with the context `SIDECAR_INBOUND` only"
        }
        PatchContext::SidecarInbound | PatchContext::Waypoint => return None,
    };
    Some(Reason::of_context(why))
}

fn of_cluster(matches: &EnvoyConfigObjectMatch, serves: impl Fn(&str) -> bool) -> Option<Reason> {
    const OUTBOUND: &str = "outbound|";
    const HELP: &str = "use a DestinationRule: what it says holds for the clusters of a waypoint";
    if matches!(matches.context, PatchContext::Gateway | PatchContext::SidecarInbound) {
        let why = format!(
            "of the clusters of a waypoint only outbound ones are patched, which the context `{}` leaves out",
            matches.context.as_str()
        );
        return Some(Reason::new("match.context", why, HELP));
    }
    let none = ClusterMatch::default();
    let wanted = matches.cluster.as_ref().unwrap_or(&none);
    if !wanted.name.is_empty() && !wanted.name.starts_with(OUTBOUND) {
        let why = format!(
            "of the clusters of a waypoint only outbound ones are patched, and `{}` is not one of them",
            wanted.name
        );
        return Some(Reason::new("match.cluster.name", why, HELP));
    }
    if wanted.name.is_empty() && !wanted.service.is_empty() && serves(&wanted.service) {
        let why = format!(
            "the waypoint's own clusters of `{}` are inbound ones, and only outbound ones are patched",
            wanted.service
        );
        return Some(Reason::new("match.cluster.service", why, HELP));
    }
    if matches.context == PatchContext::Any && *wanted == none {
        let why = "of the clusters of a waypoint only outbound ones are patched, not those of the Services that it serves";
        return Some(Reason::new("applyTo", why, HELP));
    }
    None
}
