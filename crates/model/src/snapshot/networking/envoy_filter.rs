//! `EnvoyFilter`.
#![allow(missing_docs, reason = "the fields are those of the API type of the same name")]

use std::collections::BTreeMap;

use super::WorkloadSelector;
use crate::Str;
use crate::snapshot::Given;
use crate::snapshot::extensions::Struct;
use crate::snapshot::message::{choice, message};
use crate::snapshot::selector::PolicyTargetReference;

message! {
    /// The spec of an `EnvoyFilter`.
    pub struct EnvoyFilter {
        workload_selector: Option<WorkloadSelector>,
        target_refs: Given<Vec<PolicyTargetReference>>,
        config_patches: Vec<EnvoyConfigObjectPatch>,
        priority: i32,
    }

    pub struct EnvoyConfigObjectPatch {
        apply_to: ApplyTo,
        #[serde(rename = "match")]
        matches: Option<EnvoyConfigObjectMatch>,
        patch: Option<Patch>,
    }

    /// At most one of `listener`, `route_configuration`, `cluster` and `waypoint` is set.
    pub struct EnvoyConfigObjectMatch {
        context: PatchContext,
        proxy: Option<ProxyMatch>,
        listener: Option<ListenerMatch>,
        route_configuration: Option<RouteConfigurationMatch>,
        cluster: Option<ClusterMatch>,
        waypoint: Option<WaypointMatch>,
    }

    pub struct ProxyMatch {
        proxy_version: Str,
        metadata: BTreeMap<Str, Str>,
    }

    pub struct ClusterMatch {
        port_number: u32,
        service: Str,
        subset: Str,
        name: Str,
    }

    pub struct RouteConfigurationMatch {
        port_number: u32,
        port_name: Str,
        gateway: Str,
        vhost: Option<VirtualHostMatch>,
        name: Str,
    }

    pub struct VirtualHostMatch {
        name: Str,
        domain_name: Str,
        route: Option<RouteMatch>,
    }

    pub struct RouteMatch {
        name: Str,
        action: RouteMatchAction,
    }

    pub struct ListenerMatch {
        port_number: u32,
        port_name: Str,
        filter_chain: Option<FilterChainMatch>,
        listener_filter: Str,
        name: Str,
    }

    pub struct FilterChainMatch {
        name: Str,
        sni: Str,
        transport_protocol: Str,
        application_protocols: Str,
        filter: Option<FilterMatch>,
        destination_port: u32,
    }

    pub struct FilterMatch {
        name: Str,
        sub_filter: Option<SubFilterMatch>,
    }

    pub struct SubFilterMatch {
        name: Str,
    }

    /// Since 1.30.
    pub struct WaypointMatch {
        port_number: Option<u32>,
        filter: Option<FilterMatch>,
        route: Option<WaypointRouteMatch>,
    }

    pub struct WaypointRouteMatch {
        name: Str,
    }

    pub struct Patch {
        operation: PatchOperation,
        value: Option<Struct>,
        filter_class: FilterClass,
    }
}

choice! {
    pub enum ApplyTo {
        Invalid = "INVALID",
        Listener = "LISTENER",
        FilterChain = "FILTER_CHAIN",
        NetworkFilter = "NETWORK_FILTER",
        HttpFilter = "HTTP_FILTER",
        RouteConfiguration = "ROUTE_CONFIGURATION",
        VirtualHost = "VIRTUAL_HOST",
        HttpRoute = "HTTP_ROUTE",
        Cluster = "CLUSTER",
        ExtensionConfig = "EXTENSION_CONFIG",
        Bootstrap = "BOOTSTRAP",
        ListenerFilter = "LISTENER_FILTER",
    }

    pub enum PatchContext {
        Any = "ANY",
        SidecarInbound = "SIDECAR_INBOUND",
        SidecarOutbound = "SIDECAR_OUTBOUND",
        Gateway = "GATEWAY",
        Waypoint = "WAYPOINT",
    }

    pub enum PatchOperation {
        Invalid = "INVALID",
        Merge = "MERGE",
        Add = "ADD",
        Remove = "REMOVE",
        InsertBefore = "INSERT_BEFORE",
        InsertAfter = "INSERT_AFTER",
        InsertFirst = "INSERT_FIRST",
        Replace = "REPLACE",
        MergeAndReplaceList = "MERGE_AND_REPLACE_LIST",
    }

    pub enum FilterClass {
        Unspecified = "UNSPECIFIED",
        Authn = "AUTHN",
        Authz = "AUTHZ",
        Stats = "STATS",
    }

    pub enum RouteMatchAction {
        Any = "ANY",
        Route = "ROUTE",
        Redirect = "REDIRECT",
        DirectResponse = "DIRECT_RESPONSE",
    }
}
