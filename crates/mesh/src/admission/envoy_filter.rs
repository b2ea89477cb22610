//! EnvoyFilter.

use envoy_json::{JsonError, JsonErrorKind, JsonRemarkKind, JsonRules, JsonStep};

use super::check::Checker;
use super::{common, istio_metadata, re2};
use crate::nearest::{did_you_mean, nearest};
use crate::problem::Code;
use crate::rules::FilterNames;
use crate::schema::{Releases, knows_value};
use crate::snapshot::extensions::Struct;
use crate::snapshot::networking::EnvoyFilter;
use crate::snapshot::networking::envoy_filter::{
    ApplyTo, EnvoyConfigObjectMatch, EnvoyConfigObjectPatch, FilterMatch, PatchContext, PatchOperation,
};
use crate::snapshot::{Kind, Meta};

/// Names of the filter that has HTTP filters in it, today's and the one before.
const HTTP_CONNECTION_MANAGER: [&str; 2] =
    ["envoy.filters.network.http_connection_manager", "envoy.http_connection_manager"];

/// The releases that know the context WAYPOINT, and the operation MERGE_AND_REPLACE_LIST.
const WAYPOINT: Releases = knows_value(Kind::EnvoyFilter, "spec.configPatches.match.context", "WAYPOINT");
const REPLACES_LISTS: Releases =
    knows_value(Kind::EnvoyFilter, "spec.configPatches.patch.operation", "MERGE_AND_REPLACE_LIST");

pub(super) fn check(root: &Checker<'_>, meta: &Meta, filter: &EnvoyFilter) {
    istio_metadata::check(root, meta, None);
    let c = &root.field("spec");
    if c.rules.schema_rules {
        c.warn(
            Code::InternalDetails,
            "an EnvoyFilter depends on how this release writes Envoy's configuration",
            "use another API where there is one, and test the filter before each upgrade",
        );
    }
    common::workload_selector(c, filter.workload_selector.as_ref());
    if filter.workload_selector.is_some() && c.is_set(&filter.target_refs) {
        c.conflict("only one of `workloadSelector` and `targetRefs` may be set");
    }
    common::most_targets(c, &filter.target_refs);
    c.each("configPatches", &filter.config_patches, patch);
}

fn patch(c: &Checker<'_>, patch: &EnvoyConfigObjectPatch) {
    c.some("match", patch.matches.as_ref(), schema);
    if patch.matches.as_ref().is_some_and(|matches| matches.context == PatchContext::Waypoint) {
        // The API is ahead of the control plane.
        let message =
            "this release applies no patch of the context WAYPOINT; SIDECAR_INBOUND patches waypoints, too";
        return c.field("match").field("context").warn(
            Code::Ineffective,
            message,
            "use the context `SIDECAR_INBOUND`",
        );
    }
    if patch.apply_to == ApplyTo::Invalid {
        return c.field("applyTo").missing("a patch needs what it applies to");
    }
    if patch.apply_to == ApplyTo::Bootstrap && !c.rules.bootstrap_patches {
        c.field("applyTo").warn(
            Code::Ineffective,
            "this release patches no bootstrap",
            "remove the patch: the bootstrap is a matter of the proxy's own configuration",
        );
    }
    let Some(change) = &patch.patch else { return c.field("patch").missing("there is no patch") };
    match change.operation {
        PatchOperation::Invalid => {
            return c.field("patch").field("operation").missing("a patch needs an operation");
        }
        PatchOperation::MergeAndReplaceList if !REPLACES_LISTS.contain(c.column) => {
            return c.field("patch").field("operation").invalid("this release does not know the operation");
        }
        PatchOperation::Remove => {}
        _ if change.value.is_none() => {
            return c.field("patch").field("value").missing("a patch needs a value");
        }
        _ => {}
    }
    if let Some(matches) = &patch.matches {
        version(c, matches);
        object(&c.field("match"), patch.apply_to, matches);
    }
    c.some("patch", Some(change), |c, change| {
        c.some("value", change.value.as_ref(), |c, value| {
            message(c, patch.apply_to, change.operation, value)
        });
    });
}

