//! A waypoint's chain as a diagram of what tells its requests apart.
//!
//! The same as [`chain`](super::super::chain), but of one side: what comes of a class is asked of a trace, so a mark is enough.

use std::collections::BTreeSet;

use decisions::text::Pattern;
use decisions::{Condition as Diagram, Decision, TooMuch};
use envoy::config::rbac::v3::rbac::Action;

use super::marks::{Mark, Marks};
use super::overlay::overlay;
use crate::trace::authz::Authorizer;
use crate::trace::classes::attribute::{AllAsked, Attribute, of_header};
use crate::trace::classes::chain::{conditions, nearness, of_domain};
use crate::trace::classes::condition::{Builder, known};
use crate::trace::classes::language;
use crate::trace::compiled::{Proxy, Tracer};
use crate::trace::jwt::{JWT_AUTHN, JwtFilter};
use crate::trace::manager::{FilterDoes, HttpFilter, Manager, RoutesAt};
use crate::trace::matchers::TextTest;
use crate::trace::metadata::{Metadata, Tried};
use crate::trace::network::{Chain, NetworkFilter};
use crate::trace::rbac::Policies;
use crate::trace::route::{Found, Route, Routes};
use crate::trace::tunnel::Outside;
use crate::trace::verdict::RbacFilter;

/// A chain with its routes.
pub(super) struct Inner<'c> {
    chain: &'c Chain,
    routes: Option<&'c Routes>,
    outside: Option<&'c Outside>,
    /// Attributes that filters change on the way.
    pub(super) changed: BTreeSet<Attribute>,
}

/// Who takes a request.
#[derive(Clone, Copy)]
enum Taken<'c> {
    Route { host: usize, route: usize, message: &'c Route, of: Found<'c> },
    Nobody(Option<usize>),
}

type Made = Result<Decision, TooMuch>;

/// The key of a token's issuer.
fn issuer(key: &str) -> Attribute {
    Attribute::Metadata(JWT_AUTHN.to_owned(), vec![key.to_owned(), "iss".to_owned()])
}

/// Headers of browsers that ask whether they may ask.
const PREFLIGHT: [&str; 2] = ["origin", "access-control-request-method"];

impl<'c> Inner<'c> {
    pub(super) fn new(tracer: Tracer<'c>, proxy: &'c Proxy, chain: &'c Chain) -> Self {
        let mut inner =
            Self { chain, routes: None, outside: proxy.outside.as_ref(), changed: BTreeSet::new() };
        if let Some(manager) = inner.manager() {
            inner.routes = match &manager.routes {
                RoutesAt::Here(routes) => Some(routes),
                RoutesAt::Delivered(name) => proxy.routes(tracer, name),
                RoutesAt::Unknown => None,
            };
            inner.changed = changed(manager);
            let makes_claims = |filter: &HttpFilter| matches!(filter.does, FilterDoes::IstioAuthn(_));
            if manager.filters.iter().any(makes_claims) {
                let mut asked = AllAsked::default();
                inner.ask(&mut asked);
                // What that filter makes of a token is not what the token says.
                let made = |attribute: &Attribute| matches!(attribute, Attribute::Metadata(..));
                inner.changed.extend(asked.0.into_keys().filter(made));
            }
        }
        inner
    }

    /// Whether requests are told apart; otherwise it carries bytes.
    pub(super) fn is_http(&self) -> bool {
        self.manager().is_some()
    }

