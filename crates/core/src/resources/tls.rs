//! TLS between ztunnels and waypoints: mutual, by SPIFFE identities that the proxy's agent provides.

use envoy::config::core::v3::api_config_source::ApiType;
use envoy::config::core::v3::config_source::ConfigSourceSpecifier;
use envoy::config::core::v3::grpc_service::{EnvoyGrpc, TargetSpecifier};
use envoy::config::core::v3::transport_socket::ConfigType;
use envoy::config::core::v3::{ApiConfigSource, ApiVersion, ConfigSource, GrpcService, TransportSocket};
use envoy::extensions::transport_sockets::tls::v3::common_tls_context::{
    CombinedCertificateValidationContext, ValidationContextType,
};
use envoy::extensions::transport_sockets::tls::v3::subject_alt_name_matcher::SanType;
use envoy::extensions::transport_sockets::tls::v3::tls_parameters::{self, TlsProtocol};
use envoy::extensions::transport_sockets::tls::v3::{
    CertificateValidationContext, CommonTlsContext, DownstreamTlsContext, SdsSecretConfig,
    SubjectAltNameMatcher, TlsParameters,
};
use envoy::google::protobuf::Duration;
use envoy::r#type::matcher::v3::StringMatcher;
use envoy::r#type::matcher::v3::string_matcher::MatchPattern;

use crate::Str;
use crate::features::{CompliancePolicy, Features};
use crate::mesh::MeshSettings;
use crate::mesh::waypoint::Proxy;
use crate::plan::WaypointSettings;

/// The scheme of a SPIFFE identity.
const SPIFFE: &str = "spiffe://";
/// The secret that holds the proxy's own certificate.
const DEFAULT_SECRET: &str = "default";
/// The secret that holds the mesh's root certificates.
const ROOT_SECRET: &str = "ROOTCA";
/// The cipher suites that FIPS 140 leaves of those of TLS 1.2.
const FIPS_SUITES: [&str; 4] = [
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
];
/// The bootstrap's cluster that leads to the proxy's agent.
const SDS_CLUSTER: &str = "sds-grpc";

/// The trust domains whose identities are accepted: the mesh's own, its aliases, those of its CA
/// certificates, each once; none where any is accepted.
fn trust_domains(config: &MeshSettings, features: &Features) -> Vec<Str> {
    if features.pilot_skip_validate_trust_domain {
        return Vec::new();
    }
    let own = std::iter::once(&config.trust_domain);
    let named = config.ca_certificates.iter().flat_map(|certificate| &certificate.trust_domains);
    let mut domains: Vec<Str> = Vec::new();
    for domain in own.chain(&config.trust_domain_aliases).chain(named) {
        if !domain.is_empty() && !domains.contains(domain) {
            domains.push(domain.clone());
        }
    }
    domains
}

/// The TLS that both ends of an HBONE connection share; peers are accepted by the prefix of their trust
/// domain.
///
/// Sources: `buildCommonConnectTLSContext` of Istio's control plane; Envoy's
/// [`CommonTlsContext`](https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/transport_sockets/tls/v3/tls.proto).
pub(crate) fn connect_tls_context(
    config: &MeshSettings,
    features: &Features,
    proxy: &Proxy,
) -> CommonTlsContext {
    let sans = trust_domains(config, features)
        .iter()
        .map(|domain| uri_san(MatchPattern::Prefix(format!("{SPIFFE}{domain}/"))))
        .collect();
    let certificate = proxy
        .server_certificate()
        .map_or_else(|| secret(DEFAULT_SECRET), |(chain, key)| file(&format!("file-cert:{chain}~{key}")));
    let root =
        proxy.server_root().map_or_else(|| secret(ROOT_SECRET), |path| file(&format!("file-root:{path}")));
    let mut context = CommonTlsContext {
        tls_params: Some(TlsParameters {
            tls_minimum_protocol_version: TlsProtocol::TlSv13.into(),
            tls_maximum_protocol_version: TlsProtocol::TlSv13.into(),
            ..TlsParameters::default()
        }),
        tls_certificate_sds_secret_configs: vec![certificate],
        alpn_protocols: vec!["h2".to_owned()],
        validation_context_type: Some(validation_context(sans, root)),
        ..CommonTlsContext::default()
    };
    restrict(&mut context, features.compliance_policy);
    context
}

