//! The security policies and patches of a mesh, by what they bind to: see [`attachment`](super::attachment).
//!
//! PeerAuthentication is not among them: it changes nothing for a waypoint.

use crate::mesh::MeshSettings;
use crate::mesh::attachment::Attachments;
use crate::rules::Rules;
use crate::snapshot::networking::EnvoyFilter;
use crate::snapshot::security::{AuthorizationPolicy, RequestAuthentication};
use crate::snapshot::{Object, Snapshot};

/// The security policies and patches of a mesh, by what they bind to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Policies {
    /// Who may call what.
    pub authorization: Attachments<Object<AuthorizationPolicy>>,
    /// Which tokens are accepted.
    pub request_authentication: Attachments<Object<RequestAuthentication>>,
    /// Patches of what was generated.
    pub envoy_filters: Attachments<Object<EnvoyFilter>>,
}

impl Policies {
    /// Builds the index.
    #[must_use]
    pub fn new(snapshot: &Snapshot, rules: &'static Rules, config: &MeshSettings) -> Self {
        let root = &config.root_namespace;
        Self {
            authorization: Attachments::new(snapshot.authorization_policies.iter().cloned(), rules, root),
            request_authentication: Attachments::new(
                snapshot.request_authentications.iter().cloned(),
                rules,
                root,
            ),
            envoy_filters: Attachments::new(snapshot.envoy_filters.iter().cloned(), rules, root),
        }
    }
}