    pub(super) fn manager(&self) -> Option<&'c Manager> {
        self.chain.filters.iter().find_map(|filter| match filter {
            NetworkFilter::Http(manager) => Some(&**manager),
            _ => None,
        })
    }

    /// The filter that takes tokens.
    pub(super) fn tokens(&self) -> Option<&'c JwtFilter> {
        self.manager()?.filters.iter().find_map(|filter| match &filter.does {
            FilterDoes::Jwt(filter) => Some(&**filter),
            _ => None,
        })
    }

    /// Adds everything that is asked on the way to the end of the chain.
    pub(super) fn ask(&self, asked: &mut AllAsked) {
        for test in self.certificates() {
            asked.text(Attribute::Principal, language::named(test));
        }
        for filter in &self.chain.filters {
            if let NetworkFilter::Rbac(filter) = filter {
                conditions(filter).for_each(|condition| asked.add(condition));
            }
        }
        for filter in self.manager().iter().flat_map(|manager| &manager.filters) {
            match &filter.does {
                FilterDoes::Rbac(filter) => conditions(filter).for_each(|condition| asked.add(condition)),
                FilterDoes::Fault(fault) => fault.headers.iter().for_each(|test| asked.header(test)),
                _ => {}
            }
        }
        let hosts = self.routes.iter().flat_map(|routes| routes.hosts.iter().map(|host| (*routes, host)));
        for (routes, host) in hosts {
            for domain in host.domains.iter().filter(|domain| *domain != "*") {
                let pattern = of_domain(domain, routes.ignores_port);
                asked.text(Attribute::Host, Some((pattern, format!("`{domain}`"))));
            }
            host.routes.iter().for_each(|route| self.ask_of_route(route, asked));
        }
        if self.tokens().is_some() {
            asked.text(Attribute::Token, Some(language::refused()));
        }
    }

    /// Adds the issuers of tokens, where anything is asked of tokens.
    pub(super) fn ask_of_tokens(&self, asked: &mut AllAsked) {
        let Some(tokens) = self.tokens() else { return };
        let of_tokens = |attribute: &Attribute| matches!(attribute, Attribute::Metadata(filter, _) if filter == JWT_AUTHN);
        if !asked.0.keys().any(of_tokens) {
            return;
        }
        for (key, _) in tokens.kept() {
            for name in tokens.issuers() {
                asked.text(issuer(key), Some((Pattern::exact(name), format!("`{name}`"))));
            }
        }
    }

    fn ask_of_route(&self, route: &Route, asked: &mut AllAsked) {
        asked.add(&route.condition);
        if let Some(fault) = &route.fault {
            fault.headers.iter().for_each(|test| asked.header(test));
        }
        let Some(cors) = route.cors.as_ref().filter(|cors| cors.enabled && self.has_cors()) else { return };
        asked.text(Attribute::Method, Some((Pattern::exact("OPTIONS"), "`OPTIONS`".to_owned())));
        for header in PREFLIGHT {
            asked.text(of_header(header), Some((Pattern::exact(""), "empty".to_owned())));
        }
        for origin in &cors.origins {
            asked.text(of_header("origin"), language::named(origin));
        }
    }

    fn has_cors(&self) -> bool {
        self.manager().is_some_and(|manager| {
            manager.filters.iter().any(|filter| matches!(filter.does, FilterDoes::Cors))
        })
    }

    fn certificates(&self) -> impl Iterator<Item = &'c TextTest> {
        self.outside.and_then(|outside| outside.certificates.as_ref()).into_iter().flatten()
    }

    /// What requests there may be: of clients whose certificates are taken, and with what tokens that are taken can have.
    pub(super) fn possible(&self, builder: &mut Builder<'_>) -> Result<Diagram, TooMuch> {
        let mut possible = Diagram::YES;
        if self.outside.is_some_and(|outside| outside.certificates.is_some()) {
            let mut any = Diagram::NO;
            for test in self.certificates() {
                let fits = builder.principal(test)?;
                any = builder.diagrams.or(any, fits)?;
            }
            possible = any;
        }
        let told: Vec<Attribute> = builder
            .domains
            .iter()
            .map(|(_, attribute, _)| attribute.clone())
            .filter(|attribute| matches!(attribute, Attribute::Metadata(..)))
            .collect();
        for attribute in told {
            let may = self.may_be_told(builder, &attribute)?;
            possible = builder.diagrams.and(possible, may)?;
        }
        // What is not known may be.
        let never = builder.diagrams.comes_to(possible.into(), 0)?;
        builder.diagrams.not(never)
    }

    /// Where an attribute of tokens is as it may be.
    fn may_be_told(&self, builder: &mut Builder<'_>, attribute: &Attribute) -> Result<Diagram, TooMuch> {
        let Attribute::Metadata(filter, keys) = attribute else { return Ok(Diagram::YES) };
        let present = builder.among(attribute, |domain| Some(domain.present()))?;
        let absent = builder.diagrams.not(present)?;
        let kept = self.tokens().and_then(|tokens| {
            let (_, words) = tokens.kept().find(|(key, _)| keys.first().is_some_and(|first| first == key))?;
            Some((tokens, words))
        });
        let (Some((tokens, words)), Some(key)) = (kept.filter(|_| filter == JWT_AUTHN), keys.first()) else {
            return Ok(absent);
        };
        let issuer = issuer(key);
        if *attribute == issuer {
            let mut any = absent;
            for name in tokens.issuers() {
                let is = builder.among(&issuer, |domain| domain.texts(&Pattern::exact(name)))?;
                any = builder.diagrams.or(any, is)?;
            }
            // A token that is refused tells nothing.
            let refused = refused(builder)?;
            let taken = builder.diagrams.not(refused)?;
            let nothing = builder.diagrams.or(taken, absent)?;
            return builder.diagrams.and(any, nothing);
        }
        let token = builder.among(&issuer, |domain| Some(domain.present()))?;
        let mut may = builder.diagrams.or(absent, token)?;
        if keys.get(1).is_some_and(|claim| words.contains(claim)) && keys.len() == 2 {
            let text = builder.among(attribute, |domain| Some(domain.all_texts()))?;
            let no_text = builder.diagrams.not(text)?;
            may = builder.diagrams.and(may, no_text)?;
        }
        Ok(may)
    }

    /// What tells the requests of the chain apart.
    pub(super) fn decide(&self, builder: &mut Builder<'_>, marks: &mut Marks) -> Made {
        let unknown = Decision::always(marks.number(Mark::Unknown));
        if self.outside.is_some_and(Outside::has_policies) {
            return Ok(unknown);
        }
        let mut decision = unknown;
        for (at, filter) in self.chain.filters.iter().enumerate().rev() {
            decision = match filter {
                NetworkFilter::Rbac(filter) => rbac(builder, marks, (at, filter), decision)?,
                NetworkFilter::Http(manager) => self.http(builder, marks, manager)?,
                NetworkFilter::Tcp(_) => Decision::always(marks.number(Mark::Same)),
                NetworkFilter::Authorizer(authorizer) => {
                    let before = self.chain.filters.iter().take(at).filter_map(|filter| match filter {
                        NetworkFilter::Rbac(filter) => Some(&**filter),
                        _ => None,
                    });
                    let before: Vec<&RbacFilter> = before.collect();
                    authorized(builder, marks, (at, authorizer), (&before, NETWORK), decision)?
                }
                NetworkFilter::Unknown { .. } => unknown,
            };
        }
        Ok(decision)
    }

    fn http(&self, builder: &mut Builder<'_>, marks: &mut Marks, manager: &Manager) -> Made {
        let mut decision = self.by_route(builder, marks, &mut |_, marks, taken| {
            Ok(Decision::always(marks.number(match taken {
                Taken::Route { host, route, .. } => Mark::Route { host, route },
                Taken::Nobody(host) => Mark::NoRoute(host),
            })))
        })?;
        for (position, filter) in manager.filters.iter().enumerate().rev() {
            let at = self.chain.filters.len() + position;
            if filter.may_be_overridden {
                decision = self.overridden(builder, marks, filter, decision)?;
            }
            decision = match &filter.does {
                FilterDoes::Rbac(filter) => rbac(builder, marks, (at, filter), decision)?,
                FilterDoes::Authorizer(authorizer) => {
                    let before =
                        manager.filters.iter().take(position).filter_map(|filter| match &filter.does {
                            FilterDoes::Rbac(filter) => Some(&**filter),
                            _ => None,
                        });
                    let before: Vec<&RbacFilter> = before.collect();
                    authorized(builder, marks, (at, authorizer), (&before, HTTP), decision)?
                }
                FilterDoes::Jwt(tokens) if tokens.only_refuses() => {
                    let refused = refused(builder)?;
                    let mark = Decision::always(marks.number(Mark::TokenRefused));
                    builder.diagrams.choose(refused, mark, decision)?
                }
                FilterDoes::Cors => self.cors(builder, marks, decision)?,
                FilterDoes::Fault(general) => self.faults(builder, marks, general, decision)?,
                FilterDoes::Mutation(_) | FilterDoes::IstioAuthn(_) => decision,
                FilterDoes::Jwt(_) | FilterDoes::Unknown => Decision::always(marks.number(Mark::Unknown)),
            };
        }
        Ok(decision)
    }

    /// What comes of who takes a request: the route of the nearest host, the first that fits.
    fn by_route(
        &self,
        builder: &mut Builder<'_>,
        marks: &mut Marks,
        of: &mut dyn FnMut(&mut Builder<'_>, &mut Marks, Taken<'c>) -> Made,
    ) -> Made {
        let Some(routes) = self.routes else { return Ok(Decision::always(marks.number(Mark::Unknown))) };
        let mut decision = of(builder, marks, Taken::Nobody(None))?;
        let mut domains: Vec<(&str, usize)> = Vec::new();
        for (position, host) in routes.hosts.iter().enumerate() {
            domains.extend(host.domains.iter().map(|domain| (domain.as_str(), position)));
        }
        // The farthest first: what is nearer comes before it.
        domains.sort_by_key(|(domain, position)| (nearness(domain), std::cmp::Reverse(*position)));
        for (domain, position) in domains {
            let Some(host) = routes.hosts.get(position) else { continue };
            let mut of_host = of(builder, marks, Taken::Nobody(Some(position)))?;
            for (number, route) in host.routes.iter().enumerate().rev() {
                let fits = builder.condition(&route.condition)?;
                let found = Found { host: Some(host), route: Some(route), unknown: None };
                let taken = Taken::Route { host: position, route: number, message: route, of: found };
                let then = of(builder, marks, taken)?;
                of_host = builder.diagrams.choose(fits, then, of_host)?;
            }
            decision = if domain == "*" {
                of_host
            } else {
                let pattern = of_domain(domain, routes.ignores_port);
                let fits = builder.among(&Attribute::Host, |domain| domain.texts(&pattern))?;
                builder.diagrams.choose(fits, of_host, decision)?
            };
        }
        Ok(decision)
    }

    /// A filter for which a route may have a configuration that is not read.
    fn overridden(
        &self,
        builder: &mut Builder<'_>,
        marks: &mut Marks,
        filter: &HttpFilter,
        after: Decision,
    ) -> Made {
        let own = self.by_route(builder, marks, &mut |_, marks, taken| {
            let has_own = matches!(taken, Taken::Route { of, .. } if of.has_own(&filter.name));
            Ok(Decision::always(marks.number(if has_own { Mark::Unknown } else { Mark::Nothing })))
        })?;
        overlay(builder, marks, own, after)
    }

    /// Preflights, which the proxy answers.
    fn cors(&self, builder: &mut Builder<'_>, marks: &mut Marks, after: Decision) -> Made {
        let answers = self.by_route(builder, marks, &mut |builder, marks, taken| {
            let nothing = Decision::always(marks.number(Mark::Nothing));
            let Taken::Route { host, route, message, .. } = taken else { return Ok(nothing) };
            let Some(cors) = message.cors.as_ref().filter(|cors| cors.enabled) else { return Ok(nothing) };
            let mut answered = preflight(builder)?;
            if cors.forwards_others {
                let mut allowed = Diagram::NO;
                for origin in &cors.origins {
                    let any = known(origin.truth("*"));
                    let pattern = language::of(origin);
                    let fits = builder.among(&of_header("origin"), |domain| domain.texts(&pattern?))?;
                    allowed = builder.diagrams.or(allowed, any)?;
                    allowed = builder.diagrams.or(allowed, fits)?;
                }
                answered = builder.diagrams.and(answered, allowed)?;
            }
            let mark = Decision::always(marks.number(Mark::Preflight { host, route }));
            builder.diagrams.choose(answered, mark, nothing)
        })?;
        overlay(builder, marks, answers, after)
    }

    /// Faults that are injected, by a route's own configuration or that for all.
    fn faults(
        &self,
        builder: &mut Builder<'_>,
        marks: &mut Marks,
        general: &'c crate::trace::traffic::Fault,
        after: Decision,
    ) -> Made {
        let faults = self.by_route(builder, marks, &mut |builder, marks, taken| {
            let (own, route) = match taken {
                Taken::Route { host, route, message, .. } => (message.fault.as_ref(), Some((host, route))),
                Taken::Nobody(_) => (None, None),
            };
            let fault = own.unwrap_or(general);
            let nothing = Decision::always(marks.number(Mark::Nothing));
            if !fault.may_do_anything() {
                return Ok(nothing);
            }
            let mut fits = Diagram::YES;
            for header in &fault.headers {
                let one = builder.header(header)?;
                fits = builder.diagrams.and(fits, one)?;
            }
            // What comes after it is put in where the two are laid over each other.
            let mark = if fault.conditional { Mark::Unknown } else { Mark::Fault { route, after: u32::MAX } };
            let mark = Decision::always(marks.number(mark));
            builder.diagrams.choose(fits, mark, nothing)
        })?;
        overlay(builder, marks, faults, after)
    }
}

