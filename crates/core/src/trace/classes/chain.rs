//! What a chain decides, as a diagram.

use decisions::text::Pattern;
use decisions::{Condition as Diagram, Decision, TooMuch};
use envoy::config::rbac::v3::rbac::Action;
use envoy::config::route::v3::{Route, RouteConfiguration, RouteMatch, VirtualHost};
use envoy::extensions::filters::network::http_connection_manager::v3::HttpFilter as FilterMessage;
use envoy::{Encoded, Message};

use super::attribute::{AllAsked, Attribute};
use super::condition::Builder;
use super::effect::{self, Clusters, Effect, Effects, Side};
use super::tokens::Tokens;
use crate::opened::{self, OpenedChain};
use crate::trace::jwt::JwtFilter;
use crate::trace::manager::{FilterDoes, HttpFilter, Manager};
use crate::trace::network::{Chain, NetworkFilter};
use crate::trace::rbac::{Policies, RequestCondition};
use crate::trace::route;
use crate::trace::verdict::RbacFilter;

/// A chain, ready to be asked and opened.
pub(super) struct Both<'r> {
    chain: Chain,
    opened: OpenedChain<'r>,
    /// The routes and their conditions, in the order of hosts and routes.
    routes: Vec<Vec<(Route, RequestCondition)>>,
}

/// What comes of what the builder finds.
pub(super) struct Sink<'a> {
    pub(super) effects: &'a mut Effects,
    pub(super) clusters: &'a Clusters,
    /// What is known of tokens; without it filters for them are the same only if their configuration is.
    pub(super) tokens: Option<&'a Tokens<'a>>,
    pub(super) side: Side,
}

