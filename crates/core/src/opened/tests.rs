use serde_json::Value;

use super::*;
use crate::options::Options;
use crate::release::Release;
use crate::session::Session;
use crate::text::SourceFile;
use crate::view::json;

const JWT: &str = include_str!("../../testdata/jwt-with-authz.yaml");
const BOOKINFO: &str = include_str!("../../testdata/bookinfo-reviews-sa.yaml");

fn with_opened(yaml: &str, release: Release, check: impl Fn(&WaypointResources, &Opened<'_>)) {
    let session = Session::read([SourceFile::new("s.yaml", yaml)], &Options::for_release(release));
    let translation = session.translation();
    assert!(!translation.waypoints.is_empty());
    for resources in &translation.waypoints {
        check(resources, &Opened::new(resources));
    }
}

/// A text in JSON.
fn text(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or_default()
}

#[test]
fn every_pointer_points_at_what_was_opened() {
    for (yaml, release) in [(BOOKINFO, Release::V1_18), (JWT, Release::V1_18), (JWT, Release::V1_31)] {
        with_opened(yaml, release, |_, opened| {
            for listener in &opened.listeners {
                let json = json::value(listener.message);
                for chain in &listener.chains {
                    let name = json.pointer(&format!("{}/name", chain.pointer));
                    assert_eq!(text(name), chain.message.name);
                    for filter in &chain.filters {
                        let name = json.pointer(&format!("{}/name", filter.pointer));
                        assert_eq!(text(name), filter.message.name);
                    }
                }
                for (_, routes) in listener.routes() {
                    assert!(!routes.routes().is_empty());
                    for route in routes.routes() {
                        let found = json.pointer(&route.pointer).expect("the route");
                        assert_eq!(*found, json::value(&route.message));
                    }
                }
            }
        });
    }
}

#[test]
fn policies_are_told_from_those_that_are_tried() {
    with_opened(JWT, Release::V1_31, |_, opened| {
        let mut policies = 0;
        for listener in &opened.listeners {
            let json = json::value(listener.message);
            let filters = listener.chains.iter().flat_map(|chain| &chain.filters);
            for filter in
                filters.filter_map(|filter| filter.carries_http()?.ok()).flat_map(OpenedManager::filters)
            {
                assert_eq!(text(json.pointer(&format!("{}/name", filter.pointer))), filter.message.name);
                for policy in filter.policies() {
                    policies += 1;
                    assert!(!policy.is_shadow);
                    assert!(policy.origin.is_some(), "{}", policy.name);
                    assert_eq!(json.pointer(&policy.pointer), Some(&json::value(&policy.message)));
                }
            }
        }
        assert!(policies > 0);
    });
}

#[test]
fn what_made_a_part_is_known() {
    with_opened(BOOKINFO, Release::V1_18, |resources, opened| {
        let origins = resources.listeners.iter().flat_map(|listener| &listener.origins);
        let origins = origins.filter(|origin| {
            matches!(origin.part, Part::Resource | Part::FilterChain(_) | Part::Route { .. })
        });
        let chains = opened.listeners.iter().flat_map(|listener| &listener.chains);
        let routes = opened
            .listeners
            .iter()
            .flat_map(|l| l.routes().flat_map(|(_, r)| r.routes()).collect::<Vec<_>>());
        let known = opened.listeners.iter().filter(|listener| listener.origin.is_some()).count()
            + chains.filter(|chain| chain.origin.is_some()).count()
            + routes.filter(|route| route.origin.is_some()).count();
        assert_eq!(known, origins.count());
        assert!(
            opened
                .clusters
                .iter()
                .any(|cluster| cluster.origin.is_some_and(|origin| !origin.causes.is_empty()))
        );
        assert!(
            opened
                .clusters
                .iter()
                .any(|cluster| cluster.endpoints().any(|e| e.internal_listener().is_some()))
        );
    });
}

#[test]
fn a_filter_of_another_type_than_its_name_says_is_told() {
    use envoy::config::listener::v3::filter::ConfigType;
    use envoy::config::listener::v3::{Filter, FilterChain, Listener};
    use envoy::extensions::filters::network::tcp_proxy::v3::TcpProxy;

    let proxy = ConfigType::TypedConfig(envoy::any(&TcpProxy::default()));
    let filter = Filter { name: HTTP_CONNECTION_MANAGER.to_owned(), config_type: Some(proxy) };
    let chain = FilterChain { filters: vec![filter, Filter::default()], ..FilterChain::default() };
    let listener = Listener { filter_chains: vec![chain], ..Listener::default() };
    let opened = OpenedListener::new(&listener, &[]);
    let filters = &opened.chains[0].filters;
    assert!(filters[0].carries_http().is_some_and(|manager| manager.is_err()));
    assert!(filters[0].carries_bytes().is_some_and(|proxy| proxy.is_ok()));
    assert!(matches!(filters[0].config, NetworkFilter::Tcp(_)));
    assert!(filters[1].carries_http().is_none());
}

#[test]
fn a_filter_of_another_name_is_what_its_type_says() {
    use envoy::config::listener::v3::filter::ConfigType;
    use envoy::config::listener::v3::{Filter, FilterChain, Listener};
    use envoy::config::route::v3::RouteConfiguration;
    use envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager;
    use envoy::extensions::filters::network::http_connection_manager::v3::http_connection_manager::RouteSpecifier;

    let routes = RouteConfiguration { name: "inside".to_owned(), ..RouteConfiguration::default() };
    let manager = HttpConnectionManager {
        route_specifier: Some(RouteSpecifier::RouteConfig(routes.into())),
        ..HttpConnectionManager::default()
    };
    let config = ConfigType::TypedConfig(envoy::any(&manager));
    let filter = Filter { name: "mine".to_owned(), config_type: Some(config) };
    let chain = FilterChain { filters: vec![filter], ..FilterChain::default() };
    let listener = Listener { filter_chains: vec![chain], ..Listener::default() };
    let opened = OpenedListener::new(&listener, &[]);
    let names: Vec<&str> = opened.routes().map(|(_, routes)| routes.message.name.as_str()).collect();
    assert_eq!(names, ["inside"]);
}