/// A patch's value has to be a message of what is patched.
fn message(c: &Checker<'_>, apply_to: ApplyTo, operation: PatchOperation, value: &Struct) {
    let name = match apply_to {
        ApplyTo::Listener => "envoy.config.listener.v3.Listener",
        ApplyTo::FilterChain => "envoy.config.listener.v3.FilterChain",
        ApplyTo::NetworkFilter => "envoy.config.listener.v3.Filter",
        ApplyTo::ListenerFilter => "envoy.config.listener.v3.ListenerFilter",
        ApplyTo::HttpFilter => "envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter",
        ApplyTo::RouteConfiguration => "envoy.config.route.v3.RouteConfiguration",
        ApplyTo::VirtualHost => "envoy.config.route.v3.VirtualHost",
        ApplyTo::HttpRoute => "envoy.config.route.v3.Route",
        ApplyTo::Cluster => "envoy.config.cluster.v3.Cluster",
        ApplyTo::ExtensionConfig => "envoy.config.core.v3.TypedExtensionConfig",
        ApplyTo::Bootstrap => "envoy.config.bootstrap.v3.Bootstrap",
        ApplyTo::Invalid => return,
    };
    let json = serde_json::Value::Object(value.clone());
    match envoy_json::from_json_with(name, &json, JsonRules::Jsonpb) {
        Ok(_) => remarks(c, name, operation, &json),
        Err(JsonError { kind: JsonErrorKind::UnknownType(extension), .. }) => c.warn(
            Code::UnknownExtension,
            format!("`{extension}` is not known here: the patch, which Istio may apply, is left out"),
            "if Istio does not know it, either, its webhook refuses the EnvoyFilter",
        ),
        Err(error) => c.invalid(format!("this is no {name}: {error}")),
    }
}

/// Tells what Istio reads past in a value, as its webhook does, and of extensions that Envoy will not find.
fn remarks(c: &Checker<'_>, name: &str, operation: PatchOperation, value: &serde_json::Value) {
    // It was just read: the message is known.
    for remark in envoy_json::remarks(name, value).unwrap_or_default() {
        let steps: Vec<JsonStep<'_>> = remark.path.steps().collect();
        match remark.kind {
            JsonRemarkKind::UnknownField { message, field } => {
                let help = match nearest(&field, envoy_json::field_names(message)) {
                    Some(near) => did_you_mean([near]),
                    None => "remove it, or write the field that is meant".to_owned(),
                };
                at(c, &steps, &|c| {
                    c.warn(Code::Ineffective, format!("{message} has no such field: it is left out"), &*help);
                });
            }
            // What is merged into has its type.
            JsonRemarkKind::NoTypedConfig { name } if operation != PatchOperation::Merge => {
                let message = format!("`{name}` does not say its type: Envoy finds no extension by its name");
                let help = "give it a `typed_config` with an `@type`";
                at(c, &steps, &|c| c.warn(Code::Ineffective, &*message, help));
            }
            _ => {}
        }
    }
}

/// Looks at a place in JSON.
fn at(c: &Checker<'_>, steps: &[JsonStep<'_>], look: &dyn Fn(&Checker<'_>)) {
    match steps {
        [] => look(c),
        [JsonStep::Name(name), rest @ ..] => at(&c.key(name), rest, look),
        [JsonStep::Index(index), rest @ ..] => at(&c.index(*index), rest, look),
    }
}

/// What only the schema asks.
fn schema(c: &Checker<'_>, matches: &EnvoyConfigObjectMatch) {
    let objects = [
        matches.listener.is_some(),
        matches.route_configuration.is_some(),
        matches.cluster.is_some(),
        matches.waypoint.is_some(),
    ];
    if objects.into_iter().filter(|set| *set).count() > 1 {
        c.conflict("only one object to match may be set");
    }
    let waypoint = matches.context == PatchContext::Waypoint;
    if waypoint && !WAYPOINT.contain(c.column) {
        c.field("context").invalid(format!("Istio {} does not know the context WAYPOINT", c.release.release));
    } else if waypoint != matches.waypoint.is_some() {
        c.field("waypoint").conflict("`waypoint` and the context WAYPOINT need each other");
    }
}

