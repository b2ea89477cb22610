//! What no test has reached: routes and their matches, policies and their rules, subsets.

use std::collections::{BTreeMap, BTreeSet};

use crate::kind::Kind;
use crate::mesh::Mesh;
use crate::names::ObjectRef;
use crate::resources::{Origin, Part};
use crate::snapshot::Cause;
use crate::trace::{DecidedBy, Decision, Trace};
use crate::translation::Translation;
use crate::ztunnel;

/// What sort of thing can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CoverageKind {
    /// A route of a VirtualService, or a rule of one of the Gateway API.
    Route,
    /// One of its matches.
    Match,
    /// An AuthorizationPolicy.
    Policy,
    /// One of its rules.
    Rule,
    /// A subset of a DestinationRule.
    Subset,
}

impl CoverageKind {
    /// Every sort.
    pub const ALL: [Self; 5] = [Self::Route, Self::Match, Self::Policy, Self::Rule, Self::Subset];

    /// Its name, in lower case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Route => "route",
            Self::Match => "match",
            Self::Policy => "policy",
            Self::Rule => "rule",
            Self::Subset => "subset",
        }
    }
}

/// Something that a request can reach.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[non_exhaustive]
pub struct Point {
    /// What sort of thing it is.
    pub sort: CoverageKind,
    /// The object.
    #[serde(flatten)]
    pub object: ObjectRef,
    /// The field; empty for the object as a whole.
    pub field: String,
}

impl Point {
    fn new(sort: CoverageKind, object: &ObjectRef, field: impl Into<String>) -> Self {
        Self { sort, object: object.clone(), field: field.into() }
    }
}

/// Everything that was generated and that a request can reach, and how many have.
///
/// A route is reached by a request that takes it, a rule by one that it fits, a policy by one that it decides
/// of, a subset by one that may go there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Coverage {
    points: BTreeMap<Point, u64>,
    /// The subsets of clusters, by waypoint and cluster.
    subsets: BTreeMap<(String, String), Point>,
}

impl Coverage {
    /// What there is to be reached: nothing of it has been yet.
    #[must_use]
    pub fn new(mesh: &Mesh, translation: &Translation) -> Self {
        let mut coverage = Self::default();
        for resources in &translation.waypoints {
            let listeners = resources.listeners.iter().flat_map(|listener| &listener.origins);
            let routes = resources.routes.iter().flat_map(|routes| &routes.origins);
            let points: Vec<Point> = listeners.chain(routes).flat_map(of_origin).collect();
            coverage.expect(points);
            for cluster in &resources.clusters {
                let causes = cluster.origins.iter().flat_map(|origin| &origin.causes);
                let subset = causes
                    .filter(|cause| cause.field.is_like("spec.subsets[]"))
                    .map(|cause| Point::new(CoverageKind::Subset, &cause.object, cause.field.to_string()));
                if let Some(point) = subset.into_iter().next() {
                    let key = (resources.waypoint.to_string(), cluster.message.name.clone());
                    coverage.subsets.insert(key, point.clone());
                    coverage.expect([point]);
                }
            }
        }
        // A release of which that is not known has no policies there.
        let ztunnel = ztunnel::generate(mesh).map(|resources| resources.policies).unwrap_or_default();
        let causes = ztunnel.iter().flat_map(|policy| &policy.origins).flat_map(|origin| &origin.causes);
        coverage.expect(causes.flat_map(of_policy).collect::<Vec<_>>());
        coverage
    }

    fn expect(&mut self, points: impl IntoIterator<Item = Point>) {
        for point in points {
            self.points.entry(point).or_default();
        }
    }

