//! The mesh configuration: what `istiod` looks at before it takes one.
//!
//! It is no custom resource: no schema prunes it and no webhook refuses it. A field that the release does not
//! know is ignored without a word, and a configuration that is not valid as a whole.
//!
//! Source of the rules: `pkg/config/validation` of each release.

mod annotations;
mod elsewhere;
mod in_force;
mod networks;
mod provider;
mod proxy;
mod read;

use std::collections::BTreeSet;

use super::check::{Checker, Findings};
use super::destination_rule::{self, locality};
use super::newer::Newer;
use super::{common, syntax};
use crate::problem::{Code, Problem, Severity};
use crate::rules::Rules;
use crate::snapshot::mesh_config::{MeshConfig, OutboundTrafficPolicyMode, ProxyConfig};
use crate::snapshot::networking::destination_rule::OutlierDetection;
use crate::snapshot::{Duration, Kind, ObjectRef};

pub(crate) use annotations::{OF_POD, ProxyAnnotations};
pub use in_force::{in_force, place, source};
pub(crate) use networks::networks;
pub(crate) use provider::is_service;

/// What a release makes of a mesh configuration.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Checked<T> {
    /// The configuration without what the release does not know; none if the release refuses it.
    pub(crate) config: Option<T>,
    /// What is wrong with it. None has an object or a place: the caller knows where the configuration stands.
    pub(crate) problems: Vec<Problem>,
}

/// Passes a mesh configuration through a release's validation.
pub(super) fn mesh_config(mut config: MeshConfig, rules: &'static Rules) -> Checked<MeshConfig> {
    let unknown = std::mem::take(&mut config.unknown);
    let (problems, refused) = findings(rules, |c| {
        config.drop_newer(c);
        check(c, &config);
    });
    let elsewhere = elsewhere::problem(&unknown);
    let is_told = |field: &str| elsewhere.is_some() && elsewhere::is_at_top(field);
    let unknown = unknown.iter().filter(|field| !is_told(field)).map(|field| {
        let message = format!("there is no field `{field}` in a mesh configuration");
        Problem::new(Code::UnknownField, message).severity(Severity::Warning).field(field.as_str())
    });
    let problems = unknown.chain(problems.into_iter().map(|p| reworded(p, Code::InvalidMeshConfig)));
    let problems = elsewhere.iter().cloned().chain(problems).collect();
    Checked { config: (!refused).then_some(config), problems }
}

/// Passes a proxy's own configuration (the annotation `proxy.istio.io/config`) through its agent's
/// validation.
fn proxy_config(mut config: ProxyConfig, rules: &'static Rules) -> Checked<ProxyConfig> {
    let (problems, refused) = findings(rules, |c| {
        config.drop_newer(c);
        proxy::check(c, &config);
    });
    let problems = problems.into_iter().map(|p| reworded(p, Code::InvalidProxyConfig)).collect();
    Checked { config: (!refused).then_some(config), problems }
}

fn findings(rules: &'static Rules, look: impl FnOnce(&Checker<'_>)) -> (Vec<Problem>, bool) {
    // Paths start somewhere; a configuration that is no object has no such place.
    let nowhere = ObjectRef::new(Kind::ConfigMap, "", "");
    let Findings { problems, refused } = Checker::run(rules, &nowhere, look);
    (problems, refused)
}

/// The finding of a check that is made for objects, in the words for a configuration.
fn reworded(finding: Problem, refusal: Code) -> Problem {
    let (code, severity, message) = match finding.code {
        // No API server has anything to do with it.
        Code::UnsupportedField => {
            let message = finding.message.split(": its API server").next().unwrap_or_default();
            (Code::UnknownField, Severity::Warning, message.to_owned())
        }
        _ if finding.is_error() => (refusal, refusal.severity(), finding.message),
        code => (code, finding.severity, finding.message),
    };
    Problem::new(code, format!("`{}`: {message}", finding.field)).severity(severity).field(finding.field)
}

fn check(c: &Checker<'_>, config: &MeshConfig) {
    c.some("proxyListenPort", config.proxy_listen_port.as_ref(), port);
    c.some("connectTimeout", config.connect_timeout.as_ref(), |c, timeout| {
        common::duration(c, timeout);
        if *timeout > Duration::from_secs(c.rules.longest_connect_timeout) {
            c.invalid(format!("`{timeout}` is longer than {} seconds", c.rules.longest_connect_timeout));
        }
    });
    c.some("protocolDetectionTimeout", config.protocol_detection_timeout.as_ref(), |c, timeout| {
        if timeout.as_nanos() % 1_000_000 != 0 {
            c.invalid(format!("`{timeout}` is not a whole number of milliseconds"));
        }
    });
    c.some("defaultConfig", config.default_config.as_ref(), proxy::check);
    traffic(c, config);
    c.each("serviceSettings", &config.service_settings, |c, settings| {
        c.each("hosts", &settings.hosts, |c, host| {
            if let Err(refusal) = syntax::wildcard_host_name(host) {
                c.invalid(refusal);
            }
        });
    });
    c.some("trustDomain", config.trust_domain.as_ref(), |c, domain| trust_domain(c, domain));
    c.each("trustDomainAliases", &config.trust_domain_aliases, |c, domain| trust_domain(c, domain));
    tls(c, config);
    provider::check(&c.field("extensionProviders"), &config.extension_providers);
}

