//! How a cluster speaks to its endpoints: plain text, TLS, and HBONE.

use std::borrow::Cow;

use super::Discovery;
use super::destination::Destination;
use super::identity;
use super::policy::ClusterPolicy;
use crate::Str;
use crate::mesh::Resolution;
use crate::mesh::peer_authentication::MtlsMode;
use crate::plan::Scope;
use crate::plan::endpoints::DISABLED;
use crate::plan::names::Direction;
use crate::rules::{ClusterRules, VerifiedHost};
use crate::snapshot::networking::destination_rule::{ClientTlsSettings, SimpleLb, TlsMode};

/// How a cluster speaks to its endpoints.
#[derive(Clone, Debug)]
pub struct Transport<'m> {
    /// What it offers.
    pub sockets: Sockets<'m>,
    /// What becomes of the host that a request asks for.
    pub requested_host: RequestedHost,
}

/// What a cluster offers its endpoints.
#[derive(Clone, Debug, PartialEq)]
pub enum Sockets<'m> {
    /// Nothing: a rule asks for mutual TLS and has no certificate. Istio then leaves the cluster as it is.
    Unset,
    /// The way into the waypoint's own tunnel, around TLS where a rule asks for it.
    Own(Option<Tls<'m>>),
    /// The same for all, since there are no endpoints that could choose.
    One(Option<Tls<'m>>),
    /// HBONE for endpoints that take it, else plain text.
    HboneOrPlain,
    /// HBONE, mTLS for endpoints with a sidecar, plain text for others.
    Detected(Tls<'m>),
    /// HBONE, TLS for endpoints without it.
    HboneOrTls(Tls<'m>),
    /// TLS in any case, inside HBONE where there is that.
    TlsInsideHbone(Tls<'m>),
}

/// TLS to endpoints.
#[derive(Clone, Debug, PartialEq)]
pub enum Tls<'m> {
    /// mTLS between sidecars, with the certificates of the mesh.
    IstioMutual {
        /// The name that servers are asked for.
        sni: String,
        /// Whose identities they may have.
        names: Cow<'m, [Str]>,
    },
    /// `SIMPLE` or `MUTUAL`, as a DestinationRule asks for it.
    Requested {
        /// What it says, or what is said instead where the proxy shows a certificate of its own.
        settings: Cow<'m, ClientTlsSettings>,
        /// The names that servers may have; any if there is none.
        names: Cow<'m, [Str]>,
        /// Whether servers are not verified.
        insecure: bool,
    },
}

/// What becomes of the host that a request asks for, where a rule asks for TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestedHost {
    /// Whether servers are asked for it.
    pub is_sni: bool,
    /// Whether their certificates have to name it.
    pub is_verified: bool,
    /// Whether a cluster that resolves it on demand has to be told that it is not.
    pub may_be_unverified: bool,
}

impl RequestedHost {
    /// Servers are asked for it, and have to prove that name.
    const VERIFIED: Self = Self { is_sni: true, is_verified: true, may_be_unverified: false };
}

/// How the cluster of a destination speaks to its endpoints.
pub(super) fn transport<'m>(
    scope: Scope<'m>,
    to: &Destination<'m>,
    policy: Option<&ClusterPolicy<'m>>,
) -> Transport<'m> {
    let settings = policy.and_then(|policy| policy.settings.tls);
    let own = settings_with_own_certificate(scope, to, settings).map(Cow::Owned);
    let settings = own.or(settings.map(Cow::Borrowed));
    let requested_host = match settings.as_deref() {
        Some(tls) => requested_host(scope, to, tls),
        None if asks_for_each_host(to) && speaks_mtls(scope, to) => RequestedHost::VERIFIED,
        None => RequestedHost::default(),
    };
    let sockets = match (to.direction, settings) {
        (Direction::InboundVip, None) => Sockets::Own(None),
        (Direction::InboundVip, Some(settings)) => {
            // Without a certificate there is no TLS, and no error: so does Istio.
            Sockets::Own(requested(scope, settings, Vec::new).ok().flatten())
        }
        (Direction::Outbound, None) => unsettled(scope, to),
        (Direction::Outbound, Some(settings)) => settled(scope, to, settings),
    };
    Transport { sockets, requested_host }
}

