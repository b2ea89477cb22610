//! `inbound-vip|port|http|host`: clusters of the Services that a waypoint serves, into its tunnel to their workloads.

use envoy::config::cluster::v3::Cluster;
use envoy::config::cluster::v3::cluster::{DiscoveryType, DnsLookupFamily};
use envoy::config::endpoint::v3::LocalityLbEndpoints;

use super::metadata::Known;
use super::plan::{Discovery, Plan, races_connections, subset_name};
use super::transport_socket::{self, Sockets};
use super::{baggage, base, connection_pool, load_balancer, outlier, tls};
use crate::resources::Scope;
use crate::resources::endpoints::{self, select::Target};
use crate::resources::names::Direction;

/// The cluster of a plan.
pub(super) fn cluster(plan: &Plan<'_>, scope: &Scope<'_>, sockets: &Sockets) -> Option<Cluster> {
    let rules = &scope.rules.clusters;
    let mut draft = base::draft(plan, scope, inline_endpoints(plan, scope))?;
    let mut known = Known { service: Some(plan.service), ..Known::default() };
    if !rules.inbound_policy {
        draft.cluster.metadata = known.metadata();
        draft.cluster.transport_socket = Some(sockets.own.clone());
        return Some(draft.finish());
    }
    known.rule =
        plan.rule.filter(|_| plan.policy.is_some()).map(|rule| (rule, scope.rules.mesh.networking_version));
    known.subset = Some(plan.subset_key());

    let policy = plan.policy.unwrap_or_default();
    let config = &scope.mesh.config;
    connection_pool::apply(&mut draft, &policy, config, rules);
    connection_pool::upgrade_to_http2(&mut draft, &policy, plan.port, config, rules);
    outlier::apply(&mut draft, policy.outlier_detection, false);
    if plan.discovery != Discovery::DynamicForwardProxy {
        load_balancer::apply(&mut draft, policy.load_balancer, plan.service, scope, &[]);
    }

    // Without a certificate there is no TLS, and no error: so does Istio.
    let context =
        policy.tls.and_then(|settings| tls::requested(&mut draft, settings, &[], scope).ok().flatten());
    let wrapped = match (&context, policy.proxy_protocol) {
        (None, None) => None,
        (None, Some(settings)) => {
            Some(transport_socket::proxy_protocol(settings, sockets.raw_buffer.clone()))
        }
        (Some(context), None) => Some(transport_socket::tls(context)),
        (Some(context), Some(settings)) => {
            Some(transport_socket::proxy_protocol(settings, transport_socket::tls(context)))
        }
    };
    if scope.mesh.options.features.ambient_enable_baggage {
        draft.cluster.filters.extend(draft.is(DiscoveryType::Eds).then(baggage::discovery));
        known.hides_baggage = wrapped.is_some();
    }
    draft.cluster.metadata = known.metadata();
    draft.cluster.transport_socket =
        Some(wrapped.map_or_else(|| sockets.own.clone(), |inner| sockets.own_with(inner)));
    if races_connections(plan.service) {
        draft.cluster.set_dns_lookup_family(DnsLookupFamily::All);
    }
    Some(draft.finish())
}

/// The endpoints of a cluster that resolves their names. Subsets choose none: an accident, no rule is looked at.
fn inline_endpoints(plan: &Plan<'_>, scope: &Scope<'_>) -> Vec<LocalityLbEndpoints> {
    match plan.discovery {
        Discovery::Type(DiscoveryType::StrictDns | DiscoveryType::LogicalDns) => {
            let target = Target {
                id: plan.id,
                service: plan.service,
                port: plan.port,
                rule: None,
                subset: subset_name(plan),
            };
            endpoints::localities(scope, Direction::InboundVip, &target, false).endpoints
        }
        _ => Vec::new(),
    }
}
