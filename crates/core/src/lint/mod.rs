//! Lint: what is accepted and does not do what it looks like.
//!
//! A [`Rule`] is a file in `rules/`: data (its [`Code`], where it holds, its page) and one function from the
//! `Context` to problems. [`RULES`] has them all. What reading, admission and the mesh found is part of the
//! result: [`lint`] is everything that is to be said of a snapshot.
//!
//! What of it is reported is chosen by a [`Selection`], and a [`Baseline`] has what is known already. Where
//! the mend is certain, a finding has a fix, with what is to be written where.
//!
//! Rules read the mesh and what is made of it, so that they cannot disagree with the resources. They never
//! read the text a second way.
//!
//! ```
//! use waypoint_xds::options::Options;
//! use waypoint_xds::session::Session;
//! use waypoint_xds::text::SourceFile;
//!
//! let yaml = r#"
//! apiVersion: security.istio.io/v1
//! kind: AuthorizationPolicy
//! metadata: {name: read, namespace: shop}
//! spec:
//!   targetRefs: [{group: "", kind: Service, name: cart}]
//!   rules: [{to: [{operation: {methods: [get]}}]}]
//! "#;
//! let session = Session::read([SourceFile::new("shop.yaml", yaml)], &Options::default());
//! let found = session.lint();
//! assert!(found.iter().any(|problem| problem.code.id() == "method-case"));
//! ```

mod advice;
mod ambient;
mod at_waypoint;
mod baseline;
mod clauses;
mod concerns;
mod context;
mod enforced;
mod envoy_patches;
mod fingerprint;
mod fix;
mod gateway_routes;
mod glob;
mod identity;
mod idle;
mod inclusion;
pub(crate) mod ingress;
mod list;
mod naming;
mod pattern;
pub(crate) mod ports;
mod providers;
pub(crate) mod references;
mod routing;
mod rule;
mod rules;
mod scope;
mod selection;
mod service_entries;
mod telemetry;
mod unserved;

pub use baseline::{Baseline, BaselineError};
pub use context::Resources;
pub use fingerprint::fingerprint;
pub use rule::{Releases, Rule};
pub use rules::RULES;
pub use selection::{Override, Selection, Selector, UnknownSelector};

pub(crate) use fix::apply;

pub(crate) use context::Context;

use crate::mesh::Mesh;
use crate::problem::{Code, Problem};
use crate::snapshot::Reading;
use crate::status;

/// Everything that is to be said of a snapshot, in the order of the text: what was found before (`problems`,
/// as `Session::problems` has it), what the statuses of the snapshot say otherwise, and what the rules find.
/// What is asked of all requests is asked of the `resources`.
#[must_use]
pub fn lint<'m>(
    reading: &'m Reading,
    mesh: &'m Mesh,
    problems: &'m [Problem],
    resources: Resources<'m>,
) -> Vec<Problem> {
    let cx = Context::new(reading, mesh, problems, resources);
    let in_force: Vec<&Rule> =
        RULES.iter().filter(|rule| rule.releases.contain(mesh.rules.release)).collect();
    let is_said_better = |code: Code| in_force.iter().any(|rule| rule.replaces.contains(&code));
    let mut all: Vec<Problem> =
        problems.iter().filter(|problem| !is_said_better(problem.code)).cloned().collect();
    all.extend(status::stale(reading, mesh));
    all.extend(in_force.iter().flat_map(|rule| (rule.check)(&cx)));
    all.iter_mut().for_each(advice::advise);
    reading.locate(&mut all);
    all.sort();
    all.dedup();
    fix::settle(reading, &mut all);
    all
}

/// The rule that finds problems of a code, where one does.
#[must_use]
pub fn rule(code: Code) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.code == code)
}

/// The codes of `istioctl analyze` for what a code finds.
#[must_use]
pub fn analyze_codes(code: Code) -> &'static [&'static str] {
    match code {
        // Found on the way to what a waypoint gets, not by a rule.
        Code::UnknownDestination | Code::UnknownSubset => &["IST0101"],
        Code::AddressAllocated => &["IST0134"],
        // What Istio's webhook warns of.
        Code::Deprecated
        | Code::EmptySelector
        | Code::Ineffective
        | Code::InternalDetails
        | Code::PolicyOnTcpPort
        | Code::PrivateKey => &["IST0133"],
        _ => rule(code).map_or(&[], |rule| rule.analyze),
    }
}