fn version(c: &Checker<'_>, matches: &EnvoyConfigObjectMatch) {
    let Some(proxy) = matches.proxy.as_ref().filter(|proxy| !proxy.proxy_version.is_empty()) else { return };
    let matches = c.field("match");
    let proxy_match = matches.field("proxy");
    let c = proxy_match.field("proxyVersion");
    if c.release
        .envoy_filters
        .longest_version_expression
        .is_some_and(|longest| proxy.proxy_version.len() > longest)
    {
        c.warn(Code::Ineffective, "the expression is too long: it fits no version", "shorten the expression");
    } else if let Err(error) = re2::syntax(&proxy.proxy_version) {
        c.invalid(error.to_string());
    }
}

/// What is matched has to be of the sort that is patched.
fn object(c: &Checker<'_>, apply_to: ApplyTo, matches: &EnvoyConfigObjectMatch) {
    let others = |listener: bool, route: bool, cluster: bool| {
        (listener && matches.listener.is_some())
            || (route && matches.route_configuration.is_some())
            || (cluster && matches.cluster.is_some())
            || matches.waypoint.is_some()
    };
    match apply_to {
        ApplyTo::Listener | ApplyTo::FilterChain | ApplyTo::NetworkFilter | ApplyTo::HttpFilter => {
            if others(false, true, true) {
                return c.conflict("a patch of listeners matches a listener");
            }
            let chain = matches.listener.as_ref().and_then(|listener| listener.filter_chain.as_ref());
            if let Some(filter) = chain.and_then(|chain| chain.filter.as_ref()) {
                listener_filter(&c.field("listener").field("filterChain").field("filter"), apply_to, filter);
            }
        }
        ApplyTo::RouteConfiguration | ApplyTo::VirtualHost | ApplyTo::HttpRoute
            if others(true, false, true) =>
        {
            c.conflict("a patch of routes matches a route configuration");
        }
        ApplyTo::Cluster if others(true, true, false) => c.conflict("a patch of clusters matches a cluster"),
        _ => {}
    }
}

fn listener_filter(c: &Checker<'_>, apply_to: ApplyTo, filter: &FilterMatch) {
    if matches!(apply_to, ApplyTo::Listener | ApplyTo::FilterChain) {
        c.warn(
            Code::Ineffective,
            format!("with {} no filter is matched", apply_to.as_str()),
            "remove `filter`, or patch a NETWORK_FILTER or an HTTP_FILTER",
        );
    }
    if filter.name.is_empty() {
        return c.field("name").missing("a filter to match needs a name");
    }
    former_name(&c.field("name"), &filter.name);
    let Some(sub_filter) = &filter.sub_filter else { return };
    let c = c.field("subFilter");
    if apply_to != ApplyTo::HttpFilter {
        c.conflict("only HTTP_FILTER takes a sub-filter");
    } else if !HTTP_CONNECTION_MANAGER.contains(&filter.name.as_str()) {
        c.conflict("only the HTTP connection manager has sub-filters");
    } else if sub_filter.name.is_empty() {
        c.field("name").missing("a sub-filter to match needs a name");
    } else {
        former_name(&c.field("name"), &sub_filter.name);
    }
}

/// Tells of a filter that is called otherwise by now.
fn former_name(c: &Checker<'_>, name: &str) {
    let Some(todays) = FilterNames::todays(name) else { return };
    let (code, message) = match c.release.envoy_filters.names {
        FilterNames::OldAndNew => (Code::Deprecated, format!("Envoy calls this filter `{todays}` now")),
        FilterNames::New => {
            (Code::Ineffective, format!("no filter has this name: Envoy calls it `{todays}`"))
        }
    };
    c.warn(code, message, format!("write `{todays}`"));
}
