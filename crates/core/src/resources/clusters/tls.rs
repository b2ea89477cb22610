//! TLS to a cluster's endpoints.

use envoy::config::cluster::v3::cluster::ClusterDiscoveryType;
use envoy::config::core::v3::config_source::ConfigSourceSpecifier;
use envoy::config::core::v3::data_source::Specifier;
use envoy::config::core::v3::{
    AggregatedConfigSource, ApiVersion, ConfigSource, DataSource, TransportSocket,
};
use envoy::extensions::clusters::dynamic_forward_proxy::v3::ClusterConfig;
use envoy::extensions::transport_sockets::tls::v3::common_tls_context::{
    CombinedCertificateValidationContext, ValidationContextType,
};
use envoy::extensions::transport_sockets::tls::v3::tls_parameters::TlsProtocol;
use envoy::extensions::transport_sockets::tls::v3::{
    CertificateValidationContext, CommonTlsContext, SdsSecretConfig, TlsParameters, UpstreamTlsContext,
};
use envoy::r#type::matcher::v3::StringMatcher;
use envoy::r#type::matcher::v3::string_matcher::MatchPattern;

use super::draft::Draft;
use super::transport_socket;
use crate::Str;
use crate::plan::WaypointSettings;
use crate::plan::clusters::transport::{RequestedHost, Tls};
use crate::resources::tls::{file, restrict, secret};
use crate::rules::ClusterRules;
use crate::snapshot::mesh_config::TlsConfig;
use crate::snapshot::networking::destination_rule::{ClientTlsSettings, TlsMode};

/// The agent's secrets: the proxy's own certificate, and the mesh's root certificates.
const DEFAULT_SECRET: &str = "default";
const ROOT_SECRET: &str = "ROOTCA";
/// What follows a credential's name in that of its CA certificate.
const CA_SUFFIX: &str = "-cacert";
/// Where a credential is kept: a Secret, unless the name says otherwise.
const BUILTIN: &str = "builtin://";
const INVALID: &str = "invalid://";
const EXTERNAL_SDS: &str = "sds://";
const KUBERNETES: &str = "kubernetes://";
const SECRETS: [&str; 2] = [KUBERNETES, "kubernetes-gateway://"];
const CONFIG_MAP: &str = "configmap://";

/// TLS to a cluster's endpoints.
pub(super) fn socket(draft: &mut Draft, tls: &Tls<'_>, settings: WaypointSettings<'_>) -> TransportSocket {
    transport_socket::tls(&context(draft, tls, settings))
}

fn context(draft: &mut Draft, tls: &Tls<'_>, settings: WaypointSettings<'_>) -> UpstreamTlsContext {
    let mut common = common_context();
    let http2 = draft.http2().map(|_| "h2".to_owned());
    let sni = match tls {
        Tls::IstioMutual { sni, names } => {
            common.tls_certificate_sds_secret_configs = vec![secret(DEFAULT_SECRET)];
            common.validation_context_type = Some(combined(validation(names), secret(ROOT_SECRET)));
            let features = settings.features;
            let exchanges = features.pilot_enable_metadata_exchange && !features.pilot_disable_mx_alpn;
            let istio = exchanges.then_some("istio-peer-exchange").into_iter().chain(["istio"]);
            common.alpn_protocols = istio.map(str::to_owned).chain(http2).collect();
            sni.clone()
        }
        Tls::Requested { settings: asked, names, insecure } => {
            if asked.credential_name.is_empty() {
                let unverified =
                    asked.ca_certificates.is_empty() && !settings.features.verify_certificate_at_client;
                files(&mut common, asked, names, *insecure || unverified);
            } else {
                credentials(&mut common, asked, names, *insecure, &settings.rules.clusters);
            }
            apply_mesh_defaults(&mut common, settings.mesh.tls_defaults.as_ref());
            common.alpn_protocols = http2.into_iter().collect();
            asked.sni.to_string()
        }
    };
    restrict(&mut common, settings.features.compliance_policy);
    UpstreamTlsContext { common_tls_context: Some(common), sni, ..UpstreamTlsContext::default() }
}

/// The certificates are files in the proxy's pod: its agent serves them.
fn files(common: &mut CommonTlsContext, settings: &ClientTlsSettings, names: &[Str], insecure: bool) {
    if settings.mode == TlsMode::Mutual {
        let (certificate, key) = (&settings.client_certificate, &settings.private_key);
        common.tls_certificate_sds_secret_configs.push(file(&format!("file-cert:{certificate}~{key}")));
    }
    let ca = if settings.ca_certificates.is_empty() { "system" } else { settings.ca_certificates.as_str() };
    common.validation_context_type = Some(if insecure {
        ValidationContextType::ValidationContext(CertificateValidationContext::default())
    } else {
        let mut validation = validation(names);
        if !settings.ca_crl.is_empty() {
            let specifier = Some(Specifier::Filename(settings.ca_crl.to_string()));
            validation.crl = Some(DataSource { specifier, ..DataSource::default() });
        }
        combined(validation, file(&format!("file-root:{ca}")))
    });
}

/// The certificates are in a Secret or ConfigMap: the control plane serves them.
fn credentials(
    common: &mut CommonTlsContext,
    settings: &ClientTlsSettings,
    names: &[Str],
    insecure: bool,
    rules: &ClusterRules,
) {
    let name = settings.credential_name.as_str();
    if settings.mode == TlsMode::Mutual {
        common.tls_certificate_sds_secret_configs = vec![credential(name, rules)];
    }
    if !insecure {
        let root = credential(&format!("{name}{CA_SUFFIX}"), rules);
        common.validation_context_type = Some(combined(validation(names), root));
    }
}

