//! What clusters say about the Service and the rule that they come from; telemetry and tools read it.

use std::borrow::Cow;

use super::Discovery;
use super::destination::Destination;
use super::policy::ClusterPolicy;
use super::transport::{Sockets, Transport};
use crate::mesh::Service;
use crate::mesh::destination_rule::MergedRule;
use crate::plan::Scope;
use crate::plan::names::Direction;
use crate::snapshot::networking::destination_rule::TlsMode;

/// What a cluster says.
#[derive(Clone, Debug, Default)]
pub struct ClusterMetadata<'m> {
    /// Whether clients may not say in ALPN that they speak Istio's mTLS.
    pub keeps_alpn: bool,
    /// The DestinationRule that was applied.
    pub rule: Option<&'m MergedRule>,
    /// Whether peers don't exchange metadata.
    pub disable_mx: bool,
    /// Whether nothing is learned of peers, since connections to them hide it.
    pub hides_baggage: bool,
    /// Whether the destination is not part of the mesh.
    pub external: bool,
    /// The Service that it leads to.
    pub service: Option<&'m Service>,
    /// The subset.
    pub subset: Option<Cow<'m, str>>,
}

/// What the cluster of a destination says.
pub(super) fn metadata<'m>(
    scope: Scope<'m>,
    to: &Destination<'m>,
    policy: Option<&ClusterPolicy<'m>>,
    transport: &Transport<'m>,
) -> ClusterMetadata<'m> {
    let said = said(scope, to, policy, transport);
    // Filters of statistics ask an inbound cluster for its Service, whatever else telemetry is told.
    let is_inbound = to.direction == Direction::InboundVip;
    let names_service = is_inbound || scope.mesh.options.features.pilot_enable_telemetry_label;
    ClusterMetadata { service: said.service.filter(|_| names_service), ..said }
}

fn said<'m>(
    scope: Scope<'m>,
    to: &Destination<'m>,
    policy: Option<&ClusterPolicy<'m>>,
    transport: &Transport<'m>,
) -> ClusterMetadata<'m> {
    let Some(policy) = policy else {
        return ClusterMetadata { service: Some(to.service), ..ClusterMetadata::default() };
    };
    let said = match to.direction {
        Direction::InboundVip => own(to),
        Direction::Outbound => of_others(scope, to, policy),
    };
    let hidden = transport.encrypts_inside() || policy.settings.proxy_protocol.is_some();
    ClusterMetadata { hides_baggage: hidden && scope.mesh.options.features.ambient_enable_baggage, ..said }
}

fn own<'m>(to: &Destination<'m>) -> ClusterMetadata<'m> {
    ClusterMetadata {
        rule: to.rule.filter(|_| to.policy.is_some()),
        service: Some(to.service),
        subset: Some(to.subset_key()),
        ..ClusterMetadata::default()
    }
}

/// How peers are to exchange metadata is said for the destination as a whole.
fn of_others<'m>(scope: Scope<'m>, to: &Destination<'m>, policy: &ClusterPolicy<'m>) -> ClusterMetadata<'m> {
    let rules = &scope.rules.clusters;
    let named = to.discovery != Discovery::DynamicForwardProxy;
    let hints = rules.peer_hints && to.subset.is_none();
    let disable_mx = hints && all_announce_hbone(scope, to);
    let mode = policy.settings.tls.map(|tls| tls.mode);
    let own_tls = matches!(mode, Some(TlsMode::Simple | TlsMode::Mutual));
    ClusterMetadata {
        keeps_alpn: rules.keeps_alpn && own_tls,
        rule: to.rule,
        disable_mx,
        hides_baggage: false,
        external: hints && !disable_mx && to.service.mesh_external,
        service: Some(to.service).filter(|_| named),
        subset: to.rule.and(to.subset).map(|subset| Cow::Borrowed(subset.name.as_str())),
    }
}

/// Whether all endpoints of the port say that they take HBONE, and there are some.
fn all_announce_hbone(scope: Scope<'_>, to: &Destination<'_>) -> bool {
    let target = to.whole();
    let mut instances = target.instances(scope).peekable();
    instances.peek().is_some() && instances.all(|instance| instance.announces_hbone)
}

impl Transport<'_> {
    /// Whether what is said inside a tunnel is encrypted, so that the tunnel's own headers say nothing of the
    /// peer.
    fn encrypts_inside(&self) -> bool {
        matches!(self.sockets, Sockets::Own(Some(_)) | Sockets::TlsInsideHbone(_))
    }
}
