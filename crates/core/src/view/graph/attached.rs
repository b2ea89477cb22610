//! What is applied to the traffic of a filter chain: policies, authentication, extensions.
//!
//! Of the policies of RBAC filters resources know what made them. Of filters for tokens and for extensions
//! the mesh is asked what binds to the chain's Service.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::mesh::attachment::{Precedence, WaypointAttachments};
use crate::mesh::extension::{ChainKind, Extension};
use crate::mesh::{Mesh, Service, Waypoint, WaypointName};
use crate::opened::{OpenedChain, OpenedPolicy};
use crate::snapshot::security::RequestAuthentication;
use crate::snapshot::{Cause, Object, ObjectRef};
use crate::view::location::Location;
use crate::view::origins::{Located, Maker, Places};

/// The HTTP filter that checks tokens.
const JWT_AUTHN: &str = "envoy.filters.http.jwt_authn";

/// What sort of thing is attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum AttachedKind {
    /// A policy that lets requests or connections pass, or not.
    Authorization,
    /// The check of tokens.
    Authentication,
    /// A Wasm module or a script.
    Extension,
}

/// Something that is applied to the traffic of a filter chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Attached<'a> {
    /// What sort of thing it is.
    pub kind: AttachedKind,
    /// What to call it: `shop/readers`.
    pub label: String,
    /// Where its JSON is.
    pub resource: Location,
    /// The objects that made it, the decisive one first.
    pub origins: Vec<Maker<'a>>,
}

/// What binds to the chains of a waypoint, of which resources do not tell what made it.
pub(super) struct Bindings<'m> {
    mesh: &'m Mesh,
    waypoint: &'m Waypoint,
    authentication: WaypointAttachments<'m, Object<RequestAuthentication>>,
    /// The Services of each object.
    services: BTreeMap<ObjectRef, Vec<&'m Service>>,
    places: &'m Places<'m>,
}

impl<'m> Bindings<'m> {
    /// Those of a waypoint of the mesh.
    pub(super) fn new(mesh: &'m Mesh, name: &WaypointName, places: &'m Places<'m>) -> Option<Self> {
        let waypoint = mesh.waypoint(name)?;
        let policies = &mesh.policies.request_authentication;
        let mut services = BTreeMap::<ObjectRef, Vec<&Service>>::new();
        for service in waypoint.services.iter().filter_map(|id| mesh.services.get(*id)) {
            services.entry(service.source.object()).or_default().push(service);
        }
        let authentication = policies.of_waypoint(waypoint, Precedence::WaypointFirst);
        Some(Self { mesh, waypoint, authentication, services, places })
    }

    /// The Service that a chain is for.
    fn service(&self, chain: &OpenedChain<'_>) -> Option<&'m Service> {
        let object = &chain.origin?.causes.first()?.object;
        let name = &chain.message.name;
        self.services.get(object)?.iter().copied().find(|service| name.contains(service.hostname.as_str()))
    }

    /// The RequestAuthentications whose tokens a chain checks.
    fn tokens(&self, chain: &OpenedChain<'_>) -> Vec<Cause> {
        let attached = self.authentication.of(self.service(chain));
        self.mesh.policies.request_authentication.at(&attached).map(|bound| bound.cause()).collect()
    }

    /// The extension whose filter has a name.
    fn extension(&self, chain: &OpenedChain<'_>, filter: &str) -> Option<Cause> {
        let service = self.service(chain);
        let ports = service.into_iter().flat_map(|service| &service.ports).map(|port| port.number);
        let kinds = std::iter::once(ChainKind::Http).chain(ports.map(ChainKind::Network));
        let of_kind = |kind| self.mesh.extensions.applicable(self.waypoint, service, kind);
        let found = kinds.flat_map(of_kind).find(|bound| bound.resource_name == filter)?;
        let extension: &Extension = &found;
        Some(Cause::new(extension.object.clone(), found.field()))
    }

    /// With the lines on which they stand.
    fn makers(&self, causes: &[Cause]) -> Vec<Maker<'static>> {
        let located = self.places.locate_causes(causes);
        causes.iter().map(|cause| located.maker(cause).into_owned()).collect()
    }
}

/// What is attached to a chain, in the order of its filters. `whole` is its listener.
pub(super) fn of_chain<'a>(
    chain: &OpenedChain<'a>,
    whole: &Location,
    located: &Located<'a>,
    bindings: Option<&Bindings<'_>>,
) -> Vec<Attached<'a>> {
    let mut found = Vec::new();
    let unrecorded = |name: &str, pointer: &str| {
        let (kind, causes) = match bindings {
            Some(bindings) if name == JWT_AUTHN => (AttachedKind::Authentication, bindings.tokens(chain)),
            Some(bindings) => {
                (AttachedKind::Extension, bindings.extension(chain, name).into_iter().collect())
            }
            None => return Vec::new(),
        };
        let origins = bindings.map(|bindings| bindings.makers(&causes)).unwrap_or_default();
        let one = |cause: &Cause, maker: Maker<'static>| Attached {
            kind,
            label: label(&cause.object),
            resource: whole.below(pointer),
            origins: vec![maker],
        };
        causes.iter().zip(origins).map(|(cause, maker)| one(cause, maker)).collect::<Vec<_>>()
    };
    for filter in &chain.filters {
        if let Some(Ok(manager)) = filter.carries_http() {
            for http in manager.filters() {
                found.extend(unrecorded(&http.message.name, &http.pointer));
                found.extend(policies(http.policies(), whole, located));
            }
        } else {
            found.extend(unrecorded(&filter.message.name, &filter.pointer));
            found.extend(policies(filter.policies(), whole, located));
        }
    }
    found
}

/// AuthorizationPolicies, each once: one has a policy of the filter for each of its rules.
fn policies<'a>(
    policies: Vec<OpenedPolicy<'a>>,
    whole: &Location,
    located: &Located<'a>,
) -> Vec<Attached<'a>> {
    let mut found: Vec<Attached<'a>> = Vec::new();
    for policy in policies {
        let Some(causes) = policy.origin.map(|origin| &origin.causes) else { continue };
        let makers = causes.iter().map(|cause| located.maker(cause));
        let Some(object) = causes.first().map(|cause| label(&cause.object)) else { continue };
        match found.iter_mut().find(|known| known.label == object) {
            Some(known) => known.origins.extend(makers),
            None => found.push(Attached {
                kind: AttachedKind::Authorization,
                label: object,
                resource: whole.below(&policy.pointer),
                origins: makers.collect(),
            }),
        }
    }
    found
}

fn label(object: &ObjectRef) -> String {
    format!("{}/{}", object.namespace, object.name)
}
