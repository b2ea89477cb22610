//! `Gateway`, `ListenerSet` and `GatewayClass`.
#![allow(missing_docs, reason = "the fields are those of the API type of the same name")]

use std::collections::BTreeMap;

use crate::Str;
use crate::snapshot::Labels;
use crate::snapshot::message::{choice, message};
use crate::snapshot::selector::LabelSelector;

message! {
    /// The spec of a `Gateway`, and its status.
    pub struct Gateway {
        gateway_class_name: Str,
        listeners: Vec<Listener>,
        addresses: Vec<GatewayAddress>,
        infrastructure: Option<GatewayInfrastructure>,
        allowed_listeners: Option<AllowedListeners>,
        #[serde(skip)]
        status: GatewayStatus,
    }

    pub struct GatewayAddress {
        #[serde(rename = "type")]
        address_type: Option<Str>,
        value: Str,
    }

    pub struct GatewayInfrastructure {
        labels: Labels,
        annotations: Labels,
        parameters_ref: Option<ParametersReference>,
    }

    pub struct ParametersReference {
        group: Str,
        kind: Str,
        name: Str,
    }

    pub struct Listener {
        name: Str,
        hostname: Option<Str>,
        port: i32,
        protocol: Str,
        tls: Option<GatewayTlsConfig>,
        allowed_routes: Option<AllowedRoutes>,
    }

    pub struct GatewayTlsConfig {
        mode: Option<Str>,
        certificate_refs: Vec<SecretObjectReference>,
        options: BTreeMap<Str, Str>,
    }

    pub struct SecretObjectReference {
        group: Option<Str>,
        kind: Option<Str>,
        name: Str,
        namespace: Option<Str>,
    }

    pub struct AllowedRoutes {
        namespaces: Option<RouteNamespaces>,
        kinds: Vec<RouteGroupKind>,
    }

    pub struct RouteNamespaces {
        from: Option<FromNamespaces>,
        selector: Option<LabelSelector>,
    }

    pub struct RouteGroupKind {
        group: Option<Str>,
        kind: Str,
    }

    pub struct AllowedListeners {
        namespaces: Option<RouteNamespaces>,
    }

    /// The spec of a `ListenerSet`: listeners that are added to a Gateway.
    pub struct ListenerSet {
        parent_ref: ParentGatewayReference,
        listeners: Vec<Listener>,
    }

    pub struct ParentGatewayReference {
        group: Option<Str>,
        kind: Option<Str>,
        name: Str,
        namespace: Option<Str>,
    }

    /// What a controller wrote: a Gateway counts once it has an address.
    pub struct GatewayStatus {
        addresses: Vec<GatewayAddress>,
    }

    /// The spec of a `GatewayClass`.
    pub struct GatewayClass {
        controller_name: Str,
    }
}

choice! {
    /// Whose routes, or ListenerSets, may attach.
    pub enum FromNamespaces {
        Same = "Same",
        All = "All",
        Selector = "Selector",
        None = "None",
    }
}
