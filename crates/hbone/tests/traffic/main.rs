//! Real traffic through a real Envoy: for each scenario a snapshot, and rows of who asks what, and what comes
//! of it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]
#![allow(
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a test may print; its numbers are small"
)]

mod article;
mod authorization;
mod gateway_api;
mod istio;
mod routing;
mod row;
mod scenario;
mod token;
mod tokens;
mod traced;
mod tunnels;
mod upstreams;
mod verdict;
mod world;

/// A module of a release, with a test for each scenario, and all of them as a list.
macro_rules! scenarios {
    ($module:ident = $release:ident: $($name:ident = $scenario:expr;)*) => {
        mod $module {
            $(#[test]
            fn $name() {
                $scenario.run(stringify!($name), waypoint_xds::release::Release::$release);
            })*

            pub(super) fn all() -> Vec<crate::traced::Case> {
                let release = waypoint_xds::release::Release::$release;
                vec![$(crate::traced::Case { name: stringify!($name), release, scenario: $scenario }),*]
            }
        }
    };
}

scenarios! { istio_1_18 = V1_18:
    article = crate::article::scenario();
    authorization = crate::authorization::scenario();
    gateway_api = crate::gateway_api::scenario();
    routing = crate::routing::scenario();
    tokens = crate::tokens::scenario();
    tunnels = crate::tunnels::scenario();
    upstreams = crate::upstreams::scenario();
    istio_default_deny = crate::istio::default_deny();
    istio_default_deny_class = crate::istio::default_deny_class();
    istio_dry_run = crate::istio::dry_run();
    istio_envoy_filter = crate::istio::envoy_filter();
    istio_invalid_backend = crate::istio::invalid_backend();
    istio_l7 = crate::istio::l7();
    istio_service_entry = crate::istio::service_entry();
    istio_set_header = crate::istio::set_header();
    istio_split = crate::istio::split();
}

// What 1.18 has not: targetRefs to Services, DestinationRules at waypoints, TCPRoute, TLSRoute.
scenarios! { istio_1_31 = V1_31:
    authorization = crate::authorization::scenario();
    authorization_custom = crate::authorization::custom();
    gateway_api = crate::gateway_api::scenario();
    gateway_api_newer = crate::gateway_api::newer();
    routing = crate::routing::scenario();
    tokens = crate::tokens::scenario();
    tunnels = crate::tunnels::scenario();
    tunnels_to_services = crate::tunnels::services();
    tunnels_to_workloads = crate::tunnels::workloads();
    upstreams = crate::upstreams::scenario();
    istio_default_deny = crate::istio::default_deny();
    istio_default_deny_class = crate::istio::default_deny_class();
    istio_destination_rule = crate::istio::destination_rule();
    istio_dry_run = crate::istio::dry_run();
    istio_envoy_filter = crate::istio::envoy_filter();
    istio_invalid_backend = crate::istio::invalid_backend();
    istio_jwt = crate::istio::jwt();
    istio_l4 = crate::istio::l4();
    istio_l4_routes = crate::istio::l4_routes();
    istio_l7 = crate::istio::l7();
    istio_service_attached = crate::istio::service_attached();
    istio_service_entry = crate::istio::service_entry();
    istio_set_header = crate::istio::set_header();
    istio_split = crate::istio::split();
}
