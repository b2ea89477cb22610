//! The rules, one a file: see [`RULES`].

mod address_allocated;
mod authorization_provider;
mod bypassed_address;
mod client_side_waypoint;
mod default_deny_misses_waypoint;
mod delegate_mismatch;
mod deny_overrides_allow;
mod detected_protocol;
mod dynamic_dns_port;
mod empty_subset;
mod endpoint_picker_not_asked;
mod envoy_filter_out_of_reach;
mod extension_match;
mod gateway_named_like_service;
mod host_form;
mod host_twice;
mod ignored_field;
mod ignored_match;
mod ingress_bypass;
mod ingress_routes_twice;
mod invalid_parameters;
mod ip_blocks;
mod jwks_uri;
mod jwt_not_checked;
mod jwt_not_demanded;
mod label_not_read;
mod mesh_config_elsewhere;
mod method_case;
mod namespace_not_ambient;
mod nested_waypoint;
mod network_policy;
mod no_address;
mod no_hbone_listener;
mod no_waypoint;
mod not_a_waypoint;
mod other_data_plane_policy;
mod overlapping_routes;
mod path_form;
mod peer_authentication;
mod policy_at_ztunnel;
mod policy_on_tcp_port;
mod principal_form;
mod redundant_rule;
mod route_not_attached;
mod route_not_read;
mod route_protocol;
mod second_destination_rule;
mod selector_not_read;
mod several_addresses;
mod sidecar_client;
mod target_port;
mod telemetry_mode;
mod telemetry_provider;
mod telemetry_scope;
mod telemetry_twice;
mod tls_twice;
mod tracing_off;
mod unknown_host;
mod unknown_namespace;
mod unknown_port;
mod unknown_principal;
mod unreachable_rule;
mod unused_waypoint;
mod waypoint_as_source;
mod waypoint_denied;
mod waypoint_locked_out;
mod waypoint_not_ready;
mod waypoint_revision;
mod waypoint_traffic;
mod wildcard_host;
mod zero_weights;

use super::Rule;

/// Every rule, by its code.
pub const RULES: &[Rule] = &[
    address_allocated::RULE,
    authorization_provider::RULE,
    bypassed_address::RULE,
    client_side_waypoint::RULE,
    default_deny_misses_waypoint::RULE,
    delegate_mismatch::RULE,
    deny_overrides_allow::RULE,
    detected_protocol::RULE,
    dynamic_dns_port::RULE,
    empty_subset::RULE,
    endpoint_picker_not_asked::RULE,
    envoy_filter_out_of_reach::RULE,
    extension_match::RULE,
    gateway_named_like_service::RULE,
    host_form::RULE,
    host_twice::RULE,
    ignored_field::RULE,
    ignored_match::RULE,
    ingress_bypass::RULE,
    ingress_routes_twice::RULE,
    invalid_parameters::RULE,
    ip_blocks::RULE,
    jwks_uri::RULE,
    jwt_not_checked::RULE,
    jwt_not_demanded::RULE,
    label_not_read::RULE,
    mesh_config_elsewhere::RULE,
    method_case::RULE,
    namespace_not_ambient::RULE,
    nested_waypoint::RULE,
    network_policy::RULE,
    no_address::RULE,
    no_hbone_listener::RULE,
    no_waypoint::RULE,
    not_a_waypoint::RULE,
    other_data_plane_policy::RULE,
    overlapping_routes::RULE,
    path_form::RULE,
    peer_authentication::RULE,
    policy_at_ztunnel::RULE,
    policy_on_tcp_port::RULE,
    principal_form::RULE,
    redundant_rule::RULE,
    route_not_attached::RULE,
    route_not_read::RULE,
    route_protocol::RULE,
    second_destination_rule::RULE,
    selector_not_read::RULE,
    several_addresses::RULE,
    sidecar_client::RULE,
    target_port::RULE,
    telemetry_mode::RULE,
    telemetry_provider::RULE,
    telemetry_scope::RULE,
    telemetry_twice::RULE,
    tls_twice::RULE,
    tracing_off::RULE,
    unknown_host::RULE,
    unknown_namespace::RULE,
    unknown_port::RULE,
    unknown_principal::RULE,
    unreachable_rule::RULE,
    unused_waypoint::RULE,
    waypoint_as_source::RULE,
    waypoint_denied::RULE,
    waypoint_locked_out::RULE,
    waypoint_not_ready::RULE,
    waypoint_revision::RULE,
    waypoint_traffic::RULE,
    wildcard_host::RULE,
    zero_weights::RULE,
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_code_has_one_rule_and_they_are_in_order() {
        let codes: Vec<&str> = RULES.iter().map(|rule| rule.code.id()).collect();
        let sorted: BTreeSet<&str> = codes.iter().copied().collect();
        assert_eq!(codes, sorted.into_iter().collect::<Vec<_>>());
    }
}