fn traffic(c: &Checker<'_>, config: &MeshConfig) {
    // Whether hosts fail at all is a DestinationRule's business.
    let outlier = Some(&OutlierDetection::default());
    c.some("localityLbSetting", config.locality_lb_setting.as_ref(), |c, lb| locality::check(c, lb, outlier));
    c.some("zoneAwareLbSetting", config.zone_aware_lb_setting.as_ref(), |c, lb| {
        locality::zone_aware(c, lb, outlier);
    });
    c.some("defaultTrafficPolicy", config.default_traffic_policy.as_ref(), |c, policy| {
        c.some("connectionPool", policy.connection_pool.as_ref(), destination_rule::connection_pool);
        c.some("outlierDetection", policy.outlier_detection.as_ref(), destination_rule::outlier_detection);
    });
    let mode = config.outbound_traffic_policy.as_ref().map(|policy| policy.mode);
    if mode == Some(OutboundTrafficPolicyMode::AllowAnyDynamicDns) && !c.rules.dynamic_dns {
        c.field("outboundTrafficPolicy")
            .field("mode")
            .invalid("the release does not know `ALLOW_ANY_DYNAMIC_DNS`");
    }
}

fn tls(c: &Checker<'_>, config: &MeshConfig) {
    if config.mesh_mtls.as_ref().is_some_and(|tls| !tls.ecdh_curves.is_empty()) {
        c.field("meshMTLS").field("ecdhCurves").invalid("the curves of the mesh's own TLS cannot be chosen");
    }
    let Some(defaults) = &config.tls_defaults else { return };
    let mut seen = BTreeSet::new();
    c.field("tlsDefaults").each("ecdhCurves", &defaults.ecdh_curves, |c, curve| {
        if !curve.is_empty() && !c.rules.ecdh_curves.contains(&curve.as_str()) {
            c.warn(
                Code::Ineffective,
                format!("`{curve}` is no curve that Envoy knows"),
                "remove it, or name one that Envoy knows: `P-256`, `X25519`",
            );
        } else if !seen.insert(curve.clone()) {
            c.warn(Code::Ineffective, format!("the curve `{curve}` stands here twice"), "remove one of them");
        }
    });
}

fn trust_domain(c: &Checker<'_>, domain: &str) {
    let labels = domain.strip_suffix('.').unwrap_or(domain);
    if domain.is_empty() {
        c.invalid("a trust domain is empty");
    } else if labels.split('.').any(|label| !syntax::is_dns_label(label)) {
        c.invalid(format!("`{domain}` is no trust domain"));
    }
}

fn port(c: &Checker<'_>, port: &i32) {
    if !(1..=65_535).contains(port) {
        c.invalid(format!("port {port} is not between 1 and 65535"));
    }
}

#[cfg(test)]
mod tests {
    use super::read::read;
    use super::*;
    use crate::limits::Limits;
    use crate::release::Release;
    use crate::text::SourceFile;

    fn checked(release: Release, yaml: &str) -> (bool, Vec<(Code, String)>) {
        let config = read(&SourceFile::new("mesh", yaml), &Limits::DEFAULT).unwrap();
        let checked = mesh_config(config, Rules::of(release));
        let problems = checked.problems.into_iter().map(|p| (p.code, p.field)).collect();
        (checked.config.is_some(), problems)
    }

    #[test]
    fn profiles_are_valid() {
        for &release in Release::ALL {
            let rules = Rules::of(release);
            assert_eq!(checked(release, crate::rules::MESH_CONFIG), (true, vec![]), "{release}");
            assert_eq!(checked(release, rules.mesh.profile), (true, vec![]), "{release}");
        }
    }

    #[test]
    fn what_istiod_refuses_is_refused() {
        for (yaml, field) in [
            ("connectTimeout: 0s", "connectTimeout"),
            ("connectTimeout: 2h", "connectTimeout"),
            ("protocolDetectionTimeout: 1us", "protocolDetectionTimeout"),
            ("trustDomain: a_b", "trustDomain"),
            ("trustDomainAliases: [ok, '']", "trustDomainAliases[1]"),
            ("localityLbSetting: {failover: [{from: a, to: a}]}", "localityLbSetting.failover[0]"),
            ("meshMTLS: {ecdhCurves: [P-256]}", "meshMTLS.ecdhCurves"),
            ("defaultTrafficPolicy: {connectionPool: {}}", "defaultTrafficPolicy.connectionPool"),
            ("defaultConfig: {drainDuration: 1500ms}", "defaultConfig.drainDuration"),
            ("defaultConfig: {tracing: {zipkin: {address: zipkin}}}", "defaultConfig.tracing.zipkin.address"),
            ("defaultConfig: {statusPort: 0}", "defaultConfig.statusPort"),
        ] {
            let refusal = (false, vec![(Code::InvalidMeshConfig, field.to_owned())]);
            assert_eq!(checked(Release::V1_31, yaml), refusal, "{yaml}");
        }
    }

    #[test]
    fn what_it_warns_of_is_taken() {
        let yaml = "{extensionProviders: [{name: a, zipkin: {service: 'a b', port: 9411}}], tlsDefaults: {ecdhCurves: [CECPQ2]}}";
        let (taken, problems) = checked(Release::V1_31, yaml);
        assert!(taken);
        let fields: Vec<_> = problems.iter().map(|(_, field)| field.as_str()).collect();
        assert_eq!(fields, ["tlsDefaults.ecdhCurves[0]", "extensionProviders[0].zipkin.service"]);
    }

    #[test]
    fn unknown_and_newer_fields_are_told() {
        let yaml =
            "{trustdomain: x, hbone_idle_timeout: 1s, ingressService: i, defaultConfig: {proxyHeader: {}}}";
        let unknown = |field: &str| (Code::UnknownField, field.to_owned());
        let (_, problems) = checked(Release::V1_31, yaml);
        assert_eq!(problems, [unknown("defaultConfig.proxyHeader"), unknown("trustdomain")]);
        let (_, problems) = checked(Release::V1_18, yaml);
        assert_eq!(problems.last(), Some(&unknown("hboneIdleTimeout")));
    }
}
