//! TLS to a cluster's endpoints.

use envoy::config::cluster::v3::cluster::ClusterDiscoveryType;
use envoy::config::core::v3::config_source::ConfigSourceSpecifier;
use envoy::config::core::v3::data_source::Specifier;
use envoy::config::core::v3::{AggregatedConfigSource, ApiVersion, ConfigSource, DataSource};
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
use crate::Str;
use crate::features::CompliancePolicy;
use crate::resources::Scope;
use crate::resources::tls::{restrict, secret};
use crate::rules::VerifiedHost;
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
const STORES: [&str; 3] = ["configmap://", KUBERNETES, "kubernetes-gateway://"];

/// Why there is no TLS where a rule asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("mutual TLS needs a client certificate and its private key")]
pub(super) struct NoCertificate;

/// TLS as a DestinationRule's `SIMPLE` or `MUTUAL` asks for; none for the other modes.
///
/// `server_names` are the names that the server may have where the rule has none (`subjectAltNames` of a
/// ServiceEntry).
///
/// # Errors
/// [`NoCertificate`]: Istio then sends the cluster without TLS.
pub(super) fn requested(
    draft: &mut Draft,
    settings: &ClientTlsSettings,
    server_names: &[Str],
    scope: &Scope<'_>,
) -> Result<Option<UpstreamTlsContext>, NoCertificate> {
    if matches!(settings.mode, TlsMode::Disable | TlsMode::IstioMutual) {
        return Ok(None);
    }
    let rules = &scope.rules.clusters;
    let insecure = rules.insecure_skip_verify && settings.insecure_skip_verify == Some(true);
    verify_requested_host(draft, settings, insecure, rules.verified_host);
    let names =
        if settings.subject_alt_names.is_empty() { server_names } else { &settings.subject_alt_names };
    let mut common = common_context();
    if settings.credential_name.is_empty() {
        files(&mut common, settings, names, insecure)?;
    } else {
        credentials(&mut common, settings, names, insecure);
    }
    apply_mesh_defaults(&mut common, scope);
    restrict(&mut common, scope.mesh.options.features.compliance_policy);
    if draft.http2().is_some() {
        common.alpn_protocols = vec!["h2".to_owned()];
    }
    Ok(Some(UpstreamTlsContext {
        common_tls_context: Some(common),
        sni: settings.sni.to_string(),
        ..UpstreamTlsContext::default()
    }))
}

/// mTLS between sidecars, with the certificates of the mesh.
pub(super) fn istio_mutual(
    draft: &mut Draft,
    sni: &str,
    names: &[Str],
    policy: CompliancePolicy,
) -> UpstreamTlsContext {
    let mut common = common_context();
    restrict(&mut common, policy);
    common.tls_certificate_sds_secret_configs = vec![secret(DEFAULT_SECRET)];
    common.validation_context_type = Some(combined(validation(names), secret(ROOT_SECRET)));
    let h2: &[&str] = if draft.http2().is_some() { &["h2"] } else { &[] };
    common.alpn_protocols =
        ["istio-peer-exchange", "istio"].iter().chain(h2).map(|name| (*name).to_owned()).collect();
    let sni = if sni.is_empty() { draft.cluster.name.clone() } else { sni.to_owned() };
    UpstreamTlsContext { common_tls_context: Some(common), sni, ..UpstreamTlsContext::default() }
}