impl<'r> Both<'r> {
    pub(super) fn new(opened: OpenedChain<'r>) -> Self {
        let chain = Chain::new(&opened);
        let default = RouteMatch::default();
        let with_condition = |route: &Encoded<Route>| {
            let route = route.decode().unwrap_or_default();
            let condition = route::condition(route.r#match.as_ref().unwrap_or(&default));
            (route, condition)
        };
        let routes = routes_of(&opened).map(|routes| {
            let hosts = routes.virtual_hosts.iter();
            hosts.map(|host| host.routes.iter().map(with_condition).collect()).collect()
        });
        Self { chain, routes: routes.unwrap_or_default(), opened }
    }

    /// Whether requests are told apart; otherwise it carries bytes.
    pub(super) fn is_http(&self) -> bool {
        self.manager().is_some()
    }

    /// The filter that takes tokens, if there is one. Nothing where it is not known what comes of tokens:
    /// another filter makes something of them, there are several, or a route has its own.
    pub(super) fn tokens(&self) -> Option<Option<&JwtFilter>> {
        let mut found = None;
        for filter in self.manager().into_iter().flat_map(|manager| &manager.filters) {
            match &filter.does {
                FilterDoes::Jwt(tokens) if found.is_none() && !filter.may_be_overridden => {
                    found = Some(&**tokens)
                }
                FilterDoes::Jwt(_) | FilterDoes::IstioAuthn(_) => return None,
                _ => {}
            }
        }
        Some(found)
    }

    fn manager(&self) -> Option<&Manager> {
        self.chain.filters.iter().find_map(|filter| match filter {
            NetworkFilter::Http(manager) => Some(&**manager),
            _ => None,
        })
    }

    /// Adds everything that the chain asks.
    pub(super) fn ask(&self, asked: &mut AllAsked) {
        for filter in &self.chain.filters {
            match filter {
                NetworkFilter::Rbac(filter) => conditions(filter).for_each(|condition| asked.add(condition)),
                NetworkFilter::Http(manager) => {
                    for filter in &manager.filters {
                        if let FilterDoes::Rbac(filter) = &filter.does {
                            conditions(filter).for_each(|condition| asked.add(condition));
                        }
                    }
                }
                _ => {}
            }
        }
        self.routes.iter().flatten().for_each(|(_, condition)| asked.add(condition));
        if let Some(routes) = routes_of(&self.opened) {
            let domains = routes.virtual_hosts.iter().flat_map(|host| &host.domains);
            for domain in domains.filter(|domain| *domain != "*") {
                let pattern = of_domain(domain, routes.ignore_port_in_host_matching);
                asked.text(Attribute::Host, Some((pattern, format!("`{domain}`"))));
            }
        }
    }

    /// What the chain decides.
    pub(super) fn decide(&self, builder: &mut Builder<'_>, sink: &mut Sink<'_>) -> Result<Decision, TooMuch> {
        let mut decision = Decision::always(sink.unknown());
        for (position, filter) in self.chain.filters.iter().enumerate().rev() {
            decision = match filter {
                NetworkFilter::Rbac(filter) => rbac(builder, sink, filter, decision)?,
                NetworkFilter::Http(manager) => self.http(builder, sink, manager)?,
                NetworkFilter::Tcp(tcp) => {
                    let shares = tcp.clusters.iter().map(|share| (share.cluster.as_str(), share.odds));
                    let effect = effect::of_bytes(shares, tcp.tunnel.as_deref(), sink.clusters);
                    let after = Decision::always(sink.effects.number(effect));
                    through(builder, sink, self.sends_bytes(), Diagram::YES, after)?
                }
                NetworkFilter::Authorizer(authorizer) => {
                    let before = self.chain.filters.iter().take(position).filter_map(|filter| match filter {
                        NetworkFilter::Rbac(filter) => Some(&**filter),
                        _ => None,
                    });
                    let asked = asked_of_authorizer(builder, authorizer.enabled.is_some(), before)?;
                    let config = self.network_filter(&authorizer.pointer);
                    through(builder, sink, config, asked, decision)?
                }
                NetworkFilter::Unknown { pointer, .. } => {
                    through(builder, sink, self.network_filter(pointer), Diagram::YES, decision)?
                }
            };
        }
        Ok(decision)
    }

    fn http(
        &self,
        builder: &mut Builder<'_>,
        sink: &mut Sink<'_>,
        manager: &Manager,
    ) -> Result<Decision, TooMuch> {
        let mut decision = self.route(builder, sink)?;
        for (position, filter) in manager.filters.iter().enumerate().rev() {
            let before = manager.filters.iter().take(position).filter_map(|filter| match &filter.does {
                FilterDoes::Rbac(filter) => Some(&**filter),
                _ => None,
            });
            decision = match (&filter.does, sink.tokens) {
                (FilterDoes::Rbac(filter), _) => rbac(builder, sink, filter, decision)?,
                (FilterDoes::Authorizer(authorizer), _) => {
                    let asked = asked_of_authorizer(builder, authorizer.enabled.is_some(), before)?;
                    through(builder, sink, self.http_filter(filter), asked, decision)?
                }
                (FilterDoes::Jwt(_), Some(tokens)) => tokens.before(builder, sink, decision)?,
                // What these do for a route is a part of what the route does; in general it is the same for
                // all.
                _ => through(builder, sink, self.http_filter(filter), Diagram::YES, decision)?,
            };
        }
        through(builder, sink, self.for_all(), Diagram::YES, decision)
    }

    /// What is done to all requests, beside filters and routes.
    fn for_all(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for filter in &self.opened.filters {
            if let opened::NetworkFilter::Http(manager) = &filter.config {
                effect::add(&mut bytes, &effect::of_manager(&manager.message));
            }
        }
        if let Some(routes) = routes_of(&self.opened) {
            effect::add(&mut bytes, &effect::of_routes(routes));
        }
        bytes
    }

    /// How bytes are sent on, wherever they go.
    fn sends_bytes(&self) -> Vec<u8> {
        let proxies = self.opened.filters.iter().filter_map(|filter| match &filter.config {
            opened::NetworkFilter::Tcp(proxy) => Some(effect::of_tcp(proxy)),
            _ => None,
        });
        proxies.flatten().collect()
    }

    /// The route that is taken: that of the nearest host, the first that fits.
    fn route(&self, builder: &mut Builder<'_>, sink: &mut Sink<'_>) -> Result<Decision, TooMuch> {
        let Some(routes) = routes_of(&self.opened) else { return Ok(Decision::always(sink.unknown())) };
        let mut decision = Decision::always(sink.effects.number(Effect::NoRoute));
        for (domain, position) in farthest_first(routes.virtual_hosts.iter().map(|host| &host.domains)) {
            let Some(host) = routes.virtual_hosts.get(position) else { continue };
            let of_host = self.of_host(builder, sink, host, position)?;
            decision = if domain == "*" {
                of_host
            } else {
                let pattern = of_domain(domain, routes.ignore_port_in_host_matching);
                let fits = builder.among(&Attribute::Host, |domain| domain.texts(&pattern))?;
                builder.diagrams.choose(fits, of_host, decision)?
            };
        }
        Ok(decision)
    }

    fn of_host(
        &self,
        builder: &mut Builder<'_>,
        sink: &mut Sink<'_>,
        host: &VirtualHost,
        position: usize,
    ) -> Result<Decision, TooMuch> {
        let routes = self.routes.get(position).map(Vec::as_slice).unwrap_or_default();
        let of_host = effect::of_host(host);
        let mut decision = Decision::always(sink.effects.number(Effect::NoRoute));
        for (route, condition) in routes.iter().rev() {
            let fits = builder.condition(condition)?;
            let effect = effect::of_route(&of_host, route, sink.clusters);
            let taken = Decision::always(sink.effects.number(effect));
            decision = builder.diagrams.choose(fits, taken, decision)?;
        }
        Ok(decision)
    }

    /// The configuration of a network filter, by the pointer to it.
    fn network_filter(&self, pointer: &str) -> Vec<u8> {
        let found = self.opened.filters.iter().find(|filter| filter.pointer == pointer);
        found.map(|filter| filter.message.encode_to_vec()).unwrap_or_default()
    }

    /// The configuration of an HTTP filter.
    fn http_filter(&self, filter: &HttpFilter) -> Vec<u8> {
        let managers = self.opened.filters.iter().filter_map(|filter| match &filter.config {
            opened::NetworkFilter::Http(manager) => Some(manager),
            _ => None,
        });
        let mut found =
            managers.flat_map(|manager| manager.filters()).filter(|other| other.pointer == filter.pointer);
        let message: Option<&FilterMessage> = found.next().map(|filter| filter.message);
        message.map(Message::encode_to_vec).unwrap_or_default()
    }
}

impl Sink<'_> {
    /// What is not known.
    pub(super) fn unknown(&mut self) -> u32 {
        self.effects.number(Effect::Unknown(self.side))
    }
}

