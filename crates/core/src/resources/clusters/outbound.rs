//! `outbound|port|subset|host`: clusters of destinations that a waypoint does not serve, as a sidecar has them.

use std::borrow::Cow;
use std::collections::BTreeSet;

use envoy::config::cluster::v3::cluster::{DiscoveryType, TransportSocketMatch};
use envoy::config::cluster::v3::{Cluster, Filter};
use envoy::config::core::v3::{HealthStatus, HealthStatusSet, TransportSocket};
use envoy::extensions::transport_sockets::tls::v3::UpstreamTlsContext;
use envoy::google::protobuf::{Any, Struct, Value};
use envoy::tcp::metadataexchange::config::MetadataExchange as MetadataExchangeConfig;
use envoy::udpa::r#type::v1::TypedStruct;

use super::draft::Draft;
use super::metadata::Known;
use super::plan::{Discovery, Plan};
use super::transport_socket::{self, Sockets, matching};
use super::{baggage, base, connection_pool, load_balancer, outlier, tls};
use crate::Str;
use crate::mesh::destination_rule::PortPolicy;
use crate::mesh::peer_authentication::MtlsMode;
use crate::mesh::{Resolution, Service};
use crate::resources::Scope;
use crate::resources::endpoints::lb_endpoint::DISABLED;
use crate::resources::endpoints::select::{Target, is_known};
use crate::resources::endpoints::{self, Localities};
use crate::resources::names::Direction;
use crate::rules::MetadataExchange;
use crate::snapshot::networking::destination_rule::{SimpleLb, TlsMode};

/// What is the same for all outbound clusters of a waypoint.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    metadata_exchange: Filter,
}

impl Shared {
    /// That of a release.
    pub(super) fn new(how: MetadataExchange) -> Self {
        Self { metadata_exchange: metadata_exchange(how) }
    }
}

/// The cluster of a plan.
pub(super) fn cluster(
    plan: &Plan<'_>,
    scope: &Scope<'_>,
    sockets: &Sockets,
    shared: &Shared,
) -> Option<Cluster> {
    let rules = &scope.rules.clusters;
    let config = &scope.mesh.config;
    let inline = inline_endpoints(plan, scope);
    let mut draft = base::draft(plan, scope, inline.endpoints)?;
    let pattern = config.outbound_cluster_stat_name.as_str();
    if !pattern.is_empty() {
        let name = stat_name(pattern, plan);
        draft.cluster.alt_stat_name = [&name, scope.rules.mesh.stat_name_end].concat();
    }
    if plan.subset.is_none() && keeps_sessions(plan.service, scope) {
        keep_draining(&mut draft);
    }

    let policy = with_mesh_defaults(plan, scope);
    if !rules.h2_upgrade_wins {
        connection_pool::upgrade_to_http2(&mut draft, &policy, plan.port, config, rules);
    }
    connection_pool::apply(&mut draft, &policy, config, rules);
    if rules.h2_upgrade_wins {
        connection_pool::upgrade_to_http2(&mut draft, &policy, plan.port, config, rules);
    }
    outlier::apply(&mut draft, policy.outlier_detection, load_balancer::always_healthy(plan.service));
    load_balancer::apply(&mut draft, policy.load_balancer, plan.service, scope, &inline.candidates);
    secure(&mut draft, plan, &policy, scope, sockets);
    if let Some(settings) = policy.proxy_protocol {
        wrap(&mut draft, |inner| transport_socket::proxy_protocol(settings, inner));
    }

    draft.cluster.filters.push(shared.metadata_exchange.clone());
    let mut known = known(plan, &policy, scope);
    if scope.mesh.options.features.ambient_enable_baggage {
        draft.cluster.filters.extend(draft.is(DiscoveryType::Eds).then(baggage::discovery));
        let own_tls = draft.cluster.transport_socket_matches.iter().any(|socket| socket.name == "user");
        known.hides_baggage = own_tls || policy.proxy_protocol.is_some();
    }
    draft.cluster.metadata = known.metadata();
    Some(draft.finish())
}

