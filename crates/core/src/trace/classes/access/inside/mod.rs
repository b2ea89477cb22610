//! A waypoint's chain as a diagram of what tells its requests apart.
//!
//! The same as [`chain`](super::super::chain), but of one side: what comes of a class is asked of a trace, so
//! a mark is enough.
//!
//! | module | knows |
//! |---|---|
//! | `asked` | what a chain asks of requests |
//! | `policies` | filters of RBAC, external authorizers |
//! | `answers` | what a proxy answers itself: preflights, faults |
//! | `possible` | which requests there may be |
//! | `changed` | what filters change on the way |

mod answers;
mod asked;
mod changed;
mod policies;
mod possible;

use std::collections::BTreeSet;

use decisions::{Decision, TooMuch};

use self::changed::changed;
use self::policies::{HTTP, NETWORK, authorized, rbac};
use super::marks::{Mark, Marks};
use super::overlay::overlay;
use crate::trace::classes::attribute::{AllAsked, Attribute};
use crate::trace::classes::chain::{farthest_first, of_domain};
use crate::trace::classes::condition::Builder;
use crate::trace::classes::tokens::refused;
use crate::trace::compiled::{Proxy, Tracer};
use crate::trace::jwt::JwtFilter;
use crate::trace::manager::{FilterDoes, HttpFilter, Manager, RoutesAt};
use crate::trace::matchers::TextTest;
use crate::trace::network::{Chain, NetworkFilter};
use crate::trace::route::{Route, RouteLookup, Routes};
use crate::trace::tunnel::Outside;
use crate::trace::verdict::RbacFilter;

/// A chain with its routes.
pub(in crate::trace::classes::access) struct Inner<'c> {
    chain: &'c Chain,
    routes: Option<&'c Routes>,
    outside: Option<&'c Outside>,
    /// Attributes that filters change on the way.
    pub(in crate::trace::classes::access) changed: BTreeSet<Attribute>,
}

/// Who takes a request.
#[derive(Clone, Copy)]
enum Taken<'c> {
    Route { host: usize, route: usize, message: &'c Route, of: RouteLookup<'c> },
    Nobody(Option<usize>),
}

type Made = Result<Decision, TooMuch>;

/// Headers of browsers that ask whether they may ask.
const PREFLIGHT: [&str; 2] = ["origin", "access-control-request-method"];

impl<'c> Inner<'c> {
    pub(in crate::trace::classes::access) fn new(
        tracer: Tracer<'c>,
        proxy: &'c Proxy,
        chain: &'c Chain,
    ) -> Self {
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
    pub(in crate::trace::classes::access) fn is_http(&self) -> bool {
        self.manager().is_some()
    }

    pub(in crate::trace::classes::access) fn manager(&self) -> Option<&'c Manager> {
        self.chain.filters.iter().find_map(|filter| match filter {
            NetworkFilter::Http(manager) => Some(&**manager),
            _ => None,
        })
    }

    /// The filter that takes tokens.
    pub(in crate::trace::classes::access) fn tokens(&self) -> Option<&'c JwtFilter> {
        self.manager()?.filters.iter().find_map(|filter| match &filter.does {
            FilterDoes::Jwt(filter) => Some(&**filter),
            _ => None,
        })
    }

    fn has_cors(&self) -> bool {
        self.manager().is_some_and(|manager| {
            manager.filters.iter().any(|filter| matches!(filter.does, FilterDoes::Cors))
        })
    }

    fn certificates(&self) -> impl Iterator<Item = &'c TextTest> {
        self.outside.and_then(|outside| outside.certificates.as_ref()).into_iter().flatten()
    }

    /// What tells the requests of the chain apart.
    pub(in crate::trace::classes::access) fn decide(
        &self,
        builder: &mut Builder<'_>,
        marks: &mut Marks,
    ) -> Made {
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
        for (domain, position) in farthest_first(routes.hosts.iter().map(|host| &host.domains)) {
            let Some(host) = routes.hosts.get(position) else { continue };
            let mut of_host = of(builder, marks, Taken::Nobody(Some(position)))?;
            for (number, route) in host.routes.iter().enumerate().rev() {
                let fits = builder.condition(&route.condition)?;
                let found = RouteLookup { host: Some(host), route: Some(route), unknown: None };
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
}
