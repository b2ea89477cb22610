//! What a person wants to know of one object, on one screen: which waypoint serves it and why, who goes past
//! it, what is enforced where, how requests are routed, and what is wrong.
//!
//! | module | describes |
//! |---|---|
//! | `service` | a Service or ServiceEntry |
//! | `pod` | a Pod or WorkloadEntry |
//! | `waypoint` | a waypoint |
//! | `policy` | an AuthorizationPolicy or RequestAuthentication, and what else is attached to targets |
//! | `route` | a VirtualService, or a route of the Gateway API |
//! | [`words`] | rules and matches in words |
//!
//! A description is data, and serializes as JSON; `view::description` prints it. It reads the mesh, what
//! ztunnel and the waypoints get, and the findings of [`lint`](crate::lint); it decides nothing.
//!
//! ```
//! use waypoint_xds::describe::{Description, Subject, SubjectKind};
//! use waypoint_xds::options::Options;
//! use waypoint_xds::session::Session;
//! use waypoint_xds::text::SourceFile;
//!
//! let yaml = "
//! apiVersion: v1
//! kind: Service
//! metadata: {name: cart, namespace: shop, labels: {istio.io/use-waypoint: waypoint}}
//! spec: {clusterIP: 10.96.0.1, ports: [{name: http, port: 80}]}
//! ---
//! apiVersion: gateway.networking.k8s.io/v1
//! kind: Gateway
//! metadata: {name: waypoint, namespace: shop}
//! spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}
//! ";
//! let session = Session::read([SourceFile::new("shop.yaml", yaml)], &Options::default());
//! let cart = session.describe(&Subject::new(SubjectKind::Service, "cart", None))?;
//! let Description::Service(cart) = cart else { unreachable!() };
//! assert_eq!(cart.waypoint.name.as_deref(), Some("shop/waypoint"));
//! # Ok::<(), waypoint_xds::describe::NotFound>(())
//! ```

mod enforcement;
mod pod;
mod policy;
mod route;
mod service;
mod subject;
mod waypoint;
pub mod words;

use serde::{Deserialize, Serialize};

use crate::Str;
use crate::lint::Context;
use crate::mesh::waypoint::{Binding, NamedBy};
use crate::mesh::{Mesh, Waypoint};
use crate::problem::Problem;
use crate::snapshot::{Cause, FieldPath, Kind, ObjectRef, Reading};

pub use crate::dataplane_mode::DataPlaneMode;
pub use pod::{PodDescription, ServiceOfPod};
pub use policy::{Binds, BindsNot, PolicyDescription};
pub use route::{RouteDescription, RoutedHost};
pub use service::{Bypass, EndpointCount, PortDescription, ServiceDescription};
pub use subject::{NotASubjectKind, NotFound, Subject, SubjectKind};
pub use waypoint::{Served, WaypointDescription};

/// What is described.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Description {
    /// A Service or ServiceEntry.
    Service(ServiceDescription),
    /// A Pod or WorkloadEntry.
    Pod(PodDescription),
    /// A waypoint.
    Waypoint(WaypointDescription),
    /// A policy.
    Policy(PolicyDescription),
    /// A route.
    Route(RouteDescription),
}

/// Why something is as it is: a field of an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Reason {
    /// The object.
    pub object: ObjectRef,
    /// The path of the field; empty for the object as a whole.
    pub field: String,
}

impl From<Cause> for Reason {
    fn from(cause: Cause) -> Self {
        Self { field: cause.field.to_string(), object: cause.object }
    }
}

/// Which waypoint something uses, or why it has none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WaypointUse {
    /// The waypoint, `namespace/name`.
    pub name: Option<String>,
    /// The field that names it, or that opts out.
    pub because: Option<Reason>,
    /// Why the waypoint that is named is not used.
    pub refusal: Option<String>,
}