/// Which Service it leads to, which rule was applied, and how peers are to exchange metadata.
fn known<'m>(plan: &Plan<'m>, policy: &PortPolicy<'_>, scope: &Scope<'m>) -> Known<'m> {
    let rules = &scope.rules.clusters;
    let named = plan.discovery != Discovery::DynamicForwardProxy;
    let hints = rules.peer_hints && plan.subset.is_none();
    let disable_mx = hints && all_hbone(plan, scope);
    let own_tls = matches!(policy.tls.map(|tls| tls.mode), Some(TlsMode::Simple | TlsMode::Mutual));
    Known {
        keeps_alpn: rules.keeps_alpn && own_tls && plan.rule.is_some(),
        rule: plan.rule.map(|rule| (rule, scope.rules.mesh.networking_version)),
        disable_mx,
        hides_baggage: false,
        external: hints && !disable_mx && plan.service.mesh_external,
        service: Some(plan.service).filter(|_| named),
        subset: plan.rule.and(plan.subset).map(|subset| Cow::Borrowed(subset.name.as_str())),
    }
}

/// The policy, and what the mesh says where it says nothing.
fn with_mesh_defaults<'a>(plan: &Plan<'a>, scope: &Scope<'a>) -> PortPolicy<'a> {
    let policy = plan.policy.unwrap_or_default();
    let defaults = &scope.mesh.config.default_traffic_policy;
    let defaults = PortPolicy {
        connection_pool: defaults.connection_pool.as_ref(),
        outlier_detection: defaults.outlier_detection.as_ref(),
        ..PortPolicy::default()
    };
    policy.or(defaults)
}

fn inline_endpoints<'m>(plan: &Plan<'m>, scope: &Scope<'m>) -> Localities<'m> {
    let resolves =
        matches!(plan.discovery, Discovery::Type(DiscoveryType::StrictDns | DiscoveryType::LogicalDns));
    if !resolves {
        return Localities { endpoints: Vec::new(), candidates: Vec::new() };
    }
    let subset = plan.subset.map_or("", |subset| &subset.name);
    let target = Target { id: plan.id, service: plan.service, port: plan.port, rule: plan.rule, subset };
    if !scope.rules.clusters.full_inline_endpoints {
        return endpoints::plain_localities(scope, &target);
    }
    let mut found = endpoints::localities(scope, Direction::Outbound, &target, false);
    if plan.subset.is_some() {
        // An accident: the endpoints of subsets are not known by their labels.
        found.candidates.clear();
    }
    // Another one: of several localities only the first is.
    found.candidates.truncate(1);
    found
}

/// Whether clients stay with an endpoint while it shuts down.
fn keeps_sessions(service: &Service, scope: &Scope<'_>) -> bool {
    let has = |label: &str| service.labels.get(label).is_some_and(|value| !value.is_empty());
    has("istio.io/persistent-session")
        || (scope.rules.clusters.persistent_session_header && has("istio.io/persistent-session-header"))
}

fn keep_draining(draft: &mut Draft) {
    let statuses =
        [HealthStatus::Healthy, HealthStatus::Draining, HealthStatus::Unknown, HealthStatus::Degraded];
    draft.common_lb().override_host_status =
        Some(HealthStatusSet { statuses: statuses.map(Into::into).to_vec() });
}