/// The certificates are files in the proxy's pod: its agent serves them.
fn files(
    common: &mut CommonTlsContext,
    settings: &ClientTlsSettings,
    names: &[Str],
    insecure: bool,
) -> Result<(), NoCertificate> {
    if settings.mode == TlsMode::Mutual {
        let (certificate, key) = (&settings.client_certificate, &settings.private_key);
        if certificate.is_empty() || key.is_empty() {
            return Err(NoCertificate);
        }
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
    Ok(())
}

/// The certificates are in a Secret or ConfigMap: the control plane serves them.
fn credentials(common: &mut CommonTlsContext, settings: &ClientTlsSettings, names: &[Str], insecure: bool) {
    let name = settings.credential_name.as_str();
    if settings.mode == TlsMode::Mutual {
        common.tls_certificate_sds_secret_configs = vec![credential(name)];
    }
    if !insecure {
        let root = credential(&format!("{name}{CA_SUFFIX}"));
        common.validation_context_type = Some(combined(validation(names), root));
    }
}

fn credential(name: &str) -> SdsSecretConfig {
    match name.strip_prefix(BUILTIN) {
        Some("") => return secret(DEFAULT_SECRET),
        Some(CA_SUFFIX) => return secret(ROOT_SECRET),
        _ => {}
    }
    let name = name.strip_prefix(EXTERNAL_SDS).unwrap_or(name);
    let resource = if name.starts_with(BUILTIN) {
        DEFAULT_SECRET.to_owned()
    } else if name.starts_with(INVALID) {
        INVALID.to_owned()
    } else if STORES.iter().any(|store| name.starts_with(store)) {
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

/// A file that the agent serves; unlike the mesh's own certificates it is not waited for.
fn file(name: &str) -> SdsSecretConfig {
    let mut config = secret(name);
    if let Some(source) = &mut config.sds_config {
        source.initial_fetch_timeout = None;
    }
    config
}

/// Where no names are given, asks for the host that the client asked for, and verifies that name.
fn verify_requested_host(
    draft: &mut Draft,
    settings: &ClientTlsSettings,
    insecure: bool,
    host: VerifiedHost,
) {
    let auto_sni = settings.sni.is_empty();
    let dynamic = matches!(draft.cluster.cluster_discovery_type, Some(ClusterDiscoveryType::ClusterType(_)));
    let unnamed = settings.subject_alt_names.is_empty() && (auto_sni || host == VerifiedHost::Requested);
    let auto_san_validation = !insecure && (dynamic || unnamed);
    if dynamic && !(auto_sni && auto_san_validation) {
        allow_insecure(draft);
    }
    if auto_sni || auto_san_validation {
        let options = draft.http().upstream_http_protocol_options.get_or_insert_default();
        options.auto_sni |= auto_sni;
        options.auto_san_validation |= auto_san_validation;
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

fn apply_mesh_defaults(common: &mut CommonTlsContext, scope: &Scope<'_>) {
    let Some(defaults) = &scope.mesh.config.tls_defaults else { return };
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

    fn resource(name: &str) -> String {
        credential(name).name
    }

    #[test]
    fn credentials_are_secrets_unless_they_say_otherwise() {
        assert_eq!(resource("ca"), "kubernetes://ca");
        assert_eq!(resource("configmap://ns/ca"), "configmap://ns/ca");
        assert_eq!(resource("builtin://"), "default");
        assert_eq!(resource("builtin://-cacert"), "ROOTCA");
        assert_eq!(resource("invalid://-cacert"), "invalid://");
        assert_eq!(resource("sds://x"), "kubernetes://x");
    }

    #[test]
    fn mutual_tls_needs_a_certificate() {
        let settings = ClientTlsSettings { mode: TlsMode::Mutual, ..ClientTlsSettings::default() };
        let result = files(&mut common_context(), &settings, &[], false);
        assert_eq!(result, Err(NoCertificate));
    }

    #[test]
    fn servers_are_verified_by_the_systems_roots_unless_the_rule_says_no() {
        let settings = ClientTlsSettings { mode: TlsMode::Simple, ..ClientTlsSettings::default() };
        let root = |insecure| {
            let mut common = common_context();
            files(&mut common, &settings, &[], insecure).unwrap();
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

    #[test]
    fn a_fixed_sni_leaves_the_name_unverified_since_tls_goes_inside_hbone() {
        let settings = ClientTlsSettings { sni: "h".into(), ..ClientTlsSettings::default() };
        let options = |how| {
            let mut draft = Draft::default();
            verify_requested_host(&mut draft, &settings, false, how);
            draft.http.and_then(|http| http.upstream_http_protocol_options)
        };
        assert_eq!(options(VerifiedHost::RequestedUnlessSni), None);
        let older = options(VerifiedHost::Requested).unwrap();
        assert_eq!((older.auto_sni, older.auto_san_validation), (false, true));
    }
}
