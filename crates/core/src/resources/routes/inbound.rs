//! The route configuration of a chain.
//!
//! These are the deepest messages of a listener, and there are as many as ports of Services: they are encoded while they
//! are made.

use envoy::Encoded;
use envoy::config::route::v3::route_action::MaxStreamDuration;
use envoy::config::route::v3::{Decorator, Route, RouteAction, RouteConfiguration, VirtualHost};

use super::retry::{self, Retries};
use super::{hash, http, matches};
use crate::mesh::virtual_service::Semantics;
use crate::plan::WaypointSettings;
use crate::plan::chains::Chain;
use crate::plan::routes::{DefaultRoute, HttpRoutes, HttpRules, VirtualServiceRoutes};
use crate::resources::field;
use crate::resources::proto::duration;
use crate::rules::DefaultRoute as DefaultRouteKind;
use crate::snapshot::message::Duration;

/// Makes the route configurations of a waypoint's chains.
#[derive(Clone, Debug)]
pub(crate) struct RouteRenderer<'a> {
    settings: &'a WaypointSettings<'a>,
    retries: Retries<'a>,
    /// What a configuration has after its virtual host.
    end: Encoded<RouteConfiguration>,
    /// The same, if its route is the default one.
    default_end: Encoded<RouteConfiguration>,
    default_route: DefaultParts,
}

/// What all default routes have, in the order of the fields: between the parts stands what is of one Service.
#[derive(Clone, Debug)]
struct DefaultParts {
    /// All requests.
    begin: Encoded<Route>,
    /// Timeout and retries.
    action: Encoded<RouteAction>,
    /// The same for gRPC.
    grpc_action: Encoded<RouteAction>,
    /// Other timeouts.
    action_end: Encoded<RouteAction>,
    /// The name.
    end: Encoded<Route>,
}

/// Most configurations take less than this.
const MOST: usize = 1536;

impl<'a> RouteRenderer<'a> {
    /// Makes what routes share.
    pub(crate) fn new(settings: &'a WaypointSettings<'a>) -> Self {
        let retries = Retries::new(settings);
        let default_route = DefaultParts::new(settings, &retries);
        let end =
            RouteConfiguration { validate_clusters: Some(false.into()), ..RouteConfiguration::default() };
        let body_size = settings.rules.routes.default_route_body_size;
        let default_end = RouteConfiguration {
            max_direct_response_body_size_bytes: body_size.then(|| (1024 * 1024).into()),
            ..end.clone()
        };
        Self {
            settings,
            retries,
            end: Encoded::of(&end),
            default_end: Encoded::of(&default_end),
            default_route,
        }
    }

    /// The route configuration of a chain, with its cluster's name.
    ///
    /// Follows Istio's `buildWaypointInboundHTTPRouteConfig`; the messages are
    /// <https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route.proto>.
    pub(crate) fn configuration(
        &self,
        chain: &Chain<'_>,
        routes: &HttpRoutes<'_>,
    ) -> Encoded<RouteConfiguration> {
        let mut configuration = Encoded::with_capacity(MOST);
        configuration.text(field::route_configuration::NAME, &chain.cluster);
        configuration.nest::<VirtualHost>(field::route_configuration::VIRTUAL_HOSTS, |host| {
            host.text(field::virtual_host::NAME, &["inbound|http|", &chain.port.to_string()].concat());
            host.text(field::virtual_host::DOMAINS, routes.domain.unwrap_or("*"));
            match &routes.rules {
                HttpRules::Default(route) => {
                    host.nest(field::virtual_host::ROUTES, |fields| self.default(chain, route, fields));
                }
                HttpRules::VirtualServices(all) => {
                    all.iter().for_each(|routes| self.of_virtual_service(chain.port, routes, host));
                }
            }
        });
        configuration.append(match &routes.rules {
            HttpRules::Default(_) => &self.default_end,
            HttpRules::VirtualServices(_) => &self.end,
        });
        configuration
    }

    /// Writes the routes of one VirtualService.
    fn of_virtual_service(
        &self,
        port: u32,
        routes: &VirtualServiceRoutes<'_>,
        host: &mut Encoded<VirtualHost>,
    ) {
        let VirtualServiceRoutes { virtual_service, rules } = routes;
        let metadata = http::metadata(self.settings.rules, virtual_service);
        let cx = http::Context {
            settings: self.settings,
            retries: &self.retries,
            virtual_service,
            metadata: &metadata,
            port,
        };
        for rule in rules {
            for http_match in &rule.matches {
                host.nest(field::virtual_host::ROUTES, |fields| {
                    http::route(cx, rule, http_match.request, fields);
                });
            }
        }
    }

    /// Writes the route of a chain without VirtualServices: everything goes to its cluster.
    fn default(&self, chain: &Chain<'_>, planned: &DefaultRoute<'_>, route: &mut Encoded<Route>) {
        let parts = &self.default_route;
        route.append(&parts.begin);
        route.nest::<RouteAction>(field::route::ROUTE, |action| {
            action.text(field::route_action::CLUSTER, &chain.cluster);
            action.append(if planned.is_grpc { &parts.grpc_action } else { &parts.action });
            if let Some(key) = &planned.hash {
                action.message(field::route_action::HASH_POLICY, &hash::policy(key));
            }
            action.append(&parts.action_end);
        });
        route.nest::<Decorator>(field::route::DECORATOR, |decorator| {
            let host = planned.host.unwrap_or_default();
            let operation = [host, ":", &chain.port.to_string(), "/*"].concat();
            decorator.text(field::decorator::OPERATION, &operation);
        });
        route.append(&parts.end);
    }
}

impl DefaultParts {
    fn new(settings: &WaypointSettings<'_>, retries: &Retries<'_>) -> Self {
        let zero = Some(duration(Duration::ZERO));
        let everything = matches::route_match(&settings.rules.routes, Semantics::Istio, None);
        let mut action = Encoded::of(&RouteAction { timeout: zero, ..RouteAction::default() });
        let mut grpc_action = action.clone();
        let kind = settings.rules.routes.default_route;
        if kind == DefaultRouteKind::InboundRetried {
            retry::write_unseen(&mut action);
        }
        let action_end = match kind {
            DefaultRouteKind::Inbound | DefaultRouteKind::InboundRetried => RouteAction {
                max_stream_duration: Some(MaxStreamDuration {
                    max_stream_duration: zero,
                    grpc_timeout_header_max: zero,
                    ..MaxStreamDuration::default()
                }),
                ..RouteAction::default()
            },
            DefaultRouteKind::Outbound => {
                retries.write(None, false, &mut action);
                grpc_action = action.clone();
                RouteAction { max_grpc_timeout: zero, ..RouteAction::default() }
            }
        };
        Self {
            begin: Encoded::of(&Route { r#match: Some(everything), ..Route::default() }),
            action,
            grpc_action,
            action_end: Encoded::of(&action_end),
            end: Encoded::of(&Route { name: "default".to_owned(), ..Route::default() }),
        }
    }
}