/// A request of a browser that asks whether it may ask.
fn preflight(builder: &mut Builder<'_>) -> Result<Diagram, TooMuch> {
    let options = Pattern::exact("OPTIONS");
    let mut all = builder.among(&Attribute::Method, |domain| domain.texts(&options))?;
    for header in PREFLIGHT {
        let header = of_header(header);
        let present = builder.among(&header, |domain| Some(domain.present()))?;
        let empty = builder.among(&header, |domain| domain.texts(&Pattern::exact("")))?;
        let something = builder.diagrams.not(empty)?;
        all = builder.diagrams.and(all, present)?;
        all = builder.diagrams.and(all, something)?;
    }
    Ok(all)
}

/// Where a token is sent that is not taken.
fn refused(builder: &mut Builder<'_>) -> Result<Diagram, TooMuch> {
    let (pattern, _) = language::refused();
    builder.among(&Attribute::Token, |domain| domain.texts(&pattern))
}

/// Under which filters tell what came of policies that are only tried.
const NETWORK: &str = "envoy.filters.network.rbac";
const HTTP: &str = "envoy.filters.http.rbac";

/// A filter of RBAC, before what comes after it: the first rule that fits decides.
fn rbac(
    builder: &mut Builder<'_>,
    marks: &mut Marks,
    (at, filter): (usize, &RbacFilter),
    after: Decision,
) -> Made {
    let Some(policies) = filter.rules.as_ref().filter(|policies| policies.action != Action::Log) else {
        return Ok(after);
    };
    let allows = policies.action == Action::Allow;
    let refused = Decision::always(marks.number(Mark::Refused { filter: at, rule: None }));
    let mut decision = if allows { refused } else { after };
    for (number, rule) in policies.rules.iter().enumerate().rev() {
        let fits = builder.condition(&rule.condition)?;
        let then = if allows {
            let cause = rule.cause.as_ref();
            builder.diagrams.map(after, &mut |after| marks.passed((at, number), cause, after))?
        } else {
            Decision::always(marks.number(Mark::Refused { filter: at, rule: Some(number) }))
        };
        decision = builder.diagrams.choose(fits, then, decision)?;
    }
    Ok(decision)
}

