//! What the clusters that every waypoint has depend on: the ways between its listeners, and to the workloads'
//! HBONE port.

use crate::plan::Scope;
use crate::rules::ConnectOriginate;

/// The tunnels that a waypoint opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TunnelPlan {
    /// The identities that are accepted of the workloads behind the waypoint; none = any of the mesh.
    pub workloads: Option<Identities>,
    /// Whether there are two tunnels, one inside the other, into other networks.
    pub into_other_networks: bool,
}

/// Identities, as SPIFFE writes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identities {
    /// Those that start like this: all of a namespace.
    Prefix(String),
    /// This one.
    Exact(String),
}

/// The tunnels of a waypoint.
pub fn tunnels(scope: Scope<'_>) -> TunnelPlan {
    let features = &scope.mesh.options.features;
    // The first releases check the workloads' namespace even where no trust domain is.
    let any = features.pilot_skip_validate_trust_domain
        && scope.rules.clusters.connect_originate == ConnectOriginate::PortOverride;
    TunnelPlan {
        workloads: (!any).then(|| identities(scope)),
        into_other_networks: scope.tunnels_into_other_networks(),
    }
}

/// Those of the waypoint's namespace, or of the service account that it is for.
fn identities(scope: Scope<'_>) -> Identities {
    let trust_domain = &scope.mesh.config.trust_domain;
    let accounts = format!("spiffe://{trust_domain}/ns/{}/sa/", scope.waypoint.name.namespace);
    match &scope.waypoint.for_service_account {
        Some(account) => Identities::Exact(format!("{accounts}{account}")),
        None => Identities::Prefix(accounts),
    }
}