fn routes_of<'c>(chain: &'c OpenedChain<'_>) -> Option<&'c RouteConfiguration> {
    chain.routes().next().map(|routes| routes.message)
}

/// All conditions of a filter.
pub(super) fn conditions(filter: &RbacFilter) -> impl Iterator<Item = &RequestCondition> {
    let rules = filter.rules.iter().chain(&filter.tried).flat_map(|policies| &policies.rules);
    rules.map(|rule| &rule.condition)
}

/// Whether any rule fits.
pub(super) fn fits(builder: &mut Builder<'_>, policies: &Policies) -> Result<Diagram, TooMuch> {
    let mut any = Diagram::NO;
    for rule in &policies.rules {
        let fits = builder.condition(&rule.condition)?;
        any = builder.diagrams.or(any, fits)?;
    }
    Ok(any)
}

/// A filter of RBAC, before what comes after it.
fn rbac(
    builder: &mut Builder<'_>,
    sink: &mut Sink<'_>,
    filter: &RbacFilter,
    after: Decision,
) -> Result<Decision, TooMuch> {
    let Some(policies) = &filter.rules else { return Ok(after) };
    let denied = Decision::always(sink.effects.number(Effect::Denied));
    let fits = fits(builder, policies)?;
    match policies.action {
        Action::Allow => builder.diagrams.choose(fits, after, denied),
        Action::Deny => builder.diagrams.choose(fits, denied, after),
        Action::Log => Ok(after),
    }
}

/// Which requests an external authorizer is asked about: those that a rule fits that is only tried, of a
/// filter before it.
fn asked_of_authorizer<'f>(
    builder: &mut Builder<'_>,
    is_conditional: bool,
    before: impl Iterator<Item = &'f RbacFilter>,
) -> Result<Diagram, TooMuch> {
    if !is_conditional {
        return Ok(Diagram::YES);
    }
    let mut any = Diagram::NO;
    for policies in before.filter_map(|filter| filter.tried.as_ref()) {
        let fits = fits(builder, policies)?;
        any = builder.diagrams.or(any, fits)?;
    }
    Ok(any)
}

/// A filter of which files do not tell what it does, before what comes after it.
pub(super) fn through(
    builder: &mut Builder<'_>,
    sink: &mut Sink<'_>,
    config: Vec<u8>,
    asked: Diagram,
    after: Decision,
) -> Result<Decision, TooMuch> {
    let effects = &mut *sink.effects;
    let through =
        builder.diagrams.map(after, &mut |after| effects.number(Effect::Through(config.clone(), after)))?;
    builder.diagrams.choose(asked, through, after)
}

/// The domains of virtual hosts with their hosts' positions, the farthest first: a diagram is built from its
/// end.
pub(super) fn farthest_first<'h>(hosts: impl Iterator<Item = &'h Vec<String>>) -> Vec<(&'h str, usize)> {
    let domains =
        hosts.enumerate().flat_map(|(position, all)| all.iter().map(move |domain| (&**domain, position)));
    let mut domains: Vec<(&str, usize)> = domains.collect();
    domains.sort_by_key(|(domain, position)| (nearness(domain), std::cmp::Reverse(*position)));
    domains
}

/// How near a domain is to a host that it fits: exact ones are nearest, then long suffixes, then long
/// prefixes.
fn nearness(domain: &str) -> (u8, usize) {
    match domain {
        "*" => (0, 0),
        _ if domain.ends_with('*') => (1, domain.len()),
        _ if domain.starts_with('*') => (2, domain.len()),
        _ => (3, domain.len()),
    }
}

/// The hosts that a domain fits.
pub(super) fn of_domain(domain: &str, ignores_port: bool) -> Pattern {
    let port = if ignores_port { "(?::[0-9]+)?" } else { "" };
    let (literal, shape): (&str, fn(&str) -> String) =
        match (domain.strip_prefix('*'), domain.strip_suffix('*')) {
            (Some(suffix), _) => (suffix, |literal| format!("(?s:.+){}", regex::escape(literal))),
            (None, Some(prefix)) => (prefix, |literal| format!("{}(?s:.+)", regex::escape(literal))),
            (None, None) => (domain, |literal| regex::escape(literal)),
        };
    Pattern::ignoring_ascii_case(literal, |literal| Pattern::regex(&(shape(literal) + port)))
}
