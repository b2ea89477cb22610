//! What a rule of a VirtualService does with requests.

use super::{HashKey, Routed, hash};
use crate::mesh::PersistentSession;
use crate::plan::host::Host;
use crate::plan::host::destination::cluster_name;
use crate::rules::SingleDestination;
use crate::snapshot::Cause;
use crate::snapshot::networking::Percent;
use crate::snapshot::networking::virtual_service::{
    Destination, Headers, HttpDirectResponse, HttpRedirect, HttpRoute, HttpRouteDestination,
};

/// What a rule does.
#[derive(Clone, Debug, PartialEq)]
pub enum HttpAction<'m> {
    /// It sends the client elsewhere.
    Redirect(&'m HttpRedirect),
    /// It answers.
    DirectResponse(&'m HttpDirectResponse),
    /// It forwards.
    Forward(Forward<'m>),
}

/// Where requests are forwarded to.
#[derive(Clone, Debug, PartialEq)]
pub struct Forward<'m> {
    /// The destinations.
    pub to: Destinations<'m>,
    /// What gets copies.
    pub mirrors: Vec<Mirror>,
    /// By what clients stay with an endpoint.
    pub session: Option<PersistentSession<'m>>,
}

/// The destinations of a rule.
#[derive(Clone, Debug, PartialEq)]
pub enum Destinations<'m> {
    /// One.
    Single(HttpDestination<'m>),
    /// Several, each with its share: without those that get nothing.
    Weighted(Vec<HttpDestination<'m>>),
}

/// One destination.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpDestination<'m> {
    /// The cluster.
    pub cluster: String,
    /// Its share of the requests.
    pub weight: u32,
    /// What it changes in headers.
    pub headers: Option<&'m Headers>,
    /// Whether its requests are hashed: retries have to stay on the host then.
    pub is_hashed: bool,
    /// What they are hashed by.
    pub hash: Option<HashKey<'m>>,
}

/// A destination that gets copies of requests.
#[derive(Clone, Debug, PartialEq)]
pub struct Mirror {
    /// The cluster.
    pub cluster: String,
    /// Of how many requests.
    pub share: MirrorShare,
}

/// How many requests are copied, in percent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MirrorShare {
    /// Whole percents.
    Whole(u32),
    /// To a ten-thousandth.
    Exact(f64),
}

impl<'m> HttpAction<'m> {
    /// What a rule does with the requests of a port, and what had a say in where these go: the Services of
    /// other hosts that it names, which decide whose cluster a destination is, and the DestinationRules that
    /// say what requests are hashed by.
    pub(super) fn new(routed: &Routed<'_, 'm>, rule: &'m HttpRoute, port: u32) -> (Self, Vec<Cause>) {
        let mut resolver = Resolver { routed, port, causes: Vec::new() };
        let count = rule.route.len();
        let mut destinations = Vec::with_capacity(count);
        let mut sessions = Sessions::default();
        for to in &rule.route {
            let destination = resolver.destination(to);
            // A destination of weight 0 gets nothing, unless it is the only one.
            if to.weight != 0 || count == 1 {
                destinations.push(destination);
                sessions.add(resolver.session(to));
            }
        }
        let mirrors = resolver.mirrors(rule);
        let causes = resolver.causes;
        let action = if let Some(redirect) = &rule.redirect {
            Self::Redirect(redirect)
        } else if let Some(response) = &rule.direct_response {
            Self::DirectResponse(response)
        } else {
            let one_is_enough = match routed.scope.rules.routes.single_destination {
                SingleDestination::OfGiven => count == 1,
                SingleDestination::OfWeighted => true,
            };
            Self::Forward(Forward {
                to: Destinations::new(destinations, one_is_enough),
                mirrors,
                session: sessions.last,
            })
        };
        (action, causes)
    }
}