/// What is asked for instead of mTLS, where the proxy shows a certificate of its own: mTLS with that.
fn settings_with_own_certificate(
    scope: Scope<'_>,
    to: &Destination<'_>,
    asked: Option<&ClientTlsSettings>,
) -> Option<ClientTlsSettings> {
    let certificate = scope.waypoint.proxy.client_certificate()?;
    let with = |sni: Str, subject_alt_names: Vec<Str>, insecure_skip_verify| ClientTlsSettings {
        mode: TlsMode::Mutual,
        client_certificate: certificate.chain.into(),
        private_key: certificate.key.into(),
        ca_certificates: certificate.root.into(),
        subject_alt_names,
        sni,
        insecure_skip_verify,
        ..ClientTlsSettings::default()
    };
    match asked {
        _ if to.direction == Direction::InboundVip => None,
        None if speaks_mtls(scope, to) => Some(with(sni(to).into(), identity::of_servers(scope, to), None)),
        None => None,
        Some(asked) if matches!(asked.mode, TlsMode::Disable | TlsMode::Simple) => None,
        Some(_) if keeps_settings(scope, to) => None,
        Some(asked) => {
            let heeds = scope.rules.clusters.insecure_with_own_certificate;
            let insecure = asked.insecure_skip_verify.filter(|_| heeds);
            Some(with(asked.sni.clone(), asked.subject_alt_names.clone(), insecure))
        }
    }
}

/// Whether a rule's settings count as they are though the proxy shows a certificate of its own: the servers
/// of others may not know it.
fn keeps_settings(scope: Scope<'_>, to: &Destination<'_>) -> bool {
    scope.rules.clusters.own_certificate_may_stay_inside
        && scope.mesh.options.features.prefer_destinationrule_tls_for_external_services
        && to.service.mesh_external
        && scope.waypoint.proxy.client_certificate().is_some()
}

/// What destinations of others are offered for lack of a rule.
fn unsettled<'m>(scope: Scope<'m>, to: &Destination<'m>) -> Sockets<'m> {
    if !speaks_mtls(scope, to) {
        return Sockets::HboneOrPlain;
    }
    let tls = Tls::IstioMutual { sni: sni(to), names: identity::of_servers(scope, to).into() };
    if to.found_by() == Discovery::OriginalDst { Sockets::One(Some(tls)) } else { Sockets::Detected(tls) }
}

/// What they are offered because a rule says so.
fn settled<'m>(scope: Scope<'m>, to: &Destination<'m>, settings: Cow<'m, ClientTlsSettings>) -> Sockets<'m> {
    let mutual = settings.mode == TlsMode::IstioMutual;
    let tls = if mutual {
        Some(istio_mutual(scope, to, &settings))
    } else {
        let of_servers =
            || if to.service.is_kubernetes() { Vec::new() } else { identity::of_servers(scope, to) };
        match requested(scope, settings, of_servers) {
            Ok(tls) => tls,
            Err(NoCertificate) => return Sockets::Unset,
        }
    };
    match tls {
        tls if to.found_by() == Discovery::OriginalDst => Sockets::One(tls),
        None => Sockets::HboneOrPlain,
        Some(tls) if mutual || !scope.rules.clusters.tls_inside_hbone => Sockets::HboneOrTls(tls),
        Some(tls) => Sockets::TlsInsideHbone(tls),
    }
}

fn istio_mutual<'m>(
    scope: Scope<'m>,
    to: &Destination<'m>,
    settings: &Cow<'m, ClientTlsSettings>,
) -> Tls<'m> {
    // By accident, such settings are not filled in.
    let as_they_are = keeps_settings(scope, to);
    Tls::IstioMutual {
        sni: match settings.sni.as_str() {
            "" if as_they_are && !asks_for_each_host(to) => to.name.clone(),
            "" => sni(to),
            sni => sni.to_owned(),
        },
        names: if settings.subject_alt_names.is_empty() && !as_they_are {
            identity::of_servers(scope, to).into()
        } else {
            names(settings)
        },
    }
}

/// The names that a rule gives.
fn names<'m>(settings: &Cow<'m, ClientTlsSettings>) -> Cow<'m, [Str]> {
    match settings {
        Cow::Borrowed(settings) => settings.subject_alt_names.as_slice().into(),
        Cow::Owned(settings) => settings.subject_alt_names.clone().into(),
    }
}

/// The name that sidecars are asked for; none where it is the host of each request.
fn sni(to: &Destination<'_>) -> String {
    if asks_for_each_host(to) {
        return String::new();
    }
    let subset = to.subset.map_or("", |subset| subset.name.as_str());
    format!("outbound_.{}_.{subset}_.{}", to.port.number, to.service.hostname)
}

/// Whether a destination of others is resolved on demand: even in Istio's own mTLS its servers are then asked
/// for the host that the client asked for.
fn asks_for_each_host(to: &Destination<'_>) -> bool {
    to.direction == Direction::Outbound && to.discovery == Discovery::DynamicForwardProxy
}

/// Why there is no TLS where a rule asks for it: mutual TLS needs a client certificate and its private key.
struct NoCertificate;