/// Chooses between HBONE, TLS and plain text.
fn secure(draft: &mut Draft, plan: &Plan<'_>, policy: &PortPolicy<'_>, scope: &Scope<'_>, sockets: &Sockets) {
    let subset = plan.subset.map_or("", |subset| subset.name.as_str());
    let compliance = scope.mesh.options.features.compliance_policy;
    let default_sni = match plan.discovery {
        Discovery::DynamicForwardProxy => String::new(),
        Discovery::Type(_) => format!("outbound_.{}_.{subset}_.{}", plan.port.number, plan.service.hostname),
    };
    let Some(settings) = policy.tls else {
        if speaks_mtls(plan, scope) {
            let names = service_accounts(plan, scope);
            let context = tls::istio_mutual(draft, &default_sni, &names, compliance);
            offer(draft, Offer::Detected(&context), sockets);
        } else {
            draft.cluster.transport_socket_matches = sockets.hbone_or_plain.to_vec();
        }
        return;
    };
    let context = if settings.mode == TlsMode::IstioMutual {
        let sni = if settings.sni.is_empty() { default_sni.as_str() } else { settings.sni.as_str() };
        let names = if settings.subject_alt_names.is_empty() {
            service_accounts(plan, scope)
        } else {
            settings.subject_alt_names.clone()
        };
        Some(tls::istio_mutual(draft, sni, &names, compliance))
    } else {
        let names = if plan.service.is_kubernetes() { Vec::new() } else { service_accounts(plan, scope) };
        match tls::requested(draft, settings, &names, scope) {
            Ok(context) => context,
            // Istio then leaves the cluster as it is.
            Err(tls::NoCertificate) => return,
        }
    };
    match &context {
        None => offer(draft, Offer::None, sockets),
        Some(context) => {
            let replaced = settings.mode == TlsMode::IstioMutual || !scope.rules.clusters.tls_inside_hbone;
            offer(
                draft,
                if replaced { Offer::OrHbone(context) } else { Offer::InsideHbone(context) },
                sockets,
            );
        }
    }
}

/// What a cluster offers besides HBONE.
enum Offer<'a> {
    /// Plain text.
    None,
    /// mTLS for endpoints with a sidecar, plain text for others.
    Detected(&'a UpstreamTlsContext),
    /// TLS for endpoints without HBONE.
    OrHbone(&'a UpstreamTlsContext),
    /// TLS in any case, inside HBONE where there is that.
    InsideHbone(&'a UpstreamTlsContext),
}

fn offer(draft: &mut Draft, offer: Offer<'_>, sockets: &Sockets) {
    let socket = match offer {
        Offer::None => None,
        Offer::Detected(context) | Offer::OrHbone(context) | Offer::InsideHbone(context) => {
            Some(transport_socket::tls(context))
        }
    };
    if draft.is(DiscoveryType::OriginalDst) {
        // There are no endpoints whose metadata could choose.
        draft.cluster.transport_socket = socket;
        return;
    }
    let plain = || sockets.hbone_or_plain.to_vec();
    draft.cluster.transport_socket_matches = match (offer, socket) {
        (Offer::None, _) | (_, None) => plain(),
        (Offer::Detected(_), Some(tls)) => {
            vec![sockets.hbone(), matching("tlsMode-istio", Some(("tlsMode", "istio")), tls), sockets.plain()]
        }
        (Offer::OrHbone(_), Some(tls)) => vec![sockets.hbone(), matching("tlsMode-istio", None, tls)],
        (Offer::InsideHbone(_), Some(tls)) => {
            vec![sockets.hbone_with(tls.clone()), matching("user", None, tls)]
        }
    };
}

/// Wraps every socket that the cluster offers.
fn wrap(draft: &mut Draft, wrapper: impl Fn(TransportSocket) -> TransportSocket) {
    draft.cluster.transport_socket = draft.cluster.transport_socket.take().map(&wrapper);
    for TransportSocketMatch { transport_socket, .. } in &mut draft.cluster.transport_socket_matches {
        *transport_socket = transport_socket.take().map(&wrapper);
    }
}

/// Whether a destination's servers are guessed to speak mTLS, for lack of a rule that says so.
fn speaks_mtls(plan: &Plan<'_>, scope: &Scope<'_>) -> bool {
    let service = plan.service;
    if service.mesh_external || !scope.mesh.config.enable_auto_mtls {
        return false;
    }
    // Of a subset only its own policy counts.
    let general = plan.rule.and_then(|rule| rule.spec.traffic_policy.as_ref());
    let policy = plan.subset.map_or(general, |subset| subset.traffic_policy.as_ref());
    let simple = policy.and_then(|policy| policy.load_balancer.as_ref()?.simple);
    if service.resolution == Resolution::Passthrough || simple == Some(SimpleLb::Passthrough) {
        // Requests go to any endpoint: all of them have to speak it.
        let target = target(plan);
        let mut instances = target.instances(scope).peekable();
        if instances.peek().is_none() || instances.any(|i| i.tls_mode.unwrap_or(DISABLED) == DISABLED) {
            return false;
        }
    }
    scope.mesh.peer_authentications.of_namespace(&service.namespace) != MtlsMode::Disable
}

/// Whether all endpoints of the port take HBONE, and there are some.
fn all_hbone(plan: &Plan<'_>, scope: &Scope<'_>) -> bool {
    let target = target(plan);
    let mut instances = target.instances(scope).peekable();
    instances.peek().is_some() && instances.all(|instance| instance.hbone)
}

fn target<'m>(plan: &Plan<'m>) -> Target<'m> {
    Target { id: plan.id, service: plan.service, port: plan.port, rule: None, subset: "" }
}