/// Who enforces a policy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Enforcer {
    /// A waypoint, `namespace/name`.
    Waypoint(String),
    /// The ztunnel of the destination's node.
    Ztunnel,
    /// Nobody.
    Nobody,
}

/// A policy that has to do with what is described.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PolicyLine {
    /// The policy.
    pub object: ObjectRef,
    /// `ALLOW`, `DENY`, `AUDIT`, `CUSTOM` or `JWT`.
    pub action: Str,
    /// Who enforces it.
    pub enforced_by: Enforcer,
    /// The field by which it binds; the policy as a whole where it is for its namespace.
    pub because: Reason,
    /// Each rule in words.
    pub rules: Vec<String>,
    /// What is different from what it says.
    pub remark: Option<String>,
}

/// A rule of a route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RouteLine {
    /// The rule.
    pub rule: Reason,
    /// Which requests it takes, in words.
    pub matches: Vec<String>,
    /// What becomes of them, in words.
    pub action: String,
}

/// Describes what a subject names.
///
/// `findings` is what [`lint`](crate::lint::lint()) says of the snapshot: each description has those that are
/// about its objects.
///
/// # Errors
///
/// When there is no such object, or several of that name.
pub fn describe(
    reading: &Reading,
    mesh: &Mesh,
    findings: &[Problem],
    subject: &Subject,
) -> Result<Description, NotFound> {
    let object = subject::find(mesh, subject)?;
    let cx = Context::new(reading, mesh, &[], &|_| None);
    let found = match subject.kind {
        SubjectKind::Service => service::describe(&cx, findings, &object).map(Description::Service),
        SubjectKind::Pod => pod::describe(&cx, findings, &object).map(Description::Pod),
        SubjectKind::Waypoint => waypoint::describe(&cx, findings, &object).map(Description::Waypoint),
        SubjectKind::Policy => Some(Description::Policy(policy::describe(&cx, findings, &object))),
        SubjectKind::Route => Some(Description::Route(route::describe(&cx, findings, &object))),
    };
    // What was found is in the mesh, but for an object that the mesh could make nothing of.
    found.ok_or_else(|| NotFound::Nothing(subject.clone()))
}

/// The findings about any of some objects.
fn about(findings: &[Problem], objects: &[&ObjectRef]) -> Vec<Problem> {
    let is_about = |problem: &&Problem| {
        let related = problem.related.iter().filter_map(|related| related.object.as_ref());
        problem.object.iter().chain(related).any(|object| objects.contains(&object))
    };
    findings.iter().filter(is_about).cloned().collect()
}

/// The label that names a waypoint.
const USE_WAYPOINT: FieldPath = FieldPath::field(r#"metadata.labels["istio.io/use-waypoint"]"#);

/// Which waypoint an object uses, as the mesh has bound it; in releases without bindings the waypoint that
/// serves it.
fn waypoint_use(
    mesh: &Mesh,
    object: &ObjectRef,
    binding: Option<&Binding>,
    serving: Option<&Waypoint>,
) -> WaypointUse {
    let bound = binding.and_then(|binding| mesh.bindings.waypoint(binding)).map(|target| target.name());
    let because = binding.and_then(|binding| binding.named_by).map(|named_by| match named_by {
        NamedBy::Object => Cause::new(object.clone(), USE_WAYPOINT),
        NamedBy::Namespace => {
            let namespace = ObjectRef::new(Kind::Namespace, Str::default(), object.namespace.clone());
            Cause::new(namespace, USE_WAYPOINT)
        }
    });
    // In 1.18 it is the Gateway that says what it is for.
    let because = because.or_else(|| serving.map(|waypoint| waypoint.gateway.object_ref().into()));
    WaypointUse {
        name: bound.or_else(|| serving.map(|waypoint| waypoint.name.clone())).map(|name| name.to_string()),
        because: because.map(Reason::from),
        refusal: binding.and_then(|binding| binding.refusal.as_ref()).map(ToString::to_string),
    }
}
