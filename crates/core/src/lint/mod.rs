//! Lint: what is accepted and does not do what it looks like.
//!
//! A [`Rule`] is a file in `rules/`: data (its [`Code`], where it holds, its page) and one function from the [`Context`] to
//! problems. [`RULES`] has them all. What reading, admission and the mesh found is part of the result: [`lint`] is
//! everything that is to be said of a snapshot.
//!
//! Rules read the mesh and what is made of it, so that they cannot disagree with the resources. They never read the text a
//! second way.
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

mod ambient;
mod at_waypoint;
mod clauses;
mod concerns;
mod context;
mod enforced;
mod envoy_patches;
mod gateway_routes;
mod identity;
mod inclusion;
mod ingress;
mod list;
mod names;
mod naming;
mod pattern;
mod ports;
mod providers;
mod references;
mod routing;
mod rule;
mod rules;
mod scope;
mod service_entries;
pub(crate) mod sidecars;
mod telemetry;
mod unserved;

pub use rule::{Releases, Rule};
pub use rules::RULES;

pub(crate) use context::Context;

use crate::mesh::Mesh;
use crate::problem::{Code, Problem};
use crate::snapshot::Reading;
use crate::status;

/// Everything that is to be said of a snapshot, in the order of the text: what was found before (`problems`, as
/// `Session::problems` has it), what the statuses of the snapshot say otherwise, and what the
/// rules find.
#[must_use]
pub fn lint(reading: &Reading, mesh: &Mesh, problems: &[Problem]) -> Vec<Problem> {
    let cx = Context::new(reading, mesh, problems);
    let in_force: Vec<&Rule> =
        RULES.iter().filter(|rule| rule.releases.contain(mesh.rules.release)).collect();
    let is_said_better = |code: Code| in_force.iter().any(|rule| rule.replaces.contains(&code));
    let mut all: Vec<Problem> =
        problems.iter().filter(|problem| !is_said_better(problem.code)).cloned().collect();
    all.extend(status::differences(reading, &status::statuses(mesh)));
    all.extend(in_force.iter().flat_map(|rule| (rule.check)(&cx)));
    reading.locate(&mut all);
    all.sort();
    all.dedup();
    all
}