    /// Counts what one request has reached.
    pub fn add(&mut self, trace: &Trace) {
        let mut reached: BTreeSet<Point> = BTreeSet::new();
        if let Some(DecidedBy(cause)) = trace.route.as_ref().and_then(|route| route.because.first()) {
            reached.extend(of_route(cause));
        }
        for step in trace.steps.iter().filter(|step| step.decision != Decision::Skipped) {
            let fits = step.details.iter().filter(|detail| detail.fits == Some(true));
            let because = step.because.iter().chain(fits.filter_map(|detail| detail.because.as_ref()));
            reached.extend(because.flat_map(|because| of_policy(&because.0)));
            if step.what == "filter chain" {
                reached.extend(step.because.iter().flat_map(|because| of_route(&because.0)));
            }
        }
        let decided = trace.outcomes.iter().filter_map(|chance| chance.outcome.decided_by.as_ref());
        reached.extend(decided.flat_map(|because| of_policy(&because.0)));
        let waypoint = trace.waypoint.as_deref().unwrap_or_default();
        for cluster in clusters(trace) {
            reached.extend(self.subsets.get(&(waypoint.to_owned(), cluster.to_owned())).cloned());
        }
        for point in reached {
            if let Some(hits) = self.points.get_mut(&point) {
                *hits += 1;
            }
        }
    }

    /// Everything that can be reached, and by how many requests it was.
    pub fn points(&self) -> impl Iterator<Item = (&Point, u64)> {
        self.points.iter().map(|(point, hits)| (point, *hits))
    }

    /// How much of a sort was reached, and how much there is; of all without a sort.
    #[must_use]
    pub fn count(&self, sort: Option<CoverageKind>) -> (usize, usize) {
        let of_sort = || self.points.iter().filter(|(point, _)| sort.is_none_or(|sort| point.sort == sort));
        (of_sort().filter(|(_, hits)| **hits > 0).count(), of_sort().count())
    }

    /// How much was reached, in percent; all of nothing.
    #[must_use]
    pub fn percent(&self, sort: Option<CoverageKind>) -> f64 {
        let (reached, all) = self.count(sort);
        #[expect(clippy::cast_precision_loss, reason = "there are not so many")]
        if all == 0 { 100.0 } else { reached as f64 * 100.0 / all as f64 }
    }
}

/// The clusters that a request may go to, those that have no endpoint too, and those that get a copy.
fn clusters(trace: &Trace) -> impl Iterator<Item = &str> {
    let tried = trace.steps.iter().filter(|step| step.what == "cluster");
    let tried = tried.filter_map(|step| step.resource.as_ref()).map(|resource| resource.name.as_str());
    tried.chain(trace.mirrors.iter().map(|target| target.cluster.as_str()))
}

/// What can be reached of a part of a listener.
fn of_origin(origin: &Origin) -> Vec<Point> {
    match origin.part {
        Part::Route { .. } => origin.causes.first().map(of_route).unwrap_or_default(),
        Part::Policy { .. } => origin.causes.iter().flat_map(of_policy).collect(),
        // Routes for bytes make no route of Envoy's, but the chain.
        Part::FilterChain(_) => origin.causes.iter().skip(1).flat_map(of_route).collect(),
        _ => Vec::new(),
    }
}

/// A route, and its match.
fn of_route(cause: &Cause) -> Vec<Point> {
    if !cause.object.kind.is_route() || cause.field.is_root() {
        return Vec::new();
    }
    let field = cause.field.to_string();
    let route = field.rsplit_once('.').filter(|(_, last)| last.starts_with("match")).map(|(route, _)| route);
    match route {
        Some(route) => vec![
            Point::new(CoverageKind::Route, &cause.object, route),
            Point::new(CoverageKind::Match, &cause.object, field.as_str()),
        ],
        None => vec![Point::new(CoverageKind::Route, &cause.object, field)],
    }
}

/// A policy, and its rule.
fn of_policy(cause: &Cause) -> Vec<Point> {
    if cause.object.kind != Kind::AuthorizationPolicy {
        return Vec::new();
    }
    let policy = Point::new(CoverageKind::Policy, &cause.object, "");
    if cause.field.is_like("spec.rules[]") {
        return vec![policy, Point::new(CoverageKind::Rule, &cause.object, cause.field.to_string())];
    }
    vec![policy]
}