/// Restricts TLS to what a policy demands, whatever else has asked for.
pub(crate) fn restrict(context: &mut CommonTlsContext, policy: CompliancePolicy) {
    if policy == CompliancePolicy::None {
        return;
    }
    let params = context.tls_params.get_or_insert_default();
    match policy {
        CompliancePolicy::None => {}
        CompliancePolicy::Fips140_2 => {
            params.tls_minimum_protocol_version = TlsProtocol::TlSv12.into();
            params.tls_maximum_protocol_version = TlsProtocol::TlSv12.into();
            // Without a list Envoy's build for that standard has no others.
            params.cipher_suites.retain(|suite| FIPS_SUITES.contains(&suite.as_str()));
            params.ecdh_curves = Vec::new();
        }
        CompliancePolicy::Fips140_3 => {
            params.compliance_policies = vec![tls_parameters::CompliancePolicy::Fips202205.into()];
        }
        CompliancePolicy::Pqc => {
            params.tls_minimum_protocol_version = TlsProtocol::TlSv13.into();
            params.cipher_suites = FIPS_SUITES.map(str::to_owned).to_vec();
            params.ecdh_curves = vec!["X25519MLKEM768".to_owned()];
        }
    }
}

/// How a waypoint answers HBONE connections: [`connect_tls_context`], and clients have to show a certificate.
pub(crate) fn connect_terminate_socket(settings: &WaypointSettings<'_>) -> TransportSocket {
    let context = DownstreamTlsContext {
        common_tls_context: Some(connect_tls_context(settings.mesh, settings.features, settings.proxy)),
        require_client_certificate: Some(true.into()),
        ..DownstreamTlsContext::default()
    };
    TransportSocket {
        name: "tls".to_owned(),
        config_type: Some(ConfigType::TypedConfig(envoy::any(&context))),
    }
}

/// Peers are validated by the root certificates of a secret, and by these names if there are any.
fn validation_context(sans: Vec<SubjectAltNameMatcher>, root: SdsSecretConfig) -> ValidationContextType {
    ValidationContextType::CombinedValidationContext(CombinedCertificateValidationContext {
        default_validation_context: Some(CertificateValidationContext {
            match_typed_subject_alt_names: sans,
            ..CertificateValidationContext::default()
        }),
        validation_context_sds_secret_config: Some(root),
        ..CombinedCertificateValidationContext::default()
    })
}

/// A peer whose URI SAN matches.
pub(crate) fn uri_san(pattern: MatchPattern) -> SubjectAltNameMatcher {
    SubjectAltNameMatcher {
        san_type: SanType::Uri.into(),
        matcher: Some(StringMatcher { match_pattern: Some(pattern), ..StringMatcher::default() }),
        ..SubjectAltNameMatcher::default()
    }
}

/// A secret that the proxy's agent serves.
pub(crate) fn secret(name: &str) -> SdsSecretConfig {
    let agent = GrpcService {
        target_specifier: Some(TargetSpecifier::EnvoyGrpc(EnvoyGrpc {
            cluster_name: SDS_CLUSTER.to_owned(),
            ..EnvoyGrpc::default()
        })),
        ..GrpcService::default()
    };
    SdsSecretConfig {
        name: name.to_owned(),
        sds_config: Some(ConfigSource {
            config_source_specifier: Some(ConfigSourceSpecifier::ApiConfigSource(Box::new(
                ApiConfigSource {
                    api_type: ApiType::Grpc.into(),
                    transport_api_version: ApiVersion::V3.into(),
                    grpc_services: vec![agent],
                    set_node_on_first_message_only: true,
                    ..ApiConfigSource::default()
                },
            ))),
            // Zero: wait for it, however long it takes.
            initial_fetch_timeout: Some(Duration::default()),
            resource_api_version: ApiVersion::V3.into(),
            ..ConfigSource::default()
        }),
    }
}

/// A file that the agent serves; unlike the mesh's own certificates it is not waited for.
pub(crate) fn file(name: &str) -> SdsSecretConfig {
    let mut config = secret(name);
    if let Some(source) = &mut config.sds_config {
        source.initial_fetch_timeout = None;
    }
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trust_domains_are_named_once_and_in_order() {
        let mut config = MeshSettings::default();
        config.trust_domain = "td-new".into();
        config.trust_domain_aliases = vec!["td-old".into(), "td-new".into(), "".into()];
        let features = Features::default();
        assert_eq!(trust_domains(&config, &features), ["td-new", "td-old"]);
        let Some(ValidationContextType::CombinedValidationContext(context)) =
            connect_tls_context(&config, &features, &Proxy::default()).validation_context_type
        else {
            panic!("no combined context");
        };
        assert_eq!(context.default_validation_context.unwrap().match_typed_subject_alt_names.len(), 2);
    }
}
