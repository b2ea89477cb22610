//! Certificates as files: what Istio's agent would serve, and what a control plane would send.
//!
//! | secret | file |
//! |---|---|
//! | `default` | `cert-chain.pem` and `key.pem` of the directory |
//! | `ROOTCA` | `root-cert.pem` of the directory |
//! | `file-cert:CHAIN~KEY`, `file-root:CA` | the files named, which a DestinationRule chose |
//! | `file-root:system` | what the system trusts: `/etc/ssl/certs/ca-certificates.crt` |
//! | `kubernetes://NAME`, `configmap://NAME` | `NAME/tls.crt`, `tls.key` and `ca.crt` of the directory, as Kubernetes would mount them |

use std::collections::BTreeMap;

use envoy::config::cluster::v3::Cluster;
use envoy::config::core::v3::DataSource;
use envoy::config::core::v3::data_source::Specifier;
use envoy::config::listener::v3::Listener;
use envoy::extensions::transport_sockets::tls::v3::common_tls_context::ValidationContextType;
use envoy::extensions::transport_sockets::tls::v3::secret::Type;
use envoy::extensions::transport_sockets::tls::v3::{
    CertificateValidationContext, CommonTlsContext, SdsSecretConfig, Secret, TlsCertificate,
};

use super::sockets;
use crate::problem::{Code, Problem, Severity};

/// The directory that is written where none is given.
const PLACEHOLDER: &str = "certs";
/// What the system trusts, where the proxy's own image, Debian and Ubuntu have it. (Envoy has a field for it,
/// `system_root_certs`, which it does not take for an authority.)
const SYSTEM_ROOTS: &str = "/etc/ssl/certs/ca-certificates.crt";
/// The secret that stands for it.
const SYSTEM: &str = "file-root:system";

/// Collects the secrets that sockets ask for.
pub(super) struct Secrets<'o> {
    directory: Option<&'o str>,
    /// Each secret that is asked for, and whether it is asked for as something to trust.
    wanted: BTreeMap<String, bool>,
}

impl<'o> Secrets<'o> {
    /// With certificates in this directory.
    pub(super) fn new(directory: Option<&'o str>) -> Self {
        Self { directory, wanted: BTreeMap::new() }
    }

    /// Lets a listener take its secrets from the configuration.
    pub(super) fn in_listener(&mut self, listener: &mut Listener) {
        sockets::in_listener(listener, &mut |context| self.in_context(context));
    }

    /// Lets a cluster take its secrets from the configuration.
    pub(super) fn in_cluster(&mut self, cluster: &mut Cluster) {
        sockets::in_cluster(cluster, &mut |context| self.in_context(context));
    }

    fn in_context(&mut self, context: &mut CommonTlsContext) {
        for config in &mut context.tls_certificate_sds_secret_configs {
            self.take(config, false);
        }
        let trusted = match &mut context.validation_context_type {
            Some(ValidationContextType::ValidationContextSdsSecretConfig(config)) => Some(config),
            Some(ValidationContextType::CombinedValidationContext(combined)) => {
                combined.validation_context_sds_secret_config.as_mut()
            }
            _ => None,
        };
        if let Some(config) = trusted {
            self.take(config, true);
        }
    }

    /// Without a source of its own, Envoy looks for a secret in its configuration. With one left in, it never
    /// becomes ready.
    fn take(&mut self, config: &mut SdsSecretConfig, trusted: bool) {
        config.sds_config = None;
        self.wanted.insert(config.name.clone(), trusted);
    }

