//! TLS to the services that the bootstrap knows.

use envoy::config::core::v3::TransportSocket;
use envoy::config::core::v3::transport_socket::ConfigType;
use envoy::extensions::transport_sockets::tls::v3::common_tls_context::{
    CombinedCertificateValidationContext, ValidationContextType,
};
use envoy::extensions::transport_sockets::tls::v3::{
    CertificateValidationContext, CommonTlsContext, SdsSecretConfig, UpstreamTlsContext,
};
use envoy::r#type::matcher::v3::StringMatcher;
use envoy::r#type::matcher::v3::string_matcher::MatchPattern;

use crate::Str;
use crate::resources::tls::secret;
use crate::snapshot::networking::destination_rule::{ClientTlsSettings, TlsMode};

/// The transport socket that the settings ask for; none without TLS. `default_sni` is what mTLS with the
/// mesh's own certificates calls the server where the settings name none.
pub(super) fn transport_socket(
    settings: &ClientTlsSettings,
    default_sni: &str,
    http2: bool,
) -> Option<TransportSocket> {
    let mut context = context(settings, default_sni)?;
    if !http2 && let Some(common) = &mut context.common_tls_context {
        common.alpn_protocols.clear();
    }
    Some(TransportSocket {
        name: "envoy.transport_sockets.tls".to_owned(),
        config_type: Some(ConfigType::TypedConfig(envoy::any(&context))),
    })
}

fn context(settings: &ClientTlsSettings, default_sni: &str) -> Option<UpstreamTlsContext> {
    let (own, root, protocols): (_, _, &[&str]) = match settings.mode {
        TlsMode::Disable => return None,
        TlsMode::Simple => (None, root_file(settings), &["h2"]),
        TlsMode::Mutual => (certificate_files(settings), root_file(settings), &["h2"]),
        TlsMode::IstioMutual => {
            (Some(secret("default")), Some(secret("ROOTCA")), &["istio-peer-exchange", "istio", "h2"])
        }
    };
    let named = settings.mode != TlsMode::IstioMutual || !settings.sni.is_empty();
    let common = CommonTlsContext {
        tls_certificate_sds_secret_configs: own.into_iter().collect(),
        alpn_protocols: protocols.iter().map(ToString::to_string).collect(),
        validation_context_type: Some(validation(&settings.subject_alt_names, root)),
        ..CommonTlsContext::default()
    };
    Some(UpstreamTlsContext {
        common_tls_context: Some(common),
        sni: if named { settings.sni.to_string() } else { default_sni.to_owned() },
        ..UpstreamTlsContext::default()
    })
}

fn root_file(settings: &ClientTlsSettings) -> Option<SdsSecretConfig> {
    let file = &settings.ca_certificates;
    (!file.is_empty()).then(|| secret(&format!("file-root:{file}")))
}

fn certificate_files(settings: &ClientTlsSettings) -> Option<SdsSecretConfig> {
    let (certificate, key) = (&settings.client_certificate, &settings.private_key);
    (!certificate.is_empty() && !key.is_empty()).then(|| secret(&format!("file-cert:{certificate}~{key}")))
}

#[allow(deprecated, reason = "Istio's agent still writes the field without types")]
fn validation(names: &[Str], root: Option<SdsSecretConfig>) -> ValidationContextType {
    let exact = |name: &Str| StringMatcher {
        match_pattern: Some(MatchPattern::Exact(name.to_string())),
        ..StringMatcher::default()
    };
    ValidationContextType::CombinedValidationContext(CombinedCertificateValidationContext {
        default_validation_context: Some(CertificateValidationContext {
            match_subject_alt_names: names.iter().map(exact).collect(),
            ..CertificateValidationContext::default()
        }),
        validation_context_sds_secret_config: root,
        ..CombinedCertificateValidationContext::default()
    })
}