/// TLS as a rule's `SIMPLE` or `MUTUAL` asks for; none for the other modes.
///
/// `server_names` are the names that servers may have where the rule has none (`subjectAltNames` of a
/// ServiceEntry).
fn requested<'m>(
    scope: Scope<'m>,
    settings: Cow<'m, ClientTlsSettings>,
    server_names: impl FnOnce() -> Vec<Str>,
) -> Result<Option<Tls<'m>>, NoCertificate> {
    if !asks_for_tls(&settings) {
        return Ok(None);
    }
    let no_files = settings.client_certificate.is_empty() || settings.private_key.is_empty();
    if settings.credential_name.is_empty() && settings.mode == TlsMode::Mutual && no_files {
        return Err(NoCertificate);
    }
    let names = if settings.subject_alt_names.is_empty() { server_names().into() } else { names(&settings) };
    let insecure = is_insecure(scope, &settings);
    Ok(Some(Tls::Requested { settings, names, insecure }))
}

fn asks_for_tls(settings: &ClientTlsSettings) -> bool {
    !matches!(settings.mode, TlsMode::Disable | TlsMode::IstioMutual)
}

fn is_insecure(scope: Scope<'_>, settings: &ClientTlsSettings) -> bool {
    scope.rules.clusters.insecure_skip_verify && settings.insecure_skip_verify == Some(true)
}

/// Where no names are given, servers are asked for the host that the client asked for, and have to prove that
/// name.
fn requested_host(scope: Scope<'_>, to: &Destination<'_>, settings: &ClientTlsSettings) -> RequestedHost {
    let mutual = settings.mode == TlsMode::IstioMutual && asks_for_each_host(to);
    if !asks_for_tls(settings) && !mutual {
        return RequestedHost::default();
    }
    let features = &scope.mesh.options.features;
    if !features.enable_auto_sni {
        return RequestedHost::default();
    }
    let dynamic = to.discovery == Discovery::DynamicForwardProxy;
    let host = verified(settings, is_insecure(scope, settings), dynamic, &scope.rules.clusters);
    RequestedHost { is_verified: host.is_verified && features.verify_certificate_at_client, ..host }
}

fn verified(
    settings: &ClientTlsSettings,
    insecure: bool,
    dynamic: bool,
    rules: &ClusterRules,
) -> RequestedHost {
    let is_sni = settings.sni.is_empty();
    let by_request = is_sni || rules.verified_host == VerifiedHost::Requested;
    let is_verified = !insecure && (dynamic || by_request && settings.subject_alt_names.is_empty());
    let may_be_unverified = dynamic && (!is_verified || !is_sni && rules.fixed_sni_is_unverified);
    RequestedHost { is_sni, is_verified, may_be_unverified }
}

/// Whether a destination's servers are guessed to speak mTLS, for lack of a rule that says so.
fn speaks_mtls(scope: Scope<'_>, to: &Destination<'_>) -> bool {
    let service = to.service;
    if service.mesh_external || !scope.mesh.config.enable_auto_mtls {
        return false;
    }
    // Of a subset only its own policy counts.
    let general = to.rule.and_then(|rule| rule.spec.traffic_policy.as_ref());
    let policy = to.subset.map_or(general, |subset| subset.traffic_policy.as_ref());
    let simple = policy.and_then(|policy| policy.load_balancer.as_ref()?.simple);
    if service.resolution == Resolution::Passthrough || simple == Some(SimpleLb::Passthrough) {
        // Requests go to any endpoint: all of them have to speak it.
        let target = to.whole();
        let mut instances = target.instances(scope).peekable();
        if instances.peek().is_none() || instances.any(|i| i.tls_mode.unwrap_or(DISABLED) == DISABLED) {
            return false;
        }
    }
    scope.mesh.peer_authentications.of_namespace(&service.namespace) != MtlsMode::Disable
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::Release;
    use crate::rules::Rules;

    #[test]
    fn a_fixed_sni_leaves_the_name_unverified_since_tls_goes_inside_hbone() {
        let settings = ClientTlsSettings { sni: "h".into(), ..ClientTlsSettings::default() };
        let of = |release| verified(&settings, false, false, &Rules::of(release).clusters);
        assert_eq!(of(Release::V1_31), RequestedHost::default());
        let older = RequestedHost { is_verified: true, ..RequestedHost::default() };
        assert_eq!(of(Release::V1_18), older);
    }

    #[test]
    fn what_is_resolved_on_demand_is_verified_or_said_not_to_be() {
        let settings = ClientTlsSettings::default();
        let rules = &Rules::of(Release::V1_31).clusters;
        let of = |insecure| verified(&settings, insecure, true, rules);
        assert_eq!((of(false).is_verified, of(false).may_be_unverified), (true, false));
        assert_eq!((of(true).is_verified, of(true).may_be_unverified), (false, true));
    }

    #[test]
    fn a_fixed_sni_is_said_to_be_unverified_since_1_30() {
        let settings = ClientTlsSettings { sni: "h".into(), ..ClientTlsSettings::default() };
        let of = |release| verified(&settings, false, true, &Rules::of(release).clusters).may_be_unverified;
        assert!(!of(Release::V1_29) && of(Release::V1_30));
    }
}