fn credential(name: &str, rules: &ClusterRules) -> SdsSecretConfig {
    match name.strip_prefix(BUILTIN) {
        Some("") => return secret(DEFAULT_SECRET),
        Some(CA_SUFFIX) => return secret(ROOT_SECRET),
        _ => {}
    }
    let more_stores = rules.more_credential_stores;
    let name = name.strip_prefix(EXTERNAL_SDS).filter(|_| more_stores).unwrap_or(name);
    let mut stores = SECRETS.iter().chain(more_stores.then_some(&CONFIG_MAP));
    let resource = if name.starts_with(BUILTIN) {
        DEFAULT_SECRET.to_owned()
    } else if more_stores && name.starts_with(INVALID) {
        INVALID.to_owned()
    } else if stores.any(|store| name.starts_with(store)) {
        name.to_owned()
    } else {
        format!("{KUBERNETES}{name}")
    };
    SdsSecretConfig {
        name: resource,
        sds_config: Some(ConfigSource {
            config_source_specifier: Some(ConfigSourceSpecifier::Ads(AggregatedConfigSource {})),
            resource_api_version: ApiVersion::V3.into(),
            ..ConfigSource::default()
        }),
    }
}

/// Asks servers for the host that the client asked for, and has it verified.
pub(super) fn ask_for_host(draft: &mut Draft, host: RequestedHost) {
    if host.may_be_unverified {
        allow_insecure(draft);
    }
    if host.is_sni || host.is_verified {
        let options = draft.http().upstream_http_protocol_options.get_or_insert_default();
        options.auto_sni |= host.is_sni;
        options.auto_san_validation |= host.is_verified;
    }
}

/// Envoy otherwise refuses to resolve names for a cluster that doesn't verify them.
fn allow_insecure(draft: &mut Draft) {
    let Some(ClusterDiscoveryType::ClusterType(kind)) = &mut draft.cluster.cluster_discovery_type else {
        return;
    };
    let Some(config) = kind.typed_config.as_ref().and_then(|any| envoy::unpack::<ClusterConfig>(any).ok())
    else {
        return;
    };
    kind.typed_config = Some(envoy::any(&ClusterConfig { allow_insecure_cluster_options: true, ..config }));
}

fn common_context() -> CommonTlsContext {
    CommonTlsContext {
        tls_params: Some(TlsParameters {
            tls_minimum_protocol_version: TlsProtocol::TlSv12.into(),
            tls_maximum_protocol_version: TlsProtocol::TlSv13.into(),
            ..TlsParameters::default()
        }),
        ..CommonTlsContext::default()
    }
}

fn apply_mesh_defaults(common: &mut CommonTlsContext, defaults: Option<&TlsConfig>) {
    let Some(defaults) = defaults else { return };
    let params = common.tls_params.get_or_insert_default();
    params.ecdh_curves = defaults.ecdh_curves.iter().map(ToString::to_string).collect();
    params.cipher_suites = defaults.cipher_suites.iter().map(ToString::to_string).collect();
}

fn validation(names: &[Str]) -> CertificateValidationContext {
    let exact = |name: &Str| StringMatcher {
        match_pattern: Some(MatchPattern::Exact(name.to_string())),
        ..StringMatcher::default()
    };
    CertificateValidationContext {
        match_subject_alt_names: names.iter().map(exact).collect(),
        ..CertificateValidationContext::default()
    }
}

fn combined(default: CertificateValidationContext, root: SdsSecretConfig) -> ValidationContextType {
    ValidationContextType::CombinedValidationContext(CombinedCertificateValidationContext {
        default_validation_context: Some(default),
        validation_context_sds_secret_config: Some(root),
        ..CombinedCertificateValidationContext::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::Release;
    use crate::rules::Rules;

    fn resource(name: &str, release: Release) -> String {
        credential(name, &Rules::of(release).clusters).name
    }

    #[test]
    fn credentials_are_secrets_unless_they_say_otherwise() {
        let resource = |name| resource(name, Release::V1_31);
        assert_eq!(resource("ca"), "kubernetes://ca");
        assert_eq!(resource("configmap://ns/ca"), "configmap://ns/ca");
        assert_eq!(resource("builtin://"), "default");
        assert_eq!(resource("builtin://-cacert"), "ROOTCA");
        assert_eq!(resource("invalid://-cacert"), "invalid://");
        assert_eq!(resource("sds://x"), "kubernetes://x");
    }

    #[test]
    fn the_first_release_takes_other_stores_for_names_of_secrets() {
        let resource = |name| resource(name, Release::V1_18);
        assert_eq!(resource("configmap://ca"), "kubernetes://configmap://ca");
        assert_eq!(resource("kubernetes-gateway://ns/ca"), "kubernetes-gateway://ns/ca");
        assert_eq!(resource("sds://x"), "kubernetes://sds://x");
    }

    #[test]
    fn servers_are_verified_by_the_systems_roots_unless_the_rule_says_no() {
        let settings = ClientTlsSettings { mode: TlsMode::Simple, ..ClientTlsSettings::default() };
        let root = |insecure| {
            let mut common = common_context();
            files(&mut common, &settings, &[], insecure);
            match common.validation_context_type {
                Some(ValidationContextType::CombinedValidationContext(context)) => {
                    context.validation_context_sds_secret_config.map(|config| config.name)
                }
                _ => None,
            }
        };
        assert_eq!(root(false).as_deref(), Some("file-root:system"));
        assert_eq!(root(true), None);
    }
}