/// An external authorizer, before what comes after it.
fn authorized(
    builder: &mut Builder<'_>,
    marks: &mut Marks,
    (at, authorizer): (usize, &Authorizer),
    (before, tells): (&[&RbacFilter], &'static str),
    after: Decision,
) -> Made {
    if authorizer.only_tried {
        return Ok(after);
    }
    let asked = is_asked(builder, authorizer, before, tells)?;
    let then = builder.diagrams.map(after, &mut |after| marks.number(Mark::Asked { filter: at, after }))?;
    builder.diagrams.choose(asked, then, after)
}

/// Which requests an external authorizer is asked about: those of which a filter before it tells that a rule fits that is
/// only tried.
fn is_asked(
    builder: &mut Builder<'_>,
    authorizer: &Authorizer,
    before: &[&RbacFilter],
    tells: &'static str,
) -> Result<Diagram, TooMuch> {
    let Some(enabled) = &authorizer.enabled else { return Ok(Diagram::YES) };
    let mut asked = known(enabled.truth(&Metadata::default()));
    let telling = before.iter().filter_map(|filter| Some((filter.tried.as_ref()?, &filter.keys)));
    for (policies, [id, _]) in telling {
        asked = tried(builder, policies, asked, &|name| {
            let mut metadata = Metadata::default();
            metadata.tell(Tried { filter: tells, key: id, value: name, rule: None });
            enabled.keys.as_slice() == std::slice::from_ref(id)
                && known(enabled.truth(&metadata)) == Diagram::YES
        })?;
    }
    Ok(asked)
}

/// Where the first rule that fits is one of these; otherwise what was so before.
fn tried(
    builder: &mut Builder<'_>,
    policies: &Policies,
    before: Diagram,
    is: &dyn Fn(&str) -> bool,
) -> Result<Diagram, TooMuch> {
    let mut asked = before;
    for rule in policies.rules.iter().rev() {
        let fits = builder.condition(&rule.condition)?;
        let others = builder.diagrams.not(fits)?;
        let others = builder.diagrams.and(others, asked)?;
        asked = if is(&rule.name) { builder.diagrams.or(fits, others)? } else { others };
    }
    Ok(asked)
}

/// Attributes that are not what the client has sent when they are looked at.
fn changed(manager: &Manager) -> BTreeSet<Attribute> {
    const MADE: [&str; 9] = [
        ":path",
        ":scheme",
        "x-forwarded-proto",
        "x-forwarded-client-cert",
        "x-request-id",
        "connection",
        "keep-alive",
        "proxy-connection",
        "transfer-encoding",
    ];
    let mut changed: BTreeSet<Attribute> = MADE.iter().map(|name| of_header(name)).collect();
    for filter in &manager.filters {
        match &filter.does {
            FilterDoes::Jwt(tokens) => {
                changed.extend(tokens.headers().map(of_header));
                // A token that is accepted is for somebody who is named: what else it may say of that is not looked at.
                if tokens.issuers().any(|issuer| tokens.audience(issuer).is_some()) {
                    let audience = |key: &str| vec![key.to_owned(), "aud".to_owned()];
                    changed.extend(
                        tokens
                            .kept()
                            .map(|(key, _)| Attribute::Metadata(JWT_AUTHN.to_owned(), audience(key))),
                    );
                }
                changed.extend(tokens.parameters().map(|name| Attribute::Query(name.to_owned())));
            }
            FilterDoes::Mutation(mutation) => {
                changed.extend(crate::trace::traffic::mutated(mutation).map(of_header))
            }
            _ => {}
        }
    }
    changed
}