    /// The secrets, and what is missing for them.
    pub(super) fn finish(self) -> (Vec<Secret>, Vec<Problem>) {
        let directory = self.directory.unwrap_or(PLACEHOLDER);
        let mut problems = Vec::new();
        if self.directory.is_none() && !self.wanted.is_empty() {
            let message = format!(
                "Envoy will look for cert-chain.pem, key.pem and root-cert.pem in `{PLACEHOLDER}`: no directory was given"
            );
            problems.push(
                Problem::new(Code::StaticConfiguration, message).help("give the directory with --certs"),
            );
        }
        let mut secrets = Vec::new();
        for (name, trusted) in self.wanted {
            let credential = name.split_once("://").map(|(_, credential)| credential);
            if name == SYSTEM {
                let message = format!(
                    "a server is verified by what the system trusts: Envoy will look for it in `{SYSTEM_ROOTS}`"
                );
                problems.push(Problem::new(Code::StaticConfiguration, message).severity(Severity::Note));
            }
            if let Some(credential) = credential {
                let files = if trusted { "ca.crt" } else { "tls.crt and tls.key" };
                let folder = folder(credential);
                let message = format!(
                    "the control plane would send the credential `{name}`: Envoy will look for {files} in `{directory}/{folder}`"
                );
                problems.push(Problem::new(Code::StaticConfiguration, message));
            }
            let r#type = Some(if trusted { trust(directory, &name) } else { certificate(directory, &name) });
            secrets.push(Secret { name, r#type });
        }
        (secrets, problems)
    }
}

fn certificate(directory: &str, name: &str) -> Type {
    let in_directory = |file: &str| format!("{directory}/{file}");
    let (chain, key) =
        if let Some((chain, key)) = name.strip_prefix("file-cert:").and_then(|f| f.split_once('~')) {
            (chain.to_owned(), key.to_owned())
        } else if let Some((_, credential)) = name.split_once("://") {
            let folder = folder(credential);
            (in_directory(&format!("{folder}/tls.crt")), in_directory(&format!("{folder}/tls.key")))
        } else {
            (in_directory("cert-chain.pem"), in_directory("key.pem"))
        };
    Type::TlsCertificate(TlsCertificate {
        certificate_chain: Some(file(chain)),
        private_key: Some(file(key)),
        ..TlsCertificate::default()
    })
}

fn trust(directory: &str, name: &str) -> Type {
    let path = match (name.strip_prefix("file-root:"), name.split_once("://")) {
        _ if name == SYSTEM => SYSTEM_ROOTS.to_owned(),
        (Some(path), _) => path.to_owned(),
        (None, Some((_, credential))) => format!("{directory}/{}/ca.crt", folder(credential)),
        (None, None) => format!("{directory}/root-cert.pem"),
    };
    Type::ValidationContext(CertificateValidationContext {
        trusted_ca: Some(file(path)),
        ..CertificateValidationContext::default()
    })
}

/// The folder of a credential. That of a server's CA is the same as the client's own.
fn folder(credential: &str) -> &str {
    let credential = credential.strip_suffix("-cacert").unwrap_or(credential);
    if credential.is_empty() || credential.split('/').any(|part| part == "..") {
        "credential"
    } else {
        credential
    }
}

fn file(path: String) -> DataSource {
    DataSource { specifier: Some(Specifier::Filename(path)), ..DataSource::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(source: Option<DataSource>) -> String {
        match source.and_then(|source| source.specifier) {
            Some(Specifier::Filename(path)) => path,
            other => panic!("{other:?}"),
        }
    }

    fn root(name: &str) -> String {
        match trust("d", name) {
            Type::ValidationContext(context) => path(context.trusted_ca),
            other => panic!("{other:?}"),
        }
    }

    fn chain(name: &str) -> (String, String) {
        match certificate("d", name) {
            Type::TlsCertificate(tls) => (path(tls.certificate_chain), path(tls.private_key)),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn secrets_are_files() {
        assert_eq!(chain("default"), ("d/cert-chain.pem".into(), "d/key.pem".into()));
        assert_eq!(chain("file-cert:/a.pem~/b.pem"), ("/a.pem".into(), "/b.pem".into()));
        assert_eq!(chain("kubernetes://c"), ("d/c/tls.crt".into(), "d/c/tls.key".into()));
        assert_eq!(root("ROOTCA"), "d/root-cert.pem");
        assert_eq!(root("file-root:/ca.pem"), "/ca.pem");
        assert_eq!(root("kubernetes://c-cacert"), "d/c/ca.crt");
        assert_eq!(root("kubernetes://../../etc-cacert"), "d/credential/ca.crt");
        assert_eq!(root("file-root:system"), SYSTEM_ROOTS);
    }
}
