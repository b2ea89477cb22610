//! Tests for a mesh: requests, and what is expected of them.
//!
//! A file of tests is YAML with a header of its own, so that it may stand among the objects of a snapshot:
//!
//! ```yaml
//! apiVersion: waypoint-xds.io/v1
//! kind: MeshTest
//! default:
//!   request: {from: sa/web.shop, to: cart.shop}
//! tests:
//! - name: whoever reads is let in
//!   for: {method: [GET, HEAD]}
//!   expect: {verdict: allowed}
//! ```
//!
//! | module | does |
//! |---|---|
//! | `file` | reads files of tests: [`Suite`] |
//! | `template`, `variants` | one test as it is written becomes a [`Case`] for each of its variants |
//! | `expected`, `named`, `odds`, `values`, `text_or` | what can be expected: [`Expected`] |
//! | `claim`, `like` | what is claimed of all requests that are like something: [`Claim`] |
//! | `found` | what has come, in the words of expectations |
//! | `compare` | holds a trace against it: [`Difference`] |
//! | `coverage` | what no test has reached: [`Coverage`] |
//! | `record` | expectations from what comes now |
//!
//! What comes of a request is [`trace`](crate::Session::trace)'s to say.
//! [`Session::test`](crate::Session::test) asks it.
//!
//! ```
//! use waypoint_xds::expect;
//! use waypoint_xds::limits::Limits;
//! use waypoint_xds::options::Options;
//! use waypoint_xds::session::Session;
//! use waypoint_xds::text::SourceFile;
//!
//! let snapshot = "
//! apiVersion: v1
//! kind: Service
//! metadata: {name: cart, namespace: shop, labels: {istio.io/use-waypoint: waypoint}}
//! spec: {clusterIP: 10.96.0.1, ports: [{name: http, port: 80}]}
//! ---
//! apiVersion: gateway.networking.k8s.io/v1
//! kind: Gateway
//! metadata: {name: waypoint, namespace: shop}
//! spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}
//! ---
//! apiVersion: security.istio.io/v1
//! kind: AuthorizationPolicy
//! metadata: {name: readers, namespace: shop}
//! spec:
//!   targetRefs: [{kind: Service, group: core, name: cart}]
//!   rules: [{to: [{operation: {methods: [GET]}}]}]
//! ";
//! let tests = "
//! apiVersion: waypoint-xds.io/v1
//! kind: MeshTest
//! default: {request: {from: sa/web.shop, to: 'cart.shop:80'}}
//! tests:
//! - name: nobody writes
//!   for: {method: [POST, PUT]}
//!   expect: {verdict: denied, status: 403, decidedBy: AuthorizationPolicy shop/readers}
//! ";
//! let session = Session::read([SourceFile::new("shop.yaml", snapshot)], &Options::default());
//! let read = expect::read(&SourceFile::new("shop.test.yaml", tests), &Limits::DEFAULT);
//! assert!(read.problems.is_empty());
//! for suite in &read.suites {
//!     assert_eq!(suite.cases.len(), 2);
//!     for case in &suite.cases {
//!         assert!(session.test(suite, case).passed());
//!     }
//! }
//! ```

mod claim;
mod compare;
mod coverage;
mod expected;
mod file;
mod found;
mod like;
mod named;
mod odds;
mod record;
mod template;
mod text_or;
mod values;
mod variants;

pub use claim::Claim;
pub use compare::Difference;
pub use coverage::{Coverage, CoverageKind, Point};
pub use expected::{Expected, ExpectedDestination, ExpectedOutcome, ExpectedRequest};
pub use file::{AddedFile, Case, Question, Suite, SuiteReading, is_tests, read};
pub use named::Named;
pub use odds::Probability;
pub use record::{Came, Recorded, record};
pub use values::{ExpectedRetries, HeaderValue, Limit};

/// The API version of files of tests.
pub const API_VERSION: &str = "waypoint-xds.io/v1";

/// The kind of files of tests.
pub const KIND: &str = "MeshTest";

/// The JSON schema of a file of tests, for editors.
pub const SCHEMA: &str = include_str!("schema.json");

#[cfg(test)]
mod tests;