/// The identities that a destination's servers may have: of all its endpoints, and those that it names itself; each
/// also in the other trust domains of the mesh.
fn service_accounts(plan: &Plan<'_>, scope: &Scope<'_>) -> Vec<Str> {
    let mesh = scope.mesh;
    let trust_domain = &mesh.config.trust_domain;
    let mut names: BTreeSet<Str> = plan.service.service_accounts.iter().cloned().collect();
    for endpoint in mesh.endpoints.of(plan.id).iter().filter(|e| is_known(e, &scope.rules.registry)) {
        let Some(workload) = endpoint.workload.and_then(|id| mesh.workloads.get(id)) else { continue };
        if !workload.service_account.is_empty() {
            let (namespace, account) = (&workload.namespace, &workload.service_account);
            names.insert(format!("spiffe://{trust_domain}/ns/{namespace}/sa/{account}").into());
        }
    }
    let in_other_domains: Vec<Str> = names
        .iter()
        .filter_map(|name| name.strip_prefix("spiffe://")?.split_once('/'))
        .filter(|(_, path)| path.split('/').count() == 4)
        .flat_map(|(_, path)| mesh.config.trust_domain_aliases.iter().map(move |domain| (domain, path)))
        .map(|(domain, path)| format!("spiffe://{domain}/{path}").into())
        .collect();
    names.extend(in_other_domains);
    names.into_iter().collect()
}

/// The filter that exchanges metadata with other proxies over TCP.
fn metadata_exchange(how: MetadataExchange) -> Filter {
    const PROTOCOL: &str = "istio-peer-exchange";
    let config: Any = match how {
        MetadataExchange::Message => envoy::any(&MetadataExchangeConfig {
            protocol: PROTOCOL.to_owned(),
            ..MetadataExchangeConfig::default()
        }),
        MetadataExchange::Struct => {
            let fields: Struct = [("enable_discovery", Value::from(true)), ("protocol", PROTOCOL.into())]
                .into_iter()
                .collect();
            let type_url = envoy::type_url::<MetadataExchangeConfig>();
            envoy::any(&TypedStruct { type_url, value: Some(fields) })
        }
    };
    Filter { name: "istio.metadata_exchange".to_owned(), typed_config: Some(config), ..Filter::default() }
}

/// The name of statistics that the mesh configuration makes up.
fn stat_name(pattern: &str, plan: &Plan<'_>) -> String {
    let Service { name, namespace, hostname, .. } = plan.service;
    let kubernetes = plan.service.is_kubernetes();
    let short = if kubernetes { format!("{name}.{namespace}") } else { hostname.to_string() };
    pattern
        .replace("%SERVICE%", &short)
        .replace("%SERVICE_NAME%", if kubernetes { name } else { hostname })
        .replace("%SERVICE_FQDN%", hostname)
        .replace("%SUBSET_NAME%", plan.subset.map_or("", |subset| &subset.name))
        .replace("%TARGET_PORT%", "0")
        .replace("%SERVICE_PORT%", &plan.port.number.to_string())
        .replace("%SERVICE_PORT_NAME%", &plan.port.name)
}
