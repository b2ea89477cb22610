//! The route configuration of a chain.

use envoy::Encoded;
use envoy::config::route::v3::route::Action;
use envoy::config::route::v3::route_action::{ClusterSpecifier, MaxStreamDuration};
use envoy::config::route::v3::{Decorator, Route, RouteAction, RouteConfiguration, RouteMatch, VirtualHost};
use envoy::google::protobuf::UInt32Value;

use super::retry::{self, Retries};
use super::{hash, http, matches};
use crate::mesh::virtual_service::Semantics;
use crate::plan::WaypointSettings;
use crate::plan::chains::Chain;
use crate::plan::routes::{DefaultRoute, HttpRoutes, HttpRules, VirtualServiceRoutes};
use crate::resources::proto::duration;
use crate::rules::DefaultRoute as DefaultRouteKind;
use crate::snapshot::message::Duration;
use crate::strings::concat;

/// Makes the route configurations of a waypoint's chains.
#[derive(Clone, Debug)]
pub(crate) struct RouteRenderer<'a> {
    settings: &'a WaypointSettings<'a>,
    retries: Retries<'a>,
    default_routes: DefaultRoutes,
}

/// What all default routes have, made once.
#[derive(Clone, Debug)]
struct DefaultRoutes {
    /// All requests.
    everything: RouteMatch,
    /// Timeouts and retries.
    action: RouteAction,
    /// The same for gRPC.
    grpc_action: RouteAction,
    /// How long answers of the proxy itself may be, if their configurations say.
    body_size: Option<UInt32Value>,
}

impl<'a> RouteRenderer<'a> {
    /// Makes what routes share.
    pub(crate) fn new(settings: &'a WaypointSettings<'a>) -> Self {
        let retries = Retries::new(settings);
        Self { settings, default_routes: DefaultRoutes::new(settings, &retries), retries }
    }

    /// The route configuration of a chain, with its cluster's name.
    ///
    /// Follows Istio's `buildWaypointInboundHTTPRouteConfig`; the messages are
    /// <https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route.proto>.
    pub(crate) fn configuration(&self, chain: &Chain<'_>, planned: &HttpRoutes<'_>) -> RouteConfiguration {
        let (routes, body_size) = match &planned.rules {
            HttpRules::Default(route) => {
                (vec![self.default_routes.route(chain, route).into()], self.default_routes.body_size)
            }
            HttpRules::VirtualServices(all) => {
                (all.iter().flat_map(|routes| self.of_virtual_service(chain.port, routes)).collect(), None)
            }
        };
        RouteConfiguration {
            name: chain.cluster.clone(),
            virtual_hosts: vec![VirtualHost {
                name: concat(["inbound|http|", &chain.port.to_string()]),
                domains: vec![planned.domain.unwrap_or("*").to_owned()],
                routes,
                ..VirtualHost::default()
            }],
            validate_clusters: Some(false.into()),
            max_direct_response_body_size_bytes: body_size,
            ..RouteConfiguration::default()
        }
    }

    /// The routes of one VirtualService.
    fn of_virtual_service(&self, port: u32, routes: &VirtualServiceRoutes<'_>) -> Vec<Encoded<Route>> {
        let VirtualServiceRoutes { virtual_service, rules } = routes;
        let metadata = http::metadata(self.settings.rules, virtual_service);
        let cx = http::Context {
            settings: self.settings,
            retries: &self.retries,
            virtual_service,
            metadata: &metadata,
            port,
        };
        let matched = rules.iter().flat_map(|rule| rule.matches.iter().map(move |matched| (rule, matched)));
        matched.map(|(rule, matched)| http::route(cx, rule, matched.request).into()).collect()
    }
}

impl DefaultRoutes {
    fn new(settings: &WaypointSettings<'_>, retries: &Retries<'_>) -> Self {
        let rules = &settings.rules.routes;
        let zero = Some(duration(Duration::ZERO));
        let inbound = RouteAction {
            timeout: zero,
            max_stream_duration: Some(MaxStreamDuration {
                max_stream_duration: zero,
                grpc_timeout_header_max: zero,
                ..MaxStreamDuration::default()
            }),
            ..RouteAction::default()
        };
        let (action, grpc_action) = match rules.default_route {
            DefaultRouteKind::Inbound => (inbound.clone(), inbound),
            DefaultRouteKind::InboundRetried => {
                (RouteAction { retry_policy: Some(retry::unseen().into()), ..inbound.clone() }, inbound)
            }
            DefaultRouteKind::Outbound => {
                let outbound = RouteAction {
                    timeout: zero,
                    max_grpc_timeout: zero,
                    retry_policy: retries.policy(None, false),
                    ..RouteAction::default()
                };
                (outbound.clone(), outbound)
            }
        };
        Self {
            everything: matches::route_match(rules, Semantics::Istio, None),
            action,
            grpc_action,
            body_size: rules.default_route_body_size.then(|| (1024 * 1024).into()),
        }
    }

    /// The route of a chain without VirtualServices: everything goes to its cluster.
    fn route(&self, chain: &Chain<'_>, planned: &DefaultRoute<'_>) -> Route {
        let shared = if planned.is_grpc { &self.grpc_action } else { &self.action };
        let action = RouteAction {
            cluster_specifier: Some(ClusterSpecifier::Cluster(chain.cluster.clone())),
            hash_policy: planned.hash.iter().map(hash::policy).collect(),
            ..shared.clone()
        };
        let host = planned.host.unwrap_or_default();
        Route {
            name: "default".to_owned(),
            r#match: Some(self.everything.clone()),
            action: Some(Action::Route(Box::new(action))),
            decorator: Some(Decorator {
                operation: concat([host, ":", &chain.port.to_string(), "/*"]),
                ..Decorator::default()
            }),
            ..Route::default()
        }
    }
}