impl<'m> Destinations<'m> {
    fn new(mut all: Vec<HttpDestination<'m>>, one_is_enough: bool) -> Self {
        match (all.pop(), all.is_empty() && one_is_enough) {
            (Some(only), true) => Self::Single(only),
            (last, _) => {
                all.extend(last);
                Self::Weighted(all)
            }
        }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &HttpDestination<'m>> {
        match self {
            Self::Single(only) => std::slice::from_ref(only),
            Self::Weighted(all) => all.as_slice(),
        }
        .iter()
    }
}

/// What the destinations of a rule say of sessions. An accident of Istio's: the last one counts, be it that
/// it says nothing, up to the first two in a row that both say something.
#[derive(Default)]
struct Sessions<'m> {
    last: Option<PersistentSession<'m>>,
    is_settled: bool,
}

impl<'m> Sessions<'m> {
    fn add(&mut self, session: Option<PersistentSession<'m>>) {
        self.is_settled |= self.last.is_some() && session.is_some();
        if !self.is_settled {
            self.last = session;
        }
    }
}

/// Resolves the destinations of a rule, and collects what has a say in that.
struct Resolver<'a, 'm> {
    routed: &'a Routed<'a, 'm>,
    port: u32,
    causes: Vec<Cause>,
}

impl<'m> Resolver<'_, 'm> {
    fn destination(&mut self, given: &'m HttpRouteDestination) -> HttpDestination<'m> {
        let mut out = HttpDestination {
            cluster: String::new(),
            weight: u32::try_from(given.weight).unwrap_or_default(),
            headers: given.headers.as_deref(),
            is_hashed: false,
            hash: None,
        };
        // Admission has refused a destination that is missing.
        let Some(to) = &given.destination else { return out };
        let rules = &self.routed.scope.rules.routes;
        let host = self.host(to);
        out.cluster = cluster_name(rules, to, host, self.port);
        if let Some((hash, rule)) = hash::of_destination(rules, to, host) {
            out.is_hashed = true;
            out.hash = HashKey::of(hash);
            rule.causes().iter().for_each(|cause| self.add(cause.clone()));
        }
        out
    }

    /// By what the clients of a destination stay with an endpoint.
    fn session(&self, given: &HttpRouteDestination) -> Option<PersistentSession<'m>> {
        let features = &self.routed.scope.mesh.options.features;
        let to = given.destination.as_ref().filter(|_| features.pilot_enable_persistent_session_filter)?;
        PersistentSession::of(&self.routed.host(&to.host)?.service.labels, features)
    }

    /// `mirror`, then `mirrors`.
    fn mirrors(&mut self, rule: &HttpRoute) -> Vec<Mirror> {
        let rules = &self.routed.scope.rules.routes;
        let first = rule.mirror.as_ref().and_then(|to| {
            let share = match (&rule.mirror_percentage, rule.mirror_percent) {
                (None, Some(percent)) => (percent > 0).then_some(MirrorShare::Whole(percent)),
                (percentage, _) => MirrorShare::of(percentage.as_ref()),
            };
            Some((to, share?))
        });
        let others = rule.mirrors.iter().filter_map(|mirror| {
            Some((mirror.destination.as_ref()?, MirrorShare::of(mirror.percentage.as_ref())?))
        });
        let mirror = |(to, share)| {
            let host = self.host(to);
            Mirror { cluster: cluster_name(rules, to, host, self.port), share }
        };
        first.into_iter().chain(others).map(mirror).collect()
    }

    /// What is meant by a destination's host.
    fn host(&mut self, to: &Destination) -> Option<Host<'m>> {
        let host = self.routed.host(&to.host)?;
        if to.host != self.routed.service.hostname {
            self.add(host.service.source.object().into());
        }
        Some(host)
    }

    fn add(&mut self, cause: Cause) {
        if !self.causes.contains(&cause) {
            self.causes.push(cause);
        }
    }
}

impl MirrorShare {
    /// All requests are copied unless a percentage is given; none at zero.
    fn of(percentage: Option<&Percent>) -> Option<Self> {
        match percentage {
            None => Some(Self::Whole(100)),
            Some(percentage) => (percentage.value > 0.0).then_some(Self::Exact(percentage.value)),
        }
    }
}
